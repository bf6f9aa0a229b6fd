"""``districting resources``: rooms, staff and money of every community, today and under a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang, Subdistricts
from districting.screen import print_json, print_resources


def resources(
    case: CaseFile,
    plan: Annotated[
        Path | None,
        typer.Argument(help="A plan file as 'districting check' reads it, or a plan's folder; default: today."),
    ] = None,
    grids: Annotated[
        Path | None,
        typer.Option(help="Folder that 'districting grids' wrote: counts its grids instead of estimating them."),
    ] = None,
    subdistrict: Subdistricts = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Compute what the policy gives each community, what is there, what is missing, and what a plan costs.

    Example:  districting resources case.toml out/plans/adjust/plan.csv
    """
    with opened(case, language) as study:
        table = study.resources(plan, grids=grids)
        if subdistrict:
            table = table.only(study.subdistrict_ids(subdistrict))
    if json_:
        print_json(table.to_json())
    else:
        print_resources(table, study)
