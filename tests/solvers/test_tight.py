"""Few districts in a narrow window: bounds never above the truth, proofs that brute force and publications share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from districting.plans.problem import Window
from districting.progress import Step
from districting.solvers.bare import read_instance, solve_instance
from districting.solvers.few_large.lagrange import Knapsacks, Seating, raise_bound
from districting.solvers.few_large.placing import place_seats
from districting.solvers.few_large.sharing import duals_of, share_out
from districting.solvers.few_large.survivors import surviving_pairs
from districting.solvers.few_large.tight import is_tight, solve_tight
from districting.solvers.ground import Ground
from tests.places import SHARED, needs_shared
from tests.solvers.grids import cheapest, grid_ground, partitions

WEIGHTS = st.lists(st.integers(0, 9), min_size=9, max_size=9)


def anywhere(ground: Ground) -> Seating:
    """All seats in one group."""
    return Seating(np.zeros(ground.m, dtype=np.int64), np.array([ground.number]))


def spread_out(n: int, seed: int) -> Ground:
    """Points in a square, joined to those near them, moment of inertia, three districts within 5 %."""
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * 10
    weights = rng.integers(5, 15, n).astype(float)
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    pairs = {tuple(sorted((i, int(j)))) for i in range(n) for j in np.argsort(away[i])[1:5]}
    edges = np.array(sorted(pairs), dtype=np.int64)
    middle = weights.sum() / 3
    window = Window("households", weights, 0.975 * middle, 1.025 * middle)
    return Ground(weights[:, None] * away**2, np.arange(n), edges, np.zeros(len(edges)), (window,), 3)


@pytest.mark.parametrize("seed", range(6))
def test_sharing_out_is_the_transportation_optimum(seed: int) -> None:
    # expected: the linear program, by scipy
    rng = np.random.default_rng(seed)
    n, k = 14, 3
    weights = rng.integers(0, 9, n).astype(float)
    cost, home = rng.random((n, k)) * weights[:, None] + rng.random((n, k)), rng.permutation(n)[:k]
    low, high = 0.97 * weights.sum() / k, 1.03 * weights.sum() / k
    bounds = [(float(j == at), float(j == at)) if i in home else (0, 1) for i in range(n) for j in range(k) for at in [list(home).index(i) if i in home else -1]]  # fmt: skip
    sizes = np.kron(weights, np.eye(k))
    expected = linprog(
        cost.ravel(),
        A_ub=np.vstack([sizes, -sizes]),
        b_ub=np.r_[np.full(k, high), np.full(k, -low)],
        A_eq=np.kron(np.eye(n), np.ones(k)),
        b_eq=np.ones(n),
        bounds=bounds,
    )
    shares = share_out(cost, home, weights, low, high)
    if expected.status != 0:
        assert np.isinf(shares.value)
        return
    assert shares.value == pytest.approx(expected.fun)
    assert (shares.share * cost).sum() == pytest.approx(expected.fun)
    assert shares.share.sum(axis=1) == pytest.approx(np.ones(n))
    loads = weights @ shares.share
    assert ((loads > low - 1e-6) & (loads < high + 1e-6)).all()


@settings(max_examples=25, deadline=None)
@given(weights=WEIGHTS, number=st.integers(2, 4), seed=st.integers(0, 5))
def test_any_duals_bound_the_brute_force_optimum(weights: list[int], number: int, seed: int) -> None:
    total = sum(weights)
    ground = grid_ground(3, 3, weights, 0.6 * total / number, 1.5 * total / number, number)
    best = cheapest(ground)
    duals = np.random.default_rng(seed).random(9) * 10
    priced = raise_bound(Knapsacks(ground), anywhere(ground), duals, aim=min(best, 1e3), rounds=seed * 10)
    assert priced.value <= best + 1e-9 * max(1.0, best)


@settings(max_examples=15, deadline=None)
@given(weights=WEIGHTS)
def test_an_optimal_plan_survives_the_ruling_out(weights: list[int]) -> None:
    total = sum(weights)
    ground = grid_ground(3, 3, weights, 0.6 * total / 3, 1.5 * total / 3, 3)
    best = cheapest(ground)
    if not np.isfinite(best):
        return
    knapsacks = Knapsacks(ground)
    priced = raise_bound(knapsacks, anywhere(ground), np.zeros(9), aim=best, rounds=60)
    keep = surviving_pairs(knapsacks, ground, priced, best)
    survives = []
    for parts in partitions(ground):
        cost, pairs = 0.0, []
        for part in parts:
            inside = sorted(part)
            seat = min(inside, key=lambda j: ground.cost[inside, j].sum())
            cost += ground.cost[inside, seat].sum()
            pairs += [(seat, i) for i in inside]
        if cost <= best + 1e-9:
            survives.append(all(keep[pair] for pair in pairs))
    assert any(survives)


def test_the_sharing_s_duals_prove_its_value() -> None:
    # with the seats known, the knapsacks at the sharing's duals sum up to the sharing: no gap between the two
    ground = spread_out(40, 1)
    window = ground.windows[0]
    best = place_seats(ground.cost, window, 3, seed=0, starts=5)[0]
    duals = duals_of(ground.cost[:, best.seats], best.seats, window.weights, best.shares.slopes)
    group = np.full(40, -1, dtype=np.int64)
    group[best.seats] = np.arange(3)
    priced = Knapsacks(ground).at(duals, Seating(group, np.ones(3, dtype=np.int64)))
    assert priced.value == pytest.approx(best.shares.value)


@pytest.mark.parametrize("seed", range(8))
def test_the_tree_finds_and_proves_the_brute_force_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns, number = (4, 2) if seed % 3 == 0 else (3, 2 + seed % 3)
    weights = rng.integers(1, 9, 3 * columns).tolist()
    total = sum(weights)
    ground = grid_ground(3, columns, weights, 0.85 * total / number, 1.15 * total / number, number)
    expected = cheapest(ground)
    proof = solve_tight(ground, time_limit_s=60)
    assert proof.cost == pytest.approx(expected)
    assert proof.bound == pytest.approx(expected)


def test_without_contiguity_a_district_may_lie_in_two_places() -> None:
    # by hand: of 4 4 1 1 in halves of five only {0, 2} {1, 3} and {0, 3} {1, 2} fit, no half in one piece; 4
    ground = grid_ground(1, 4, [4, 4, 1, 1], 5, 5, 2)
    assert is_tight(ground)
    assert solve_tight(ground, time_limit_s=60).bound == np.inf
    loose = solve_tight(replace(ground, contiguous=False), time_limit_s=60)
    assert (loose.cost, loose.bound) == (pytest.approx(4.0), pytest.approx(4.0))


def test_an_answer_is_the_same_twice_and_progress_only_improves() -> None:
    ground = spread_out(60, 3)
    told: list[Step] = []
    proof = solve_tight(ground, time_limit_s=60, progress=told.append)
    again = solve_tight(ground, time_limit_s=60)
    assert proof.part is not None
    assert again.part is not None
    assert np.array_equal(proof.part, again.part)
    assert proof.bound == pytest.approx(proof.cost, rel=1e-6)
    bounds = [step.bound for step in told if step.bound is not None]
    costs = [step.incumbent for step in told if step.incumbent is not None]
    assert bounds == sorted(bounds)
    assert costs == sorted(costs, reverse=True)
    assert bounds[-1] <= costs[-1]


def test_a_stop_leaves_the_best_plan_with_a_valid_bound() -> None:
    ground = spread_out(60, 3)
    whole = solve_tight(ground, time_limit_s=60)
    planned: list[float] = []

    def listen(step: Step) -> None:
        if step.incumbent is not None:
            planned.append(step.incumbent)

    early = solve_tight(ground, time_limit_s=60, progress=listen, stop=lambda: bool(planned))
    assert early.part is not None
    assert early.bound <= whole.cost + 1e-6
    assert early.cost >= whole.cost - 1e-6


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(
    ("name", "objective"),
    [
        ("county2010_WV", "hess_moment"),
        ("county2010_AR", "hess_moment_no_contiguity"),
        ("hop_county2020_AR", "hop_median"),
        ("tract2010_NH", "hess_moment"),
        ("tract2010_ID", "hess_moment"),
    ],
)
def test_published_optima_of_tight_instances_are_proved(name: str, objective: str) -> None:
    # Validi, Buchanan, Lykhovyd 2022; Zhang et al. 2024: the values stand in the instance files
    instance = read_instance(SHARED / "bench" / "instances" / f"{name}.json")
    published = float(instance.objectives[objective]["objective"])
    result = solve_instance(instance, objective=objective, time_limit_s=120)
    assert result.objective == pytest.approx(published, abs=0.0051)
    assert result.lower_bound == pytest.approx(published, abs=0.0051)
