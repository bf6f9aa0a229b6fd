"""Columns of a file as typed columns of ours: text ids, counts, numbers. What cannot be taken is a fault."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from districting.errors import Fault
from districting.territory.files import FileTable

#: How many examples a sentence names.
_EXAMPLES = 5


def examples(items: Iterable[object], *, most: int = _EXAMPLES) -> str:
    """The first few of many, for a sentence.

    Examples
    --------
    >>> examples(["a", "b", "c"], most=2)
    'a, b …'
    """
    listed = [str(item) for item in items]
    return ", ".join(listed[:most]) + (" …" if len(listed) > most else "")


def fault_of(key: str, found: FileTable, wrong: npt.NDArray[np.bool_], named: pd.Series, **more: Any) -> Fault:
    """A fault about some rows of a layer: how many of how many, and which.

    Parameters
    ----------
    key
        Of the sentence; ``note.…`` is a warning.
    found
        The layer.
    wrong
        Which rows, shape (n,).
    named
        What to call each row: its id, or a value.
    more
        Further values of the sentence.
    """
    values = {**found.values, "count": int(wrong.sum()), "total": len(wrong), **more}
    values.setdefault("examples", examples(named[wrong]))
    return Fault(key, values, severity="warning" if key.startswith("note.") else "error")


def source_column(found: FileTable, ours: str) -> str | None:
    """Their name for one of our columns: as the case says, else the same name; None if there is none."""
    if ours in found.spec.columns:
        return found.spec.columns[ours] or None
    return ours if ours in found.table.columns else None


def missing_columns(found: FileTable, *, required: tuple[str, ...] = ()) -> list[Fault]:
    """Columns that the case names and the file lacks, and required ones that nothing provides."""
    there = [str(name) for name in found.table.columns if name != found.table.geometry.name]
    named = [
        theirs for ours, theirs in found.spec.columns.items() if theirs and ours not in ("x", "y", "geometry")
    ]
    faults = []
    absent = sorted({theirs for theirs in named if theirs not in there})
    if absent:
        values = {**found.values, "columns": ", ".join(absent), "known": ", ".join(there)}
        faults.append(Fault("fault.layer_no_column", values))
    for ours in required:
        if source_column(found, ours) is None:
            values = {**found.values, "column": ours, "known": ", ".join(there)}
            faults.append(Fault("fault.layer_needs_column", values))
    return faults


def text(found: FileTable, ours: str) -> pd.Series:
    """A column as trimmed text (object), None where empty or absent; 12.0 reads "12"."""
    theirs = source_column(found, ours)
    if theirs is None or theirs not in found.table.columns:
        return pd.Series(np.full(len(found.table), None, dtype=object), index=found.table.index)
    return as_text(found.table[theirs])


def as_text(column: pd.Series) -> pd.Series:
    """Values as trimmed text (object), None where empty.

    Examples
    --------
    >>> list(as_text(pd.Series([7.0, 7.5, None])))
    ['7', '7.5', None]
    >>> list(as_text(pd.Series([" 007 ", "", None])))
    ['007', None, None]
    """
    if pd.api.types.is_float_dtype(column):
        whole = column.notna() & (column == column.round())
        words = column.astype(object)
        words[whole] = column[whole].astype("int64").astype(object)
    else:
        words = column.astype(object)
    trimmed = words.map(lambda value: str(value).strip(), na_action="ignore").astype(object)
    return trimmed.where(trimmed.notna() & (trimmed != ""), None)


def number(found: FileTable, ours: str, *, named: pd.Series) -> tuple[pd.Series, list[Fault]]:
    """A column as float, NaN where empty or absent; text and negative numbers are faults."""
    theirs = source_column(found, ours)
    if theirs is None or theirs not in found.table.columns:
        return pd.Series(np.nan, index=found.table.index), []
    cells = found.table[theirs]
    figures = _figures(cells)
    faults = []
    words = (cells.notna() & (as_text(cells).notna()) & figures.isna()).to_numpy()
    if words.any():
        told = _with_value(named, cells)
        faults.append(fault_of("fault.layer_text_number", found, words, told, column=theirs))
    negative = (figures < 0).to_numpy()
    if negative.any():
        faults.append(fault_of("fault.layer_negative", found, negative, _with_value(named, cells), column=theirs))
    return figures, faults


def count(found: FileTable, ours: str, *, named: pd.Series) -> tuple[pd.Series, list[Fault]]:
    """A column of counts as int64 (0 where it cannot be): text, gaps, negatives and fractions are faults."""
    figures, faults = number(found, ours, named=named)
    theirs = source_column(found, ours)
    if theirs is None or theirs not in found.table.columns:
        return pd.Series(0, index=figures.index, dtype="int64"), faults
    cells = found.table[theirs]
    empty = as_text(cells).isna().to_numpy()
    if empty.any():
        faults.append(fault_of("fault.layer_empty_count", found, empty, named, column=theirs))
    broken = (figures.notna() & (figures != figures.round())).to_numpy()
    if broken.any():
        faults.append(fault_of("fault.layer_fraction", found, broken, _with_value(named, cells), column=theirs))
    return figures.fillna(0).round().astype("int64"), faults


def _figures(cells: pd.Series) -> pd.Series:
    """Cells as float; inf and what is no number as NaN."""
    if pd.api.types.is_numeric_dtype(cells):
        figures = cells.astype(float)
    else:
        figures = pd.to_numeric(as_text(cells), errors="coerce").astype(float)
    return figures.where(np.isfinite(figures))


def _with_value(named: pd.Series, cells: pd.Series) -> pd.Series:
    """Each row's name with the cell that is wrong."""
    return named.astype(str) + " (" + cells.astype(str) + ")"


def numbered(prefix: str, total: int) -> pd.Series:
    """Ids for features without one, in the file's order: wide enough to sort as they count.

    Examples
    --------
    >>> list(numbered("road", 2))
    ['road-0001', 'road-0002']
    """
    width = max(4, len(str(total)))
    return pd.Series([f"{prefix}-{i:0{width}d}" for i in range(1, total + 1)], dtype=object)


def placed_ids(prefix: str, xy: npt.NDArray[np.float64]) -> pd.Series:
    """Ids for buildings without one, from their coordinates: stable when rows are added or sorted otherwise.

    Parameters
    ----------
    prefix
        Of every id.
    xy
        Coordinates in m, shape (n, 2); several at one place are told apart by a running number.

    Examples
    --------
    >>> list(placed_ids("b", np.array([[10.2, 5.0], [10.4, 5.0], [7.0, 5.0]])))
    ['b10-5', 'b10-5-2', 'b7-5']
    """
    whole = pd.DataFrame(np.round(xy).astype("int64"), columns=["x", "y"])
    ids = prefix + whole["x"].astype(str) + "-" + whole["y"].astype(str)
    turn = whole.groupby(["x", "y"]).cumcount()
    return ids.where(turn == 0, ids + "-" + (turn + 1).astype(str)).astype(object)
