"""Frameworks in files of their own: as their sources list them, each mapping with its reason."""

import datetime as dt
import re
from pathlib import Path

import pytest
from typer.main import get_command

from havre.cli.app import app
from havre.policy.frameworks import (
    SHOWN,
    Coverage,
    Framework,
    Frameworks,
    Heading,
    coverage,
    load_frameworks,
)
from havre.policy.registry import installed_controls

FOLDER = Path(__file__).parents[2] / "policies" / "havre_policies" / "frameworks"
SATRE = {
    "1.1": 3, "1.2": 12, "1.3": 5, "1.4": 7, "1.5": 6, "1.6": 9, "1.7": 4,
    "2.1": 18, "2.2": 15, "2.3": 4, "2.4": 5, "2.5": 3, "2.6": 5, "2.7": 6, "2.8": 5, "2.9": 1,
    "3.1": 20, "3.2": 6, "3.3": 9, "3.4": 4,
    "4.1": 2, "4.2": 2, "4.3": 3, "4.4": 4, "4.5": 1, "4.6": 1, "4.7": 1, "4.8": 3,
    "5.1": 10, "5.2": 1, "5.3": 2, "5.4": 4, "5.5": 1, "5.6": 2, "5.7": 1,
}  # fmt: skip
"""Capabilities of SATRE 2.0, and how many statements each has (specification.yaml of v2.0.1)."""
TEHDAS2 = {"SDR": 4, "SPER": 9, "EHDSR": 18, "OPR": 33, "FSPER": 10, "FCR": 9, "TIR": 36}
"""Kinds of requirements of the draft M7.4, Appendix B, and how many there are of each."""
ORDINALS = ("first", "second", "third", "fourth", "fifth")
LISTS = {
    "SATRE": [f"{kind}.{n + 1:02}" for kind, count in SATRE.items() for n in range(count)],
    "TEHDAS2": [f"{kind}-{n + 1}" for kind, count in TEHDAS2.items() for n in range(count)],
    "DA": [str(article) for article in range(23, 32)],
    "DORA": [f"28(8) {ordinal} subparagraph" for ordinal in ORDINALS],
}
"""Every identifier of each framework, in its own order."""
COUNTS = {"SATRE": 185, "TEHDAS2": 119, "DA": 9, "DORA": 5}
LEVELS = {
    "SATRE": {"Mandatory": 89, "Mandatory*": 6, "Recommended": 67, "Optional": 23},
    "TEHDAS2": {"MUST", "SHOULD", "MAY"},
    "DA": {""},
    "DORA": {""},
}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Framework]:
    found = (each for path in FOLDER.glob("*.yaml") for each in load_frameworks(path).items)
    return {each.key: each for each in found}


def mapped(framework: Framework) -> list[Heading]:
    return [each for each in framework.headings if each.coverage in SHOWN]


def test_each_file_has_one_framework(shipped: dict[str, Framework]) -> None:
    assert set(shipped) == set(LISTS)
    assert len(list(FOLDER.iterdir())) == len(shipped)


@pytest.mark.parametrize("key", LISTS)
def test_identifiers_and_counts_are_those_of_the_source(
    shipped: dict[str, Framework], key: str
) -> None:
    framework = shipped[key]
    assert [each.id for each in framework.headings] == LISTS[key]
    assert framework.requirements
    assert framework.requirements.count == len(LISTS[key]) == COUNTS[key]


@pytest.mark.parametrize("key", LISTS)
def test_the_text_that_was_read_is_named_with_day_and_licence(
    shipped: dict[str, Framework], key: str
) -> None:
    framework = shipped[key]
    assert framework.version
    assert framework.text
    assert "https://" in framework.text.source or "http://data.europa.eu/" in framework.text.source
    assert framework.text.read_on >= dt.date(2026, 11, 30)
    assert framework.text.licence


def test_statements_of_others_are_attributed(shipped: dict[str, Framework]) -> None:
    """Titles are SATRE's own, which its licence allows; those of the draft are ours."""
    satre, draft = shipped["SATRE"].text, shipped["TEHDAS2"].text
    assert satre
    assert draft
    assert satre.licence == "CC BY 4.0"
    assert "https://creativecommons.org/licenses/by/4.0/" in satre.attribution
    assert "unchanged" in satre.attribution
    assert draft.licence == "Not known, so titles are ours"
    assert not draft.attribution
    assert all("MUST" not in each.title for each in shipped["TEHDAS2"].headings)


@pytest.mark.parametrize("key", LISTS)
def test_a_level_is_the_word_of_the_framework(shipped: dict[str, Framework], key: str) -> None:
    levels, expected = [each.level for each in shipped[key].headings], LEVELS[key]
    assert set(levels) == set(expected)
    if isinstance(expected, dict):
        assert {level: levels.count(level) for level in expected} == expected


@pytest.mark.parametrize("key", LISTS)
def test_each_mapping_says_what_is_evaluated_and_what_is_not(
    shipped: dict[str, Framework], key: str
) -> None:
    """Part of a requirement leaves a rest, which a second sentence names."""
    assert mapped(shipped[key])
    for each in mapped(shipped[key]):
        sentences = re.findall(r"[^.]+(?:\.(?!\s|$)[^.]+)*\.", each.part)
        assert each.part.startswith("Whether "), each
        assert len(sentences) == (2 if each.coverage is Coverage.PARTLY else 1), each
        assert "score" not in each.part.lower(), "only the framework's assessors score"


def commands() -> set[str]:
    """Every command that can be run, such as `exit plan`."""
    found, groups = set(), [("", get_command(app))]
    while groups:
        above, group = groups.pop()
        for name, command in getattr(group, "commands", {}).items():
            full = f"{above} {name}".strip()
            groups.append((full, command))
            if not hasattr(command, "commands"):
                found.add(full)
    return found


@pytest.mark.parametrize("key", LISTS)
def test_mappings_name_controls_and_commands_that_exist(
    shipped: dict[str, Framework], key: str
) -> None:
    controls = {each.id for each in installed_controls()}
    for each in mapped(shipped[key]):
        assert each.controls or each.commands
        assert set(each.controls) <= controls, each
        assert set(each.commands) <= commands(), each


def test_what_others_do_is_mapped_to_nothing(shipped: dict[str, Framework]) -> None:
    """Federations, desktops, people and the acts of authorities are visible in no deployment."""
    satre = {each.id for each in mapped(shipped["SATRE"])}
    draft = {each.id for each in mapped(shipped["TEHDAS2"])}
    assert not [name for name in satre if name.startswith(("1.6", "1.7", "4.8", "5."))]
    assert not [name for name in draft if name.startswith(("FSPER", "FCR"))]
    assert not {"2.1.01", "3.2.02"} & satre, "who a person is"
    assert not {"EHDSR-3", "TIR-25"} & draft
    assert not {"24", "26", "27", "31"} & {each.id for each in mapped(shipped["DA"])}


@pytest.mark.parametrize("key", LISTS)
def test_requirements_are_listed_only_where_their_framework_is_named(
    shipped: dict[str, Framework], key: str
) -> None:
    frameworks = Frameworks((shipped[key], Framework("X", "X", "", "", "us", (Heading("1", "X"),))))
    usual = coverage(frameworks, [], None)
    assert {each.framework: each.listed for each in usual} == {key: False, "X": True}
    named = coverage(frameworks, [], None, frozenset({key}))
    assert [each.id for each in named] == LISTS[key]
    assert all(each.listed for each in named)


def test_a_command_is_evidence_without_controls() -> None:
    one = Heading("1", "T", ("a.one",), "P.", Coverage.EVIDENCED, ("drift",), "MUST")
    two = Heading("2", "T", (), "P.", Coverage.EVIDENCED, ("drift", "exit plan"))
    frameworks = Frameworks((Framework("X", "X", "", "", "us", (one, two)),))
    with_all, by_command = coverage(frameworks, ["a.one"], {"a.one": "fail"})
    assert (with_all.coverage, with_all.verdict) == (Coverage.EVIDENCED, "fail")
    assert (by_command.coverage, by_command.verdict) == (Coverage.EVIDENCED, "")
    assert by_command.as_dict()["commands"] == ["drift", "exit plan"]
    assert with_all.as_dict()["level"] == "MUST"
    without, _ = coverage(frameworks, ["a.other"], None)
    assert (without.coverage, without.controls) == (Coverage.PARTLY, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("commands: [drift]", "headings[0]: has either controls or commands, a part"),
        ("commands: [Drift]", "`Drift` is not a command, such as `drift`"),
        (
            "commands: [drift, drift]\n        coverage: partly\n        part: P.",
            "names a command twice",
        ),
    ],
)
def test_a_malformed_command_is_refused(tmp_path: Path, text: str, said: str) -> None:
    from havre.errors import InputError

    file = tmp_path / "frameworks.yaml"
    file.write_text(
        "frameworks:\n  - key: X\n    title: X\n    binds: us\n    headings:\n"
        f"      - id: '1'\n        title: One\n        {text}\n"
    )
    with pytest.raises(InputError, match=re.escape(said)):
        load_frameworks(file)
