"""How many people are to work for each community, and how the two committees may share members."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from districting.assessment.situation import Situation
from districting.policies.resources import CrossAppointment, Resource, Role, StaffFigure
from districting.policies.rule import Measure

#: Column of the communities that tells who there is; the two committees together are told by nobody, since a
#: person may sit in both.
_COLUMNS: dict[Role, str] = {
    "committee": "committee_members",
    "party": "party_committee_members",
    "worker": "workers",
    "grid_worker": "grid_workers",
}

_PEOPLE: tuple[Measure, ...] = ("people", "registered_people")


def existing_staff(role: Role, situation: Situation) -> pd.Series[float]:
    """People of a role who work for each community; NaN where unknown."""
    if role not in _COLUMNS:
        return pd.Series(np.nan, index=situation.sizes.index)
    return situation.staff[_COLUMNS[role]]


def staff_rows(figure: StaffFigure, situation: Situation, figures: Sequence[Resource]) -> pd.DataFrame:
    """Rows of one figure: how many people each community that it concerns is to have.

    People are whole: a ratio is rounded up in each community, since the documents name least numbers and nobody
    works by parts. A figure about communities that wait for their split stands on top of what the figures about
    every community give for its role, and tells how many of the required are ``extra``; a ratio counts the
    households or people beyond the split trigger alone.

    Parameters
    ----------
    figures
        All figures of the policy.
    """
    asked = _whole(_asked(figure, situation), figure)
    rows = pd.DataFrame({"required": asked, "existing": existing_staff(figure.role, situation)})
    rows["measure"], rows["measured"] = _measured(figure, situation)
    rows["required_max"] = np.nan if figure.at_most is None else float(figure.at_most)
    if figure.concern == "waiting":
        rows["extra"] = asked
        rows["required"] = asked + required_staff(figure.role, situation, figures)
    return rows[situation.concerned(figure)]


def required_staff(role: Role, situation: Situation, figures: Sequence[Resource]) -> pd.Series[float]:
    """People of a role that the figures about every community ask for; 0 without such a figure, NaN if unknown."""
    asked = [
        _whole(_asked(one, situation), one).where(situation.concerned(one), 0.0)
        for one in figures
        if isinstance(one, StaffFigure) and one.role == role and one.concern == "all"
    ]
    nobody = pd.Series(0.0, index=situation.sizes.index)
    return pd.concat([nobody, *asked], axis=1).max(axis=1, skipna=False)


def cross_rows(
    figure: CrossAppointment, situation: Situation, figures: Sequence[Resource]
) -> dict[str, pd.DataFrame]:
    """Rows of a cross-appointment, by subject.

    With c members of the residents' committee and p of the party organisation's, b of them in both, there are
    n = c + p − b people. ``cross_appointed`` is b: at least ⌈share × min(c, p)⌉, at most min(c, p).
    ``both_committees`` is n: from max(c, p), with everybody of the smaller committee in both, up to
    c + p − ⌈share × min(c, p)⌉, and never above ``at_most``. The share is taken of the smaller committee: so
    read, the largest committees of Xi'an 2023 (9 and 5) with 60 % give the 11 people that its text names.

    Where the document leaves a range for a committee, the least n is of the smallest committees, the most of the
    largest. NaN where a committee's number is unknown.
    """
    least = {role: _least_and_most(role, situation, figures)[0] for role in ("committee", "party")}
    most = {role: _least_and_most(role, situation, figures)[1] for role in ("committee", "party")}
    small, large = _smaller(least), _smaller(most)
    in_both = _up(small * figure.min_share)
    fewest = least["committee"] + least["party"] - small
    people = (most["committee"] + most["party"] - _up(large * figure.min_share)).clip(upper=figure.at_most)
    committees = pd.DataFrame({"required": fewest, "required_max": people})
    committees["existing"] = existing_staff("both_committees", situation)
    shared = pd.DataFrame({"required": in_both, "required_max": large, "existing": np.nan})
    about = situation.concerned(figure)
    found = {"both_committees": committees, "cross_appointed": shared}
    return {subject: rows.assign(measure="", measured=np.nan)[about] for subject, rows in found.items()}


def _least_and_most(
    role: Role, situation: Situation, figures: Sequence[Resource]
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Fewest and most members of a committee; NaN where no figure names any."""
    mine = [one for one in figures if isinstance(one, StaffFigure) and one.role == role and one.concern == "all"]
    least = required_staff(role, situation, figures) if mine else situation.grids * np.nan
    caps = [one.at_most for one in mine if one.at_most is not None]
    return least, least.clip(lower=float(min(caps))) if caps else least


def _smaller(people: dict[str, pd.Series[float]]) -> pd.Series[float]:
    """The smaller of two committees, community by community."""
    return pd.concat(list(people.values()), axis=1).min(axis=1, skipna=False)


def _measured(figure: StaffFigure, situation: Situation) -> tuple[str, pd.Series[float]]:
    """What the number of people follows, and how much of it each community has."""
    if figure.per_grid is not None:
        return ("grids_estimated" if situation.grids_estimated else "grids"), situation.grids
    if figure.per_community is not None:
        return "", pd.Series(np.nan, index=situation.sizes.index)
    measure = figure.measure
    if figure.per_10000_people is not None and measure not in _PEOPLE:
        measure = "people"
    elif figure.households_per_worker is not None and measure in _PEOPLE:
        measure = "households"
    measured = situation.sizes[measure]
    if figure.concern == "waiting" and not figure.bands:
        measured = measured * (1 - 1 / situation.times_trigger)  # what lies beyond the trigger
    return measure, measured


def _asked(figure: StaffFigure, situation: Situation) -> pd.Series[float]:
    """People by the figure's formula, not yet whole."""
    _, measured = _measured(figure, situation)
    if figure.per_community is not None:
        return pd.Series(float(figure.per_community), index=situation.sizes.index)
    if figure.per_grid is not None:
        return measured * figure.per_grid
    if figure.per_10000_people is not None:
        return measured * figure.per_10000_people / 10_000
    if figure.households_per_worker is not None:
        return measured / figure.households_per_worker
    return _of_band(figure, measured)


def _of_band(figure: StaffFigure, measured: pd.Series[float]) -> pd.Series[float]:
    """The number of the band that each community lies in; a band begins at its figure, or above it."""
    reached = np.zeros(len(measured), dtype=np.int64)
    for place, (start, _) in enumerate(figure.bands):
        above = bool(figure.above) and figure.above[place]
        reached[(measured > start if above else measured >= start).to_numpy()] = place
    numbers = np.array([number for _, number in figure.bands], dtype=np.float64)[reached]
    return pd.Series(numbers, index=measured.index).where(measured.notna())


def _whole(asked: pd.Series[float], figure: StaffFigure) -> pd.Series[float]:
    """Whole people within the figure's own bounds."""
    return _up(asked).clip(lower=figure.at_least, upper=figure.at_most)


def _up(people: pd.Series[float]) -> pd.Series[float]:
    """Rounded up; what floating point adds to a whole number is taken off first."""
    return pd.Series(np.ceil(people.round(9)), index=people.index)
