"""Lists of buildings as sub-districts send them, CSV or Excel: where the table begins, and which column is what.

Title rows, headings in two rows, merged cells, totals and remarks below the table are told from rows of data. What
the rows mean for the buildings is `districting.territory.list_matching`.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from districting.errors import Fault, LayerError
from districting.territory.files import file_hash
from districting.territory.headings import place_columns
from districting.territory.list_cells import AcceptedList, Grid, ListSpec, cell_of, counted, list_error, read_grids
from districting.territory.words import column_words, words

#: Rows among which the headings are looked for.
_HEAD_ROWS = 20
#: Columns of text that hold for every row of a merged cell; a count does not.
_SPREAD = ("building_id", "address", "compound", "number", "community", "subdistrict")
_WHERE = (("building_id",), ("address",), ("compound", "number"), ("x", "y"))


@dataclass(frozen=True)
class Total:
    """A row of totals: the line it stands on, its words, what it says, and what the rows that it sums up say."""

    line: int
    label: str
    stated: int
    counted: int


@dataclass(frozen=True)
class ListTable:
    """One table of a list.

    Parameters
    ----------
    spec, sheet, sha256
        Where it comes from; ``sheet`` is the file's stem for CSV.
    rows
        As the file has them, a column per heading, text (empty where nothing stands), index the line in the file.
    told
        The same rows in our columns (`LIST_COLUMNS`; those there are), merged cells filled in.
    joined
        By line: True where the count is part of a merged cell that begins above.
    totals
        Rows of totals.
    """

    spec: ListSpec
    sheet: str
    sha256: str
    rows: pd.DataFrame
    told: pd.DataFrame
    joined: pd.Series
    totals: tuple[Total, ...] = ()


def read_list(spec: ListSpec, *, folder: Path) -> tuple[ListTable, ...]:
    """The tables of a list.

    Raises
    ------
    LayerError
        If the file is missing or damaged, in no known encoding, or no sheet has a column of households beside an
        id, an address, a compound with number, or a place.
    """
    path = folder / spec.path
    if missing := no_file(spec, folder=folder):
        raise LayerError(missing)
    return _tables(spec, path)


def read_accepted_list(spec: ListSpec, accepted: AcceptedList) -> tuple[ListTable, ...]:
    """The tables of a list as a run last took it, whatever its file is now.

    Raises
    ------
    LayerError
        If the case says so much else of it that it can no longer be read.
    """
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / Path(spec.path).name  # the sheet of a CSV file is called after it
        path.write_bytes(accepted.content)
        return _tables(spec, path)


def _tables(spec: ListSpec, path: Path) -> tuple[ListTable, ...]:
    """The tables of a file."""
    grids = read_grids(spec, path)
    sha256 = file_hash(path)
    found = [table for grid in grids if (table := _table(grid, spec, sha256)) is not None]
    if not found:
        seen = [cell for grid in grids for row in grid.cells[:_HEAD_ROWS] for cell in row if cell.strip()]
        raise list_error(
            "fault.list_no_columns", spec, known=", ".join(" ".join(one.split()) for one in seen[:16])
        )
    return tuple(found)


def no_file(spec: ListSpec, *, folder: Path) -> list[Fault]:
    """The fault of a list whose file is not there, with the names beside it; none where it is."""
    path = folder / spec.path
    if path.is_file():
        return []
    near = sorted(p.name for p in path.parent.iterdir() if p.suffix) if path.parent.is_dir() else []
    return list(list_error("fault.list_no_file", spec, known=", ".join(near[:12])).faults)


def _table(grid: Grid, spec: ListSpec, sha256: str) -> ListTable | None:
    """The table of a sheet; None where it has none."""
    head = _headings(grid, spec)
    if head is None:
        return None
    first, names, columns = head
    rows: dict[int, list[str]] = {}
    told: dict[int, dict[str, str]] = {}
    joined: dict[int, bool] = {}
    sums: list[tuple[int, str, str]] = []
    for at in range(first, len(grid.cells)):
        cells = [*grid.cells[at], *[""] * len(names)][: len(names)]
        ours = {name: cell_of(grid, at, place, spread=name in _SPREAD) for name, place in columns.items()}
        if not any(cells) or cells == names or _is_remark(grid, at, cells):
            continue
        if any(_is_total(cell) for cell in cells[:4]):
            sums.append((at + 1, next(cell for cell in cells[:4] if _is_total(cell)), ours["households"]))
        elif ours["households"] or any(all(ours.get(name) for name in ways) for ways in _WHERE):
            rows[at + 1], told[at + 1] = cells, ours
            joined[at + 1] = grid.merged.get((at, columns["households"]), (at, 0))[0] < at
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=names, dtype=object)
    ours_frame = pd.DataFrame.from_dict(told, orient="index", columns=list(columns), dtype=object)
    stated = _totals(sums, ours_frame["households"])
    return ListTable(spec, grid.sheet, sha256, frame, ours_frame, pd.Series(joined, dtype=bool), stated)


def _is_remark(grid: Grid, row: int, cells: Sequence[str]) -> bool:
    """Whether nothing stands in a row but one text across several columns."""
    filled = [place for place, cell in enumerate(cells) if cell]
    start = grid.merged.get((row, filled[0]))
    return len(filled) == 1 and start is not None and grid.merged.get((row, filled[0] + 1)) == start


def _headings(grid: Grid, spec: ListSpec) -> tuple[int, list[str], dict[str, int]] | None:
    """First row of data, headings (each once), and place of each of our columns; None where there is no table."""
    best: tuple[int, int, list[str], dict[str, int]] | None = None
    for at in range(min(len(grid.cells), _HEAD_ROWS)):
        for depth in (1, 2):
            names = _names(grid, at, depth)
            columns = _recognised(names, spec)
            usable = "households" in columns and any(all(name in columns for name in ways) for ways in _WHERE)
            # of headings in two rows the lower ones count: they say which households
            if usable and (best is None or len(columns) > best[0] or (len(columns) == best[0] and at <= best[1])):
                best = (len(columns), at + depth, names, columns)
    return None if best is None else best[1:]


def _names(grid: Grid, at: int, depth: int) -> list[str]:
    """Headings of one row, or of two of which the lower counts; every one once."""
    width = max(len(row) for row in grid.cells[at : at + depth])
    names: list[str] = []
    for column in range(width):
        seen = [cell_of(grid, row, column, spread=True) for row in range(at, min(at + depth, len(grid.cells)))]
        name = " ".join(next((cell for cell in reversed(seen) if cell), "").split()) or f"#{column + 1}"
        names.append(name if name not in names else f"{name} {column + 1}")
    return names


def _recognised(names: Sequence[str], spec: ListSpec) -> dict[str, int]:
    """Place of each of our columns: as the case says, else by its usual names."""
    plain: dict[str, int] = {}
    for place, name in enumerate(names):
        for form in (_plain(name), _plain(re.sub(r"[（(].*?[）)]", "", name))):
            plain.setdefault(form, place)
    found: dict[str, int] = {}
    for ours, known in column_words("lists").items():
        places = [plain[_plain(name)] for name in known if _plain(name) in plain]
        if places and places[0] not in found.values():
            found[ours] = places[0]
    for axis, name in place_columns(names).items():
        if axis in ("x", "y"):
            found[axis] = list(names).index(name)
    for ours, theirs in spec.columns.items():
        if _plain(theirs) in plain:
            found[ours] = plain[_plain(theirs)]
        else:
            found.pop(ours, None)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s\-*.()（）/：:]+", "", unicodedata.normalize("NFKC", name).lower())


def _is_total(cell: str) -> bool:
    return re.sub(r"[\s:：]", "", cell).lower() in words("lists")["totals"]


def _totals(sums: Sequence[tuple[int, str, str]], counts: pd.Series) -> tuple[Total, ...]:
    """Rows of totals with what they sum up: a subtotal the rows since the one before, a total all rows above."""
    figures = counts.map(lambda text: counted(text) or 0)
    found, since = [], 0
    for line, label, text in sums:
        stated = counted(text)
        part = re.sub(r"\s", "", label).lower() in words("lists")["subtotals"]
        above = figures[(figures.index < line) & (figures.index > (since if part else 0))]
        since = line if part else since
        if stated is not None:
            found.append(Total(line, label, stated, int(above.sum())))
    return tuple(found)
