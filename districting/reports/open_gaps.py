"""That a search ended by its time limit and not by proof: what its plan reaches, what is proved of every plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from districting.language import Language, say
from districting.reports.words import plan_title

#: Names of sub-districts that a note lists.
_NAMED = 4


def gap_notes(run: Mapping[str, Any], language: Language, *, plan_id: str | None = None) -> list[str]:
    """A sentence per plan of a run in which a search was cut off; nothing where all ended by proof.

    Parameters
    ----------
    run
        As ``run.json`` has it.
    plan_id
        Of this plan alone; None: of every plan.
    """
    notes = []
    for plan in run.get("plans", ()):
        cut_off = [row for row in plan.get("subdistricts", ()) if row["status"] == "feasible" and row["terms"]]
        if not cut_off or plan_id not in (None, plan["plan_id"]):
            continue
        first = [row["terms"][0] for row in cut_off]
        aim = say("profile.plus", language).join(
            say(f"profile.term.{term}", language) for term in first[0]["name"].split("+")
        )
        values = {
            "plan": plan_title(plan["plan_id"], language),
            "names": listed([row["name"] for row in cut_off], language),
            "aim": aim,
            "value": f"{sum(term['value'] for term in first):,.0f}",
            "bound": f"{sum(term['lower_bound'] for term in first):,.0f}",
        }
        notes.append(say("gap.open", language, **values))
    return notes


def listed(names: list[str], language: Language) -> str:
    """Some names, and how many more there are."""
    told = say("gap.comma", language).join(names[:_NAMED])
    return told if len(names) <= _NAMED else say("gap.more", language, names=told, n=len(names))
