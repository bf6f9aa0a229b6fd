"""``districting forecast``: which communities break which rule in which year."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.assessment.forecast import Forecast
from districting.assessment.forecast_words import (
    break_sentence,
    coming_lines,
    growth_lines,
    need_lines,
    new_title,
    today_lines,
)
from districting.cli.exits import FINE, RULE_BROKEN
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang, Subdistricts
from districting.language import Language, say
from districting.reports.words import plan_title
from districting.screen import LISTED, out, print_json, print_provenance


def forecast(
    case: CaseFile,
    until: Annotated[
        int | None, typer.Option(help="Last year; default: until the last have moved in.", metavar="YEAR")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="A plan file as 'districting check' reads it, or a plan's folder; default: today."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for forecast.json, two CSV tables and an Excel file."),
    ] = None,
    subdistrict: Subdistricts = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Say which communities break which rule in which year, with the planned housing of the case.

    Examples
    --------
      districting forecast case.toml --until 2035

      districting forecast case.toml --plan out/plans/adjust -o forecast/

    Exit code 1: a must-rule that grows with people is broken, today or later.
    """
    with opened(case, language, into=folder, kept=[] if plan is None else [plan]) as study:
        told = study.forecast(plan, until=until, subdistricts=subdistrict or ())
        record = None if folder is None else study.write_forecast(told, folder)
    if json_:
        print_json(told.to_json())
    else:
        _print(told, study.language)
        print_provenance(study)
        if record is not None:
            out.print(say("forecast.written", study.language, path=record.parent))
    raise typer.Exit(RULE_BROKEN if any(one.finding.strength == "must" for one in told.breaks) else FINE)


def _print(told: Forecast, language: Language) -> None:
    """What comes, what breaks, who grows, what follows."""
    title = say("forecast.title", language, plan=plan_title(told.name, language), until=told.until)
    out.print(f"[bold]{title}[/bold]")
    for line in coming_lines(told, language):
        out.print(f"  {line}", markup=False)
    out.print(f"\n[bold]{new_title(told, language)}[/bold]")
    marks = {"must": "[red]✗[/red]", "should": "[yellow]![/yellow]", "prefer": "[dim]·[/dim]"}
    for one in told.new_breaks[:LISTED]:
        out.print(f"  {marks[one.finding.strength]} ", end="")
        out.print(break_sentence(one, told, language), markup=False)
    if len(told.new_breaks) > LISTED:
        out.print(say("cli.more", language, n=len(told.new_breaks) - LISTED))
    for lines in (today_lines, growth_lines, need_lines):
        for number, line in enumerate(lines(told, language)):
            if number == 0:
                out.print(f"\n[bold]{line}[/bold]")
            else:
                out.print(line, markup=False)
