"""Sentences: both languages say the same, and every key that code uses exists."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

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
