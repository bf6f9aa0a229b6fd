"""``districting compare``: today and any plans side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang
from districting.language import say
from districting.screen import out, print_comparison, print_json, print_new_communities


def compare(
    case: CaseFile,
    plans: Annotated[list[Path], typer.Argument(help="Plan files.", metavar="PLAN…")],
    page: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("compare.html"),
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Measure today and any plans side by side, on one offline page.

    Example:  districting compare case.toml out/plans/adjust/plan.csv mine.csv -o compare.html
    """
    with opened(case, language) as study:
        judged, comparison = study.compare(plans)
        written = study.write_comparison(judged, comparison, page)
    if json_:
        print_json({"page": str(written), **comparison.to_json()})
    else:
        print_comparison(comparison, study)
        for one in judged:
            print_new_communities(one, one.division.name, study.language)
        out.print(say("cli.page", study.language, path=written))
