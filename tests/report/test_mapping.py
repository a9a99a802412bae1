"""Coverage of frameworks without a check, in every form: nothing in it is a result."""

import csv
import datetime as dt
import io
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from havre.cli.check import known_controls
from havre.policy.findings import VERDICTS
from havre.policy.frameworks import (
    Coverage,
    Framework,
    Frameworks,
    FrameworkText,
    Heading,
    RequirementCount,
    coverage,
    installed_frameworks,
)
from havre.policy.own import frameworks_with
from havre.probe.answers import ProbeOutcome, Sighting
from havre.probe.record import ProbeRecord
from havre.report.mapping import MappingFormat, render
from havre.report.mapping.answers import Mapped, mapped

ROOT = Path(__file__).parents[2]
DAY = dt.date(2026, 11, 30)
TEXT = FrameworkText(
    source="https://example.org/x.yaml, tag v1",
    read_on=DAY,
    licence="CC BY 4.0",
    attribution="X, by its authors",
)
OF = RequirementCount(count=5, source="X, its list", read_on=DAY)
HEADINGS = (
    Heading("1.1", "Nothing to see", level="Optional"),
    Heading("1.2", "Both", ("a.one", "a.two"), "Whether both.", Coverage.EVIDENCED, ("drift",)),
    Heading("1.3", "Command", (), "Whether so. Not else.", Coverage.PARTLY, ("exit plan",)),
    Heading("1.4", "<script>alert(1)</script> | `x`", level="=MUST"),
)
LARGE = Framework("X", "All of X", "1.0", "2026-01-01", "Us.", HEADINGS, "x-1", OF, TEXT)
COUNTED = Framework(
    "Y", "All of Y", "2", "", "Them.", (Heading("9.9", "Secret title"),), on_request=True
)
TOTALS = (
    "2 of 5 requirements: evidence for 1, partial evidence for 1, 2 not visible in a plan, 1 not"
    " cited here"
)


def subject(*named: str) -> Mapped:
    frameworks = Frameworks((LARGE, COUNTED))
    found = coverage(frameworks, ["a.one", "a.two"], None, frozenset(named))
    return mapped(frameworks.items, found, DAY)


def written(form: MappingFormat, *named: str) -> str:
    return render(subject(*named), form)


PEOPLE = pytest.mark.parametrize(
    "form", [MappingFormat.TABLE, MappingFormat.MARKDOWN, MappingFormat.HTML]
)


@PEOPLE
def test_people_read_every_requirement_with_its_reason_and_the_text_that_was_read(
    form: MappingFormat,
) -> None:
    text = re.sub(r"&#8203;|\s+", lambda m: "" if m[0].startswith("&") else " ", written(form))
    for word in ("X 1.1", "X 1.2", "X 1.3", "X 1.4", "Whether both.", "Whether so. Not else."):
        assert word in text
    assert TOTALS in text
    assert "havre drift" in text
    assert "havre exit plan" in text
    for word in ("example.org/x.yaml", ", tag v1", "2026-11-30", "CC BY 4.0", "X, by its authors"):
        assert word in text


@PEOPLE
def test_a_framework_on_request_is_one_line(form: MappingFormat) -> None:
    text = written(form)
    assert "Secret title" not in text
    assert len([line for line in text.splitlines() if re.search(r"\b(?:All of )?Y\b", line)]) == 1
    assert "Secret title" in written(form, "Y")
    assert "X 1.1" not in written(form, "Y")


@pytest.mark.parametrize("form", list(MappingFormat))
def test_nothing_is_a_result(form: MappingFormat) -> None:
    text = written(form)
    shown = text.partition("<main")[2] or text
    assert not re.search(rf"\b(?:{'|'.join(VERDICTS)}|passed|failed|compl\w+|score)\b", shown)


@pytest.mark.parametrize("form", list(MappingFormat))
def test_the_same_mapping_gives_the_same_bytes(form: MappingFormat) -> None:
    assert written(form) == written(form)
    assert written(form).endswith("\n")


def test_text_from_outside_is_inert() -> None:
    assert "<script>alert" not in written(MappingFormat.HTML)
    assert "&lt;script&gt;alert(1)" in written(MappingFormat.HTML)
    (row,) = [each for each in written(MappingFormat.MARKDOWN).splitlines() if "X 1.4" in each]
    assert row.count("|") == 6, "five cells"
    assert "<script>" not in row
    rows = list(csv.DictReader(io.StringIO(written(MappingFormat.CSV))))
    assert rows[3]["level"] == "'=MUST"


def test_csv_has_one_line_for_each_listed_requirement() -> None:
    rows = list(csv.DictReader(io.StringIO(written(MappingFormat.CSV))))
    assert [row["requirement"] for row in rows] == ["X 1.1", "X 1.2", "X 1.3", "X 1.4"]
    assert rows[1]["commands"] == "drift"
    assert rows[1]["controls"] == "a.one a.two"
    assert rows[0]["level"] == "Optional"


def test_json_counts_what_it_does_not_list() -> None:
    told = json.loads(written(MappingFormat.JSON))
    assert [each["id"] for each in told["requirements"]] == ["1.1", "1.2", "1.3", "1.4"]
    large, counted = told["frameworks"]
    assert (large["evidence"], large["partial"], large["none"]) == (1, 1, 2)
    assert (large["requirements"], large["not_cited"]) == (5, 1)
    assert large["text"]["licence"] == "CC BY 4.0"
    assert (counted["framework"], counted["listed"], counted["none"]) == ("Y", False, 1)


def test_oscal_is_a_component_definition_as_trestle_reads_it() -> None:
    oscal = pytest.importorskip("trestle.oscal", reason="compliance-trestle is not installed")
    from trestle.oscal.component import Model

    document = json.loads(written(MappingFormat.OSCAL))
    metadata = document["component-definition"]["metadata"]
    assert metadata["oscal-version"] == "1.1.3"
    metadata["oscal-version"] = oscal.OSCAL_VERSION  # each release of it reads one version only
    read = Model(**document).component_definition

    (component,) = read.components
    (implementation,) = component.control_implementations
    assert [each.control_id for each in implementation.implemented_requirements] == [
        "X_1.2",
        "X_1.3",
    ]
    assert implementation.source.removeprefix("#") in {
        each.uuid for each in read.back_matter.resources
    }


def test_oscal_says_what_the_evidence_is_and_how_far_it_goes() -> None:
    document = json.loads(written(MappingFormat.OSCAL))["component-definition"]
    (implementation,) = document["components"][0]["control-implementations"]
    props = {
        each["name"]: each["value"]
        for each in implementation["implemented-requirements"][0]["props"]
    }
    assert props == {
        "requirement": "X 1.2",
        "coverage": "evidence",
        "evidence": "a.one, a.two, havre drift",
    }
    (resource,) = document["back-matter"]["resources"]
    assert "CC BY 4.0" in resource["description"]


def test_a_framework_without_evidence_is_in_no_implementation() -> None:
    document = json.loads(written(MappingFormat.OSCAL, "Y"))["component-definition"]
    assert "control-implementations" not in document["components"][0]
    assert len(document["back-matter"]["resources"]) == 1


def test_a_narrow_terminal_breaks_no_identifier() -> None:
    lines = render(subject(), MappingFormat.TABLE, width=40).splitlines()
    assert max(map(len, lines)) <= 44
    assert any("a.one, a.two contribute to it" in line for line in lines)


@pytest.mark.parametrize("end", [", tag v1", ". And more", ""])
def test_the_address_of_a_text_can_be_followed_and_copied(end: str) -> None:
    address = "https://example.org/a_b/4.0/x.yaml"
    of = Framework(
        *("X", "All of X", "1", "", "Us.", HEADINGS, "x-1", OF),
        FrameworkText(
            source=f"{address}{end}",
            read_on=DAY,
            licence="CC BY 4.0",
            attribution="https://evil.example/[x](y)<z>",
        ),
    )
    shown = render(
        mapped((of,), coverage(Frameworks((of,)), [], None), DAY), MappingFormat.MARKDOWN
    )
    assert f"- text: <{address}>" in shown
    assert "<https://evil" not in shown
    assert "<z>" not in shown
    assert "](" not in shown


def test_each_rendering_has_each_word_as_often_as_the_totals_say() -> None:
    """The page, the table and the CSV of the frameworks that are installed, counted alike."""
    known = [each.id for each in known_controls(None)]
    found = frameworks_with(None, known)
    told = mapped(found.items, coverage(found, known, None, found.named("SNC")), DAY)
    snc = next(each for each in told.items if each.framework.key == "SNC")
    rows = csv.DictReader(io.StringIO(render(told, MappingFormat.CSV)))
    counted = Counter(row["coverage"] for row in rows if row["framework"] == "secnumcloud-3.2")
    assert counted.pop("") == 1, "SecNumCloud as a whole"
    assert sum(counted.values()) == 92
    for word, number in counted.items():
        assert re.search(rf"\b{word} for {number}\b|\b{number} {word}\b", snc.totals), snc.totals
    text = (ROOT / "docs" / "reference" / "frameworks.md").read_text()
    chapter = text[text.index("{ #framework-snc }") :].split("\n## ")[0]
    cells = [row.split(" | ")[2] for row in chapter.splitlines() if row.startswith("| SNC")]
    assert Counter(cells) == {**counted, "": 1}


def probes(*outcomes: tuple[str, ProbeOutcome]) -> ProbeRecord:
    at = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
    found = tuple(Sighting("p", name, "t", outcome, "", (), at, 0.0) for name, outcome in outcomes)
    return ProbeRecord("emc2", "paper", True, at, {}, {}, found, "havre 0")


def probed(record: ProbeRecord | None, form: MappingFormat = MappingFormat.TABLE) -> str:
    frameworks = Frameworks((LARGE, COUNTED))
    found = coverage(frameworks, ["a.one", "a.two"], None)
    return render(mapped(frameworks.items, found, DAY, frozenset({"a.one", "b"}), record), form)


@PEOPLE
def test_what_probes_can_add_is_counted(form: MappingFormat) -> None:
    text = re.sub(r"<[^>]*>|&#8203;", "", probed(None, form))
    assert "havre probe tries a control of 1 of these 2 requirements" in text
    assert "was seen to do" not in text
    assert "havre probe tries" not in written(form)


@pytest.mark.parametrize(
    ("outcomes", "seen", "otherwise"),
    [
        ([("a.one", ProbeOutcome.SEEN)], 1, 0),
        ([("a.one", ProbeOutcome.SEEN), ("a.one", ProbeOutcome.UNSEEN)], 0, 0),
        ([("a.one", ProbeOutcome.UNEVALUATED)], 0, 0),
        ([("a.one", ProbeOutcome.SEEN), ("a.two", ProbeOutcome.OTHERWISE)], 0, 1),
        ([("b", ProbeOutcome.SEEN)], 0, 0),
    ],
)
def test_what_probes_saw_is_counted_and_dated(
    outcomes: list[tuple[str, ProbeOutcome]], seen: int, otherwise: int
) -> None:
    record = probes(*outcomes)
    text = " ".join(probed(record).split())
    assert f"a control of {seen} of these 2 was seen to do as the file asks" in text
    assert "emc2 on paper, a sandbox, 2026-11-28 (2 days ago)" in text
    assert ("was seen otherwise" in text) is bool(otherwise)
    first = json.loads(probed(record, MappingFormat.JSON))["frameworks"][0]
    assert first["seen"] == {"seen": seen, "otherwise": otherwise}
    assert first["probed"] == 1


def test_nothing_is_said_of_probes_where_no_requirement_is_cited() -> None:
    frameworks = installed_frameworks()
    keys = frameworks.named("hds")
    found = coverage(frameworks, ["jurisdiction.hds"], None, keys)
    text = render(
        mapped(frameworks.items, found, DAY, frozenset({"jurisdiction.hds"})), MappingFormat.TABLE
    )
    assert "31 not cited here" in text
    assert "havre probe tries" not in text
