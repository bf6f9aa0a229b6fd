"""How the rules on a community's state are told: hollow (空心), remote (偏远)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from districting.plans.distances import nearest_centre_m, weighted_median
from districting.plans.evidence import Evidence
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.plans.measures import HOLLOW_MEASURES
from districting.policies.access import RemoteRule
from districting.policies.change import HollowRule


def check_hollow(rule: HollowRule, evidence: Evidence) -> Iterator[Finding]:
    """Communities where few live for their registered people or dwellings.

    Where an inhabited building's figure is unknown, nothing is guessed: one finding a sub-district counts them.
    """
    outlines = evidence.division.outlines
    share = HOLLOW_MEASURES[rule.measure](evidence.division, evidence.territory).to_numpy(dtype=np.float64)
    lived_in = evidence.households > 0
    for pos in np.flatnonzero(lived_in & (share < rule.below - 1e-9)):
        yield evidence.finding(
            rule, "hollow", pos, measured=share[pos], allowed=rule.below, unit="ratio", hollow_measure=rule.measure
        )
    ids = evidence.territory.layers.subdistricts.index
    where = positions(ids, outlines["subdistrict_id"])
    blind = lived_in & np.isnan(share)
    for district in np.unique(where[blind]):
        members = np.flatnonzero(blind & (where == district))
        yield evidence.finding_of_subdistrict(
            rule,
            "hollow_unknown",
            ids[district] if district >= 0 else None,
            measured=len(members),
            allowed=0,
            unit="communities",
            place=evidence.places[members[0]],
            households=evidence.households[members].sum(),
            hollow_measure=rule.measure,
        )


def check_remote(rule: RemoteRule, evidence: Evidence) -> Iterator[Finding]:
    """Communities half of whose households live farther than the rule's distance from every service centre."""
    metres = nearest_centre_m(evidence.division, evidence.territory)
    middle = weighted_median(metres, evidence.division, evidence.territory).to_numpy(dtype=np.float64)
    homes = evidence.territory.layers.buildings["households"].to_numpy()
    codes = evidence.division.codes
    far = (np.nan_to_num(metres.to_numpy()) > rule.beyond_m) & (codes >= 0)
    beyond = np.bincount(codes[far], weights=homes[far], minlength=len(middle))
    for pos in np.flatnonzero(np.nan_to_num(middle) > rule.beyond_m):
        yield evidence.finding(
            rule,
            "remote",
            pos,
            measured=middle[pos],
            allowed=rule.beyond_m,
            unit="m",
            households=beyond[pos],
        )
