"""Pages that list what the code has are complete, and the program on its page runs."""

import json
import re
import tomllib
from pathlib import Path

import pulumi
import pytest
from typer.main import get_command

from havre.assess.assessment import settings_of
from havre.cli.app import app
from havre.documents.records import read_document
from havre.evaluate.program import evaluate
from havre.evaluate.warehouse import evaluated
from havre.pack.request import SCHEMA
from havre.policy.frameworks import installed_frameworks
from havre.provider import find
from havre.spec.load import load

ROOT = Path(__file__).parents[2]
CODE = ("havre", "policies", "providers", "stacks", "examples/ci")
ENVIRONMENT = (ROOT / "docs" / "platform" / "environment.md").read_text()
PREREQUISITES = (ROOT / "docs" / "platform" / "prerequisites.md").read_text()
PROGRAM = (ROOT / "docs" / "platform" / "program.md").read_text()
TROUBLES = (ROOT / "docs" / "platform" / "troubleshooting.md").read_text()
INSTALLING = (ROOT / "docs" / "platform" / "install.md").read_text()
NAMED = re.compile(r"(?<![A-Z0-9_])(HAVRE_[A-Z0-9_]*[A-Z0-9])(?![A-Z0-9_])")
NAMESPACES = {
    "dbforpostgresql": "DBforPostgreSQL",
    "monitor": "Insights",
    "operationalinsights": "OperationalInsights",
    "privatedns": "Network",
    "resources": "Resources",
}
"""How Azure writes the namespace of a module where that is not the module's name."""
ALWAYS = frozenset({"resources"})
"""Registered in every subscription."""


def _variables() -> set[str]:
    files = (
        path
        for folder in CODE
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sh", ".yml", ".yaml", ".toml"}
        and "conformance" not in path.parts
    )
    return {name for path in files for name in NAMED.findall(path.read_text(encoding="utf-8"))}


def test_every_variable_that_the_code_reads_is_on_the_page() -> None:
    asked = _variables() | {f"HAVRE_{key.upper()}" for key in SCHEMA}
    assert len(asked) > 15
    assert sorted(asked - set(NAMED.findall(ENVIRONMENT))) == []


def test_no_variable_on_the_page_is_unknown_to_the_code() -> None:
    known = _variables() | {f"HAVRE_{key.upper()}" for key in SCHEMA}
    assert sorted(set(NAMED.findall(ENVIRONMENT)) - known) == []


DISTRIBUTIONS = sorted(ROOT.glob("pyproject.toml")) + sorted(ROOT.glob("p*/**/pyproject.toml"))


@pytest.mark.parametrize(
    "file", DISTRIBUTIONS, ids=lambda path: path.relative_to(ROOT).parent.name or "havre"
)
def test_what_a_distribution_needs_of_ours_is_among_what_the_page_installs(file: Path) -> None:
    project = tomllib.loads(file.read_text())["project"]
    ours = {each for each in project["dependencies"] if re.fullmatch(r"havre(-\w+)?", each)}
    command = INSTALLING[: INSTALLING.index("For the provider `local`")]
    by_hand = {"havre-conformance", "havre-sandbox"}
    assert project["name"] in by_hand or ours <= set(re.findall(r'"(havre\S*) @', command))


def _warehouse(example: str) -> Path:
    return ROOT / "examples" / example / "warehouse.yaml"


@pytest.mark.parametrize("example", ["emc2", "hospital"])
def test_every_resource_provider_of_azure_is_a_prerequisite(example: str) -> None:
    provider = find("azure")
    spec = load(_warehouse(example)).warehouse
    settings, _ = settings_of(provider, {})
    types = {each.type for each in evaluated(spec, provider, settings).resources}
    modules = {kind.split(":")[1] for kind in types if kind.startswith("azure-native:")} - ALWAYS
    assert len(modules) > 5
    listed = {word.lower() for word in re.findall(r"\b[A-Za-z]+\b", PREREQUISITES)}
    wanted = {NAMESPACES.get(module, module) for module in modules}
    assert sorted(name for name in wanted if name.lower() not in listed) == []


def test_every_message_of_ours_on_the_page_is_in_the_code() -> None:
    ours = TROUBLES.split("## On a cloud")[0]
    told = re.findall(r"^\| `([^`]+)`", ours, re.MULTILINE)
    assert len(told) > 10
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("havre", "providers")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert [text for text in told if text not in code] == []


def test_the_program_on_the_page_builds_the_warehouse_in_fifteen_lines(
    tmp_path: Path,
) -> None:
    (program,) = re.findall(r"```python title=\"own/__main__.py\"\n(.*?)```", PROGRAM, re.DOTALL)
    (stack,) = re.findall(r"```yaml title=\"own/Pulumi.azure.yaml\"\n(.*?)```", PROGRAM, re.DOTALL)
    file = tmp_path / "Pulumi.azure.yaml"
    file.write_text(stack)
    given = read_document(file, typed=True).data["config"]
    assert len([line for line in program.splitlines() if line.strip()]) <= 15

    def run() -> None:
        for name, value in {**given, "own:spec": str(_warehouse("hospital"))}.items():
            text = value if isinstance(value, str) else json.dumps(value)
            pulumi.runtime.set_config(name, text)
        exec(compile(program, "__main__.py", "exec"), {})  # noqa: S102 - the page is ours

    plan = evaluate(run, project="own", stack="azure")
    assert {"database", "curated"} <= plan.outputs.keys()
    assert "azure-native:dbforpostgresql:Server" in {each.type for each in plan.resources}


SPLIT = re.compile(r"^\|[^\n]*\n\n\|[^\n]*\n(?!\|[ :-]*-)", re.MULTILINE)
"""A row, a blank line and a row that is not the head of a table of its own."""


def test_no_table_is_split_by_a_blank_line() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    assert len(pages) > 30
    assert [page.name for page in pages if SPLIT.search(page.read_text(encoding="utf-8"))] == []


def test_every_package_of_the_core_is_in_the_list_of_the_readme() -> None:
    section = (ROOT / "README.md").read_text().partition("## How the packages relate")[2]
    listed = re.findall(r"\b(\w+)/", section.partition("```\n")[2].partition("```")[0])
    packages = {each.parent.name for each in (ROOT / "havre").glob("*/__init__.py")}
    assert len(packages) > 15
    assert sorted(packages - set(listed)) == []
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contract["contracts"][0]["layers"][1:]
    assert [name for name in listed if name in layers] == [
        name for name in reversed(layers) if name in listed
    ]


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/platform/install.md"])
def test_every_command_is_in_a_table_of_the_first_pages(page: str) -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert len(commands) > 20
    rows = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("| `")]
    named = {word.removeprefix("havre ") for row in rows for word in re.findall(r"`([^`]+)`", row)}
    assert sorted(commands - {name.split()[0] for name in named}) == []


WORDS = {
    "pass": "réussi",
    "fail": "échec",
    "warning": "avertissement",
    "waived": "dérogation",
    "not evaluated": "non évalué",
    "not applicable": "sans objet",
}
"""The results, in English and in French."""


def _rows(page: str, first: str) -> list[list[str]]:
    """The rows of the table that has a row of that first cell, without its code marks."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    start = next(n for n, row in enumerate(rows) if row[0].strip("`") == first)
    end = next((n for n in range(start, len(lines)) if not lines[n]), len(lines))
    return [[row[0].strip("`"), *row[1:]] for row in rows[start:end]]


def test_each_result_has_one_meaning_on_every_page() -> None:
    glossary = _rows("glossary.md", "pass")
    assert [row[0] for row in glossary] == [*WORDS]
    assert _rows("security/check.md", "pass") == glossary


def test_the_french_page_has_the_same_results_with_as_many_cases() -> None:
    french = _rows("security/dpo.md", "réussi")
    assert {english: word for word, english, _ in french} == WORDS
    cases = {english: meaning.replace("\xa0", " ").count(" ; ") for _, english, meaning in french}
    meanings = dict(_rows("glossary.md", "pass"))
    assert cases["warning"] == meanings["warning"].count("; ") > 0


def test_the_french_page_has_no_break_at_its_punctuation() -> None:
    page = (ROOT / "docs" / "security" / "dpo.md").read_text()
    prose = re.sub(r"(?s)```.*?```|`[^`]*`", "x", page)
    assert re.findall(r".{12} [:;?!»](?=[\s*|])|« .{12}", prose) == []
    assert prose.count("«\xa0") > 4


def test_the_short_names_of_frameworks_are_on_the_page() -> None:
    shipped = installed_frameworks().items
    told = [[f"{each.key}", f"`{each.id}`", each.title] for each in shipped]
    assert _rows("security/evidence.md", told[0][0]) == told
