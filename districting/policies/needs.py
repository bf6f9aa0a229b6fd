"""What a policy must know of the data to be told at all: which measures it counts, on which zones it depends.

A figure that some homes lack is told where it matters, by a finding or a refusal of its own. Here it is about data
that nobody gave: a rule on registered people in a case without a single registered person says nothing, and a plan
that keeps it keeps nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from districting.errors import Fault
from districting.policies.change import HollowRule
from districting.policies.land import NestingRule
from districting.policies.policy import Policy
from districting.policies.sizes import GridRule, SizeRule

_OF_HOLLOW = {
    "people_per_registered_person": ("people", "registered_people"),
    "households_per_dwelling": ("households", "dwellings"),
}


def measures_counted(policy: Policy) -> dict[str, list[str]]:
    """Columns of the buildings that the rules count, each with the ids of the rules.

    A size rule's second measure is not among them: either suffices, so the first alone can be told. Resource
    figures are not either: what they need and the data lack is reported as unknown, community by community.

    Examples
    --------
    >>> from districting.policies.reading import preset
    >>> measures_counted(preset("taizhou-2016"))
    {'people': ['size', 'hollow'], 'registered_people': ['hollow']}
    """
    found: dict[str, list[str]] = {}
    for rule in policy.rules:
        columns: tuple[str, ...] = ()
        if isinstance(rule, (SizeRule, GridRule)):
            columns = (rule.measure,)
        elif isinstance(rule, HollowRule):
            columns = _OF_HOLLOW[rule.measure]
        for column in columns:
            found.setdefault(column, []).append(rule.rule_id)
    return found


def unmet_needs(policy: Policy, *, columns: Collection[str], zones: Collection[str]) -> list[Fault]:
    """What the policy needs and the data do not give, each with the mend.

    Parameters
    ----------
    columns
        Columns of the buildings that hold a figure for some home at least.
    zones
        Kinds of zone that the case has. Only a must-rule needs its zones: a wish without them is not told.
    """
    faults = [
        Fault(
            "fault.policy_needs_column",
            {"policy": policy.policy_id, "column": column, "rules": ", ".join(rule_ids)},
        )
        for column, rule_ids in measures_counted(policy).items()
        if column not in columns
    ]
    faults += [
        Fault(
            "fault.policy_needs_zones",
            {"policy": policy.policy_id, "zones": rule.inside, "rules": rule.rule_id},
        )
        for rule in policy.of_kind(NestingRule)
        if rule.strength == "must" and rule.inside != "subdistrict" and rule.inside not in zones
    ]
    return faults
