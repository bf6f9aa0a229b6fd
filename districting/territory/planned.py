"""Planned housing: how many households it brings, and in which year they move in (method §25).

The housing-unit method: households = dwellings × share occupied. They come all at once in the year of completion,
or by the shares that the layer gives year by year.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from districting.errors import Fault
from districting.territory.borders import Ints
from districting.territory.columns import count, fault_of, missing_columns, number, source_column, text
from districting.territory.files import FileTable

_SHARE = re.compile(r"(?P<figure>\d+(?:\.\d+)?)\s*(?P<percent>%?)")
_BETWEEN = re.compile(r"[\s,;/、→]+")
#: Full-width marks that people type → the half-width ones.
_HALF_WIDTH = str.maketrans({"％": "%", "，": ",", "；": ";", "．": ".", "／": "/"})


def planned_columns(found: FileTable, named: pd.Series) -> tuple[dict[str, pd.Series], list[Fault]]:
    """Columns ``households``, ``dwellings``, ``year`` and ``occupied`` of planned housing, and what is wrong.

    Parameters
    ----------
    found
        The file's table. It gives the year, and households or dwellings; ``occupied`` holds the shares that are
        lived in at the end of the year of completion, of the year after …: ``"40%, 70%, 95%"``, or one share.
    named
        What to call each row.

    Returns
    -------
    tuple
        ``households`` (int64, once all have moved in), ``dwellings`` (float, NaN where not told), ``year`` (int64,
        of completion) and ``occupied`` (households that live there at the end of that year, of the next …, as
        text ``"40 70 95"``; None: all from that year on); and faults.
    """
    by_dwellings = source_column(found, "dwellings") is not None
    counted = source_column(found, "households") is not None
    faults = missing_columns(found, required=("year",) if by_dwellings else ("households", "year"))
    dwellings, wrong = number(found, "dwellings", named=named)
    faults += wrong
    if by_dwellings and counted:  # each row tells one of the two
        households, wrong = number(found, "households", named=named)
    else:
        households, wrong = count(found, "households", named=named)
    faults += wrong
    year, wrong = count(found, "year", named=named)
    faults += wrong
    if by_dwellings and not counted:
        households = pd.Series(np.nan, index=named.index)
    neither = (households.isna() & dwellings.isna()).to_numpy()
    if neither.any():
        faults.append(fault_of("fault.planned_no_homes", found, neither, named))
    words = text(found, "occupied")
    shares = [_shares(word) for word in words]
    strange = np.array([one is None for one in shares], dtype=bool)
    if strange.any():
        named_so = named.astype(str) + " (" + words.astype(str) + ")"
        faults.append(fault_of("fault.planned_shares", found, strange, named_so))
    usual = found.spec.estimate.occupancy
    lived_in = [
        _lived_in(homes if told else units, one or ((1.0,) if told else (usual,)))
        for homes, units, told, one in zip(
            households.fillna(0.0), dwellings.fillna(0.0), households.notna(), shares, strict=True
        )
    ]
    return {
        "households": pd.Series([one[-1] for one in lived_in], index=named.index, dtype="int64"),
        "dwellings": dwellings,
        "year": year,
        "occupied": pd.Series(
            [" ".join(map(str, one)) if len(one) > 1 else None for one in lived_in],
            index=named.index,
            dtype=object,
        ),
    }, faults


def arrivals(planned: pd.DataFrame) -> pd.DataFrame:
    """Households that move in, project by project and year by year.

    Parameters
    ----------
    planned
        Planned housing as `Layers` holds it.

    Returns
    -------
    DataFrame
        Columns ``project`` (position in ``planned``), ``year``, ``households`` (int64 > 0); sorted by both.

    Examples
    --------
    >>> sites = {"households": [95, 60], "year": [2027, 2026], "occupied": ["40 70 95", None]}
    >>> arrivals(pd.DataFrame(sites)).values.tolist()
    [[0, 2027, 40], [0, 2028, 30], [0, 2029, 25], [1, 2026, 60]]
    """
    totals = planned["households"].astype("int64").astype(str)
    told = planned["occupied"].where(planned["occupied"].notna(), totals) if "occupied" in planned else totals
    steps = told.reset_index(drop=True).astype(str).str.split().explode().astype("int64")
    project, living = steps.index.to_numpy(dtype=np.int64), steps.to_numpy()
    first = np.r_[True, project[1:] != project[:-1]][: len(project)]
    more = living - np.where(first, 0, np.r_[0, living[:-1]][: len(living)])
    later = steps.groupby(level=0).cumcount().to_numpy(dtype=np.int64)
    years = planned["year"].to_numpy(dtype=np.int64)[project] + later
    table = pd.DataFrame({"project": project, "year": years, "households": more})
    return table[table["households"] > 0].reset_index(drop=True)


def moved_in(planned: pd.DataFrame, year: int) -> Ints:
    """Households of each project that live there at the end of a year, shape (n_projects,)."""
    come = arrivals(planned)
    come = come[come["year"] <= year]
    sums = np.zeros(len(planned), dtype=np.int64)
    np.add.at(sums, come["project"].to_numpy(), come["households"].to_numpy())
    return sums


def _shares(word: str | None) -> tuple[float, ...] | None:
    """Shares as people write them, in (0, 1] and not falling; empty for no word, None if they are no shares.

    Examples
    --------
    >>> _shares("40%，70%，100%"), _shares("0.85"), _shares(None), _shares("70% 40%")
    ((0.4, 0.7, 1.0), (0.85,), (), None)
    """
    if word is None:
        return ()
    found = [_SHARE.fullmatch(part) for part in _BETWEEN.split(word.translate(_HALF_WIDTH).strip(" ,;")) if part]
    if not found or None in found:
        return None
    shares = tuple(float(one["figure"]) / (100.0 if one["percent"] else 1.0) for one in found if one is not None)
    rising = all(early <= late for early, late in pairwise(shares))
    return shares if rising and shares[-1] <= 1.0 and shares[-1] > 0.0 else None


def _lived_in(homes: float, shares: Sequence[float]) -> list[int]:
    """Homes lived in at the end of each year, rounded half to even; they never fall."""
    return [round(homes * share) for share in shares]
