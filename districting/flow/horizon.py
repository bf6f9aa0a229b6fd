"""The horizon year of a case as a rule, so that the checks judge what the solvers are asked."""

from __future__ import annotations

from dataclasses import replace

from districting.language import say
from districting.policies.policy import Policy
from districting.policies.sizes import GrowthRule


def with_horizon(policy: Policy, year: int | None) -> Policy:
    """The policy, with a rule that the size bounds hold at the case's horizon year too.

    The rule is as strong as the size rule itself. A document that has such a rule of its own keeps it, and a size
    that is only preferred binds nobody later either.

    Parameters
    ----------
    year
        ``[solve] horizon``; None: the case asks for none.
    """
    if year is None or policy.of_kind(GrowthRule) or policy.size.strength == "prefer":
        return policy
    clause, clause_en = (say("horizon.clause", language, year=year) for language in ("zh", "en"))
    reading = " | ".join(say("horizon.reading", language, year=year) for language in ("zh", "en"))
    name = next(name for name in ("growth", "horizon", "case_horizon") if name not in policy.entry_ids)
    rule = GrowthRule(
        rule_id=name,
        strength=policy.size.strength,
        clause=clause,
        clause_en=clause_en,
        basis="program",
        reading=reading,
    )
    return replace(policy, rules=(*policy.rules, rule))
