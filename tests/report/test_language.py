"""Summaries in another language: nothing is left untranslated, and nothing but words differs."""

import datetime as dt
import html
import re
import string
from dataclasses import replace
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from havre.facts.model import Copy
from havre.policy.findings import FindingKind, InputFile, Provenance, Result, Waiver, Whereabouts
from havre.policy.model import Severity
from havre.policy.registry import installed_controls
from havre.provider.discovery import installed
from havre.report.findings import Format, answers, headline, render, words
from havre.report.language import Language, speaking, title, tr, trn
from havre.report.texts import translated as shown_as
from havre.spec.countries import NAMES
from havre.spec.durations import Authorisation, Durations, ZoneDurations
from havre.spec.model import Environment
from scripts.catalogues import PACKAGES, ROOT, catalogues, compiled
from tests.report.samples import FINDINGS, GAP, HOSTILE, RESULT

KEYWORDS = {"tr": None, "trn": (1, 2)}
TEMPLATES = [(f"{name}.html", "jinja2") for name in ("summary", "base", "macros")]
REPORT = ROOT / "havre" / "report"


def texts() -> set[Any]:
    """What commands, reports and templates ask to be translated; plurals are pairs."""
    code = extract_from_dir(str(REPORT), [("**.py", "python")], keywords=KEYWORDS)
    pages = extract_from_dir(str(REPORT / "templates"), TEMPLATES, keywords=KEYWORDS)
    command = extract_from_dir(
        str(ROOT / "havre" / "cli"), [("**.py", "python")], keywords=KEYWORDS
    )
    return {found[2] for found in [*code, *pages, *command]}


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
        *words.ROLES.values(),
        *words.COUNTED.values(),
        *words.MONTHS,
        "EU",
        "US",
        "certified",
        "qualified",
    }
    found |= {headline.PASSED, headline.WITH_EXCEPTIONS}
    found |= {headline.FAILED, headline.NOT_EVALUATED, headline.PARTIAL}
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
    assert len(kept) > 30
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


TYPOGRAPHY = re.compile(r"[^\xa0][:;?!»](?=\s|$)|«[^\xa0]")
"""A sign of punctuation without the fixed space that French has beside it."""


def of_page(page: str) -> str:
    """What a reader sees of a page, on one line for each element."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", page.partition("<header>")[2], flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", body))


@pytest.mark.parametrize("form", [Format.TABLE, Format.HTML])
def test_french_has_its_typography_and_its_dates(form: Format) -> None:
    with speaking(Language.FR):
        shown = render(RESULT, form, summary=True, width=80)
    shown = of_page(shown) if form is Format.HTML else shown
    assert [found.group() for found in TYPOGRAPHY.finditer(shown)] == []
    assert "31 décembre 2026" in shown
    assert not re.search(r"\d{4}-\d{2}-\d{2}", shown)


@pytest.mark.parametrize(("count", "told"), [(1, "dont 1 implicite "), (2, "dont 2 implicites ")])
def test_a_copy_that_is_implied_agrees_with_its_number(count: int, told: str) -> None:
    lies = (Whereabouts("backup", "par", "FR", 3, count),)
    with speaking(Language.FR):
        ((_, shown),) = answers.spots(replace(RESULT, lies=lies))
    assert told in shown


def test_how_much_has_no_known_place_is_never_cut_off() -> None:
    lies = tuple(Whereabouts("primary", f"region-{n}", "FR", 1, 0) for n in range(40))
    for language, told in ((Language.FR, "3 ressources de lieu inconnu"), (Language.EN, "3 res")):
        with speaking(language):
            shown = render(replace(RESULT, lies=lies), Format.TABLE, summary=True, width=80)
        assert told in shown


def test_the_first_of_a_month_is_written_as_people_do() -> None:
    with speaking(Language.FR):
        assert words.day_of(dt.date(2027, 1, 1)) == "1er janvier 2027"
    assert words.day_of(dt.date(2027, 1, 1)) == "2027-01-01"


ACCEPTED = replace(
    FINDINGS[-1], waiver=replace(FINDINGS[-1].waiver, reason="As `agreed` in March.")
)


def table_of(page: str, name: str) -> list[str]:
    """The rows of a table, each as the reader sees it."""
    (body,) = re.findall(rf'<table class="{name}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


@pytest.mark.parametrize("language", Language)
def test_every_accepted_risk_is_in_the_annex_with_what_its_owner_confirms(
    language: Language,
) -> None:
    gap = replace(FINDINGS[6], kind=FindingKind.WAIVED, control="logs.retention")
    risks = tuple(
        replace(
            each,
            resource=f"{each.resource}-{n}",
            waiver=replace(ACCEPTED.waiver, decision=f"D-{n}"),
        )
        for n in range(30)
        for each in (ACCEPTED, gap)
    )
    with speaking(language):
        page = render(replace(RESULT, findings=risks), Format.HTML, summary=True)
        end = words.day_of(ACCEPTED.waiver.expires)
        found = shown_as("30 days")
    rows = table_of(page, "risks")
    assert len(rows) == len(set(rows)) == 30
    for number in range(30):
        (row,) = (each for each in rows if f"D-{number} " in each)
        for told in (
            f"logs-{number}",
            "Ana Silva",
            "As agreed in March.",
            GAP.risk,
            end,
            found,
        ):
            assert told in row
    assert "`" not in of_page(page)


def test_a_summary_has_a_place_to_sign_and_the_digests_of_what_was_read() -> None:
    digest = "ab" * 32
    made = Provenance("havre 9.9", (), (), (InputFile("waivers", "w.yaml", digest),), "EMC2")
    with speaking(Language.FR):
        shown = of_page(render(replace(RESULT, provenance=made), Format.HTML, summary=True))
    for told in ("havre 9.9", digest, "w.yaml", "Date", "Signature", "Nom et fonction"):
        assert told in shown


def zones_of(count: int) -> tuple[ZoneDurations, ...]:
    first = ZoneDurations("landing", 90, 30, 0), ZoneDurations("curated", None, 0, 1_095)
    return (*first, *(ZoneDurations(f"zone-{n}", 9, 8, 7) for n in range(count - 2)))


@pytest.mark.parametrize("count", [2, 40])
def test_a_summary_has_the_durations_and_the_projects_of_the_file(count: int) -> None:
    day = dt.date(2028, 6, 30)
    projects = tuple(
        Authorisation(f"p-{n}", f"CNIL {n}", ("curated", "export"), day) for n in range(count)
    )
    of = replace(RESULT, durations=Durations(zones_of(count), 35, 400, projects))
    with speaking(Language.FR):
        page = render(of, Format.HTML, summary=True)
    shown = " ".join(re.sub(r"<[^>]+>", " ", page.replace("\xa0", " ")).split())
    for row in (
        "landing 90 jours 30 jours aucun",
        "curated jamais (sans limite) non promis 1 095 jours",
        f"p-{count - 1} curated, export CNIL {count - 1} 30 juin 2028",
        "35 jours ; journaux, au moins : 400 jours",
    ):
        assert row in html.unescape(shown)
    sheet, _, annexed = page.partition('<h2 class="annex">')
    assert f"p-{count - 1}" in annexed or count == 2
    assert sheet.count("CNIL") <= 6
    assert f"{count - 6} autres zones sont en annexe" in shown or count == 2


@pytest.mark.parametrize("role", ["waivers", "state"])
def test_a_sheet_to_sign_names_the_waivers_or_that_there_are_none(role: str) -> None:
    made = Provenance("havre 9.9", (), (), (InputFile(role, "x.yaml", "ab" * 32),), "EMC2")
    with speaking(Language.FR):
        shown = of_page(render(replace(RESULT, provenance=made), Format.HTML, summary=True))
    sheet = shown.replace("\xa0", " ").partition("Nom et fonction")[0]
    none = "Pas de fichier de dérogations : aucune n'est appliquée."
    assert (f"Dérogations, x.yaml : {'ab' * 32}" in sheet) is (role == "waivers")
    assert (none in sheet) is (role == "state")


UNMET = ("exigence non satisfaite", "non évalué", "dérogation sans constat", "non vu")
"""What stands before the title of a control of which something was found."""


@pytest.mark.parametrize("form", [Format.TABLE, Format.HTML])
def test_the_title_of_a_control_never_reads_as_met_where_something_was_found(form: Format) -> None:
    with speaking(Language.FR):
        shown = render(of_installed(), form, summary=True, width=200)
        titles = {title(each) for each in of_installed().controls}
    shown = " ".join((of_page(shown) if form is Format.HTML else shown).split())
    told = [found for each in titles for found in re.finditer(re.escape(each), shown)]
    assert len(told) >= (len(titles) if form is Format.HTML else 3)
    before = [shown[: found.start()].removesuffix("« ").rstrip(" :") for found in told]
    assert [each[-40:] for each in before if not each.lower().endswith(UNMET)] == []


def waiver_of(waiver: Waiver, control: str) -> Waiver:
    return replace(waiver, control=control)


def of_installed() -> Result:
    """A result of installed controls, whose titles are translated, with a finding of each kind."""
    controls = installed_controls()[:8]
    findings = tuple(
        replace(each, control=control.id, waiver=each.waiver and waiver_of(each.waiver, control.id))
        for control, each in zip(controls, FINDINGS[4:], strict=False)
    )
    return replace(RESULT, controls=controls[: len(findings)], findings=findings)


CONFORMITY = re.compile(r"\b(non[- ])?conform", re.IGNORECASE)


def test_no_word_of_a_status_is_one_of_conformity() -> None:
    known = translated(catalogue("havre/report"))
    assert not any(CONFORMITY.search("".join(found)) for found in known.values())
    page = (ROOT / "docs" / "security" / "dpo.md").read_text()
    statuses = (headline.PASSED, headline.WITH_EXCEPTIONS, headline.FAILED)
    statuses += (headline.NOT_EVALUATED, headline.PARTIAL)
    with speaking(Language.FR):
        printed = [*map(tr, statuses), *(words.status(word) for word in words.COUNTED)]
    assert [word for word in printed if f"| {word} |" not in page] == []


def test_a_summary_asks_what_the_page_for_its_reader_explains() -> None:
    page = (ROOT / "docs" / "security" / "dpo.md").read_text()
    section = page.partition("## Ce qui vous est demandé\n")[2].partition("\n## ")[0]
    explained = [" ".join(each.split()) for each in re.findall(r"(?s)\d\. \*\*(.*?)\*\*", section)]
    with speaking(Language.FR):
        shown = render(RESULT, Format.HTML, summary=True)
    (asked,) = re.findall(r"(?s)<ol>(.*?)</ol>", shown)
    assert [html.unescape(each) for each in re.findall(r"<li>(.*?)</li>", asked)] == explained
    assert len(explained) >= 4


def test_a_summary_says_of_how_many_controls_risks_are_accepted() -> None:
    second = replace(ACCEPTED, waiver=replace(ACCEPTED.waiver, decision="D-2"))
    elsewhere = waiver_of(ACCEPTED.waiver, "other.control")
    other = replace(ACCEPTED, control="other.control", waiver=elsewhere)
    with speaking(Language.FR):
        shown = of_page(
            render(replace(RESULT, findings=(ACCEPTED, second, other)), Format.HTML, summary=True)
        )
    shown = shown.replace("\xa0", " ")
    assert "3 risques acceptés" in shown
    assert "Cela concerne 2 contrôles." in shown


def test_the_annex_is_named_as_the_text_names_it() -> None:
    with speaking(Language.FR):
        shown = render(replace(RESULT, findings=(ACCEPTED,)), Format.HTML, summary=True)
    assert '<h2 class="annex">Annexe : risques acceptés</h2>' in shown.replace("\xa0", " ")
    assert "l'annexe" in of_page(shown)


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


def test_the_command_says_in_the_same_language_what_it_uses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from havre.cli import main

    file = ROOT / "examples" / "emc2" / "warehouse.yaml"
    day = ("--as-of", "2026-11-23", "--only", "residency.data")
    for words_of, told in (
        (("--lang", "fr"), "Pris en compte : dérogations "),
        ((), "Using waivers "),
    ):
        main(["check", str(file), "-p", "azure", *day, *words_of])
        assert " ".join(capsys.readouterr().err.split()).startswith(told)


@pytest.mark.parametrize(
    "given", [("--explain", "residency.data"), ("--coverage",), ("--framework", "hds")]
)
def test_what_has_no_french_is_refused_in_french(
    given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    from havre.cli import main

    file = str(ROOT / "examples" / "hospital" / "warehouse.yaml")
    assert main(["check", file, "-p", "local", "--lang", "fr", *given]) == 2
    told = capsys.readouterr()
    assert not told.out
    assert f"--lang fr: {given[0]} is written in English only" in " ".join(told.err.split())
