"""``districting policies``: the rules, with clause, strength and reading."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from districting.cli.options import AsJson, Lang, language_of
from districting.language import default_language
from districting.policies.policy import Policy
from districting.policies.reading import preset_ids, read_policy
from districting.screen import out, print_json, print_policy


def policies(
    policy: Annotated[str | None, typer.Argument(help="Preset id or policy file.", metavar="ID")] = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """List the policies, or print the rules of one with clause, strength and reading.

    Example:  districting policies xian-2023
    """
    spoken = language_of(language) or default_language()
    found = [read_policy(name) for name in ([policy] if policy else preset_ids())]
    if json_:
        print_json({"policies": [_as_data(one) for one in found]})
    elif policy is None:
        for one in found:
            out.print(f"[bold]{one.policy_id}[/bold]  {one.title[spoken]}")
    else:
        print_policy(found[0], spoken)


def _as_data(policy: Policy) -> dict[str, Any]:
    """A policy as plain data."""
    rules = [{"kind": rule.kind, **vars(rule)} for rule in policy.rules]
    return {"id": policy.policy_id, "title": dict(policy.title), "source": policy.source, "rules": rules}
