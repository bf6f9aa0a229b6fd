"""Every aspect that the checks can tell has its sentence and its short name, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from districting.assessment.wording import finding_sentence, quantity
from districting.language import Language, sentences
from districting.plans.finding import Finding
from districting.policies.land import BorderRule
from districting.territory.adjacency import BORDER_CLASSES
from tests.plans import test_checks

PACKAGE = Path(test_checks.__file__).resolve().parents[2] / "districting"
PLANS = PACKAGE / "plans"
#: What is no fault of a plan, but of today.
DIAGNOSIS = PACKAGE / "assessment" / "diagnosis.py"
ASPECTS = sorted(key.removeprefix("aspect.") for key in sentences() if key.startswith("aspect."))


def test_every_aspect_in_the_checks_has_a_name_and_a_sentence() -> None:
    said = (*PLANS.rglob("*.py"), DIAGNOSIS)
    code = "\n".join(path.read_text(encoding="utf-8") for path in said)
    quoted = set(re.findall(r'"([a-z_]+)"', code))
    # Grids are told with the aspects of communities, as "grid_over_max" and so on.
    assert {aspect.removeprefix("grid_") for aspect in ASPECTS} <= quoted
    assert {f"finding.{aspect}" for aspect in ASPECTS} <= set(sentences())
    assert {key.removeprefix("finding.") for key in sentences() if key.startswith("finding.")} == set(ASPECTS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_class_of_border_has_a_word(language: Language) -> None:
    for border_class in {*BORDER_CLASSES, *BorderRule(rule_id="b", strength="must", clause="").classes}:
        told = Finding(
            "main_roads", "crossing", "prefer", "", "S", "A", 1234.5, 0, "m", (0, 0), 7,
            {"name": "东门社区", "border_class": border_class, "line_name": ""},
        )  # fmt: skip
        assert finding_sentence(told, language).startswith("东门社区")


def test_figures_are_written_as_people_write_them() -> None:
    told = Finding(
        "reach", "out_of_reach", "must", "", "S", "A", 1241.22, 1200, "m", (0, 0), 2285,
        {"name": "东门社区", "path": "walk", "share_within": 0.98},
    )  # fmt: skip
    assert finding_sentence(told, "zh") == "东门社区：2,285 户到服务中心超过 1,200 米（步行），最远 1,241 米。"
    assert finding_sentence(told, "en") == (
        "东门社区: 2,285 households live more than 1,200 m (on foot) from the service centre, "
        "the farthest 1,241 m."
    )
    assert quantity(1, "households", "en") == "1 household"
    assert quantity(0.125, "share", "zh") == "12.5%"


def test_a_place_without_a_name_is_described() -> None:
    lost = Finding("coverage", "building_in_none", "must", "", "", "", 2, 0, "buildings", (0, 0), 31)
    assert finding_sentence(lost, "zh") == "街道不明的范围：2 栋建筑、31 户不属于任何社区。"
    office = Finding(
        "office", "office_outside", "should", "", "S", "A", 50, 0, "m", (0, 0), 9, {"name": "A", "host": ""}
    )
    assert finding_sentence(office, "en") == (
        "A: the service centre stands 50 m outside its own land, in land of no community."
    )
