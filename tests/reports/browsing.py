"""A real Chromium for the pages, or a skip that says why."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@dataclass
class Visit:
    """A page that is open, what it asked for and what it complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


_drivers: list[Playwright] = []


@contextmanager
def _driver() -> Iterator[Playwright]:
    """Playwright's driver; a process can run one only, so that whoever comes second shares it."""
    if _drivers:
        yield _drivers[0]
        return
    with sync_playwright() as driver:
        _drivers.append(driver)
        yield driver
        _drivers.clear()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; one for all tests of a room."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with _driver() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Browser, path: Path, *, width: int = 1280, height: int = 720, prepare: str = ""
) -> Iterator[Visit]:
    """Open a file, offline; ``prepare`` is a script that runs before any of the page."""
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
    if prepare:
        context.add_init_script(prepare)
    opened = Visit(context.new_page())
    opened.page.on("request", lambda request: opened.requests.append(request.url))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error.stack)))
    opened.page.on(
        "console",
        lambda told: opened.complaints.append(told.text) if told.type in ("error", "warning") else None,
    )
    opened.page.goto(path.as_uri())
    yield opened
    context.close()
