"""One sub-district to be solved in one way, and what is said of it while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from districting.plans.problem import Problem
from districting.progress import Figures, Progress, Step, Stop
from districting.solvers.params import Params
from districting.solvers.result import Result
from districting.solvers.strategy import SolveMode, solve

#: Workers that a job may lose before it counts as unsolvable on this machine (most often: too little memory).
MOST_LOSSES = 3


@dataclass(frozen=True)
class Job:
    """One sub-district in one alternative.

    Parameters
    ----------
    problem, mode, params
        What is solved, and how.
    plan_id
        The alternative that it belongs to; empty: the mode.
    title
        Name of the sub-district for people; empty: its id.
    """

    problem: Problem
    mode: SolveMode
    params: Params
    plan_id: str = ""
    title: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """(alternative, sub-district id): unique in a run."""
        return self.plan_id or self.mode, self.problem.name

    @property
    def where(self) -> str:
        """What runs, for people."""
        return f"{self.title or self.problem.name} · {self.plan_id or self.mode}"

    def run(self, *, progress: Progress, stop: Stop) -> Result:
        """Solve it here; ``progress`` is told of every change of the best plan or the bound."""
        figures = Figures()

        def tell(step: Step) -> None:
            if figures.take(step):
                progress(step)

        return solve(self.problem, self.mode, self.params, progress=tell, stop=stop)

    def unsolved(self, why: str) -> Result:
        """The result of a job that never ran to an end; nothing is claimed but that no objective is negative.

        ``why`` goes to ``notes["unsolved"]``: ``"stopped"`` or ``"workers lost"``.
        """
        none = float("inf")
        return Result(
            self.problem.name,
            self.mode,
            "unknown",
            None,
            none,
            0.0,
            (),
            0.0,
            self.params.seed,
            notes={"unsolved": why},
        )


#: A job with its result, as the engines hand them on.
Solved = tuple[Job, Result]


class Telling:
    """What listeners hear of all jobs together: every change of figures, every end, and how many are done.

    Parameters
    ----------
    progress
        Who listens.
    total
        Number of jobs; 0 where it is not known.
    """

    def __init__(self, progress: Progress, *, total: int) -> None:
        self.progress = progress
        self.total = total
        self.done = 0
        self._figures: dict[tuple[str, str], Figures] = {}

    def heard(self, job: Job, step: Step) -> None:
        """Pass on what a running job says, figures completed with what it said before."""
        figures = self._figures.setdefault(job.key, Figures())
        if figures.take(step):
            self._tell(job, figures.incumbent, figures.bound, term=figures.term)

    def hearer(self, job: Job) -> Callable[[Step], None]:
        """`heard` for one job."""
        return lambda step: self.heard(job, step)

    def ended(self, job: Job, result: Result) -> Solved:
        """Count a job as done and say how it ended; returns both for the engine to hand on."""
        self._figures.pop(job.key, None)
        self.done += 1
        figures = Figures()
        figures.take(Step("stage.solve", incumbent=result.objective, bound=result.lower_bound))
        self._tell(job, figures.incumbent, figures.bound, ended=True)
        return job, result

    def _tell(
        self, job: Job, incumbent: float | None, bound: float | None, *, term: str = "", ended: bool = False
    ) -> None:
        """One sign of life."""
        self.progress(Step("stage.solve", self.done, self.total, job.where, incumbent, bound, term, ended))
