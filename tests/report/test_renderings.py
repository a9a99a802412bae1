"""Every form is in one registry, and every text of a comparison is written from the same rows."""

import inspect
from importlib import import_module
from typing import Any

import pytest

from havre.report import comparison, findings
from havre.report.comparison.sections import ComparisonRows, comparison_rows
from havre.report.rendering import Rendering
from havre.text import markdown
from tests.browser.sides import example, hostiles

REGISTERED = [
    *(("findings", form, findings.RENDERINGS.get(form)) for form in findings.Format),
    *(
        ("comparison", form, comparison.RENDERINGS.get(form))
        for form in comparison.ComparisonFormat
    ),
]


@pytest.mark.parametrize(("subject", "form", "rendering"), REGISTERED)
def test_every_form_names_a_module_and_the_options_that_it_takes(
    subject: str, form: Any, rendering: Rendering | None
) -> None:
    assert rendering is not None, f"{subject}: no module writes {form}"
    assert rendering.module.startswith(f"havre.report.{subject}.")
    write = import_module(rendering.module).render
    options = set(list(inspect.signature(write).parameters)[1:])
    assert options == rendering.options


def test_an_option_that_a_form_does_not_use_is_not_given_to_it() -> None:
    whole = findings.RENDERINGS[findings.Format.TABLE]
    assert whole.options == {"requirements", "width", "colour", "summary", "above"}
    sarif = findings.RENDERINGS[findings.Format.SARIF]
    assert not sarif.options
    with pytest.raises(ValueError, match="pdf"):
        comparison.render(example(), "pdf")


@pytest.fixture(scope="module")
def of() -> ComparisonRows:
    return comparison_rows(example())


def words(text: str) -> str:
    return " ".join(text.split())


def texts(of: ComparisonRows) -> list[str]:
    """The short texts of every row: what neither form cuts or folds."""
    found = [row.label for section in (*of.sections, of.resources) for row in section.rows]
    cells = [cell for section in of.sections for row in section.rows for cell in row.cells]
    return [*found, *(cell.text for cell in cells if len(cell.text) < 20), *of.names]


def test_text_and_markdown_have_the_same_rows(of: ComparisonRows) -> None:
    table = words(comparison.render(example(), "table", width=400))
    marked = comparison.render(example(), "markdown")
    for section in (*of.sections, of.resources):
        assert section.title in table
        assert f"### {section.title}" in marked
    for text in texts(of):
        assert words(text) in table
        assert markdown(text) in marked
    for listed in of.exits:
        assert listed.title in table
        assert f"<summary>{markdown(listed.title)}</summary>" in marked


def test_rows_are_as_wide_as_there_are_providers(of: ComparisonRows) -> None:
    assert of.names == ("azure", "ovh", "local")
    for section in (*of.sections, of.resources):
        assert section.rows
        assert {len(row.cells) for row in section.rows} == {len(of.names)}


def test_the_effect_of_an_obstacle_is_written(of: ComparisonRows) -> None:
    (leaving,) = (each for each in of.exits if "from azure to ovh" in each.title)
    assert leaving.title.endswith(f"{len(leaving.lines)} obstacles")
    assert any(line.startswith("lost: capability key-rotation: ") for line in leaving.lines)
    assert any(line.startswith("unknown: key-length stored objects: ") for line in leaving.lines)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_a_text_from_outside_is_inert_in_every_cell(form: str) -> None:
    text = comparison.render(hostiles("evil\x1b[2J<b>"), form)
    assert "evil" in text
    assert "\x1b" not in text
    assert form == "table" or "<b>" not in text
