"""Points on the map of one division, as ``assets/map.js`` takes them: centres, findings, names, buildings."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.degrees import degrees
from districting.reports.labels import label_points
from districting.reports.map_words import finding_list
from districting.territory.layers import Layers

#: Above this many buildings the map leaves them out.
_MOST_BUILDINGS = 60_000


def seat_marks(division: Division, crs: pyproj.CRS, language: Language) -> list[dict[str, Any]]:
    """Service centres, existing and proposed."""
    seated = division.outlines[division.outlines["seat_x"].notna()]
    x, y = degrees(seated["seat_x"].to_numpy(float), seated["seat_y"].to_numpy(float), crs)
    words = {
        "candidate": say("page.legend_seat_new", language),
        "existing": say("page.legend_seat", language),
    }
    return [
        {"x": at_x, "y": at_y, "kind": str(kind), "text": escape(f"{name} {words.get(kind, words['existing'])}")}
        for at_x, at_y, kind, name in zip(x, y, seated["seat_kind"], seated["name"], strict=True)
    ]


def finding_marks(
    findings: Sequence[Finding], crs: pyproj.CRS, policy: Policy, language: Language
) -> list[dict[str, Any]]:
    """Findings that have a place."""
    placed = [finding for finding in findings if np.isfinite(finding.place).all()]
    x, y = degrees([finding.place[0] for finding in placed], [finding.place[1] for finding in placed], crs)
    return [
        {
            "x": at_x,
            "y": at_y,
            "strength": finding.strength,
            "text": finding_sentence(finding, language),
            "html": finding_list([finding], policy, language),
        }
        for at_x, at_y, finding in zip(x, y, placed, strict=True)
    ]


def name_labels(
    division: Division, findings: Sequence[Finding], figures: pd.DataFrame, crs: pyproj.CRS, language: Language
) -> list[dict[str, Any]]:
    """Name and households of each community at its pole of inaccessibility, largest first."""
    outlines = division.outlines[~division.outlines.geometry.is_empty]
    spots = label_points(outlines.geometry)
    x, y = degrees(spots["x"].to_numpy(), spots["y"].to_numpy(), crs)
    broken = {finding.community_id for finding in findings if finding.strength == "must"}
    households = figures["households"].reindex(outlines.index).fillna(0).astype(int)
    labels = [
        {
            "x": at_x,
            "y": at_y,
            "name": escape(str(name)),
            "caption": escape(say("page.households_short", language, n=f"{count:,}")),
            "radius": round(radius, 1),
            "broken": community_id in broken,
        }
        for community_id, name, at_x, at_y, radius, count in zip(
            outlines.index, outlines["name"], x, y, spots["radius_m"], households, strict=True
        )
    ]
    return [labels[at] for at in np.argsort(-households.to_numpy(), kind="stable")]


def region_labels(layers: Layers) -> list[dict[str, Any]]:
    """Names alone of what is divided, sub-districts or communities, the largest first."""
    land = layers.subdistricts[~layers.subdistricts.geometry.is_empty]
    spots = label_points(land.geometry)
    x, y = degrees(spots["x"].to_numpy(), spots["y"].to_numpy(), layers.crs)
    labels = [
        {"x": at_x, "y": at_y, "name": escape(str(name)), "radius": round(radius, 1)}
        for name, at_x, at_y, radius in zip(land["name"], x, y, spots["radius_m"], strict=True)
    ]
    alike = {"caption": "", "broken": False}
    return [label | alike for label in sorted(labels, key=lambda label: -float(label["radius"]))]


def building_points(layers: Layers) -> dict[str, list[int]] | None:
    """Inhabited buildings in millionths of a degree, as steps from one to the next; None if too many or none."""
    lived_in = layers.buildings[layers.buildings["households"] > 0]
    if lived_in.empty or len(lived_in) > _MOST_BUILDINGS:
        return None
    points = np.rint(shapely.get_coordinates(lived_in.to_crs(4326).geometry.to_numpy()) * 1e6).astype(np.int64)
    order = np.lexsort((points[:, 1], points[:, 0] // 1000))
    steps = np.diff(points[order], axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return {"xy": steps.ravel().tolist(), "households": lived_in["households"].to_numpy()[order].tolist()}
