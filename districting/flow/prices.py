"""What each rule costs: the same problem without it, and with a wish more, solved and set side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from districting.engine import Job, run_jobs
from districting.errors import CaseError, Fault
from districting.nearest import alike
from districting.plans.posing import LockRequest, Posed
from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.params import Params
from districting.solvers.profile import DEFAULTS, Profile, Stage, preset
from districting.solvers.relaxations import relaxations
from districting.solvers.result import Result, Solution
from districting.solvers.strategy import SolveMode

#: Main roads that are asked about unless the planner names some: those that communities cross most.
MOST_ROADS = 3
#: So many names are offered instead of one that no road bears.
NEAR_ROADS = 4


@dataclass(frozen=True)
class Figures:
    """What a planner weighs of one plan of one sub-district, or of several together.

    Parameters
    ----------
    communities, moved
        Communities, and households that change community.
    walked
        Σ households · metres to the seat.
    households
        All households.
    open_km
        Border that is not on a line of the policy's border classes, km.
    """

    communities: int
    moved: int
    walked: float
    households: int
    open_km: float

    @property
    def mean_m(self) -> float:
        """Mean distance to the seat, m, weighted by households."""
        return self.walked / max(self.households, 1)

    def __add__(self, other: Figures) -> Figures:
        """Two sub-districts together."""
        return Figures(
            self.communities + other.communities,
            self.moved + other.moved,
            self.walked + other.walked,
            self.households + other.households,
            self.open_km + other.open_km,
        )


@dataclass(frozen=True)
class Price:
    """A rule, and the plans with it and without it, over the sub-districts where it speaks.

    Parameters
    ----------
    rule
        ``size_max`` …, ``lock`` for a lock of the case, ``roads`` for a wish: not to cross these roads.
    names
        What the lock or the wish names.
    in_force
        True for a rule of today's case, False for a wish.
    subdistricts
        Ids where both problems have a plan; the figures are their sums.
    only_without
        Ids that have a plan without the rule and none with it.
    unanswered
        Ids where no plan was found without the rule: they are in no figure.
    with_rule, without
        Figures; None where there are no such sub-districts.
    aim
        The first aim of the profile: what ``least`` and ``most`` are sums of.
    least, most
        Proved bounds on what the rule costs in the first aim. Below zero: the plan is better with the rule. That
        can only be where the rule also allows something (a community that is kept may have any size), or
        where the profile first takes the number of communities nearest to a target.
    """

    rule: str
    names: tuple[str, ...]
    in_force: bool
    subdistricts: tuple[str, ...]
    only_without: tuple[str, ...]
    unanswered: tuple[str, ...]
    with_rule: Figures | None
    without: Figures | None
    aim: Stage
    least: float
    most: float

    @property
    def proved(self) -> bool:
        """Whether the cost in the first aim is known, to a thousandth."""
        return self.most - self.least <= 1e-3 * max(abs(self.most), abs(self.least), 1.0)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``districting price --json`` prints it."""
        return {
            "rule": self.rule,
            "names": list(self.names),
            "in_force": self.in_force,
            "subdistricts": list(self.subdistricts),
            "only_without": list(self.only_without),
            "unanswered": list(self.unanswered),
            "with_rule": _plain(self.with_rule),
            "without": _plain(self.without),
            "first_term": self.aim.name,
            "first_term_least": self.least,
            "first_term_most": self.most,
            "proved": self.proved,
        }


def _plain(figures: Figures | None) -> dict[str, float] | None:
    """Figures as plain data."""
    if figures is None:
        return None
    return {
        "communities": figures.communities,
        "households_moved": figures.moved,
        "mean_distance_m": round(figures.mean_m, 1),
        "open_border_km": round(figures.open_km, 3),
    }


def figures(problem: Problem, solution: Solution) -> Figures:
    """What a planner weighs of a solution."""
    owner = np.array([chosen.community_pos for chosen in solution.chosen])
    stayed = (problem.today >= 0) & (owner[solution.part] == problem.today)
    at = {seat.community_pos: position for position, seat in enumerate(problem.seats)}
    columns = [
        problem.seat_distance_m[:, at[chosen.community_pos]]
        if chosen.existing_seat and chosen.community_pos in at
        else problem.site_distance_m[:, chosen.atom_pos]
        for chosen in solution.chosen
    ]
    distance = np.column_stack(columns)[np.arange(problem.n), solution.part]
    lived = problem.households > 0
    cut = solution.part[problem.edges[:, 0]] != solution.part[problem.edges[:, 1]]
    return Figures(
        communities=len(solution.chosen),
        moved=int(problem.households[(problem.today >= 0) & ~stayed].sum()),
        walked=float(problem.households[lived] @ distance[lived]),
        households=int(problem.households.sum()),
        open_km=float(problem.open_km[cut].sum()),
    )


def price_rules(
    posed: Mapping[str, Posed],
    *,
    mode: SolveMode,
    params: Params,
    locks: Sequence[LockRequest],
    roads: Sequence[str],
    pose_with: Callable[[tuple[LockRequest, ...]], Mapping[str, Posed]],
    titled: Callable[[str, str, tuple[str, ...]], str] = lambda name, rule, names: "",
    engine: str = "local",
    workers: int | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> list[Price]:
    """The price of every rule and lock, and of not crossing each of ``roads``.

    Parameters
    ----------
    posed
        The problem of each sub-district as the case asks it.
    mode, params
        How to solve; every problem gets the same.
    locks
        Of the case.
    roads
        Names of roads; each is one wish.
    pose_with
        Poses the sub-districts anew with other locks.
    titled
        What runs, for people, of a sub-district's id, a rule (empty: all of them hold) and its names.
    engine, workers, progress, stop
        As `run_jobs` takes them.
    """
    locks = tuple(locks)
    variants: list[tuple[str, tuple[str, ...], bool, dict[str, Problem]]] = []
    by_rule: dict[str, dict[str, Problem]] = {}
    for name, one in posed.items():
        for relaxation in relaxations(one.problem):
            by_rule.setdefault(relaxation.rule, {})[name] = relaxation.problem
    variants += [(rule, (), True, problems) for rule, problems in by_rule.items()]
    for position, lock in enumerate(locks):
        others = pose_with(locks[:position] + locks[position + 1 :])
        touched = {
            name: other.problem
            for name, other in others.items()
            if other.problem.locks != posed[name].problem.locks
        }
        variants.append(("lock", _lock_names(lock), True, touched))
    for road in roads:
        wished = pose_with((*locks, LockRequest("apart", roads=(road,))))
        touched = {
            name: other.problem
            for name, other in wished.items()
            if other.problem.locks != posed[name].problem.locks
        }
        variants.append(("roads", (road,), False, touched))
    profile = params.profile or preset(DEFAULTS[mode])
    # A price compares whole problems: nobody is left alone on one side only.
    posed = {name: replace(one, problem=replace(one.problem, may_stay=False)) for name, one in posed.items()}
    jobs = [Job(one.problem, mode, params, title=titled(name, "", ())) for name, one in posed.items()]
    labels = [
        " ".join((str(number), rule, *names)) for number, (rule, names, _, _) in enumerate(variants, start=1)
    ]
    for label, (rule, names, _, problems) in zip(labels, variants, strict=True):
        for name, problem in problems.items():
            asked = replace(problem, name=f"{problem.name} · {label}", may_stay=False)
            jobs.append(Job(asked, mode, params, title=titled(name, rule, names)))
    results = run_jobs(jobs, engine=engine, workers=workers, progress=progress, stop=stop)
    base = {name: (one.problem, results[mode, one.problem.name]) for name, one in posed.items()}
    prices = []
    for label, (rule, names, in_force, problems) in zip(labels, variants, strict=True):
        other = {name: (p, results[mode, f"{p.name} · {label}"]) for name, p in problems.items()}
        here = {name: base[name] for name in other}
        pair = (here, other) if in_force else (other, here)
        nested = _only_forbids(rule, names, mode)
        prices.append(_price(rule, names, in_force, *pair, profile=profile, nested=nested))
    return prices


def _only_forbids(rule: str, names: tuple[str, ...], mode: SolveMode) -> bool:
    """Whether every plan with the rule is one without it, so that leaving it off can cost nothing.

    A kept community may have any size, and in ``whole`` only what is too large, or locked to it, is split.
    """
    if rule == "lock":
        return names[0] != "keep" and not (mode == "whole" and names[0] == "split")
    return not (mode == "whole" and rule == "size_max")


def _price(
    rule: str,
    names: tuple[str, ...],
    in_force: bool,
    with_rule: Mapping[str, tuple[Problem, Result]],
    without: Mapping[str, tuple[Problem, Result]],
    *,
    profile: Profile,
    nested: bool,
) -> Price:
    """Sums over the sub-districts that have both plans, and what is proved of their difference."""
    both, only, unanswered = [], [], []
    have: list[Figures] = []
    would: list[Figures] = []
    least = most = 0.0
    for name, (problem, result) in with_rule.items():
        other_problem, other = without[name]
        # a profile that asks for a number takes the nearest there is: the plans compare where it is the same
        same = profile.number == "free" or result.notes.get("number") == other.notes.get("number")
        if nested and same and result.solution is not None and other.objective > result.objective:
            # time ran out over the larger choice, and the plan at hand is one without the rule, too
            other_problem, other = problem, replace(result, lower_bound=min(other.lower_bound, result.objective))
        if other.solution is None:
            unanswered.append(name)
            continue
        if result.solution is None:
            only.append(name)
            continue
        both.append(name)
        have.append(figures(problem, result.solution))
        would.append(figures(other_problem, other.solution))
        # Where leaving the rule off cannot cost anything, a price below zero only tells of open gaps.
        floor = 0.0 if nested and same else -np.inf
        least += max(floor, result.lower_bound - other.objective)
        most += max(floor, result.objective - other.lower_bound)
    return Price(
        rule, names, in_force, tuple(both), tuple(only), tuple(unanswered),
        _sum(have), _sum(would), profile.stages[0], least, most,
    )  # fmt: skip


def _sum(parts: Sequence[Figures]) -> Figures | None:
    """All together; None of nothing."""
    if not parts:
        return None
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _lock_names(lock: LockRequest) -> tuple[str, ...]:
    """What a lock names, its kind first."""
    return (lock.kind, *lock.communities, *lock.buildings, *lock.compounds, *lock.atoms, *lock.roads)


def check_roads(roads: Sequence[str], edges: Any) -> None:
    """Refuse wishes about roads that no border runs along: 长安路 is 长安北路 and 长安中路 on most maps.

    Raises
    ------
    CaseError
        A fault for each unknown name, with the names that come nearest.
    """
    known = sorted(set(map(str, edges["border_name"].dropna())))
    faults = []
    for road in roads:
        if road not in known:
            longer = [name for name in known if _spelled_inside(road, name)]
            near = (longer or alike(road, known))[:NEAR_ROADS]
            faults.append(Fault("fault.road_unknown", {"road": road, "known": ", ".join(near)}))
    if faults:
        raise CaseError(faults)


def _spelled_inside(word: str, longer: str) -> bool:
    """Whether the characters of a word stand in a longer one, in their order."""
    letters = iter(longer)
    return all(letter in letters for letter in word)


def crossed_roads(territory_edges: Any, assignment: Any, classes: frozenset[str]) -> list[str]:
    """Main roads that communities of a plan lie across, by km crossed, the longest first.

    Parameters
    ----------
    territory_edges
        Table of the graph's edges: ``atom_a``, ``atom_b``, ``border_class``, ``border_name``, ``shared_m``.
    assignment
        Community of each atom.
    classes
        Classes of road that count as main.
    """
    edges = territory_edges[territory_edges["border_class"].isin(classes) & territory_edges["border_name"].notna()]
    a, b = (edges[side].map(assignment) for side in ("atom_a", "atom_b"))
    inside = edges[(a == b) & a.notna()]
    length = inside.groupby("border_name")["shared_m"].sum()
    order = length.reset_index().sort_values(["shared_m", "border_name"], ascending=[False, True])
    return [str(name) for name in order["border_name"][:MOST_ROADS]]
