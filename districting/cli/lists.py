"""``districting lists``: households by building as sub-districts send them, matched or returned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from districting.cli.exits import BAD_INPUT, FINE
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang
from districting.errors import CaseError, Fault
from districting.flow.lists import enter_lists, try_lists, with_files
from districting.language import Language, say
from districting.reports.atomic import check_place
from districting.reports.returned_lists import lists_record, said_address, sums_by, write_returned
from districting.screen import LISTED, out, print_json
from districting.territory.address_lists import ListOutcome


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

    Exit code 2: rows go back, or a total differs from what it sums up.
    """
    with opened(case, language, into=folder, kept=files or ()) as study:
        settings = {"as_of": as_of, "crs": crs, "tolerance_m": tolerance, "near_score": near_score}
        listed = with_files(study.case, files or (), **settings)
        check_place(folder, *(study.case.folder / one.path for one in listed.lists))
        outcome = try_lists(study, listed)
        returned = write_returned(folder, outcome, language=study.language)
    applied = apply and not outcome.totals
    if applied:
        enter_lists(listed)
    if json_:
        print_json({"folder": str(folder), "applied": applied, **lists_record(outcome, study.language)})
    else:
        _print(outcome, study.language)
        joined = ("、" if study.language == "zh" else ", ").join(returned)
        key = "list.said_written" if returned else "list.said_none"
        out.print(say(key, study.language, folder=folder, files=joined), markup=False)
        key = "list.said_applied" if applied else "list.said_not_applied"
        out.print(say(key, study.language, case=case, count=len(listed.lists)), markup=False)
    if apply and not applied:
        names = {str(fault.values["file"]): fault for fault in outcome.totals}
        raise CaseError([Fault("fault.list_totals", {"file": name}) for name in names])
    raise typer.Exit(BAD_INPUT if len(outcome.failed) or outcome.totals else FINE)


def _print(outcome: ListOutcome, language: Language) -> None:
    """How many rows matched how, near matches by name, totals that differ, and the sums."""
    comma = "，" if language == "zh" else ", "
    for at, table in enumerate(outcome.tables):
        ways = outcome.ways(at)
        failed = ways.pop("failed")
        told: dict[str, Any] = {"file": table.spec.path, "sheet": table.sheet, "rows": len(table.rows)}
        told |= {"used": sum(ways.values()), "failed": failed}
        told["ways"] = comma.join(f"{say(f'list.way.{way}', language)} {count:,}" for way, count in ways.items())
        out.print(say("list.said_table", language, **told), markup=False)
    buildings = outcome.register.buildings
    near = outcome.rows[(outcome.rows["how"] == "near") & (outcome.rows["reason"] == "")].to_dict("records")
    for row in near[:LISTED]:
        known = f"{buildings['address'][row['building_id']]} ({row['building_id']})"
        values = {"line": row["line"], "said": said_address(outcome, row), "known": known, "score": row["score"]}
        out.print(say("list.said_near", language, **values), markup=False)
    if len(near) > LISTED:
        out.print(say("cli.more", language, n=len(near) - LISTED))
    for fault in outcome.totals:
        out.print(f"  ✗ {fault.sentence(language)}", markup=False)
    for name in ("subdistrict", "community"):
        for row in sums_by(outcome, name).to_dict("records"):
            if row["buildings"]:
                out.print(say("list.said_sum", language, name=row[name], **_figures(row)), markup=False)


def _figures(row: dict[Any, Any]) -> dict[str, int]:
    """The figures of a row of sums."""
    return {key: int(row[key]) for key in ("before", "after", "change", "buildings")}
