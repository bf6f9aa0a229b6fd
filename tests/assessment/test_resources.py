"""Rooms, staff and money: every figure by hand at and around its bounds; sums close; unknown stays unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.assessment.resource_words import cost_sentence, programme_lines, shortage_lines
from districting.assessment.resources import ResourceTable, resources
from districting.plans.division import Division
from districting.policies.policy import Policy
from districting.policies.reading import preset
from districting.policies.resources import (
    CrossAppointment,
    MoneyFigure,
    Resource,
    SpaceFigure,
    SpaceProgramme,
    SpaceShare,
    StaffFigure,
)
from districting.policies.sizes import GridRule, SizeRule
from districting.territory.territory import Territory
from tests.plans.drawn import SIDE, plan, town

SAID: dict[str, Any] = {"strength": "must", "clause": "三"}
#: Xi'an 2023, by hand from its text: bands of the residents' committee, 4,000 itself in the middle one.
BANDS = StaffFigure(
    resource_id="committee",
    role="committee",
    bands=((0, 5), (2000, 7), (4000, 9)),
    above=(False, False, True),
    **SAID,
)
PARTY = StaffFigure(resource_id="party", role="party", per_community=3, at_least=3, at_most=5, **SAID)
WORKERS = StaffFigure(resource_id="workers", role="worker", per_10000_people=18, **SAID)
INDOOR = SpaceFigure(resource_id="indoor", use="service", per_100_households_m2=30, min_m2=600, **SAID)
CITY = MoneyFigure(resource_id="city", level="city", yuan_per_year=130_000, **SAID)
DISTRICT = MoneyFigure(resource_id="district", level="district", yuan_per_year=120_000, **SAID)


def policy_of(*figures: Resource, maximum: int = 5000, grids: tuple[int, int] | None = None) -> Policy:
    """A policy of 1,000 to ``maximum`` households with these figures."""
    size = SizeRule(rule_id="size", min=1000, max=maximum, **SAID)
    rules = (size, GridRule(rule_id="grid", min=grids[0], max=grids[1], **SAID)) if grids else (size,)
    return replace(preset("national-2026"), rules=rules, resources=figures)


def row(*households: int) -> str:
    """As many communities in a row, A first."""
    return " ".join("ABCDEFGHIJ"[: len(households)])


def line(
    *households: int, people_each: float = 3.0, seats: dict[str, tuple[float, float]] | None = None
) -> Territory:
    """Communities A, B, C … of one building each."""
    sizes = " ".join(str(number) for number in households)
    return town(row(*households), households=sizes, people_each=people_each, seats=seats)


def today(ground: Territory, *figures: Resource, **more: Any) -> ResourceTable:
    """The table of today."""
    return resources(Division.today(ground), ground, policy_of(*figures, **more))


def column(table: ResourceTable, name: str, subject: str | None = None) -> list[float]:
    """A column of the rows, community by community."""
    rows = table.rows if subject is None else table.rows[table.rows["subject"] == subject]
    return rows.sort_values("community_id")[name].tolist()


def with_rooms(ground: Territory, *rooms: tuple[str | None, str, float | None, float]) -> Territory:
    """The town with rooms: whose, what for, m², and in which square from the west they stand."""
    table = gpd.GeoDataFrame(
        {
            "name": "x",
            "community_id": pd.Series([room[0] for room in rooms], dtype=object),
            "use": [room[1] for room in rooms],
            "floor_area_m2": [np.nan if room[2] is None else room[2] for room in rooms],
        },
        geometry=[shapely.Point((room[3] + 0.5) * SIDE, 0.5 * SIDE) for room in rooms],
        crs=ground.layers.crs,
    )
    table.index = pd.Index([f"f{number}" for number in range(len(rooms))], name="facility_id")
    return replace(ground, layers=replace(ground.layers, facilities=table))


def with_staff(ground: Territory, **columns: list[float]) -> Territory:
    """The town with who works in each community."""
    communities = ground.layers.communities.assign(**columns)
    return replace(ground, layers=replace(ground.layers, communities=communities))


# Space


def test_premises_grow_with_the_households_above_their_floor() -> None:
    table = today(line(1, 1999, 2000, 2001, 5000), INDOOR)
    assert column(table, "required") == [600, 600, 600, pytest.approx(600.3), 1500]


def test_a_figure_for_small_new_communities_concerns_them_alone() -> None:
    small = SpaceFigure(resource_id="new", use="service", min_m2=600, below_households=2000, concern="new", **SAID)
    ground = town("A A B", households="1999 2000 3000")
    assert today(ground, small).rows.empty
    split = Division.of_plan(plan(ground, "N A B"), ground)
    table = resources(split, ground, policy_of(small), before=Division.today(ground))
    assert table.rows["community_id"].tolist() == ["N"]
    other = Division.of_plan(plan(ground, "A N B"), ground)  # now the new one has 2,000: not fewer than 2,000
    assert resources(other, ground, policy_of(small), before=Division.today(ground)).rows.empty


def test_rooms_of_planned_housing_are_asked_of_each_planned_compound() -> None:
    # By hand: 1,000 households of their own give 700 m²; 300 and 200 give 20 m² per 100: 60 + 40.
    large = SpaceFigure(
        resource_id="large", use="service", min_m2=700, from_households=1000, concern="planned", **SAID
    )
    small = SpaceFigure(
        resource_id="small",
        use="service",
        per_100_households_m2=20,
        below_households=1000,
        concern="planned",
        **SAID,
    )
    ground = line(2000, 2000)
    planned = gpd.GeoDataFrame(
        {"households": [1000, 300, 200, 999], "year": 2030},
        geometry=[shapely.Point(x * SIDE, 100) for x in (0.2, 0.4, 0.6, 1.5)],
        crs=ground.layers.crs,
    )
    ground = replace(ground, layers=replace(ground.layers, planned=planned))
    rows = today(ground, large, small).rows.set_index(["resource_id", "community_id"])["required"]
    assert rows.to_dict() == {("large", "A"): 700, ("small", "A"): 100, ("small", "B"): pytest.approx(199.8)}


def test_what_is_missing_is_the_difference_and_never_below_zero() -> None:
    ground = with_rooms(line(2000, 2000, 2000), ("A", "service", 599.0, 0), ("B", "service", 900.0, 1))
    table = today(ground, INDOOR)
    assert column(table, "existing") == [599, 900, 0]  # a record of others: C has none
    assert column(table, "missing") == [1, 0, 600]
    assert table.totals.loc[("indoor", "service"), "missing"] == 601


def test_several_rooms_of_the_premises_count_together_and_care_of_the_elderly_does_not() -> None:
    rooms = [("A", "office", 200.0, 0), ("A", "activity", 300.0, 0), ("A", "elderly", 400.0, 0)]
    elderly = SpaceFigure(resource_id="elderly", use="elderly", per_100_households_m2=30, **SAID)
    table = today(with_rooms(line(2000), *rooms), INDOOR, elderly)
    assert column(table, "existing") == [500, 400]
    assert column(table, "missing") == [100, 200]


def test_an_area_that_nobody_measured_leaves_its_community_unknown() -> None:
    ground = with_rooms(
        line(2000, 2000), ("A", "service", None, 0), ("A", "hall", 50.0, 0), ("B", "service", 700.0, 1)
    )
    table = today(ground, INDOOR)
    assert np.isnan(column(table, "existing")[0])
    assert np.isnan(column(table, "missing")[0])
    total = table.totals.loc[("indoor", "service")]
    assert (total["existing"], total["unknown_existing"]) == (700, 1)


def test_a_use_that_no_record_tells_is_unknown_and_not_nothing() -> None:
    outdoor = SpaceFigure(resource_id="outdoor", use="outdoor", min_m2=1000, **SAID)
    for ground in (line(2000), with_rooms(line(2000), ("A", "service", 700.0, 0))):
        table = today(ground, outdoor)
        assert np.isnan(table.totals.loc[("outdoor", "outdoor"), "existing"])
        assert table.totals.loc[("outdoor", "outdoor"), "unknown_existing"] == 1


def test_shares_are_areas_of_what_is_there_or_of_what_is_to_be_there() -> None:
    staff = SpaceShare(resource_id="staff", use="staff_office", of="office", max_share=0.2, **SAID)
    active = SpaceShare(resource_id="active", use="activity", of="service", min_share=0.6, **SAID)
    rooms = [("A", "service", 700.0, 0), ("A", "staff_office", 300.0, 0), ("B", "service", 100.0, 1)]
    table = today(with_rooms(line(2000, 2000), *rooms), INDOOR, staff, active)
    # A has 1,000 m²: at most 200 for the staff; B is to have 600 m²: at most 120, and 360 for activities.
    assert column(table, "required_max", "staff_office") == [200, 120]
    assert column(table, "excess", "staff_office") == [100, 0]
    assert column(table, "required", "activity") == [600, 360]
    assert np.isnan(column(table, "missing", "activity")).all()  # no record tells activity rooms


def test_a_programme_counts_who_is_there_and_who_is_still_to_come() -> None:
    programme = SpaceProgramme(
        resource_id="rising", use="service", at_least_m2=200, shares=(0.4, 0.6, 0.8), **SAID
    )
    areas = (199.0, 200.0, 500.0, None, 0.0)
    rooms = [("ABCDE"[i], "service", area, float(i)) for i, area in enumerate(areas)]
    years = today(with_rooms(line(*[1500] * 5), *rooms), programme).programmes
    # Of 5 communities 2, 3, 4 are to have it; two do, of one nobody knows.
    assert years["needed"].tolist() == [2, 3, 4]
    assert years["have"].tolist() == [2, 2, 2]
    assert years["unknown"].tolist() == [1, 1, 1]
    assert years["more"].tolist() == [0, 1, 2]
    assert years["more_this_year"].tolist() == [0, 1, 1]


def test_a_figure_for_towns_asks_nothing_of_urban_subdistricts() -> None:
    town_only = SpaceFigure(resource_id="t", use="elderly", min_m2=450, setting="town", **SAID)
    ground = town("A B", households=1000, subdistricts="S T")
    names = ground.layers.subdistricts.assign(name=["凤凰街道", "野徐镇"])
    ground = replace(ground, layers=replace(ground.layers, subdistricts=names))
    assert today(ground, town_only).rows["community_id"].tolist() == ["B"]


# Staff


def test_the_bands_of_a_committee_begin_where_the_text_says() -> None:
    table = today(line(0, 1999, 2000, 2001, 3999, 4000, 4001, 9000), BANDS)
    assert column(table, "required") == [5, 5, 7, 7, 7, 7, 9, 9]


def test_people_are_whole_and_a_ratio_is_rounded_up_in_each_community() -> None:
    # 18 per 10,000: 10,000 people need 18 workers exactly, 10,001 need 19, one needs one.
    table = today(line(10_000, 10_001, 1, people_each=1.0), WORKERS)
    assert column(table, "required") == [18, 19, 1]
    per_400 = StaffFigure(resource_id="w", role="worker", households_per_worker=400, **SAID)
    assert column(today(line(400, 401, 0), per_400), "required") == [1, 2, 0]


def test_without_a_count_of_people_the_number_of_workers_is_unknown() -> None:
    ground = line(2000, 3000)
    buildings = ground.layers.buildings.assign(people=[np.nan, 9000.0])
    ground = replace(ground, layers=replace(ground.layers, buildings=buildings))
    table = today(ground, WORKERS)
    assert np.isnan(column(table, "required")[0])
    assert column(table, "required")[1] == 17  # 16.2
    total = table.totals.loc[("workers", "worker")]
    assert (total["required"], total["unknown_required"]) == (17, 1)


def test_a_range_keeps_both_its_ends() -> None:
    ground = with_staff(line(2000, 2000, 2000), party_committee_members=[2.0, 4.0, 6.0])
    table = today(ground, PARTY)
    assert column(table, "required") == [3, 3, 3]
    assert column(table, "required_max") == [5, 5, 5]
    assert column(table, "missing") == [1, 0, 0]
    assert column(table, "excess") == [0, 0, 1]


def test_grid_workers_follow_the_fewest_grids_and_say_that_they_are_an_estimate() -> None:
    one = StaffFigure(resource_id="g", role="grid_worker", per_grid=1, **SAID)
    table = today(line(500, 501, 1500, 1501, 0), one, grids=(300, 500))
    assert column(table, "required") == [1, 2, 3, 4, 1]
    assert set(table.rows["measure"]) == {"grids_estimated"}
    ground = line(1500)
    known = resources(Division.today(ground), ground, policy_of(one), grids=pd.Series({"A": 5}))
    assert (known.rows["required"].tolist(), known.rows["measure"].tolist()) == ([5], ["grids"])
    assert np.isnan(column(today(ground, one), "required")).all()  # no grid rule, no count: unknown


def test_cross_appointment_gives_the_eleven_people_that_xian_names() -> None:
    # By hand: 9 and 5 members, 60 % of the smaller committee (3) in both: 9 + 5 − 3 = 11.
    cross = CrossAppointment(resource_id="cross", at_most=11, min_share=0.6, **SAID)
    five = replace(PARTY, per_community=5)
    table = today(line(1000, 3000, 4001), BANDS, five, cross)
    assert column(table, "required_max", "both_committees") == [7, 9, 11]
    assert column(table, "required", "both_committees") == [5, 7, 9]  # everybody of the party's five in both
    assert column(table, "required", "cross_appointed") == [3, 3, 3]
    # With three to five members of the party's committee: fewest with three, most with five, never above the cap.
    loose = today(line(1000, 4001), BANDS, PARTY, replace(cross, at_most=10))
    assert column(loose, "required", "both_committees") == [5, 9]
    assert column(loose, "required_max", "both_committees") == [7, 10]
    assert column(loose, "required", "cross_appointed") == [2, 2]


def test_a_community_that_waits_for_its_split_gets_staff_on_top_for_what_lies_beyond_the_trigger() -> None:
    usual = StaffFigure(resource_id="usual", role="worker", households_per_worker=400, **SAID)
    extra = StaffFigure(resource_id="extra", role="worker", households_per_worker=300, concern="waiting", **SAID)
    table = today(line(5000, 5001, 6200), usual, extra)
    waiting = table.rows[table.rows["resource_id"] == "extra"].set_index("community_id")
    # 5,000 is not above the trigger. 5,001: 13 and one for 1 household; 6,200: 16 and 4 for 1,200.
    assert waiting["extra"].to_dict() == {"B": 1, "C": 4}
    assert waiting["required"].to_dict() == {"B": 14, "C": 20}
    assert table.needs.loc[("people", "worker"), "required"].to_dict() == {"A": 13, "B": 14, "C": 20}


# Money


def test_money_is_added_up_by_level_and_at_both_ends_of_a_range() -> None:
    unit = MoneyFigure(resource_id="unit", level="unit", yuan_per_year=30_000, yuan_per_year_max=50_000, **SAID)
    table = today(line(1000, 9000), CITY, DISTRICT, unit)
    sums = table.sums.loc["yuan_per_year"]
    assert sums["required"].to_dict() == {"city": 260_000, "district": 240_000, "unit": 60_000}
    assert sums.loc["unit", "required_max"] == 100_000


def test_a_county_pays_instead_of_a_district_only_where_the_case_says_so() -> None:
    county = MoneyFigure(resource_id="county", level="county", yuan_per_year=70_000, instead_of="district", **SAID)
    ground = line(1000)
    policy = policy_of(CITY, DISTRICT, county)
    usual = resources(Division.today(ground), ground, policy)
    assert usual.sums.loc["yuan_per_year", "required"].to_dict() == {"city": 130_000, "district": 120_000}
    switched = policy.override({"county.instead_of": ""}, because="a county")
    told = resources(Division.today(ground), ground, switched)
    assert told.sums.loc["yuan_per_year", "required"].to_dict() == {"city": 130_000, "county": 70_000}


# Plans


def test_the_cost_of_a_plan_is_the_difference_to_today() -> None:
    # A (6,000) is split in two: a committee of 9 becomes two of 7, and another community is paid for.
    ground = with_staff(
        town("A A B", households="3000 3000 2000"), committee_members=[9.0, 7.0], workers=[20.0, 9.0]
    )
    ground = with_rooms(ground, ("A", "service", 1500.0, 1), ("B", "service", 700.0, 2))
    before = Division.today(ground)
    after = Division.of_plan(plan(ground, "A N B"), ground)
    table = resources(after, ground, policy_of(BANDS, INDOOR, CITY), before=before)
    people = table.sums.loc[("people", "committee")]
    assert (people["required_before"], people["required"], people["change"]) == (16, 21, 5)
    assert (people["existing"], people["missing"]) == (16, 7)  # nobody works in the new one yet
    assert table.sums.loc[("yuan_per_year", "city"), "change"] == 130_000
    # The rooms stand on the land that becomes N: they serve it, and A is left without any.
    rooms = table.needs.loc[("m2", "service")]
    assert rooms["existing"].to_dict() == {"A": 0, "B": 700, "N": 1500}
    assert rooms["missing"].to_dict() == {"A": 900, "B": 0, "N": 0}


def test_staff_of_a_community_that_ends_follow_its_households() -> None:
    ground = with_staff(town("A B B C", households="900 100 300 1000"), workers=[4.0, 3.0, 5.0])
    merged = Division.of_plan(plan(ground, "A A C C"), ground)
    table = resources(merged, ground, policy_of(WORKERS), before=Division.today(ground))
    assert column(table, "existing") == [4, 8]  # most of B's households go to C
    assert table.sums.loc[("people", "worker"), "existing"] == 12


def test_a_plan_that_changes_nothing_costs_nothing_even_where_a_centre_stands_next_door() -> None:
    ground = with_rooms(line(2000, 3000), ("A", "service", 700.0, 1), ("B", "service", 400.0, 1))
    before = Division.today(ground)
    same = Division.of_plan(plan(ground, "A B"), ground)
    table = resources(same, ground, policy_of(INDOOR, BANDS, CITY), before=before)
    assert (table.sums["change"] == 0).all()
    assert table.needs.loc[("m2", "service"), "existing"].to_dict() == {"A": 700, "B": 400}


def test_of_two_figures_for_one_use_a_community_needs_the_larger_once() -> None:
    hundred = replace(INDOOR, resource_id="hundred", min_m2=None)
    floor = SpaceFigure(resource_id="floor", use="service", min_m2=300, **SAID)
    ground = with_rooms(line(500, 2000), ("A", "service", 100.0, 0))
    needs = today(ground, hundred, floor).needs.loc[("m2", "service")]
    assert needs["required"].to_dict() == {"A": 300, "B": 600}
    assert needs["missing"].to_dict() == {"A": 200, "B": 600}


def test_a_policy_without_figures_gives_an_empty_table_of_the_same_shape() -> None:
    ground = town("A A B", households=1000)
    table = today(ground)
    assert table.rows.empty and table.needs.empty and table.totals.empty and table.programmes.empty
    after = Division.of_plan(plan(ground, "A N B"), ground)
    both = resources(after, ground, policy_of(), before=Division.today(ground))
    assert both.sums.empty
    assert both.to_json() == {"figures": [], "needs": [], "programmes": [], "communities": []}


@settings(max_examples=8, deadline=None)
@given(
    households=st.lists(st.integers(0, 9000), min_size=4, max_size=4),
    letters=st.lists(st.sampled_from("ABN"), min_size=4, max_size=4),
)
def test_sums_close_and_today_plus_the_difference_is_the_plan(households: list[int], letters: list[str]) -> None:
    ground = town("A A B B", households=" ".join(map(str, households)))
    ground = with_staff(ground, workers=[7.0, 5.0], committee_members=[7.0, 5.0])
    before = Division.today(ground)
    after = Division.of_plan(plan(ground, " ".join(letters)), ground)
    table = resources(after, ground, policy_of(INDOOR, BANDS, WORKERS, PARTY, CITY, DISTRICT), before=before)
    assert table.before is not None
    needs = table.needs.groupby(level=["unit", "subject"], sort=False)["required"].sum()
    pd.testing.assert_series_equal(needs, table.sums["required"], check_names=False)
    now = table.before.sums["required"] + table.sums["change"]
    np.testing.assert_allclose(now.reindex(table.sums.index), table.sums["required"])
    communities = len(set(letters))
    assert table.sums.loc[("yuan_per_year", "city"), "required"] == 130_000 * communities


# Words


def test_what_a_plan_costs_is_one_sentence_with_both_ends_of_a_range() -> None:
    unit = MoneyFigure(resource_id="unit", level="unit", yuan_per_year=30_000, yuan_per_year_max=50_000, **SAID)
    ground = with_rooms(town("A A B", households="3000 3000 2000"), ("A", "service", 1500.0, 1))
    after = Division.of_plan(plan(ground, "A N B"), ground)
    table = resources(after, ground, policy_of(BANDS, INDOOR, CITY, unit), before=Division.today(ground))
    assert cost_sentence(table, "en") == (
        "Required, against today: residents' committee +5 people, operating money (city) +130,000 yuan a year, "
        "operating money (level not named) +30,000 to +50,000 yuan a year; missing: service rooms 1,500 m²"
    )
    assert "工作经费（市级） +130,000 元/年" in cost_sentence(table, "zh")


def test_a_cost_that_is_unknown_is_told_as_unknown_and_not_as_nothing() -> None:
    ground = town("A A B", households="3000 3000 2000", people_each=np.nan)
    after = Division.of_plan(plan(ground, "A N B"), ground)
    table = resources(after, ground, policy_of(WORKERS), before=Division.today(ground))
    assert cost_sentence(table, "en") == "Required, against today: community workers unknown"


def test_communities_that_lack_something_are_listed_the_most_lacking_first() -> None:
    rooms = [("A", "service", 500.0, 0), ("B", "service", 100.0, 1), ("C", "service", 900.0, 2)]
    ground = with_staff(with_rooms(line(2000, 2000, 2000), *rooms), committee_members=[7.0, 6.0, 7.0])
    lines = shortage_lines(today(ground, INDOOR, BANDS), "en")
    assert lines == [
        "B社区 lacks: service rooms 500 m², residents' committee 1 person",
        "A社区 lacks: service rooms 100 m²",
    ]


def test_a_programme_with_unknown_rooms_says_at_most() -> None:
    programme = SpaceProgramme(resource_id="p", use="service", at_least_m2=200, shares=(0.5, 1.0), **SAID)
    ground = with_rooms(line(1500, 1500), ("A", "service", 300.0, 0), ("B", "service", None, 1))
    (told,) = programme_lines(today(ground, programme), "en")
    assert "1 of 2 communities has it, 1 unknown" in told
    assert "year 2: 100%, 2 communities, at most 1 more" in told
