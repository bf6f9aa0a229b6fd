"""``districting init``: a case file from layer files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.options import AsJson, Lang, language_of
from districting.flow.starting import start_case
from districting.language import default_language, say
from districting.screen import faults_as_data, out, print_faults, print_json


def init(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Layer files, or folders of them.", metavar="FILE…")
    ] = None,
    case_file: Annotated[Path, typer.Option("--out", "-o", help="Case file to write.")] = Path("case.toml"),
    place: Annotated[
        str | None, typer.Option(help="Download this place from OpenStreetMap first (needs a network).")
    ] = None,
    policy: Annotated[str, typer.Option(help="Preset id or policy file.")] = "national-2026",
    crs: Annotated[str | None, typer.Option(help="Metric CRS; default: a fitting one.", metavar="EPSG:…")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing case file.")] = False,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Look into layer files, guess their roles and columns, and write the case file.

    Example:  districting init buildings.gpkg roads.gpkg communities.gpkg -o case.toml
    """
    spoken = language_of(language) or default_language()
    case, remarks, aside = start_case(
        files or [], case_file, place=place, policy=policy, crs=crs, force=force, language=spoken
    )
    if json_:
        layers = [
            {
                "role": spec.role,
                "path": spec.path,
                "layer": spec.layer,
                "columns": dict(spec.columns),
                "where": spec.where,
                "aside": list(left),
            }
            for spec, left in zip(case.layers, aside, strict=True)
        ]
        print_json(
            {"case": str(case.path), "crs": case.crs, "layers": layers, "remarks": faults_as_data(remarks, spoken)}
        )
        return
    for spec, left in zip(case.layers, aside, strict=True):
        place = f"{spec.path} · {spec.layer}" if spec.layer else spec.path
        out.print(f"[bold]{spec.role}[/bold]  ", end="")
        out.print(place, markup=False)
        taken = [theirs if ours == theirs else f"{theirs} → {ours}" for ours, theirs in spec.columns.items()]
        for key, told in (("taken", taken), ("where", [spec.where or ""]), ("aside", left)):
            if any(told):
                out.print(say(f"cli.init_{key}", spoken, columns=", ".join(told)), markup=False)
    print_faults(remarks, spoken)
    out.print(say("cli.case_written", spoken, path=case.path))
