"""Open land that no column of `whole` holds is given away at the end, where the profile's terms grow least."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from districting.plans.problem import Floats, Ints, Problem
from districting.solvers.exact.contiguity import neighbours_of
from districting.solvers.exact.parts.model import site_distances
from districting.solvers.exact.parts.sites import kept
from districting.solvers.profile import Stage
from districting.solvers.result import Chosen, Solution


def give_open_land(problem: Problem, part: Ints, chosen: Sequence[Chosen], stages: Sequence[Stage]) -> Ints:
    """Every atom in a part: open land joins a part beside it, one atom at a time.

    The atom and the part come first that add least to the stages, in their order; then the part with most borders
    to the atom. Kept communities stay as they are where somebody else is beside. An island that touches nobody
    joins the first part.

    Parameters
    ----------
    part
        Shape (n,); −1 for open land, which nobody lives on.
    chosen, stages
        Of the plan, and what is wanted of it.
    """
    part, frozen, near = part.copy(), kept(problem), _borders(problem)
    neighbours = neighbours_of(problem)
    ways: dict[int, Floats] = {}

    def added(atom: int, pos: int) -> tuple[float, ...]:
        if pos not in ways:
            everywhere = Solution(np.full(problem.n, pos, dtype=np.int64), tuple(chosen))
            ways[pos] = (problem.households + 1.0) * site_distances(problem, everywhere)
        border = sum(
            crossing_km if part[other] == pos else open_km
            for other, open_km, crossing_km in near.get(atom, ())
            if part[other] >= 0
        )
        more = {"distance_m_households": float(ways[pos][atom]), "open_border_km": border}
        return tuple(
            round(sum(weight * more.get(term, 0.0) for term, weight in stage.weights.items()), 9)
            for stage in stages
        )

    waiting = set(np.flatnonzero(part < 0).tolist())
    while waiting:
        best: tuple[tuple[float, ...], int, int, int] | None = None
        for atom in sorted(waiting):
            beside = [int(part[other]) for other in neighbours[atom] if part[other] >= 0]
            for pos in sorted({one for one in beside if chosen[one].community_pos not in frozen} or set(beside)):
                option = (added(atom, pos), -beside.count(pos), atom, pos)
                best = option if best is None else min(best, option)
        if best is None:
            part[part < 0] = 0
            break
        *_, atom, pos = best
        part[atom] = pos
        waiting.remove(atom)
    return part


def _borders(problem: Problem) -> dict[int, list[tuple[int, float, float]]]:
    """What lies across each border of open land: the other atom, and the km if cut and if not."""
    found: dict[int, list[tuple[int, float, float]]] = {}
    rows = zip(problem.edges.tolist(), problem.open_km.tolist(), problem.crossing_km.tolist(), strict=True)
    for (a, b), open_km, crossing_km in rows:
        found.setdefault(a, []).append((b, open_km, crossing_km))
        found.setdefault(b, []).append((a, open_km, crossing_km))
    return found
