"""What a document gives each community: space, people, money. Figures only; `assessment.resources` computes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from districting.policies.rule import Basis, Measure, Strength

#: Whom a figure concerns: every community, those that a plan founds, or those that are too large and stay so.
Concern = Literal["all", "new", "waiting"]
SpaceUse = Literal["service", "office", "staff_office", "activity", "elderly", "outdoor", "one_stop", "hall"]
Role = Literal["committee", "party", "both_committees", "worker", "grid_worker"]
Level = Literal["city", "district", "county", "unit"]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What every resource figure carries.

    Parameters
    ----------
    resource_id
        Unique in its policy; the first part of an override's key.
    strength, clause, clause_en, basis, reading
        As in `districting.policies.rule.Rule`.
    concern
        ``all``, ``new`` (communities that a plan founds) or ``waiting`` (over the split trigger and not split yet).
    """

    kind: ClassVar[str]
    resource_id: str
    strength: Strength
    clause: str
    basis: Basis = "stated"
    reading: str = ""
    clause_en: str = ""
    concern: Concern = "all"

    def problems(self) -> list[str]:
        """What is wrong with the figures, each in a few words; empty if nothing."""
        wrong = []
        for name, known in (("strength", Strength), ("basis", Basis), ("concern", Concern)):
            if getattr(self, name) not in get_args(known):
                wrong.append(f"{name} {getattr(self, name)!r}")
        return wrong


@dataclass(frozen=True, kw_only=True)
class SpaceFigure(Resource):
    """Floor or ground area that a community is to have.

    Parameters
    ----------
    use
        What for: ``service`` (社区综合服务设施, offices and activity rooms), ``office`` (办公场所), ``elderly``
        (养老), ``outdoor`` (室外活动广场), ``one_stop`` (一站式服务站), ``hall`` (服务大厅) …
    per_100_households_m2
        m² per 100 resident households; None where the document names none.
    min_m2
        Never less than this, m².
    below_households
        Only for communities of fewer households than this; None: for all.
    """

    kind: ClassVar[str] = "space"
    use: SpaceUse
    per_100_households_m2: float | None = None
    min_m2: float | None = None
    below_households: int | None = None

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if self.use not in get_args(SpaceUse):
            wrong.append(f"use {self.use!r}")
        if self.per_100_households_m2 is None and self.min_m2 is None:
            wrong.append("neither per_100_households_m2 nor min_m2")
        for name in ("per_100_households_m2", "min_m2", "below_households"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                wrong.append(f"{name} {value}")
        return wrong


@dataclass(frozen=True, kw_only=True)
class SpaceShare(Resource):
    """A part of a space: at most or at least this share of it, in [0, 1] (staff offices at most 20 % of the offices)."""

    kind: ClassVar[str] = "space_share"
    use: SpaceUse
    of: SpaceUse
    max_share: float | None = None
    min_share: float | None = None

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        wrong += [
            f"{name} {getattr(self, name)!r}"
            for name in ("use", "of")
            if getattr(self, name) not in get_args(SpaceUse)
        ]
        given = [share for share in (self.min_share, self.max_share) if share is not None]
        if not given:
            wrong.append("neither max_share nor min_share")
        wrong += [f"share {share} outside [0, 1]" for share in given if not 0 <= share <= 1]
        if len(given) == 2 and given[0] > given[1]:
            wrong.append(f"min_share {given[0]} > max_share {given[1]}")
        return wrong


@dataclass(frozen=True, kw_only=True)
class SpaceProgramme(Resource):
    """A rising share of all communities that have at least this much of a space: one share a year."""

    kind: ClassVar[str] = "space_programme"
    use: SpaceUse
    at_least_m2: float
    shares: tuple[float, ...]

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if self.use not in get_args(SpaceUse):
            wrong.append(f"use {self.use!r}")
        if (
            not self.shares
            or any(not 0 < share <= 1 for share in self.shares)
            or list(self.shares) != sorted(self.shares)
        ):
            wrong.append(f"shares {list(self.shares)}: each in (0, 1], rising")
        return wrong


@dataclass(frozen=True, kw_only=True)
class StaffFigure(Resource):
    """How many people work for a community.

    Exactly one of ``bands``, ``per_10000_people``, ``households_per_worker``, ``per_community`` and ``per_grid``.

    Parameters
    ----------
    role
        ``committee`` (居委会), ``party`` (党组织班子), ``both_committees`` (两委), ``worker`` (社区工作者),
        ``grid_worker`` (网格员).
    bands
        Rows ``[from, count]``: communities of at least ``from`` of ``measure`` have ``count``; the first begins at 0.
    above
        True: a band begins *above* its figure ("4,000 户以上" with 4,000 itself in the band below); False: at it.
        One for each band; empty: at it.
    at_least, at_most
        Bounds where the document names a range and not a figure.
    """

    kind: ClassVar[str] = "staff"
    role: Role
    measure: Measure = "households"
    bands: tuple[tuple[int, int], ...] = ()
    above: tuple[bool, ...] = ()
    per_10000_people: float | None = None
    households_per_worker: float | None = None
    per_community: int | None = None
    per_grid: int | None = None
    at_least: int | None = None
    at_most: int | None = None

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if self.role not in get_args(Role):
            wrong.append(f"role {self.role!r}")
        if self.measure not in get_args(Measure):
            wrong.append(f"measure {self.measure!r}")
        ways = (
            self.bands or None,
            self.per_10000_people,
            self.households_per_worker,
            self.per_community,
            self.per_grid,
        )
        if sum(way is not None for way in ways) != 1:
            wrong.append(
                "needs exactly one of bands, per_10000_people, households_per_worker, per_community, per_grid"
            )
        starts = [start for start, _ in self.bands]
        if starts and (starts[0] != 0 or starts != sorted(set(starts))):
            wrong.append(f"bands begin at {starts}: the first at 0, then rising")
        if self.above and len(self.above) != len(self.bands):
            wrong.append(f"{len(self.above)} of above for {len(self.bands)} bands")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            wrong.append(f"at_least {self.at_least} > at_most {self.at_most}")
        return wrong


@dataclass(frozen=True, kw_only=True)
class CrossAppointment(Resource):
    """Both committees together: at most so many people, at least this share of them in both (交叉任职)."""

    kind: ClassVar[str] = "cross_appointment"
    at_most: int
    min_share: float

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if self.at_most <= 0:
            wrong.append(f"at_most {self.at_most}")
        if not 0 <= self.min_share <= 1:
            wrong.append(f"min_share {self.min_share} outside [0, 1]")
        return wrong


@dataclass(frozen=True, kw_only=True)
class MoneyFigure(Resource):
    """Yearly operating money of a community from one level of government.

    Parameters
    ----------
    level
        Who pays: ``city``, ``district``, ``county``, or ``unit`` where the document does not say.
    yuan_per_year, yuan_per_year_max
        Least and, where the document names a range, largest amount for a community, yuan a year.
    instead_of
        ``resource_id`` of the figure that this one stands for elsewhere (a county instead of a district): added only
        where a case switches to it; None: always added.
    """

    kind: ClassVar[str] = "money"
    level: Level
    yuan_per_year: int
    yuan_per_year_max: int | None = None
    instead_of: str | None = None

    def problems(self) -> list[str]:  # noqa: D102
        wrong = super().problems()
        if self.level not in get_args(Level):
            wrong.append(f"level {self.level!r}")
        if self.yuan_per_year <= 0:
            wrong.append(f"yuan_per_year {self.yuan_per_year}")
        if self.yuan_per_year_max is not None and self.yuan_per_year_max < self.yuan_per_year:
            wrong.append(f"yuan_per_year {self.yuan_per_year} > yuan_per_year_max {self.yuan_per_year_max}")
        return wrong


#: Every kind of figure by its name in TOML.
RESOURCE_KINDS: dict[str, type[Resource]] = {
    figure.kind: figure
    for figure in (SpaceFigure, SpaceShare, SpaceProgramme, StaffFigure, CrossAppointment, MoneyFigure)
}


def resource_from(entry: dict[str, Any]) -> Resource:
    """A figure from one TOML table. Unknown keys raise TypeError, which `reading` turns into a fault."""
    values = {key: _frozen(value) for key, value in entry.items()}
    return RESOURCE_KINDS[values.pop("kind")](**values)


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return tuple(_frozen(one) for one in value) if is_list else value
