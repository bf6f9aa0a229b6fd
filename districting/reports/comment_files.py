"""Files of comments as the compare page exports them: read, and refused with every fault that they have."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from districting.errors import Fault, InputError
from districting.plans.posing import LockRequest
from districting.plans.problem import LockKind

Vote = Literal["approve", "reject"]

#: As ``assets/store.js`` writes it.
_FORMAT, _VERSION = "districting-comments", 1
_PAGE = re.compile(r'<meta name="districting-page" content="([0-9a-f]+)">')
_LOCK_FIELDS = ("communities", "buildings", "compounds", "atoms")


class CommentError(InputError):
    """A file of comments, or the page that they were written on, cannot be used."""


@dataclass(frozen=True)
class Comment:
    """One remark, pinned to a place.

    Parameters
    ----------
    plan, community, name
        The plan it was written on, and the id and name of the community there; empty for no community.
    x, y
        The place, in the case's CRS, m.
    text, author, time
        What, who (empty where nobody signed) and when (ISO 8601).
    """

    plan: str
    community: str
    name: str
    x: float
    y: float
    text: str
    author: str
    time: str


@dataclass(frozen=True)
class Ballot:
    """One person's vote on a community of a plan; meanings as in `Comment`."""

    plan: str
    community: str
    name: str
    vote: Vote
    author: str
    time: str


@dataclass(frozen=True)
class ProposedLock:
    """What one person asks of the next plan: a lock, what it is called, and why; meanings as in `Comment`."""

    lock: LockRequest
    text: str
    reason: str
    author: str
    time: str


@dataclass(frozen=True)
class CommentFile:
    """One exported file; ``page`` is the key of the page that it was written on.

    Entries that its writer took over from other people's files name their author themselves.
    """

    path: Path
    page: str
    comments: tuple[Comment, ...]
    ballots: tuple[Ballot, ...]
    proposals: tuple[ProposedLock, ...]


def page_key(path: Path | str) -> str:
    """Key of a compare page, given as the file or as the folder of its run.

    Raises
    ------
    CommentError
        If there is no compare page.
    """
    place = Path(path)
    page = place / "index.html" if place.is_dir() else place
    try:
        with page.open(encoding="utf-8") as file:
            found = _PAGE.search(file.read(4096))
    except (OSError, UnicodeDecodeError):
        found = None
    if found is None:
        raise CommentError([Fault("fault.comments_no_page", {"path": str(page)})])
    return found[1]


def read_comment_files(paths: Sequence[Path | str]) -> list[CommentFile]:
    """Every file, in the order given.

    Raises
    ------
    CommentError
        Listing everything that is wrong with all of them.
    """
    faults: list[Fault] = []
    read = []
    for path in map(Path, paths):
        reader = _Reader(path)
        read.append(reader.file())
        faults += reader.faults
    if faults:
        raise CommentError(faults)
    return read


class _Reader:
    """Turns one file into a `CommentFile` and gathers every fault on the way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []

    def fault(self, sentence: str, /, **values: object) -> None:
        """Remember what is wrong."""
        self.faults.append(Fault(sentence, {"file": self.path.name, **values}))

    def file(self) -> CommentFile:
        """The file; empty where it has faults."""
        document = self.document()
        author = str(document.get("author") or "").strip()
        return CommentFile(
            path=self.path,
            page=str(document.get("page", "")),
            comments=tuple(
                Comment(
                    x=self.number(one, "x", at),
                    y=self.number(one, "y", at),
                    author=_author(one, author),
                    **self.texts(one),
                )
                for at, one in self.rows(document, "comments", ("plan", "text", "time"))
            ),
            ballots=tuple(
                Ballot(vote=one["vote"], author=_author(one, author), **_without(self.texts(one), "text"))
                for at, one in self.rows(document, "votes", ("plan", "community", "time"))
                if self.known(one, "vote", get_args(Vote), "votes", at)
            ),
            proposals=tuple(
                ProposedLock(
                    lock, str(one.get("text", "")), str(one.get("reason", "")), _author(one, author), one["time"]
                )
                for at, one in self.rows(document, "proposals", ("kind", "time"))
                if (lock := self.lock(one, at)) is not None
            ),
        )

    def document(self) -> Mapping[str, Any]:
        """The file as data; empty if it is none of ours."""
        try:
            document = _whole_signs(json.loads(self.path.read_text(encoding="utf-8-sig")))
        except (OSError, ValueError, RecursionError) as error:  # not JSON and not UTF-8 are ValueErrors
            self.fault("fault.comments_unreadable", why=str(error))
            return {}
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            self.fault("fault.comments_format")
            return {}
        if document.get("version") != _VERSION:
            self.fault("fault.comments_version", version=document.get("version"), known=_VERSION)
            return {}
        return document

    def rows(
        self, document: Mapping[str, Any], name: str, needed: tuple[str, ...]
    ) -> list[tuple[int, dict[str, Any]]]:
        """The entries of a list that have what they need, with their number from 1."""
        entries = document.get(name, [])
        if not isinstance(entries, list):
            self.fault("fault.comments_value", list=name, row=0, key=name, value=entries, known="[…]")
            return []
        kept = []
        for at, entry in enumerate(entries, start=1):
            told = entry if isinstance(entry, dict) else {}
            missing = [key for key in needed if not isinstance(told.get(key), str) or not told[key]]
            for key in missing:
                self.fault("fault.comments_value", list=name, row=at, key=key, value=told.get(key), known='"…"')
            if not missing:
                kept.append((at, told))
        return kept

    def texts(self, entry: Mapping[str, Any]) -> dict[str, str]:
        """The texts that entries share."""
        keys = ("plan", "community", "name", "text", "time")
        return {key: str(entry.get(key) or "").strip() for key in keys}

    def number(self, entry: Mapping[str, Any], key: str, at: int) -> float:
        """A coordinate."""
        value = entry.get(key)
        if isinstance(value, (int, float)) and math.isfinite(value):
            return float(value)
        self.fault("fault.comments_value", list="comments", row=at, key=key, value=value, known="m")
        return math.nan

    def known(self, entry: Mapping[str, Any], key: str, known: Sequence[str], name: str, at: int) -> bool:
        """Whether a value is one of the known ones."""
        if entry.get(key) in known:
            return True
        values = {"list": name, "row": at, "key": key, "value": entry.get(key), "known": ", ".join(known)}
        self.fault("fault.comments_value", **values)
        return False

    def lock(self, entry: Mapping[str, Any], at: int) -> LockRequest | None:
        """The lock that an entry proposes."""
        if not self.known(entry, "kind", get_args(LockKind), "proposals", at):
            return None
        named: dict[str, tuple[str, ...]] = {}
        for key in _LOCK_FIELDS:
            value = entry.get(key, [])
            if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
                self.fault("fault.comments_value", list="proposals", row=at, key=key, value=value, known='["…"]')
                return None
            named[key] = tuple(sorted(set(value)))
        if not any(named.values()):
            known = ", ".join(_LOCK_FIELDS)
            self.fault("fault.comments_value", list="proposals", row=at, key="", value="", known=known)
            return None
        return LockRequest(
            entry["kind"],
            communities=named["communities"],
            buildings=named["buildings"],
            compounds=named["compounds"],
            atoms=named["atoms"],
        )


def _author(entry: Mapping[str, Any], writer: str) -> str:
    """Who wrote an entry: its own author where it was taken over from somebody else's file, else the file's."""
    return str(entry.get("author") or "").strip() or writer


def _whole_signs(document: Any) -> Any:
    """The document without halves of signs, which JSON can name and no file can hold."""
    text = json.dumps(document, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _without(texts: dict[str, str], key: str) -> dict[str, str]:
    """All but one of the entries."""
    return {name: text for name, text in texts.items() if name != key}
