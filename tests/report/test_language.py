"""Summaries in another language: nothing is left untranslated, and nothing but words differs."""

import re
import string
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from havre.facts.model import Copy
from havre.policy.model import Severity
from havre.policy.registry import installed_controls
from havre.provider.discovery import installed
from havre.report.findings import Format, headline, render, words
from havre.report.language import Language, speaking, title, tr, trn
from havre.spec.countries import NAMES
from havre.spec.model import Environment
from scripts.catalogues import PACKAGES, ROOT, catalogues, compiled
from tests.report.samples import HOSTILE, RESULT

KEYWORDS = {"tr": None, "trn": (1, 2)}
TEMPLATES = [("summary.html", "jinja2"), ("base.html", "jinja2")]
REPORT = ROOT / "havre" / "report"


def texts() -> set[Any]:
    """What code and templates of reports ask to be translated; plurals are pairs."""
    code = extract_from_dir(str(REPORT), [("**.py", "python")], keywords=KEYWORDS)
    pages = extract_from_dir(str(REPORT / "templates"), TEMPLATES, keywords=KEYWORDS)
    return {found[2] for found in [*code, *pages]}


def of_data() -> set[Any]:
    """Words of data that a summary shows."""
    found: set[Any] = {
        *map(str, Severity),
        *map(str, Copy),
        *map(str, Environment),
        *NAMES.values(),
    }
    found |= {words.STATUSES.get(word, word) for word in words.COUNTED}
    found |= {
        *words.SOURCES.values(),
        *words.COUNTED.values(),
        "EU",
        "US",
        "certified",
        "qualified",
    }
    found |= {headline.PASSED, headline.WITH_EXCEPTIONS, headline.FAILED, headline.NOT_EVALUATED}
    return found


def catalogue(package: str) -> Catalog:
    path = ROOT / package / "locale" / "fr" / "LC_MESSAGES" / "messages.po"
    return read_po(BytesIO(path.read_bytes()))


def translated(found: Catalog) -> dict[Any, Any]:
    return {
        tuple(each.id) if each.pluralizable else each.id: each.string for each in found if each.id
    }


def test_every_text_of_a_summary_is_translated() -> None:
    known = translated(catalogue("havre/report"))
    wanted = texts() | of_data()
    assert len(wanted) > 100
    assert sorted(map(str, wanted - known.keys())) == []
    assert [key for key, told in known.items() if not told or not all(told)] == []


def test_nothing_is_translated_that_no_summary_shows() -> None:
    known = translated(catalogue("havre/report"))
    titles = {getattr(each.provider, "title", "") for each in installed()}
    assert sorted(map(str, known.keys() - texts() - of_data() - titles)) == []


def test_every_control_has_a_title_of_its_own_in_french() -> None:
    controls = installed_controls()
    with speaking(Language.FR):
        told = {control.id: title(control) for control in controls}
    assert len(told) > 55
    assert [control.id for control in controls if told[control.id] == control.title] == []
    assert len(set(told.values())) == len(told)
    assert all(text.endswith(".") for text in told.values())


@pytest.mark.parametrize("package", PACKAGES)
def test_a_translation_has_the_same_values_and_is_not_a_guess(package: str) -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    found = catalogue(package)
    assert len(found) > 50
    for each in found:
        if each.id:
            ids = each.id if each.pluralizable else (each.id,)
            strings = each.string if each.pluralizable else (each.string,)
            assert {frozenset(names(text)) for text in strings} == {frozenset(names(ids[0]))}
            assert not each.fuzzy, each.id


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-5])
def test_what_is_read_at_run_time_is_what_was_written(path: Path) -> None:
    kept, now = (
        {key: told for key, told in GNUTranslations(BytesIO(found))._catalog.items() if key}
        for found in (path.with_suffix(".mo").read_bytes(), compiled(path))
    )
    assert len(kept) > 50
    assert kept == now, "run `python scripts/catalogues.py`"


ENGLISH = re.compile(
    r"\b(the|passed|failed|waived|warning|evaluated|stored|access|findings|fixed|until|days)\b",
    re.IGNORECASE,
)


def test_the_summary_is_in_french_and_fits_a_screen() -> None:
    with speaking(Language.FR):
        shown = render(RESULT, Format.TABLE, summary=True, width=80)
    lines = shown.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "Lieux des données" in shown
    labels = [line[:23] for line in lines if not line.startswith("    ")]
    assert [line for line in labels if ENGLISH.search(line)] == []


def test_page_and_summary_show_a_status_in_the_same_colours() -> None:
    pages = [render(RESULT, Format.HTML, summary=summary) for summary in (False, True)]
    shown = [re.findall(r'class="verdict (status-[\w-]+)"', page) for page in pages]
    assert shown[0] == shown[1]
    assert f".{shown[0][0]}" in pages[1]


def test_another_language_changes_no_other_rendering() -> None:
    before = render(RESULT, Format.TABLE, summary=True, width=80)
    with speaking(Language.FR):
        between = render(RESULT, Format.TABLE, summary=True, width=80)
    assert before != between
    assert render(RESULT, Format.TABLE, summary=True, width=80) == before


def test_values_are_put_in_and_never_read_as_a_pattern() -> None:
    with speaking(Language.FR):
        assert tr("until {date}", date=HOSTILE).endswith(HOSTILE)
        assert tr("") == ""
        assert tr(HOSTILE) == HOSTILE
        assert trn("{count} resource", "{count} resources", 0) == "0 ressource"
        assert trn("{count} resource", "{count} resources", 2) == "2 ressources"


def test_a_language_that_a_format_lacks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from havre.cli import main

    file = str(ROOT / "examples" / "hospital" / "warehouse.yaml")
    assert main(["check", file, "-p", "local", "--lang", "fr", "--format", "sarif"]) == 2
    told = capsys.readouterr().err
    assert "--lang fr" in told
    assert "table, html" in told
