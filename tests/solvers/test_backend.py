"""The back-end says only what was proved."""

from __future__ import annotations

import random

import numpy as np
import pulp
import pytest

from districting.solvers.exact import backend
from districting.solvers.exact.backend import solve_model


def knapsack(items: int = 40, rows: int = 5, *, maximise: bool = True, seed: int = 1) -> pulp.LpProblem:
    """A multi-row knapsack (a covering problem when minimising) with the constant 1000 in its objective."""
    rng = random.Random(seed)
    model = pulp.LpProblem("knapsack", pulp.LpMaximize if maximise else pulp.LpMinimize)
    x = [model.add_variable(f"x{k}", 0, 1, cat=pulp.LpInteger) for k in range(items)]
    model += pulp.lpSum(rng.randint(5, 50) * v for v in x) + 1000
    for _ in range(rows):
        weights = [rng.randint(5, 50) for _ in x]
        total = pulp.lpSum(w * v for w, v in zip(weights, x, strict=True))
        model += total <= sum(weights) // 3 if maximise else total >= sum(weights) // 3
    return model


def small() -> pulp.LpProblem:
    """Max 5 + 3 a + 2 b with a + b <= 1, both 0 or 1: by hand a = 1, value 8."""
    model = pulp.LpProblem("small", pulp.LpMaximize)
    a, b = (model.add_variable(name, 0, 1, cat=pulp.LpInteger) for name in "ab")
    model += 3 * a + 2 * b + 5
    model += a + b <= 1
    return model


def test_the_constant_of_the_objective_is_in_value_and_bound() -> None:
    solved = solve_model(small(), time_limit_s=5)
    assert (solved.status, solved.objective, solved.bound) == ("optimal", 8.0, 8.0)
    assert solved.values == {"a": 1.0, "b": 0.0}


def test_an_infeasible_model_is_called_infeasible() -> None:
    model = small()
    a, b = model.variables()
    model += a + b >= 2
    solved = solve_model(model, time_limit_s=5)
    assert solved.status == "infeasible" and not solved.found and solved.values == {}


def test_a_linear_program_has_its_value_as_bound() -> None:
    model = pulp.LpProblem("line", pulp.LpMinimize)
    x = model.add_variable("x", 0, 10)
    model += 2 * x + 3
    model += x >= 1.5
    solved = solve_model(model, time_limit_s=5)
    assert solved.objective == pytest.approx(6.0) and solved.bound == pytest.approx(6.0)


@pytest.mark.parametrize("maximise", [True, False])
def test_an_absolute_gap_counts_units_of_the_objective(maximise: bool) -> None:
    exact = solve_model(knapsack(maximise=maximise), time_limit_s=20)
    loose = solve_model(knapsack(maximise=maximise), time_limit_s=20, gap_abs=60)
    assert exact.status == loose.status == "optimal"
    assert exact.objective == pytest.approx(exact.bound)
    assert abs(loose.objective - loose.bound) <= 60
    low, high = sorted((loose.objective, loose.bound))
    assert low - 1e-6 <= exact.objective <= high + 1e-6


def test_a_start_is_used() -> None:
    exact = solve_model(knapsack(), time_limit_s=20)
    told: list[float] = []
    solve_model(
        knapsack(), time_limit_s=20, start=exact.values, on_incumbent=lambda value, bound: told.append(value)
    )
    assert told and told[0] == pytest.approx(exact.objective)


def test_a_partial_start_is_completed() -> None:
    exact = solve_model(knapsack(), time_limit_s=20)
    part = dict(list(exact.values.items())[:20])
    assert solve_model(knapsack(), time_limit_s=20, start=part).objective == pytest.approx(exact.objective)


def test_a_stop_gives_the_best_so_far_with_a_bound_that_holds() -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    solved = solve_model(knapsack(200, 40), time_limit_s=30, stop=stop)
    assert solved.status == "feasible"
    assert solved.objective <= solved.bound < np.inf


@pytest.mark.parametrize("limit_s", [0.0, 0.0005, 0.004, 0.02])
def test_a_bound_after_a_short_time_is_a_bound_or_none(limit_s: float) -> None:
    """Trap 8: HiGHS leaves 0 where the root is not done. All weights are positive, so 1000 is the least bound."""
    solved = solve_model(knapsack(200, 40), time_limit_s=limit_s)
    assert solved.bound == np.inf or solved.bound > 1000
    least = solve_model(knapsack(200, 40, maximise=False), time_limit_s=limit_s)
    assert least.bound == -np.inf or least.bound >= 1000


def test_another_thread_count_in_one_process_still_solves() -> None:
    """Trap 3: HiGHS fails silently there."""
    values = [solve_model(small(), time_limit_s=5, threads=threads).objective for threads in (1, 2, 1)]
    assert values == [8.0, 8.0, 8.0]


def test_the_same_seed_gives_the_same_values() -> None:
    first, second = (solve_model(knapsack(60, 8), time_limit_s=20, seed=3, gap_abs=20) for _ in range(2))
    assert first.values == second.values


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    solve_model(knapsack(), time_limit_s=5)
    assert capfd.readouterr() == ("", "")


def test_cbc_stands_in_and_is_not_believed_when_it_says_infeasible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "HAS_HIGHS", False)
    assert solve_model(small(), time_limit_s=5).objective == 8.0
    model = small()
    a, b = model.variables()
    model += a + b >= 2
    assert solve_model(model, time_limit_s=5).status == "unknown"


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("maximise", [True, False])
def test_no_bound_that_is_told_while_solving_from_a_start_cuts_off_the_optimum(
    maximise: bool, share: float
) -> None:
    """HiGHS tells the bound of the start's own small model first; believed, it would end a search too early."""
    model = knapsack(maximise=maximise)
    best = solve_model(knapsack(maximise=maximise), time_limit_s=20).objective
    poor = 0.0 if maximise else 1.0
    names = sorted(f"x{k}" for k in range(40))
    start = dict.fromkeys(names[: int(share * len(names))], poor)
    told: list[float] = []
    solved = solve_model(
        model,
        time_limit_s=20,
        start=start,
        on_incumbent=lambda value, bound: told.append(bound),
        stop=lambda: False,
    )
    assert solved.objective == pytest.approx(best)
    assert told
    assert all(bound >= best - 1e-6 if maximise else bound <= best + 1e-6 for bound in told)
