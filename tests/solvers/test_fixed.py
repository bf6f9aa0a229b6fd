"""Fixed seats with capacities: plans and bounds against brute force and published optima."""

from __future__ import annotations

import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from districting.plans.problem import Floats, Ints, Window
from districting.solvers.bare import Instance, read_instance, recomputed, solve_instance
from districting.solvers.exact.areas.area_prices import price_areas
from districting.solvers.exact.areas.areas import AreaModel
from districting.solvers.exact.regions.hess import reachable_pairs
from districting.solvers.fixed_seats.fixed import is_plain, solve_fixed, way_costs
from districting.solvers.fixed_seats.walks import walk
from districting.solvers.ground import Ground

INSTANCES = Path(__file__).resolve().parents[2] / ".." / "shared" / "bench" / "instances"


def town(
    seed: int, *, rows: int = 3, columns: int = 4, seats: int = 3, low: float = 0.0, tight: float = 1.15
) -> Ground:
    """A grid with drawn weights (some zero), seats and capacities; the sum fits ``tight`` times."""
    rng = np.random.default_rng(seed)
    n = rows * columns
    at = np.array([(i % columns, i // columns) for i in range(n)], dtype=np.float64)
    weights = rng.integers(0, 9, n).astype(np.float64)
    host = np.sort(rng.choice(n, seats, replace=False)).astype(np.int64)
    distance = np.hypot(*(at[:, None, :] - at[None, host, :]).transpose(2, 0, 1))
    cost: Floats = weights[:, None] * distance + 0.01 * distance
    cost[host] = np.where(np.eye(seats, dtype=np.bool_), cost[host], np.inf)
    edges = [(u, v) for u, v in itertools.combinations(range(n), 2) if np.abs(at[u] - at[v]).sum() == 1.0]
    share = rng.dirichlet(np.full(seats, 8.0))
    capacity = np.maximum(weights[host], np.ceil(tight * weights.sum() * share))
    window = Window("pop", weights, low, float(weights.sum()))
    return Ground(
        cost=cost, host=host, edges=np.array(edges), border=np.zeros(len(edges)), windows=(window,),
        number=seats, capacity=capacity, fixed=True,
    )  # fmt: skip


def plans(ground: Ground) -> list[tuple[float, Ints]]:
    """Every legal plan with its cost, by trying all assignments."""
    graph: nx.Graph[int] = nx.Graph(ground.edges.tolist())
    weights, low = ground.windows[0].weights, ground.windows[0].low
    high = ground.highs(ground.windows[0])
    free = [i for i in range(ground.n) if i not in ground.host]
    found = []
    part = np.full(ground.n, -1, dtype=np.int64)
    part[ground.host] = np.arange(ground.m)
    for choice in itertools.product(range(ground.m), repeat=len(free)):
        part[free] = choice
        loads = np.bincount(part, weights=weights, minlength=ground.m)
        if (loads > high).any() or (loads < low).any():
            continue
        if all(nx.is_connected(graph.subgraph(np.flatnonzero(part == s).tolist())) for s in range(ground.m)):
            found.append((float(ground.cost[np.arange(ground.n), part].sum()), part.copy()))
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("low", [0.0, 9.0])
def test_the_plan_is_the_best_of_all_plans_and_proved(seed: int, low: float) -> None:
    ground = town(seed, low=low)
    assert is_plain(ground)
    all_plans = plans(ground)
    served = solve_fixed(ground, time_limit_s=20.0, seed=seed)
    if not all_plans:
        assert served.part is None
        assert served.bound == np.inf
        return
    best = min(cost for cost, _ in all_plans)
    assert served.cost == pytest.approx(best)
    assert served.bound == pytest.approx(best)
    assert served.part is not None
    assert any(np.array_equal(served.part, part) for _, part in all_plans)


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_is_cheaper_than_the_relaxation_and_the_ways_it_uses(seed: int) -> None:
    ground = town(seed, tight=1.4)
    keep = reachable_pairs(ground, np.isfinite(ground.cost))
    relaxed = AreaModel(ground, keep).relax()
    ways = way_costs(ground, relaxed.reduced)
    for cost, part in plans(ground):
        dearest = ways[np.arange(ground.n), part].max()
        assert cost >= relaxed.value + dearest - 1e-6


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("low", [0.0, 9.0])
def test_a_walk_leads_to_a_legal_plan_where_there_is_one_and_calls_no_other_legal(seed: int, low: float) -> None:
    ground = town(seed, low=low, tight=1.05)
    all_plans = plans(ground)
    walked = walk(ground, seed=seed, mean=float(ground.cost[np.isfinite(ground.cost)].mean()) * ground.n)
    assert walked is not None
    assert walked.legal == bool(all_plans)
    if all_plans:
        best = min(cost for cost, _ in all_plans)
        cost = float(ground.cost[np.arange(ground.n), walked.part].sum())
        assert any(np.array_equal(walked.part, part) for _, part in all_plans)
        assert best - 1e-9 <= cost <= 1.5 * best
    graph: nx.Graph[int] = nx.Graph(ground.edges.tolist())
    for seat, host in enumerate(ground.host.tolist()):
        area = np.flatnonzero(walked.part == seat).tolist()
        assert host in area
        assert nx.is_connected(graph.subgraph(area))


def test_capacity_that_does_not_suffice_is_proved_to_leave_no_plan() -> None:
    served = solve_fixed(town(1, tight=0.8), time_limit_s=10.0, seed=0)
    assert (served.part, served.bound) == (None, np.inf)


def test_land_behind_a_full_seat_leaves_no_plan_though_the_sums_fit() -> None:
    # by hand: a row 0 1 2 3 with seats at 0 and 2; only seat 2 reaches node 3, and it is full
    weights = np.array([1.0, 1.0, 1.0, 5.0])
    cost = np.array([[0.0, np.inf], [1.0, 1.0], [np.inf, 0.0], [15.0, 5.0]])
    ground = Ground(
        cost=cost, host=np.array([0, 2]), edges=np.array([[0, 1], [1, 2], [2, 3]]), border=np.zeros(3),
        windows=(Window("pop", weights, 0.0, 8.0),), number=2, capacity=np.array([8.0, 3.0]), fixed=True,
    )  # fmt: skip
    served = solve_fixed(ground, time_limit_s=10.0, seed=0)
    assert (served.part, served.bound) == (None, np.inf)


def test_the_same_seed_gives_the_same_plan() -> None:
    ground = town(3, rows=6, columns=7, seats=5)
    first = solve_fixed(ground, time_limit_s=60.0, seed=4)
    again = solve_fixed(ground, time_limit_s=60.0, seed=4)
    assert first.part is not None
    assert again.part is not None
    assert first.part.tolist() == again.part.tolist()
    assert first.bound == pytest.approx(first.cost)


def test_a_stop_at_once_leaves_an_honest_answer() -> None:
    served = solve_fixed(town(2), time_limit_s=60.0, seed=0, stop=lambda: True)
    best = min(cost for cost, _ in plans(town(2)))
    assert served.part is None
    assert served.bound <= best + 1e-9


def published(name: str) -> tuple[Instance, float]:
    """An instance and its proved optimum as published by Kong (its source stands in the file)."""
    instance = read_instance(INSTANCES / f"{name}.json")
    assert instance.objectives["service_distance"]["proved"]
    return instance, float(instance.objectives["service_distance"]["objective"])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["sap_gy_41b", "sap_zy_17b", "sap_gy2_22b"])
def test_published_optima_lie_between_bound_and_plan(name: str) -> None:
    instance, optimum = published(name)
    result = solve_instance(instance, objective="service_distance", time_limit_s=3.0)
    assert result.lower_bound is not None
    assert result.lower_bound <= optimum + 0.01
    if result.objective is not None:
        assert result.objective >= optimum - 0.01
        part = np.array(result.assignment)
        assert recomputed(instance, "service_distance", part, result.seats) == pytest.approx(result.objective)


@pytest.mark.parametrize("seed", range(6))
def test_prices_of_connected_areas_bound_every_plan_and_beat_the_relaxation(seed: int) -> None:
    ground = town(seed)
    keep = reachable_pairs(ground, np.isfinite(ground.cost))
    relaxed = AreaModel(ground, keep).relax()
    all_plans = plans(ground)
    assert all_plans
    best = min(cost for cost, _ in all_plans)
    bound = price_areas(ground, keep, duals=relaxed.duals, stop=lambda: False)
    assert relaxed.value - 1e-6 <= bound + 1e-3 * best
    assert bound <= best + 1e-6
