"""Policies from TOML: the presets of this package and files of the user's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from districting.errors import Fault, PolicyError
from districting.language import Language, say
from districting.policies.contradictions import contradictions
from districting.policies.entries import E, read_entry
from districting.policies.outcomes import Outcome
from districting.policies.policy import Policy
from districting.policies.procedure import ProcedureStep
from districting.policies.resources import RESOURCE_KINDS
from districting.policies.rules import RULE_KINDS
from districting.policies.wrong import Wrong

#: The preset that holds where a case names none: the law in force.
DEFAULT_PRESET = "national-2026"

_KEYS = {"id", "title", "source", "source_en", "extends", "drop", "rules", "resources", "procedure", "outcomes"}


def preset_ids() -> list[str]:
    """Names of the presets that ship with the program, sorted."""
    folder = resources.files("districting.policies") / "presets"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
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
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError([text_fault(path, error, file=name)]) from error
    return _parse(text, path.stem, file=name)


def _parse(text: str, policy_id: str, *, file: str) -> Policy:
    """A policy from TOML text."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([toml_fault(text, error, file=file)]) from error
    return _Reader(document, policy_id, file).policy()


def text_fault(path: Path, error: OSError | UnicodeDecodeError, *, file: str) -> Fault:
    """Why a file that somebody wrote, a case or a policy, cannot be read: its letters, or its place."""
    values: dict[str, Any] = {"file": file, "why": str(error)}
    if isinstance(error, UnicodeDecodeError):
        return Fault("fault.text_bytes", values | {"line": error.object.count(b"\n", 0, error.start) + 1})
    if isinstance(error, PermissionError):
        return Fault("fault.file_rights", values)
    if path.is_dir():
        return Fault("fault.file_folder", values)
    return Fault("fault.file_io" if path.exists() else "fault.file_gone", values)


def toml_fault(text: str, error: tomllib.TOMLDecodeError, *, file: str) -> Fault:
    """Where a TOML file cannot be understood: its line, and what stands there."""
    lines = text.splitlines() or [""]
    place = re.search(r"line (\d+)", str(error))
    line = min(int(place[1]), len(lines)) if place else len(lines)
    values = {"file": file, "line": line, "text": lines[line - 1].strip(), "why": str(error)}
    return Fault("fault.toml", values)


class _Reader:
    """Turns one parsed document into a policy and gathers every fault on the way."""

    def __init__(self, document: Mapping[str, Any], policy_id: str, file: str) -> None:
        self.document = document
        self.policy_id = policy_id
        self.file = file
        self.faults: list[Fault] = []
        self.seen: dict[str, set[str]] = {}

    def policy(self) -> Policy:
        """The policy; raises PolicyError with all faults."""
        for key in sorted(set(self.document) - _KEYS):
            known = ", ".join(sorted(_KEYS))
            self.faults.append(Fault("fault.policy_unknown_key", {"file": self.file, "key": key, "known": known}))
        base = self.base()
        rules = self.table("rules", "rule_id", RULE_KINDS)
        figures = self.table("resources", "resource_id", RESOURCE_KINDS)
        steps = self.table("procedure", "step_id", ProcedureStep)
        outcomes = self.table("outcomes", "outcome_id", Outcome)
        dropped = self.dropped(base)
        inherited: tuple[str, ...] = ()
        if base is not None:
            old_rules = {rule.rule_id: rule for rule in base.rules if rule.rule_id not in dropped}
            old_figures = {one.resource_id: one for one in base.resources if one.resource_id not in dropped}
            inherited = tuple(one for one in (*old_rules, *old_figures) if one not in {*rules, *figures})
            rules, figures = {**old_rules, **rules}, {**old_figures, **figures}
            self.seen = {"rules": self.seen["rules"] | {*rules}, "resources": self.seen["resources"] | {*figures}}
            steps = {**{s.step_id: s for s in base.procedure if s.step_id not in dropped}, **steps}
            outcomes = {**{o.outcome_id: o for o in base.outcomes if o.outcome_id not in dropped}, **outcomes}
        for twice in sorted(self.seen["rules"] & self.seen["resources"]):
            self.wrong(f"rules.{twice}, resources.{twice}", Wrong("twice", {"id": twice}))
        texts = {key: self.text(key) for key in ("id", "source", "source_en")}
        title = self.title(base)
        if not self.faults:  # a contradiction between entries that are wrong in themselves says nothing
            for entry, wrong in contradictions(tuple(rules.values()), tuple(figures.values())):
                self.wrong(entry, wrong)
        if self.faults:
            raise PolicyError(self.faults)
        return Policy(
            texts["id"] or self.policy_id,
            title,
            texts["source"] or (base.source if base else ""),
            tuple(rules.values()),
            source_en=texts["source_en"] or (base.source_en if base and not texts["source"] else ""),
            resources=tuple(figures.values()),
            procedure=tuple(steps.values()),
            outcomes=tuple(outcomes.values()),
            based_on=base.policy_id if base else "",
            inherited=inherited,
        )

    def wrong(self, entry: str, wrong: Wrong) -> None:
        """Remember what is wrong with an entry."""
        self.faults.append(wrong.fault(policy=self.file, entry=entry))

    def base(self) -> Policy | None:
        """The preset that the file extends, one level deep."""
        name = self.document.get("extends")
        if name is None:
            return None
        if not isinstance(name, str) or name not in preset_ids():
            known = ", ".join(preset_ids())
            self.wrong("extends", Wrong("choice", {"name": "extends", "value": repr(name), "known": known}))
            return None
        return preset(name)

    def table(self, name: str, key: str, kinds: Mapping[str, type[E]] | type[E]) -> dict[str, E]:
        """The sound entries of one table by id."""
        entries, seen = self.document.get(name, []), self.seen.setdefault(name, set())
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            self.wrong(name, Wrong("no_tables", {"name": name}))
            return {}
        found: dict[str, E] = {}
        for number, table in enumerate(entries, start=1):
            entry_id = table.get(key)
            label = f"{name}.{entry_id}" if isinstance(entry_id, str) and entry_id else f"{name} #{number}"
            entry, wrong = read_entry(kinds, table)
            for one in wrong:
                self.wrong(label, one)
            if not isinstance(entry_id, str):
                continue
            if not entry_id or "." in entry_id:
                self.wrong(label, Wrong("id", {"key": key, "id": entry_id}))
            if entry_id in seen:
                self.wrong(label, Wrong("twice", {"id": entry_id}))
            seen.add(entry_id)
            if entry is not None:
                found[entry_id] = entry
        return found

    def dropped(self, base: Policy | None) -> set[str]:
        """Ids of the base that do not hold here; each exists there."""
        named = self.document.get("drop", [])
        if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
            self.wrong("drop", Wrong("type", {"name": "drop", "value": repr(named), "like": '["…"]'}))
            return set()
        known = [] if base is None else base.entry_ids
        for one in named:
            if one not in known and (base is not None or "extends" not in self.document):
                values = {"name": "drop", "value": repr(one), "known": ", ".join(known)}
                self.wrong(
                    "drop",
                    Wrong("choice", values)
                    if known
                    else Wrong("needs_with", {"name": "drop", "names": "extends"}),
                )
        return set(named)

    def text(self, key: str) -> str:
        """A text at the top of the file; empty where there is none."""
        value = self.document.get(key, "")
        if not isinstance(value, str):
            self.wrong(key, Wrong("type", {"name": key, "value": repr(value), "like": '"…"'}))
            return ""
        return value

    def title(self, base: Policy | None) -> dict[str, str]:
        """The title in both languages; a file that extends a preset and names none says what it changes."""
        title = self.document.get("title")
        if title is None:
            if base is None:
                return dict.fromkeys(get_args(Language), self.policy_id)
            return {
                language: say("policy.title_extended", language, policy=self.policy_id, base=base.title[language])
                for language in get_args(Language)
            }
        fits = isinstance(title, dict) and set(title) == set(get_args(Language))
        if not fits or not all(isinstance(one, str) for one in title.values()):
            like = '{ zh = "…", en = "…" }'
            self.wrong("title", Wrong("type", {"name": "title", "value": repr(title), "like": like}))
            return {}
        return dict(title)
