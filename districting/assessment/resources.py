"""Rooms, staff and money of every community, today and under a plan; what a plan costs is the difference.

The formulas stand in `rooms`, `staff` and `money`; this module asks them figure by figure and adds up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from districting.assessment.money import money_rows, paid_figures
from districting.assessment.resource_sums import AMOUNTS, judged, largest, summed, upper_ends, with_change
from districting.assessment.rooms import programme_rows, programme_years, share_rows, space_rows
from districting.assessment.situation import Situation, situation
from districting.assessment.staff import cross_rows, staff_rows
from districting.plans.division import Division
from districting.policies.policy import Policy
from districting.policies.resources import (
    CrossAppointment,
    MoneyFigure,
    Resource,
    SpaceFigure,
    SpaceProgramme,
    SpaceShare,
    StaffFigure,
)
from districting.territory.territory import Territory

#: Columns of `ResourceTable.rows`.
COLUMNS = (
    "community_id",
    "resource_id",
    "kind",
    "concern",
    "subject",
    "unit",
    "measure",
    "measured",
    "required",
    "required_max",
    "existing",
    "missing",
    "excess",
    "extra",
)

#: Unit of each kind of figure.
_UNITS = {
    "space": "m2",
    "space_share": "m2",
    "space_programme": "m2",
    "staff": "people",
    "cross_appointment": "people",
    "money": "yuan_per_year",
}

#: Kinds of figure that say what one community needs; a programme speaks of all of them together.
_NEEDS = ("space", "space_share", "staff", "cross_appointment", "money")


@dataclass(frozen=True, eq=False)
class ResourceTable:
    """What a policy gives each community of a division, and what is there.

    Parameters
    ----------
    name
        Of the division.
    communities
        Index ``community_id``; ``name``, ``subdistrict_id``, ``households``, ``people`` (NaN where unknown),
        ``is_new``, ``is_waiting``.
    rows
        A row per community, figure and subject; columns `COLUMNS`. ``subject`` is a use of rooms, a role, or a
        level of government; ``measure`` and ``measured`` what the figure follows (``grids_estimated``: the fewest
        grids that the grid rule allows). ``required`` is the least, ``required_max`` the most that the document
        allows (NaN where it names none), ``missing`` = max(0, required − existing), ``excess`` = max(0, existing −
        required_max), ``extra`` the part of the required that a community gets because it waits for its split.
        NaN is unknown, never nothing.
    programmes
        The years of every programme, as `rooms.programme_years`, with ``resource_id`` and ``subject``.
    figures
        The figures that were computed, in the order of the policy.
    before
        The same of today, where this is a plan's.
    """

    name: str
    communities: pd.DataFrame
    rows: pd.DataFrame
    programmes: pd.DataFrame
    figures: tuple[Resource, ...]
    before: ResourceTable | None = None

    @cached_property
    def needs(self) -> pd.DataFrame:
        """What each community is to have of each subject, all figures taken together.

        Rooms and people: the figure that asks most, and the one that allows least; money: the sum. Rooms of
        planned housing come with it and are left out.

        Returns
        -------
        DataFrame
            Index (``unit``, ``subject``, ``community_id``) in the order of the policy; ``required``,
            ``required_max``, ``existing``, ``missing``, ``excess``, ``extra``.
        """
        asked = self.rows[self.rows["kind"].isin(_NEEDS) & (self.rows["concern"] != "planned")]
        by = asked.groupby(["unit", "subject", "community_id"], sort=False)
        needs = by.agg(
            required=("required", largest),
            required_max=("required_max", "min"),
            existing=("existing", "first"),
            extra=("extra", "max"),
        )
        paid = needs.index.get_level_values("unit") == "yuan_per_year"
        needs.loc[paid, "required"] = by["required"].sum(min_count=1)[paid]
        needs.loc[paid, "required_max"] = upper_ends(asked, ["unit", "subject", "community_id"])[paid]
        return judged(needs.astype(float))[AMOUNTS]

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Every figure over all communities that it concerns.

        Returns
        -------
        DataFrame
            Index (``resource_id``, ``subject``) in the order of the policy; ``kind``, ``unit``, ``concern``,
            ``communities`` (that it concerns), the sums of what is known (NaN where nothing is),
            ``unknown_required``, ``unknown_existing`` (communities), and where this is a plan's
            ``required_before``, ``change``, ``change_max`` (against today, at both ends of a range; NaN where a
            requirement is unknown today or under the plan). Of a figure about communities that wait for their
            split, only what it adds.
        """
        on_top = self.rows["concern"] == "waiting"
        own = self.rows.copy()
        own.loc[on_top, "required"] = own["extra"].where(own["extra"].notna(), own["required"])[on_top]
        own.loc[on_top, ["existing", "missing", "excess"]] = np.nan
        return with_change(summed(own, ["resource_id", "subject"]), self._before("totals"))

    @cached_property
    def sums(self) -> pd.DataFrame:
        """`needs` over all communities: index (``unit``, ``subject``), columns as `totals`.

        What a plan costs stands here: ``change`` of money, of posts and of rooms, and what is ``missing``.
        """
        needs = self.needs.reset_index()
        return with_change(summed(needs, ["unit", "subject"]), self._before("sums"))

    def only(self, subdistrict_ids: Iterable[str]) -> ResourceTable:
        """The same table, of the communities of some sub-districts; programmes still speak of all."""
        kept = self.communities[self.communities["subdistrict_id"].isin(list(subdistrict_ids))]
        return replace(
            self,
            communities=kept,
            rows=self.rows[self.rows["community_id"].isin(kept.index)],
            before=None if self.before is None else self.before.only(subdistrict_ids),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data: ``figures`` with totals, ``needs`` with sums, ``programmes`` and ``communities``."""
        return {**self.summary(), "communities": _records(self.rows)}

    def summary(self) -> dict[str, Any]:
        """Plain data without the communities, as in ``run.json``."""
        return {
            "figures": _records(self.totals.reset_index()),
            "needs": _records(self.sums.reset_index()),
            "programmes": _records(self.programmes),
        }

    def _before(self, part: str) -> pd.DataFrame | None:
        """The same sums of today."""
        return None if self.before is None else getattr(self.before, part)


def resources(
    division: Division,
    territory: Territory,
    policy: Policy,
    *,
    before: Division | None = None,
    grids: pd.Series[int] | None = None,
) -> ResourceTable:
    """Every resource figure of the policy, computed for a division.

    Parameters
    ----------
    before
        Today's division, where ``division`` is a plan; the table then carries today's beside it. None:
        ``division`` is today's.
    grids
        Grids of each community where they are known (index ``community_id``); None: the fewest that the policy's
        grid rule allows, marked as an estimate.

    Returns
    -------
    ResourceTable
        Empty where the policy names no figure.
    """
    earlier = None if before is None or before is division else resources(before, territory, policy)
    seen = situation(division, territory, policy, before=None if earlier is None else before, grids=grids)
    figures = paid_figures(policy, policy.resources)
    rows = [part for figure in figures for part in _rows_of(figure, seen, figures)]
    empty = pd.DataFrame(columns=list(COLUMNS))
    told = [part for part in rows if len(part)]
    table = pd.concat(told, ignore_index=True) if told else empty
    communities = pd.DataFrame(division.outlines[["name", "subdistrict_id"]]).join(
        seen.sizes[["households", "people"]]
    )
    communities["is_new"], communities["is_waiting"] = seen.is_new, seen.is_waiting
    years = [
        programme_years(figure, seen).assign(resource_id=figure.resource_id, subject=figure.use)
        for figure in figures
        if isinstance(figure, SpaceProgramme)
    ]
    programmes = pd.concat(years, ignore_index=True) if years else pd.DataFrame()
    return ResourceTable(division.name, communities, table, programmes, figures, earlier)


def _rows_of(figure: Resource, seen: Situation, figures: tuple[Resource, ...]) -> list[pd.DataFrame]:
    """The rows of one figure, a table per subject, with all columns."""
    found: dict[str, pd.DataFrame]
    match figure:
        case SpaceFigure():
            found = {figure.use: space_rows(figure, seen)}
        case SpaceShare():
            found = {figure.use: share_rows(figure, seen, figures)}
        case SpaceProgramme():
            found = {figure.use: programme_rows(figure, seen)}
        case StaffFigure():
            found = {figure.role: staff_rows(figure, seen, figures)}
        case CrossAppointment():
            found = cross_rows(figure, seen, figures)
        case MoneyFigure():
            found = {figure.level: money_rows(figure, seen)}
        case _:
            raise TypeError(f"no formula for resource figures of kind {figure.kind!r}")
    return [_filled(rows, figure, subject) for subject, rows in found.items()]


def _filled(rows: pd.DataFrame, figure: Resource, subject: str) -> pd.DataFrame:
    """Rows with every column of the table."""
    table = rows.assign(measure=rows.get("measure", "")).rename_axis("community_id").reset_index()
    amounts = ["measured", *AMOUNTS]
    table = table.reindex(columns=list(COLUMNS))
    table[amounts] = table[amounts].astype(float)
    table["resource_id"], table["kind"], table["concern"] = figure.resource_id, figure.kind, figure.concern
    table["subject"], table["unit"] = subject, _UNITS[figure.kind]
    return judged(table)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain data, None where unknown."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(key): _plain(value) for key, value in row.items()} for row in plain.to_dict("records")]


def _plain(value: Any) -> Any:
    """A number or a word for JSON; whole numbers as int."""
    if isinstance(value, (float, np.floating)):
        return int(value) if float(value).is_integer() else round(float(value), 6)
    return value.item() if isinstance(value, np.generic) else value
