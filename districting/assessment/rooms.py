"""How much room each community is to have, how much it has, and how a programme of rooms goes on year by year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from districting.assessment.situation import Situation
from districting.policies.resources import Resource, SpaceFigure, SpaceProgramme, SpaceShare, SpaceUse

#: Uses that together are a community's premises. Documents call the whole 综合服务设施, 办公服务用房 or 办公场所
#: and go on to say which part of it the staff, the residents and the hall take.
PREMISES: tuple[SpaceUse, ...] = ("service", "office", "staff_office", "activity", "one_stop", "hall")

#: Uses by which a document means the premises as a whole.
_WHOLE: tuple[SpaceUse, ...] = ("service", "office")


def existing_m2(use: SpaceUse, situation: Situation) -> pd.Series[float]:
    """m² of a use that each community has; the premises as a whole for ``service`` and ``office``.

    NaN where unknown: no record of the case tells that use, or one of the community's records has no area.
    """
    rooms = situation.rooms
    recorded = [one for one in (PREMISES if use in _WHOLE else (use,)) if one in rooms.columns]
    if not recorded:
        return pd.Series(np.nan, index=rooms.index)
    return rooms[recorded].sum(axis=1, skipna=False)


def required_m2(figure: SpaceFigure, situation: Situation) -> pd.Series[float]:
    """m² that a figure asks of each community that it concerns; NaN for the others.

    max(``min_m2``, ``per_100_households_m2`` × households / 100); a figure about planned housing is asked of each
    planned compound and added up by community.

    Examples
    --------
    With 30 m² per 100 households and never less than 600 m², 2,000 households need 600 m² and 2,001 need 600.3.
    """
    about = situation.concerned(figure)
    if figure.concern == "planned":
        projects = situation.planned.set_index("community_id")["households"].astype(float)
        asked = _area(figure, projects).groupby(level=0).sum(min_count=1).reindex(situation.sizes.index)
    else:
        asked = _area(figure, situation.sizes["households"])
    return asked.where(about)


def _area(figure: SpaceFigure, households: pd.Series[float]) -> pd.Series[float]:
    """m² for so many households; NaN where the figure is not about so many."""
    asked = (households * (figure.per_100_households_m2 or 0.0) / 100).clip(lower=figure.min_m2 or 0.0)
    low = 0 if figure.from_households is None else figure.from_households
    high = np.inf if figure.below_households is None else figure.below_households
    return asked.where((households >= low) & (households < high)).round(6)


def space_rows(figure: SpaceFigure, situation: Situation) -> pd.DataFrame:
    """Rows of one figure: required and existing m² of the communities that it concerns."""
    asked = required_m2(figure, situation)
    rows = pd.DataFrame({"required": asked, "measure": ""})
    rows["existing"] = np.nan if figure.concern == "planned" else existing_m2(figure.use, situation)
    if figure.concern == "planned":
        rows["measure"] = "planned_households"
        rows["measured"] = situation.planned.groupby("community_id")["households"].sum()
    elif figure.per_100_households_m2 is not None:
        rows["measure"], rows["measured"] = "households", situation.sizes["households"]
    return rows[asked.notna()]


def share_rows(figure: SpaceShare, situation: Situation, figures: Sequence[Resource]) -> pd.DataFrame:
    """Rows of a part of a space, as areas.

    The whole is what there is, or what is required where that is more: premises that are still to grow leave their
    parts room to grow with them. ``required`` is the least that the part is to have, ``required_max`` the most.
    """
    asked = [
        required_m2(one, situation)
        for one in figures
        if isinstance(one, SpaceFigure)
        and one.concern != "planned"
        and (one.use == figure.of or {one.use, figure.of} <= set(_WHOLE))
    ]
    whole = pd.concat([existing_m2(figure.of, situation), *asked], axis=1).max(axis=1)
    rows = pd.DataFrame({"existing": existing_m2(figure.use, situation)})
    rows["required"] = np.nan if figure.min_share is None else (whole * figure.min_share).round(6)
    rows["required_max"] = np.nan if figure.max_share is None else (whole * figure.max_share).round(6)
    rows["measure"], rows["measured"] = "area_m2", whole
    return rows[situation.concerned(figure)]


def programme_rows(figure: SpaceProgramme, situation: Situation) -> pd.DataFrame:
    """Rows of a programme: the area that a community is to have to be counted."""
    rows = pd.DataFrame({"existing": existing_m2(figure.use, situation)})
    rows["required"], rows["measure"], rows["measured"] = figure.at_least_m2, "", np.nan
    return rows[situation.concerned(figure)]


def programme_years(figure: SpaceProgramme, situation: Situation) -> pd.DataFrame:
    """How a programme goes on: so many communities are to have the space in each of its years.

    Returns
    -------
    DataFrame
        One row per year of the programme: ``year`` (from 1), ``share``, ``communities`` (of all), ``needed`` (the
        least whole number of them that is the share), ``have`` (known to have it today), ``unknown``, ``more``
        (needed and not known to have it), ``more_this_year`` (of these, not needed the year before).
    """
    existing = existing_m2(figure.use, situation)[situation.concerned(figure)]
    have, unknown = int((existing >= figure.at_least_m2).sum()), int(existing.isna().sum())
    rows = []
    before = have
    for year, share in enumerate(figure.shares, start=1):
        needed = math.ceil(Fraction(str(share)) * len(existing))
        rows.append(
            {
                "year": year,
                "share": share,
                "communities": len(existing),
                "needed": needed,
                "have": have,
                "unknown": unknown,
                "more": max(0, needed - have),
                "more_this_year": max(0, needed - before),
            }
        )
        before = max(before, needed)
    return pd.DataFrame(rows)
