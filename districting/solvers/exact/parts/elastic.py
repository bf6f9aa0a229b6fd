"""The elastic model: what would have to give, and by how much, where no plan exists.

Sizes, today and at the horizon, reach and the number of communities become soft; contiguity and locks stay hard.
The model is hop-ordered, so that it needs no cuts (trap 6), with a little distance against long searches. It is a
restriction: what its plan breaks is enough to give, as the plan shows, but perhaps not the least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pulp

from districting.plans.problem import Problem
from districting.solvers.exact.contiguity import neighbours_of, reachable
from districting.solvers.exact.parts import constraints as ask
from districting.solvers.exact.parts.cutting import Clock, Pool, solve_connected
from districting.solvers.exact.parts.land import fewest_parts
from districting.solvers.exact.parts.model import PartModel
from districting.solvers.exact.parts.sites import (
    Site,
    kept,
    medoids,
    nearest_only,
    new_sites,
    oversized,
    owned_sites,
)
from districting.solvers.result import Solution

#: Households that one metre out of reach weighs as, for each household concerned.
PER_METRE = 0.01
#: An atom may join its own community or one of so many nearest sites.
NEAR = 8
#: Weight of a household-kilometre beside a household of slack.
DISTANCE = 0.02

Charge = tuple[pulp.LpVariable, float]


def give_way(problem: Problem, clock: Clock, *, limit_s: float) -> Solution | None:
    """A plan that breaks sizes, reach and number as little as may be, locks not at all; None if none is found."""
    loose = _without_limits(problem)
    sites = nearest_only(loose, _sites(problem, loose), NEAR, {})
    model = PartModel.of(loose, sites)
    ask.every_atom_in_one_part(model)
    ask.only_open_parts(model)
    ask.one_successor(model)
    ask.hold_old_seat(model)
    ask.stay_apart(model)
    ask.split_in_two(model)
    ask.hop_ordered(model)
    charge = [*_sizes(problem, model), *_reaches(problem, model), *_number(problem, model)]
    model.program += ask.total_of(charge) + DISTANCE * ask.distance(model)
    found = solve_connected(model, Pool(), clock, limit_s=limit_s, gap_abs=1.0)
    return None if found.values is None else model.solution(found.values)


def _sizes(problem: Problem, model: PartModel) -> Iterator[Charge]:
    """A slack below and one above for every part, in the first window of today and of the horizon."""
    add = model.program.add_variable
    for family, windows in (("t", problem.windows[:1]), ("h", problem.horizon[:1])):
        for window in windows:
            for pos, site in enumerate(model.sites):
                if site.frozen:
                    continue
                total = ask.weigh(model, pos, window)
                under, over = add(f"under{family}{pos:03d}", 0), add(f"over{family}{pos:03d}", 0)
                model.program += total + under - window.low * model.y[pos] >= 0
                model.program += total - over - window.high * site.room * model.y[pos] <= 0
                yield from ((under, 1.0), (over, 1.0))


def _number(problem: Problem, model: PartModel) -> Iterator[Charge]:
    """One community too many or too few weighs as much as all of its households."""
    if problem.number is None:
        return
    fewest, most = problem.number
    low, high = model.program.add_variable("too_few", 0), model.program.add_variable("too_many", 0)
    model.program += ask.communities(model) + low >= fewest
    model.program += ask.communities(model) - high <= most
    yield from ((low, problem.target), (high, problem.target))


def _reaches(problem: Problem, model: PartModel) -> Iterator[Charge]:
    """Metres beyond reach of each pair, by the households that walk them; only pairs that are."""
    if problem.reach_limit_m is None:
        return
    for pos, site in enumerate(model.sites):
        if site.frozen:
            continue
        reach = problem.site_reach_m[:, site.atom_pos]
        for seat_pos, seat in enumerate(problem.seats):
            if site.existing and seat.community_pos == site.community_pos:
                reach = problem.seat_reach_m[:, seat_pos]
        for atom in model.atoms_of(pos):
            beyond = float(reach[atom]) - problem.reach_limit_m
            if problem.households[atom] > 0 and beyond > 0:
                yield model.x[pos, atom], PER_METRE * beyond * float(problem.households[atom])


def _without_limits(problem: Problem) -> Problem:
    """The same ground where size and reach forbid no pair."""
    windows = tuple(replace(w, low=0.0, high=float(w.weights.sum()) + 1.0) for w in problem.windows[:1])
    return replace(problem, windows=windows, horizon=(), reach_limit_m=None)


def _sites(problem: Problem, loose: Problem) -> list[Site]:
    """Owned sites with their own room, and new ones where oversized communities or free land may need them."""
    over, atoms = oversized(problem), set()
    for community in [-1, *sorted(over - kept(problem))]:
        own = np.flatnonzero((problem.today == community) & (problem.households > 0)).tolist()
        if own:
            atoms |= set(medoids(problem, own, fewest_parts(problem, own) + 1))
    tight = 1.0 - problem.headroom
    owned = [replace(s, room=tight if s.community_pos in over else 1.0) for s in owned_sites(loose)]
    neighbours = neighbours_of(problem)
    for piece in sorted(set(problem.piece.tolist())):
        members = set(np.flatnonzero(problem.piece == piece).tolist())
        if not any(site.atom_pos in members for site in owned) and not members & atoms:
            atoms |= set(medoids(problem, sorted(reachable(neighbours, min(members), members)), 1))
    return [*owned, *new_sites(loose, atoms)]
