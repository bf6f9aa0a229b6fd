"""Bare problems against the best published or measured value of their files, and against other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from districting.solvers.bare import read_instance, solve_instance
from tests.benchmarks.peers.chains import best_of_chain
from tests.benchmarks.peers.plain_model import hess
from tests.benchmarks.peers.regions import max_p
from tests.places import SHARED

FOLDER = SHARED / "bench" / "instances"


@dataclass(frozen=True)
class Family:
    """Instances that are asked the same, and how long each may take (s)."""

    title: str
    said: str
    instances: tuple[str, ...]
    objectives: tuple[str, ...]
    time_limit_s: float


def _named(start: str) -> tuple[str, ...]:
    """Every instance of a family, by name."""
    return tuple(sorted(path.stem for path in FOLDER.glob(f"{start}*.json")))


def families() -> dict[str, Family]:
    """What is measured, by section."""
    return {
        "free_seats": Family(
            "Free seats",
            "Real London polygons, k = n/10, ±20 %; Leeds with k = 25.",
            ("city_L50", "city_L100", "city_L200", "city_L500", "city_L983"),
            ("euclid_median", "median_plus_border"),
            60,
        ),
        "leeds": Family("Leeds", "Uneven density, 12 nodes a district.", ("uk_Leeds",), ("euclid_median",), 120),
        "counties": Family(
            "Few large districts, ±0.5 %: counties",
            "Published optima, proved with Gurobi (Validi et al. 2022; Validi and Buchanan 2022; Zhang et al. 2024).",
            (*_named("county2010"), *_named("hop_county2020")),
            ("hess_moment", "hess_moment_no_contiguity", "hop_median", "cut_edges"),
            120,
        ),
        "tracts": Family(
            "Few large districts, ±0.5 %: tracts",
            "Moment of inertia; published optima, proved with Gurobi (Validi et al. 2022).",
            _named("tract2010"),
            ("hess_moment",),
            600,
        ),
        "fixed_seats": Family(
            "Fixed seats with capacities",
            "Service areas (Kong 2019, 2021): CPLEX 44–7,200 s, his hybrid 0.087 % above it on average in 73–440 s.",
            _named("sap_"),
            ("service_distance",),
            60,
        ),
    }


def family_rows(family: Family) -> Iterator[str]:
    """One table; instances that lack an objective are left out of it."""
    yield from [
        f"## {family.title}",
        "",
        f"`districting solve INSTANCE.json --objective NAME --time-limit {family.time_limit_s:.0f}`, seed 0. {family.said} Reference: the "
        "best value of the instance file.",
        "",
        "| instance | objective | n | k | value | lower bound | gap % | reference | against it % | s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    against, gaps = [], []
    for objective in family.objectives:
        for name in family.instances:
            path = FOLDER / f"{name}.json"
            raw = json.loads(path.read_text(encoding="utf-8"))
            if objective not in raw["objectives"]:
                continue
            reference = raw["objectives"][objective].get("objective")
            result = solve_instance(
                read_instance(path), objective=objective, time_limit_s=family.time_limit_s, seed=0
            )
            head = f"| {name} | {objective} | {len(raw['nodes'])} | {raw['k']} | "
            told = "–" if reference is None else f"{reference:,.4f}"
            if result.objective is None or result.lower_bound is None or result.gap_proved is None:
                yield head + f"none | | | {told} | | {result.seconds:.1f} |"
                continue
            gaps.append(100 * result.gap_proved)
            apart = "–"
            if reference is not None:
                against.append(100 * (result.objective / reference - 1))
                apart = f"{against[-1]:+.4f}"
            yield (
                head
                + f"{result.objective:,.4f} | {result.lower_bound:,.4f} | {gaps[-1]:.4f} | {told} | {apart} | {result.seconds:.1f} |"
            )
    if against:
        yield ""
        yield (
            f"Against the reference: mean {sum(against) / len(against):+.4f} %, worst {max(against):+.4f} %. Proved gap: mean "
            f"{sum(gaps) / len(gaps):.4f} %, worst {max(gaps):.4f} %."
        )
    yield ""


def peer_rows(instances: Sequence[str] = ("city_L100", "city_L200", "city_L500", "city_L983")) -> Iterator[str]:
    """Other programs on the same instances, in this run: value, and how far above ours."""
    limit = 60.0
    yield from [
        "## Other programs on the free seats",
        "",
        f"Sum of distances; {limit:.0f} s each, one run, seed 0, the code in `tests/benchmarks/peers`. gerrychain: recombination, its short bursts "
        "and its tilted run, in as long as ours took and in all the time. Plain model: Hess in PuLP with contiguity cut in between solves (up to "
        "200 nodes; larger ones do not get past their root). spopt's Max-p takes no number of regions and no upper bound: a value with other regions is no better plan.",
        "",
        "| instance | ours | gap % | s | short bursts, our time | 60 s | tilted, our time | 60 s | plain HiGHS | plain CBC | Max-p (regions, legal) |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in instances:
        instance = read_instance(FOLDER / f"{name}.json")
        own = solve_instance(instance, objective="euclid_median", time_limit_s=limit, seed=0)
        assert own.objective is not None
        assert own.gap_proved is not None
        cells = [f"{own.objective:,.1f}", f"{100 * own.gap_proved:.3f}", f"{own.seconds:.1f}"]
        for method in ("short_bursts", "tilted"):
            for value, steps in best_of_chain(
                instance, method=method, limits_s=(min(own.seconds, limit), limit), seed=0
            ):
                cells.append(f"{100 * (value / own.objective - 1):+.2f} % ({steps:,} steps)")
        for solver in ("HiGHS", "PULP_CBC_CMD"):
            if instance.n > 200:
                cells.append("–")
                continue
            found, _, seconds = hess(instance, solver=solver, time_limit_s=limit)
            cells.append(
                f"none in {seconds:.0f} s"
                if found is None
                else f"{100 * (found / own.objective - 1):+.3f} % ({seconds:.1f} s)"
            )
        regions = max_p(instance, seed=0)
        cells.append(
            f"{100 * (regions.value / own.objective - 1):+.2f} % ({regions.regions}, {regions.legal}; {regions.seconds:.0f} s)"
        )
        yield f"| {name} | " + " | ".join(cells) + " |"
    yield ""
