"""What land a community holds: its borders, its shape, what it may not cut or cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from districting.policies.rule import Rule
from districting.policies.wrong import Wrong, out_of_range

MAIN_ROADS = ("motorway", "trunk", "primary", "secondary")

#: Every class of road and natural line: what a grid's border may run along.
STREETS_AND_LANES = (
    *MAIN_ROADS,
    "tertiary",
    "residential",
    "service",
    "pedestrian",
    "path",
    "rail",
    "water",
    "wall",
    "elevated",
)


@dataclass(frozen=True, kw_only=True)
class BorderRule(Rule):
    """Borders run on roads of these classes or on natural lines, to at least ``share`` of their length."""

    kind: ClassVar[str] = "border"
    classes: tuple[str, ...] = (*MAIN_ROADS, "rail", "water", "wall", "elevated")
    share: float | None = None

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if self.share is not None and not 0 <= self.share <= 1:
            wrong.append(out_of_range("share", self.share, "[0, 1]"))
        return wrong


@dataclass(frozen=True, kw_only=True)
class CrossingRule(Rule):
    """No community lies on both sides of a line of these classes (main roads, rail, water)."""

    kind: ClassVar[str] = "crossing"
    classes: tuple[str, ...] = MAIN_ROADS


@dataclass(frozen=True, kw_only=True)
class ShapeRule(Rule):
    """No interlocking (犬牙交错): no hole, no enclave, no waist narrower than this, at least this compact.

    Parameters
    ----------
    holes
        True: a community may surround another.
    min_compactness
        Least 4πA/P² (method §4); None: not asked.
    min_neck_m
        Least width of the narrowest place that holds a community together, m; None: not asked.
    """

    kind: ClassVar[str] = "shape"
    holes: bool = False
    min_compactness: float | None = None
    min_neck_m: float | None = None

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if self.min_compactness is not None and not 0 <= self.min_compactness <= 1:
            wrong.append(out_of_range("min_compactness", self.min_compactness, "[0, 1]"))
        if self.min_neck_m is not None and self.min_neck_m < 0:
            wrong.append(out_of_range("min_neck_m", self.min_neck_m, "≥ 0"))
        return wrong


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
