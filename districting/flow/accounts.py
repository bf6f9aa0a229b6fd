"""The solvers held to account: what they call legal and the checks refuse is a bug of ours, and no plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from districting.errors import SolverError
from districting.flow.run import Judged
from districting.plans.lock_checks import broken_locks
from districting.plans.parting import asked_in_full
from districting.plans.plan import Plan
from districting.plans.posing import LockRequest, Posed
from districting.policies.policy import Policy
from districting.territory.territory import Territory


def hold_to_account(
    plan: Plan,
    judged: Judged,
    posed: Mapping[str, Posed],
    territory: Territory,
    policy: Policy,
    *,
    locks: Sequence[LockRequest] = (),
    left_alone: Set[str] = frozenset(),
) -> None:
    """Refuse a plan that a solver calls legal and the checks do not, in what the models ask for in full.

    A community that also holds land where today's division stays was not the solver's to settle, nor one that
    a lock or an exception of the policy keeps as it is, or that was left alone since nothing mends it.
    """
    solved = set(posed) - set(plan.unresolved)
    asks = [posed[name].problem for name in sorted(solved)]
    settled = {atom_id for ask in asks for atom_id in ask.atom_ids}
    water = territory.atoms.table["water"] & territory.atoms.table["subdistrict_id"].isin(solved)
    elsewhere = set(plan.assignment[~plan.assignment.index.isin(settled) & ~water].dropna())
    for ask in asks:
        kept = (pos for lock in ask.locks if lock.kind == "keep" for pos in lock.communities)
        elsewhere |= {ask.community_ids[pos] for pos in kept}
    elsewhere |= left_alone
    asked = {*(rule.rule_id for rule in policy.rules if asked_in_full(rule)), "identity"}
    wrong = [
        finding
        for finding in judged.findings
        if finding.strength == "must"
        and finding.rule in asked
        and finding.community_id not in elsewhere
        and judged.division.outlines["subdistrict_id"].get(finding.community_id) in solved
    ]
    told = [f"{one.aspect} {one.community_id} {one.measured:g}" for one in wrong[:5]]
    buildings = territory.layers.buildings
    asked_for = buildings["subdistrict_id"].isin(solved) & (buildings["households"] > 0)
    lost = asked_for & judged.division.buildings.isna()
    if lost.any():
        told.append(f"{int(buildings.loc[lost, 'households'].sum())} households in no community")
    told += broken_locks(judged.division, territory, locks, sorted(solved))
    if told:
        raise SolverError(
            f"plan {plan.plan_id!r}: the checks refuse what the solver calls legal: {'; '.join(told)}"
        )
