"""How many grids each community has, from what ``districting grids`` wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from districting.errors import Fault, PlanError


def read_grid_counts(folder: Path) -> pd.Series[int]:
    """Grids by community.

    Parameters
    ----------
    folder
        What ``districting grids`` wrote, or its ``grids.csv``.

    Returns
    -------
    Series
        Index ``community_id``, sorted; communities without a grid are not in it.

    Raises
    ------
    PlanError
        If there is no such table, or it names no communities.
    """
    file = folder / "grids.csv" if folder.is_dir() else folder
    try:
        table = pd.read_csv(file, dtype=str)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise PlanError([Fault("fault.grid_counts", {"file": str(file), "why": str(error)})]) from error
    if "community_id" not in table.columns:
        values = {"file": str(file), "known": ", ".join(map(str, table.columns))}
        raise PlanError([Fault("fault.grid_counts_column", values)])
    return table.groupby("community_id").size().rename_axis("community_id").sort_index()
