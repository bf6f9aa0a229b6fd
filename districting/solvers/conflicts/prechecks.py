"""What makes a plan impossible at first sight: exact where it fires, and said before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from districting.plans.problem import Bools, Problem
from districting.solvers.conflicts.lock_prechecks import locks_at_odds
from districting.solvers.exact.contiguity import components, neighbours_of
from districting.solvers.exact.parts.sites import kept, within_maximum
from districting.solvers.exact.separations import Minimum
from districting.solvers.result import Conflict


def prechecks(problem: Problem) -> tuple[Conflict, ...]:
    """Causes that no plan of any mode can get round; empty if none is seen.

    One atom above the maximum, the whole or a separate piece below the minimum, an atom that no seat reaches or
    around which no seat gathers the minimum, a number of communities that sizes rule out, locks that contradict
    each other (`lock_prechecks`). Kept communities are exempt from size and reach: they stay as they are.
    """
    free = ~np.isin(problem.today, sorted(kept(problem)))
    too_few = tuple(_too_few_households(problem, free))
    return (
        *_atoms_over_max(problem, free),
        *too_few,
        *_out_of_reach(problem, free),
        *(() if too_few else _cannot_gather(problem, free)),  # it would say the same of each atom
        *_number(problem, free),
        *locks_at_odds(problem),
    )


def _atoms_over_max(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """Atoms above the maximum of every window, today or at the horizon."""
    for windows, when in ((problem.windows, "today"), (problem.horizon, "horizon")):
        if not windows:
            continue
        over = free & np.all([window.weights > window.high for window in windows], axis=0)
        first = windows[0]
        for atom in np.flatnonzero(over).tolist():
            cause = "atom_over_max" if when == "today" else "atom_over_max_horizon"
            ids, measured = (problem.atom_ids[atom],), float(first.weights[atom])
            yield Conflict(cause, ids, _communities_of(problem, [atom]), measured, first.high, first.measure)


def _too_few_households(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """The whole below the minimum, or a piece that nothing joins to the rest."""
    minimum = Minimum.of(problem)
    atoms = np.flatnonzero(free).tolist()
    if not atoms:
        return
    first = problem.windows[0]
    if minimum.missed_by_atoms(atoms):
        total = float(first.weights[atoms].sum())
        yield Conflict("total_below_min", (), (), total, first.low, first.measure)
        return
    for piece in components(neighbours_of(problem), atoms):
        if minimum.missed_by_atoms(piece):
            ids = tuple(problem.atom_ids[atom] for atom in piece)
            total = float(first.weights[piece].sum())
            names = _communities_of(problem, piece)
            yield Conflict("piece_below_min", ids, names, total, first.low, first.measure)


def _out_of_reach(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """Inhabited atoms that neither a centre of today nor a seat in any atom reaches."""
    if problem.reach_limit_m is None:
        return
    nearest = np.minimum(problem.site_reach_m.min(axis=1), problem.seat_reach_m.min(axis=1, initial=np.inf))
    out = free & (problem.households > 0) & (nearest > problem.reach_limit_m)
    for atom in np.flatnonzero(out).tolist():
        ids, names = (problem.atom_ids[atom],), _communities_of(problem, [atom])
        yield Conflict("atom_out_of_reach", ids, names, float(nearest[atom]), problem.reach_limit_m, "m")


def _cannot_gather(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """Inhabited atoms that no seat within reach can join to a community of the minimum size.

    A part with seat s lies among the atoms that s reaches and that connect to s inside the maximum (U-reach). If
    these weigh less than the minimum for every s that serves an atom, no plan has a place for it. Seats are tried
    until each atom is covered once: those in the atom itself first, so that few need a second look.
    """
    neighbours, minimum = neighbours_of(problem), Minimum.of(problem)
    inside = set(np.flatnonzero(free).tolist())
    limit = problem.reach_limit_m
    lived = free & (problem.households > 0)
    roots = [*range(problem.n), *(seat.atom_pos for seat in problem.seats)]
    reach = np.concatenate((problem.site_reach_m, problem.seat_reach_m), axis=1)
    if limit is not None:
        nearest = reach.min(axis=1, initial=np.inf)
        lived &= nearest <= limit  # the others are out of every reach, and said to be
    highs = problem.windows
    lived &= ~np.all([window.weights > window.high for window in highs], axis=0)
    gathered: dict[int, frozenset[int]] = {}
    covered: set[int] = set()

    def gather(seat: int) -> frozenset[int]:
        if seat not in gathered:
            near = inside
            if limit is not None:
                near = set(np.flatnonzero(free & ((problem.households == 0) | (reach[:, seat] <= limit))).tolist())
            found = [within_maximum(neighbours, window, roots[seat], near, window.high) for window in highs]
            gathered[seat] = frozenset().union(*found)
        return gathered[seat]

    for atom in np.flatnonzero(lived).tolist():
        if atom in covered:
            continue
        serving = [seat for seat in np.argsort(reach[atom], kind="stable").tolist() if limit is not None]
        serving = [atom, *serving] if limit is None or reach[atom, atom] <= limit else serving
        best: frozenset[int] = frozenset()
        for seat in serving:
            if limit is not None and reach[atom, seat] > limit:
                break
            around = gather(seat)
            if atom in around:
                if not minimum.missed_by_atoms(around):
                    covered |= around
                    break
                best = max(best, around, key=lambda atoms: float(highs[0].weights[sorted(atoms)].sum()))
        if atom not in covered:
            ids, names = (problem.atom_ids[atom],), _communities_of(problem, [atom])
            total = float(highs[0].weights[sorted(best)].sum())
            yield Conflict("atom_gathers_too_few", ids, names, total, highs[0].low, highs[0].measure)


def _number(problem: Problem, free: Bools) -> Iterator[Conflict]:
    """A number of communities that the sizes rule out."""
    if problem.number is None:
        return
    fewest, most = problem.number
    alone = len(kept(problem))
    sums = [float(window.weights[free].sum()) for window in problem.windows]
    pairs = list(zip(problem.windows, sums, strict=True))
    if len(pairs) == 1:
        window, total = pairs[0]
        possible_most = alone + int(total // window.low) if window.low > 0 else problem.n
        possible_fewest = alone + int(np.ceil(total / window.high - 1e-9))
        if fewest > possible_most:
            detail = {"total": total, "bound": window.low}
            yield Conflict("number_too_many", (), (), float(fewest), float(possible_most), "communities", detail)
        if most < possible_fewest:
            detail = {"total": total, "bound": window.high}
            yield Conflict("number_too_few", (), (), float(most), float(possible_fewest), "communities", detail)
    if fewest > most:
        yield Conflict("number_range", (), (), float(fewest), float(most), "communities")


def _communities_of(problem: Problem, atoms: list[int]) -> tuple[str, ...]:
    """Ids of the communities of today that atoms lie in."""
    return tuple(problem.community_ids[pos] for pos in sorted({int(problem.today[atom]) for atom in atoms} - {-1}))
