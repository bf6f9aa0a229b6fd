"""Lists of communities as files: names, codes and seats beside a plan; and those that were abolished before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from districting.errors import CaseError, Fault, PlanError
from districting.plans.division import Division
from districting.plans.land import as_text

#: The list that lies beside our plan files.
COMMUNITY_LIST = "communities.csv"


def with_community_list(division: Division, plan: Path) -> Division:
    """The division with names and seats of the list of communities beside a plan file, if there is one.

    A plan file of atoms or buildings gives communities by id alone; the list says who the new ones are, and where
    the seats of all stand. A table of that name without a column ``provisional`` is another list and not read.

    Raises
    ------
    PlanError
        If seats are no numbers.
    """
    path = plan.parent / COMMUNITY_LIST
    if not path.is_file() or path.resolve() == plan.resolve():
        return division
    table = _texts(path)
    if not {"community_id", "provisional"} <= set(table.columns):
        return division
    table = table.drop_duplicates("community_id").set_index("community_id")
    table = table.reindex(division.outlines.index)
    outlines = division.outlines.copy()
    if "name" in table:
        is_new = outlines["origin"].isna() & table["name"].notna()
        outlines["name"] = as_text(outlines["name"].where(~is_new, table["name"]))
    if {"seat_x", "seat_y"} <= set(table.columns):
        x, y = (pd.to_numeric(table[axis], errors="coerce") for axis in ("seat_x", "seat_y"))
        unread = (x.isna() & table["seat_x"].notna()) | (y.isna() & table["seat_y"].notna())
        if unread.any():
            examples = ", ".join(map(str, table.index[unread][:5]))
            raise PlanError([Fault("fault.list_seats", {"file": path.name, "examples": examples})])
        seated = (x.notna() & y.notna()).to_numpy()
        outlines["seat_x"] = np.where(seated, x, outlines["seat_x"])
        outlines["seat_y"] = np.where(seated, y, outlines["seat_y"])
        kind = table["seat_kind"] if "seat_kind" in table else pd.Series("candidate", table.index, dtype=object)
        outlines["seat_kind"] = as_text(outlines["seat_kind"].where(~seated, kind))
    return replace(division, outlines=outlines)


def read_abolished(path: Path) -> pd.DataFrame:
    """Communities that were abolished before: ``code``, ``name``, ``community_id``, ``subdistrict_id``, as text.

    Only ``code`` must be there.

    Raises
    ------
    CaseError
        If the file cannot be read, or has no ``code``.
    """
    try:
        table = _texts(path)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CaseError([Fault("fault.abolished_unreadable", {"file": str(path), "why": str(error)})]) from error
    if "code" not in table:
        present = ", ".join(map(str, table.columns))
        raise CaseError([Fault("fault.list_columns", {"file": path.name, "lacking": "code", "present": present})])
    columns = ["code", "name", "community_id", "subdistrict_id"]
    return table.reindex(columns=columns).astype(object).where(table.reindex(columns=columns).notna(), None)


def _texts(path: Path) -> pd.DataFrame:
    """A CSV whose every cell is text: codes have leading zeros."""
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
