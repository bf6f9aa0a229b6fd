"""Plans as the records keep them: small folders, drawn here, with real layers and no run behind them."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

CRS = "EPSG:32649"


def write_plan_folder(out: Path, plan_id: str, names: str) -> Path:
    """A folder like that of a run: communities of 100 m × 100 m in a row, one letter each, a building in each."""
    place = out / "plans" / plan_id
    place.mkdir(parents=True)
    (out / "run.json").write_text(json.dumps({"run_id": "abc123def456", "plans": [{"plan_id": plan_id}]}))
    squares = [shapely.box(100.0 * at, 0.0, 100.0 * at + 100.0, 100.0) for at in range(len(names))]
    communities = gpd.GeoDataFrame(
        {
            "community_id": list(names), "name": [f"{name}社区" for name in names], "code": "610103001001",
            "subdistrict": "S", "households": 2000, "people": 5000.5, "area_m2": 1e4, "action": "keep",
            "seat_x": 50.0, "seat_y": None, "colour": 1,
        },
        geometry=squares, crs=CRS,
    )  # fmt: skip
    buildings = gpd.GeoDataFrame(
        {"building_id": [f"b{name}" for name in names], "community_id": list(names), "households": 2000},
        geometry=communities.centroid, crs=CRS,
    )  # fmt: skip
    communities.to_file(place / "plan.gpkg", layer="communities", engine="pyogrio")
    buildings.to_file(place / "plan.gpkg", layer="buildings", engine="pyogrio")
    (place / "buildings.csv").write_text("".join(f"b{name},{name}\n" for name in names))
    return place


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two plans: one of three communities, one of five."""
    out = tmp_path_factory.mktemp("plans")
    return write_plan_folder(out / "one", "adjust", "ABC"), write_plan_folder(out / "two", "redraw", "VWXYZ")
