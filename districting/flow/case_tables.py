"""Tables of ``case.toml`` that verbs beside ``propose`` read, each a frozen dataclass. Unknown keys are faults.

A reader takes the raw table and gives back what it says and everything that is wrong with it; `districting.case`
adds the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from districting.errors import Fault
from districting.territory.list_cells import ListSpec


@dataclass(frozen=True)
class RerunSettings:
    """``[rerun]``: whom ``districting rerun`` tells. Read by `districting.rerun.notices.announce`.

    Parameters
    ----------
    hook
        A command and its arguments, started without a shell in the case's folder; empty: none.
    webhook
        An ``https://`` or ``http://`` address that the report is posted to, without a login; None: none.
    always
        True: tell of runs with nothing to do, too; False: of proposals and of runs that found no plan or failed.
    """

    hook: tuple[str, ...] = ()
    webhook: str | None = None
    always: bool = False


@dataclass(frozen=True)
class Freeze:
    """``[freeze]``: communities that stay as they are until a date, e.g. for an election (`flow.freeze`).

    Parameters
    ----------
    until
        From this day on (``YYYY-MM-DD``) they may change again.
    reason
        Why; every report says it.
    communities, subdistricts
        Whom it concerns, by id or name; both empty: the whole case.
    """

    until: str
    reason: str
    communities: tuple[str, ...] = ()
    subdistricts: tuple[str, ...] = ()

    def in_force(self, day: str) -> bool:
        """Whether it holds on a day (``YYYY-MM-DD``).

        Examples
        --------
        >>> freeze = Freeze("2027-06-30", "election")
        >>> freeze.in_force("2027-06-29"), freeze.in_force("2027-06-30")
        (True, False)
        """
        return date.fromisoformat(day) < date.fromisoformat(self.until)


def read_freeze(table: object) -> tuple[Freeze | None, list[Fault]]:
    """``[freeze]`` of a case, None where there is none, and what is wrong with it."""
    if table is None:
        return None, []
    values, faults = _known("freeze", table, [field.name for field in fields(Freeze)])
    until = as_day(values.get("until"))
    if until is None:
        faults.append(_value("freeze.until", values.get("until"), '"2027-06-30"'))
    reason = values.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        faults.append(Fault("fault.case_missing", {"key": "freeze.reason", "mend": 'reason = "…"'}))
    named: dict[str, tuple[str, ...]] = {}
    for key in ("communities", "subdistricts"):
        given = values.get(key, [])
        if not isinstance(given, list) or not all(isinstance(one, str) and one for one in given):
            faults.append(_value(f"freeze.{key}", given, '["…"]'))
        else:
            named[key] = tuple(given)
    return (None, faults) if faults else (Freeze(str(until), str(reason), **named), [])


def as_day(value: object) -> str | None:
    """A day as ``YYYY-MM-DD``, from text or a date of TOML; None where it is none.

    Examples
    --------
    >>> as_day("2027-06-30"), as_day(date(2027, 6, 30)), as_day("30.6.2027")
    ('2027-06-30', '2027-06-30', None)
    """
    try:
        return date.fromisoformat(value if isinstance(value, str) else value.isoformat()).isoformat()  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return None


def read_rerun(table: object) -> tuple[RerunSettings, list[Fault]]:
    """``[rerun]`` of a case, and what is wrong with it."""
    values, faults = _known("rerun", table, [field.name for field in fields(RerunSettings)])
    hook, webhook, always = values.get("hook", []), values.get("webhook"), values.get("always", False)
    if not isinstance(hook, list) or not all(isinstance(one, str) and one for one in hook):
        faults.append(_value("rerun.hook", hook, '["./tell", "--city"]'))
        hook = []
    if webhook is not None and not is_address(webhook):
        faults.append(Fault("fault.webhook", {"key": "rerun.webhook"}))  # its text may be secret
        webhook = None
    if not isinstance(always, bool):
        faults.append(_value("rerun.always", always, "true, false"))
        always = False
    return RerunSettings(tuple(hook), webhook, always), faults


def read_lists(entries: object) -> tuple[tuple[ListSpec, ...], list[Fault]]:
    """``[[lists]]`` of a case, and what is wrong with them."""
    if not isinstance(entries, list):
        return (), [_value("lists", entries, "[[lists]]")]
    specs, faults = [], []
    for entry in entries:
        values, wrong = _known("lists", entry, [field.name for field in fields(ListSpec)])
        faults += wrong
        for key, value in values.items():
            if not isinstance(value, _LIST_TYPES[key]) or isinstance(value, bool):
                faults.append(_value(f"lists.{key}", value, _LIST_EXAMPLES[key]))
        if "path" not in values:
            faults.append(Fault("fault.case_missing", {"key": "lists.path", "mend": 'path = "list.xlsx"'}))
        elif not faults:
            specs.append(ListSpec(**values))
    return tuple(specs), faults


#: An entry ``webhook``, also one in a remark: up to its host, its quotes, and the rest of its text.
_WEBHOOK = re.compile(r"""(\bwebhook["']?\s*=\s*(["']+)https?://)((?:\\.|(?!\2)[^\n])*)""", re.IGNORECASE)
_LIST_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("path", "sheet", "encoding", "crs", "as_of"), (str,)),
    **dict.fromkeys(("tolerance_m", "near_score"), (int, float)),
    "columns": (Mapping,),
    "total": (int,),
}
_LIST_EXAMPLES = {
    "path": '"list.xlsx"',
    "sheet": '"Sheet1"',
    "encoding": '"GBK"',
    "crs": '"EPSG:4490"',
    "as_of": '"2026-11"',
    "tolerance_m": "15",
    "near_score": "85",
    "columns": '{ households = "…" }',
    "total": "12345",
}


def is_address(value: object) -> bool:
    """Whether a value is an address that a report can be posted to: no login, no blank, a host that has a name."""
    if not isinstance(value, str) or not value.isprintable() or set(" \\") & set(value):
        return False
    try:
        parts = urlsplit(value)
        known = parts.scheme in ("https", "http") and "@" not in parts.netloc and parts.port != 0
        return known and bool((parts.hostname or "").encode("idna"))
    except ValueError:  # a port that is no number, an unclosed bracket, a name that no host can have
        return False


def without_webhook(text: str) -> str:
    """The text of a case file with the webhook's scheme and host only: login, path and query may be secret.

    Examples
    --------
    >>> without_webhook('webhook = "https://example.org/send?key=secret" # ours')
    'webhook = "https://example.org" # ours'
    """

    def bare(found: re.Match[str]) -> str:
        host = re.split(r"[/?#\\]", found[3])[0].rpartition("@")[2]
        return found[1] + re.sub(r":(?!\d*$).*", "", host)  # no port: a login whose rest was cut off

    return _WEBHOOK.sub(bare, text)


def _known(where: str, table: object, keys: Sequence[str]) -> tuple[dict[str, Any], list[Fault]]:
    """The known entries of a table; the others are faults."""
    if not isinstance(table, Mapping):
        return {}, [_value(where, table, f"[{where}]")]
    return {key: table[key] for key in keys if key in table}, list(_strange(where, table, keys))


def _strange(where: str, table: Mapping[str, Any], keys: Sequence[str]) -> Iterator[Fault]:
    """A fault for every key that nobody reads."""
    for key in sorted(set(table) - set(keys)):
        yield Fault("fault.case_unknown_key", {"key": f"{where}.{key}", "known": ", ".join(sorted(keys))})


def _value(key: str, value: object, known: str) -> Fault:
    """A fault for a value that cannot be."""
    return Fault("fault.case_value", {"key": key, "value": value, "known": known})
