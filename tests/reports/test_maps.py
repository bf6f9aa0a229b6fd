"""The folium map of one division, opened in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from districting.plans.division import Division
from districting.reports.maps import write_map
from tests.places import needs_shared
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


@pytest.mark.browser
def test_every_layer_has_its_sign_so_that_the_list_is_the_legend(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, _write(tmp_path / "map.html", "adjust", language="en")) as page:
        page.page.wait_for_selector(".name")
        rows = page.page.locator("#layers label")
        assert rows.count() == rows.locator(".key").count()
        signs = {
            sign.split()[-1] for sign in rows.locator(".key").evaluate_all("all => all.map(one => one.className)")
        }
        assert signs == {
            "changed", "cancelled", "border", "subdistrict", "atoms", "road_main", "road_minor", "water", "wall",
            "seat", "should", "names", "buildings",
        }  # fmt: skip
        assert "Should-rule broken (1)" in rows.all_inner_texts()[-3]
        for sign in range(rows.count()):
            look = (
                rows.locator(".key")
                .nth(sign)
                .evaluate("one => getComputedStyle(one).backgroundImage + one.className")
            )
            assert "none" not in look or any(name in look for name in ("water", "names", "must")), look


@pytest.mark.browser
def test_names_stand_clear_of_marks_and_of_each_other(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, _write(tmp_path / "map.html", "today")) as page:
        page.page.wait_for_selector(".name")
        for button in ("in", "out", "out"):
            page.page.wait_for_timeout(400)
            boxes = page.page.evaluate(
                """() => [...document.querySelectorAll('.name:not(.hidden), .seat, .mark')].map((one) => {
                    const box = one.getBoundingClientRect();
                    return [one.classList.contains('name'), box.left, box.top, box.right, box.bottom];
                })"""
            )
            names = [box[1:] for box in boxes if box[0]]
            assert names
            for at, (left, top, right, bottom) in enumerate(names):
                others = names[:at] + names[at + 1 :] + [box[1:] for box in boxes if not box[0]]
                assert not any(
                    left < o[2] - 1 and right > o[0] + 1 and top < o[3] - 1 and bottom > o[1] + 1 for o in others
                )
            page.page.locator(f".leaflet-control-zoom-{button}").click(force=True)


@pytest.mark.browser
def test_nobody_gets_lost_by_zooming(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, _write(tmp_path / "map.html", "today")) as page:
        page.page.wait_for_selector(".name")
        for button, times in (("in", 12), ("out", 16)):
            for _ in range(times):
                page.page.locator(f".leaflet-control-zoom-{button}").click(force=True)
                page.page.wait_for_timeout(60)
            page.page.wait_for_timeout(400)
            scale = page.page.locator(".leaflet-control-scale-line").inner_text()
            metres = float(scale.split()[0]) * (1000 if scale.endswith("km") else 1)
            assert (metres >= 10) if button == "in" else (metres <= 500)


@needs_shared
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
