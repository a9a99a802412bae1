"""The reference is current, and what comes from the code is inert in it."""

import re

import pytest

from docs.generate import FOLDER, pages
from docs.text import fence, heading, inert, table

HOSTILE = [
    "<script>alert(1)</script>",
    "[link](javascript:alert(1))",
    "![image](//elsewhere.example/x.png)",
    "a | b | c",
    "# heading",
    "- item",
    "1. item",
    "*bold* and _em_",
    "{: onclick=x }",
    "&lt;b&gt;",
    "`<b>`",
    "``` \n# out",
    "line\nbreak",
    "\x1b[31mred",
    "--8<-- 'file'",
    "!!! note",
    "<!-- not run: it -->",
]


def test_the_reference_is_current() -> None:
    current = pages()
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    stale = sorted(name for name in current | kept if current.get(name) != kept.get(name))
    assert not stale, f"run `python -m docs.generate`: {', '.join(stale)}"


def test_every_option_of_a_command_is_explained() -> None:
    rows = [line for line in pages()["commands.md"].splitlines() if line.startswith("| <code>")]
    assert len(rows) > 100
    assert [line for line in rows if not line.split("|")[-2].strip()] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_the_code_is_inert(text: str) -> None:
    markdown = pytest.importorskip("markdown", reason="it comes with mkdocs")
    made = markdown.markdown(
        "\n".join([inert(text), "", *table(("a", "b"), [[inert(text), "end"]])]),
        extensions=["tables", "attr_list", "admonition", "toc", "fenced_code"],
    )
    assert not re.findall(r"<(?!/?(?:p|table|thead|tbody|tr|th|td|code)>)[^>]*>", made)
    assert made.count("<td>") == 2
    assert "<td>end</td>" in made


def test_a_hostile_heading_is_one_heading() -> None:
    markdown = pytest.importorskip("markdown", reason="it comes with mkdocs")
    made = markdown.markdown("\n".join(heading(2, "<b> { #x }", "a b")), extensions=["attr_list"])
    assert made == '<h2 id="a-b">&#60;b&#62; &#123; &#35;x &#125;</h2>'


def test_a_fence_is_longer_than_those_inside() -> None:
    assert fence("a\n````\nb")[0] == "`````text"
