"""Pages stand alone: nothing in them points outside."""

from __future__ import annotations

import re

import pytest

from districting.reports.vendored import OfflineError, leaflet_css, leaflet_js, outside_addresses, require_offline


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.jsdelivr.net/npm/leaflet.js"></script>',
        "<script src=//cdn.example.org/a.js></script>",
        '<link rel="stylesheet" href="style.css">',
        "<style>a{background:url(images/layers.png)}</style>",
        "<style>@import 'other.css';</style>",
        '<script>L.tileLayer("https://tile.openstreetmap.org/{z}/{x}/{y}.png")</script>',
        '<img src="https://example.org/a.png">',
        '<script>fetch("wss://example.org/socket")</script>',
    ],
)
def test_a_page_that_names_anything_outside_is_refused(page: str) -> None:
    with pytest.raises(OfflineError, match="outside itself"):
        require_offline(page)


def test_data_and_places_inside_the_page_are_no_addresses() -> None:
    page = '<link rel="icon" href="data:,"><img src="data:image/png;base64,AA"><i style="fill:url(#hatch)"></i>'
    assert outside_addresses(page) == []


def test_a_source_that_is_quoted_in_running_text_is_no_address() -> None:
    assert outside_addresses("<p>依据：https://www.gov.cn/zhengce/a.htm</p>") == []


def test_leaflet_comes_with_its_licence_and_without_addresses() -> None:
    assert "Redistribution and use" in leaflet_js()
    assert "sourceMappingURL" not in leaflet_js()
    assert not re.search(r"url\((?!#)", leaflet_css())
    assert outside_addresses(f"<style>{leaflet_css()}</style><script>{leaflet_js()}</script>") == []
