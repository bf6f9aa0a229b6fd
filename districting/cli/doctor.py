"""``districting doctor``: what is wrong with the input."""

from __future__ import annotations

import typer

from districting.cli.exits import BAD_INPUT, FINE
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang
from districting.language import say
from districting.screen import faults_as_data, out, print_faults, print_json


def doctor(case: CaseFile, language: Lang = None, json_: AsJson = False) -> None:
    """Say everything that is wrong or doubtful with the inputs, with counts, examples and the mend.

    Example:  districting doctor case.toml
    """
    with opened(case, language) as study:
        faults = study.doctor()
    errors = sum(fault.severity == "error" for fault in faults)
    if json_:
        print_json(
            {"errors": errors, "warnings": len(faults) - errors, "faults": faults_as_data(faults, study.language)}
        )
    else:
        print_faults(faults, study.language)
        out.print(say("cli.doctor", study.language, errors=errors, warnings=len(faults) - errors))
    raise typer.Exit(BAD_INPUT if errors else FINE)
