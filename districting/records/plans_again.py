"""Plans of the records as files that can be read again, e.g. to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from districting.errors import Fault, PlanError
from districting.records.adopting import readable_file
from districting.records.adoption import Plans
from districting.records.store import reading

if TYPE_CHECKING:
    from districting.study import Study


def plan_folders(study: Study, named: Sequence[str], scratch: Path) -> list[Path]:
    """A plan file for each name: a path stays as it is, a plan of the records is unpacked into ``scratch``.

    Raises
    ------
    PlanError
        If a plan is unknown, or no file of it can be read on the ground as it is now.
    """
    found = []
    with reading(study.case.path) as store:
        for number, name in enumerate(named):
            path = Path(name)
            if path.exists():
                found.append(readable_file(study, path) if path.is_dir() else path)
                continue
            entry = None if store is None else Plans(store).find(name)
            if entry is None or store is None:
                known = "–" if store is None else ", ".join(one.plan_ref for one in Plans(store).all())
                raise PlanError([Fault("fault.adopt_unknown", {"plan": name, "known": known or "–"})])
            place = Plans(store).archive(entry).unpack(scratch / str(number))
            # The page names a plan after its folder: two of the same name are told apart by their runs.
            shown = place.with_name(f"{entry.plan_id} {entry.run_id[:6]}")
            found.append(readable_file(study, place.rename(shown)))
    return found
