"""``districting stages``: a plan that comes about in stages, so many changes in each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.assessment.staging import Caps
from districting.cli.exits import FINE, RULE_BROKEN
from districting.cli.interruption import Interruption
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang, OutFolder
from districting.flow.gridding import plan_file
from districting.language import say
from districting.screen import out, print_json, print_stages


def stages(
    case: CaseFile,
    plan: Annotated[Path, typer.Argument(help="A plan file as 'districting check' reads it, or a plan's folder.")],
    cap: Annotated[
        int,
        typer.Option(
            help="Communities that may change in one stage: those that give, take or end, and new ones.", min=1
        ),
    ],
    cap_households: Annotated[
        int | None, typer.Option(help="Households that may change community in one stage.", min=1)
    ] = None,
    cap_subdistrict: Annotated[
        int | None, typer.Option(help="Communities that may change in one sub-district and stage.", min=1)
    ] = None,
    folder: OutFolder = Path("stages"),
    time_limit: Annotated[float, typer.Option(help="Seconds for the search for an order.")] = 60.0,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Bring a plan about in the fewest stages, the most urgent first, each stage a legal plan.

    Example:  districting stages case.toml out/plans/adjust --cap 40 -o out/stages
    """
    with opened(case, language, into=folder, kept=[plan]) as study:
        folder.parent.mkdir(parents=True, exist_ok=True)  # find out now, and not after all the searching
        caps = Caps(cap, cap_households, cap_subdistrict)
        with Interruption(study.language).listening() as stop:
            staged = study.stages(plan_file(plan), caps=caps, time_limit_s=time_limit, stop=stop)
        record = study.write_stages(staged, folder)
    if json_:
        print_json(staged.to_json())
    else:
        print_stages(staged, study)
        out.print(say("stages.written", study.language, path=record.parent))
    raise typer.Exit(FINE if staged.legal else RULE_BROKEN)
