"""A rerun without a plan in force says what is missing, and how far a plan of the case has come."""

from __future__ import annotations

from pathlib import Path

import pytest

from districting.case import Case
from districting.errors import PlanError
from districting.records.adoption import Asked, Plans
from districting.records.archive import Archive
from districting.records.store import Store, records_path
from districting.rerun.reference import find_reference


def told(case: Case) -> str:
    """What a rerun says that finds no plan."""
    with pytest.raises(PlanError) as caught:
        find_reference(case, None)
    (sentence,) = caught.value.sentences("en")
    return sentence


def test_a_draft_is_named_with_the_steps_that_it_lacks(tmp_path: Path) -> None:
    text = 'crs = "EPSG:4547"\n[layers.buildings]\npath = "buildings.gpkg"\n'
    case = Case.parse(text, tmp_path / "case.toml")
    assert "no adopted plan" in told(case)
    with Store(records_path(case.path)) as store:
        figures = {"households_moved": 1, "communities": 1, "findings_must": 0}
        for plan in ("one/whole", "two/adjust"):
            Plans(store).enter(plan, plan, Archive(plan, b""), Asked("me"), figures=figures)
    assert f"districting adopt {case.path} two/adjust twice more" in told(case)
    with Store(records_path(case.path)) as store:
        Plans(store).move("one/whole", Asked("me"), findings_must=0)
    assert f"districting adopt {case.path} one/whole once more" in told(case)
