"""One division as the compare page tells it: communities with figures, land, flows, findings and certificates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.assessment.comparison import Comparison
from districting.assessment.resources import ResourceTable
from districting.assessment.steps import Step
from districting.assessment.wording import finding_sentence, step_sentence
from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.figures import COMMUNITY_MEASURES, PLAN_MEASURES, ShownMeasure, number_or_none
from districting.reports.flows import household_flows
from districting.reports.labels import label_points
from districting.reports.page_columns import Columns, Ints, KnownCommunities
from districting.reports.page_ground import lines_letter
from districting.reports.page_resources import resource_columns
from districting.reports.payload import Payload
from districting.reports.sides import SIDES, Limit, four_sides
from districting.reports.words import clause_text, plan_title
from districting.solvers.result import Conflict
from districting.solvers.wording import conflict_sentence
from districting.territory.territory import Territory

#: Largest detail of outlines lost, m: below a pixel at the nearest zoom that shows more than one community.
DETAIL_M = 0.5

#: What becomes of a community, and where its centre comes from; told by position.
ACTIONS = ("keep", "adjust", "split", "merge", "new", "abolish")
SEAT_KINDS = ("existing", "candidate")

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
    homes
        Ids of the buildings that the page knows, in the order of the page.
    steps
        By name of division: the steps from today to it.
    known, columns, sides
        What all plans share, filled while letters are written: every community, the columns of the plans, and all
        four sides that occur, each once.
    """

    territory: Territory
    today: Division
    findings: Mapping[str, Sequence[Finding]]
    figures: Mapping[str, pd.DataFrame]
    comparison: Comparison
    run: Mapping[str, Any]
    policy: Policy
    actions: Mapping[str, Mapping[str, str]]
    steps: Mapping[str, Sequence[Step]]
    payload: Payload
    origin: tuple[float, float]
    resources: Mapping[str, ResourceTable]
    subjects: Sequence[tuple[str, str]]
    homes: pd.Index[str]
    columns: Columns
    known: KnownCommunities = field(default_factory=KnownCommunities)
    sides: dict[tuple[tuple[Limit, ...], ...], int] = field(default_factory=dict)

    def letter(self, division: Division) -> dict[str, Any]:
        """One division, without words: a label per atom, or its own rings where it is no union of atoms."""
        outlines = _drawn(division)
        table = self.territory.atoms.table
        label = majority = rings = None
        if division.atoms is not None:
            label = self.payload.put(outlines.index.get_indexer(division.atoms.reindex(table.index)))
        else:
            rings = self._rings(outlines.geometry)
        if division.name == "today":
            majority = self.payload.put(outlines.index.get_indexer(table["community_id"]))
        return {
            "id": division.name,
            **self._communities(outlines, division.name),
            "flows": self._flows(division, outlines.index),
            "homes": self._homes(division, outlines.index),
            "label": label,
            "majority": majority,
            "rings": rings,
            "findings": [self._finding(finding) for finding in self.findings.get(division.name, ())],
            "steps": self._steps(division.name),
            "summary": self._summary(division.name),
            "certificates": [
                {key: entry.get(key) for key in _CERTIFICATE} for entry in self._entries(division.name)
            ],
        }

    def words(self, division: Division, language: Language) -> dict[str, Any]:
        """The words of a division's letter, at their places in it."""
        plan = division.name
        findings = self.findings.get(plan, ())
        return {
            "title": plan_title(plan, language),
            "findings": [
                {
                    "text": finding_sentence(finding, language),
                    "clause": clause_text(finding, self.policy, language),
                }
                for finding in findings
            ],
            "steps": [{"text": step_sentence(step, language)} for step in self.steps.get(plan, ())],
            "certificates": [
                {"conflicts": [conflict_sentence(Conflict(**one), language) for one in entry.get("conflicts", ())]}
                for entry in self._entries(plan)
            ],
            **self._head(plan, findings, language),
        }

    def _place(self, x: float, y: float) -> list[float] | None:
        """A point as the page counts, to 0.1 m; None for no place."""
        if not (np.isfinite(x) and np.isfinite(y)):
            return None
        return [round(float(x) - self.origin[0], 1), round(float(y) - self.origin[1], 1)]

    def _communities(self, outlines: gpd.GeoDataFrame, plan: str) -> dict[str, Any]:
        """Who there is, and the columns of place, seat, sides and action."""
        names = self.territory.layers.subdistricts["name"]
        asked = set(self.comparison.subdistricts)
        who = self.known.add(
            [
                (
                    str(row.Index),
                    str(row.name),
                    str(names.get(row.subdistrict_id, row.subdistrict_id or "")),
                    not asked or row.subdistrict_id in asked,
                )
                for row in outlines.itertuples()
            ]
        )
        spots = label_points(outlines.geometry)
        bounds = outlines.geometry.bounds
        actions = self.actions.get(plan, {})
        columns: dict[str, tuple[npt.ArrayLike, float]] = {
            "x": (spots["x"].fillna(self.origin[0]) - self.origin[0], 10),
            "y": (spots["y"].fillna(self.origin[1]) - self.origin[1], 10),
            "radius": (spots["radius_m"].fillna(0), 10),
            "west": (bounds["minx"] - self.origin[0], 1),
            "south": (bounds["miny"] - self.origin[1], 1),
            "east": (bounds["maxx"] - self.origin[0], 1),
            "north": (bounds["maxy"] - self.origin[1], 1),
            "seat_x": (outlines["seat_x"].astype(float) - self.origin[0], 10),
            "seat_y": (outlines["seat_y"].astype(float) - self.origin[1], 10),
            "seat_kind": (pd.Index(SEAT_KINDS).get_indexer(pd.Index(outlines["seat_kind"])), 1),
            "sides": (self._sides(outlines), 1),
            "action": (pd.Index(ACTIONS).get_indexer(outlines.index.map(actions.get)), 1),
        }
        return {
            "who": self.payload.put(who),
            "columns": {
                name: self.columns.put(name, values, who, scale=scale) for name, (values, scale) in columns.items()
            },
            "figures": self._figures(outlines.index, who, self.figures[plan]),
            "resources": self._resources(plan, outlines.index, who),
        }

    def _sides(self, outlines: gpd.GeoDataFrame) -> list[int]:
        """Position in ``sides`` of the four sides of each community."""
        limits = four_sides(outlines, self.territory.layers)
        rows = (tuple(row) for row in limits[list(SIDES)].to_numpy())
        return [self.sides.setdefault(row, len(self.sides)) for row in rows]

    def _figures(self, ids: pd.Index[Any], who: Ints, figures: pd.DataFrame) -> dict[str, list[Any]]:
        """Measures by key: how many decimals, and the column; to two digits more than are shown."""
        rows = figures.reindex(ids)
        told = {}
        for measure in COMMUNITY_MEASURES:
            if measure.key in rows.columns:
                digits = _digits(measure)
                values = rows[measure.key].astype(float)
                told[measure.key] = [digits, self.columns.put(measure.key, values, who, scale=10.0**digits)]
        return told

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

    def _resources(self, plan: str, ids: pd.Index[Any], who: Ints) -> list[Any] | None:
        """Staff and rooms by subject, whole numbers; None where the plan tells nothing of them."""
        if plan not in self.resources:
            return None
        told = resource_columns(self.resources[plan], self.subjects, ids)
        return [
            {name: self.columns.put(f"{name} {at}", values, who) for name, values in subject.items()}
            for at, subject in enumerate(told)
        ]

    def _summary(self, plan: str) -> dict[str, float | int | None]:
        """The plan's row of the comparison."""
        table = self.comparison.table
        keys = [measure.key for measure in PLAN_MEASURES if measure.key in table.columns]
        return {key: number_or_none(table.at[plan, key]) for key in keys}

    def _head(self, plan: str, findings: Sequence[Finding], language: Language) -> dict[str, Any]:
        """The line over a plan's map: how many communities, how many households move, adoptable or not."""
        summary = self._summary(plan)
        must = sum(finding.strength == "must" for finding in findings)
        parts = [say("page.head_communities", language, n=int(summary["communities"] or 0))]
        moved = summary.get("households_moved")
        if plan != "today" and moved is not None:
            parts.append(say("page.head_moved", language, n=int(moved)))
        flag = None
        unresolved = sum(entry["objective"] is None for entry in self._entries(plan))
        if unresolved:  # the plan's mode found nothing there, so they keep today's communities
            parts.append(say("page.head_unresolved", language, n=unresolved))
        if must:
            flag = {"kind": "bad", "text": say("page.head_must", language, n=must)}
        elif plan != "today" and not unresolved:
            flag = {"kind": "good", "text": say("page.head_adoptable", language)}
        return {"headline": " · ".join(parts), "flag": flag}

    def _finding(self, finding: Finding) -> dict[str, Any]:
        """A finding without its words, with its place on the page."""
        place = self._place(*finding.place)
        return {
            "community": finding.community_id,
            "rule": finding.rule,
            "strength": finding.strength,
            "x": place[0] if place else None,
            "y": place[1] if place else None,
        }

    def _steps(self, plan: str) -> list[dict[str, Any]]:
        """The steps without their words: whom each touches, and which of today's findings it mends."""
        today = {_key(finding): at for at, finding in enumerate(self.findings.get(self.today.name, ()))}
        return [
            {
                "group": step.group,
                "touches": sorted(step.communities | {step.subject}),
                "reasons": [today[key] for key in map(_key, step.reasons) if key in today],
            }
            for step in self.steps.get(plan, ())
        ]

    def _homes(self, division: Division, ids: pd.Index[Any]) -> dict[str, Any]:
        """Position of the community of each building that the page knows; −1 for none."""
        held = ids.get_indexer(pd.Index(division.buildings.loc[self.homes].fillna("").astype(object)))
        return self.payload.put(np.diff(held, prepend=0))  # homes of one street mostly belong together

    def _entries(self, plan_id: str) -> list[Mapping[str, Any]]:
        """A plan's sub-districts as ``run.json`` has them."""
        plans = (plan for plan in self.run.get("plans", ()) if plan["plan_id"] == plan_id)
        return [entry for plan in plans for entry in plan.get("subdistricts", ())]

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


def _key(finding: Finding) -> tuple[str, str, str, str, float]:
    """By which a finding is told from others of the same division."""
    return finding.rule, finding.aspect, finding.subdistrict, finding.community_id, finding.measured


def _digits(measure: ShownMeasure) -> int:
    """Decimals that a figure is told to: two more than people read."""
    return measure.digits + (2 if measure.share else 0) + 2 - round(math.log10(1 / measure.factor))
