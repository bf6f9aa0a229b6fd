"""Revisions of a plan: nothing is lost, undo and redo restore every label, who comes late sees the difference."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.records.store import Store
from districting.review.drafts import CommunityNote, Drafts
from districting.review.locks import Held, check_moves
from districting.review.refusals import ConflictError, MissingError, StaleError

ATOMS = ("a", "b", "c", "d")


def drafts_in(folder: Path) -> Drafts:
    """A store with one draft: every atom in A."""
    drafts = Drafts(Store(folder / "s.gpkg"))
    notes = [CommunityNote(one, one, "S", one) for one in "AB"]
    drafts.begin(
        "draft-1", title="one", status="draft", labels=dict.fromkeys(ATOMS, "A"), communities=notes, person="p"
    )
    return drafts


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["undo", "redo"]),
            st.dictionaries(st.sampled_from(ATOMS), st.sampled_from(["A", "B", None]), min_size=1),
        ),
        max_size=12,
    )
)
def test_undo_and_redo_restore_every_label_as_a_pile_of_states_does(
    steps: list[str | dict[str, str | None]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        drafts = drafts_in(Path(folder))
        done: list[dict[str, str | None]] = [drafts.labels("draft-1")]
        undone: list[dict[str, str | None]] = []
        for step in steps:
            at = drafts.get("draft-1").revision
            if step == "undo" or step == "redo":
                pile = done[1:] if step == "undo" else undone
                turn = drafts.undo if step == "undo" else drafts.redo
                if not pile:
                    with pytest.raises(ConflictError):
                        turn("draft-1", expected=at, person="p")
                    continue
                turn("draft-1", expected=at, person="p")
                (undone if step == "undo" else done).append((done if step == "undo" else undone).pop())
            else:
                assert isinstance(step, dict)
                drafts.revise("draft-1", expected=at, kind="move", moves=step, person="p")
                done.append({**done[-1], **step})
                undone.clear()
            assert drafts.labels("draft-1") == done[-1]
        for entry, revision in zip(drafts.store.entries()[1:], drafts.history("draft-1")[1:], strict=True):
            assert (entry.before, entry.after) == (revision.revision - 1, revision.revision)
        drafts.store.close()


def test_who_comes_late_is_told_what_changed_and_by_whom_and_nothing_is_written(tmp_path: Path) -> None:
    drafts = drafts_in(tmp_path)
    drafts.revise("draft-1", expected=0, kind="move", moves={"b": "B"}, person="Li")
    with pytest.raises(StaleError) as refused:
        drafts.revise("draft-1", expected=0, kind="move", moves={"a": "B"}, person="Wang")
    assert refused.value.moves == {"b": ("A", "B")}
    assert refused.value.people == ("Li",)
    assert drafts.get("draft-1").revision == 1
    assert drafts.labels("draft-1")["a"] == "A"
    drafts.store.close()


def test_a_branch_begins_where_its_parent_stood_and_goes_its_own_way(tmp_path: Path) -> None:
    drafts = drafts_in(tmp_path)
    drafts.revise("draft-1", expected=0, kind="move", moves={"a": "B"}, person="p")
    other = drafts.branch("draft-1", title="one", person="q", revision=0)
    assert (other.title, other.parent_id, other.parent_revision) == ("one (2)", "draft-1", 0)
    assert set(drafts.labels(other.plan_id).values()) == {"A"}
    drafts.revise(other.plan_id, expected=0, kind="move", moves={"d": "B"}, person="q")
    assert drafts.labels("draft-1") == {"a": "B", "b": "A", "c": "A", "d": "A"}
    with pytest.raises(MissingError):
        drafts.branch("draft-1", title="x", person="q", revision=2)
    drafts.store.close()


def test_only_drafts_change(tmp_path: Path) -> None:
    drafts = drafts_in(tmp_path)
    drafts.mark("draft-1", "for_review", expected=0, person="p")
    with pytest.raises(ConflictError):
        drafts.revise("draft-1", expected=0, kind="move", moves={"a": "B"}, person="p")
    drafts.mark("draft-1", "draft", expected=0, person="p")
    assert drafts.revise("draft-1", expected=0, kind="move", moves={"a": "B"}, person="p") == 1
    drafts.store.close()


@pytest.mark.parametrize(
    ("lock", "moves"),
    [
        (Held(1, "p", "community", "A", (), "x", ""), {"a": "B"}),
        (Held(1, "p", "community", "B", (), "x", ""), {"a": "B"}),
        (Held(1, "p", "together", None, ("a", "b"), "x", ""), {"a": "B"}),
    ],
)
def test_a_lock_stops_moves_out_of_and_into_a_community_and_between_atoms_that_stay_together(
    lock: Held, moves: dict[str, str | None]
) -> None:
    before: dict[str, str | None] = {"a": "A", "b": "A", "c": "B"}
    with pytest.raises(ConflictError):
        check_moves([lock], before, moves, {})
    check_moves([lock], before, {"a": "A"}, {})
