"""What the compare page knows: figures, words and drawings, as the letter and arrays of its payload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.assessment.comparison import Comparison
from districting.assessment.wording import finding_sentence
from districting.language import Language, say, sentences
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.colours import PALETTE, colour_communities
from districting.reports.figures import (
    COMMUNITY_MEASURES,
    PLAN_MEASURES,
    ShownMeasure,
    number_or_none,
    reach_path,
    shown_measures,
)
from districting.reports.ground import draw_ground
from districting.reports.labels import label_points
from districting.reports.mosaic import draw_mosaic
from districting.reports.payload import Payload
from districting.reports.words import (
    clause_text,
    page_notes,
    plan_title,
    policy_overrides,
    rule_reading,
    scope_note,
    size_note,
)
from districting.solvers.result import Conflict
from districting.solvers.wording import conflict_sentence
from districting.territory.layers import ROAD_CLASSES
from districting.territory.territory import Territory

#: Smallest detail of outlines: below a pixel at the nearest zoom that shows more than one community.
_DETAIL_M = 0.5

#: Above this many buildings the page leaves them out: it stays under about 5 MB.
_MOST_BUILDINGS = 200_000

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
class PageContent:
    """Everything that `districting.reports.page.write_compare_page` is given; meanings stand there."""

    territory: Territory
    divisions: Sequence[Division]
    findings: Mapping[str, Sequence[Finding]]
    figures: Mapping[str, pd.DataFrame]
    comparison: Comparison
    run: Mapping[str, Any]
    policy: Policy
    language: Language
    actions: Mapping[str, Mapping[str, str]]
    payload: Payload = field(default_factory=Payload)

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """West, south, east, north of the land, m."""
        return np.asarray(self.territory.atoms.table.total_bounds, dtype=np.float64)

    @property
    def origin(self) -> tuple[float, float]:
        """The middle, in whole metres; the page counts from there."""
        west, south, east, north = self.bounds
        return float(round((west + east) / 2)), float(round((south + north) / 2))

    def words(self) -> dict[str, str]:
        """The page's own words by name."""
        mine = (key for key in sentences() if key.startswith("page."))
        return {key.removeprefix("page."): sentences()[key][self.language] for key in mine}

    def sealed(self) -> str:
        """Letter and arrays as text for the page."""
        return self.payload.sealed(self._letter())

    def _letter(self) -> dict[str, Any]:
        atoms = self.territory.atoms.table
        colours = colour_communities([division.outlines.geometry for division in self.divisions])
        subdistricts = pd.Index(sorted(atoms["subdistrict_id"].dropna().unique()))
        return {
            "words": self.words(),
            "bounds": (self.bounds - np.array([*self.origin, *self.origin])).tolist(),
            "focus": self._focus(),
            "land_m2": float(atoms["area_m2"].sum()),
            "mosaic": self._mosaic(atoms.geometry),
            "atom_subdistrict": self.payload.put(subdistricts.get_indexer(atoms["subdistrict_id"])),
            "palette": list(PALETTE),
            "colours": {str(community_id): int(shade) for community_id, shade in colours.items()},
            **self._ground(),
            "buildings": self._buildings(),
            "plans": [self._plan(division) for division in self.divisions],
            "measures": self._described(COMMUNITY_MEASURES, self.figures.values()),
            "summary": self._described(PLAN_MEASURES, [self.comparison.table]),
            "size": size_note(self.policy, self.language),
            "overrides": policy_overrides(self.policy, self.language),
            "readings": {rule.rule_id: rule_reading(rule, self.language) for rule in self.policy.rules},
            "notes": [
                *scope_note(self._scope, self.language),
                *page_notes(self.territory.layers, self.policy, self.language),
            ],
        }

    def _described(self, known: Sequence[ShownMeasure], tables: Iterable[pd.DataFrame]) -> list[dict[str, Any]]:
        """Titles and formats of the measures that have something to tell."""
        path = reach_path(self.policy)
        return [measure.described(self.language, path) for measure in shown_measures(known, tables)]

    def _focus(self) -> list[float] | None:
        """Bounds of the sub-districts that the page is about, as it counts; None: all land."""
        if not self.comparison.subdistricts:
            return None
        asked = self.territory.layers.subdistricts.loc[list(self.comparison.subdistricts)]
        bounds = np.asarray(asked.total_bounds) - np.array([*self.origin, *self.origin])
        return [float(value) for value in bounds]

    @property
    def _scope(self) -> list[str]:
        """Names of the sub-districts that figures and findings are about; empty: all."""
        names = self.territory.layers.subdistricts["name"]
        return [str(names[subdistrict_id]) for subdistrict_id in self.comparison.subdistricts]

    def _from_origin(self, x: float, y: float) -> list[float] | None:
        """A point as the page counts, to 0.1 m; None for no place."""
        if not (np.isfinite(x) and np.isfinite(y)):
            return None
        return [round(float(x) - self.origin[0], 1), round(float(y) - self.origin[1], 1)]

    def _plan(self, division: Division) -> dict[str, Any]:
        """One division: a label per atom, or its own rings where it is no union of atoms."""
        outlines = division.outlines[~division.outlines.geometry.is_empty]
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
            "communities": self._communities(outlines, self.figures[division.name], division.name),
            "label": label,
            "majority": majority,
            "rings": rings,
            "findings": findings,
            "summary": summary,
            "certificates": self._certificates(division.name),
            **self._head(division.name, summary, findings),
        }

    def _communities(self, outlines: gpd.GeoDataFrame, figures: pd.DataFrame, plan: str) -> list[dict[str, Any]]:
        """Name, place and figures of each community of a plan."""
        names = self.territory.layers.subdistricts["name"]
        spots = label_points(outlines.geometry).to_numpy()
        boxes = outlines.geometry.bounds.to_numpy() - np.array([*self.origin, *self.origin])
        keys = [measure.key for measure in COMMUNITY_MEASURES if measure.key in figures.columns]
        rows = figures.reindex(outlines.index)[keys].to_numpy()
        seats = outlines[["seat_x", "seat_y"]].to_numpy(dtype=np.float64)
        actions = self.actions.get(plan, {})
        asked = set(self.comparison.subdistricts)
        made = []
        for at, community_id in enumerate(outlines.index):
            outline = outlines.iloc[at]
            spot = self._from_origin(spots[at, 0], spots[at, 1]) or [0.0, 0.0]
            made.append(
                {
                    "id": str(community_id),
                    "name": str(outline["name"]),
                    "subdistrict": str(names.get(outline["subdistrict_id"], outline["subdistrict_id"] or "")),
                    "listed": not asked or outline["subdistrict_id"] in asked,
                    "x": spot[0],
                    "y": spot[1],
                    "radius": round(float(spots[at, 2]), 1),
                    "box": [round(float(value)) for value in boxes[at]],
                    "seat": self._from_origin(seats[at, 0], seats[at, 1]),
                    "seatKind": outline["seat_kind"],
                    "action": actions.get(str(community_id)),
                    "figures": {key: number_or_none(value) for key, value in zip(keys, rows[at], strict=True)},
                }
            )
        return made

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
        unresolved = self._unresolved(plan)
        if unresolved:
            parts.append(say("page.head_unresolved", self.language, n=unresolved))
        if must:
            flag = {"kind": "bad", "text": say("page.head_must", self.language, n=must)}
        elif plan != "today" and not unresolved:
            flag = {"kind": "good", "text": say("page.head_adoptable", self.language)}
        return {"headline": " · ".join(parts), "flag": flag}

    def _unresolved(self, plan_id: str) -> int:
        """Sub-districts for which the plan's mode found nothing, so that they keep today's communities."""
        entries = [
            entry
            for plan in self.run.get("plans", ())
            if plan["plan_id"] == plan_id
            for entry in plan["subdistricts"]
        ]
        return sum(entry["objective"] is None for entry in entries)

    def _finding(self, finding: Finding) -> dict[str, Any]:
        """A finding in words, with its place on the page."""
        place = self._from_origin(*finding.place)
        return {
            "community": finding.community_id,
            "rule": finding.rule,
            "strength": finding.strength,
            "text": finding_sentence(finding, self.language),
            "clause": clause_text(finding, self.policy, self.language),
            "x": place[0] if place else None,
            "y": place[1] if place else None,
        }

    def _certificates(self, plan_id: str) -> list[dict[str, Any]]:
        """What was proved, by sub-district, as ``run.json`` has it; in words why there is no plan."""
        return [
            {key: entry.get(key) for key in _CERTIFICATE} | {"conflicts": self._reasons(entry)}
            for plan in self.run.get("plans", ())
            if plan["plan_id"] == plan_id
            for entry in plan.get("subdistricts", ())
        ]

    def _reasons(self, entry: Mapping[str, Any]) -> list[str]:
        """Why a sub-district has no plan, a sentence for each cause."""
        return [conflict_sentence(Conflict(**one), self.language) for one in entry.get("conflicts", ())]

    def _mosaic(self, atoms: gpd.GeoSeries) -> dict[str, Any]:
        """Slips of the atoms' borders."""
        mosaic = draw_mosaic(atoms, tolerance_m=_DETAIL_M)
        arrays = ("arc_start", "left", "right", "ring_start", "ring_atom", "refs")
        return {
            "atoms": len(atoms),
            "xy": self.payload.put_points(mosaic.xy, self.origin),
            **{name: self.payload.put(getattr(mosaic, name)) for name in arrays},
        }

    def _rings(self, outlines: gpd.GeoSeries) -> dict[str, Any]:
        """Slips of polygons of their own; simplified together where they meet, so that no gap opens."""
        geometry = outlines.to_numpy()
        together = bool(shapely.coverage_is_valid(geometry))
        simplify = shapely.coverage_simplify if together else shapely.simplify
        parts, owner = shapely.get_parts(simplify(geometry, _DETAIL_M), return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        return {**self._lines(rings), "community": self.payload.put(owner[part])}

    def _lines(self, lines: npt.NDArray[np.object_]) -> dict[str, Any]:
        """Slips of lines or rings, one after another."""
        counts = shapely.get_num_coordinates(lines)
        return {
            "xy": self.payload.put_points(shapely.get_coordinates(lines), self.origin),
            "start": self.payload.put(np.r_[0, np.cumsum(counts)]),
        }

    def _ground(self) -> dict[str, Any]:
        """Roads by class from lowest to highest, barriers by kind, areas, and where road names stand."""
        ground = draw_ground(self.territory.layers, tolerance_m=1.5)
        roads = [
            {"kind": kind, **self._lines(shapely.get_parts(of_kind.geometry.to_numpy()))}
            for kind in reversed(ROAD_CLASSES)
            if len(of_kind := ground.roads[ground.roads["road_class"] == kind])
        ]
        lines, areas = [], []
        for (kind, area), group in ground.barriers.groupby(["kind", "area"]):
            parts = shapely.get_parts(group.geometry.to_numpy())
            if area:
                areas.append({"kind": kind, **self._lines(shapely.get_rings(parts))})
            else:
                lines.append({"kind": kind, **self._lines(parts)})
        spots = ground.names.sort_values(["length_m", "name"], ascending=[False, True])
        places = spots[["x", "y"]].to_numpy()
        names = [
            {
                "name": name,
                "kind": kind,
                "x": round(float(place[0]) - self.origin[0], 1),
                "y": round(float(place[1]) - self.origin[1], 1),
                "angle": round(float(angle), 3),
                "length": round(float(length)),
            }
            for name, kind, place, angle, length in zip(
                spots["name"], spots["road_class"], places, spots["angle"], spots["length_m"], strict=True
            )
        ]
        return {"roads": roads, "barriers": lines, "areas": areas, "road_names": names}

    def _buildings(self) -> dict[str, Any]:
        """Inhabited buildings as points, in an order that compresses (by place)."""
        buildings = self.territory.layers.buildings
        lived_in = buildings[buildings["households"] > 0]
        if len(lived_in) > _MOST_BUILDINGS:
            lived_in = lived_in.iloc[:0]
        xy = shapely.get_coordinates(lived_in.geometry.to_numpy())
        order = np.lexsort((xy[:, 1], np.floor(xy[:, 0] / 100)))
        return {
            "xy": self.payload.put_points(xy[order], self.origin),
            "households": self.payload.put(lived_in["households"].to_numpy()[order]),
        }
