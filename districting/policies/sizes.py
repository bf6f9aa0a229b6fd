"""How large communities and grids are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, get_args

from districting.policies.land import STREETS_AND_LANES
from districting.policies.rule import Measure, Rule, Strength
from districting.policies.wrong import Wrong, needs_with, no_choice, only_one_of, out_of_order, out_of_range

#: Types of grid that a document may tell apart (杂居型, 单位型, 物业型).
GRID_TYPES = ("mixed", "work_unit", "property_managed")


@dataclass(frozen=True, kw_only=True)
class SizeRule(Rule):
    """How large a community is: bounds, ideal size, and the sizes that start a split or a merge.

    Parameters
    ----------
    measure
        What ``min`` to ``merge_trigger`` count.
    min, max
        Bounds, both included.
    target
        Ideal size; None: the middle of the bounds.
    split_trigger, merge_trigger
        A community above (below) is to be split (merged); None: the maximum (minimum).
    alternative
        A second measure of which ``alternative_min`` to ``alternative_max`` suffices instead ("X households
        or Y people"); None where the document names one measure.
    untouched
        Strength for a community that a plan leaves as it is; None: ``strength``.
    """

    kind: ClassVar[str] = "size"
    min: int
    max: int
    measure: Measure = "households"
    target: int | None = None
    split_trigger: int | None = None
    merge_trigger: int | None = None
    alternative: Measure | None = None
    alternative_min: int | None = None
    alternative_max: int | None = None
    untouched: Strength | None = None

    @property
    def ideal(self) -> int:
        """Target, or the middle of the bounds where the policy names none."""
        return self.target if self.target is not None else (self.min + self.max) // 2

    @property
    def split_above(self) -> int:
        """A community of more than this is to be split."""
        return self.split_trigger if self.split_trigger is not None else self.max

    @property
    def merge_below(self) -> int:
        """A community of fewer than this is to be merged."""
        return self.merge_trigger if self.merge_trigger is not None else self.min

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        wrong += _bounds_wrong(self.min, self.max, self.target, self.measure)
        if self.min <= self.max:
            wrong += self._triggers_wrong()
        order: tuple[str, ...] = get_args(Strength)
        if self.untouched is not None and self.untouched not in order:
            wrong.append(no_choice("untouched", self.untouched, order))
        elif self.untouched in order[: order.index(self.strength) if self.strength in order else 0]:
            wrong.append(Wrong("untouched_stronger", {"untouched": self.untouched, "strength": self.strength}))
        return wrong + self._alternative_wrong()

    def _triggers_wrong(self) -> list[Wrong]:
        """Triggers that would change what is of the right size."""
        pairs = (
            ("merge_trigger", self.merge_below, "split_trigger", self.split_above),
            ("min", self.min, "split_trigger", self.split_above),
            ("merge_trigger", self.merge_below, "max", self.max),
        )
        return [out_of_order(*pair) for pair in pairs if pair[1] > pair[3]]

    def _alternative_wrong(self) -> list[Wrong]:
        """What is wrong with the second measure."""
        low, high = self.alternative_min, self.alternative_max
        if self.alternative is None:
            given = [name for name in ("alternative_min", "alternative_max") if getattr(self, name) is not None]
            return [needs_with(name, "alternative") for name in given]
        wrong = []
        if self.alternative not in get_args(Measure):
            wrong.append(no_choice("alternative", self.alternative, get_args(Measure)))
        if self.alternative == self.measure:
            wrong.append(only_one_of(f"measure = {self.measure}", f"alternative = {self.alternative}"))
        if low is None or high is None:
            wrong.append(needs_with("alternative", "alternative_min", "alternative_max"))
        elif low > high:
            wrong.append(out_of_order("alternative_min", low, "alternative_max", high))
        return wrong


@dataclass(frozen=True, kw_only=True)
class GrowthRule(Rule):
    """The size bounds also hold at the horizon year of the case, planned housing included."""

    kind: ClassVar[str] = "growth"


@dataclass(frozen=True, kw_only=True)
class GridRule(Rule):
    """The second level: every community is divided into grids (网格) of this size.

    Parameters
    ----------
    min, max
        Bounds on a grid's measure, both included.
    target
        Ideal size; None: the middle of the bounds.
    measure
        What the bounds count.
    classes
        Lines that a grid's border runs along.
    types
        Types of grid that the document tells apart: of ``mixed`` (杂居型), ``work_unit`` (单位型),
        ``property_managed`` (物业型).
    """

    kind: ClassVar[str] = "grid"
    min: int
    max: int
    target: int | None = None
    measure: Measure = "households"
    classes: tuple[str, ...] = STREETS_AND_LANES
    types: tuple[str, ...] = ()

    @property
    def ideal(self) -> int:
        """Target, or the middle of the bounds where the policy names none."""
        return self.target if self.target is not None else (self.min + self.max) // 2

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        wrong += _bounds_wrong(self.min, self.max, self.target, self.measure)
        return wrong + [no_choice("types", one, GRID_TYPES) for one in self.types if one not in GRID_TYPES]


def _bounds_wrong(low: int, high: int, target: int | None, measure: str) -> list[Wrong]:
    """What is wrong with a range, its ideal and what it counts."""
    wrong = []
    if low < 0:
        wrong.append(out_of_range("min", low, "≥ 0"))
    if low > high:
        wrong.append(out_of_order("min", low, "max", high))
    elif target is not None and not low <= target <= high:
        wrong.append(out_of_range("target", target, f"{low}–{high}"))
    if measure not in get_args(Measure):
        wrong.append(no_choice("measure", measure, get_args(Measure)))
    return wrong
