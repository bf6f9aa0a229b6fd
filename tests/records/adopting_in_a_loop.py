"""Adopts two plans in turn until it is killed. Each line on stdin starts a fresh process; its number is printed,
and a line for every move that is safely written.

Started by ``test_crash.py``. The packages are read once: the processes are forks.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from districting.records.adopted_layers import AdoptedLayers
from districting.records.adoption import Asked, Plans
from districting.records.archive import Archive
from districting.records.store import Store

FIGURES = {"households_moved": 1, "communities": 1, "findings_must": 0}


def main(path: Path, places: list[Path]) -> None:
    """Fork a process for each line."""
    archives = [Archive.pack(place, place.parent.parent / "run.json") for place in places]
    layers = [AdoptedLayers.read(place) for place in places]
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            adopt_in_turn(path, archives, layers)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("gone", flush=True)


def adopt_in_turn(path: Path, archives: list[Archive], layers: list[AdoptedLayers]) -> None:
    """Enter plan after plan, submit and approve each: every approval supersedes the one before."""
    plans = Plans(Store(path))
    number = len(plans.all())
    while True:
        which = number % 2
        plan_ref = f"run{number}/{'ab'[which]}"
        print(plans.enter(plan_ref, plan_ref, archives[which], Asked("p"), figures=FIGURES).move_key, flush=True)
        print(plans.move(plan_ref, Asked("p"), findings_must=0).move_key, flush=True)
        asked = Asked("p", date="2026-11-22")
        print(plans.move(plan_ref, asked, findings_must=0, layers=layers[which]).move_key, flush=True)
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
