"""Colours of communities."""

from __future__ import annotations

from itertools import combinations

import geopandas as gpd
import numpy as np
import shapely

from districting.reports.colours import PALETTE, colour_communities


def _grid(names: str, *, across: int) -> gpd.GeoSeries:
    """Squares of 100 m in rows of ``across``, one per letter."""
    at = np.arange(len(names))
    x, y = 100 * (at % across), 100 * (at // across)
    squares = shapely.box(x, y, x + 100, y + 100)
    return gpd.GeoSeries(squares, index=list(names), crs="EPSG:32649")


def test_neighbours_differ_in_every_plan_though_each_community_has_one_colour() -> None:
    today, plan = _grid("ABCDEF", across=3), _grid("FDBECA", across=2)
    colours = colour_communities([today, plan])
    assert list(colours.index) == list("ABCDEF")
    for series in (today, plan):
        for a, b in combinations(series.index, 2):
            if series[a].distance(series[b]) < 1:
                assert colours[a] != colours[b], (a, b)


def test_communities_on_two_sides_of_a_street_differ() -> None:
    apart = gpd.GeoSeries([shapely.box(0, 0, 100, 100), shapely.box(120, 0, 220, 100)], index=["A", "B"])
    colours = colour_communities([apart])
    assert colours["A"] != colours["B"]


def test_the_same_input_gives_the_same_colours_in_any_order_of_rows() -> None:
    grid = _grid("ABCDEFGHI", across=3)
    assert colour_communities([grid]).equals(colour_communities([grid.iloc[::-1]]))


def test_land_that_is_empty_has_no_colour() -> None:
    grid = gpd.GeoSeries([shapely.box(0, 0, 1, 1), shapely.Polygon()], index=["A", "B"])
    assert list(colour_communities([grid]).index) == ["A"]


#: Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB.
_SIGHT = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}


def _lab(hex_colour: str, sight: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as somebody sees it."""
    srgb = np.array([int(hex_colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(sight @ linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_fills_stay_apart_under_every_colour_vision_deficiency() -> None:
    # 6 is the colour difference (CIE 1976) below which fills were found too alike (measured on the sketches).
    for sight in _SIGHT.values():
        for a, b in combinations(PALETTE, 2):
            assert np.linalg.norm(_lab(a, sight) - _lab(b, sight)) > 6
