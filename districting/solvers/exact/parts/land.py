"""Sharing out land among new communities: one connected component of it, into as few parts as fit."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.exact.contiguity import hops, neighbours_of
from districting.solvers.exact.parts import constraints as ask
from districting.solvers.exact.parts.cutting import Clock, Pool, cut_root, solve_connected
from districting.solvers.exact.parts.model import PartModel, chosen_from
from districting.solvers.exact.parts.sites import Site, companions, medoids, new_sites
from districting.solvers.exact.separations import Minimum
from districting.solvers.result import Chosen, Solution

#: Up to so many atoms of a component, each is a candidate seat; beyond, medoids are.
ALL_SITES = 24
#: One community more weighs as much as this many household-kilometres for each household of the land.
PER_COMMUNITY = 10.0


@dataclass(frozen=True)
class Division:
    """Parts of one component of land, or none; ``impossible`` says that none exist, proved."""

    parts: tuple[tuple[Site, tuple[int, ...]], ...]
    impossible: bool = False


@dataclass(frozen=True)
class Shared:
    """A plan made of an open-land solution, or the component that nobody can share out, or neither.

    ``sites`` are atoms on the land where a seat may well stand.
    """

    solution: Solution | None
    impossible: tuple[int, ...] = ()
    sites: frozenset[int] = frozenset()


def share_out(model: PartModel, values: Mapping[str, float], clock: Clock, *, limit_s: float) -> Shared:
    """Make a plan of an open-land solution whose parts are connected: its old parts, and its land divided."""
    problem = model.problem
    part = np.full(problem.n, -1, dtype=np.int64)
    chosen: list[Chosen] = []
    sites: set[int] = set()
    for pos, site in enumerate(model.sites):
        if values[model.y[pos].name] > 0.5:
            part[model.members(values, pos)] = len(chosen)
            chosen.append(chosen_from(site))
    together = companions(problem)
    for component in model.land_members(values):
        if any(not together[atom] <= set(component) for atom in component):
            # whatever the division of this component, it would tear what belongs together
            return Shared(None, tuple(component), frozenset(sites))
        inhabited = [atom for atom in component if problem.households[atom] > 0]
        sites |= set(medoids(problem, inhabited, fewest_parts(problem, component) + 1))
        division = divide(problem, component, clock, limit_s=limit_s)
        if division.impossible:
            return Shared(None, tuple(component), frozenset(sites))
        if not division.parts:
            return Shared(None, (), frozenset(sites))
        for site, atoms in division.parts:
            part[list(atoms)] = len(chosen)
            chosen.append(chosen_from(site))
            sites.add(site.atom_pos)
    if problem.number is not None and not problem.number[0] <= len(chosen) <= problem.number[1]:
        return Shared(None, (), frozenset(sites))
    return Shared(Solution(part, tuple(chosen)), (), frozenset(sites))


def divide(problem: Problem, component: Collection[int], clock: Clock, *, limit_s: float) -> Division:
    """Share out one component of land among new communities: fewest, then nearest.

    First hop-ordered with few seats, which is quick; where that finds nothing, every atom may be a seat.
    """
    scope = frozenset(component)
    together = companions(problem)
    every = [replace(site, atoms=_within(problem, site, scope)) for site in new_sites(problem, scope)]
    # inside this land the way to what must stay together with the seat may be barred
    every = [site for site in every if together[site.atom_pos] <= site.atoms]
    if not every:
        return Division((), impossible=True)
    one = _as_one(problem, scope, every)
    if one is not None:
        return Division(((one, tuple(sorted(scope))),))
    fewest = fewest_parts(problem, scope)
    inhabited = [atom for atom in sorted(scope) if problem.households[atom] > 0]
    few = set(inhabited if len(inhabited) <= ALL_SITES else medoids(problem, inhabited, fewest + 4))
    for sites, ordered in (([site for site in every if site.atom_pos in few], True), (every, False)):
        model = PartModel.of(problem, sites, scope=scope)
        ask.every_atom_in_one_part(model)
        ask.only_open_parts(model)
        ask.size_windows(model)
        ask.stay_apart(model)
        ask.split_in_two(model)
        (ask.hop_ordered if ordered else ask.neighbours_first)(model)
        weight = PER_COMMUNITY * float(problem.households[sorted(scope)].sum() + 1)
        model.program += ask.communities(model) * weight + ask.distance(model)
        pool = Pool()
        if not ordered and cut_root(model, pool, clock, limit_s=limit_s) == np.inf:
            return Division((), impossible=True)
        gap = 0.01 * weight
        found = solve_connected(model, pool, clock, limit_s=limit_s, gap_abs=gap)
        if found.values is not None:
            values = found.values
            opened = [pos for pos in range(len(sites)) if values[model.y[pos].name] > 0.5]
            return Division(tuple((sites[pos], tuple(model.members(values, pos))) for pos in opened))
        if not ordered and found.closed:
            return Division((), impossible=True)
    return Division(())


def fewest_parts(problem: Problem, atoms: Collection[int]) -> int:
    """How many new communities these atoms need at least, by size alone."""
    where = sorted(atoms)
    room = 1.0 - problem.headroom
    return max(1, min(math.ceil(float(w.weights[where].sum()) / (w.high * room) - 1e-9) for w in problem.windows))


def _within(problem: Problem, site: Site, scope: frozenset[int]) -> frozenset[int]:
    """Atoms of ``scope`` that connect to the seat inside it."""
    return frozenset(hops(neighbours_of(problem), site.atom_pos, site.atoms & scope))


def _as_one(problem: Problem, scope: frozenset[int], sites: list[Site]) -> Site | None:
    """The best seat if the land can be one community; None if it cannot, or a lock may forbid it."""
    if any(lock.kind in ("apart", "split") for lock in problem.locks) or Minimum.of(problem).missed_by_atoms(
        scope
    ):
        return None
    where = sorted(scope)
    room = 1.0 - problem.headroom
    for windows in (problem.windows, problem.horizon):
        sums = [window.weights[where].sum() for window in windows]
        if windows and not any(w.low <= s <= w.high * room for w, s in zip(windows, sums, strict=True)):
            return None
    fit = [site for site in sites if site.atoms >= scope]
    weight = problem.households[where] + 1.0
    return min(fit, key=lambda site: (float(weight @ site.distance_m[where]), site.atom_pos), default=None)
