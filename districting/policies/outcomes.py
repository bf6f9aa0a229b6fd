"""What a document says came, or is to come, of it: figures that no rule asks, kept to compare a plan with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from districting.policies.rule import Basis
from districting.policies.wrong import Wrong, no_choice

Moment = Literal["before", "after", "goal", "fact"]
OutcomeUnit = Literal[
    "communities", "grids", "units", "subdistricts", "households", "people", "staff", "organisations",
    "per_community", "per_1000_elders", "times", "km2", "m2", "yuan", "share",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One figure that the document reports.

    Parameters
    ----------
    outcome_id
        Unique among the outcomes of its policy.
    text
        What the figure counts, as "Chinese | English".
    value, unit
        The figure; ``share`` is in [0, 1], ``units`` are communities and villages together (村居).
    moment
        ``before`` or ``after`` the change that the document describes, a ``goal`` that it sets, or a ``fact``.
    clause, clause_en, basis, reading
        As in `districting.policies.rule.Rule`.
    """

    outcome_id: str
    text: str
    value: float
    unit: OutcomeUnit
    moment: Moment
    clause: str
    clause_en: str = ""
    basis: Basis = "stated"
    reading: str = ""

    def problems(self) -> list[Wrong]:
        """Everything that is wrong with the figure; empty if nothing."""
        wrong = []
        for name, known in (("unit", OutcomeUnit), ("moment", Moment), ("basis", Basis)):
            if getattr(self, name) not in get_args(known):
                wrong.append(no_choice(name, getattr(self, name), get_args(known)))
        wrong += [Wrong("empty", {"name": name}) for name in ("text", "clause") if not getattr(self, name).strip()]
        return wrong
