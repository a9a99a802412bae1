"""`havre provider init`: a distribution that says what is left, and works once it is filled in."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from havre.capabilities import NATIVE_WHEN
from havre.cli.app import run
from havre.errors import ExitCode
from havre.plan.parts import PartName
from havre.provider import ENTRY_POINT_GROUP
from tests.contract import toy_provider
from tests.waits import PATIENCE

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "hospital" / "warehouse.yaml"
PARTS = """
from havre.provider.parts import Parts
from havre_paper import paper


def parts() -> Parts:
    return paper.PARTS
"""
FACTS = """
from havre_paper import paper


def facts(plan):
    return paper.provider.facts(plan)
"""
LIMIT = """
[key-length]
value = 12
unit = "characters"
source = "the stationer's catalogue"
read_on = 2026-11-23
"""
CERTIFICATE = """
records:
  - offer: paper
    products: [shelf]
    scheme: hds
    status: qualified
    source: "the stationer's certificate"
    read_on: 2026-11-23
  - offer: paper
    products: [shelf]
    scheme: acid-free
    status: qualified
    source: "the mill's certificate"
    read_on: 2026-11-23
"""
SCHEME = """
schemes:
  - id: acid-free
    title: Offer and product are within a dated certificate of acid-free paper.
    profile: sovereign
    severity: low
    cites: [HDS]
    remedy: Choose acid-free paper.
"""


def python(*words: str, path: str = "", at: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run Python with more on its path."""
    environment = {**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=at,
        env=environment,
        timeout=PATIENCE * 10,
    )


def suite(folder: Path, path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the distribution's own tests."""
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "tests")
    return python(*words, path=str(path), at=folder)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    assert run(["provider", "init", "paper", "--dir", str(tmp_path)]) == ExitCode.OK
    return tmp_path / "havre-paper"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A skeleton in which what the toy provider shows is filled in."""
    folder = tmp_path_factory.mktemp("stranger")
    assert run(["provider", "init", "paper", "--dir", str(folder)]) == ExitCode.OK
    package = folder / "havre-paper" / "havre_paper"
    shutil.copy(str(toy_provider.__file__), package / "paper.py")
    shutil.rmtree(package / "parts")
    (package / "parts.py").write_text(PARTS)
    (package / "facts" / "__init__.py").write_text(FACTS)
    sites = package / "sites.py"
    sites.write_text(sites.read_text().replace("fr-first", "fr-paris"))
    (package / "data" / "limits.toml").write_text(LIMIT)
    (package / "data" / "qualifications.yaml").write_text(CERTIFICATE)
    (package / "data" / "schemes.yaml").write_text(SCHEME)
    return folder / "havre-paper"


@pytest.fixture(scope="module")
def installed_at(filled: Path) -> Path:
    """Where the distribution is installed: a folder beside every other distribution."""
    done = python("-m", "hatchling", "build", "-t", "wheel", at=filled)
    assert done.returncode == 0, done.stderr
    (wheel,) = (filled / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        assert tops == {"havre_paper", "havre_paper-0.1.0.dist-info"}
        archive.extractall(filled / "site")
    return filled / "site"


def havre(path: Path, *words: str) -> dict:
    done = python("-m", "havre", *words, path=str(path))
    assert done.returncode in (ExitCode.OK, ExitCode.FINDINGS, ExitCode.NOT_EVALUATED), done.stderr
    return json.loads(done.stdout)


def test_it_registers_the_provider_for_this_contract(fresh: Path) -> None:
    project = tomllib.loads((fresh / "pyproject.toml").read_text())["project"]
    assert project["name"] == "havre-paper"
    assert project["entry-points"][ENTRY_POINT_GROUP] == {"paper": "havre_paper.provider:provider"}
    answers = tomllib.loads((fresh / "havre_paper" / "data" / "gaps.toml").read_text())
    assert set(answers["capability"]) == set(NATIVE_WHEN)
    assert {answer["support"] for answer in answers["capability"].values()} == {"unknown"}
    test = (fresh / "tests" / "test_conformance.py").read_text()
    assert len([line for line in test.splitlines() if line]) <= 9
    assert (fresh / ".github" / "workflows" / "conformance.yaml").is_file()
    whole = "".join(path.read_text() for path in fresh.rglob("*") if path.is_file())
    assert re.findall(r"@[A-Z]+@", whole) == []


def test_every_part_that_is_not_written_says_so(fresh: Path) -> None:
    """A skeleton passes for what it says, and fails for what it does not do."""
    done = suite(fresh, fresh, "-k", "contract or operator_is or sites_are or answered or option")
    assert done.returncode == 0, done.stdout
    done = suite(fresh, fresh, "-k", "part_builds")
    assert done.returncode == 1
    assert "havre_paper/parts/network.py makes no resource yet" in done.stdout
    for name in PartName:
        assert (
            f"parts/{name}.py makes no"
            in (fresh / "havre_paper" / "parts" / f"{name}.py").read_text()
        )


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param((), id="all", marks=pytest.mark.long),
        pytest.param(("-k", "not test_no_field_is_ignored"), id="all but those of fields"),
    ],
)
def test_filled_in_it_passes_conformance(
    filled: Path, installed_at: Path, cases: tuple[str, ...]
) -> None:
    done = suite(filled, installed_at, *cases)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_it_is_found_with_its_limits_and_certificates(installed_at: Path) -> None:
    found = {each["name"]: each for each in havre(installed_at, "providers", "--json")["providers"]}
    assert "error" not in found["paper"]
    assert found["paper"]["distribution"] == "havre-paper 0.1.0"
    assert found["paper"]["contract"] == 1
    assert found["paper"]["limits"]["key-length"]["value"] == 12
    assert {"azure", "local", "ovh"} < set(found)
    asked = ("check", str(EXAMPLE), "-p", "paper", "--set", "account=a", "--format", "json")
    (claim,) = [
        c for c in havre(installed_at, *asked)["summary"]["qualifications"] if c["scheme"] == "hds"
    ]
    assert claim["inside"] == ["shelf"]
    assert claim["sources"] == ["the stationer's certificate"]


def test_a_warehouse_file_requires_a_scheme_that_it_brings(
    installed_at: Path, tmp_path: Path
) -> None:
    text = EXAMPLE.read_text()
    assert text.count("residency:\n") == 1
    asked = "residency:\n  qualifications: [acid-free]\n"
    file = tmp_path / "warehouse.yaml"
    file.write_text(text.replace("residency:\n", asked))
    refused = python("-m", "havre", "validate", str(file))
    assert refused.returncode == ExitCode.INPUT
    assert "found 'acid-free'; wanted one of hds, secnumcloud" in refused.stdout
    found = havre(
        installed_at, *("check", str(file), "-p", "paper", "--set", "account=a"), "--format", "json"
    )
    (claim,) = [c for c in found["summary"]["qualifications"] if c["scheme"] == "acid-free"]
    assert claim["holds"] is True


@pytest.mark.parametrize("name", ["Paper", "pa--per", "p", "import", "../paper", "paper_"])
def test_a_name_that_no_provider_can_have_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["provider", "init", name, "--dir", str(tmp_path)]) == ExitCode.INPUT
    assert "is not a valid name for a provider" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_exists_is_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fresh: Path
) -> None:
    (fresh / "README.md").write_text("mine")
    assert run(["provider", "init", "paper", "--dir", str(tmp_path)]) == ExitCode.INPUT
    assert "already exists and was not changed" in capsys.readouterr().err
    assert (fresh / "README.md").read_text() == "mine"
    assert run(["provider", "init", "local", "--dir", str(tmp_path)]) == ExitCode.INPUT
    assert "a provider `local` is installed already" in capsys.readouterr().err
