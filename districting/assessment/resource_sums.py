"""How rows of resources add up: sums of what is known, both ends of a range, and the difference to today."""

from __future__ import annotations

from typing import Any

import pandas as pd

#: Columns that are added up.
AMOUNTS = ["required", "required_max", "existing", "missing", "excess", "extra"]


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """The table with what is missing and what is too much; unknown where either side is."""
    short, over = table["required"] - table["existing"], table["existing"] - table["required_max"]
    return table.assign(missing=short.clip(lower=0).round(6), excess=over.clip(lower=0).round(6))


def largest(values: pd.Series[float]) -> float:
    """The largest value; NaN if a figure's requirement is unknown, since it might be larger."""
    return float(values.max(skipna=False))


def summed(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sums of what is known, and in how many communities something is not."""
    groups = rows.groupby(by, sort=False)
    table = groups[AMOUNTS].sum(min_count=1)
    table["required_max"] = upper_ends(rows, by)
    table.insert(0, "communities", groups.size())
    described = [name for name in ("kind", "unit", "concern") if name in rows.columns and name not in by]
    table[described] = groups[described].first() if described else None
    unknown = rows.assign(
        required=rows["required"].isna() & rows["required_max"].isna(),
        existing=rows["existing"].isna() & _compared(rows).to_numpy(),
    )
    table["unknown_required"] = unknown.groupby(by, sort=False)["required"].sum()
    table["unknown_existing"] = unknown.groupby(by, sort=False)["existing"].sum()
    return table


def upper_ends(rows: pd.DataFrame, by: list[str]) -> pd.Series[float]:
    """Sums at the upper ends; a row without one counts with what is required, a group without any has none."""
    groups = rows.assign(upper=rows["required_max"].fillna(rows["required"])).groupby(by, sort=False)
    return groups["upper"].sum(min_count=1).where(groups["required_max"].count() > 0)


def _compared(rows: pd.DataFrame) -> pd.Series[bool]:
    """Where there is something that could be there and known: not money, nor rooms that are still to come."""
    now = ~rows["concern"].isin(["planned", "waiting"]) if "concern" in rows.columns else True
    return (rows["unit"] != "yuan_per_year") & (rows["subject"] != "cross_appointed") & now


def with_change(table: pd.DataFrame, earlier: pd.DataFrame | None) -> pd.DataFrame:
    """Sums with those of today beside them; a figure that concerns nobody on one side counts 0 there."""
    if earlier is None:
        return table
    every = table.index.union(earlier.index, sort=False)
    now, then = table.reindex(every), earlier.reindex(every)
    for column in now.columns:
        now[column] = now[column].where(now.index.isin(table.index), _nothing(column, then))
    absent = ~every.isin(earlier.index)
    now["required_before"] = then["required"].mask(absent, 0.0)
    # Sums of what is known differ by what is known of more or fewer communities: that is no change.
    known = (now["unknown_required"] == 0) & (then["unknown_required"].mask(absent, 0) == 0)
    now["change"] = (now["required"] - now["required_before"]).where(known)
    upper, upper_before = (part["required_max"].fillna(part["required"]) for part in (now, then))
    now["change_max"] = (upper - upper_before.mask(absent, 0.0)).where(known)
    return now


def _nothing(column: str, then: pd.DataFrame) -> Any:
    """What stands in a column for a figure that concerns nobody any more."""
    return then[column] if column in ("kind", "unit", "concern") else 0
