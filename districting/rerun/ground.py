"""Yesterday's atoms under today's buildings: kept where the land is as it was, cut anew where its lines are not.

Atoms that stay keep their ids and shapes, so that a sub-district that nothing touches reads as before and costs
nothing. The community of an atom is that of most of its households, of its land where nobody lives.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.land import as_text
from districting.progress import Progress, silent
from districting.rerun.carrying import Carried, carried_rows
from districting.rerun.changes import Changes
from districting.rerun.reference import Reference
from districting.territory.assembly import SURROUNDINGS_M
from districting.territory.atoms import Atoms
from districting.territory.borders import Ints, Shapes
from districting.territory.compounds import whole_units
from districting.territory.cutting import cut_atoms
from districting.territory.joining import join_atoms
from districting.territory.labelling import atom_ids, atom_table
from districting.territory.layers import Layers
from districting.territory.pieces import Homes, Pieces
from districting.territory.placement import place
from districting.territory.territory import Territory

#: Layers whose lines cut the land: where one of them changed, atoms are cut anew.
CUTTING = ("roads", "barriers", "subdistricts", "compounds", "zones")
#: An atom that grew beyond this many times the cap leaves too little choice: its sub-district is cut anew.
OUTGROWN = 1.5
#: The cap follows the policy and the homes per unit of size; it is the same while it moves less than this share.
SAME_CAP = 0.02
#: Land that an old and a new atom share counts from this area, m², and this share of the smaller.
LEAST_SHARED_M2, LEAST_SHARED = 100.0, 0.02


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground of a rerun.

    Parameters
    ----------
    territory
        Today's, with the reference's communities.
    carried
        Also tells of atoms now.
    recut
        Sub-districts whose atoms were cut anew.
    """

    territory: Territory
    carried: Carried
    recut: frozenset[str]

    @property
    def today(self) -> Division:
        """The plan in force as the division of today: a plan of atoms is judged as one."""
        owner = self.territory.atoms.table["community_id"]
        standing = Division.today(self.territory)
        return replace(standing, atoms=as_text(owner.where(owner.isin(standing.outlines.index), None)))


def carry_ground(
    reference: Reference,
    carried: Carried,
    changes: Changes,
    basis: Mapping[str, Any],
    *,
    cap: int,
    zones: Collection[str] = (),
    progress: Progress = silent,
) -> Ground:
    """Atoms and graph for today's buildings under the reference's communities.

    Parameters
    ----------
    basis
        Today's, to see where lines changed.
    cap, zones
        As `cut_atoms` takes them.

    Raises
    ------
    LayerError
        As `cut_atoms` does.
    """
    layers = carried.layers
    every = frozenset(map(str, layers.subdistricts.index))
    stale = _stale(reference, basis, every, cap=cap)
    kept = reference.atoms[reference.atoms["subdistrict_id"].isin(every - stale)]
    home = _home(kept, reference, layers, changes, stale)
    if (home == -1).any():  # a new home beside all land that is kept
        stale |= set(layers.buildings["subdistrict_id"][home == -1].dropna())
    stale |= _outgrown(kept, reference, layers, home, cap=cap)
    if stale >= every:
        atoms = cut_atoms(layers, cap=cap, zones=zones, progress=progress)
    else:
        there = kept["subdistrict_id"].isin(every - stale).to_numpy()
        number = np.full(len(kept) + 2, -2, dtype=np.int64)
        number[:-2][there] = np.arange(int(there.sum()))
        fresh = cut_atoms(_part(layers, stale), cap=cap, zones=zones, progress=progress) if stale else None
        atoms = _together(kept[there], fresh, number[home], layers, changes.touched, cap=cap)
    territory = Territory(layers, atoms, join_atoms(layers, atoms, progress=progress))
    told = carried.with_rows(_split(reference, atoms, stale)).with_rows(_mixed(reference, layers, atoms))
    return Ground(territory, told, frozenset(stale))


def _stale(reference: Reference, basis: Mapping[str, Any], every: Set[str], *, cap: int) -> frozenset[str]:
    """Sub-districts whose lines are not what the reference's atoms were cut by, or whose atoms are not known."""
    then, now = reference.basis.get("subdistricts", {}), basis["subdistricts"]
    if not then or abs(cap - reference.atom_cap) > SAME_CAP * reference.atom_cap:
        return frozenset(every)
    known = set(reference.atoms["subdistrict_id"])

    def lines(entries: Mapping[str, Any], key: str) -> list[Any]:
        parts = entries.get(key, {}).get("parts", {})
        return [parts.get(role) for role in CUTTING]

    return frozenset(key for key in every if key not in known or lines(then, key) != lines(now, key))


def _home(kept: gpd.GeoDataFrame, reference: Reference, layers: Layers, changes: Changes, stale: Set[str]) -> Ints:
    """Position of each building's atom among those kept; -1 where none is near, -2 where land is cut anew."""
    buildings = layers.buildings
    known = reference.buildings["atom_id"].reindex(buildings.index)
    home: Ints = kept.index.get_indexer(pd.Index(known.where(known.notna(), ""))).astype(np.int64)
    home[buildings.index.isin(changes.buildings.moved)] = -1
    inside = ~buildings["subdistrict_id"].isin(stale).to_numpy()
    open_ = np.flatnonzero((home < 0) & inside)
    if len(open_) and len(kept):
        polygons: Shapes = kept.geometry.to_numpy()
        points = buildings.geometry.to_numpy()[open_]
        home[open_] = place(points, polygons, land=~kept["water"].to_numpy(dtype=bool))[0]
    home[~inside] = -2
    return home


def _outgrown(
    kept: gpd.GeoDataFrame, reference: Reference, layers: Layers, home: Ints, *, cap: int
) -> frozenset[str]:
    """Sub-districts with an atom that grew far beyond the cap and could still be cut."""
    homes = layers.buildings["households"].to_numpy()
    held = home >= 0
    now = np.bincount(home[held], weights=homes[held], minlength=len(kept))
    lived = np.bincount(home[held & (homes > 0)], minlength=len(kept))
    before = reference.buildings.groupby("atom_id")["households"].sum().reindex(kept.index).fillna(0).to_numpy()
    grown = (now > OUTGROWN * cap) & (now > before) & (lived > 1)
    return frozenset(kept["subdistrict_id"][grown])


def _part(layers: Layers, subdistricts: Set[str]) -> Layers:
    """The layers of some sub-districts, with the lines in and around them."""
    land = layers.subdistricts[layers.subdistricts.index.isin(subdistricts)]
    inside = layers.buildings["subdistrict_id"].isin(subdistricts)
    buildings = layers.buildings[inside]

    def around(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        tree = shapely.STRtree(table.geometry.to_numpy())
        near = tree.query(land.geometry.to_numpy(), predicate="dwithin", distance=SURROUNDINGS_M)[1]
        return table.iloc[np.unique(near)]

    return replace(
        layers,
        subdistricts=land,
        buildings=buildings,
        footprints=layers.footprints[layers.footprints.index.isin(buildings.index)],
        roads=around(layers.roads),
        barriers=around(layers.barriers),
    )


def _together(
    kept: gpd.GeoDataFrame, fresh: Atoms | None, home: Ints, layers: Layers, touched: Set[str], *, cap: int
) -> Atoms:
    """Atoms that stay and atoms cut anew as one table, described by today's buildings.

    Parameters
    ----------
    home
        Position of each building's atom in ``kept``; negative where ``fresh`` has it.
    """
    polygons: Shapes = kept.geometry.to_numpy()
    water, where = kept["water"].to_numpy(dtype=bool), kept["subdistrict_id"].to_numpy(dtype=object)
    ids = list(kept.index)
    if fresh is not None:
        new = fresh.table
        positions = new.index.get_indexer(pd.Index(fresh.building_atom)) + len(kept)
        at = layers.buildings.index.get_indexer(fresh.building_atom.index)
        home = home.copy()
        home[at] = positions
        polygons = np.concatenate([polygons, new.geometry.to_numpy()])
        water = np.concatenate([water, new["water"].to_numpy(dtype=bool)])
        where = np.concatenate([where, new["subdistrict_id"].to_numpy(dtype=object)])
        ids += _unlike(list(new.index), set(ids))
    units = whole_units(layers, cap=cap)
    buildings = layers.buildings
    homes = Homes(
        points=buildings.geometry.to_numpy(),
        households=buildings["households"].to_numpy(dtype=np.int64),
        community=layers.communities.index.get_indexer(buildings["community_id"]).astype(np.int64),
        communities=len(layers.communities),
        unit=units.of_building,
    )
    subdistrict = layers.subdistricts.index.get_indexer(pd.Index(where)).astype(np.int64)
    pieces = Pieces(polygons, subdistrict, water, np.zeros(len(polygons), dtype=np.int64), home)
    table, building_atom = atom_table(layers, pieces, homes, units, cap=cap)
    names = dict(zip(atom_ids(polygons), ids, strict=True))
    table = table.set_index(pd.Index(table.index.map(names), name="atom_id", dtype=object)).sort_index()
    building_atom = building_atom.map(names).astype(object)
    as_it_was = kept["community_id"].reindex(table.index)
    stays = table.index.isin(kept.index) & (~table["subdistrict_id"].isin(touched) | (table["households"] == 0))
    owner = table["community_id"].where(~stays, as_it_was)
    table["community_id"] = owner.astype(object).where(owner.notna(), None)
    theirs = table["community_id"].reindex(building_atom.to_numpy()).to_numpy(dtype=object)
    ours = buildings["community_id"].to_numpy(dtype=object)
    other = (ours != theirs) & ~(pd.isna(ours) & pd.isna(theirs))
    minority = int(buildings["households"].to_numpy()[other].sum())
    return Atoms(table, building_atom, cap, minority, () if fresh is None else fresh.notes)


def _unlike(ids: list[str], taken: Set[str]) -> list[str]:
    """The ids, those that are taken already with a letter more."""
    found: list[str] = []
    for name in ids:
        while name in taken:
            name += "n"
        found.append(name)
    return found


def _split(reference: Reference, atoms: Atoms, recut: Set[str]) -> pd.DataFrame:
    """Atoms of the reference whose land lies in several atoms now; a row for each pair."""
    old = reference.atoms[reference.atoms["subdistrict_id"].isin(recut) & ~reference.atoms["water"]]
    new = atoms.table[atoms.table["subdistrict_id"].isin(recut) & ~atoms.table["water"]]
    before, after = old.geometry.to_numpy(), new.geometry.to_numpy()
    one, other = shapely.STRtree(after).query(before, predicate="intersects")
    shared = shapely.area(shapely.intersection(before[one], after[other]))
    least = np.minimum(shapely.area(before[one]), shapely.area(after[other]))
    real = (shared >= LEAST_SHARED_M2) & (shared >= LEAST_SHARED * least)
    one, other = one[real], other[real]
    several = np.bincount(one, minlength=len(old))[one] > 1
    pairs = pd.DataFrame({"atom_id": old.index[one[several]], "atom_after": new.index[other[several]]})
    held = pd.DataFrame({"atom_id": reference.buildings["atom_id"], "atom_after": atoms.building_atom})
    held = held.join(reference.buildings["households"]).dropna()
    counted = held.groupby(["atom_id", "atom_after"])["households"].sum()
    pairs["households"] = counted.reindex(pd.MultiIndex.from_frame(pairs)).fillna(0).astype("int64").to_numpy()
    pairs["from_id"] = old["community_id"].reindex(pairs["atom_id"]).to_numpy()
    pairs["to_id"] = new["community_id"].reindex(pairs["atom_after"]).to_numpy()
    return carried_rows("atom_split", pairs)


def _mixed(reference: Reference, layers: Layers, atoms: Atoms) -> pd.DataFrame:
    """Households whose atom belongs to another community than theirs, where that was not so before."""
    buildings = layers.buildings
    table = pd.DataFrame(
        {
            "atom_after": atoms.building_atom.reindex(buildings.index),
            "from_id": buildings["community_id"].fillna(""),
            "households": buildings["households"],
        }
    )
    table["to_id"] = atoms.table["community_id"].reindex(table["atom_after"]).fillna("").to_numpy()
    was = reference.buildings["atom_id"].reindex(buildings.index)
    before = reference.atoms["community_id"].reindex(pd.Index(was.fillna(""))).to_numpy(dtype=object)
    already = pd.Series(before, buildings.index).fillna("") == table["to_id"]
    stray = table[(table["from_id"] != table["to_id"]) & ~already & (table["households"] > 0)]
    counted = stray.groupby(["atom_after", "from_id", "to_id"], as_index=False)["households"].sum()
    return carried_rows("atom_mixed", pd.DataFrame(counted))
