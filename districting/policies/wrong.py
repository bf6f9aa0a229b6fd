"""What can be wrong with the figures of a policy, as data: ``problems()`` of every kind returns these.

`districting.policies.entries` adds the file and the entry; words are made at the door (sentences/policies.toml).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from districting.errors import Fault


@dataclass(frozen=True)
class Wrong:
    """One thing wrong with an entry: the rest of the key ``fault.policy_…``, and what its sentence names."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def fault(self, *, policy: str, entry: str) -> Fault:
        """As a fault of the entry of this name in the policy or file of this name."""
        return Fault(f"fault.policy_{self.key}", {"policy": policy, "entry": entry, **self.values})


def out_of_order(low: str, low_value: object, high: str, high_value: object) -> Wrong:
    """A lower figure above its upper one."""
    return Wrong("order", {"low": f"{low} {_text(low_value)}", "high": f"{high} {_text(high_value)}"})


def out_of_range(name: str, value: object, allowed: str) -> Wrong:
    """A figure outside what it can be, e.g. ``allowed`` = ``"[0, 1]"``."""
    return Wrong("range", {"name": name, "value": _text(value), "allowed": allowed})


def no_choice(name: str, value: object, known: Sequence[str]) -> Wrong:
    """A word that is none of those known."""
    return Wrong("choice", {"name": name, "value": repr(value), "known": ", ".join(known)})


def needs_one_of(*names: str) -> Wrong:
    """None of several figures is given, and one is needed."""
    return Wrong("needs_one", {"names": ", ".join(names)})


def only_one_of(*names: str) -> Wrong:
    """More than one of several figures is given, or none, and exactly one is needed."""
    return Wrong("only_one", {"names": ", ".join(names)})


def needs_with(name: str, *others: str) -> Wrong:
    """A figure that says nothing without another."""
    return Wrong("needs_with", {"name": name, "names": ", ".join(others)})


def _text(value: object) -> str:
    """A figure without a useless decimal."""
    return f"{value:g}" if isinstance(value, float) else str(value)
