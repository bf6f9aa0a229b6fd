"""How urgent the change of a community is: what is wrong with it today that the new division mends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from districting.plans.finding import Finding

#: Tiers of urgency, the most urgent first, by aspect of the finding; every other aspect comes last.
TIERS: tuple[frozenset[str], ...] = (
    frozenset({"over_max", "split_trigger"}),
    frozenset({"below_min", "merge_trigger"}),
    frozenset({"out_of_reach", "no_site"}),
)


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a community until it changes.

    Parameters
    ----------
    community_id
        Under the id of the new division; today's where it ends.
    tier
        0 above the maximum, 1 below the minimum, 2 people out of reach, 3 all else.
    weight
        By tier: how much above the maximum or below the minimum, in the rule's measure; households out of reach;
        1 for all else.
    finding
        The gravest.
    """

    community_id: str
    tier: int
    weight: float
    finding: Finding

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        told = self.finding
        return {
            "community_id": self.community_id,
            "name": told.detail.get("name", self.community_id),
            "subdistrict": told.subdistrict,
            "aspect": told.aspect,
            "measured": told.measured,
            "allowed": told.allowed,
            "unit": told.unit,
        }


def troubles(
    findings_before: Sequence[Finding], findings_after: Sequence[Finding], *, heirs: Mapping[str, str]
) -> tuple[Trouble, ...]:
    """The gravest trouble of each community of today that the new division mends.

    Parameters
    ----------
    heirs
        Id in the new division by id of today, where they differ.

    Returns
    -------
    tuple
        The most urgent first; wishes (``prefer``) are no trouble.
    """
    left = {(f.rule, f.aspect, f.community_id) for f in findings_after}
    worst: dict[str, Trouble] = {}
    for found in findings_before:
        key = heirs.get(found.community_id, found.community_id)
        if not key or found.strength == "prefer" or (found.rule, found.aspect, key) in left:
            continue
        tier = next((number for number, tier in enumerate(TIERS) if found.aspect in tier), len(TIERS))
        trouble = Trouble(key, tier, _weight(found, tier), found)
        if key not in worst or _rank(trouble) < _rank(worst[key]):
            worst[key] = trouble
    return tuple(sorted(worst.values(), key=lambda one: (*_rank(one), one.community_id)))


def _weight(found: Finding, tier: int) -> float:
    """How grave a finding is inside its tier; at least 1."""
    if tier in (0, 1) and found.allowed is not None:
        return max(abs(found.measured - found.allowed), 1.0)
    return max(float(found.households), 1.0) if tier == 2 else 1.0


def _rank(trouble: Trouble) -> tuple[int, float]:
    """Tier first, then the graver."""
    return (trouble.tier, -trouble.weight)
