"""A real browser, the distribution's own; what needs one skips where there is none."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from havre.report import Format, render
from tests.browser import sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, on disk."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {
        "compare": sides.page(sides.example()),
        "four": sides.page(sides.four()),
        "hostile": sides.page(sides.hostiles()),
        "long": sides.page(sides.hostiles(sides.LONG)),
        "check": render(sides.example().sides[1].result, Format.HTML),
    }
    files = {name: folder / f"{name}.html" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text)
    return files


@pytest.fixture(scope="module")
def browser(written: dict[str, Path]) -> Iterator[Browser]:
    """The browser; while it is driven no plan can be evaluated, so pages are written before."""
    assert written
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no chromium on PATH; `make chromium` installs it")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses root without
    with sync_playwright() as playwright:
        driven = playwright.chromium.launch(executable_path=found, args=arguments)
        yield driven
        driven.close()


@pytest.fixture
def opened(browser: Browser, written: dict[str, Path]) -> Iterator[Callable[..., Page]]:
    """Opens a page from disk; at the end, any message, error, dialog or request fails the test."""
    pages: list[Page] = []
    noise: list[str] = []

    def opening(name: str = "compare", fragment: str = "", **options: object) -> Page:
        context = browser.new_context(offline=True, **options)  # type: ignore[arg-type]
        address = written[name].as_uri()
        context.on("request", lambda r: noise.append(r.url) if r.url != address else None)
        page = context.new_page()
        page.on("console", lambda message: noise.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: noise.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (noise.append(dialog.message), dialog.dismiss()))
        page.goto(address + fragment)
        pages.append(page)
        return page

    yield opening
    for page in pages:
        page.context.close()
    assert not noise
