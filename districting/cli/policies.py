"""``districting policies``: what a document asks, gives and reports, with clause, strength and reading."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from districting.cli.options import AsJson, Lang, language_of
from districting.language import default_language
from districting.policies.policy import Policy
from districting.policies.reading import DEFAULT_PRESET, preset_ids, read_policy
from districting.screen import print_json, print_policies, print_policy


def policies(
    policy: Annotated[str | None, typer.Argument(help="Preset id or policy file.", metavar="ID")] = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """List the policies, or print all of one: rules, resources, procedure, outcomes, with clauses and readings.

    Example:  districting policies xian-2023
    """
    spoken = language_of(language) or default_language()
    found = [read_policy(name) for name in ([policy] if policy else preset_ids())]
    if json_:
        print_json({"policies": [_as_data(one) for one in found]})
    elif policy is None:
        print_policies(found, DEFAULT_PRESET, spoken)
    else:
        print_policy(found[0], spoken)


def _as_data(policy: Policy) -> dict[str, Any]:
    """Everything in a policy as plain data."""
    return {
        "id": policy.policy_id,
        "title": dict(policy.title),
        "source": policy.source,
        "source_en": policy.source_en,
        "based_on": policy.based_on,
        "inherited": list(policy.inherited),
        "rules": [{"kind": rule.kind, **vars(rule)} for rule in policy.rules],
        "resources": [{"kind": figure.kind, **vars(figure)} for figure in policy.resources],
        "procedure": [dataclasses.asdict(step) for step in policy.procedure],
        "outcomes": [dataclasses.asdict(one) for one in policy.outcomes],
    }
