"""The case studies: builds each generated town, runs the commands of its study on it and writes its page.

scripts/cases [donghai ...] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd

from districting.study import Study
from districting.territory.sample_census import write_town
from districting.territory.sample_spec import TownSpec, read_spec
from tests.case_studies.page import Figures, Output, figures_of, grid_figures, write_page
from tests.case_studies.picture import draw, draw_grids

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / "data" / "cases"
DOCS = ROOT / "docs" / "cases"

#: What the pages print is as wide as this.
_COLUMNS = "104"


@dataclass(frozen=True)
class CaseStudy:
    """One case: the town's specification, and what is run on it."""

    spec: TownSpec
    commands: dict[str, Any]


def case_ids() -> list[str]:
    """Names of all cases, in the order of the page that lists them."""
    return list(_commands())


def read_case_study(case_id: str) -> CaseStudy:
    """One case by its name."""
    return CaseStudy(read_spec(SPECS / f"{case_id}.toml"), _commands()[case_id])


def build(case_id: str, work: Path, docs: Path, *, rendered_only: bool = False) -> None:
    """Make the town in ``work``, run everything on it and write its page and pictures into ``docs``.

    ``rendered_only``: write the page from what an earlier build left in ``work``.
    """
    study = read_case_study(case_id)
    store = work / case_id / "outputs.json"
    if rendered_only:
        printed = json.loads(store.read_text(encoding="utf-8"))
    else:
        write_town(work / case_id, study.spec)
        printed = []
        for step in study.commands["steps"]:
            printed.append(_run(step, work))
            store.write_text(json.dumps(printed, ensure_ascii=False), encoding="utf-8")
    outputs = [_output(step, one) for step, one in zip(study.commands["steps"], printed, strict=True)]
    results: list[Figures] = []
    pictures: list[str] = []
    opened: dict[str, Study] = {}
    for result in study.commands.get("results", []):
        case = result["case"]
        if case not in opened:
            opened[case] = Study.open(work / case, language="en")
        judged = opened[case].check(work / result["plan"])
        results.append(figures_of(result, judged, opened[case], work))
    if results:
        name = f"{case_id}.png"
        draw(docs / name, opened[case], judged.division)
        pictures.append(name)
    if "grids" in study.commands:
        results.append(_grids(case_id, study.commands["grids"], work, docs))
        pictures.append(f"{case_id}.png")
    town = Study.open(work / case_id / "case.toml", language="en") if not opened else opened[case]
    write_page(docs / f"{case_id}.md", study.spec, study.commands, town, outputs, results, pictures)


def _commands() -> dict[str, Any]:
    return tomllib.loads((SPECS / "commands.toml").read_text(encoding="utf-8"))


def _run(step: dict[str, Any], work: Path) -> dict[str, Any]:
    """Run one step; what it printed, how it ended and how long it took."""
    if "combine" in step:
        _combine(work, **step["combine"])
    clock = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "districting.cli", *shlex.split(step["run"])[1:], "--language", "en"],
        cwd=work,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": _COLUMNS, "NO_COLOR": "1", "TERM": "dumb", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    print(f"{step['run']}: exit {ran.returncode}, {time.perf_counter() - clock:.0f} s", flush=True)
    if ran.returncode not in (0, 1, 3) or "Traceback" in ran.stderr:
        raise SystemExit(ran.stderr)
    return {"stdout": ran.stdout, "code": ran.returncode, "seconds": time.perf_counter() - clock}


def _output(step: dict[str, Any], printed: dict[str, Any]) -> Output:
    """What the page shows of it."""
    lines = [line.rstrip() for line in printed["stdout"].rstrip("\n").split("\n")]
    if "show" in step:
        lines = [line for line in lines if re.search(step["show"], line)]
    return Output(step, lines, printed["code"], printed["seconds"])


def _grids(case_id: str, named: dict[str, str], work: Path, docs: Path) -> Figures:
    """The picture of the grids, and what they came to."""
    record = json.loads((work / named["folder"] / "grids.json").read_text(encoding="utf-8"))
    grids = gpd.read_file(work / named["folder"] / "grids.gpkg", layer="grids")
    rule = record["rule"]
    town = Study.open(work / named["case"], language="en")
    draw_grids(docs / f"{case_id}.png", town, grids, low=rule["min"], high=rule["max"])
    return grid_figures(record, json.loads((work / named["folder"] / "findings.json").read_text(encoding="utf-8")))


def _combine(work: Path, *, base: str, other: str, subdistricts: list[str], to: str) -> None:
    """The plan file ``base`` with the sub-districts named as in ``other``, by the codes of their communities."""
    table = gpd.read_file(work / Path(base).parts[0] / "subdistricts.gpkg", ignore_geometry=True)
    codes = tuple(table.loc[table["name"].isin(subdistricts), "subdistrict_id"])
    rows = {name: list(csv.reader((work / name).open(encoding="utf-8-sig"))) for name in (base, other)}
    instead = {atom: community for atom, community in rows[other][1:] if community.startswith(codes)}
    with (work / to).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[base][0])
        writer.writerows([atom, instead.get(atom, community)] for atom, community in rows[base][1:])


def main() -> None:
    """Build the cases asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"{', '.join(case_ids())}; all of them for none")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the pages")
    parser.add_argument(
        "--pages", action="store_true", help="only write the pages, from a --work folder built before"
    )
    parser.add_argument("--work", type=Path, help="folder for towns and plans; kept; default: a temporary one")
    asked = parser.parse_args()
    unknown = sorted(set(asked.cases) - set(case_ids()))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(case_ids())}")
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = asked.work or Path(name)
        for case_id in asked.cases or case_ids():
            build(case_id, work, asked.out, rendered_only=asked.pages)


if __name__ == "__main__":
    main()
