"""``districting policies``: what a planner sees of a policy, in both languages and as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from districting.language import Language
from districting.policies.handbook import handbook
from districting.policies.reading import preset, preset_ids
from districting.policies.resources import RESOURCE_KINDS
from districting.policies.rules import RULE_KINDS
from districting.policies.wording import figures_text, in_language
from tests.test_cli import run


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal on which no cell wraps."""
    # a console that was made under COLUMNS no longer asks the environment
    monkeypatch.setattr("districting.screen.out._width", 400)


def test_the_list_shows_every_preset_with_its_size_and_marks_the_default(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run("policies", "-l", "en", capsys=capsys)
    assert code == 0
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert set(preset_ids()) <= set(rows)
    assert "2,000–3,000 households or 8,000–12,000 people" in rows["donghai-2019"]
    assert "1,340–5,370 people" in rows["taizhou-2016"]
    assert out.index("national-2026") < out.index("default") < out.index("taizhou-2016")


@pytest.mark.parametrize("policy_id", preset_ids())
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_policy_is_printed_whole(policy_id: str, language: Language, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("policies", policy_id, "-l", language, capsys=capsys)
    assert code == 0
    policy = preset(policy_id)
    assert all(f" {one} " in out for one in policy.asked)
    assert all(figures_text(one, language) in out for one in policy.asked.values())
    assert all(in_language(one.reading, language) in out for one in policy.entries)
    said = [one for one in policy.entries if one.basis != "program"]
    clauses = {one.clause_en if language == "en" else one.clause for one in said}
    assert all(clause in out for clause in clauses)


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_narrow_terminal_loses_nothing_and_no_line_is_too_wide(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("districting.screen.out._width", width)
    _, out, _ = run("policies", "xian-2023", "-l", "zh", capsys=capsys)
    table = out.split("规则", 1)[1]
    assert max(map(cell_len, table.splitlines())) <= width
    assert "…" not in table
    assert "service_rooms_small_new" in table.replace("\n", "")


def test_the_data_of_a_policy_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("policies", "xian-2023", "--json", capsys=capsys)
    (told,) = json.loads(out)["policies"]
    policy = preset("xian-2023")
    assert [one["rule_id"] for one in told["rules"]] == [rule.rule_id for rule in policy.rules]
    assert [one["resource_id"] for one in told["resources"]] == [one.resource_id for one in policy.resources]
    assert len(told["procedure"]) == len(policy.procedure)
    committee = next(one for one in told["resources"] if one["resource_id"] == "committee")
    assert committee["bands"] == [[0, 5], [2000, 7], [4000, 9]]
    assert {one["outcome_id"]: one["value"] for one in told["outcomes"]}["super_large"] == 34


def test_a_file_that_extends_a_preset_shows_what_it_took_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[[rules]]\nkind = "size"\nrule_id = "size"\nstrength = "must"\nclause = "3"\nmin = 1500\nmax = 2000\n'
    (tmp_path / "city.toml").write_text('extends = "national-2026"\n' + text, encoding="utf-8")
    _, out, _ = run("policies", tmp_path / "city.toml", "-l", "en", capsys=capsys)
    assert out.count("from national-2026") == len(preset("national-2026").rules) - 1


@pytest.mark.parametrize(
    ("policy_id", "entry_id", "zh", "en"),
    [
        ("xian-2023", "committee", "不足 2,000 户 5 名；自 2,000 至 4,000 户 7 名；超过 4,000 户 9 名",
         "under 2,000 households: 5; from 2,000 to 4,000 households: 7; above 4,000 households: 9"),
        ("taizhou-2016", "reach", "上限步行 10 分钟（800 米）；沿路步行", "limit 10 minutes' walk (800 m); walked"),
        ("donghai-2019", "offices", "每百户 30 平方米；不少于 600 平方米", "30 m² per 100 households; at least 600 m²"),
        ("chifeng", "rooms_of_200", "达到 200 平方米的社区逐年占 40 % → 60 % → 80 %",
         "communities with 200 m²: 40 % → 60 % → 80 %, year by year"),
    ],
)  # fmt: skip
def test_figures_are_said_as_a_person_would(policy_id: str, entry_id: str, zh: str, en: str) -> None:
    entry = preset(policy_id).asked[entry_id]
    assert figures_text(entry, "zh") == zh
    assert figures_text(entry, "en") == en


def test_every_kind_of_rule_and_resource_can_be_said() -> None:
    said = {one.kind for name in preset_ids() for one in preset(name).asked.values()}
    assert said == set(RULE_KINDS) | set(RESOURCE_KINDS), "some preset uses each kind, so each is printed above"


def test_the_page_of_the_docs_has_both_languages_in_every_row() -> None:
    rows = [line for line in handbook().splitlines() if line.startswith("|")]
    assert all(line.count("|") in (4, 5) for line in rows)
