"""The reference places beside the checkout, as cases. They are read where they lie and never copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from districting.case import Case, SolveSettings
from districting.territory.specs import LayerSpec

#: Everything that lies beside the checkout; the real and part-real places; the bare problems of the benchmark.
SHARED = Path(__file__).resolve().parents[1].parent / "shared"
DATA = SHARED / "data"
INSTANCES = SHARED / "bench" / "instances"

#: On every test that reads the above: ``tests/conftest.py`` skips it, with the reason, where they are absent.
needs_shared = pytest.mark.shared


def beilin(
    folder: Path,
    *,
    reach_m: float = 1200.0,
    window: tuple[int, int] | None = None,
    solve: SolveSettings | None = None,
) -> Case:
    """Xi'an Beilin under xian-2023, reach in a straight line a must, atoms of at most 1,000 households.

    ``window``: other bounds on the households of a community, with their middle as target.
    """
    why = "the case of the benchmark"
    sizes: dict[str, tuple[object, str]] = {}
    if window is not None:
        low, high = window
        figures = {
            "min": low,
            "merge_trigger": low,
            "max": high,
            "split_trigger": high,
            "target": (low + high) // 2,
        }
        sizes = {f"size.{name}": (value, why) for name, value in figures.items()}
    data = DATA / "xian_beilin"
    case = Case(
        path=folder / "case.toml",
        policy_name="xian-2023",
        crs="EPSG:32649",
        layers=(
            LayerSpec(role="buildings", path=str(data / "buildings.gpkg"), columns={"households": "households"}),
            LayerSpec(role="roads", path=str(data / "roads.gpkg")),
            LayerSpec(role="barriers", path=str(data / "barriers.gpkg"), layer="barrier_lines"),
            LayerSpec(role="communities", path=str(data / "communities.gpkg")),
            LayerSpec(role="subdistricts", path=str(data / "subdistricts.gpkg"), columns={"name": "name"}),
            LayerSpec(
                role="facilities", path=str(data / "facilities.gpkg"), where="kind = 'community_service_centre'"
            ),
        ),
        solve=solve or SolveSettings(atom_cap=1000),
        overrides={
            "reach.strength": ("must", why),
            "reach.limit_m": (reach_m, why),
            "reach.path": ("straight", why),
            **sizes,
        },
    )
    case.write()
    return case


def cambridge(folder: Path, *, solve: SolveSettings | None = None) -> Case:
    """Cambridge, Massachusetts: neighbourhoods as sub-districts, census block groups as communities."""
    data = DATA / "cambridge_ma"
    case = Case(
        path=folder / "case.toml",
        policy_name="national-2026",
        crs="EPSG:26986",
        language="en",
        layers=(
            LayerSpec(role="buildings", path=str(data / "buildings.gpkg"), columns={"households": "households"}),
            LayerSpec(role="roads", path=str(data / "roads.gpkg")),
            LayerSpec(role="barriers", path=str(data / "barriers.gpkg"), layer="barrier_lines"),
            LayerSpec(role="barriers", path=str(data / "barriers.gpkg"), layer="barrier_polygons"),
            LayerSpec(role="communities", path=str(data / "communities.gpkg")),
            LayerSpec(role="subdistricts", path=str(data / "subdistricts.gpkg")),
            LayerSpec(role="facilities", path=str(data / "facilities.gpkg"), where="kind = 'community_centre'"),
        ),
        solve=solve or SolveSettings(),
    )
    case.write()
    return case
