"""How the rules on change are told, against today: committees as whole units, few households moved, names kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from districting.plans.division import Division
from districting.plans.evidence import Evidence
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.plans.problem import Floats
from districting.policies.change import NamingRule, StabilityRule, WholeUnitRule


def check_whole_unit(rule: WholeUnitRule, evidence: Evidence) -> Iterator[Finding]:
    """Old and new communities that share households nest: new inside old (a split), or old inside new (a union).

    A new community that mixes a piece of an old one with others breaks the rule, in the households of its pieces.
    Land in no community of today may join any. Plans of atoms are told atom by atom: a home on another
    community's land goes with the land.
    """
    if evidence.today is None or evidence.is_diagnosis:
        return
    moves = _moves(evidence, evidence.today)
    pairs = moves.groupby(["today", "after"])[["households", "x", "y"]].sum().reset_index()
    whole_old = pairs.groupby("today")["households"].transform("sum")
    whole_new = pairs.groupby("after")["households"].transform("sum")
    broken = pairs[(pairs["households"] < whole_old) & (pairs["households"] < whole_new)]
    names = evidence.today.outlines["name"]
    for pos in np.unique(broken["after"]):
        pieces = broken[broken["after"] == pos].sort_values(["households", "today"])
        smallest = pieces.iloc[0]
        yield evidence.finding(
            rule,
            "piece_changed_hands",
            pos,
            measured=pieces["households"].sum(),
            allowed=0,
            unit="households",
            place=(smallest["x"] / smallest["households"], smallest["y"] / smallest["households"]),
            households=pieces["households"].sum(),
            origins=[str(names.iloc[old]) for old in sorted(pieces["today"])],
        )


def check_stability(rule: StabilityRule, evidence: Evidence) -> Iterator[Finding]:
    """Households of each sub-district that change community, as a share of all who have one, against the cap.

    A household stays where its community carries today's identity on. The place is the largest move.
    """
    today = evidence.today
    if today is None or evidence.is_diagnosis:
        return
    buildings = evidence.territory.layers.buildings
    homes = buildings["households"].to_numpy()
    codes = evidence.division.codes
    kept = np.where(codes >= 0, evidence.origins[codes], -1) == today.codes
    ids = evidence.territory.layers.subdistricts.index
    where = positions(ids, buildings["subdistrict_id"])
    counted = (today.codes >= 0) & (where >= 0) & (homes > 0)
    whole = np.bincount(where[counted], weights=homes[counted], minlength=len(ids))
    moved = np.bincount(where[counted & ~kept], weights=homes[counted & ~kept], minlength=len(ids))
    share = np.divide(moved, whole, out=np.zeros(len(whole)), where=whole > 0)
    for pos in np.flatnonzero(share > rule.max_moved_share + 1e-9):
        members = np.flatnonzero(counted & ~kept & (where == pos))
        flows = pd.DataFrame({"from": today.codes[members], "to": codes[members], "households": homes[members]})
        largest = flows.groupby(["from", "to"])["households"].transform("sum").to_numpy()
        chosen = members[largest == largest.max()]
        yield evidence.finding_of_subdistrict(
            rule,
            "moved_share",
            ids[pos],
            measured=share[pos],
            allowed=rule.max_moved_share,
            unit="share",
            place=_centre(evidence.points[chosen], homes[chosen]),
            households=moved[pos],
        )


def check_naming(rule: NamingRule, evidence: Evidence) -> Iterator[Finding]:
    """A successor keeps its name, and nobody else bears the name of a community of today."""
    today, outlines = evidence.today, evidence.division.outlines
    if today is None or evidence.is_diagnosis:
        return
    old_names, names = today.outlines["name"].to_numpy(dtype=object), outlines["name"].to_numpy(dtype=object)
    origins = evidence.origins
    for pos in np.flatnonzero(origins >= 0):
        before = old_names[origins[pos]]
        if names[pos] != before:
            yield evidence.finding(
                rule,
                "name_lost",
                pos,
                measured=0,
                allowed=1,
                unit="names",
                origin_name=str(before),
            )
    borne = pd.Series(range(len(old_names)), index=old_names)
    borne = borne[~borne.index.duplicated()]
    for pos in np.flatnonzero(pd.Index(names).isin(borne.index)):
        bearer = int(borne[names[pos]])
        if origins[pos] < 0 or old_names[origins[pos]] != names[pos]:
            yield evidence.finding(
                rule,
                "name_taken",
                pos,
                measured=1,
                allowed=0,
                unit="names",
                origin=str(today.outlines.index[bearer]),
            )


def _moves(evidence: Evidence, today: Division) -> pd.DataFrame:
    """Inhabited atoms, or buildings where a plan has no atoms, that are in a community today and after.

    Columns: positions ``today`` and ``after``, ``households``; ``x`` and ``y`` times households, m.
    """
    table, layers = evidence.territory.atoms.table, evidence.territory.layers
    if evidence.division.atoms is not None:
        then, after = positions(today.outlines.index, table["community_id"]), evidence.division.atom_codes
        homes, places = table["households"].to_numpy(), table[["x", "y"]].to_numpy()
    else:
        then, after = today.codes, evidence.division.codes
        homes, places = layers.buildings["households"].to_numpy(), evidence.points
    kept = (then >= 0) & (after >= 0) & (homes > 0)
    moments = places[kept] * homes[kept, None]
    return pd.DataFrame(
        {
            "today": then[kept],
            "after": after[kept],
            "households": homes[kept],
            "x": moments[:, 0],
            "y": moments[:, 1],
        }
    )


def _centre(points: Floats, weights: Floats) -> Floats:
    """Weighted mean of points, shape (2,)."""
    return np.asarray(np.average(points, axis=0, weights=weights), dtype=np.float64)
