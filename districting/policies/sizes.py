"""How large communities and grids are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, get_args

from districting.policies.land import STREETS_AND_LANES
from districting.policies.rule import Measure, Rule, Strength


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

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if not 0 <= self.min <= self.max:
            wrong.append(f"min {self.min} > max {self.max}")
        if self.target is not None and not self.min <= self.target <= self.max:
            wrong.append(f"target {self.target} outside {self.min}-{self.max}")
        if self.measure not in get_args(Measure):
            wrong.append(f"measure {self.measure!r}")
        if self.alternative is not None:
            if self.alternative not in get_args(Measure):
                wrong.append(f"alternative {self.alternative!r}")
            if self.alternative_min is None or self.alternative_max is None:
                wrong.append("alternative without alternative_min and alternative_max")
            elif self.alternative_min > self.alternative_max:
                wrong.append(f"alternative_min {self.alternative_min} > {self.alternative_max}")
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

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if not 0 <= self.min <= self.max:
            wrong.append(f"min {self.min} > max {self.max}")
        if self.target is not None and not self.min <= self.target <= self.max:
            wrong.append(f"target {self.target} outside {self.min}-{self.max}")
        if self.measure not in get_args(Measure):
            wrong.append(f"measure {self.measure!r}")
        unknown = sorted(set(self.types) - {"mixed", "work_unit", "property_managed"})
        return wrong + [f"type {', '.join(unknown)}"] * bool(unknown)
