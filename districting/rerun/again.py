"""A rerun made again from the records: from the plan that it started from, with what was known then."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from districting.errors import Fault, PlanError
from districting.records.archive import archived
from districting.records.history import RunEntry
from districting.records.store import reading
from districting.rerun.reference import Reference, read_reference
from districting.rerun.rerunning import rerun
from districting.rerun.standing import Standing
from districting.rerun.writing import write_rerun

if TYPE_CHECKING:
    from districting.study import Study


def rerun_again(study: Study, entry: RunEntry, out: Path, *, engine: str | None = None) -> None:
    """Make a rerun of the records again into ``out``, dated as it was then.

    Parameters
    ----------
    study
        Of the case as it was (`districting.records.reproduction.case_of_run`), in the language of the run.
    engine
        Where the solving runs; None: as the case says.

    Raises
    ------
    PlanError
        If an earlier program made the run, which did not keep what it started from.
    """
    known = origin_of(entry)
    found = rerun(
        study,
        everything=bool(known["everything"]),
        engine=engine,
        reference=_reference(study, entry, known),
        standing={key: Standing.from_json(one) for key, one in known["standing"].items()},
        told_lists={file: one["told"] for file, one in known.get("lists", {}).items()},
    )
    if found.run is not None:
        started = str(entry.manifest.get("started", ""))
        found = dataclasses.replace(found, run=dataclasses.replace(found.run, started=started))
    write_rerun(found, out, language=study.language, recorded=False)


def origin_of(entry: RunEntry) -> Mapping[str, Any]:
    """What the records keep of a rerun beside its case.

    Raises
    ------
    PlanError
        If they keep nothing.
    """
    known: Mapping[str, Any] | None = entry.made_from.get("rerun")
    if known is None:
        raise PlanError([Fault("fault.history_origin", {"run": entry.run_id})])
    return known


def _reference(study: Study, entry: RunEntry, known: Mapping[str, Any]) -> Reference:
    """The plan that the rerun went by, from the records."""
    with tempfile.TemporaryDirectory() as place:
        with reading(study.case.path) as store:
            archive = None if store is None else archived(store, str(known["archive"]))
        if archive is None:
            raise PlanError([Fault("fault.history_origin", {"run": entry.run_id})])
        folder = archive.unpack(Path(place))
        source: Literal["adopted", "previous"] = "adopted" if known["source"] == "adopted" else "previous"
        label = str(known["label"])
        return read_reference(folder, source=source, label=label, crs=study.layers.crs, archive=archive)
