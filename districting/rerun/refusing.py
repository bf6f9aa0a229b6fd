"""Lists of a case that cannot be read in a rerun: what stands in for them, who hears of it, and how often.

What a list said when a run took it last still counts; it goes back to its sub-district once for each file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from districting.case import Case
from districting.errors import Fault
from districting.flow.lists import refused_items
from districting.language import Language, say
from districting.records.returns import keep_returned, read_returned
from districting.reports.returned_lists import write_refused
from districting.territory.address_lists import ListOutcome

#: Folder of the files that go back, within that of the rerun.
RETURNED = "returned"


@dataclass(frozen=True)
class RefusedList:
    """A list that cannot be read.

    Parameters
    ----------
    fault
        What is wrong with it.
    kept
        When a run took it last (UTC): what it said then counts. Empty where none did: the layer's counts do.
    told
        When it went back before (UTC); empty: it goes back now.
    """

    fault: Fault
    kept: str
    told: str

    @property
    def file(self) -> str:
        """Its path in the case."""
        return str(self.fault.values["file"])

    def sentence(self, language: Language) -> str:
        """What is wrong with it, and what counts instead."""
        said = self.fault.sentence(language)
        key = "rerun.list_kept" if self.kept else "rerun.list_refused"
        since = say("rerun.list_told", language, date=self.told[:10]) if self.told else ""
        return say(key, language, sentence=said, date=self.kept[:10]) + since

    def to_json(self, language: Language) -> dict[str, Any]:
        """Plain data."""
        return {"file": self.file, "sentence": self.sentence(language), "kept": self.kept, "told": self.told}


def refused_lists(
    case: Case, outcome: ListOutcome | None, *, told: Mapping[str, str] | None = None
) -> tuple[RefusedList, ...]:
    """The lists of a case that cannot be read.

    Parameters
    ----------
    told
        By path when each went back, where a rerun is made again; None: as the records have it.
    """
    if outcome is None or not outcome.refused:
        return ()
    known, found = {} if told is not None else read_returned(case), []
    for fault in outcome.refused:
        file = str(fault.values["file"])
        (key,) = refused_items([fault], case)
        moment, why = known.get(key, {}).get(fault.key, ("", ""))
        before = told.get(file, "") if told is not None else moment if why == fault.key else ""
        found.append(RefusedList(fault, outcome.kept.get(file, ""), before))
    return tuple(found)


def return_lists(
    folder: Path, outcome: ListOutcome | None, lists: Sequence[RefusedList], language: Language
) -> None:
    """Write what goes back now, an Excel file per sub-district; no folder where nothing does."""
    fresh = [one.fault for one in lists if not one.told]
    if outcome is not None and fresh:
        write_refused(folder / RETURNED, outcome, fresh, language=language)


def remember_lists(case: Case, lists: Sequence[RefusedList]) -> None:
    """Write down what went back, so that it goes back once.

    Raises
    ------
    StoreError
        If the records cannot be written.
    """
    if lists:
        keep_returned(case, refused_items([one.fault for one in lists], case))
