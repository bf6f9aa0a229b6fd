"""The best division within the size bounds or, where none exists, the one nearest to them: always an answer.

For land that must be divided whatever its size, as communities into grids. Arithmetic comes first: k parts hold
between k · low and k · high. Where arithmetic or the land leaves no legal division, the bounds are widened by as
little as a proof allows, number of parts by number of parts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from districting.plans.problem import Floats, Problem, Window
from districting.progress import Progress, Stop, never, silent
from districting.solvers.nearest_fit.pockets import settle_pockets
from districting.solvers.nearest_fit.small import divide_small, is_small
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage
from districting.solvers.redraw.redraw import solve_redraw
from districting.solvers.result import Chosen, Result, Solution, Term

#: What a part too large or too small is told by first: sizes near the target, whatever the borders.
_SIZES_FIRST = Profile("sizes-first", (Stage({"deviation_households": 1.0}),), "free")
#: Numbers of parts that are tried where arithmetic allows none.
NUMBERS_TRIED = 3
#: Widening the bounds ends within this many households of the least that is enough.
CLOSE = 5.0


@dataclass(frozen=True)
class Excess:
    """By how many households parts miss their bounds.

    Parameters
    ----------
    total
        Σ over parts: households above the maximum or short of the minimum.
    lower_bound
        No division misses them by less in all.
    parts
        Of the division.
    cause
        ``"arithmetic"``: no number of parts fits. ``"land"``: numbers would fit, but the atoms of the land do not
        (compounds whole, parts in one piece). Empty: nothing misses its bounds.
    """

    total: float
    lower_bound: float
    parts: int
    cause: str


def excess_of(sizes: Floats, window: Window) -> float:
    """Households above the maximum or short of the minimum, summed over parts.

    Examples
    --------
    >>> excess_of(np.array([520.0, 280.0, 400.0]), Window("households", np.zeros(0), 300, 500))
    40.0
    """
    return float((np.maximum(sizes - window.high, 0.0) + np.maximum(window.low - sizes, 0.0)).sum())


def least_excess(total: float, parts: int, window: Window) -> float:
    """What ``parts`` parts of ``total`` households miss their bounds by at least, whatever the land.

    Examples
    --------
    >>> bounds = Window("households", np.zeros(0), 300.0, 500.0)
    >>> [least_excess(540.0, parts, bounds) for parts in (1, 2)]
    [40.0, 60.0]
    """
    return max(0.0, total - parts * window.high, parts * window.low - total)


def solve_nearest(
    problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never
) -> tuple[Result, Excess]:
    """Divide the land, within the bounds of its one window if that can be, else as near to them as can be.

    Parameters
    ----------
    problem
        One window. An atom above the maximum counts as exactly the maximum: nobody else can join it, and what it
        has too much is not the division's fault. Dead ends count as `pockets` says.
    params
        Time (as much again, twice, for widening the bounds), gap, seed, profile.
    progress, stop
        Told and asked on the way.

    Returns
    -------
    tuple
        The result of `redraw` in the bounds that hold (its ``notes`` gain ``low`` and ``high``), and by how much
        parts miss the bounds asked for. Land of few atoms is settled by looking at every division (`small`).
    """
    window = problem.windows[0]
    asked = replace(window, weights=np.minimum(window.weights, window.high))
    problem = replace(problem, windows=(asked,))
    total = float(asked.weights.sum())
    if total <= window.high and (total < 2 * window.low or np.count_nonzero(asked.weights) <= 1):
        return whole(problem, params)
    fitting = any(least_excess(total, parts, asked) <= 0.0 for parts in range(1, problem.n + 1))
    small = divide_small(problem, params, _wanted(params)) if is_small(problem) else None
    if small is not None and small.solution is not None:
        missed = excess_of(sizes_of(small.solution, asked), asked)
        cause = "" if not missed else "land" if fitting else "arithmetic"
        return _noted(small, asked), Excess(missed, missed, len(small.solution.chosen), cause)
    pockets = settle_pockets(problem)
    counted = replace(asked, weights=pockets.weights)
    problem = replace(problem, windows=(counted,))
    result, bound = None, 0.0
    if any(least_excess(float(counted.weights.sum()), parts, counted) <= 0 for parts in range(1, problem.n + 1)):
        result = _noted(solve_redraw(problem, params, progress=progress, stop=stop), counted)
    if result is None or result.solution is None:
        search = _Widening(problem, counted, params, progress, stop)
        for numbers in _numbers(float(counted.weights.sum()), problem.target, counted):
            search.look(numbers)
        result, bound = search.best or whole(problem, params)[0], search.lower_bound
    assert result.solution is not None
    parts = len(result.solution.chosen)
    missed = excess_of(sizes_of(result.solution, asked), asked)
    # where dead ends are counted differently, what widening refutes is refuted of that count only
    bound = min(missed, max(pockets.least, _arithmetic(total, asked, problem), 0.0 if pockets.least else bound))
    return result, Excess(missed, bound, parts, "" if not missed else "land" if fitting else "arithmetic")


def _arithmetic(total: float, window: Window, problem: Problem) -> float:
    """What every division misses the bounds by, whatever the land."""
    return min(least_excess(total, parts, window) for parts in range(1, problem.n + 1))


def sizes_of(solution: Solution, window: Window) -> Floats:
    """Size of each part in the measure of the window."""
    return np.bincount(solution.part, weights=window.weights, minlength=len(solution.chosen)).astype(np.float64)


@dataclass
class _Widening:
    """Looks for the least widening of the bounds that leaves a division, for one number of parts after another."""

    problem: Problem
    window: Window
    params: Params
    progress: Progress
    stop: Stop
    best: Result | None = None
    excess: float = np.inf
    bounds: dict[int, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def lower_bound(self) -> float:
        """No division misses the bounds by less in all, whatever the number of its parts."""
        total = float(self.window.weights.sum())
        numbers = range(1, self.problem.n + 1)
        return min(self.bounds.get(parts, least_excess(total, parts, self.window)) for parts in numbers)

    @property
    def late(self) -> bool:
        """Whether the time for all of it is over."""
        return self.stop() or time.monotonic() - self.began > 2.0 * self.params.time_limit_s

    def look(self, numbers: tuple[int, int]) -> None:
        """The least widening for some numbers of parts, between what is refuted and what is found.

        What a division that was found misses is most often the least: a little less is asked first, then far less.
        """
        total = float(self.window.weights.sum())
        least = {parts: least_excess(total, parts, self.window) for parts in range(numbers[0], numbers[1] + 1)}
        if min(least.values()) >= self.excess:
            return
        refuted = min(missed / parts for parts, missed in least.items())
        reached = max(total - self.window.high, self.window.low)
        found, proved, at_least, step = None, True, refuted, CLOSE
        wide = min(max(refuted, (self.window.high - self.window.low) / 2.0), reached)
        while not self.late:
            result = self._try(numbers, wide, _SIZES_FIRST)
            if result.solution is not None:
                found = result.solution
                sizes = sizes_of(found, self.window)
                reached = min(wide, float(np.maximum(sizes - self.window.high, self.window.low - sizes).max()))
                self._take(result)
                step *= 2.0
            else:
                proved = proved and result.status == "infeasible"
                refuted, at_least, step = wide, wide if proved else at_least, CLOSE
            if reached - refuted <= CLOSE or (found is None and wide >= reached):
                break
            wide = min(2.0 * wide + CLOSE, reached) if found is None else max(reached - step / 2.0, refuted + 1.0)
        self.bounds |= {parts: max(missed, at_least) for parts, missed in least.items()}
        if found is not None:
            parts = len(found.chosen)
            self._take(self._try((parts, parts), reached, self.params.profile or _SIZES_FIRST))

    def _take(self, result: Result) -> None:
        """Remember a division if none misses the bounds by less."""
        if result.solution is None:
            return
        missed = excess_of(sizes_of(result.solution, self.window), self.window)
        if missed <= self.excess:
            self.best, self.excess = result, missed

    def _try(self, numbers: tuple[int, int], wide: float, profile: Profile) -> Result:
        """A division into so many parts within bounds that are so much wider."""
        window = replace(self.window, low=max(self.window.low - wide, 1.0), high=self.window.high + wide)
        asked = replace(self.problem, windows=(window,), number=numbers)
        params = replace(self.params, profile=profile)
        return _noted(solve_redraw(asked, params, progress=self.progress, stop=self.stop), window)


def _numbers(total: float, target: float, window: Window) -> list[tuple[int, int]]:
    """Numbers of parts to be tried: all that arithmetic allows at once; of none, the nearest one by one."""
    most = max(1, int(np.count_nonzero(window.weights)))
    fitting = [parts for parts in range(1, most + 1) if least_excess(total, parts, window) <= 0.0]
    if fitting:
        return [(fitting[0], fitting[-1])]
    near = sorted(range(1, most + 1), key=lambda k: (least_excess(total, k, window), abs(k - total / target)))
    return [(parts, parts) for parts in near[:NUMBERS_TRIED]]


def _noted(result: Result, window: Window) -> Result:
    """The result with the bounds that it keeps."""
    return replace(result, notes={**result.notes, "low": window.low, "high": window.high})


def _wanted(params: Params) -> Stage:
    """What is wanted first."""
    return (params.profile or _SIZES_FIRST).stages[0]


def whole(problem: Problem, params: Params) -> tuple[Result, Excess]:
    """All land as one part, with its seat in the middle."""
    served = (problem.site_distance_m * (problem.households[:, None] + 1.0)).sum(axis=0)
    seat = int(np.argmin(served))
    window = problem.windows[0]
    size = np.minimum(window.weights, window.high).sum(keepdims=True)
    stage = _wanted(params)
    values = {"distance_m_households": float(served[seat]), "communities": 1.0}
    values["deviation_households"] = abs(float(size[0]) - problem.target)
    value = sum(weight * values.get(name, 0.0) for name, weight in stage.weights.items())
    x, y = (float(at) for at in problem.xy[seat])
    solution = Solution(np.zeros(problem.n, dtype=np.int64), (Chosen(seat, x, y, -1, False),))
    terms = (Term(stage.name, value, value),)
    result = Result(problem.name, "redraw", "optimal", solution, value, value, terms, 0.0, params.seed)
    missed = excess_of(size, window) if size[0] > 0 else 0.0
    least = _arithmetic(float(size[0]), window, problem) if missed else 0.0
    return _noted(result, window), Excess(missed, least, 1, "arithmetic" if missed else "")
