"""Problems drawn as maps, every contiguous partition of a small one, and a judge of plans that knows no solver."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np

from districting.plans.problem import Problem, Seat, Window
from districting.solvers.result import Result


def town(
    today: str,
    households: str | int = 100,
    *,
    low: float,
    high: float,
    seats: str | None = None,
    without_edges: tuple[tuple[int, int], ...] = (),
    **more: Any,
) -> Problem:
    """A town on a grid of 100 m cells: ``"A A B\\nA B B"``; ``.`` is land in no community.

    ``households`` is one number or a map of them. ``seats`` marks the atom of each seat by its community's letter
    (``.`` elsewhere); by default the first atom of each community in reading order; ``""`` for none.
    """
    rows = [line.split() for line in today.splitlines()]
    width = len(rows[0])
    names = [name for row in rows for name in row]
    n = len(names)
    ids = tuple(sorted(set(names) - {"."}))
    if isinstance(households, int):
        people = np.full(n, households, dtype=np.int64)
    else:
        people = np.array(households.split(), dtype=np.int64)
    xy = np.array([[100.0 * (k % width), -100.0 * (k // width)] for k in range(n)])
    pairs = [(k, k + 1) for k in range(n) if (k + 1) % width] + [(k, k + width) for k in range(n - width)]
    edges = np.array([pair for pair in sorted(pairs) if pair not in without_edges], dtype=np.int64).reshape(-1, 2)
    marks = names if seats is None else seats.split() or ["."] * n
    where = {name: marks.index(name) for name in ids if name in marks}
    placed = tuple(Seat(atom, *xy[atom].tolist(), ids.index(name)) for name, atom in sorted(where.items()))
    distance = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    reach = np.where(people[:, None] > 0, distance, 0.0)
    at = [seat.atom_pos for seat in placed]
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges.tolist())
    piece = np.zeros(n, dtype=np.int64)
    for label, members in enumerate(sorted(nx.connected_components(graph), key=min)):
        piece[list(members)] = label
    values: dict[str, Any] = {
        "name": "town",
        "atom_ids": tuple(f"a{k:02d}" for k in range(n)),
        "community_ids": ids,
        "households": people,
        "xy": xy,
        "today": np.array([ids.index(name) if name != "." else -1 for name in names], dtype=np.int64),
        "edges": edges,
        "open_km": np.full(len(edges), 0.1),
        "crossing_km": np.zeros(len(edges)),
        "windows": (Window("households", people.astype(np.float64), low, high),),
        "target": (low + high) / 2,
        "seats": placed,
        "seat_distance_m": distance[:, at],
        "seat_reach_m": reach[:, at],
        "site_distance_m": distance,
        "site_reach_m": reach,
        "piece": piece,
        "headroom": 0.0,
    }
    return Problem(**(values | more))


def graph_of(problem: Problem) -> nx.Graph:
    """Atoms and the borders and gaps that join them."""
    graph = nx.Graph()
    graph.add_nodes_from(range(problem.n))
    graph.add_edges_from(problem.edges.tolist())
    graph.add_edges_from(problem.gaps)
    return graph


def contiguous_partitions(graph: nx.Graph) -> Iterator[tuple[frozenset[int], ...]]:
    """Every partition of a small graph's nodes into connected parts, by growing the part of the first node."""

    def split(left: frozenset[int]) -> Iterator[tuple[frozenset[int], ...]]:
        if not left:
            yield ()
            return
        first, *others = sorted(left)
        for size in range(len(others) + 1):
            for chosen in combinations(others, size):
                part = frozenset([first, *chosen])
                if nx.is_connected(graph.subgraph(part)):
                    for rest in split(left - part):
                        yield (part, *rest)

    yield from split(frozenset(graph.nodes))


def least_moved(problem: Problem, partitions: list[tuple[frozenset[int], ...]]) -> tuple[float, int] | None:
    """Fewest households moved, then fewest communities, over all partitions, by the rules taken word for word.

    Of the first window only. A part succeeds a community of today whose seat it holds, or it is new; its seat
    reaches all who live there; successors of oversized communities and new ones keep the headroom.
    """
    window, room = problem.windows[0], 1 - problem.headroom
    limit = np.inf if problem.reach_limit_m is None else problem.reach_limit_m
    sizes = [window.weights[problem.today == pos].sum() for pos in range(len(problem.community_ids))]
    best: tuple[float, int] | None = None

    def most_kept(part: frozenset[int]) -> float | None:
        atoms = sorted(part)
        total = window.weights[atoms].sum()
        if not window.low <= total <= window.high:
            return None
        lived = [atom for atom in atoms if problem.households[atom] > 0]
        roomy = total <= window.high * room + 1e-9
        shares = [
            float(problem.households[[a for a in atoms if problem.today[a] == seat.community_pos]].sum())
            for pos, seat in enumerate(problem.seats)
            if seat.atom_pos in part
            and (problem.seat_reach_m[lived, pos] <= limit).all()
            and (roomy or sizes[seat.community_pos] <= window.high)
        ]
        if roomy and any((problem.site_reach_m[lived, site] <= limit).all() for site in atoms):
            shares.append(0.0)
        return max(shares, default=None)

    known: dict[frozenset[int], float | None] = {}
    for parts in partitions:
        if problem.number is not None and not problem.number[0] <= len(parts) <= problem.number[1]:
            continue
        kept = 0.0
        for part in parts:
            if part not in known:
                known[part] = most_kept(part)
            share = known[part]
            if share is None:
                break
            kept += share
        else:
            moved = float(problem.households[problem.today >= 0].sum() - kept)
            best = min(best, (moved, len(parts))) if best else (moved, len(parts))
    return best


def faults(problem: Problem, result: Result) -> list[str]:
    """What is wrong with a plan, in words; empty if nothing. Shares no code with the solvers."""
    solution = result.solution
    assert solution is not None
    wrong = []
    graph, limit = graph_of(problem), problem.reach_limit_m
    kept = {pos for lock in problem.locks if lock.kind == "keep" for pos in lock.communities}
    over = {
        pos
        for pos in range(len(problem.community_ids))
        if all(w.weights[problem.today == pos].sum() > w.high for w in problem.windows)
    }
    if solution.part.min(initial=0) < 0 or solution.part.max(initial=0) >= len(solution.chosen):
        wrong.append("an atom lies in no part")
    owners = [chosen.community_pos for chosen in solution.chosen if chosen.community_pos >= 0]
    if len(owners) != len(set(owners)):
        wrong.append("a community has two successors")
    for part, chosen in enumerate(solution.chosen):
        atoms = np.flatnonzero(solution.part == part)
        if not len(atoms):
            wrong.append(f"part {part} is empty")
            continue
        if chosen.community_pos in kept:
            if set(atoms) != set(np.flatnonzero(problem.today == chosen.community_pos)):
                wrong.append(f"kept community {chosen.community_pos} has changed")
            continue
        if not nx.is_connected(graph.subgraph(atoms.tolist())):
            wrong.append(f"part {part} lies in pieces")
        split = result.mode != "redraw" and (
            chosen.community_pos in over or (chosen.community_pos < 0 and result.mode == "adjust")
        )
        room = 1 - problem.headroom if split else 1.0
        for windows in (problem.windows, problem.horizon):
            sums = [w.weights[atoms].sum() for w in windows]
            if windows and not any(
                w.low - 1e-6 <= s <= w.high * room + 1e-6 for w, s in zip(windows, sums, strict=True)
            ):
                wrong.append(f"part {part} has {sums}")
        if chosen.atom_pos not in atoms:
            wrong.append(f"part {part} does not hold its seat")
        seat = [s for s, one in enumerate(problem.seats) if one.community_pos == chosen.community_pos]
        if chosen.existing_seat:
            if chosen.community_pos < 0 or problem.seats[seat[0]].atom_pos != chosen.atom_pos:
                wrong.append(f"part {part} has a seat that is not there")
            reach = problem.seat_reach_m[atoms, seat[0]]
        else:
            reach = problem.site_reach_m[atoms, chosen.atom_pos]
        if limit is not None and (reach[problem.households[atoms] > 0] > limit).any():
            wrong.append(f"part {part} is out of reach")
        if seat and problem.seats[seat[0]].atom_pos not in atoms:
            wrong.append(f"part {part} has the name of a community whose seat lies elsewhere")
    wrong += _broken_locks(problem, result)
    if problem.number is not None and not problem.number[0] <= len(solution.chosen) <= problem.number[1]:
        wrong.append(f"{len(solution.chosen)} communities")
    successor = np.array([chosen.community_pos for chosen in solution.chosen])[solution.part]
    moved = problem.households[(problem.today >= 0) & (successor != problem.today)].sum()
    told = next((term.value for term in result.terms if term.name == "moved_households"), moved)
    if result.mode != "redraw" and moved != told:
        wrong.append(f"{moved} move, the result says {told}")
    if result.lower_bound > result.objective + 1e-6:
        wrong.append("the bound is above the value")
    return wrong


def _broken_locks(problem: Problem, result: Result) -> list[str]:
    solution = result.solution
    assert solution is not None
    wrong = []
    groups = list(problem.compounds) if result.mode == "adjust" else []
    groups += [lock.atoms for lock in problem.locks if lock.kind == "together"]
    lived = problem.households > 0
    for lock in problem.locks:
        own = [np.flatnonzero((problem.today == pos) & lived) for pos in lock.communities]
        if lock.kind == "merge":
            groups.append(tuple(np.concatenate(own).tolist()))
        if lock.kind == "split" and any(len(set(solution.part[atoms])) < 2 for atoms in own):
            wrong.append("a community is not split")
        if lock.kind == "apart" and len(set(solution.part[list(lock.atoms)])) < len(lock.atoms):
            wrong.append("atoms are not apart")
        if lock.kind == "seat":
            at = {chosen.community_pos: chosen.atom_pos for chosen in solution.chosen}
            wrong += [
                f"community {pos} does not live on at its seat"
                for pos in lock.communities
                if pos not in at or (lock.atoms and at[pos] not in lock.atoms)
            ]
    return wrong + [f"{group} is torn" for group in groups if len(set(solution.part[list(group)])) > 1]
