"""Every kind of rule by its name in TOML: what a document may say, as frozen data, checked on creation.

How a kind is told lives in `districting.plans.checks`, how it is asked in
`districting.solvers.exact.parts.constraints`; `tests/test_faces.py` fails when a kind lacks a face.
"""

from __future__ import annotations

from districting.policies.access import OfficeRule, ReachRule, RemoteRule
from districting.policies.change import HollowRule, NamingRule, StabilityRule, WholeUnitRule
from districting.policies.land import (
    BorderRule,
    CompoundRule,
    ContiguityRule,
    CoverageRule,
    CrossingRule,
    NestingRule,
    ShapeRule,
)
from districting.policies.rule import Rule
from districting.policies.sizes import GridRule, GrowthRule, SizeRule

#: Every kind by its name in TOML.
RULE_KINDS: dict[str, type[Rule]] = {
    rule.kind: rule
    for rule in (
        SizeRule,
        ReachRule,
        BorderRule,
        CrossingRule,
        ShapeRule,
        ContiguityRule,
        CoverageRule,
        NestingRule,
        CompoundRule,
        OfficeRule,
        GrowthRule,
        WholeUnitRule,
        StabilityRule,
        NamingRule,
        HollowRule,
        RemoteRule,
        GridRule,
    )
}
