"""The way of a plan from draft to approval: which steps there are, read from ``states.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from districting.errors import Fault, PlanError

#: The status of the one plan that a case has adopted.
APPROVED = "approved"

#: What an adopted plan becomes when another one is approved.
SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Step:
    """One step that a plan may take.

    Parameters
    ----------
    origin, to
        Status before and after; an empty one: the plan is not in the records yet.
    onward
        It is taken where nobody says which.
    judged
        Broken must-rules stand in its way.
    reason
        It is taken only with a reason.
    program
        The program takes it, never a person.
    """

    origin: str
    to: str
    onward: bool = False
    judged: bool = False
    reason: bool = False
    program: bool = False


@cache
def steps() -> tuple[Step, ...]:
    """Every step, in the order of the file."""
    text = (resources.files("districting.records") / "states.toml").read_text(encoding="utf-8")
    return tuple(Step(origin=entry.pop("from"), **entry) for entry in tomllib.loads(text)["step"])


def statuses() -> tuple[str, ...]:
    """Every status that a person may ask for, in the order of the way."""
    return tuple(dict.fromkeys(step.to for step in steps() if not step.program))


def step_of(origin: str, to: str | None, *, plan: str, reason: str = "") -> Step:
    """The step from one status to another; None: the one onward.

    Raises
    ------
    PlanError
        If there is no such step, or it lacks its reason; says which steps there are.

    Examples
    --------
    >>> step_of("draft", None, plan="adjust").to
    'submitted'
    """
    open_to = [step for step in steps() if step.origin == origin and not step.program]
    found = [step for step in open_to if (step.onward if to is None else step.to == to)]
    if not found:
        values = {"plan": plan, "was": origin or "–", "to": to or "–", "known": ", ".join(s.to for s in open_to)}
        raise PlanError([Fault("fault.adopt_step", values)])
    if found[0].reason and not reason.strip():
        raise PlanError([Fault("fault.adopt_reason", {"plan": plan, "was": origin, "to": found[0].to})])
    return found[0]
