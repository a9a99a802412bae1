"""Warehouses that really stand on this machine, and are stopped by the test that made them."""

import copy
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from havre.cli import main
from havre.engine import StateStore
from havre_local.machine.folder import Folder
from havre_local.machine.supervision import supervisor

EXAMPLES = Path(__file__).parents[2] / "examples"


def read_example(name: str) -> dict[str, Any]:
    document = YAML(typ="safe").load((EXAMPLES / name / "warehouse.yaml").read_text())
    return json.loads(json.dumps(document, default=str))


@dataclass
class Site:
    """A data folder with a warehouse file beside it, driven by the command line."""

    root: Path
    spec: dict[str, Any]

    @property
    def data_dir(self) -> Path:
        return self.root / "warehouse"

    @property
    def file(self) -> Path:
        return self.root / "warehouse.yaml"

    @property
    def folder(self) -> Folder:
        return Folder(self.data_dir)

    @property
    def store(self) -> StateStore:
        return StateStore(self.data_dir)

    def write(self) -> None:
        self.file.write_text(json.dumps(self.spec, indent=1))  # JSON is YAML

    def command(self, *words: str) -> list[str]:
        return [*words, "--data-dir", str(self.data_dir)]

    def up(self, *words: str) -> int:
        self.write()
        return main(self.command("up", str(self.file), "--provider", "local", "--yes", *words))

    def changes(self, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
        """Run `up` and tell what it changed."""
        capsys.readouterr()
        code = self.up("--json")
        captured = capsys.readouterr()
        assert code == 0, captured.err
        found = json.loads(captured.out)["changes"]
        return [(c["operation"], c["name"]) for c in found]

    def clean(self) -> None:
        if (self.data_dir / "run").is_dir():
            supervisor.stop(self.folder)
        shutil.rmtree(self.root)


Maker = Callable[..., Site]


@pytest.fixture(scope="session")
def _made() -> Iterator[list[Site]]:
    sites: list[Site] = []
    yield sites
    for site in sites:
        site.clean()


def make(sites: list[Site], example: str) -> Site:
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    site = Site(root, copy.deepcopy(read_example(example)))
    sites.append(site)
    site.write()
    return site


@pytest.fixture
def site() -> Iterator[Site]:
    """An empty data folder and the hospital's file; it stands nowhere yet."""
    sites: list[Site] = []
    yield make(sites, "hospital")
    for made in sites:
        made.clean()


@pytest.fixture(scope="session")
def emc2(_made: list[Site]) -> Site:
    """The example warehouse, standing, shared by tests that only look or add."""
    found = make(_made, "emc2")
    assert found.up() == 0
    return found


@pytest.fixture(scope="module")
def _hospital(_made: list[Site]) -> Site:
    found = make(_made, "hospital")
    assert found.up() == 0
    return found


@pytest.fixture
def standing(_hospital: Site, capsys: pytest.CaptureFixture[str]) -> Site:
    """The hospital's warehouse, standing, of all tests of a module.

    It stands by its file when a test begins; what a test puts into it stays, so that a test which
    needs an empty zone makes one.
    """
    _hospital.spec = copy.deepcopy(read_example("hospital"))
    assert _hospital.up() == 0
    capsys.readouterr()
    return _hospital
