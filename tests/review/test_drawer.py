"""The drawer of the live page in a real browser: what a move does is told before and after, by mouse and by keyboard."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route

from tests.review.conftest import until
from tests.review.seats import SPOT, Seat, branch, go, pick, revision, steer
from tests.review.serving import Served

#: An atom and a community that it could go to, about which the preview says a certain thing.
_WITH_DOUBT = """async (key) => {
  const live = window.review, plan = live.pagePlan;
  for (let atom = 0; atom < plan.label.length; atom++) {
    const told = await live.server.tell("POST", `plans/${plan.id}/look`, {revision: live.plan.revision, atoms: [live.ground.atoms[atom]]});
    const found = told.find((one) => one.community && one.doubts.some((doubt) => doubt.key === key));
    if (found) return {atom, community: found.community, giver: plan.communities[plan.label[atom]].id};
  }
  return null;
}"""


@pytest.fixture(scope="module")
def served(out: Path) -> Iterator[Served]:
    """The server."""
    running = Served.start(out, "Wang:reviewer")
    yield running
    running.end()


@pytest.fixture(scope="module")
def seat(browser: Browser, served: Served) -> Iterator[Seat]:
    """The planner at this machine before a fresh draft."""
    made = Seat.take(browser, served.start_link)
    made.sees("window.review.state.ready && window.review.ground")
    branch(made, "mine")
    judged(made)
    yield made
    assert made.complaints == []
    made.page.context.close()


def judged(seat: Seat) -> int:
    """Wait until the draft has its verdict and the page shows it; returns its revision."""
    seat.sees("review.plan.adoptable !== null && review.pagePlan.shownRevision === review.plan.revision")
    seat.sees("!review.pagePlan.flag || review.pagePlan.flag.kind !== 'wait'")
    return revision(seat)


def select(seat: Seat, *atoms: int) -> None:
    """Take the tool and select atoms by their positions; wait for what the server says."""
    if not seat.ask("review.painter.tool === 'select'"):
        seat.page.click("#live-select")
    seat.page.evaluate(
        "(atoms) => { for (const one of atoms) review.painter.toggle(one, true); return review.look(); }", atoms
    )
    seat.sees("review.options.length")


def choose(seat: Seat, community: str) -> None:
    """Choose a community in the page's own list."""
    seat.page.evaluate(
        "(id) => { const one = review.pagePlan.communities[review.pagePlan.index.get(id)]; "
        "document.querySelector('#search').value = one.name; "
        "document.querySelector('#search').dispatchEvent(new Event('input', {bubbles: true})); }",
        community,
    )
    seat.page.press("#search", "Enter")
    seat.sees(f"review.community && review.community.id === {community!r}")
    seat.page.fill("#search", "")


def faultless(seat: Seat, *, context: str | None = None) -> None:
    """Axe finds no violation."""
    found = Axe().run(seat.page, context=context, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


def test_a_dialog_holds_the_focus_and_escape_leaves_all_as_it_was(seat: Seat) -> None:
    plans = seat.ask("review.state.plans.length")
    seat.page.focus("#live-branch")
    seat.page.keyboard.press("Enter")
    assert seat.ask("document.activeElement.id") == "dialog-field"
    for _ in range(5):
        seat.page.keyboard.press("Tab")
        assert seat.ask(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        )
    faultless(seat)
    seat.page.keyboard.press("Escape")
    seat.sees("!document.querySelector('dialog') && document.activeElement.id === 'live-branch'")
    assert seat.ask("review.state.plans.length") == plans
    seat.page.click("#live-retitle")
    seat.page.fill("#dialog-field", "mine <b>too</b>")
    seat.page.keyboard.press("Enter")
    seat.sees("review.plan.title === 'mine <b>too</b>'")
    assert seat.page.locator("#live b").count() == 0


def test_totals_are_told_before_a_move_and_after_it_with_what_the_checks_say(seat: Seat) -> None:
    first = judged(seat)
    seat.page.click("#live-select")
    spot = pick(seat)
    box = seat.page.locator("#live .option", has=seat.page.locator(f'.go[data-community="{spot["community"]}"]'))
    before = box.locator(".sums li").all_inner_texts()
    assert len(before) == 2
    assert all("→" in text for text in before)
    faultless(seat, context="#live")
    go(seat, spot["community"])
    seat.sees(f"review.plan.revision === {first + 1}")
    judged(seat)
    seat.sees("document.querySelector('#live .option.done')")
    done = seat.page.locator("#live .option.done")
    assert done.locator(".sums li").all_inner_texts() == before
    seat.sees("review.difference")
    households = seat.ask(
        f"review.pagePlan.communities.find((one) => one.id === '{spot['community']}').figures.households"
    )
    assert f"→ {households:,}" in before[-1]


def test_the_filters_and_the_table_follow_an_edit(seat: Seat) -> None:
    seat.page.click("#only-changed")
    before = seat.ask("[...review.page.maps.scene.allowed(review.pagePlan)]")
    first = judged(seat)
    kept = "review.pagePlan.communities.every((one, at) => review.page.maps.scene.allowed(review.pagePlan)[at] === Number(review.pagePlan.touched.has(one.id)))"
    seat.page.click("#live-undo")
    seat.sees(f"review.plan.revision === {first + 1}")
    seat.sees(kept)
    judged(seat)
    assert seat.ask(kept)
    assert seat.ask("[...review.page.maps.scene.allowed(review.pagePlan)]") != before or before.count(1) == len(
        before
    )
    seat.page.click("#only-changed")
    seat.page.click("#tab-community")
    sums = seat.ask(
        "review.plans.get(review.plan.plan_id).communities.map((one) => one.households.toLocaleString('en-US'))"
    )
    rows = " ".join(seat.page.locator("#panel table").inner_text().split())
    assert all(total in rows for total in sums)


def test_what_is_illegal_is_red_before_it_is_made_and_a_torn_community_is_mended(seat: Seat) -> None:
    first = judged(seat)
    found: dict[str, Any] = seat.page.evaluate(_WITH_DOUBT, "loose")
    select(seat, found["atom"])
    button = seat.page.locator(f'#live .go[data-community="{found["community"]}"]')
    assert "must" in str(button.get_attribute("class"))
    button.hover()
    seat.sees("review.painter.refused")
    assert revision(seat) == first
    button.click()
    seat.sees(f"review.plan.revision === {first + 1}")
    judged(seat)
    assert seat.ask("review.plan.must") > 0
    seat.sees("document.querySelector('#live .option.done .doubts .must')")
    choose(seat, found["giver"])
    seat.page.click("#live-mend")
    seat.sees(f"review.plan.revision === {first + 2}")
    for number in (3, 4):
        seat.page.click("#live-undo")
        seat.sees(f"review.plan.revision === {first + number}")
    assert judged(seat) == first + 4


def test_atoms_are_chosen_and_moved_with_the_keyboard_alone(seat: Seat) -> None:
    first = judged(seat)
    page = seat.page
    page.focus("#live-select")
    if seat.ask("review.painter.tool !== 'select'"):
        page.keyboard.press("Enter")
    page.focus(".pane .ground")
    page.keyboard.press(" ")
    seat.sees("review.options.length")
    centre = "(() => { const {map} = review.painter.pane; const {lng, lat} = map.getCenter(); return review.page.maps.scene.atoms.at(lng, lat); })()"
    assert seat.ask("[...review.painter.atoms]") == [seat.ask(centre)]
    page.focus("#live .go:not([disabled]) >> nth=0")
    page.keyboard.press("Enter")
    seat.sees(f"review.plan.revision === {first + 1}")
    page.keyboard.press("Control+z")
    seat.sees(f"review.plan.revision === {first + 2}")


def test_a_border_is_pushed_with_the_keyboard_alone(seat: Seat) -> None:
    first = judged(seat)
    page = seat.page
    page.focus("#live-push")
    page.keyboard.press("Enter")
    spot = page.evaluate(SPOT)
    page.focus(".pane .ground")
    steer(seat, spot["inner"])
    page.keyboard.press(" ")
    seat.sees(f"review.painter.target === {spot['community']!r}")
    told = page.locator("#live .notice[role=status]").last.inner_text()
    assert seat.ask(f"review.nameOf({spot['community']!r})") in told
    faultless(seat, context="#live")
    steer(seat, spot["atom"])
    page.keyboard.press(" ")
    seat.sees(f"[...review.painter.atoms].join() === '{spot['atom']}' && review.options.length === 1")
    assert seat.ask("review.options[0].community") == spot["community"]
    page.keyboard.press("Enter")
    seat.sees(f"review.plan.revision === {first + 1}")
    until(lambda: seat.holder(spot["atom"]) == spot["community"])
    assert seat.ask("review.painter.target") is None
    page.keyboard.press("Control+z")
    seat.sees(f"review.plan.revision === {first + 2}")
    page.focus("#live-push")
    page.keyboard.press("Enter")
    assert seat.ask("review.painter.tool") is None


def test_a_push_that_breaks_a_rule_asks_first_and_escape_drops_it(seat: Seat) -> None:
    first = judged(seat)
    found: dict[str, Any] = seat.page.evaluate(_WITH_DOUBT, "loose")
    seat.page.click("#live-push")
    inner = seat.ask(f"review.pagePlan.label.indexOf(review.pagePlan.index.get({found['community']!r}))")
    seat.page.focus(".pane .ground")
    for atom in (inner, found["atom"]):
        steer(seat, atom)
        seat.page.keyboard.press(" ")
    seat.sees("review.options.length && review.painter.refused")
    seat.page.keyboard.press("Enter")
    seat.sees("document.activeElement.classList.contains('go')")
    assert revision(seat) == first
    seat.page.keyboard.press("Escape")
    seat.sees("!review.painter.atoms.size && review.painter.target === null")
    seat.page.click("#live-push")


def test_a_verdict_that_is_awaited_is_awaited_in_both_languages(seat: Seat) -> None:
    first = judged(seat)
    held: list[Route] = []
    seat.page.route("**/shown", lambda route: held.append(route))
    select(seat, 0)
    seat.page.click("#live .go:not([disabled]) >> nth=0")
    seat.sees(f"review.plan.revision === {first + 1} && review.pagePlan.flag.kind === 'wait'")
    head = seat.page.locator(".pane-head", has=seat.page.locator(".flag.wait"))
    said = []
    for language in ("zh", "en"):
        seat.page.click("#language")
        seat.sees(f"review.language === {language!r}")
        said.append(head.inner_text())
    assert "审查中" in said[0]
    assert "个社区" in said[0]
    assert "being judged" in said[1]
    assert "communities" in said[1]
    until(lambda: seat.ask("review.plan.adoptable !== null") and held)
    for route in held:
        route.continue_()
    seat.page.unroute("**/shown")
    seat.page.click("#live-undo")
    seat.sees(f"review.plan.revision === {first + 2}")
    judged(seat)


def test_a_plan_of_the_run_tells_the_command_that_adopts_it(seat: Seat, out: Path) -> None:
    draft = seat.ask("review.plan.plan_id")
    seat.page.select_option("#live-plan", "adjust")
    seat.sees("review.plan.plan_id === 'adjust' && document.querySelector('#live-fold-adoption')")
    seat.page.click("#live-fold-adoption")
    told = shlex.split(seat.page.locator("#live-command").inner_text())
    assert told[:2] == ["districting", "adopt"]
    assert [Path(one).resolve() for one in told[2:]] == [out.parent / "case.toml", out / "plans" / "adjust"]
    seat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    seat.page.click("#live-copy")
    seat.sees("document.querySelector('#live-copy').textContent.includes('✓')")
    assert shlex.split(seat.page.evaluate("() => navigator.clipboard.readText()")) == told
    faultless(seat, context="#live")
    seat.page.select_option("#live-plan", draft)
    seat.sees(f"review.plan.plan_id === {draft!r}")


def test_a_lock_holds_and_atoms_that_stay_together_are_let_go_again(seat: Seat) -> None:
    judged(seat)
    community, atoms = seat.ask(
        "(() => { const {label, communities} = review.pagePlan; for (let at = 0; at < communities.length; at++) {"
        " const own = [...label.keys()].filter((atom) => label[atom] === at); if (own.length > 1) return [communities[at].id, own.slice(0, 2)]; } })()"
    )
    choose(seat, community)
    seat.page.click("#live-lock")
    seat.sees("review.painter.locked.size === 1")
    select(seat, *atoms)
    seat.sees("review.options.length && !document.querySelector('#live .go:not([disabled])')")
    seat.page.click("#live-unlock-all")
    seat.sees("review.state.locks.length === 0")
    seat.page.click("#live-together")
    seat.sees("review.state.locks.length === 1 && review.state.locks[0].kind === 'together'")
    seat.page.click("#live .held button")
    seat.sees("review.state.locks.length === 0")


def test_the_rest_is_searched_with_progress_and_a_search_can_be_cancelled(seat: Seat) -> None:
    judged(seat)
    seat.page.click("#live-best")
    seat.sees("review.state.searches.length === 1")
    seat.ask("(document.querySelector('#live-cancel') || {click() {}}).click()")
    seat.sees("review.state.searches[0].state !== 'running'")
    assert seat.ask("['cancelled', 'done'].includes(review.state.searches[0].state)")
    assert seat.page.locator("#live .search p").first.inner_text()
    judged(seat)


def test_a_name_is_put_forward_and_adopted_for_a_new_community(seat: Seat) -> None:
    first = judged(seat)
    select(seat, 0)
    seat.page.click('#live .go[data-community=""]')
    seat.sees(f"review.plan.revision === {first + 1}")
    judged(seat)
    fresh = str(
        seat.ask(
            "review.pagePlan.communities.find((one) => !review.page.data.plans[0].index.has(one.id) && one.figures.households !== null).id"
        )
    )
    choose(seat, fresh)
    seat.page.fill("#live-name", "锦绣社区")
    seat.page.click("#live-name-add")
    seat.sees("review.state.names.length === 1")
    seat.page.click("#live .held button:has-text('Adopt')")
    seat.sees(f"review.plan.revision === {first + 2} && review.community && review.community.name === '锦绣社区'")
    judged(seat)


def test_drafts_are_compared_on_the_map_and_only_what_is_adoptable_becomes_final(seat: Seat) -> None:
    judged(seat)
    seat.page.select_option("#live-compare", "redraw")
    seat.sees("review.painter.marks.size > 0")
    assert "Redraw" in seat.page.locator("#live-told").inner_text()
    seat.page.select_option("#live-status", "final")
    seat.sees("review.message && review.message.kind === 'bad'")
    seat.page.select_option("#live-status", "for_review")
    seat.sees("review.plan.status === 'for_review'")
    assert seat.page.locator("#live-select").count() == 0
    seat.page.select_option("#live-status", "draft")
    seat.sees("document.querySelector('#live-select')")


def test_the_drawer_speaks_the_language_that_the_page_is_switched_to(seat: Seat) -> None:
    seat.page.click("#language")
    seat.sees("review.language === 'zh'")
    seat.sees("document.querySelector('#live h2').textContent === '方案'")
    select(seat, 0)
    doubts = seat.ask("review.options.flatMap((one) => one.doubts.map((doubt) => doubt.sentence)).join('')")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in doubts)
    seat.page.click("#live-drop")
    seat.page.click("#language")
    seat.sees("document.querySelector('#live h2').textContent === 'Plan'")


def test_a_proposal_made_on_the_map_is_told_in_both_languages_and_taken_into_the_draft(seat: Seat) -> None:
    spot = seat.page.evaluate(SPOT)
    seat.page.mouse.click(*spot["from"])
    seat.page.click("#panel details.proposal summary")
    seat.page.fill("#proposal-reason", "<b>asked at the door</b>")
    seat.page.click("#proposal-add")
    seat.sees("review.wishes.length === 1")
    box = seat.page.locator("#live .proposal")
    said = box.inner_text()
    assert "as it is" in said
    assert "<b>asked at the door</b>" in said
    seat.page.click("#proposal-add")
    assert "already" in seat.sees("review.message && review.message.text")
    seat.page.click("#live [id^=live-take-]")
    seat.sees("review.taken.length === 1")
    assert seat.page.locator("#live [id^=live-leave-]").count() == 1
    seat.page.click("#tab-review")
    seat.page.click("#language")
    seat.sees("document.querySelector('#live .proposal').textContent.includes('保持不变')")
    assert "本机规划员" in box.inner_text()
    assert seat.sees("document.querySelector('#panel .entries').textContent.includes('保持不变')")
    faultless(seat)
    seat.page.click("#language")
    seat.page.click("#live [id^=live-leave-]")
    seat.sees("review.taken.length === 0")
    seat.page.click("#live [id^=live-withdraw-]")
    seat.sees("review.wishes.length === 0 && !document.querySelector('#panel .entries')")


def test_who_is_shut_out_sees_it_at_once_and_hears_nothing_more(
    seat: Seat, browser: Browser, served: Served
) -> None:
    wang = Seat.take(browser, served.links[0])
    seat.sees("review.state.people.some((one) => one.name === 'Wang') && review.state.present.includes('Wang')")
    seat.page.click("#live-fold-log")
    seat.page.click("#live-fold-people")
    faultless(seat, context="#live")
    seat.page.click("#live button[aria-label*='Wang']")
    seat.page.click("#dialog-done")
    wang.sees("review.ended")
    assert "ended" in wang.page.locator("#live .notice").inner_text()
    assert wang.page.locator("#live button").count() == 0
    until(lambda: "Wang" not in seat.ask("review.state.present"))
    wang.page.context.close()
