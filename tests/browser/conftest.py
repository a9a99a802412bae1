"""A real browser, the distribution's own; what needs one skips where there is none."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import sync_playwright

from havre.report.findings import Format, render
from havre.report.language import Language, speaking
from tests.browser import sides
from tests.waits import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

    Scheme = Literal["light", "dark"]

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
        "summary": render(sides.example().sides[1].result, Format.HTML, summary=True),
    }
    for number, side in enumerate(sides.four().sides):
        with speaking(Language.FR):
            texts[f"resume-{number}"] = render(side.result, Format.HTML, summary=True)
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
    """Opens a page from disk; at the end, any message, error, dialog or request fails the test.

    Its chapters are unfolded, unless a test takes the page `folded`, as people first see it.
    """
    contexts: list[BrowserContext] = []
    noise: list[str] = []

    def opening(
        name: str = "compare", fragment: str = "", *, folded: bool = False, **options: object
    ) -> Page:
        contexts.append(browser.new_context(offline=True, **options))  # type: ignore[arg-type]
        page = _loaded(contexts[-1], written[name].as_uri(), fragment, noise)
        return page if folded else _unfolded(page)

    yield opening
    for context in contexts:
        context.close()
    assert not noise


@pytest.fixture(scope="module")
def shared(browser: Browser, written: dict[str, Path]) -> Iterator[Callable[..., Page]]:
    """A page that was opened once, in a size and a scheme; for tests that leave it as it is."""
    pages: dict[str, Page] = {}
    noise: list[str] = []

    def showing(
        name: str = "compare", viewport: ViewportSize | None = None, scheme: Scheme = "light"
    ) -> Page:
        if name not in pages:
            context = browser.new_context(offline=True)
            pages[name] = _unfolded(_loaded(context, written[name].as_uri(), "", noise))
        pages[name].set_viewport_size(viewport or {"width": 1440, "height": 900})
        pages[name].emulate_media(color_scheme=scheme)
        assert not noise
        return pages[name]

    yield showing
    for page in pages.values():
        page.context.close()
    assert not noise


def _unfolded(page: Page) -> Page:
    page.evaluate("for (const e of document.querySelectorAll('details.chapter')) e.open = true")
    return page


def _loaded(context: BrowserContext, address: str, fragment: str, noise: list[str]) -> Page:
    """A page from disk; any message, error, dialog or request of it is noise."""
    context.on("request", lambda r: noise.append(r.url) if r.url != address else None)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.on("console", lambda message: noise.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: noise.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (noise.append(dialog.message), dialog.dismiss()))
    page.goto(address + fragment)
    return page
