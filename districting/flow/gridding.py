"""The grid level as a flow: cut each community finer, pose, solve, number, type, judge. Beside `study`.

One level down everything is the same: a community is what a sub-district is for communities, so the same cut, the
same problem and the same solver serve. What differs is told by `plans.grids` and judged by `plans.grid_checks`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from districting.assessment.grid_types import grid_types
from districting.engine import Job, run_jobs
from districting.errors import CaseError, Fault
from districting.language import Language
from districting.plans.checks import adoptable
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.grid_checks import check_grids
from districting.plans.grids import Grids
from districting.plans.lines import border_share
from districting.plans.measures import SIZE_COLUMNS, polsby_popper
from districting.plans.posing import PoseSettings, pose
from districting.plans.problem import Problem
from districting.policies.land import BorderRule, CompoundRule, CrossingRule
from districting.policies.policy import Policy
from districting.policies.reading import preset
from districting.policies.sizes import GridRule, SizeRule
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.nearest_fit.nearest import Excess, solve_nearest, whole
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage
from districting.solvers.result import Result
from districting.territory.grid_atoms import GridGround, cut_grid_ground
from districting.territory.layers import Layers
from districting.territory.territory import Territory

#: Where the case's own policy has no grid rule, and names no other.
DEFAULT_POLICY = "wuxue-2013-grid"
#: Atoms hold at most this share of a grid's minimum, so that a grid is made of several.
ATOMS_A_GRID = 3
#: What is wanted of grids, in one sum: short ways inside (m · households), borders on streets (1 km off them
#: weighs as much as 150 households walking 1 km more), sizes near the target (a household off it as 100 m).
WANTED = Profile(
    "grids",
    (Stage({"distance_m_households": 1.0, "open_border_km": 150_000.0, "deviation_households": 100.0}),),
    number="target",
)
#: Seconds, and gap, that each community's search ends by.
TIME_LIMIT_S = 10.0
GAP_SHARE = 0.01
#: Digits of a grid's number inside its community.
MOST_GRIDS = 999


@dataclass(frozen=True)
class GridJob(Job):
    """One community to be divided: within the bounds, or as near to them as its land allows."""

    @property
    def where(self) -> str:
        """What runs, for people."""
        return self.title

    def run(self, *, progress: Progress, stop: Stop) -> Result:
        """Divide it here; the result's ``notes["excess"]`` says by how much grids miss the bounds."""
        result, excess = solve_nearest(self.problem, self.params, progress=progress, stop=stop)
        return replace(result, notes={**result.notes, "excess": excess})


@dataclass(frozen=True)
class GridRun:
    """What `divide` ends in.

    Parameters
    ----------
    grids, ground, findings
        The division into grids, the land in atoms that it was made of, and its verdict.
    figures
        Index ``grid_id``. ``community_id``, ``community``, ``name``, ``households``, ``people``, ``type``,
        ``share_property_managed``, ``share_work_unit``, ``worker`` (post of the one grid worker), ``buildings``,
        ``area_m2``, ``polsby_popper``, ``border_share`` (of its outline along streets, lanes and natural lines).
    certificates
        A row per community, as in ``grids.json``.
    policy, rule
        Whose bounds hold.
    borrowed
        True if the case's own policy has no grid rule.
    plan
        Name of the plan that was divided.
    started, seconds
        When the run began (ISO 8601) and how long it took.
    """

    grids: Grids
    ground: GridGround
    findings: tuple[Finding, ...]
    figures: pd.DataFrame
    certificates: tuple[dict[str, Any], ...]
    policy: Policy
    rule: GridRule
    borrowed: bool
    plan: str
    started: str
    seconds: float

    @property
    def adoptable(self) -> bool:
        """No must-finding is left."""
        return adoptable(self.findings)


def grid_rule(own: Policy, named: Policy | None) -> tuple[Policy, GridRule, bool]:
    """The policy whose grid rule holds, the rule, and whether it is another than the case's own.

    Parameters
    ----------
    own
        The case's policy.
    named
        The policy that the case or the command names for grids; None: the case's own, or `DEFAULT_POLICY`.

    Raises
    ------
    CaseError
        If the policy named has no grid rule.
    """
    for policy in [named] if named is not None else [own, preset(DEFAULT_POLICY)]:
        rules = policy.of_kind(GridRule)
        if rules:
            return policy, rules[0], policy.policy_id != own.policy_id
    raise CaseError([Fault("fault.grid_rule", {"policy": policy.policy_id, "default": DEFAULT_POLICY})])


def plan_file(path: Path) -> Path:
    """The file of a plan: the path itself, or of a plan's folder what tells its communities best."""
    names = ("plan.csv", "plan.gpkg", "buildings.csv")
    return next((path / name for name in names if (path / name).is_file()), path)


def only_subdistricts(division: Division, ids: Sequence[str]) -> Division:
    """The communities of some sub-districts; buildings of the others are in none."""
    outlines = division.outlines[division.outlines["subdistrict_id"].isin(list(ids))]
    inside = division.buildings.isin(outlines.index)
    return Division(division.name, division.buildings.where(inside, None), outlines)


def divide(
    division: Division,
    layers: Layers,
    *,
    policy: Policy,
    rule: GridRule,
    borrowed: bool = False,
    codes: Mapping[str, str],
    params: Params,
    language: Language,
    engine: str = "local",
    workers: int | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> GridRun:
    """Divide every community of a plan into grids.

    Parameters
    ----------
    division
        Today's communities or a plan's.
    layers
        The case.
    policy, rule, borrowed
        See `grid_rule`.
    codes
        Code of each community by id; one without a code is numbered by its id.
    params
        Seed and threads of the search; its time and gap are the grid level's own.
    language
        Of the grids' names.
    engine, workers, progress, stop
        See `districting.engine.stream_jobs`; after a stop, communities not yet divided stay one grid each.

    Raises
    ------
    CaseError
        If the rule counts what the buildings do not tell.
    LayerError
        If no community has land.
    """
    started, clock = datetime.now().astimezone().isoformat(timespec="seconds"), time.perf_counter()
    counted = float(layers.buildings[SIZE_COLUMNS[rule.measure]].sum())
    households = layers.households / counted if counted else 1.0  # of what the rule counts; the cut counts homes
    ground = cut_grid_ground(
        layers,
        division.outlines[["name", "geometry"]],
        division.buildings,
        cap=max(1, int(rule.min * households / ATOMS_A_GRID)),
        whole=max(1, int(rule.max * households)),
        progress=progress,
    )
    problems = _pose(ground, rule, progress)
    params = replace(params, time_limit_s=TIME_LIMIT_S, gap_share=GAP_SHARE, profile=WANTED)
    names = division.outlines["name"]
    jobs = [GridJob(problem, "redraw", params, "grids", str(names[one])) for one, problem in problems.items()]
    found = run_jobs(jobs, engine=engine, workers=workers, progress=progress, stop=stop)
    results = {job.problem.name: _answer(job, found[job.key]) for job in jobs}
    progress(Step("stage.check"))
    parts = _parts(ground.territory, problems, results)
    grids = Grids.of_parts(
        parts, ground, layers.buildings.index, codes=_unlike(division, codes), language=language
    )
    findings = check_grids(grids, division, layers, rule)
    return GridRun(
        grids,
        ground,
        findings,
        _figures(grids, layers, rule),
        tuple(_certificate(problems[one], results[one], str(names[one])) for one in problems),
        policy,
        rule,
        borrowed,
        division.name,
        started,
        time.perf_counter() - clock,
    )


def _pose(ground: GridGround, rule: GridRule, progress: Progress) -> dict[str, Problem]:
    """The problem of every community that has land."""
    kept: dict[str, Any] = {"strength": rule.strength, "clause": rule.clause}
    size = SizeRule(
        rule_id=rule.rule_id, min=rule.min, max=rule.max, target=rule.ideal, measure=rule.measure, **kept
    )
    lines = BorderRule(rule_id="border", classes=rule.classes, **kept)
    # A main road through a grid counts like a border off all streets; it forbids nothing.
    roads = CrossingRule(rule_id="crossing", strength="should", clause=rule.clause)
    posed = Policy("grids", {}, "", (size, lines, roads, CompoundRule(rule_id="compound", **kept)))
    total, settings = len(ground.territory.layers.subdistricts), PoseSettings(headroom=0.0)
    problems = {}
    for done, (community_id, own) in enumerate(ground.by_community()):
        progress(Step("stage.pose", done, total, community_id))
        if not own.atoms.table["water"].all():
            problems[community_id] = pose(own, posed, community_id, settings).problem
    return problems


def _answer(job: Job, result: Result) -> Result:
    """The result; one grid for a community that the search did not come to."""
    if result.solution is not None:
        return result
    answer, excess = whole(job.problem, job.params)
    return replace(answer, status="unknown", notes={**result.notes, **answer.notes, "excess": excess})


def _parts(territory: Territory, problems: Mapping[str, Problem], results: Mapping[str, Result]) -> pd.Series[int]:
    """Number of the part of each atom; open water goes to the part with the longest shore, else to the first."""
    table = territory.atoms.table
    parts = pd.Series(-1, index=table.index, dtype=np.int64)
    for community_id, problem in problems.items():
        solution = results[community_id].solution
        assert solution is not None
        parts.loc[list(problem.atom_ids)] = solution.part
    edges = territory.graph.edges
    ways = (["atom_a", "atom_b", "shared_m"], ["atom_b", "atom_a", "shared_m"])
    shores = pd.concat([edges[way].set_axis(["water", "land", "m"], axis=1) for way in ways])
    shores = shores[table["water"].reindex(shores["water"]).to_numpy()]
    shores = shores.assign(part=parts.reindex(shores["land"]).to_numpy())
    shores = shores[shores["part"] >= 0]
    lengths = shores.groupby(["water", "part"], as_index=False)["m"].sum()
    longest = lengths.sort_values(["water", "m", "part"], ascending=[True, False, True]).drop_duplicates("water")
    parts.loc[longest["water"]] = longest["part"].to_numpy()
    return parts.clip(lower=0)


def _unlike(division: Division, codes: Mapping[str, str]) -> dict[str, str]:
    """Code of each community, else its id; a code that two bear gives way to their ids."""
    ids = pd.Series(division.outlines.index.astype(str), index=division.outlines.index, dtype=object)
    given = pd.Series({one: codes.get(one) for one in ids.index}, dtype=object)
    known = given.where(given.notna(), ids).astype(str)
    known = known.where(~known.duplicated(keep=False), ids)
    return {str(one): str(code) for one, code in known.items()}


def _figures(grids: Grids, layers: Layers, rule: GridRule) -> pd.DataFrame:
    """What each grid holds."""
    buildings, outlines = layers.buildings, grids.outlines
    table = pd.DataFrame(outlines[["community_id", "community", "name"]])
    table["households"] = grids.total(buildings["households"]).astype(np.int64)
    if rule.measure != "households":
        table[rule.measure] = grids.total(buildings[SIZE_COLUMNS[rule.measure]])
    unknown = grids.total((buildings["people"].isna() & (buildings["households"] > 0)).astype(float)) > 0
    table["people"] = np.where(unknown, np.nan, grids.total(buildings["people"]))
    table = table.join(grid_types(grids, layers))
    table["worker"] = [f"{grid_id}-01" for grid_id in outlines.index]
    table["buildings"] = grids.total(pd.Series(1, index=buildings.index)).astype(np.int64)
    table["area_m2"] = outlines.geometry.area.round(1)
    table["polsby_popper"] = polsby_popper(outlines).round(3)
    table["border_share"] = border_share(outlines, layers, rule.classes).round(3)
    return table


def _certificate(problem: Problem, result: Result, name: str) -> dict[str, Any]:
    """How the search for one community ended, and what is proved."""
    excess: Excess = result.notes["excess"]
    return {
        "community_id": problem.name,
        "name": name,
        "status": result.status,
        "atoms": problem.n,
        "households": int(problem.households.sum()),
        "grids": excess.parts,
        "objective": result.objective,
        "lower_bound": result.lower_bound,
        "gap_proved": result.gap_proved,
        "seconds": round(result.seconds, 3),
        "missed_households": excess.total,
        "missed_lower_bound": excess.lower_bound,
        "missed_because": excess.cause,
        "bounds_held": [result.notes["low"], result.notes["high"]],
    }
