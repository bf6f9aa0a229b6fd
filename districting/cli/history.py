"""``districting history``: what was run, proposed and adopted, and any of it again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from districting.case import Case
from districting.cli.exits import FINE, RULE_BROKEN
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Engine, Lang, language_of
from districting.errors import Fault, PlanError
from districting.language import Language, say
from districting.live import progress_on
from districting.records.adoption import Move, PlanEntry
from districting.records.history import History, RunEntry, read_history
from districting.records.plans_again import plan_folders
from districting.records.quiet import QuietRun
from districting.records.reproduction import Reproduction, case_of_run, reproduce
from districting.records.store import records_path
from districting.reports.atomic import check_place
from districting.reports.words import plan_title
from districting.screen import err, out, print_comparison, print_json, print_table
from districting.study import Study

Row = tuple[object, ...]

_RUN_COLUMNS = ("run", "moment", "verb", "person", "policy", "plans", "folder", "made")
_PLAN_COLUMNS = ("plan", "title", "status", "date", "document", "moved", "communities", "must")
_MOVE_COLUMNS = ("moment", "plan", "step", "date", "document", "person", "note")
_QUIET_COLUMNS = ("first", "last", "made", "verb", "reference", "why", "basis")


def history(
    case: CaseFile,
    run: Annotated[str | None, typer.Argument(help="Id of one run, or its beginning.", metavar="RUN")] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Two plans side by side: ids in the records, or plan files.", metavar="A B"),
    ] = None,
    reproduce: Annotated[
        str | None,
        typer.Option(help="Make a run again and say of each file whether it is the same.", metavar="RUN"),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", "-o", help="Page of --compare, or folder of --reproduce.")
    ] = None,
    engine: Engine = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """List the runs, plans and adoption moves of a case, or one run; compare plans; make a run again.

    Examples
    --------
      districting history case.toml

      districting history case.toml 3b372b920357 --json

      districting history case.toml --compare 3b372b/adjust 77aa01/adjust -o compare.html

      districting history case.toml --reproduce 3b372b920357 -o again/
    """
    if compare is not None and reproduce is not None:
        raise PlanError([Fault("fault.history_reproduce", {})])
    if compare is not None:
        _compare(case, compare, target or Path("compare.html"), language, json_=json_)
    elif reproduce is not None:
        _reproduce(case, reproduce, target or Path("again"), engine, json_=json_, language=language)
    else:
        _tell(case, run, language, json_=json_)


def _tell(case: Path, run: str | None, language: str | None, *, json_: bool) -> None:
    """Everything, or one run."""
    known = Case.read(case)
    spoken = language_of(language) or known.language
    told = read_history(known)
    if run is not None:
        entry = told.run(run)
        if json_:
            print_json(entry.to_json(whole=True))
        else:
            _print_run(entry, told, spoken)
    elif json_:
        print_json({"file": str(records_path(known.path)), **told.to_json()})
    else:
        _print_history(told, records_path(known.path), spoken)


def _compare(case: Path, plans: tuple[str, str], page: Path, language: str | None, *, json_: bool) -> None:
    """Two plans side by side."""
    with opened(case, language) as study, tempfile.TemporaryDirectory() as scratch:
        judged, comparison = study.compare(plan_folders(study, plans, Path(scratch)))
        written = study.write_comparison(judged, comparison, page)
    if json_:
        print_json({"page": str(written), **comparison.to_json()})
    else:
        print_comparison(comparison, study)
        out.print(say("cli.page", study.language, path=written))


def _reproduce(
    case: Path, run: str, folder: Path, engine: str | None, *, json_: bool, language: str | None
) -> None:
    """A run again; ends with 1 where anything but times differs."""
    known = Case.read(case)
    check_place(folder, case)
    spoken = language_of(language) or known.language
    entry = read_history(known).run(run)
    study = Study(case_of_run(entry, known), language=entry.made_from["language"])
    with progress_on(err, spoken) as progress:
        study.progress = progress
        made = reproduce(study, entry, folder, engine=engine)
    if json_:
        print_json({"out": str(folder), **made.to_json()})
    else:
        _print_reproduction(made, spoken)
    raise typer.Exit(FINE if made.same else RULE_BROKEN)


def _print_history(told: History, file: Path, language: Language) -> None:
    """Three tables, and which plan stands."""
    if not told.runs and not told.plans and not told.quiet:
        out.print(say("history.none", language))
        return
    adopted = told.adopted
    if adopted is None:
        out.print(say("history.no_adopted", language))
    else:
        values = {"plan": adopted.plan_ref, "title": plan_title(adopted.title, language), "date": adopted.date}
        out.print(say("history.adopted", language, **values, document=adopted.document or "–"), markup=False)
    _table("runs", _RUN_COLUMNS, [_run_row(one) for one in told.runs], language)
    _table("quiet", _QUIET_COLUMNS, [_quiet_row(one, language) for one in told.quiet], language)
    for one in told.quiet:
        if one.lists:
            values = {"first": _minute(one.first), "last": _minute(one.last), "names": _named(one.lists)}
            out.print(say("history.quiet.lists", language, **values), markup=False)
    _table("plans", _PLAN_COLUMNS, [_plan_row(one, language) for one in told.plans], language)
    _table("moves", _MOVE_COLUMNS, [_move_row(one, language) for one in told.moves], language)
    out.print(say("history.file", language, file=file), markup=False)


def _print_run(entry: RunEntry, told: History, language: Language) -> None:
    """One run: who, when, of what, and its plans."""
    for key, value in (
        ("run", entry.run_id),
        ("moment", _minute(entry.moment)),
        ("verb", entry.verb),
        ("person", entry.person),
        ("policy", entry.policy_id),
        ("folder", entry.folder),
        ("made", entry.made),
    ):
        out.print(f"{say(f'history.column.{key}', language)}: {value}", markup=False)
    if held := {file: one["kept"] for file, one in entry.made_from.get("rerun", {}).get("lists", {}).items()}:
        out.print(say("history.lists", language, names=_named(held)), markup=False)
    status = {one.plan_ref: say(f"status_of_plan.{one.status}", language) for one in told.plans}
    figures = ("plan_id", "households_moved", "communities", "findings_must")
    plans: list[Row] = [
        (*(plan[key] for key in figures), status.get(f"{entry.run_id}/{plan['plan_id']}", ""))
        for plan in entry.plans
    ]
    _table("plans", ("plan", "moved", "communities", "must", "status"), plans, language)
    inputs: list[Row] = [
        (one["role"], f"{one['path']} {one['layer'] or ''}", one["sha256"][:12])
        for one in entry.manifest["inputs"]
    ]
    _table("inputs", ("layer", "file", "hash"), inputs, language)


def _print_reproduction(made: Reproduction, language: Language) -> None:
    """What is the same, then everything that is not."""
    same = [name for name, outcome in made.files.items() if outcome == "same"]
    out.print(say("history.reproduced", language, count=len(same)))
    for name, outcome in made.files.items():
        if outcome.startswith("timed"):
            told = say(f"history.{outcome}", language)
            out.print(f"  {say('history.timed', language, file=name, same=told)}", markup=False)
        elif outcome != "same":
            out.print(f"  ✗ {say(f'history.{outcome}', language, file=name)}", markup=False)
    for layer in made.resaved:
        out.print(f"  {say('history.resaved', language, layer=layer)}", markup=False)
    for key, names in (("versions", made.versions), ("stopped", made.stopped)):
        if names:
            out.print(f"  ! {say(f'history.{key}', language, names=', '.join(names))}", markup=False)


def _table(title: str, columns: tuple[str, ...], rows: list[Row], language: Language) -> None:
    """A table with its heading; nothing where it is empty."""
    if rows:
        out.print(f"\n[bold]{say(f'history.{title}', language)}[/bold]")
        print_table([say(f"history.column.{column}", language) for column in columns], rows)


def _run_row(one: RunEntry) -> Row:
    """A run as a row of `_RUN_COLUMNS`."""
    return (
        one.run_id, _minute(one.moment), one.verb, one.person, one.policy_id, _listed(one), one.folder, one.made,
    )  # fmt: skip


def _quiet_row(one: QuietRun, language: Language) -> Row:
    """Runs with nothing to do as a row of `_QUIET_COLUMNS`."""
    why = say(f"history.quiet.{one.reason}", language)
    return (_minute(one.first), _minute(one.last), one.times, one.verb, one.reference, why, one.basis)


def _named(lists: Mapping[str, str]) -> str:
    """Lists with the day on which each was taken last."""
    return ", ".join(f"{file} ({kept[:10] or '–'})" for file, kept in lists.items())


def _plan_row(one: PlanEntry, language: Language) -> Row:
    """A plan as a row of `_PLAN_COLUMNS`."""
    status = say(f"status_of_plan.{one.status}", language)
    figures = (one.households_moved, one.communities, one.findings_must)
    return (one.plan_ref, plan_title(one.title, language), status, one.date, one.document, *figures)


def _move_row(one: Move, language: Language) -> Row:
    """A move as a row of `_MOVE_COLUMNS`."""
    was = say(f"status_of_plan.{one.was}", language) if one.was else ""
    step = f"{was} → {say(f'status_of_plan.{one.status}', language)}".strip()
    despite = say("history.despite", language, reason=one.despite) if one.despite else ""
    note = " · ".join(filter(None, (one.note, despite)))
    return (_minute(one.moment), one.plan_ref, step, one.date, one.document, one.person, note)


def _listed(entry: RunEntry) -> str:
    """The plans of a run, the adoptable ones marked."""
    return " ".join(f"{plan['plan_id']}{'' if plan.get('adoptable') else '✗'}" for plan in entry.plans)


def _minute(moment: str) -> str:
    """A moment to the minute."""
    return moment[:16].replace("T", " ")
