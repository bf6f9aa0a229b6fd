"""Proposals written into the case file, where the next run finds them: added at its end; the rest stays."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import tomlkit

from districting.language import Language, say
from districting.reports.atomic import replacing
from districting.rerun.lock import holding
from districting.review.proposals import Proposal, Wish
from districting.review.refusals import ConflictError
from districting.review.resident import called

#: How long a run that has just begun may still hold the case, s.
_PATIENCE_S = 2.0


def write_lock(case: Path, wish: Wish, proposals: Sequence[Proposal], *, language: Language) -> None:
    """Add a lock to the end of a case file, under a remark: what it is called, who asks for it, why.

    The file is replaced in one step; comments, order and line ends of what stands in it stay.

    Parameters
    ----------
    proposals
        Everybody's that ask for it.
    language
        Of the remark.

    Raises
    ------
    ConflictError
        If the case has this lock already, or its locks are written in a way that cannot be added to.
    CaseError
        If a run is at work on the case.
    """
    with holding(case, verb="review", wait_s=_PATIENCE_S):
        raw = case.read_bytes().decode("utf-8")
        before = tomllib.loads(raw.removeprefix("\ufeff"))
        lock = {key: list(value) if key != "kind" else value for key, value in asdict(wish).items() if value}
        if lock in [_sorted(one) for one in before.get("locks", [])]:
            raise ConflictError("in_case", text=proposals[0].text)
        line_end = "\r\n" if "\r\n" in raw else "\n"
        added = f"\n{_remark(proposals, language)}\n[[locks]]\n{tomlkit.dumps(lock)}".replace("\n", line_end)
        after = raw + ("" if raw.endswith("\n") else line_end) + added
        try:
            read = tomllib.loads(after.removeprefix("\ufeff"))
        except tomllib.TOMLDecodeError as error:  # the locks stand in it as one list in brackets
            raise ConflictError("case_locks", file=case.name) from error
        assert read == {**before, "locks": [*before.get("locks", []), lock]}
        with replacing(case) as temporary:
            temporary.write_bytes(after.encode("utf-8"))
            shutil.copymode(case, temporary)


def _sorted(lock: dict[str, object]) -> dict[str, object]:
    """A lock of the case with its names in order, as proposals have them."""
    return {key: sorted(value) if isinstance(value, list) else value for key, value in lock.items()}


def _remark(proposals: Sequence[Proposal], language: Language) -> str:
    """One line of remarks: nobody's words can end it."""
    people = dict.fromkeys(called(one.person, language) for one in proposals)
    reasons = dict.fromkeys(one.reason for one in proposals if one.reason)
    said = " · ".join([proposals[0].text, say("review.name_stop", language).join(people), *reasons])
    return "# " + "".join(sign if sign.isprintable() else " " for sign in said)
