"""What goes back to the sub-districts: an Excel file each with the rows that failed and why; and the sums."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from districting.errors import Fault
from districting.language import Language, say
from districting.reports.atomic import OutputFolder
from districting.reports.plain import plain, write_json
from districting.reports.sheets import Column, Sheet, write_workbook
from districting.territory.address_lists import ListOutcome
from districting.territory.list_matching import office
from districting.territory.list_tables import ListTable

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: Length of the name of a sheet in Excel.
_TAB = 31


def write_returned(
    folder: Path, outcome: ListOutcome, *, taken: ListOutcome, since: pd.Series, language: Language
) -> list[str]:
    """Write the folder, replaced in one step: ``lists.json``, ``sums.xlsx``, and a file per sub-district.

    Parameters
    ----------
    folder
        To write.
    outcome
        What came of the lists.
    taken
        What came of those that can be taken, for the sums.
    since
        By row when it went back before, empty where it did not: those that did stand in one file of their own.
    language
        Of every word but those of the lists.

    Returns
    -------
    list
        Names of the files that go back: rows that failed, near matches to be checked, lists that are not taken.
    """
    homes = subdistrict_of_rows(outcome, language)
    shown = outcome.rows[((outcome.rows["reason"] != "") | (outcome.rows["how"] == "near")) & (since == "")]
    whole = _not_taken(outcome, homes, language)
    files = []
    with OutputFolder(folder) as place:
        for name in sorted({*homes[shown.index], *whole}):
            mine = shown[homes[shown.index] == name]
            file = _file_name(name, language)
            sheets = [_whole_sheet(whole[name], name, language)] if name in whole else []
            write_workbook(place / file, [*sheets, *_sheets(outcome, mine, name, language)], language=language)
            files.append(file)
        waiting = outcome.failed[since[outcome.failed.index] != ""]
        if len(waiting):
            sheet = _open_sheet(outcome, waiting, homes, since, language)
            write_workbook(place / f"{say('list.file_open', language)}.xlsx", [sheet], language=language)
        sums = [_sum_sheet(taken, by, language) for by in ("subdistrict", "community")]
        write_workbook(place / "sums.xlsx", sums, language=language)
        write_json(place / "lists.json", lists_record(outcome, taken=taken, since=since, language=language))
    return files


def write_refused(folder: Path, outcome: ListOutcome, faults: Sequence[Fault], *, language: Language) -> list[str]:
    """Write what goes back of lists that cannot be read: an Excel file for each sub-district; returns their names.

    Parameters
    ----------
    folder
        Made if absent.
    outcome
        Of the lists of the case.
    faults
        Those of ``outcome.refused`` that go back.
    """
    folder.mkdir(parents=True, exist_ok=True)
    homes = subdistrict_of_rows(outcome, language)
    whole = _not_taken(replace(outcome, totals=(), refused=tuple(faults)), homes, language)
    files = []
    for name, lists in sorted(whole.items()):
        files.append(_file_name(name, language))
        write_workbook(folder / files[-1], [_whole_sheet(lists, name, language)], language=language)
    return files


def _file_name(name: str, language: Language) -> str:
    """The file of what goes back to a sub-district."""
    return re.sub(r'[\\/:*?"<>|]', "-", say("list.title_returned", language, name=name)) + ".xlsx"


def lists_record(
    outcome: ListOutcome, *, taken: ListOutcome, since: pd.Series, language: Language
) -> dict[str, Any]:
    """What came of the lists, plain data; see `write_returned`."""
    failed = outcome.failed.assign(since=since.reindex(outcome.failed.index))
    return {
        "tables": [
            {
                "file": table.spec.path,
                "sheet": table.sheet,
                "sha256": table.sha256,
                "rows": len(table.rows),
                **outcome.ways(at),
            }
            for at, table in enumerate(outcome.tables)
        ],
        "households_before": int(taken.before.sum()),
        "households_after": int(taken.after.sum()),
        "subdistricts": plain(sums_by(taken, "subdistrict").to_dict("records")),
        "communities": plain(sums_by(taken, "community").to_dict("records")),
        "returned": [
            {
                "file": outcome.tables[int(row["table"])].spec.path,
                "sheet": outcome.tables[int(row["table"])].sheet,
                "line": int(row["line"]),
                "reason": row["reason"],
                "sentence": reason_of(row, language),
                "since": row["since"],
            }
            for row in failed.to_dict("records")
        ],
        "totals": [plain(dict(fault.values)) for fault in outcome.totals],
        "refused": [
            {
                "file": fault.values["file"],
                "sentence": fault.sentence(language),
                "kept": outcome.kept.get(str(fault.values["file"]), ""),
            }
            for fault in outcome.refused
        ],
    }


def sums_by(outcome: ListOutcome, by: str) -> pd.DataFrame:
    """Households before and after, by ``subdistrict`` or ``community`` (within its sub-district).

    Returns
    -------
    DataFrame
        Columns ``subdistrict`` (and ``community``), ``before``, ``after``, ``change``, ``buildings`` (that a list
        told); sorted by name.
    """
    keys = ["subdistrict"] if by == "subdistrict" else ["subdistrict", "community"]
    told = outcome.register.buildings[keys].fillna("—").astype(str)
    used = outcome.rows.loc[outcome.rows["used"], "building_id"]
    told = told.assign(before=outcome.before, after=outcome.after, buildings=told.index.isin(used))
    sums = told.groupby(keys, sort=True, as_index=False).agg({"before": "sum", "after": "sum", "buildings": "sum"})
    return pd.DataFrame(sums).assign(change=sums["after"] - sums["before"])


def subdistrict_of_rows(outcome: ListOutcome, language: Language) -> pd.Series:
    """Where each row goes back to: the sub-district it names, its building's, else that of most of its table."""
    where = outcome.register.buildings["subdistrict"]
    rows = outcome.rows
    homes = rows["subdistrict"].where(rows["subdistrict"].notna(), rows["building_id"].map(where))
    for _, mine in rows.groupby("table"):
        known = homes[mine.index].dropna()
        if len(known):
            homes[mine.index] = homes[mine.index].fillna(str(known.value_counts().sort_index().idxmax()))
    only = where.dropna().unique()
    rest = only[0] if len(only) == 1 else say("list.no_subdistrict", language)
    return homes.fillna(rest).astype(str)


def _not_taken(outcome: ListOutcome, homes: pd.Series, language: Language) -> dict[str, list[tuple[str, str]]]:
    """By sub-district file and reason of lists that are not taken as a whole.

    A list whose total differs belongs to most of its rows' sub-district; one that cannot be read to the one that
    its file name names.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for fault in outcome.totals:
        mine = homes[(outcome.rows["file"] == fault.values["file"]).to_numpy()]
        name = str(mine.mode().iloc[0]) if len(mine) else say("list.no_subdistrict", language)
        found.setdefault(name, []).append((str(fault.values["file"]), fault.sentence(language)))
    for fault in outcome.refused:
        file = str(fault.values["file"])
        named = [name for name in outcome.register.subdistricts.values() if office(name) in Path(file).stem]
        name = max(named, key=len) if named else say("list.no_subdistrict", language)
        found.setdefault(name, []).append((file, fault.sentence(language)))
    return found


def _whole_sheet(lists: list[tuple[str, str]], name: str, language: Language) -> Sheet:
    """Lists that go back as a whole."""
    return Sheet(
        tab=say("list.tab_whole", language),
        title=say("list.title_whole", language, name=name),
        notes=(say("list.note_whole", language),),
        columns=(
            Column(say("list.head.file", language), [_safe(Path(file).name) for file, _ in lists], "mark"),
            Column(say("list.head.reason", language), [_safe(why) for _, why in lists]),
        ),
    )


def _open_sheet(
    outcome: ListOutcome, rows: pd.DataFrame, homes: pd.Series, since: pd.Series, language: Language
) -> Sheet:
    """Rows that went back before and have not been sent again."""
    told = rows.to_dict("records")
    return Sheet(
        tab=say("list.tab_rows", language),
        title=say("list.title_open", language),
        notes=(say("list.note_open", language),),
        columns=(
            Column(say("list.head.subdistrict", language), homes[rows.index].tolist()),
            Column(say("list.head.file", language), [_safe(Path(row["file"]).name) for row in told]),
            Column(say("list.head.line", language), rows["line"].tolist(), "mark"),
            Column(say("list.head.since", language), [moment[:10] for moment in since[rows.index]], "mark"),
            Column(say("list.head.reason", language), [reason_of(row, language) for row in told]),
        ),
    )


def reason_of(row: Mapping[Hashable, Any], language: Language) -> str:
    """Why a row goes back, as a sentence."""
    return say(row["reason"], language, **row["values"])


def _sheets(outcome: ListOutcome, mine: pd.DataFrame, name: str, language: Language) -> list[Sheet]:
    """The sheets of one sub-district: failed rows by table, then near matches."""
    sheets: list[Sheet] = []
    failed = mine[mine["reason"] != ""]
    for at in sorted(set(failed["table"])):
        rows = failed[failed["table"] == at]
        sheets.append(
            _failed_sheet(outcome, rows, outcome.tables[at], name, _tab(sheets, outcome.tables[at]), language)
        )
    near = mine[(mine["reason"] == "") & (mine["how"] == "near")]
    if len(near):
        sheets.append(_near_sheet(outcome, near, name, language))
    return sheets


def _failed_sheet(
    outcome: ListOutcome, rows: pd.DataFrame, table: ListTable, name: str, tab: str, language: Language
) -> Sheet:
    """Rows of one table as they were sent, each with its reason."""
    told = {"file": Path(table.spec.path).name, "sheet": table.sheet, "rows": len(table.rows), "failed": len(rows)}
    totals = [
        say("list.note_total", language, **one.values)
        for one in outcome.totals
        if (one.values["file"], one.values["layer"]) == (table.spec.path, table.sheet)
    ]
    original = table.rows.loc[rows["line"]]
    return Sheet(
        tab=tab,
        title=say("list.title_returned", language, name=name),
        notes=(say("list.note_source", language, **told), *totals),
        columns=(
            Column(say("list.head.line", language), rows["line"].tolist(), "mark"),
            Column(
                say("list.head.reason", language), [reason_of(row, language) for row in rows.to_dict("records")]
            ),
            *(Column(_safe(head), [_safe(cell) for cell in original[head]]) for head in original.columns),
        ),
    )


def _near_sheet(outcome: ListOutcome, rows: pd.DataFrame, name: str, language: Language) -> Sheet:
    """Rows that were taken by a near address, beside the address that was taken."""
    buildings = outcome.register.buildings
    return Sheet(
        tab=say("list.tab_near", language),
        title=say("list.title_near", language, name=name),
        notes=(say("list.note_near", language),),
        columns=(
            Column(say("list.head.line", language), rows["line"].tolist(), "mark"),
            Column(
                say("list.head.said", language),
                [_safe(said_address(outcome, row)) for row in rows.to_dict("records")],
            ),
            Column(say("list.head.address", language), buildings["address"].reindex(rows["building_id"]).tolist()),
            Column(say("list.head.building", language), rows["building_id"].tolist(), "mark"),
            Column(say("list.head.score", language), rows["score"].tolist(), "count"),
            Column(say("list.head.counted", language), rows["households"].tolist(), "count"),
        ),
    )


def said_address(outcome: ListOutcome, row: Mapping[Hashable, Any]) -> str:
    """The address of a row as the list says it."""
    told = outcome.tables[int(row["table"])].told.loc[row["line"]]
    parts = [told[name] for name in ("compound", "address", "number", "unit") if name in told.index]
    return " ".join(part for part in parts if part)


def _sum_sheet(outcome: ListOutcome, by: str, language: Language) -> Sheet:
    """Households before and after."""
    sums = sums_by(outcome, by)
    ways = outcome.ways()
    files = "、" if language == "zh" else ", "
    told = {
        "files": files.join(dict.fromkeys(Path(table.spec.path).name for table in outcome.tables)),
        "used": sum(ways.values()) - ways["failed"],
        "failed": ways["failed"],
    }
    words = [
        Column(say(f"list.head.{key}", language), sums[key].tolist())
        for key in sums.columns
        if key in ("subdistrict", "community")
    ]
    figures = [
        Column(
            say(f"list.head.{key}", language),
            sums[key].tolist(),
            "signed" if key == "change" else "count",
            total=True,
        )
        for key in ("buildings", "before", "after", "change")
    ]
    return Sheet(
        tab=say(f"list.tab_{'subdistricts' if by == 'subdistrict' else 'communities'}", language),
        title=say("list.title_sums", language),
        notes=(say("list.note_sums", language, **told),),
        columns=(*words, *figures),
        fixed=len(words),
    )


def _tab(sheets: list[Sheet], table: ListTable) -> str:
    """A name for a sheet that no other bears."""
    name = re.sub(r"[\[\]:*?/\\']", "-", Path(table.spec.path).stem)
    name = name if table.sheet == Path(table.spec.path).stem else f"{name} {re.sub(r'[:*?/]', '-', table.sheet)}"
    taken = {sheet.tab for sheet in sheets}
    number, tab = 2, name[:_TAB]
    while tab in taken:
        tab, number = f"{name[: _TAB - 4]} ({number})", number + 1
    return tab


def _safe(text: str) -> str:
    """A text of somebody else's file as Excel takes it: no formula, no letter that it cannot hold."""
    plain_text = _UNWRITABLE.sub("", str(text))
    return f"'{plain_text}" if plain_text.startswith("=") else plain_text
