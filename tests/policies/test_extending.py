"""A policy file after a preset: entries are replaced by id or dropped, and what is inherited stays cited."""

from __future__ import annotations

from pathlib import Path

import pytest

from districting.case import Case
from districting.policies.policy import Policy
from districting.policies.reading import preset, read_policy
from districting.policies.resources import SpaceFigure

CITY = """
extends = "xian-2023"
source = "某市2026年1号文件"
drop = ["main_roads", "money_county", "super_large"]

[[rules]]
kind = "size"
rule_id = "size"
strength = "must"
clause = "三"
min = 1500
max = 2000

[[resources]]
kind = "space"
resource_id = "service_rooms"
strength = "must"
clause = "五"
use = "service"
min_m2 = 800

[[outcomes]]
outcome_id = "communities"
text = "社区 | communities"
value = 30
unit = "communities"
moment = "before"
clause = "一"
"""


@pytest.fixture
def city(tmp_path: Path) -> Policy:
    """A city's own document after Xi'an's."""
    (tmp_path / "city.toml").write_text(CITY, encoding="utf-8")
    return read_policy("city.toml", folder=tmp_path)


def test_rules_and_resources_are_replaced_by_id_and_keep_their_place(city: Policy) -> None:
    base = preset("xian-2023")
    assert city.size.max == 2000
    assert city.size.target is None, "a replaced rule takes nothing from the old one"
    rooms = city.resources_of(SpaceFigure)[0]
    assert (rooms.resource_id, rooms.min_m2, rooms.per_100_households_m2) == ("service_rooms", 800, None)
    assert [rule.rule_id for rule in city.rules] == [
        rule.rule_id for rule in base.rules if rule.rule_id != "main_roads"
    ]


def test_what_is_dropped_is_gone_and_the_rest_stays(city: Policy) -> None:
    base = preset("xian-2023")
    assert set(base.entry_ids) - set(city.entry_ids) == {"main_roads", "money_county", "super_large"}
    assert set(city.entry_ids) - set(base.entry_ids) == {"communities"}
    assert city.procedure == base.procedure


def test_it_is_known_what_stands_in_which_document(city: Policy) -> None:
    assert city.based_on == "xian-2023"
    assert city.source == "某市2026年1号文件"
    assert "size" not in city.inherited
    assert "service_rooms" not in city.inherited
    assert {"reach", "committee", "coverage"} <= set(city.inherited)
    assert preset("xian-2023").title["zh"] in city.title["zh"], "without a title of its own it names its base"


def test_an_override_of_a_resource_keeps_both_values() -> None:
    changed = preset("donghai-2019").override({"offices.min_m2": 500}, because="agreed for old quarters")
    assert changed.resources_of(SpaceFigure)[0].min_m2 == 500
    (override,) = changed.overrides
    assert (override.key, override.published, override.value) == ("offices.min_m2", 600, 500)
    assert changed.rules == preset("donghai-2019").rules


def test_a_case_may_override_a_resource(hamlet: Path) -> None:
    text = hamlet.read_text(encoding="utf-8")
    text += '\n[overrides]\n"outdoor.min_m2" = { value = 400, because = "no land" }\n'
    hamlet.write_text(text, encoding="utf-8")
    policy = Case.read(hamlet).policy()
    assert next(one for one in policy.resources_of(SpaceFigure) if one.use == "outdoor").min_m2 == 400
