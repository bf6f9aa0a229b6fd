"""Solving a part model to connected parts: cuts at the root of the tree, then rounds of solving and cutting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from districting.errors import SolverError
from districting.progress import Progress, Step, Stop
from districting.solvers.exact.backend import Solved, solve_model
from districting.solvers.exact.contiguity import Cut, cuts_for
from districting.solvers.exact.parts.borders import BorderCut, add_border_cut, border_cuts
from districting.solvers.exact.parts.model import LAND, Key, PartModel
from districting.solvers.exact.relaxation import Relaxation, Relaxed
from districting.solvers.exact.separations import Minimum, separator_cuts, size_cut

#: Rounds of cuts on the linear relaxation; it settles within 20 on a city's sub-districts.
ROOT_ROUNDS = 40
#: Root rounds stop when the bound has risen by less than this share over three rounds.
ROOT_RISE = 1e-4


@dataclass
class Clock:
    """What is left of the time, and whom to tell and to ask."""

    limit_s: float
    threads: int
    seed: int
    progress: Progress
    stop: Stop
    where: str
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began

    @property
    def left_s(self) -> float:
        """Until the limit; 0 once the user has asked to stop."""
        return 0.0 if self.stop() else max(self.limit_s - self.seconds, 0.0)

    def tell(self, *, incumbent: float | None = None, bound: float | None = None, term: str = "") -> None:
        """One sign of life; figures are those of the search, never of a model that only helps it."""
        self.progress(Step("stage.solve", where=self.where, incumbent=incumbent, bound=bound, term=term))


@dataclass
class Pool:
    """Cuts found so far, by site, so that every later model begins with them.

    A cut holds for every model whose sites have no more atoms than those of the model that it was found in.
    """

    cuts: dict[Key, dict[Cut, None]] = field(default_factory=dict)
    borders: dict[BorderCut, None] = field(default_factory=dict)

    def add(self, model: PartModel, pos: int, cut: Cut) -> bool:
        """Keep a cut and add its row; False if it is there already."""
        known = self.cuts.setdefault((LAND, LAND) if pos == LAND else model.key(pos), {})
        if cut in known:
            return False
        known[cut] = None
        model.add_cut(pos, cut)
        return True

    def add_border(self, model: PartModel, cut: BorderCut) -> bool:
        """Keep a cut on the border and add its row; False if it is there already."""
        if cut in self.borders:
            return False
        self.borders[cut] = None
        add_border_cut(model, cut)
        return True

    def pour_into(self, model: PartModel) -> None:
        """Rows of all cuts that concern the sites of a model; ask its objective before."""
        for pos in range(len(model.sites)):
            for cut in self.cuts.get(model.key(pos), {}):
                if (pos, cut.atom) in model.x:
                    model.add_cut(pos, cut)
        if model.land:
            for cut in self.cuts.get((LAND, LAND), {}):
                model.add_cut(LAND, cut)
        if model.border:
            for border in self.borders:
                add_border_cut(model, border)

    def copy(self) -> Pool:
        """The same cuts, for a model in which further ones will be found that hold only there."""
        return Pool({key: dict(cuts) for key, cuts in self.cuts.items()}, dict(self.borders))


@dataclass(frozen=True)
class Outcome:
    """How the rounds ended.

    ``values`` are of connected parts, or None; ``bound`` holds for every solution of the model; ``closed`` says
    that the model itself has no solution.
    """

    values: Mapping[str, float] | None
    objective: float
    bound: float
    closed: bool = False


def cut_root(model: PartModel, pool: Pool, clock: Clock, *, limit_s: float) -> float:
    """Add the cuts that the linear relaxation breaks, until it breaks none; its value is a bound.

    Returns −inf where the relaxation was not solved, inf where it has no solution.
    """
    return relax_root(model, pool, clock, limit_s=limit_s).bound


def relax_root(
    model: PartModel,
    pool: Pool,
    clock: Clock,
    *,
    limit_s: float,
    rounds: int = ROOT_ROUNDS,
    enough: Callable[[float], bool] = lambda bound: False,
) -> Relaxed:
    """The linear relaxation with every cut that it broke: its bound, values and reduced costs.

    After a time limit it is the last round that was solved; ``unknown`` if none was.
    """
    minimum = Minimum.of(model.problem)
    until = clock.seconds + min(limit_s, clock.left_s)
    relaxation = Relaxation(model.program, threads=clock.threads, seed=clock.seed, stop=clock.stop)
    best, rises = Relaxed("unknown", -np.inf, {}, {}), []
    for _ in range(rounds):
        relaxed = relaxation.solve(limit_s=until - clock.seconds)
        if relaxed.status != "optimal":
            return relaxed if relaxed.status == "infeasible" else best
        best = relaxed
        rises.append(relaxed.bound)
        if enough(relaxed.bound) or _flat(rises) or not _cut_fractional(model, pool, minimum, relaxed.values):
            break
    return best


def solve_connected(
    model: PartModel,
    pool: Pool,
    clock: Clock,
    *,
    limit_s: float,
    gap_abs: float,
    start: Mapping[str, float] | None = None,
    enough: Callable[[float], bool] = lambda bound: False,
) -> Outcome:
    """Solve, cut where parts fall apart, solve again.

    Parameters
    ----------
    gap_abs
        Of each round, in the objective's unit.
    enough
        Told of every proved bound; True ends the search without values: the bound was all that was wanted.
    """
    until = clock.seconds + min(limit_s, clock.left_s)
    bound = -np.inf
    while True:
        solved = _run(
            model,
            clock,
            limit_s=until - clock.seconds,
            gap_abs=gap_abs,
            start=start,
            enough=enough,
        )
        if solved.status == "infeasible":
            return Outcome(None, np.inf, np.inf, closed=True)
        bound = max(bound, solved.bound)
        # When a solve hears that its bound is enough is a matter of time, and so is what it has found by then.
        if not solved.found or enough(bound):
            return Outcome(None, np.inf, bound)
        if not _cut_integer(model, pool, solved.values):
            return Outcome(solved.values, solved.objective, bound)
        if clock.seconds >= until or clock.left_s <= 0:
            return Outcome(None, np.inf, bound)


def _run(
    model: PartModel,
    clock: Clock,
    *,
    limit_s: float,
    gap_abs: float = 0.0,
    start: Mapping[str, float] | None = None,
    enough: Callable[[float], bool] = lambda bound: False,
) -> Solved:
    """One solve; ends early once the bound is enough."""
    ended = False

    def note(value: float, bound: float) -> None:
        nonlocal ended
        ended = ended or enough(bound)
        clock.tell()

    return solve_model(
        model.program,
        time_limit_s=min(limit_s, clock.left_s),
        gap_abs=gap_abs,
        start=start,
        threads=clock.threads,
        seed=clock.seed,
        on_incumbent=note,
        stop=lambda: ended or clock.stop(),
    )


def _cut_fractional(model: PartModel, pool: Pool, minimum: Minimum, values: Mapping[str, float]) -> bool:
    """Cuts that shares break; False if there are none."""
    added = False
    for pos, site in enumerate(model.sites):
        if site.frozen:
            continue
        share = {atom: values[model.x[pos, atom].name] for atom in model.atoms_of(pos)}
        cuts = separator_cuts(model.neighbours, site.atom_pos, share, share)
        small = size_cut(model.neighbours, site.atom_pos, share, share, minimum)
        for cut in cuts if small is None else [*cuts, small]:
            added |= pool.add(model, pos, cut)
    if model.land:
        share = {atom: values[variable.name] for atom, variable in enumerate(model.land)}
        for atom in share:
            small = size_cut(model.neighbours, atom, share, share, minimum)
            if small is not None:
                added |= pool.add(model, LAND, small)
    for border in border_cuts(model, values):
        added |= pool.add_border(model, border)
    return added


def _cut_integer(model: PartModel, pool: Pool, values: Mapping[str, float]) -> bool:
    """Cuts for parts that fall apart and land too small to be a community; False if all holds."""
    broken, added = False, False
    weight = model.problem.households.tolist()
    for pos, site in enumerate(model.sites):
        if site.frozen:
            continue
        inside = set(model.atoms_of(pos))
        part = model.members(values, pos)
        for cut in cuts_for(model.neighbours, part, site.atom_pos, inside, weight):
            broken, added = True, pool.add(model, pos, cut) or added
    minimum = Minimum.of(model.problem)
    for component in model.land_members(values):
        if minimum.missed_by_atoms(component):
            around = {near for atom in component for near in model.neighbours[atom]} - set(component)
            for atom in component:
                broken, added = True, pool.add(model, LAND, Cut(atom, atom, tuple(sorted(around)))) or added
    if model.lazy_border:
        for border in border_cuts(model, values):
            broken, added = True, pool.add_border(model, border) or added
    if broken and not added:
        raise SolverError(f"{model.problem.name}: a solution breaks a cut that its model holds")
    return broken


def _flat(rises: list[float]) -> bool:
    """Whether the last three rounds have hardly raised the bound."""
    return len(rises) > 6 and rises[-1] - rises[-4] < ROOT_RISE * max(abs(rises[-1]), 1.0)
