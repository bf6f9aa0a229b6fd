"""A division: who belongs where, as the checks judge it. Today's map, our plans and hand-drawn polygons meet here.

How a hand-made plan is read from a file: `districting.plans.reading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.land import as_text, dissolve, land_of_buildings, largest_overlap, named, positions
from districting.plans.plan import Plan
from districting.plans.problem import Floats, Ints
from districting.territory.layers import Layers
from districting.territory.territory import Territory

#: A building this close to a drawn polygon counts as inside: the width of a drawn line, m.
DRAWING_TOLERANCE_M = 1.0

#: Less land than this is rounding, m².
LEAST_LAND_M2 = 1.0

_OUTLINE_COLUMNS = ("name", "subdistrict_id", "origin", "seat_x", "seat_y", "seat_kind")


@dataclass(frozen=True, eq=False)
class Division:
    """What is judged: every building's community, and every community's land.

    Parameters
    ----------
    name
        Of the plan; ``"today"`` for the division as it stands.
    buildings
        Index ``building_id`` (every building of the case, sorted), value ``community_id``, None in none.
    outlines
        Index ``community_id`` (sorted). Columns geometry ((Multi)Polygon, the case's CRS), ``name``,
        ``subdistrict_id``, ``origin`` (id of the community of today that it succeeds, None for a new one),
        ``seat_x``, ``seat_y`` (m, NaN without a service centre), ``seat_kind`` (``"existing"``,
        ``"candidate"``, None).
    atoms
        Index ``atom_id``, value ``community_id`` (None in none), where every community is a union of whole
        atoms; None for today's polygons and for plans that cut atoms.

    Raises
    ------
    ValueError
        If a building or an atom names a community without an outline: a bug of ours.
    """

    name: str
    buildings: pd.Series[str]
    outlines: gpd.GeoDataFrame
    atoms: pd.Series[str] | None = None

    def __post_init__(self) -> None:
        """Refuse communities without an outline."""
        for members in (self.buildings, self.atoms):
            if members is not None:
                unknown = set(members.dropna()) - set(self.outlines.index)
                if unknown:
                    raise ValueError(f"division {self.name!r}: no outline for {sorted(unknown)[:5]}")

    @cached_property
    def codes(self) -> Ints:
        """Position of each building's community in ``outlines``, −1 in none; shape (n_buildings,)."""
        return positions(self.outlines.index, self.buildings)

    @cached_property
    def atom_codes(self) -> Ints:
        """The same for ``atoms``; empty where there are none."""
        if self.atoms is None:
            return np.zeros(0, dtype=np.int64)
        return positions(self.outlines.index, self.atoms)

    @cached_property
    def seats(self) -> Floats:
        """Seats in the order of ``outlines``, shape (n_communities, 2), m; NaN without one."""
        return np.asarray(self.outlines[["seat_x", "seat_y"]], dtype=np.float64)

    def sum_by_community(self, values: pd.Series[Any]) -> Floats:
        """Sum of a building column per community, in the order of ``outlines``; NaN counts as 0."""
        inside = self.codes >= 0
        weights = np.nan_to_num(values.reindex(self.buildings.index).to_numpy(dtype=np.float64))
        sums = np.bincount(self.codes[inside], weights=weights[inside], minlength=len(self.outlines))
        return sums.astype(np.float64)

    @classmethod
    def today(cls, territory: Territory) -> Division:
        """The division as it stands: the community layer and the buildings' own column."""
        layers = territory.layers
        table = layers.communities[["name", "subdistrict_id"]].copy()
        table["origin"] = table.index
        table = table.join(seats_today(layers))
        buildings = as_text(layers.buildings["community_id"])
        return cls("today", buildings, _outlines(table, layers.communities.geometry.to_numpy(), layers))

    @classmethod
    def of_plan(cls, plan: Plan, territory: Territory) -> Division:
        """A plan of atoms: each community is the union of its atoms.

        Raises
        ------
        ValueError
            If the plan names atoms that the territory does not have, or misses some.
        """
        layers, atoms = territory.layers, territory.atoms
        if set(plan.assignment.index) != set(atoms.table.index):
            raise ValueError(f"plan {plan.plan_id!r} was made for other atoms")
        assignment = as_text(plan.assignment.reindex(atoms.table.index))
        used = plan.communities[plan.communities.index.isin(assignment.dropna())].sort_index()
        land = dissolve(atoms.table.geometry.to_numpy(), positions(used.index, assignment), len(used))
        buildings = as_text(atoms.building_atom.reindex(layers.buildings.index).map(assignment))
        division = cls(plan.plan_id, buildings, _outlines(used, land, layers), assignment)
        return _today_where_nothing_moves(division, territory)

    @classmethod
    def of_atoms(cls, communities: pd.Series[str], territory: Territory, *, name: str = "hand") -> Division:
        """A list of atoms: each community is the union of its atoms, described by its id alone.

        Parameters
        ----------
        communities
            Index ``atom_id``, value ``community_id``; atoms that it does not name are in none.
        """
        layers, atoms = territory.layers, territory.atoms
        assignment = as_text(communities.reindex(atoms.table.index))
        ids = pd.Index(sorted(set(assignment.dropna())), name="community_id")
        land = dissolve(atoms.table.geometry.to_numpy(), positions(ids, assignment), len(ids))
        buildings = as_text(atoms.building_atom.reindex(layers.buildings.index).map(assignment))
        table = _described(ids, buildings, layers)
        by_land = atoms.table["subdistrict_id"].groupby(assignment.to_numpy()).first().reindex(ids)
        table["subdistrict_id"] = table["subdistrict_id"].where(table["subdistrict_id"].notna(), by_land)
        division = cls(name, buildings, _outlines(table, land, layers), assignment)
        return _today_where_nothing_moves(division, territory)

    @classmethod
    def of_buildings(cls, communities: pd.Series[str], territory: Territory, *, name: str = "hand") -> Division:
        """A list of buildings: land follows the buildings.

        An atom whose buildings agree goes whole; one that the list cuts is shared out by the Voronoi cells of
        its buildings; one without buildings stays with its community of today, or joins the neighbour with the
        longest common border where that community is gone.

        Parameters
        ----------
        communities
            Index ``building_id``, value ``community_id``; buildings that it does not name are in none.
        """
        layers = territory.layers
        buildings = as_text(communities.reindex(layers.buildings.index))
        ids = pd.Index(sorted(set(buildings.dropna())), name="community_id")
        geometries, atoms = land_of_buildings(buildings, ids, territory)
        return cls(name, buildings, _outlines(_described(ids, buildings, layers), geometries, layers), atoms)

    @classmethod
    def of_polygons(cls, polygons: gpd.GeoDataFrame, territory: Territory, *, name: str = "hand") -> Division:
        """Polygons drawn by hand, judged building by building.

        Parameters
        ----------
        polygons
            Index ``community_id``, (Multi)Polygon in any CRS; optional columns ``name``, ``subdistrict_id``.
            A building in two of them counts for the first by id; the overlap is a finding.
        """
        layers = territory.layers
        drawn = polygons.to_crs(layers.crs).sort_index()
        drawn.index = pd.Index(drawn.index.astype(object), name="community_id")
        shapes = drawn.geometry.to_numpy()
        buildings = _buildings_in(shapes, drawn.index, layers)
        table = _described(drawn.index, buildings, layers)
        for column in ("name", "subdistrict_id"):
            if column in drawn:
                given = as_text(drawn[column])
                table[column] = given.where(given.notna(), table[column])
        largest = largest_overlap(shapes, layers.subdistricts.geometry.to_numpy())
        by_land = named(layers.subdistricts.index, largest, drawn.index)
        table["subdistrict_id"] = table["subdistrict_id"].where(table["subdistrict_id"].notna(), by_land)
        return cls(name, buildings, _outlines(table, shapes, layers))


def _today_where_nothing_moves(division: Division, territory: Territory) -> Division:
    """The same division, with today's own buildings and outlines in sub-districts where every atom stays.

    An atom belongs to the community of most of its households; where nothing moves, the few others stay, too.
    Homes in no community today join that of their atom: there something does move.
    """
    atoms, layers = territory.atoms.table, territory.layers
    if division.atoms is None:
        return division
    stays = division.atoms.fillna("").to_numpy() == as_text(atoms["community_id"]).fillna("").to_numpy()
    whole = pd.Series(stays, index=atoms.index).groupby(atoms["subdistrict_id"]).all()
    today = Division.today(territory)
    homeless = today.buildings.isna() & (layers.buildings["households"] > 0)
    kept = set(whole.index[whole]) - _straddled(today, layers) - set(layers.buildings["subdistrict_id"][homeless])
    if not kept:
        return division
    inside = layers.buildings["subdistrict_id"].isin(kept).to_numpy()
    labels = as_text(division.buildings.where(~inside, today.buildings))
    # Today's polygons as far as the kept sub-districts go, the plan's atoms beyond: so nothing overlaps.
    land = shapely.union_all(layers.subdistricts.geometry[layers.subdistricts.index.isin(list(kept))].to_numpy())
    standing = shapely.buffer(shapely.intersection(today.outlines.geometry.to_numpy(), land), 0)
    here = pd.Series(standing, index=today.outlines.index)[shapely.area(standing) >= LEAST_LAND_M2]
    there = division.atoms.where(~atoms["subdistrict_id"].isin(kept).to_numpy(), None)
    ids = pd.Index(sorted({*here.index, *there.dropna(), *labels.dropna()}), name="community_id")
    drawn = dissolve(atoms.geometry.to_numpy(), positions(ids, there), len(ids))
    shapes = shapely.union(drawn, here.reindex(ids, fill_value=shapely.Polygon()).to_numpy())
    rows = pd.concat([division.outlines, today.outlines[~today.outlines.index.isin(division.outlines.index)]])
    return Division(division.name, labels, _outlines(rows.loc[ids], shapes, layers), division.atoms)


def _straddled(today: Division, layers: Layers) -> set[str]:
    """Sub-districts that hold land or buildings of another one's communities: there only atoms tell apart."""
    areas, shapes = layers.subdistricts.geometry.to_numpy(), today.outlines.geometry.to_numpy()
    area_pos, shape_pos = shapely.STRtree(shapes).query(areas, predicate="intersects")
    held = shapely.area(shapely.intersection(areas[area_pos], shapes[shape_pos])) >= LEAST_LAND_M2
    home = today.outlines["subdistrict_id"].to_numpy()[shape_pos]
    ids = layers.subdistricts.index.to_numpy(dtype=object)[area_pos]
    straddled = set(ids[held & (home != ids)])
    theirs = today.buildings.map(today.outlines["subdistrict_id"])
    own = layers.buildings["subdistrict_id"]
    return straddled | set(own[theirs.notna() & (theirs != own)].dropna())


def seats_today(layers: Layers) -> pd.DataFrame:
    """Each community's service centre of today.

    A centre belongs to the community that its record names, else to the one that it stands in. Of several, one
    inside the community's own land comes first, then the one with most floor area, then the lowest id.

    Returns
    -------
    DataFrame
        Index ``community_id`` (only communities with a centre); ``seat_x``, ``seat_y`` (m), ``seat_kind``.
    """
    communities, facilities = layers.communities, layers.centres
    owner = as_text(facilities["community_id"])
    tree = shapely.STRtree(communities.geometry.to_numpy())
    facility_pos, community_pos = tree.query(facilities.geometry.to_numpy(), predicate="intersects")
    standing = pd.Series(communities.index[community_pos], facilities.index[facility_pos], dtype=object)
    standing = standing[~standing.index.duplicated()].reindex(facilities.index)
    owner = owner.where(owner.notna(), standing)
    table = pd.DataFrame(
        {
            "community_id": owner,
            "outside": (standing != owner).to_numpy(),
            "smallness": -facilities["floor_area_m2"].astype(float).fillna(0.0),
            "seat_x": shapely.get_x(facilities.geometry.to_numpy()),
            "seat_y": shapely.get_y(facilities.geometry.to_numpy()),
            "seat_kind": "existing",
        },
        index=facilities.index,
    )
    table = table[owner.isin(communities.index)].sort_index()
    table = table.sort_values(["outside", "smallness"], kind="stable")
    first = table.drop_duplicates("community_id").set_index("community_id")
    return first[["seat_x", "seat_y", "seat_kind"]].sort_index()


def _outlines(table: pd.DataFrame, geometries: Any, layers: Layers) -> gpd.GeoDataFrame:
    """A table of communities as outlines: contract columns, sorted, names filled in from ids."""
    made = gpd.GeoDataFrame(table.copy(), geometry=np.asarray(geometries, dtype=object), crs=layers.crs)
    made.index = pd.Index(made.index.astype(object), name="community_id")
    for column in ("name", "subdistrict_id", "origin", "seat_kind"):
        made[column] = as_text(made[column])
    made["name"] = made["name"].where(made["name"].notna(), made.index.to_series())
    return made[["geometry", *_OUTLINE_COLUMNS]].sort_index()


def _buildings_in(shapes: Any, ids: pd.Index[Any], layers: Layers) -> pd.Series[str]:
    """The polygon that each building stands in, or within the drawing tolerance of."""
    points = layers.buildings.geometry.to_numpy()
    found = np.full(len(points), -1, dtype=np.int64)
    tree = shapely.STRtree(shapes)
    building_pos, shape_pos = tree.query(points, predicate="intersects")
    order = np.argsort(-shape_pos, kind="stable")
    found[building_pos[order]] = shape_pos[order]
    outside = np.flatnonzero(found < 0)
    near, shape_pos = tree.query_nearest(points[outside], max_distance=DRAWING_TOLERANCE_M, all_matches=False)
    found[outside[near]] = shape_pos
    return named(ids, found, layers.buildings.index)


def _described(ids: pd.Index[Any], buildings: pd.Series[str], layers: Layers) -> pd.DataFrame:
    """Name, sub-district, identity and seat of communities that a hand-made plan gives by id only.

    One that carries an id of today keeps that community's name and seat; a new one has no seat. The sub-district
    is that of most of its households.
    """
    table = pd.DataFrame(index=ids)
    known = layers.communities.reindex(ids)
    table["name"] = as_text(known["name"])
    table["origin"] = pd.Series(ids, index=ids, dtype=object).where(ids.isin(layers.communities.index), None)
    homes = layers.buildings.groupby(
        [buildings.to_numpy(), as_text(layers.buildings["subdistrict_id"]).to_numpy()]
    )["households"].sum()
    most = homes.sort_values(kind="stable").groupby(level=0).tail(1)
    main = pd.Series(most.index.get_level_values(1), index=most.index.get_level_values(0), dtype=object)
    table["subdistrict_id"] = as_text(main.reindex(ids))
    table["subdistrict_id"] = table["subdistrict_id"].where(
        table["subdistrict_id"].notna(), as_text(known["subdistrict_id"])
    )
    return table.join(seats_today(layers))
