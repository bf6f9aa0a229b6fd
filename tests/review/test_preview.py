"""What a move would do, on a drawn town of nine atoms with one household a piece."""

from __future__ import annotations

import numpy as np
import pytest

from districting.plans.problem import Window
from districting.review.best import requests
from districting.review.ground import Ground, components
from districting.review.locks import Held
from districting.review.preview import NEW, Desktop

#: Atoms 0 … 8, row by row; the walls of the town are walked across everywhere.
PAIRS = np.array([(0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (7, 8), (0, 3), (3, 6), (1, 4), (4, 7), (2, 5), (5, 8)])


def ground(*, high: float = 5.0, low: float = 2.0) -> Ground:
    """Three by three atoms; a community wants 2 to 5 households."""
    ids = tuple("abcdefghi")
    one = np.ones(9, dtype=np.int64)
    return Ground(
        atom_ids=ids,
        today=dict.fromkeys(ids, "A"),
        households=one,
        people=one * 3.0,
        area_m2=one * 100.0,
        subdistrict=["S"] * 9,
        land=np.ones(9, dtype=bool),
        compound=["x", "x"] + [""] * 7,
        windows=(Window("households", one.astype(float), low, high),),
        edges=PAIRS,
        shared_m=np.full(len(PAIRS), 50.0),
        touching=PAIRS,
        piece=components(9, PAIRS),
        homes=(np.arange(9), ["A"] * 9, one),
        seat_atom={"A": 0},
        strength={"size": "must", "contiguity": "must", "nesting": "must", "compound": "should"},
    )


def desktop(drawing: str, **kinds: float) -> Desktop:
    """A plan drawn as nine letters."""
    own = ground(**kinds)
    labels = dict(zip(own.atom_ids, drawing.split(), strict=True))
    return Desktop(own, labels, {})


def test_a_move_tells_the_sums_of_both_communities_before_and_after() -> None:
    (option,) = [one for one in desktop("A A B  A A B  C C B").options(np.array([1])) if one.community_id == "B"]
    assert [option.before["A"].households, option.after["A"].households] == [4, 3]
    assert [option.before["B"].households, option.after["B"].households] == [3, 4]
    assert (option.after["B"].people, option.after["B"].area_m2, option.after["B"].atoms) == (12, 400.0, 4)
    assert option.after["B"].loose == 0


def test_what_speaks_against_a_move_is_told_before_it_is_made() -> None:
    told = {one.key for one in desktop("A A A  B A B  B B B").option(np.array([4]), "B").objections}
    assert told == {"over"}
    told = {one.key for one in desktop("A A A  B B B  C C C").option(np.array([1]), "B").objections}
    assert told == {"loose", "compound"}
    told = {one.key for one in desktop("A A B  B B B  C C C").option(np.array([0]), NEW).objections}
    assert told == {"under", "seat", "compound"}


def test_targets_are_the_communities_around_the_longest_border_first_and_a_new_one() -> None:
    options = desktop("A A B  A C C  C C C").options(np.array([4]))
    assert [one.community_id for one in options] == ["A", NEW]
    options = desktop("A A A  B C C  B D D").options(np.array([4, 5]))
    assert [one.community_id for one in options] == ["A", "D", "B", NEW]


def test_mending_gives_the_part_without_the_centre_to_whoever_has_room() -> None:
    assert desktop("A B A  B B C  C C C").mend("A") == {"c": "B"}
    assert desktop("A B A  B B C  C C C", high=3.0).mend("A") == {"c": "B"}  # nobody has room: the longest border
    assert desktop("A A B  C C B  C C B").mend("A") == {}


def test_a_lock_is_told_as_a_stop() -> None:
    plan = desktop("A A A  B B B  C C C")
    plan.locks = [Held(1, "p", "community", "B", (), "x", "")]
    assert plan.option(np.array([1]), "B").objections[0].strength == "stop"
    plan.locks = [Held(1, "p", "together", None, ("a", "b"), "x", "")]
    assert [one.key for one in plan.option(np.array([0]), "B").objections if one.strength == "stop"] == ["parted"]
    assert not [one for one in plan.option(np.array([0, 1]), "B").objections if one.strength == "stop"]


def test_households_moved_are_counted_home_by_home() -> None:
    own = ground()
    assert own.households_moved(own.today) == 0
    assert own.households_moved({**own.today, "a": "B", "b": None}) == 2


def test_a_locked_community_is_asked_of_the_optimizer_by_its_atoms_and_those_around_it() -> None:
    own = ground()
    labels = dict(zip(own.atom_ids, ["A", "A", "B", "A", "A", "B", "C", "C", "B"], strict=True))
    lock = Held(1, "p", "community", "B", (), "x", "")
    made = requests([lock], labels, own.today, atom_ids=own.atom_ids, edges=own.edges)
    assert (made[0].kind, made[0].atoms) == ("together", ("c", "f", "i"))
    assert {(one.kind, one.atoms[1]) for one in made[1:]} == {("apart", "b"), ("apart", "e"), ("apart", "h")}
    (kept,) = requests([lock], labels, labels, atom_ids=own.atom_ids, edges=own.edges)
    assert (kept.kind, kept.communities) == ("keep", ("B",))


@pytest.mark.parametrize(("edges", "labels"), [([], [0, 1, 2]), ([(2, 0)], [0, 1, 0])])
def test_parts_are_numbered_by_their_first_atom(edges: list[tuple[int, int]], labels: list[int]) -> None:
    assert components(3, np.array(edges, dtype=np.int64).reshape(-1, 2)).tolist() == labels
