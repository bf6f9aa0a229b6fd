"""``districting publish``: a plan written into a schema of ours in the city's database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.opening import opened
from districting.cli.options import TODAY, AsJson, CaseFile, Lang
from districting.flow.publishing import Published
from districting.language import Language, say
from districting.reports.database import Destination
from districting.screen import out, print_json


def publish(
    case: CaseFile,
    plan: Annotated[
        str, typer.Argument(help="A plan's folder, a plan file as 'districting check' reads it, or 'today'.")
    ],
    to: Annotated[str, typer.Option("--to", help="The database.", metavar="postgresql://user@host/database")],
    schema: Annotated[str, typer.Option(help="Our schema in it; made if it does not exist.")] = "districting",
    name: Annotated[
        str | None,
        typer.Option(help="Under which the city keeps this case's versions; default: its folder's name."),
    ] = None,
    password_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds the password.", metavar="VARIABLE")
    ] = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Write a plan into the city's PostGIS database, in one transaction; older versions stay.

    Example:  districting publish case.toml out/plans/adjust --to postgresql://gis@db/city
    """
    with opened(case, language) as study:
        destination = Destination(to, schema, password_env)
        published = study.publish(None if plan == TODAY else Path(plan), to=destination, name=name)
    if json_:
        print_json(published.to_json())
    else:
        _print(published, study.language)


def _print(published: Published, language: Language) -> None:
    """What was written and where; that it breaks rules, if it does."""
    values = {**published.facts, **published.rows, "address": published.address, "schema": published.schema}
    out.print(say("publish.done", language, **values, version=published.version_id), markup=False)
    if not published.facts["adoptable"]:
        out.print(say("publish.broken", language, count=published.facts["findings_must"]), markup=False)
