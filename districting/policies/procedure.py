"""The way to an approval: what people are asked to do before, for and after a change. Listed, not computed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal, get_args

from districting.policies.rule import Basis
from districting.policies.wrong import Wrong, no_choice, out_of_range

Stage = Literal["prepare", "approve", "carry_out"]


@dataclass(frozen=True, kw_only=True)
class ProcedureStep:
    """One step of the procedure, for the proposal's checklist.

    Parameters
    ----------
    step_id
        Unique among the steps of its policy.
    stage
        ``prepare``, ``approve`` or ``carry_out``.
    text
        Who does what, as "Chinese | English".
    clause, clause_en, basis, reading
        As in `districting.policies.rule.Rule`.
    days, months
        Time allowed since the step before, where the document names one.
    by
        Last day, ISO date, where the document names one.
    """

    step_id: str
    stage: Stage
    text: str
    clause: str
    clause_en: str = ""
    basis: Basis = "stated"
    reading: str = ""
    days: int | None = None
    months: int | None = None
    by: str = ""

    def problems(self) -> list[Wrong]:
        """Everything that is wrong with the step; empty if nothing."""
        wrong = []
        if self.stage not in get_args(Stage):
            wrong.append(no_choice("stage", self.stage, get_args(Stage)))
        if self.basis not in get_args(Basis):
            wrong.append(no_choice("basis", self.basis, get_args(Basis)))
        wrong += [Wrong("empty", {"name": name}) for name in ("text", "clause") if not getattr(self, name).strip()]
        for name in ("days", "months"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                wrong.append(out_of_range(name, value, "> 0"))
        if self.by and not _is_date(self.by):
            wrong.append(out_of_range("by", self.by, "YYYY-MM-DD"))
        return wrong


def _is_date(text: str) -> bool:
    """True for an ISO date."""
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
