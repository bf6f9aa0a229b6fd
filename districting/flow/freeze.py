"""The freeze before an election: communities that nobody changes until a date, as locks with their reason.

``[freeze]`` of the case names them; whether it is in force depends on the day of the run, which the run records.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from districting.errors import CaseError, Fault
from districting.plans.division import Division
from districting.plans.posing import LockRequest
from districting.territory.layers import Layers
from districting.territory.territory import Territory

if TYPE_CHECKING:
    from districting.case import Case

#: An outline that differs by less land than this is the same one: coordinates in files are rounded, m².
SAME_LAND_M2 = 1.0


def dated(case: Case) -> Case:
    """The case with the day of the run where a freeze depends on it: today's, unless one is given."""
    if case.freeze is None or case.solve.date is not None:
        return case
    return dataclasses.replace(case, solve=dataclasses.replace(case.solve, date=date.today().isoformat()))


def frozen_communities(case: Case, layers: Layers) -> tuple[str, ...]:
    """Ids of the communities that are frozen on the day of the run, sorted; empty where the freeze has ended.

    Raises
    ------
    CaseError
        If the freeze names communities or sub-districts that do not exist.
    """
    freeze = case.freeze
    if freeze is None or not freeze.in_force(case.solve.date or date.today().isoformat()):
        return ()
    communities = layers.communities
    if not freeze.communities and not freeze.subdistricts:
        return tuple(sorted(map(str, communities.index)))
    found = set(_named(communities["name"], freeze.communities, "communities"))
    inside = _named(layers.subdistricts["name"], freeze.subdistricts, "subdistricts")
    found |= set(map(str, communities.index[communities["subdistrict_id"].isin(inside)]))
    return tuple(sorted(found))


def freeze_locks(case: Case, layers: Layers) -> tuple[LockRequest, ...]:
    """The freeze as locks, one per sub-district: each is judged where its sub-district is solved."""
    frozen = list(frozen_communities(case, layers))
    places = layers.communities.loc[frozen, "subdistrict_id"].fillna("")
    return tuple(
        LockRequest("keep", communities=tuple(sorted(map(str, group.index))))
        for _, group in places.groupby(places, sort=True)
    )


def freeze_record(case: Case, layers: Layers) -> dict[str, Any] | None:
    """What ``run.json`` tells of the freeze; None where the case has none."""
    if case.freeze is None:
        return None
    frozen = frozen_communities(case, layers)
    return {
        "until": case.freeze.until,
        "reason": case.freeze.reason,
        "date": case.solve.date,
        "in_force": bool(frozen),
        "communities": list(frozen),
    }


def changed_communities(
    division: Division, today: Division, territory: Territory, communities: Sequence[str]
) -> list[str]:
    """Which of these communities of today are others in a division, sorted.

    Told from the division alone, whoever made it: neither its list of changes nor a solver's word is asked. A plan
    of whole atoms is compared atom by atom, as a lock is kept: the few households that an atom carries along with
    most of its own are no change of a community. Any other division is compared by its buildings and its land.
    """
    if division.atoms is not None:
        table = territory.atoms.table
        land = table.index[~table["water"]]
        was, now = table.loc[land, "community_id"].fillna(""), division.atoms.reindex(land).fillna("")
        touched = {*was[was != now], *now[was != now]}
    else:
        before, after = today.buildings, division.buildings.reindex(today.buildings.index)
        moved = before.fillna("") != after.fillna("")
        touched = {*before[moved].dropna(), *after[moved].dropna()}
        here = pd.Index(list(communities))
        outlines = division.outlines.geometry.reindex(here)
        stood = today.outlines.geometry.reindex(here)
        differs = stood.symmetric_difference(outlines, align=False).area.fillna(0.0)
        touched |= set(here[((differs > SAME_LAND_M2) | outlines.isna()).to_numpy()])
    return sorted(set(map(str, communities)) & set(map(str, touched)))


def _named(names: pd.Series[str], wanted: Sequence[str], key: str) -> list[str]:
    """Ids of what is named by id or by name.

    Raises
    ------
    CaseError
        If something is unknown.
    """
    by_name = {str(name): str(one) for one, name in names.items()} | {str(one): str(one) for one in names.index}
    unknown = [one for one in wanted if one not in by_name]
    if unknown:
        known = ", ".join(sorted(map(str, names))[:12])
        raise CaseError([Fault("fault.freeze_unknown", {"key": key, "names": ", ".join(unknown), "known": known})])
    return [by_name[one] for one in wanted]
