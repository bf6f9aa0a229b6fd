"""Tables as office-grade Excel sheets: title, notes, header, rows, totals, print set-up. Knows no plan."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from districting.language import Language, say
from districting.reports.atomic import replacing

#: ``text`` stays text, also where it looks like a number: codes keep their zeros; ``mark`` is short and centred.
Kind = Literal["text", "mark", "count", "signed", "decimal"]

_FORMATS: dict[Kind, str] = {
    "text": "@",
    "mark": "@",
    "count": "#,##0",
    "signed": "+#,##0;-#,##0;0",
    "decimal": "#,##0.00",
}
_WORDS: tuple[Kind, ...] = ("text", "mark")

#: Fonts of body and title; both come with every office package in use.
_FONTS: dict[Language, tuple[str, str]] = {"zh": ("宋体", "黑体"), "en": ("Calibri", "Calibri")}

#: Narrowest and widest column, in characters of half width.
_NARROW, _WIDE = 6, 46
#: Room beside the text of a column.
_PADDING = 3
#: Headings up to this breadth stay on one line.
_SHORT_HEAD = 12
#: Wider tables are printed on A3 instead of A4 (both landscape), in characters of half width.
_A4_WIDTH = 180
_A4, _A3 = 9, 8

_LINE = Side(style="thin", color="9AA5B1")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD, _TOTAL = PatternFill("solid", fgColor="DDE6EF"), PatternFill("solid", fgColor="F3F5F7")
_RED = "B3261E"

#: When every file says that it was written: the same content gives the same bytes.
_WRITTEN = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    head
        Its heading; the unit included.
    values
        One a row; None and NaN are unknown.
    kind
        How values are written.
    group
        Heading above those of neighbouring columns of the same group; empty for none.
    total
        True: the row of totals holds the sum of what is known.
    warns
        True: values above 0 are written in red.
    """

    head: str
    values: Sequence[Any]
    kind: Kind = "text"
    group: str = ""
    total: bool = False
    warns: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook.

    Parameters
    ----------
    tab
        Name of the sheet, at most 31 characters.
    title
        Above the table, in large letters.
    notes
        Lines between title and table: plan, policy, source of the data.
    columns
        All of one length.
    fixed
        Columns from the left that stay in view.
    remarks
        Lines below the table.
    """

    tab: str
    title: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    fixed: int = 2
    remarks: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows, totals not counted."""
        return len(self.columns[0].values)


def write_workbook(path: Path, sheets: Sequence[Sheet], *, language: Language) -> None:
    """Write sheets as one Excel file, whole or not at all; the same sheets give the same bytes."""
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        _draw(book.create_sheet(sheet.tab), sheet, language)
    held = io.BytesIO()
    book.save(held)
    with replacing(path) as temporary:
        temporary.write_bytes(_undated(held.getvalue()))


def _draw(page: Worksheet, sheet: Sheet, language: Language) -> None:
    """One sheet, top to bottom."""
    body, title = _FONTS[language]
    width = len(sheet.columns)
    widths = [_width(column, sheet) for column in sheet.columns]
    for number, chars in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(number)].width = chars + _PADDING
    whole = sum(widths) + _PADDING * width
    row = _line(page, 1, sheet.title, width, Font(name=title, size=16, bold=True), height=30, centred=True)
    for note in sheet.notes:
        lines = -(-_breadth(note) // whole)
        row = _line(page, row, note, width, Font(name=body, size=9, color="5B6670"), height=14 * lines)
    head = row
    row = _header(page, row, sheet, Font(name=body, size=10.5, bold=True))
    first = row
    for place in range(sheet.rows):
        _values(page, row, sheet, place, widths, body)
        row += 1
    if sheet.rows and any(column.total for column in sheet.columns):
        _totals(page, row, sheet, Font(name=body, size=10.5, bold=True), language)
        row += 1
    if not sheet.rows:
        row = _line(page, row, say("tables.no_rows", language), width, Font(name=body, size=10.5), height=18)
    for remark in sheet.remarks:
        lines = -(-_breadth(remark) // whole)
        row = _line(page, row, remark, width, Font(name=body, size=9, color="5B6670"), height=14 * lines)
    page.freeze_panes = f"{get_column_letter(sheet.fixed + 1)}{first}"
    _print_setup(page, head, first - 1, whole, language)


def _line(
    page: Worksheet, row: int, text: str, width: int, font: Font, *, height: float, centred: bool = False
) -> int:
    """A line of text across the whole table; returns the next row."""
    cell = page.cell(row, 1, text)
    cell.font = font
    cell.alignment = Alignment(horizontal="center" if centred else "left", vertical="center", wrap_text=True)
    page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=max(width, 1))
    page.row_dimensions[row].height = height
    return row + 1


def _header(page: Worksheet, row: int, sheet: Sheet, font: Font) -> int:
    """Headings, in two rows where some columns are grouped; returns the next row."""
    grouped = any(column.group for column in sheet.columns)
    last = row + 1 if grouped else row
    start = 1
    for number, column in enumerate(sheet.columns, start=1):
        for at in range(row, last + 1):
            cell = page.cell(at, number)
            cell.font, cell.fill, cell.border = font, _HEAD, _BORDER
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if not column.group:
            page.cell(row, number).value = _headed(column.head)
            if grouped:
                page.merge_cells(start_row=row, end_row=last, start_column=number, end_column=number)
            continue
        page.cell(last, number).value = _headed(column.head)
        if number == 1 or sheet.columns[number - 2].group != column.group:
            start = number
            page.cell(row, number).value = _headed(column.group)
        if number == len(sheet.columns) or sheet.columns[number].group != column.group:
            page.merge_cells(start_row=row, end_row=row, start_column=start, end_column=number)
    tallest = max(
        sum(-(-_breadth(one) // _width(column, sheet)) for one in _lines(_headed(column.head)))
        for column in sheet.columns
    )
    page.row_dimensions[last].height = 16 * max(1, tallest) + 4
    if grouped:
        page.row_dimensions[row].height = 34
    return last + 1


def _values(page: Worksheet, row: int, sheet: Sheet, place: int, widths: Sequence[int], font: str) -> None:
    """One row of values; as high as its longest text needs."""
    lines = 1
    for number, column in enumerate(sheet.columns, start=1):
        value = column.values[place]
        cell = page.cell(row, number, _written(value, column.kind))
        red = column.warns and not _unknown(value) and not isinstance(value, str) and value > 0
        cell.font = Font(name=font, size=10.5, color=_RED if red else None)
        cell.border, cell.number_format = _BORDER, _FORMATS[column.kind]
        words = column.kind in _WORDS
        side = "center" if column.kind == "mark" else "left" if words else "right"
        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=words, indent=side != "center")
        if words:
            lines = max(lines, sum(max(1, -(-_breadth(one) // (widths[number - 1] + 1))) for one in _lines(value)))
    lines += lines // 8  # long texts break where words end
    page.row_dimensions[row].height = min(15 * lines + 3, 400)


def _totals(page: Worksheet, row: int, sheet: Sheet, font: Font, language: Language) -> None:
    """The row of totals: sums of what is known."""
    for number, column in enumerate(sheet.columns, start=1):
        cell = page.cell(row, number)
        cell.font, cell.fill, cell.border = font, _TOTAL, _BORDER
        cell.number_format = _FORMATS[column.kind]
        cell.alignment = Alignment(
            horizontal="center" if number == 1 else "right", vertical="center", indent=number > 1
        )
        if column.total:
            known = [float(value) for value in column.values if not _unknown(value)]
            cell.value = _written(sum(known) if known else None, column.kind)
    page.cell(row, 1).value = say("tables.total", language)
    page.row_dimensions[row].height = 18


def _print_setup(page: Worksheet, head: int, last: int, chars: int, language: Language) -> None:
    """Landscape, as wide as the paper, the header on every page, pages numbered."""
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = _A4 if chars <= _A4_WIDTH else _A3
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{head}:{last}"
    page.print_options.horizontalCentered = True
    page.page_margins.left = page.page_margins.right = 0.5
    page.page_margins.top, page.page_margins.bottom, page.page_margins.footer = 0.6, 0.75, 0.35
    page.oddFooter.center.text = say("tables.page", language)
    page.sheet_view.showGridLines = False


def _written(value: Any, kind: Kind) -> Any:
    """What stands in the cell; a dash where it is unknown."""
    if _unknown(value):
        return "—"
    if kind in _WORDS:
        return str(value)
    number = float(value)
    return int(number) if number.is_integer() else round(number, 6)


def _headed(head: str) -> str:
    """A heading with its unit on a line of its own, where it is long."""
    if _breadth(head) <= _SHORT_HEAD:
        return head
    return re.sub(r"^(.+)(（[^（）]*）| \([^()]*\))$", lambda found: f"{found[1]}\n{found[2].strip()}", head)


def _unknown(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def _width(column: Column, sheet: Sheet) -> int:
    """Width of a column in characters: of its longest value, and of half its heading."""
    longest = max((_breadth(_shown(value, column.kind)) for value in column.values), default=0)
    if column.total:
        known = [float(value) for value in column.values if not _unknown(value)]
        longest = max(longest, _breadth(_shown(sum(known), column.kind)) + 1)
    alike = [one for one in sheet.columns if column.group and one.group == column.group]
    share = -(-_breadth(column.group) // (2 * len(alike))) + 1 if alike else 0  # the group's head takes two lines
    word = max((len(one) for one in re.findall(r"[!-~]+", column.head)), default=0)  # no word is broken
    return min(max(longest, -(-_breadth(column.head) // 2), word + 1, share, _NARROW), _WIDE)


def _shown(value: Any, kind: Kind) -> str:
    """About what Excel shows."""
    if _unknown(value) or kind in _WORDS:
        return "—" if _unknown(value) else max(_lines(value), key=_breadth)
    return f"{float(value):,.2f}" if kind == "decimal" else f"{float(value):+,.0f}"


def _lines(value: Any) -> list[str]:
    """The lines of a text."""
    return str(value).split("\n")


def _breadth(text: str) -> int:
    """Breadth of a text in characters of half width; Chinese ones count two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def _undated(document: bytes) -> bytes:
    """The same file with the same date in every part."""
    made = io.BytesIO()
    stamp = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*_WRITTEN)
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp.encode(), content)
            told = zipfile.ZipInfo(entry.filename, _WRITTEN)
            told.compress_type, told.external_attr = zipfile.ZIP_DEFLATED, entry.external_attr
            new.writestr(told, content)
    return made.getvalue()
