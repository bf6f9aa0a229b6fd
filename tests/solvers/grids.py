"""Small grounds and problems for the tests of `redraw`, and a verifier that shares nothing with the solvers."""

from __future__ import annotations

import networkx as nx
import numpy as np

from districting.plans.problem import Ints, Lock, Problem, Seat, Window
from districting.solvers.ground import Ground
from districting.solvers.result import Result

CELL_M = 300.0


def grid_edges(rows: int, columns: int) -> Ints:
    """Pairs of cells that share a side, cells numbered row by row."""
    place = np.arange(rows * columns).reshape(rows, columns)
    beside = np.column_stack([place[:, :-1].ravel(), place[:, 1:].ravel()])
    below = np.column_stack([place[:-1].ravel(), place[1:].ravel()])
    return np.concatenate([beside, below])


def grid_ground(rows: int, columns: int, weights: list[int], low: float, high: float, number: int) -> Ground:
    """A grid where every cell may host a seat; cost is weight times steps along rows and columns."""
    n = rows * columns
    x, y = np.arange(n) % columns, np.arange(n) // columns
    steps = np.abs(x[:, None] - x) + np.abs(y[:, None] - y)
    w = np.array(weights, dtype=float)
    edges = grid_edges(rows, columns)
    return Ground(
        cost=w[:, None] * steps,
        host=np.arange(n),
        edges=edges,
        border=np.zeros(len(edges)),
        windows=(Window("households", w, low, high),),
        number=number,
    )


def drawn(
    today: str,
    households: str,
    *,
    low: float,
    high: float,
    number: int | None = None,
    seats: dict[str, tuple[int, int]] | None = None,
    reach_limit_m: float | None = None,
    locks: tuple[Lock, ...] = (),
    compounds: tuple[tuple[int, ...], ...] = (),
    target: float | None = None,
) -> Problem:
    """A problem from two drawings of cells of 300 m: community letters (``.`` land in none), and households.

    ``seats``: letter → (row, column) of its service centre. Everyone lives in the middle of a cell.
    """
    letters = [line.split() for line in today.strip().splitlines()]
    counts = np.array([[int(word) for word in line.split()] for line in households.strip().splitlines()])
    rows, columns = counts.shape
    names = sorted({letter for line in letters for letter in line} - {"."})
    place = {letter: pos for pos, letter in enumerate(names)}
    n = rows * columns
    xy = np.column_stack([np.arange(n) % columns, -(np.arange(n) // columns)]) * CELL_M
    people = counts.ravel().astype(np.int64)
    edges = grid_edges(rows, columns)
    found = [
        Seat(row * columns + column, *xy[row * columns + column].tolist(), place[letter])
        for letter, (row, column) in sorted((seats or {}).items())
    ]
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    to_seats = away[:, [seat.atom_pos for seat in found]].reshape(n, len(found))
    lived = (people > 0)[:, None]
    graph = nx.Graph(edges.tolist())
    graph.add_nodes_from(range(n))
    piece = np.zeros(n, dtype=np.int64)
    for label, nodes in enumerate(nx.connected_components(graph)):
        piece[list(nodes)] = label
    return Problem(
        name="Drawn",
        atom_ids=tuple(f"A{i:03d}" for i in range(n)),
        community_ids=tuple(names),
        households=people,
        xy=xy,
        today=np.array([place.get(letter, -1) for line in letters for letter in line]),
        edges=edges,
        open_km=np.full(len(edges), CELL_M / 1000),
        crossing_km=np.zeros(len(edges)),
        windows=(Window("households", people.astype(float), low, high),),
        target=(low + high) / 2 if target is None else target,
        seats=tuple(found),
        seat_distance_m=to_seats,
        seat_reach_m=np.where(lived, to_seats, 0.0),
        site_distance_m=away,
        site_reach_m=np.where(lived, away, 0.0),
        reach_limit_m=reach_limit_m,
        piece=piece,
        number=None if number is None else (number, number),
        locks=locks,
        compounds=compounds,
    )


def faults_of(problem: Problem, result: Result) -> list[str]:
    """Everything that is wrong with a solution, judged from the problem alone; empty if it is legal."""
    solution = result.solution
    assert solution is not None
    wrong = []
    graph = nx.Graph()
    graph.add_nodes_from(range(problem.n))
    graph.add_edges_from(problem.edges.tolist())
    graph.add_edges_from(problem.gaps)
    total = 0.0
    for district, chosen in enumerate(solution.chosen):
        atoms = np.flatnonzero(solution.part == district)
        if not len(atoms) or not nx.is_connected(graph.subgraph(atoms.tolist())):
            wrong.append(f"{district} is empty or in pieces")
        wrong += [
            f"{district} is out of its window"
            for windows in filter(None, (problem.windows, problem.horizon))
            if not any(w.low <= w.weights[atoms].sum() <= w.high for w in windows)
        ]
        if chosen.atom_pos not in atoms:
            wrong.append(f"{district} has its seat outside")
        if chosen.existing_seat:
            seat = next(s for s, seat in enumerate(problem.seats) if (seat.x, seat.y) == (chosen.x, chosen.y))
            mean, reach = problem.seat_distance_m[:, seat], problem.seat_reach_m[:, seat]
        else:
            mean, reach = problem.site_distance_m[:, chosen.atom_pos], problem.site_reach_m[:, chosen.atom_pos]
        total += float(((problem.households + 1.0) * mean)[atoms].sum())
        lived = atoms[problem.households[atoms] > 0]
        if problem.reach_limit_m is not None and (reach[lived] > problem.reach_limit_m).any():
            wrong.append(f"{district} reaches too far")
    heirs = [chosen.community_pos for chosen in solution.chosen if chosen.community_pos >= 0]
    if len(heirs) != len(set(heirs)):
        wrong.append("a community goes on twice")
    told = result.terms[0].value
    if abs(total - told) > 1e-6 * max(1.0, total):
        wrong.append(f"distance {told} is not {total}")
    if not result.lower_bound - 1e-6 <= result.objective <= told + 1e-6:
        wrong.append(f"the plan's {told} is below the value {result.objective} at which it was settled")
    return wrong


def partitions(ground: Ground) -> list[tuple[frozenset[int], ...]]:
    """All partitions of a small ground into connected districts inside the window, by brute force.

    Restricted growth strings: node i takes a district in use or the next new one.
    """
    graph = nx.Graph(ground.edges.tolist())
    window = ground.windows[0]
    found = []

    def extend(labels: list[int]) -> None:
        used = max(labels, default=-1) + 1
        if len(labels) == ground.n:
            parts = [frozenset(i for i, label in enumerate(labels) if label == d) for d in range(used)]
            if used == ground.number and all(
                window.low <= sum(window.weights[i] for i in part) <= window.high
                and nx.is_connected(graph.subgraph(part))
                for part in parts
            ):
                found.append(tuple(parts))
            return
        for label in range(min(used + 1, ground.number)):
            extend([*labels, label])

    extend([])
    return found


def cheapest(ground: Ground) -> float:
    """Optimum by brute force; inf if there is no plan."""
    best = float("inf")
    for parts in partitions(ground):
        cost = 0.0
        for part in parts:
            inside = sorted(part)
            cost += min(ground.cost[inside, seat].sum() for seat in np.flatnonzero(np.isin(ground.host, inside)))
        label = {i: d for d, part in enumerate(parts) for i in part}
        cost += sum(
            b for (u, v), b in zip(ground.edges.tolist(), ground.border, strict=True) if label[u] != label[v]
        )
        best = min(best, cost)
    return best
