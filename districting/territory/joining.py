"""Joining atoms into the adjacency graph: who touches whom, across what, and whether on foot. Method §3."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.progress import Progress, Step, silent
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.borders import Bools, Ints, Segments, Shapes, border_segments
from districting.territory.courses import Courses, gather_courses, runs_of, sample_borders
from districting.territory.crossings import bridge_links, crossed
from districting.territory.layers import Layers


def join_atoms(
    layers: Layers, atoms: Atoms, *, min_shared_m: float = 10.0, progress: Progress = silent
) -> AdjacencyGraph:
    """Find who touches whom inside each sub-district, and what runs along every border.

    Two atoms are joined on foot (``crossable``) when ``min_shared_m`` of their border is free of railway and
    water, or a road crosses it there; land and open water never are. Banks with a road bridge between them are
    joined by a link without shared border. Class and name of a border: `districting.territory.courses`.

    Parameters
    ----------
    layers, atoms
        The case and its atoms.
    min_shared_m
        Shortest border that people can be said to walk across, m.
    progress
        Told after each of three steps.

    Returns
    -------
    AdjacencyGraph
        Sorted by pair of ids; the same whatever order the atoms or roads come in.
    """
    table = atoms.table
    polygons = table.geometry.to_numpy()
    water = table["water"].to_numpy(dtype=bool)
    subdistrict = pd.factorize(table["subdistrict_id"], sort=True)[0].astype(np.int64)
    courses = gather_courses(layers)
    segments = border_segments(polygons)
    inner = segments.second >= 0
    own = inner.copy()
    own[inner] = subdistrict[segments.first[inner]] == subdistrict[segments.second[inner]]
    progress(Step("stage.join", 1, 3))

    edges, runs = _edges(segments.take(own), courses, water, polygons, layers, min_shared_m=min_shared_m)
    links = bridge_links(layers.roads, polygons, water, subdistrict)
    edges, runs = _with_links(edges, runs, links)
    progress(Step("stage.join", 2, 3))

    outer = _outer(segments.take(~own), courses)
    gaps = _gaps(edges, polygons, water, subdistrict)
    progress(Step("stage.join", 3, 3))
    ids = table.index.to_numpy(dtype=object)
    edges.insert(0, "atom_a", ids[edges.pop("first")])
    edges.insert(1, "atom_b", ids[edges.pop("second")])
    outer.insert(0, "atom_id", ids[outer.pop("owner")])
    gaps.insert(0, "atom_a", ids[gaps.pop("first")])
    gaps.insert(1, "atom_b", ids[gaps.pop("second")])
    return AdjacencyGraph(*(_texts_as_objects(part) for part in (edges, runs, outer, gaps)))


def _texts_as_objects(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its text columns as objects, so that a missing name is None and not NaN."""
    table = table.copy()
    for column in ("atom_id", "atom_a", "atom_b", "border_class", "border_name"):
        if column in table:
            texts = table[column].astype(object)
            table[column] = texts.where(texts.notna(), None)
    return table


def _edges(
    segments: Segments, courses: Courses, water: Bools, polygons: Shapes, layers: Layers, *, min_shared_m: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Edges by position, and their runs by edge number."""
    pairs, edge = np.unique(np.stack([segments.first, segments.second], axis=1), axis=0, return_inverse=True)
    edge = edge.astype(np.int64)
    n = len(pairs)
    samples = sample_borders(segments.start, segments.end, edge, courses)
    runs = runs_of(samples, courses)
    shared = np.bincount(samples.owner, weights=samples.length_m, minlength=n)
    free = np.bincount(samples.owner, weights=samples.length_m * ~samples.hard, minlength=n)
    wet = water[pairs].any(axis=1)
    crossable = (shared >= min_shared_m) & (free >= min_shared_m) & ~wet
    barred = np.flatnonzero((shared >= min_shared_m) & ~crossable & ~wet)
    crossable[crossed(barred, pairs, edge, segments, polygons, layers.roads)] = True
    edges = pd.DataFrame(
        {
            "first": pairs[:, 0],
            "second": pairs[:, 1],
            "shared_m": shared,
            "border_class": "none",
            "border_name": None,
            "crossable": crossable,
        }
    )
    main = _main_run(runs)
    edges["border_class"] = main["border_class"].reindex(range(n)).to_numpy(dtype=object)
    edges["border_name"] = main["border_name"].reindex(range(n)).to_numpy(dtype=object)
    return edges, runs.rename(columns={"owner": "edge_pos"})


def _main_run(runs: pd.DataFrame) -> pd.DataFrame:
    """Class along most of each border, and the name along most of that class."""
    by_class = runs.groupby(["owner", "border_class"], sort=True)[["length_m"]].sum().reset_index()
    by_class = by_class.sort_values(["owner", "length_m"], ascending=[True, False], kind="stable")
    best = by_class.drop_duplicates("owner")[["owner", "border_class"]]
    named = runs.merge(best, on=["owner", "border_class"])
    named = named.sort_values(["owner", "length_m"], ascending=[True, False], kind="stable")
    return named.drop_duplicates("owner").set_index("owner")


def _with_links(edges: pd.DataFrame, runs: pd.DataFrame, links: Ints) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Edges with the bridge links, in order of the pairs, and the runs renumbered."""
    known = set(map(tuple, edges[["first", "second"]].to_numpy()))
    fresh = np.array([pair for pair in map(tuple, links) if pair not in known], dtype=np.int64).reshape(-1, 2)
    edges = edges.copy()
    if len(links):
        joined = {tuple(pair) for pair in links}
        bridged = [pair in joined for pair in map(tuple, edges[["first", "second"]].to_numpy())]
        edges["crossable"] |= np.array(bridged, dtype=bool)
    added = pd.DataFrame(
        {
            "first": fresh[:, 0],
            "second": fresh[:, 1],
            "shared_m": 0.0,
            "border_class": "none",
            "border_name": None,
            "crossable": True,
        }
    )
    every = edges if added.empty else pd.concat([edges.astype({"border_name": object}), added], ignore_index=True)
    order = np.lexsort((every["second"], every["first"]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    every = every.iloc[order].reset_index(drop=True)
    every.index.name = "edge_pos"
    runs = runs.assign(edge_pos=place[runs["edge_pos"].to_numpy()])
    runs = runs.sort_values("edge_pos", kind="stable").reset_index(drop=True)
    return every, runs


def _outer(segments: Segments, courses: Courses) -> pd.DataFrame:
    """Runs along the outline of the sub-districts, from the side of each atom there."""
    both = segments.second >= 0
    start = np.concatenate([segments.start, segments.start[both]])
    end = np.concatenate([segments.end, segments.end[both]])
    owner = np.concatenate([segments.first, segments.second[both]])
    return runs_of(sample_borders(start, end, owner, courses), courses)


def _gaps(edges: pd.DataFrame, polygons: Shapes, water: Bools, subdistrict: Ints) -> pd.DataFrame:
    """Shortest gaps that tie the walkable pieces of each sub-district into one (a minimum spanning tree)."""
    n = len(polygons)
    walk = edges[edges["crossable"]]
    links = coo_array((np.ones(len(walk)), (walk["first"], walk["second"])), shape=(n, n))
    _, piece = connected_components(links, directed=False)
    found: list[tuple[int, int, float]] = []
    for number in np.unique(subdistrict):
        members = np.flatnonzero((subdistrict == number) & ~water)
        groups = [members[piece[members] == label] for label in np.unique(piece[members])]
        if len(groups) < 2:
            continue
        shapes = np.array([shapely.union_all(polygons[group]) for group in groups], dtype=object)
        apart = shapely.distance(shapes[:, None], shapes[None, :])
        reached, rest = [0], list(range(1, len(groups)))
        while rest:
            window = apart[np.ix_(reached, rest)]
            at, to = np.unravel_index(int(window.argmin()), window.shape)
            one, two = groups[reached[at]], groups[rest[to]]
            between = shapely.distance(polygons[one][:, None], polygons[two][None, :])
            a, b = np.unravel_index(int(between.argmin()), between.shape)
            pair = sorted((int(one[a]), int(two[b])))
            found.append((pair[0], pair[1], float(between[a, b])))
            reached.append(rest.pop(to))
    return pd.DataFrame(sorted(found), columns=["first", "second", "gap_m"]).astype(
        {"first": np.int64, "second": np.int64}
    )
