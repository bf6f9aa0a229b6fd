"""Reviews of an earlier program come into the case's records once, whole, and those of different runs never mix."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from districting.records.store import Store, StoreError
from districting.records.takeover import take_over
from districting.review.drafts import CommunityNote, Drafts
from districting.review.locks import Locks
from districting.review.people import People
from districting.review.refusals import MissingError
from districting.review.talk import Talk

#: The tables as the earlier program wrote them.
SCHEMA_1 = (Path(__file__).parent / "review_of_schema_1.sql").read_text(encoding="utf-8")


def old_review(path: Path) -> Path:
    """A review of schema 1: a computed plan, a draft of it with one move, a talk about it."""
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(SCHEMA_1 + "PRAGMA user_version = 1;")
        file.executescript(
            """
            INSERT INTO people VALUES (1, 'Li', 'planner', 'hash', '2026-11-01', NULL);
            INSERT INTO sessions VALUES ('secret', 1, 'csrf', '2999-01-01');
            INSERT INTO plans VALUES ('adjust', 'Least change', NULL, NULL, 'computed', 0, 'm', 'districting');
            INSERT INTO plans VALUES ('draft-1', 'Ours', 'adjust', 0, 'draft', 1, 'm', 'Li');
            INSERT INTO revisions VALUES ('adjust', 0, 'begin', NULL, 'districting', 'm');
            INSERT INTO revisions VALUES ('draft-1', 0, 'begin', NULL, 'Li', 'm'), ('draft-1', 1, 'move', NULL, 'Li', 'm');
            INSERT INTO labels VALUES ('adjust', 'a', 0, 'A'), ('draft-1', 'a', 0, 'A'), ('draft-1', 'a', 1, 'B');
            INSERT INTO communities VALUES ('draft-1', 'A', 0, 'A', 'S', 'A', 1.0, 2.0, 'existing');
            INSERT INTO verdicts VALUES ('draft-1', 1, 1, '[]');
            INSERT INTO locks VALUES (1, 'draft-1', 'community', 'A', '[]', 'Li', 'm');
            INSERT INTO comments VALUES (1, 'draft-1', 'A', NULL, NULL, 'first', NULL, 'Li', 'm', NULL);
            INSERT INTO comments VALUES (2, 'draft-1', NULL, 3.0, 4.0, 'second', 1, 'Li', 'm', 'then');
            INSERT INTO votes VALUES ('draft-1', 'A', 'Li', 'approve', 'm');
            INSERT INTO names VALUES (1, 'draft-1', 'A', '文艺社区', 'Li', 'm');
            INSERT INTO name_votes VALUES (1, 'Li');
            INSERT INTO audit (moment, person, action, plan_id, before, after, detail)
            VALUES ('m', 'districting', 'begin', 'adjust', NULL, 0, '{}'), ('m', 'Li', 'move', 'draft-1', 0, 1, '{}');
            """
        )
    return path


def begin(store: Store, plan_id: str, label: str) -> Drafts:
    """A review with one draft."""
    drafts = Drafts(store)
    notes = [CommunityNote(label, label, "S", label)]
    drafts.begin(plan_id, title=plan_id, status="draft", labels={"a": label}, communities=notes, person="p")
    return drafts


def test_an_earlier_review_is_taken_over_once_beside_others(tmp_path: Path) -> None:
    old = old_review(tmp_path / "out.review.sqlite")
    bytes_before = old.read_bytes()
    records = tmp_path / "case.records.gpkg"
    with Store(records, review_id="other") as other:  # its numbers are taken already
        begin(other, "draft-1", "Z")
        other_talk = Talk(other)
        person = People(other).resident("Wang")
        assert other_talk.comments() == []
    with Store(records, review_id="run1") as store:
        assert take_over(store, old)
        drafts, talk = Drafts(store), Talk(store)
        assert [(one.plan_id, one.parent_id, one.revision) for one in drafts.all()] == [
            ("adjust", None, 0),
            ("draft-1", "adjust", 1),
        ]
        assert drafts.labels("draft-1") == {"a": "B"}
        assert drafts.labels("draft-1", 0) == {"a": "A"}
        assert drafts.verdict("draft-1", 1) == (True, "[]")
        first, second = talk.comments()
        assert (second["answers"], second["settled"]) == (first["comment_id"], "then")
        assert [(one["name"], one["voters"]) for one in talk.names()] == [("文艺社区", ["Li"])]
        assert [lock.community_id for lock in Locks(store).of("draft-1")] == ["A"]
        (li,) = People(store).all()
        assert (li["name"], li["person_id"]) == ("Li", person + 1)
        assert [entry.action for entry in store.entries()] == ["begin", "move", "take_over"]
        assert not take_over(store, old)
    with Store(records, review_id="run2") as later:
        moved = old.rename(tmp_path / "elsewhere.review.sqlite")
        assert not take_over(later, moved)
        assert Drafts(later).all() == []
    assert moved.read_bytes() == bytes_before


def test_what_is_no_earlier_review_is_refused_and_an_earlier_one_is_no_store(tmp_path: Path) -> None:
    with Store(tmp_path / "case.records.gpkg", review_id="r") as store:
        assert not take_over(store, tmp_path / "none.review.sqlite")
        (tmp_path / "text.review.sqlite").write_text("no database" * 200, encoding="utf-8")
        with pytest.raises(StoreError):
            take_over(store, tmp_path / "text.review.sqlite")
    with pytest.raises(StoreError) as refused:
        Store(old_review(tmp_path / "old.sqlite"))
    assert refused.value.faults[0].key == "fault.store_earlier"


def test_reviews_of_two_runs_in_one_file_do_not_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "case.records.gpkg"
    with Store(path, review_id="one") as one, Store(path, review_id="two") as two:
        first, second = begin(one, "draft-1", "A"), begin(two, "draft-1", "B")
        second.revise("draft-1", expected=0, kind="move", moves={"a": None}, person="q")
        assert (first.get("draft-1").revision, second.get("draft-1").revision) == (0, 1)
        assert (first.labels("draft-1"), second.labels("draft-1")) == ({"a": "A"}, {"a": None})
        people = People(one)
        token = people.invite("Li", "planner", by="p")
        assert People(two).join(token) is None
        secret = people.join(token)
        assert secret is not None
        assert People(two).of_session(secret) is None
        person = people.of_session(secret)
        assert person is not None
        comment = Talk(one).comment(person, "draft-1", "mine")
        with pytest.raises(MissingError):
            Talk(two).settle(person, comment, settled=True)
        assert Talk(two).comments() == []
        assert [entry.action for entry in two.entries()] == ["begin", "move"]
        Locks(one).hold("draft-1", ["A"], person="p")
        assert Locks(two).of("draft-1") == []
