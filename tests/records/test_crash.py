"""Killed at any moment, a case opens with the old or the new state of its records, never a mixture."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from districting.records.archive import Archive
from districting.records.store import Store

SEED = 20261122
KILLS = 20
#: About as long as a move takes to be written, s: the kill falls anywhere in it.
WITHIN_S = 0.03
LETTERS = {"a": "ABC", "b": "VWXYZ"}


def test_a_process_killed_at_20_random_times_while_it_adopts_leaves_whole_states_only(
    tmp_path: Path, places: tuple[Path, Path]
) -> None:
    path = tmp_path / "case.records.gpkg"
    program = Path(__file__).with_name("adopting_in_a_loop.py")
    rng = np.random.default_rng(SEED)
    with subprocess.Popen(
        [sys.executable, program, path, *places],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as loop:
        assert loop.stdin is not None
        assert loop.stdout is not None
        moves = 0
        for _ in range(KILLS):
            loop.stdin.write("go\n")
            loop.stdin.flush()
            child = int(loop.stdout.readline())
            told = moves
            for _ in range(rng.integers(0, 7)):
                told = int(loop.stdout.readline())
            time.sleep(rng.uniform(0.0, WITHIN_S))
            os.kill(child, signal.SIGKILL)
            while (line := loop.stdout.readline()) != "gone\n":
                told = int(line)
            moves = whole(path)
            assert moves >= told, "a move that was told of is gone"
        loop.stdin.close()
    assert moves > KILLS


def whole(path: Path) -> int:
    """Check that status, moves, archives, layers and audit log tell the same; returns the number of moves."""
    store = Store.to_read(path)
    if store is None or not path.stat().st_size:
        return 0
    with store:
        assert store.rows("PRAGMA integrity_check")[0][0] == "ok"
        assert store.rows("PRAGMA foreign_key_check") == []
        moves = [dict(row) for row in store.rows("SELECT * FROM moves ORDER BY move_key")]
        entries = store.entries()
        plans = {row["plan_ref"]: row for row in store.rows("SELECT * FROM plans")}
        archives = {row["sha256"]: row["content"] for row in store.rows("SELECT * FROM archives")}
        land = store.rows("SELECT plan_ref, group_concat(community_id, '') FROM adopted_communities GROUP BY 1")
        homes = store.rows("SELECT plan_ref, group_concat(community_id, '') FROM adopted_buildings GROUP BY 1")
        layers = {row[0] for row in store.rows("SELECT table_name FROM gpkg_geometry_columns")}
    assert [(one.plan_id, one.detail["status"]) for one in entries] == [
        (m["plan_ref"], m["status"]) for m in moves
    ]
    assert {ref: row["status"] for ref, row in plans.items()} == {m["plan_ref"]: m["status"] for m in moves}
    adopted = [ref for ref, row in plans.items() if row["status"] == "approved"]
    for ref, row in plans.items():
        assert Archive(row["archive"], archives[row["archive"]]).unpack(path.parent / ref).is_dir()
    expected = [(ref, LETTERS[ref[-1]]) for ref in adopted]
    assert [tuple(row) for row in land] == [tuple(row) for row in homes] == expected
    assert len(adopted) == (1 if any(m["status"] == "approved" for m in moves) else 0)
    assert layers == ({"adopted_communities", "adopted_buildings"} if adopted else set())
    return len(moves)
