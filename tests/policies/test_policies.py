"""Policies: presets say what the documents say; faults are gathered; overrides keep both values."""

from __future__ import annotations

from pathlib import Path

import pytest

from districting.errors import PolicyError
from districting.policies.access import ReachRule
from districting.policies.policy import Policy
from districting.policies.reading import preset, read_policy
from districting.policies.rule import Rule


def test_a_policy_without_target_and_triggers_takes_them_from_its_bounds() -> None:
    law = preset("national-2026")
    assert law.size.ideal == 2000, "the middle of the bounds where the law names no target"
    assert (law.size.merge_below, law.size.split_above) == (1000, 3000)


def test_an_override_keeps_both_values_and_the_reason() -> None:
    changed = preset("xian-2023").override({"size.max": 5200}, because="agreed with the district")
    assert changed.size.max == 5200
    (override,) = changed.overrides
    assert (override.published, override.value, override.because) == (5000, 5200, "agreed with the district")
    assert changed.published_max == 5000, "the atom cap follows the published maximum"


def test_a_second_override_of_the_same_figure_still_knows_the_published_value() -> None:
    changed = (
        preset("xian-2023").override({"size.max": 5200}, because="a").override({"size.max": 5400}, because="b")
    )
    (override,) = changed.overrides
    assert (override.published, override.value, override.because) == (5000, 5400, "b")


def test_reach_can_be_made_a_must_by_the_case() -> None:
    values = {"reach.strength": "must", "reach.limit_m": 1200, "reach.path": "straight"}
    reach = preset("xian-2023").override(values, because="the district's office asked").of_kind(ReachRule)[0]
    assert (reach.strength, reach.limit_m, reach.path) == ("must", 1200, "straight")


def test_all_faults_of_the_overrides_come_at_once() -> None:
    values = {"size.maximum": 1, "radius.m": 2, "size.min": 9000}
    with pytest.raises(PolicyError) as caught:
        preset("xian-2023").override(values, because="x")
    sentences = caught.value.sentences("en")
    assert len(sentences) >= 3
    assert "size.maximum" in sentences[0]
    assert "size.max" in sentences[0]
    assert any("min 9000 > max 5000" in sentence for sentence in sentences)


def test_an_override_without_a_reason_is_refused() -> None:
    with pytest.raises(PolicyError, match="reason"):
        preset("xian-2023").override({"size.max": 5200}, because=" ")


def test_all_faults_of_a_file_come_at_once_in_the_users_language(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(
        'colour = "red"\n'
        '[[rules]]\nkind = "size"\nrule_id = "size"\nstrength = "must"\nclause = "1"\nmin = 9\nmax = 3\n'
        '[[rules]]\nkind = "magic"\nrule_id = "m"\n'
        '[[rules]]\nkind = "reach"\nrule_id = "r"\nstrength = "must"\nclause = "2"\nlimit = 3\n',
        encoding="utf-8",
    )
    with pytest.raises(PolicyError) as caught:
        read_policy("my.toml", folder=tmp_path)
    text = "\n".join(caught.value.sentences("zh"))
    for part in ("colour", "min 9 > max 3", "magic", "limit", "my.toml"):
        assert part in text


def test_a_file_may_extend_a_preset(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(
        'extends = "national-2026"\n[[rules]]\nkind = "size"\nrule_id = "size"\nstrength = "must"\n'
        'clause = "1"\nmin = 1500\nmax = 2000\n',
        encoding="utf-8",
    )
    city: Policy = read_policy("city.toml", folder=tmp_path)
    assert city.size.max == 2000
    assert len(city.rules) == len(preset("national-2026").rules)


def test_an_unknown_preset_names_the_ones_there_are() -> None:
    with pytest.raises(PolicyError, match="xian-2023"):
        preset("xian")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"gone\.toml"):
        read_policy("gone.toml", folder=tmp_path)


def test_a_rule_refuses_a_strength_that_does_not_exist() -> None:
    rule = Rule(rule_id="x", strength="perhaps", clause="1")  # type: ignore[arg-type]
    (wrong,) = rule.problems()
    assert wrong.values["value"] == "'perhaps'"
