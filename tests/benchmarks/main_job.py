"""The benchmark table: one command measures the main job and writes ``docs/benchmarks.md``.

Times are wall times of single runs on the machine that is named in the table; compare rows, not machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import highspy
import pulp
import shapely

from districting.case import Case
from districting.run import Run
from districting.solvers.bare import read_instance, solve_instance
from districting.study import Study
from districting.territory.sample import write_sample
from tests.places import SHARED, beilin, cambridge

DOCS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"

#: (instance, objective, seconds)
INSTANCES = (
    ("city_L50", "euclid_median", 60),
    ("city_L100", "euclid_median", 60),
    ("city_L200", "euclid_median", 60),
    ("city_L500", "euclid_median", 60),
    ("city_L50", "median_plus_border", 60),
    ("county2010_NM", "hess_moment", 60),
    ("county2010_ID", "hess_moment", 60),
    ("county2010_ME", "hess_moment", 60),
    ("county2010_NE", "hess_moment", 60),
    ("county2010_IA", "hess_moment", 60),
    ("county2010_WV", "hess_moment", 60),
    ("county2010_AR", "hess_moment", 60),
    ("county2010_OK", "hess_moment", 60),
    ("county2010_NM", "cut_edges", 60),
    ("county2010_ME", "cut_edges", 60),
    ("hop_county2020_ME", "hop_median", 60),
    ("hop_county2020_NM", "hop_median", 60),
    ("hop_county2020_ID", "hop_median", 60),
    ("sap_gy_40a", "service_distance", 30),
    ("sap_zy_13a", "service_distance", 30),
)


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Wall seconds of a block, by name."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def measure(case: Case, out: Path) -> tuple[Study, Run, dict[str, float]]:
    """One case from files to pages."""
    seconds: dict[str, float] = {}
    study = Study(case)
    with timed(seconds, "read"):
        assert study.layers.households
    with timed(seconds, "atoms and adjacency"):
        assert len(study.territory.atoms.table)
    with timed(seconds, "diagnose, solve, judge"):
        run = study.propose()
    with timed(seconds, "write"):
        study.write(run, out)
    return study, run, seconds


def place_rows(name: str, study: Study, run: Run, seconds: dict[str, float]) -> list[str]:
    """Tables of one place."""
    layers, atoms = study.layers, study.territory.atoms
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    lines = [
        f"## {name}",
        "",
        f"{len(layers.buildings):,} buildings, {layers.households:,} households, {len(layers.communities):,} communities, "
        f"{len(layers.subdistricts)} sub-districts; policy {study.policy.policy_id}; {len(atoms.table):,} atoms (cap "
        f"{atoms.cap:,}). From files to pages **{sum(seconds.values()):.1f} s**, peak memory of a process {memory / 2**20:.2f} GiB.",
        "",
        "| " + " | ".join(seconds) + " |",
        "|" + " --- |" * len(seconds),
        "| " + " | ".join(f"{value:.1f} s" for value in seconds.values()) + " |",
        "",
    ]
    for alternative in run.alternatives:
        judged = alternative.judged
        rows = alternative.certificates()
        total = sum(row["seconds"] for row in rows)
        lines += [
            f"**{alternative.plan.mode}**: {judged.households_moved:,} households change community; must-findings "
            f"{sum(f.strength == 'must' for f in judged.findings)}; sum of solves {total:.1f} s.",
            "",
            "| sub-district | atoms | communities | status | objective | lower bound | gap | s |",
            "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
        ]
        for row in rows:
            figures = [row["objective"], row["lower_bound"], row["gap_abs"]]
            shown = ["–" if value is None else f"{value:,.1f}" for value in figures]
            causes = ", ".join(f"{c['cause']} {' '.join(c['communities'])}".strip() for c in row["conflicts"])
            status = row["status"] + (f" ({causes})" if causes else "")
            lines.append(
                f"| {row['name']} | {row['atoms']} | {row['communities_before']} → {row['communities_after']} | {status} | "
                + " | ".join(shown)
                + f" | {row['seconds']:.1f} |"
            )
        lines.append("")
    return lines


def instance_rows() -> Iterator[str]:
    """Bare problems against published or measured values."""
    yield from [
        "## Bare problems",
        "",
        "`districting solve INSTANCE.json --objective NAME`; reference: the best published or measured value of the instance file.",
        "",
        "| instance | objective | n | k | value | lower bound | gap % | reference | against it % | s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, objective, limit in INSTANCES:
        path = SHARED / "bench" / "instances" / f"{name}.json"
        raw = json.loads(path.read_text(encoding="utf-8"))
        reference = raw["objectives"][objective]["objective"]
        result = solve_instance(read_instance(path), objective=objective, time_limit_s=limit, seed=0)
        if result.objective is None or result.gap_proved is None:
            yield (
                f"| {name} | {objective} | {len(raw['nodes'])} | {raw['k']} | none | | | {reference:,.4f} | | {result.seconds:.1f} |"
            )
            continue
        against = 100 * (result.objective / reference - 1)
        yield (
            f"| {name} | {objective} | {len(raw['nodes'])} | {raw['k']} | {result.objective:,.4f} | {result.lower_bound:,.4f} | "
            f"{100 * result.gap_proved:.4f} | {reference:,.4f} | {against:+.4f} | {result.seconds:.1f} |"
        )


def main() -> None:
    """Measure what was asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=["beilin", "cambridge", "town", "city", "instances"]
    )
    parser.add_argument("--out", type=Path, default=DOCS)
    asked = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    lines = [
        "# Benchmarks",
        "",
        f"Written by `scripts/bench` on {datetime.now(UTC):%Y-%m-%d}: {cores} cores, Python {platform.python_version()}, HiGHS "
        f"{highspy.Highs().version()}, PuLP {pulp.__version__}, GEOS {shapely.geos_version_string}. Single runs, wall times. Households of "
        "generated places and of xian_beilin are not findings about a real place.",
        "",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sections = {
            "beilin": lambda: place_rows(
                "xian_beilin, reach 1,200 m straight as a must, atom_cap 1,000",
                *measure(beilin(folder), folder / "beilin"),
            ),
            "town": lambda: place_rows(
                "Sample town (generated)", *measure(Case.read(write_sample(folder / "town")), folder / "town-out")
            ),
            "cambridge": lambda: place_rows("cambridge_ma", *measure(cambridge(folder), folder / "cambridge")),
            "city": lambda: city_rows(folder),
            "instances": instance_rows,
        }
        for section, rows in sections.items():
            if section not in asked.skip:
                for row in rows():
                    lines.append(row)
                    # a run that is ended keeps what it has
                    asked.out.write_text("\n".join([*lines, ""]), encoding="utf-8")


def city_rows(folder: Path) -> list[str]:
    """Generation, reading, cutting and joining of a city of 150,000 buildings."""
    seconds: dict[str, float] = {}
    with timed(seconds, "generate"):
        case = write_sample(folder / "city", size="city")
    study = Study(Case.read(case))
    with timed(seconds, "read"):
        buildings = len(study.layers.buildings)
    with timed(seconds, "atoms and adjacency"):
        atoms = len(study.territory.atoms.table)
    with timed(seconds, "diagnose"):
        findings = len(study.diagnose().findings)
    return [
        "## Generated city",
        "",
        f"{buildings:,} buildings, {study.layers.households:,} households, {len(study.layers.communities):,} communities, "
        f"{len(study.layers.subdistricts)} sub-districts; {atoms:,} atoms; {findings:,} findings today.",
        "",
        "| " + " | ".join(seconds) + " |",
        "|" + " --- |" * len(seconds),
        "| " + " | ".join(f"{value:.1f} s" for value in seconds.values()) + " |",
        "",
    ]


if __name__ == "__main__":
    main()
