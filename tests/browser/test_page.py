"""The pages at work: in a browser, from disk, without a network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser import sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page, ViewportSize

    Opened = Callable[..., Page]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
TABLET: ViewportSize = {"width": 768, "height": 1024}
SIZES = (DESK, TABLET, PHONE)
EVERY = ("compare", "four", "hostile", "long", "check")
ROWS = "#controls-table tbody tr"


def visible(page: Page, selector: str) -> list[str]:
    """Identifiers of the elements that are shown, in order."""
    script = "all => all.filter(e => e.checkVisibility()).map(e => e.id)"
    return page.eval_on_selector_all(selector, script)  # type: ignore[no-any-return]


def fragment(page: Page) -> str:
    return page.url.partition("#")[2]


def sized() -> Iterator[Any]:
    """Every page at every width; of widths between a phone's and a desk's, one page's."""
    for size in SIZES:
        for name in EVERY:
            seldom = size is TABLET and name != "hostile"
            marks = pytest.mark.long if seldom else ()
            yield pytest.param(name, size, marks=marks, id=f"{size['width']}-{name}")


@pytest.mark.parametrize(("name", "size"), list(sized()))
def test_no_page_asks_for_anything_or_scrolls_sideways(
    shared: Opened, name: str, size: dict[str, int]
) -> None:
    page = shared(name, size)

    across, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert across <= room
    assert page.locator("h1").is_visible()


@pytest.mark.parametrize("name", ["compare", "four"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_a_comparison_is_folded_into_twelve_screens(
    opened: Opened, size: dict[str, int], name: str
) -> None:
    page = opened(name, viewport=size, folded=True)

    assert page.evaluate("document.documentElement.scrollHeight") < 12 * size["height"]
    assert page.locator("#answers").is_visible()
    assert page.locator("table#totals").is_visible()
    assert page.locator(f"{ROWS}:visible").count() == 0
    page.locator("summary", has_text="controls on each provider").click()
    assert page.locator(f"{ROWS}:visible").count() == len(sides.example().controls)


@pytest.mark.parametrize("place", ["controls", "gaps", "architecture", "qualifications"])
def test_a_link_to_a_folded_section_opens_it(opened: Opened, place: str) -> None:
    for size in (PHONE, LAPTOP):
        page = opened(fragment=f"#{place}", viewport=size, folded=True)
        under = page.locator(f"h2#{place} ~ details.chapter").first
        assert under.evaluate("e => e.open")
        assert page.locator("details.chapter[open]").count() == 1


def test_moves_in_numbers_are_folded_on_a_phone_only(opened: Opened) -> None:
    moves = "table#moves"
    assert opened(viewport=LAPTOP, folded=True).locator(moves).is_visible()
    assert not opened(viewport=PHONE, folded=True).locator(moves).is_visible()
    assert opened(fragment="#moving", viewport=PHONE, folded=True).locator(moves).is_visible()
    plain = opened(viewport=PHONE, folded=True, java_script_enabled=False)
    assert plain.locator(moves).is_visible()


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_without_scripts_no_chapter_is_folded(opened: Opened, size: dict[str, int]) -> None:
    page = opened(viewport=size, folded=True, java_script_enabled=False)

    assert page.locator(f"{ROWS}:visible").count() == len(sides.example().controls)
    assert page.locator("details.chapter:not([open])").count() == 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["compare", "check"])
def test_axe_finds_nothing_serious(shared: Opened, name: str) -> None:
    assert violations(shared(name)) == {}


@pytest.mark.parametrize("name", ["compare", "check"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=lambda size: str(size["width"]))
def test_axe_finds_nothing_serious_but_contrast(
    shared: Opened, name: str, size: ViewportSize
) -> None:
    """Contrast takes most of axe's time: it is looked at by itself."""
    rules = {"color-contrast": {"enabled": False}}
    assert violations(shared(name, size), rules=rules) == {}


@pytest.mark.parametrize("name", ["compare", "check"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_enough_contrast(shared: Opened, name: str, scheme: str) -> None:
    """Rows of one table have the same colours: the first are looked at, in any width."""
    rest = [["tbody tr:nth-child(n+9)"], [".control:nth-of-type(n+9)"]]
    page = shared(name, scheme=scheme)

    assert violations(page, {"exclude": rest}, runOnly=["color-contrast"]) == {}


def violations(
    page: Page, context: dict[str, Any] | None = None, **options: object
) -> dict[str, str]:
    """What axe finds, with the first element of each; what passes is not written out."""
    found = Axe().run(page, context, {"resultTypes": ["violations"], **options})
    return {
        each["id"]: each["nodes"][0]["html"][:200]
        for each in found.response["violations"]
        if each["impact"] != "minor"
    }


def test_controls_are_filtered_and_the_filter_is_in_the_address(opened: Opened) -> None:
    page = opened()
    form = page.locator("form[data-name=controls]")

    form.locator("[name=family]").select_option("encryption")
    for word in ("fail", "not evaluated", "warning", "pass", "not applicable"):
        form.get_by_label(word, exact=True).uncheck()

    wanted = [
        f"control-{row.control}"
        for row in sides.example().controls
        if row.family == "encryption" and "waived" in {cell.verdict for cell in row.cells}
    ]
    assert wanted
    assert sorted(visible(page, ROWS)) == sorted(wanted)
    every = len(sides.example().controls)
    assert form.locator("output").inner_text() == f"{len(wanted)} of {every} shown"
    assert fragment(page) == "controls?controls.outcome=waived&controls.family=encryption"

    again = opened(fragment=f"#{fragment(page)}")
    assert sorted(visible(again, ROWS)) == sorted(wanted)
    form.get_by_role("button", name="Show all").click()
    assert len(visible(page, ROWS)) == every
    assert fragment(page) == "controls"


def test_only_what_differs_is_shown_when_asked_for(opened: Opened) -> None:
    page = opened()
    page.locator("form[data-name=controls]").get_by_label("only what differs").check()

    differing = {f"control-{row.control}" for row in sides.example().controls if row.differs}
    assert set(visible(page, ROWS)) == differing
    assert len(differing) < len(sides.example().controls)


def test_every_table_with_a_filter_is_searched(opened: Opened) -> None:
    page = opened()
    for form in page.locator("form[data-filter]").all():
        items = str(form.get_attribute("data-filter"))
        before = page.locator(f"{items}:visible").count()
        form.locator("[name=search]").fill("no such text anywhere")
        assert page.locator(f"{items}:visible").count() == 0 < before
        form.get_by_role("button", name="Show all").click()
        assert page.locator(f"{items}:visible").count() == before


def test_resources_are_filtered_by_part_and_gaps_by_host(opened: Opened) -> None:
    page = opened()
    page.locator("form[data-name=resources] [name=part]").select_option("backup")
    page.locator("form[data-name=gaps] [name=side]").select_option("ovh")

    rows = [row for row in sides.example().resources if row.part == "backup"]
    assert page.locator("#resources-table tbody tr:visible").count() == len(rows)
    gaps = sides.example().sides[1].gaps
    assert page.locator("#gaps-table tbody tr:visible").count() == len(gaps)
    assert fragment(page) == "gaps?resources.part=backup&gaps.side=ovh"


def test_the_count_of_gaps_leads_to_them(opened: Opened) -> None:
    page = opened()
    page.locator("#totals a").nth(1).click()

    hosts = page.locator("#gaps-table tbody tr:visible td:nth-child(2)").all_inner_texts()
    assert hosts == ["ovh"] * len(sides.example().sides[1].gaps)
    assert page.locator("h2#gaps").is_visible()


def test_a_column_sorts_both_ways_from_the_keyboard(opened: Opened) -> None:
    page = opened()
    head = page.locator("#controls-table thead th").first
    told = visible(page, ROWS)

    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert visible(page, ROWS) == sorted(told) != told
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert visible(page, ROWS) == sorted(told, reverse=True)
    assert fragment(page) == "controls-table?controls-table.sort=-1"
    assert visible(opened(fragment="#?controls-table.sort=1"), ROWS) == sorted(told)


def test_verdicts_sort_by_how_bad_they_are_and_numbers_by_size(opened: Opened) -> None:
    page = opened()
    page.locator("#controls-table thead th").nth(2).get_by_role("button").click()
    words = page.locator(f"{ROWS} td:nth-child(3) .badge").all_inner_texts()
    order = ["fail", "not evaluated", "warning", "waived", "pass", "not applicable"]
    assert [order.index(word) for word in words] == sorted(order.index(word) for word in words)

    page.locator("#moves thead th").nth(5).get_by_role("button").click()
    counts = [int(text) for text in page.locator("#moves td:nth-child(6)").all_inner_texts()]
    assert counts == sorted(len(row.obstacles) for row in sides.example().exits)


@pytest.mark.parametrize(
    "anchor", ["control-encryption.at-rest", "capability-hsm-key", "exit-local-ovh"]
)
def test_a_deep_link_leads_to_its_place(opened: Opened, anchor: str) -> None:
    page = opened(fragment=f"#{anchor}", folded=True)

    target = page.locator(f'[id="{anchor}"]')
    assert 0 <= target.evaluate("e => e.getBoundingClientRect().top") < 200
    assert target.evaluate("e => e.matches('tr.aim, details[open]')")


def test_a_deep_link_shows_what_a_filter_hides(opened: Opened) -> None:
    hidden = "control-encryption.at-rest"
    page = opened(fragment=f"#{hidden}?controls.family=exit", folded=True)

    assert visible(page, ROWS)[0] == hidden
    assert all(each.startswith("control-exit.") for each in visible(page, ROWS)[1:])
    target = page.locator(f'[id="{hidden}"]')
    assert 0 <= target.evaluate("e => e.getBoundingClientRect().top") < 200


def test_every_link_within_a_page_leads_somewhere(shared: Opened) -> None:
    for name in ("compare", "check"):
        page = shared(name)
        lost = page.evaluate(
            """() => [...document.querySelectorAll('a[href^="#"]')]
            .map(a => decodeURIComponent(a.getAttribute('href').slice(1)).split('?')[0])
            .filter(id => !document.getElementById(id))"""
        )
        assert lost == []


def test_a_broken_fragment_breaks_nothing(opened: Opened) -> None:
    page = opened(fragment="#%ff?controls.family=%zz&controls.outcome=x&controls-table.sort=99")

    assert page.locator("form[data-name=controls] output").inner_text().startswith("0 of")
    assert page.locator("#theme").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_systems_until_it_is_chosen(opened: Opened, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    paper = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(255, 255, 255)", "rgb(19, 22, 27)"

    assert page.evaluate(paper) == {"light": light, "dark": dark}[scheme]
    page.locator("#theme").click()
    assert page.evaluate(paper) == {"light": dark, "dark": light}[scheme]
    page.reload()
    assert page.evaluate(paper) == {"light": dark, "dark": light}[scheme]
    page.locator("#theme").click()
    assert page.evaluate(paper) == {"light": light, "dark": dark}[scheme]


@pytest.mark.parametrize("name", ["compare", "check"])
def test_paper_shows_everything_and_no_controls(opened: Opened, name: str) -> None:
    page = opened(name, "#controls?controls.family=exit", color_scheme="dark", folded=True)
    items = "#controls-table tbody tr" if name == "compare" else "details.control"
    every, shown = page.locator(items).count(), page.locator(f"{items}:visible").count()
    assert shown < every

    page.emulate_media(media="print")
    expect(page.locator("details:not([open])")).to_have_count(0)
    assert page.locator(f"{items}:visible").count() == every
    for control in ("form", "#theme", "nav"):
        assert page.locator(f"{control}:visible").count() == 0
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(22, 26, 34)"
    page.emulate_media(media="screen")
    expect(page.locator(f"{items}:visible")).to_have_count(shown)


def test_what_is_printed_first_is_two_pages_and_the_rest_an_annex(opened: Opened) -> None:
    page = opened("check")
    whole = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert page.locator("h2.annex").inner_text() == "Controls"
    page.evaluate("""() => {
      const annex = document.querySelector("h2.annex");
      while (annex.nextElementSibling) { annex.nextElementSibling.remove(); }
      annex.remove();
    }""")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 2 < whole


def test_the_page_prints(opened: Opened) -> None:
    papers = [opened(folded=folded).pdf(format="A4") for folded in (True, False)]

    assert papers[0].startswith(b"%PDF-")
    pages = [len(re.findall(rb"/Type\s*/Page\b", paper)) for paper in papers]
    assert pages[0] == pages[1] > 10, "what is folded is printed as well"


def test_without_scripts_everything_is_there(opened: Opened) -> None:
    page = opened(java_script_enabled=False)

    assert page.locator(f"{ROWS}:visible").count() == len(sides.example().controls)
    assert page.locator("form:visible, #theme:visible").count() == 0
    assert page.locator("figure .picture:visible").count() == 9


def test_the_keyboard_skips_to_the_content(opened: Opened) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_hostile_texts_stay_texts(shared: Opened) -> None:
    page = shared("hostile")

    counts: dict[str, Any] = page.evaluate(
        """() => Object.fromEntries(['script', 'style', 'img', 'iframe', 'object', 'link']
        .map(tag => [tag, document.querySelectorAll(tag).length]))"""
    )
    assert counts == {"script": 1, "style": 1, "img": 0, "iframe": 0, "object": 0, "link": 0}
    body = page.locator("body").text_content() or ""
    assert "<script>alert(1)</script></style><img src=x onerror=alert(2)>" in body
    assert "\\u202eltr" in body
    assert "\u202e" not in body
    assert "/home/someone" not in body
    names = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes].map(a => a.name))"
    )
    assert not any(name.startswith("on") or name == "style" for name in names)
    outside = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    assert {link for link in outside if not link.startswith("#")} <= {
        "https://docs.example/keys",
        "https://evil.example/x",
    }


def test_no_word_of_a_picture_is_drawn(shared: Opened) -> None:
    for name in EVERY:
        words = shared(name).eval_on_selector_all(
            "svg", "all => all.map(e => e.textContent.trim()).filter(text => text)"
        )
        assert words == []
        assert shared(name).locator("svg text, svg foreignObject").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_are_drawn_in_the_colours_of_the_words_beside_them(
    shared: Opened, scheme: str
) -> None:
    page = shared(scheme=scheme)
    signs = page.eval_on_selector_all(
        "figure .sign",
        """all => all.map(
          e => [getComputedStyle(e).stroke, getComputedStyle(e.parentElement).color])""",
    )
    assert len({colour for colour, _ in signs}) > 3
    assert all(sign == words for sign, words in signs)
    bars = page.eval_on_selector_all(
        ".coverage div",
        """all => all.map(each => [
          [...each.querySelectorAll('rect')].map(e => getComputedStyle(e).fill),
          [...each.querySelectorAll('li')].map(e => getComputedStyle(e).color)])""",
    )
    assert all(drawn == told != [] for drawn, told in bars)


def test_pages_are_small(written: dict[str, Path]) -> None:
    assert written["four"].stat().st_size < 1_000_000
    assert written["hostile"].stat().st_size < 1_000_000
    assert written["check"].stat().st_size < 300_000


SUMMARIES = ("summary", "resume-0", "resume-1", "resume-2", "resume-3")


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_summary_is_two_printed_pages_before_its_annex(opened: Opened, name: str) -> None:
    page = opened(name)
    assert 2 < len(pages(page)) < 20
    page.evaluate("document.querySelectorAll('.annex, .annex ~ *').forEach(e => e.remove())")
    assert len(pages(page)) in {1, 2}


@pytest.mark.parametrize("name", SUMMARIES)
def test_there_is_room_to_sign_on_paper(opened: Opened, name: str) -> None:
    page = opened(name, viewport={"width": 688, "height": 1000})
    page.emulate_media(media="print")
    signed = page.locator(".signed tr").last
    box = signed.bounding_box()
    assert box
    assert box["height"] >= 15 * MILLIMETRE
    assert "Signature" in signed.inner_text()


MILLIMETRE = 96 / 25.4
"""In pixels of CSS."""


def pages(page: Page) -> list[bytes]:
    """The pages on which it is printed."""
    paper = page.pdf(format="A4", prefer_css_page_size=True)
    return re.findall(rb"/Type\s*/Page\b", paper)


def test_a_printed_result_and_its_annex_are_under_twenty_pages(opened: Opened) -> None:
    assert 2 < len(pages(opened("check"))) < 20


@pytest.mark.parametrize("name", ["check", "resume-0"])
def test_no_word_of_a_table_is_broken_on_paper(opened: Opened, name: str) -> None:
    page = opened(name, viewport={"width": 688, "height": 1000})
    page.emulate_media(media="print")
    broken = page.evaluate(BROKEN)
    assert broken == []


@pytest.mark.parametrize("width", [390, 700, 900, 1100, 1280])
@pytest.mark.parametrize("name", SUMMARIES)
def test_no_word_of_a_summary_is_broken_on_a_screen(opened: Opened, name: str, width: int) -> None:
    page = opened(name, viewport={"width": width, "height": 900})
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


BROKEN = r"""() => [...document.querySelectorAll('td, th')].flatMap(cell => {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    for (const each of walker.currentNode.data.matchAll(/[\w\u00c0-\u024f]{2,30}/g)) {
      const range = document.createRange();
      range.setStart(walker.currentNode, each.index);
      range.setEnd(walker.currentNode, each.index + each[0].length);
      const tops = [...range.getClientRects()].map(one => Math.round(one.top));
      if (new Set(tops).size > 1) { found.push(each[0]); }
    }
  }
  return found;
})"""
"""Words of table cells that stand on two lines."""


@pytest.mark.parametrize(("name", "language"), [("summary", "en"), ("resume-0", "fr")])
def test_a_summary_says_its_language_and_what_is_asked(
    opened: Opened, name: str, language: str
) -> None:
    page = opened(name)
    assert page.evaluate("document.documentElement.lang") == language
    asked = {"en": "What is asked of you?", "fr": "Ce qui vous est demandé"}[language]
    assert page.locator("h2", has_text=asked).count() == 1
    assert page.locator("ol li").count() == 6
    button = {"en": "Dark colours", "fr": "Couleurs sombres"}[language]
    assert page.locator("#theme").inner_text() == button
    page.locator("#theme").click()
    assert page.locator("#theme").inner_text() == button.replace("Dark", "Light").replace(
        "sombres", "claires"
    )
