"""How far people walk from their building to a place: along roads if given, else straight. Method §4."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from districting.territory.borders import Bools, Floats, Ints, split_lines, two_point_lines, vertex_numbers

#: Detour over the straight line where the network does not lead. Road over straight distance averages about 1.4
#: (Boscoe, Henry and Zdeb 2012, doi:10.1080/00330124.2011.583586, for driving in the United States).
DETOUR = 1.4
#: Roads that nobody walks along.
NO_WALKING = ("motorway",)
#: Road pieces shorter than this in all, tied to nothing else, are no place to start a walk, m.
ISLET_M = 200.0
#: Land around buildings and places whose roads are searched: at least this, and this share of the extent, m.
MARGIN_M = 1_000.0
#: Distances held in memory at once.
BATCH = 4_000_000


@dataclass(frozen=True)
class WalkNetwork:
    """Roads as a graph: junctions and edges between them, with the straight pieces that people step onto.

    Parameters
    ----------
    xy
        Shape (nodes, 2), m.
    ends
        Shape (edges, 2), nodes at either end.
    length_m
        Shape (edges,).
    piece_start, piece_end
        Shape (pieces, 2): the straight pieces of all edges.
    piece_edge, piece_at_m
        Shape (pieces,): edge of each piece, and metres along the edge to its start.
    """

    xy: Floats
    ends: Ints
    length_m: Floats
    piece_start: Floats
    piece_end: Floats
    piece_edge: Ints
    piece_at_m: Floats

    @classmethod
    def from_roads(cls, roads: gpd.GeoDataFrame) -> WalkNetwork:
        """Graph of the roads that people walk along.

        Roads on the ground meet wherever they cross; bridges and tunnels only where they end. Motorways are left
        out, and bits of road that lead nowhere. May be empty.
        """
        walk = roads[~roads["road_class"].isin(NO_WALKING)]
        above = (walk["bridge"] | walk["tunnel"] | (walk["level"] != 0)).to_numpy(dtype=bool)
        lines = walk.geometry.to_numpy()
        ground = shapely.get_parts(shapely.union_all(lines[~above]))
        start, end, line = split_lines(np.concatenate([ground, shapely.get_parts(lines[above])]))
        if not len(start):
            none = np.zeros((0, 2))
            ints = np.zeros(0, dtype=np.int64)
            return cls(none, ints.reshape(0, 2), np.zeros(0), none, none, ints, np.zeros(0))
        node = vertex_numbers(np.concatenate([start, end]))
        tail, head = node[: len(start)], node[len(start) :]
        # An edge runs on until its line ends or another line has a vertex: where not exactly two pieces meet.
        degree = np.bincount(node)
        goes_on = (line[1:] == line[:-1]) & (degree[head[:-1]] == 2) & (head[:-1] == tail[1:])
        begins = np.r_[True, ~goes_on]
        edge = np.cumsum(begins) - 1
        length = np.hypot(*(end - start).T)
        before = np.cumsum(length) - length
        at = before - before[begins][edge]
        total = np.bincount(edge, weights=length).astype(np.float64)
        ends = np.stack([tail[begins], head[np.r_[begins[1:], True]]], axis=1)
        tied = _well_tied(ends, total, int(node.max()) + 1)
        used = tied[edge]
        kept, number = np.unique(ends[tied], return_inverse=True)
        xy = np.zeros((int(node.max()) + 1, 2))
        xy[node] = np.concatenate([start, end])
        return cls(
            xy=xy[kept],
            ends=number.reshape(-1, 2).astype(np.int64),
            length_m=total[tied],
            piece_start=start[used],
            piece_end=end[used],
            piece_edge=(np.cumsum(tied) - 1)[edge[used]].astype(np.int64),
            piece_at_m=at[used],
        )

    def around(self, xy: Floats) -> WalkNetwork:
        """The part of the network that walks between the points ``xy``, shape (n, 2), may use."""
        low, high = xy.min(axis=0), xy.max(axis=0)
        margin = max(MARGIN_M, 0.25 * float((high - low).max()))
        inside = ((self.xy >= low - margin) & (self.xy <= high + margin)).all(axis=1)
        edges = inside[self.ends].any(axis=1)
        if edges.all():
            return self
        kept, number = np.unique(self.ends[edges], return_inverse=True)
        pieces = edges[self.piece_edge]
        part = WalkNetwork(
            self.xy[kept],
            number.reshape(-1, 2).astype(np.int64),
            self.length_m[edges],
            self.piece_start[pieces],
            self.piece_end[pieces],
            (np.cumsum(edges) - 1)[self.piece_edge[pieces]].astype(np.int64),
            self.piece_at_m[pieces],
        )
        part.__dict__["_lines"] = self._lines[pieces]  # made once for a city, not for every walk in it
        return part

    @cached_property
    def _lines(self) -> Any:
        """The straight pieces as lines, shape (pieces,)."""
        return two_point_lines(self.piece_start, self.piece_end)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        """Finds the straight piece nearest to a point."""
        return shapely.STRtree(self._lines)

    def graph(self) -> csr_array:
        """Symmetric matrix of the shortest edge between nodes, m."""
        n = len(self.xy)
        low, high = self.ends.min(axis=1), self.ends.max(axis=1)
        order = np.lexsort((self.length_m, high, low))
        pair = low[order] * n + high[order]
        first = order[np.r_[True, pair[1:] != pair[:-1]]] if len(order) else order
        # scipy reads a stored zero as no edge.
        length = np.maximum(self.length_m[first], 1e-6)
        return csr_array(coo_array((length, (low[first], high[first])), shape=(n, n)))

    def attach(self, xy: Floats) -> tuple[Ints, Floats, Floats]:
        """Where points step onto the network.

        Returns
        -------
        tuple
            Edge of each point, shape (n,); metres along it; metres straight to it.
        """
        piece = self._tree.query_nearest(shapely.points(xy), all_matches=False)[1]
        start, step = self.piece_start[piece], self.piece_end[piece] - self.piece_start[piece]
        length = np.hypot(*step.T)
        share = np.clip(((xy - start) * step).sum(axis=1) / length**2, 0.0, 1.0)
        leg = np.hypot(*(start + share[:, None] * step - xy).T)
        return self.piece_edge[piece], self.piece_at_m[piece] + share * length, leg


def distances(
    buildings: gpd.GeoDataFrame, atom_pos: Ints, n_atoms: int, points_xy: Floats, *, network: WalkNetwork | None
) -> tuple[Floats, Floats]:
    """Mean and farthest distance from the inhabited buildings of each atom to each place.

    Parameters
    ----------
    buildings
        Points with ``households``, metric CRS.
    atom_pos
        Shape (buildings,), atom of each building, 0 … ``n_atoms`` - 1.
    points_xy
        Shape (places, 2), m.
    network
        Roads to walk along: straight to the nearest road, along roads, straight to the place; or straight all
        the way where that is no longer than both legs. A place that the network does not reach counts as `DETOUR`
        times the straight line. None measures straight lines.

    Returns
    -------
    tuple
        ``mean_m``, weighted by households, and ``farthest_m``, both shape (n_atoms, places); 0 where nobody lives.
    """
    mean = np.zeros((n_atoms, len(points_xy)))
    farthest = np.zeros((n_atoms, len(points_xy)))
    households = buildings["households"].to_numpy(dtype=float)
    lived = np.flatnonzero(households > 0)
    if not len(lived) or not len(points_xy):
        return mean, farthest
    lived = lived[np.argsort(atom_pos[lived], kind="stable")]
    atom, weight = atom_pos[lived], households[lived]
    homes = shapely.get_coordinates(buildings.geometry.to_numpy()[lived])
    begin = np.flatnonzero(np.r_[True, atom[1:] != atom[:-1]])
    total = np.add.reduceat(weight, begin)
    walk = _Walk(network, homes, points_xy) if network is not None and len(network.xy) else None
    size = max(1, BATCH // max(len(lived), len(walk.network.xy) if walk else 1))
    for low in range(0, len(points_xy), size):
        part = slice(low, low + size)
        there = np.hypot(*(homes[:, None] - points_xy[None, part]).transpose(2, 0, 1))
        if walk is not None:
            there = walk.to_places(part, there)
        mean[atom[begin], part] = np.add.reduceat(there * weight[:, None], begin, axis=0) / total[:, None]
        farthest[atom[begin], part] = np.maximum.reduceat(there, begin, axis=0)
    return mean, farthest


class _Walk:
    """Walks between fixed homes and places on one network."""

    def __init__(self, network: WalkNetwork, homes: Floats, places: Floats) -> None:
        self.network = network.around(np.concatenate([homes, places]))
        self.graph = self.network.graph()
        self.home_edge, self.home_at, self.home_leg = self.network.attach(homes)
        self.place_edge, self.place_at, self.place_leg = self.network.attach(places)

    def to_places(self, part: slice, straight: Floats) -> Floats:
        """Metres from every home to the places of ``part``, shape (homes, places of part)."""
        net = self.network
        edge, at, leg = self.place_edge[part], self.place_at[part], self.place_leg[part]
        starts, where = np.unique(net.ends[edge], return_inverse=True)
        reach = dijkstra(self.graph, directed=False, indices=starts)
        where = where.reshape(-1, 2)
        from_tail = reach[where[:, 0]] + at[:, None]
        from_head = reach[where[:, 1]] + (net.length_m[edge] - at)[:, None]
        nodes = np.minimum(from_tail, from_head)
        tails, heads = net.ends[self.home_edge].T
        along = np.minimum(
            nodes[:, tails] + self.home_at, nodes[:, heads] + (net.length_m[self.home_edge] - self.home_at)
        ).T
        same = self.home_edge[:, None] == edge[None]
        direct = np.abs(self.home_at[:, None] - at[None])
        along = np.where(same, np.minimum(along, direct), along)
        legs = self.home_leg[:, None] + leg[None]
        walked = np.maximum(along + legs, straight)
        walked = np.where(straight <= legs, straight, walked)
        return np.where(np.isfinite(walked), walked, DETOUR * straight)


def _well_tied(ends: Ints, length: Floats, n: int) -> Bools:
    """Which edges belong to a connected part of the network that is long enough to lead anywhere."""
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, part = connected_components(links, directed=False)
    total = np.bincount(part[ends[:, 0]], weights=length, minlength=int(part.max()) + 1)
    long = total >= min(ISLET_M, float(total.max()))
    kept: Bools = long[part[ends[:, 0]]]
    return kept
