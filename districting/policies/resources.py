"""What a document gives each community: space, people, money. Figures; `assessment.resources` computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from districting.policies.rule import Basis, Measure, Strength, said_wrong
from districting.policies.wrong import Wrong, needs_one_of, no_choice, only_one_of, out_of_order, out_of_range

Concern = Literal["all", "new", "waiting", "planned"]
Setting = Literal["any", "urban", "town"]
SpaceUse = Literal["service", "office", "staff_office", "activity", "elderly", "outdoor", "one_stop", "hall"]
Role = Literal["committee", "party", "both_committees", "worker", "grid_worker", "elderly_worker", "police"]
Level = Literal["city", "district", "county", "unit"]

#: Endings of a sub-district's name that tell a town or township (镇、乡) from an urban sub-district (街道).
TOWN_ENDINGS = ("镇", "乡", "苏木", "Town", "Township")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What every resource figure carries.

    Parameters
    ----------
    resource_id
        Unique among the rules and resources of its policy; first part of an override's key (``offices.min_m2``).
    strength, clause, clause_en, basis, reading
        As in `districting.policies.rule.Rule`.
    concern
        What the figure is asked of:

        - ``all``: every community;
        - ``new``: communities that a plan founds;
        - ``waiting``: communities above the split trigger that are not split. A figure per households then counts
          only the households *above* the trigger, and what results is added to the figures of concern ``all``;
        - ``planned``: newly built compounds, so the households of the layer of planned housing that fall into the
          community, not its households of today. Nothing where no housing is planned.
    setting
        ``any``, or only communities of an ``urban`` sub-district (街道) or of a ``town`` (镇、乡): `holds_in`.
    """

    kind: ClassVar[str]
    resource_id: str
    strength: Strength
    clause: str
    basis: Basis = "stated"
    reading: str = ""
    clause_en: str = ""
    concern: Concern = "all"
    setting: Setting = "any"

    def problems(self) -> list[Wrong]:
        """Everything that is wrong with the figures; empty if nothing."""
        wrong = said_wrong(self.strength, self.basis, self.clause)
        if self.concern not in get_args(Concern):
            wrong.append(no_choice("concern", self.concern, get_args(Concern)))
        if self.setting not in get_args(Setting):
            wrong.append(no_choice("setting", self.setting, get_args(Setting)))
        return wrong

    def holds_in(self, subdistrict: str) -> bool:
        """True if the figure concerns communities of the sub-district of this name.

        Examples
        --------
        >>> where = {"resource_id": "care", "strength": "must", "clause": "1", "setting": "town"}
        >>> figure = SpaceFigure(**where, use="elderly", min_m2=450)
        >>> figure.holds_in("野徐镇"), figure.holds_in("凤凰街道")
        (True, False)
        """
        return self.setting == "any" or (self.setting == "town") == subdistrict.strip().endswith(TOWN_ENDINGS)


@dataclass(frozen=True, kw_only=True)
class SpaceFigure(Resource):
    """Floor or ground area that a community is to have.

    Where both figures are given, the larger one counts: 30 m² per 100 households, but never under 600 m².

    Parameters
    ----------
    use
        What for: ``service`` (社区综合服务设施, offices and activity rooms), ``office`` (办公场所), ``elderly``
        (养老), ``outdoor`` (室外活动广场), ``one_stop`` (一站式服务站), ``hall`` (服务大厅) …
    per_100_households_m2
        m² per 100 resident households; None where the document names none.
    min_m2
        Never less than this, m².
    below_households, from_households
        Only for communities of fewer than, or of at least, so many households (for concern ``planned``: planned
        compounds of so many); None: for all.
    """

    kind: ClassVar[str] = "space"
    use: SpaceUse
    per_100_households_m2: float | None = None
    min_m2: float | None = None
    below_households: int | None = None
    from_households: int | None = None

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if self.use not in get_args(SpaceUse):
            wrong.append(no_choice("use", self.use, get_args(SpaceUse)))
        if self.per_100_households_m2 is None and self.min_m2 is None:
            wrong.append(needs_one_of("per_100_households_m2", "min_m2"))
        names = ("per_100_households_m2", "min_m2", "below_households", "from_households")
        wrong += _not_above_zero(self, *names)
        low, high = self.from_households, self.below_households
        if low is not None and high is not None and low >= high:
            wrong.append(out_of_order("from_households", low, "below_households", high))
        return wrong


@dataclass(frozen=True, kw_only=True)
class SpaceShare(Resource):
    """A part of a space: at most or at least this share of it, in [0, 1].

    Staff offices at most 20 % of the offices: ``use = "staff_office"``, ``of = "office"``, ``max_share = 0.2``.
    """

    kind: ClassVar[str] = "space_share"
    use: SpaceUse
    of: SpaceUse
    max_share: float | None = None
    min_share: float | None = None

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        for name in ("use", "of"):
            if getattr(self, name) not in get_args(SpaceUse):
                wrong.append(no_choice(name, getattr(self, name), get_args(SpaceUse)))
        low, high = self.min_share, self.max_share
        if low is None and high is None:
            wrong.append(needs_one_of("max_share", "min_share"))
        for name, share in (("min_share", low), ("max_share", high)):
            if share is not None and not 0 <= share <= 1:
                wrong.append(out_of_range(name, share, "[0, 1]"))
        if low is not None and high is not None and low > high:
            wrong.append(out_of_order("min_share", low, "max_share", high))
        return wrong


@dataclass(frozen=True, kw_only=True)
class SpaceProgramme(Resource):
    """A rising share of all communities that have at least this much of a space: one share a year."""

    kind: ClassVar[str] = "space_programme"
    use: SpaceUse
    at_least_m2: float
    shares: tuple[float, ...]

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if self.use not in get_args(SpaceUse):
            wrong.append(no_choice("use", self.use, get_args(SpaceUse)))
        wrong += _not_above_zero(self, "at_least_m2")
        if not self.shares or any(not 0 < share <= 1 for share in self.shares):
            wrong.append(out_of_range("shares", list(self.shares), "(0, 1]"))
        elif list(self.shares) != sorted(self.shares):
            wrong.append(Wrong("rising", {"name": "shares", "value": list(self.shares)}))
        return wrong


@dataclass(frozen=True, kw_only=True)
class StaffFigure(Resource):
    """How many people work for a community.

    Exactly one of ``bands``, ``per_10000_people``, ``households_per_worker``, ``per_community`` and ``per_grid``.

    Parameters
    ----------
    role
        ``committee`` (居委会), ``party`` (党组织班子), ``both_committees`` (两委), ``worker`` (社区工作者),
        ``grid_worker`` (网格员), ``elderly_worker`` (居家养老服务人员), ``police`` (社区民警).
    measure
        What ``bands`` count.
    bands
        Rows ``[from, count]``: communities of at least ``from`` have ``count``; the first begins at 0.
    above
        True: a band begins *above* its figure ("4,000 户以上" with 4,000 itself in the band below); False: at it.
        One for each band; empty: at it.
    per_10000_people
        Workers for 10,000 resident people.
    households_per_worker
        Households that one worker serves; of concern ``waiting``: of the households above the split trigger.
    per_community, per_grid
        So many in each community, in each grid.
    at_least, at_most
        Bounds on the number where the document names a range and not a figure.
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

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems()
        if self.role not in get_args(Role):
            wrong.append(no_choice("role", self.role, get_args(Role)))
        if self.measure not in get_args(Measure):
            wrong.append(no_choice("measure", self.measure, get_args(Measure)))
        ways = ("bands", "per_10000_people", "households_per_worker", "per_community", "per_grid")
        given = [way for way in ways if getattr(self, way) not in (None, ())]
        if not given:
            wrong.append(needs_one_of(*ways))
        elif len(given) > 1:
            wrong.append(only_one_of(*given))
        wrong += _not_above_zero(self, "per_10000_people", "households_per_worker", "per_community", "per_grid")
        starts = [start for start, _ in self.bands]
        if starts and (starts[0] != 0 or starts != sorted(set(starts))):
            wrong.append(Wrong("bands", {"value": starts}))
        if self.above and len(self.above) != len(self.bands):
            wrong.append(Wrong("above", {"count": len(self.above), "bands": len(self.bands)}))
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            wrong.append(out_of_order("at_least", self.at_least, "at_most", self.at_most))
        return wrong


@dataclass(frozen=True, kw_only=True)
class CrossAppointment(Resource):
    """Both committees together: at most so many people, and at least this share of them in both (交叉任职)."""

    kind: ClassVar[str] = "cross_appointment"
    at_most: int
    min_share: float

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems() + _not_above_zero(self, "at_most")
        if not 0 <= self.min_share <= 1:
            wrong.append(out_of_range("min_share", self.min_share, "[0, 1]"))
        return wrong


@dataclass(frozen=True, kw_only=True)
class MoneyFigure(Resource):
    """Yearly operating money of a community from one level of government.

    Parameters
    ----------
    level
        Who pays: ``city`` (and above), ``district`` (区、开发区), ``county`` (县、旗), or ``unit`` where the
        document does not say.
    yuan_per_year, yuan_per_year_max
        Least and, where the document names a range, largest amount for a community, yuan a year.
    instead_of
        ``resource_id`` of the figure that this one stands for elsewhere (a county instead of a district): added
        only where a case switches to it, by an override of this field with ``""``, which leaves the other out;
        None: always added.
    """

    kind: ClassVar[str] = "money"
    level: Level
    yuan_per_year: int
    yuan_per_year_max: int | None = None
    instead_of: str | None = None

    def problems(self) -> list[Wrong]:  # noqa: D102
        wrong = super().problems() + _not_above_zero(self, "yuan_per_year")
        if self.level not in get_args(Level):
            wrong.append(no_choice("level", self.level, get_args(Level)))
        if self.yuan_per_year_max is not None and self.yuan_per_year_max < self.yuan_per_year:
            high = self.yuan_per_year_max
            wrong.append(out_of_order("yuan_per_year", self.yuan_per_year, "yuan_per_year_max", high))
        return wrong


def _not_above_zero(figure: Resource, *names: str) -> list[Wrong]:
    """Figures that are given and not above 0."""
    given = [(name, getattr(figure, name)) for name in names]
    return [out_of_range(name, value, "> 0") for name, value in given if value is not None and value <= 0]


#: Every kind of figure by its name in TOML.
RESOURCE_KINDS: dict[str, type[Resource]] = {
    figure.kind: figure
    for figure in (SpaceFigure, SpaceShare, SpaceProgramme, StaffFigure, CrossAppointment, MoneyFigure)
}
