"""Which step in which stage: the integer program behind staged plans. Method: *Staged plans*.

Binary ``y[i, s]``: step i is done by the end of stage s; it never becomes undone and ends at 1. A community is
legal in a stage if the steps done of those that touch it are none, all, or a set that is not forbidden: one binary
for each allowed set picks it (or one row for each forbidden set, where these are fewer). It changes in a stage
(``w``) if one of its steps is taken then. Caps bound the weights of communities that change, or of steps taken.

What no stage can hold (a set of steps without a legal state in between that is larger than a cap) exceeds the cap
by the least that can be; then the stages are as few as can be; then, one after the other, as little urgency
waits as can be, as few communities change twice, and steps come early.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pulp

from districting.plans.problem import Ints
from districting.progress import Stop, never
from districting.solvers.exact.backend import Solved, SolverStatus, solve_model
from districting.solvers.staging import (
    StagingProblem,
    components,
    excess_of,
    fewest_by_load,
    first_fit,
    least_waiting,
    part_of,
)

#: Steps of one community up to which every set of them has a binary of its own; beyond, forbidden sets have a row.
MOST_LISTED = 8
#: Share of the time that one component may take on its own.
_COMPONENT_SHARE = 0.2
#: Share of the time left that one wish may take.
_WISH_SHARE = 0.5
_EPS = 1e-6


@dataclass(frozen=True, eq=False)
class Staging:
    """Stages found.

    Parameters
    ----------
    stage
        Shape (n,): stage of each step, from 0.
    fewest
        Proved: no order keeps the caps (but for ``excess``) in fewer stages.
    excess
        Sum over stages and caps of what exceeds a cap, as shares of it; ``least_excess`` is its proved bound.
    waiting, waiting_bound
        By tier: sum over stages of the urgency that still waits after it; and its proved bound, for this number of
        stages and the tiers before as they are.
    status
        ``optimal`` if the number of stages and every tier are proved.
    """

    stage: Ints
    fewest: int
    excess: float
    least_excess: float
    waiting: tuple[float, ...]
    waiting_bound: tuple[float, ...]
    status: SolverStatus

    @property
    def stages(self) -> int:
        """Number of stages."""
        return int(self.stage.max(initial=-1)) + 1


def solve_staging(
    problem: StagingProblem, *, time_limit_s: float = 60.0, seed: int = 7, stop: Stop = never
) -> Staging:
    """The best stages: see the module's first lines for what is wanted, in its order.

    Parameters
    ----------
    time_limit_s
        Wall time of all solves together; the best order so far comes back, with its bounds.
    """
    if problem.n == 0:
        none = tuple(0.0 for _ in problem.urgency)
        return Staging(np.zeros(0, dtype=np.int64), 0, 0.0, 0.0, none, none, "optimal")
    ends = time.monotonic() + time_limit_s

    def left() -> float:
        return max(ends - time.monotonic(), 0.0)

    def run(model: pulp.LpProblem, start: dict[str, float] | None = None, share: float = 1.0) -> Solved:
        return solve_model(model, time_limit_s=left() * share, seed=seed, start=start, stop=stop)

    moves, least, proved = _moves(problem, lambda model: run(model, share=_COMPONENT_SHARE))
    stage = first_fit(problem, moves)
    excess = excess_of(problem, stage)
    fewest = fewest_by_load(problem, excess)
    for wanted in range(fewest, int(stage.max()) + 1):
        model = _Model(problem, wanted, excess)
        solved = run(model.program)
        if solved.found:
            stage = model.stage(solved)
            break
        if solved.status != "infeasible":
            break
        fewest = wanted + 1
    count = int(stage.max()) + 1
    proved &= count == fewest
    model = _Model(problem, count, excess)
    waiting, bounds = [], []
    for term, counted in model.wishes():
        if not [weight for weight in term.values() if weight]:
            waiting += [0.0] * counted
            bounds += [0.0] * counted
            continue
        model.program.setObjective(term)
        solved = run(model.program, model.start(stage), _WISH_SHARE)
        proved &= solved.status == "optimal"
        if solved.found:
            stage = model.stage(solved)
        worth = model.worth(term, stage)
        model.program += term <= worth + _EPS
        if counted:
            waiting.append(worth)
            tier = problem.urgency[len(waiting) - 1]
            least_wait = least_waiting(problem, tier, stages=count, excess=excess)
            bounds.append(min(max(solved.bound, least_wait), worth))
    return Staging(
        stage=stage,
        fewest=fewest,
        excess=excess,
        least_excess=least,
        waiting=tuple(waiting),
        waiting_bound=tuple(bounds),
        status="optimal" if proved else "feasible",
    )


class _Model:
    """The program for a number of stages."""

    def __init__(self, problem: StagingProblem, stages: int, excess: float | None) -> None:
        self.problem, self.stages = problem, stages
        self.program = pulp.LpProblem("staging", pulp.LpMinimize)
        n = problem.n
        self.done = {
            (i, s): self.program.add_variable(f"y_{i}_{s}", cat=pulp.LpBinary)
            for i in range(n)
            for s in range(stages - 1)
        }
        for i in range(n):
            for s in range(1, stages - 1):
                self.program += self.done[i, s] >= self.done[i, s - 1]
        self.changed = {
            (c, s): self.program.add_variable(f"w_{c}_{s}", 0, 1)
            for c, steps in enumerate(problem.touching)
            for s in range(stages)
            if len(steps) > 1 and self._counts(c)
        }
        for c, s in self.changed:
            for i in problem.touching[c]:
                self.program += self.changed[c, s] >= self._taken(i, s)
        self.waits: dict[str, tuple[int, int]] = {}
        self._legal()
        over = [
            [self.program.add_variable(f"o_{k}_{s}", 0) for s in range(stages)] for k in range(len(problem.caps))
        ]
        for k, cap in enumerate(problem.caps):
            for s in range(stages):
                load = pulp.lpSum(
                    [cap.communities[c] * self._change(c, s) for c in np.flatnonzero(cap.communities).tolist()]
                    + [cap.steps[i] * self._taken(i, s) for i in np.flatnonzero(cap.steps).tolist()]
                )
                self.program += load <= cap.limit * (1 + over[k][s])
        self.excess = pulp.lpSum(chain.from_iterable(over))
        if excess is None:
            self.program.setObjective(self.excess)
        else:
            self.program += self.excess <= excess + _EPS

    def _counts(self, community: int) -> bool:
        return any(cap.communities[community] > 0 for cap in self.problem.caps)

    def _by(self, i: int, s: int) -> pulp.LpVariable | int:
        """Whether step i is done by the end of stage s."""
        return 0 if s < 0 else 1 if s == self.stages - 1 else self.done[i, s]

    def _taken(self, i: int, s: int) -> pulp.LpAffineExpression:
        """Whether step i is taken in stage s."""
        return pulp.lpSum([self._by(i, s), -1 * self._by(i, s - 1)])

    def _change(self, c: int, s: int) -> pulp.LpVariable | pulp.LpAffineExpression:
        """Whether community c changes in stage s."""
        if (c, s) in self.changed:
            return self.changed[c, s]
        steps = self.problem.touching[c]
        return self._taken(steps[0], s) if steps else pulp.lpSum([])

    def _legal(self) -> None:
        """In every stage but the last, each community stands on an allowed set of its steps."""
        for c, forbidden in enumerate(self.problem.forbidden):
            if not forbidden:
                continue
            steps = self.problem.touching[c]
            allowed = self.problem.allowed(c) if len(steps) <= MOST_LISTED else None
            for s in range(self.stages - 1):
                if allowed is not None:
                    chosen = [self.program.add_variable(f"z_{c}_{s}_{k}", 0, 1) for k in range(len(allowed))]
                    self.program += pulp.lpSum(chosen) == 1
                    for i in steps:
                        held = [z for z, members in zip(chosen, allowed, strict=True) if i in members]
                        self.program += pulp.lpSum(held) == self.done[i, s]
                    continue
                for members in sorted(forbidden, key=sorted):
                    open_steps = [1 - self.done[i, s] for i in steps if i in members]
                    others = [self.done[i, s] for i in steps if i not in members]
                    self.program += pulp.lpSum(open_steps + others) >= 1

    def wishes(self) -> list[tuple[pulp.LpAffineExpression, bool]]:
        """What is wanted of the stages, in its order; True for the tiers of urgency."""
        told = []
        for number, tier in enumerate(self.problem.urgency):
            waits = []
            for c in np.flatnonzero(tier).tolist():
                for s in range(self.stages - 1):
                    mine = self.program.add_variable(f"v_{number}_{c}_{s}", 0, 1)
                    self.program += mine >= 1 - pulp.lpSum(self.done[i, s] for i in self.problem.touching[c])
                    self.waits[mine.name] = (c, s)
                    waits.append(float(tier[c]) * mine)
            told.append((pulp.lpSum(waits), True))
        told.append((pulp.lpSum(self.changed.values()), False))
        late = [
            float(self.problem.lateness[i]) * (1 - self.done[i, s])
            for i in range(self.problem.n)
            for s in range(self.stages - 1)
        ]
        told.append((pulp.lpSum(late), False))
        return told

    def stage(self, solved: Solved) -> Ints:
        """Stage of each step in a solution."""
        done = [
            sum(solved.values[self.done[i, s].name] < 0.5 for s in range(self.stages - 1))
            for i in range(self.problem.n)
        ]
        return np.array(done, dtype=np.int64)

    def start(self, stage: Ints) -> dict[str, float]:
        """Values of ``y`` for stages that are known."""
        return {var.name: float(stage[i] <= s) for (i, s), var in self.done.items()}

    def worth(self, term: pulp.LpAffineExpression, stage: Ints) -> float:
        """Value of a wish with these stages."""
        known = self.start(stage)
        for (c, s), variable in self.changed.items():
            known[variable.name] = float(any(stage[i] == s for i in self.problem.touching[c]))
        for name, (c, s) in self.waits.items():
            known[name] = float(all(stage[i] > s for i in self.problem.touching[c]))
        total = float(term.constant)
        for variable, coefficient in term.items():
            total += coefficient * known[variable.name]
        return total


def _moves(
    problem: StagingProblem, run: Callable[[pulp.LpProblem], Solved]
) -> tuple[list[list[int]], float, bool]:
    """Sets of steps in an order that can be taken one by one, with the least excess; that excess; if proved.

    Communities tie steps into components that know nothing of each other: with stages enough, each has its own, so
    the least excess of all is the sum of theirs.
    """
    moves: list[list[int]] = []
    least, proved = 0.0, True
    for steps in components(problem):
        whole = part_of(problem, steps)
        if excess_of(whole, np.zeros(whole.n, dtype=np.int64)) == 0:
            moves.append(steps)
            continue
        model = _Model(whole, whole.n, None)
        solved = run(model.program)
        stage = model.stage(solved) if solved.found else np.zeros(whole.n, dtype=np.int64)
        moves += [[steps[i] for i in np.flatnonzero(stage == s)] for s in np.unique(stage)]
        least += max(min(solved.bound, excess_of(whole, stage)), 0.0)
        proved &= solved.status == "optimal"
    return moves, least, proved
