"""The picture of a case: today and the plan side by side, communities coloured by how large they are."""

from __future__ import annotations

import io
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image, ImageColor

from districting.plans.division import Division
from districting.study import Study

#: Below the minimum, in range, above the maximum; land in no community.
FILLS = {"below": "#e9b44c", "in range": "#dfe8e3", "above": "#c8553d", "none": "#8d99ae"}

#: Types of grid.
GRID_FILLS = {"mixed": "#f1dfb5", "property_managed": "#cfe0ea", "work_unit": "#e3cfe2"}

_NEW, _MOVED, _LINE, _STREET = "#1d5c4d", "#1f78b4", "#6b7a75", "#b9c4c0"
_LINES = (_NEW, _MOVED, _LINE, _STREET, "#22302c", "#ffffff")


def draw(path: Path, study: Study, after: Division) -> None:
    """Write the picture as a PNG of at most about 300 KB."""
    mpl.rcParams["font.family"] = "DejaVu Sans"
    land = study.layers.subdistricts
    x0, y0, x1, y1 = land.total_bounds
    width = 15.0
    figure = Figure(figsize=(width, width / 2 * (y1 - y0) / (x1 - x0) + 1.3), dpi=110)
    panes = figure.subplots(1, 2)
    for axes, division, title in ((panes[0], study.today, "Today"), (panes[1], after, "Plan")):
        _pane(axes, study, division, new=division is not study.today)
        axes.set_title(f"{title}: {len(division.outlines)} communities", fontsize=15, color="#22302c", pad=8)
        axes.set_xlim(x0 - 100, x1 + 100)
        axes.set_ylim(y0 - 100, y1 + 100)
        axes.set_axis_off()
    _legend(figure, study)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.94, bottom=0.11, wspace=0.02)
    _save(figure, path)


def draw_grids(path: Path, study: Study, grids: gpd.GeoDataFrame, *, low: int, high: int) -> None:
    """Write the picture of a town's grids: coloured by type, those out of range outlined in red."""
    mpl.rcParams["font.family"] = "DejaVu Sans"
    x0, y0, x1, y1 = study.layers.subdistricts.total_bounds
    figure = Figure(figsize=(10.5, 10.5 * (y1 - y0) / (x1 - x0) + 0.9), dpi=110)
    axes = figure.subplots()
    grids.plot(ax=axes, color=[GRID_FILLS[kind] for kind in grids["type"]], edgecolor=_LINE, linewidth=0.9)
    homes = study.layers.buildings
    homes[homes["households"] > 0].representative_point().plot(ax=axes, color="#22302c", markersize=1.2, alpha=0.5)
    gpd.GeoSeries(study.today.outlines.geometry).boundary.plot(ax=axes, color="#22302c", linewidth=2.2)
    astray = grids[~grids["households"].between(low, high)]
    if len(astray):
        astray.buffer(-25).boundary.plot(ax=axes, color=FILLS["above"], linewidth=2.2)
    axes.set_xlim(x0 - 100, x1 + 100)
    axes.set_ylim(y0 - 100, y1 + 100)
    axes.set_axis_off()
    marks = [
        *(Patch(color=colour, label=kind.replace("_", " ")) for kind, colour in GRID_FILLS.items()),
        Line2D([], [], color="#22302c", linewidth=2.2, label="community"),
        Line2D([], [], color=FILLS["above"], linewidth=2.2, label=f"not {low}–{high} households"),
    ]
    figure.legend(handles=marks, loc="lower center", ncols=5, frameon=False, fontsize=11.5)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.99, bottom=0.07)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """As a PNG of few colours: small, and the same every time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white", metadata={"Software": None})
    full = Image.open(buffer).convert("RGB")
    # The colours of the legend first: by counting pixels alone, a rare one would be lost.
    legend = [ImageColor.getrgb(colour)[:3] for colour in (*FILLS.values(), *GRID_FILLS.values(), *_LINES)]
    found = full.quantize(200, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in legend for value in colour] + found[: 3 * 200])
    full.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)


def verdicts(study: Study, division: Division) -> list[str]:
    """``below``, ``in range`` or ``above`` for each community: by the rule's measure, or where named its second one."""
    rule = study.policy.size
    counted = _sums(study, division, rule.measure)
    found = np.where(
        counted < rule.merge_below, "below", np.where(counted > rule.split_above, "above", "in range")
    )
    if rule.alternative and rule.alternative_min is not None and rule.alternative_max is not None:
        second = _sums(study, division, rule.alternative)
        found[(second >= rule.alternative_min) & (second <= rule.alternative_max)] = "in range"
    return list(found)


def _sums(study: Study, division: Division, measure: str) -> np.ndarray:
    """A measure of each community, in the order of the outlines."""
    inside = division.codes >= 0
    values = study.layers.buildings[measure].to_numpy(np.float64)
    return np.bincount(division.codes[inside], values[inside], len(division.outlines))


def _pane(axes: Axes, study: Study, division: Division, *, new: bool) -> None:
    """One map."""
    fill = verdicts(study, division)
    study.layers.subdistricts.plot(ax=axes, color=FILLS["none"], linewidth=0)
    shapes = gpd.GeoSeries(division.outlines.geometry)
    shapes.plot(ax=axes, color=[FILLS[name] for name in fill], linewidth=0)
    roads = study.layers.roads
    roads[roads["road_class"].isin(["trunk", "primary", "secondary"])].plot(ax=axes, color=_STREET, linewidth=0.5)
    many = len(shapes) > 300
    homes = study.layers.buildings.representative_point()
    lived = (study.layers.buildings["households"] > 0).to_numpy()
    if not many:
        homes[lived].plot(ax=axes, color="#22302c", markersize=0.9, alpha=0.45, linewidth=0)
    if new and (moved := lived & _moved(study.today, division)).any():
        homes[moved].plot(ax=axes, color=_MOVED, markersize=0.5 if many else 3.0, linewidth=0)
    roads = study.layers.roads
    roads[roads["road_class"].isin(["trunk", "primary", "secondary"])].plot(ax=axes, color=_STREET, linewidth=0.5)
    many = len(shapes) > 300
    homes = study.layers.buildings
    homes = homes[homes["households"] > 0]
    if not many:
        homes.representative_point().plot(ax=axes, color="#22302c", markersize=0.9, alpha=0.45, linewidth=0)
    shapes.boundary.plot(ax=axes, color=_LINE, linewidth=0.35 if many else 0.8)
    if new:
        origin = division.outlines["origin"]
        founded = shapes[origin.isna()]
        if len(founded):
            founded.boundary.plot(ax=axes, color=_NEW, linewidth=0.9 if many else 2.0)
    study.layers.subdistricts.boundary.plot(ax=axes, color="#22302c", linewidth=0.8 if many else 1.8)


def _moved(today: Division, after: Division) -> np.ndarray:
    """Buildings whose community does not live on in the one that they come to."""
    origin = after.outlines["origin"].to_numpy(object)
    before = np.append(today.outlines.index.to_numpy(object), None)[today.codes]
    return np.append(origin, None)[after.codes] != before


def _legend(figure: Figure, study: Study) -> None:
    """What the colours mean, below both maps."""
    rule = study.policy.size
    unit = rule.measure.replace("_", " ")
    other = f", by {unit} or {rule.alternative.replace('_', ' ')}" if rule.alternative else ""
    marks = [
        Patch(color=FILLS["below"], label=f"fewer than {rule.merge_below:,} {unit}"),
        Patch(color=FILLS["in range"], label=f"in range{other}"),
        Patch(color=FILLS["above"], label=f"more than {rule.split_above:,} {unit}"),
        Patch(color=FILLS["none"], label="in no community"),
        Line2D([], [], color=_NEW, linewidth=2, label="new community"),
        Line2D([], [], color=_MOVED, marker="o", markersize=5, linewidth=0, label="home whose community changes"),
        Line2D([], [], color="#22302c", linewidth=1.8, label="sub-district"),
    ]
    figure.legend(handles=marks, loc="lower center", ncols=4, frameon=False, fontsize=11.5)
