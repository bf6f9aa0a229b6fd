"""One stage of an objective proved by columns: root, cuts, listing, choice.

    root     the linear program over a pool, and columns priced exactly until none is missing: a bound on all plans
    cuts     subset rows while they raise it
    listing  every column whose reduced cost fits under the gap; a better plan can be made of no others
    choice   the integer program over those: the proof

A listing that would be too long stops at a smaller reduced cost t. A plan with any other column costs at least
bound + t, so what it proves stays valid, and the better plan that it finds makes the next listing shorter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from districting.plans.problem import Bools, Floats, Ints
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.annealing.search import Regions
from districting.solvers.columns import Columns, Measured, no_columns, together
from districting.solvers.exact.regions.master import Ceiling, Master, Prices, choose_columns
from districting.solvers.generation.pricing import Priced, Pricer
from districting.solvers.generation.subsets import violated_triples

_CHEAP = 3000
_ADDED = 2000
#: Branches that one seat may take: little while prices are wild, all that is needed at the end.
_FIRST_STEPS, _MOST_STEPS = 400, 50_000_000
#: Once so many branches have found nothing, prices are likely final: the next try may take as many at once.
_WILD, _FINAL = 6_400, 400_000
#: A listing of more columns than this is left: for more cuts while they help, for good once they do not.
_SHORT, _LONG = 8_000, 40_000
#: Branches that one seat may take in a listing, and that it takes at most in a second: it is not stopped midway.
_LISTED_STEPS, _STEPS_A_SECOND = 2_000_000, 1e6
#: Shares of the gap that are listed one after the other once cuts no longer help.
_LADDER = (0.1, 0.2, 0.4, 0.7, 1.0)
#: Without a plan the first listing reaches this share above the bound.
_GUESS = 0.05
#: From so many of the best columns known a better plan is chosen before the proof.
_CHOSEN_FROM = 3_000
_CUT_ROUNDS = 40
_CUTS = 40


@dataclass(frozen=True)
class Proved:
    """A plan of columns and what is proved.

    Parameters
    ----------
    columns
        The plan, one column per district; None if none is known.
    value, bound
        Of the stage: inf without a plan; bound inf if there is provably no plan.
    priced
        Columns known in the end.
    """

    columns: Columns | None
    value: float
    bound: float
    priced: int


class Gathered:
    """The columns of one measured ground, gathered over the stages of a profile.

    Parameters
    ----------
    measured
        The ground.
    seek
        Told what terms are worth once ceilings have their price; returns regions of plans that are good by that.
        The linear program alone rarely meets plans just under a ceiling.
    pricer
        Of other columns than those of seats; None: of the ground's seats.
    seed, threads
        Of HiGHS.
    progress, stop
        Told and asked on the way.
    """

    def __init__(
        self,
        measured: Measured,
        *,
        seek: Callable[[Floats], Regions] | None = None,
        pricer: Pricer | None = None,
        seed: int = 0,
        threads: int = 1,
        progress: Progress = silent,
        stop: Stop = never,
    ) -> None:
        self.measured, self.seek = measured, seek
        self.seed, self.threads, self.progress, self.stop = seed, threads, progress, stop
        self.pricer = pricer or Pricer(measured)
        self.pool = no_columns()
        self._place: dict[tuple[bytes, int], int] = {}

    def learn(self, columns: Columns) -> Ints:
        """Take new columns into the pool; return their positions."""
        fresh: list[int] = []
        first = len(self.pool)
        for at, key in enumerate(columns.keys()):
            if key not in self._place:
                self._place[key] = first + len(fresh)
                fresh.append(at)
        if fresh:
            self.pool = together(self.pool, columns.taken(np.array(fresh, dtype=np.int64)))
        return np.arange(first, len(self.pool))

    def positions(self, columns: Columns) -> Ints:
        """Where columns that are in the pool lie in it."""
        keys = columns.keys()
        return np.array([self._place[key] for key in keys], dtype=np.int64)


class StageProof:
    """One stage on its way to its proof."""

    def __init__(
        self, gathered: Gathered, weights: Floats, ceilings: tuple[Ceiling, ...], plan: Columns | None,
        gap_share: float, gap_abs: float, time_limit_s: float, *, slack: bool = False,
    ) -> None:  # fmt: skip
        self.all, self.weights, self.ceilings = gathered, weights, ceilings
        self.measured, self.pricer = gathered.measured, gathered.pricer
        self.until = time.monotonic() + time_limit_s
        self.gap_share, self.gap_abs = gap_share, gap_abs
        self.plan, self.value, self.bound = plan, np.inf, -np.inf
        self.short = 0.0
        self.master = Master(self.measured, weights, ceilings, slack=slack)
        self.active: Bools = np.zeros(len(gathered.pool), dtype=np.bool_)
        if plan is not None:
            self.value = float((plan.terms @ weights).sum())
            self.all.learn(plan)
            self._activate(self.all.positions(plan))
        cost = gathered.pool.terms @ weights / np.maximum(np.diff(gathered.pool.regions.pointers), 1)
        self._activate(np.argsort(cost, kind="stable")[:_CHEAP])

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.until - time.monotonic()

    def _late(self) -> bool:
        return self.left <= 0.0 or self.all.stop()

    def enough(self) -> bool:
        """Whether the gap is closed."""
        if not np.isfinite(self.value):
            return False
        wanted = max(self.gap_abs, self.gap_share * abs(self.value), 1e-8 * max(1.0, abs(self.value)))
        return self.value - self.bound <= wanted

    def _activate(self, positions: Ints) -> None:
        """Take columns of the pool into the linear program."""
        pool = self.all.pool
        if len(self.active) < len(pool):
            self.active = np.concatenate((self.active, np.zeros(len(pool) - len(self.active), dtype=np.bool_)))
        fresh = np.sort(positions[~self.active[positions]])
        self.active[fresh] = True
        self.order = np.concatenate((getattr(self, "order", np.zeros(0, dtype=np.int64)), fresh))
        self.master.add(pool.taken(fresh))

    def fractional(self) -> bool:
        """Whether the columns can cover every node, fractions allowed, as far as the time goes."""
        self._converge(_FIRST_STEPS)
        return self.bound <= 1e-6

    def run(self) -> Proved:
        """Root, cuts, listing, choice: a short listing closes most, cuts make a long one short."""
        steps, failed = _FIRST_STEPS, np.inf
        for round_ in range(_CUT_ROUNDS + 1):
            before = self.bound
            prices, values, steps = self._converge(steps)
            if prices is None or values is None or self._late() or self.enough():
                break
            if round_ % 3 == 0:
                self._choose(prices)
            self._tell()
            gap = self.value - self.bound
            stalled = round_ == _CUT_ROUNDS or (round_ > 0 and self.bound - before < 0.01 * gap)
            if self.enough():
                break
            if stalled or gap < 0.7 * failed:
                if self._list_and_choose(
                    prices, _LONG if stalled else _SHORT, _LADDER if stalled else (0.15, 1.0)
                ):
                    break
                failed = gap
                if round_ == 0 and self.ceilings and self.all.seek is not None:
                    self._seek(prices)
                    self._choose(prices)
            if stalled or self._late():
                break
            chosen = self.all.pool.taken(self.order)
            cuts = violated_triples(chosen.regions, values, self.measured.ground.n, self.master.cuts, _CUTS)
            if not len(cuts):
                self._list_and_choose(prices, _LONG, _LADDER)
                break
            self.master.add_cuts(cuts, chosen)
        self._tell()
        return Proved(self.plan, self.value, min(self.bound, self.value), len(self.all.pool))

    def _tell(self) -> None:
        known = self.plan is not None
        self.all.progress(
            Step("stage.solve", incumbent=self.value if known else None, bound=min(self.bound, self.value))
        )

    def _converge(self, steps: int) -> tuple[Prices | None, Floats | None, int]:
        """Price until no column is missing; raise the bound on the way."""
        before: Priced | None = None
        solved: tuple[Prices, Floats] | None = None
        while True:
            if before is None:  # else nothing is new, the prices hold, and seats that ended stay ended
                solved = self.master.solve()
            if solved is None:
                return None, None, steps
            prices, values = solved
            scale = max(1.0, abs(prices.value))
            reduced = prices.reduced(self.all.pool, self.master.cuts)
            missing = np.flatnonzero(~self._known_active() & (reduced < -1e-7 * scale))
            if len(missing):
                self._activate(missing[np.argsort(reduced[missing], kind="stable")[:_ADDED]])
                continue
            if self._late():
                return prices, values, steps
            priced = self.pricer.price(
                prices, cuts=self.master.cuts, limit=-1e-8 * scale, every=False, most_steps=steps, stop=self._late,
                before=before,
            )  # fmt: skip
            before = None
            self.short = self._shortfall(priced.least)
            self.bound = max(self.bound, prices.value + self.short)
            new = self.all.learn(priced.columns)
            if self.enough():
                return prices, values, steps
            if len(new):
                self._activate(new)
            elif priced.complete or steps >= _MOST_STEPS:
                return prices, values, steps
            else:
                before = priced
                more = 4 * steps if steps < _WILD else max(4 * steps, _FINAL)
                # a seat is not stopped midway: none may take longer than there is time
                steps = min(more, max(_FIRST_STEPS, int(min(_MOST_STEPS, _STEPS_A_SECOND * self.left))))

    def _known_active(self) -> Bools:
        """Which columns of the pool are in the linear program."""
        missing = len(self.all.pool) - len(self.active)
        return np.concatenate((self.active, np.zeros(missing, dtype=np.bool_))) if missing else self.active

    def _shortfall(self, least: Floats) -> float:
        """How much lower than the linear program a plan can be: one column per host, as many as there may be."""
        ground = self.measured.ground
        by_host = np.full(ground.n, np.inf)
        np.minimum.at(by_host, self.pricer.host, least)
        lowest = np.sort(by_host)[: self.measured.numbers[1]]
        return float(np.minimum(lowest, 0.0).sum())

    def _seek(self, prices: Prices) -> None:
        """Regions of plans that weigh the ceilings as the linear program does, and a little more."""
        assert self.all.seek is not None
        for share in (1.0, 1.5):
            if not self._late():
                weights = self.weights + share * (prices.weights - self.weights)
                self.all.learn(self.pricer.count(self.all.seek(weights)))

    def _choose(self, prices: Prices) -> None:
        """A better plan from the columns known."""
        pool = self.all.pool
        reduced = prices.reduced(pool, self.master.cuts)
        fits = np.flatnonzero(reduced <= self.value - prices.value + 1e-9 * max(1.0, abs(prices.value)))
        tried = fits[np.argsort(reduced[fits], kind="stable")[:_CHOSEN_FROM]]
        self._take_best_of(pool.taken(np.sort(tried)), share=0.15)

    def _take_best_of(self, columns: Columns, share: float) -> float:
        """Keep the best plan made of these columns; return what is proved of all of them."""
        incumbent = None
        if self.plan is not None:
            inside, mine = set(columns.keys()), self.plan.keys()
            extra = [at for at, key in enumerate(mine) if key not in inside]
            columns = together(columns, self.plan.taken(np.array(extra, dtype=np.int64)))
            place = {key: at for at, key in enumerate(columns.keys())}
            incumbent = np.array([place[key] for key in mine], dtype=np.int64)
        chosen, bound = choose_columns(
            self.measured, columns, weights=self.weights, ceilings=self.ceilings, cuts=self.master.cuts,
            incumbent=incumbent, time_limit_s=max(0.1, share * self.left),
            gap_rel=0.5 * self.gap_share, seed=self.all.seed, threads=self.all.threads, stop=self._late,
        )  # fmt: skip
        if chosen is not None:
            plan = columns.taken(chosen)
            value = float((plan.terms @ self.weights).sum())
            if value < self.value - 1e-9 * max(1.0, abs(value)):
                self.plan, self.value = plan, value
        return bound

    def _list_and_choose(self, prices: Prices, most: int, shares: tuple[float, ...]) -> bool:
        """List every column that a better plan may hold, and choose; True if that closed the gap.

        A share under 1 lists up to that share of the gap only, and proves that much; shares ascend, and what one
        finds makes the next one's gap smaller.
        """
        low = prices.value + self.short  # the other columns of a plan may be this much short
        margin = 1e-7 * max(1.0, abs(low))
        for share in shares:
            known = np.isfinite(self.value)
            width = share * (self.value - low if known else _GUESS * max(1.0, abs(low)))
            priced = self.pricer.price(
                prices, cuts=self.master.cuts, limit=width + margin, every=True,
                most_steps=min(_LISTED_STEPS, int(_STEPS_A_SECOND * max(self.left, 0.0))), most_columns=most,
                stop=self._late,
            )  # fmt: skip
            if not self._late():
                self.all.learn(priced.columns)
            if not priced.complete:
                break
            proved = self._take_best_of(priced.columns, share=0.4)
            outside = np.inf if share == 1.0 and known else low + width
            self.bound = max(self.bound, min(proved, outside, self.value))
            if self.enough():
                return True
        return False
