"""The presets against the documents: every figure of a list made by hand from the texts stands in the TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from districting.policies.access import ReachRule
from districting.policies.handbook import handbook
from districting.policies.land import BorderRule
from districting.policies.reading import DEFAULT_PRESET, preset, preset_ids
from districting.policies.resources import CrossAppointment, StaffFigure
from districting.policies.sizes import GridRule

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policies.md"

#: (preset, id, fields by hand from the documents). Rules and resources first, then what the documents report.
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    # Donghai 2019
    ("donghai-2019", "size", {"min": 2000, "max": 3000, "measure": "households", "strength": "should"}),
    ("donghai-2019", "size", {"alternative": "people"}),
    ("donghai-2019", "reach", {"target_m": 1500, "limit_m": 2000}),
    ("donghai-2019", "border", {"kind": "border"}),
    ("donghai-2019", "interlocking", {"kind": "shape", "holes": False}),
    ("donghai-2019", "coverage", {"kind": "coverage"}),
    ("donghai-2019", "whole_unit", {"kind": "whole_unit", "strength": "must"}),
    ("donghai-2019", "school_zones", {"kind": "nesting", "inside": "school"}),
    ("donghai-2019", "growth", {"kind": "growth"}),
    ("donghai-2019", "naming", {"kind": "naming", "strength": "should"}),
    ("donghai-2019", "offices", {"use": "office", "per_100_households_m2": 30, "min_m2": 600}),
    ("donghai-2019", "staff_offices", {"of": "office", "max_share": 0.2}),
    ("donghai-2019", "elderly_care", {"use": "elderly", "per_100_households_m2": 30}),
    # Xi'an 2023
    ("xian-2023", "size", {"min": 1000, "max": 5000, "target": 3500, "strength": "must", "untouched": "should"}),
    ("xian-2023", "size", {"alternative": "people", "alternative_min": 5000, "alternative_max": 15000}),
    ("xian-2023", "size", {"split_above": 5000, "merge_below": 1000}),
    ("xian-2023", "reach", {"target_m": 1200, "path": "walk", "strength": "prefer", "limit_m": None}),
    ("xian-2023", "border", {"kind": "border"}),
    ("xian-2023", "coverage", {"kind": "coverage", "strength": "must"}),
    ("xian-2023", "subdistrict", {"inside": "subdistrict", "strength": "must"}),
    ("xian-2023", "service_rooms", {"use": "service", "per_100_households_m2": 30}),
    ("xian-2023", "service_rooms_small_new", {"min_m2": 600, "below_households": 2000, "concern": "new"}),
    ("xian-2023", "outdoor", {"use": "outdoor", "min_m2": 1000}),
    ("xian-2023", "activity_rooms", {"use": "activity", "of": "service", "min_share": 0.6}),
    ("xian-2023", "committee", {"bands": ((0, 5), (2000, 7), (4000, 9)), "above": (False, False, True)}),
    ("xian-2023", "party", {"per_community": 3, "at_most": 5}),
    ("xian-2023", "both_committees", {"at_most": 11, "min_share": 0.6}),
    ("xian-2023", "workers", {"per_10000_people": 18}),
    ("xian-2023", "workers_waiting", {"concern": "waiting", "basis": "derived"}),
    ("xian-2023", "money_city", {"level": "city", "yuan_per_year": 130_000}),
    ("xian-2023", "money_district", {"level": "district", "yuan_per_year": 120_000}),
    ("xian-2023", "money_county", {"yuan_per_year": 70_000, "instead_of": "money_district"}),
    # Chifeng
    ("chifeng", "size", {"min": 1000, "max": 2000, "strength": "should"}),
    ("chifeng", "workers", {"households_per_worker": 400, "strength": "should"}),
    ("chifeng", "new_compound_rooms", {"per_100_households_m2": 20, "concern": "planned"}),
    ("chifeng", "rooms_of_200", {"at_least_m2": 200, "shares": (0.4, 0.6, 0.8)}),
    ("chifeng", "one_stop", {"use": "one_stop", "min_m2": 50, "strength": "should"}),
    ("chifeng", "operating_money", {"yuan_per_year": 10_000}),
    # Taizhou 2016
    ("taizhou-2016", "size", {"measure": "people", "basis": "derived", "strength": "should"}),
    ("taizhou-2016", "reach", {"limit_min": 10, "path": "walk", "limit_distance_m": 800}),
    ("taizhou-2016", "hollow", {"kind": "hollow", "basis": "derived"}),
    ("taizhou-2016", "remote", {"kind": "remote", "basis": "derived"}),
    ("taizhou-2016", "coverage", {"kind": "coverage", "basis": "stated"}),
    ("taizhou-2016", "elderly_care_urban", {"min_m2": 300, "setting": "urban"}),
    ("taizhou-2016", "elderly_care_town", {"min_m2": 450, "setting": "town"}),
    # Wuxue 2013
    ("wuxue-2013-grid", "grid", {"min": 300, "max": 500, "strength": "must"}),
    ("wuxue-2013-grid", "grid", {"types": ("mixed", "work_unit", "property_managed")}),
    ("wuxue-2013-grid", "coverage", {"kind": "coverage", "strength": "must"}),
    ("wuxue-2013-grid", "compound", {"kind": "compound", "basis": "derived"}),
    ("wuxue-2013-grid", "grid_workers", {"role": "grid_worker", "per_grid": 1}),
    ("wuxue-2013-grid", "committees", {"role": "both_committees", "at_least": 5, "at_most": 7}),
    ("wuxue-2013-grid", "police", {"per_community": 1}),
    ("wuxue-2013-grid", "elderly_workers", {"per_community": 1}),
    ("wuxue-2013-grid", "rooms", {"use": "service", "min_m2": 300}),
    ("wuxue-2013-grid", "hall", {"use": "hall", "min_m2": 60}),
    ("wuxue-2013-grid", "large_compound_rooms", {"min_m2": 700, "concern": "planned"}),
    ("wuxue-2013-grid", "small_compound_rooms", {"per_100_households_m2": 20, "concern": "planned"}),
    ("wuxue-2013-grid", "operating_money", {"yuan_per_year": 30_000, "yuan_per_year_max": 50_000}),
    # The law of 2026
    ("national-2026", "size", {"min": 1000, "max": 3000, "target": None, "split_trigger": None}),
    ("national-2026", "subdistrict", {"inside": "subdistrict", "strength": "must"}),
]

REPORTED: list[tuple[str, str, float]] = [
    ("donghai-2019", "communities_before", 16),
    ("donghai-2019", "communities_after", 25),
    ("donghai-2019", "kept", 6),
    ("donghai-2019", "reorganised", 9),
    ("donghai-2019", "new", 10),
    ("donghai-2019", "recruits", 50),
    ("xian-2023", "super_large", 34),
    ("xian-2023", "micro", 103),
    ("chifeng", "key_communities", 26),
    ("taizhou-2016", "units", 60),
    ("taizhou-2016", "communities_before", 59),
    ("taizhou-2016", "people", 161_000),
    ("taizhou-2016", "urban_people", 144_000),
    ("taizhou-2016", "area", 121.9),
    ("wuxue-2013-grid", "communities", 15),
    ("wuxue-2013-grid", "grids", 118),
]


def outcome(policy_id: str, outcome_id: str) -> float:
    """A figure that the document reports."""
    return {one.outcome_id: one.value for one in preset(policy_id).outcomes}[outcome_id]


@pytest.mark.parametrize(("policy_id", "entry_id", "figures"), ASKED)
def test_a_rule_or_resource_holds_the_figures_of_its_document(
    policy_id: str, entry_id: str, figures: dict[str, Any]
) -> None:
    found = preset(policy_id).asked[entry_id]
    assert {name: getattr(found, name) for name in figures} == figures


@pytest.mark.parametrize(("policy_id", "outcome_id", "value"), REPORTED)
def test_what_a_document_reports_is_kept_beside_its_rules(policy_id: str, outcome_id: str, value: float) -> None:
    assert outcome(policy_id, outcome_id) == value


def test_the_six_presets_are_there_and_the_law_is_the_default() -> None:
    named = {"donghai-2019", "xian-2023", "chifeng", "taizhou-2016", "wuxue-2013-grid", "national-2026"}
    assert set(preset_ids()) == named
    assert DEFAULT_PRESET == "national-2026"


@pytest.mark.parametrize("policy_id", preset_ids())
def test_every_entry_cites_its_clause_in_both_languages_and_says_how_it_was_read(policy_id: str) -> None:
    policy = preset(policy_id)
    assert len(set(policy.entry_ids)) == len(policy.entry_ids), "drop = [id] means one entry"
    assert not policy.based_on, "a preset stands alone; a file extends it, one level deep"
    for one in policy.entries:
        assert not one.problems()
        assert one.clause_en or one.clause == "—", "English pages quote every clause in English, too"
        assert (one.clause == "—") == (one.basis == "program"), "what stands in no document cites none"
        assert one.basis == "stated" or one.reading, f"{one}: how was it derived?"
        assert not one.reading or " | " in one.reading, f"{one.reading}: in both languages"
    assert all(" | " in step.text for step in policy.procedure)
    assert all(" | " in one.text for one in policy.outcomes)


@pytest.mark.parametrize("policy_id", preset_ids())
def test_a_rule_that_is_softened_by_its_words_says_so_in_its_reading(policy_id: str) -> None:
    policy = preset(policy_id)
    for one in policy.asked.values():
        if one.strength == "should" and one.basis == "stated":
            assert one.reading, f"{one}: which words make it a should?"


def test_the_law_takes_nothing_from_other_documents() -> None:
    law = preset("national-2026")
    assert not law.resources
    assert not law.outcomes
    assert not law.of_kind(ReachRule), "the law names no radius"
    assert not law.of_kind(BorderRule), "the law names no border"
    assert not law.of_kind(GridRule)
    assert [step.stage for step in law.procedure] == ["prepare", "approve"]


def test_the_derived_sizes_follow_from_the_totals_of_their_documents() -> None:
    mean = outcome("taizhou-2016", "people") / outcome("taizhou-2016", "units")
    size = preset("taizhou-2016").size
    assert (size.min, size.max) == (round(mean / 2, -1), round(mean * 2, -1)), "half to twice the average, in tens"
    grid = preset("wuxue-2013-grid").of_kind(GridRule)[0]
    each = outcome("wuxue-2013-grid", "grids") / outcome("wuxue-2013-grid", "communities")
    size = preset("wuxue-2013-grid").size
    assert (size.min, size.max) == (int(each * grid.min), int(each * grid.max)), "7.87 grids of 300 to 500"
    donghai = preset("donghai-2019").size
    per_household = 10_000 / donghai.ideal
    alternative = (donghai.alternative_min, donghai.alternative_max)
    assert alternative == (donghai.min * per_household, donghai.max * per_household), "4 people a household"


def test_the_documents_own_arithmetic_closes() -> None:
    before, after, kept, reorganised, new, abolished = (
        outcome("donghai-2019", name)
        for name in ("communities_before", "communities_after", "kept", "reorganised", "new", "abolished")
    )
    assert kept + reorganised + new == after
    assert before - kept - reorganised == abolished
    committee, party, both = (preset("xian-2023").asked[one] for one in ("committee", "party", "both_committees"))
    assert isinstance(committee, StaffFigure)
    assert isinstance(party, StaffFigure)
    assert isinstance(both, CrossAppointment)
    members = party.at_most or 0
    assert committee.bands[-1][1] + members - both.min_share * members == both.at_most, "9 + 5 − 60 % of 5 = 11"


def test_the_page_of_the_docs_is_what_the_presets_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == handbook(), "stale: run scripts/policy_tables"
