"""What a plan is worth, term by term, and how each term and each stage of a profile is asked of a model.

A stage is a weighted sum of terms. On *open land* (method §5) every expression is a valid underestimate of the
term, so a bound from such a model holds for every way to share the land out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pulp

from districting.plans.problem import Problem
from districting.solvers.exact.parts import constraints as ask
from districting.solvers.exact.parts.model import PartModel, site_distances
from districting.solvers.params import Params
from districting.solvers.profile import Stage, TermName
from districting.solvers.result import Chosen, Solution

#: Distances are asked in km, so that a model's figures stay within a few digits of each other.
METRES = 1000.0
#: Border and mixed sums are settled within this share of their value: below it nobody sees a difference.
BORDER_GAP = 0.005
#: Terms that open land measures exactly: how the land is shared out changes nothing about them.
ON_LAND = {"moved_households", "communities"}


def moved_households(problem: Problem, solution: Solution) -> float:
    """Households whose community is not the successor of the one they live in today."""
    successor = np.array([chosen.community_pos for chosen in solution.chosen], dtype=np.int64)
    moves = (problem.today >= 0) & (successor[solution.part] != problem.today)
    return float(problem.households[moves].sum())


def communities(problem: Problem, solution: Solution) -> float:
    """Number of communities."""
    return float(len(solution.chosen))


def distance_m(problem: Problem, solution: Solution) -> float:
    """Sum of (households + 1) × distance from the seat, m."""
    return float((problem.households + 1.0) @ site_distances(problem, solution))


def open_border_km(problem: Problem, solution: Solution) -> float:
    """Km of border off the policy's lines, plus km of main road inside communities."""
    cut = solution.part[problem.edges[:, 0]] != solution.part[problem.edges[:, 1]]
    return float(problem.open_km[cut].sum() + problem.crossing_km[~cut].sum())


def deviation(problem: Problem, solution: Solution) -> float:
    """Sum over communities of |size − target| in the measure of the first window; kept ones count too."""
    sizes = np.bincount(solution.part, weights=problem.windows[0].weights, minlength=len(solution.chosen))
    return float(np.abs(sizes - problem.target).sum())


_MEASURES: Mapping[TermName, Callable[[Problem, Solution], float]] = {
    "moved_households": moved_households,
    "communities": communities,
    "distance_m_households": distance_m,
    "open_border_km": open_border_km,
    "deviation_households": deviation,
}

_ASKED: Mapping[TermName, tuple[Callable[[PartModel], pulp.LpAffineExpression], float]] = {
    "moved_households": (ask.moved, 1.0),
    "communities": (ask.communities, 1.0),
    "distance_m_households": (ask.distance, METRES),
    "open_border_km": (ask.open_border, 1.0),
    "deviation_households": (ask.deviation, 1.0),
}


def worth(problem: Problem, stage: Stage, solution: Solution) -> float:
    """The stage's sum in a plan, in the units of its terms."""
    return sum(weight * _MEASURES[term](problem, solution) for term, weight in stage.weights.items())


def scale(stage: Stage) -> float:
    """The stage's sum is asked of models divided by this."""
    return METRES if "distance_m_households" in stage.weights else 1.0


def asked(model: PartModel, stage: Stage) -> pulp.LpAffineExpression:
    """The stage's sum in a model, divided by `scale`.

    Land where nobody lives adds less than one household to ``moved_households`` (`constraints.moved`).
    """
    parts: list[Any] = []
    for term, weight in stage.weights.items():
        expression, unit = _ASKED[term]
        parts.append(expression(model) * (weight * unit / scale(stage)))
    return parts[0] if len(parts) == 1 else pulp.lpSum(parts)


def hold(model: PartModel, stage: Stage, ceiling: float) -> None:
    """Row that keeps an earlier stage at ``ceiling`` or below; a hair more, for rounding in the solver."""
    light = stage.weights.get("moved_households", 0.0) * ask.LIGHT
    hair = 1e-6 * max(abs(ceiling), 1.0)
    ask.at_most(model, asked(model, stage), (ceiling + light + hair) / scale(stage))


def proved(model: PartModel, stage: Stage, bound: float) -> float:
    """What a bound on `asked` proves of the stage's sum: whole units where the sum is whole."""
    if not np.isfinite(bound):
        return bound
    charged = model.problem.today >= 0
    empty = float((charged & (model.problem.households == 0)).sum()) / (model.problem.n + 1)
    value = bound * scale(stage) - stage.weights.get("moved_households", 0.0) * empty
    return float(np.ceil(value - 1e-6)) if whole_numbers(stage) else value


def whole_numbers(stage: Stage) -> bool:
    """Whether the stage's sum is a whole number in every plan."""
    return set(stage.weights) <= ON_LAND and all(float(weight).is_integer() for weight in stage.weights.values())


def tolerance(problem: Problem, params: Params, stage: Stage) -> float:
    """Gap within which a stage counts as proved, in its units.

    Households: 5, or 0.1 % of the sub-district. A number of communities: none. Other sums: a share of what is
    told of them (`share_of_value`), for they have no natural unit.
    """
    people = max(params.gap_households, params.gap_share * float(problem.households.sum()))
    per_household = sum(
        weight for term, weight in stage.weights.items() if term in ("moved_households", "deviation_households")
    )
    return per_household * people


def share_of_value(params: Params, stage: Stage) -> float:
    """Share of its value within which a stage counts as proved."""
    if set(stage.weights) <= {"moved_households", "communities", "deviation_households"}:
        return 0.0
    if params.gap_share == 0.0:
        return 0.0
    return BORDER_GAP if set(stage.weights) == {"open_border_km"} else params.gap_share


def seats_matter(stages: Sequence[Stage]) -> bool:
    """Whether it makes a difference to these stages where a seat stands inside its part."""
    return any("distance_m_households" in stage.weights for stage in stages)


def reseat(problem: Problem, plan: Solution) -> Solution:
    """The same parts, seats that may be chosen at the atom nearest to all and within reach of all.

    Chosen are those of new communities, and of communities without a centre that no lock seats or keeps.
    """
    fixed = {seat.community_pos for seat in problem.seats}
    fixed |= {pos for lock in problem.locks if lock.kind in ("seat", "keep") for pos in lock.communities}
    weight = problem.households + 1.0
    chosen = []
    for part, place in enumerate(plan.chosen):
        atoms = np.flatnonzero(plan.part == part)
        if place.community_pos < 0 or place.community_pos not in fixed:
            ways = weight[atoms] @ problem.site_distance_m[np.ix_(atoms, atoms)]
            inhabited = problem.households[atoms] > 0
            possible = np.ones(len(atoms), dtype=np.bool_)
            if problem.reach_limit_m is not None:
                far = problem.site_reach_m[np.ix_(atoms[inhabited], atoms)].max(axis=0, initial=0.0)
                possible = far <= problem.reach_limit_m
            ways = np.where(possible, ways, np.inf)
            if np.isfinite(ways).any():
                atom = int(atoms[np.argmin(ways)])
                x, y = problem.xy[atom].tolist()
                place = Chosen(atom, x, y, place.community_pos, False)
        chosen.append(place)
    return Solution(plan.part, tuple(chosen))
