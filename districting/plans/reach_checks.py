"""How the rules on service centres are told: how far people go, and where the centre stands."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from districting.plans.distances import smallest_radius_m
from districting.plans.evidence import Evidence, weaker
from districting.plans.finding import Finding
from districting.plans.problem import Floats
from districting.policies.access import OfficeRule, ReachRule

#: A centre this close to its own land stands in it: an entrance on the border street, m.
THRESHOLD_M = 1.0


def check_reach(rule: ReachRule, evidence: Evidence) -> Iterator[Finding]:
    """Every inhabited building within the limit of the seat (to the rule's share); the target as a wish.

    Walked where the rule says so and there are roads, straight otherwise; ``detail["path"]`` says which. A
    community without a seat is out of reach only if no site whatever could serve it.
    """
    walked = rule.path == "walk" and not evidence.territory.layers.roads.empty
    metres = np.asarray(evidence.walked if walked else evidence.metres, dtype=np.float64)
    path = "walk" if walked else "straight"
    beyond_limit: set[int] = set()
    if rule.limit_distance_m is not None:
        for finding_pos, finding in _beyond(rule, evidence, metres, rule.limit_distance_m, "out_of_reach", path):
            beyond_limit.add(finding_pos)
            yield finding
        yield from _beyond_any_site(rule, evidence, rule.limit_distance_m)
    if rule.target_distance_m is not None:
        for finding_pos, finding in _beyond(rule, evidence, metres, rule.target_distance_m, "beyond_target", path):
            if finding_pos not in beyond_limit:
                yield finding


def _beyond(
    rule: ReachRule, evidence: Evidence, metres: Floats, limit_m: float, aspect: str, path: str
) -> Iterator[tuple[int, Finding]]:
    """Communities of which too few households live within ``limit_m`` of the seat."""
    buildings = evidence.territory.layers.buildings
    homes = buildings["households"].to_numpy()
    codes = evidence.division.codes
    far = np.nan_to_num(metres, nan=-1.0) > limit_m
    beyond = np.bincount(codes[far], weights=homes[far], minlength=len(evidence.households))
    strength = rule.strength if aspect == "out_of_reach" or rule.limit_distance_m is None else "prefer"
    minutes = rule.limit_min if aspect == "out_of_reach" else rule.target_min
    named = {} if minutes is None else {"minutes": minutes}
    within = 1 - beyond / np.maximum(evidence.households, 1)
    for pos in np.flatnonzero((beyond > 0) & (within < rule.share - 1e-9)):
        members = np.flatnonzero(far & (codes == pos))
        farthest = members[np.argmax(metres[members])]
        yield (
            int(pos),
            evidence.finding(
                rule,
                aspect,
                pos,
                measured=metres[farthest],
                allowed=limit_m,
                unit="m",
                strength=strength,
                place=evidence.points[farthest],
                households=beyond[pos],
                path=path,
                share_within=float(within[pos]),
                **named,
            ),
        )


def _beyond_any_site(rule: ReachRule, evidence: Evidence, limit_m: float) -> Iterator[Finding]:
    """Communities without a seat that are too wide for one anywhere (straight line: a walk is never shorter)."""
    if rule.share < 1:
        return
    radius = smallest_radius_m(evidence.division, evidence.territory).to_numpy()
    seatless = np.isnan(evidence.division.seats[:, 0])
    for pos in np.flatnonzero(seatless & (radius > limit_m)):
        yield evidence.finding(
            rule, "no_site", pos, measured=radius[pos], allowed=limit_m, unit="m", path="straight"
        )


def check_office(rule: OfficeRule, evidence: Evidence) -> Iterator[Finding]:
    """Each community's service centre stands on its own land; an inhabited community has one."""
    seats, outlines = evidence.division.seats, evidence.division.outlines
    seated = ~np.isnan(seats[:, 0])
    points = np.asarray(shapely.points(np.nan_to_num(seats)))
    away = np.where(seated, shapely.distance(points, outlines.geometry.to_numpy()), 0.0)
    for pos in np.flatnonzero(away > THRESHOLD_M):
        hosts = np.flatnonzero(shapely.intersects(outlines.geometry.to_numpy(), points[pos]))
        host = str(outlines["name"].iloc[hosts[0]]) if len(hosts) else ""
        yield evidence.finding(
            rule, "office_outside", pos, measured=away[pos], allowed=0, unit="m", place=seats[pos], host=host
        )
    for pos in np.flatnonzero(~seated & (evidence.households > 0)):
        strength = weaker(rule.strength, "should")
        yield evidence.finding(rule, "no_centre", pos, measured=0, allowed=1, unit="centres", strength=strength)
