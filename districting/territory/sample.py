"""The sample town: a generated place with every kind of land and every kind of trouble, at any size.

It is what `districting demo` opens and what tests of scale run on. Nothing in it is real, and every layer says so.
The ground plan is in `sample_ground`, streets in `sample_axes` and `sample_streets`, blocks in `sample_blocks`,
water and railway in `sample_nature`, compounds and buildings in `sample_homes`, communities in
`sample_communities` and their troubles in `sample_troubles`, the tables in
`sample_layers`, the files in `sample_files`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from districting.language import Language
from districting.territory import sample_layers
from districting.territory.sample_axes import bend, lay_axes
from districting.territory.sample_blocks import Blocks, cut_blocks, rail_line, river_line
from districting.territory.sample_communities import divide
from districting.territory.sample_files import write_layers
from districting.territory.sample_ground import STREET_GAP_M, Ints, lay_ground
from districting.territory.sample_homes import Homes, build_homes
from districting.territory.sample_names import TOWN, Names
from districting.territory.sample_nature import Nature, make_nature
from districting.territory.sample_streets import choose_roundabouts, draw_streets


@dataclass(frozen=True)
class Size:
    """How large a sample is.

    Parameters
    ----------
    subdistricts
        Number of sub-districts (街道).
    communities
        About how many communities (社区) in all.
    superblocks
        About how many superblocks in each sub-district; 20 hold about 750 buildings and 33,000 households.
    """

    subdistricts: int
    communities: int
    superblocks: int = 20

    def __post_init__(self) -> None:
        """Refuse sizes that leave no room for the troubles."""
        if self.subdistricts < 1 or self.superblocks < 12 or self.communities < 6 * self.subdistricts:
            raise ValueError(f"{self}: needs a sub-district, 12 superblocks and 6 communities in each")


#: Sizes by name.
SIZES = {
    "hamlet": Size(1, 9, 22),
    "town": Size(4, 46, 21),
    "district": Size(16, 220, 24),
    "city": Size(100, 1_500, 37),
}


@dataclass(frozen=True)
class SampleTown:
    """All layers of a sample, in EPSG:4547 (CGCS2000 / 3-degree Gauss-Kruger CM 114E, m).

    Parameters
    ----------
    layers
        By file name without its ending; columns as they are written, each with ``source``. Two barrier layers
        share one file: ``barriers.barrier_lines`` and ``barriers.barrier_areas``.
    troubles
        Community codes by the trouble that was planted there, for tests and for the guide to the sample.
    """

    layers: dict[str, gpd.GeoDataFrame]
    troubles: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Plot:
    """A town before anybody has drawn communities on it."""

    blocks: Blocks
    nature: Nature
    homes: Homes
    roads: gpd.GeoDataFrame


def make_sample(*, size: Size | str = "town", seed: int = 7) -> SampleTown:
    """A generated town; the same size and seed give the same town to the last digit.

    Raises
    ------
    KeyError
        If there is no size of that name.
    """
    chosen = SIZES[size] if isinstance(size, str) else size
    # Each stage has a stream of its own: a change in one leaves the others' draws alone.
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(9)]
    plot = lay_out(subdistricts=chosen.subdistricts, superblocks=chosen.superblocks, streams=streams)
    blocks, homes = plot.blocks, plot.homes
    households = _sums(homes.buildings["block"], homes.buildings["households"], len(blocks.table))
    numbers = _shares(_sums(blocks.table["quarter"], households, chosen.subdistricts), chosen.communities)
    division = divide(blocks, households, communities=numbers, rng=streams[6])
    layers, troubles = sample_layers.tabulate(
        blocks, plot.nature, homes, plot.roads, division, names=Names(streams[7]), rng=streams[8]
    )
    return SampleTown(layers, troubles)


def lay_out(
    *, subdistricts: int, superblocks: float, streams: Sequence[np.random.Generator], gap_m: float = STREET_GAP_M
) -> Plot:
    """Ground, streets, water and homes of a town.

    Parameters
    ----------
    superblocks
        In each sub-district, with streets about ``gap_m`` apart.
    streams
        Random streams, one per stage: the first six are used here.
    """
    ground = lay_ground(subdistricts=subdistricts, superblocks=superblocks, rng=streams[0], gap_m=gap_m)
    axes = lay_axes(ground, rng=streams[1])
    blocks = cut_blocks(ground, axes, rng=streams[2])
    nature = make_nature(ground, blocks, rng=streams[3])

    natural = [shapely.LineString(line(ground, beyond_m=3.0)) for line in (river_line, rail_line)]
    roundabouts = choose_roundabouts(ground, axes, rng=streams[5])
    homes = build_homes(
        blocks,
        streets=np.concatenate([shapely.linestrings(bend(axes.streets, ground.warp, grow_m=0.0)), natural]),
        classes=np.array([*axes.streets["road_class"], "river", "rail"], dtype=object),
        kept_free=np.concatenate([nature.lakes, shapely.buffer(roundabouts, 6.0)]),
        rng=streams[4],
    )
    roads = draw_streets(
        ground,
        axes,
        inner=homes.spines.geometry.to_numpy(),
        paths=nature.paths,
        roundabouts=roundabouts,
        river=nature.river,
        rail=shapely.LineString(rail_line(ground)),
        rng=streams[5],
    )
    return Plot(blocks, nature, homes, roads)


def write_sample(folder: Path, *, size: Size | str = "town", seed: int = 7, language: Language = "zh") -> Path:
    """Write a sample town as a case that is ready to run; returns its ``case.toml``.

    One GeoPackage per role and a case file for the policy ``xian-2023``, which asks for splits and merges here.
    The same size and seed give the same bytes; ``language`` is that of the case.

    Raises
    ------
    KeyError
        If there is no size of that name.
    OSError
        If the folder cannot be written.
    """
    return write_layers(folder, make_sample(size=size, seed=seed).layers, town=TOWN, seed=seed, language=language)


def _sums(groups: npt.ArrayLike, values: npt.ArrayLike, n: int) -> Ints:
    """Sum of ``values`` in each of ``n`` groups."""
    return np.bincount(groups, values, n).astype(np.int64)


def _shares(weights: Ints, total: int) -> Ints:
    """``total`` shared out in proportion, at least five each."""
    shares: Ints = np.maximum(5, np.round(total * weights / weights.sum())).astype(np.int64)
    return shares
