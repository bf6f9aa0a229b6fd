"""Columns with titles: a region, whose successor it is, and the seat that it is served from.

In `adjust` what a part may be depends on who it is: a successor is served from its own centre, a part that a split
makes keeps room to grow, and what is new may stand at any node. So a column is a region under a title,
and every title is priced by itself: what a part costs, and how large it may be, is exact for the part as named.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from districting.plans.problem import Bools, Floats, Ints
from districting.progress import Stop, never
from districting.solvers.annealing.pool import nearest_seats
from districting.solvers.annealing.search import Regions
from districting.solvers.columns import (
    BORDER,
    DEVIATION,
    DISTANCE,
    MOVED,
    NUMBER,
    TERMS,
    Columns,
    Measured,
    border_terms,
    indicator,
    no_columns,
    taken_regions,
    together,
)
from districting.solvers.exact.regions.master import Prices
from districting.solvers.generation.growth import Soil, grow_regions
from districting.solvers.generation.pricing import Priced, Pricer, distinct

#: Sizes closer than this are the same.
_HAIR = 1e-9


@dataclass(frozen=True)
class Titles:
    """Who a region may be.

    Parameters
    ----------
    community
        Shape (t,): whose successor, −1 for a new community.
    host, also
        Shape (t,): the node of the seat, and a further node that the region holds, −1 for none.
    cost
        Shape (n, t): distance term of each node; inf where the node may not lie in the region.
    room
        Shape (t,): part of the maximum that may be filled.
    resident
        Shape (t,): True where some household of the community must live in the region.
    """

    community: Ints
    host: Ints
    also: Ints
    cost: Floats
    room: Floats
    resident: Bools


class TitledPricer(Pricer):
    """Prices regions under titles.

    Parameters
    ----------
    measured
        The ground; nobody has a ``home`` there, since titles say who a region may be.
    titles
        All that there are.
    """

    def __init__(self, measured: Measured, titles: Titles) -> None:
        super().__init__(measured)
        self.titles = titles
        self.host = titles.host
        self._allowed = np.ascontiguousarray(np.isfinite(titles.cost).T)
        self._ways = np.where(self._allowed, titles.cost.T, 0.0)

    def count(self, regions: Regions) -> Columns:
        """Every region under each name that it may bear and as a new one, each at its best seat."""
        measured, titles, ground = self.measured, self.titles, self.measured.ground
        found = no_columns()
        if not len(regions):
            return found
        inside = indicator(regions, ground.n)
        legal = self._legal(regions, inside)
        border = border_terms(measured, inside)
        stray = np.abs(inside @ measured.size - measured.target)
        for community in np.unique(titles.community).tolist():
            mine = np.flatnonzero(titles.community == community)
            cost, seat = nearest_seats(ground, regions, titles.cost[:, mine], titles.host[mine])
            rows = np.flatnonzero(legal & np.isfinite(cost))
            title = mine[seat[rows]]
            stays = inside[rows] @ measured.own[:, community] if community >= 0 else np.zeros(len(rows))
            fits = self._roomy(inside[rows], titles.room[title])
            fits &= ~titles.resident[title] | (stays > 0)
            also = titles.also[title]
            for node in np.unique(also[also >= 0]).tolist():
                fits &= (also != node) | (inside[rows] @ _unit(ground.n, node) > 0.5)
            rows, title, stays = rows[fits], title[fits], stays[fits]
            terms = np.zeros((len(rows), len(TERMS)))
            terms[:, DISTANCE], terms[:, BORDER], terms[:, MOVED] = cost[rows], border[rows], -stays
            terms[:, NUMBER], terms[:, DEVIATION] = 1.0, stray[rows]
            label = np.full(len(rows), community, dtype=np.int64)
            found = together(found, Columns(taken_regions(regions, rows), title, label, terms))
        return found

    def price(
        self, prices: Prices, *, cuts: Ints, limit: float, every: bool, most_steps: int = 2_000_000,
        most_columns: int = 2_000_000, stop: Stop = never, before: Priced | None = None,
    ) -> Priced:  # fmt: skip
        """Columns whose reduced cost is at most ``limit``: all, or for each title ever better ones."""
        titles, weights = self.titles, prices.weights
        soils = {room: self._with_room(self._soil(prices, cuts), room) for room in set(titles.room.tolist())}
        least = np.full(len(titles.host), np.inf) if before is None else before.least.copy()
        ended = np.zeros(len(titles.host), dtype=np.bool_) if before is None else before.ended.copy()
        members: list[Ints] = []
        sizes: list[Ints] = []
        complete, steps, many = True, 0, 0
        for title, community in enumerate(titles.community.tolist()):
            if ended[title]:
                continue
            gains = weights[DISTANCE] * self._ways[title] - prices.nodes
            start = float(weights[NUMBER] - prices.number)
            if community >= 0:
                gains = gains - weights[MOVED] * self.measured.own[:, community]
                start -= float(prices.labels[community])
            count, done, bound, tried = grow_regions(
                soils[float(titles.room[title])], int(titles.host[title]), int(titles.also[title]), gains,
                self._allowed[title], start, limit, not every, most_steps, self._members, self._starts,
                self._prices,
            )  # fmt: skip
            steps += tried
            ended[title] = done
            if not done:
                complete = False
                least[title] = bound
            elif count and not every:
                least[title] = float(self._prices[count - 1])
            else:
                least[title] = max(bound, limit)
            if count:
                first = 0 if every else max(0, count - 5)
                begin, end = int(self._starts[first]), int(self._starts[count])
                members.append(self._members[begin:end].astype(np.int64))
                sizes.append(np.diff(self._starts[first : count + 1]))
                many += count - first
            if stop() or many > most_columns:
                least[title + 1 :] = np.where(ended[title + 1 :], least[title + 1 :], -np.inf)
                complete = False
                break
        return Priced(self.count(distinct(members, sizes)), least, complete, steps, ended)

    def _with_room(self, soil: Soil, room: float) -> Soil:
        """The ground where no region fills more than a part of the maximum."""
        return soil._replace(high=np.minimum(self._highest * room, self._weights.sum(axis=1)))

    def _legal(self, regions: Regions, inside: sparse.csr_array) -> Bools:
        """Which regions hold no set that is to be broken as a whole, and count as one."""
        measured = self.measured
        legal = np.ones(len(regions), dtype=np.bool_)
        for nodes in measured.ground.broken:
            legal &= np.asarray(inside[:, list(nodes)].sum(axis=1)).ravel() < len(nodes)
        if measured.whole is not None:
            pointers = regions.pointers
            held = [measured.whole(regions.members[a:b]) for a, b in itertools.pairwise(pointers)]
            legal &= np.array(held, dtype=np.bool_)
        return legal

    def _roomy(self, inside: sparse.csr_array, room: Floats) -> Bools:
        """Which regions fill some window, and some window of the horizon, to no more than their room."""
        ground = self.measured.ground
        fits = np.ones(inside.shape[0], dtype=np.bool_)
        for windows in (ground.windows, ground.horizon):
            some = np.full(len(fits), not windows)
            for window in windows:
                total = inside @ window.weights
                some |= (total >= window.low - _HAIR) & (total <= window.high * room + _HAIR)
            fits &= some
        return fits


def _unit(n: int, node: int) -> Floats:
    """1 at one node."""
    unit = np.zeros(n)
    unit[node] = 1.0
    return unit


def without_homes(measured: Measured, *, due: frozenset[int]) -> Measured:
    """The ground for titles: names are no longer tied to nodes, but some communities are due."""
    nobody = np.full(len(measured.home), -1, dtype=np.int64)
    return replace(measured, home=nobody, locked=np.zeros(len(nobody), dtype=np.bool_), due=due)
