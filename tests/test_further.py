"""Further plans: truly different, nearly as good, and honest about both."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from districting.case import Case
from districting.engine import Job
from districting.flow.further import Variety, further_plans
from districting.flow.run import Alternative, Run
from districting.plans.division import Division
from districting.plans.problem import Problem
from districting.reports.words import plan_title
from districting.solvers.params import Params
from districting.solvers.strategy import SolveMode, solve
from districting.solvers.variety import differs, placed_differently, unlike
from districting.study import Study
from tests.solvers.towns import faults, town


@pytest.fixture(scope="module")
def varied(solved: tuple[Study, Run]) -> tuple[Study, Run]:
    """The small town with three plans of each kind."""
    study, _ = solved
    settings = {"modes": ("redraw", "adjust"), "alternatives": 3, "within_share": 0.5, "time_limit_s": 20.0}
    other = study.with_settings(settings)
    return other, other.propose(engine="serial")


def series(run: Run, mode: str) -> list[Alternative]:
    return [one for one in run.alternatives if one.plan.mode == mode]


def test_every_further_plan_differs_from_all_before_it_and_stays_near_the_best(varied: tuple[Study, Run]) -> None:
    study, run = varied
    variety = study.case.solve.variety
    assert len(series(run, "redraw")) == 3
    for mode in ("redraw", "adjust"):
        plans = series(run, mode)
        for position, plan in enumerate(plans[1:], start=1):
            for name, answer in plan.answers.items():
                result, best = answer.result, plans[0].answers[name].result
                if result.solution is None or best.solution is None:
                    continue
                before = [earlier.answers[name].result.solution for earlier in plans[:position]]
                homes = answer.problem.households
                if any(result.solution is other for other in before):
                    continue  # a sub-district without another plan keeps its last one
                for other in before:
                    assert other is not None
                    apart = placed_differently(result.solution.part, other.part, homes)
                    assert apart >= variety.differ_share * homes.sum() - 1e-6
                slack = max(variety.within_share * best.objective, 5.0)
                assert result.objective <= best.objective + slack
                assert result.lower_bound <= best.lower_bound + 1e-6


def test_further_plans_are_judged_and_named_in_their_order(varied: tuple[Study, Run]) -> None:
    _, run = varied
    ids = [one.plan.plan_id for one in run.alternatives]
    assert ids[:3] == ["redraw", "redraw-2", "redraw-3"]
    for one in run.alternatives:
        assert isinstance(one.judged.division, Division)
        assert not [f for f in one.judged.findings if f.strength == "must" and f.rule == "contiguity"]


def test_settings_of_the_series_are_read_from_the_case_and_written_back(hamlet: Path) -> None:
    text = hamlet.read_text(encoding="utf-8").replace(
        "[solve]\n", "[solve]\nalternatives = 3\ndiffer_share = 0.2\n"
    )
    hamlet.write_text(text, encoding="utf-8")
    case = Case.read(hamlet)
    assert case.solve.variety == Variety(3, 0.2, 0.1)
    case.write()
    assert Case.read(case.path).solve == case.solve


def random_town(seed: int) -> Problem:
    """Three communities on nine cells, one of them too large."""
    homes = np.random.default_rng(seed).integers(60, 160, 9)
    return town("A A B\nA A B\nC C B", " ".join(map(str, homes)), low=150, high=520)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mode", ["adjust", "redraw", "whole"])
def test_on_tiny_towns_a_further_plan_is_legal_and_different_and_not_below_the_bound(
    mode: SolveMode, seed: int
) -> None:
    problem = random_town(seed)
    exact = Params(gap_households=0.0, gap_share=0.0)
    best = solve(problem, mode, exact)
    if best.solution is None:
        return
    asked = dataclasses.replace(problem, unlike=(unlike(best.solution, 0.2 * float(problem.households.sum())),))
    again = solve(asked, mode, exact)
    if again.solution is None:
        return
    assert faults(problem, again) == []
    assert differs(asked, again.solution.part)
    assert again.objective >= best.lower_bound - 1e-6


def test_where_every_plan_is_alike_there_is_no_further_one() -> None:
    problem = town("A A B B", 100, low=200, high=200)
    best = solve(problem, "adjust", Params())
    assert best.solution is not None
    for mode in ("adjust", "redraw", "whole"):
        asked = dataclasses.replace(problem, unlike=(unlike(best.solution, 50.0),))
        assert solve(asked, mode, Params()).solution is None


def test_a_further_plan_that_beats_an_unproved_best_one_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_town(0)
    proved = solve(problem, "redraw", Params(time_limit_s=20.0))
    assert proved.solution is not None
    turned = dataclasses.replace(proved.solution, part=proved.solution.part[::-1].copy())
    worse = dataclasses.replace(
        proved,
        status="feasible",
        solution=turned,
        objective=proved.objective * 1.01,
        lower_bound=proved.objective * 0.5,
        terms=(dataclasses.replace(proved.terms[0], value=proved.objective * 1.01), *proved.terms[1:]),
    )
    job = Job(problem, "redraw", Params())
    monkeypatch.setattr("districting.flow.further.run_jobs", lambda jobs, **_: {jobs[0].key: proved})
    found = further_plans([job], {job.key: worse}, Variety(plans=2, differ_share=0.0))
    best, second = found["redraw"][problem.name], found["redraw-2"][problem.name]
    assert (best.objective, second.objective) == (proved.objective, worse.objective)
    assert best.lower_bound == second.lower_bound == worse.lower_bound


def test_a_further_plan_has_a_title_that_people_understand() -> None:
    assert plan_title("redraw-2", "zh") == "重新划分（方案2）"
    assert plan_title("adjust-best-service-3", "en") == "Adjust: best service, plan 3"
    assert plan_title("mine-2", "en") == "mine-2"
