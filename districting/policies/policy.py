"""A policy: the rules of one document, and what a case overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from districting.errors import Fault, PolicyError
from districting.policies.rule import Rule
from districting.policies.sizes import SizeRule

R = TypeVar("R", bound=Rule)


@dataclass(frozen=True)
class Override:
    """A figure that a case sets otherwise than its policy, with the reason; reports print both values."""

    key: str
    published: Any
    value: Any
    because: str


@dataclass(frozen=True)
class Policy:
    """The rules of one document.

    Parameters
    ----------
    policy_id
        Name of the preset, or the stem of the policy file.
    title
        The document's title and year, by language (``zh``, ``en``).
    source
        Where the text is to be found.
    rules
        In the order of the document; ``rule_id`` is unique.
    overrides
        What the case changed. The rules above already hold the changed values.
    source_en
        ``source`` for readers of English pages; empty: the Chinese alone is quoted.
    """

    policy_id: str
    title: Mapping[str, str]
    source: str
    rules: tuple[Rule, ...]
    overrides: tuple[Override, ...] = ()
    source_en: str = ""

    @property
    def size(self) -> SizeRule:
        """The size rule; every policy that can be optimised has exactly one."""
        return self.of_kind(SizeRule)[0]

    @property
    def published_max(self) -> int:
        """Maximum as published, before overrides: the atom cap follows it so that an override keeps the atoms."""
        key = f"{self.size.rule_id}.max"
        published = [override.published for override in self.overrides if override.key == key]
        return int(published[0]) if published else self.size.max

    def of_kind(self, kind: type[R]) -> tuple[R, ...]:
        """All rules of one kind, in order; empty if the document has none."""
        return tuple(rule for rule in self.rules if isinstance(rule, kind))

    def rule(self, rule_id: str) -> Rule:
        """One rule by its id.

        Raises
        ------
        KeyError
            If there is none.
        """
        for rule in self.rules:
            if rule.rule_id == rule_id:
                return rule
        raise KeyError(rule_id)

    def override(self, values: Mapping[str, Any], *, because: str) -> Policy:
        """A policy with some figures set otherwise.

        Parameters
        ----------
        values
            ``"<rule_id>.<field>"`` → value, e.g. ``{"size.max": 5200, "reach.strength": "must"}``.
        because
            The reason, printed in every report.

        Raises
        ------
        PolicyError
            Listing every key that names no figure and every rule that no longer makes sense.

        Examples
        --------
        >>> from districting.policies.reading import preset
        >>> preset("xian-2023").override({"size.max": 5200}, because="agreed with the district").size.max
        5200
        """
        faults: list[Fault] = []
        rules = {rule.rule_id: rule for rule in self.rules}
        made: list[Override] = []
        if not because.strip():
            faults.append(Fault("fault.override_without_reason", {"keys": ", ".join(values)}))
        for key, value in values.items():
            rule_id, _, name = key.partition(".")
            rule = rules.get(rule_id)
            settable = {f.name for f in fields(rule)} - {"rule_id", "clause", "clause_en"} if rule else set()
            if rule is None or name not in settable:
                known = sorted(f"{r.rule_id}.{f.name}" for r in self.rules for f in fields(r))
                close = [k for k in known if k.startswith(rule_id + ".")] or sorted(rules)
                faults.append(
                    Fault(
                        "fault.override_unknown",
                        {"key": key, "policy": self.policy_id, "known": ", ".join(close)},
                    )
                )
                continue
            value = tuple(value) if isinstance(value, list) else value
            changed: dict[str, Any] = {name: value}
            rules[rule_id] = replace(rule, **changed)
            earlier = [o.published for o in self.overrides if o.key == key]
            made.append(Override(key, earlier[0] if earlier else getattr(rule, name), value, because))
        for rule in rules.values():
            faults += [
                Fault("fault.policy_figures", {"policy": self.policy_id, "rule": rule.rule_id, "what": what})
                for what in _safely(rule)
            ]
        if faults:
            raise PolicyError(faults)
        kept = tuple(o for o in self.overrides if o.key not in {m.key for m in made})
        return replace(self, rules=tuple(rules.values()), overrides=kept + tuple(made))


def _safely(rule: Rule) -> list[str]:
    """The rule's problems; a figure of the wrong type is one of them."""
    try:
        return rule.problems()
    except TypeError as error:
        return [str(error)]
