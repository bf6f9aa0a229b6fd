"""``districting lists``: households by building as sub-districts send them, matched or returned."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from districting.cli.exits import BAD_INPUT, FINE
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang
from districting.errors import CaseError, Fault
from districting.flow.lists import ListAccount, enter_lists, remember_returned, try_lists, with_files
from districting.language import Language, say
from districting.records.accepted import keep_accepted
from districting.records.history import unless_unwritable
from districting.records.store import records_path
from districting.reports.atomic import check_place
from districting.reports.returned_lists import lists_record, said_address, sums_by, write_returned
from districting.rerun.lock import holding
from districting.screen import LISTED, out, print_json


def lists(
    case: CaseFile,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Excel or CSV files; without any, those that the case names.", metavar="FILE…"),
    ] = None,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; replaced in one step.")] = Path(
        "returned"
    ),
    apply: Annotated[
        bool, typer.Option("--apply", help="Enter the lists in the case: its households are then those counted.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(help="Date of the lists; later ones replace earlier ones.", metavar="2026-11")
    ] = None,
    crs: Annotated[str | None, typer.Option(help="CRS of coordinates in the lists.", metavar="EPSG:4490")] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="How far from a building its coordinates may lie, m; default 15.", min=0)
    ] = None,
    near_score: Annotated[
        float | None, typer.Option(help="How alike a near address must be, of 100; default 85.", min=1, max=100)
    ] = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Match lists of buildings by id, address or place; rows that fail go back, one Excel file per sub-district.

    Example:  districting lists case.toml mail/*.xlsx -o returned --apply

    A list that cannot be taken goes back as a whole; all others are taken. Exit code 2: something goes back
    that did not before. With --apply that is remembered: it goes back once.
    """
    held = holding(case, verb="lists", wait_s=10) if apply else nullcontext()
    with held, opened(case, language, into=folder, kept=files or ()) as study:
        settings = {"as_of": as_of, "crs": crs, "tolerance_m": tolerance, "near_score": near_score}
        listed = with_files(study.case, files or (), **settings)
        check_place(folder, *(study.case.folder / one.path for one in listed.lists))
        account = try_lists(study, listed)
        outcome, taken, since = account.outcome, account.taken, account.since
        returned = write_returned(folder, outcome, taken=taken, since=since, language=study.language)
        left_out = {str(fault.values["file"]) for fault in account.left_out}
        applied = apply and bool(account.case.lists)
        if applied:
            enter_lists(account.case)
        if apply:
            with unless_unwritable(records_path(study.case.path), study.language):
                remember_returned(account)
                keep_accepted(account.case, ((one.spec.path, one.sha256) for one in account.taken.tables))
    if json_:
        record = {"folder": str(folder), "applied": applied, "left_out": sorted(left_out)}
        print_json({**record, **lists_record(outcome, taken=taken, since=since, language=study.language)})
    else:
        _print(account, study.language)
        joined = ("、" if study.language == "zh" else ", ").join(returned)
        key = "list.said_written" if returned else "list.said_none"
        out.print(say(key, study.language, folder=folder, files=joined), markup=False)
        key = "list.said_applied" if applied else "list.said_not_applied"
        out.print(say(key, study.language, case=case, count=len(account.case.lists)), markup=False)
    if apply and left_out:
        totals = {str(fault.values["file"]) for fault in outcome.totals} & left_out
        unread = [fault for fault in account.left_out if str(fault.values["file"]) not in totals]
        raise CaseError([*(Fault("fault.list_totals", {"file": name}) for name in sorted(totals)), *unread])
    raise typer.Exit(BAD_INPUT if account.fresh else FINE)


def _print(account: ListAccount, language: Language) -> None:
    """How many rows matched how, near matches by name, what is not taken, what went back before, and the sums."""
    outcome, taken = account.outcome, account.taken
    comma = "，" if language == "zh" else ", "
    for at, table in enumerate(outcome.tables):
        ways = outcome.ways(at)
        failed = ways.pop("failed")
        told: dict[str, Any] = {"file": table.spec.path, "sheet": table.sheet, "rows": len(table.rows)}
        told |= {"used": sum(ways.values()), "failed": failed}
        told["ways"] = comma.join(f"{say(f'list.way.{way}', language)} {count:,}" for way, count in ways.items())
        out.print(say("list.said_table", language, **told), markup=False)
    buildings = outcome.register.buildings
    checked = (outcome.rows["how"] == "near") & (outcome.rows["reason"] == "") & (account.since == "")
    near = outcome.rows[checked].to_dict("records")
    for row in near[:LISTED]:
        known = f"{buildings['address'][row['building_id']]} {row['building_id']}"
        values = {"line": row["line"], "said": said_address(outcome, row), "known": known, "score": row["score"]}
        out.print(say("list.said_near", language, **values), markup=False)
    if len(near) > LISTED:
        out.print(say("cli.more", language, n=len(near) - LISTED))
    for fault in (*outcome.refused, *outcome.totals):
        left = fault in account.left_out
        sentence = fault.sentence(language)
        line = say("list.said_left_out", language, sentence=sentence) if left else f"  ✗ {sentence}"
        out.print(line, markup=False)
        if date := outcome.kept.get(str(fault.values["file"]), "")[:10] if not left else "":
            out.print(say("list.said_kept", language, date=date), markup=False)
    if waiting := int((account.since[outcome.failed.index] != "").sum()):
        out.print(say("list.said_open", language, count=waiting), markup=False)
    for name in ("subdistrict", "community"):
        for row in sums_by(taken, name).to_dict("records"):
            if row["buildings"]:
                out.print(say("list.said_sum", language, name=row[name], **_figures(row)), markup=False)


def _figures(row: dict[Any, Any]) -> dict[str, int]:
    """The figures of a row of sums."""
    return {key: int(row[key]) for key in ("before", "after", "change", "buildings")}
