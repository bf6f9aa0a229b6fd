"""Whether there is any plan at all: the solver of the mode, ended at its first plan, and its word checked.

Yes comes with a plan that was read again, no with a proof of the mode's exact model; anything else is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from districting.progress import Step
from districting.solvers.conflicts.demands import Asked, Demand
from districting.solvers.conflicts.legality import breaches
from districting.solvers.conflicts.prechecks import prechecks
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.whole.whole import solve_whole
from districting.solvers.params import Params
from districting.solvers.result import Result, Solution

#: Seconds for one question; a set of demands that takes longer has no answer.
QUESTION_S = 15.0


@dataclass
class Oracle:
    """Answers whether demands can be met together, and remembers plans and proofs.

    Parameters
    ----------
    asked
        The whole problem, with nothing waived.
    params
        Of the search; time, profile and gap are its own here.
    clock
        Time for all questions together.
    """

    asked: Asked
    params: Params
    clock: Clock
    plans: list[tuple[Asked, Solution]] = field(default_factory=list)
    known: dict[frozenset[Demand], Solution | bool] = field(default_factory=dict)

    def can(self, demands: frozenset[Demand]) -> bool | None:
        """Whether a plan meets ``demands``; None where that is not known in time."""
        answer = self.answer(demands)
        return None if answer is None else answer is not False

    def answer(self, demands: frozenset[Demand]) -> Solution | bool | None:
        """A plan that meets ``demands``; False where there is proved to be none; None where neither is known."""
        if demands not in self.known:
            answer = self._with_twice_the_maximum(demands) or self.plan_for(self.asked.only(demands))
            if answer is None:
                return None
            self.known[demands] = answer
        return self.known[demands]

    def _with_twice_the_maximum(self, demands: frozenset[Demand]) -> Solution | None:
        """A plan of `whole` within twice the maximum, where it is waived: without any, unions are too many."""
        maximum, whole = Demand("max"), Demand("whole")
        if self.asked.mode != "whole" or whole not in demands or maximum in demands:
            return None
        bounded = self.asked.only(demands | {maximum})
        windows = tuple(replace(window, high=2.0 * window.high) for window in bounded.problem.windows)
        answer = self.plan_for(Asked(replace(bounded.problem, windows=windows), bounded.mode))
        return None if answer is None or isinstance(answer, bool) else answer

    def plan_for(self, asked: Asked) -> Solution | bool | None:
        """A plan; False where there is proved to be none; None where neither is known in time."""
        plan = self.remembered(asked)
        if plan is not None:
            return plan
        if self.clock.left_s <= 0.0:
            return None
        if prechecks(asked.problem):
            return False
        result = self._ask(asked)
        plan = result.solution
        if plan is not None and not broken(asked, plan):
            self.plans.append((asked, plan))
            return plan
        return False if plan is None and result.status == "infeasible" else None

    def remembered(self, asked: Asked) -> Solution | None:
        """A plan found for another question that meets this one as well."""
        for earlier, plan in reversed(self.plans):
            # Which unions are whole depends on what else is asked: such plans answer their own question only.
            if asked.mode != "whole" and earlier.mode != "whole" and not broken(asked, plan):
                return plan
        return None

    def _ask(self, asked: Asked) -> Result:
        """The solver of the mode, content with its first plan."""
        found = False

        def listen(step: Step) -> None:
            nonlocal found
            found = found or step.incumbent is not None
            self.clock.progress(replace(step, incumbent=None, bound=None, stage="stage.explain"))

        def ended() -> bool:
            return found or self.clock.stop()

        # No objective matters here: any plan is within such a gap.
        params = replace(
            self.params,
            time_limit_s=min(QUESTION_S, self.clock.left_s),
            gap_households=1.0 + float(asked.problem.households.sum()),
            profile=None,
        )
        if asked.mode == "whole":
            return solve_whole(asked.problem, params, progress=self.clock.progress, stop=self.clock.stop)
        return solve_adjust(asked.problem, params, progress=listen, stop=ended)


def broken(asked: Asked, plan: Solution) -> bool:
    """Whether a plan breaks anything that is asked."""
    return bool(breaches(asked.problem, plan, mode=asked.mode))
