"""What a plan reaches of each aim of its profile, in words."""

from __future__ import annotations

import pytest

from districting.language import Language
from districting.solvers.profile import Profile, Stage
from districting.solvers.profile_words import reached_lines

MINE = Profile(
    "mine",
    (
        Stage({"moved_households": 1.0}, slack_share=0.05, slack_abs=50.0),
        Stage({"open_border_km": 1.0}),
        Stage({"communities": 1.0}),
    ),
)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["2,701, proved to be at least 2,593", "1.25, proved to be at least 1.05", "25, proved"]),
        ("zh", ["2,701（已证明不会低于 2,593）", "1.25（已证明不会低于 1.05）", "25（已证明）"]),
    ],
)
def test_every_aim_is_told_over_all_sub_districts_with_its_tolerance_and_proof(
    language: Language, said: list[str]
) -> None:
    one = [(2000.0, 1900.0), (1.0, 0.8), (13.0, 13.0)]
    other = [(701.0, 693.0), (0.25, 0.25), (12.0, 12.0)]
    title, *lines = reached_lines(MINE, [one, other], language)
    assert "mine" in title
    assert [line.endswith(end) for line, end in zip(lines, said, strict=True)] == [True] * 3
    assert [line[:2] for line in lines] == ["1.", "2.", "3."]
    assert "5 %" in lines[0] and "50" in lines[0]


def test_nothing_is_said_of_aims_where_there_is_no_plan() -> None:
    assert reached_lines(MINE, [], "zh") == []
