"""How communities of today may change, and which of them call for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from districting.policies.rule import Rule
from districting.policies.wrong import Wrong, no_choice, out_of_range

HollowMeasure = Literal["people_per_registered_person", "households_per_dwelling"]


@dataclass(frozen=True, kw_only=True)
class WholeUnitRule(Rule):
    """Committees change as whole units (成建制): each is split, or merged whole, or stays; no piece changes hands.

    Land in no community of today may join any.
    """

    kind: ClassVar[str] = "whole_unit"


@dataclass(frozen=True, kw_only=True)
class StabilityRule(Rule):
    """Few households change community: at most ``max_moved_share`` of a sub-district's, in [0, 1]."""

    kind: ClassVar[str] = "stability"
    max_moved_share: float

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if not 0 <= self.max_moved_share <= 1:
            wrong.append(out_of_range("max_moved_share", self.max_moved_share, "[0, 1]"))
        return wrong


@dataclass(frozen=True, kw_only=True)
class NamingRule(Rule):
    """A community that lives on keeps its name (and its code); names of new ones are proposals."""

    kind: ClassVar[str] = "naming"


@dataclass(frozen=True, kw_only=True)
class HollowRule(Rule):
    """A hollow community (空心社区): few live there for its registered people, or for its dwellings.

    Parameters
    ----------
    below
        Hollow below this share, in (0, 1].
    measure
        ``people_per_registered_person`` (resident people over registered people) or ``households_per_dwelling``.
    """

    kind: ClassVar[str] = "hollow"
    below: float
    measure: HollowMeasure = "people_per_registered_person"

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if not 0 < self.below <= 1:
            wrong.append(out_of_range("below", self.below, "(0, 1]"))
        if self.measure not in get_args(HollowMeasure):
            wrong.append(no_choice("measure", self.measure, get_args(HollowMeasure)))
        return wrong
