"""Bad policy files: one error that lists everything, exit code 2, and nothing that is only unlikely is refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.errors import PolicyError
from districting.language import Language
from districting.policies.entries import read_entry
from districting.policies.outcomes import Outcome
from districting.policies.procedure import ProcedureStep
from districting.policies.reading import preset, read_policy
from districting.policies.resources import RESOURCE_KINDS
from districting.policies.rules import RULE_KINDS
from districting.policies.wrong import Wrong
from tests.test_cli import run

LANGUAGES: tuple[Language, ...] = get_args(Language)

SIZE = '[[rules]]\nkind = "size"\nrule_id = "size"\nstrength = "must"\nclause = "1"\nmin = 1000\nmax = 3000\n'


def rule(kind: str, rule_id: str = "", **figures: object) -> str:
    """A rule as TOML; ids are the kind where none is given."""
    values = {"kind": kind, "rule_id": rule_id or kind, "strength": "must", "clause": "1", **figures}
    return "[[rules]]\n" + tomlkit.dumps({key: one for key, one in values.items() if one is not None})


def figure(kind: str, resource_id: str, **figures: object) -> str:
    """A resource figure as TOML."""
    values = {"kind": kind, "resource_id": resource_id, "strength": "must", "clause": "1", **figures}
    return "[[resources]]\n" + tomlkit.dumps(values)


def faults(text: str, folder: Path) -> list[str]:
    """Chinese sentences of the error that a policy file raises."""
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        read_policy("mine.toml", folder=folder)
    return caught.value.sentences("zh")


FAULTY = {
    "unknown key at the top": ('colour = "red"\n' + SIZE, "unknown key 'colour'"),
    "unknown key in a rule": (SIZE + rule("growth", colour="red"), "unknown key 'colour'"),
    "unknown key in a resource": (SIZE + figure("money", "m", level="city", yuan=3), "unknown key 'yuan'"),
    "unknown kind of rule": (SIZE + rule("magic"), "no kind 'magic'"),
    "unknown kind of resource": (SIZE + figure("magic", "m"), "no kind 'magic'"),
    "no kind at all": (SIZE + '[[rules]]\nrule_id = "x"\n', "no kind None"),
    "clause left out": (SIZE + rule("growth", clause=None), "clause is missing"),
    "clause left empty": (SIZE + rule("growth", clause=" "), "cites no clause"),
    "figures of a rule without clause": (rule("size", min=9, max=3, clause=None), "min 9 > max 3"),
    "words of a rule that cannot be read": (SIZE + rule("growth", strength="x", colour=1), "cannot be 'x'"),
    "one id in two faulty entries": (SIZE + rule("magic", "x") + figure("magic", "x"), "'x' stands twice"),
    "minimum above maximum": (rule("size", min=9, max=3), "min 9 > max 3"),
    "grid minimum above maximum": (SIZE + rule("grid", min=500, max=300), "min 500 > max 300"),
    "target outside the bounds": (rule("size", min=1, max=3, target=9), "target = 9 is outside 1–3"),
    "merge trigger above split trigger": (
        rule("size", min=1, max=9, merge_trigger=7, split_trigger=5),
        "merge_trigger 7 > split_trigger 5",
    ),
    "second measure without its bounds": (
        rule("size", min=1, max=9, alternative="people"),
        "needs alternative_min",
    ),
    "target beyond the limit": (SIZE + rule("reach", target_m=3, limit_m=2), "target 3 m > limit 2 m"),
    "metres and minutes at once": (SIZE + rule("reach", limit_m=2, limit_min=2), "limit_m, limit_min at once"),
    "a text for a number": (rule("size", min="few", max=3), "min = 'few' is of the wrong type"),
    "a share above one": (SIZE + rule("stability", max_moved_share=30), "outside [0, 1]"),
    "a word that is unknown": (SIZE + rule("growth", strength="perhaps"), "must, should, prefer"),
    "a resource without figures": (SIZE + figure("space", "s", use="office"), "one of per_100_households_m2"),
    "two ways of counting staff": (
        SIZE + figure("staff", "s", role="worker", per_grid=1, per_community=2),
        "per_community, per_grid at once",
    ),
    "bands that do not rise": (
        SIZE + figure("staff", "s", role="committee", bands=[[0, 5], [0, 7]]),
        "bands begin at [0, 0]",
    ),
    "two rules of one id": (SIZE + rule("growth", "x") + rule("naming", "x"), "'x' stands twice"),
    "a rule and a resource of one id": (
        SIZE + rule("growth", "x") + figure("money", "x", level="city", yuan_per_year=1),
        "'x' stands twice",
    ),
    "an id with a dot": (SIZE + rule("growth", "grow.th"), "nor hold a dot"),
    "a figure that is no number": (SIZE + rule("remote", beyond_m=float("nan")), "wrong type"),
    "a resource of the id of an inherited rule": (
        'extends = "xian-2023"\n' + figure("money", "reach", level="city", yuan_per_year=1),
        "'reach' stands twice",
    ),
    "no rule on size": (rule("growth"), "no rule on size"),
    "two rules on size": (SIZE + rule("size", "other", min=1, max=2), "several rules of kind size"),
    "two rules on the same zones": (
        SIZE + rule("nesting", "a", inside="school") + rule("nesting", "b", inside="school"),
        "inside = school",
    ),
    "grids larger than communities": (SIZE + rule("grid", min=300, max=3500), "grid.max 3500 > size.max 3000"),
    "remote within the radius": (
        SIZE + rule("reach", limit_m=2000) + rule("remote", beyond_m=1500),
        "reach (limit) 2000 > remote.beyond_m 1500",
    ),
    "parts above the whole": (
        SIZE
        + figure("space_share", "a", use="activity", of="service", min_share=0.7)
        + figure("space_share", "b", use="office", of="service", min_share=0.4),
        "1.1 > service 1",
    ),
    "least share above the largest": (
        SIZE
        + figure("space_share", "a", use="activity", of="service", min_share=0.7)
        + figure("space_share", "b", use="activity", of="service", max_share=0.4),
        "a.min_share 0.7 > b.max_share 0.4",
    ),
    "a committee larger than both": (
        SIZE
        + figure("staff", "c", role="committee", per_community=9)
        + figure("cross_appointment", "both", at_most=7, min_share=0.6),
        "c 9 > both.at_most 7",
    ),
    "money in the place of nothing": (
        SIZE + figure("money", "m", level="city", yuan_per_year=1, instead_of="gone"),
        "instead_of cannot be 'gone'",
    ),
    "an unknown base": ('extends = "xian"\n' + SIZE, "extends cannot be 'xian'"),
    "an unknown id dropped": ('extends = "xian-2023"\ndrop = ["gone"]\n', "drop cannot be 'gone'"),
    "dropped from nothing": ('drop = ["gone"]\n' + SIZE, "drop needs extends"),
    "a title in one language": ('title = "mine"\n' + SIZE, "title = 'mine' is of the wrong type"),
    "rules that are no tables": ("rules = 3\n", "[[rules]] tables"),
    "a step without a stage": (
        SIZE + '[[procedure]]\nstep_id = "s"\ntext = "x"\nclause = "1"\n',
        "stage is missing",
    ),
    "no TOML": ("rules = [", "is no correct TOML"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_the_command_line_refuses_a_faulty_policy_with_exit_code_two(
    fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = FAULTY[fault]
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    code, out, err = run("policies", tmp_path / "mine.toml", "-l", "en", capsys=capsys)
    assert code == 2
    assert not out
    assert said in err


@pytest.mark.parametrize("fault", FAULTY)
def test_every_fault_is_said_in_chinese_too(fault: str, tmp_path: Path) -> None:
    for sentence in faults(FAULTY[fault][0], tmp_path):
        assert sentence.startswith(("政策", "没有", "文件 mine.toml 第 1 行"))


def test_everything_that_is_wrong_with_a_file_comes_at_once(
    hamlet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'colour = "red"\n' + rule("size", min=9, max=3) + rule("growth", clause=None) + rule("magic")
    text += figure("space", "s", use="office") + figure("money", "m", level="moon", yuan_per_year=1)
    (hamlet.parent / "mine.toml").write_text(text, encoding="utf-8")
    hamlet.write_text(hamlet.read_text(encoding="utf-8").replace('"xian-2023"', '"mine.toml"'), encoding="utf-8")
    code, _, err = run("diagnose", hamlet, "-l", "en", capsys=capsys)
    assert code == 2
    lines = [line for line in err.splitlines() if line.startswith("✗")]
    for part in ("colour", "min 9 > max 3", "clause is missing", "magic", "per_100_households_m2", "'moon'"):
        assert sum(part in line for line in lines) == 1, part
    assert len(lines) == 6


@pytest.mark.parametrize(
    "text",
    [
        SIZE + rule("stability", max_moved_share=0.0),
        SIZE + rule("whole_unit") + rule("compound"),
        SIZE + rule("reach", limit_m=1500) + rule("remote", beyond_m=1500),
        SIZE + rule("grid", min=300, max=500, measure="people"),
        SIZE + rule("crossing", "a") + rule("crossing", "b", strength="should", classes=["rail"]),
    ],
)
def test_rules_that_some_town_can_keep_are_no_contradiction(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert read_policy("mine.toml", folder=tmp_path).size.max == 3000


KINDS = [*RULE_KINDS.values(), *RESOURCE_KINDS.values(), ProcedureStep, Outcome]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.lists(st.integers())


def is_said(wrong: list[Wrong]) -> bool:
    """True if every fault is a sentence in both languages."""
    return all(one.fault(policy="p", entry="e").sentence(language) for one in wrong for language in LANGUAGES)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_stands_in_an_entry_ends_in_the_entry_or_in_faults(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    names = [*(one.name for one in fields(kind)), "colour"]
    entry, wrong = read_entry(kind, data.draw(st.dictionaries(st.sampled_from(names), VALUES, min_size=3)))
    assert entry is not None or wrong
    assert is_said(wrong)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_figures_of_the_right_type_are_sound_or_their_faults_are_said(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(KINDS).flatmap(st.from_type))
    assert is_said(entry.problems())


def test_an_override_may_not_make_a_contradiction_either() -> None:
    with pytest.raises(PolicyError, match=r"grid\.max"):
        preset("wuxue-2013-grid").override({"grid.max": 9000}, because="x")
    with pytest.raises(PolicyError, match=r"wrong type|类型"):
        preset("xian-2023").override({"size.max": "many"}, because="x")
