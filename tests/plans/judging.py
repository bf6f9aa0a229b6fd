"""A policy of single rules, and findings by aspect, for the tests of the checks."""

from __future__ import annotations

from typing import get_args

from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.plan import Plan
from districting.policies.policy import Policy
from districting.policies.rule import Rule
from districting.policies.sizes import SizeRule
from districting.territory.territory import Territory

#: Wide enough for any drawn town, so that other rules can be told alone.
ANY_SIZE = SizeRule(rule_id="size", strength="must", clause="1", min=0, max=10**6)


def policy(*rules: Rule) -> Policy:
    """A policy of these rules; of any size if none of them is about size."""
    sized = rules if any(isinstance(rule, SizeRule) for rule in rules) else (ANY_SIZE, *rules)
    return Policy("test", {"zh": "试", "en": "test"}, "", sized)


def of_today(territory: Territory, *rules: Rule) -> list[Finding]:
    """Findings of a diagnosis of today."""
    today = Division.today(territory)
    return list(check(today, territory, policy(*rules), today=today))


def of_plan(territory: Territory, plan: Plan, *rules: Rule) -> list[Finding]:
    """Findings on a plan."""
    today = Division.today(territory)
    return list(check(Division.of_plan(plan, territory), territory, policy(*rules), today=today))


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    """Aspect and community of each finding; every one of them can be said, and has a name."""
    for finding in findings:
        for language in get_args(Language):
            assert finding_sentence(finding, language)
            assert say(f"aspect.{finding.aspect}", language)
    return [(finding.aspect, finding.community_id) for finding in findings]
