"""A finding: one verdict of the checks, in numbers. Its sentence is made where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from districting.policies.rule import Strength


@dataclass(frozen=True)
class Finding:
    """One community, one rule, what was measured and what is allowed.

    Parameters
    ----------
    rule
        ``rule_id`` of the policy.
    aspect
        Which face of the rule, as a sentence key without its prefix: ``over_max``, ``below_min``,
        ``split_trigger``, ``merge_trigger``, ``out_of_reach``, ``pieces``, ``hole``, ``office_outside`` …
        (sentences ``finding.<aspect>``).
    strength, clause
        Of the rule, or of the rule's ``untouched`` reading.
    subdistrict, community_id
        Where; ``community_id`` empty for land or households in no community.
    measured, allowed, unit
        Figures; ``allowed`` None where the rule names none. Unit: ``households``, ``people``, ``m``, ``pieces``,
        ``share``, ``m2`` …
    place
        (x, y) in the case's CRS where a person should look.
    households
        Households that the finding concerns.
    detail
        Names that the sentence needs (road, river, compound …).
    """

    rule: str
    aspect: str
    strength: Strength
    clause: str
    subdistrict: str
    community_id: str
    measured: float
    allowed: float | None
    unit: str
    place: tuple[float, float]
    households: int
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as in ``findings.json``."""
        return asdict(self)
