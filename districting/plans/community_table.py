"""Every measure of every community in one table. How each is taken: `measures`, `distances`, `lines`, `growth`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from districting.plans.distances import (
    distance_to_seat_m,
    nearest_centre_m,
    reach_table,
    walk_network,
    weighted_median,
)
from districting.plans.division import Division
from districting.plans.growth import outgrows_year
from districting.plans.lines import border_shares
from districting.plans.measures import (
    SIZE_COLUMNS,
    area_m2,
    centres,
    compounds_split,
    estimated_share,
    holes,
    households_per_dwelling,
    people_per_registered_person,
    perimeter_m,
    pieces,
    polsby_popper,
    total,
)
from districting.policies.access import ReachRule
from districting.policies.land import BorderRule
from districting.policies.policy import Policy
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork


def community_table(
    division: Division, territory: Territory, policy: Policy, *, network: WalkNetwork | None = None
) -> pd.DataFrame:
    """Every measure of every community, in one pass.

    Parameters
    ----------
    policy
        Its border rule says which lines count, its reach rule which path and which limit.
    network
        For walked distances; None: made from the roads where the reach rule is walked.

    Returns
    -------
    DataFrame
        Index ``community_id``. ``name``, ``subdistrict_id``, ``buildings``, ``households``, ``people``,
        ``registered_people``, ``dwellings`` (NaN where unknown), ``horizon_households``, ``outgrows_year`` (NaN
        where it never does), ``target_deviation`` (size over target less 1), ``estimated_share``,
        ``households_per_dwelling``, ``people_per_registered_person``, ``nearest_centre_m`` (straight, half of the
        households live nearer), ``area_m2``, ``perimeter_m``, ``polsby_popper``, ``holes``, ``pieces``,
        ``border_share`` (NaN where the policy has no border rule) and ``border_<class>`` for each class of that
        rule, ``compounds_split``, ``x``, ``y`` (m), and the columns of `reach_table`.
    """
    buildings, outlines = territory.layers.buildings, division.outlines
    lived_in = buildings["households"]
    table = pd.DataFrame(outlines[["name", "subdistrict_id", "origin", "seat_kind"]])
    table["buildings"] = division.sum_by_community(pd.Series(1, index=buildings.index)).astype(np.int64)
    for measure, column in SIZE_COLUMNS.items():
        table[measure] = total(division, buildings[column], lived_in)
    table["households"] = table["households"].astype(np.int64)
    table["horizon_households"] = division.sum_by_community(buildings["horizon_households"]).astype(np.int64)
    table["outgrows_year"] = outgrows_year(division, territory, policy.size)
    table["target_deviation"] = table[policy.size.measure] / policy.size.ideal - 1
    table["estimated_share"] = estimated_share(division, territory)
    table["households_per_dwelling"] = households_per_dwelling(division, territory)
    table["people_per_registered_person"] = people_per_registered_person(division, territory)
    nearest = nearest_centre_m(division, territory)
    table["nearest_centre_m"] = weighted_median(nearest, division, territory)
    for measure_of in (area_m2, perimeter_m, polsby_popper, holes, pieces):
        table[measure_of.__name__] = measure_of(outlines)
    borders = policy.of_kind(BorderRule)
    by_class = border_shares(outlines, territory.layers, borders[0].classes if borders else ())
    table["border_share"] = by_class.sum(axis=1) if borders else np.nan
    table = table.join(by_class.add_prefix("border_"))
    table["compounds_split"] = compounds_split(division, territory)
    table[["x", "y"]] = centres(division, territory)
    reaches = policy.of_kind(ReachRule)
    walks = bool(reaches) and reaches[0].path == "walk"
    along = (network or walk_network(territory)) if walks else None
    distances = distance_to_seat_m(division, territory, network=along)
    limit = (reaches[0].limit_distance_m or reaches[0].target_distance_m) if reaches else None
    return table.join(reach_table(division, territory, distances, limit_m=limit))
