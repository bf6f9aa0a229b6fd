"""The only place that runs a solver: a PuLP model goes in, our own words come out.

HiGHS does the work, through PuLP's class for it, with what that class lacks: models passed in bulk, a warm start,
a user's stop, the proved bound, the objective constant. CBC stands in where highspy cannot be imported. The
traps that this module knows are numbered in the method, §7.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pulp

from districting.errors import SolverError
from districting.progress import Stop, never

try:
    import highspy
except ImportError:
    HAS_HIGHS = False
else:
    HAS_HIGHS = True

#: ``optimal``: proved within the gap asked. ``feasible``: stopped earlier, the bound stands. ``infeasible``:
#: proved. ``unknown``: nothing found in time, or a solver whose word is not taken.
SolverStatus = Literal["optimal", "feasible", "infeasible", "unknown"]

#: Called with (best value so far, proved bound), both with the objective constant, in the model's sense.
OnIncumbent = Callable[[float, float], None]

#: Seconds between two questions to `stop`, so that asking costs nothing.
ASK_EVERY_S = 0.05


@dataclass(frozen=True)
class Solved:
    """How one model ended.

    Parameters
    ----------
    status
        See `SolverStatus`.
    objective
        Of the values below, constant included; in the model's own sense. inf (−inf when maximising) without.
    bound
        Proved bound on every solution, constant included; −inf (inf when maximising) where nothing is proved.
    values
        Value of each variable by name; empty without a solution.
    seconds
        Wall time.
    """

    status: SolverStatus
    objective: float
    bound: float
    values: Mapping[str, float]
    seconds: float

    @property
    def found(self) -> bool:
        """Whether there is a solution."""
        return self.status in ("optimal", "feasible")


def solve_model(
    model: pulp.LpProblem,
    *,
    time_limit_s: float,
    gap_abs: float = 0.0,
    gap_rel: float = 0.0,
    start: Mapping[str, float] | None = None,
    threads: int = 1,
    seed: int = 0,
    on_incumbent: OnIncumbent | None = None,
    stop: Stop = never,
) -> Solved:
    """Solve a linear or integer program.

    Parameters
    ----------
    model
        Left as it is, but for the order in which PuLP keeps its variables.
    time_limit_s
        Wall time. 0 or less ends at once with nothing.
    gap_abs, gap_rel
        Stop when |objective − bound| is at most ``gap_abs``, in the objective's unit, or at most ``gap_rel`` times
        |objective|, constant included.
    start
        Values by name of a solution to start from; missing variables are completed by the solver.
    threads
        Of HiGHS.
    seed
        Of HiGHS.
    on_incumbent
        Told of every better solution and, now and then, of the bound. Must be quick and must not raise.
    stop
        Asked often; once True the best solution so far comes back.

    Raises
    ------
    SolverError
        If the back-end fails, which is neither a limit nor a verdict.
    """
    began = time.monotonic()
    worst = -np.inf if model.sense == pulp.LpMaximize else np.inf
    if time_limit_s <= 0 or stop():
        return Solved("unknown", worst, -worst, {}, 0.0)
    if not HAS_HIGHS:
        return _solve_with_cbc(model, time_limit_s, gap_rel, began)
    solver = _Highs(
        time_limit_s=time_limit_s,
        gap_abs=gap_abs,
        gap_rel=gap_rel,
        start=start or {},
        threads=threads,
        seed=seed,
        on_incumbent=on_incumbent,
        stop=stop,
    )
    model.solve(solver)
    status, objective, bound, values = solver.outcome
    return Solved(status, objective, bound, values, time.monotonic() - began)


class _Highs(pulp.HiGHS):  # type: ignore[misc]  # PuLP ships no types
    """PuLP's HiGHS with bulk models, a warm start, callbacks, and a bound that can be trusted."""

    def __init__(
        self,
        *,
        time_limit_s: float,
        gap_abs: float,
        gap_rel: float,
        start: Mapping[str, float],
        threads: int,
        seed: int,
        on_incumbent: OnIncumbent | None,
        stop: Stop,
    ) -> None:
        super().__init__(
            msg=False,
            timeLimit=time_limit_s,
            gapAbs=gap_abs,
            gapRel=gap_rel,
            threads=threads,
            random_seed=seed,
        )
        self._began, self._limit_s = time.monotonic(), time_limit_s
        self._start, self._on_incumbent, self._stop = start, on_incumbent, stop
        self._bound_seen = False
        # Trap 9: HiGHS tries a start as a model of its own first, and tells that model's bound as if it were ours.
        # After a complete start the bound is believed once it has fallen back to nothing; after a partial one,
        # never.
        self._believed, self._complete = not start, False
        self.outcome: tuple[SolverStatus, float, float, dict[str, float]] = ("unknown", np.inf, -np.inf, {})

    def actualSolve(self, lp: pulp.LpProblem) -> int:  # noqa: N802  # PuLP's name
        """Build, run, and keep the outcome; PuLP's own status is only for show."""
        self.createAndConfigureSolver(lp)
        self._nothing = np.inf if lp.sense == pulp.LpMaximize else -np.inf
        highs = lp.solverModel
        highs.setOptionValue("output_flag", False)
        variables = lp.variables()
        _pass_model(highs, lp, variables)
        self._listen(highs)
        self._give_start(highs, variables)
        self._run(highs)
        self.outcome = self._read(highs, lp, variables)
        lp.solverModel = None  # frees the solver's memory; the model outlives it by many rounds
        status = {"optimal": 1, "feasible": 1, "infeasible": -1, "unknown": 0}[self.outcome[0]]
        lp.assignStatus(status)
        return status

    def _listen(self, highs: Any) -> None:
        """Pass incumbents on and ask whether to stop, not more often than `ASK_EVERY_S`."""
        asked = time.monotonic()

        def ask(event: Any) -> None:
            nonlocal asked
            now = time.monotonic()
            if now - asked < ASK_EVERY_S:
                return
            asked = now
            if self._stop():
                event.interrupt()
            tell(event)

        def ask_in_simplex(event: Any) -> None:
            nonlocal asked
            now = time.monotonic()
            if now - asked >= ASK_EVERY_S:
                asked = now
                if self._stop():
                    event.interrupt()

        def tell(event: Any) -> None:
            told = event.data_out.mip_dual_bound
            self._believed = self._believed or (self._complete and abs(told) == np.inf)
            bound = told if self._believed else self._nothing
            self._bound_seen = self._bound_seen or abs(bound) not in (0.0, np.inf)
            if self._on_incumbent is not None:
                self._on_incumbent(event.data_out.mip_primal_bound, bound)

        highs.cbMipInterrupt += ask
        highs.cbMipImprovingSolution += tell
        if self._stop is not never:
            highs.cbSimplexInterrupt += ask_in_simplex

    def _give_start(self, highs: Any, variables: list[pulp.LpVariable]) -> None:
        """Trap 2: PuLP has no warm start for HiGHS. A complete start is checked, a partial one completed."""
        given = [(pos, self._start[v.name]) for pos, v in enumerate(variables) if v.name in self._start]
        if not given:
            return
        if len(given) == len(variables):
            self._complete = True
            solution = highspy.HighsSolution()
            solution.col_value = [float(value) for _, value in given]
            solution.value_valid = True
            highs.setSolution(solution)
            return
        positions, values = zip(*given, strict=True)
        highs.setSolution(len(given), np.array(positions, dtype=np.int32), np.array(values, dtype=np.float64))

    def _run(self, highs: Any) -> None:
        """Run, and again where HiGHS fails in one of the two ways that are known.

        Trap 3: the first thread count of a process stays, another one makes the run fail, so begin anew. Trap 10:
        HiGHS 1.15 may presolve to a solution that breaks a row, and says so; without presolve it solves.
        """
        if self._goes_well(highs):
            return
        highspy.Highs.resetGlobalScheduler(True)
        if self._goes_well(highs):
            return
        highs.clearSolver()
        highs.setOptionValue("presolve", "off")
        if not self._goes_well(highs):
            raise SolverError(f"HiGHS failed: {highs.modelStatusToString(highs.getModelStatus())}")

    def _goes_well(self, highs: Any) -> bool:
        """Run for what is left of the time: HiGHS counts from its own start, and handing over took some."""
        left = self._limit_s - (time.monotonic() - self._began)
        highs.setOptionValue("time_limit", max(left, 0.0) + highs.getRunTime())
        return bool(highs.run() != highspy.HighsStatus.kError)

    def _read(
        self, highs: Any, lp: pulp.LpProblem, variables: list[pulp.LpVariable]
    ) -> tuple[SolverStatus, float, float, dict[str, float]]:
        """Translate HiGHS's words and figures into ours."""
        words, info = highspy.HighsModelStatus, highs.getInfo()
        ended = highs.getModelStatus()
        worst = -np.inf if lp.sense == pulp.LpMaximize else np.inf
        if ended in (words.kInfeasible, words.kUnboundedOrInfeasible):
            # Every model of ours is bounded below by its variables' bounds, so the second word is the first.
            return "infeasible", worst, worst, {}
        if ended == words.kUnbounded:
            raise SolverError(f"model {lp.name!r} is unbounded")
        if ended in (words.kLoadError, words.kModelError, words.kSolveError, words.kPresolveError):
            raise SolverError(f"HiGHS failed on {lp.name!r}: {highs.modelStatusToString(ended)}")
        proved = ended in (words.kOptimal, words.kModelEmpty)
        integer = any(v.cat == pulp.LpInteger for v in variables)
        has_solution = info.primal_solution_status == 2 or ended == words.kModelEmpty  # 2: feasible
        if integer:
            # Trap 8: stopped before the root is done, HiGHS leaves 0, which is no bound.
            trusted = info.valid and (proved or self._bound_seen or info.mip_node_count > 0)
            bound = info.mip_dual_bound if trusted else -worst
        else:
            bound = highs.getObjectiveValue() if proved else -worst
            has_solution = has_solution and proved
        if not has_solution:
            return "unknown", worst, bound, {}
        objective = highs.getObjectiveValue()
        if ended == words.kModelEmpty:
            objective = bound = float(lp.objective.constant if lp.objective else 0.0)
        values = highs.getSolution().col_value
        named = {v.name: float(value) for v, value in zip(variables, values, strict=True) if v.name != "__dummy"}
        return "optimal" if proved else "feasible", objective, bound, named


def _pass_model(highs: Any, lp: pulp.LpProblem, variables: list[pulp.LpVariable]) -> None:
    """Hand the model over in one call (PuLP's own way, row by row, is ten times slower), constant included."""
    inf = highspy.kHighsInf
    position = {variable: pos for pos, variable in enumerate(variables)}
    cost = np.zeros(len(variables))
    for variable, coefficient in (lp.objective or {}).items():
        cost[position[variable]] = coefficient
    low = np.array([-inf if v.lowBound is None else v.lowBound for v in variables], dtype=np.float64)
    high = np.array([inf if v.upBound is None else v.upBound for v in variables], dtype=np.float64)
    integer = np.array([v.cat == pulp.LpInteger for v in variables], dtype=np.int32)

    starts, index = [0], []
    value, row_low, row_high = [], [], []
    for row in lp.constraints():
        for variable, coefficient in row.items():
            index.append(position[variable])
            value.append(coefficient)
        starts.append(len(index))
        rhs = -row.constant
        row_low.append(-inf if row.sense == pulp.LpConstraintLE else rhs)
        row_high.append(inf if row.sense == pulp.LpConstraintGE else rhs)
    highs.passModel(
        len(variables),
        len(row_low),
        len(index),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize if lp.sense == pulp.LpMaximize else highspy.ObjSense.kMinimize),
        float(lp.objective.constant) if lp.objective else 0.0,  # trap 1: PuLP drops it
        cost,
        low,
        high,
        np.array(row_low, dtype=np.float64),
        np.array(row_high, dtype=np.float64),
        np.array(starts, dtype=np.int32),
        np.array(index, dtype=np.int32),
        np.array(value, dtype=np.float64),
        integer,
    )


def _solve_with_cbc(model: pulp.LpProblem, time_limit_s: float, gap_rel: float, began: float) -> Solved:
    """Solve without HiGHS: slower, nothing proved unless optimal, and never believed when it says infeasible."""
    worst = -np.inf if model.sense == pulp.LpMaximize else np.inf
    solver = pulp.COIN_CMD(
        path=pulp.PULP_CBC_CMD.pulp_cbc_path, msg=False, timeLimit=time_limit_s, gapRel=gap_rel or None, threads=1
    )
    if not solver.available():
        raise SolverError("neither highspy nor CBC can be run; install highspy")
    model.solve(solver)
    seconds = time.monotonic() - began
    if model.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return Solved("unknown", worst, -worst, {}, seconds)
    objective = float(pulp.value(model.objective) or 0.0)
    values = {v.name: float(v.varValue or 0.0) for v in model.variables()}
    if model.sol_status == pulp.LpSolutionOptimal and gap_rel == 0.0:
        return Solved("optimal", objective, objective, values, seconds)
    return Solved("feasible", objective, -worst, values, seconds)
