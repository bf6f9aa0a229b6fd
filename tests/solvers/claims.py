"""What a result claims that is not true, held against every legal plan; no solver has a hand in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.profile import Profile, Stage
from districting.solvers.result import Result
from tests.solvers.legal_plans import TERMS, illegal, legal_plans, staying, worth_of
from tests.solvers.part_rules import Mode, Rules

#: Figures are told in floating point.
_HAIR = 1e-5


def false_claims(problem: Problem, mode: Mode, profile: Profile, result: Result) -> list[str]:
    """Everything that a result claims and that is not true, in words; empty if nothing.

    Whenever the search ended: the plan is legal, and worth what it is said to be; it keeps the ceilings told; every
    bound holds for the best plan that keeps the ceilings before it; *optimal* and *infeasible* are true (gaps of 0
    asked). Who is left alone is of the wrong size, and the least that can be, where that is said.
    """
    alone = _alone(problem, result)
    wrong = _left_alone(problem, mode, result, alone) if alone else []
    return wrong + _false_claims(staying(problem, alone), mode, profile, result)


def unfinished(problem: Problem, mode: Mode, profile: Profile, result: Result) -> list[str]:
    """What a search that had its time has left open, in words; empty if nothing.

    Nothing is expected of three kinds of problem, of which the bounds are known to be lower than any plan: plans
    unlike others (§13.2), open land (§6), communities without a centre (§8.1).
    """
    staying_so = staying(problem, _alone(problem, result))
    loose = Rules(problem, mode).open_land() or len(problem.seats) < len(problem.community_ids)
    if problem.unlike or loose:
        return []
    if result.solution is None:
        return [] if result.status == "infeasible" else [f"ends as {result.status}"]
    table = _with_its_number(profile, legal_plans(staying_so, mode), result)
    values = zip(profile.stages, _best(profile, table, result), result.notes["stages"], strict=True)
    return [
        f"{stage.name} is settled at {step['settled_at']}, the best is {best}, the bound {step['lower_bound']}"
        for stage, best, step in values
        if not _close(step["settled_at"], best) or not _close(step["lower_bound"], best)
    ]


def _alone(problem: Problem, result: Result) -> list[int]:
    """Communities of today that the result leaves alone."""
    return [problem.community_ids.index(name) for name in result.notes.get("left_alone", ())]


def _false_claims(problem: Problem, mode: Mode, profile: Profile, result: Result) -> list[str]:
    """As `false_claims`, where nobody is left alone."""
    table = legal_plans(problem, mode)
    if result.status == "infeasible" and len(table):
        return [f"infeasible, and {len(table)} plans are legal"]
    if result.solution is None:
        return []
    wrong = [f"illegal plan: {one}" for one in illegal(problem, mode, result.solution)]
    if wrong:
        return wrong
    if profile.number == "target" and result.status == "optimal" and not problem.unlike:
        wrong += _wrong_number(problem, table, len(result.solution.chosen))
    table = _with_its_number(profile, table, result)
    return wrong + _wrong_figures(problem, mode, profile, table, result)


def _wrong_number(problem: Problem, table: np.ndarray, made: int) -> list[str]:
    """The number of communities must be the nearest to the one asked that a plan may have."""
    asked = int(np.floor(problem.windows[0].weights.sum() / problem.target + 0.5))
    if problem.number is not None:
        asked = min(max(asked, problem.number[0]), problem.number[1])
    nearest = float(np.abs(table[:, 1] - max(asked, 1)).min())
    return (
        [] if abs(made - max(asked, 1)) <= nearest else [f"{made} communities, a plan is {nearest:g} off {asked}"]
    )


def _with_its_number(profile: Profile, table: np.ndarray, result: Result) -> np.ndarray:
    """The plans that bounds speak of: where a target number is asked, those with the number of the plan told."""
    assert result.solution is not None
    return table[table[:, 1] == len(result.solution.chosen)] if profile.number == "target" else table


def _best(profile: Profile, table: np.ndarray, result: Result) -> list[float]:
    """The least sum of each stage among the plans that keep the ceilings told of those before; nan if none does."""
    values = []
    for stage, step in zip(profile.stages, result.notes["stages"], strict=True):
        sums = _summed(stage, table)
        values.append(float(sums.min(initial=np.inf)) if len(sums) else np.nan)
        ceiling = _ceiling(stage, step)
        table = table[sums <= ceiling + 1e-6 * max(abs(ceiling), 1.0)]
    return values


def _wrong_figures(problem: Problem, mode: Mode, profile: Profile, table: np.ndarray, result: Result) -> list[str]:
    """Terms, bounds, ceilings and status against every plan.

    Open land of ``whole`` is given away at the end (§6): its stages are told without what it adds, and *optimal* is
    measured by the plan.
    """
    assert result.solution is not None
    worth, wrong = worth_of(problem, result.solution)[None, :], []
    loose, last = bool(Rules(problem, mode).open_land()), len(profile.stages) - 1
    best = _best(profile, table, result)
    for at, (stage, step, term) in enumerate(
        zip(profile.stages, result.notes["stages"], result.terms[: last + 1], strict=True)
    ):
        value, ceiling, name = float(_summed(stage, worth)[0]), _ceiling(stage, step), f"stage {at} ({stage.name})"
        if not _close(term.value, value):
            wrong.append(f"{name} is told as {term.value}, the plan is worth {value}")
        if np.isnan(best[at]):  # loose land only: no plan keeps a ceiling that is told without it
            continue
        highest = max(step["lower_bound"], term.lower_bound, result.lower_bound if at == 0 else 0.0)
        if _above(highest, best[at]):
            wrong.append(f"{name} has a bound of {highest}, a plan is worth {best[at]}")
        if at == 0 and result.status == "optimal":
            told, most = (
                (value, best[0] if not last else stage.ceiling(best[0]))
                if loose
                else (step["settled_at"], best[0])
            )
            if _above(told, most):
                wrong.append(f"{name} is called optimal at {told}, a plan is worth {best[0]}")
        if _above(value, ceiling) and not loose:
            wrong.append(f"{name} is worth {value}, above its ceiling {ceiling}")
    return wrong


def _ceiling(stage: Stage, step: Mapping[str, float]) -> float:
    """How large a stage may become later, as the result tells it."""
    return step.get("ceiling", stage.ceiling(step["settled_at"]))


def _above(one: float, other: float) -> bool:
    """Whether a figure is above another, floating point aside."""
    return one > other + _HAIR * max(abs(other), 1.0)


def _left_alone(problem: Problem, mode: Mode, result: Result, alone: Collection[int]) -> list[str]:
    """Whoever is left alone has the wrong size, no plan does without, and none leaves less if that is said."""
    out = _out_of_bounds(problem)
    wrong = [f"community {pos} is left alone, and nothing is wrong with it" for pos in alone if not out[pos] > 0]
    cost = float(sum(out[pos] for pos in alone))
    sets = _sets(problem, mode, out)
    if len(legal_plans(problem, mode)):
        wrong.append("somebody is left alone, and there is a plan without")
    if result.notes["left_alone_least"]:
        wrong += [
            f"{sorted(alone)} are left alone as the least ({cost}), a plan leaves {sorted(others)} ({less})"
            for less, others in sets
            if less < cost - _HAIR and len(legal_plans(staying(problem, others), mode))
        ]
    return wrong


def may_leave(problem: Problem, mode: Mode) -> bool:
    """Whether some communities of the wrong size may stay so that the others have a plan."""
    return any(
        len(legal_plans(staying(problem, some), mode)) for _, some in _sets(problem, mode, _out_of_bounds(problem))
    )


def _sets(problem: Problem, mode: Mode, out: np.ndarray) -> list[tuple[float, tuple[int, ...]]]:
    """Sets of communities that may stay as they are, with the households that this leaves out of bounds.

    Nobody whom a lock names, who is out of reach of the own centre, or lies in pieces.
    """
    free = tuple(replace(window, low=0.0, high=np.inf) for window in problem.windows)
    rules = Rules(replace(problem, windows=free, horizon=(), locks=()), "adjust")
    locked = {pos for lock in problem.locks for pos in lock.communities}

    def sound(pos: int) -> bool:
        """Whether only the size is wrong."""
        lived = np.unique(problem.piece[sorted(rules.lived[pos])])
        whole = len(rules.pieces(rules.own[pos])) <= max(len(lived), 1)
        return whole and any(name.owner == pos for name in rules.names(rules.own[pos]))

    left = [pos for pos in np.flatnonzero(out > 0).tolist() if pos not in locked and sound(pos)]
    return sorted(
        (float(out[list(some)].sum()), some)
        for size in range(1, len(left) + 1)
        for some in combinations(left, size)
    )


def _out_of_bounds(problem: Problem) -> np.ndarray:
    """Households by which each community of today misses its size, shape (c,); 0 where any window allows it."""
    out = np.zeros(len(problem.community_ids))
    for pos in range(len(out)):
        own = problem.today == pos
        if not problem.households[own].any():
            continue
        for family in (problem.windows, problem.horizon):
            sizes = [(float(w.weights[own].sum()), w) for w in family]
            misses = [max(size - w.high, w.low - size, 0.0) for size, w in sizes]
            if misses and min(misses) > 0:
                out[pos] = max(out[pos], misses[0])
    return out


def _summed(stage: Stage, table: np.ndarray) -> np.ndarray:
    """The stage's sum of each plan."""
    weights = np.array([stage.weights.get(term, 0.0) for term in TERMS])
    return np.asarray(table @ weights)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= _HAIR * max(abs(other), 1.0)
