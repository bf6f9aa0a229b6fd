"""Sentences: both languages say the same, and every key that code uses exists."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from districting.errors import Fault
from districting.language import default_language, say, sentences

PACKAGE = Path(__file__).resolve().parents[1] / "districting"


def names(text: str) -> set[str]:
    """Placeholders of a sentence."""
    return {
        name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None
    }


@pytest.mark.parametrize("key", sorted(sentences()))
def test_both_languages_name_the_same_values(key: str) -> None:
    entry = sentences()[key]
    assert names(entry["zh"]) == names(entry["en"])


@pytest.mark.parametrize("key", sorted(sentences()))
def test_the_chinese_sentence_is_chinese_and_the_english_is_not(key: str) -> None:
    entry = sentences()[key]
    assert not re.search("[一-鿿]", re.sub(r"\{[^}]*\}|（[^）]*）|\([^)]*\)", "", entry["en"])), entry["en"]


def test_every_key_in_the_code_has_a_sentence() -> None:
    pattern = re.compile(r'"((?:fault|finding|conflict|stage|cli|name|unit|note)\.[a-z_0-9.]+)"')
    used = {match for path in PACKAGE.rglob("*.py") for match in pattern.findall(path.read_text(encoding="utf-8"))}
    assert used <= set(sentences()), sorted(used - set(sentences()))


#: Things that are counted in sentences.
COUNTED = re.compile(
    r"\{(?!plan\})\w+(:[^}|]*)?\}( different| grid| inhabited| new| registered| required| service)? (households|people|communities|buildings|sub-districts|features|rows|ids|atoms|"
    r"stages|errors|warnings|dwellings|grids|centres|pieces|places|findings|must-findings|must-rules|files|steps|"
    r"months|days|minutes|projects|entries|columns|lists|plans|changes|votes|comments|locks)\b"
)


def test_a_counted_thing_has_a_singular_in_english() -> None:
    wrong = [key for key, said in sentences().items() if COUNTED.search(said["en"])]
    assert not wrong, "write {n} {n:thing|things}"


def test_one_is_one_thing_and_every_other_figure_several() -> None:
    assert say("cli.doctor", "en", errors=1, warnings=0) == "Data check: 1 error, 0 warnings."
    assert say("unit.household", "en", n=1_001) == "1,001 households"
    assert say("resource.amount.people", "en", n="-1") == "-1 person"
    assert say(
        "stages.stage", "en", stage=1, changed=1, actions="1 split", households="1,204", communities=12
    ) == ("Stage 1: 1 community changes (1 split), 1,204 households move; 12 communities afterwards.")


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(KeyError):
        say("unit.household", "en")


def test_the_language_before_a_case_is_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISTRICTING_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert default_language() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert default_language() == "zh"
    monkeypatch.setenv("DISTRICTING_LANGUAGE", "en")
    assert default_language() == "en"


@pytest.mark.parametrize(
    ("key", "values", "meant"),
    [
        ("fault.policy_unknown", {"policy": "xian-2032", "known": "national-2026, xian-2023"}, "xian-2023"),
        ("fault.mode_unknown", {"value": "ajust/best-service", "known": "whole, adjust, redraw"}, "adjust"),
        ("fault.case_unknown_key", {"file": "c", "key": "solve.time_limit", "known": "modes, time_limit_s"}, "time_limit_s"),
        ("fault.subdistrict_unknown", {"names": "文艺街道", "known": "太乙路街道, 文艺路街道"}, "文艺路街道"),
        ("fault.setting", {"key": "profile", "value": "clean_border", "known": "balanced, clean-borders"}, "clean-borders"),
    ],
)  # fmt: skip
def test_a_misspelt_word_is_answered_with_the_nearest(key: str, values: dict[str, str], meant: str) -> None:
    fault = Fault(key, values)
    assert fault.sentence("en").endswith(f"Did you mean '{meant}'?")
    assert fault.sentence("zh").endswith(f"是否应为“{meant}”？")


def test_a_word_that_is_like_none_gets_no_guess() -> None:
    fault = Fault("fault.mode_unknown", {"value": "zzz", "known": "whole, adjust, redraw"})
    assert "Did you mean" not in fault.sentence("en")
