"""The main job on whole places: from files to pages, with the certificate of every sub-district."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from districting.case import Case
from districting.flow.run import Run
from districting.study import Study


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
            f"**{alternative.plan.plan_id}**: {judged.households_moved:,} households change community; must-findings "
            f"{sum(f.strength == 'must' for f in judged.findings)}; sum of solves {total:.1f} s.",
            "",
            "| sub-district | atoms | communities | status | objective | lower bound | gap | later terms: value (bound) | s |",
            "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- | ---: |",
        ]
        for row in rows:
            figures = [row["objective"], row["lower_bound"], row["gap_abs"]]
            shown = ["–" if value is None else f"{value:,.1f}" for value in figures]
            later = "; ".join(f"{t['name']} {t['value']:,.1f} ({t['lower_bound']:,.1f})" for t in row["terms"][1:])
            causes = ", ".join(f"{c['cause']} {' '.join(c['communities'])}".strip() for c in row["conflicts"])
            status = row["status"] + (f" ({causes})" if causes else "")
            lines.append(
                f"| {row['name']} | {row['atoms']} | {row['communities_before']} → {row['communities_after']} | {status} | "
                + " | ".join(shown)
                + f" | {later} | {row['seconds']:.1f} |"
            )
        lines.append("")
    return lines
