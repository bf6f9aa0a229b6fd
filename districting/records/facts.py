"""Small things that the records of a case remember, by key: read without opening the file for writing."""

from __future__ import annotations

from districting.case import Case
from districting.records.store import reading


def read_facts(case: Case, *prefix: str) -> dict[str, str]:
    """Values by what follows the prefix in their keys, in order; nothing where the case has no records.

    Parameters
    ----------
    prefix
        Beginning of the keys, part by part: ``"returned"``, or ``"standing"`` and a hash.

    Raises
    ------
    StoreError
        If the records cannot be read.
    """
    begin = "".join(f"{part}:" for part in prefix)
    with reading(case.path) as store:
        if store is None:
            return {}
        rows = store.rows("SELECT key, value FROM facts WHERE key GLOB ? ORDER BY key", (f"{begin}*",))
    return {row["key"].removeprefix(begin): row["value"] for row in rows}
