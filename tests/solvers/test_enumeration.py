"""The proof by lists: walks that miss nothing, cuts that lose no plan, bounds that hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.problem import Floats, Ints, Window
from districting.progress import Step
from districting.solvers.annealing.pool import joined, price_regions, regions_of
from districting.solvers.annealing.search import search, total_cost
from districting.solvers.bare import _ground, read_instance
from districting.solvers.exact.regions.covering import cut_rows, rows_of, separate
from districting.solvers.ground import Ground
from districting.solvers.lists.connected import Listed, field_of, suits, walk
from districting.solvers.lists.enumeration import _pairs, prove_by_lists
from districting.solvers.lists.pieces import pieces_of, prove_by_pieces
from districting.solvers.lists.windows import improve, window_of
from districting.solvers.recipe import solve_ground
from tests.solvers.grids import cheapest, grid_ground, partitions

INSTANCES = Path(__file__).resolve().parents[2] / ".." / "shared" / "bench" / "instances"


def drawn(seed: int, rows: int, columns: int, number: int, *, bordered: bool) -> Ground:
    """A grid with weights and, where asked, borders by chance."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 9, rows * columns).tolist()
    total = sum(weights)
    ground = grid_ground(rows, columns, weights, 0.6 * total / number, 1.5 * total / number, number)
    if bordered:
        ground = replace(ground, border=rng.integers(0, 7, len(ground.edges)).astype(float))
    return ground


def listed(ground: Ground, duals: Floats, limit: float, *, everything: bool) -> tuple[Floats, Listed, bool]:
    """The walk over all seats with plenty of room."""
    room = 50_000
    pointers, members = np.zeros(room + 1, dtype=np.int64), np.zeros(20 * room, dtype=np.int32)
    seat, value = np.zeros(room, dtype=np.int64), np.zeros(room)
    _, floor, found, complete = walk(
        field_of(ground), _pairs(ground), duals, np.arange(ground.m), np.full(ground.m, limit), everything,
        1_000_000, 0, pointers, members, seat, value, np.zeros(0, dtype=np.bool_),
    )  # fmt: skip
    return floor, Listed(pointers[: found + 1], members[: pointers[found]], seat[:found], value[:found]), complete


def every_district(ground: Ground, duals: Floats) -> dict[frozenset[int], tuple[int, float]]:
    """Each connected set inside the window with its best seat and value, from all 2^n sets."""
    graph = nx.Graph(ground.edges.tolist())
    window = ground.windows[0]
    found = {}
    for mask in range(1, 1 << ground.n):
        inside = [i for i in range(ground.n) if mask >> i & 1]
        if window.low <= window.weights[inside].sum() <= window.high and nx.is_connected(graph.subgraph(inside)):
            sums = ground.cost[np.ix_(inside, inside)].sum(axis=0)
            cut = np.isin(ground.edges, inside).sum(axis=1) == 1
            value = sums.min() - duals[inside].sum() + 0.5 * ground.border[cut].sum()
            found[frozenset(inside)] = (inside[int(sums.argmin())], float(value))
    return found


@pytest.mark.parametrize("bordered", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_the_walk_lists_every_connected_district_below_the_limit(seed: int, bordered: bool) -> None:
    # truth: all 2^12 sets of nodes
    ground = drawn(seed, 3, 4, 3, bordered=bordered)
    duals = np.random.default_rng(seed).normal(8.0, 6.0, ground.n)
    truth = every_district(ground, duals)
    values = np.sort([value for _, value in truth.values()])
    limit = float(values[len(values) // 3]) + 1e-7
    _, found, complete = listed(ground, duals, limit, everything=True)
    assert complete
    sets = [
        frozenset(found.members[a:b].tolist()) for a, b in zip(found.pointers, found.pointers[1:], strict=False)
    ]
    assert set(sets) == {inside for inside, (_, value) in truth.items() if value < limit}
    for inside, value in zip(sets, found.value, strict=True):
        assert value == pytest.approx(truth[inside][1])


@pytest.mark.parametrize("bordered", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_district_of_each_seat_is_the_cheapest_there_is(seed: int, bordered: bool) -> None:
    ground = drawn(seed, 3, 4, 3, bordered=bordered)
    duals = np.random.default_rng(seed).normal(8.0, 6.0, ground.n)
    best = np.full(ground.n, 100.0)
    for seat, value in every_district(ground, duals).values():
        best[seat] = min(best[seat], value)
    floor, _, complete = listed(ground, duals, 100.0, everything=False)
    assert complete
    # a tie between seats may be listed under either: then the floor is lower and still a bound
    assert (floor <= best + 1e-9).all()
    assert np.sort(floor)[0] == pytest.approx(np.sort(best)[0])


def test_a_walk_cut_short_still_gives_a_bound() -> None:
    ground = drawn(1, 3, 4, 3, bordered=True)
    duals = np.random.default_rng(1).normal(8.0, 6.0, ground.n)
    full, _, _ = listed(ground, duals, 100.0, everything=False)
    pointers, members = np.zeros(9, dtype=np.int64), np.zeros(200, dtype=np.int32)
    _, floor, _, complete = walk(
        field_of(ground), _pairs(ground), duals, np.arange(ground.m), np.full(ground.m, 100.0), False, 3, 0,
        pointers, members, np.zeros(8, dtype=np.int64), np.zeros(8), np.zeros(0, dtype=np.bool_),
    )  # fmt: skip
    assert not complete
    assert (floor <= full + 1e-9).all()


def test_subset_row_cuts_keep_every_plan() -> None:
    ground = drawn(2, 3, 3, 4, bordered=False)
    plans = partitions(ground)
    sets = sorted({tuple(sorted(part)) for plan in plans for part in plan})
    place = {part: at for at, part in enumerate(sets)}
    pointers = np.concatenate(([0], np.cumsum([len(part) for part in sets])))
    columns = rows_of(pointers, np.concatenate([np.array(part) for part in sets]), ground.n)
    shares = np.random.default_rng(0).random(len(sets)) * 0.2
    cuts = cut_rows(columns, separate(columns, shares, n=ground.n, most=20), ground.n)
    assert cuts.shape[0] > 0
    for plan in plans:
        chosen = np.zeros(len(sets))
        chosen[[place[tuple(sorted(part))] for part in plan]] = 1.0
        assert (cuts @ chosen <= 1.0).all()


def solved(ground: Ground) -> tuple[float, float]:
    """Cost and bound by lists alone."""
    found = search(ground, seed=0, moves=2_000, starts=1)
    assert found.part is not None
    pool = price_regions(ground, joined(regions_of(found.part, ground.number), found.regions))
    covered = prove_by_lists(ground, pool=pool, part=found.part, upper=found.cost, time_limit_s=20)
    return covered.cost, covered.bound


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), number=st.integers(2, 4), bordered=st.booleans())
def test_lists_prove_the_brute_force_optimum(seed: int, number: int, bordered: bool) -> None:
    ground = drawn(seed, 3, 3, number, bordered=bordered)
    best = cheapest(ground)
    if not np.isfinite(best) or search(ground, seed=0, moves=2_000, starts=1).part is None:
        return
    assert solved(ground) == (pytest.approx(best), pytest.approx(best))


def test_a_seat_that_may_not_serve_everybody_is_respected() -> None:
    # two seats in each node, half of all pairs forbidden by chance; truth by brute force over all plans
    base = drawn(3, 3, 3, 3, bordered=True)
    rng = np.random.default_rng(3)
    cost = np.concatenate((base.cost, base.cost + rng.integers(0, 3, base.cost.shape)), axis=1)
    host = np.concatenate((base.host, base.host))
    forbidden = rng.random(cost.shape) < 0.3
    forbidden[host, np.arange(18)] = False
    ground = replace(base, cost=np.where(forbidden, np.inf, cost), host=host)
    best = cheapest(ground)
    answer = solve_ground(ground, time_limit_s=20, seed=0)
    assert answer.cost == pytest.approx(best)
    assert answer.bound == pytest.approx(best)


def test_ties_and_second_windows_are_left_to_the_other_proof() -> None:
    ground = drawn(0, 3, 3, 3, bordered=False)
    assert suits(ground)
    assert not suits(replace(ground, apart=np.array([[0, 1]])))
    assert not suits(replace(ground, windows=(*ground.windows, Window("people", np.ones(9), 1.0, 9.0))))


def test_windows_never_make_a_plan_dearer_and_find_what_is_listed() -> None:
    # columns: all legal districts; a window over everything is the whole problem
    ground = drawn(5, 3, 3, 4, bordered=False)
    plans = partitions(ground)
    sets = sorted({tuple(sorted(part)) for plan in plans for part in plan})
    pointers = np.concatenate(([0], np.cumsum([len(part) for part in sets])))
    members: Ints = np.concatenate([np.array(part) for part in sets]).astype(np.int64)
    columns = rows_of(pointers, members, ground.n)
    cost = np.array([ground.cost[np.ix_(part, part)].sum(axis=0).min() for part in sets])
    worst = max(plans, key=lambda plan: sum(cost[sets.index(tuple(sorted(part)))] for part in plan))
    incumbent = np.array([sets.index(tuple(sorted(part))) for part in worst])
    chosen = improve(ground, columns, cost, cost, incumbent=incumbent, seed=0, time_limit_s=20)
    assert cost[chosen].sum() == pytest.approx(cheapest(ground))


def test_a_window_holds_the_nearest_districts() -> None:
    # a row of five districts of one node each: around the middle one its two neighbours
    ground = grid_ground(1, 5, [1] * 5, 1, 1, 5)
    assert window_of(ground, np.arange(5), 2, most=3).tolist() == [1, 2, 3]


def test_the_bound_told_never_falls_and_never_passes_the_plan() -> None:
    steps: list[Step] = []
    ground = drawn(7, 6, 6, 6, bordered=True)
    answer = solve_ground(ground, time_limit_s=20, seed=1, progress=steps.append)
    bounds = [step.bound for step in steps if step.bound is not None]
    assert bounds == sorted(bounds)
    assert max(bounds) <= answer.cost + 1e-6
    plans = [step.incumbent for step in steps if step.bound is not None and step.incumbent is not None]
    assert plans == sorted(plans, reverse=True)


def test_somebody_who_stops_gets_the_plan_so_far_with_a_bound_that_holds() -> None:
    ground = drawn(8, 6, 6, 6, bordered=True)
    truth = solve_ground(ground, time_limit_s=60, seed=1)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 6

    answer = solve_ground(ground, time_limit_s=60, seed=1, stop=stop)
    assert answer.part is not None
    assert answer.bound <= truth.cost + 1e-6
    assert answer.cost >= truth.cost - 1e-6


@pytest.mark.parametrize("bordered", [False, True])
def test_pieces_give_a_legal_plan_and_a_bound_on_every_plan(bordered: bool) -> None:
    ground = drawn(11, 8, 8, 10, bordered=bordered)
    truth = solve_ground(ground, time_limit_s=60, seed=0)
    assert truth.cost == pytest.approx(truth.bound)
    found = search(ground, seed=0, moves=5_000, starts=1)
    assert found.part is not None
    pool = price_regions(ground, joined(regions_of(found.part, 10), found.regions))
    covered = prove_by_pieces(ground, pool=pool, part=found.part, upper=found.cost, time_limit_s=4)
    assert 0.5 * truth.cost < covered.bound <= truth.cost + 1e-6
    assert truth.cost - 1e-6 <= covered.cost <= found.cost + 1e-6
    assert total_cost(ground, covered.part)[0] == pytest.approx(covered.cost)
    graph = nx.Graph(ground.edges.tolist())
    window = ground.windows[0]
    for d in range(10):
        inside = np.flatnonzero(covered.part == d)
        assert window.low <= window.weights[inside].sum() <= window.high
        assert nx.is_connected(graph.subgraph(inside.tolist()))


def test_pieces_tile_the_districts() -> None:
    ground = drawn(12, 8, 8, 8, bordered=False)
    part = np.repeat(np.arange(8), 8)
    pieces = pieces_of(ground, part, most=20)
    assert sorted(np.concatenate(pieces).tolist()) == list(range(8))
    assert all(len(piece) <= 3 for piece in pieces)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "objective", "expected"),
    [
        # proved by this program; found as well by the search of the reference files, or a hair above
        ("city_L100", "median_plus_border", 1_055_011.1234),
        ("city_L200", "euclid_median", 1_791_410.7166),
        ("city_L200", "median_plus_border", 2_097_101.6354),
    ],
)
def test_reference_cities_are_proved(name: str, objective: str, expected: float) -> None:
    answer = solve_ground(_ground(read_instance(INSTANCES / f"{name}.json"), objective), time_limit_s=120, seed=0)
    assert answer.cost == pytest.approx(expected, abs=1e-3)
    assert answer.bound == pytest.approx(expected, abs=1e-3)
