"""Files of comments, from the page to the locks of the next run."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from districting.case import Case
from districting.cli.app import app
from districting.errors import InputError
from districting.flow.run import Run
from districting.plans.lock_checks import broken_locks
from districting.plans.posing import LockRequest
from districting.reports.comment_files import CommentError, CommentFile, ProposedLock, page_key, read_comment_files
from districting.reports.comments import Collected, collect, write_collected
from districting.study import Study

PAGE = "0123456789abcdef"


def exported(folder: Path, name: str, **more: Any) -> Path:
    """A file as the page exports it."""
    path = folder / f"{name}.json"
    document = {"format": "districting-comments", "version": 1, "page": PAGE, "author": name, **more}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def comment(
    text: str, *, community: str = "A", x: float = 1.0, time: str = "2026-03-01T09:00:00Z"
) -> dict[str, Any]:
    return {
        "plan": "adjust",
        "community": community,
        "name": f"{community}社区",
        "x": x,
        "y": 2,
        "text": text,
        "time": time,
    }


def vote(way: str, *, community: str = "A", time: str = "2026-03-01T09:00:00Z") -> dict[str, Any]:
    return {"plan": "adjust", "community": community, "name": f"{community}社区", "vote": way, "time": time}


def ask(kind: str, *, time: str = "2026-03-01T09:00:00Z", **names: Any) -> dict[str, Any]:
    return {"kind": kind, "text": f"{kind} {names}", "reason": "", "time": time, **names}


def gathered(*paths: Path) -> Collected:
    return collect(read_comment_files(paths), page=PAGE)


def test_what_came_twice_counts_once(tmp_path: Path) -> None:
    one = exported(tmp_path, "李", comments=[comment("路  太窄"), comment("路 太窄"), comment("路 太窄", x=90)])
    told = gathered(one, exported(tmp_path, "王", comments=[comment("路 太窄")]), one)
    said = [(what.author, what.x, copies) for what, copies in told.comments]
    assert sorted(said) == [("李", 1.0, 4), ("李", 90.0, 2), ("王", 1.0, 1)]
    assert told.folded == 4


def test_the_latest_vote_of_a_person_counts_and_unsigned_ones_each(tmp_path: Path) -> None:
    early = exported(tmp_path, "李", votes=[vote("approve")])
    late = exported(tmp_path, "late", author="李", votes=[vote("reject", time="2026-03-02T09:00:00Z")])
    nobody = exported(tmp_path, "x", author="", votes=[vote("approve", time=f"2026-03-0{day}") for day in (3, 4)])
    (tally,) = gathered(late, early, nobody).tallies
    assert (tally.approve, tally.reject) == (("—", "—"), ("李",))


def test_people_who_differ_are_named(tmp_path: Path) -> None:
    told = gathered(
        exported(tmp_path, "李", votes=[vote("approve")]), exported(tmp_path, "王", votes=[vote("reject")])
    )
    (differ,) = told.contradictions
    assert differ.sentence("zh") == "对“adjust”中的A社区意见不一：赞成 李，反对 王"


@pytest.mark.parametrize(
    ("one", "other", "contrary"),
    [
        (ask("keep", communities=["A"]), ask("split", communities=["A"]), True),
        (ask("keep", communities=["A"]), ask("merge", communities=["A", "B"]), True),
        (ask("merge", communities=["A", "B"]), ask("split", communities=["B"]), True),
        (ask("keep", communities=["A"]), ask("split", communities=["B"]), False),
        (ask("together", atoms=["1", "2"]), ask("apart", atoms=["2", "1"]), True),
        (ask("together", atoms=["1", "2"]), ask("apart", atoms=["2", "3"]), False),
        (ask("keep", communities=["A"]), ask("seat", communities=["A"]), False),
    ],
)
def test_locks_that_no_plan_keeps_together_are_told_and_left_out(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], contrary: bool
) -> None:
    told = gathered(exported(tmp_path, "李", proposals=[one]), exported(tmp_path, "王", proposals=[other]))
    assert len(told.contradictions) == contrary
    assert len(tomllib.loads(told.locks("zh")).get("locks", [])) == (0 if contrary else 2)
    assert told.locks("en").count("# [[locks]]") == (2 if contrary else 0)


def test_apart_is_contrary_to_what_is_tied_through_others(tmp_path: Path) -> None:
    asked = [ask("together", atoms=["1", "2"]), ask("together", atoms=["2", "3"]), ask("apart", atoms=["1", "3"])]
    told = gathered(exported(tmp_path, "李", proposals=asked))
    assert {at for one in told.contradictions for at in one.proposals} == {0, 1, 2}


def test_an_entry_taken_over_from_another_file_names_its_own_author(tmp_path: Path) -> None:
    both = exported(tmp_path, "李", votes=[{**vote("approve"), "author": "王"}, vote("reject")])
    (tally,) = gathered(both, exported(tmp_path, "王", votes=[vote("approve")])).tallies
    assert (tally.approve, tally.reject) == (("王",), ("李",))


def test_text_that_no_file_or_terminal_takes_is_mended(tmp_path: Path) -> None:
    """JSON can name half of a sign; an escape would paint the screen; a family is three joined signs."""
    file = tmp_path / "odd.json"
    text = "\\ud83d \\u001b[31m 👨‍👩‍👧"
    entry = json.dumps(comment("…"), ensure_ascii=False).replace("…", text)
    head = '{"format": "districting-comments", "version": 1, "page": "feed", "author": "李", "comments": ['
    file.write_text(f"{head}{entry}]}}", encoding="utf-8")
    told = gathered(file)
    write_collected(told, tmp_path / "out", language="zh")
    (row,) = csv.DictReader(io.StringIO(told.table(), newline=""))
    assert row["text"] == "\ufffd  [31m 👨‍👩‍👧"


def test_a_file_nested_beyond_reason_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(CommentError, match=r"deep\.json"):
        read_comment_files([file])


def test_the_same_lock_of_two_people_is_one_with_both_their_reasons(tmp_path: Path) -> None:
    files = [
        exported(tmp_path, who, proposals=[{**ask("merge", communities=names), "reason": why}])
        for who, names, why in (("李", ["A", "B"], "小"), ("王", ["B", "A"], "近"))
    ]
    (one,) = gathered(*files).proposals
    assert (one.people, one.reasons) == (("李", "王"), ("小", "近"))


@given(text=st.text(max_size=60))
def test_whatever_people_write_stays_a_remark_of_the_locks_and_a_cell_of_the_table(text: str) -> None:
    asked = ProposedLock(LockRequest("keep", communities=("A",)), text, text, text, "2026")
    told = collect([CommentFile(Path("f.json"), PAGE, (), (), (asked,))], page=PAGE)
    assert tomllib.loads(told.locks("zh")) == {"locks": [{"kind": "keep", "communities": ["A"]}]}
    (row,) = csv.DictReader(io.StringIO(told.table(), newline=""))
    assert row["kind"] == "keep"
    assert not row["text"].startswith(("=", "+", "-", "@"))


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    other = tmp_path / "other.json"
    other.write_text("[]", encoding="utf-8")
    wrong = exported(
        tmp_path,
        "wrong",
        comments=[comment(""), {**comment("a"), "x": "east"}],
        votes=[vote("maybe")],
        proposals=[ask("explode", communities=["A"]), ask("keep"), ask("keep", communities="A")],
    )
    newer = exported(tmp_path, "newer", version=2)
    with pytest.raises(CommentError) as caught:
        read_comment_files([broken, other, wrong, newer, tmp_path / "absent.json"])
    sentences = caught.value.sentences("en")
    assert len(sentences) == 10
    assert any("entry 1 of votes: 'vote' is maybe, expected approve, reject" in one for one in sentences)


def test_a_folder_without_a_page_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommentError) as caught:
        page_key(tmp_path)
    (sentence,) = caught.value.sentences("en")
    assert sentence.endswith(
        "index.html is no compare page. Give the folder that propose wrote, or the page itself."
    )


def test_the_verb_gathers_prints_and_writes_locks_that_the_next_run_keeps(
    handed_over: Path, solved: tuple[Study, Run], hamlet: Path, tmp_path: Path
) -> None:
    study, _ = solved
    atoms = study.territory.atoms.table
    homes = atoms.groupby("community_id")["households"].sum()
    kept = next(str(one) for one, count in homes.items() if 1500 < count < 4500)
    asked = [ask("keep", communities=[kept])]
    files = [
        exported(tmp_path, "李", page=page_key(handed_over), comments=[comment("好")], proposals=asked),
        exported(tmp_path, "王", page="feed", proposals=asked),
    ]
    into = tmp_path / "comments"
    verb = ["comments", str(handed_over), *map(str, files), "-o", str(into), "-l", "en"]
    done = CliRunner().invoke(app, verb)
    assert done.exit_code == 0, done.output
    assert "1 comment, 0 votes, 1 proposal; 1 said twice" in done.output
    assert "王.json was written on another page" in done.output
    assert sorted(file.name for file in into.iterdir()) == ["comments.csv", "comments.json", "locks.toml"]

    hamlet.write_text(
        hamlet.read_text(encoding="utf-8") + (into / "locks.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    locked = study.with_settings({"modes": ("adjust",)})
    locked.case = dataclasses.replace(locked.case, locks=Case.read(hamlet).locks)
    assert locked.case.locks == (LockRequest("keep", communities=(kept,)),)
    (alternative,) = locked.propose(engine="serial").alternatives
    ids = [one for one in locked.subdistrict_ids([]) if one not in alternative.plan.unresolved]
    assert broken_locks(alternative.judged.division, locked.territory, locked.case.locks, ids) == []


def test_the_verb_never_replaces_the_run(handed_over: Path, tmp_path: Path) -> None:
    file = exported(tmp_path, "李")
    before = sorted(handed_over.rglob("*"))
    done = CliRunner().invoke(app, ["comments", str(handed_over), str(file), "-o", str(handed_over)])
    assert isinstance(done.exception, InputError)
    assert sorted(handed_over.rglob("*")) == before


def test_the_verb_answers_as_data(handed_over: Path, tmp_path: Path) -> None:
    file = exported(tmp_path, "李", votes=[vote("approve")])
    done = CliRunner().invoke(app, ["comments", str(handed_over), str(file), "-o", str(tmp_path / "c"), "--json"])
    told = json.loads(done.stdout)
    assert told["votes"][0]["approve"] == ["李"]
    assert told["other_page"] == ["李.json"]
