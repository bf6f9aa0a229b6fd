"""A case as the text of its file; reading it is the work of `districting.case`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import Table

from districting.flow.case_tables import RerunSettings
from districting.territory.specs import ROLES

if TYPE_CHECKING:
    from districting.case import Case


def to_toml(case: Case) -> str:
    """The case as TOML that people can edit; reading it again gives the same case."""
    document = tomlkit.document()
    document["policy"] = case.policy_name
    document["crs"] = case.crs
    document["language"] = case.language
    if case.generated:
        document["generated"] = True
    if case.abolished_codes is not None:
        document["abolished_codes"] = case.abolished_codes
    layers = tomlkit.table(is_super_table=True)
    for role in ROLES:
        tables = [_table(spec, skip={"role"}) for spec in case.layers if spec.role == role]
        if len(tables) == 1:
            layers[role] = tables[0]
        elif tables:
            layers[role] = tomlkit.aot()
            for table in tables:
                layers[role].append(table)
    document["layers"] = layers
    document["solve"] = _table(case.solve, always={"modes", "time_limit_s", "seed"})
    if case.grid_policy is not None:
        document["grids"] = {"policy": case.grid_policy}
    if case.rerun != RerunSettings():
        document["rerun"] = _table(case.rerun)
    if case.freeze is not None:
        document["freeze"] = _table(case.freeze)
    if case.lists:
        lists = tomlkit.aot()
        for one in case.lists:
            lists.append(_table(one))
        document["lists"] = lists
    if case.locks:
        locks = tomlkit.aot()
        for lock in case.locks:
            locks.append(_table(lock))
        document["locks"] = locks
    if case.overrides:
        overrides = tomlkit.table()
        for key, (value, because) in case.overrides.items():
            entry = tomlkit.inline_table()
            entry.update({"value": list(value) if isinstance(value, tuple) else value, "because": because})
            overrides[key] = entry
        document["overrides"] = overrides
    return tomlkit.dumps(document)


def _table(item: Any, *, skip: frozenset[str] | set[str] = frozenset(), always: set[str] | None = None) -> Table:
    """A table with every field that differs from its default."""
    table = tomlkit.table()
    for entry in dataclasses.fields(item):
        value = getattr(item, entry.name)
        if entry.name in skip or value is None or (value == _default(entry) and entry.name not in (always or ())):
            continue
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = dataclasses.asdict(value)
        if isinstance(value, Mapping):
            inline = tomlkit.inline_table()
            inline.update({k: list(v) if isinstance(v, tuple) else v for k, v in value.items()})
            value = inline
        table[entry.name] = list(value) if isinstance(value, tuple) else value
    return table


def _default(entry: dataclasses.Field[Any]) -> Any:
    """Default of a field, or a value that nothing equals."""
    if entry.default is not dataclasses.MISSING:
        return entry.default
    return entry.default_factory() if entry.default_factory is not dataclasses.MISSING else object()
