"""How far one demand must be loosened, all others kept: from the plan that breaks it least, downwards.

Between what is asked, where there is no plan, and what a plan at hand needs lies the least figure. Halving the
span finds it: each plan on the way brings its own figure, each proof of none the other end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.conflicts.demands import Asked, DemandKind
from districting.solvers.conflicts.feasibility import Oracle, broken
from districting.solvers.conflicts.legality import breaches
from districting.solvers.result import Solution

#: Demands that have a figure to loosen.
DIALLED: tuple[DemandKind, ...] = ("max", "min", "reach", "headroom", "fewest", "most")
#: Figures that differ by no more are one figure: a household, a metre, a community; of headroom, a thousandth.
STEP, HEADROOM_STEP = 1.0, 0.001


@dataclass(frozen=True)
class Loosened:
    """The figure that one demand must be loosened to.

    Parameters
    ----------
    asked, value
        What is asked, and what ``plan`` needs.
    least
        Whether it is proved that no less would do, to within `STEP`.
    plan
        A plan that meets everything else as asked.
    """

    kind: DemandKind
    asked: float
    value: float
    least: bool
    plan: Solution


def asked_value(problem: Problem, kind: DemandKind) -> float | None:
    """The figure of a demand; None where it has none."""
    first = problem.windows[0]
    fewest, most = problem.number or (0, 0)
    figures: dict[DemandKind, float | None] = {
        "max": first.high,
        "min": first.low,
        "reach": problem.reach_limit_m,
        "headroom": problem.headroom,
        "fewest": float(fewest),
        "most": float(most),
    }
    return figures.get(kind)


def with_value(problem: Problem, kind: DemandKind, value: float) -> Problem:
    """The problem with another figure for one demand; of two windows, the first."""
    first, fewest_most = problem.windows[0], problem.number or (0, problem.n)
    changes: dict[DemandKind, Callable[[], Problem]] = {
        "max": lambda: replace(problem, windows=(replace(first, high=value), *problem.windows[1:])),
        "min": lambda: replace(problem, windows=(replace(first, low=value), *problem.windows[1:])),
        "reach": lambda: replace(problem, reach_limit_m=value),
        "headroom": lambda: replace(problem, headroom=value),
        "fewest": lambda: replace(problem, number=(int(value), fewest_most[1])),
        "most": lambda: replace(problem, number=(fewest_most[0], int(value))),
    }
    return changes[kind]()


def needed(asked: Asked, kind: DemandKind, plan: Solution) -> float | None:
    """The figure with which a plan breaks nothing; None where no figure of this demand does."""
    problem, found = asked.problem, breaches(asked.problem, plan, mode=asked.mode)
    measured = [breach.measured for breach in found]
    if not measured:
        return asked_value(problem, kind)
    high, room = max(measured), 1.0 - problem.headroom
    figures: dict[DemandKind, tuple[float, ...]] = {
        "max": (high, high / room),
        "min": (min(measured),),
        "reach": (high,),
        "headroom": (max(1.0 - high / problem.windows[0].high, 0.0),),
        "fewest": (high,),
        "most": (high,),
    }
    for value in figures[kind]:
        if not broken(Asked(with_value(problem, kind, value), asked.mode), plan):
            return value
    return None


def loosen(oracle: Oracle, asked: Asked, kind: DemandKind, plan: Solution) -> Loosened | None:
    """The least loosening of one demand of ``asked`` that makes a plan possible; None if none is found.

    Parameters
    ----------
    oracle
        Answers; its clock ends the search, and the figure found so far is handed in as not shown to be least.
    asked
        Without a plan as it stands; what is waived besides is left off already.
    plan
        A plan of ``asked`` without this demand.
    """
    demanded = asked_value(asked.problem, kind)
    if demanded is None:
        return None
    value = needed(asked, kind, plan)
    if value is None:
        return None
    none_at, proved = demanded, True
    step = HEADROOM_STEP if kind == "headroom" else STEP
    while abs(value - none_at) > step and oracle.clock.left_s > 0.0:
        middle = (value + none_at) / 2.0
        if kind in ("fewest", "most"):
            middle = float(np.trunc(middle))
        between = Asked(with_value(asked.problem, kind, middle), asked.mode)
        better = oracle.plan_for(between)
        nearer = needed(asked, kind, better) if isinstance(better, type(plan)) else None
        if nearer is None or better is None or isinstance(better, bool):
            none_at, proved = middle, proved and better is False
            continue
        value, plan = nearer, better
    return Loosened(kind, demanded, value, proved and abs(value - none_at) <= step, plan)
