"""``districting demo``: a sample town and the main job on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.options import AsJson, Lang, language_of
from districting.cli.propose import propose_and_print
from districting.errors import Fault, InputError
from districting.language import default_language, say
from districting.screen import out
from districting.territory.sample import SIZES, write_sample


def demo(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the town and its plans.")] = Path("demo"),
    size: Annotated[str, typer.Option(help="town, or city for a benchmark of 150,000 buildings.")] = "town",
    seed: Annotated[int, typer.Option(help="Another seed, another town.")] = 7,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Build a sample town, run the main job on it and say where the map is.

    Example:  districting demo --out demo
    """
    spoken = language_of(language) or default_language()
    if not json_:
        out.print(say("cli.demo_builds", spoken))
    if size not in SIZES:
        raise InputError([Fault("fault.size_unknown", {"value": size, "known": ", ".join(SIZES)})])
    case = write_sample(folder / "town", size=size, seed=seed, language=spoken)
    propose_and_print(case, folder / "out", language=spoken, json_=json_)
