"""Divisions side by side: one row of measures each, and who goes from where to where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.assessment.proposal import households_moved, propose_steps
from districting.plans.checks import Verdict, check
from districting.plans.distances import distance_to_seat_m, walk_network
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.land import named
from districting.plans.lines import border_share
from districting.plans.measures import total
from districting.policies.access import ReachRule
from districting.policies.land import BorderRule
from districting.policies.policy import Policy
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork

#: Columns of the table and their units, in the order shown.
MEASURES = {
    "communities": "communities",
    "households_moved": "households",
    "moved_share": "share",
    "share_in_range": "share",
    "mean_m": "m",
    "p95_m": "m",
    "farthest_m": "m",
    "border_share": "share",
    "findings_must": "findings",
    "findings_should": "findings",
    "findings_prefer": "findings",
    "kept": "communities",
    "adjusted": "communities",
    "split": "communities",
    "merged": "communities",
    "new": "communities",
    "abolished": "communities",
}


#: Columns that count communities, and the action that each counts.
_COUNTED = {
    "kept": "keep",
    "adjusted": "adjust",
    "split": "split",
    "merged": "merge",
    "new": "new",
    "abolished": "abolish",
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Divisions side by side.

    Parameters
    ----------
    table
        Index: names of the divisions in the order given; columns `MEASURES`. NaN where a measure is unknown.
    flows
        By name of division: ``from_id`` (community of today, None in none), ``to_id``, ``households``; those who
        stay included, so that rows sum to today's households and columns to the division's.
    subdistricts
        Ids of the sub-districts that the table is about; empty: all.
    """

    table: pd.DataFrame
    flows: Mapping[str, pd.DataFrame]
    subdistricts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data: ``plans``, ``measures`` (one row of values each, in the order of plans), ``flows``."""
        return {
            "plans": [str(name) for name in self.table.index],
            "measures": [
                {"measure": key, "unit": unit, "values": [_plain(value) for value in self.table[key]]}
                for key, unit in MEASURES.items()
            ],
            "flows": {name: table.to_dict("records") for name, table in self.flows.items()},
        }


def compare(
    divisions: Sequence[Division],
    territory: Territory,
    policy: Policy,
    *,
    findings: Mapping[str, Sequence[Finding]] | None = None,
    network: WalkNetwork | None = None,
    subdistricts: Sequence[str] = (),
) -> Comparison:
    """Measure divisions side by side, against today.

    Parameters
    ----------
    divisions
        The one named ``"today"`` is the baseline; without it, today is read from the territory.
    findings
        By name of division, where they are known already; the others are judged here.
    network
        For walked distances; None: made from the roads where the policy asks for it.
    subdistricts
        Ids of those whose communities and homes are measured; empty: all. ``findings`` that are given must be of
        these alone; ``flows`` tell of all land.

    Returns
    -------
    Comparison
        ``share_in_range`` is the share of inhabited communities within the size rule, ``border_share`` of the
        length of all outlines on lines of the border rule (NaN without one); distances are weighted by households.
    """
    today = next((division for division in divisions if division.name == "today"), None) or Division.today(
        territory
    )
    walks = any(rule.path == "walk" for rule in policy.of_kind(ReachRule))
    along = (network or walk_network(territory)) if walks else None
    rows, flows = {}, {}
    for division in divisions:
        known = (findings or {}).get(division.name)
        told = check(division, territory, policy, today=today, network=along) if known is None else tuple(known)
        rows[division.name] = _row(division, today, territory, policy, Verdict(told), along, tuple(subdistricts))
        flows[division.name] = flow_table(today, division, territory)
    table = pd.DataFrame.from_dict(rows, orient="index")[list(MEASURES)]
    return Comparison(table, flows, tuple(subdistricts))


def flow_table(before: Division, after: Division, territory: Territory) -> pd.DataFrame:
    """Households by community before and after, those who stay included; columns as `Comparison.flows`."""
    homes = territory.layers.buildings["households"]
    pairs = pd.DataFrame(
        {
            "from_id": named(before.outlines.index, before.codes, before.buildings.index),
            "to_id": named(after.outlines.index, after.codes, after.buildings.index),
            "households": homes,
        }
    )
    lived_in = pairs[pairs["households"] > 0]
    sums = lived_in.groupby(["from_id", "to_id"], dropna=False)["households"].sum().reset_index()
    texts = sums[["from_id", "to_id"]].astype(object)
    sums[["from_id", "to_id"]] = texts.where(texts.notna(), None)
    return sums


def _row(
    division: Division,
    today: Division,
    territory: Territory,
    policy: Policy,
    verdict: Verdict,
    network: WalkNetwork | None,
    within: tuple[str, ...],
) -> dict[str, float]:
    """The measures of one division, of the sub-districts ``within`` (all for none)."""
    buildings, outlines = territory.layers.buildings, division.outlines
    here = _lies_in(buildings["subdistrict_id"], within)
    asked = _lies_in(outlines["subdistrict_id"], within)
    homes = buildings.loc[here, "households"]
    moved = households_moved(today, division, territory, within=within)
    changes = propose_steps(today, division, territory).changes
    counts = changes.loc[_lies_in(changes["subdistrict_id"], within), "action"].value_counts()
    metres = distance_to_seat_m(division, territory, network=network)[here]
    return {
        "communities": int(asked.sum()),
        "households_moved": moved,
        "moved_share": moved / max(int(homes.sum()), 1),
        "share_in_range": _share_in_range(division, territory, policy, asked),
        **_distances(metres, homes),
        "border_share": _border_share(division, territory, policy, asked),
        **{f"findings_{strength}": count for strength, count in verdict.counts.items()},
        **{column: int(counts.get(action, 0)) for column, action in _COUNTED.items()},
    }


def _lies_in(subdistrict_id: pd.Series[str], within: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which rows are of these sub-districts; all of them for none."""
    every = np.ones(len(subdistrict_id), dtype=bool)
    return subdistrict_id.isin(within).to_numpy(dtype=bool) if within else every


def _share_in_range(
    division: Division, territory: Territory, policy: Policy, asked: npt.NDArray[np.bool_]
) -> float:
    """Share of the inhabited communities asked for that keep the size rule, by either of its measures."""
    size, buildings = policy.size, territory.layers.buildings
    inhabited = (division.sum_by_community(buildings["households"]) > 0) & asked
    values = total(division, buildings[size.measure], buildings["households"]).to_numpy()
    inside = (values >= size.min) & (values <= size.max)
    if size.alternative and size.alternative_min is not None and size.alternative_max is not None:
        other = total(division, buildings[size.alternative], buildings["households"]).to_numpy()
        inside |= (other >= size.alternative_min) & (other <= size.alternative_max)
    return float(inside[inhabited].mean()) if inhabited.any() else math.nan


def _distances(metres: pd.Series[float], homes: pd.Series[int]) -> dict[str, float]:
    """Mean, 95th percentile and largest distance to the seat over all households that have one."""
    known = metres.notna().to_numpy()
    far, weights = metres.to_numpy()[known], homes.to_numpy()[known]
    if not len(far):
        return {"mean_m": math.nan, "p95_m": math.nan, "farthest_m": math.nan}
    order = np.argsort(far, kind="stable")
    running = np.cumsum(weights[order])
    p95 = far[order][np.searchsorted(running, 0.95 * running[-1])]
    return {
        "mean_m": float(np.average(far, weights=weights)),
        "p95_m": float(p95),
        "farthest_m": float(far.max()),
    }


def _border_share(division: Division, territory: Territory, policy: Policy, asked: npt.NDArray[np.bool_]) -> float:
    """Share of the length of the outlines asked for on lines of the border rule; NaN without such a rule."""
    borders = policy.of_kind(BorderRule)
    if not borders:
        return math.nan
    length = shapely.length(division.outlines.geometry.to_numpy()) * asked
    share = border_share(division.outlines, territory.layers, borders[0].classes).to_numpy()
    return float(np.average(share, weights=length)) if length.sum() else math.nan


def _plain(value: Any) -> float | int | None:
    """A number for JSON: None where unknown, whole numbers as int."""
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else round(number, 4)
