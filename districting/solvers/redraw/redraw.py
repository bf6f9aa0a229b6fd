"""`redraw`: the best communities from scratch, as if none stood today; the profile says what is best.

Every term of a profile is data of a column, so one column generation proves every stage, each within what the ones
before it allow (method §8). A seat may stand at the
centre of any atom, or be a service centre of today.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Floats, Ints, Problem
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.annealing.pool import joined, regions_of
from districting.solvers.annealing.search import Regions, search
from districting.solvers.columns import BORDER, DISTANCE, MOVED, NUMBER, Columns, weights_of
from districting.solvers.exact.parts.sites import kept
from districting.solvers.exact.regions.master import Ceiling
from districting.solvers.generation.generation import Generation, part_of, warm_up_columns
from districting.solvers.generation.stage import Proved
from districting.solvers.params import Params
from districting.solvers.profile import DEFAULTS, Profile, Stage, preset
from districting.solvers.recipe import solve_ground, warm_up
from districting.solvers.redraw.ground import Posed, alternatives, frozen_atoms, locked_places, pose_redraw
from districting.solvers.redraw.guiding import guide
from districting.solvers.redraw.numbers import number_asked, number_range, numbers_to_try, precheck
from districting.solvers.redraw.unlike import differing
from districting.solvers.result import Chosen, Conflict, Result, Solution, Status, Term

#: Up to here every stage is proved to the end; beyond, the gap asked for is enough.
_SMALL = 150
#: Share of the time left that a stage may take, of those that follow it.
_FIRST_SHARE = 0.6


@dataclass(frozen=True)
class _Answer:
    """A plan with what each stage proved; without one, the bound of the first (inf: there is none)."""

    posed: Posed
    stages: tuple[Proved, ...]
    regions: int

    @property
    def columns(self) -> Columns | None:
        """The plan."""
        return self.stages[-1].columns if self.stages else None


def solve_redraw(problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never) -> Result:
    """Draw a sub-district anew and prove the plan, as far as time goes.

    Parameters
    ----------
    problem
        What is asked. Windows, horizon, reach (where it is a must), compounds and locks hold; headroom is for what
        ``adjust`` splits. Kept communities leave the problem with their land.
    params
        Time, seed, gap, profile (None: *best service*). Small problems are proved to the end whatever the gap.
    progress, stop
        Told and asked on the way.

    Returns
    -------
    Result
        One term for each stage of the profile, each with its bound among the plans that keep the stages before it;
        then, reported only, distance, number, households moved and border where no stage is just that.
        ``optimal`` if the first stage is proved. ``notes``: ``profile``, ``number``, ``number_asked``,
        ``regions`` in the pool, ``columns`` in the end; ``stages``: value and bound of each when it was settled
        (the plan may worsen it later, by its slack).
    """
    warm_up()
    warm_up_columns()
    began = time.monotonic()
    profile = params.profile or preset(DEFAULTS["redraw"])
    conflicts = precheck(problem)
    best: tuple[_Answer, Problem] | None = None
    closed, elsewhere = True, np.inf
    for one in [] if conflicts else alternatives(problem):
        left = params.time_limit_s - (time.monotonic() - began)
        answer, shut = _solve_one(one, profile, params, left, progress, stop)
        closed = closed and shut
        if answer is None:
            elsewhere = elsewhere if shut else -np.inf
        elif best is None or _earlier(answer, best[0]):
            elsewhere = elsewhere if best is None else min(elsewhere, best[0].stages[0].bound)
            best = answer, one
        else:
            elsewhere = min(elsewhere, answer.stages[0].bound)
    seconds = time.monotonic() - began
    asked = number_asked(problem)
    notes = {"profile": profile.profile_id, "number": asked, "number_asked": asked}
    if best is None:
        low, high = number_range(problem)
        if not conflicts and low > high:
            conflicts = (Conflict("number", measured=low, allowed=high, unit="communities"),)
        status: Status = "infeasible" if conflicts or closed else "unknown"
        none = float("inf")
        return Result(problem.name, "redraw", status, None, none, 0.0, (), seconds, params.seed, conflicts, notes)
    return _report(problem, best[1], params, profile, _among(best[0], elsewhere), notes, seconds)


def _among(answer: _Answer, elsewhere: float) -> _Answer:
    """The answer with what is proved of all ways to ask the problem; ``elsewhere``: the first stage in the others.

    Where another way may be as good in the first stage, nothing is known of the later ones there.
    """
    first = answer.stages[0]
    if elsewhere > first.value:
        return answer
    later = tuple(replace(stage, bound=-np.inf) for stage in answer.stages[1:])
    return replace(answer, stages=(replace(first, bound=min(first.bound, elsewhere)), *later))


def _earlier(one: _Answer, other: _Answer) -> bool:
    """Whether a plan is better, stage by stage."""
    return [stage.value for stage in one.stages] < [stage.value for stage in other.stages]


def _solve_one(
    problem: Problem, profile: Profile, params: Params, time_limit_s: float, progress: Progress, stop: Stop
) -> tuple[_Answer | None, bool]:
    """The best plan, or None; True if it is proved that there is none."""
    began = time.monotonic()
    low, high = number_range(problem)
    asked = number_asked(problem)
    ranges = [(low, high)] if profile.number == "free" else [(k, k) for k in numbers_to_try(problem, asked)]
    if high - low >= len(ranges) > 1:
        ranges.append((low, high))  # no number near the one asked for; some other may do
    closed = True
    for at, numbers in enumerate(ranges if low <= high else []):
        left = time_limit_s - (time.monotonic() - began)
        if at and (left <= 0.5 or stop()):
            return None, False
        progress(Step("stage.solve", where=problem.name))
        posed = pose_redraw(problem, numbers=numbers)
        tried = [k for k in numbers_to_try(problem, asked) if numbers[0] <= k <= numbers[1]]
        plan, regions, shut = _first_plan(posed, profile, tried, params, left, progress, stop)
        left = time_limit_s - (time.monotonic() - began)
        if plan is not None:
            answer = _settle(problem, posed, profile, plan, regions, params, left, progress, stop)
            return answer, False
        closed = closed and shut
    return None, closed


def _first_plan(
    posed: Posed, profile: Profile, numbers: list[int], params: Params, time_limit_s: float, progress: Progress,
    stop: Stop,
) -> tuple[Ints | None, Regions, bool]:  # fmt: skip
    """A plan and regions from the search, else from the exact way; True if there is provably none."""
    began = time.monotonic()

    def late() -> bool:
        return stop() or time.monotonic() - began > 0.3 * time_limit_s

    weights = weights_of(profile.stages[0].weights)
    # one stage needs a plan to begin with, and columns do the rest; several live on the regions of walks, too
    starts, moves = (6, None) if len(profile.stages) > 1 else (2, max(20_000, 1_000 * posed.measured.ground.n))
    kept_aside = int(posed.aside[NUMBER])
    best, lowest = None, np.inf
    nothing = np.zeros(0, dtype=np.int64)
    regions = Regions(np.zeros(1, dtype=np.int64), nothing)
    for at, number in enumerate(numbers):
        ground = guide(posed, weights, number - kept_aside)
        if at and late():
            break
        found = search(
            ground, seed=params.seed + at, starts=starts if not at else max(1, starts // 2), moves=moves,
            time_left=late, progress=silent,
        )  # fmt: skip
        regions = joined(regions, found.regions)
        if found.part is not None:
            regions = joined(regions_of(found.part, ground.number), regions)
            if found.cost < lowest and _legal(posed, found.part):
                best, lowest = found.part, found.cost
    if best is not None:
        return best, regions, False
    left = time_limit_s - (time.monotonic() - began)
    return _exact_plan(posed, profile, regions, numbers, params, left, progress, stop)


def _exact_plan(
    posed: Posed, profile: Profile, regions: Regions, numbers: list[int], params: Params, time_limit_s: float,
    progress: Progress, stop: Stop,
) -> tuple[Ints | None, Regions, bool]:  # fmt: skip
    """Where the search met no plan: columns priced until one exists, or none can; then the model of pairs."""
    began = time.monotonic()
    generation = Generation(
        posed.measured, regions, time_limit_s=0.6 * time_limit_s, seed=params.seed, threads=params.threads,
        progress=progress, stop=stop,
    )  # fmt: skip
    if not generation.possible():
        return None, regions, True
    proved = generation.settle(weights_of(profile.stages[0].weights), (), plan=None, gap_share=1.0)
    if proved.columns is not None:
        return part_of(proved.columns, posed.measured.ground.n), joined(generation.regions, regions), False
    if np.isinf(proved.bound) and proved.bound > 0:
        return None, regions, True
    low, high = posed.measured.numbers
    aside = int(posed.aside[NUMBER])
    closed = set(numbers) >= set(range(low + aside, high + aside + 1))
    for number in numbers:
        left = time_limit_s - (time.monotonic() - began)
        if left <= 0.5 or stop():
            return None, regions, False
        ground = guide(posed, weights_of({"distance_m_households": 1.0}), number - int(posed.aside[NUMBER]))
        answer = solve_ground(
            ground, time_limit_s=0.7 * left, seed=params.seed, gap_share=1.0, threads=params.threads,
            progress=progress, stop=stop,
        )  # fmt: skip
        if answer.part is not None and _legal(posed, answer.part):
            return answer.part, joined(regions_of(answer.part, ground.number), regions), False
        closed = closed and answer.part is None and bool(np.isinf(answer.bound)) and answer.bound > 0
    return None, regions, closed


def _legal(posed: Posed, part: Ints) -> bool:
    """Whether a plan of the search is made of legal columns: it does not know every rule."""
    nothing = Regions(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    return Generation(posed.measured, nothing, time_limit_s=1.0).plan_of(part) is not None


def _settle(
    problem: Problem, posed: Posed, profile: Profile, part: Ints, regions: Regions, params: Params,
    time_limit_s: float, progress: Progress, stop: Stop,
) -> _Answer | None:  # fmt: skip
    """Stage by stage, each within what the ones before it allow; None if no plan known differs enough."""
    measured = posed.measured
    number = int(part.max()) + 1

    def seek(weights: Floats) -> Regions:
        return search(guide(posed, weights, number), seed=params.seed, starts=3, time_left=stop).regions

    outside = 0.0  # what lies outside the choice, in the stage at hand

    def tell(step: Step) -> None:
        incumbent = None if step.incumbent is None else step.incumbent + outside
        progress(replace(step, incumbent=incumbent, bound=max((step.bound or 0.0) + outside, 0.0)))

    generation = Generation(
        measured, regions, seek=seek, time_limit_s=time_limit_s, seed=params.seed, threads=params.threads,
        progress=tell, stop=stop,
    )  # fmt: skip
    plan = generation.plan_of(part)
    assert plan is not None
    if problem.unlike:
        order = [weights_of(stage.weights) for stage in profile.stages]
        stages = differing(problem, posed, generation, plan, order)
        return None if stages is None else _Answer(posed, stages, len(regions))
    ceilings: list[Ceiling] = []
    proved: list[Proved] = []
    for at, stage in enumerate(profile.stages):
        weights = weights_of(stage.weights)
        outside = float(weights @ posed.aside)
        last = at == len(profile.stages) - 1
        one = generation.settle(
            weights, ceilings, plan=plan,
            gap_share=0.0 if measured.ground.n <= _SMALL else params.gap_share,
            time_limit_s=generation.left * (1.0 if last else _FIRST_SHARE),
        )  # fmt: skip
        proved.append(one)
        assert one.columns is not None
        plan = one.columns
        ceilings.append(_ceiling(stage, weights, one.value, float(weights @ posed.aside)))
    return _Answer(posed, tuple(proved), len(regions))


def _ceiling(stage: Stage, weights: Floats, value: float, aside: float) -> Ceiling:
    """How large the columns' part of a stage may become: its slack is a share of the whole."""
    return Ceiling(weights, stage.ceiling(value + aside) - aside)


def successors(problem: Problem, part: Ints, parts: int) -> Ints:
    """Community of today that each part succeeds, −1 for a new one, shape (parts,).

    A community goes on in the part that holds its seat, or without a seat in the part with most of its households;
    where several go on in one part, the one that a ``seat`` lock names does, then the one with most households
    there (design: *Identity*). A lock that gives a community without a centre a place makes that its seat.
    """
    locked = {pos for lock in problem.locks if lock.kind == "seat" for pos in lock.communities}
    seat_atom = {seat.community_pos: seat.atom_pos for seat in problem.seats if seat.community_pos >= 0}
    seat_atom |= locked_places(problem)
    claims = []
    for pos in range(len(problem.community_ids)):
        own = problem.today == pos
        if not own.any() and pos not in seat_atom:
            continue
        shares = np.bincount(part[own], weights=problem.households[own], minlength=parts)
        if pos in seat_atom:
            target = int(part[seat_atom[pos]])
        elif shares.max() > 0:
            target = int(shares.argmax())
        else:
            continue  # nobody lives there and no centre stands there: absorbed freely
        claims.append((pos not in locked, -float(shares[target]), pos, target))
    heir = np.full(parts, -1, dtype=np.int64)
    for _, _, pos, target in sorted(claims):
        if heir[target] < 0:
            heir[target] = pos
    return heir


def _report(
    problem: Problem, posed_as: Problem, params: Params, profile: Profile, answer: _Answer,
    notes: dict[str, object], seconds: float,
) -> Result:  # fmt: skip
    """Back to atoms and communities, with what was proved."""
    posed, columns = answer.posed, answer.columns
    assert columns is not None
    frozen = sorted(kept(problem))
    free = ~frozen_atoms(problem)
    part = np.full(problem.n, -1, dtype=np.int64)
    part[free] = part_of(columns, posed.measured.ground.n)[posed.node[free]]
    places = [(int(posed.atom[s]), int(posed.seat[s])) for s in columns.seat]
    for pos, place in zip(frozen, posed.places, strict=True):
        part[problem.today == pos] = len(places)
        places.append(place)
    heir = successors(posed_as, part, len(places))
    heir[len(places) - len(frozen) :] = frozen
    chosen = []
    for district, (atom, seat) in enumerate(places):
        x, y = problem.xy[atom] if seat < 0 else (problem.seats[seat].x, problem.seats[seat].y)
        chosen.append(Chosen(atom, float(x), float(y), int(heir[district]), seat >= 0))
    totals = columns.terms.sum(axis=0) + posed.aside
    stayed = (problem.today >= 0) & (heir[part] == problem.today)
    moved = float(problem.households[(problem.today >= 0) & ~stayed].sum())
    lost, totals[MOVED] = max(moved - float(totals[MOVED]), 0.0), moved
    terms, done, objective = [], True, 0.0
    steps: list[dict[str, object]] = []
    for at, (stage, proved) in enumerate(zip(profile.stages, answer.stages, strict=True)):
        weights = weights_of(stage.weights)
        value = float(weights @ totals)
        # Columns may give a community without a centre any part with some of it: a bound, but no plan (§4). What
        # the plan moves more, its stages are told with; later bounds do not hold for ceilings so wide.
        more = float(weights[MOVED]) * lost
        bound = 0.0 if lost and at else max(proved.bound + float(weights @ posed.aside), 0.0)
        terms.append(Term(stage.name, value, min(bound, value)))
        wanted = 0.0 if set(stage.weights) != {"moved_households"} else params.gap_households
        settled = proved.value + float(weights @ posed.aside) + more
        steps.append({"name": stage.name, "settled_at": settled, "lower_bound": min(bound, settled)})
        objective = settled if len(steps) == 1 else objective
        if len(steps) == 1:
            done = settled - bound <= max(wanted, params.gap_share * abs(settled), 1e-6)
    told = {term.name for term in terms}
    for name, at in (
        ("distance_m_households", DISTANCE), ("communities", NUMBER), ("moved_households", MOVED),
        ("open_border_km", BORDER),
    ):  # fmt: skip
        if name not in told:
            counted = name == "communities" and profile.number == "target"
            terms.append(Term(name, float(totals[at]), float(totals[at]) if counted else 0.0))
    notes |= {"stages": steps, "number": len(places)}
    notes |= {"regions": answer.regions, "columns": answer.stages[-1].priced}
    return Result(
        problem.name, "redraw", "optimal" if done else "feasible", Solution(part, tuple(chosen)), objective,
        terms[0].lower_bound, tuple(terms), seconds, params.seed, (), notes,
    )  # fmt: skip
