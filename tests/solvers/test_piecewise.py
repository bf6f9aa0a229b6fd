"""Large land is divided and joined again: the plan is legal, and what is proved holds for the whole."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.plans.problem import Lock, Problem
from districting.solvers import piecewise
from districting.solvers.params import Params
from districting.solvers.profile import preset
from districting.solvers.strategy import SolveMode, solve
from tests.solvers.towns import faults, graph_of, town

#: A community of 3 × 3 atoms; so many of them make a row.
ROW = "A A A B B B C C C D D D E E E F F F"


def streets(households: np.ndarray, **more: object) -> Problem:
    """Six communities in a row, each of nine atoms."""
    people = "\n".join(" ".join(str(value) for value in row) for row in households)
    return town("\n".join([ROW] * 3), people, low=500, high=1500, **more)


def crowded(seed: int = 0) -> Problem:
    """B holds too many and E too few."""
    people = np.random.default_rng(seed).integers(80, 130, (3, 18))
    people[:, 3:6] = 250
    people[:, 12:15] = 20
    return streets(people)


@pytest.mark.parametrize("mode", ["adjust", "redraw"])
@pytest.mark.parametrize("profile", ["least-change", "best-service", "clean-borders"])
def test_divided_land_gets_a_legal_plan_and_no_bound_above_the_optimum(
    mode: SolveMode, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = crowded()
    params = Params(gap_households=0.0, gap_share=0.0, time_limit_s=30, profile=preset(profile))
    exact = solve(problem, mode, params)
    monkeypatch.setattr(piecewise, "LARGE", 30)
    monkeypatch.setattr(piecewise, "ATOMS", 18)
    divided = solve(problem, mode, params)
    assert divided.notes["divided"] and "divided" not in exact.notes
    assert divided.solution is not None and faults(problem, divided) == []
    assert divided.lower_bound <= min(exact.objective, divided.objective)
    assert exact.lower_bound <= divided.objective
    assert divided.terms[0].value == pytest.approx(divided.objective)


def test_a_piece_that_cannot_be_mended_alone_is_joined_to_its_neighbour() -> None:
    """The first two communities hold 240 of 500: only the third can help them."""
    people = np.full((3, 18), 100)
    people[:, :3], people[:, 3:6] = 13, 13
    problem = streets(people)

    def alone(piece: Problem, share: Params) -> object:
        return solve(piece, "adjust", share)

    label = piecewise.pieces_of(problem, 18)
    assert len(np.unique(label[problem.today <= 1])) == 1
    plan = piecewise._by_pieces(
        problem,
        preset("least-change"),
        Params(time_limit_s=30),
        alone,
        lambda _: None,
        lambda: False,  # type: ignore[arg-type]
    )
    assert plan is not None
    sizes = np.bincount(plan.part, weights=problem.households)
    assert sizes.min() >= 500 and sizes.max() <= 1500


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), atoms=st.integers(2, 30))
def test_pieces_are_connected_and_part_neither_community_nor_lock(seed: int, atoms: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = "\n".join(" ".join(rng.choice(list("ABC.")) for _ in range(6)) for _ in range(4))
    one, other = (int(value) for value in rng.integers(0, 24, 2))
    problem = town(drawn, 100, low=100, high=900, seats="")
    problem = replace(problem, locks=(Lock("together", atoms=(one, other)),))
    label = piecewise.pieces_of(problem, atoms)
    assert sorted(np.unique(label)) == list(range(int(label.max()) + 1))
    assert label[one] == label[other]
    for pos in range(len(problem.community_ids)):
        assert len(np.unique(label[problem.today == pos])) <= 1
    graph = graph_of(problem)
    tied = [np.flatnonzero(problem.today == pos).tolist() for pos in range(len(problem.community_ids))]
    for own in (*tied, [one, other]):
        nx.add_path(graph, own)
    for piece in range(int(label.max()) + 1):
        assert nx.is_connected(graph.subgraph(np.flatnonzero(label == piece).tolist()))


def test_a_number_of_communities_is_asked_of_the_whole() -> None:
    problem = crowded()
    assert not piecewise.divides(replace(problem, number=(6, 6)))
    assert not piecewise.divides(problem)


@pytest.mark.parametrize("mode", ["adjust", "redraw"])
def test_large_land_that_is_not_mended_in_time_is_left_open_with_its_bound(
    mode: SolveMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No piece ends: the land as a whole is not tried after that, and what is proved is told."""
    monkeypatch.setattr(piecewise, "LARGE", 30)
    monkeypatch.setattr(piecewise, "_by_pieces", lambda *_: None)
    monkeypatch.setattr(piecewise, "solve_whole", lambda asked, *_, **__: replace(nothing, name=asked.name))
    nothing = solve(town("A B", 100, low=300, high=900), "whole", Params())
    assert nothing.solution is None
    result = solve(crowded(), mode, Params(profile=preset("least-change")))
    assert (result.status, result.solution) == ("unknown", None)
    assert 0 < result.lower_bound < np.inf
