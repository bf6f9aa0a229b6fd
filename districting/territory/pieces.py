"""Pieces of land on their way to becoming atoms: the noun that cutting and grouping hand to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from districting.territory.borders import Bools, Floats, Ints, Shapes, dissolved
from districting.territory.placement import place

#: Eight directions in which a shape is measured; the widest is within 2 % of its diameter.
DIRECTIONS = np.stack([np.cos(np.arange(8) * np.pi / 8), np.sin(np.arange(8) * np.pi / 8)], axis=1)


@dataclass(frozen=True)
class Homes:
    """Inhabited and other buildings as numbers, all shape (n,).

    ``community`` and ``unit`` are positions (-1 none); ``community`` counts land in no community as one more.
    """

    points: Shapes
    households: Ints
    community: Ints
    communities: int
    unit: Ints


@dataclass(frozen=True)
class Pieces:
    """A cover of the sub-districts by single polygons.

    Parameters
    ----------
    polygons, subdistrict, water
        Shape (n,).
    main
        Shape (n,), the block of the main-road level that each lies in.
    home
        Shape (buildings,), the piece of each building.
    """

    polygons: Shapes
    subdistrict: Ints
    water: Bools
    main: Ints
    home: Ints

    def replaced(self, polygons: Shapes, source: Ints, homes: Homes) -> Pieces:
        """The same land in other pieces, each made from piece ``source``; buildings are placed anew."""
        water = self.water[source]
        home, _ = place(homes.points, polygons, land=~water)
        return Pieces(polygons, self.subdistrict[source], water, self.main[source], home)

    def merged(self, group: Ints, homes: Homes) -> Pieces:
        """Pieces of one group made one, unless they do not touch."""
        polygons, number = dissolved(self.polygons, group)
        leader = np.full(int(group.max(initial=0)) + 1, -1, dtype=np.int64)
        leader[group[::-1]] = np.arange(len(group))[::-1]
        return self.replaced(polygons, leader[number], homes)

    def households(self, homes: Homes) -> Ints:
        """Households of each piece."""
        return np.bincount(self.home, weights=homes.households, minlength=len(self.polygons)).astype(np.int64)

    def by_community(self, homes: Homes) -> Ints:
        """Households of each piece by community, shape (n, communities + 1), the last for none."""
        return community_counts(self.home, homes, len(self.polygons))


def community_counts(group: Ints, homes: Homes, n: int) -> Ints:
    """Households of each group of buildings by community, shape (n, communities + 1)."""
    width = homes.communities + 1
    column = np.where(homes.community < 0, homes.communities, homes.community)
    flat = np.bincount(group * width + column, weights=homes.households, minlength=n * width)
    return flat.reshape(n, width).astype(np.int64)


def spans(polygons: Shapes) -> tuple[Floats, Floats]:
    """Lowest and highest coordinate of each polygon in each of `DIRECTIONS`, both shape (n, 8)."""
    xy, owner = shapely.get_coordinates(shapely.get_exterior_ring(polygons), return_index=True)
    along = xy @ DIRECTIONS.T
    begin = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    return np.minimum.reduceat(along, begin), np.maximum.reduceat(along, begin)


def extent_m(polygons: Shapes) -> Floats:
    """Greatest width of each polygon over eight directions, m."""
    low, high = spans(polygons)
    widest: Floats = (high - low).max(axis=1)
    return widest


def polsby_popper(area_m2: Floats, perimeter_m: Floats) -> Floats:
    """Polsby-Popper compactness 4πA/P², 1 for a circle (Polsby and Popper 1991)."""
    result: Floats = 4 * np.pi * area_m2 / np.maximum(perimeter_m, 1e-9) ** 2
    return result
