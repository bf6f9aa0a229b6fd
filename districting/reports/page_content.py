"""What the compare page knows: figures, words and drawings, as the letter and arrays of its payload."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import PurePath
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from districting.assessment.comparison import Comparison
from districting.assessment.resources import ResourceTable
from districting.assessment.steps import Step
from districting.language import Language, say, sentences
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.colours import PALETTE, colour_communities
from districting.reports.figures import (
    COMMUNITY_MEASURES,
    PLAN_MEASURES,
    ShownMeasure,
    reach_path,
    shown_measures,
)
from districting.reports.ground import draw_ground
from districting.reports.mosaic import draw_mosaic
from districting.reports.open_gaps import gap_notes
from districting.reports.page_columns import Columns
from districting.reports.page_ground import TOLERANCE_M, ground_letter
from districting.reports.page_languages import differing, joined
from districting.reports.page_places import compound_places, homes_letter, known_homes
from districting.reports.page_plans import ACTIONS, DETAIL_M, SEAT_KINDS, PlanLetters
from districting.reports.page_resources import described_subjects, resource_subjects
from districting.reports.payload import Payload
from districting.reports.words import (
    freeze_notes,
    page_notes,
    policy_overrides,
    rule_reading,
    scope_note,
    size_note,
)
from districting.territory.territory import Territory


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
    title: str = ""
    actions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    resources: Mapping[str, ResourceTable] = field(default_factory=dict)
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

    @property
    def other(self) -> Language:
        """The language that the page can be switched to."""
        return "en" if self.language == "zh" else "zh"

    def words(self, language: Language) -> dict[str, str]:
        """The page's own words by name."""
        mine = (key for key in sentences() if key.startswith("page."))
        return {key.removeprefix("page."): sentences()[key][language] for key in mine}

    @cached_property
    def key(self) -> str:
        """Which divisions of which ground the page shows, 16 hexadecimal digits: the same in every language.

        What people write on the page is kept under it, and `districting.reports.comments` tells by it which page a
        file of comments was written on.
        """
        shown = {
            "atoms": list(map(str, self.territory.atoms.table.index)),
            "plans": {
                one.name: {
                    "communities": list(map(str, one.outlines.index)),
                    "buildings": list(map(int, one.codes)),
                }
                for one in self.divisions
            },
        }
        text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]

    def sealed(self) -> str:
        """Letter and arrays as text for the page."""
        return self.payload.sealed(self._letter())

    def _letter(self) -> dict[str, Any]:
        atoms, layers = self.territory.atoms.table, self.territory.layers
        colours = colour_communities([division.outlines.geometry for division in self.divisions])
        subdistricts = pd.Index(sorted(atoms["subdistrict_id"].dropna().unique()))
        homes = known_homes(layers)
        plans = PlanLetters(
            territory=self.territory,
            today=self.divisions[0],
            findings=self.findings,
            figures=self.figures,
            comparison=self.comparison,
            run=self.run,
            policy=self.policy,
            actions=self.actions,
            steps=self.steps,
            payload=self.payload,
            origin=self.origin,
            resources=self.resources,
            subjects=self.subjects,
            homes=homes.index,
            columns=Columns(self.payload),
        )
        ground = draw_ground(layers, tolerance_m=TOLERANCE_M)
        letter = {
            "key": self.key,
            "crs": layers.crs.to_string(),
            "origin": list(self.origin),
            "bounds": (self.bounds - np.array([*self.origin, *self.origin])).tolist(),
            "focus": self._focus(),
            "land_m2": float(atoms["area_m2"].sum()),
            "mosaic": self._mosaic(atoms.geometry),
            "atom_ids": list(map(str, atoms.index)),
            "atom_households": self.payload.put(atoms["households"]),
            "atom_subdistrict": self.payload.put(subdistricts.get_indexer(atoms["subdistrict_id"])),
            "palette": list(PALETTE),
            **ground_letter(ground, layers, self.payload, self.origin),
            "compounds": compound_places(layers, atoms["compound_id"], self.payload, self.origin),
            "buildings": homes_letter(homes, self.payload, self.origin),
            "plans": [plans.letter(division) for division in self.divisions],
            "known": plans.known.letter({str(key): int(shade) for key, shade in colours.items()}),
            "kinds": {"action": ACTIONS, "seat": SEAT_KINDS},
            "sources": self._sources(),
            "made": {key: self.run.get(key) for key in ("started", "seed")}
            | {"version": self.run.get("versions", {}).get("districting")},
        }
        limits = {limit: at for at, limit in enumerate(dict.fromkeys(chain(*chain(*plans.sides))))}
        letter["sides"] = [[[limits[limit] for limit in side] for side in four] for four in plans.sides]
        own, other = (
            {
                **self._words(language),
                "plans": [plans.words(division, language) for division in self.divisions],
                "limits": [{"text": limit.text(language)} for limit in limits],
            }
            for language in (self.language, self.other)
        )
        return {**joined(letter, own), "language": self.language, "other": differing(own, other)}

    def _words(self, language: Language) -> dict[str, Any]:
        """What the page says beside its plans."""
        policy = self.policy
        return {
            "words": self.words(language),
            "heading": self.title or say("page.title", language),
            "subtitle": policy.title[language],
            "measures": self._described(COMMUNITY_MEASURES, self.figures.values(), language),
            "summary": self._described(PLAN_MEASURES, [self.comparison.table], language),
            "resources": described_subjects(self.subjects, language),
            "size": size_note(policy, language),
            "overrides": policy_overrides(policy, language),
            "readings": {rule.rule_id: rule_reading(rule, language) for rule in policy.rules},
            "notes": [
                *scope_note(self._scope, language),
                *gap_notes(self.run, language),
                *freeze_notes(self.run, language),
                *page_notes(self.territory.layers, policy, language),
            ],
        }

    @cached_property
    def subjects(self) -> list[tuple[str, str]]:
        """What resources are told of: (unit, subject)."""
        return resource_subjects(self.resources.values())

    def _sources(self) -> list[dict[str, Any]]:
        """Which files the page was made from."""
        return [
            {
                "role": one.role,
                "file": PurePath(one.path).name,
                "layer": one.layer or "",
                "features": one.features,
                "sha256": one.sha256,
            }
            for one in self.territory.layers.sources
        ]

    def _described(
        self, known: Sequence[ShownMeasure], tables: Iterable[pd.DataFrame], language: Language
    ) -> list[dict[str, Any]]:
        """Titles and formats of the measures that have something to tell."""
        path = reach_path(self.policy)
        return [measure.described(language, path) for measure in shown_measures(known, tables)]

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

    def _mosaic(self, atoms: gpd.GeoSeries) -> dict[str, Any]:
        """Slips of the atoms' borders."""
        mosaic = draw_mosaic(atoms, tolerance_m=DETAIL_M)
        arrays = ("arc_start", "left", "right", "ring_start", "ring_atom", "refs")
        return {
            "atoms": len(atoms),
            "xy": self.payload.put_points(mosaic.xy, self.origin),
            **{name: self.payload.put(getattr(mosaic, name)) for name in arrays},
        }
