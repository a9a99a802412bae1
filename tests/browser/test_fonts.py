"""Words of pictures stay in their boxes, whatever font a reader has, at every width."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.browser import fonts
from tests.waits import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    Pictures = Callable[..., Page]

HERE = Path(__file__).parent
BEYOND = (HERE / "beyond.js").read_text()
WIDTHS = (1440, 768, 390)
LOADED = """async fonts => {
  for (const [name, letters] of Object.entries(fonts)) {
    const face = new FontFace(name, Uint8Array.from(atob(letters), each => each.charCodeAt(0)));
    document.fonts.add(await face.load());
  }
}"""
ALONE = """() => {
  for (const each of document.querySelectorAll('details.chapter')) {
    each.querySelector('summary').remove();
    each.replaceWith(...each.childNodes);
  }
  for (const each of document.querySelectorAll('body > :not(main), main > *')) {
    if (!each.matches('.pictures, .legend, svg')) each.remove();
  }
}"""
WRITTEN = """family => {
  document.body.style.fontFamily = family;
  return document.fonts.ready.then(() => {});
}"""


@pytest.fixture(scope="module")
def pictures(browser: Browser, written: dict[str, Path]) -> Iterator[Pictures]:
    """Opens the pictures of a page, once a module, and sets them in a font at a width."""
    pages: dict[str, Page] = {}
    built = {name: base64.b64encode(fonts.built(name)).decode() for name in fonts.BUILT}

    def opening(name: str, family: str, width: int = 1440) -> Page:
        if name not in pages:
            pages[name] = browser.new_page(offline=True)
            pages[name].set_default_timeout(PATIENCE * 1000)
            pages[name].goto(written[name].as_uri())
            pages[name].evaluate(LOADED, built)
            pages[name].evaluate(ALONE)
        pages[name].set_viewport_size({"width": width, "height": 900})
        pages[name].evaluate(WRITTEN, f"'{family}'" if " " in family else family)
        return pages[name]

    yield opening
    for page in pages.values():
        page.close()


def beyond(page: Page) -> list[str]:
    return cast("list[str]", page.evaluate(BEYOND))


@pytest.mark.parametrize("name", ["compare", "four", "hostile", "long"])
@pytest.mark.parametrize("family", fonts.FAMILIES)
def test_words_stay_in_their_boxes(pictures: Pictures, name: str, family: str) -> None:
    for width in WIDTHS:
        page = pictures(name, family, width)

        assert beyond(page) == [], width
        across = page.evaluate("document.documentElement.scrollWidth")
        assert across <= width


@pytest.mark.parametrize("family", fonts.FAMILIES)
def test_the_same_part_is_as_high_on_every_side(pictures: Pictures, family: str) -> None:
    page = pictures("compare", family)

    for rows in (".architecture > li", ".law > *", ".coverage > li"):
        tops = page.eval_on_selector_all(
            "figure",
            "(all, rows) => all.map(figure => [...figure.querySelectorAll(rows)]"
            ".map(row => Math.round(row.getBoundingClientRect().top))).filter(row => row.length)",
            rows,
        )
        assert len(tops) == 3
        assert tops[0] == tops[1] == tops[2] == sorted(tops[0])


def test_the_fonts_differ(pictures: Pictures) -> None:
    """Where a font did not load, its tests would show nothing."""
    script = """() => {
      const range = document.createRange();
      range.selectNodeContents(document.querySelector('.internet p'));
      return range.getBoundingClientRect().width;
    }"""
    across = {family: pictures("compare", family).evaluate(script) for family in fonts.FAMILIES}

    assert across["wide"] > 1.9 * across["boxes"] > 3 * across["narrow"]
    assert len(set(across.values())) >= 5


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("figure * { white-space: nowrap; }", "leaves"),
        ("figure strong { white-space: nowrap; overflow: hidden; }", "cut in"),
        (".edge { width: 9rem; }", "lies over"),
    ],
    ids=["unwrapped", "cut", "over another"],
)
def test_words_that_leave_their_boxes_are_seen(pictures: Pictures, style: str, told: str) -> None:
    page = pictures("compare", "wide")
    add = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);"
    page.evaluate(f"{add} document.adoptedStyleSheets = [sheet]; }}", style)
    seen = beyond(page)
    page.evaluate("() => { document.adoptedStyleSheets = []; }")

    assert any(told in each for each in seen)
    assert beyond(page) == []
