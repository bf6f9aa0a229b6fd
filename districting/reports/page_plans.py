"""One division as the compare page tells it: communities with figures, land, flows, findings and certificates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.assessment.comparison import Comparison
from districting.assessment.resources import ResourceTable
from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.figures import COMMUNITY_MEASURES, PLAN_MEASURES, ShownMeasure, number_or_none
from districting.reports.flows import household_flows
from districting.reports.labels import label_points
from districting.reports.page_ground import lines_letter
from districting.reports.page_resources import resource_columns
from districting.reports.payload import Payload
from districting.reports.sides import SIDES, four_sides
from districting.reports.words import clause_text, plan_title
from districting.solvers.result import Conflict
from districting.solvers.wording import conflict_sentence
from districting.territory.territory import Territory

#: Largest detail of outlines lost, m: below a pixel at the nearest zoom that shows more than one community.
DETAIL_M = 0.5

_CERTIFICATE = (
    "name",
    "status",
    "objective",
    "lower_bound",
    "gap_proved",
    "communities_before",
    "communities_after",
)


@dataclass(frozen=True, kw_only=True)
class PlanLetters:
    """Divisions as letters of the page; what is given stands in `districting.reports.page.write_compare_page`.

    Parameters
    ----------
    origin
        The point that the page counts from, m.
    subjects
        What resources are told of: (unit, subject).
    sides
        Every description of four sides that occurs, each once; communities name theirs by position. Filled while
        letters are written.
    """

    territory: Territory
    today: Division
    findings: Mapping[str, Sequence[Finding]]
    figures: Mapping[str, pd.DataFrame]
    comparison: Comparison
    run: Mapping[str, Any]
    policy: Policy
    language: Language
    actions: Mapping[str, Mapping[str, str]]
    payload: Payload
    origin: tuple[float, float]
    resources: Mapping[str, ResourceTable]
    subjects: Sequence[tuple[str, str]]
    sides: dict[tuple[str, ...], int] = field(default_factory=dict)

    def letter(self, division: Division) -> dict[str, Any]:
        """One division: a label per atom, or its own rings where it is no union of atoms."""
        outlines = _drawn(division)
        table = self.territory.atoms.table
        label = majority = rings = None
        if division.atoms is not None:
            label = self.payload.put(outlines.index.get_indexer(division.atoms.reindex(table.index)))
        else:
            rings = self._rings(outlines.geometry)
        if division.name == "today":
            majority = self.payload.put(outlines.index.get_indexer(table["community_id"]))
        findings = [self._finding(finding) for finding in self.findings.get(division.name, ())]
        summary = self._summary(division.name)
        return {
            "id": division.name,
            "title": plan_title(division.name, self.language),
            "communities": self._communities(outlines, division.name),
            "figures": self._figures(outlines.index, self.figures[division.name]),
            "flows": self._flows(division, outlines.index),
            "resources": self._resources(division.name, outlines.index),
            "label": label,
            "majority": majority,
            "rings": rings,
            "findings": findings,
            "summary": summary,
            "certificates": self._certificates(division.name),
            **self._head(division.name, summary, findings),
        }

    def _place(self, x: float, y: float) -> list[float] | None:
        """A point as the page counts, to 0.1 m; None for no place."""
        if not (np.isfinite(x) and np.isfinite(y)):
            return None
        return [round(float(x) - self.origin[0], 1), round(float(y) - self.origin[1], 1)]

    def _communities(self, outlines: gpd.GeoDataFrame, plan: str) -> list[dict[str, Any]]:
        """Name, place, sides and action of each community of a plan."""
        names = self.territory.layers.subdistricts["name"]
        spots = label_points(outlines.geometry).to_numpy()
        boxes = np.rint(outlines.geometry.bounds.to_numpy() - np.array([*self.origin, *self.origin])).astype(int)
        seats = outlines[["seat_x", "seat_y"]].to_numpy(dtype=np.float64)
        actions = self.actions.get(plan, {})
        asked = set(self.comparison.subdistricts)
        sides = self._sides(outlines)
        made = []
        for at, row in enumerate(outlines.itertuples()):
            spot = self._place(spots[at, 0], spots[at, 1]) or [0.0, 0.0]
            made.append(
                {
                    "id": str(row.Index),
                    "name": str(row.name),
                    "subdistrict": str(names.get(row.subdistrict_id, row.subdistrict_id or "")),
                    "listed": not asked or row.subdistrict_id in asked,
                    "x": spot[0],
                    "y": spot[1],
                    "radius": round(float(spots[at, 2]), 1),
                    "box": boxes[at].tolist(),
                    "sides": sides[at],
                    "seat": self._place(seats[at, 0], seats[at, 1]),
                    "seatKind": row.seat_kind,
                    "action": actions.get(str(row.Index)),
                }
            )
        return made

    def _sides(self, outlines: gpd.GeoDataFrame) -> list[int]:
        """Position in ``sides`` of each community's 四至 in words."""
        comma = {"zh": "、", "en": ", "}[self.language]
        limits = four_sides(outlines, self.territory.layers)
        told = limits.map(lambda held: comma.join(limit.text(self.language) for limit in held) or "—")
        rows = (tuple(row) for row in told[list(SIDES)].to_numpy())
        return [self.sides.setdefault(row, len(self.sides)) for row in rows]

    def _figures(self, ids: pd.Index[Any], figures: pd.DataFrame) -> dict[str, list[float | int | None]]:
        """Measures by key, in the order of the communities; to two digits more than are shown."""
        rows = figures.reindex(ids)
        return {
            measure.key: [_rounded(value, measure) for value in rows[measure.key]]
            for measure in COMMUNITY_MEASURES
            if measure.key in rows.columns
        }

    def _flows(self, division: Division, ids: pd.Index[Any]) -> dict[str, Any] | None:
        """Households between today's communities and the plan's, by position; −1 for none. None for today."""
        if division.name == self.today.name:
            return None
        before = _drawn(self.today).index
        flows = household_flows(self.today, division, self.territory.layers.buildings["households"])
        return {
            "from": self.payload.put(before.get_indexer(pd.Index(flows["before"]))),
            "to": self.payload.put(ids.get_indexer(pd.Index(flows["after"]))),
            "households": self.payload.put(flows["households"]),
        }

    def _resources(self, plan: str, ids: pd.Index[Any]) -> list[Any] | None:
        """Staff and rooms by subject; None where the plan tells nothing of them."""
        return resource_columns(self.resources[plan], self.subjects, ids) if plan in self.resources else None

    def _summary(self, plan: str) -> dict[str, float | int | None]:
        """The plan's row of the comparison."""
        table = self.comparison.table
        keys = [measure.key for measure in PLAN_MEASURES if measure.key in table.columns]
        return {key: number_or_none(table.at[plan, key]) for key in keys}

    def _head(
        self, plan: str, summary: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """The line over a plan's map: how many communities, how many households move, adoptable or not."""
        must = sum(finding["strength"] == "must" for finding in findings)
        parts = [say("page.head_communities", self.language, n=int(summary["communities"]))]
        moved = summary.get("households_moved")
        if plan != "today" and moved is not None:
            parts.append(say("page.head_moved", self.language, n=int(moved)))
        flag = None
        unresolved = sum(entry["objective"] is None for entry in self._entries(plan))
        if unresolved:  # the plan's mode found nothing there, so they keep today's communities
            parts.append(say("page.head_unresolved", self.language, n=unresolved))
        if must:
            flag = {"kind": "bad", "text": say("page.head_must", self.language, n=must)}
        elif plan != "today" and not unresolved:
            flag = {"kind": "good", "text": say("page.head_adoptable", self.language)}
        return {"headline": " · ".join(parts), "flag": flag}

    def _finding(self, finding: Finding) -> dict[str, Any]:
        """A finding in words, with its place on the page."""
        place = self._place(*finding.place)
        return {
            "community": finding.community_id,
            "rule": finding.rule,
            "strength": finding.strength,
            "text": finding_sentence(finding, self.language),
            "clause": clause_text(finding, self.policy, self.language),
            "x": place[0] if place else None,
            "y": place[1] if place else None,
        }

    def _entries(self, plan_id: str) -> list[Mapping[str, Any]]:
        """A plan's sub-districts as ``run.json`` has them."""
        plans = (plan for plan in self.run.get("plans", ()) if plan["plan_id"] == plan_id)
        return [entry for plan in plans for entry in plan.get("subdistricts", ())]

    def _certificates(self, plan_id: str) -> list[dict[str, Any]]:
        """What was proved, by sub-district; in words why there is no plan."""
        return [
            {key: entry.get(key) for key in _CERTIFICATE} | {"conflicts": self._reasons(entry)}
            for entry in self._entries(plan_id)
        ]

    def _reasons(self, entry: Mapping[str, Any]) -> list[str]:
        """Why a sub-district has no plan, a sentence for each cause."""
        return [conflict_sentence(Conflict(**one), self.language) for one in entry.get("conflicts", ())]

    def _rings(self, outlines: gpd.GeoSeries) -> dict[str, Any]:
        """Slips of polygons of their own; simplified together where they meet, so that no gap opens."""
        geometry = outlines.to_numpy()
        together = bool(shapely.coverage_is_valid(geometry))
        simplify = shapely.coverage_simplify if together else shapely.simplify
        parts, owner = shapely.get_parts(simplify(geometry, DETAIL_M), return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        return {**lines_letter(rings, self.payload, self.origin), "community": self.payload.put(owner[part])}


def _drawn(division: Division) -> gpd.GeoDataFrame:
    """Communities that have land."""
    outlines: gpd.GeoDataFrame = division.outlines[~division.outlines.geometry.is_empty]
    return outlines


def _rounded(value: Any, measure: ShownMeasure) -> float | int | None:
    """A figure for the page; None for missing."""
    number = number_or_none(value)
    if number is None:
        return None
    digits = measure.digits + (2 if measure.share else 0) + 2 - round(math.log10(1 / measure.factor))
    rounded = round(float(number), digits)
    return int(rounded) if rounded.is_integer() else rounded
