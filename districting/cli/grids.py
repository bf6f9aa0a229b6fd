"""``districting grids``: every community divided into grids."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from districting.assessment.wording import finding_sentence
from districting.cli.exits import FINE, RULE_BROKEN
from districting.cli.interruption import Interruption
from districting.cli.opening import opened
from districting.cli.options import TODAY, AsJson, CaseFile, Engine, Lang, OutFolder, Subdistricts
from districting.flow.grid_handover import grid_notes
from districting.flow.gridding import GridRun
from districting.language import Language, say
from districting.screen import LISTED, out


def grids(
    case: CaseFile,
    plan: Annotated[
        str, typer.Argument(help="'today', a plan file as 'districting check' reads it, or a plan's folder.")
    ] = TODAY,
    folder: OutFolder = Path("grids"),
    subdistrict: Subdistricts = None,
    grid_policy: Annotated[
        str | None,
        typer.Option(
            help="Policy whose grid rule holds; default: that of the case, its policy's own, wuxue-2013-grid.",
            metavar="POLICY",
        ),
    ] = None,
    engine: Engine = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Divide every community into grids (网格) along streets and lanes, with code, type and worker of each.

    Examples
    --------
      districting grids case.toml today -o out/grids

      districting grids case.toml out/plans/adjust -o out/grids

    Ctrl-C ends the search: communities not yet divided stay one grid each.
    """
    with opened(case, language, into=folder, kept=[] if plan == TODAY else [Path(plan)]) as study:
        folder.parent.mkdir(parents=True, exist_ok=True)  # find out now, and not after all the solving
        with Interruption(study.language).listening() as stop:
            run = study.grids(
                None if plan == TODAY else plan,
                policy=grid_policy,
                subdistricts=subdistrict or (),
                engine=engine,
                stop=stop,
            )
        record = study.write_grids(run, folder)
    if json_:
        sys.stdout.write(record.read_text(encoding="utf-8"))
    else:
        _print(run, study.language)
        out.print(say("grid.cli_written", study.language, path=folder))
    raise typer.Exit(FINE if run.adoptable else RULE_BROKEN)


def _print(run: GridRun, language: Language) -> None:
    """Totals, what was proved, and what is broken."""
    rule, figures = run.rule, run.figures
    sizes = figures[rule.measure]
    kinds = Counter(figures["type"])
    comma = {"zh": "、", "en": ", "}[language]
    told = [f"{say(f'grid.type.{kind}', language)} {number:,}" for kind, number in sorted(kinds.items())]
    values = {
        "communities": figures["community_id"].nunique(),
        "grids": len(figures),
        "inside": int(sizes.between(rule.min, rule.max).sum()),
        "low": rule.min,
        "high": rule.max,
        "unit": say(f"report.measure_unit.{rule.measure}", language),
        "types": comma.join(told),
    }
    out.print(say("grid.cli_divided", language, **values), markup=False)
    optimal = sum(row["status"] == "optimal" for row in run.certificates)
    proved = {"optimal": optimal, "other": len(run.certificates) - optimal, "seconds": run.seconds}
    out.print(say("grid.cli_proved", language, **proved), markup=False)
    missed = [row for row in run.certificates if row["missed_households"]]
    if missed:
        off = {key: sum(row[f"missed_{name}"] for row in missed) for key, name in _MISSED}
        out.print(say("grid.cli_missed", language, count=len(missed), **off), markup=False)
    for aspect, number in sorted(Counter(finding.aspect for finding in run.findings).items()):
        out.print(f"  {number:>6,}  {say(f'aspect.{aspect}', language)}", markup=False)
    must = [finding for finding in run.findings if finding.strength == "must"]
    for finding in must[:LISTED]:
        out.print("  [red]✗[/red] ", end="")
        out.print(finding_sentence(finding, language), markup=False)
    if len(must) > LISTED:
        out.print(say("cli.more", language, n=len(must) - LISTED))
    for note in grid_notes(run, language)[:-1]:
        out.print(note, markup=False)


_MISSED = (("missed", "households"), ("least", "lower_bound"))
