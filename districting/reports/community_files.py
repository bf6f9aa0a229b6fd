"""Lists of communities beside a plan: who each is and where its seat stands; and who has ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from districting.assessment.identities import Identities
from districting.assessment.seating import Seating
from districting.plans.division import Division
from districting.reports.atomic import replacing


def write_communities_csv(
    path: Path,
    division: Division,
    identities: Identities,
    seats: Seating,
    *,
    households: pd.Series[int],
    actions: Mapping[str, str],
) -> None:
    """``communities.csv``: names, codes, seats and distances of every community, a row each, sorted by id.

    ``provisional`` says that name and code are proposals, ``other_names`` lists the further ones (separated by
    "; "). A plan file read beside this list knows its communities by it. Metres have one decimal.
    """
    outlines = division.outlines.sort_index()
    told = identity_columns(division, identities)
    metres = seats.table.reindex(outlines.index)
    figures = [column for column in metres.columns if column.endswith("_m")]
    table = pd.DataFrame(
        {
            "name": outlines["name"],
            "code": told["code"],
            "provisional": told["provisional"],
            "other_names": told["other_names"],
            "subdistrict_id": outlines["subdistrict_id"],
            "origin": outlines["origin"],
            "action": [str(actions.get(key, "")) for key in outlines.index],
            "households": households.reindex(outlines.index),
            "seat_x": metres["seat_x"].round(3),
            "seat_y": metres["seat_y"].round(3),
            "seat_kind": outlines["seat_kind"],
            "site": metres["site"],
            "site_id": metres["site_id"],
            **{column: metres[column].astype(float).round(1) for column in figures},
        }
    )
    _write(path, table.rename_axis("community_id").reset_index())


def write_abolished_csv(path: Path, identities: Identities) -> None:
    """``abolished.csv``: codes and names that are never given again, earlier ones included.

    The case of a later run names this file as ``abolished_codes``.
    """
    _write(path, identities.abolished)


def identity_columns(division: Division, identities: Identities) -> pd.DataFrame:
    """``code``, ``provisional`` and ``other_names`` of every community of a division, on its index."""
    index = division.outlines.index
    table = identities.table.reindex(index)[["code", "provisional"]]
    table["other_names"] = ["; ".join(identities.alternatives(str(key))) for key in index]
    return table


def _write(path: Path, table: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
