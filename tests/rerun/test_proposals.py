"""A search that was cut off says so with both numbers: what is proposed, and what is proved of every plan."""

from __future__ import annotations

from dataclasses import replace

from districting.reports.open_gaps import gap_notes
from districting.rerun.proposals import SubdistrictProposal, open_gap

PROVED = SubdistrictProposal("1", "东街", "optimal", 606, 2, 7, 8, 581.0)
CUT_OFF = replace(
    PROVED, subdistrict_id="2", name="西街", status="feasible", households_moved=15_436, lower_bound=2_031.0
)


def test_a_proposal_that_is_not_proved_the_least_says_what_is_proposed_and_what_is_proved() -> None:
    unbounded = replace(CUT_OFF, subdistrict_id="3", name="北街", households_moved=100, lower_bound=None)
    told = open_gap([PROVED, CUT_OFF, unbounded], "en")
    assert told is not None
    assert (told["subdistricts"], told["households_moved"], told["lower_bound"]) == (["2", "3"], 15_536, 2_031.0)
    assert "15,536 households move" in told["sentence"] and "at least 2,031 must" in told["sentence"]
    chinese = open_gap([CUT_OFF], "zh")
    assert chinese is not None and "西街" in chinese["sentence"] and "至少要调整 2,031 户" in chinese["sentence"]


def test_nothing_is_said_where_every_search_came_to_its_end_or_changes_nothing() -> None:
    assert open_gap([PROVED, replace(CUT_OFF, households_moved=0, changed=0)], "zh") is None


def test_the_page_and_the_tables_of_a_plan_say_which_searches_were_cut_off() -> None:
    def row(name: str, status: str, value: float, bound: float) -> dict[str, object]:
        term = {"name": "moved_households", "value": value, "lower_bound": bound}
        return {"name": name, "status": status, "terms": [term] if status != "unknown" else []}

    cut_off = [row(f"S{number}", "feasible", 3_000, 400) for number in range(5)]
    plan = {"plan_id": "adjust", "subdistricts": [*cut_off, row("P", "optimal", 9, 9), row("N", "unknown", 0, 0)]}
    run = {"plans": [plan, {"plan_id": "whole", "subdistricts": [row("P", "optimal", 9, 9)]}]}
    (note,) = gap_notes(run, "en")
    assert "households that change community: 15,000 in all" in note and "less than 2,000" in note
    assert "S0, S1, S2, S3 and others (5 sub-districts)" in note
    assert gap_notes(run, "zh", plan_id="whole") == []
