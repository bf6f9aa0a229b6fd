"""What planned housing will break, and when; plans that hold until a year. Numbers are by hand, or by brute force."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.assessment.forecast import Forecast, forecast
from districting.assessment.forecast_words import break_sentence, coming_lines, growth_lines, need_lines
from districting.cli import main
from districting.errors import CaseError
from districting.flow.horizon import with_horizon
from districting.flow.run import Run
from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.growth import outgrows_year
from districting.plans.posing import PoseSettings, pose
from districting.policies.policy import Policy
from districting.policies.reading import preset
from districting.policies.resources import StaffFigure
from districting.policies.sizes import GrowthRule, SizeRule
from districting.solvers.params import Params
from districting.solvers.strategy import solve
from districting.study import Study
from districting.territory.planned import arrivals, moved_in
from districting.territory.sources import read_layers
from districting.territory.specs import LayerSpec
from districting.territory.territory import Territory
from tests.plans.drawn import CRS, SIDE, plan, town
from tests.territory.drawn_files import CRS as FILE_CRS
from tests.territory.drawn_files import faults_of, frame, with_role, write
from tests.territory.drawn_files import town as town_files

SIZE = SizeRule(rule_id="size", strength="must", clause="1", min=150, max=400, split_trigger=450)
STAFF = StaffFigure(resource_id="workers", strength="must", clause="2", role="worker", households_per_worker=100)
POLICY = Policy("test", {"zh": "试", "en": "test"}, "", (SIZE,), resources=(STAFF,))
#: Three communities of 200, 300 and 400 households, two squares each.
TOWN = "A A B B C C"
HOUSEHOLDS = "100 100 150 150 200 200"


def planned(territory: Territory, sites: Sequence[tuple[float, int, int, str | None]]) -> Territory:
    """The town with housing to come: place in squares from the west, households, year, occupied."""
    table = gpd.GeoDataFrame(
        {
            "households": [site[1] for site in sites],
            "dwellings": np.nan,
            "year": [site[2] for site in sites],
            "occupied": np.array([site[3] for site in sites], dtype=object),
        },
        geometry=[shapely.Point(site[0] * SIDE, 0.5 * SIDE) for site in sites],
        crs=CRS,
        index=pd.Index([f"p{number}" for number in range(len(sites))], name="planned_id", dtype=object),
    )
    return dataclasses.replace(territory, layers=dataclasses.replace(territory.layers, planned=table))


def of_today(territory: Territory, policy: Policy = POLICY, **options: int) -> Forecast:
    return forecast(Division.today(territory), territory, policy, **options)


def test_a_community_breaks_its_maximum_in_the_year_in_which_the_last_move_in() -> None:
    """By hand: B has 300; 60 come in 2027 and 50 in 2029, so it has 360 and 410 > 400; 460 > 450 in 2031."""
    ground = planned(town(TOWN, households=HOUSEHOLDS), [(2.5, 60, 2027, None), (3.5, 100, 2029, "50 50 100")])
    told = of_today(ground)
    assert told.years == (2027, 2029, 2031)
    assert told.households.loc["B"].tolist() == [300, 360, 410, 460]
    assert [(one.finding.aspect, one.since, one.finding.measured) for one in told.breaks] == [
        ("over_max", 2029, 410), ("split_trigger", 2031, 460)
    ]  # fmt: skip
    assert break_sentence(told.breaks[0], told, "en").startswith(
        "from 2029  B社区: 410 households, above the maxi"
    )
    assert "到2031年为460 户" in break_sentence(told.breaks[0], told, "zh")
    until = of_today(ground, until=2030)
    assert (until.years, until.later, len(until.breaks)) == ((2027, 2029), 50, 1)


def test_a_community_below_its_minimum_heals_as_people_move_in() -> None:
    ground = planned(town("A A B B", households="50 50 100 100"), [(0.5, 70, 2028, None)])
    (one,) = [one for one in of_today(ground).breaks if one.finding.aspect == "merge_trigger"]
    assert (one.since, one.ends, one.finding.community_id, one.finding.measured) == (None, 2028, "A", 100)


def test_staff_are_told_when_the_need_rises() -> None:
    """By hand: one worker per 100 households, rounded up: 300 → 3, 360 → 4, 410 → 5."""
    ground = planned(town(TOWN, households=HOUSEHOLDS), [(2.5, 60, 2027, None), (3.5, 50, 2029, None)])
    told = of_today(ground)
    assert told.needs[["community_id", "year", "before", "required"]].values.tolist() == [
        ["B", 2027, 3, 4], ["B", 2029, 4, 5]
    ]  # fmt: skip
    assert list(need_lines(told, "en"))[1].endswith(
        "community workers: +2 people (+1 person in 2027, +1 person in 2029)"
    )


def test_people_come_with_their_households_and_new_ground_counts_where_it_stands() -> None:
    """By hand: 3 people a household; a project 2 squares east of the last building stands alone, in no community."""
    size = dataclasses.replace(SIZE, measure="people", max=1_000, split_trigger=None)
    policy = Policy("test", {"zh": "试", "en": "test"}, "", (size,))
    far = 8.5
    ground = planned(town(TOWN, households=HOUSEHOLDS), [(2.5, 40, 2027, None), (far, 500, 2028, None)])
    told = of_today(ground, policy)
    assert told.sizes.loc["B"].tolist() == [900, 1020, 1020]
    assert (told.unplaced, told.households.to_numpy()[:, -1].sum()) == (500, 940)
    assert any(
        "500 households are planned on the land of no community" in line for line in coming_lines(told, "en")
    )
    wide = town("A A . B", households="100 100 0 300")
    land = wide.layers.communities.copy()
    land.loc["A", "geometry"] = shapely.union(land.geometry["A"], shapely.box(0, -900, 400, 0))
    layers = dataclasses.replace(wide.layers, communities=land)
    ground = planned(dataclasses.replace(wide, layers=layers), [(0.5, 80, 2027, None)])
    moved = ground.layers.planned.set_geometry([shapely.Point(100, -800)], crs=CRS)
    ground = dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, planned=moved))
    told = of_today(ground, policy)
    assert told.households.loc["A"].tolist() == [200, 280]
    assert told.sizes.loc["A"].tolist() == [600, 840]  # as a household of the whole case
    assert told.unplaced == 0


def test_the_first_year_above_the_maximum_is_the_one_that_the_tables_tell() -> None:
    ground = planned(town(TOWN, households=HOUSEHOLDS), [(0.5, 300, 2026, "10 100 250"), (4.5, 1, 2027, None)])
    today = Division.today(ground)
    told = of_today(ground)
    years = {one.finding.community_id: one.since for one in told.breaks if one.finding.aspect == "over_max"}
    assert years == {"A": 2028, "C": 2027}
    assert outgrows_year(today, ground, SIZE).dropna().to_dict() == years


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.lists(st.integers(1, 90), min_size=1, max_size=3), st.integers(2026, 2030)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_every_year_of_a_forecast_is_what_the_checks_say_of_a_town_of_that_year(
    sites: list[tuple[int, list[int], int]],
) -> None:
    """Brute force: a town drawn with the households of each year is judged from nothing."""
    homes = [100, 100, 200, 200]
    rows = [
        (at + 0.5, sum(more), year, " ".join(str(sum(more[: n + 1])) for n in range(len(more))))
        for at, more, year in sites
    ]
    told = of_today(planned(town("A A B B", households="100 100 200 200"), rows))
    for year in told.years:
        grown = list(homes)
        for at, more, first in sites:
            grown[at] += sum(more[: max(0, year - first + 1)])
        then = town("A A B B", households=" ".join(map(str, grown)))
        today = Division.today(then)
        fresh = {
            (f.aspect, f.community_id, f.measured)
            for f in check(today, then, POLICY, today=today)
            if f.rule == "size"
        }
        during = [one for one in told.breaks if (one.since or 0) <= year and (one.ends is None or year < one.ends)]
        assert {(one.finding.aspect, one.finding.community_id) for one in during} == {key[:2] for key in fresh}
        new = {
            (one.finding.aspect, one.finding.community_id, one.finding.measured)
            for one in during
            if one.since == year
        }
        assert new <= fresh


def test_households_move_in_by_the_shares_and_no_one_is_lost() -> None:
    sites = pd.DataFrame({"households": [95, 60], "year": [2027, 2026], "occupied": ["40 70 95", None]})
    assert [moved_in(sites, year).tolist() for year in (2025, 2026, 2027, 2028, 2030)] == [
        [0, 0], [0, 60], [40, 60], [70, 60], [95, 60]
    ]  # fmt: skip
    assert arrivals(sites)["households"].sum() == 155
    assert arrivals(sites.iloc[:0]).empty


def test_planned_housing_is_read_from_dwellings_and_shares_in_a_spreadsheet(tmp_path: Path) -> None:
    """By hand: 200 × 0.85 = 170; 200 × 0.4 = 80, × 0.7 = 140, × 0.95 = 190; 100 households × 0.5, then all."""
    specs = write(tmp_path, town_files())
    rows = {
        "项目编号": ["p1", "p2", "p3"],
        "规划户数": [None, None, 100],
        "套数": [200, 200, 130],
        "交付年份": [2027, 2027, 2028],
        "入住率": [None, "40%，70%，95%", "50% 100%"],
        "x": [472010, 472020, 472030],
        "y": [3852010] * 3,
    }
    pd.DataFrame(rows).to_excel(tmp_path / "规划.xlsx", index=False)
    names = {"planned_id": "项目编号", "households": "规划户数", "dwellings": "套数", "year": "交付年份"}
    names |= {"occupied": "入住率", "x": "x", "y": "y"}
    spec = LayerSpec("planned", "规划.xlsx", columns=names, crs=FILE_CRS)
    layers = read_layers([*specs, spec], crs=FILE_CRS, folder=tmp_path, horizon=2028)
    assert layers.planned[["households", "occupied"]].values.tolist() == [
        [170, None],
        [190, "80 140 190"],
        [100, "50 100"],
    ]
    assert layers.buildings["horizon_households"].sum() - layers.households == 170 + 140 + 50
    rows["入住率"] = ["高", None, "90% 80%"]
    rows["规划户数"], rows["套数"] = [None, 10, 10], [None, None, None]
    pd.DataFrame(rows).to_excel(tmp_path / "规划.xlsx", index=False)
    faults = faults_of(with_role(specs, spec), tmp_path)
    told = {fault.key: fault.sentence("zh") for fault in faults}
    assert set(told) == {"fault.planned_no_homes", "fault.planned_shares"}
    assert "p1 (高), p3 (90% 80%)" in told["fault.planned_shares"]


def test_shares_in_one_column_of_numbers_are_read_as_they_stand(tmp_path: Path) -> None:
    tables = town_files()
    tables["planned"] = frame(
        {"planned_id": ["p"], "dwellings": [300], "year": [2027], "occupied": [0.5]}, [shapely.Point(20, 50)]
    )
    layers = read_layers(write(tmp_path, tables), crs=FILE_CRS, folder=tmp_path)
    assert layers.planned[["households", "occupied"]].values.tolist() == [[150, None]]


def test_the_horizon_of_a_case_is_a_rule_as_strong_as_its_size() -> None:
    xian = preset("xian-2023")
    rule = with_horizon(xian, 2030).of_kind(GrowthRule)[0]
    assert (rule.strength, rule.basis) == (xian.size.strength, "program")
    assert "2030" in rule.clause and "2030" in rule.clause_en
    assert with_horizon(xian, None) is xian
    own = preset("donghai-2019")
    assert with_horizon(own, 2030) is own  # the document has such a rule
    preferred = dataclasses.replace(POLICY, rules=(dataclasses.replace(SIZE, strength="prefer"),))
    assert with_horizon(preferred, 2030) is preferred


HOMES, LATER = [150, 150, 150, 100, 100, 150], [110, 0, 0, 0, 0, 0]


def test_a_plan_with_a_horizon_is_the_best_of_all_that_hold_today_and_then() -> None:
    """Brute force over all ways to share six squares in a row between A and B, seats at both ends."""
    drawn = town("A A A B B B", households=" ".join(map(str, HOMES)), seats={"A": (0.5, 0.5), "B": (5.5, 0.5)})
    later = [now + more for now, more in zip(HOMES, LATER, strict=True)]
    buildings = drawn.layers.buildings.assign(horizon_households=later)
    atoms = dataclasses.replace(drawn.atoms, table=drawn.atoms.table.assign(horizon_households=later))
    ground = Territory(dataclasses.replace(drawn.layers, buildings=buildings), atoms, drawn.graph)
    size = SizeRule(rule_id="size", strength="must", clause="1", min=150, max=500)
    found = {}
    for year in (None, 2030):
        policy = with_horizon(Policy("test", {"zh": "试", "en": "test"}, "", (size,)), year)
        problem = pose(ground, policy, "S", PoseSettings(headroom=0.0, horizon=year is not None)).problem
        result = solve(problem, "adjust", Params(time_limit_s=30, gap_households=0.0, gap_share=0.0))
        legal = {}
        for letters in product("AB", repeat=6):
            text = " ".join(letters)
            if text.replace(" ", "").count("BA") or text[0] != "A" or text[-1] != "B":
                continue  # in a row, contiguous is one change of letter
            division = Division.of_plan(plan(ground, text), ground)
            findings = check(division, ground, policy, today=Division.today(ground))
            if not any(f.rule in ("size", "growth") and f.strength == "must" for f in findings):
                legal[text] = sum(h for h, now, then in zip(HOMES, "AAABBB", letters, strict=True) if now != then)
        found[year] = (result.objective, min(legal.values()), legal)
    assert found[None][:2] == (0, 0)  # today 450 and 350: nobody need move
    assert found[2030][:2] == (150, 150)  # 560 in A: the third square goes over, then 410 and 500
    assert "A A A B B B" not in found[2030][2]


def test_vacant_dwellings_count_at_the_horizon_as_they_do_today() -> None:
    """By hand: 100 dwellings stand empty, 125 are lived in, 40 households bring 50: 275."""
    drawn = town("A A", households="0 100", horizon="0 140")
    buildings = drawn.layers.buildings.assign(dwellings=[100.0, 125.0])
    ground = dataclasses.replace(drawn, layers=dataclasses.replace(drawn.layers, buildings=buildings))
    size = SizeRule(rule_id="size", strength="must", clause="1", min=0, max=260, measure="dwellings")
    policy = with_horizon(Policy("test", {"zh": "试", "en": "test"}, "", (size,)), 2030)
    today = Division.today(ground)
    (finding,) = [one for one in check(today, ground, policy, today=today) if one.rule == "growth"]
    assert finding.measured == 275
    problem = pose(ground, policy, "S", PoseSettings(horizon=True)).problem
    assert problem.horizon[0].weights.sum() == 275
    assert problem.windows[0].weights.sum() == 225


def test_a_case_without_planned_housing_says_what_to_give() -> None:
    with pytest.raises(CaseError) as caught:
        of_today(town("A B"))
    assert "[layers.planned]" in caught.value.sentences("en")[0]


def test_the_verb_prints_writes_and_tells_a_plan_beside_today(
    hamlet_folder: Path, handed_over: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, out = hamlet_folder / "case.toml", tmp_path / "forecast"
    with pytest.raises(SystemExit):
        main(["forecast", str(case), "-l", "zh", "-o", str(out)])
    said = capsys.readouterr().out
    assert "1 个项目入住 1,600 户" in said and "居民委员会成员" in said
    record = json.loads((out / "forecast.json").read_text(encoding="utf-8"))
    assert [row["households"] for row in record["coming"]] == [1600]
    rows = pd.read_csv(out / "sizes.csv", dtype={"community_id": str})
    assert rows.groupby("year")["households"].sum().diff().iloc[-1] == 1600
    told = {row["community_id"]: row["households"] for row in record["communities"]}
    mine = rows[rows["year"] == 0].set_index("community_id")["households"]
    assert mine.to_dict() == {key: value["today"] for key, value in told.items()}
    assert len(pd.read_csv(out / "breaks.csv")) == len(record["breaks"])
    book = openpyxl.load_workbook(out / "forecast.xlsx", read_only=True)
    assert book.sheetnames == ["问题预测表", "逐年规模表", "人员用房需求表"]
    with pytest.raises(SystemExit):
        main(["forecast", str(case), "--plan", str(handed_over / "plans" / "adjust"), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["plan"] == "adjust"
    with pytest.raises(SystemExit) as ended:
        main(["forecast", str(case), "--until", "2020", "--json"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["later_households"] == 1600


def test_a_sub_district_is_told_alone(solved: tuple[Study, Run]) -> None:
    study, _ = solved
    whole = study.forecast()
    name = str(study.layers.subdistricts["name"].iloc[0])
    part = study.forecast(subdistricts=[name])
    assert set(part.communities["subdistrict"]) == {name}
    assert len(part.breaks) <= len(whole.breaks)
    assert list(growth_lines(whole, "zh"))
