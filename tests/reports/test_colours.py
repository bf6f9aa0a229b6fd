"""Colours of communities."""

from __future__ import annotations

from itertools import combinations

import geopandas as gpd
import numpy as np
import pytest
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


def _ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Colour difference ΔE₀₀ (Sharma, Wu & Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = (1 - np.sqrt(mean**7 / (mean**7 + 25**7))) / 2
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, (1 + g) * a1)) % 360, np.degrees(np.arctan2(b2, (1 + g) * a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, c, h = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    t = (
        1
        - 0.17 * np.cos(np.radians(h - 30))
        + 0.24 * np.cos(np.radians(2 * h))
        + 0.32 * np.cos(np.radians(3 * h + 6))
        - 0.20 * np.cos(np.radians(4 * h - 63))
    )
    r = -np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2)))) * 2 * np.sqrt(c**7 / (c**7 + 25**7))
    dl = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    dc, dh = (c2 - c1) / (1 + 0.045 * c), dh / (1 + 0.015 * c * t)
    return float(np.sqrt(dl**2 + dc**2 + dh**2 + r * dc * dh))


def _faded(hex_colour: str) -> str:
    """The fill of a community that a plan leaves as it is: half way to white, as assets/drawing.js blends it."""
    return "#" + "".join(f"{round(int(hex_colour[at : at + 2], 16) * 0.5 + 127.5):02x}" for at in (1, 3, 5))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    # Of the published pairs of Sharma, Wu & Dalal, table 1.
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ],
)
def test_colour_differences_are_those_of_the_paper(one: tuple, other: tuple, expected: float) -> None:
    assert _ciede2000(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("sight", list(_SIGHT))
def test_fills_stay_apart_under_every_colour_vision(sight: str) -> None:
    """Our bar: 7 between fills, 4 between faded ones; 1 is the least that anybody tells apart."""
    for fills, least in ((PALETTE, 7.0), (tuple(map(_faded, PALETTE)), 4.0)):
        for a, b in combinations(fills, 2):
            assert _ciede2000(_lab(a, _SIGHT[sight]), _lab(b, _SIGHT[sight])) > least, (a, b)


def test_fills_stay_apart_in_grey_print() -> None:
    """Lightness alone: a step of 2 is seen where two areas meet; borders are drawn besides."""
    for fills, least in ((PALETTE, 4.5), (tuple(map(_faded, PALETTE)), 2.0)):
        lightness = sorted(_lab(one, _SIGHT["full"])[0] for one in fills)
        assert min(np.diff(lightness)) > least


def test_names_are_read_on_every_fill() -> None:
    """Contrast of the ink #1d2733 against each fill is above 4.5 (WCAG 2.2, 1.4.3), halo or not."""

    def luminance(hex_colour: str) -> float:
        srgb = np.array([int(hex_colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for fill in PALETTE:
        assert (luminance(fill) + 0.05) / (luminance("#1d2733") + 0.05) > 4.5
