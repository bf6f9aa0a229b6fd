"""A policy: the rules of one document, and what a case overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from districting.errors import Fault, PolicyError
from districting.policies.contradictions import contradictions
from districting.policies.entries import frozen, settable, type_wrong
from districting.policies.outcomes import Outcome
from districting.policies.procedure import ProcedureStep
from districting.policies.resources import Resource
from districting.policies.rule import Rule
from districting.policies.sizes import SizeRule

R = TypeVar("R", bound=Rule)
F = TypeVar("F", bound=Resource)
Entry = Rule | Resource | ProcedureStep | Outcome


@dataclass(frozen=True)
class Override:
    """A figure that a case sets otherwise than its policy, with the reason; reports print both values."""

    key: str
    published: Any
    value: Any
    because: str


@dataclass(frozen=True)
class Policy:
    """What one document says: rules that a plan is judged by, and figures that it is costed with.

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
    resources
        Space, people and money that the document gives each community; no ``resource_id`` is a rule's id.
    procedure
        The way to an approval, in order.
    outcomes
        What the document says came of it; no rule, to compare with.
    based_on, inherited
        Preset that the file extends, and the ids of the rules and resources that stand as they are there.
    """

    policy_id: str
    title: Mapping[str, str]
    source: str
    rules: tuple[Rule, ...]
    overrides: tuple[Override, ...] = ()
    source_en: str = ""
    resources: tuple[Resource, ...] = ()
    procedure: tuple[ProcedureStep, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    based_on: str = ""
    inherited: tuple[str, ...] = ()

    @property
    def size(self) -> SizeRule:
        """The size rule; every policy that can be optimised has exactly one."""
        return self.of_kind(SizeRule)[0]

    @property
    def published_max(self) -> int:
        """Maximum as published, in its measure: the atom cap follows it, so that an override keeps the atoms."""
        key = f"{self.size.rule_id}.max"
        published = [override.published for override in self.overrides if override.key == key]
        return int(published[0]) if published else self.size.max

    def of_kind(self, kind: type[R]) -> tuple[R, ...]:
        """All rules of one kind, in order; empty if the document has none."""
        return tuple(rule for rule in self.rules if isinstance(rule, kind))

    def resources_of(self, kind: type[F]) -> tuple[F, ...]:
        """All resource figures of one kind, in order; empty if the document has none."""
        return tuple(figure for figure in self.resources if isinstance(figure, kind))

    @property
    def asked(self) -> dict[str, Rule | Resource]:
        """Rules and resources by id, in order: what a case may override."""
        rules: dict[str, Rule | Resource] = {rule.rule_id: rule for rule in self.rules}
        return rules | {figure.resource_id: figure for figure in self.resources}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that the document says: rules, resources, steps of the procedure, outcomes."""
        return (*self.rules, *self.resources, *self.procedure, *self.outcomes)

    @property
    def entry_ids(self) -> list[str]:
        """Ids of everything, in the order of `entries`."""
        ids = [*self.asked, *(step.step_id for step in self.procedure)]
        return ids + [one.outcome_id for one in self.outcomes]

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
            ``"<rule_id or resource_id>.<field>"`` → value, e.g. ``{"size.max": 5200, "offices.min_m2": 500}``.
        because
            The reason, printed in every report.

        Raises
        ------
        PolicyError
            Listing every key that names no figure, every entry that no longer makes sense, and every pair that
            cannot hold together any more.

        Examples
        --------
        >>> from districting.policies.reading import preset
        >>> preset("xian-2023").override({"size.max": 5200}, because="agreed with the district").size.max
        5200
        """
        faults: list[Fault] = []
        rules: dict[str, Rule] = {rule.rule_id: rule for rule in self.rules}
        figures: dict[str, Resource] = {figure.resource_id: figure for figure in self.resources}
        made: list[Override] = []
        if not because.strip():
            faults.append(Fault("fault.override_without_reason", {"keys": ", ".join(values)}))
        for key, given in values.items():
            entry_id, _, name = key.partition(".")
            entry = rules.get(entry_id) or figures.get(entry_id)
            if entry is None or name not in settable(entry):
                faults.append(self._unknown(key))
                continue
            value = frozen(given)
            if wrong := type_wrong(type(entry), name, value):
                faults += [one.fault(policy="[overrides]", entry=entry_id) for one in wrong]
                continue
            earlier = [one.published for one in self.overrides if one.key == key]
            made.append(Override(key, earlier[0] if earlier else getattr(entry, name), value, because))
            changed: dict[str, Any] = {name: value}
            if entry_id in rules:
                rules[entry_id] = replace(rules[entry_id], **changed)
            else:
                figures[entry_id] = replace(figures[entry_id], **changed)
        entries: dict[str, Rule | Resource] = {**rules, **figures}
        for entry_id, one in entries.items():
            faults += [wrong.fault(policy=self.policy_id, entry=entry_id) for wrong in one.problems()]
        if not faults:
            pairs = contradictions(tuple(rules.values()), tuple(figures.values()))
            faults += [wrong.fault(policy=self.policy_id, entry=names) for names, wrong in pairs]
        if faults:
            raise PolicyError(faults)
        kept = tuple(one for one in self.overrides if one.key not in {new.key for new in made})
        overrides = kept + tuple(made)
        return replace(self, rules=tuple(rules.values()), resources=tuple(figures.values()), overrides=overrides)

    def _unknown(self, key: str) -> Fault:
        """A key that names no figure, with those that are near it."""
        entry_id = key.partition(".")[0]
        entries = self.asked
        close = sorted(f"{entry_id}.{name}" for name in settable(entries[entry_id])) if entry_id in entries else []
        known = ", ".join(close or sorted(entries))
        return Fault("fault.override_unknown", {"key": key, "policy": self.policy_id, "known": known})
