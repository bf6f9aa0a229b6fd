"""Why no plan exists: which demands cannot stand together, how far each must be loosened, and where.

First what is seen at sight (`prechecks`). Else a deletion filter names demands that cannot be met together while
any one fewer can (`irreducible`); each is then left off alone, with all else as asked, and a real solve with a
plan that is read again confirms it. The elastic model adds what sizes and reach would have to give at least in
all, place by place. Nothing is claimed that a solve has not shown; what time did not allow is said to be open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from districting.errors import SolverError
from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.conflicts.demands import Asked, Demand
from districting.solvers.conflicts.feasibility import Oracle, broken
from districting.solvers.conflicts.irreducible import irreducible
from districting.solvers.conflicts.legality import Breach, ModeName, breaches
from districting.solvers.conflicts.loosening import DIALLED, asked_value, loosen
from districting.solvers.conflicts.prechecks import prechecks
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.parts.elastic import give_way
from districting.solvers.params import Params
from districting.solvers.redraw.redraw import solve_redraw
from districting.solvers.result import Conflict, Solution

#: Seconds for an explanation: it is worth waiting for, but not longer than for the plan.
LIMIT_S = 60.0
#: Shares of that time: for the filter, for how far each demand must give, for the elastic model.
FILTER, LOOSEN, ELASTIC = 0.5, 0.35, 0.15
#: So many conflicts that have nothing to do with each other are named; then the rest is called unexplained.
MOST_CONFLICTS = 4

#: How a breach of a size or a reach is called.
_GIVES = {"max": "over_max", "headroom": "over_max", "min": "below_min", "reach": "out_of_reach"}


def explain(
    problem: Problem, mode: ModeName, params: Params, *, progress: Progress = silent, stop: Stop = never
) -> tuple[Conflict, ...]:
    """Causes, with places and figures, of a problem that was proved to have no plan.

    Returns
    -------
    tuple of Conflict
        What prechecks see, if they see anything. Else one ``together`` for each conflict; its ``detail`` holds

        - ``rules``: what cannot stand together (`_rule`);
        - ``minimal``: each of them was shown to be needed;
        - ``answered``: it is known of each whether leaving it off alone is enough;
        - ``waived``, ``confirmed``: kinds of what was left off, and whether a plan was then found and checked.

        Then what sizes and reach would have to give, place by place. Empty if a plan turned up, which only
        `redraw` can leave open: it tries no more than the nearest numbers of communities.

    Raises
    ------
    SolverError
        If a plan turns up where a model has proved that there is none: a bug of ours.
    """
    seen = prechecks(problem)
    if seen:
        return seen
    limit = min(LIMIT_S, max(params.time_limit_s, 1.0))
    clock = Clock(limit, params.threads, params.seed, progress, stop, problem.name)
    asked = Asked.of(problem, mode)
    oracle = Oracle(asked, params, clock)
    if mode == "redraw" and oracle.can(asked.all()):
        return ()
    oracle.known[asked.all()] = False
    least = _least_given(asked, clock)
    if least is not None:
        oracle.plans.append((asked, least))  # it answers many a question: what it breaks, it breaks little
    found = list(_conflicts(oracle, params))
    if least is not None and any(rule["kind"] in _GIVES for one in found for rule in one.detail["rules"]):
        given = list(_what_gives(asked.problem, least))
        said = {rule["loosened"] for one in found for rule in one.detail["rules"]}
        found += given if len(given) > 1 or any(one.measured not in said for one in given) else []
    if any(not broken(asked, plan) for _, plan in oracle.plans if mode != "whole"):
        raise SolverError(f"{problem.name}: a plan was found where {mode} has proved that there is none")
    return tuple(found) or (Conflict("unexplained"),)


def _conflicts(oracle: Oracle, params: Params) -> Iterator[Conflict]:
    """One conflict after the other, each with the ones before it settled by waiving a member."""
    asked, clock = oracle.asked, oracle.clock
    waived: frozenset[Demand] = frozenset()
    for _ in range(MOST_CONFLICTS):
        everything = asked.all() - waived
        groups = [[one for one in family if one in everything] for family in asked.families()]
        oracle.clock = replace(clock, limit_s=clock.seconds + FILTER * clock.left_s, began=clock.began)
        core, minimal = _core(oracle, groups)
        oracle.clock = clock
        families = [family for family in asked.families() if core & set(family)]
        answers = {family: oracle.answer(everything - set(family)) for family in families}
        enough = [family for family in families if isinstance(answers[family], Solution)]
        settled = waived | set(enough[0] if enough else _easiest(families))
        remaining = asked.without(waived)
        until = clock.seconds + LOOSEN * clock.left_s
        rules, figures = [], sum(family[0].kind in DIALLED for family in enough)
        for family in families:
            if family in enough and family[0].kind in DIALLED:
                share, figures = (until - clock.seconds) / figures, figures - 1
                oracle.clock = replace(clock, limit_s=clock.seconds + max(share, 0.0), began=clock.began)
            rules.append(_rule(oracle, remaining, family, core, answers[family]))
        oracle.clock = clock
        confirmed = bool(enough) and _confirmed(asked.without(settled), oracle, params)
        open_still = None in answers.values()
        yield _conflict(
            asked.problem, rules, minimal=minimal, confirmed=confirmed, settled=settled, answered=not open_still
        )
        if enough or open_still or not minimal:
            return
        waived = settled


def _core(oracle: Oracle, groups: list[list[Demand]]) -> tuple[frozenset[Demand], bool]:
    """Demands that cannot stand together: rule by rule first, then which places of reach and compounds."""
    families = [tuple(group) for group in groups if group]

    def whole_rules(rules: frozenset[tuple[Demand, ...]]) -> bool | None:
        return oracle.can(frozenset(one for rule in rules for one in rule))

    rules, minimal = irreducible([(family,) for family in families], whole_rules)
    left = [family for family in families if family in rules]
    if not minimal or all(len(family) == 1 for family in left):
        return frozenset(one for family in left for one in family), minimal
    # Each rule is needed; of its places some may not be. Should time run out here, the rules still stand.
    core, _ = irreducible(
        [family for family in left if len(family) > 1] + [f for f in left if len(f) == 1], oracle.can
    )
    return core, minimal


def _easiest(families: list[tuple[Demand, ...]]) -> tuple[Demand, ...]:
    """What is waived first where no single waiver is enough: what the case asks before what the policy asks."""
    order = ("fewest", "most", "lock", "compound", "headroom", "horizon", "whole", "reach", "max", "min")
    return min(families, key=lambda family: order.index(family[0].kind))


def _rule(
    oracle: Oracle,
    remaining: Asked,
    family: tuple[Demand, ...],
    core: frozenset[Demand],
    plan: Solution | bool | None,
) -> dict[str, Any]:
    """One member of a conflict: kind, figure asked, whom it names, and what leaving it off or loosening it does.

    ``plan`` is one without it, all else as asked; ``enough``: there is one. ``loosened``: the figure that is
    enough, where there is one; ``least``: proved to be the least. ``where``: who uses it in its plan.
    """
    problem, kind = remaining.problem, family[0].kind
    original = oracle.asked.problem
    named = sorted(one.pos for one in core & set(family))
    rule: dict[str, Any] = {
        "kind": kind,
        "asked": asked_value(original, kind),
        "unit": "m" if kind == "reach" else original.windows[0].measure,
        "atoms": (),
        "communities": (),
        "lock": "",
        "enough": isinstance(plan, Solution),
        "loosened": None,
        "least": False,
        "where": None,
    }
    if kind == "lock":
        lock = original.locks[family[0].pos]
        rule |= {"lock": lock.kind, **_names(original, lock.atoms, lock.communities)}
    elif kind == "compound":
        rule |= _names(original, sorted({atom for pos in named for atom in original.compounds[pos]}), ())
    elif kind == "reach" and len(named) < len(family):
        rule |= _names(original, named, ())
    if not isinstance(plan, Solution) or kind not in DIALLED:
        return rule
    loosened = loosen(oracle, remaining, kind, plan)
    if loosened is not None:
        mine = breaches(problem, loosened.plan, mode=remaining.mode)
        owners = sorted({loosened.plan.chosen[b.part].community_pos for b in mine if b.part >= 0} - {-1})
        rule |= {"loosened": loosened.value, "least": loosened.least}
        rule["where"] = _names(original, sorted({a for b in mine for a in b.atoms}), owners)
    return rule


def _names(problem: Problem, atoms: Any, communities: Any) -> dict[str, tuple[str, ...]]:
    """Ids of atoms and communities."""
    return {
        "atoms": tuple(problem.atom_ids[atom] for atom in atoms),
        "communities": tuple(problem.community_ids[pos] for pos in communities),
    }


def _confirmed(asked: Asked, oracle: Oracle, params: Params) -> bool:
    """Whether a plan was found, by the solver that plans come from, and checked, once demands are waived."""
    plan = oracle.plan_for(asked)
    if asked.mode != "redraw":
        return isinstance(plan, Solution)
    limit = max(oracle.clock.left_s, 1.0)
    result = solve_redraw(
        asked.problem,
        replace(params, time_limit_s=limit, gap_share=1.0, profile=None),
        progress=silent,
        stop=oracle.clock.stop,
    )
    return result.solution is not None and not broken(asked, result.solution)


def _conflict(
    problem: Problem,
    rules: list[dict[str, Any]],
    *,
    minimal: bool,
    confirmed: bool,
    settled: frozenset[Demand],
    answered: bool,
) -> Conflict:
    """The conflict of some rules; its figures are those of the first rule that can be loosened."""
    first = next((rule for rule in rules if rule["loosened"] is not None), None)
    atoms = tuple(dict.fromkeys(atom for rule in rules for atom in rule["atoms"]))
    communities = tuple(dict.fromkeys(name for rule in rules for name in rule["communities"]))
    detail = {
        "rules": tuple(rules),
        "minimal": minimal,
        "confirmed": confirmed,
        "answered": answered,
        "waived": tuple(dict.fromkeys(demand.kind for demand in sorted(settled))),
    }
    if first is None:
        return Conflict("together", atoms, communities, unit=problem.windows[0].measure, detail=detail)
    return Conflict("together", atoms, communities, first["loosened"], first["asked"], first["unit"], detail)


def _least_given(asked: Asked, clock: Clock) -> Solution | None:
    """A plan that breaks sizes and reach as little as may be, and nothing else; `whole` names its communities."""
    if asked.mode == "whole":
        return None
    return give_way(asked.problem, clock, limit_s=ELASTIC * clock.left_s)


def _what_gives(problem: Problem, plan: Solution) -> Iterator[Conflict]:
    """What sizes and reach give in that plan, place by place; nothing if it gives up more than these."""
    found = breaches(problem, plan)
    if all(breach.kind in _GIVES for breach in found):
        for breach in found:
            yield _gives(problem, plan, breach)


def _gives(problem: Problem, plan: Solution, breach: Breach) -> Conflict:
    """One figure that would have to give, with names."""
    cause = _GIVES[breach.kind]
    unit = "m" if breach.kind == "reach" else problem.windows[0].measure
    atoms = tuple(problem.atom_ids[atom] for atom in breach.atoms)
    community = plan.chosen[breach.part].community_pos
    names = (problem.community_ids[community],) if community >= 0 else ()
    return Conflict(cause if names else f"{cause}_new", atoms, names, breach.measured, breach.allowed, unit)
