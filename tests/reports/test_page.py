"""The compare page, driven in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from districting.plans.division import Division
from districting.reports.page import write_compare_page
from tests.places import needs_shared
from tests.reports.beilin import beilin, shuffled_plan
from tests.reports.browsing import Visit, visit
from tests.reports.pages import write_page
from tests.reports.town import study


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The town's page, opened once."""
    with visit(browser, write_page(tmp_path_factory.mktemp("page") / "index.html", study())) as page:
        page.page.wait_for_selector("body[data-ready]")
        yield page


@pytest.fixture(autouse=True)
def _whole(request: pytest.FixtureRequest) -> None:
    """Each test starts from the whole map and no selection."""
    if "opened" in request.fixturenames:
        page = request.getfixturevalue("opened").page
        page.keyboard.press("Escape")
        page.click("#whole")
        page.click("#tab-compare")


def _click_map(opened: Visit, plan: str, x_share: float, y_share: float) -> None:
    """Click in the land, by share of its width and height from the north-west."""
    point = opened.page.evaluate(
        """([plan, x, y]) => {
            const { maps, data } = window.comparePage;
            const [w, s, e, n] = data.bounds;
            const pane = maps.panes.find((one) => one.plan.id === plan);
            const at = pane.map.latLngToContainerPoint([n - y * (n - s), w + x * (e - w)]);
            const box = pane.box.getBoundingClientRect();
            return [box.left + at.x, box.top + at.y];
        }""",
        [plan, x_share, y_share],
    )
    opened.page.mouse.click(*point)


@pytest.mark.browser
def test_the_page_opens_offline_and_asks_for_nothing(opened: Visit) -> None:
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in opened.requests if url.startswith("file:")]) == 1
    assert opened.complaints == []
    assert opened.page.locator("h1").inner_text() == "小镇<方案>"
    assert opened.page.locator(".made").inner_text() == "合成数据"


@pytest.mark.browser
def test_today_and_the_plan_stand_side_by_side_and_are_drawn(opened: Visit) -> None:
    heads = opened.page.locator(".pane-head").all_inner_texts()
    assert len(heads) == 2
    assert "现状" in heads[0]
    assert "变动最少" in heads[1] and "600" in heads[1]
    colours = opened.page.evaluate(
        """() => [...document.querySelectorAll('.pane canvas')].map((canvas) => {
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < pixels.length; i += 4) seen.add(pixels.slice(i, i + 3).join());
            return seen.size;
        })"""
    )
    assert min(colours) > 20


@pytest.mark.browser
def test_a_click_tells_the_figures_of_that_place_in_every_plan(opened: Visit) -> None:
    _click_map(opened, "today", 0.375, 0.9)  # the atom that goes from A to B, off its building and labels
    panel = opened.page.locator("#panel").inner_text()
    rows = {row.split("\t")[0].split(" ")[0]: row.split("\t")[1:] for row in panel.splitlines() if "\t" in row}
    assert rows["归属"] == ["A<幸福>社区", "B<幸福>社区"]
    assert rows["户数"] == ["3,600", "2,400"]
    assert "超过上限 3,000 户" in panel


@pytest.mark.browser
def test_zoom_and_pan_keep_in_step(opened: Visit) -> None:
    views = """() => window.comparePage.maps.panes.map(
        ({ map }) => [map.getZoom(), map.getCenter().lng, map.getCenter().lat])"""
    before = opened.page.evaluate(views)
    box = opened.page.locator(".pane").first.bounding_box()
    assert box is not None
    opened.page.mouse.move(box["x"] + 150, box["y"] + 200)
    opened.page.mouse.wheel(0, -400)
    opened.page.wait_for_timeout(300)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 210, box["y"] + 240, steps=4)
    opened.page.mouse.up()
    opened.page.wait_for_timeout(400)
    after = opened.page.evaluate(views)
    assert after[0][0] > before[0][0]
    # Leaflet counts in whole pixels: panes whose widths differ by one may stand a pixel apart.
    assert after[0] == pytest.approx(after[1], abs=1.01 * 2 ** -after[0][0])


@pytest.mark.browser
def test_plans_are_switched_off_and_on_by_keyboard(opened: Visit) -> None:
    chip = opened.page.locator("#plans button").nth(1)
    chip.focus()
    opened.page.keyboard.press("Enter")
    assert opened.page.locator(".pane").count() == 1
    assert chip.get_attribute("aria-pressed") == "false"
    opened.page.keyboard.press("Enter")
    assert opened.page.locator(".pane").count() == 2


@pytest.mark.browser
def test_what_the_canvas_shows_stands_in_a_table_that_the_search_narrows(opened: Visit) -> None:
    opened.page.click("#tab-community")
    assert opened.page.locator("#panel tbody tr").count() == 3
    opened.page.fill("#search", "c<幸")
    assert opened.page.locator("#panel tbody tr").all_inner_texts() == ["C<幸福>社区\t1,800\t1,800"]
    opened.page.keyboard.press("Enter")
    assert opened.page.locator("#panel h2").first.inner_text().startswith("C<幸福>社区")
    opened.page.fill("#search", "")


@pytest.mark.browser
def test_the_search_suggests_and_the_keyboard_chooses(opened: Visit) -> None:
    page = opened.page
    page.keyboard.press("/")
    page.keyboard.type("幸福")
    options = page.locator("#suggestions [role=option]")
    assert options.all_inner_texts() == [f"{letter}<幸福>社区\n长安路街道" for letter in "ABC"]
    assert page.locator("#search").get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("#search").get_attribute("aria-activedescendant") == "suggestion-1"
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").first.inner_text().startswith("B<幸福>社区")
    assert page.locator("#suggestions").is_hidden()
    page.fill("#search", "")


@pytest.mark.browser
def test_a_community_that_gave_its_middle_away_is_found_where_it_lives_on(
    browser: Browser, tmp_path: Path
) -> None:
    """A keeps its south-western atom; the middle of its old land is B's."""
    given = study(drawing="B B B C\nB B B C\nA B B C")
    with visit(browser, write_page(tmp_path / "index.html", given)) as page:
        page.page.wait_for_selector("body[data-ready]")
        page.page.fill("#search", "A<幸")
        page.page.keyboard.press("Enter")
        rows = [row for row in page.page.locator("#panel tbody tr").all_inner_texts() if row.startswith("归属")]
        assert rows == ["归属\tA<幸福>社区\tA<幸福>社区"]


@pytest.mark.browser
def test_findings_stand_under_their_rule_with_its_reading(opened: Visit) -> None:
    opened.page.click("#tab-findings")
    rule = opened.page.locator(".rule").first.inner_text()
    assert rule.splitlines()[0] == "优化社区规模设置·合理划分社区管辖范围"
    assert "户数或人数符合其一即可" in rule


@pytest.mark.browser
def test_distances_say_how_they_were_measured(opened: Visit) -> None:
    """The town's reach rule is straight."""
    assert "平均直线距离" in opened.page.locator("#panel").inner_text()


@pytest.mark.browser
def test_a_phone_shows_the_maps_above_the_panel(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, write_page(tmp_path / "index.html", study()), width=420, height=860) as page:
        page.page.wait_for_selector("body[data-ready]")
        maps, panel = page.page.locator("#maps").bounding_box(), page.page.locator("aside").bounding_box()
        assert maps is not None and panel is not None
        assert maps["width"] == panel["width"] == 420
        assert panel["y"] >= maps["y"] + maps["height"]
        assert page.page.evaluate("document.documentElement.scrollWidth") == 420


@pytest.mark.browser
def test_the_head_of_the_page_stays_in_sight_wherever_the_focus_goes(opened: Visit) -> None:
    opened.page.click("#tab-community")
    opened.page.evaluate("() => [...document.querySelectorAll('#panel button')].pop().scrollIntoView()")
    assert opened.page.evaluate("() => document.scrollingElement.scrollTop") == 0
    head = opened.page.locator("h1").bounding_box()
    assert head is not None and head["y"] >= 0


@pytest.mark.browser
def test_a_finding_zooms_to_its_community(opened: Visit) -> None:
    zoom = "() => window.comparePage.maps.panes[0].map.getZoom()"
    before = opened.page.evaluate(zoom)
    opened.page.click("#tab-findings")
    opened.page.locator(".finding.must").first.click()
    assert opened.page.evaluate("() => window.comparePage.state.chosen.get('today')") == 0
    assert opened.page.evaluate(zoom) != before


@pytest.mark.browser
def test_the_certificate_says_what_was_proved(opened: Visit) -> None:
    opened.page.locator("#panel details summary").first.click()
    text = opened.page.locator("#panel details").first.inner_text()
    assert "1/1 个街道已证明" in text
    assert "600\t600\t0.00%\t3→3" in text


@pytest.mark.browser
def test_the_page_speaks_english(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, write_page(tmp_path / "index.html", study(generated=False), language="en")) as page:
        page.page.wait_for_selector("body[data-ready]")
        assert page.page.locator("#tab-findings").inner_text() == "Findings"
        assert page.page.locator(".made").count() == 0
        page.page.click("#tab-findings")
        assert "above the maximum of 3,000 households" in page.page.locator(".finding").first.inner_text()
        assert page.page.locator(".rule strong").inner_text().startswith("Sizes of communities: reasonable areas")
        assert page.page.locator(".rule p").inner_text().startswith("'Generally'")
        page.page.fill("#search", "A<幸")
        page.page.keyboard.press("Enter")
        text = page.page.locator("body").inner_text()
        assert "Households\t3,600" in text, "the unit is not said twice"
        assert not re.search("[（），。：]", text), "punctuation of the other language"
        assert page.complaints == []


@pytest.mark.browser
def test_the_page_changes_its_language_and_back_without_being_opened_again(opened: Visit) -> None:
    page = opened.page
    panel = "() => document.querySelector('#panel').innerText"
    page.click("#tab-findings")
    before = [page.title(), page.locator("header").inner_text(), page.evaluate(panel)]
    page.click("#language")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#tab-findings").inner_text() == "Findings"
    assert page.locator(".pane-head").first.inner_text().startswith("Today")
    assert page.locator(".made").inner_text() == "Generated data"
    assert page.locator("#search").get_attribute("placeholder").startswith("Find a community")
    for tab in ("findings", "compare", "flow", "review", "community"):
        page.click(f"#tab-{tab}")
        said = page.evaluate(panel) + page.locator("header").inner_text() + page.locator("#maps").inner_text()
        assert not re.search("[（），。：；]", said), f"{tab} is half in Chinese"
    page.wait_for_function("() => window.location.hash.includes('lang=en')")
    page.click("#language")
    page.click("#tab-findings")
    assert [page.title(), page.locator("header").inner_text(), page.evaluate(panel)] == before


@pytest.mark.browser
def test_roads_and_rivers_are_named_where_they_are_seen(opened: Visit) -> None:
    """The two named roads run from north to south, the river lies under the last row."""
    told = opened.page.evaluate(
        """async () => {
            const said = [];
            const write = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
                const { a, b } = this.getTransform();
                said.push([text, Math.round(x), Math.round(y), Math.round(100 * Math.atan2(b, a))]);
                return write.call(this, text, x, y);
            };
            window.comparePage.maps.fit(-200, -150, 200, 150);
            window.comparePage.maps.redraw();
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            CanvasRenderingContext2D.prototype.fillText = write;
            return said;
        }"""
    )
    signs = [(text, y) for text, _, y, turn in told if len(text) == 1 and turn == 0]
    first = "".join(text for text, _ in signs).index("长安路")
    heights = [y for _, y in signs[first : first + 3]]
    assert heights == sorted(set(heights)), "upright, one below the other"
    assert any(text == "沣河" for text, *_ in told)


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    given = study()
    one = write_page(tmp_path / "one.html", given).read_bytes()
    assert one == write_page(tmp_path / "two.html", given).read_bytes()


@needs_shared
@pytest.mark.browser
def test_a_district_of_88_communities_opens_and_stays_small(browser: Browser, tmp_path: Path) -> None:
    ground = beilin()
    given = study()
    plan = Division.of_plan(shuffled_plan(ground, "adjust", share=0.02, seed=1), ground)
    divisions = (Division.today(ground), plan)
    figures = {
        one.name: one.outlines[["name"]].assign(
            households=one.sum_by_community(ground.layers.buildings["households"])
        )
        for one in divisions
    }
    path = tmp_path / "index.html"
    write_compare_page(
        path, territory=ground, divisions=divisions, findings={}, figures=figures, comparison=given.comparison,
        run={}, policy=given.policy, language="zh",
    )  # fmt: skip
    assert path.stat().st_size < 1_000_000
    with visit(browser, path, width=1600, height=950) as page:
        page.page.wait_for_selector("body[data-ready]")
        assert page.complaints == []
        page.page.click("#tab-community")
        assert page.page.locator("#panel tbody tr").count() == 88
