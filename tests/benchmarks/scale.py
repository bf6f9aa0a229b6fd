"""Scale: a whole generated city from files to pages, and a region of any number of communities through the engine."""

from __future__ import annotations

import pickle
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from districting.case import Case
from districting.engine import Job, stream_jobs
from districting.solvers.params import Params
from districting.solvers.strategy import SolveMode
from districting.study import Study
from districting.territory.sample import SIZES, Size, write_sample


@dataclass(frozen=True)
class CityFigures:
    """What a city took.

    Parameters
    ----------
    buildings, communities, subdistricts, atoms
        How large it is.
    seconds
        Wall time by stage, s.
    cpu_s
        Of this process and of all its workers.
    memory_gib
        Peak of this process, and of the largest worker.
    gaps
        By alternative: proved gap of each sub-district, as a share and in the unit of the first term; inf without a
        plan.
    """

    buildings: int
    communities: int
    subdistricts: int
    atoms: int
    seconds: dict[str, float]
    cpu_s: float
    memory_gib: tuple[float, float]
    gaps: dict[str, list[tuple[float, float]]]


def measure_city(
    folder: Path,
    *,
    size: Size | str = "city",
    modes: Sequence[SolveMode] = ("adjust", "whole", "redraw"),
    time_limit_s: float = 20.0,
    engine: str = "local",
    workers: int | None = None,
    seed: int = 7,
) -> CityFigures:
    """Generate a city into ``folder``, run the main job on it, files to pages, and say what it took."""
    case = write_sample(folder / "town", size=size, seed=seed)
    clock, cpu = time.perf_counter(), _cpu_s()
    seconds: dict[str, float] = {}

    def lap(name: str) -> None:
        nonlocal clock
        seconds[name], clock = time.perf_counter() - clock, time.perf_counter()

    settings = {"modes": tuple(modes), "time_limit_s": time_limit_s, "workers": workers}
    study = Study(Case.read(case)).with_settings(settings)
    layers = study.layers
    lap("read")
    atoms = len(study.territory.atoms.table)
    lap("atoms and adjacency")
    run = study.propose(engine=engine)
    lap("diagnose, solve, judge")
    study.write(run, folder / "out")
    lap("write")
    gaps = {
        alternative.plan.plan_id: [
            (answer.result.gap_proved, answer.result.gap_abs) for _, answer in sorted(alternative.answers.items())
        ]
        for alternative in run.alternatives
    }
    return CityFigures(
        buildings=len(layers.buildings),
        communities=len(layers.communities),
        subdistricts=len(layers.subdistricts),
        atoms=atoms,
        seconds=seconds,
        cpu_s=_cpu_s() - cpu,
        memory_gib=(_memory_gib(resource.RUSAGE_SELF), _memory_gib(resource.RUSAGE_CHILDREN)),
        gaps=gaps,
    )


@dataclass(frozen=True)
class RegionFigures:
    """What a region took: ``memory_mib`` of this process after each tenth of the jobs, beginning before the first.

    ``proved``: sub-districts whose first aim is proved within the gap asked for; ``without``: those without a plan.
    """

    jobs: int
    communities: int
    proved: int
    without: int
    seconds: float
    memory_mib: list[float]
    worker_memory_mib: float


def measure_region(
    folder: Path,
    *,
    jobs: int = 700,
    towns: int = 3,
    mode: SolveMode = "adjust",
    params: Params | None = None,
    engine: str = "local",
    workers: int | None = None,
) -> RegionFigures:
    """Stream the sub-districts of ``towns`` generated towns, over and over under new names, through the engine.

    Each job is a fresh copy, made when a worker is free, as a region that is read town by town would be.
    """
    problems = []
    for seed in range(towns):
        study = Study(Case.read(write_sample(folder / f"town-{seed}", size="town", seed=seed)))
        problems += [pickle.dumps(posed.problem) for posed in study._pose(study.subdistrict_ids(())).values()]
    params = params or Params(time_limit_s=60.0)
    communities = 0

    def made() -> Iterator[Job]:
        nonlocal communities
        for number in range(jobs):
            problem = pickle.loads(problems[number % len(problems)])
            communities += len(problem.community_ids)
            yield Job(replace(problem, name=f"{number:05d}"), mode, params)

    clock, memory, proved, without = time.perf_counter(), [_memory_now_mib()], 0, 0
    streamed = stream_jobs(made(), total=jobs, engine=engine, workers=workers)
    for number, (_, result) in enumerate(streamed, start=1):
        proved += result.status == "optimal"
        without += result.solution is None
        if number * 10 // jobs > (number - 1) * 10 // jobs:
            memory.append(_memory_now_mib())
    seconds = time.perf_counter() - clock
    worker = _memory_gib(resource.RUSAGE_CHILDREN) * 1024
    return RegionFigures(jobs, communities, proved, without, seconds, memory, worker)


def _cpu_s() -> float:
    """CPU time of this process and of its children that have ended, s."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _memory_gib(who: int) -> float:
    """Peak resident memory, GiB (Linux counts in KiB)."""
    return resource.getrusage(who).ru_maxrss / 2**20


def _memory_now_mib() -> float:
    """Resident memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


#: A quarter of the city: time must grow as the number of sub-districts does.
QUARTER = replace(SIZES["city"], subdistricts=25, communities=375)


def city_rows(folder: Path) -> list[str]:
    """The generated city, files to pages, in all modes, and a quarter of it."""
    quarter = measure_city(folder / "quarter", size=QUARTER)
    city = measure_city(folder)
    lines = [
        "## Generated city",
        "",
        f"Three modes, 20 s a sub-district and mode. {city.buildings:,} buildings, {city.communities:,} communities, {city.subdistricts} sub-districts, {city.atoms:,} atoms. From files to "
        f"pages **{sum(city.seconds.values()) / 60:.1f} min** ({city.cpu_s / 60:.1f} min of processor time); peak memory {city.memory_gib[0]:.2f} GiB, "
        f"of a worker {city.memory_gib[1]:.2f} GiB.",
        "",
        "| " + " | ".join(city.seconds) + " |",
        "|" + " --- |" * len(city.seconds),
        "| " + " | ".join(f"{value:.0f} s" for value in city.seconds.values()) + " |",
        "",
        "| mode | sub-districts with a plan | proved within 1 % or 5 of the first term's unit | worst gap | without a legal plan |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for plan, gaps in city.gaps.items():
        solved = [(share, gap) for share, gap in gaps if gap != float("inf")]
        tight = sum(share <= 0.01 or gap <= 5 for share, gap in solved)
        worst = max((share for share, _ in solved), default=0.0)
        lines.append(f"| {plan} | {len(solved)} | {tight} | {100 * worst:.2f} % | {len(gaps) - len(solved)} |")
    per = [sum(one.seconds.values()) / one.subdistricts for one in (quarter, city)]
    return [
        *lines,
        "",
        f"A quarter of it ({quarter.buildings:,} buildings, {quarter.subdistricts} sub-districts): {sum(quarter.seconds.values()) / 60:.1f} min. Seconds a "
        f"sub-district: {per[0]:.1f} in the quarter, {per[1]:.1f} in the whole.",
        "",
    ]


def region_rows(folder: Path) -> list[str]:
    """A region through the engine, sub-district by sub-district."""
    region = measure_region(folder, jobs=900)
    memory = ", ".join(f"{value:.0f}" for value in region.memory_mib)
    return [
        "## A region",
        "",
        f"{region.jobs} sub-districts, {region.communities:,} communities (three generated towns over and over), `adjust`, streamed through the "
        f"engine: **{region.seconds / 60:.1f} min**, {region.proved} proved, {region.without} without a plan. Memory of this process after each tenth: {memory} MiB; of a worker "
        f"{region.worker_memory_mib:.0f} MiB.",
        "",
    ]
