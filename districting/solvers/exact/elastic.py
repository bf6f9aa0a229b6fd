"""The elastic model: what would have to give, and by how much, where no plan exists.

Sizes and reach become soft, contiguity and locks stay hard. The model is hop-ordered, so that it needs no cuts
(trap 6), with a little distance against long searches. What it gives up is enough to have a plan: it has one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pulp

from districting.plans.problem import Problem
from districting.solvers.exact import constraints as ask
from districting.solvers.exact.contiguity import neighbours_of, reachable
from districting.solvers.exact.cutting import Clock, Pool, solve_connected
from districting.solvers.exact.land import fewest_parts
from districting.solvers.exact.model import PartModel
from districting.solvers.exact.sites import Site, kept, medoids, nearest_only, new_sites, oversized, owned_sites

#: Households that one metre out of reach weighs as, for each household concerned.
PER_METRE = 0.01
#: An atom may join its own community or one of so many nearest sites.
NEAR = 8
#: Weight of a household-kilometre beside a household of slack.
DISTANCE = 0.02


@dataclass(frozen=True)
class Given:
    """One figure that would have to give: ``what`` is ``over_max``, ``below_min`` or ``out_of_reach``."""

    what: str
    community_pos: int
    atoms: tuple[int, ...]
    measured: float
    allowed: float


def give_way(problem: Problem, clock: Clock, *, limit_s: float) -> tuple[Given, ...] | None:
    """The least that sizes and reach would have to give; None if nothing of theirs helps, or time ran out."""
    loose = _without_limits(problem)
    sites = nearest_only(loose, _sites(problem, loose), NEAR, {})
    model = PartModel.of(loose, sites)
    ask.every_atom_in_one_part(model)
    ask.only_open_parts(model)
    ask.one_successor(model)
    ask.hold_old_seat(model)
    ask.stay_apart(model)
    ask.split_in_two(model)
    ask.number_of_communities(model)
    ask.hop_ordered(model)
    window, add = problem.windows[0], model.program.add_variable
    charge: list[tuple[pulp.LpVariable, float]] = []
    for pos, site in enumerate(sites):
        if site.frozen:
            continue
        total, under, over = ask.weigh(model, pos, window), add(f"under{pos}", 0), add(f"over{pos}", 0)
        charge += [(under, 1.0), (over, 1.0)]
        model.program += total + under - window.low * model.y[pos] >= 0
        model.program += total - over - window.high * site.room * model.y[pos] <= 0
    charge += [
        (model.x[pos, atom], PER_METRE * beyond * float(problem.households[atom]))
        for (pos, atom), beyond in _beyond(problem, model).items()
    ]
    model.program += ask.total_of(charge) + DISTANCE * ask.distance(model)
    found = solve_connected(model, Pool(), clock, limit_s=limit_s, gap_abs=1.0)
    if found.values is None:
        return None
    given = []
    for pos, site in enumerate(sites):
        atoms = model.members(found.values, pos)
        if site.frozen or found.values[model.y[pos].name] < 0.5:
            continue
        sums = [float(w.weights[atoms].sum()) for w in problem.windows]
        if not any(w.low <= s <= w.high * site.room for w, s in zip(problem.windows, sums, strict=True)):
            what, allowed = (
                ("over_max", window.high * site.room)
                if sums[0] > window.high * site.room
                else (
                    "below_min",
                    window.low,
                )
            )
            given.append(Given(what, site.community_pos, tuple(atoms), sums[0], allowed))
        far = _reach(problem, site, atoms)
        if far and problem.reach_limit_m is not None:
            farthest = max(far.values())
            given.append(Given("out_of_reach", site.community_pos, tuple(far), farthest, problem.reach_limit_m))
    return tuple(given)


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


def _reach(problem: Problem, site: Site, atoms: list[int]) -> dict[int, float]:
    """Inhabited atoms of a part that lie beyond reach, with the distance of their farthest building."""
    if problem.reach_limit_m is None:
        return {}
    column = problem.site_reach_m[:, site.atom_pos]
    for pos, seat in enumerate(problem.seats):
        if site.existing and seat.community_pos == site.community_pos:
            column = problem.seat_reach_m[:, pos]
    return {
        atom: float(column[atom])
        for atom in atoms
        if problem.households[atom] > 0 and column[atom] > problem.reach_limit_m
    }


def _beyond(problem: Problem, model: PartModel) -> dict[tuple[int, int], float]:
    """Metres beyond reach of each pair; only pairs that are."""
    limit = problem.reach_limit_m or 0.0
    return {
        (pos, atom): reach - limit
        for pos, site in enumerate(model.sites)
        if not site.frozen
        for atom, reach in _reach(problem, site, model.atoms_of(pos)).items()
    }
