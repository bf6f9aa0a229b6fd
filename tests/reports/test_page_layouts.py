"""One map for two plans, what the filters leave, and the address: driven in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.reports.browsing import Visit, visit
from tests.reports.pages import furnished, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with visit(browser, write_page(tmp_path_factory.mktemp("page") / "index.html", furnished())) as page:
        page.page.wait_for_selector("body[data-ready]")
        yield page
        assert page.complaints == [], page.complaints[:2]


@pytest.fixture
def page(opened: Visit, request: pytest.FixtureRequest) -> Page:
    """The page as it opens: no selection, no filter, plans side by side."""
    opened.page.evaluate(
        "(name) => { window.location.hash = `#plans=today,adjust&for=${name}`; }", request.node.name
    )
    opened.page.wait_for_function(
        """() => { const { state } = window.comparePage;
            return state.layout === 'side' && !state.point && !state.only.changed && !state.only.findings; }"""
    )
    return opened.page


def _colour(page: Page, x_share: float) -> list[int]:
    """Colour of the map's canvas beside the middle of its height, without names: above the land's lower edge."""
    return page.evaluate(
        """async (x) => {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const { maps, data } = window.comparePage;
            const pane = maps.panes[0];
            const [w, s, e, n] = data.bounds;
            const at = pane.map.latLngToContainerPoint([s + 0.03 * (n - s), w + x * (e - w)]);
            const copy = new OffscreenCanvas(1, 1).getContext('2d');
            copy.drawImage(pane.canvas, Math.round(at.x), Math.round(at.y), 1, 1, 0, 0, 1, 1);
            return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }""",
        x_share,
    )


def test_one_map_shows_two_plans_at_a_divider_that_the_keyboard_moves(page: Page) -> None:
    page.click("#layouts button[data-layout=one]")
    assert page.locator(".pane").count() == 1
    divider = page.locator(".divider")
    assert divider.get_attribute("role") == "slider"
    divider.focus()
    page.keyboard.press("End")  # today fills the map
    assert divider.get_attribute("aria-valuenow") == "100"
    before = _colour(page, 0.45)
    page.keyboard.press("Home")  # the plan fills it: the atom is B's, hatched
    after = _colour(page, 0.45)
    assert before != after
    page.keyboard.press("ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "2"
    assert "变动最少 98%" in (divider.get_attribute("aria-valuetext") or "")


def test_the_divider_is_dragged_and_a_click_asks_about_the_plan_under_it(page: Page) -> None:
    page.click("#layouts button[data-layout=one]")
    box = page.locator(".pane").bounding_box()
    handle = page.locator(".divider").bounding_box()
    assert box is not None and handle is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], handle["y"] + 60, steps=3)
    page.mouse.up()
    assert page.evaluate("() => window.comparePage.maps.swipe") == pytest.approx(0.8, abs=0.01)
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert page.evaluate("() => window.comparePage.state.pointPlan") == "today"


def test_the_plans_of_the_one_map_are_switched_on_both_sides(page: Page) -> None:
    page.click("#layouts button[data-layout=one]")
    page.click("#plans button[data-plan=today]")
    page.select_option(".pane-head select", "adjust")
    state = page.evaluate("() => [window.comparePage.state.left, window.comparePage.state.right]")
    assert state == ["adjust", "today"]
    assert "现状" in page.locator(".pane-head.right").inner_text()


def test_the_address_opens_the_same_picture_again(page: Page, opened: Visit, browser: Browser) -> None:
    page.click("#layouts button[data-layout=one]")
    page.locator(".divider").focus()
    page.keyboard.press("PageUp")
    page.click("#only-changed")
    page.click("#tab-flow")
    page.evaluate("() => window.comparePage.maps.fit(-100, -100, 50, 50)")
    page.wait_for_function("() => window.location.hash.includes('view')")
    page.wait_for_timeout(400)
    address = page.url
    other = page.context.new_page()
    other.goto(address)
    other.wait_for_selector("body[data-ready]")
    told = """() => { const { state, maps } = window.comparePage;
        return [state.layout, state.right, Math.round(100 * maps.swipe), state.only, state.tab, Math.round(10 * maps.view.zoom)]; }"""
    assert other.evaluate(told) == page.evaluate(told)
    other.close()


def test_an_address_that_names_nothing_known_opens_the_plain_page(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url.split("#")[0] + "#layout=three&plans=nobody&view=a,b,c&point=1&within=<b>&tab=x&swipe=900")
    other.wait_for_selector("body[data-ready]")
    assert other.locator(".pane").count() == 2
    other.close()


def test_only_what_changes_is_left_in_the_table_and_the_rest_steps_back_on_the_map(page: Page) -> None:
    page.click("#tab-community")
    page.click("#only-changed")
    names = page.locator("#panel tbody th").all_inner_texts()
    assert names == ["A<幸福>社区", "B<幸福>社区"], "C stays"
    kept = page.evaluate(
        "() => [...window.comparePage.data.plans.map((plan) => window.comparePage.state && plan.veil !== undefined)]"
    )
    assert kept == [True, True]
    page.click("#only-changed")
    assert page.locator("#panel tbody th").count() == 3


def test_only_findings_leaves_the_communities_that_have_some(page: Page) -> None:
    page.click("#tab-community")
    page.click("#only-findings")
    assert page.locator("#panel tbody th").all_inner_texts() == ["A<幸福>社区"]
    page.click("#only-findings")


def test_enter_on_a_map_asks_about_its_middle(page: Page) -> None:
    page.click("#whole")
    page.locator(".ground").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => window.comparePage.state.point.map(Math.round)") == pytest.approx([0, 0], abs=15)
    assert page.locator("#tab-community").get_attribute("aria-selected") == "true"


def test_tables_sort_by_any_column_and_say_so(page: Page) -> None:
    page.click("#tab-community")
    page.locator("#panel th button.sort").nth(1).click()
    head = page.locator("#panel thead th").nth(1)
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("#panel tbody th").first.inner_text() == "A<幸福>社区"
    page.locator("#panel th button.sort").nth(1).click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("#panel tbody th").last.inner_text() == "A<幸福>社区"


def test_flows_stand_in_a_picture_and_in_a_table(page: Page) -> None:
    page.click("#tab-flow")
    assert page.locator("#panel tbody tr").all_inner_texts() == ["A<幸福>社区\tB<幸福>社区\t600"]
    nodes = page.locator(".sankey .node")
    assert nodes.count() == 4, "A and B on both sides; C stays whole and is left out"
    nodes.first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").first.inner_text().startswith("A<幸福>社区")


def test_what_becomes_of_each_community_stands_in_the_table(page: Page) -> None:
    page.click("#tab-community")
    marks = page.locator("#panel tbody abbr").all_inner_texts()
    assert marks == ["调", "调"], "A and B are adjusted; that C is kept goes without saying"
    assert page.locator("#panel tbody abbr").first.get_attribute("title") == "调整"


#: What is cut off: tabs beyond their row, and words over a map that reach beyond it or cover each other.
_CUT = """() => {
    const said = [], inside = (one, of) => one.left >= of.left - 0.5 && one.right <= of.right + 0.5;
    const row = document.querySelector('[role=tablist]').getBoundingClientRect();
    for (const tab of document.querySelectorAll('[role=tab]')) {
        if (!inside(tab.getBoundingClientRect(), row) || tab.scrollWidth > tab.clientWidth) said.push(tab.textContent);
    }
    for (const pane of document.querySelectorAll('.pane')) {
        const parts = [...pane.querySelectorAll('.pane-head > *')].map((one) => one.getBoundingClientRect());
        if (parts.some((one) => !inside(one, pane.getBoundingClientRect()))) said.push(pane.dataset.plan);
        if (parts.some((one, at) => parts.some((other, to) => at < to && one.left < other.right - 0.5 && other.left < one.right - 0.5 && one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5))) said.push(`${pane.dataset.plan} overlaps`);
        if (pane.querySelector('.pane-head').offsetHeight > 70) said.push(`${pane.dataset.plan} is high`);
    }
    return said;
}"""


def test_tabs_and_heads_of_maps_are_whole_at_every_width_in_both_languages(page: Page) -> None:
    before = page.viewport_size
    assert before is not None
    for width in (1024, 1200, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        for _ in range(2):
            page.click("#language")
            assert page.evaluate(_CUT) == [], (width, page.evaluate("document.documentElement.lang"))
    page.set_viewport_size(before)
