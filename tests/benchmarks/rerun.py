"""Reruns, from the command line to the pages: one building of Xi'an Beilin, and one row in a hundred of a city."""

from __future__ import annotations

import dataclasses
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from districting.case import Case, SolveSettings
from districting.study import Study
from districting.territory.sample import write_sample
from tests.places import DATA, beilin

#: So far over its split trigger a community is brought by the one building, households.
OVER = 40
TABLES = ("plan.csv", "buildings.csv", "communities.csv")


@dataclass(frozen=True)
class Called:
    """One call of ``districting rerun``: its exit code, wall and processor time (s), and its ``rerun.json``."""

    code: int
    wall_s: float
    cpu_s: float
    told: dict[str, Any]


def call(case: Path, previous: Path, target: Path) -> Called:
    """Run the command as a script does, workers included."""
    clock, cpu = time.perf_counter(), _children_s()
    words = [sys.executable, "-m", "districting.cli", "rerun", str(case), "--previous", str(previous)]
    done = subprocess.run([*words, "-o", str(target), "--json"], capture_output=True, text=True, check=False)
    told = json.loads(done.stdout) if done.returncode in (0, 3, 10) else {"error": done.stderr}
    return Called(done.returncode, time.perf_counter() - clock, _children_s() - cpu, told)


def one_building_rows(folder: Path) -> Iterator[str]:
    """Beilin: in every sub-district, one building brings the largest community over its trigger."""
    shutil.copytree(DATA / "xian_beilin", folder / "data")
    (folder / "case").mkdir()
    solve = SolveSettings(atom_cap=1000, modes=("adjust",))
    case = beilin(folder / "case", solve=solve)
    layers = [dataclasses.replace(one, path=f"../data/{Path(one.path).name}") for one in case.layers]
    case = dataclasses.replace(case, layers=tuple(layers))
    case.write()
    study = Study(case)
    study.write(study.propose(), folder / "out", recorded=False)
    reference = folder / "out/plans/adjust"
    listed = pd.read_csv(reference / "communities.csv", dtype={"community_id": str})
    homes = pd.read_csv(reference / "buildings.csv", dtype={"building_id": str})
    original = gpd.read_file(DATA / "xian_beilin/buildings.gpkg")
    limit = study.policy.size.split_above
    yield "## Rerun: one building of xian_beilin"
    yield ""
    yield f"One building brings the largest community of a sub-district {OVER} households over its split trigger. From the command to the pages."
    yield ""
    yield "| sub-district | exit | households moved (bound) | status | other sub-districts identical | wall s | processor s |"
    yield "| --- | ---: | ---: | --- | --- | ---: | ---: |"
    for subdistrict, group in listed.groupby("subdistrict_id"):
        largest = group.sort_values("households").iloc[-1]
        mine = homes[homes["community_after"] == largest["community_id"]].sort_values("households")
        table = original.copy()
        row = table.index[table["building_id"].astype(str) == mine["building_id"].iloc[-1]][0]
        table.loc[row, "households"] += max(limit - int(largest["households"]), 0) + OVER
        table.to_file(folder / "data/buildings.gpkg", driver="GPKG")
        called = call(case.path, folder / "out", folder / "new")
        for one in called.told.get("proposals", ()):
            same = _untouched(folder, str(subdistrict))
            yield (
                f"| {one['name']} | {called.code} | {one['households_moved']:,} ({one['lower_bound'] or 0:,.0f}) | "
                f"{one['status']} | {'yes' if same else 'NO'} | {called.wall_s:.1f} | {called.cpu_s:.1f} |"
            )


def city_rerun_rows(
    folder: Path, *, share: float = 0.01, size: str = "city", time_limit_s: float = 20.0, seed: int = 7
) -> Iterator[str]:
    """A city: one row in a hundred with other households, from the command to the pages."""
    path = write_sample(folder / "town", size=size)
    settings = {"modes": ("adjust",), "time_limit_s": time_limit_s}
    study = Study(Case.read(path)).with_settings(settings)
    study.case.write()
    study.write(study.propose(), folder / "out", recorded=False)
    changed = change_rows(folder / "town/buildings.gpkg", share=share, seed=seed)
    called = call(path, folder / "out", folder / "new")
    told = called.told
    found = told.get("proposals", ())
    yield f"## Rerun: {100 * share:.0f} % of the rows of the generated {size}"
    yield ""
    yield (
        f"{changed:,} rows with other households, in {len(told['touched'])} sub-districts; "
        f"{sum(not one['accepted'] for one in told['triggers'])} triggers; {len(found)} sub-districts solved, "
        f"{sum(one['resolved'] for one in found)} with a plan, {sum(one['status'] == 'optimal' for one in found)} proved; "
        f"{sum(one['households_moved'] for one in found):,} households move. Exit {called.code}. "
        f"**{called.wall_s:.0f} s**, {called.cpu_s:.0f} s of processor time."
    )
    yield ""


def change_rows(path: Path, *, share: float, seed: int) -> int:
    """Let a share of the inhabited buildings of a file lose or win up to a third of their homes; how many did."""
    rng = np.random.default_rng(seed)
    table = gpd.read_file(path)
    lived = np.flatnonzero(table["households"] > 2)
    chosen = rng.choice(lived, size=round(share * len(table)), replace=False)
    factor = rng.uniform(0.67, 1.33, size=len(chosen))
    for column in ("households", "people"):
        values = table[column].to_numpy().copy()
        values[chosen] = np.round(values[chosen] * factor).astype(values.dtype)
        table[column] = values
    table.to_file(path, driver="GPKG")
    return len(chosen)


def _untouched(folder: Path, subdistrict: str) -> bool:
    """Whether every row that differs between the reference and the rerun lies in one sub-district."""
    places = [folder / one / "plans/adjust/plan.gpkg" for one in ("out", "new")]
    if not all(place.is_file() for place in places):
        return False
    # land that holds the changed building may be cut otherwise: its old atoms are only in the old plan
    tables = [gpd.read_file(place, layer="atoms", ignore_geometry=True) for place in places]
    atoms = pd.concat(tables).drop_duplicates("atom_id").set_index("atom_id")["subdistrict_id"]
    homes = gpd.read_file(places[1], layer="buildings", ignore_geometry=True).set_index("building_id")["atom_id"]
    for name in TABLES:
        old, new = (
            pd.read_csv(folder / one / "plans/adjust" / name, dtype=str, keep_default_na=False)
            for one in ("out", "new")
        )
        other = pd.concat([old, new]).drop_duplicates(keep=False)
        key = other.iloc[:, 0]
        where = {"plan.csv": key.map(atoms), "buildings.csv": key.map(homes.map(atoms))}
        lies_in = where.get(name, other.get("subdistrict_id"))
        if lies_in is None or not (lies_in == subdistrict).all():
            return False
    return True


def _children_s() -> float:
    """Processor time of the children that have ended, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
