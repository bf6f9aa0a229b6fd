"""What a rerun leaves: a folder like that of ``propose``, with ``rerun.json`` and ``carried.csv`` beside it.

Rows of a sub-district that nothing touches are those of the reference, letter by letter, in every table: they
still tell of the reference's own change, so that two files compared show what this run changes and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from districting.errors import Fault, PlanError
from districting.language import Language
from districting.reports.atomic import OutputFolder, replacing
from districting.reports.plain import write_json
from districting.rerun.carrying import COLUMNS
from districting.rerun.entering import enter_rerun
from districting.rerun.reference import TABLES
from districting.rerun.refusing import return_lists
from districting.rerun.rerunning import Rerun


def write_rerun(rerun: Rerun, target: Path, *, language: Language, recorded: bool = True) -> Path:
    """Write a rerun into a folder that is replaced in one step; returns its ``rerun.json``.

    With a proposal, and where something asks for one in vain, the folder is what ``propose`` leaves, with the plan
    in force as today. Where there is nothing to do it holds ``rerun.json`` and ``carried.csv`` alone; in either,
    ``returned/`` holds lists that cannot be read and go back. The run is entered in the history of the case unless
    ``recorded`` is False.
    """
    whole = rerun.outcome != "nothing"

    def also(folder: Path) -> None:
        if whole and rerun.alternative is not None:
            _as_it_was(rerun, folder / "plans" / rerun.alternative.plan.plan_id)
        _write_rows(folder / "carried.csv", _carried_table(rerun))
        write_json(folder / "rerun.json", rerun.to_json(language))
        return_lists(folder, rerun.layers.lists, rerun.lists, language)

    if whole and rerun.run is not None and rerun.study is not None:
        rerun.study.write(rerun.run, target, recorded=False, also=also)
    else:
        with OutputFolder(target) as folder:
            also(folder)
    if recorded:
        enter_rerun(rerun, target, language=language)
    return target / "rerun.json"


def refuse_own_reference(target: Path, previous: Path | None) -> None:
    """Refuse to write over the plan that a rerun goes by.

    Raises
    ------
    PlanError
        If the two are the same folder, or one lies in the other.
    """
    if previous is None:
        return
    there, here = previous.resolve(), target.resolve()
    if here in (there, *there.parents) or there in here.parents:
        raise PlanError([Fault("fault.rerun_target", {"folder": str(target)})])


def _carried_table(rerun: Rerun) -> pd.DataFrame:
    """What did not go one to one; no row where nothing changed."""
    return pd.DataFrame(columns=list(COLUMNS)) if rerun.carried is None else rerun.carried.rows


def _as_it_was(rerun: Rerun, place: Path) -> None:
    """Put the reference's own rows of untouched sub-districts back into the tables of the proposal."""
    assert rerun.study is not None
    territory = rerun.study.territory
    lies_in: Mapping[str, pd.Series[Any]] = {
        "plan.csv": territory.atoms.table["subdistrict_id"],
        "buildings.csv": territory.layers.buildings["subdistrict_id"],
    }
    for name, key in TABLES.items():
        old, path = rerun.reference.tables.get(name), place / name
        if old is None or not path.is_file():
            continue
        new = pd.read_csv(path, dtype=str, encoding="utf-8", keep_default_na=False)
        if list(new.columns) != list(old.columns):
            continue  # written by an earlier program: every row is this program's
        where = old["subdistrict_id"] if name == "communities.csv" else old[key].map(lies_in[name])
        kept = old[where.isin(rerun.untouched).to_numpy()]
        own = new["subdistrict_id"] if name == "communities.csv" else new[key].map(lies_in[name])
        rest = new[~own.isin(rerun.untouched).to_numpy()]
        if name == "communities.csv" and rerun.reference.source == "previous":
            rest = _still_provisional(rest, old)
        _write_rows(path, pd.concat([rest, kept]).sort_values(key, kind="stable"))
    _write_findings(rerun, place / "findings.json")


def _still_provisional(table: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """Names and codes that nobody has decided on since the reference proposed them stay proposals."""
    known = old.set_index("community_id").reindex(table["community_id"])
    open_ = (known["provisional"] == "True").to_numpy()
    made = table.copy()
    for column in ("provisional", "other_names"):
        made[column] = np.where(open_, known[column].fillna(""), table[column])
    return made


def _write_findings(rerun: Rerun, path: Path) -> None:
    """Findings of every sub-district: of the proposal, of the plan in force today, or as they were."""
    untouched = {rerun.names[key] for key in rerun.untouched}
    solved = {rerun.names[key] for key in rerun.affected}
    found = json.loads(path.read_text(encoding="utf-8"))
    found += [
        one.to_json()
        for one in rerun.findings
        if one.subdistrict not in untouched and one.subdistrict not in solved
    ]
    found += [row for row in rerun.reference.findings if row["subdistrict"] in untouched]
    write_json(path, found)


def _write_rows(path: Path, table: pd.DataFrame) -> None:
    """UTF-8 without a byte-order mark, as the other tables for programs."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
