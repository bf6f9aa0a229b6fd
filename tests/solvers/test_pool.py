"""The region pool and the enumeration of plans."""

from __future__ import annotations

import numpy as np
import pytest

from districting.solvers.annealing.pool import enumerate_plans, joined, price_regions, regions_of
from districting.solvers.annealing.search import search, total_cost
from districting.solvers.bare import _ground, read_instance
from districting.solvers.exact.regions.partition import choose, relax
from tests.places import INSTANCES, needs_shared
from tests.solvers.grids import grid_ground, partitions


def test_a_3x3_grid_falls_into_three_connected_parts_in_258_ways() -> None:
    # 258 from the brute force over restricted growth strings in `grids`, and from the conventions' oracle
    ground = grid_ground(3, 3, [1] * 9, 1, 9, 3)
    listed = {frozenset(frozenset(part.tolist()) for part in plan) for plan in enumerate_plans(ground)}
    assert len(listed) == 258
    assert listed == {frozenset(parts) for parts in partitions(ground)}


@pytest.mark.parametrize(("low", "high"), [(2, 4), (3, 3), (1, 5)])
def test_the_enumeration_agrees_with_brute_force_inside_a_window(low: int, high: int) -> None:
    ground = grid_ground(2, 4, [1, 2, 1, 1, 1, 1, 2, 1], low, high, 3)
    listed = [frozenset(frozenset(part.tolist()) for part in plan) for plan in enumerate_plans(ground)]
    assert len(listed) == len(set(listed))
    assert set(listed) == {frozenset(parts) for parts in partitions(ground)}


@needs_shared
def test_new_mexico_has_365_legal_plans() -> None:
    # 365: AustinLBuchanan/District-Enumeration, counties of 2010, three districts within 0.5 %
    path = INSTANCES / "county2010_NM.json"
    assert sum(1 for _ in enumerate_plans(_ground(read_instance(path), "hess_moment"))) == 365


def test_the_search_keeps_only_connected_regions_inside_the_window() -> None:
    weights = np.random.default_rng(3).integers(1, 9, 36).tolist()
    ground = grid_ground(6, 6, weights, 20, 40, 5)
    found = search(ground, seed=1, moves=20_000, starts=2)
    pool = price_regions(ground, found.regions)
    assert len(pool) > 10
    pointers, neighbours, _ = ground.neighbours
    for position in range(len(pool)):
        region = pool.region(position).tolist()
        assert 20 <= sum(weights[i] for i in region) <= 40
        seen = {region[0]}
        queue = [region[0]]
        for node in queue:
            fresh = set(neighbours[pointers[node] : pointers[node + 1]].tolist()) & set(region) - seen
            seen |= fresh
            queue += sorted(fresh)
        assert seen == set(region)
        # the price by hand: the best seat inside
        assert pool.cost[position] == pytest.approx(min(ground.cost[region, seat].sum() for seat in region))


def test_the_master_is_never_worse_than_the_search() -> None:
    weights = np.random.default_rng(5).integers(1, 9, 49).tolist()
    ground = grid_ground(7, 7, weights, 20, 45, 7)
    found = search(ground, seed=2, moves=5_000, starts=2)
    assert found.part is not None
    pool = price_regions(ground, joined(regions_of(found.part, 7), found.regions))
    incumbent = np.arange(7)
    relaxed = relax(ground, pool, first=incumbent)
    assert relaxed is not None
    chosen, complete = choose(ground, pool, relaxed=relaxed, incumbent=incumbent, time_limit_s=10)
    assert complete
    assert relaxed.value - 1e-6 <= pool.cost[chosen].sum() <= found.cost + 1e-6
    assert np.array_equal(np.sort(np.concatenate([pool.region(int(c)) for c in chosen])), np.arange(49))


def test_the_same_seed_finds_the_same_regions() -> None:
    ground = grid_ground(5, 5, [1] * 25, 4, 7, 5)
    one, two = (search(ground, seed=9, moves=5_000, starts=2) for _ in range(2))
    assert one.cost == two.cost
    assert np.array_equal(one.regions.members, two.regions.members)
    assert one.part is not None
    assert two.part is not None
    assert np.array_equal(one.part, two.part)
    assert total_cost(ground, one.part)[0] == pytest.approx(one.cost)
