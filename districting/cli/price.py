"""``districting price``: what each rule, lock and wish costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.interruption import Interruption
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang, Subdistricts, TimeLimit
from districting.language import say
from districting.screen import out, print_json, print_prices


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
    folder: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for prices.json and an Excel file.")
    ] = None,
    time_limit: TimeLimit = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Solve without each rule in turn, and with each road as a border, and show the differences.

    Examples
    --------
      districting price case.toml --subdistrict 文艺路街道 --road 长安路

      districting price case.toml --mode redraw -o prices/
    """
    with opened(case, language, into=folder) as study:
        study = study.with_settings({} if time_limit is None else {"time_limit_s": time_limit})
        with Interruption(study.language).listening() as stop:
            prices = study.prices(mode=mode, subdistricts=subdistrict or (), roads=road, stop=stop)
        (approach,) = study.with_settings({"modes": (mode,)}).case.approaches()
        record = None if folder is None else study.write_prices(prices, folder, plan_id=approach.plan_id)
    if json_:
        print_json([one.to_json() for one in prices])
    else:
        print_prices(prices, study, plan_id=approach.plan_id)
        if record is not None:
            out.print(say("price.written", study.language, path=record.parent))
