"""The card of a place, and the search by community, road, compound and address: driven in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from districting.assessment.resources import resources
from tests.reports.browsing import visit
from tests.reports.pages import furnished, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    given = furnished()
    told = resources(given.divisions[1], given.territory, given.policy, before=given.divisions[0])
    assert told.before is not None
    path = write_page(
        tmp_path_factory.mktemp("page") / "index.html", given, resources={"today": told.before, "adjust": told}
    )
    with visit(browser, path) as opened:
        opened.page.wait_for_selector("body[data-ready]")
        yield opened.page
        assert opened.complaints == []


def _search(page: Page, text: str) -> str:
    """Search, take the first suggestion, and return the panel's text."""
    page.fill("#search", text)
    page.keyboard.press("Enter")
    page.fill("#search", "")
    return page.locator("#panel").inner_text()


def _rows(page: Page, head: str) -> list[str]:
    return [row for row in page.locator("#panel tbody tr").all_inner_texts() if row.startswith(head)]


def test_an_address_tells_where_it_belongs_before_and_after(page: Page) -> None:
    # Buildings are numbered row by row: the tenth stands in a21, which goes from A to B.
    panel = _search(page, "幸福路10号")
    assert panel.startswith("幸福路10号现属A<幸福>社区；按“变动最少”划归B<幸福>社区。")
    assert _rows(page, "归属") == ["归属\tA<幸福>社区\tB<幸福>社区"]


def test_a_compound_is_found_by_name(page: Page) -> None:
    _search(page, "阳光")
    assert _rows(page, "归属")[0].startswith("归属")
    assert page.locator("#panel .place").inner_text() == "阳光家园现属B<幸福>社区；按“变动最少”归属不变。"


def test_a_building_is_found_by_its_id_and_by_parts_of_its_address(page: Page) -> None:
    for typed in ("b21", "福路 １０号", "10号"):
        assert _search(page, typed).startswith("幸福路10号现属A<幸福>社区"), typed
    page.fill("#search", "0号")
    assert page.locator("#suggestions li").all_inner_texts() == ["幸福路10号\n地址 b21"]
    page.fill("#search", "1")
    told = [text.split("\n")[0] for text in page.locator("#suggestions li").all_inner_texts()]
    assert told == ["幸福路1号", "幸福路10号", "幸福路11号", "幸福路12号"], "by number, not by sign"
    page.fill("#search", "")


def test_a_road_tells_the_communities_on_both_its_sides(page: Page) -> None:
    panel = _search(page, "友谊路")
    assert panel.startswith("友谊路")
    assert _rows(page, "现状")[0].split("\t")[1] == "B<幸福>社区、C<幸福>社区"


def test_suggestions_say_what_kind_of_place_they_are(page: Page) -> None:
    page.fill("#search", "路")
    kinds = {text.split("\n")[1].split(" ")[0] for text in page.locator("#suggestions li").all_inner_texts()}
    assert kinds >= {"道路", "地址"}
    page.fill("#search", "")


def test_the_card_names_the_four_sides_once_for_plans_that_agree(page: Page) -> None:
    _search(page, "C<幸")
    assert page.locator("#panel .sides dt").all_inner_texts() == ["现状、变动最少"]
    told = page.locator("#panel .sides dd").inner_text()
    assert told == "东至辖区外缘，南至沣河，西至友谊路，北至城墙、围墙。"


def test_the_card_tells_what_is_done_and_which_finding_that_mends(page: Page) -> None:
    _search(page, "B<幸")
    assert page.locator("#panel .steps li").all_inner_texts() == ["调整：将A<幸福>社区 600 户划入B<幸福>社区。"]
    assert page.locator("#panel .because + .findings .what").all_inner_texts() == [
        "A<幸福>社区：3,600 户，超过上限 3,000 户。"
    ]
    _search(page, "C<幸")
    assert page.locator("#panel .steps").count() == 0


def test_the_card_tells_where_households_come_from_and_go_to(page: Page) -> None:
    _search(page, "B<幸")
    told = page.locator("#panel .flows").all_inner_texts()
    assert told[0] == "来自 B<幸福>社区 1,800、A<幸福>社区 600"
    page.locator("#panel .flows button", has_text="A<").click()
    assert page.locator("#panel .flows").all_inner_texts()[-1] == "去往 A<幸福>社区 3,000、B<幸福>社区 600"


def test_a_community_that_keeps_its_households_tells_of_no_flow(page: Page) -> None:
    _search(page, "C<幸")
    assert page.locator("#panel .flows").count() == 0


def test_the_table_shows_the_measure_that_is_asked_for(page: Page) -> None:
    page.select_option("#panel .row select", "area_m2")
    assert _rows(page, "A<")[-1] == "A<幸福>社区\t0.06\t调0.05"
    page.select_option("#panel .row select", "households")


def test_the_card_tells_of_staff_and_rooms_what_the_policy_asks_for(page: Page) -> None:
    _search(page, "A<幸")
    # Xi'an: 30 m² of rooms per 100 households; A has 3,600 today and 3,000 under the plan. Nobody counted the rooms.
    assert "社区综合服务设施 平方米\t1,080\t900" in _rows(page, "社区综合服务设施")
