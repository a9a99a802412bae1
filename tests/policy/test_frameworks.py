"""Headings of frameworks: which controls contribute to which, and how far."""

import re
from pathlib import Path

import pytest

from havre.errors import InputError
from havre.policy.findings import VERDICTS
from havre.policy.frameworks import (
    Coverage,
    Framework,
    Frameworks,
    Heading,
    Requirement,
    coverage,
    load_frameworks,
)

FILE = Path(__file__).parents[2] / "policies" / "havre_policies" / "frameworks.yaml"

CATALOGUE = {
    "encryption.at-rest": ("SNC 10.1", "A 8.24"),
    "encryption.customer-key": ("SNC 10.1", "SNC 10.5", "EDS 10"),
    "encryption.hsm-key": ("SNC 10.5",),
    "encryption.key-rotation": ("SNC 10.5", "A 8.24"),
    "encryption.key-deletion": ("SNC 10.5", "SNC 17.4"),
    "encryption.distinct-keys": ("EDS 10",),
    "encryption.in-transit": ("SNC 10.2", "A 8.24"),
    "encryption.database-tls": ("SNC 10.2",),
    "encryption.cluster-secrets": ("SNC 10.1", "SNC 10.5"),
    "residency.data": ("SNC 19.2", "GDPR 44"),
    "residency.replicas": ("SNC 19.2",),
    "residency.backups": ("SNC 19.2", "SNC 12.5"),
    "residency.keys": ("SNC 19.2", "SNC 10.5"),
    "residency.logs": ("SNC 19.2", "SNC 12.6"),
    "residency.compute": ("SNC 19.2",),
    "residency.spread": ("SNC 19.2", "SNC 19.3"),
    "residency.unplaced": ("SNC 19.2",),
    "jurisdiction.operator": ("SNC 19.6", "GDPR 48"),
    "jurisdiction.hds": ("HDS",),
    "jurisdiction.secnumcloud": ("SNC", "CIRC 6519/SG"),
    "jurisdiction.qualification-age": ("SNC 18.1",),
    "jurisdiction.telemetry": ("SNC 12.13", "SNC 19.6"),
    "exposure.public-storage": ("SNC 9.7", "A 8.3"),
    "exposure.public-database": ("SNC 13.2",),
    "exposure.public-cluster": ("SNC 9.6", "SNC 13.2"),
    "exposure.private-endpoints": ("SNC 13.2",),
    "exposure.open-ingress": ("SNC 13.2", "A 8.20"),
    "exposure.workload-isolation": ("A 8.22",),
    "inventory.images": ("SNC 12.11",),
    "exposure.names": ("SNC 12.14", "A 8.16"),
    "exposure.egress": ("SNC 12.14", "A 8.12"),
    "exposure.shared-keys": ("SNC 9.5",),
    "exposure.cross-tenant": ("SNC 9.7", "A 8.12"),
    "exposure.partition": ("SNC 13.2", "A 8.22"),
    "access.least-privilege": ("SNC 9.3", "A 8.2"),
    "access.project-isolation": ("SNC 9.7", "EDS 10"),
    "access.project-expiry": ("SNC 9.3", "SNC 9.4", "EDS 10"),
    "access.separation-of-duties": ("SNC 6.2",),
    "access.no-static-credentials": ("SNC 9.5", "A 5.17"),
    "access.no-plaintext-secret": ("SNC 10.5",),
    "access.export-gate": ("EDS 10", "A 8.12"),
    "access.revocable": ("SNC 9.3", "A 5.18"),
    "access.personal-identity": ("SNC 9.2", "EDS 10", "A 5.16"),
    "access.second-factor": ("SNC 9.5", "A 8.5"),
    "audit.person": ("SNC 12.6", "EDS 10", "A 8.15"),
    "audit.storage-access": ("SNC 12.6", "EDS 10", "A 8.15"),
    "audit.database": ("SNC 12.6", "EDS 10"),
    "audit.keys": ("SNC 12.6", "SNC 10.5"),
    "audit.cluster": ("SNC 12.6",),
    "audit.administration": ("SNC 12.6", "SNC 12.12"),
    "audit.network": ("SNC 13.3",),
    "audit.retention": ("SNC 12.6", "A 8.15"),
    "audit.protected": ("SNC 12.7",),
    "audit.statements": ("SNC 12.7",),
    "audit.alerts": ("A 8.16",),
    "audit.central": ("SNC 12.9",),
    "continuity.backup": ("SNC 12.5", "SNC 17.6", "A 8.13"),
    "continuity.recovery-site": ("SNC 17.2", "SNC 17.4"),
    "continuity.versioning": ("SNC 12.5",),
    "continuity.erasable": ("A 8.10",),
    "continuity.immutability": ("SNC 12.5", "A 5.33"),
    "continuity.retention": ("SNC 12.5", "A 5.33", "A 8.10", "A 8.13"),
    "continuity.deletion": ("SNC 17.4",),
    "continuity.managed": ("SNC 8.1",),
    "continuity.availability": ("SNC 17.4", "A 8.14"),
    "continuity.state": ("SNC 17.5", "SNC 10.5"),
    "inventory.tags": ("SNC 8.1", "SNC 8.4"),
    "inventory.known": ("SNC 8.1", "SNC 13.1"),
    "inventory.supported-versions": ("SNC 12.11",),
    "inventory.environments": ("SNC 12.3", "A 8.31"),
    "exit.counterpart": ("SNC 19.4",),
    "exit.portable": ("SNC 19.4",),
    "exit.rehearsed": ("SNC 19.4", "SNC 17.3"),
}
"""Every control of the catalogue, with what it refers to there."""

CHAPTERS = {
    5: 3, 6: 5, 7: 5, 8: 5, 9: 7, 10: 6, 11: 10, 12: 14, 13: 3, 14: 7, 15: 5, 16: 6, 17: 6, 18: 4,
    19: 6,
}  # fmt: skip
"""Chapters of SecNumCloud 3.2, and how many headings each has."""

NEVER_OURS = {"7", "11", "14", "15", "16"}
"""Chapters of which no heading's own title was read, or that are no matter of a plan."""


@pytest.fixture(scope="module")
def shipped() -> Frameworks:
    return load_frameworks(FILE)


def framework(shipped: Frameworks, key: str) -> Framework:
    (found,) = [each for each in shipped.items if each.key == key]
    return found


def mapped(shipped: Frameworks) -> set[str]:
    return {h.id for h in framework(shipped, "SNC").headings if h.id and h.controls}


def test_secnumcloud_has_its_92_headings_in_order(shipped: Frameworks) -> None:
    ids = [h.id for h in framework(shipped, "SNC").headings if h.id]
    expected = [f"{chapter}.{n + 1}" for chapter, last in CHAPTERS.items() for n in range(last)]
    assert ids == expected
    assert len(ids) == len(set(ids)) == 92


def test_at_least_forty_of_them_have_a_control(shipped: Frameworks) -> None:
    found = mapped(shipped)
    assert len(found) == 40
    assert {"19.2", "19.3", "19.4", "19.6"} <= found
    assert not {heading for heading in found if heading.split(".")[0] in NEVER_OURS}


def test_a_heading_whose_own_title_was_not_read_says_so(shipped: Frameworks) -> None:
    for heading in framework(shipped, "SNC").headings:
        of_chapter = heading.id.split(".")[0] in NEVER_OURS
        assert heading.title.endswith("(title of the chapter)") is of_chapter, heading


def test_the_other_frameworks_name_no_number_that_was_not_read(shipped: Frameworks) -> None:
    ids = {each.key: [h.id for h in each.headings] for each in shipped.items}
    assert set(ids) == {"SNC", "EDS", "HDS", "CIRC", "A", "GDPR"}
    assert ids["EDS"] == ["10"]
    assert ids["HDS"] == [""]
    assert ids["CIRC"] == ["6519/SG"]
    assert ids["GDPR"] == ["9", "25", "32", "44", "45", "46", "47", "48", "49"]
    assert ids["A"] == [f"5.{n}" for n in (15, 16, 17, 18, 23, 29, 30, 33, 34)] + [
        f"8.{n}" for n in (2, 3, 5, 9, 10, 12, 13, 14, 15, 16, 20, 21, 22, 24, 31, 32)
    ]


def test_every_framework_says_whom_it_binds(shipped: Frameworks) -> None:
    assert all(each.title and each.binds for each in shipped.items)
    snc = framework(shipped, "SNC")
    assert (snc.version, snc.date) == ("3.2", "2022-03-08")
    assert "hosting provider" in snc.binds


def test_every_control_named_is_one_of_the_catalogue(shipped: Frameworks) -> None:
    named = {c for each in shipped.items for h in each.headings for c in h.controls}
    assert named == set(CATALOGUE)


@pytest.mark.parametrize("control", CATALOGUE)
def test_what_the_catalogue_refers_to_is_mapped(shipped: Frameworks, control: str) -> None:
    assert set(CATALOGUE[control]) <= set(shipped.of(control))


def test_what_a_control_contributes_to_can_be_cited(shipped: Frameworks) -> None:
    assert {"SNC", "SNC 10.1", "A 8.24", "EDS 10", "HDS", "GDPR 44"} <= shipped.known
    assert not {"A", "GDPR", "EDS", "CIRC", "SNC 20.1", "HDS 1"} & shipped.known
    assert all(set(shipped.of(control)) <= shipped.known for control in CATALOGUE)
    assert shipped.of("encryption.hsm-key") == ("SNC 10.5", "A 8.24")
    assert shipped.of("encryption.hsm") == ()


def test_a_heading_with_controls_says_which_part_and_how_far(shipped: Frameworks) -> None:
    for each in shipped.items:
        for heading in each.headings:
            shown = heading.coverage in {Coverage.EVIDENCED, Coverage.PARTLY}
            assert bool(heading.part) == bool(heading.controls) == shown, heading
            assert not shown or re.fullmatch(r"Whether .*\.", heading.part), heading


def test_nothing_says_that_anybody_complies() -> None:
    claims = re.compile(r"\b(?:compl(?:y|ies|iant|iance)|conform\w*)\b", re.IGNORECASE)
    titles = ("title: Conformité aux politiques", "title: Examen de la conformité technique")
    for line in FILE.read_text().splitlines():
        assert not claims.search(line) or line.strip() in titles, line


SMALL = Frameworks(
    (
        Framework(
            "X",
            "All of X",
            "1",
            "",
            "somebody",
            (
                Heading("", "All of X", ("a.whole",), "P.", Coverage.PARTLY),
                Heading("1.1", "Nothing"),
                Heading("1.2", "Two", ("a.one", "a.two"), "P.", Coverage.EVIDENCED),
            ),
        ),
    )
)


def test_coverage_lists_every_heading() -> None:
    asked = {"a.one", "a.two", "a.whole"}
    whole, nothing, two = coverage(SMALL, asked, {"a.one": "pass", "a.two": "fail"})
    assert whole == Requirement("X", "", "All of X", ("a.whole",), "P.", Coverage.PARTLY, "")
    assert nothing == Requirement("X", "1.1", "Nothing", (), "", Coverage.ORGANISATIONAL, "")
    assert two.as_dict() == {
        "framework": "X",
        "id": "1.2",
        "title": "Two",
        "controls": ["a.one", "a.two"],
        "part": "P.",
        "coverage": "evidenced",
        "verdict": "fail",
    }


@pytest.mark.parametrize("worse", range(len(VERDICTS)))
def test_a_heading_is_as_its_worst_control(worse: int) -> None:
    for better in range(worse, len(VERDICTS)):
        verdicts = {"a.one": VERDICTS[better], "a.two": VERDICTS[worse]}
        assert coverage(SMALL, verdicts, verdicts)[2].verdict == VERDICTS[worse]
    assert VERDICTS == ("fail", "unknown", "warning", "waived", "pass", "not-applicable")


def test_a_heading_shows_less_where_its_controls_were_not_all_asked_for() -> None:
    partly = coverage(SMALL, ["a.one"], {"a.one": "pass", "a.two": "fail"})[2]
    assert (partly.controls, partly.coverage, partly.verdict) == (
        ("a.one",),
        Coverage.PARTLY,
        "pass",
    )
    not_asked = coverage(SMALL, ["a.other"], {"a.one": "pass"})[2]
    assert (not_asked.controls, not_asked.coverage, not_asked.verdict) == (
        (),
        Coverage.NOT_ASKED,
        "",
    )


def test_nothing_is_judged_without_verdicts() -> None:
    assert {each.verdict for each in coverage(SMALL, ["a.one", "a.two"], None)} == {""}


FILE_TEXT = """\
frameworks:
  - key: X
    title: All of X
    binds: somebody
    headings:
      - id: 1.10
        title: Nothing
      - id: 1.1
        title: One
        controls: [encryption.at-rest]
        coverage: partly
        part: Part.
"""


def loaded(tmp_path: Path, text: str) -> Frameworks:
    file = tmp_path / "f.yaml"
    file.write_text(text)
    return load_frameworks(file)


def test_a_file_is_read_as_it_stands(tmp_path: Path) -> None:
    found = loaded(tmp_path, FILE_TEXT)
    assert found.known == {"X 1.1", "X 1.10"}
    assert found.of("encryption.at-rest") == ("X 1.1",)
    whole = "    whole:\n      controls: [a.b]\n      coverage: evidenced\n      part: P.\n"
    with_whole = loaded(tmp_path, FILE_TEXT.replace("    headings:", f"{whole}    headings:"))
    assert with_whole.items[0].headings[0] == Heading(
        "", "All of X", ("a.b",), "P.", Coverage.EVIDENCED
    )
    assert "X" in with_whole.known


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "encryption.at-rest",
            "Encryption",
            "10: frameworks[0].headings[1].controls[0]: `Encryption`",
        ),
        ("encryption.at-rest", "a.b, a.b", "names a control twice"),
        ("coverage: partly", "coverage: organisational", "frameworks[0].headings[1]: has either"),
        ("coverage: partly", "coverage: not-asked", "frameworks[0].headings[1]: has either"),
        ("coverage: partly", "coverage: wholly", "11: frameworks[0].headings[1].coverage: "),
        ("        part: Part.\n", "", "8: frameworks[0].headings[1]: has either"),
        ("        controls: [encryption.at-rest]\n", "", "has either controls"),
        ("title: Nothing", "title: Nothing\n        part: Part.", "headings[0]: has"),
        (
            "title: Nothing",
            "title: N\n        coverage: not-asked",
            "headings[0]: has",
        ),
        ("id: 1.10", "id: 1.1", "8: frameworks[0].headings[1].id: the heading 1.1 is listed twice"),
        ("    binds: somebody\n", "", "frameworks[0].binds: is missing"),
        ("title: Nothing", "titel: Nothing", "frameworks[0].headings[0].titel: is unknown"),
        (
            "frameworks:\n",
            "frameworks:\n  - {key: X, title: T, binds: b}\n",
            "3: frameworks[1].key: the framework X is listed twice",
        ),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in FILE_TEXT
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        loaded(tmp_path, FILE_TEXT.replace(old, new))
    assert str(tmp_path / "f.yaml") in caught.value.message
    assert caught.value.remedy
