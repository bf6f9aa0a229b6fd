"""docs/case.md: every example is a case that the program reads, and no key that it reads is missing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import tomlkit

from districting.case import _TOP, Case, SolveSettings
from districting.flow.case_tables import Freeze, RerunSettings
from districting.plans.posing import LockRequest
from districting.plans.problem import LockKind
from districting.territory.list_cells import LIST_COLUMNS, ListSpec
from districting.territory.specs import PLACE_COLUMNS, ROLE_COLUMNS, ROLES, Estimate, LayerSpec

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "case.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.S)


def names(noun: type[Any]) -> set[str]:
    """What a table of the case may hold."""
    return {one.name for one in fields(noun)}


#: Chapter of the page → every key that the reader knows there.
KNOWN: dict[str, set[str]] = {
    "Top level": _TOP,
    "Layers": {
        *(names(LayerSpec) - {"role"}),
        *names(Estimate),
        *ROLES,
        *(column for columns in ROLE_COLUMNS.values() for column in columns),
        *PLACE_COLUMNS,
    },
    "Solve": names(SolveSettings),
    "Locks": {*names(LockRequest), *get_args(LockKind)},
    "Overrides": {"value", "because"},
    "Freeze": names(Freeze),
    "Grids": {"policy"},
    "Lists": {*names(ListSpec), *LIST_COLUMNS},
    "Rerun": names(RerunSettings),
}


def code(chapter: str) -> set[str]:
    """Every word that stands as code in a chapter, the remarks of its examples apart."""
    text = TEXT.split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    blocks = re.sub(r"(?m)#.*$", "", "\n".join(re.findall(r"```toml\n(.*?)```", text, re.S)))
    words: Iterable[str] = re.findall(r"`[^`\n]+`", re.sub(r"```.*?```", "", text, flags=re.S))
    return set(re.findall(r"\w+", " ".join([blocks, *words])))


@pytest.mark.parametrize("chapter", KNOWN)
def test_every_key_that_a_case_may_hold_stands_in_its_chapter(chapter: str) -> None:
    assert not KNOWN[chapter] - code(chapter)


def test_every_chapter_is_held_against_the_reader() -> None:
    assert re.findall(r"(?m)^## (.*)$", TEXT) == list(KNOWN)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_read_together_with_the_layers_of_a_town(block: str, hamlet_folder: Path) -> None:
    town = tomllib.loads((hamlet_folder / "case.toml").read_text(encoding="utf-8"))
    example = tomllib.loads(block)
    document = {**town, **example, "layers": {**town["layers"], **example.get("layers", {})}}
    case = Case.parse(tomlkit.dumps(document), hamlet_folder / "case.toml")
    assert not [fault for spec in case.layers for fault in spec.faults()]
    assert {override.key for override in case.policy().overrides} == set(example.get("overrides", {}))
    assert case.approaches()
