"""What is wrong with the communities of today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from districting.plans.checks import check
from districting.plans.community_table import community_table
from districting.plans.division import Division
from districting.plans.evidence import STRENGTHS
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
    "empty": frozenset({"no_household"}),
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
    subdistricts = names.where(names.notna(), names.index.to_series()).astype(object)
    findings = check(today, territory, policy, today=today, network=network)
    table = community_table(today, territory, policy, network=network)
    findings = (*findings, *_without_households(today, table, policy, findings, subdistricts))
    return Diagnosis(
        division=today,
        findings=tuple(sorted(findings, key=lambda finding: STRENGTHS.index(finding.strength))),
        table=table,
        subdistricts=subdistricts,
    )


def _without_households(
    today: Division, table: pd.DataFrame, policy: Policy, told: Iterable[Finding], subdistricts: pd.Series[str]
) -> Iterator[Finding]:
    """Communities in which nobody lives and of whose size the checks say nothing: data may be missing there.

    The rule on size concerns no community without household and centre, whatever its strength: a plan may leave
    such land as it is. A diagnosis lists it all the same, with the figure 0.
    """
    size = policy.size
    known = {finding.community_id for finding in told if finding.rule == size.rule_id}
    for community_id in table.index[(table["households"] == 0) & ~table.index.isin(known)]:
        row = today.outlines.loc[community_id]
        place = row.geometry.representative_point() if not row.geometry.is_empty else None
        yield Finding(
            rule=size.rule_id,
            aspect="no_household",
            strength="should",
            clause=size.clause,
            subdistrict=str(subdistricts.get(row["subdistrict_id"], "")),
            community_id=str(community_id),
            measured=0.0,
            allowed=float(size.min),
            unit="households",
            place=(place.x, place.y) if place is not None else (0.0, 0.0),
            households=0,
            detail={"name": str(row["name"])},
        )
