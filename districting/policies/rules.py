"""The kinds of rule: what a document may say, as frozen data. One class per kind, checked on creation.

How a kind is told lives in `districting.plans.checks`, how it is asked in
`districting.solvers.exact.constraints`; `tests/test_faces.py` fails when a kind lacks a face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

Strength = Literal["must", "should", "prefer"]
Basis = Literal["stated", "derived", "program"]
Measure = Literal["households", "dwellings", "people", "registered_people"]
Path = Literal["straight", "walk"]

#: Walking speed behind "a 15-minute walk" = 1,200 m: 80 m a minute (method §4).
WALK_M_PER_MIN = 80.0

MAIN_ROADS = ("motorway", "trunk", "primary", "secondary")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule carries.

    Parameters
    ----------
    rule_id
        Unique in its policy; the first part of an override's key (``size.max``).
    strength
        ``must`` is required of every adoptable plan, ``should`` may be broken where the plan says so,
        ``prefer`` only enters the objective.
    clause
        Where the document says it.
    basis
        ``stated`` in the document, ``derived`` from it, or ``program``: ours, in no document.
    reading
        What we took the text to mean where it leaves a choice, as "Chinese | English"; empty where it leaves none.
    clause_en
        The clause in English, for readers of English pages; empty: the Chinese alone is quoted.
    """

    kind: ClassVar[str]
    rule_id: str
    strength: Strength
    clause: str
    basis: Basis = "stated"
    reading: str = ""
    clause_en: str = ""

    def problems(self) -> list[str]:
        """What is wrong with the figures, each in a few words; empty if nothing."""
        wrong = []
        if self.strength not in get_args(Strength):
            wrong.append(f"strength {self.strength!r}")
        if self.basis not in get_args(Basis):
            wrong.append(f"basis {self.basis!r}")
        return wrong


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
class ReachRule(Rule):
    """How far people may have to go to the service centre.

    Parameters
    ----------
    target_m, limit_m
        Wished and largest distance in m; None where the document names none.
    path
        ``walk`` along the road network, or ``straight``.
    share
        Share of a community's households that must lie within the limit, in (0, 1].
    """

    kind: ClassVar[str] = "reach"
    target_m: float | None = None
    limit_m: float | None = None
    path: Path = "straight"
    share: float = 1.0

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if self.target_m is None and self.limit_m is None:
            wrong.append("neither target_m nor limit_m")
        if self.target_m is not None and self.limit_m is not None and self.target_m > self.limit_m:
            wrong.append(f"target_m {self.target_m} > limit_m {self.limit_m}")
        if not 0 < self.share <= 1:
            wrong.append(f"share {self.share} outside (0, 1]")
        if self.path not in get_args(Path):
            wrong.append(f"path {self.path!r}")
        return wrong


@dataclass(frozen=True, kw_only=True)
class BorderRule(Rule):
    """Borders run on roads of these classes or on natural lines, to at least ``share`` of their length."""

    kind: ClassVar[str] = "border"
    classes: tuple[str, ...] = (*MAIN_ROADS, "rail", "water", "wall", "elevated")
    share: float | None = None

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if self.share is not None and not 0 <= self.share <= 1:
            wrong.append(f"share {self.share} outside [0, 1]")
        return wrong


@dataclass(frozen=True, kw_only=True)
class CrossingRule(Rule):
    """No community lies on both sides of a line of these classes (main roads, rail, water)."""

    kind: ClassVar[str] = "crossing"
    classes: tuple[str, ...] = MAIN_ROADS


@dataclass(frozen=True, kw_only=True)
class ShapeRule(Rule):
    """No interlocking (犬牙交错): no hole, and at least this compact (4πA/P², method §4), if named."""

    kind: ClassVar[str] = "shape"
    holes: bool = False
    min_compactness: float | None = None


@dataclass(frozen=True, kw_only=True)
class ContiguityRule(Rule):
    """A community is one piece of land, except those named in ``exceptions`` (代管, 托管)."""

    kind: ClassVar[str] = "contiguity"
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CoverageRule(Rule):
    """Every household and all land of the sub-district lies in exactly one community."""

    kind: ClassVar[str] = "coverage"


@dataclass(frozen=True, kw_only=True)
class NestingRule(Rule):
    """A community lies inside one unit of another division.

    Parameters
    ----------
    inside
        ``subdistrict``, or the ``kind`` of a zone layer (``school``, ``police`` …).
    exceptions
        Community ids that are excepted by name.
    """

    kind: ClassVar[str] = "nesting"
    inside: str = "subdistrict"
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CompoundRule(Rule):
    """A gated compound (小区) lies in one community unless it alone exceeds the maximum."""

    kind: ClassVar[str] = "compound"


@dataclass(frozen=True, kw_only=True)
class OfficeRule(Rule):
    """A community's service centre stands inside its own land."""

    kind: ClassVar[str] = "office"


@dataclass(frozen=True, kw_only=True)
class GrowthRule(Rule):
    """The size bounds also hold at the horizon year of the case, planned housing included."""

    kind: ClassVar[str] = "growth"


#: Every kind by its name in TOML.
RULE_KINDS: dict[str, type[Rule]] = {
    rule.kind: rule
    for rule in (
        SizeRule,
        ReachRule,
        BorderRule,
        CrossingRule,
        ShapeRule,
        ContiguityRule,
        CoverageRule,
        NestingRule,
        CompoundRule,
        OfficeRule,
        GrowthRule,
    )
}


def rule_from(entry: dict[str, Any]) -> Rule:
    """A rule from one TOML table. Unknown keys raise TypeError, which `reading` turns into a fault."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    return RULE_KINDS[values.pop("kind")](**values)
