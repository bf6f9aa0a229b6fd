"""``districting check``: the verdict on any plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from districting.assessment.wording import finding_sentence
from districting.cli.exits import FINE, RULE_BROKEN
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang
from districting.flow.run import Judged
from districting.language import say
from districting.screen import new_communities, out, print_findings, print_json, print_new_communities
from districting.study import Study


def check(
    case: CaseFile,
    plan: Annotated[
        Path, typer.Argument(help="CSV or Excel of atom_id or building_id and community_id, or polygons.")
    ],
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Judge any plan, also one drawn by hand, against every rule of the policy.

    Example:  districting check case.toml my-plan.csv
    """
    with opened(case, language) as study:
        judged = study.check(plan)
    if json_:
        print_json(_as_data(judged, plan, study))
    else:
        print_findings(judged.findings, study)
        key = "cli.adoptable" if judged.adoptable else "cli.not_adoptable"
        out.print(say(key, study.language, plan=plan.name, moved=judged.households_moved))
        print_new_communities(judged, plan.name, study.language)
    raise typer.Exit(FINE if judged.adoptable else RULE_BROKEN)


def _as_data(judged: Judged, plan: Path, study: Study) -> dict[str, Any]:
    """The verdict on one plan file as plain data."""
    return {
        "plan": str(plan),
        "adoptable": judged.adoptable,
        "households_moved": judged.households_moved,
        "new_communities": new_communities(judged),
        "findings": [
            {**finding.to_json(), "sentence": finding_sentence(finding, study.language)}
            for finding in judged.findings
        ],
    }
