"""What will break, and when: planned housing year by year, every year judged by the same checks as today.

Told are the rules that people who move in can break, and what staff and rooms they will ask for. Method §25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from districting.assessment.resources import ResourceTable, resources
from districting.errors import CaseError, Fault
from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.grown import Growing
from districting.plans.measures import SIZE_COLUMNS, total
from districting.policies.access import ReachRule, RemoteRule
from districting.policies.change import HollowRule
from districting.policies.policy import Policy
from districting.policies.rule import Measure
from districting.policies.sizes import SizeRule
from districting.territory.planned import arrivals
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork

#: Rules that people who move in can break, or heal. All others speak of land, which stays as it is.
_GROWING = (SizeRule, ReachRule, HollowRule, RemoteRule)
#: Units of what a community needs that a forecast tells; money follows from them.
_NEEDED = ("people", "m2")


@dataclass(frozen=True)
class Break:
    """A rule that a community breaks, from when to when.

    Parameters
    ----------
    finding
        As it is told first.
    since
        Year at whose end it is broken for the first time; None: it is broken today.
    ends
        First year at whose end it no longer is, since people have moved in; None: it still is at the end.
    last
        As it is told last: a community goes on growing.
    """

    finding: Finding
    since: int | None
    ends: int | None
    last: Finding

    def to_json(self) -> dict[str, Any]:
        """Plain data: the finding with its years, and what is measured last."""
        years = {"since": self.since, "ends": self.ends, "measured_last": self.last.measured}
        return years | self.finding.to_json()


@dataclass(frozen=True, eq=False)
class Forecast:
    """What planned housing makes of the communities of a division.

    Parameters
    ----------
    name
        Of the division.
    until
        Last year that was looked at.
    measure
        What the policy's size rule counts.
    years
        Every year up to ``until`` in which somebody moves in; between two of them nothing changes.
    coming
        Index ``year`` (of ``years``); ``projects`` that somebody moves into, ``households`` that do.
    communities
        Index ``community_id``; ``name``, ``subdistrict_id``, ``subdistrict`` (name).
    households, sizes
        Index as ``communities``; columns 0 (today) and every year: households (int64), and the policy's measure
        (float, NaN where unknown).
    breaks
        Those that begin first come first; of today (``since`` None) before all.
    needs
        A row for each time that a community's need of staff or rooms rises: ``community_id``, ``year``, ``unit``,
        ``subject``, ``before`` (required the year before), ``required``, ``existing``, ``missing`` (NaN where
        unknown).
    unplaced
        Households of planned housing on the land of no community, whenever they come.
    later
        Households that come only after ``until``.
    """

    name: str
    until: int
    measure: Measure
    years: tuple[int, ...]
    coming: pd.DataFrame
    communities: pd.DataFrame
    households: pd.DataFrame
    sizes: pd.DataFrame
    breaks: tuple[Break, ...]
    needs: pd.DataFrame
    unplaced: int
    later: int

    @property
    def new_breaks(self) -> tuple[Break, ...]:
        """What is in order today and will be broken."""
        return tuple(one for one in self.breaks if one.since is not None)

    @property
    def grows(self) -> pd.Series[bool]:
        """Communities that anybody moves into."""
        return self.households.iloc[:, -1] > self.households[0]

    @property
    def needs_by_year(self) -> pd.DataFrame:
        """How much more is needed in all: index (``unit``, ``subject``) in the policy's order, a column a year."""
        rises = self.needs.assign(more=self.needs["required"] - self.needs["before"])
        if rises.empty:
            return pd.DataFrame()
        table = rises.pivot_table(
            index=["unit", "subject"], columns="year", values="more", aggfunc="sum", fill_value=0.0, sort=False
        )
        return table.reindex(columns=sorted(table.columns))

    def only(self, subdistrict_ids: Sequence[str]) -> Forecast:
        """The communities of some sub-districts; what comes, and what lies nowhere, is still of all."""
        kept = self.communities[self.communities["subdistrict_id"].isin(list(subdistrict_ids))]
        ids, names = set(kept.index), set(kept["subdistrict"])
        return replace(
            self,
            communities=kept,
            households=self.households.loc[kept.index],
            sizes=self.sizes.loc[kept.index],
            breaks=tuple(one for one in self.breaks if one.finding.subdistrict in names),
            needs=self.needs[self.needs["community_id"].isin(ids)],
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, as in ``forecast.json``."""
        rows = self.needs.astype(object).where(self.needs.notna(), None)
        return {
            "plan": self.name,
            "until": self.until,
            "measure": self.measure,
            "years": list(self.years),
            "coming": [
                {str(key): int(value) for key, value in row.items()}
                for row in self.coming.reset_index().to_dict("records")
            ],
            "unplaced_households": self.unplaced,
            "later_households": self.later,
            "breaks": [one.to_json() for one in self.breaks],
            "communities": [
                {
                    "community_id": str(key),
                    "name": str(row["name"]),
                    "subdistrict": str(row["subdistrict"]),
                    "households": self._by_year(self.households, key),
                    "size": self._by_year(self.sizes, key),
                }
                for key, row in self.communities.iterrows()
            ],
            "needs": [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")],
        }

    def _by_year(self, table: pd.DataFrame, community_id: Any) -> dict[str, float | None]:
        """A community's figures: ``today`` and every year."""
        row = table.loc[community_id]
        return {
            str(year): None if pd.isna(value) else round(float(value), 1)
            for year, value in zip(["today", *self.years], row, strict=True)
        }


def forecast(
    division: Division,
    territory: Territory,
    policy: Policy,
    *,
    until: int | None = None,
    network: WalkNetwork | None = None,
) -> Forecast:
    """Judge a division at the end of every year in which somebody moves in.

    It is judged as it stands: triggers are told, and every community is one left alone. Planned housing comes on
    top of today's buildings, whatever its year; nobody moves out.

    Parameters
    ----------
    until
        Last year; None: until the last have moved in.
    network
        For walked distances; None: made from the roads where the policy asks for it.

    Raises
    ------
    CaseError
        If the case has no planned housing.
    """
    growing = Growing(division, territory)
    if not growing.years:
        raise CaseError([Fault("fault.nothing_planned")])
    until = growing.years[-1] if until is None else until
    years = tuple(year for year in growing.years if year <= until)
    rules = tuple(rule for rule in policy.rules if isinstance(rule, _GROWING))
    asked = {rule.rule_id for rule in rules}
    judged = replace(policy, rules=rules)
    column = SIZE_COLUMNS[policy.size.measure]
    households, sizes, found = {}, {}, []
    needs: list[pd.DataFrame] = []
    for year in (0, *years):  # 0 is today: nobody has come yet
        then, ground = growing.at(year)
        homes = ground.layers.buildings["households"]
        households[year] = pd.Series(then.sum_by_community(homes), index=then.outlines.index).astype(np.int64)
        sizes[year] = total(then, ground.layers.buildings[column], homes)
        findings = check(then, ground, judged, today=then, network=network)
        found.append((year, [one for one in findings if one.rule in asked]))
        needs.append(_needed(resources(then, ground, policy), year))
    come = arrivals(territory.layers.planned)
    soon = come[come["year"] <= until]
    names = territory.layers.subdistricts["name"]
    communities = pd.DataFrame(division.outlines[["name", "subdistrict_id"]])
    communities["subdistrict"] = communities["subdistrict_id"].map(names).fillna("")
    return Forecast(
        name=division.name,
        until=until,
        measure=policy.size.measure,
        years=years,
        coming=soon.groupby("year").agg(projects=("project", "nunique"), households=("households", "sum")),
        communities=communities,
        households=pd.DataFrame(households),
        sizes=pd.DataFrame(sizes),
        breaks=_breaks(found),
        needs=_rises(pd.concat(needs, ignore_index=True)),
        unplaced=growing.unplaced,
        later=int(come.loc[come["year"] > until, "households"].sum()),
    )


def _breaks(found: Sequence[tuple[int, Sequence[Finding]]]) -> tuple[Break, ...]:
    """Findings year after year as breaks; one that goes away and comes back is two."""
    ended: list[Break] = []
    open_: dict[tuple[str, str, str], Break] = {}
    for year, findings in found:
        told = {(one.rule, one.aspect, one.community_id): one for one in findings}
        ended += [replace(open_.pop(key), ends=year) for key in sorted(open_) if key not in told]
        for key, one in told.items():
            if key in open_:
                open_[key] = replace(open_[key], last=one)
            else:
                open_[key] = Break(one, year or None, None, one)
    # stable: inside a year, the order of the checks
    return tuple(sorted([*ended, *open_.values()], key=lambda one: one.since or 0))


def _needed(table: ResourceTable, year: int) -> pd.DataFrame:
    """Staff and rooms that each community needs in a year."""
    needs = table.needs.reset_index() if len(table.rows) else pd.DataFrame()
    if needs.empty:
        return pd.DataFrame(columns=["community_id", "unit", "subject", "required", "existing", "missing", "year"])
    needs = needs[needs["unit"].isin(_NEEDED)]
    return needs[["community_id", "unit", "subject", "required", "existing", "missing"]].assign(year=year)


def _rises(needs: pd.DataFrame) -> pd.DataFrame:
    """The rows in which a community needs more than the year before."""
    by = ["unit", "subject", "community_id"]
    before = needs.groupby(by, sort=False)["required"].shift()
    rises = needs.assign(before=before)[(needs["required"] > before + 1e-6).to_numpy(dtype=bool)]
    order = ["year", "community_id"]
    columns = ["community_id", "year", "unit", "subject", "before", "required", "existing", "missing"]
    return rises.sort_values(order, kind="stable")[columns].reset_index(drop=True)
