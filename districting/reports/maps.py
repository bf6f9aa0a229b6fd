"""The analyst's map of one division, today or a plan: one folium page that opens without a network.

The only door to folium. What folium lacks (names that give way, hatching) is ``assets/map.js``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Element, MacroElement
from folium.template import Template

from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.atomic import write_text
from districting.reports.colours import PALETTE, colour_communities
from districting.reports.degrees import features, script_json
from districting.reports.ground import draw_ground
from districting.reports.map_marks import (
    building_points,
    finding_marks,
    name_labels,
    region_labels,
    seat_marks,
)
from districting.reports.map_words import community_popup, keyed, side_panel
from districting.reports.mosaic import draw_mosaic
from districting.reports.vendored import asset, leaflet_css, leaflet_js, require_offline
from districting.reports.words import Level, plan_title
from districting.territory.territory import Territory

#: Panes from the ground up, with their place in the pile.
_PANES = {
    "land": 400,
    "changes": 405,
    "grid": 410,
    "water": 415,
    "ground": 420,
    "lines": 430,
    "buildings": 440,
    "marks": 610,
    "names": 640,
}

_ROAD_WIDTHS = {"motorway": 4.0, "trunk": 3.6, "primary": 3.2, "secondary": 2.6, "tertiary": 2.0}
_BARRIER_LOOKS: dict[str, dict[str, Any]] = {
    "water": {"color": "#6fa8cf", "weight": 1.4, "fillColor": "#c3dcee", "fillOpacity": 0.85},
    "rail": {"color": "#5d5d5d", "weight": 1.8, "dashArray": "7 5", "fillOpacity": 0},
    "wall": {"color": "#7d6a55", "weight": 1.8, "dashArray": "3 4", "fillOpacity": 0},
    "expressway": {"color": "#c8b592", "weight": 1.8, "fillColor": "#c8b592", "fillOpacity": 0.5},
}

#: Ending of the name that folium gives an element.
_RANDOM_NAME = re.compile(r"(?<=_)[0-9a-f]{32}(?![0-9a-f])")

_CONTENT_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


def write_map(
    path: Path,
    *,
    territory: Territory,
    division: Division,
    findings: Sequence[Finding],
    figures: pd.DataFrame,
    today: Division | None,
    policy: Policy,
    language: Language,
    title: str = "",
    colours: pd.Series[int] | None = None,
    level: Level = "community",
    captions: Mapping[str, str] | None = None,
) -> None:
    """Write ``map.html``.

    Parameters
    ----------
    findings
        Of this division.
    figures
        Table of `districting.plans.community_table`.
    today
        To mark against it what changed; None for a map of today itself.
    title
        Heading; empty: the plan's own title.
    colours
        From `colour_communities` over several plans, so that maps agree; None: of this division alone.
    level
        What the land is called: communities in sub-districts, or grids in communities.
    captions
        Below the name when clicked, by id; None: sub-district and id.

    Raises
    ------
    OfflineError
        If the page would name anything outside itself.
    """
    canvas = _empty_map(territory, language)
    shades = colours if colours is not None else colour_communities([division.outlines.geometry])
    _add_communities(canvas, territory, division, findings, figures, shades, policy, language, captions or {})
    if today is not None:
        _add_changes(canvas, territory, division, today, language)
    _add_outlines(canvas, territory, division, language, level)
    _add_ground(canvas, territory, language)
    _add_marks(canvas, division, findings, figures, territory, policy, language, level)
    layers = folium.LayerControl(collapsed=False).add_to(canvas)
    _Script(f"districtMap.dress({canvas.get_name()}, {layers.get_name()});").add_to(canvas)
    heading = title or plan_title(division.name, language)
    panel = side_panel(heading, territory.layers, policy, language, level)
    figure: Any = canvas.get_root()
    figure.html.add_child(_Markup(panel))
    write_text(path, _numbered(_alone(canvas, heading)))


def _numbered(page: str) -> str:
    """The page with its elements numbered in their order: folium draws a random name for each."""
    names = dict.fromkeys(_RANDOM_NAME.findall(page))
    numbers = {name: f"{number:032x}" for number, name in enumerate(names)}
    return _RANDOM_NAME.sub(lambda found: numbers[found[0]], page)


def _empty_map(territory: Territory, language: Language) -> folium.Map:
    """A map without tiles and without anybody's CDN, over the whole territory."""
    west, south, east, north = territory.atoms.table.to_crs(4326).total_bounds
    canvas = folium.Map(tiles=None, zoom_snap=0.25, attribution_control=False)
    canvas.default_js, canvas.default_css = [], []
    canvas.fit_bounds([[south, west], [north, east]], padding=(24, 24))
    for name, level in _PANES.items():
        folium.map.CustomPane(name, z_index=level, pointer_events=True).add_to(canvas)
    _Script(f"districtMap.hatch({canvas.get_name()});").add_to(canvas)
    return canvas


class _Script(MacroElement):
    """A line of script that runs where it stands among the map's elements."""

    _template = Template("{% macro script(this, kwargs) %}{{ this.code }}{% endmacro %}")

    def __init__(self, code: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Script"
        self.code = code


def _add_communities(
    canvas: folium.Map,
    territory: Territory,
    division: Division,
    findings: Sequence[Finding],
    figures: pd.DataFrame,
    colours: pd.Series[int],
    policy: Policy,
    language: Language,
    captions: Mapping[str, str],
) -> None:
    """Land of the communities; a click tells their figures."""
    outlines = division.outlines[~division.outlines.geometry.is_empty]
    names = territory.layers.subdistricts["name"]
    own: dict[str, list[Finding]] = {}
    for finding in findings:
        own.setdefault(finding.community_id, []).append(finding)
    rows = pd.DataFrame(
        {
            "name": outlines["name"].astype(str),
            "fill": [PALETTE[shade] for shade in colours.reindex(outlines.index)],
            "popup": [
                community_popup(
                    str(outlines.at[community_id, "name"]),
                    captions.get(community_id)
                    or f"{names.get(outlines.at[community_id, 'subdistrict_id'], '')} · {community_id}",
                    figures.select_dtypes("number").loc[community_id],
                    own.get(str(community_id), []),
                    policy,
                    language,
                )
                for community_id in outlines.index
            ],
        },
        index=outlines.index,
    )
    layer = folium.GeoJson(
        features(outlines.geometry, rows),
        name=say("report.layer.communities", language),
        style_function=lambda feature: {
            "fillColor": feature["properties"]["fill"],
            "fillOpacity": 1,
            "weight": 0,
            "pane": "land",
        },
        pane="land",
        control=False,
    ).add_to(canvas)
    _Script(f"{layer.get_name()}.bindPopup(layer => layer.feature.properties.popup, {{maxWidth: 340}});").add_to(
        canvas
    )


def _add_changes(
    canvas: folium.Map, territory: Territory, division: Division, today: Division, language: Language
) -> None:
    """Land that changes, hatched, and today's borders, dashed."""
    if division.atoms is not None:
        table = territory.atoms.table
        before = table["community_id"].fillna("")
        after = division.atoms.reindex(table.index).fillna("")
        changed = table[before != after]
        group = folium.FeatureGroup(keyed("changed", language)).add_to(canvas)
        if len(changed):
            folium.GeoJson(
                features(changed.geometry, pd.DataFrame(index=changed.index)),
                style_function=lambda _: {"fillColor": "url(#hatch)", "fillOpacity": 1, "weight": 0},
                interactive=False,
                pane="changes",
            ).add_to(group)
    _add_lines(
        canvas,
        today.outlines.geometry.boundary,
        keyed("cancelled", language),
        {"color": "#5b2a86", "weight": 1.6, "dashArray": "6 5", "opacity": 0.9},
    )


def _add_outlines(
    canvas: folium.Map, territory: Territory, division: Division, language: Language, level: Level
) -> None:
    """Borders of communities and of sub-districts, faint atoms."""
    _add_lines(
        canvas,
        division.outlines.geometry.boundary,
        keyed("border", language, level=level),
        {"color": "#1d2733", "weight": 1.5, "opacity": 1},
    )
    _add_lines(
        canvas,
        territory.layers.subdistricts.geometry.boundary,
        keyed("subdistrict", language, level=level),
        {"color": "#1d2733", "weight": 3.2, "opacity": 1},
    )
    mosaic = draw_mosaic(territory.atoms.table.geometry)
    arcs: Any = shapely.linestrings(
        mosaic.xy, indices=np.repeat(np.arange(len(mosaic.left)), np.diff(mosaic.arc_start))
    )
    crs = territory.layers.crs
    grid = gpd.GeoSeries([shapely.MultiLineString(list(arcs))], crs=crs)
    faint = {"color": "#1d2733", "weight": 0.6, "opacity": 0.22}
    _add_lines(canvas, grid, keyed("atoms", language), faint, pane="grid", simplify=False)


def _add_lines(
    canvas: folium.Map,
    lines: gpd.GeoSeries,
    name: str,
    style: dict[str, Any],
    *,
    pane: str = "lines",
    simplify: bool = True,
) -> None:
    """One layer of plain lines; parts that several outlines share are drawn once."""
    merged = shapely.union_all(lines.to_numpy()) if simplify else lines.iloc[0]
    merged = shapely.line_merge(merged)
    if simplify:
        merged = shapely.simplify(merged, 1.0)
    series = gpd.GeoSeries([merged], crs=lines.crs)
    folium.GeoJson(
        features(series, pd.DataFrame(index=series.index)),
        name=name,
        style_function=lambda _: style,
        interactive=False,
        pane=pane,
    ).add_to(canvas)


def _add_ground(canvas: folium.Map, territory: Territory, language: Language) -> None:
    """Roads by class with names on hover, then rail, water and walls."""
    ground = draw_ground(territory.layers)
    main = ground.roads["road_class"].isin(_ROAD_WIDTHS)
    for roads, key, shown in (
        (ground.roads[main], "road_main", True),
        (ground.roads[~main], "road_minor", False),
    ):
        if roads.empty:
            continue
        rows = pd.DataFrame(
            {
                "name": roads["name"].where(roads["name"] != "", say("report.unnamed_road", language)),
                "width": roads["road_class"].map(_ROAD_WIDTHS).fillna(1.0),
            }
        )
        group = folium.FeatureGroup(keyed(key, language), show=shown).add_to(canvas)
        lines = features(roads.geometry, rows)
        folium.GeoJson(
            lines,
            style_function=lambda f: {
                "color": "#b5aa98",
                "weight": f["properties"]["width"] + 1.4,
                "opacity": 0.9,
            },
            interactive=False,
            pane="ground",
        ).add_to(group)
        folium.GeoJson(
            lines,
            style_function=lambda f: {"color": "#ffffff", "weight": f["properties"]["width"], "opacity": 1},
            tooltip=folium.GeoJsonTooltip(["name"], labels=False, sticky=True),
            pane="ground",
        ).add_to(group)
    for kind in ("water", "rail", "wall", "expressway"):
        barriers = ground.barriers[ground.barriers["kind"] == kind]
        if barriers.empty:
            continue
        unnamed = say(f"report.barrier.{kind}", language)
        rows = pd.DataFrame({"name": barriers["name"].where(barriers["name"] != "", unnamed)})
        folium.GeoJson(
            features(barriers.geometry, rows),
            name=keyed(kind, language),
            style_function=lambda _, look=_BARRIER_LOOKS[kind]: look,
            tooltip=folium.GeoJsonTooltip(["name"], labels=False, sticky=True),
            pane="water" if kind == "water" else "ground",
        ).add_to(canvas)


def _add_marks(
    canvas: folium.Map,
    division: Division,
    findings: Sequence[Finding],
    figures: pd.DataFrame,
    territory: Territory,
    policy: Policy,
    language: Language,
    level: Level,
) -> None:
    """Service centres, findings by strength, names, and buildings (off until asked for)."""
    layers = territory.layers
    seats = seat_marks(division, layers.crs, language)
    for sign, proposed in (("seat", False), ("seat_new", True)):
        some_seats = [seat for seat in seats if (seat["kind"] == "candidate") == proposed]
        if some_seats:
            _add_group(canvas, keyed(sign, language), "seats", some_seats)
    for strength in ("must", "should", "prefer"):
        some = [finding for finding in findings if finding.strength == strength]
        marks = finding_marks(some, layers.crs, policy, language)
        if marks:
            name = keyed(strength, language, len(marks))
            _add_group(canvas, name, "findings", marks, show=strength != "prefer")
    labels = name_labels(division, findings, figures, layers.crs, language)
    if level == "grid":  # communities first; a grid is named where it has room for it
        labels = [*region_labels(layers), *({**label, "radius": label["radius"] / 2} for label in labels)]
    _add_group(canvas, keyed("names", language, level=level), "labels", labels)
    points = building_points(layers)
    if points is not None:
        _add_group(canvas, keyed("buildings", language), "buildings", points, show=False)


def _add_group(canvas: folium.Map, name: str, kind: str, data: Any, *, show: bool = True) -> None:
    """A layer that ``assets/map.js`` fills with ``data``."""
    group = folium.FeatureGroup(name, show=show).add_to(canvas)
    _Script(f"districtMap.{kind}({canvas.get_name()}, {group.get_name()}, {script_json(data)});").add_to(canvas)


class _Markup(Element):
    """HTML as it is."""

    _template = Template("{{ this.html }}")

    def __init__(self, html: str) -> None:
        super().__init__()
        self._name = "Markup"
        self.html = html


def _alone(canvas: folium.Map, heading: str) -> str:
    """The rendered page with its scripts and styles inside and a content policy that lets nothing out."""
    page: str = canvas.get_root().render()
    head = (
        f'<head>\n<meta http-equiv="Content-Security-Policy" content="{_CONTENT_POLICY}">\n'
        f'<title>{escape(heading)}</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{leaflet_css()}{asset('keys.css')}{asset('map.css')}</style>\n"
        f"<script>{leaflet_js()}\n{asset('map.js')}</script>"
    )
    return require_offline(page.replace("<head>", head, 1))
