"""How people come to their service centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from districting.policies.rule import Rule
from districting.policies.wrong import Wrong, needs_one_of, no_choice, only_one_of, out_of_order, out_of_range

Path = Literal["straight", "walk"]

#: Walking speed behind "a 15-minute walk" = 1,200 m: 80 m a minute (method §4).
WALK_M_PER_MIN = 80.0


@dataclass(frozen=True, kw_only=True)
class ReachRule(Rule):
    """How far people may have to go to the service centre.

    Parameters
    ----------
    target_m, limit_m
        Wished and largest distance in m; None where the document names none or names minutes.
    target_min, limit_min
        The same in minutes of walking at ``speed_m_per_min``; None where the document names metres or none.
    path
        ``walk`` along the road network, or ``straight``.
    share
        Share of a community's households that must lie within the limit, in (0, 1].
    speed_m_per_min
        Walking speed, m a minute; the default is 80.
    """

    kind: ClassVar[str] = "reach"
    target_m: float | None = None
    limit_m: float | None = None
    target_min: float | None = None
    limit_min: float | None = None
    speed_m_per_min: float = WALK_M_PER_MIN
    path: Path = "straight"
    share: float = 1.0

    @property
    def target_distance_m(self) -> float | None:
        """Wished distance, m, whether the document names metres or minutes."""
        return self.target_m if self.target_min is None else self.target_min * self.speed_m_per_min

    @property
    def limit_distance_m(self) -> float | None:
        """Largest distance, m, whether the document names metres or minutes."""
        return self.limit_m if self.limit_min is None else self.limit_min * self.speed_m_per_min

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        target, limit = self.target_distance_m, self.limit_distance_m
        if target is None and limit is None:
            wrong.append(needs_one_of("target_m", "limit_m", "target_min", "limit_min"))
        if target is not None and limit is not None and target > limit:
            wrong.append(out_of_order("target", f"{target:g} m", "limit", f"{limit:g} m"))
        for name in ("target", "limit"):
            if getattr(self, f"{name}_m") is not None and getattr(self, f"{name}_min") is not None:
                wrong.append(only_one_of(f"{name}_m", f"{name}_min"))
        for name in ("target_m", "limit_m", "target_min", "limit_min", "speed_m_per_min"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                wrong.append(out_of_range(name, value, "> 0"))
        if not 0 < self.share <= 1:
            wrong.append(out_of_range("share", self.share, "(0, 1]"))
        if self.path not in get_args(Path):
            wrong.append(no_choice("path", self.path, get_args(Path)))
        return wrong


@dataclass(frozen=True, kw_only=True)
class OfficeRule(Rule):
    """A community's service centre stands inside its own land."""

    kind: ClassVar[str] = "office"


@dataclass(frozen=True, kw_only=True)
class RemoteRule(Rule):
    """A remote community (偏远社区): half of its households live farther than this from every service centre.

    Parameters
    ----------
    beyond_m
        Straight distance to the nearest service centre of any community, m.
    """

    kind: ClassVar[str] = "remote"
    beyond_m: float

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if self.beyond_m <= 0:
            wrong.append(out_of_range("beyond_m", self.beyond_m, "> 0"))
        return wrong
