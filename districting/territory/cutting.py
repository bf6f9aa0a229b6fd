"""Cutting the land into atoms: the whole recipe, step by step. Method §2."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.errors import Fault, LayerError
from districting.progress import Progress, Step, silent
from districting.territory.arrangement import Faces, arrange
from districting.territory.atoms import Atoms
from districting.territory.borders import Bools, Ints, Shapes, clean_coverage
from districting.territory.building_cuts import cut_by_buildings
from districting.territory.compounds import Units, whole_units
from districting.territory.courses import Courses, gather_courses, hard_courses
from districting.territory.cutlines import cut_lines
from districting.territory.grouping import join_small
from districting.territory.holding import hold_together
from districting.territory.labelling import atom_table, cutting_notes
from districting.territory.layers import Layers
from districting.territory.parcels import parcels
from districting.territory.pieces import Homes, Pieces
from districting.territory.placement import NEAREST_M, place
from districting.territory.refinement import cut_by_communities, refine
from districting.territory.slivers import absorb_slivers
from districting.territory.waters import settle_water

#: Teeth of the medial axis are taken off before the land is cut further, and borders smoothed at the end, m.
TEETH_M = 2.0
SMOOTH_M = 5.0
#: Cuts after smoothing, for atoms that a smoothed border pushed over the cap.
RECUTS = 3


def cut_atoms(
    layers: Layers,
    *,
    cap: int,
    whole: int | None = None,
    zones: Collection[str] = (),
    progress: Progress = silent,
) -> Atoms:
    """Cut the sub-districts into atoms of at most ``cap`` households.

    The lines of all layers make one fine arrangement; slivers between carriageways go to their neighbours along
    their medial axis; blocks of the main roads are refined by finer roads while they are too large; then today's
    community borders, joins of what is too small, and straight cuts between buildings. Method §2.

    Parameters
    ----------
    layers
        What was read, clean, in one metric CRS.
    cap
        Households that an atom may hold, unless it is a single building.
    whole
        Households up to which a compound stays in one atom; None: ``cap``.
    zones
        Kinds of zone whose borders cut like those of sub-districts: no atom lies in two.
    progress
        Told after each of five steps.

    Returns
    -------
    Atoms
        An exact cover: its area is that of the sub-districts, every household is in one atom.

    Raises
    ------
    LayerError
        If ``cap`` is below 1, if there is no land, or if a building is farther than 30 m from all land.
    """
    if cap < 1:
        raise LayerError([Fault("fault.atoms.cap", {"cap": cap})])
    whole = cap if whole is None else whole
    units = whole_units(layers, cap=whole)
    if zones:
        ground = parcels(layers, zones)
        return ground.named_again(_cut(ground.layers, ground.split(units), cap, whole, progress))
    return _cut(layers, units, cap, whole, progress)


def _cut(layers: Layers, units: Units, cap: int, whole: int, progress: Progress) -> Atoms:
    """The recipe on land that needs no other division first."""
    faces = arrange(layers, cut_lines(layers, units))
    homes = _homes(layers, units)
    progress(Step("stage.cut", 1, 5))
    home, nearest = _checked_homes(layers, faces, homes)
    living = np.bincount(home, weights=homes.households, minlength=len(faces.polygons)).astype(np.int64)
    faces = _without_teeth(absorb_slivers(faces, living))
    progress(Step("stage.cut", 2, 5))
    pieces = refine(faces, homes, cap=cap)
    progress(Step("stage.cut", 3, 5))
    today: Shapes = layers.communities.geometry.to_numpy()
    pieces = cut_by_communities(pieces, homes, today, units.land)
    pieces = settle_water(_cleaned(pieces, homes), homes)
    hard = hard_courses(gather_courses(layers))
    pieces = hold_together(pieces, homes, layers, hard)
    pieces = join_small(pieces, homes, layers, hard, cap=cap, over_cap=True)
    progress(Step("stage.cut", 4, 5))
    pieces = _cut_and_joined(pieces, homes, layers, units, hard, cap=cap)
    pieces = _smoothed(pieces, homes)
    progress(Step("stage.cut", 5, 5))
    for _ in range(RECUTS):
        if not _divisible(pieces, homes, cap=cap):
            break
        pieces = _cut_and_joined(pieces, homes, layers, units, hard, cap=cap)
    table, building_atom = atom_table(layers, pieces, homes, units, cap=whole)
    minority = _minority(layers, table, building_atom)
    notes = cutting_notes(layers, table, building_atom, units, minority, nearest, cap=cap)
    return Atoms(
        table=table,
        building_atom=building_atom,
        cap=cap,
        minority_households=int(layers.buildings.loc[minority, "households"].sum()),
        notes=notes,
    )


def _homes(layers: Layers, units: Units) -> Homes:
    """Buildings as numbers."""
    buildings = layers.buildings
    return Homes(
        points=buildings.geometry.to_numpy(),
        households=buildings["households"].to_numpy(dtype=np.int64),
        community=layers.communities.index.get_indexer(buildings["community_id"]).astype(np.int64),
        communities=len(layers.communities),
        unit=units.of_building,
    )


def _checked_homes(layers: Layers, faces: Faces, homes: Homes) -> tuple[Ints, Bools]:
    """Face of every building; a building far from all land is a fault of the input."""
    if not len(faces.polygons):
        raise LayerError([Fault("fault.atoms.no_land", {"count": len(layers.subdistricts)})])
    home, moved = place(homes.points, faces.polygons, land=~faces.water)
    lost = layers.buildings[home < 0]
    if len(lost):
        first = lost.geometry.iloc[0]
        values = {
            "count": len(lost),
            "total": len(home),
            "households": int(lost["households"].sum()),
            "limit_m": round(NEAREST_M),
            "examples": ", ".join(map(str, lost.index[:5])),
        }
        raise LayerError([Fault("fault.atoms.building_outside", values, place=(first.x, first.y))])
    return home, moved


def _without_teeth(faces: Faces) -> Faces:
    """Faces with the teeth of the medial axis taken off, sub-district by sub-district."""
    polygons = _simplified(faces.polygons, faces.subdistrict, TEETH_M)
    return Faces(polygons, faces.subdistrict, faces.water, faces.block)


def _simplified(polygons: Shapes, subdistrict: Ints, tolerance_m: float) -> Shapes:
    """Coverage with simpler inner borders; the outline of every sub-district stays as it is."""
    result = polygons.copy()
    for number in np.unique(subdistrict):
        inside = subdistrict == number
        result[inside] = shapely.coverage_simplify(polygons[inside], tolerance_m, simplify_boundary=False)
    return result


def _cleaned(pieces: Pieces, homes: Homes) -> Pieces:
    """The cover with the vertices of neighbours matched, which cuts leave unmatched."""
    return pieces.replaced(*clean_coverage(pieces.polygons), homes)


def _cut_and_joined(
    pieces: Pieces, homes: Homes, layers: Layers, units: Units, hard: Courses, *, cap: int
) -> Pieces:
    """Pieces cut between buildings, and what that left too small joined again."""
    footprints: Shapes = layers.footprints.reindex(layers.buildings.index).to_numpy()
    cut = cut_by_buildings(pieces, homes, units=units.land, footprints=footprints, cap=cap)
    return join_small(_cleaned(cut, homes), homes, layers, hard, cap=cap, over_cap=False)


def _smoothed(pieces: Pieces, homes: Homes) -> Pieces:
    """The cover with smooth borders."""
    polygons = _simplified(pieces.polygons, pieces.subdistrict, SMOOTH_M)
    return pieces.replaced(polygons, np.arange(len(polygons)), homes)


def _divisible(pieces: Pieces, homes: Homes, *, cap: int) -> bool:
    """Whether an atom above the cap could still be cut: it holds more than one inhabited building or unit."""
    over = pieces.households(homes) > cap
    if not over.any():
        return False
    living = over[pieces.home] & (homes.households > 0)
    key = np.where(homes.unit >= 0, homes.unit, len(homes.households) + np.arange(len(homes.households)))
    held = pd.Series(key[living]).groupby(pieces.home[living]).nunique()
    return bool((held > 1).any())


def _minority(layers: Layers, table: gpd.GeoDataFrame, building_atom: pd.Series[str]) -> Bools:
    """Inhabited buildings whose community today is not the one of their atom."""
    theirs = table["community_id"].reindex(building_atom.to_numpy()).to_numpy(dtype=object)
    ours = layers.buildings["community_id"].to_numpy(dtype=object)
    differs = (ours != theirs) & ~(pd.isna(ours) & pd.isna(theirs))
    lived: Bools = layers.buildings["households"].to_numpy() > 0
    found: Bools = differs & lived
    return found
