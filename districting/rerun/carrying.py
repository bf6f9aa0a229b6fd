"""Yesterday's plan on today's buildings: its communities become those of today, each building keeps its own.

What could not be carried over one to one is listed, row by row. How land follows: `districting.rerun.ground`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.reading import SAME_PLACE_M
from districting.rerun.changes import BuildingChanges
from districting.rerun.reference import Reference
from districting.territory.belonging import containing, most_of
from districting.territory.joining_files import typed
from districting.territory.layers import CENTRE_USES, Layers
from districting.territory.specs import STAFF_COLUMNS

#: How far outside an outline a building may stand and still be in it, m: the width of a drawn line.
LINE_M = 1.0
#: How far from the nearest community of its sub-district a new building may stand and still join it, m. Beyond,
#: whose it is to be is a question for people, and a trigger.
NEAREST_M = 30.0

#: A new building inside an outline, near one, or in none; one that is gone; one that stands in another community
#: now; an atom whose land lies in several atoms now; an atom whose households are of several communities.
CarriedKind = Literal["new", "new_near", "new_nowhere", "vanished", "moved", "atom_split", "atom_mixed"]
KINDS: tuple[CarriedKind, ...] = get_args(CarriedKind)
COLUMNS = ("kind", "building_id", "atom_id", "atom_after", "from_id", "to_id", "households")


@dataclass(frozen=True, eq=False)
class Carried:
    """Today's layers with the communities of the reference, and what did not go one to one.

    Parameters
    ----------
    layers
        Communities with their codes, outlines and seats as the reference has them; every building with its own.
    rows
        Columns `COLUMNS`, sorted; empty text where a column does not apply.
    """

    layers: Layers
    rows: pd.DataFrame

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Rows and households by kind; only kinds that occur."""
        of_kind = {kind: self.rows.loc[self.rows["kind"] == kind, "households"] for kind in KINDS}
        return {
            kind: {"rows": len(held), "households": int(held.sum())} for kind, held in of_kind.items() if len(held)
        }

    def with_rows(self, more: pd.DataFrame) -> Carried:
        """The same with further rows."""
        return replace(self, rows=_sorted([self.rows, more]))


def carry(reference: Reference, layers: Layers, changes: BuildingChanges) -> Carried:
    """The reference's communities on today's buildings.

    A building keeps its community. A new one, and one that moved onto another community's land, belongs to the
    community whose outline holds it; else, if new, to the nearest of its sub-district within `NEAREST_M`.

    Parameters
    ----------
    layers
        As they were read today.
    changes
        Which buildings are new, gone or moved.
    """
    old = reference.buildings
    ids = layers.buildings.index
    owner = old["community_id"].reindex(ids)
    owner = owner.where(owner.notna(), None)
    communities = _communities(reference, layers)
    homes = layers.buildings["households"]

    new = ids[ids.isin(changes.new)]
    inside = _outlines_around(new, layers, communities)
    near = _nearest(new[inside.isna().to_numpy()], layers, communities)
    owner.loc[new] = inside.where(inside.notna(), near.reindex(new)).where(lambda known: known.notna(), None)
    placed = np.where(inside.notna(), "new", np.where(near.reindex(new).notna(), "new_near", "new_nowhere"))

    moved = ids[ids.isin(changes.moved)]
    around = _outlines_around(moved, layers, communities)
    went = moved[(around.notna() & (around != owner.loc[moved])).to_numpy()]
    left = owner.loc[went].copy()
    owner.loc[went] = around.loc[went]

    gone = old.loc[list(changes.vanished)]
    rows = [
        _rows(placed, building_id=new, to_id=owner.loc[new], households=homes.loc[new]),
        _rows("vanished", building_id=gone.index, from_id=gone["community_id"], households=gone["households"]),
        _rows("moved", building_id=went, from_id=left, to_id=owner.loc[went], households=homes.loc[went]),
    ]
    carried = replace(
        layers,
        communities=communities,
        buildings=layers.buildings.assign(community_id=owner.astype(object)),
        facilities=_with_seats(reference, layers.facilities),
        derived_communities=False,
    )
    return Carried(carried, _sorted(rows))


def carried_rows(kind: CarriedKind, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of one kind about atoms: what the table has of `COLUMNS`."""
    return _rows(kind, **{name: table[name] for name in COLUMNS[1:] if name in table})


def _communities(reference: Reference, layers: Layers) -> gpd.GeoDataFrame:
    """The communities of the reference as a layer; who works there is as today's layer says."""
    table = reference.communities
    where = table["subdistrict_id"]
    strange = ~where.isin(layers.subdistricts.index).to_numpy()
    if strange.any():
        where = where.copy()
        where[strange] = most_of(table.geometry[strange], layers.subdistricts.geometry)
    staff = layers.communities.reindex(table.index)[list(STAFF_COLUMNS)]
    made = table[["name", "code"]].assign(subdistrict_id=where).join(staff)
    return typed(gpd.GeoDataFrame(made, geometry=table.geometry, crs=layers.crs))


def _outlines_around(buildings: pd.Index[Any], layers: Layers, communities: gpd.GeoDataFrame) -> pd.Series[Any]:
    """The community in whose outline each building stands, None in none."""
    points = layers.buildings.geometry.loc[buildings].to_numpy()
    return pd.Series(containing(points, communities.geometry, within_m=LINE_M)[0], buildings, dtype=object)


def _nearest(buildings: pd.Index[Any], layers: Layers, communities: gpd.GeoDataFrame) -> pd.Series[Any]:
    """The nearest community of each building's own sub-district, None beyond `NEAREST_M`."""
    found = pd.Series(None, index=buildings, dtype=object)
    where = layers.buildings["subdistrict_id"].loc[buildings]
    for subdistrict_id, members in where.groupby(where):
        own = communities.geometry[communities["subdistrict_id"] == subdistrict_id]
        points = layers.buildings.geometry.loc[members.index].to_numpy()
        found.loc[members.index] = containing(points, own, within_m=NEAREST_M)[0]
    return found


def _with_seats(reference: Reference, facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The facilities with the seats that the reference gives its communities.

    A facility where a seat stands is that community's centre. A seat that was planned, where the case knows of no
    room, is a centre from now on. One that existed and is gone today is gone.
    """
    seated = reference.communities[reference.communities["seat_x"].notna()]
    points = shapely.points(seated["seat_x"].to_numpy(dtype=float), seated["seat_y"].to_numpy(dtype=float))
    made = facilities.copy()
    found = np.zeros(len(seated), dtype=bool)
    if len(facilities) and len(seated):
        tree = shapely.STRtree(facilities.geometry.to_numpy())
        seat, facility = tree.query_nearest(points, max_distance=SAME_PLACE_M, all_matches=False)
        found[seat] = True
        rows = facilities.index[facility]
        serves = facilities.loc[rows, "use"].isin(CENTRE_USES)
        made.loc[rows, "community_id"] = seated.index[seat].to_numpy(dtype=object)
        made.loc[rows, "candidate"] = False
        made.loc[rows, "use"] = facilities.loc[rows, "use"].where(serves, "service")
    planned = seated[(seated["seat_kind"] == "candidate").to_numpy() & ~found]
    if planned.empty:
        return made
    new = gpd.GeoDataFrame(
        {name: None for name in facilities.columns if name != facilities.geometry.name},
        geometry=points[(seated["seat_kind"] == "candidate").to_numpy() & ~found],
        index=pd.Index([f"seat {key}" for key in planned.index], name="facility_id", dtype=object),
        crs=reference.communities.crs,
    ).assign(
        name=planned["name"].to_numpy(),
        community_id=planned.index.to_numpy(dtype=object),
        use="service",
        floor_area_m2=np.nan,
        candidate=False,
    )
    new = typed(new)
    return new if made.empty else typed(gpd.GeoDataFrame(pd.concat([made, new]), crs=made.crs).sort_index())


def _rows(kind: Any, **columns: Any) -> pd.DataFrame:
    """Rows of the list, columns that do not apply empty."""
    values = {name: np.asarray(column, dtype=object) for name, column in columns.items()}
    table = pd.DataFrame(values, columns=list(COLUMNS), dtype=object)
    table["kind"] = kind
    texts = table.drop(columns="households")
    return texts.where(texts.notna(), "").assign(households=table["households"].astype("int64"))[list(COLUMNS)]


def _sorted(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One list, in the order of the kinds."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return tables[0]
    whole = pd.concat(filled, ignore_index=True)
    order = whole["kind"].map({kind: place for place, kind in enumerate(KINDS)})
    keys = ["order", "building_id", "atom_id", "atom_after", "from_id", "to_id"]
    return whole.assign(order=order).sort_values(keys, ignore_index=True)[list(COLUMNS)]
