"""One rule less: the problems whose plans tell what a rule costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from districting.plans.problem import Problem


@dataclass(frozen=True)
class Relaxation:
    """A problem without one of its rules.

    Parameters
    ----------
    rule
        ``size_max``, ``size_min``, ``reach``, ``headroom``, ``horizon``, ``number`` or ``compounds``.
    problem
        The same problem without it. Every plan of the full problem is one of this problem too.
    """

    rule: str
    problem: Problem


def relaxations(problem: Problem) -> Iterator[Relaxation]:
    """Every rule of a problem that can be left off by itself, in a fixed order.

    Contiguity and full cover are what a community is, so they have no price here.
    """
    total = [float(window.weights.sum()) for window in problem.windows]
    if any(window.high < weight for window, weight in zip(problem.windows, total, strict=True)):
        windows = tuple(replace(w, high=float(w.weights.sum())) for w in problem.windows)
        horizon = tuple(replace(w, high=float(w.weights.sum())) for w in problem.horizon)
        yield Relaxation("size_max", replace(problem, windows=windows, horizon=horizon, headroom=0.0))
    if any(window.low > 0 for window in problem.windows):
        windows = tuple(replace(w, low=0.0) for w in problem.windows)
        horizon = tuple(replace(w, low=0.0) for w in problem.horizon)
        yield Relaxation("size_min", replace(problem, windows=windows, horizon=horizon))
    if problem.reach_limit_m is not None:
        yield Relaxation("reach", replace(problem, reach_limit_m=None))
    if problem.headroom > 0:
        yield Relaxation("headroom", replace(problem, headroom=0.0))
    if problem.horizon:
        yield Relaxation("horizon", replace(problem, horizon=()))
    if problem.number is not None:
        yield Relaxation("number", replace(problem, number=None))
    if problem.compounds:
        yield Relaxation("compounds", replace(problem, compounds=()))
