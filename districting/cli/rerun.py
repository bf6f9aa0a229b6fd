"""``districting rerun``: what changed since the plan in force was made, and the least change that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from districting.cli.exits import FINE, NO_PLAN, PROPOSALS
from districting.cli.interruption import Interruption
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Engine, Lang, TimeLimit
from districting.errors import DistrictingError, InputError
from districting.rerun.lock import holding
from districting.rerun.notices import Event, announce
from districting.rerun.telling import lines
from districting.rerun.writing import refuse_own_reference, write_rerun
from districting.screen import err, out, print_json
from districting.study import Study

_EXITS = {"nothing": FINE, "proposals": PROPOSALS, "no_plan": NO_PLAN}


def rerun(
    case: CaseFile,
    previous: Annotated[
        Path | None,
        typer.Option(help="Output folder of an earlier run, where the case has no adopted plan.", metavar="OUT"),
    ] = None,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; replaced in one step.")] = Path(
        "rerun"
    ),
    plan: Annotated[
        str | None,
        typer.Option(help="Which plan of --previous; default: the first that may be adopted.", metavar="ID"),
    ] = None,
    all_: Annotated[
        bool,
        typer.Option("--all", help="Propose also for what was accepted with the plan in force, or had no answer."),
    ] = False,
    time_limit: TimeLimit = None,
    engine: Engine = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Run again after the data changed: tell what changed, and move as few households as possible.

    Example:  districting rerun case.toml --previous out/ -o rerun/

    Only sub-districts that the changes touch, and where they ask for something, are solved; the others stay letter
    by letter. Exit codes: 0 nothing to do, 10 proposals, 3 something asks for a change and no plan was found.
    """
    refuse_own_reference(folder, previous)
    with holding(case, verb="rerun") as left, opened(case, language, into=folder) as study:
        if left is not None:
            err.print(left.sentence(study.language), markup=False)
        if time_limit is not None:
            study = study.with_settings({"time_limit_s": time_limit})
        folder.parent.mkdir(parents=True, exist_ok=True)  # find out now, and not after all the solving
        try:
            with Interruption(study.language).listening() as stop:
                found = study.rerun(previous, plan=plan, everything=all_, engine=engine, stop=stop)
            written = write_rerun(found, folder, language=study.language)
        except DistrictingError as error:
            told = error.sentences(study.language) if isinstance(error, InputError) else [str(error)]
            _tell({"outcome": "failed", "error": "\n".join(told)}, study, event="failed", folder=None)
            raise
    report = found.to_json(study.language)
    if json_:
        print_json(report)
    for line in lines(found, study.language, written=written):
        (err if json_ else out).print(line, markup=False)  # with --json, what a log is to say
    _tell(report, study, event=found.event, folder=folder)
    raise typer.Exit(_EXITS[found.outcome])


def _tell(report: Mapping[str, Any], study: Study, *, event: Event, folder: Path | None) -> None:
    """Tell whom the case names, and say on the log who was told."""
    case = study.case
    for notice in announce(report, event=event, case=case.path, out=folder, settings=case.rerun):
        err.print(notice.sentence(study.language), markup=False)
