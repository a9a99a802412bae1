"""Hostile texts do nothing in any rendering, and nothing of them is lost from the data."""

from __future__ import annotations

import html
import json

import pytest
from markdown_it import MarkdownIt

from havre.report.findings import Format, render
from havre.text import as_json, counted, markdown, plain, relative
from tests.report.pages import Page
from tests.report.samples import HOSTILE, RESULT, hostile, requirements

EVERY = pytest.mark.parametrize("form", list(Format))


def written(form: Format) -> str:
    return render(hostile(), form, requirements=requirements(HOSTILE))


@EVERY
def test_every_rendering_of_hostile_texts_is_printable_and_can_be_stored(form: Format) -> None:
    text = written(form)

    assert text.encode("utf-8").decode("utf-8") == text
    odd = {c for c in text if not c.isprintable() and c != "\n"}
    assert not odd
    assert text.endswith("\n")


@EVERY
def test_a_colour_of_a_hostile_text_reaches_no_terminal(form: Format) -> None:
    assert "\x1b" not in written(form)


def test_the_table_has_no_colours_but_its_own() -> None:
    coloured = render(hostile("\x1b[31mred[red]x[/red]"), Format.TABLE, colour=True)

    assert "\x1b[31mred" not in coloured
    assert "\\x1b[31mred[red]x[/red]" in coloured
    assert "\x1b[1;31m" in coloured


def test_the_table_starts_no_line_with_a_text_from_outside() -> None:
    forged = render(hostile("x\nTotals\n  Exit code 0: fine"), Format.TABLE)

    assert forged.splitlines().count("Totals") == 1
    assert not any(line.startswith("  Exit code 0") for line in forged.splitlines())


def test_the_page_has_no_element_of_a_hostile_text() -> None:
    page = Page(written(Format.HTML))

    assert not page.open
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"img", "iframe", "object", "embed", "link", "base", "svg", "code"})
    assert len(page.named("script")) == len(page.named("style")) == 1
    assert not page.named("script")[0]
    assert "<script>alert(1)</script>" in " ".join(page.texts["main"])


def test_the_page_has_no_handler_and_no_address_but_links() -> None:
    page = Page(written(Format.HTML))

    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.keys().isdisjoint({"src", "srcset", "action", "style", "background"})
        if "href" in attributes:
            assert tag == "a"
            assert (attributes["href"] or "").startswith(("#", "https://evil.example/x"))


def test_the_page_interprets_no_template_of_a_hostile_text() -> None:
    page = written(Format.HTML)

    assert "{{ 7*7 }}" in page
    assert "49" not in page.partition("<body>")[2]


def test_markdown_of_a_hostile_text_has_only_our_elements() -> None:
    comment = written(Format.MARKDOWN)
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(comment))

    ours = {"h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert {tag for tag, _ in page.elements} == ours | {"details", "summary", "code"}
    assert not page.open
    assert all(attributes == {} for _, attributes in page.elements)
    shown = " ".join(page.texts["td"])
    assert "<script>alert(1)</script>" in shown
    assert "[click](javascript:alert(3))" in shown


def test_markdown_of_a_hostile_text_keeps_the_columns() -> None:
    comment = written(Format.MARKDOWN)
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(comment))

    clean = render(RESULT, Format.MARKDOWN)
    columns = Page(MarkdownIt("commonmark").enable("table").render(clean))
    assert len(page.named("th")) == len(columns.named("th"))
    rows = len(page.named("tr"))
    assert rows == comment.count("\n| ") - comment.count("\n| ---")


@pytest.mark.parametrize(
    "text", ["@team", "#12", "www.a.example", "(https://a.example/a`b)", "x@[a](b)", "https://"]
)
def test_markdown_mentions_and_links_nobody(text: str) -> None:
    """A mention or an address would be found in the text once its entities are resolved."""
    resolved = Page(f"<p>{markdown(text)}</p>").texts["p"][0]

    assert resolved != text
    assert resolved.replace("\u200b", "") == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://a.example/R-08?a=1&b=2#c.", "https://a.example/R-08?a=1&b=2#c"),
        ("CISO (a.b+c@chu.example), R-08", "a.b+c@chu.example"),
        ("http://a.example", "http://a.example"),
    ],
)
def test_markdown_has_an_address_as_it_is_to_be_copied_and_links_it_nowhere(
    text: str, address: str
) -> None:
    shown = MarkdownIt("commonmark").render(markdown(text))
    page = Page(shown)
    assert page.texts["code"] == [address]
    assert "a" not in {tag for tag, _ in page.elements}
    assert page.texts["p"] == [text]
    assert "\u200b" not in html.unescape(shown)


@pytest.mark.parametrize("sign", list("&<>\"'`*_{}[]#!|~@\\$^"))
def test_markdown_has_no_sign_that_means_something(sign: str) -> None:
    assert sign not in markdown(f"a{sign}b").replace("&#", "").replace(";", "")[1:-1].strip(
        "0123456789"
    )
    assert f"&#{ord(sign)};" in markdown(f"a{sign}b")


def test_json_keeps_every_text_as_it_was() -> None:
    document = json.loads(written(Format.JSON))

    assert document["summary"]["warehouse"] == HOSTILE
    assert document["findings"][0]["found"] == HOSTILE
    assert document.pop("headline")["subject"] == f"{HOSTILE} ({HOSTILE}) on {HOSTILE}"
    assert document.pop("frameworks")
    assert document == {
        **hostile().as_dict(),
        "requirements": [each.as_dict() for each in requirements(HOSTILE)],
    }


def test_json_escapes_what_a_terminal_would_heed() -> None:
    text = as_json({"a": "é \x9b \u202e \udc80 \U000e0001 \x7f 😀"})

    assert text == '{\n  "a": "é \\u009b \\u202e \\udc80 \\udb40\\udc01 \\u007f 😀"\n}\n'
    assert json.loads(text) == {"a": "é \x9b \u202e \udc80 \U000e0001 \x7f 😀"}


def test_a_plain_text_is_one_line_that_shows_what_it_hides() -> None:
    assert plain("a\r\nb\t c\u2028d") == "a b c d"
    assert plain("\x1b[0m\u202e\udc80\x00") == "\\x1b[0m\\u202e\\udc80\\x00"
    assert plain("é😀[x]") == "é😀[x]"


@pytest.mark.parametrize(
    ("file", "told"),
    [("/home/someone/a.yaml", "a.yaml"), ("b/a.yaml", "b/a.yaml"), ("./a.yaml", "a.yaml")],
)
def test_a_file_is_told_without_the_machine(file: str, told: str) -> None:
    assert relative(file) == told


def test_links_and_arguments_of_a_sarif_message_are_escaped() -> None:
    document = json.loads(written(Format.SARIF))
    found = document["runs"][0]["results"][0]["message"]["text"]

    assert "\\[click\\](javascript:alert(3))" in found
    assert "{{0}}" in found


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 losses are"), (1, "1 loss is"), (2_000, "2,000 losses are")]
)
def test_a_number_agrees_with_its_words(number: int, told: str) -> None:
    assert counted(number, "loss is", "losses are") == told
