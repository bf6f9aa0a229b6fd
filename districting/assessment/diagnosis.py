"""What is wrong with the communities of today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.measures import community_table
from districting.policies.policy import Policy
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork


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
        Measures of every community, as `districting.plans.measures.community_table`.
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


def diagnose(territory: Territory, policy: Policy, *, network: WalkNetwork | None = None) -> Diagnosis:
    """Judge today's communities: what breaks which rule, and which communities are to be split or merged.

    Parameters
    ----------
    network
        For walked distances; None: made from the roads where the policy asks for it.
    """
    today = Division.today(territory)
    names = territory.layers.subdistricts["name"]
    return Diagnosis(
        division=today,
        findings=check(today, territory, policy, today=today, network=network),
        table=community_table(today, territory, policy, network=network),
        subdistricts=names.where(names.notna(), names.index.to_series()).astype(object),
    )
