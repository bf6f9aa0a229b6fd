"""Arguments and options that several verbs share, and what their text means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from districting.errors import Fault, InputError
from districting.language import Language

CaseFile = Annotated[Path, typer.Argument(help="The case file.", metavar="CASE.toml")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document to stdout; everything else to stderr.")
]
Lang = Annotated[
    str | None, typer.Option("--language", "-l", help="zh or en; default: the case's own.", metavar="zh|en")
]
Subdistricts = Annotated[
    list[str] | None,
    typer.Option("--subdistrict", "-s", help="Only this sub-district; repeatable.", metavar="NAME"),
]
Engine = Annotated[
    str | None,
    typer.Option(
        help="local (all cores), serial or a Dask cluster, dask://host:port; the plans are the same.",
        metavar="PLACE",
    ),
]
TimeLimit = Annotated[float | None, typer.Option(help="Seconds per sub-district and problem.")]
OutFolder = Annotated[Path, typer.Option("--out", "-o", help="Folder to write; replaced in one step.")]

#: Instead of a plan file: the communities as they stand.
TODAY = "today"


def language_of(option: str | None) -> Language | None:
    """The language asked for, or None."""
    if option is None:
        return None
    if option not in ("zh", "en"):
        raise InputError([Fault("fault.language", {"value": option})])
    return cast(Language, option)


def span_of(text: str) -> tuple[int, int]:
    """``25`` or ``23-26`` as the fewest and the most."""
    first, _, last = text.partition("-")
    if not first.isdigit() or (last and not last.isdigit()):
        raise InputError([Fault("fault.span", {"value": text})])
    return int(first), int(last or first)
