"""``districting price``: what each rule, lock and wish costs."""

from __future__ import annotations

from typing import Annotated

import typer

from districting.cli.interruption import Interruption
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang, Subdistricts, TimeLimit
from districting.screen import print_json, print_prices


def price(
    case: CaseFile,
    subdistrict: Subdistricts = None,
    mode: Annotated[
        str,
        typer.Option(
            help="whole, adjust, redraw, or with a profile: adjust/best-service.", metavar="MODE[/PROFILE]"
        ),
    ] = "adjust",
    road: Annotated[
        list[str] | None,
        typer.Option(help="Wish: no community across this road; repeatable; default: main roads crossed most."),
    ] = None,
    time_limit: TimeLimit = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Solve without each rule in turn, and with each road as a border, and show the differences.

    Example:  districting price case.toml --subdistrict 文艺路街道 --road 长安路
    """
    with opened(case, language) as study:
        study = study.with_settings({} if time_limit is None else {"time_limit_s": time_limit})
        with Interruption(study.language).listening() as stop:
            prices = study.prices(mode=mode, subdistricts=subdistrict or (), roads=road, stop=stop)
        (approach,) = study.with_settings({"modes": (mode,)}).case.approaches()
    if json_:
        print_json([one.to_json() for one in prices])
    else:
        print_prices(prices, study, plan_id=approach.plan_id)
