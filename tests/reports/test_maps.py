"""The folium map of one division, opened in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from districting.plans.division import Division
from districting.reports.maps import write_map
from tests.reports.beilin import beilin, shuffled_plan
from tests.reports.browsing import visit
from tests.reports.town import study


def _write(path: Path, name: str, *, language: str = "zh", generated: bool = True) -> Path:
    given = study(generated=generated)
    today, plan = given.divisions
    division = plan if name == "adjust" else today
    write_map(
        path,
        territory=given.territory,
        division=division,
        findings=given.findings[name],
        figures=given.figures[name],
        today=today if name == "adjust" else None,
        policy=given.policy,
        language=language,
        title="小镇<地图>",
    )
    return path


@pytest.mark.browser
def test_the_map_opens_offline_and_a_click_gives_numbers(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, _write(tmp_path / "map.html", "today")) as page:
        page.page.wait_for_selector(".name")
        assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
        assert page.complaints == []
        assert page.page.locator(".side h1").inner_text() == "小镇<地图>"
        assert page.page.locator(".made").inner_text() == "合成数据"
        assert page.page.locator(".name").all_inner_texts()[0].split() == ["A<幸福>社区", "3,600", "户"]
        page.page.locator(".leaflet-land-pane path").first.click(position={"x": 20, "y": 20})
        popup = page.page.locator(".leaflet-popup-content").inner_text()
        assert "3,600 户" in popup and "0.06 km²" in popup
        assert "A<幸福>社区：3,600 户，超过上限 3,000 户" in popup
        assert "合理划分社区管辖范围" in popup


@pytest.mark.browser
def test_a_plan_marks_what_changes_against_today(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, _write(tmp_path / "map.html", "adjust", language="en", generated=False)) as page:
        page.page.wait_for_selector(".name")
        assert page.page.locator(".leaflet-changes-pane path").count() == 1
        assert page.page.locator(".leaflet-changes-pane path").get_attribute("fill") == "url(#hatch)"
        assert page.page.locator("path[stroke-dasharray='6 5']").count() == 1
        assert page.page.locator(".made").count() == 0
        assert "Land that changes" in page.page.locator("#layers").inner_text()


@pytest.mark.browser
def test_layers_are_switched_and_buildings_are_drawn_when_asked_for(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, _write(tmp_path / "map.html", "today")) as page:
        page.page.wait_for_selector(".name")
        assert page.page.locator("canvas").count() == 0
        page.page.locator("#layers label", has_text="楼栋").click()
        assert page.page.locator("canvas").count() == 1
        page.page.locator("#layers label", has_text="社区名称").click()
        assert page.page.locator(".name").count() == 0
        assert page.complaints == []


@pytest.mark.shared
def test_the_map_of_a_district_stays_under_4_mb(tmp_path: Path) -> None:
    ground = beilin()
    given = study()
    plan = Division.of_plan(shuffled_plan(ground, "adjust", share=0.02, seed=1), ground)
    figures = plan.outlines[["name"]].assign(
        households=plan.sum_by_community(ground.layers.buildings["households"])
    )
    path = tmp_path / "map.html"
    write_map(
        path, territory=ground, division=plan, findings=[], figures=figures, today=Division.today(ground),
        policy=given.policy, language="zh",
    )  # fmt: skip
    assert path.stat().st_size < 4_000_000
