"""What is wrong with the communities of today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from districting.plans.checks import check
from districting.plans.community_table import community_table
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork

#: What kind of community a finding makes of one, in the order in which they are shown; sentences ``class.<name>``.
CLASSES: Mapping[str, frozenset[str]] = {
    "super_large": frozenset({"split_trigger"}),
    "large": frozenset({"over_max"}),
    "micro": frozenset({"merge_trigger"}),
    "small": frozenset({"below_min"}),
    "hollow": frozenset({"hollow"}),
    "remote": frozenset({"remote"}),
    "discontiguous": frozenset({"pieces", "across_gap"}),
    "straddling": frozenset({"across_subdistricts", "across_zones", "managed_elsewhere"}),
    "interlocking": frozenset({"hole", "enclave", "neck", "interlocking"}),
    "parted": frozenset({"crossing"}),
    "blurred": frozenset({"border_share"}),
    "far": frozenset({"out_of_reach", "beyond_target", "no_site"}),
    "seatless": frozenset({"no_centre", "office_outside"}),
    "outgrowing": frozenset({"horizon_over_max", "horizon_below_min"}),
    "cutting_compounds": frozenset({"compound_split", "compound_oversized"}),
    "overlapping": frozenset({"overlap"}),
    "unassigned": frozenset({"building_in_none", "land_in_none"}),
    "unknown": frozenset({"size_unknown", "hollow_unknown"}),
}


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """The verdict on today.

    Parameters
    ----------
    division
        Today's.
    findings
        Of the checks, strongest first, triggers included.
    table
        Measures of every community, as `districting.plans.community_table`.
    subdistricts
        Index ``subdistrict_id``, value the name that the findings carry.
    """

    division: Division
    findings: tuple[Finding, ...]
    table: pd.DataFrame
    subdistricts: pd.Series[str]

    @property
    def counts(self) -> dict[str, int]:
        """Findings by aspect, the most frequent first."""
        counted = Counter(finding.aspect for finding in self.findings)
        return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def by_class(self) -> dict[str, tuple[Finding, ...]]:
        """Findings by class of `CLASSES`, in that order; only classes that occur, and ``other`` for the rest."""
        every = {name: tuple(f for f in self.findings if f.aspect in aspects) for name, aspects in CLASSES.items()}
        known = frozenset().union(*CLASSES.values())
        every["other"] = tuple(f for f in self.findings if f.aspect not in known)
        return {name: found for name, found in every.items() if found}

    @property
    def by_subdistrict(self) -> dict[str, tuple[Finding, ...]]:
        """Findings by name of sub-district, every sub-district named; ``""`` for those of none, if any."""
        names = [*sorted(set(self.subdistricts)), *({""} & {finding.subdistrict for finding in self.findings})]
        return {name: tuple(f for f in self.findings if f.subdistrict == name) for name in names}

    def only(self, subdistrict_ids: Iterable[str]) -> Diagnosis:
        """The same diagnosis, of some sub-districts."""
        chosen = self.subdistricts[self.subdistricts.index.isin(list(subdistrict_ids))]
        return replace(
            self,
            findings=tuple(f for f in self.findings if f.subdistrict in set(chosen)),
            table=self.table[self.table["subdistrict_id"].isin(chosen.index)],
            subdistricts=chosen,
        )

    def to_json(self) -> list[dict[str, Any]]:
        """Plain data, as in ``diagnosis.json``: the list of findings."""
        return [finding.to_json() for finding in self.findings]


def diagnose(
    territory: Territory, policy: Policy, *, today: Division | None = None, network: WalkNetwork | None = None
) -> Diagnosis:
    """Judge today's communities: what breaks which rule, and which communities are to be split or merged.

    Parameters
    ----------
    today
        The division as it stands; None: as the territory tells.
    network
        For walked distances; None: made from the roads where the policy asks for it.
    """
    today = today or Division.today(territory)
    names = territory.layers.subdistricts["name"]
    return Diagnosis(
        division=today,
        findings=check(today, territory, policy, today=today, network=network),
        table=community_table(today, territory, policy, network=network),
        subdistricts=names.where(names.notna(), names.index.to_series()).astype(object),
    )
