"""What rules cost, on the small sample town."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from districting.cli.app import app
from districting.errors import CaseError
from districting.flow.price_words import differences, missing_sentences, price_name, price_sentence, proof_words
from districting.flow.prices import Figures, Price, _price, price_rules
from districting.flow.run import Run
from districting.language import say
from districting.plans.lock_checks import broken_locks
from districting.plans.posing import LockRequest, Posed
from districting.plans.problem import Lock, Problem
from districting.solvers.params import Params
from districting.solvers.profile import Stage, preset
from districting.solvers.strategy import SolveMode, solve
from districting.study import Study
from tests.solvers.towns import town


@pytest.fixture(scope="module")
def locked(solved: tuple[Study, Run]) -> Study:
    """The town with one lock: its smallest community is kept as it is."""
    study, _ = solved
    atoms = study.territory.atoms.table
    homes = atoms.groupby("community_id")["households"].sum()
    smallest = str(homes[homes > 0].sort_values(kind="stable").index[0])
    other = study.with_settings({"time_limit_s": 20.0, "workers": 1})
    other.case = dataclasses.replace(
        other.case, locks=(LockRequest("apart", roads=(road_inside(study),)), LockRequest("seat", (smallest,)))
    )
    return other


def road_inside(study: Study) -> str:
    """A named road with homes on both sides in one community of today."""
    edges, atoms = study.territory.graph.edges, study.territory.atoms.table
    a, b = (edges[side].map(atoms["community_id"]) for side in ("atom_a", "atom_b"))
    named = edges[(a == b) & edges["border_name"].notna() & edges["crossable"]]
    return str(sorted(named["border_name"])[0])


@pytest.fixture(scope="module")
def prices(locked: Study) -> list[Price]:
    return locked.prices(mode="redraw", roads=())


def test_every_rule_and_lock_of_the_case_has_a_price(prices: list[Price], locked: Study) -> None:
    rules = [price.rule for price in prices]
    assert {"size_max", "size_min"} <= set(rules)
    assert rules.count("lock") == 2
    assert all(price.in_force for price in prices)


def test_a_price_is_a_proved_range(prices: list[Price]) -> None:
    for price in prices:
        assert price.least <= price.most + 1e-6
        if price.with_rule is not None and price.without is not None:
            assert price.with_rule.households == price.without.households


def test_a_road_as_border_is_kept_by_the_plan(locked: Study) -> None:
    run = locked.with_settings({"modes": ("redraw",)}).propose(engine="serial")
    solved = [one for one in locked.subdistrict_ids([]) if one not in run.alternatives[0].plan.unresolved]
    assert solved
    division = run.alternatives[0].judged.division
    assert broken_locks(division, locked.territory, locked.case.locks, solved) == []
    edges = locked.territory.graph.edges
    road = locked.case.locks[0].roads[0]
    crossed = edges[edges["border_name"] == road]
    atoms = locked.territory.atoms.table
    crossed = crossed[atoms.loc[crossed["atom_a"], "subdistrict_id"].isin(solved).to_numpy()]
    plan = division.atoms
    assert plan is not None
    assert len(crossed)
    assert (plan.loc[crossed["atom_a"]].to_numpy() != plan.loc[crossed["atom_b"]].to_numpy()).all()


def test_the_verb_prints_the_table_as_data(locked: Study) -> None:
    name = str(locked.layers.subdistricts["name"].iloc[0])
    case = str(locked.case.path)
    ran = CliRunner().invoke(
        app, ["price", case, "--mode", "redraw", "-s", name, "--road", road_inside(locked), "--json"]
    )
    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)
    assert [row["rule"] for row in rows][-1] == "roads"
    assert not rows[-1]["in_force"]


def test_a_road_that_does_not_exist_is_named(locked: Study) -> None:
    road = road_inside(locked)
    with pytest.raises(CaseError, match=f"'{road}街'.*{road}"):
        locked.prices(mode="redraw", roads=[f"{road}街"])


def test_a_lock_that_leaves_no_plan_is_not_priced_at_nothing_because_somebody_may_stay() -> None:
    free = dataclasses.replace(town("A A B B", "20 20 60 60", low=60, high=180), may_stay=True)
    kept = dataclasses.replace(free, locks=(Lock("keep", communities=(1,)),))
    prices = price_rules(
        {"town": Posed(kept, 0)},
        mode="whole",
        params=Params(gap_households=0.0, gap_share=0.0),
        locks=(LockRequest("keep", communities=("B",)),),
        roads=(),
        pose_with=lambda locks: {"town": Posed(kept if locks else free, 0)},
        engine="serial",
    )
    (lock,) = [price for price in prices if price.rule == "lock"]
    assert lock.only_without == ("town",)


def priced(
    without: Problem, problem: Problem, lock: LockRequest, mode: SolveMode = "adjust", profile: str | None = None
) -> Price:
    """The price of one lock of one sub-district."""
    prices = price_rules(
        {"town": Posed(problem, 0)},
        mode=mode,
        params=Params(gap_households=0.0, gap_share=0.0, profile=None if profile is None else preset(profile)),
        locks=(lock,),
        roads=(),
        pose_with=lambda locks: {"town": Posed(problem if locks else without, 0)},
        engine="serial",
    )
    return next(price for price in prices if price.rule == "lock")


def test_keeping_a_community_that_is_too_large_costs_less_than_nothing() -> None:
    """A has 400 where 300 are allowed: 100 move at least; kept as it is, nobody does."""
    free = town("A A A A\nB B B .", 100, low=100, high=300)
    kept = dataclasses.replace(free, locks=(Lock("keep", communities=(0,)),))
    price = priced(free, kept, LockRequest("keep", communities=("A",)))
    assert price.least == price.most == -100
    assert price_sentence(price, "zh").startswith("锁定 原样保留 A：")
    assert "同时少变动 100 户" in price_sentence(price, "zh")
    assert "saves 100 households that change community" in price_sentence(price, "en")
    assert proof_words(price, "en") == "-100"


def test_what_a_lock_costs_is_told_in_figures_and_proved() -> None:
    """Two of 200 may be joined, and stay apart where nobody asks: joined, the 200 of one of them move."""
    free = town("A A B B", 100, low=100, high=400)
    joined = dataclasses.replace(free, locks=(Lock("merge", communities=(0, 1)),))
    price = priced(free, joined, LockRequest("merge", communities=("A", "B")))
    assert price.least == price.most == 200
    assert differences(price)["communities"] == -1 and differences(price)["moved"] == 200
    assert price_sentence(price, "en").startswith(
        "The lock 'merge A B' costs 200 households that change community"
    )
    assert ", and saves 1 community" in price_sentence(price, "en")
    assert "；同时社区少 1 个" in price_sentence(price, "zh")


def test_a_sub_district_without_a_second_plan_is_named_and_in_no_figure() -> None:
    aim = Stage({"open_border_km": 1.0})
    price = Price("reach", (), True, (), (), ("610103001",), None, None, aim, 0.0, 0.0)
    assert price_sentence(price, "zh") == "" and differences(price) == {} and proof_words(price, "zh") == "–"
    (sentence,) = missing_sentences(price, {"610103001": "文艺路街道"}.__getitem__, "zh")
    assert "文艺路街道" in sentence and "服务半径" in sentence


def test_kilometres_that_are_not_proved_are_a_range_with_decimals() -> None:
    figures = Figures(3, 10, 1e5, 1000, 1.25)
    price = Price("reach", (), True, ("a",), (), (), figures, figures, Stage({"open_border_km": 1.0}), 0.1, 0.35)
    assert proof_words(price, "en") == "0.10 to 0.35"
    assert not price.proved
    assert price_sentence(price, "en") == "As far as was searched: The service radius costs nothing."


def test_a_search_that_runs_out_of_time_without_a_rule_never_makes_the_rule_look_good() -> None:
    """The plan with the rule is a plan without it, too: 90 is known, whatever the larger search ended with."""
    problem = town("A A B B", 100, low=100, high=400)
    found = solve(problem, "adjust", Params())
    assert found.solution is not None
    proved = dataclasses.replace(found, objective=90.0, lower_bound=90.0)
    for objective, solution in ((200.0, found.solution), (float("inf"), None)):
        open_ = dataclasses.replace(found, objective=objective, lower_bound=70.0, solution=solution)
        sides = {"town": (problem, proved)}, {"town": (problem, open_)}
        price = _price("reach", (), True, *sides, profile=preset("least-change"), nested=True)
        assert (price.least, price.most) == (0.0, 20.0)
        assert set(differences(price).values()) == {0.0} and price.unanswered == ()
    price = _price("reach", (), True, *sides, profile=preset("least-change"), nested=False)
    assert price.unanswered == ("town",)


def test_a_wish_that_touches_no_sub_district_says_so() -> None:
    aim = Stage({"moved_households": 1.0})
    price = Price("roads", ("长安北路",), False, (), (), (), None, None, aim, 0.0, 0.0)
    assert missing_sentences(price, str, "zh") == ["“设想：不跨长安北路”与所选街道无关。"]


def test_prices_go_to_a_record_and_an_excel_file(prices: list[Price], locked: Study, tmp_path: Path) -> None:
    record = locked.write_prices(prices, tmp_path / "prices", plan_id="redraw")
    told = json.loads(record.read_text(encoding="utf-8"))
    assert [one["rule"] for one in told] == [price.rule for price in prices]
    (page,) = load_workbook(record.parent / "prices.xlsx").worksheets
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    head = next(at for at, row in enumerate(cells) if row[1] == say("price.rule", locked.language))
    rows = cells[head + 2 : head + 2 + len(prices)]
    for row, price in zip(rows, prices, strict=True):
        assert row[1] == price_name(price, locked.language)
        assert price.with_rule is None or row[2] == price.with_rule.communities
        assert price.without is None or row[7] == price.without.moved
        assert (row[10] or "") == price_sentence(price, locked.language)
    locked.write_prices(prices, tmp_path / "prices", plan_id="redraw")  # a result of ours is replaced
    before = (tmp_path / "prices/prices.xlsx").read_bytes()
    locked.write_prices(prices, tmp_path / "prices", plan_id="redraw")
    assert (tmp_path / "prices/prices.xlsx").read_bytes() == before
