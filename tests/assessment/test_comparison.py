"""Plans side by side; figures by hand from the drawings."""

from __future__ import annotations

import json

import pytest

from districting.assessment.comparison import MEASURES, compare, flow_table
from districting.plans.division import Division
from districting.policies.access import OfficeRule
from districting.policies.land import BorderRule
from districting.policies.sizes import SizeRule
from districting.reports.figures import PLAN_MEASURES
from tests.plans.drawn import plan, town
from tests.plans.judging import policy

RULES = policy(
    SizeRule(rule_id="size", strength="must", clause="1", min=200, max=400, untouched="should"),
    OfficeRule(rule_id="office", strength="should", clause="2"),
    BorderRule(rule_id="border", strength="prefer", clause="3", classes=("primary",)),
)


def two():
    ground = town("A A A A A B", households=100, seats={"A": (0.5, 0.5), "B": (5.5, 0.5)})
    return ground, Division.today(ground), Division.of_plan(plan(ground, "A A A A B B"), ground)


def test_measures_side_by_side() -> None:
    ground, today, after = two()
    table = compare([today, after], ground, RULES).table
    assert table.columns.tolist() == list(MEASURES)
    assert table["communities"].tolist() == [2, 2]
    assert table["households_moved"].tolist() == [0, 100]
    assert table["moved_share"].tolist() == pytest.approx([0, 1 / 6])
    assert table["share_in_range"].tolist() == [0.0, 1.0]
    # Today 0, 200, 400, 600, 800 m to A's centre and 0 to B's; after 0, 200, 400, 600 and 200, 0.
    assert table["mean_m"].tolist() == pytest.approx([2000 / 6, 1400 / 6])
    assert table["farthest_m"].tolist() == [800, 600]
    assert table["findings_should"].tolist() == [2, 0]
    assert table["findings_must"].tolist() == [0, 0]
    assert table["adjusted"].tolist() == [0, 2]
    assert table["kept"].tolist() == [2, 0]


def test_flows_hold_everyone() -> None:
    ground, today, after = two()
    flows = compare([today, after], ground, RULES).flows
    rows = [tuple(row) for row in flows["drawn"].itertuples(index=False)]
    assert rows == [("A", "A", 400), ("A", "B", 100), ("B", "B", 100)]
    assert flows["today"]["households"].sum() == ground.layers.households
    bare = town("A A .")
    assert flow_table(Division.today(bare), Division.today(bare), bare)["from_id"].tolist() == ["A", None]


def test_the_document_is_plain_and_every_measure_has_a_name() -> None:
    ground, today, after = two()
    document = json.loads(json.dumps(compare([today, after], ground, policy()).to_json()))
    assert document["plans"] == ["today", "drawn"]
    border = next(row for row in document["measures"] if row["measure"] == "border_share")
    assert border["values"] == [None, None]
    for row in document["measures"]:
        (shown,) = [one for one in PLAN_MEASURES if one.key == row["measure"]]
        assert shown.title("zh", "walk")


def test_findings_that_are_known_are_not_judged_again() -> None:
    ground, today, after = two()
    table = compare([today, after], ground, RULES, findings={"today": ()}).table
    assert table["findings_should"].tolist() == [0, 0]


def test_subdistricts_that_were_not_asked_about_are_not_measured() -> None:
    """West: A of 300 and B of 100; east: C of 200. The plan takes one atom from A to B and leaves the east."""
    ground = town("A A A B C C", subdistricts="W W W W E E", households=100)
    today, after = Division.today(ground), Division.of_plan(plan(ground, "A A B B C C"), ground)
    every = compare([today, after], ground, RULES).table
    west = compare([today, after], ground, RULES, findings={"today": (), "drawn": ()}, subdistricts=["W"])
    east = compare([today, after], ground, RULES, findings={"today": (), "drawn": ()}, subdistricts=["E"]).table
    assert west.subdistricts == ("W",)
    assert west.table["communities"].tolist() == [2, 2]
    assert every["communities"].tolist() == [3, 3]
    assert west.table["households_moved"].tolist() == every["households_moved"].tolist() == [0, 100]
    assert west.table["moved_share"].tolist() == pytest.approx([0, 1 / 4])
    assert west.table["share_in_range"].tolist() == [0.5, 1.0]
    assert west.table["adjusted"].tolist() == [0, 2]
    assert east["households_moved"].tolist() == [0, 0]
    assert east[["communities", "kept"]].to_numpy().tolist() == [[1, 1], [1, 1]]
