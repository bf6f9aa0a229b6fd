"""Cells of a list as text, from CSV in whatever encoding or from Excel; and what the case says of a list.

Which cells are headings and which are rows is `districting.territory.list_tables`.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from districting.errors import Fault, LayerError
from districting.territory.damage import file_fault
from districting.territory.encoding import file_text
from districting.territory.files import TEXT_TABLES

#: What a list may tell; ``[lists] columns`` may name each.
LIST_COLUMNS = (
    "building_id",
    "address",
    "compound",
    "number",
    "unit",
    "households",
    "people",
    "community",
    "subdistrict",
    "x",
    "y",
)


@dataclass(frozen=True)
class ListSpec:
    """One of ``[[lists]]``: a list of buildings with their households, CSV or Excel.

    Parameters
    ----------
    path
        Relative to the case's folder.
    sheet
        Of an Excel file; None: every sheet that has such a table.
    columns
        Our name (`LIST_COLUMNS`) → theirs; what is not named is known by its usual names.
    encoding
        Of a CSV file; None: UTF-8, else GB18030, which holds GBK.
    crs
        Of ``x`` and ``y``; without it places are not used.
    tolerance_m
        How far from a building its place may lie, m.
    near_score
        How alike two addresses must be to be near (`districting.territory.addresses.NearKeys`), of 100; 100: no
        near address is taken.
    total
        Households that the whole list should sum up to; None: as its own rows of totals say.
    as_of
        Date of the list, ``YYYY``, ``YYYY-M`` or ``YYYY-M-D``; what a later list says of a building replaces what
        an earlier one said. Empty: before all dates.
    """

    path: str
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    crs: str | None = None
    tolerance_m: float = 15.0
    near_score: float = 85.0
    total: int | None = None
    as_of: str = ""


@dataclass(frozen=True)
class AcceptedList:
    """A list as it was when a run last took it: when (UTC, ISO 8601), and the bytes of its file."""

    moment: str
    content: bytes


@dataclass(frozen=True)
class Grid:
    """Cells as text, and for a cell of a merged range (row, column) the cell that it begins with."""

    sheet: str
    cells: list[list[str]]
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)


def read_grids(spec: ListSpec, path: Path) -> list[Grid]:
    """The sheets of a list; a text table is one.

    Raises
    ------
    LayerError
        If the file is damaged, in no known encoding, has no such sheet, or a quotation mark that runs over rows.
    """
    if path.suffix.lower() in TEXT_TABLES:
        return [Grid(path.stem, _text_cells(spec, file_text(path, encoding=spec.encoding, file=spec.path)))]
    return list(_sheets(spec, path))


def cell_of(grid: Grid, row: int, column: int, *, spread: bool) -> str:
    """A cell; of a merged range the one that it begins with, where that holds for every row."""
    if spread:
        row, column = grid.merged.get((row, column), (row, column))
    cells = grid.cells[row]
    return cells[column] if column < len(cells) else ""


def counted(text: str) -> int | None:
    """A count as people write it; None where it is none.

    Examples
    --------
    >>> counted("1,234户"), counted("１２０"), counted("120.0"), counted("-3"), counted("约120"), counted("")
    (1234, 120, 120, -3, None, None)
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"[户人家套口]$", "", plain).replace("−", "-")
    if re.fullmatch(r"-?\d{1,3}(?:[,']\d{3})+", plain):
        plain = re.sub("[,']", "", plain)
    found = re.fullmatch(r"(-?\d{1,12})(?:\.0+)?", plain)
    return int(found[1]) if found else None


def list_date(text: str) -> int | None:
    """A date of a list as a number that sorts (0 for none); None where it is no date.

    Examples
    --------
    >>> list_date("2026-9"), list_date("2026-11-05"), list_date("2026"), list_date(""), list_date("2026-13")
    (20260900, 20261105, 20260000, 0, None)
    """
    if not text:
        return 0
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text, flags=re.ASCII)
    if found is None:
        return None
    year, month, day = (int(part) if part is not None else None for part in found.groups())
    try:
        date(year or 0, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return None
    return (year or 0) * 10000 + (month or 0) * 100 + (day or 0)


def _text_cells(spec: ListSpec, text: str) -> list[list[str]]:
    """Cells of a text table; the separator is what most lines have most of."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.splitlines()[:200]
    separator = max(",\t;|，", key=lambda one: sum(one in line for line in lines) * 1000 + text[:20000].count(one))
    if separator == "，":  # a comma of full width separates where no other does
        text, separator = text.replace("，", ","), ","
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []  # each with the line before it
    above = 0
    try:
        for row in reader:
            rows.append((above, row))
            above = reader.line_num
    except csv.Error as error:
        raise list_error("fault.list_quotes", spec, line=above + 1) from error
    _whole_rows(spec, rows, ends=[*(start for start, _ in rows[1:]), above], text=text, separator=separator)
    return [[cell.strip() for cell in row] for _, row in rows]


def _whole_rows(
    spec: ListSpec, rows: Sequence[tuple[int, list[str]]], *, ends: Sequence[int], text: str, separator: str
) -> None:
    """Refuse a row over several lines that hold the separators of two rows or more: stray marks joined them."""
    widths = Counter(
        len(row) for (start, row), end in zip(rows, ends, strict=True) if end == start + 1 and len(row) > 1
    )
    if not widths:
        return
    width = max(widths, key=lambda one: (widths[one], one))
    lines = text.split("\n")
    for (start, _), end in zip(rows, ends, strict=True):
        if end > start + 1 and sum(line.count(separator) for line in lines[start:end]) >= 2 * (width - 1):
            raise list_error("fault.list_quotes", spec, line=start + 1)


def _sheets(spec: ListSpec, path: Path) -> Iterator[Grid]:
    """Sheets of an Excel file, hidden ones left out."""
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (OSError, ValueError, KeyError, BadZipFile, InvalidFileException) as error:
        raise LayerError([file_fault(path, error, file=spec.path)]) from error
    names = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if spec.sheet is not None and spec.sheet not in names:
        raise list_error("fault.list_no_sheet", spec, sheet=spec.sheet, known=", ".join(names))
    for name in [spec.sheet] if spec.sheet is not None else names:
        page = book[name]
        merged: dict[tuple[int, int], tuple[int, int]] = {}
        for span in page.merged_cells.ranges:
            start = (span.min_row - 1, span.min_col - 1)
            for row in range(span.min_row - 1, span.max_row):
                merged |= {(row, column): start for column in range(span.min_col - 1, span.max_col)}
        cells = [[_shown(value) for value in row] for row in page.iter_rows(values_only=True)]
        yield Grid(name, cells, merged)
    book.close()


def _shown(value: Any) -> str:
    """A cell as people see it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def list_error(key: str, spec: ListSpec, **values: object) -> LayerError:
    """A fault of a list."""
    return LayerError([Fault(key, {"role": "lists", "file": spec.path, **values})])
