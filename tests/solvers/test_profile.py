"""Profiles as data: what a file may say, every fault at once, approaches by name, and all of it in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from districting.errors import CaseError
from districting.language import Language
from districting.solvers.approach import read_approach, read_approaches
from districting.solvers.profile import DEFAULTS, Stage, preset, presets, read_profile
from districting.solvers.profile_words import default_note, profile_lines, profile_title


def test_every_mode_has_a_preset_of_its_own() -> None:
    assert set(DEFAULTS.values()) <= set(presets())


def test_a_planners_own_profile_is_read_with_its_tolerances(tmp_path: Path) -> None:
    text = """number = "target"
[[stages]]
weights = { open_border_km = 2, moved_households = 0.5 }
slack_share = 0.1
slack_abs = 3
[[stages]]
weights = { deviation_households = 1 }
"""
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    profile = read_profile("mine.toml", folder=tmp_path)
    assert (profile.profile_id, profile.number) == ("mine", "target")
    assert [stage.name for stage in profile.stages] == ["open_border_km+moved_households", "deviation_households"]
    assert profile.stages[0].ceiling(10.0) == 13.0 and profile.stages[0].ceiling(100.0) == 110.0


def test_a_stage_of_one_term_tells_the_term_itself_whatever_its_weight(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        "[[stages]]\nweights = { moved_households = 2 }\nslack_abs = 60\n", encoding="utf-8"
    )
    (stage,) = read_profile("mine.toml", folder=tmp_path).stages
    assert (dict(stage.weights), stage.slack_abs) == ({"moved_households": 1.0}, 30.0)


def test_every_fault_of_a_profile_comes_at_once(tmp_path: Path) -> None:
    text = """number = "many"
colour = "red"
[[stages]]
weights = { walking = 1, moved_households = 0, communities = true, open_border_km = inf }
slack_share = -0.1
slack_abs = "much"
limit = 3
[[stages]]
weights = 3
[[stages]]
"""
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        read_profile("mine.toml", folder=tmp_path)
    for language in ("zh", "en"):
        sentences = caught.value.sentences(language)
        assert all("mine.toml" in sentence for sentence in sentences)
        said = "\n".join(sentences)
        for part in (
            "many", "colour", "walking", "stages.weights.moved_households", "stages.weights.communities",
            "stages.weights.open_border_km", "stages.slack_share", "stages.slack_abs", "stages.limit",
        ):  # fmt: skip
            assert part in said, part
    assert sum(fault.values["key"] == "stages" for fault in caught.value.faults) == 2


@pytest.mark.parametrize("text", ["", "stages = 3\n", "stages = []\n", "[stages]\nweights = 1\n"])
def test_a_profile_without_stages_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match="stages"):
        read_profile("mine.toml", folder=tmp_path)


def test_a_profile_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[stages", encoding="utf-8")
    for name in ("broken.toml", "absent.toml"):
        with pytest.raises(CaseError, match=name):
            read_profile(name, folder=tmp_path)
    with pytest.raises(CaseError, match="least-change"):
        read_profile("cheapest", folder=tmp_path)


def test_an_approach_names_its_plan_by_mode_and_profile(tmp_path: Path) -> None:
    def plan_id(text: str, profile: str | None = None) -> str:
        return read_approach(text, profile=profile, folder=tmp_path).plan_id

    assert plan_id("adjust") == plan_id("adjust/least-change") == "adjust"
    assert plan_id("adjust/best-service") == plan_id("adjust", "best-service") == "adjust-best-service"
    assert (
        plan_id("redraw", "best-service") == "redraw"
        and plan_id("redraw", "least-change") == "redraw-least-change"
    )
    own = "[[stages]]\nweights = { communities = 1 }\n"
    (tmp_path / "least-change.toml").write_text(own, encoding="utf-8")
    assert plan_id("adjust/least-change.toml") == "adjust-least-change"


def test_every_fault_of_the_approaches_comes_at_once(tmp_path: Path) -> None:
    texts = ("fast", "adjust/cheapest", "whole", "whole/least-change", "redraw/")
    with pytest.raises(CaseError) as caught:
        read_approaches(texts, profile=None, folder=tmp_path)
    said = "\n".join(caught.value.sentences("en"))
    assert len(caught.value.faults) == 4
    for part in ("'fast'", "'cheapest'", "'whole/least-change'", "'redraw/'"):
        assert part in said, part


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", presets())
def test_a_preset_is_told_in_words(name: str, language: Language) -> None:
    profile = preset(name)
    lines = profile_lines(profile, language)
    assert len(lines) == len(profile.stages) + 1 and all(lines)
    assert profile_title(profile, language) != name
    assert bool(default_note(profile, language)) == (name in DEFAULTS.values())


def test_tolerances_are_told_in_words() -> None:
    profile = preset("least-change")
    both = Stage({"communities": 1.0}, slack_share=0.05, slack_abs=1.0)
    lines = profile_lines(type(profile)("mine", (both, Stage({"communities": 2.0}, slack_abs=1.5))), "en")
    assert "5 %" in lines[0] and "1 at most, whichever" in lines[0] and "1.5" in lines[1]
