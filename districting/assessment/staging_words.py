"""A staged plan in words: what each stage does, what is proved, who still waits."""

from __future__ import annotations

from typing import get_args

from districting.assessment.proposal import Action
from districting.assessment.staging import Stage, StagedPlan
from districting.assessment.urgency import TIERS
from districting.assessment.wording import finding_sentence, step_sentence
from districting.language import Language, say

_COMMA = {"zh": "、", "en": ", "}


def plan_lines(plan: StagedPlan, title: str, language: Language) -> list[str]:
    """What the whole comes to, and what is proved.

    Parameters
    ----------
    title
        What people call the plan.
    """
    if not plan.stages:
        return [say("stages.nothing", language, plan=title)]
    caps = [
        say(f"stages.cap_{name}", language, limit=f"{limit:,}")
        for name, limit in plan.caps.to_json().items()
        if limit is not None
    ]
    values = {
        "plan": title,
        "n": len(plan.stages),
        "changes": len(plan.table),
        "households": f"{plan.households_moved:,}",
        "caps": _COMMA[language].join(caps),
    }
    lines = [say("stages.title", language, **values)]
    few = "one" if len(plan.stages) == 1 else "fewest" if plan.fewest == len(plan.stages) else "bound"
    lines.append(say(f"stages.{few}", language, fewest=plan.fewest, n=len(plan.stages)))
    if plan.proved and len(plan.stages) > 1:
        lines.append(say("stages.urgency_proved", language))
    return lines


def stage_lines(stage: Stage, plan: StagedPlan, language: Language) -> list[str]:
    """What a stage changes, what still waits, and what is to be known of it."""
    actions = [
        say("stages.action", language, action=say(f"action.{action}", language), n=stage.count(action))
        for action in get_args(Action)
        if stage.count(action)
    ]
    lines = [
        say(
            "stages.stage",
            language,
            stage=stage.number,
            changed=len(stage.changes),
            actions=_COMMA[language].join(actions),
            households=f"{stage.households_moved:,}",
            communities=stage.communities,
        )
    ]
    tiers = [
        say(f"stages.tier_{tier}", language, n=stage.waiting_in(tier))
        for tier in range(len(TIERS) + 1)
        if stage.waiting_in(tier)
    ]
    waits = say("stages.waiting", language, tiers=_COMMA[language].join(tiers))
    lines.append(waits if tiers else say("stages.waiting_none", language))
    for name, value in stage.above.items():
        limit = plan.caps.to_json()[name]
        lines.append(say(f"stages.above_{name}", language, value=f"{value:,}", limit=f"{limit:,}"))
    if stage.new_must:
        lines.append(say("stages.new_must", language, n=len(stage.new_must)))
        lines += [finding_sentence(finding, language) for finding in stage.new_must]
    return lines


def staged_text(plan: StagedPlan, title: str, language: Language) -> str:
    """The whole as text: what it comes to, then every stage with its steps."""
    lines = plan_lines(plan, title, language)
    for stage in plan.stages:
        lines += ["", *stage_lines(stage, plan, language)]
        lines += [f"  {step.number}. {step_sentence(step, language)}" for step in stage.steps]
    return "\n".join(lines) + "\n"
