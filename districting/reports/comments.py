"""What reviewers wrote on compare pages: many files as one account, its conflicts, and the locks it proposes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import tomlkit

from districting.language import Language, say
from districting.plans.posing import LockRequest
from districting.reports.atomic import OutputFolder, write_text
from districting.reports.comment_files import Ballot, Comment, CommentFile, ProposedLock, Vote
from districting.reports.plain import write_json

#: Kinds of lock that no plan can keep together for one community.
_CONTRARY = (("keep", "split"), ("keep", "merge"), ("split", "merge"))

_COLUMNS = ("kind", "plan", "community", "name", "text", "reason", "people", "copies", "x", "y", "time")


@dataclass(frozen=True)
class Tally:
    """Who approves and who rejects a community of a plan; nobody is in both."""

    plan: str
    community: str
    name: str
    approve: tuple[str, ...]
    reject: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """One lock, whoever asks for it: what it is called, who, why, and since when (ISO 8601)."""

    lock: LockRequest
    text: str
    people: tuple[str, ...]
    reasons: tuple[str, ...]
    time: str

    @property
    def names(self) -> str:
        """The ids of the lock, for a table."""
        lock = self.lock
        return " ".join([*lock.communities, *lock.buildings, *lock.compounds, *lock.atoms])


@dataclass(frozen=True)
class Contradiction:
    """What cannot both be followed.

    Parameters
    ----------
    kind
        ``votes``: people differ on a community; ``locks``: proposals that no plan keeps together.
    subject
        Community and plan, or what the proposals are called.
    between
        Who approves and who rejects; or the positions of the proposals.
    """

    kind: str
    subject: tuple[str, ...]
    between: tuple[tuple[str, ...], ...]
    proposals: tuple[int, ...] = ()

    def sentence(self, language: Language) -> str:
        """The contradiction in words."""
        comma = {"zh": "、", "en": ", "}[language]
        if self.kind == "votes":
            name, plan = self.subject
            approve, reject = (comma.join(people) for people in self.between)
            return say("comment.votes_differ", language, name=name, plan=plan, approve=approve, reject=reject)
        said = {"zh": "；", "en": "; "}[language].join(self.subject)
        return say("comment.locks_differ", language, proposals=said)


@dataclass(frozen=True)
class Collected:
    """One account of many files.

    Parameters
    ----------
    comments
        Each once, with how often it came; by plan, community and time.
    folded
        Entries that were said already: the same words of the same person on the same place, an older vote of the
        same person, a proposal that others made, too.
    strangers
        Names of files that were written on another page: what they name may be gone.
    """

    files: int
    comments: tuple[tuple[Comment, int], ...]
    tallies: tuple[Tally, ...]
    proposals: tuple[Proposal, ...]
    contradictions: tuple[Contradiction, ...]
    folded: int
    strangers: tuple[str, ...]

    @property
    def contested(self) -> frozenset[int]:
        """Positions of the proposals that contradict others."""
        return frozenset(at for one in self.contradictions for at in one.proposals)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "files": self.files,
            "folded": self.folded,
            "other_page": list(self.strangers),
            "comments": [{**asdict(comment), "copies": copies} for comment, copies in self.comments],
            "votes": [asdict(tally) for tally in self.tallies],
            "proposals": [
                {**asdict(one), "contested": at in self.contested} for at, one in enumerate(self.proposals)
            ],
            "contradictions": [asdict(one) for one in self.contradictions],
        }

    def table(self) -> str:
        """Everything as one CSV table; texts that a spreadsheet would calculate are quoted with an apostrophe."""
        written = io.StringIO()
        writer = csv.DictWriter(written, _COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for row in self._rows():
            writer.writerow({key: _as_text(value) for key, value in row.items()})
        return written.getvalue()

    def _rows(self) -> Iterable[dict[str, Any]]:
        """Rows of the table."""
        for comment, copies in self.comments:
            row = asdict(comment)
            yield {"kind": "comment", "people": row.pop("author"), "copies": copies, **row}
        for tally in self.tallies:
            votes: list[tuple[Vote, tuple[str, ...]]] = [("approve", tally.approve), ("reject", tally.reject)]
            for vote, people in votes:
                if people:
                    named = {"plan": tally.plan, "community": tally.community, "name": tally.name}
                    yield {"kind": vote, **named, "people": " ".join(people), "copies": len(people)}
        for one in self.proposals:
            yield {
                "kind": one.lock.kind,
                "community": one.names,
                "text": one.text,
                "reason": " / ".join(one.reasons),
                "people": " ".join(one.people),
                "copies": len(one.people),
                "time": one.time,
            }

    def locks(self, language: Language) -> str:
        """The proposals as ``[[locks]]`` of a case file; contradictory ones are written out as remarks."""
        free = [one for at, one in enumerate(self.proposals) if at not in self.contested]
        contested = [one for at, one in enumerate(self.proposals) if at in self.contested]
        text = _remark(say("comment.locks_head", language, n=len(free))) + "\n".join(map(_lock_text, free))
        if contested:
            text += "\n" + _remark(say("comment.locks_contested", language, n=len(contested)))
            text += "".join(f"# {line}\n" for one in contested for line in _lock_text(one).splitlines())
        return text


def collect(files: Sequence[CommentFile], *, page: str) -> Collected:
    """Many files as one account.

    Parameters
    ----------
    files
        As `districting.reports.comment_files.read_comment_files` reads them.
    page
        Key of the page that was sent out.
    """
    comments = _folded_comments(files)
    ballots = [ballot for file in files for ballot in file.ballots]
    tallies = _tallies(ballots)
    asked = [proposal for file in files for proposal in file.proposals]
    proposals = _folded_proposals(asked)
    voted = sum(len(tally.approve) + len(tally.reject) for tally in tallies)
    came = sum(copies for _, copies in comments) + len(ballots) + len(asked)
    return Collected(
        files=len(files),
        comments=comments,
        tallies=tallies,
        proposals=proposals,
        contradictions=(*_differing_votes(tallies), *_contrary_locks(proposals)),
        folded=came - len(comments) - voted - len(proposals),
        strangers=tuple(file.path.name for file in files if file.page != page),
    )


def write_collected(collected: Collected, folder: Path, *, language: Language) -> None:
    """Write ``comments.csv``, ``comments.json`` and ``locks.toml`` into a folder that is replaced in one step."""
    with OutputFolder(folder) as place:
        write_text(place / "comments.csv", "\ufeff" + collected.table())  # the mark tells Excel that it is UTF-8
        write_json(place / "comments.json", collected.to_json())
        write_text(place / "locks.toml", collected.locks(language))


def _folded_comments(files: Sequence[CommentFile]) -> tuple[tuple[Comment, int], ...]:
    """The same words of the same person on the same place count once; the first of them stays."""
    found: dict[tuple[object, ...], list[Comment]] = {}
    for comment in (comment for file in files for comment in file.comments):
        words = " ".join(comment.text.split())
        place = (round(comment.x), round(comment.y))
        found.setdefault((comment.plan, comment.community, comment.author, words, place), []).append(comment)
    first = [(min(same, key=lambda one: one.time), len(same)) for same in found.values()]
    return tuple(sorted(first, key=lambda one: (one[0].plan, one[0].community, one[0].time, one[0].text)))


def _tallies(ballots: Sequence[Ballot]) -> tuple[Tally, ...]:
    """Votes by plan and community; of one person's the latest counts; each unsigned vote is a person's."""
    latest: dict[tuple[str, str], dict[tuple[str, ...], Ballot]] = {}
    for ballot in sorted(set(ballots), key=lambda one: (one.time, one.author, one.vote)):
        voter = (ballot.author,) if ballot.author else ("", ballot.time)
        latest.setdefault((ballot.plan, ballot.community), {})[voter] = ballot
    made = []
    for (plan, community), by_voter in sorted(latest.items()):
        votes = sorted(by_voter.values(), key=lambda one: (one.author, one.time))
        for_it, against = (
            tuple(one.author or "—" for one in votes if one.vote == vote) for vote in ("approve", "reject")
        )
        made.append(Tally(plan, community, votes[-1].name, for_it, against))
    return tuple(made)


def _folded_proposals(asked: Sequence[ProposedLock]) -> tuple[Proposal, ...]:
    """The same lock of several people, once."""
    found: dict[LockRequest, list[ProposedLock]] = {}
    for one in sorted(asked, key=lambda one: (one.time, one.author)):
        found.setdefault(one.lock, []).append(one)
    return tuple(
        Proposal(
            lock=lock,
            text=same[0].text,
            people=tuple(dict.fromkeys(one.author or "—" for one in same)),
            reasons=tuple(dict.fromkeys(one.reason for one in same if one.reason)),
            time=same[0].time,
        )
        for lock, same in sorted(found.items(), key=lambda item: (item[1][0].time, repr(item[0])))
    )


def _differing_votes(tallies: Sequence[Tally]) -> list[Contradiction]:
    """Communities that some approve and others reject."""
    return [
        Contradiction("votes", (tally.name or tally.community, tally.plan), (tally.approve, tally.reject))
        for tally in tallies
        if tally.approve and tally.reject
    ]


def _contrary_locks(proposals: Sequence[Proposal]) -> list[Contradiction]:
    """Proposals that no plan keeps together, pair by pair."""
    tied = _tied([one.lock for one in proposals])
    found = []
    for i, j in combinations(range(len(proposals)), 2):
        a, b = proposals[i], proposals[j]
        if _contrary(a.lock, b.lock, tied) or _contrary(b.lock, a.lock, tied):
            found.append(Contradiction("locks", (a.text, b.text), (a.people, b.people), (i, j)))
    return found


def _contrary(a: LockRequest, b: LockRequest, tied: dict[str, str]) -> bool:
    """Whether one lock asks for what the other forbids; ``tied`` names the group of atoms that belong together."""
    shared = set(a.communities) & set(b.communities)
    if (a.kind, b.kind) in _CONTRARY and shared:
        return True
    if (a.kind, b.kind) != ("apart", "together"):
        return False
    groups = [tied[atom] for atom in a.atoms if atom in tied]
    ours = {tied[atom] for atom in b.atoms}
    return any(groups.count(group) > 1 for group in ours)


def _tied(locks: Sequence[LockRequest]) -> dict[str, str]:
    """The first atom of the group that ``together`` locks tie each atom into, by atom."""
    first: dict[str, str] = {}
    for lock in locks:
        if lock.kind == "together" and lock.atoms:
            groups = {first.get(atom, atom) for atom in lock.atoms}
            head = min(groups)
            first |= {atom: head for atom, group in first.items() if group in groups}
            first |= dict.fromkeys(lock.atoms, head)
    return first


def _lock_text(proposal: Proposal) -> str:
    """One lock as TOML under what it is called, who asks for it and why."""
    said = [proposal.text, ", ".join(proposal.people), *proposal.reasons]
    lock = {key: value for key, value in asdict(proposal.lock).items() if value}
    table = {key: list(value) if isinstance(value, tuple) else value for key, value in lock.items()}
    return f"{_remark(' · '.join(filter(None, said)))}[[locks]]\n{tomlkit.dumps(table)}"


def _remark(text: str) -> str:
    """A line of remark; whatever people wrote stays on it."""
    return f"# {one_line(text)}\n"


#: Signs that nobody sees, but that join others into one: of families and flags, and in Persian words.
_JOINERS = "\u200c\u200d"


def one_line(text: str) -> str:
    """Text without line ends and other signs that nobody sees; safe in a remark, a cell and on a terminal."""
    return "".join(sign if sign.isprintable() or sign in _JOINERS else " " for sign in text)


def _as_text(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return value
    return f"'{one_line(value)}" if value.lstrip()[:1] in ("=", "+", "-", "@") else one_line(value)
