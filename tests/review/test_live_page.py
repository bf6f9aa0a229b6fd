"""The live page in two real browsers: edits, comments and votes of one are seen by the other; a killed server loses nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.reports.browsing import chromium
from tests.review.conftest import until
from tests.review.serving import Served

#: Where an atom of the draft lies on the screen: one that can go to a neighbour without any doubt.
_SPOT = """async () => {
  const live = window.review, plan = live.pagePlan, atoms = live.page.maps.scene.atoms;
  const pane = live.page.maps.panes.find((one) => one.plan === plan);
  for (let atom = 0; atom < atoms.n; atom++) {
    const told = await live.server.tell("POST", `plans/${plan.id}/look`, {revision: live.plan.revision, atoms: [live.ground.atoms[atom]]});
    const good = told.find((one) => one.community && !one.doubts.length);
    const [x, y] = atoms.middle(atom);
    if (!good || atoms.at(x, y) !== atom) continue;
    const from = Array.from(plan.label).findIndex((at, other) => plan.communities[at].id === good.community && atoms.at(...atoms.middle(other)) === other && atoms.around(atom).includes(other));
    if (from < 0) continue;
    const box = pane.box.getBoundingClientRect();
    const spot = (at) => { const [u, v] = atoms.middle(at); const p = pane.map.latLngToContainerPoint([v, u]); return [box.left + p.x, box.top + p.y]; };
    return {atom, community: good.community, at: spot(atom), from: spot(from), before: plan.communities[plan.label[atom]].id};
  }
  return null;
}"""


@dataclass
class Seat:
    """Somebody at a browser."""

    page: Page
    complaints: list[str]

    def ask(self, script: str) -> Any:
        """What a script gives; None while the page is being loaded anew."""
        try:
            return self.page.evaluate(f"() => {script}")
        except Error as error:
            if "context was destroyed" in str(error) or "navigation" in str(error):
                return None
            raise

    def sees(self, script: str) -> Any:
        """Wait until a script gives something true."""
        return until(lambda: self.ask(script), seconds=120)

    def holder(self, atom: int) -> str:
        """Who holds an atom of the draft on this page."""
        return str(
            self.ask(f"(() => {{ const p = review.pagePlan; return p.communities[p.label[{atom}]].id }})()")
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip that says why."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(out: Path) -> Iterator[Served]:
    """The server; a test may put another in its place."""
    running = Served.start(out, "Wang:planner")
    yield running
    running.end()


@pytest.fixture(scope="module")
def seats(browser: Browser, served: Served) -> Iterator[tuple[Seat, Seat]]:
    """The planner at this machine and Wang, both before the same fresh draft."""
    made = []
    for address in (served.url, served.links[0]):
        page = browser.new_context(viewport={"width": 1500, "height": 860}).new_page()
        seat = Seat(page, [])
        page.on("pageerror", lambda error, seat=seat: seat.complaints.append(str(error)))
        page.goto(address)
        page.wait_for_selector("body[data-live]")
        made.append(seat)
    here, wang = made
    here.sees("window.review.state.ready && window.review.ground")
    here.page.once("dialog", lambda dialog: dialog.accept("draft"))
    here.page.click("#live-branch")
    wang.sees("review.state.plans.some((one) => one.plan_id === 'draft-1')")
    wang.page.select_option("#live-plan", "draft-1")
    for seat in made:
        seat.sees("window.review && review.pagePlan && review.pagePlan.id === 'draft-1' && review.ground")
        seat.page.click("#live-select")
    yield here, wang
    for seat in made:
        seat.page.context.close()


def pick(seat: Seat) -> dict[str, Any]:
    """Select one atom on the map that can go somewhere; the drawer tells where to."""
    spot: dict[str, Any] = seat.page.evaluate(_SPOT)
    seat.page.mouse.click(*spot["at"])
    seat.sees(f"review.options.some((one) => one.community === '{spot['community']}')")
    return spot


def go(seat: Seat, community: str) -> None:
    """Send the selection to a community."""
    seat.page.click(f'#live .go[data-community="{community}"]')


def revision(seat: Seat) -> int:
    """Of the draft, as a page knows it."""
    return int(seat.sees("review.plan && review.plan.revision + 1")) - 1


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
    spot = here.page.evaluate(_SPOT)
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
    again = Served.start(out, port=served.port)
    served.process = again.process
    for seat in (here, wang):
        seat.sees("review.connected && review.state.ready")
    now = revision(here)
    assert now in (first, first + 1)
    expected = spot["community"] if now == first + 1 else spot["before"]
    for seat in (here, wang):
        until(lambda seat=seat: seat.ask("review.plan.revision") == now and seat.holder(spot["atom"]) == expected)
    assert here.ask("review.state.comments.length") == comments
