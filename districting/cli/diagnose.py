"""``districting diagnose``: what is wrong with today's communities."""

from __future__ import annotations

import typer

from districting.cli.exits import FINE, RULE_BROKEN
from districting.cli.opening import opened
from districting.cli.options import AsJson, CaseFile, Lang, Subdistricts
from districting.screen import print_classes, print_findings, print_json, print_provenance


def diagnose(
    case: CaseFile, subdistrict: Subdistricts = None, language: Lang = None, json_: AsJson = False
) -> None:
    """Say what is wrong with today's communities: by class (super-large, micro, hollow …), then by sub-district.

    Example:  districting diagnose case.toml --subdistrict 文艺路街道
    """
    with opened(case, language) as study:
        diagnosis = study.diagnose(subdistricts=subdistrict or ())
    if json_:
        print_json(diagnosis.to_json())
    else:
        print_classes(diagnosis.by_class, study.language)
        print_findings(diagnosis.findings, study)
        print_provenance(study)
    raise typer.Exit(RULE_BROKEN if any(f.strength == "must" for f in diagnosis.findings) else FINE)
