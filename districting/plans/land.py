"""Land of communities from their members: unions of atoms, cells of buildings, largest overlaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from districting.plans.problem import Ints
from districting.territory.territory import Territory


def as_text(values: pd.Series[Any]) -> pd.Series[str]:
    """Ids as objects with None where missing, whatever pandas calls missing."""
    texts = values.astype(object)
    return texts.where(texts.notna(), None)


def positions(ids: pd.Index[Any], values: Any) -> Ints:
    """Position of each value in ``ids``, −1 where missing or unknown."""
    return np.asarray(ids.get_indexer(values), dtype=np.int64)


def named(ids: pd.Index[Any], codes: Ints, index: pd.Index[Any]) -> pd.Series[str]:
    """Ids at positions, None for −1."""
    values = np.concatenate([ids.to_numpy(dtype=object), np.array([None], dtype=object)])[codes]
    return pd.Series(values, index=index, dtype=object)


def dissolve(geometries: Any, codes: Ints, count: int) -> Any:
    """Unions of a valid coverage by code 0 … count-1 in one bulk call; −1 is left out, no member gives empty."""
    kept = np.flatnonzero(codes >= 0)
    kept = kept[np.argsort(codes[kept], kind="stable")]
    present, group = np.unique(codes[kept], return_inverse=True)
    unions = np.full(count, shapely.MultiPolygon(), dtype=object)
    if len(kept):
        gathered: Any = shapely.geometrycollections(np.asarray(geometries, dtype=object)[kept], indices=group)
        unions[present] = shapely.coverage_union_all(gathered[:, None], axis=1)
    return unions


def largest_overlap(shapes: Any, others: Any) -> Ints:
    """Position of the other that each shape shares most land with, −1 for none; shape (len(shapes),)."""
    best = np.full(len(shapes), -1, dtype=np.int64)
    one, other = shapely.STRtree(others).query(shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[one], others[other]))
    order = np.lexsort((-other, area))
    best[one[order]] = other[order]
    return best


def land_of_buildings(
    buildings: pd.Series[str], ids: pd.Index[Any], territory: Territory
) -> tuple[Any, pd.Series[str] | None]:
    """Land by community, and the communities of the atoms if none is cut.

    Parameters
    ----------
    buildings
        Index every ``building_id``, value ``community_id`` or None.
    ids
        The communities, sorted.

    Returns
    -------
    tuple
        Geometries in the order of ``ids``; and the communities by atom, None if the list cuts an atom.
    """
    table = territory.atoms.table
    codes = positions(ids, buildings)
    of_building = territory.atoms.building_atom.reindex(buildings.index)
    atom_pos = positions(table.index, of_building)
    lived_in = atom_pos >= 0
    lowest = np.full(len(table), len(ids), dtype=np.int64)
    highest = np.full(len(table), -2, dtype=np.int64)
    np.minimum.at(lowest, atom_pos[lived_in], codes[lived_in])
    np.maximum.at(highest, atom_pos[lived_in], codes[lived_in])
    cut = (highest >= -1) & (lowest != highest)
    atom_codes = np.where(cut, -1, highest)
    atom_codes = _adopt_empty(atom_codes, cut, ids, territory)
    geometries = dissolve(table.geometry.to_numpy(), atom_codes, len(ids))
    if not cut.any():
        return geometries, named(ids, atom_codes, table.index)
    pieces, piece_codes = _cells(np.flatnonzero(cut), atom_pos, codes, territory)
    gathered = np.concatenate([geometries, pieces])
    owner = np.concatenate([np.arange(len(ids)), piece_codes])
    kept = np.flatnonzero((owner >= 0) & ~shapely.is_empty(gathered))
    kept = kept[np.argsort(owner[kept], kind="stable")]
    present, group = np.unique(owner[kept], return_inverse=True)
    collections: Any = shapely.geometrycollections(gathered[kept], indices=group)
    geometries[present] = shapely.union_all(collections[:, None], axis=1)
    return geometries, None


def _adopt_empty(atom_codes: Ints, cut: Any, ids: pd.Index[Any], territory: Territory) -> Ints:
    """Give atoms without buildings (−2) to their community of today, else to the longest-bordered neighbour."""
    table, edges = territory.atoms.table, territory.graph.edges
    codes = atom_codes.copy()
    empty = (codes == -2) & ~cut
    codes[empty] = positions(ids, table["community_id"])[empty]
    a = positions(table.index, edges["atom_a"])
    b = positions(table.index, edges["atom_b"])
    pairs = pd.DataFrame(
        {"atom": np.r_[a, b], "other": np.r_[b, a], "shared_m": np.tile(edges["shared_m"].to_numpy(), 2)}
    )
    while True:
        waiting = empty & (codes == -1)
        open_pairs = pairs[waiting[pairs["atom"]] & (codes[pairs["other"]] >= 0)]
        if open_pairs.empty:
            return codes
        best = open_pairs.sort_values(["shared_m", "other"]).drop_duplicates("atom", keep="last")
        codes[best["atom"]] = codes[best["other"]]


def _cells(cut: Ints, atom_pos: Ints, codes: Ints, territory: Territory) -> tuple[Any, Ints]:
    """Voronoi cells of the buildings of each cut atom, clipped to it, with their communities."""
    points = shapely.get_coordinates(territory.layers.buildings.geometry.to_numpy())
    lands = territory.atoms.table.geometry.to_numpy()
    order = np.argsort(atom_pos, kind="stable")
    starts = np.searchsorted(atom_pos[order], cut)
    ends = np.searchsorted(atom_pos[order], cut, side="right")
    pieces: list[Any] = []
    owners: list[Ints] = []
    for pos, start, end in zip(cut, starts, ends, strict=True):
        members = order[start:end]
        places, first = np.unique(points[members], axis=0, return_index=True)
        if len(places) == 1:
            cells = np.array([lands[pos]], dtype=object)
        else:
            diagram = shapely.voronoi_polygons(shapely.multipoints(places), extend_to=lands[pos], ordered=True)
            cells = shapely.intersection(shapely.get_parts(diagram), lands[pos])
        pieces.append(cells)
        owners.append(codes[members[first]])
    return np.concatenate(pieces), np.concatenate(owners)
