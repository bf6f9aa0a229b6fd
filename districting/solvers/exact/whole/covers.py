"""Set partitioning for `whole`: which columns cover every unit once, stage by stage.

Each stage is solved twice: with what the columns are worth, for the plan, and with what is proved of them, for the
bound. The second lets two unions share a component of open land, so it bounds every plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pulp

from districting.plans.problem import Problem, Unlike
from districting.solvers.exact.backend import Solved, solve_model
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.whole.union_worth import UnionMeasure
from districting.solvers.exact.whole.unions import Column
from districting.solvers.params import Params
from districting.solvers.profile import Stage

#: Which plans the bounds of a stage hold for.
ALL = "all unions"
NONE = "no plan: some split has numbers of parts that were not tried"

#: Splits anew for a stage, with the room that the stages before it leave (`splits.Splits.wider`).
Wider = Callable[[int, Sequence[float]], tuple[dict[int, float], list[Column]]]


@dataclass(frozen=True)
class Cover:
    """Columns picked, and what is proved.

    Parameters
    ----------
    columns
        The plan; empty without one.
    uncovered
        Units that no choice of columns covers.
    settled_at, bounds, ceilings, covers
        Of each stage: the value at which it was settled, the bound, how large the sum may become later, and which
        plans the bound holds for.
    closed
        There is proved to be no cover, with this number of communities.
    shared
        The cheapest cover uses some open land twice; the one picked does not.
    """

    columns: tuple[Column, ...] = ()
    uncovered: tuple[int, ...] = ()
    settled_at: tuple[float, ...] = ()
    bounds: tuple[float, ...] = ()
    ceilings: tuple[float, ...] = ()
    covers: tuple[str, ...] = ()
    closed: bool = False
    shared: bool = False


class Covers:
    """The master over one set of columns."""

    def __init__(
        self,
        problem: Problem,
        n_units: int,
        columns: Sequence[Column],
        measure: UnionMeasure,
        params: Params,
        clock: Clock,
        wider: Wider,
    ) -> None:
        self.problem, self.n_units, self.columns = problem, n_units, list(columns)
        self.wider = wider
        self.measure, self.params, self.clock = measure, params, clock
        self.ceilings: list[float] = []
        self.number: tuple[int, int] | None = None
        self.apart = False

    def best(self, *, asked: int | None, partial: bool) -> Cover:
        """The best cover; first which units nothing covers, then the number of communities, then each stage.

        Parameters
        ----------
        asked
            The number of communities wished for; the nearest that can be had is taken. None: there is no wish.
        partial
            Some splits into numbers of parts that matter were not tried: nothing is proved of all plans.
        """
        slack = self._solve([0.0] * len(self.columns), with_slack=True)
        if slack is None:
            return Cover()
        uncovered = tuple(unit for unit in range(self.n_units) if slack.values[f"u{unit:04d}"] > 0.5)
        if uncovered:
            return Cover(uncovered=uncovered)
        self.number = self.problem.number
        # Two unions may well share a component of open land between them; how is not sought.
        shared = False
        if any(column.land for column in self.columns):
            free = self._solve(self._values(0), with_slack=False)
            used = Counter(land for column in self._picked(free) for land in column.land) if free else Counter()
            shared = self.apart = max(used.values(), default=0) > 1
        if asked is not None:
            nearest = self._nearest_number(asked)
            if nearest is None:
                return Cover(closed=not self.clock.left_s <= 0, shared=shared)
            self.number = (nearest, nearest)
        return self._lexicographic(shared, partial=partial)

    def _lexicographic(self, shared: bool, *, partial: bool) -> Cover:
        """Stage by stage, each within the ceilings of those before."""
        settled_at: list[float] = []
        bounds: list[float] = []
        ceilings: list[float] = []
        covers: list[str] = []
        picked: tuple[Column, ...] = ()
        room: list[float] = []
        for at, stage in enumerate(self.measure.stages):
            if any(one > 1e-6 * max(abs(top), 1.0) for one, top in zip(room, ceilings, strict=True)):
                self._widen(at, room)
            solved = self._solve(self._values(at), with_slack=False)
            if solved is None or not solved.found:
                if picked:  # the time is over: the plan of the stage before stands
                    value = sum(column.worth[at] for column in picked)
                    bound = 0.0
                else:
                    return Cover(closed=solved is not None and solved.status == "infeasible", shared=shared)
            else:
                picked = self._picked(solved)
                value = sum(column.worth[at] for column in picked)
                bound = 0.0 if partial else self._bound(at, solved)
            constant = self.measure.constant[at]
            settled_at.append(value + constant)
            bounds.append(_rounded(stage, bound + constant))
            covers.append(NONE if partial else ALL)
            reachable = stage.ceiling(max(value + constant, bound + constant))
            ceilings.append(reachable)
            self.ceilings.append(reachable - constant)
            room.append(reachable - constant - bound)
        return Cover(picked, (), tuple(settled_at), tuple(bounds), tuple(ceilings), tuple(covers), shared=shared)

    def _widen(self, at: int, room: Sequence[float]) -> None:
        """Columns of splits that use the room of earlier stages, and bounds that hold for every such split."""
        if all(column.ask < 0 for column in self.columns):
            return
        least, new = self.wider(at, room)
        known: dict[int, tuple[float, ...]] = {}
        for pos, column in enumerate(self.columns):
            if column.ask >= 0:
                lower = (*column.lower[:at], least.get(column.ask, 0.0), *column.lower[at + 1 :])
                known[column.ask] = lower
                self.columns[pos] = replace(column, lower=lower)
        self.columns += [replace(column, lower=known[column.ask]) for column in new]

    def _values(self, at: int) -> list[float]:
        """What each column is worth in one stage."""
        return [column.worth[at] for column in self.columns]

    def _bound(self, at: int, solved: Solved) -> float:
        """What every cover is worth at least in one stage."""
        if not self.apart and all(column.worth == column.lower for column in self.columns):
            return solved.bound
        relaxed = self._solve([column.lower[at] for column in self.columns], with_slack=False, proved=True)
        return relaxed.bound if relaxed is not None and np.isfinite(relaxed.bound) else 0.0

    def _nearest_number(self, asked: int) -> int | None:
        """The number of communities nearest to the one asked for that a cover has; None if there is none."""
        solved = self._solve([0.0] * len(self.columns), with_slack=False, asked=asked)
        if solved is None or not solved.found:
            return None
        return sum(len(column.parts) for column in self._picked(solved))

    def _picked(self, solved: Solved | None) -> tuple[Column, ...]:
        """The columns of a solution."""
        if solved is None or not solved.found:
            return ()
        return tuple(column for pos, column in enumerate(self.columns) if solved.values[f"z{pos:06d}"] > 0.5)

    def _solve(
        self, cost: Sequence[float], *, with_slack: bool, proved: bool = False, asked: int | None = None
    ) -> Solved | None:
        """One set partitioning under the ceilings so far; ``proved``: with what is proved of the columns."""
        model = pulp.LpProblem("whole")
        z = [model.add_variable(f"z{pos:06d}", 0, 1, cat=pulp.LpInteger) for pos in range(len(self.columns))]
        aims = [(variable, value) for variable, value in zip(z, cost, strict=True) if value]
        rows: list[list[tuple[pulp.LpVariable, float]]] = [[] for _ in range(self.n_units)]
        for variable, column in zip(z, self.columns, strict=True):
            for unit in column.units:
                rows[unit].append((variable, 1.0))
        if with_slack:
            for unit, row in enumerate(rows):
                left = model.add_variable(f"u{unit:04d}", 0, 1, cat=pulp.LpInteger)
                row.append((left, 1.0))
                aims.append((left, 1.0))
        if any(not row for row in rows):
            return Solved("infeasible", np.inf, np.inf, {}, 0.0)
        for row in rows:
            model += pulp.LpAffineExpression(row) == 1
        count = pulp.LpAffineExpression([(z[p], float(len(c.parts))) for p, c in enumerate(self.columns)])
        if asked is not None:
            off = model.add_variable("off", 0, None)
            aims.append((off, 1.0))
            model += count - off <= asked
            model += count + off >= asked
        if self.number is not None and not with_slack:
            model += count >= self.number[0]
            model += count <= self.number[1]
        for at, ceiling in enumerate(self.ceilings):
            worth = [c.lower[at] if proved else c.worth[at] for c in self.columns]
            hair = 1e-6 * max(abs(ceiling), 1.0)
            row = [(variable, value) for variable, value in zip(z, worth, strict=True) if value]
            if row:
                model += pulp.LpAffineExpression(row) <= ceiling + hair
        if not proved and not with_slack:
            for other in self.problem.unlike:
                shared = [_shared(column, other, self.problem) for column in self.columns]
                most = float(self.problem.households.sum()) - other.households
                model += pulp.LpAffineExpression(list(zip(z, shared, strict=True))) <= most
        if self.apart and not proved and not with_slack:
            for land in sorted({land for column in self.columns for land in column.land}):
                using = [(z[pos], 1.0) for pos, column in enumerate(self.columns) if land in column.land]
                model += pulp.LpAffineExpression(using) <= 1
        model.setObjective(pulp.LpAffineExpression(aims))
        solved = solve_model(
            model,
            time_limit_s=self.clock.left_s,
            threads=self.clock.threads,
            seed=self.clock.seed,
            stop=self.clock.stop,
        )
        return None if solved.status == "unknown" else solved


def _shared(column: Column, other: Unlike, problem: Problem) -> float:
    """Households that the parts of a column share at most with parts of a plan to differ from, each with one."""
    total = 0.0
    for atoms, _ in column.parts:
        members = list(atoms)
        total += float(np.bincount(other.part[members], weights=problem.households[members]).max())
    return total


def _rounded(stage: Stage, bound: float) -> float:
    """A bound in whole units where the sum is whole."""
    return float(np.ceil(bound - 1e-6)) if terms.whole_numbers(stage) else bound
