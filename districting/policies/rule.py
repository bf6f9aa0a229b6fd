"""What every rule of a document carries: where it stands, how strong it is, what we took it to mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from districting.policies.wrong import Wrong, no_choice

Strength = Literal["must", "should", "prefer"]
Basis = Literal["stated", "derived", "program"]
Measure = Literal["households", "dwellings", "people", "registered_people"]


def said_wrong(strength: str, basis: str, clause: str) -> list[Wrong]:
    """What is wrong with how strongly and where a document says something."""
    wrong = []
    if strength not in get_args(Strength):
        wrong.append(no_choice("strength", strength, get_args(Strength)))
    if basis not in get_args(Basis):
        wrong.append(no_choice("basis", basis, get_args(Basis)))
    if not clause.strip():
        wrong.append(Wrong("no_clause"))
    return wrong


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule carries.

    Parameters
    ----------
    rule_id
        Unique in its policy; the first part of an override's key (``size.max``).
    strength
        ``must`` is required of every adoptable plan, ``should`` may be broken where the plan says so,
        ``prefer`` only enters the objective.
    clause
        Where the document says it.
    basis
        ``stated`` in the document, ``derived`` from it, or ``program``: ours, in no document.
    reading
        What we took the text to mean where it leaves a choice, as "Chinese | English"; empty where it leaves none.
    clause_en
        The clause in English, for readers of English pages; empty: the Chinese alone is quoted.
    """

    kind: ClassVar[str]
    rule_id: str
    strength: Strength
    clause: str
    basis: Basis = "stated"
    reading: str = ""
    clause_en: str = ""

    def problems(self) -> list[Wrong]:
        """Everything that is wrong with the figures; empty if nothing."""
        return said_wrong(self.strength, self.basis, self.clause)
