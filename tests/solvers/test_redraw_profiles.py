"""`redraw` by profile: every stage against brute force over all plans of drawn towns, and proofs on real land."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from districting.plans.problem import Lock, Problem
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage, preset, presets
from districting.solvers.redraw.redraw import solve_redraw
from districting.solvers.result import Result
from tests.solvers.rough_beilin import beilin
from tests.solvers.towns import contiguous_partitions, faults, graph_of, town

QUICK = Params(time_limit_s=30.0)
EVEN = Profile("even", (Stage({"deviation_households": 1.0}), Stage({"distance_m_households": 1.0})), "free")
FEWEST = Profile(
    "fewest", (Stage({"communities": 1.0}), Stage({"open_border_km": 1.0, "moved_households": 0.01})), "free"
)
Parts = tuple[frozenset[int], ...]
Values = dict[str, float]


def retained(problem: Problem, parts: Parts) -> float:
    """Households that keep their community, by the rule word for word: the part with its centre, else with most."""
    claims: dict[int, float] = {}
    seat_of = {seat.community_pos: seat.atom_pos for seat in problem.seats}
    for pos in range(len(problem.community_ids)):
        shares = [sum(problem.households[a] for a in part if problem.today[a] == pos) for part in parts]
        if pos in seat_of:
            heir = next(at for at, part in enumerate(parts) if seat_of[pos] in part)
        elif max(shares) > 0:
            heir = shares.index(max(shares))
        else:
            continue
        claims[heir] = max(claims.get(heir, 0.0), float(shares[heir]))
    return sum(claims.values())


def valued(problem: Problem, parts: Parts) -> Values | None:
    """Every term of a plan, or None if a part is against a rule."""
    window, limit = problem.windows[0], problem.reach_limit_m
    distance = deviation = 0.0
    for part in parts:
        atoms = sorted(part)
        size = window.weights[atoms].sum()
        if not window.low <= size <= window.high:
            return None
        deviation += abs(size - problem.target)
        lived = [a for a in atoms if problem.households[a] > 0]
        ways = []
        for mean, far, inside in (
            *((problem.site_distance_m[:, a], problem.site_reach_m[:, a], True) for a in atoms),
            *(
                (problem.seat_distance_m[:, s], problem.seat_reach_m[:, s], seat.atom_pos in part)
                for s, seat in enumerate(problem.seats)
            ),
        ):
            if inside and (limit is None or (far[lived] <= limit).all()):
                ways.append(float(((problem.households[atoms] + 1.0) * mean[atoms]).sum()))
        if not ways:
            return None
        distance += min(ways)
    label = {a: at for at, part in enumerate(parts) for a in part}
    cut = [label[int(a)] != label[int(b)] for a, b in problem.edges]
    return {
        "distance_m_households": distance,
        "open_border_km": float(problem.open_km[cut].sum() + problem.crossing_km[np.invert(cut)].sum()),
        "moved_households": float(problem.households[problem.today >= 0].sum()) - retained(problem, parts),
        "communities": float(len(parts)),
        "deviation_households": deviation,
    }


def stage_values(problem: Problem, profile: Profile, partitions: Iterator[Parts], number: int) -> list[float]:
    """Optimum of each stage in turn, by brute force."""
    plans = [v for parts in partitions if (v := valued(problem, parts)) is not None]
    if profile.number == "target":
        plans = [v for v in plans if v["communities"] == number]
    found = []
    for stage in profile.stages:
        sums = [sum(w * v[term] for term, w in stage.weights.items()) for v in plans]
        best = min(sums)
        found.append(best)
        plans = [v for v, total in zip(plans, sums, strict=True) if total <= stage.ceiling(best) + 1e-6]
    return found


def settled(result: Result) -> list[float]:
    """Value of each stage when it was settled."""
    return [step["settled_at"] for step in result.notes["stages"]]


def proved(result: Result) -> list[float]:
    """Bound of each stage."""
    return [step["lower_bound"] for step in result.notes["stages"]]


def random_town(seed: int, seats: str | None = None) -> Problem:
    """Nine or ten cells, five letters, uneven homes and borders."""
    rng = np.random.default_rng(seed)
    today = "A A B\nA B B\nC C D" if seed % 2 else "A A B B E\nC C D D E"
    people = rng.integers(0, 90, 9 if seed % 2 else 10)
    problem = town(
        today, " ".join(map(str, people)), low=0.15 * people.sum(), high=0.6 * people.sum(),
        reach_limit_m=None if seed % 3 else 200.0, seats=seats,
    )  # fmt: skip
    km = rng.integers(0, 9, (2, len(problem.edges))) / 10.0
    changed = {"open_km": km[0], "crossing_km": km[1] * (seed % 2), "target": people.sum() / 3.0}
    return Problem(**{**problem.__dict__, **changed})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("profile", [*map(preset, presets()), EVEN, FEWEST], ids=lambda p: p.profile_id)
def test_every_stage_of_every_profile_is_the_best_of_all_plans(profile: Profile, seed: int) -> None:
    problem = random_town(seed)
    result = solve_redraw(problem, Params(time_limit_s=30.0, profile=profile))
    best = stage_values(problem, profile, contiguous_partitions(graph_of(problem)), result.notes["number"])
    assert settled(result) == pytest.approx(best, rel=1e-6)
    assert proved(result) == pytest.approx(best, rel=1e-6)
    assert result.status == "optimal"
    assert [term.name for term in result.terms[: len(best)]] == [stage.name for stage in profile.stages]


def test_a_community_without_a_centre_goes_on_where_most_of_it_is() -> None:
    problem = random_town(1, seats="A . . . . . . . D")
    result = solve_redraw(problem, Params(time_limit_s=30.0, profile=preset("least-change")))
    best = stage_values(problem, preset("least-change"), contiguous_partitions(graph_of(problem)), 0)
    assert proved(result)[0] <= best[0] + 1e-6  # labels relax the rule: the bound may be lower, never higher
    assert result.terms[0].value >= best[0] - 1e-6
    assert result.terms[0].value == pytest.approx(best[0])


def test_a_seat_may_be_locked_to_one_of_several_atoms() -> None:
    lock = Lock("seat", atoms=(6, 8), communities=(0,))
    problem = town("A A B\nA B B\nC C C", 10, low=20, high=50, locks=(lock,))
    result = solve_redraw(problem, QUICK)
    assert faults(problem, result) == []


def test_a_community_without_a_centre_may_be_given_one_elsewhere() -> None:
    # C has no centre; the lock puts one into a cell of C's land or beside it: whoever sits there is C
    for atoms in [(6,), (5, 7)]:
        lock = Lock("seat", atoms=atoms, communities=(2,))
        problem = town("A A B\nA B B\nC C C", 10, low=20, high=50, seats="A . . . . B . . .", locks=(lock,))
        result = solve_redraw(problem, QUICK)
        assert result.solution is not None
        home = [chosen.community_pos for chosen in result.solution.chosen].index(2)
        assert result.solution.chosen[home].atom_pos in atoms


def test_each_pair_of_pieces_is_joined_over_its_gap() -> None:
    # three islands in a row of cells; the middle one is too small for two, the outer ones meet over their own gap
    problem = town(
        "A A B B C C", "9 1 1 1 1 9", low=4, high=11, seats="", without_edges=((1, 2), (3, 4)),
        gaps=((1, 2), (3, 4), (1, 4)), number=(2, 2),
    )  # fmt: skip
    result = solve_redraw(problem, Params(time_limit_s=20.0, profile=preset("least-change")))
    assert result.status == "optimal"
    assert result.solution is not None
    for part in range(2):
        atoms = np.flatnonzero(result.solution.part == part)
        for piece in np.unique(problem.piece[atoms]):
            assert len(atoms[problem.piece[atoms] == piece]) in (1, 2)


def test_no_plan_is_proved_where_no_fraction_of_one_exists() -> None:
    # three cells of 6 in windows of 7 to 11: any two are too many
    result = solve_redraw(town("A B C", 6, low=7, high=11), QUICK)
    assert result.status == "infeasible"


@pytest.mark.shared
@pytest.mark.parametrize("profile", ["balanced", "best-service"])
def test_real_land_is_proved_with_its_borders_in_the_objective(profile: str) -> None:
    for name in ("东关南街街道", "长乐坊街道"):
        problem = beilin(name, reach_m=1200.0)
        result = solve_redraw(problem, Params(profile=preset(profile)))
        assert result.status == "optimal"
        for value, bound in zip(settled(result), proved(result), strict=True):
            assert bound == pytest.approx(value, rel=1e-6)
