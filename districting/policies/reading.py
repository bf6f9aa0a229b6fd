"""Policies from TOML: the presets of this package and files of the user's own."""

from __future__ import annotations

import dataclasses
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from districting.errors import Fault, PolicyError
from districting.policies.policy import Policy
from districting.policies.rule import Rule
from districting.policies.rules import RULE_KINDS, rule_from
from districting.policies.sizes import SizeRule

_KEYS = {"id", "title", "source", "source_en", "extends", "rules"}


def preset_ids() -> list[str]:
    """Names of the presets that ship with the program, sorted."""
    folder = resources.files("districting.policies") / "presets"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def preset(policy_id: str) -> Policy:
    """A preset by its id.

    Raises
    ------
    PolicyError
        If there is none of that name.

    Examples
    --------
    >>> preset("national-2026").size.max
    3000
    """
    if policy_id not in preset_ids():
        raise PolicyError([Fault("fault.policy_unknown", {"policy": policy_id, "known": ", ".join(preset_ids())})])
    text = (resources.files("districting.policies") / "presets" / f"{policy_id}.toml").read_text(encoding="utf-8")
    return _parse(text, policy_id, file=f"{policy_id}.toml")


def read_policy(name: str, *, folder: Path = Path()) -> Policy:
    """A policy by preset id, or by the path of a TOML file relative to ``folder``.

    Raises
    ------
    PolicyError
        Listing everything that is wrong with the file.
    """
    if not name.endswith(".toml"):
        return preset(name)
    path = folder / name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError([Fault("fault.policy_unreadable", {"file": name, "why": str(error)})]) from error
    return _parse(text, path.stem, file=name)


def _parse(text: str, policy_id: str, *, file: str) -> Policy:
    """A policy from TOML text; gathers every fault before it raises."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([Fault("fault.policy_unreadable", {"file": file, "why": str(error)})]) from error
    faults = [
        Fault("fault.policy_unknown_key", {"file": file, "key": key, "known": ", ".join(sorted(_KEYS))})
        for key in sorted(set(document) - _KEYS)
    ]
    rules: dict[str, Rule] = {}
    if "extends" in document:
        rules = {rule.rule_id: rule for rule in preset(document["extends"]).rules}
    for entry in document.get("rules", []):
        rule, wrong = _rule(entry, file)
        faults += wrong
        if rule is None:
            continue
        if rule.rule_id in rules and "extends" not in document:
            faults.append(_figures(file, rule.rule_id, "rule_id stands twice"))
        rules[rule.rule_id] = rule
    if sum(isinstance(rule, SizeRule) for rule in rules.values()) != 1:
        faults.append(_figures(file, "size", "needs exactly one rule of kind size"))
    if faults:
        raise PolicyError(faults)
    title = document.get("title", {"zh": policy_id, "en": policy_id})
    return Policy(
        document.get("id", policy_id),
        title,
        document.get("source", ""),
        tuple(rules.values()),
        source_en=document.get("source_en", ""),
    )


def _rule(entry: dict[str, Any], file: str) -> tuple[Rule | None, list[Fault]]:
    """One rule and what is wrong with it."""
    name = str(entry.get("rule_id", "?"))
    kind = entry.get("kind")
    if kind not in RULE_KINDS:
        known = ", ".join(sorted(RULE_KINDS))
        return None, [_figures(file, name, f"kind {kind!r}; known kinds: {known}")]
    known_fields = {f.name for f in dataclasses.fields(RULE_KINDS[kind])} | {"kind"}
    unknown = sorted(set(entry) - known_fields)
    if unknown:
        return None, [
            _figures(file, name, f"unknown key {', '.join(unknown)}; known: {', '.join(sorted(known_fields))}")
        ]
    try:
        rule = rule_from(entry)
        return rule, [_figures(file, name, what) for what in rule.problems()]
    except TypeError as error:
        return None, [_figures(file, name, str(error).replace("__init__() ", ""))]


def _figures(file: str, rule_id: str, what: str) -> Fault:
    return Fault("fault.policy_figures", {"policy": file, "rule": rule_id, "what": what})
