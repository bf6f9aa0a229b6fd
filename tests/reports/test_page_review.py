"""Comments, votes and proposals on the page, reading without eyes, and paper: driven in a real Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from districting.reports.comment_files import page_key, read_comment_files
from districting.reports.page import write_compare_page
from tests.reports.browsing import Visit, visit
from tests.reports.pages import furnished, write_page
from tests.reports.town import SOUTH, WEST

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("page") / "index.html", furnished())


@pytest.fixture(scope="module")
def opened(browser: Browser, path: Path) -> Iterator[Visit]:
    with visit(browser, path) as page:
        page.page.wait_for_selector("body[data-ready]")
        yield page
        assert page.complaints == []


@pytest.fixture
def page(opened: Visit) -> Page:
    """The page with nothing written on it, at the middle of the atom a21 (A's today, B's in the plan)."""
    opened.page.evaluate(
        """() => { const { store } = window.comparePage;
            store.kept.author = ''; store.clear(); window.location.hash = `#tab=community&point=-50,-100,adjust&at=${Math.random()}`; }"""
    )
    opened.page.wait_for_function(
        "() => window.comparePage.state.pointPlan === 'adjust' && document.querySelector('#comment-text')"
    )
    return opened.page


def _exported(page: Page, folder: Path) -> dict[str, Any]:
    page.click("#tab-review")
    with page.expect_download() as download:
        page.click("#export")
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return {"path": target, **json.loads(target.read_text(encoding="utf-8"))}


def test_a_comment_is_pinned_where_it_was_written_and_exported_in_the_cases_coordinates(
    page: Page, path: Path, tmp_path: Path
) -> None:
    page.fill("#comment-text", "菜市场应归 <B> 社区")
    page.click("#comment-add")
    page.click("#tab-review")
    page.fill("#author", "长安路街道办")
    page.keyboard.press("Tab")
    assert page.locator("#tab-review").inner_text() == "意见 1"
    file = _exported(page, tmp_path)
    assert file["page"] == page_key(path)
    (told,) = read_comment_files([file["path"]])
    (comment,) = told.comments
    assert (comment.plan, comment.community, comment.author) == ("adjust", "B", "长安路街道办")
    assert comment.text == "菜市场应归 <B> 社区"
    # The town is 400 m by 300 m; the page counts from its middle.
    assert (comment.x - WEST, comment.y - SOUTH) == pytest.approx((150, 50), abs=0.1)


def test_votes_and_proposals_become_ballots_and_locks(page: Page, tmp_path: Path) -> None:
    page.click("#vote-reject-adjust")
    assert page.locator("#vote-reject-adjust").get_attribute("aria-pressed") == "true"
    page.click(".proposal summary")
    for kind in ("keep", "merge", "together", "compound"):
        page.locator(".proposal select").first.select_option(kind)
        page.click("#proposal-add")
    (told,) = read_comment_files([_exported(page, tmp_path)["path"]])
    assert [(one.community, one.vote) for one in told.ballots] == [("B", "reject")]
    locks = [one.lock for one in told.proposals]
    assert [lock.kind for lock in locks] == ["keep", "merge", "together", "together"]
    assert locks[0].communities == ("A",), "a lock names a community of today"
    assert locks[1].communities == ("A", "B")
    assert "a21" in locks[2].atoms and len(locks[2].atoms) == 2
    assert locks[3].compounds == ("P1",)


def test_a_vote_is_taken_back_by_pressing_again_and_replaced_by_the_other(page: Page) -> None:
    votes = "() => window.comparePage.store.kept.votes.map((one) => one.vote)"
    page.click("#vote-approve-adjust")
    page.click("#vote-reject-adjust")
    assert page.evaluate(votes) == ["reject"]
    page.click("#vote-reject-adjust")
    assert page.evaluate(votes) == []


def test_what_was_written_is_there_when_the_page_is_opened_again(page: Page, path: Path) -> None:
    page.fill("#comment-text", "明天再看")
    page.click("#comment-add")
    again = page.context.new_page()
    again.goto(path.as_uri())
    again.wait_for_selector("body[data-ready]")
    again.click("#tab-review")
    assert again.locator("#panel .entry .what").all_inner_texts() == ["明天再看"]
    again.click("#panel button.entry")
    assert again.evaluate("() => window.comparePage.state.point.map(Math.round)") == [-50, -100]
    again.close()


def test_a_file_is_read_back_once_and_a_strange_one_is_refused(page: Page, tmp_path: Path) -> None:
    page.fill("#comment-text", "一次")
    page.click("#comment-add")
    file = _exported(page, tmp_path)["path"]
    page.set_input_files("#panel input[type=file]", file)
    page.wait_for_function("() => document.querySelector('[role=status]')?.textContent")
    assert page.locator("#panel .entry .what").all_inner_texts() == ["一次"]
    strange = tmp_path / "strange.json"
    strange.write_text('{"format": "districting-comments", "page": "0", "comments": []}', encoding="utf-8")
    page.set_input_files("#panel input[type=file]", strange)
    page.wait_for_function("() => document.querySelector('[role=status]').textContent.includes('未读入')")


#: Quotes, line ends, a family of three joined signs, right-to-left text, an override of direction.
STRANGE = "Он сказал: \"нет\" 'да'\n第二行 </script>\\ 👨‍👩‍👧 שלום \u202eabc =1+1"


def test_whatever_is_written_comes_back_as_it_was(page: Page, tmp_path: Path) -> None:
    page.fill("#comment-text", STRANGE)
    page.click("#comment-add")
    file = _exported(page, tmp_path)["path"]
    (told,) = read_comment_files([file])
    assert told.comments[0].text == STRANGE
    page.evaluate("() => window.comparePage.store.clear()")
    page.set_input_files("#panel input[type=file]", file)
    page.wait_for_selector("#panel .entry .what")
    assert page.evaluate("() => document.querySelector('#panel .entry .what').textContent") == STRANGE
    assert page.locator("#panel .entry .what").get_attribute("dir") == "auto"


def test_what_another_reviewer_wrote_stays_theirs(page: Page, path: Path, tmp_path: Path) -> None:
    said = {"plan": "adjust", "community": "B", "name": "B社区", "time": "2026-03-01T09:00:00Z"}
    other = {
        "format": "districting-comments", "version": 1, "page": page_key(path), "author": "王",
        "comments": [{**said, "id": "1", "x": WEST, "y": SOUTH, "text": "好"}, {**said, "x": "east", "text": "坏"}, 7],
        "votes": [{**said, "id": "2", "vote": "approve"}, {**said, "vote": "maybe"}], "proposals": "none",
    }  # fmt: skip
    file = tmp_path / "wang.json"
    file.write_text(json.dumps(other, ensure_ascii=False), encoding="utf-8")
    page.click("#vote-reject-adjust")
    page.click("#tab-review")
    page.fill("#author", "李")
    page.keyboard.press("Tab")
    page.set_input_files("#panel input[type=file]", file)
    page.wait_for_function("() => window.comparePage.store.count === 3")
    (told,) = read_comment_files([_exported(page, tmp_path)["path"]])
    assert [(one.author, one.text) for one in told.comments] == [("王", "好")]
    assert sorted((one.author, one.vote) for one in told.ballots) == [("李", "reject"), ("王", "approve")]


@pytest.fixture
def today_alone(tmp_path: Path) -> Path:
    """The page of a later run, whose plan of least change is gone: another key."""
    given = furnished()
    later = tmp_path / "later.html"
    write_compare_page(
        later, territory=given.territory, divisions=given.divisions[:1], findings=given.findings, figures=given.figures,
        comparison=given.comparison, run=given.run, policy=given.policy, language="zh",
    )  # fmt: skip
    return later


def _write_all(page: Page) -> None:
    """A comment on today, a vote on the plan, and a proposal about a community of today."""
    page.evaluate(
        """() => { const { store, data } = window.comparePage; store.sign('王工');
            store.add('comments', { plan: 'today', community: '', name: '', x: -50, y: -100, text: '过窄' });
            const { id, name } = data.plans[1].communities[0]; store.vote('adjust', id, name, 'approve');
            store.add('proposals', { plan: 'adjust', kind: 'keep', communities: [data.plans[0].communities[0].id], text: '保持', reason: '' }); }"""
    )


def test_what_was_written_before_the_case_was_solved_again_is_offered_as_far_as_it_fits(
    page: Page, today_alone: Path, tmp_path: Path
) -> None:
    _write_all(page)
    before = page.evaluate("() => window.comparePage.data.key")
    later = page.context.new_page()
    later.goto(today_alone.as_uri())
    later.wait_for_selector("body[data-ready]")
    offer = later.locator("section.earlier")
    assert "2 条仍适用于本页" in offer.inner_text()
    assert offer.locator("li").all_inner_texts() == ["赞成 " + page.evaluate(
        "() => window.comparePage.data.plans[1].communities[0].name") + " — 本页没有这个方案"]  # fmt: skip
    later.click("#earlier-take-0")
    assert later.locator("#panel .entries .what").all_inner_texts() == ["过窄", "A<幸福>社区保持不变"]
    assert later.evaluate("() => window.comparePage.store.kept.comments[0].x") == -50
    assert later.evaluate("() => window.comparePage.store.kept.author") == "王工"
    with later.expect_download() as download:  # what does not fit is carried away as the file of its own page
        later.click("#earlier-export-0")
    left = tmp_path / "left.json"
    download.value.save_as(left)
    (told,) = read_comment_files([left])
    assert (told.page, len(told.ballots), len(told.comments)) == (before, 1, 0)
    later.click("#earlier-drop-0")
    later.reload()
    later.wait_for_selector("body[data-ready]")
    assert offer.count() == 0, "neither again, nor twice"
    assert later.evaluate("() => window.comparePage.store.count") == 2
    assert page.evaluate("() => window.comparePage.store.count") == 3, "the page of before keeps its own"
    later.evaluate("() => window.comparePage.store.clear()")
    later.close()


def test_a_vote_does_not_come_along_where_the_land_has_changed_and_a_file_of_another_version_is_weighed_alike(
    page: Page, path: Path, tmp_path: Path
) -> None:
    _write_all(page)
    file = _exported(page, tmp_path)["path"]
    told = json.loads(file.read_text(encoding="utf-8"))
    told["page"] = "0123456789abcdef"
    told["votes"].append({**told["votes"][0], "id": "moved", "community": "B", "name": "乙", "land": "1 0 0 1 1"})
    for entry in (*told["comments"], *told["votes"], *told["proposals"]):
        entry["id"] += "-"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(told), encoding="utf-8")
    page.evaluate("() => { window.comparePage.store.clear(); document.getElementById('tab-review').click(); }")
    page.set_input_files("#panel input[type=file]", other)
    page.wait_for_selector("section.earlier")
    assert "3 条仍适用于本页" in page.locator("section.earlier").inner_text()
    assert page.locator("section.earlier li").all_inner_texts() == [
        "赞成 乙 — 该社区的范围或户数已与表决时不同，请重新表决"
    ]
    page.click("#earlier-take-0")
    assert page.evaluate("() => window.comparePage.store.count") == 3
    page.click("#earlier-drop-0")
    page.wait_for_selector("section.earlier", state="detached")


def test_two_windows_of_the_page_keep_what_either_writes_or_removes(page: Page, path: Path) -> None:
    other = page.context.new_page()
    other.goto(path.as_uri())
    other.wait_for_selector("body[data-ready]")
    texts = "() => window.comparePage.store.kept.comments.map((one) => one.text)"
    add = "(text) => window.comparePage.store.add('comments', { plan: 'adjust', community: '', name: '', x: 0, y: 0, text })"
    page.evaluate(add, "甲")
    other.wait_for_function("() => window.comparePage.store.count === 1")
    other.evaluate(add, "乙")
    page.wait_for_function("() => window.comparePage.store.count === 2")
    page.evaluate(
        "() => { const { store } = window.comparePage; store.remove('comments', store.kept.comments[0].id); }"
    )
    other.wait_for_function("() => window.comparePage.store.count === 1")
    assert (page.evaluate(texts), other.evaluate(texts)) == (["乙"], ["乙"])
    other.close()


def test_a_browser_that_keeps_nothing_is_told_so(browser: Browser, path: Path) -> None:
    context = browser.new_context(offline=True)
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]")
    page.click("#tab-review")
    assert "请务必先导出" in page.locator("[role=alert]").inner_text()
    context.close()


def test_the_page_has_no_barrier_that_axe_finds(browser: Browser, tmp_path: Path) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="the extra dev is not installed"
    ).Axe()
    written = write_page(tmp_path / "index.html", furnished(), "en")
    with visit(browser, written) as opened:
        page = opened.page
        page.wait_for_selector("body[data-ready]")
        page.evaluate("() => { window.location.hash = '#layout=one&tab=community&point=-50,-100,adjust'; }")
        page.wait_for_selector("#comment-text")
        page.fill("#comment-text", "…")
        page.click("#comment-add")
        page.click("#vote-reject-adjust")
        page.click(".proposal summary")
        page.click("#proposal-add")
        checked = 0
        for tab in ("community", "compare", "findings", "flow", "review"):
            page.click(f"#tab-{tab}")
            found = axe.run(page).response
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], tab
            checked += len(found["passes"])
        assert checked > 50, "axe ran"


def test_paper_holds_the_maps_and_every_table(page: Page, tmp_path: Path) -> None:
    page.click("#tab-review")
    page.emulate_media(media="print")
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    text = page.locator("#paper").inner_text()
    for told in ("方案比较", "求解证明", "图例", "问题 · 现状", "问题 · 变动最少", "全部社区"):
        assert told in text
    assert page.locator("aside").is_hidden()
    width, shown = page.evaluate(
        "() => { const one = document.querySelector('.pane canvas'); return [one.width, one.clientWidth]; }"
    )
    assert width == 2 * shown, "sharp on paper; of more dots Chromium draws a smaller map, with a wrong scale"
    heads = page.locator("#paper h4, #paper .rule")
    assert heads.count() > 0
    alone = "(all) => all.filter((one) => !one.closest('.held')?.querySelector('li')).length"
    assert page.locator("#paper .rule").evaluate_all(alone) == 0, "a rule stands with its first finding"
    assert page.locator("#paper details").count() == 0, "on paper nothing unfolds"
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("#paper").inner_text() == ""
    target = tmp_path / "page.pdf"
    page.pdf(path=target, prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", target.read_bytes())
    assert sizes and all((round(float(w)), round(float(h))) == (1191, 842) for w, h in sizes), "A3, across"


def test_the_key_of_a_page_is_that_of_what_it_shows_not_of_its_language(
    path: Path, today_alone: Path, tmp_path: Path
) -> None:
    assert page_key(write_page(tmp_path / "en.html", furnished(), "en")) == page_key(path)
    assert page_key(today_alone) != page_key(path)
