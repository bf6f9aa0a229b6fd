"""A problem restricted to some of its atoms and communities: what a split of one community is asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from districting.plans.problem import Lock, Problem, Window


def restrict(problem: Problem, atoms: Collection[int], communities: Collection[int]) -> Problem:
    """The same rules on ``atoms``, of which ``communities`` are today's; all other land there is in none.

    Positions of the restricted problem are ranks among the sorted ``atoms`` and ``communities``. Locks, compounds
    and gaps that do not lie wholly inside are left off, and so is the number of communities.
    """
    where, who = np.array(sorted(atoms), dtype=np.int64), sorted(communities)
    place = {int(atom): pos for pos, atom in enumerate(where)}
    rank = {community: pos for pos, community in enumerate(who)}
    edges = np.array([edge[0] in place and edge[1] in place for edge in problem.edges.tolist()], dtype=bool)
    seats = np.array(
        [pos for pos, seat in enumerate(problem.seats) if seat.atom_pos in place and seat.community_pos in rank],
        dtype=np.int64,
    )

    def weigh(windows: tuple[Window, ...]) -> tuple[Window, ...]:
        return tuple(replace(window, weights=window.weights[where]) for window in windows)

    def inside(lock: Lock) -> bool:
        return all(atom in place for atom in lock.atoms) and all(pos in rank for pos in lock.communities)

    # what is apart from others is apart from each other, too
    apart = [
        replace(lock, atoms=tuple(atom for atom in lock.atoms if atom in place))
        for lock in problem.locks
        if lock.kind == "apart"
    ]
    locks = [lock for lock in problem.locks if lock.kind != "apart" and inside(lock)]
    locks += [lock for lock in apart if len(lock.atoms) > 1]

    return replace(
        problem,
        atom_ids=tuple(problem.atom_ids[atom] for atom in where),
        community_ids=tuple(problem.community_ids[pos] for pos in who),
        households=problem.households[where],
        xy=problem.xy[where],
        today=np.array([rank.get(int(problem.today[atom]), -1) for atom in where], dtype=np.int64),
        edges=np.array([[place[a], place[b]] for a, b in problem.edges[edges].tolist()], dtype=np.int64).reshape(
            -1, 2
        ),
        open_km=problem.open_km[edges],
        crossing_km=problem.crossing_km[edges],
        windows=weigh(problem.windows),
        horizon=weigh(problem.horizon),
        seats=tuple(
            replace(
                problem.seats[pos],
                atom_pos=place[problem.seats[pos].atom_pos],
                community_pos=rank[problem.seats[pos].community_pos],
            )
            for pos in seats.tolist()
        ),
        seat_distance_m=problem.seat_distance_m[np.ix_(where, seats)],
        seat_reach_m=problem.seat_reach_m[np.ix_(where, seats)],
        site_distance_m=problem.site_distance_m[np.ix_(where, where)],
        site_reach_m=problem.site_reach_m[np.ix_(where, where)],
        piece=problem.piece[where],
        gaps=tuple((place[a], place[b]) for a, b in problem.gaps if a in place and b in place),
        number=None,
        locks=tuple(
            Lock(
                lock.kind,
                tuple(place[atom] for atom in lock.atoms),
                tuple(rank[pos] for pos in lock.communities),
            )
            for lock in locks
        ),
        unlike=(),  # a plan differs as a whole, not in a part of it
        compounds=tuple(
            tuple(place[atom] for atom in compound)
            for compound in problem.compounds
            if all(atom in place for atom in compound)
        ),
    )
