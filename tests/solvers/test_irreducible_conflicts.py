"""On random towns: what a conflict names cannot be met together, can without any one of it, and enough is enough.

The oracle looks at every contiguous partition and knows no solver (`every_plan`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from districting.plans.problem import Lock, Problem
from districting.solvers.conflicts.demands import Asked, Demand
from districting.solvers.conflicts.irreducible import irreducible
from districting.solvers.conflicts.legality import ModeName, breaches
from districting.solvers.conflicts.prechecks import prechecks
from districting.solvers.params import Params
from districting.solvers.strategy import solve
from tests.solvers.every_plan import possible
from tests.solvers.towns import contiguous_partitions, graph_of, town

PARAMS = Params(time_limit_s=60)
MAPS = ["A A B\nA C B\nC C B", "A B C\nA B C\nA B C", "A A A A\nA B B B", "A A B B C C"]
EVERY = [list(contiguous_partitions(graph_of(town(drawn, low=1, high=9)))) for drawn in MAPS]


def random_town(seed: int) -> tuple[Problem, int]:
    """A small town with locks, a number and reach, often too much to ask; and the position of its map."""
    rng = np.random.default_rng(seed)
    place = seed % len(MAPS)
    names = MAPS[place].split()
    n, ids = len(names), sorted(set(names))
    locks: dict[Lock, None] = {}
    for kind in rng.choice(["keep", "apart", "seat", "split"], size=int(rng.integers(0, 4))).tolist():
        if kind == "apart":
            atoms = tuple(sorted(rng.choice(n, int(rng.integers(2, 4)), replace=False).tolist()))
            locks[Lock("apart", atoms=atoms)] = None
        else:
            locks[Lock(kind, communities=(int(rng.integers(len(ids))),))] = None
    fewest = int(rng.integers(1, 5))
    seats = ["."] * n
    for name in ids:
        seats[int(rng.choice([atom for atom, one in enumerate(names) if one == name]))] = name
    low = int(rng.choice([60, 100, 200]))
    problem = town(
        MAPS[place],
        " ".join(str(v) for v in rng.choice([40, 90, 130, 200], n)),
        low=low,
        high=int(low * rng.choice([2, 3, 5])),
        seats=" ".join(seats),
        reach_limit_m=[None, 110.0, 150.0, 210.0][int(rng.integers(4))],
        headroom=float(rng.choice([0, 0.1, 0.2])),
        locks=tuple(locks),
        number=(fewest, fewest + int(rng.integers(0, 2))) if rng.random() < 0.4 else None,
    )
    return problem, place


def members(asked: Asked, rule: dict[str, Any]) -> frozenset[Demand]:
    """The demands that a rule of a conflict stands for."""
    problem = asked.problem
    if rule["kind"] == "lock":
        return frozenset(
            Demand("lock", pos)
            for pos, lock in enumerate(problem.locks)
            if lock.kind == rule["lock"]
            and tuple(problem.atom_ids[atom] for atom in lock.atoms) == rule["atoms"]
            and tuple(problem.community_ids[c] for c in lock.communities) == rule["communities"]
        )
    if rule["kind"] == "reach" and rule["atoms"]:
        return frozenset(Demand("reach", problem.atom_ids.index(atom)) for atom in rule["atoms"])
    return frozenset(one for one in asked.all() if one.kind == rule["kind"])


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**20), mode=st.sampled_from(["adjust", "redraw", "whole"]))
def test_what_is_named_is_a_conflict_and_none_of_it_is_idle(seed: int, mode: ModeName) -> None:
    problem, place = random_town(seed)
    asked = Asked.of(problem, mode)
    there_is = possible(problem, EVERY[place], asked.all(), mode)
    if there_is or prechecks(problem):
        assert not (there_is and prechecks(problem)), "a precheck fires where there is a plan"
        return
    result = solve(problem, mode, PARAMS)
    assert result.status == "infeasible"
    together = [conflict for conflict in result.conflicts if conflict.cause == "together"]
    assert together and together[-1].detail["confirmed"]
    for number, conflict in enumerate(together):
        assert conflict.detail["minimal"]
        named = {id(rule): members(asked, rule) for rule in conflict.detail["rules"]}
        every = frozenset().union(*named.values())
        assert not possible(problem, EVERY[place], every, mode)
        for rule in conflict.detail["rules"]:
            left_off = named[id(rule)]
            assert possible(problem, EVERY[place], every - left_off, mode), rule
            if number == 0:
                family = frozenset(one for one in asked.all() if one.kind == rule["kind"])
                alone = left_off if rule["kind"] == "lock" else family
                assert rule["enough"] == possible(problem, EVERY[place], asked.all() - alone, mode), rule


def test_prechecks_never_fire_where_there_is_a_plan() -> None:
    fired = 0
    for seed in range(400):
        problem, place = random_town(seed)
        if prechecks(problem):
            fired += 1
            assert not possible(problem, EVERY[place], Asked.of(problem, "redraw").all(), "redraw"), seed
    assert fired > 50


def test_the_filter_finds_an_irreducible_set_and_says_when_it_could_not() -> None:
    bad = {frozenset({1, 4}), frozenset({2, 3, 5})}

    def test(asked: frozenset[int]) -> bool:
        return not any(conflict <= asked for conflict in bad)

    found, sure = irreducible([(1, 2, 3), (4,), (5, 6)], test)
    assert found in bad and sure
    assert irreducible([(1, 2, 3), (4,), (5, 6)], lambda asked: None) == (frozenset(range(1, 7)), False)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"high": 300}, "max"),
        ({"low": 450}, "min"),
        ({"reach_limit_m": 50.0}, "reach"),
        ({"number": (3, 3)}, "fewest"),
        ({"number": (1, 1)}, "most"),
        ({"locks": (Lock("split", communities=(0,)),)}, "lock"),
        ({"locks": (Lock("apart", atoms=(0, 1)),)}, "lock"),
        ({"locks": (Lock("merge", communities=(0, 1)),)}, "lock"),
        ({"compounds": ((1, 4),)}, "compound"),
    ],
)
def test_a_plan_is_read_for_everything_that_it_breaks(changes: dict[str, Any], kind: str) -> None:
    """Today's two communities of 400 and 400, legal between 200 and 500."""
    drawn = {"today": "A A A A B B B B", "households": 100, "low": 200, "high": 500}
    solution = solve(town(**drawn), "adjust", PARAMS).solution  # type: ignore[arg-type]
    assert solution is not None and breaches(town(**drawn), solution) == ()  # type: ignore[arg-type]
    wrong = town(**drawn | changes)  # type: ignore[arg-type]
    assert {breach.kind for breach in breaches(wrong, solution)} == {kind}
