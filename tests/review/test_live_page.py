"""The live page in two real browsers: edits, comments and votes of one are seen by the other; a killed server loses nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.review.conftest import until
from tests.review.seats import SPOT, Seat, branch, go, pick, revision
from tests.review.serving import Served


@pytest.fixture(scope="module")
def served(out: Path) -> Iterator[Served]:
    """The server; a test may put another in its place."""
    running = Served.start(out, "Wang:planner")
    yield running
    running.end()


@pytest.fixture(scope="module")
def seats(browser: Browser, served: Served) -> Iterator[tuple[Seat, Seat]]:
    """The planner at this machine and Wang, both before the same fresh draft."""
    made = [Seat.take(browser, address) for address in (served.start_link, served.links[0])]
    here, wang = made
    here.sees("window.review.state.ready && window.review.ground")
    branch(here, "draft")
    wang.sees("review.state.plans.some((one) => one.plan_id === 'draft-1')")
    wang.page.select_option("#live-plan", "draft-1")
    for seat in made:
        seat.sees("window.review && review.pagePlan && review.pagePlan.id === 'draft-1' && review.ground")
        seat.page.click("#live-select")
    yield here, wang
    for seat in made:
        seat.page.context.close()


def both_at(seats: tuple[Seat, Seat], number: int) -> None:
    """Wait until both pages know a revision and its verdict."""
    for seat in seats:
        seat.sees(f"review.plan.revision === {number} && review.plan.adoptable !== null")
        seat.sees("review.pagePlan.flag && review.pagePlan.flag.kind !== 'wait'")


def test_what_one_moves_the_other_sees_at_once_with_its_verdict(seats: tuple[Seat, Seat]) -> None:
    here, wang = seats
    first = revision(here)
    spot = pick(here)
    go(here, spot["community"])
    both_at(seats, first + 1)
    for seat in seats:
        until(lambda seat=seat: seat.holder(spot["atom"]) == spot["community"])
    here.page.click("#live-undo")
    both_at(seats, first + 2)
    until(lambda: wang.holder(spot["atom"]) == spot["before"])
    wang.page.click("#live-redo")
    both_at(seats, first + 3)
    until(lambda: here.holder(spot["atom"]) == spot["community"])
    assert here.complaints == wang.complaints == []


def test_comments_and_votes_are_live_and_stay_text(seats: tuple[Seat, Seat]) -> None:
    here, wang = seats
    wang.ask("review.page.maps && document.querySelector('#tab-community').click()")
    wang.page.click("#panel table button.link >> nth=0")
    wang.sees("document.querySelector('#live-approve')")
    wang.page.click("#live-approve")
    wang.page.fill("#live-comment", "<img src=x onerror=alert(1)> fine with us")
    wang.page.click("#live-say")
    here.sees("review.state.comments.length === 1 && review.state.votes.length === 1")
    said = here.page.locator("#live .comment .text").first
    assert said.inner_text() == "<img src=x onerror=alert(1)> fine with us"
    assert here.page.locator("#live .comment img").count() == 0
    assert wang.page.input_value("#live-comment") == ""
    wang.ask("document.querySelector('#panel .clear')?.click()")


def test_who_moves_too_late_is_shown_the_difference_and_loses_nothing_of_the_choice(
    seats: tuple[Seat, Seat],
) -> None:
    here, wang = seats
    first = revision(here)
    both_at(seats, first)
    wang.ask("{ review.later = () => {} }")  # as if the line were slow
    spot = pick(wang)
    pick(here)
    go(here, spot["community"])
    here.sees(f"review.plan.revision === {first + 1}")
    go(wang, spot["community"])
    told = wang.sees("review.message && review.message.kind === 'bad' && review.message.text")
    assert "quicker" in told or "先行修改" in told
    chosen = f"review.painter.marks.has({spot['atom']}) && review.painter.atoms.has({spot['atom']})"
    assert wang.ask(chosen)
    assert wang.holder(spot["atom"]) == spot["community"]
    wang.page.reload()
    wang.sees("window.review && review.pagePlan && review.ground")
    both_at(seats, first + 1)


def test_a_border_is_pushed_by_dragging_and_a_locked_community_holds(seats: tuple[Seat, Seat]) -> None:
    here, _ = seats
    first = revision(here)
    here.page.click("#live-push")
    spot = here.page.evaluate(SPOT)
    here.page.mouse.move(*spot["from"])
    here.page.mouse.down()
    here.page.mouse.move(*spot["at"], steps=8)
    here.sees("review.painter.atoms.size")
    here.page.mouse.up()
    here.sees(f"review.plan.revision === {first + 1} || review.options.length")
    if revision(here) == first + 1:
        until(lambda: here.holder(spot["atom"]) == spot["community"])
        here.page.click("#live-undo")
        both_at(seats, first + 2)
    here.ask("review.drop()")
    here.page.click("#live-lock-all")
    here.sees("review.state.locks.length === review.pagePlan.communities.length")
    here.page.click("#live-select")
    here.page.mouse.click(*spot["at"])
    here.sees(
        "review.options.length && review.options.every((one) => one.doubts.some((doubt) => doubt.strength === 'stop'))"
    )
    assert here.page.locator("#live .go:not([disabled])").count() == 0
    here.ask("review.drop()")
    here.page.click("#live-unlock-all")
    here.sees("review.state.locks.length === 0")


def test_a_server_killed_during_an_edit_leaves_the_old_state_or_the_new_one_and_the_pages_go_on(
    seats: tuple[Seat, Seat], served: Served, out: Path
) -> None:
    here, wang = seats
    first = revision(here)
    both_at(seats, first)
    comments = here.ask("review.state.comments.length")
    spot = pick(here)
    here.page.evaluate("(to) => { review.move(to); }", spot["community"])
    served.end(signal.SIGKILL)
    here.sees("!review.connected")
    here.page.evaluate("() => { review.turn('undo'); }")
    here.sees("review.message && review.message.text.includes('may not be saved')")
    again = Served.start(out, port=served.port)
    served.process = again.process
    for seat in (here, wang):
        seat.sees("review.connected && review.state.ready")
    now = revision(here)
    assert now in (first, first + 1)
    expected = spot["community"] if now == first + 1 else spot["before"]
    for seat in (here, wang):
        until(lambda seat=seat: seat.ask("review.plan.revision") == now and seat.holder(spot["atom"]) == expected)
    assert "is back" in here.ask("review.message.text"), "nobody is left with a loss that is over"
    assert here.ask("review.state.comments.length") == comments
