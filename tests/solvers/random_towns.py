"""Random towns of nine to twelve atoms with every rule that a problem knows, each with a random profile.

A seed draws the same town on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Lock, Problem, Unlike, Window
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage, TermName
from districting.solvers.relaxations import relaxations
from tests.solvers.legal_plans import TERMS, legal_partitions
from tests.solvers.part_rules import Mode, Parts, labelled
from tests.solvers.towns import town

#: Towns by mode; ``.`` is land in no community.
_MAPS: dict[str, tuple[str, ...]] = {
    "adjust": (
        "A A B\nA C B\nC C B",
        "A A A\nA A A\nB B B",
        "A B C\nA B C\nA B C",
        "A A B B .\nC C D D D",
        "A A . B\nC . B B",
    ),
    "whole": (
        "A B C\nD E F\nG H I",
        "A A B\nA C B\nD C E",
        "A A A\nA B B\nC C D",
        "A A A A A\nA A B B C",
        "A A . B\nA . B C\nA A D D",
        "A . A\nA B A\nA . C",
        "A A A A\nA A A B\nA A C C",
        "A . B B\nC . D B",
    ),
}
_MAPS["redraw"] = _MAPS["adjust"]
#: So that a random sum of terms has no term that drowns the others.
_SCALE: dict[str, float] = {
    "moved_households": 1.0,
    "communities": 100.0,
    "distance_m_households": 0.01,
    "open_border_km": 500.0,
    "deviation_households": 0.5,
}


@dataclass(frozen=True)
class Drawn:
    """A problem, and how it is solved."""

    problem: Problem
    profile: Profile
    mode: Mode

    def params(self, *, time_limit_s: float = 600.0) -> Params:
        """To the end, but for what floating point leaves, as far as the time goes."""
        return Params(gap_households=0.0, gap_share=1e-7, time_limit_s=time_limit_s, profile=self.profile)


def drawn(seed: int, mode: Mode) -> Drawn:
    """The town of a seed: five of six are drawn again, a few times, until they have a plan."""
    rng = np.random.default_rng([seed, ("adjust", "whole", "redraw").index(mode)])
    tries = 1 if rng.random() < 1 / 6 else 6
    every: list[Parts] = []
    while not every and tries:
        tries -= 1
        problem = _ground(rng, _MAPS[mode][seed % len(_MAPS[mode])], mode)
        problem = replace(problem, locks=_locks(rng, problem, mode), compounds=_compounds(rng, problem))
        if rng.random() < 0.15:
            problem = _without_a_rule(rng, problem)
        every = legal_partitions(problem, mode)
    if every and rng.random() < 0.1:
        problem = replace(problem, unlike=(_known_plan(rng, problem, every),))
    return Drawn(problem, _profile(rng), mode)


def _ground(rng: np.random.Generator, letters: str, mode: Mode) -> Problem:
    """Homes, seats, borders, windows, reach and number on one of the maps."""
    names = letters.split()
    ids = sorted(set(names) - {"."})
    homes = rng.choice([0, 40, 90, 130, 200, 310], len(names), p=[0.08, 0.2, 0.2, 0.2, 0.17, 0.15])
    if rng.random() < 0.5:
        homes[[name == "." for name in names]] = 0
    seats = ["."] * len(names)
    for name in ids:
        if rng.random() >= (0.1 if mode == "whole" else 0.25):
            seats[rng.choice([atom for atom, owner in enumerate(names) if owner == name])] = name
    edges = town(letters, low=1, high=2).edges
    cut: list[tuple[int, int]] = []
    if rng.random() < 0.4:
        gone = rng.choice(len(edges), int(rng.integers(1, 6)), replace=False)
        cut = [(int(a), int(b)) for a, b in edges[gone]]
    problem = town(
        letters, " ".join(map(str, homes)), low=1, high=2, seats=" ".join(seats), without_edges=tuple(cut)
    )
    total, parts, borders = float(homes.sum()), int(rng.integers(2, 5)), len(problem.edges)
    low = round(float(rng.choice([0.3, 0.5, 0.75])) * total / parts)
    high = round(float(rng.choice([1.2, 1.6, 2.2])) * total / parts)
    windows = [Window("households", problem.households.astype(float), low, high)]
    if rng.random() < 0.35:
        people = problem.households * rng.integers(2, 4, problem.n)
        windows.append(Window("people", people.astype(float), round(2.5 * low), round(2.3 * high)))
    horizon: tuple[Window, ...] = ()
    if rng.random() < 0.35:
        more = rng.choice([0, 0, 0, 60, 150], problem.n)
        wider = float(rng.choice([1.0, 1.2]))
        horizon = tuple(
            Window(one.measure, one.weights + more * (1.0 if not at else 2.5), one.low, round(one.high * wider))
            for at, one in enumerate(windows)
        )
    fewest = int(rng.integers(1, 5))
    return replace(
        problem,
        windows=tuple(windows),
        horizon=horizon,
        gaps=_gaps(rng, problem),
        number=(fewest, fewest + int(rng.integers(0, 2))) if rng.random() < 0.25 else None,
        reach_limit_m=float(rng.choice([145.0, 210.0, 230.0])) if rng.random() < 0.5 else None,
        headroom=0.0 if horizon else float(rng.choice([0.0, 0.05, 0.15])),
        target=float(max(round(total / parts * rng.choice([0.9, 1.0, 1.1])), 1)),
        open_km=rng.choice([0.0, 0.1, 0.2, 0.35], borders),
        crossing_km=rng.choice([0.0, 0.0, 0.15], borders),
    )


def _gaps(rng: np.random.Generator, problem: Problem) -> tuple[tuple[int, int], ...]:
    """A gap, more often than not, between each piece and one before it."""
    found = []
    for label in range(1, int(problem.piece.max()) + 1):
        if rng.random() < 0.7:
            here = np.flatnonzero(problem.piece == label)
            before = np.flatnonzero(problem.piece < label)
            found.append((int(rng.choice(before)), int(rng.choice(here))))
    return tuple(found)


def _locks(rng: np.random.Generator, problem: Problem, mode: Mode) -> tuple[Lock, ...]:
    """Locks of every kind, several together."""
    count, atoms = len(problem.community_ids), np.arange(problem.n)
    locks = []
    for kind in ("keep", "together", "apart", "seat", "split", "merge"):
        if rng.random() > 0.11:
            continue
        if kind in ("keep", "split"):
            locks.append(Lock(kind, communities=(int(rng.integers(count)),)))
        if kind in ("together", "apart"):
            some = rng.choice(atoms, int(rng.choice([2, 2, 3])), replace=False)
            locks.append(Lock(kind, atoms=tuple(sorted(map(int, some)))))
        if kind == "merge" and count > 1:
            some = rng.choice(count, 2, replace=False)
            locks.append(Lock(kind, communities=tuple(sorted(map(int, some)))))
        if kind == "seat":
            whose = int(rng.integers(count))
            seated = whose in {seat.community_pos for seat in problem.seats}
            kept = any(lock.kind == "keep" and whose in lock.communities for lock in locks)
            places: tuple[int, ...] = ()
            if not kept and (not seated or (mode != "whole" and rng.random() < 0.5)):
                places = tuple(sorted(map(int, rng.choice(atoms, int(rng.choice([1, 1, 2])), replace=False))))
            locks.append(Lock(kind, atoms=places, communities=(whose,)))
    return tuple(locks)


def _compounds(rng: np.random.Generator, problem: Problem) -> tuple[tuple[int, ...], ...]:
    """Up to two compounds of inhabited atoms, side by side or not."""
    found: list[tuple[int, ...]] = []
    lived = np.flatnonzero(problem.households > 0)
    sides = [pair for pair in problem.edges.tolist() if set(pair) <= set(lived.tolist())]
    if rng.random() < 0.35 and sides:
        found.append(tuple(sorted(sides[rng.integers(len(sides))])))
        left = sorted(set(lived.tolist()) - set(found[0]))
        if rng.random() < 0.3 and len(left) > 1:
            found.append(tuple(sorted(map(int, rng.choice(left, 2, replace=False)))))
    return tuple(found)


def _without_a_rule(rng: np.random.Generator, problem: Problem) -> Problem:
    """The problem that prices one of its rules."""
    options = list(relaxations(problem))
    return options[rng.integers(len(options))].problem if options else problem


def _known_plan(rng: np.random.Generator, problem: Problem, every: Sequence[Parts]) -> Unlike:
    """A legal plan that the one asked for must differ from."""
    parts = every[int(rng.integers(len(every)))]
    share = float(rng.choice([0.05, 0.2, 0.4]))
    owner = np.full(len(parts), -1, dtype=np.int64)
    return Unlike(labelled(problem.n, parts), owner, share * float(problem.households.sum()))


def _profile(rng: np.random.Generator) -> Profile:
    """One to three stages of one to three terms, with and without tolerance."""
    stages = [Stage({"moved_households": 1.0}, slack_share=0.1)] if rng.random() < 0.25 else []
    for _ in range(rng.integers(1, 4 - len(stages))):
        terms = [TERMS[at] for at in rng.permutation(len(TERMS))[: rng.choice([1, 1, 2, 3])]]
        weights: dict[TermName, float] = {terms[0]: 1.0}
        if len(terms) > 1:
            weights = {term: float(_SCALE[term] * rng.choice([0.5, 1.0, 2.5])) for term in terms}
        share, most = float(rng.choice([0.0, 0.0, 0.01, 0.1, 0.3])), float(rng.choice([0.0, 0.0, 1.0, 60.0]))
        stages.append(Stage(weights, slack_share=share, slack_abs=most))
    return Profile("random", tuple(stages), rng.choice(["free", "target"]))
