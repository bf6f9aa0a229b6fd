"""Profiles in `adjust` and `whole`: every stage is what all plans of a tiny town say, and proved."""

from __future__ import annotations

import numpy as np
import pytest

from districting.engine import Job, run_jobs
from districting.plans.problem import Problem
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.whole.whole import solve_whole
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage, preset, presets
from districting.solvers.result import Result
from tests.solvers.oracle import best, numbered, plans
from tests.solvers.towns import contiguous_partitions, faults, graph_of, town

MAPS = ["A A B\nA C B\nC C B", "A A A\nA A A\nB B B", "A B C\nA B C\nA B C"]
NINE = "A B C\nD E F\nG H I"
PARTITIONS = list(contiguous_partitions(graph_of(town(NINE, low=1, high=9))))

#: Orders that no preset has: size first, mixed sums, an absolute tolerance.
OTHERS = {
    "even": Profile(
        "even",
        (Stage({"deviation_households": 1.0}, slack_abs=60.0), Stage({"moved_households": 1.0})),
        "target",
    ),
    "few": Profile(
        "few",
        (
            Stage({"communities": 1.0}),
            Stage({"moved_households": 1.0, "open_border_km": 300.0}, slack_share=0.1),
            Stage({"distance_m_households": 1.0}),
        ),
    ),
}
PROFILES = {**{name: preset(name) for name in presets()}, **OTHERS}


def drawn(seed: int, letters: str) -> Problem:
    """A random town: households, seats, borders along main roads, sometimes reach and headroom."""
    rng = np.random.default_rng(seed)
    names = letters.split()
    seats = ["."] * len(names)
    for name in sorted(set(names)):
        seats[rng.choice([atom for atom, one in enumerate(names) if one == name])] = name
    low = int(rng.choice([100, 200]))
    return town(
        letters,
        " ".join(str(v) for v in rng.choice([40, 90, 130, 200, 310], len(names))),
        low=low,
        high=int(low * rng.choice([3, 5])),
        seats=" ".join(seats),
        reach_limit_m=rng.choice([None, 210.0]),
        headroom=float(rng.choice([0, 0.1])),
        open_km=rng.choice([0.0, 0.1, 0.2], 12),
        crossing_km=rng.choice([0.0, 0.0, 0.15], 12),
    )


def exact(name: str) -> Params:
    """To the end, under a profile."""
    return Params(gap_households=0.0, gap_share=0.0, time_limit_s=30.0, profile=PROFILES[name])


def held_against(result: Result, profile: Profile, table: np.ndarray) -> None:
    """The stages of a result are those of all plans."""
    told = result.notes["stages"]
    assert [stage["name"] for stage in told] == [stage.name for stage in profile.stages]
    assert [stage["settled_at"] for stage in told] == pytest.approx(best(profile, table), rel=1e-6, abs=1e-6)
    assert [term.lower_bound for term in result.terms] == pytest.approx(best(profile, table), rel=1e-4, abs=1e-4)
    for term, stage in zip(result.terms, told, strict=True):
        assert term.lower_bound <= term.value + 1e-9
        assert term.value <= stage["ceiling"] + 1e-6 * max(abs(stage["ceiling"]), 1.0)


@pytest.mark.parametrize("name", sorted(PROFILES))
@pytest.mark.parametrize("seed", range(3))
def test_every_stage_of_adjust_matches_brute_force(name: str, seed: int) -> None:
    problem, profile = drawn(seed, MAPS[seed % len(MAPS)]), PROFILES[name]
    table = plans(problem, PARTITIONS, new=True)
    result = solve_adjust(problem, exact(name))
    if profile.number == "target":
        table = numbered(problem, table)
    if not len(table):
        assert result.status == "infeasible"
        return
    assert result.status == "optimal" and faults(problem, result) == []
    held_against(result, profile, table)


@pytest.mark.parametrize("name", sorted(PROFILES))
@pytest.mark.parametrize("seed", range(2))
def test_every_stage_of_whole_matches_brute_force(name: str, seed: int) -> None:
    """Each cell a community: the contiguous partitions of the grid are all that may be done."""
    problem, profile = drawn(seed, NINE), PROFILES[name]
    table = plans(problem, PARTITIONS, new=False)
    result = solve_whole(problem, exact(name))
    if profile.number == "target":
        table = numbered(problem, table)
    if not len(table):
        assert result.status == "infeasible"
        return
    assert result.status == "optimal" and faults(problem, result) == []
    held_against(result, profile, table)


def test_a_split_inside_whole_follows_the_profile() -> None:
    """A has 1,200 on a 2×6 strip, 700 at most: 500 move at least; of all plans in which A lives on, the nearest."""
    problem = town("A A A A A A\nA A A A A A", 100, low=300, high=700, target=600.0)
    few, near = (solve_whole(problem, exact(name)) for name in ("least-change", "best-service"))
    assert few.objective == 500 and few.terms[0].name == "moved_households"
    assert near.terms[0].name == "distance_m_households" and near.notes["number"] == 2
    table = numbered(problem, plans(problem, contiguous_partitions(graph_of(problem)), new=True))
    table = table[table[:, 0] < 1200]
    assert near.notes["stages"][0]["settled_at"] == pytest.approx(best(preset("best-service"), table)[0])


def test_a_target_that_cannot_be_had_gives_the_nearest_number() -> None:
    """Four communities of 300 and at most 400: the target of 600 asks for two, no two can be joined."""
    problem = town("A B C D", 300, low=200, high=400, target=600.0)
    for solve in (solve_adjust, solve_whole):
        result = solve(problem, exact("best-service"))
        assert (result.notes["number_asked"], result.notes["number"]) == (2, 4)


def test_the_same_plan_comes_from_one_and_from_two_workers() -> None:
    problem = drawn(4, MAPS[0])
    jobs = [
        Job(problem, mode, exact(name), f"{mode}-{name}")  # type: ignore[arg-type]
        for mode in ("adjust", "whole")
        for name in ("best-service", "few")
    ]
    one, two = (run_jobs(jobs, workers=workers) for workers in (1, 2))
    for job in jobs:
        plan, other = one[job.key].solution, two[job.key].solution
        assert (plan is None) == (other is None)
        if plan is not None and other is not None:
            assert plan.part.tolist() == other.part.tolist() and plan.chosen == other.chosen
