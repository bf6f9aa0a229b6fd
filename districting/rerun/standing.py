"""What earlier reruns have proved to have no answer, so that nobody is asked the same question every month.

A building that cannot be cut keeps its community too large whatever is tried. Once that is proved and told, it is
told again only when it gets worse; it is searched again only when something in its sub-district is another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from districting.case import Case
from districting.records.facts import read_facts
from districting.records.store import Store, now, records_path

#: Before the hash of a reference and the id of a sub-district, among the facts of a case's records.
_KEY = "standing"
#: What is kept of a finding.
ASKED = ("rule", "aspect", "community_id", "measured", "allowed")


@dataclass(frozen=True)
class Standing:
    """A sub-district in which a search has proved that the plan in force is as good as any.

    Parameters
    ----------
    moment
        When that was told first, UTC.
    hash
        Of everything that concerned the sub-district at the last search.
    asked
        What asked for a change: `ASKED` of each finding.
    """

    moment: str
    hash: str
    asked: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"moment": self.moment, "hash": self.hash, "asked": [dict(one) for one in self.asked]}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Standing:
        """From plain data."""
        return cls(told["moment"], told["hash"], tuple(told["asked"]))


def read_standing(case: Case, reference: str) -> dict[str, Standing]:
    """What is known of a reference, by sub-district id; nothing where the case has no records.

    Parameters
    ----------
    reference
        Hash of the plan in force (`districting.records.archive.Archive.sha256`).

    Raises
    ------
    StoreError
        If the records cannot be read.
    """
    told = read_facts(case, _KEY, reference)
    return {subdistrict: Standing.from_json(json.loads(value)) for subdistrict, value in told.items()}


def keep_standing(
    case: Case, reference: str, found: Mapping[str, Sequence[Mapping[str, Any]]], *, hashes: Mapping[str, str]
) -> None:
    """Write down what a rerun has found out about the sub-districts that it searched.

    Parameters
    ----------
    reference
        Hash of the plan in force.
    found
        By id of each sub-district that was searched: what asks for a change there and is proved to have no answer;
        empty where there is one, or no proof.
    hashes
        Of everything that concerns a sub-district, by its id.

    Raises
    ------
    StoreError
        If the records cannot be written.
    """
    if not found:
        return
    known = read_standing(case, reference)
    with Store(records_path(case.path)) as store, store.change() as change:
        for subdistrict_id, asked in sorted(found.items()):
            key = f"{_KEY}:{reference}:{subdistrict_id}"
            if not asked:
                change.write("DELETE FROM facts WHERE key = ?", (key,))
                continue
            before = known.get(subdistrict_id)
            same = before is not None and {*map(_place, asked)} == {*map(_place, before.asked)}
            moment = before.moment if before is not None and same else now()
            value = Standing(moment, hashes[subdistrict_id], tuple(asked)).to_json()
            text = json.dumps(value, ensure_ascii=False, sort_keys=True)
            change.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, text))


def _place(asked: Mapping[str, Any]) -> tuple[Any, ...]:
    """What is broken, and how far."""
    return tuple(asked[name] for name in ASKED)
