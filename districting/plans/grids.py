"""Grids (网格): the second level, in which every community is divided. The noun, its codes and its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from districting.language import Language, say
from districting.plans.land import as_text, dissolve, positions
from districting.plans.problem import Floats, Ints
from districting.territory.grid_atoms import GridGround

_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, eq=False)
class Grids:
    """What is judged and handed over: every building's grid, and every grid's land.

    Parameters
    ----------
    buildings
        Index ``building_id`` (every building of the case, sorted), value ``grid_id``, None in none.
    outlines
        Index ``grid_id`` (sorted text: the community's code and three digits). Columns geometry ((Multi)Polygon,
        the case's CRS), ``community_id``, ``community`` (its name), ``name`` (第一网格).
    """

    buildings: pd.Series[str]
    outlines: gpd.GeoDataFrame

    def __post_init__(self) -> None:
        """Refuse grids without an outline: a bug of ours."""
        unknown = set(self.buildings.dropna()) - set(self.outlines.index)
        if unknown:
            raise ValueError(f"no outline for grids {sorted(unknown)[:5]}")

    @property
    def positions(self) -> Ints:
        """Position of each building's grid in ``outlines``, −1 in none; shape (n_buildings,)."""
        return positions(self.outlines.index, self.buildings)

    def total(self, values: pd.Series[Any]) -> Floats:
        """Sum of a building column per grid, in the order of ``outlines``; NaN counts as 0."""
        at = self.positions
        weights = np.nan_to_num(values.reindex(self.buildings.index).to_numpy(dtype=np.float64))
        return np.bincount(at[at >= 0], weights=weights[at >= 0], minlength=len(self.outlines)).astype(np.float64)

    @classmethod
    def of_parts(
        cls,
        parts: pd.Series[int],
        ground: GridGround,
        buildings: pd.Index[Any],
        *,
        codes: Mapping[str, str],
        language: Language,
    ) -> Grids:
        """Grids from the parts that each community was divided into.

        Parameters
        ----------
        parts
            Index ``atom_id`` (every atom of the ground), number of the part inside its community.
        ground
            The communities' land in atoms.
        buildings
            Every building of the case, those in no community too.
        codes
            Code of each community by id.
        language
            Of the names.
        """
        table = ground.territory.atoms.table
        keys = pd.MultiIndex.from_arrays([table["subdistrict_id"], parts.reindex(table.index)])
        number, members = pd.factorize(keys, sort=True)
        count = len(members)
        weights = table["households"].to_numpy(dtype=np.float64) + 1e-6
        total = np.bincount(number, weights=weights, minlength=count)
        xy = np.stack(
            [
                np.bincount(number, weights * table[axis].to_numpy(), minlength=count) / total
                for axis in ("x", "y")
            ],
            axis=1,
        )
        community = np.asarray(members.get_level_values(0), dtype=object)
        order = np.empty(count, dtype=np.int64)
        for own in (np.flatnonzero(community == one) for one in np.unique(community)):
            order[own[reading_order(xy[own])]] = np.arange(1, len(own) + 1)
        ids = [f"{codes[one]}{place:03d}" for one, place in zip(community, order, strict=True)]
        names = ground.territory.layers.subdistricts["name"]
        outlines = gpd.GeoDataFrame(
            {
                "community_id": community,
                "community": names.reindex(community).to_numpy(dtype=object),
                "name": [say("grid.name", language, n=numeral(int(n), language)) for n in order],
            },
            geometry=dissolve(table.geometry.to_numpy(), number.astype(np.int64), count),
            index=pd.Index(ids, name="grid_id", dtype=object),
            crs=table.crs,
        )
        of_atom = pd.Series(np.array(ids, dtype=object)[number], index=table.index, dtype=object)
        home = ground.territory.atoms.building_atom.map(of_atom)
        return cls(as_text(home.reindex(buildings)).rename("grid_id"), outlines.sort_index())


def reading_order(xy: Floats) -> Ints:
    """Order in which places are numbered: in rows from north to south, in each row from west to east.

    There are as many rows as a pattern of equal squares over the extent would have, of equal numbers of places.

    Examples
    --------
    >>> reading_order(np.array([[0.0, 0.0], [10.0, 1.0], [0.0, 10.0], [10.0, 9.0]])).tolist()
    [2, 3, 0, 1]
    """
    wide, high = np.ptp(xy, axis=0) if len(xy) else (0.0, 0.0)
    rows = int(np.clip(np.rint(np.sqrt(len(xy) * high / wide)) if wide > 0 else len(xy), 1, max(len(xy), 1)))
    southward = np.lexsort((xy[:, 0], -xy[:, 1]))
    split = [row[np.lexsort((-xy[row, 1], xy[row, 0]))] for row in np.array_split(southward, rows)]
    return np.concatenate(split).astype(np.int64)


def numeral(n: int, language: Language) -> str:
    """A number below 1,000 as grids are named: Chinese numerals, or figures.

    Examples
    --------
    >>> [numeral(n, "zh") for n in (1, 10, 12, 20, 105, 118)]
    ['一', '十', '十二', '二十', '一百零五', '一百一十八']
    """
    if language == "en":
        return str(n)
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    written = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        written += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        written += _DIGITS[0]
    return written + (_DIGITS[ones] if ones else "")
