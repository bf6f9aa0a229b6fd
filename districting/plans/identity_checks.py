"""What every plan owes today: who carries which community's name and code, and that nobody is lost or doubled.

No document says this; the rules are the program's own and stand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.evidence import Evidence
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.plans.problem import Bools, Ints
from districting.policies.rule import Rule
from districting.territory.territory import Territory


@dataclass(frozen=True, kw_only=True)
class ProgramRule(Rule):
    """A rule of the program's own, in no document."""

    kind: ClassVar[str] = "program"


IDENTITY = ProgramRule(rule_id="identity", strength="must", clause="—", basis="program")
TOTALS = ProgramRule(rule_id="totals", strength="must", clause="—", basis="program")


def shared_households(after: Division, today: Division, territory: Territory) -> pd.Series[int]:
    """Households by (community of today, community after), by their positions; only pairs that share any."""
    now, then = today.codes, after.codes
    both = (now >= 0) & (then >= 0)
    homes = territory.layers.buildings["households"].to_numpy()
    table = pd.DataFrame({"today": now[both], "after": then[both], "households": homes[both]})
    return table.groupby(["today", "after"])["households"].sum()


def seats_hold(after: Division, today: Division) -> Ints:
    """Position after of the community in which each centre of today lies now; shape (n today,).

    −1 without a centre, or where the centre stood outside its own community's land already: then households say
    who succeeds.
    """
    seats = today.seats
    has = np.asarray(today.outlines["seat_kind"] == "existing", dtype=np.bool_) & ~np.isnan(seats[:, 0])
    points = np.asarray(shapely.points(np.nan_to_num(seats)))
    own = shapely.dwithin(points, today.outlines.geometry.to_numpy(), 1.0)
    held = np.full(len(seats), -1, dtype=np.int64)
    asked = np.flatnonzero(has & own)
    tree = shapely.STRtree(after.outlines.geometry.to_numpy())
    seat_pos, community = tree.query_nearest(points[asked], max_distance=1.0, all_matches=False)
    held[asked[seat_pos]] = community
    return held


def check_identity(rule: Rule, evidence: Evidence) -> Iterator[Finding]:
    """A community that carries an id of today is its one successor (design: *Identity*).

    The successor holds the old centre; where there is none on the old land, most of the old households. Several
    communities that carry one id break the rule too.
    """
    after, today = evidence.division, evidence.today
    if today is None or today is after:
        return
    origins = evidence.origins
    held = seats_hold(after, today)
    shared = shared_households(after, today, evidence.territory)
    kept = shared.groupby(level=0).max()
    doubled = pd.Series(origins).duplicated(keep=False).to_numpy() & (origins >= 0)
    for pos in np.flatnonzero(origins >= 0):
        old = int(origins[pos])
        mine = int(shared.get((old, pos), 0))
        by_seat = held[old] >= 0
        right = _holds_seat(evidence, today, int(pos), old) if by_seat else mine >= int(kept.get(old, 0))
        if right and not doubled[pos]:
            continue
        heir = held[old] if by_seat else _main_heir(shared, old)
        yield evidence.finding(
            rule,
            "identity_twice" if doubled[pos] else "identity",
            int(pos),
            measured=mine,
            allowed=None,
            unit="households",
            place=today.seats[old] if by_seat else None,
            households=mine,
            origin=str(today.outlines.index[old]),
            origin_name=str(today.outlines["name"].iloc[old]),
            successor=str(after.outlines["name"].iloc[heir]) if heir >= 0 else "",
        )


def check_totals(rule: Rule, division: Division, territory: Territory) -> Iterator[Finding]:
    """Households before = after: the division names every building of the case once, and no other."""
    buildings = territory.layers.buildings
    named = division.buildings.index
    strange: Bools = positions(buildings.index, named) < 0
    doubled = named.duplicated()
    missing = ~buildings.index.isin(named)
    lost = int(buildings["households"].to_numpy()[missing].sum())
    if strange.any() or doubled.any() or missing.any():
        counted = division.sum_by_community(buildings["households"]).sum()
        points = shapely.get_coordinates(buildings.geometry.to_numpy())
        place = points[missing][0] if missing.any() else points.mean(axis=0)
        yield Finding(
            rule=rule.rule_id,
            aspect="households_differ",
            strength=rule.strength,
            clause=rule.clause,
            subdistrict="",
            community_id="",
            measured=float(counted),
            allowed=float(buildings["households"].sum()),
            unit="households",
            place=(float(place[0]), float(place[1])),
            households=lost,
            detail={"missing": int(missing.sum()), "strange": int(strange.sum()), "doubled": int(doubled.sum())},
        )


def _main_heir(shared: pd.Series[int], old: int) -> int:
    """Position after of the community with most of an old one's households; −1 if nobody lived there."""
    if old not in shared.index.get_level_values(0):
        return -1
    mine = shared.loc[[old]]
    return int(mine.index.get_level_values(1)[int(np.argmax(mine))])


def _holds_seat(evidence: Evidence, today: Division, pos: int, old: int) -> bool:
    """True if the old centre lies in the community after, its border included."""
    seat = shapely.points(today.seats[old])
    return bool(shapely.dwithin(seat, evidence.division.outlines.geometry.iloc[pos], 1.0))
