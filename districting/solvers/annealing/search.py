"""Simulated annealing on connected plans that remembers every legal region it walks through. Compiled, seeded.

Moves: flip one node over a border, swap two, recombine two districts along a random tree. Windows, ties and
forbidden pairs are soft while it walks; only regions that hold them all are kept. Nothing here proves anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from districting.plans.problem import Floats, Ints
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.annealing.board import board_of, typical_change
from districting.solvers.annealing.construct import grow
from districting.solvers.annealing.moves import (
    Board,
    State,
    Words,
    border_change,
    breach_with,
    count_all,
    draw,
    flip,
    inner,
    pick,
    served_with,
    settle,
    stays_whole,
    tie_changes,
    tree_cut,
)
from districting.solvers.ground import Ground

_RECOMBINE = 0.01
_SWAP = 0.25
_EMPTY = np.uint64(0)
#: Moves between two questions whether to end.
_AT_ONCE = 200_000


@dataclass(frozen=True)
class Regions:
    """Legal regions in compressed rows: region r is ``members[pointers[r]:pointers[r + 1]]``, ascending."""

    pointers: Ints
    members: Ints

    def __len__(self) -> int:
        return len(self.pointers) - 1


@dataclass(frozen=True)
class Found:
    """What a search has seen: the best plan (None if none was legal), its cost, and all legal regions."""

    part: Ints | None
    cost: float
    regions: Regions


def _state(n: int, board: Board, k: int) -> State:
    """An empty state."""
    m, q = board.cost.shape[1], len(board.weights)
    whole = np.int64
    return State(
        np.zeros(n, whole), np.zeros((k, n), whole), np.zeros(k, whole), np.zeros(n, whole), np.zeros(m),
        np.zeros((q, k)), np.zeros(k), np.zeros(k), np.zeros(k, whole), np.zeros(n, whole), np.zeros(n + 1, whole),
    )  # fmt: skip


@inner
def _remember(
    state: State, board: Board, district: int, words: Words, table: Words, starts: Ints,
    flat: npt.NDArray[np.int32], filled: Ints,
) -> None:  # fmt: skip
    """Keep the district's members if it is legal, new, and there is room. ``filled``: regions, members."""
    if state.breach[district] > 0.0 or state.ties[district] > 0 or state.served[district] >= board.dear:
        return
    key = np.uint64(district + 1) * np.uint64(11400714819323198485) if board.fixed else np.uint64(1)
    for t in range(state.size[district]):
        key ^= words[state.members[district, t]]
    if key == _EMPTY:
        key = np.uint64(1)
    mask = np.uint64(len(table) - 1)
    spot = key & mask
    while table[spot] != _EMPTY:
        if table[spot] == key:
            return
        spot = (spot + np.uint64(1)) & mask
    many = state.size[district]
    if filled[0] + 1 >= len(starts) or filled[1] + many > len(flat):
        return
    table[spot] = key
    for t in range(many):
        flat[filled[1] + t] = state.members[district, t]
    filled[0] += 1
    filled[1] += many
    starts[filled[0]] = filled[1]


@inner
def _broken(state: State, board: Board, d: int) -> int:
    """1 if the district breaks anything, else 0."""
    return 1 if state.breach[d] > 0.0 or state.ties[d] > 0 or state.served[d] >= board.dear else 0


@inner
def _tallied(state: State, board: Board) -> tuple[float, int]:
    """Cost of all districts from their seats, and how many break something."""
    served, broken = 0.0, 0
    for d in range(len(state.size)):
        served += state.served[d]
        broken += _broken(state, board, d)
    return served, broken


@inner
def _partner(board: Board, state: State, random: Words, node: int, old: int, new: int) -> int:
    """A node of ``new`` that may go over to ``old`` in exchange for ``node``; −1 if a few draws met none."""
    for _ in range(4):
        other = int(state.members[new, pick(random, state.size[new])])
        if board.anchor[other] < 0:
            for t in range(board.pointers[other], board.pointers[other + 1]):
                near = board.neighbours[t]
                if near != node and state.part[near] == old:
                    return other
    return -1


@njit(cache=True)
def _anneal(
    board: Board, state: State, random: Words, moves: int, begin: int, end: int, heat: float, freeze: float,
    below: float, words: Words, table: Words, starts: Ints, flat: npt.NDArray[np.int32], filled: Ints, best: Ints,
    gauge: Floats,
) -> float:  # fmt: skip
    """Cool from ``heat`` to ``freeze``; the best legal plan goes to ``best``; return its cost, inf if none.

    Only moves ``begin`` to ``end`` of all ``moves`` are made, so that somebody can ask for an end in between;
    ``gauge`` carries the charge of a breach and the lowest cost on to the next call.

    A move names the nodes that change sides between two districts. Flips and swaps are priced before they are
    made, recombinations after.
    """
    n = len(state.part)
    charge = count_all(board, state)
    fine, lowest = gauge[0], gauge[1]  # fine: what a breach as large as a whole district costs
    cooling = (freeze / heat) ** (1.0 / moves)
    warmth = heat * cooling**begin
    side = np.zeros(n, np.int64)
    moved = np.empty(n, np.int64)
    inside = 0
    served, broken = _tallied(state, board)
    pending = False  # the plan is the best, and not written down yet
    for move in range(begin, end):
        warmth *= cooling
        inside += 1 if broken == 0 else 0
        if move % 4096 == 4095:
            # stay inside the rules for a good part of the walk: dearer while outside, cheaper while inside
            fine *= 1.1 if inside < 1200 else (0.9 if inside > 2800 else 1.0)
            fine = min(max(fine, warmth), 1000.0 * heat)
            inside = 0
            charge = count_all(board, state)
            served, broken = _tallied(state, board)
        node = pick(random, n)
        degree = board.pointers[node + 1] - board.pointers[node]
        if degree == 0:
            continue
        old = state.part[node]
        new = state.part[board.neighbours[board.pointers[node] + pick(random, degree)]]
        if new == old:
            continue
        kind = draw(random)
        recombines = kind < _RECOMBINE
        swaps = not recombines and kind < _RECOMBINE + _SWAP
        before = state.served[old] + state.served[new]
        wrong = state.breach[old] + state.breach[new]
        faulty = _broken(state, board, old) + _broken(state, board, new)
        many = 0
        sure = False
        if recombines:
            if tree_cut(board, state, random, old, new, side) == 0:
                continue
            for home, leaves in ((old, 2), (new, 1)):
                for t in range(state.size[home]):
                    if side[state.members[home, t]] == leaves:
                        moved[many] = state.members[home, t]
                        many += 1
        else:
            if board.anchor[node] >= 0 or (not swaps and state.size[old] == 1):
                continue
            if not stays_whole(board, state, node, old):
                continue
            back = -1
            if swaps:
                back = _partner(board, state, random, node, old, new)
                if back < 0:
                    continue
            delta = (
                served_with(board, state, old, back, node) + served_with(board, state, new, node, back) - before
            )
            delta += fine * (
                breach_with(board, state, old, back, node) + breach_with(board, state, new, node, back)
            )
            delta -= fine * wrong
            moved[0] = node
            many = 1
            if swaps:
                # the border, the ties and the whole come with the flips: first the cheap no
                if delta > 20.0 * warmth:
                    continue
                moved[1] = back
                many = 2
            else:
                in_old, in_new = tie_changes(board, state, node, old, new)
                delta += border_change(board, state, node, old, new) + fine * 0.5 * (in_old + in_new)
                if delta > 0.0 and draw(random) >= np.exp(-delta / warmth):
                    continue
                sure = True
        change = 0.0
        tied = state.ties[old] + state.ties[new]
        sound = True
        for t in range(many):
            home = state.part[moved[t]]
            goal = new if home == old else old
            if swaps and t == 1:
                sound = stays_whole(board, state, moved[t], home)
            change += border_change(board, state, moved[t], home, goal)
            flip(board, state, moved[t], goal)
        settle(board, state, old, new)
        if not sure:
            delta = state.served[old] + state.served[new] - before + change
            delta += fine * (state.breach[old] + state.breach[new] - wrong)
            delta += fine * 0.5 * (state.ties[old] + state.ties[new] - tied)
            if not sound or (delta > 0.0 and draw(random) >= np.exp(-delta / warmth)):
                for t in range(many):
                    flip(board, state, moved[t], new if state.part[moved[t]] == old else old)
                settle(board, state, old, new)
                continue
        charge += change
        if warmth < below:
            for d in (old, new):
                _remember(state, board, d, words, table, starts, flat, filled)
        served += state.served[old] + state.served[new] - before
        broken += _broken(state, board, old) + _broken(state, board, new) - faulty
        if broken == 0 and charge + served < lowest - 1e-9:
            lowest = charge + served
            pending = True
        elif pending:
            # the best was the plan before this move
            for i in range(n):
                best[i] = state.part[i]
            for t in range(many):
                best[moved[t]] = new if state.part[moved[t]] == old else old
            pending = False
    if pending:
        for i in range(n):
            best[i] = state.part[i]
    gauge[0], gauge[1] = fine, lowest
    if end == moves and lowest < np.inf:
        for i in range(n):
            state.part[i] = best[i]
        count_all(board, state)
        for d in range(len(state.size)):
            _remember(state, board, d, words, table, starts, flat, filled)
    return float(lowest)


def search(
    ground: Ground,
    *,
    seed: int,
    starts: int = 6,
    moves: int | None = None,
    most_regions: int = 300_000,
    first: Ints | None = None,
    time_left: Stop = never,
    progress: Progress = silent,
) -> Found:
    """Anneal from several starts and collect the legal regions seen on the way.

    Parameters
    ----------
    ground
        What is asked.
    seed
        Of everything random; the same seed gives the same regions in the same order.
    starts
        Independent walks; each adds to the same regions.
    moves
        Per walk; None: by the number of nodes.
    most_regions
        Room for regions.
    first
        A plan to begin the first walk from, or None.
    time_left
        Asked now and then: True ends the search.
    progress
        Told after each walk.
    """
    n, k = ground.n, ground.number
    board = board_of(ground)
    state = _state(n, board, k)
    rng = np.random.default_rng(seed)
    words = rng.integers(1, np.iinfo(np.uint64).max, size=n, dtype=np.uint64)
    random = rng.integers(1, np.iinfo(np.uint64).max, size=1, dtype=np.uint64)
    table = np.zeros(1 << int(np.ceil(np.log2(most_regions * 2))), dtype=np.uint64)
    room = np.zeros(most_regions + 1, dtype=np.int64)
    flat = np.zeros(min(most_regions * (2 * n // k + 8), 40_000_000), dtype=np.int32)
    filled = np.zeros(2, dtype=np.int64)
    heat = typical_change(ground)
    if moves is None:
        # fixed seats are cheap to price, and their capacities usually tight
        moves = 15_000 * n if ground.fixed else max(20_000, 2_500 * n)
    best, lowest = np.full(n, -1, dtype=np.int64), np.inf
    for start in range(starts):
        if start and time_left():
            break
        part = first if first is not None and start == 0 else grow(board, k, random)
        if part.min() < 0:
            break
        state.part[:] = part
        trial = np.zeros(n, dtype=np.int64)
        gauge = np.array([4.0 * heat, np.inf])
        cost = np.inf
        for begin in range(0, moves, _AT_ONCE):
            cost = _anneal(
                board, state, random, moves, begin, min(begin + _AT_ONCE, moves), heat, heat / 300.0, heat / 3.0,
                words, table, room, flat, filled, trial, gauge,
            )  # fmt: skip
            if time_left():
                break
        if cost < lowest - 1e-9:
            best, lowest = trial, cost
        progress(Step("stage.solve", start + 1, starts, incumbent=lowest if np.isfinite(lowest) else None))
    regions = Regions(room[: filled[0] + 1].copy(), _ascending(room[: filled[0] + 1], flat[: filled[1]]))
    return Found(best if np.isfinite(lowest) else None, float(lowest), regions)


def _ascending(pointers: Ints, members: npt.NDArray[np.int32]) -> Ints:
    """Members sorted within each region."""
    owner = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
    return members[np.lexsort((members, owner))].astype(np.int64)


def total_cost(ground: Ground, part: Ints) -> tuple[float, Ints]:
    """Cost of a plan and the seat of each district, from the ground alone; (inf, …) if a district has no seat."""
    served: Floats = np.zeros(ground.number)
    seats = np.full(ground.number, -1, dtype=np.int64)
    for d in range(ground.number):
        inside = np.flatnonzero(part == d)
        here = np.array([d]) if ground.fixed else np.flatnonzero(np.isin(ground.host, inside))
        sums = ground.cost[np.ix_(inside, here)].sum(axis=0)
        served[d] = sums.min()
        seats[d] = here[int(sums.argmin())]
    cut = part[ground.edges[:, 0]] != part[ground.edges[:, 1]]
    return float(served.sum() + ground.border[cut].sum()), seats
