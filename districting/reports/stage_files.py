"""Files of a staged plan: the record, the changes as a table, the text, and the plan that each stage ends in."""

from __future__ import annotations

from pathlib import Path

from districting.assessment.staging import Stage, StagedPlan
from districting.assessment.staging_words import staged_text
from districting.language import Language
from districting.plans.division import Division
from districting.reports.atomic import replacing, write_text
from districting.reports.exports import write_buildings_csv, write_findings, write_plan_csv
from districting.reports.plain import write_json
from districting.territory.territory import Territory


def write_staged_plan(folder: Path, plan: StagedPlan, *, title: str, language: Language) -> None:
    """``stages.json`` (the record), ``stages.csv`` (a row per stage and community that changes), ``stages.txt``.

    Parameters
    ----------
    title
        What people call the plan.
    """
    write_json(folder / "stages.json", plan.to_json())
    write_text(folder / "stages.txt", staged_text(plan, title, language))
    with replacing(folder / "stages.csv") as temporary:
        plan.table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")


def write_stage(place: Path, stage: Stage, *, earlier: Division, territory: Territory) -> None:
    """``plan.csv`` (where the plan is one of atoms), ``buildings.csv`` and ``findings.json`` of one stage.

    Parameters
    ----------
    earlier
        The division that the stage begins with: ``community_before`` in ``buildings.csv``.
    """
    if stage.division.atoms is not None:
        write_plan_csv(place / "plan.csv", stage.division)
    write_buildings_csv(place / "buildings.csv", stage.division, today=earlier, territory=territory)
    write_findings(place / "findings.json", stage.findings)
