"""From pieces of land to the table of atoms: ids, households, communities, and the notes of the cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.errors import Fault
from districting.territory.borders import Bools, Floats, Ints, Shapes
from districting.territory.compounds import Units
from districting.territory.holding import today_of
from districting.territory.layers import Layers
from districting.territory.pieces import Homes, Pieces, community_counts
from districting.territory.slivers import inscribed_radius_m

#: Land narrower than this is thin (design: largest inscribed circle), m.
THIN_M = 15.0
#: Buildings of a whole unit that smoothing left across the border stay with their unit up to this, m.
UNIT_SLACK_M = 10.0
#: Examples named in a note.
NAMED = 5


def atom_table(
    layers: Layers, pieces: Pieces, homes: Homes, units: Units, *, cap: int
) -> tuple[gpd.GeoDataFrame, pd.Series[str]]:
    """The table of `Atoms` and the atom of each building."""
    names = atom_ids(pieces.polygons)
    order = np.argsort(names, kind="stable")
    home = _units_together(pieces, homes, cap=cap)
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    home = position[home]
    polygons, names = pieces.polygons[order], names[order]
    buildings = layers.buildings
    n = len(order)
    x, y = _centres(polygons, homes, home)
    table = gpd.GeoDataFrame(
        {
            "households": _sum(buildings["households"], home, n).astype(np.int64),
            "horizon_households": _sum(buildings["horizon_households"], home, n).astype(np.int64),
            "dwellings": _sum(buildings["dwellings"].fillna(0), home, n).round().astype(np.int64),
            "people": _people(buildings["people"], home, n),
            "area_m2": shapely.area(polygons),
            "x": x,
            "y": y,
            "subdistrict_id": layers.subdistricts.index.to_numpy()[pieces.subdistrict[order]],
        },
        geometry=polygons,
        index=pd.Index(names, name="atom_id", dtype=object),
        crs=layers.crs,
    ).astype({"subdistrict_id": object})
    # Set apart: a constructor would turn None into NaN.
    table["community_id"] = pd.Series(_communities(layers, polygons, homes, home), index=table.index, dtype=object)
    compound = _compounds(homes, home, units.compound, n)
    table["compound_id"] = pd.Series(compound, index=table.index, dtype=object)
    table["water"] = pieces.water[order]
    return table, pd.Series(names[home], index=buildings.index, name="atom_id", dtype=object)


def atom_ids(polygons: Shapes) -> Shapes:
    """Id of each atom from where it lies: whole metres of a point inside, "easting-northing".

    The point depends on the atom's own shape only, so untouched land keeps its ids whatever changes elsewhere.
    Atoms that share a metre are told apart by a letter, in the order of their exact points.
    """
    xy = shapely.get_coordinates(shapely.point_on_surface(polygons))
    names = pd.Series([f"{round(x)}-{round(y)}" for x, y in xy], dtype=object)
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    turn = names.iloc[order].groupby(names.iloc[order]).cumcount().sort_index()
    found: Shapes = np.array(
        [name if not k else f"{name}{chr(96 + int(k))}" for name, k in zip(names, turn, strict=True)], dtype=object
    )
    return found


def cutting_notes(
    layers: Layers,
    table: gpd.GeoDataFrame,
    building_atom: pd.Series[str],
    units: Units,
    minority: Bools,
    nearest: Bools,
    *,
    cap: int,
) -> tuple[Fault, ...]:
    """What a planner should know about the cut, each as a warning."""
    notes = []
    buildings = layers.buildings
    for key, rows in (("note.atoms.nearest", buildings[nearest]), ("note.atoms.minority", buildings[minority])):
        if len(rows):
            values = {
                "count": len(rows),
                "households": int(rows["households"].sum()),
                "examples": _named(rows.index),
            }
            notes.append(_note(key, values, rows.geometry.iloc[0]))
    over = table[table["households"] > cap]
    if len(over):
        inside = buildings[building_atom.isin(over.index)].sort_values(
            "households", ascending=False, kind="stable"
        )
        large = inside[inside["households"] > cap] if (inside["households"] > cap).any() else inside
        values = {
            "count": len(over),
            "cap": cap,
            "examples": _named(large.index),
            "most": int(over["households"].max()),
        }
        notes.append(_note("note.atoms.over_cap", values, over.geometry.iloc[0].representative_point()))
    lived = table[(table["households"] > 0) & ~table["water"]]
    thin = lived[2 * inscribed_radius_m(lived.geometry.to_numpy()) < THIN_M]
    if len(thin):
        values = {"count": len(thin), "limit_m": round(THIN_M), "examples": _named(thin.index)}
        notes.append(_note("note.atoms.thin", values, thin.geometry.iloc[0].representative_point()))
    cut = _cut_compounds(building_atom, units.compound)
    if len(cut):
        values = {"count": len(cut), "cap": cap, "examples": _named(cut)}
        at = int(np.flatnonzero(units.compound == cut[0])[0])
        notes.append(_note("note.atoms.compound_cut", values, buildings.geometry.iloc[at]))
    return tuple(notes)


def _note(key: str, values: dict[str, object], where: shapely.Point) -> Fault:
    return Fault(key, values, severity="warning", place=(float(where.x), float(where.y)))


def _named(ids: Sequence[object] | pd.Index) -> str:
    return ", ".join(map(str, list(ids)[:NAMED]))


def _sum(values: pd.Series[Any], home: Ints, n: int) -> Floats:
    return np.bincount(home, weights=values.to_numpy(dtype=float), minlength=n).astype(np.float64)


def _people(people: pd.Series[Any], home: Ints, n: int) -> Floats:
    """People of each atom; NaN where no building of it says."""
    known = people.notna().to_numpy()
    total = np.bincount(home[known], weights=people.to_numpy(dtype=float)[known], minlength=n)
    return np.where(np.bincount(home[known], minlength=n) > 0, total, np.nan)


def _units_together(pieces: Pieces, homes: Homes, *, cap: int) -> Ints:
    """Home of each building; a unit that smoothing nicked keeps all its buildings in its main atom."""
    home = pieces.home.copy()
    inside = np.flatnonzero(homes.unit >= 0)
    if not len(inside):
        return home
    table = pd.DataFrame({"unit": homes.unit[inside], "home": home[inside], "n": homes.households[inside] + 1e-6})
    weight = table.groupby(["unit", "home"], sort=True)["n"].sum().reset_index()
    main = weight.sort_values(["unit", "n", "home"], ascending=[True, False, True], kind="stable")
    main_of = main.drop_duplicates("unit").set_index("unit")["home"]
    target = main_of.reindex(homes.unit[inside]).to_numpy(dtype=np.int64)
    astray = home[inside] != target
    near = shapely.distance(homes.points[inside[astray]], pieces.polygons[target[astray]]) <= UNIT_SLACK_M
    moved, target = inside[astray][near], target[astray][near]
    total = pieces.households(homes) + np.bincount(
        target, weights=homes.households[moved], minlength=len(pieces.polygons)
    )
    fits = total[target] <= cap
    home[moved[fits]] = target[fits]
    return home


def _centres(polygons: Shapes, homes: Homes, home: Ints) -> tuple[Floats, Floats]:
    """Household-weighted centre of each atom's buildings; a point inside where nobody lives."""
    n = len(polygons)
    total = np.bincount(home, weights=homes.households, minlength=n)
    inner = shapely.get_coordinates(shapely.point_on_surface(polygons))
    xy = shapely.get_coordinates(homes.points)
    result = []
    for axis in (0, 1):
        weighted = np.bincount(home, weights=homes.households * xy[:, axis], minlength=n)
        result.append(np.where(total > 0, weighted / np.maximum(total, 1), inner[:, axis]))
    return result[0], result[1]


def _communities(layers: Layers, polygons: Shapes, homes: Homes, home: Ints) -> Shapes:
    """Today's community of each atom: of most households, else of most of its area; None for none."""
    counts = community_counts(home, homes, len(polygons))
    today = today_of(polygons, counts, layers.communities.geometry.to_numpy())
    ids = np.concatenate([layers.communities.index.to_numpy(dtype=object), [None]])
    found: Shapes = ids[today]
    return found


def _cut_compounds(building_atom: pd.Series[str], compound: Shapes) -> list[str]:
    """Compounds whose buildings lie in more than one atom, sorted."""
    ours = np.array([value is not None for value in compound], dtype=bool)
    atoms = pd.Series(building_atom.to_numpy()[ours]).groupby(pd.Index(compound[ours])).nunique()
    return sorted(atoms.index[atoms > 1])


def _compounds(homes: Homes, home: Ints, compound: Shapes, n: int) -> Shapes:
    """Compound of each atom: one that lies in several atoms first, else the one of most of its households."""
    result = np.full(n, None, dtype=object)
    ours = np.array([value is not None for value in compound], dtype=bool)
    if not ours.any():
        return result
    table = pd.DataFrame({"atom": home[ours], "compound": compound[ours], "n": homes.households[ours]})
    held = table.groupby(["atom", "compound"], as_index=False, sort=True)["n"].sum()
    held["several"] = held.groupby("compound")["atom"].transform("size") > 1
    total = np.bincount(home, weights=homes.households, minlength=n)
    held = held[held["several"] | (2 * held["n"] > total[held["atom"].to_numpy()])]
    best = held.sort_values(["atom", "several", "n"], ascending=[True, False, False], kind="stable")
    best = best.drop_duplicates("atom")
    result[best["atom"].to_numpy()] = best["compound"].to_numpy()
    return result
