"""The only judge: tells for every rule of a policy where a division breaks it. Shares no code with the solvers.

One function per kind of rule (`TOLD`), each in the module of its subject; identity and totals are ours and
asked of every plan. How a kind is asked of a solver: `districting.solvers.exact.parts.constraints`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from districting.plans.change_checks import check_naming, check_stability, check_whole_unit
from districting.plans.cover_checks import check_compound, check_coverage, check_nesting
from districting.plans.division import Division
from districting.plans.evidence import STRENGTHS, Evidence
from districting.plans.finding import Finding
from districting.plans.identity_checks import IDENTITY, TOTALS, check_identity, check_totals
from districting.plans.land import as_text
from districting.plans.outline_checks import check_border, check_contiguity, check_crossing
from districting.plans.reach_checks import check_office, check_reach
from districting.plans.shape_checks import check_shape
from districting.plans.size_checks import check_grid, check_growth, check_size
from districting.plans.state_checks import check_hollow, check_remote
from districting.policies.policy import Policy
from districting.policies.rule import Strength
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork

#: How each kind of rule is told: kind → function of the rule and the evidence.
TOLD: Mapping[str, Callable[[Any, Evidence], Iterator[Finding]]] = {
    "size": check_size,
    "reach": check_reach,
    "border": check_border,
    "crossing": check_crossing,
    "shape": check_shape,
    "contiguity": check_contiguity,
    "coverage": check_coverage,
    "nesting": check_nesting,
    "compound": check_compound,
    "office": check_office,
    "growth": check_growth,
    "whole_unit": check_whole_unit,
    "stability": check_stability,
    "naming": check_naming,
    "hollow": check_hollow,
    "remote": check_remote,
    "grid": check_grid,
}


def check(
    division: Division,
    territory: Territory,
    policy: Policy,
    *,
    today: Division | None = None,
    network: WalkNetwork | None = None,
) -> tuple[Finding, ...]:
    """Everything that a division breaks, rule by rule.

    Parameters
    ----------
    today
        The division that it changes: then communities left as they are carry the ``untouched`` strength, and
        identity is told. Pass the division itself to judge today: then split and merge triggers are told.
    network
        For rules of path ``walk``; None: made from the roads where the policy asks for it.

    Returns
    -------
    tuple of Finding
        Strongest first, then in the order of the policy, sub-district, community. Empty if nothing is broken.
    """
    whole = _aligned(division, territory)
    evidence = Evidence(whole, territory, policy, whole if today is division else today, network)
    found: list[tuple[int, Finding]] = []
    for order, rule in enumerate(policy.rules):
        found += [(order, finding) for finding in TOLD[rule.kind](rule, evidence)]
    found += [(len(policy.rules), finding) for finding in check_identity(IDENTITY, evidence)]
    found += [(len(policy.rules) + 1, finding) for finding in check_totals(TOTALS, division, territory)]
    return tuple(finding for _, finding in sorted(found, key=_sorting))


@dataclass(frozen=True)
class Verdict:
    """The findings on one division, counted."""

    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[Strength, int]:
        """Findings by strength, strongest first."""
        return {strength: sum(f.strength == strength for f in self.findings) for strength in STRENGTHS}

    @property
    def by_aspect(self) -> dict[str, int]:
        """Findings by aspect, sorted by name."""
        names, counts = np.unique([f.aspect for f in self.findings] or [], return_counts=True)
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}

    @property
    def adoptable(self) -> bool:
        """True if no must-finding is left."""
        return adoptable(self.findings)


def adoptable(findings: Iterable[Finding]) -> bool:
    """True if no must-finding is left.

    Examples
    --------
    >>> adoptable([])
    True
    """
    return all(finding.strength != "must" for finding in findings)


def _aligned(division: Division, territory: Territory) -> Division:
    """The division on the buildings of the case: those that it does not name are in no community."""
    index = territory.layers.buildings.index
    if division.buildings.index.equals(index):
        return division
    named_once = division.buildings[~division.buildings.index.duplicated()]
    return replace(division, buildings=as_text(named_once.reindex(index)))


def _sorting(told: tuple[int, Finding]) -> tuple[Any, ...]:
    """Order of findings: strength, rule, place in the town, aspect."""
    order, f = told
    return (STRENGTHS.index(f.strength), order, f.subdistrict, f.community_id, f.aspect, f.measured, f.place)
