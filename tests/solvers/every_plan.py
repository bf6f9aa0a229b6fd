"""Whether any plan at all meets some demands, by looking at every contiguous partition; knows no solver."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.conflicts.demands import Demand

Parts = tuple[frozenset[int], ...]


def possible(problem: Problem, partitions: Sequence[Parts], demands: Collection[Demand], mode: str) -> bool:
    """Whether a partition meets ``demands`` and nothing else that may be waived. Communities all have seats.

    ``redraw`` is ``adjust`` without headroom. Only the first window; no horizon.
    """
    kinds = {one.kind for one in demands}
    locks = [problem.locks[one.pos] for one in demands if one.kind == "lock"]
    near = {one.pos for one in demands if one.kind == "reach"}
    bound = [problem.compounds[one.pos] for one in demands if one.kind == "compound"]
    kept = {pos for lock in locks if lock.kind == "keep" for pos in lock.communities}
    seated = {pos: lock.atoms for lock in locks if lock.kind == "seat" for pos in lock.communities}
    window = problem.windows[0]
    room = 1 - problem.headroom if "headroom" in kinds and mode != "redraw" else 1.0
    low = window.low if "min" in kinds else -1.0
    high = window.high if "max" in kinds else np.inf
    own = {c: frozenset(np.flatnonzero(problem.today == c).tolist()) for c in range(len(problem.community_ids))}
    lived = {c: {a for a in atoms if problem.households[a] > 0} for c, atoms in own.items()}
    size = {c: window.weights[sorted(atoms)].sum() for c, atoms in own.items()}
    at = {seat.community_pos: (pos, seat.atom_pos) for pos, seat in enumerate(problem.seats)}

    def reaches(part: frozenset[int], column: np.ndarray) -> bool:
        limit = problem.reach_limit_m
        asked = [a for a in part if a in near and problem.households[a] > 0]
        return limit is None or bool((column[asked] <= limit).all())

    def legal(part: frozenset[int]) -> bool:
        total = window.weights[sorted(part)].sum()
        if any(part == own[c] for c in kept):
            return True
        if any(part & own[c] for c in kept) or not low <= total <= high:
            return False
        must = [c for c in seated if at[c][1] in part]
        if len(must) > 1:
            return False
        roomy = total <= high * room + 1e-9
        for c in must or [c for c in at if at[c][1] in part]:
            spacious = roomy or size[c] <= high
            if c in seated and seated[c] and at[c][1] not in seated[c]:
                columns = [problem.site_reach_m[:, a] for a in seated[c] if a in part]
            else:
                columns = [problem.seat_reach_m[:, at[c][0]]]
            if spacious and any(reaches(part, column) for column in columns):
                return True
        return not must and roomy and any(reaches(part, problem.site_reach_m[:, site]) for site in part)

    broken_up = {c for c in own if size[c] > high} | {
        c for lock in locks if lock.kind == "split" for c in lock.communities
    }

    def legal_whole(part: frozenset[int]) -> bool:
        """A union of whole communities under the seat of one of them, or a piece of one that is broken up."""
        total = window.weights[sorted(part)].sum()
        owners = [c for c in own if own[c] & part]
        if len(owners) == 1 and owners[0] in kept:
            return part == own[owners[0]]
        if any(c in kept for c in owners) or not low <= total <= high:
            return False
        if len(owners) == 1 and part < own[owners[0]]:
            c = owners[0]
            roomy = total <= high * (room if size[c] > high or at[c][1] not in part else 1.0) + 1e-9
            seat = [problem.seat_reach_m[:, at[c][0]]] if at[c][1] in part else []
            columns = seat or [problem.site_reach_m[:, a] for a in part]
            return c in broken_up and roomy and any(reaches(part, column) for column in columns)
        if any(not own[c] <= part or c in broken_up for c in owners):
            return False
        must = [c for c in seated if c in owners]
        return len(must) < 2 and any(reaches(part, problem.seat_reach_m[:, at[c][0]]) for c in must or owners)

    judge = legal_whole if "whole" in kinds else legal
    known: dict[frozenset[int], bool] = {}

    def fits(parts: Parts) -> bool:
        if problem.number is not None:
            fewest, most = problem.number
            if ("fewest" in kinds and len(parts) < fewest) or ("most" in kinds and len(parts) > most):
                return False
        label = {atom: pos for pos, part in enumerate(parts) for atom in part}
        tied = [tuple(a for a in atoms if int(problem.today[a]) not in kept) for atoms in bound]
        tied = [
            atoms for atoms in tied if "whole" not in kinds or len({int(problem.today[a]) for a in atoms}) == 1
        ]
        tied += [lock.atoms for lock in locks if lock.kind == "together"]
        tied += [tuple(a for c in lock.communities for a in lived[c]) for lock in locks if lock.kind == "merge"]
        if any(len({label[a] for a in atoms}) > 1 for atoms in tied):
            return False
        for lock in locks:
            if lock.kind == "apart" and len({label[a] for a in lock.atoms}) < len(lock.atoms):
                return False
            if lock.kind == "split" and any(len({label[a] for a in lived[c]}) < 2 for c in lock.communities):
                return False
        if not all(own[c] in parts for c in kept):
            return False
        for part in parts:
            if part not in known:
                known[part] = judge(part)
            if not known[part]:
                return False
        return True

    return any(fits(parts) for parts in partitions)
