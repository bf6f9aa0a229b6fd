"""A proved lower bound for few large districts: fractional knapsacks around each seat.

For duals π, v_j is the cheapest *fractional* set of nodes around seat j that keeps the window,

    v_j = min Σ_i (c_ij − π_i) x_i,  x_host = 1,  low ≤ Σ w_i x_i ≤ high,  0 ≤ x ≤ 1
        = max over λ of  r_host + Σ_i min(0, r_i − λ w_i) + (λ ≥ 0 ? λ low : λ high)

    bound(π) = Σ π_i + the cheapest choice of as many seats of each group as its quota says

At the best π this is the linear program of Hess's model. Every λ gives a valid v_j, so rounding cannot spoil the
bound. Where nodes are small against the window, as in census tracts, it lies within some 0.1 % of the truth and
costs a thousandth of the knapsacks of `bound`, which keep weights whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from districting.plans.problem import Floats, Ints
from districting.progress import Stop, never
from districting.solvers.ground import Ground


@dataclass(frozen=True)
class Seating:
    """Where seats may stand: how many are opened in each group of candidates.

    Parameters
    ----------
    group
        Shape (m,), group of each candidate seat; −1: closed.
    quota
        Shape (g,), seats to be opened in each group.
    """

    group: Ints
    quota: Ints

    @property
    def seats(self) -> Ints:
        """Candidates that are not closed, ascending."""
        return np.flatnonzero(self.group >= 0)


@dataclass(frozen=True)
class Priced:
    """What duals prove of a seating.

    Parameters
    ----------
    value
        Lower bound; inf if the quotas cannot be met.
    duals
        Shape (n,).
    values
        Shape (m,), v_j; inf where the seat is closed or has no set.
    slopes
        Shape (m,), λ_j.
    opened
        Seats of the cheapest choice.
    replaced
        Shape (m,): the value that leaves the choice when the seat enters it; its own value for those chosen.
    """

    value: float
    duals: Floats
    values: Floats
    slopes: Floats
    opened: Ints
    replaced: Floats


@njit(cache=True)
def _critical(ratio: Floats, weight: Floats, many: int, target: float) -> float:
    """Ratio at which the items of smaller ratio, in order, reach ``target``; both arrays are reordered."""
    low, high = 0, many
    while high - low > 1:
        a, b, c = ratio[low], ratio[(low + high) // 2], ratio[high - 1]
        pivot = max(min(a, b), min(max(a, b), c))
        # three ways: smaller | equal | larger
        less, here, more = low, low, high
        below, equal = 0.0, 0.0
        while here < more:
            r = ratio[here]
            if r < pivot:
                w = weight[here]
                below += w
                ratio[here], weight[here] = ratio[less], weight[less]
                ratio[less], weight[less] = r, w
                less += 1
                here += 1
            elif r > pivot:
                more -= 1
                ratio[here], ratio[more] = ratio[more], r
                weight[here], weight[more] = weight[more], weight[here]
            else:
                equal += weight[here]
                here += 1
        if target < below:
            high = less
        elif target <= below + equal:
            return float(pivot)
        else:
            target -= below + equal
            low = more
    return float(ratio[min(low, many - 1)])


@njit(cache=True)
def _price(
    cost: Floats, host: Ints, duals: Floats, weights: Floats, low: Floats, high: Floats, seats: Ints,
    values: Floats, slopes: Floats,
) -> None:  # fmt: skip
    """Fill v_j and λ_j of some seats. ``cost`` is (m, n) here: a row per seat."""
    n = len(duals)
    ratio = np.empty(n)
    weight = np.empty(n)
    for at in range(len(seats)):
        seat = seats[at]
        home = host[seat]
        values[seat] = np.inf
        slopes[seat] = 0.0
        if not np.isfinite(cost[seat, home]):
            continue
        floor = low[seat] - weights[home]
        top = high[seat] - weights[home]
        if top < 0.0:
            continue
        free = 0.0  # weight of what pays for itself
        whole = 0.0
        for i in range(n):
            if i != home and np.isfinite(cost[seat, i]):
                whole += weights[i]
                if cost[seat, i] < duals[i]:
                    free += weights[i]
        if whole < floor - 1e-9 * abs(floor):
            continue
        slope = 0.0
        if free > top or free < floor:
            many = 0
            over = free > top
            for i in range(n):
                if i != home and weights[i] > 0.0 and np.isfinite(cost[seat, i]):
                    r = cost[seat, i] - duals[i]
                    if (r < 0.0) == over:
                        ratio[many] = r / weights[i]
                        weight[many] = weights[i]
                        many += 1
            slope = _critical(ratio, weight, many, top if over else floor - free)
            slope = min(slope, 0.0) if over else max(slope, 0.0)
        value = cost[seat, home] - duals[home] + slope * (floor if slope >= 0.0 else top)
        for i in range(n):
            if i != home and np.isfinite(cost[seat, i]):
                value += min(0.0, cost[seat, i] - duals[i] - slope * weights[i])
        values[seat] = value
        slopes[seat] = slope


@njit(cache=True)
def _cover(
    cost: Floats, host: Ints, duals: Floats, weights: Floats, low: Floats, high: Floats, opened: Ints,
    slopes: Floats, covered: Floats,
) -> None:  # fmt: skip
    """Add up how much of each node the opened seats' fractional sets take."""
    n = len(duals)
    for at in range(len(opened)):
        seat = opened[at]
        home, slope = host[seat], slopes[seat]
        taken = weights[home]
        level = 0.0
        for i in range(n):
            if i == home:
                covered[i] += 1.0
            elif np.isfinite(cost[seat, i]):
                r = cost[seat, i] - duals[i]
                edge = 1e-11 * (abs(r) + abs(cost[seat, i]) + abs(duals[i]))
                if r - slope * weights[i] < -edge:
                    covered[i] += 1.0
                    taken += weights[i]
                elif r - slope * weights[i] <= edge:
                    level += weights[i]
        if slope == 0.0 or level <= 0.0:
            continue
        # the items on the edge share what is left to the bound
        part = ((low[seat] if slope > 0.0 else high[seat]) - taken) / level
        part = min(1.0, max(0.0, part))
        for i in range(n):
            if i != home and np.isfinite(cost[seat, i]):
                r = cost[seat, i] - duals[i]
                edge = 1e-11 * (abs(r) + abs(cost[seat, i]) + abs(duals[i]))
                if abs(r - slope * weights[i]) <= edge:
                    covered[i] += part


def _choose(seating: Seating, seats: Ints, values: Floats) -> tuple[Ints, Floats, float]:
    """Cheapest seats of each group, what a seat would replace, and their sum."""
    opened, total = [], 0.0
    replaced = np.full(len(values), np.inf)
    for g, wanted in enumerate(seating.quota.tolist()):
        inside = seats[seating.group[seats] == g]
        if wanted == 0:
            continue
        if len(inside) < wanted:
            return np.zeros(0, dtype=np.int64), replaced, float("inf")
        order = inside[np.argsort(values[inside], kind="stable")]
        chosen = order[:wanted]
        replaced[inside] = values[chosen[-1]]
        replaced[chosen] = values[chosen]
        opened.append(chosen)
        total += float(values[chosen].sum())
    return np.concatenate(opened), replaced, total


class Knapsacks:
    """The fractional knapsacks of one ground, evaluated at many duals.

    Free seats, one seat a node, one window; what else a ground may ask is left out, so the bound holds for it.
    """

    def __init__(self, ground: Ground, cost: Floats | None = None) -> None:
        window = ground.windows[0]
        self.number = ground.number
        self.cost = np.ascontiguousarray(ground.cost.T) if cost is None else cost  # (m, n)
        self.host = ground.host
        self.weights = np.ascontiguousarray(window.weights, dtype=np.float64)
        self.low = np.full(ground.m, float(window.low))
        self.high = np.minimum(ground.highs(window), self.weights.sum()).astype(np.float64)

    def at(self, duals: Floats, seating: Seating) -> Priced:
        """Bound at these duals."""
        m = len(self.host)
        values, slopes = np.full(m, np.inf), np.zeros(m)
        seats = seating.seats
        _price(self.cost, self.host, duals, self.weights, self.low, self.high, seats, values, slopes)
        opened, replaced, total = _choose(seating, seats, values)
        return Priced(float(duals.sum()) + total, duals, values, slopes, opened, replaced)

    def missed(self, priced: Priced) -> Floats:
        """Subgradient: 1 − how much of each node the opened seats take, shape (n,)."""
        covered = np.zeros(len(priced.duals))
        _cover(
            self.cost, self.host, priced.duals, self.weights, self.low, self.high, priced.opened, priced.slopes,
            covered,
        )  # fmt: skip
        return 1.0 - covered


def raise_bound(
    knapsacks: Knapsacks,
    seating: Seating,
    duals: Floats,
    *,
    aim: float,
    rounds: int,
    step: float = 1.0,
    stop: Stop = never,
) -> Priced:
    """Better duals by deflected subgradient steps that aim at a value (Polyak).

    Parameters
    ----------
    aim
        What the steps aim at: the cost of a plan, or a little above the bound where none is known.
    rounds
        Steps.
    step
        Length of the first steps, 1 for Polyak's; shorter after stalling.
    stop
        Asked at every step.
    """
    best = here = knapsacks.at(duals, seating)
    direction = np.zeros(len(duals))
    stalled = 0
    for _ in range(rounds):
        if not np.isfinite(here.value) or best.value >= aim - 1e-9 * abs(aim) or stop():
            break
        slope = knapsacks.missed(here)
        direction = slope + 0.7 * direction
        length = float(direction @ direction)
        if length <= 1e-18:
            break
        here = knapsacks.at(here.duals + step * (aim - here.value) / length * direction, seating)
        if here.value > best.value:
            stalled = 0 if here.value > best.value + 0.01 * (aim - best.value) else stalled + 1
            best = here
        else:
            stalled += 1
        if stalled >= 12:
            step, stalled = 0.6 * step, 0
            here, direction = best, np.zeros(len(duals))
            if step < 1e-3:
                break
    return best
