"""``districting profiles``: what plans may be asked to be, in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from districting.cli.options import AsJson, Lang, language_of
from districting.language import Language, default_language
from districting.screen import out, print_json
from districting.solvers.profile import Profile, preset, presets, read_profile
from districting.solvers.profile_words import default_note, profile_lines, profile_title


def profiles(
    profile: Annotated[str | None, typer.Argument(help="Preset id or profile file.", metavar="ID")] = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """List what plans may be asked to be, or print one profile: its aims in their order, with tolerances.

    Examples
    --------
      districting profiles best-service

      districting propose case.toml --mode adjust/best-service
    """
    spoken = language_of(language) or default_language()
    found = [read_profile(profile, folder=Path())] if profile else [preset(one) for one in presets()]
    if json_:
        print_json({"profiles": [_as_data(one, spoken) for one in found]})
        return
    for one in found:
        note = default_note(one, spoken)
        out.print(f"[bold]{one.profile_id}[/bold]  {profile_title(one, spoken)}{note}")
        if profile is not None:
            for line in profile_lines(one, spoken):
                out.print(f"  {line}", markup=False)


def _as_data(profile: Profile, language: Language) -> dict[str, Any]:
    """A profile as plain data, and in words."""
    stages = [
        {"weights": dict(stage.weights), "slack_share": stage.slack_share, "slack_abs": stage.slack_abs}
        for stage in profile.stages
    ]
    return {
        "id": profile.profile_id,
        "title": profile_title(profile, language),
        "number": profile.number,
        "stages": stages,
        "words": profile_lines(profile, language),
    }
