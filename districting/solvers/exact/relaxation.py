"""The linear relaxation of a part model, kept warm in HiGHS while rows are added: values, bound, reduced costs.

Beside `backend`, which solves a PuLP model from scratch, the second place that runs a solver: rounds of cuts
solve almost the same program again and again, and a dual simplex that keeps its basis does so in a tenth.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp

from districting.errors import SolverError
from districting.plans.problem import Floats
from districting.progress import Stop, never
from districting.solvers.exact.backend import HAS_HIGHS, solve_model

if HAS_HIGHS:
    import highspy

#: Seconds between two questions to `stop`.
ASK_EVERY_S = 0.05


@dataclass(frozen=True)
class Relaxed:
    """One solve of the relaxation.

    Parameters
    ----------
    status
        ``optimal``, ``infeasible``, or ``unknown`` where the time was over.
    bound
        Value of the relaxation, constant included; inf where infeasible, −inf where unknown.
    values, reduced
        By variable name; ``reduced`` holds reduced costs (how much the bound rises for a unit of a variable at 0,
        negative for one at its upper bound), empty without HiGHS.
    """

    status: str
    bound: float
    values: Mapping[str, float]
    reduced: Mapping[str, float]


class Relaxation:
    """The linear relaxation of a PuLP minimisation; rows that the program gains are passed on at the next solve.

    Parameters
    ----------
    program
        Variables and objective must be complete; rows may be added later. Left as it is.
    """

    def __init__(self, program: pulp.LpProblem, *, threads: int = 1, seed: int = 0, stop: Stop = never) -> None:
        self.program, self.threads, self.seed, self.stop = program, threads, seed, stop
        self._variables = program.variables()
        self._names = [variable.name for variable in self._variables]
        self._place = {variable: pos for pos, variable in enumerate(self._variables)}
        self._passed = 0
        self._highs: Any = self._open() if HAS_HIGHS else None

    def solve(self, *, limit_s: float) -> Relaxed:
        """Solve with every row that the program has by now."""
        if limit_s <= 0 or self.stop():
            return Relaxed("unknown", -np.inf, {}, {})
        if self._highs is None:
            return self._from_scratch(limit_s)
        self._pass_rows()
        words = highspy.HighsModelStatus
        # HiGHS counts the time of all its runs together.
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + limit_s)
        if self._highs.run() == highspy.HighsStatus.kError:
            # Trap 3: another thread count came before in this process.
            highspy.Highs.resetGlobalScheduler(True)
            if self._highs.run() == highspy.HighsStatus.kError:
                raise SolverError(f"HiGHS failed on the relaxation of {self.program.name!r}")
        ended = self._highs.getModelStatus()
        if ended in (words.kInfeasible, words.kUnboundedOrInfeasible):
            return Relaxed("infeasible", np.inf, {}, {})
        if ended != words.kOptimal:
            return Relaxed("unknown", -np.inf, {}, {})
        solution = self._highs.getSolution()
        values = dict(zip(self._names, map(float, solution.col_value), strict=True))
        reduced = dict(zip(self._names, map(float, solution.col_dual), strict=True))
        return Relaxed("optimal", float(self._highs.getObjectiveValue()), values, reduced)

    def _open(self) -> Any:
        """HiGHS with the columns; rows come with the first solve."""
        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (
            ("output_flag", False),
            ("threads", self.threads),
            ("random_seed", self.seed),
        ):
            highs.setOptionValue(option, value)
        objective = self.program.objective
        cost: Floats = np.zeros(len(self._variables))
        for variable, coefficient in (objective or {}).items():
            cost[self._place[variable]] = coefficient
        low = np.array([-np.inf if v.lowBound is None else v.lowBound for v in self._variables])
        high = np.array([np.inf if v.upBound is None else v.upBound for v in self._variables])
        none = np.zeros(0, dtype=np.int32)
        highs.addCols(len(cost), cost, low, high, 0, none, none, np.zeros(0))
        highs.changeObjectiveOffset(float(objective.constant) if objective else 0.0)
        if self.stop is not never:
            asked = time.monotonic()

            def ask(event: Any) -> None:
                nonlocal asked
                now = time.monotonic()
                if now - asked >= ASK_EVERY_S:
                    asked = now
                    if self.stop():
                        event.interrupt()

            highs.cbSimplexInterrupt += ask
        return highs

    def _pass_rows(self) -> None:
        """Hand over the rows that HiGHS does not have yet."""
        rows = self.program.constraints()[self._passed :]
        if not rows:
            return
        starts: list[int] = []
        index: list[int] = []
        value, low, high = [], [], []
        for row in rows:
            starts.append(len(index))
            for variable, coefficient in row.items():
                index.append(self._place[variable])
                value.append(coefficient)
            side = -row.constant
            low.append(-np.inf if row.sense == pulp.LpConstraintLE else side)
            high.append(np.inf if row.sense == pulp.LpConstraintGE else side)
        self._highs.addRows(
            len(rows),
            np.array(low, dtype=np.float64),
            np.array(high, dtype=np.float64),
            len(index),
            np.array(starts, dtype=np.int32),
            np.array(index, dtype=np.int32),
            np.array(value, dtype=np.float64),
        )
        self._passed += len(rows)

    def _from_scratch(self, limit_s: float) -> Relaxed:
        """Without HiGHS: the whole program again, with integers let go for the while."""
        integers = [variable for variable in self._variables if variable.cat == pulp.LpInteger]
        for variable in integers:
            variable.cat = pulp.LpContinuous
        try:
            solved = solve_model(
                self.program, time_limit_s=limit_s, threads=self.threads, seed=self.seed, stop=self.stop
            )
        finally:
            for variable in integers:
                variable.cat = pulp.LpInteger
        if solved.status == "infeasible":
            return Relaxed("infeasible", np.inf, {}, {})
        if solved.status != "optimal":
            return Relaxed("unknown", -np.inf, {}, {})
        return Relaxed("optimal", solved.bound, solved.values, {})
