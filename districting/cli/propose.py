"""``districting propose``: plans with their proof, written as files and maps."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from districting.case import numbers_by_subdistrict
from districting.cli.exits import FINE, NO_PLAN, RULE_BROKEN
from districting.cli.interruption import Interruption
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Engine, Lang, OutFolder, Subdistricts, TimeLimit, span_of
from districting.language import say
from districting.rerun.lock import holding
from districting.screen import err, out, print_alternative, print_comparison, print_identities, print_provenance


def propose(
    case: CaseFile,
    folder: OutFolder = Path("out"),
    subdistrict: Subdistricts = None,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            help="whole, adjust, redraw, or with a profile: adjust/best-service; repeatable; default: the case's.",
            metavar="MODE[/PROFILE]",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="What is wanted of modes named alone: see 'districting profiles', or a profile file."),
    ] = None,
    communities: Annotated[
        str | None, typer.Option(help="How many communities: 25, or 23-26.", metavar="N|N-M")
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(help="The size bounds hold in this year, too.", metavar="YEAR")
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(help="Day of the run, which a freeze depends on; default: today.", metavar="YYYY-MM-DD"),
    ] = None,
    alternatives: Annotated[
        int | None, typer.Option(help="Plans of each mode: the best, and others that truly differ.", min=1)
    ] = None,
    time_limit: TimeLimit = None,
    engine: Engine = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Find plans, prove how good they are, judge them and write them with maps.

    Examples
    --------
      districting propose case.toml -o out/

      districting propose case.toml --subdistrict 文艺路街道 --mode adjust/best-service --time-limit 120

    Ctrl-C ends the search and keeps the best plan so far.
    """
    changes: dict[str, Any] = {}
    if mode:
        changes["modes"] = tuple(mode)
    if profile:
        changes["profile"] = profile
    if communities:
        changes["communities"] = numbers_by_subdistrict({"": span_of(communities)})
    if horizon is not None:
        changes["horizon"] = horizon
    if date is not None:
        changes["date"] = date
    if alternatives is not None:
        changes["alternatives"] = alternatives
    if time_limit is not None:
        changes["time_limit_s"] = time_limit
    propose_and_print(
        case,
        folder,
        subdistricts=subdistrict or (),
        changes=changes,
        engine=engine,
        language=language,
        json_=json_,
    )


def propose_and_print(
    case: Path,
    folder: Path,
    *,
    language: str | None,
    json_: bool,
    subdistricts: Sequence[str] = (),
    changes: Mapping[str, Any] | None = None,
    engine: str | None = None,
) -> None:
    """Propose, write, print, and end with the exit code of what was found.

    Raises
    ------
    typer.Exit
        Always: fine, a must-rule broken, or no plan.
    """
    with opened(case, language, into=folder) as study, holding(study.case.path, verb="propose") as left:
        if left is not None:
            err.print(left.sentence(study.language), markup=False)
        study = study.with_settings(changes or {})
        folder.parent.mkdir(parents=True, exist_ok=True)  # find out now, and not after all the solving
        with Interruption(study.language).listening() as stop:
            run = study.propose(subdistricts=subdistricts, engine=engine, stop=stop)
        page = study.write(run, folder)
    if json_:
        sys.stdout.write((folder / "run.json").read_text(encoding="utf-8"))
    else:
        for alternative in run.alternatives:
            print_alternative(alternative, study, stopped=stop.asked)
        print_comparison(run.comparison, study)
        for alternative in run.alternatives:
            print_identities(alternative, study)
        print_provenance(study)
        out.print(say("cli.page", study.language, path=page))
        for alternative in run.alternatives:
            out.print(f"  {folder / 'plans' / alternative.plan.plan_id / 'map.html'}")
    if all(answer.result.solution is None for a in run.alternatives for answer in a.answers.values()):
        raise typer.Exit(NO_PLAN)
    raise typer.Exit(FINE if any(alternative.adoptable for alternative in run.alternatives) else RULE_BROKEN)
