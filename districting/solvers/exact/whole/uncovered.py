"""Why `whole` covers a community with no union: read from the union that came nearest."""

from __future__ import annotations

from collections.abc import Sequence

from districting.solvers.exact.whole.unions import Column, Judge
from districting.solvers.result import Conflict


def why_uncovered(
    judge: Judge,
    neighbours: Sequence[Sequence[int]],
    columns: Sequence[Column],
    unit: int,
) -> Conflict:
    """Why no column covers a unit, read from the union that came nearest."""
    problem = judge.problem
    window = problem.windows[0]
    own = judge.units[unit]

    def name(pos: int) -> str:
        community = judge.units[pos].community_pos
        return problem.community_ids[community] if community >= 0 else problem.atom_ids[judge.units[pos].atoms[0]]

    ids = (name(unit),) if own.community_pos >= 0 else ()
    size = float(judge.sums((unit,))[0])
    unit_of_measure = window.measure
    if any(unit in column.units for column in columns):
        return Conflict("no_union_choice", (), ids, size, window.high, unit_of_measure, {"size": size})
    if own.community_pos in judge.splitting:
        return Conflict("split_impossible", (), ids, size, window.high, unit_of_measure, {"community": name(unit)})
    tried = []
    for near in neighbours[unit]:
        reason = judge.columns((unit, near))
        if isinstance(reason, str):
            tried.append((reason, float(judge.sums((unit, near))[0]), near))
    order = ("over_max", "reach", "oversized", "below_min", "kept", "lock", "pieces")
    tried.sort(key=lambda entry: (order.index(entry[0]), entry[1], entry[2]))
    if not tried:
        cause = "no_union_alone"
        return Conflict(cause, (), ids, size, window.low, unit_of_measure, {"community": name(unit)})
    reason, total, near = tried[0]
    allowed = {"over_max": window.high, "oversized": window.high, "reach": problem.reach_limit_m or 0.0}
    detail = {"community": name(unit), "size": size, "neighbour": name(near), "tried": len(tried)}
    return Conflict(f"no_union_{reason}", (), ids, total, allowed.get(reason, window.low), unit_of_measure, detail)
