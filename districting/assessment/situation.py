"""Communities as resource figures see them: their size, who is new or too large, their staff and their rooms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.evidence import carried_ids
from districting.plans.identity_checks import shared_households
from districting.plans.land import as_text
from districting.plans.measures import SIZE_COLUMNS, total
from districting.policies.policy import Policy
from districting.policies.resources import Resource
from districting.policies.sizes import GridRule, SizeRule
from districting.territory.layers import ROOM_USES
from districting.territory.specs import STAFF_COLUMNS
from districting.territory.territory import Territory

Bools = npt.NDArray[np.bool_]

#: A centre this close to its community's land stands on it: the width of a drawn line, m.
ON_LAND_M = 1.0


@dataclass(frozen=True, eq=False)
class Situation:
    """The communities of one division. Every table is indexed by ``community_id``, sorted; NaN is unknown.

    Parameters
    ----------
    sizes
        Columns households, dwellings, people, registered_people.
    is_new
        Founded by the plan: no community of today lives on in it. None is new today.
    is_waiting
        Above the split trigger: to be split, and not split yet.
    times_trigger
        Size over the split trigger, in the measure of the size rule.
    rooms
        m² that there are; a column for every use (`districting.territory.layers.ROOM_USES`) that the case records
        anywhere. There a community without a record has 0; one with a record without area is unknown.
    staff
        People who work there today, columns `districting.territory.specs.STAFF_COLUMNS`.
    grids
        Number of grids; where nobody counted them, the fewest that the grid rule allows.
    grids_estimated
        True for that estimate.
    subdistricts
        Name of each community's sub-district.
    planned
        Planned housing: a row per project, ``community_id`` (where it will stand) and ``households``.
    """

    sizes: pd.DataFrame
    is_new: pd.Series[bool]
    is_waiting: pd.Series[bool]
    times_trigger: pd.Series[float]
    rooms: pd.DataFrame
    staff: pd.DataFrame
    grids: pd.Series[float]
    grids_estimated: bool
    subdistricts: pd.Series[str]
    planned: pd.DataFrame

    def concerned(self, figure: Resource) -> Bools:
        """Which communities a figure is about, in the order of the tables."""
        ids = self.sizes.index
        homes_come = pd.Series(ids.isin(self.planned["community_id"]), index=ids)
        chosen = {"new": self.is_new, "waiting": self.is_waiting, "planned": homes_come}.get(figure.concern)
        here = self.subdistricts.map(figure.holds_in).to_numpy(dtype=np.bool_)
        return here if chosen is None else here & chosen.to_numpy(dtype=np.bool_)


def situation(
    division: Division,
    territory: Territory,
    policy: Policy,
    *,
    before: Division | None = None,
    grids: pd.Series[int] | None = None,
) -> Situation:
    """What the figures need to know of a division.

    Parameters
    ----------
    before
        Today's division, where ``division`` is a plan: staff and rooms follow from it. None: it is today's.
    grids
        Number of grids by community, where they are known.

    Notes
    -----
    Under a plan, rooms serve the community on whose land they stand. Those that stand outside their own
    community's land today go on serving its heir. Staff follow their community to its heir: its successor, or,
    where it ends, the community with most of its households.
    """
    ids, homes = division.outlines.index, territory.layers.buildings["households"]
    sizes = pd.DataFrame(
        {
            measure: total(division, territory.layers.buildings[column], homes)
            for measure, column in SIZE_COLUMNS.items()
        }
    )
    carried = pd.Series(ids, index=ids, dtype=object) if before is None else carried_ids(division, before)
    heirs = pd.Series(ids, index=ids, dtype=object) if before is None else _heirs(division, before, territory)
    rule = next(iter(policy.of_kind(SizeRule)), None)
    nowhere = pd.Series(np.nan, index=ids)
    counted, estimated = _grids(sizes, policy, grids)
    return Situation(
        sizes=sizes,
        is_new=carried.isna(),
        is_waiting=_waits(sizes, rule) if rule else nowhere.notna(),
        times_trigger=sizes[rule.measure] / rule.split_above if rule else nowhere,
        rooms=_rooms(division, territory, heirs, moves=before is not None),
        staff=_staff(territory, ids, heirs),
        grids=counted,
        grids_estimated=estimated,
        subdistricts=division.outlines["subdistrict_id"].map(territory.layers.subdistricts["name"]).fillna(""),
        planned=_planned(division, territory),
    )


def _heirs(after: Division, before: Division, territory: Territory) -> pd.Series[str]:
    """Who goes on for each community of before: its successor, else who takes most of its households; None if
    nobody lived there.
    """
    carried = carried_ids(after, before).dropna()
    successors = pd.Series(carried.index.to_numpy(dtype=object), index=carried.to_numpy(dtype=object))
    successors = successors[~successors.index.duplicated()]
    shared = shared_households(after, before, territory).rename("households").reset_index()
    shared = shared[shared["households"] > 0]
    most = shared.sort_values(["households", "after"], ascending=[False, True]).drop_duplicates("today")
    takers = pd.Series(
        after.outlines.index.to_numpy(dtype=object)[most["after"]],
        index=before.outlines.index.to_numpy(dtype=object)[most["today"]],
    )
    ids = before.outlines.index
    found = successors.reindex(ids)
    return as_text(found.where(found.notna(), takers.reindex(ids)))


def _waits(sizes: pd.DataFrame, rule: SizeRule) -> pd.Series[bool]:
    """Above the split trigger; where the rule has a second measure that suffices, not within its bounds."""
    above = sizes[rule.measure] > rule.split_above
    if rule.alternative and rule.alternative_min is not None and rule.alternative_max is not None:
        other = sizes[rule.alternative].between(rule.alternative_min, rule.alternative_max)
        above &= ~(other & (rule.split_above >= rule.max))
    return above


def _grids(sizes: pd.DataFrame, policy: Policy, grids: pd.Series[int] | None) -> tuple[pd.Series[float], bool]:
    """Grids of each community, and whether they are an estimate: the fewest of at most the rule's maximum."""
    if grids is not None:
        return grids.reindex(sizes.index).astype(float), False
    rules = policy.of_kind(GridRule)
    if not rules:
        return pd.Series(np.nan, index=sizes.index), False
    fewest = np.ceil(sizes[rules[0].measure] / rules[0].max)
    return fewest.clip(lower=1.0), True  # full cover: a community without households is one grid


def _rooms(division: Division, territory: Territory, heirs: pd.Series[str], *, moves: bool) -> pd.DataFrame:
    """m² of each use that each community has; columns: the uses recorded, in the order of `ROOM_USES`."""
    facilities, ids = territory.layers.facilities, division.outlines.index
    if facilities.empty:
        return pd.DataFrame(index=ids)
    owner = as_text(facilities["community_id"])
    serves = as_text(owner.map(heirs.dropna()))
    if moves:
        points = facilities.geometry.to_numpy()
        own_land = territory.layers.communities.geometry.reindex(owner).to_numpy()
        at_home = owner.isna().to_numpy() | shapely.dwithin(points, own_land, ON_LAND_M)
        stands = pd.Series(_standing_on(points, division), index=facilities.index, dtype=object)
        serves = as_text(serves.where(~(at_home & stands.notna()), stands))
    use = facilities["use"] if "use" in facilities.columns else pd.Series("service", index=facilities.index)
    known = pd.DataFrame(
        {"community": serves.to_numpy(), "use": use.to_numpy(), "m2": facilities["floor_area_m2"].to_numpy()}
    )
    known["unmeasured"] = known["m2"].isna()
    held = known.groupby(["use", "community"])[["m2", "unmeasured"]].sum()
    area = held["m2"].where(held["unmeasured"] == 0, np.inf).unstack("use").reindex(ids).fillna(0.0)
    recorded = [one for one in ROOM_USES if one in set(use)]
    return area.reindex(columns=recorded, fill_value=0.0).replace(np.inf, np.nan)


def _planned(division: Division, territory: Territory) -> pd.DataFrame:
    """Planned housing by the community on whose land it will stand."""
    projects = territory.layers.planned
    table = pd.DataFrame({"community_id": [], "households": []})
    if projects.empty:
        return table
    stands = _standing_on(shapely.point_on_surface(projects.geometry.to_numpy()), division)
    table = pd.DataFrame({"community_id": stands, "households": projects["households"].to_numpy()})
    return table.dropna(subset="community_id")


def _standing_on(points: npt.NDArray[np.object_], division: Division) -> npt.NDArray[np.object_]:
    """The community on whose land each point stands, the line of its border included; None on none."""
    tree = shapely.STRtree(division.outlines.geometry.to_numpy())
    point, community = tree.query_nearest(points, max_distance=ON_LAND_M, all_matches=False)
    found = np.full(len(points), None, dtype=object)
    found[point] = division.outlines.index.to_numpy(dtype=object)[community]
    return found


def _staff(territory: Territory, ids: pd.Index[str], heirs: pd.Series[str]) -> pd.DataFrame:
    """People who work for each community; a new one has nobody yet where the case tells of anybody."""
    told = pd.DataFrame(territory.layers.communities).reindex(columns=list(STAFF_COLUMNS)).astype(float)
    told["heir"] = heirs.reindex(told.index)
    joined = told.dropna(subset="heir").groupby("heir")
    staff = joined[list(STAFF_COLUMNS)].sum(min_count=1)
    known = joined[list(STAFF_COLUMNS)].count()
    found = staff.where(known.eq(joined.size(), axis=0)).reindex(ids)
    without = ~ids.isin(staff.index)
    for column in STAFF_COLUMNS:
        if told[column].notna().any():
            found.loc[without, column] = 0.0
    return found
