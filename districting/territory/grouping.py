"""Joining pieces that are too small, too thin or enclosed to stand alone. Method §2.5.

Merging is bookkeeping on numbers (area, outline, households, extent); geometry is dissolved once at the end.
A join never crosses a sub-district border or a water bank, never makes a piece straddle two communities, and never
takes from a community the land that holds it together.
"""

from __future__ import annotations

import heapq

import numpy as np
import pandas as pd
import shapely

from districting.territory.borders import Floats, Ints, Shapes
from districting.territory.courses import Courses
from districting.territory.holding import lands_held, today_of
from districting.territory.layers import Layers
from districting.territory.pieces import Homes, Pieces, spans
from districting.territory.refinement import STRADDLE_HOUSEHOLDS, STRADDLE_SHARE
from districting.territory.walking import WALK_M, walks

#: A piece with fewer households is joined if it can be; one with fewer than `STRAY` even across a main road.
SMALL_HOUSEHOLDS = 150
STRAY_HOUSEHOLDS = 30
#: Twice area over outline below which a piece is a strip, m.
STRIP_M = 25.0
#: Land smaller or narrower than this, with few households, is joined whatever comes of the shape, m² and m.
SCRAP_AREA_M2 = 1_000.0
SCRAP_STRIP_M = 12.0
#: Empty land up to this size is joined across a main road; larger only if it is enclosed by one neighbour.
EMPTY_AREA_M2 = 20_000.0
ENCLOSED_SHARE = 0.6
#: A joined piece is no longer than this and no less compact than this, unless its parts were already, m.
LONGEST_M = 1_000.0
LEAST_COMPACT = 0.2
#: Share of an empty piece that a community without households must hold to keep it.
RESERVED_SHARE = 0.8
#: Worth of a neighbour of the same community today, beside the share of the outline (at most 1).
OWN_COMMUNITY = 1.0
#: Shortest border to join across, m.
LEAST_SHARED_M = 10.0


def join_small(pieces: Pieces, homes: Homes, layers: Layers, hard: Courses, *, cap: int, over_cap: bool) -> Pieces:
    """Join small, thin and enclosed pieces to their best neighbours.

    Parameters
    ----------
    pieces, homes
        The cover so far and the buildings.
    layers
        For today's communities, and the roads that cross ``hard``. A community without households keeps land of
        its own, so that it can be told from its neighbours and be absorbed by either.
    hard
        Railways and waters, which people walk across only where a road leads.
    cap
        Households that a joined piece may hold.
    over_cap
        True while a later step still cuts by buildings: then an enclave may join a full neighbour.
    """
    lands: Shapes = layers.communities.geometry.to_numpy()
    reserved = _of_empty_communities(pieces, homes, lands)
    table = walks(pieces.polygons, pieces.subdistrict, pieces.water, hard, layers)
    group = _Grouping(pieces, homes, reserved, lands, table, cap=cap, over_cap=over_cap).run()
    return pieces.merged(group, homes)


def _of_empty_communities(pieces: Pieces, homes: Homes, communities: Shapes) -> Ints:
    """Community without households that each empty piece lies in, -1 for none."""
    found = np.full(len(pieces.polygons), -1, dtype=np.int64)
    lived = np.bincount(homes.community[homes.community >= 0], weights=homes.households[homes.community >= 0])
    empty = np.flatnonzero(np.pad(lived, (0, len(communities) - len(lived))) == 0)
    vacant = np.flatnonzero((pieces.households(homes) == 0) & ~pieces.water)
    if not len(empty) or not len(vacant):
        return found
    community, piece = shapely.STRtree(pieces.polygons[vacant]).query(communities[empty], predicate="intersects")
    shared = shapely.area(shapely.intersection(communities[empty[community]], pieces.polygons[vacant[piece]]))
    most = shared > RESERVED_SHARE * shapely.area(pieces.polygons[vacant[piece]])
    found[vacant[piece[most]]] = empty[community[most]]
    return found


class _Grouping:
    """Greedy union of pieces, smallest first, with every number of a group kept at its leader."""

    def __init__(
        self,
        pieces: Pieces,
        homes: Homes,
        reserved: Ints,
        lands: Shapes,
        table: pd.DataFrame,
        *,
        cap: int,
        over_cap: bool,
    ) -> None:
        self.pieces = pieces
        self.reserved = reserved
        self.cap = cap
        self.over_cap = over_cap
        n = len(pieces.polygons)
        self.leader: Ints = np.arange(n)
        self.area: Floats = shapely.area(pieces.polygons)
        self.outline: Floats = shapely.length(pieces.polygons)
        self.households = pieces.households(homes)
        counts = pieces.by_community(homes)
        self.counts: list[dict[int, int]] = [{} for _ in range(n)]
        for at, community in zip(*np.nonzero(counts), strict=True):
            self.counts[at][int(community)] = int(counts[at, community])
        self.low, self.high = spans(pieces.polygons)
        self.shared: list[dict[int, float]] = [{} for _ in range(n)]
        self.walk: list[dict[int, float]] = [{} for _ in range(n)]
        for first, second, shared, walk in table.itertuples(index=False):
            self.shared[first][second] = self.shared[second][first] = shared
            self.walk[first][second] = self.walk[second][first] = walk
        self.none = len(lands)
        self.today = [int(one) for one in today_of(pieces.polygons, counts, lands)]
        inhabited = np.array(self.today)[self.households > 0]
        self.inhabited = np.bincount(inhabited, minlength=self.none + 1).tolist()
        self.land: list[dict[int, float]] = [{} for _ in range(n)]
        for at, community, area in zip(*lands_held(pieces.polygons, lands), strict=True):
            self.land[at][int(community)] = float(area)

    def run(self) -> Ints:
        """Leader of every piece after all joins."""
        queue = [(self._rank(at), at) for at in range(len(self.leader)) if self._weak(at)]
        heapq.heapify(queue)
        while queue:
            rank, at = heapq.heappop(queue)
            if self.leader[at] != at or rank != self._rank(at) or not self._weak(at):
                continue
            best = self._best(at)
            if best is None:
                continue
            kept = self._join(best, at)
            for other in (kept, *self.shared[kept]):
                if self._weak(other):
                    heapq.heappush(queue, (self._rank(other), other))
        return self._roots()

    def _rank(self, at: int) -> tuple[int, float, float]:
        return (int(self.households[at]), float(self.area[at]), float(self.outline[at]))

    def _roots(self) -> Ints:
        root = self.leader.copy()
        while (root != root[root]).any():
            root = root[root]
        return root

    def _weak(self, at: int) -> bool:
        """Whether a piece should not stand alone."""
        if self.pieces.water[at]:
            return self._scrap(at)
        return (
            self.households[at] < SMALL_HOUSEHOLDS
            or 2 * self.area[at] / self.outline[at] < STRIP_M
            or self._enclosed(at)
        )

    def _enclosed(self, at: int) -> bool:
        """Whether a single neighbour surrounds the piece."""
        return len(self.shared[at]) == 1 and sum(self.shared[at].values()) > 0.99 * self.outline[at]

    def _scrap(self, at: int) -> bool:
        """Whether the piece is too small or too narrow to be an atom whatever it is joined to."""
        if self.households[at] >= STRAY_HOUSEHOLDS:
            return False
        return bool(self.area[at] < SCRAP_AREA_M2 or 2 * self.area[at] / self.outline[at] < SCRAP_STRIP_M)

    def _best(self, at: int) -> int | None:
        """The neighbour to join: most of the outline, same block and community first; None if none may."""
        best: tuple[float, int] | None = None
        for other, shared in self.shared[at].items():
            if not self._may_join(at, other, shared):
                continue
            worth = shared / self.outline[at]
            worth += 0.5 * (self.pieces.main[at] == self.pieces.main[other])
            worth += OWN_COMMUNITY * (self.today[at] == self.today[other])
            worth -= 0.3 * self.households[other] / self.cap
            score = (float(worth), -other)
            if best is None or score > best:
                best = score
        return None if best is None else -best[1]

    def _may_join(self, at: int, other: int, shared: float) -> bool:
        """Whether the two may become one piece."""
        return self._may_touch(at, other, shared) and self._holds(at, other)

    def _may_touch(self, at: int, other: int, shared: float) -> bool:
        """Whether size, shape and place allow the join."""
        if self.pieces.water[other] != self.pieces.water[at]:
            return False
        together = int(self.households[at] + self.households[other])
        enclosed = self._enclosed(at)
        if together > self.cap and self.households[at] and not (self.over_cap and enclosed):
            return False
        if self.reserved[other] != self.reserved[at] and not self._scrap(at):
            return False
        if (enclosed or self._scrap(at)) and not self._straddle(at, other):
            return True
        if shared < min(LEAST_SHARED_M, 0.2 * self.outline[at]) or self._straddle(at, other):
            return False
        if self.pieces.main[at] != self.pieces.main[other] and not self._crosses(at, shared):
            return False
        return self._compact(at, other, shared)

    def _crosses(self, at: int, shared: float) -> bool:
        """Whether the piece may be joined across a main road."""
        strip = 2 * self.area[at] / self.outline[at] < STRIP_M
        if self.households[at]:
            return bool(self.households[at] < STRAY_HOUSEHOLDS or strip)
        return bool(
            strip
            or self.area[at] < EMPTY_AREA_M2
            or len(self.shared[at]) == 1
            or shared > ENCLOSED_SHARE * self.outline[at]
        )

    def _straddle(self, at: int, other: int) -> bool:
        """Whether the joined piece would hold two communities, each with households enough to be cut off."""
        one, two = self.counts[at], self.counts[other]
        together = sorted((one.get(key, 0) + two.get(key, 0) for key in {*one, *two}), reverse=True)
        if len(together) < 2:
            return False
        return together[1] >= STRADDLE_HOUSEHOLDS and together[1] >= STRADDLE_SHARE * sum(together)

    def _today_together(self, at: int, other: int) -> int:
        """Today's community of the two as one piece."""
        if self.today[at] == self.today[other]:
            return self.today[at]
        inhabited = bool(self.households[at] or self.households[other])
        one, two = (self.counts if inhabited else self.land)[at], (self.counts if inhabited else self.land)[other]
        weight = {key: one.get(key, 0) + two.get(key, 0) for key in {*one, *two}}
        return min(weight, key=lambda key: (-weight[key], key), default=self.none)

    def _holds(self, at: int, other: int) -> bool:
        """Whether the community that loses a piece by the join stays as connected as it was, and does not end."""
        joined = self._today_together(at, other)
        for lost in (at, other):
            community = self.today[lost]
            if community in (joined, self.none):
                continue
            if self.households[lost] and self.inhabited[community] == 1:
                return False
            few = self.households[lost] < STRADDLE_HOUSEHOLDS
            if few and self.area[lost] >= EMPTY_AREA_M2 and not self._enclosed(lost):
                return False
            if self._ties(lost, community, gone={at, other}):
                return False
        return True

    def _ties(self, piece: int, community: int, *, gone: set[int]) -> bool:
        """Whether the pieces of a community beside ``piece`` are joined by way of it alone."""
        beside = [near for near in self._walked(piece, community) if near not in gone]
        if len(beside) < 2:
            return False
        seen, todo, wanted = {beside[0], *gone}, [beside[0]], set(beside[1:])
        while todo and wanted:
            for near in self._walked(todo.pop(), community):
                if near not in seen:
                    seen.add(near)
                    todo.append(near)
                    wanted.discard(near)
        return bool(wanted)

    def _walked(self, piece: int, community: int) -> list[int]:
        """Pieces of a community that people walk to from ``piece``."""
        return [
            near for near, walk in self.walk[piece].items() if walk >= WALK_M and self.today[near] == community
        ]

    def _compact(self, at: int, other: int, shared: float) -> bool:
        """Whether the joined piece is neither long nor spindly, or no worse than a part already is."""
        low = np.minimum(self.low[at], self.low[other])
        high = np.maximum(self.high[at], self.high[other])
        extent = float((high - low).max())
        before = max(float((self.high[one] - self.low[one]).max()) for one in (at, other))
        if extent > max(LONGEST_M, 1.02 * before):
            return False
        outline = self.outline[at] + self.outline[other] - 2 * shared
        compact = 4 * np.pi * (self.area[at] + self.area[other]) / outline**2
        parts = [4 * np.pi * self.area[one] / self.outline[one] ** 2 for one in (at, other)]
        return bool(compact >= min(LEAST_COMPACT, *parts))

    def _join(self, kept: int, gone: int) -> int:
        """Make two pieces one; the larger keeps the name."""
        if self.area[gone] > self.area[kept]:
            kept, gone = gone, kept
        joined = self._today_together(kept, gone)
        for one in (kept, gone):
            self.inhabited[self.today[one]] -= bool(self.households[one])
        self.inhabited[joined] += bool(self.households[kept] or self.households[gone])
        self.today[kept] = joined
        for community, area in self.land[gone].items():
            self.land[kept][community] = self.land[kept].get(community, 0.0) + area
        self.leader[gone] = kept
        shared = self.shared[kept][gone]
        self.area[kept] += self.area[gone]
        self.outline[kept] += self.outline[gone] - 2 * shared
        self.households[kept] += self.households[gone]
        for community, count in self.counts[gone].items():
            self.counts[kept][community] = self.counts[kept].get(community, 0) + count
        self.low[kept] = np.minimum(self.low[kept], self.low[gone])
        self.high[kept] = np.maximum(self.high[kept], self.high[gone])
        _take_over(self.shared, kept, gone)
        _take_over(self.walk, kept, gone)
        return kept


def _take_over(links: list[dict[int, float]], kept: int, gone: int) -> None:
    """Give the neighbours of ``gone`` to ``kept``, lengths added."""
    links[kept].pop(gone, None)
    links[gone].pop(kept, None)
    for other, length in links[gone].items():
        links[other].pop(gone)
        links[kept][other] = links[other][kept] = links[kept].get(other, 0.0) + length
    links[gone] = {}
