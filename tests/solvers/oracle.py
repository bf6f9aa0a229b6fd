"""Every plan of a tiny town with the worth of each term, and the best by a profile: no solver has a hand in it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.profile import Profile, Stage

#: Order of the terms in a plan's worth.
TERMS = (
    "moved_households", "communities", "distance_m_households", "open_border_km", "deviation_households",
)  # fmt: skip
Worth = tuple[float, float, float, float, float]


def plans(problem: Problem, partitions: Iterable[tuple[frozenset[int], ...]], *, new: bool) -> np.ndarray:
    """The worth of every legal plan, shape (plans, 5): each partition with every name that its parts may have.

    A part succeeds a community whose seat it holds and keeps that seat, or, with ``new``, it is new with its seat at
    an inhabited atom. Successors of oversized communities and new ones keep the headroom.
    """
    known: dict[frozenset[int], list[tuple[float, float]]] = {}
    found: list[Worth] = []
    everyone = float(problem.households[problem.today >= 0].sum())
    for parts in partitions:
        for part in parts:
            if part not in known:
                known[part] = _names(problem, part, new=new)
        if not all(known[part] for part in parts):
            continue
        label = np.zeros(problem.n, dtype=int)
        for position, part in enumerate(parts):
            label[list(part)] = position
        cut = label[problem.edges[:, 0]] != label[problem.edges[:, 1]]
        border = float(problem.open_km[cut].sum() + problem.crossing_km[~cut].sum())
        off = sum(abs(problem.windows[0].weights[sorted(part)].sum() - problem.target) for part in parts)
        for names in product(*(known[part] for part in parts)):
            stays, ways = (sum(figures) for figures in zip(*names, strict=True))
            found.append((everyone - stays, float(len(parts)), ways, border, float(off)))
    return np.array(sorted(set(found))).reshape(-1, len(TERMS))


def _names(problem: Problem, part: frozenset[int], *, new: bool) -> list[tuple[float, float]]:
    """(households that stay, household-metres) of each name, worse ones left out."""
    atoms = np.array(sorted(part))
    window, limit = problem.windows[0], problem.reach_limit_m or np.inf
    total = window.weights[atoms].sum()
    if not window.low <= total <= window.high:
        return []
    roomy = total <= window.high * (1 - problem.headroom) + 1e-9
    lived, weight = atoms[problem.households[atoms] > 0], problem.households[atoms] + 1.0
    found = []
    for at, seat in enumerate(problem.seats):
        over = window.weights[problem.today == seat.community_pos].sum() > window.high
        if seat.atom_pos in part and (roomy or not over) and (problem.seat_reach_m[lived, at] <= limit).all():
            stays = problem.households[atoms[problem.today[atoms] == seat.community_pos]].sum()
            found.append((float(stays), float(weight @ problem.seat_distance_m[atoms, at])))
    found += [
        (0.0, float(weight @ problem.site_distance_m[atoms, atom]))
        for atom in (lived if new and roomy else ())
        if (problem.site_reach_m[lived, atom] <= limit).all()
    ]
    return [
        one for one in found
        if not any(other != one and other[0] >= one[0] and other[1] <= one[1] for other in found)
    ]  # fmt: skip


def worth(stage: Stage, table: np.ndarray) -> np.ndarray:
    """The stage's sum of each plan."""
    weights = np.array([stage.weights.get(term, 0.0) for term in TERMS])  # type: ignore[call-overload]
    return np.asarray(table @ weights)


def best(profile: Profile, table: np.ndarray) -> list[float]:
    """The value at which each stage is settled."""
    values = []
    for stage in profile.stages:
        sums = worth(stage, table)
        values.append(float(sums.min()))
        table = table[sums <= stage.ceiling(sums.min()) + 1e-6 * max(abs(sums.min()), 1.0)]
    return values


def numbered(problem: Problem, table: np.ndarray) -> np.ndarray:
    """The plans with the number of communities that is nearest to size over target, the smaller of two."""
    asked = int(np.floor(problem.windows[0].weights.sum() / problem.target + 0.5))
    if problem.number is not None:
        asked = min(max(asked, problem.number[0]), problem.number[1])
    numbers = sorted(set(table[:, 1]), key=lambda number: (abs(number - asked), number))
    return table[table[:, 1] == numbers[0]] if numbers else table
