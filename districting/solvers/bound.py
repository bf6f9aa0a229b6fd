"""A proved lower bound: knapsack Dantzig-Wolfe duals, and the pairs (node, seat) that it rules out.

For any duals π, with v_j the cheapest set of nodes around seat j that keeps the window,

    bound(π) = Σ π_i + sum of the k smallest v_j
    v_j = min of Σ_S (c_ij − π_i) over S ∋ host of j with low ≤ w(S) ≤ high

Contiguity, borders, ties and horizon are dropped, so it holds for every ground. The window stays whole: v_j is an
exact knapsack by dynamic programming (method: *region pool and bound*). Weights are rounded to cells and the
window is widened by all that rounding may have lost, so the bound stays valid.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numba import njit

from districting.plans.problem import Bools, Floats, Ints, Window
from districting.progress import Stop, never
from districting.solvers.ground import Ground

_MOST_CELLS = 20_000


@dataclass(frozen=True)
class Bound:
    """What the duals prove.

    Parameters
    ----------
    value
        Lower bound on the cost of every plan.
    duals
        Shape (n,).
    keep
        Shape (n, m): False where a plan cheaper than the upper bound given cannot serve the node from the seat.
    """

    value: float
    duals: Floats
    keep: Bools


@dataclass(frozen=True)
class _Cells:
    """One window in whole cells: weight of each node, and per seat the widest range that may hold it."""

    weights: Ints
    low: Ints
    high: Ints


def _cells(window: Window, highs: Floats, wanted: int, finest: float) -> _Cells:
    """Round the window to about ``wanted`` cells, and to at least ``finest`` between its bounds."""
    weights = window.weights
    top = float(min(highs.max(), weights.sum()))
    narrow = max(float(highs.min()) - window.low, 1.0)
    cells = min(_MOST_CELLS, max(wanted, int(finest * top / narrow)))
    unit = max(1.0, np.floor(top / cells)) if np.all(weights == np.floor(weights)) else max(top / cells, 1e-9)
    rounded = np.round(weights / unit).astype(np.int64)
    error = rounded * unit - weights
    # a district holds at most so many nodes with weight, so only that many errors can add up
    positive = np.sort(weights[weights > 0])
    most = int(np.searchsorted(np.cumsum(positive), highs.max(), side="right")) + 1
    lost = -np.sort(error)[:most].clip(max=0.0).sum()
    won = np.sort(error)[::-1][:most].clip(min=0.0).sum()
    low = np.full(len(highs), max(0, int(np.ceil((window.low - lost) / unit - 1e-9))))
    high = np.floor((np.minimum(highs, weights.sum()) + won) / unit + 1e-9).astype(np.int64)
    return _Cells(rounded, low.astype(np.int64), high)


def _ranked(cost: Floats, duals: Floats, weights: Ints) -> Ints:
    """Nodes of each seat, shape (m, n), best by reduced cost per weight first; those not allowed last."""
    per_weight: Floats = (cost - duals[:, None]) / np.maximum(weights, 1)[:, None]
    return np.ascontiguousarray(np.argsort(per_weight.T, axis=1, kind="stable").astype(np.int64))


@njit(cache=True)
def _evaluate(
    cost: Floats, host: Ints, duals: Floats, weights: Ints, low: Ints, high: Ints, most: int, ranked: Ints,
    taken: npt.NDArray[np.uint8],
) -> Floats:  # fmt: skip
    """Value v_j of each seat from its ``most`` best nodes; ``taken`` (m, n) receives each optimal set.

    Leaving nodes out makes the value no bound: good enough to step by, `_forced` proves.
    """
    n, m = cost.shape
    values = np.full(m, np.inf)
    width = 1
    for seat in range(m):
        width = max(width, high[seat] + 1)
    order = np.empty(n, np.int64)
    gain = np.empty(n)
    best = np.empty(width)
    took = np.empty((n, width), np.uint8)
    for seat in range(m):
        for i in range(n):
            taken[seat, i] = 0
        home = host[seat]
        if not np.isfinite(cost[home, seat]) or weights[home] > high[seat]:
            continue
        top = high[seat]
        base = cost[home, seat] - duals[home]
        many = 0
        for t in range(n):
            i = ranked[seat, t]
            value = cost[i, seat] - duals[i]
            if i == home or not np.isfinite(value):
                continue
            if weights[i] == 0:
                # nobody lives there: taken at once where it pays
                if value < 0.0:
                    base += value
                    taken[seat, i] = 1
            elif many < most and weights[i] + weights[home] <= top and (value < 0.0 or low[seat] > weights[home]):
                order[many] = i
                gain[many] = value
                many += 1
        for w in range(top + 1):
            best[w] = np.inf
        reach = weights[home]
        best[reach] = base
        for t in range(many):
            weight, value = weights[order[t]], gain[t]
            reach = min(top, reach + weight)
            for w in range(top + 1):
                took[t, w] = 0
            for w in range(reach, weight - 1, -1):
                with_it = best[w - weight] + value
                if with_it < best[w]:
                    best[w] = with_it
                    took[t, w] = 1
        spot = -1
        for w in range(low[seat], top + 1):
            if best[w] < values[seat]:
                values[seat] = best[w]
                spot = w
        if spot < 0:
            continue
        taken[seat, home] = 1
        for t in range(many - 1, -1, -1):
            if took[t, spot] == 1:
                taken[seat, order[t]] = 1
                spot -= weights[order[t]]
    return values


@njit(cache=True)
def _forced(cost: Floats, host: Ints, duals: Floats, weights: Ints, low: Ints, high: Ints) -> Floats:
    """Value of each seat's best set that holds a given node, shape (n, m); inf where there is none."""
    n, m = cost.shape
    forced = np.full((n, m), np.inf)
    width = 1
    for seat in range(m):
        width = max(width, high[seat] + 1)
    order = np.empty(n, np.int64)
    gain = np.empty(n)
    ahead = np.empty((n + 1, width))
    behind = np.empty(width)
    for seat in range(m):
        home = host[seat]
        if not np.isfinite(cost[home, seat]) or weights[home] > high[seat]:
            continue
        top = high[seat]
        many = 0
        base = cost[home, seat] - duals[home]
        for i in range(n):
            if i != home and np.isfinite(cost[i, seat]):
                if weights[i] == 0:
                    base += min(0.0, cost[i, seat] - duals[i])
                elif weights[i] + weights[home] <= top:
                    order[many] = i
                    gain[many] = cost[i, seat] - duals[i]
                    many += 1
        for w in range(top + 1):
            ahead[0, w] = np.inf
            behind[w] = 0.0 if w >= low[seat] else np.inf
        ahead[0, weights[home]] = base
        for t in range(many):
            weight, value = weights[order[t]], gain[t]
            for w in range(min(weight, top + 1)):
                ahead[t + 1, w] = ahead[t, w]
            for w in range(weight, top + 1):
                ahead[t + 1, w] = min(ahead[t, w], ahead[t, w - weight] + value)
        for t in range(many - 1, -1, -1):
            weight, value = weights[order[t]], gain[t]
            best = np.inf
            for w in range(top + 1 - weight):
                best = min(best, ahead[t, w] + behind[w + weight])
            forced[order[t], seat] = best + value
            for w in range(top + 1 - weight):
                behind[w] = min(behind[w], behind[w + weight] + value)
        best = base + behind[weights[home]]
        forced[home, seat] = best
        for i in range(n):
            if weights[i] == 0 and i != home and np.isfinite(cost[i, seat]):
                forced[i, seat] = best + max(0.0, cost[i, seat] - duals[i])
    return forced


def _chosen(ground: Ground, values: Floats) -> tuple[Ints, Floats, float]:
    """Seats that the relaxation opens, what each seat would replace, and their sum.

    Two seats in one node are never both open, so the k smallest are taken over hosts.
    """
    if ground.fixed:
        return np.arange(ground.m), values, float(values.sum())
    by_host = np.full(ground.n, np.inf)
    np.minimum.at(by_host, ground.host, values)
    order = np.argsort(by_host, kind="stable")[: ground.number]
    replaced = np.full(ground.n, by_host[order[-1]])
    replaced[order] = by_host[order]
    best = np.lexsort((values, ground.host))
    first = best[np.unique(ground.host[best], return_index=True)[1]]  # cheapest seat of each host
    return first[order], replaced[ground.host], float(by_host[order].sum())


class _Relaxation:
    """The knapsacks of one ground, evaluated at many duals."""

    def __init__(self, ground: Ground, cells: int, finest: float) -> None:
        self.ground = ground
        self.sizes = [_cells(w, ground.highs(w), cells, finest) for w in ground.windows]
        self.taken = [np.zeros((ground.m, ground.n), dtype=np.uint8) for _ in self.sizes]

    def at(self, duals: Floats, most: int) -> tuple[float, Floats]:
        """Value (inf if no seat set fits) and how often each node is missed."""
        ground = self.ground
        parts = [
            _evaluate(
                ground.cost,
                ground.host,
                duals,
                s.weights,
                s.low,
                s.high,
                most,
                _ranked(ground.cost, duals, s.weights),
                t,
            )
            for s, t in zip(self.sizes, self.taken, strict=True)
        ]
        which = np.argmin(parts, axis=0)
        opened, _, total = _chosen(ground, np.min(parts, axis=0))
        if not np.isfinite(total):
            return float("inf"), np.zeros(ground.n)
        covered = np.array([self.taken[which[j]][j] for j in opened]).sum(axis=0)
        return float(duals.sum() + total), 1.0 - covered


def _ascend(relaxation: _Relaxation, duals: Floats, upper: float, rounds: int, stop: Stop) -> Floats:
    """Better duals by deflected subgradient steps that aim at the upper bound (Polyak)."""
    ground = relaxation.ground
    most = max(24, 4 * ground.n // ground.number)
    pi, best, best_value, direction = duals, duals, -np.inf, np.zeros(ground.n)
    step, stalled = 1.0, 0
    for _ in range(rounds):
        value, slope = relaxation.at(pi, most)
        if not np.isfinite(value):
            break
        if value > best_value:
            stalled = 0 if value > best_value + 1e-5 * abs(value) else stalled + 1
            best, best_value = pi, value
        else:
            stalled += 1
        if stalled >= 8:
            step, stalled = 0.6 * step, 0
            pi, direction = best, np.zeros(ground.n)
            value, slope = relaxation.at(pi, most)
        aim = upper if np.isfinite(upper) else best_value + 0.02 * abs(best_value)
        if not slope.any() or aim - value <= 1e-9 * abs(aim) or stop():
            break
        direction = slope + 0.6 * direction
        pi = pi + step * (aim - value) / max(float(direction @ direction), 1e-12) * direction
    return best


def lower_bound(
    ground: Ground,
    *,
    upper: float,
    duals: Floats | None = None,
    stages: tuple[int, ...] = (30, 60, 120, 240),
    time_limit_s: float = 20.0,
    stop: Stop = never,
) -> Bound:
    """Raise the duals, rule out pairs, and again on the pairs left, where each step is cheaper and sharper.

    Parameters
    ----------
    ground
        What is asked.
    upper
        Cost of a known plan, or inf; the steps aim at it and pairs are ruled out against it. The bound is never
        above it.
    duals
        To start from, e.g. those of the region pool's linear program.
    stages
        Steps before each ruling out.
    time_limit_s
        Wall time, asked between steps.
    stop
        Asked between steps.
    """
    began = time.monotonic()

    def late() -> bool:
        return stop() or time.monotonic() - began > time_limit_s

    pi = np.min(
        np.where(np.isfinite(ground.cost), ground.cost, ground.cost[np.isfinite(ground.cost)].max()), axis=1
    )
    if duals is not None:
        pi = duals
    best = Bound(-np.inf, pi, np.isfinite(ground.cost))
    for stage, rounds in enumerate(stages):
        if stage and (late() or best.value >= upper - 1e-9 * abs(upper)):
            break
        pi = _ascend(_Relaxation(ground, 800, 10.0), pi, upper, rounds, late)
        proved = _prove(ground, _Relaxation(ground, 3000, 40.0).sizes, pi, upper)
        keep = proved.keep & best.keep
        shrunk = keep.sum() < 0.97 * best.keep.sum()
        best = Bound(min(max(best.value, proved.value), upper), pi, keep)
        if stage and not shrunk:
            break
        ground = narrowed(ground, keep)
    return best


def _prove(ground: Ground, sizes: list[_Cells], duals: Floats, upper: float) -> Bound:
    """Evaluate on every pair, without shortcuts, and rule out pairs."""
    forced = np.min(
        [_forced(ground.cost, ground.host, duals, s.weights, s.low, s.high) for s in sizes], axis=0
    )  # (n, m)
    values = forced[ground.host, np.arange(ground.m)]
    _, replaced, total = _chosen(ground, values)
    value = float(duals.sum() + total)
    if not np.isfinite(value):
        # some seats have no legal set at all: with too few others, or fixed, there is no plan
        return Bound(float(np.inf), duals, np.zeros(ground.cost.shape, dtype=np.bool_))
    keep = np.isfinite(forced)
    if np.isfinite(upper):
        keep &= value - replaced[None, :] + forced <= upper + 1e-7 * max(1.0, abs(upper))
    keep &= keep[ground.host, np.arange(ground.m)][None, :]
    return Bound(value, duals, keep)


def narrowed(ground: Ground, keep: Bools) -> Ground:
    """The same ground without the pairs that are ruled out, so that the next bound sees fewer."""
    return replace(ground, cost=np.where(keep, ground.cost, np.inf))
