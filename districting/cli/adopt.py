"""``districting adopt``: a plan on its way from draft to approval."""

from __future__ import annotations

from typing import Annotated

import typer

from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang
from districting.language import Language, say
from districting.records.adoption import Asked, Move
from districting.records.states import steps
from districting.records.store import records_path
from districting.rerun.lock import holding
from districting.screen import out, print_json


def adopt(
    case: CaseFile,
    plan: Annotated[
        str,
        typer.Argument(
            help="plans/ID of a run, any plan file, the id of a plan in the records, or a review's settled draft."
        ),
    ],
    status: Annotated[
        str | None,
        typer.Option(
            help="draft, submitted, approved; back with --note: rejected, withdrawn, draft; default: one step on.",
            metavar="STATUS",
        ),
    ] = None,
    document: Annotated[
        str, typer.Option(help="Number of the document that the step rests on.", metavar="NUMBER")
    ] = "",
    date: Annotated[str, typer.Option(help="Its day; default: today.", metavar="YYYY-MM-DD")] = "",
    by: Annotated[str, typer.Option(help="Who does it; default: the user of this machine.", metavar="NAME")] = "",
    note: Annotated[str, typer.Option(help="What else there is to say; a step back needs its reason.")] = "",
    despite: Annotated[
        str, typer.Option(help="Approve in spite of broken must-rules, for this reason.", metavar="REASON")
    ] = "",
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Move a plan from draft to submitted to approved; a case has at most one approved plan.

    Examples
    --------
      districting adopt case.toml out/plans/adjust

      districting adopt case.toml adjust --status approved --document 碑政发〔2026〕12号 --date 2026-12-01

    Each call is one step. The checker judges the plan on its way in and again before it is approved.
    """
    asked = Asked(by, status, document, date, note, despite)
    with holding(case, verb="adopt", wait_s=10), opened(case, language) as study:
        move = study.adopt(plan, asked)
    if json_:
        print_json(move.to_json())
        return
    _print_move(move, study.language)
    out.print(say("adopt.written", study.language, file=records_path(study.case.path)), markup=False)


def _print_move(move: Move, language: Language) -> None:
    """What was done, and what comes next."""
    told = {"plan": move.plan_ref, "date": move.date, "status": say(f"status_of_plan.{move.status}", language)}
    if move.was:
        told["was"] = say(f"status_of_plan.{move.was}", language)
    out.print(say("adopt.moved" if move.was else "adopt.entered", language, **told), markup=False)
    if move.document:
        out.print(say("adopt.document", language, document=move.document), markup=False)
    onward = next((step for step in steps() if step.origin == move.status and step.onward), None)
    if onward is None:
        return
    if move.findings_must:
        out.print(say("adopt.must", language, count=move.findings_must), markup=False)
    out.print(say("adopt.next", language, status=say(f"status_of_plan.{onward.to}", language)), markup=False)
