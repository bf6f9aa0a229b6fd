"""Who succeeds whom: labels for communities drawn by hand, by the successor rule (design: *Identity*)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from districting.plans.division import Division
from districting.plans.identity_checks import seats_hold, shared_households
from districting.plans.land import as_text, named
from districting.territory.territory import Territory


def derive_identity(before: Division, after: Division, territory: Territory) -> Division:
    """The same division with ``origin`` by the successor rule, whatever it carried.

    A community of before is succeeded by the part that holds its centre, or where it has none on its own land by
    the part with most of its households. Where one part succeeds several, it takes the identity of the one that
    brings most households (then the lowest id); the others end. A successor without a seat takes over the old
    centre if that lies on its land.

    Returns
    -------
    Division
        ``community_id`` unchanged; ``origin`` None for new communities.
    """
    claims = _claims(before, after, territory)
    best = claims.sort_values(["households", "old"], ascending=[False, True]).drop_duplicates("heir")
    origin = np.full(len(after.outlines), -1, dtype=np.int64)
    origin[best["heir"]] = best["old"]
    outlines = after.outlines.copy()
    outlines["origin"] = as_text(named(before.outlines.index, origin, outlines.index))
    held = seats_hold(after, before)
    takes = (origin >= 0) & outlines["seat_x"].isna().to_numpy()
    takes[takes] = held[origin[takes]] == np.flatnonzero(takes)
    for column in ("seat_x", "seat_y", "seat_kind"):
        values = outlines[column].copy()
        values[takes] = before.outlines[column].to_numpy()[origin[takes]]
        outlines[column] = values
    return replace(after, outlines=outlines)


def _claims(before: Division, after: Division, territory: Territory) -> pd.DataFrame:
    """One row per community of before with a successor: positions ``old``, ``heir`` and the households shared."""
    held = seats_hold(after, before)
    shared = shared_households(after, before, territory).rename("households").reset_index()
    most = shared.sort_values(["households", "after"], ascending=[False, True]).drop_duplicates("today")
    by_homes = most.set_index("today")["after"].reindex(range(len(before.outlines)), fill_value=-1).to_numpy()
    heir = np.where(held >= 0, held, by_homes)
    claims = pd.DataFrame({"old": np.arange(len(heir)), "heir": heir})
    claims = claims[claims["heir"] >= 0]
    together = shared.rename(columns={"today": "old", "after": "heir"})
    return claims.merge(together, on=["old", "heir"], how="left").fillna({"households": 0})
