"""A rerun in the records: with all that it takes to make it again, or one line where nothing was to be done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from districting.language import Language
from districting.records.accepted import keep_accepted
from districting.records.adopting import whoever
from districting.records.history import enter_run, unless_unwritable
from districting.records.manifest import content_id
from districting.records.quiet import enter_quiet
from districting.records.store import records_path
from districting.rerun.refusing import remember_lists
from districting.rerun.rerunning import Rerun
from districting.rerun.standing import keep_standing


def enter_rerun(rerun: Rerun, folder: Path, *, language: Language) -> None:
    """Enter a rerun that stands in ``folder``, and what it has proved to have no answer.

    Where the records cannot be written the rerun stands all the same, and a warning says why.
    """
    case = rerun.case
    if rerun.outcome == "nothing":
        with unless_unwritable(records_path(case.path), language):
            enter_quiet(
                case,
                verb="rerun",
                person=whoever(),
                reference=rerun.reference.label,
                reason=rerun.reason,
                basis=rerun.basis,
                lists={one.file: one.kept for one in rerun.lists},
            )
            keep_accepted(case, ((one.path, one.sha256) for one in rerun.layers.sources if one.role == "lists"))
    else:
        origin = {"rerun": _origin(rerun, folder)}
        enter_run(
            case,
            folder,
            verb="rerun",
            person=whoever(),
            language=language,
            origin=origin,
            reference=rerun.reference.archive,
        )
    hashes = {str(key): str(one["hash"]) for key, one in rerun.basis["subdistricts"].items()}
    with unless_unwritable(records_path(case.path), language):
        keep_standing(case, rerun.reference.archive.sha256, rerun.unanswered(), hashes=hashes)
        remember_lists(case, rerun.lists)


def _origin(rerun: Rerun, folder: Path) -> dict[str, Any]:
    """What a rerun started from, so that it can be made again (`districting.rerun.again`)."""
    reference = rerun.reference
    document = json.loads((folder / "rerun.json").read_text(encoding="utf-8"))
    return {
        "source": reference.source,
        "label": reference.label,
        "archive": reference.archive.sha256,
        "everything": rerun.everything,
        "standing": {key: one.to_json() for key, one in sorted(rerun.standing.items())},
        "lists": {one.file: {"kept": one.kept, "told": one.told} for one in rerun.lists},
        "document": content_id(document),
    }
