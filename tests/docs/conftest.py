"""Folders in which pages are tried, with one warehouse that stands for all of them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from havre.documents.records import read_document
from havre_local.machine.folder import Folder
from havre_local.machine.supervision import supervisor
from tests.docs.blocks import Answers, Page, answers, read_page, script
from tests.waits import PATIENCE

ROOT = Path(__file__).parents[2]
NAVIGATION = ROOT / "mkdocs.yml"
README = "README.md"
SHARED = "shared"
COPIED = ("examples", "stacks", "policies/pack", "tests/contract")
DROPPED = (
    *("COVERAGE_", "COV_", "HAVRE_", "PULUMI_", "PG", "AWS_", "PYTHONPATH"),
    *("COLUMNS", "NO_COLOR", "FORCE_COLOR"),
)
"""Variables that nobody's shell of a reader's has; coverage is measured by other tests."""


def _files(entry: object) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    inner = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
    for each in inner:
        yield from _files(each)


def pages() -> list[str]:
    """The README, then every page in the order of the navigation."""
    navigation = read_document(NAVIGATION, typed=True).data["nav"]
    return [README, *(f"docs/{name}" for name in _files(navigation))]


def read(name: str) -> Page:
    return read_page((ROOT / name).read_text(encoding="utf-8"))


def environment() -> dict[str, str]:
    """A reader's environment, with this Python's programs first.

    To be called by the thread that runs the tests: pytest changes the environment as it goes on,
    and no other thread can read it whole meanwhile.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(DROPPED)}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def shell(text: str, folder: Path, given: dict[str, str]) -> str:
    """Run a script of bash in an environment; output and messages as they come."""
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return done.stdout


class Tries:
    """Every page tried once: those in the shared folder after one another, others beside them."""

    def __init__(self, root: Path, names: list[str]) -> None:
        self._root = root
        self._environment = environment()
        self._found: dict[str, Future[Answers]] = {name: Future() for name in names}
        self._pool = ThreadPoolExecutor(max_workers=2)
        together = [name for name in names if name == README or read(name).stands]
        self._pool.submit(self._try, *together)
        for name in names:
            if name not in together:
                self._pool.submit(self._try, name)

    def __getitem__(self, name: str) -> Answers:
        return self._found[name].result()

    def end(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _try(self, *names: str) -> None:
        for name in names:
            try:
                self._found[name].set_result(self._answers(name))
            except BaseException as error:  # noqa: BLE001 - told by the test that waits for it
                self._found[name].set_exception(error)

    def _answers(self, name: str) -> Answers:
        page = read(name)
        own = "".join(c if c.isalnum() else "-" for c in name)
        folder = self._folder(SHARED if name == README or page.stands else own)
        for data_dir in page.stands:
            if not (folder / data_dir / "state" / "run.json").is_file():
                up = f"havre up examples/emc2/warehouse.yaml -p local --data-dir {data_dir} --yes"
                told = shell(f"{up} || echo failed", folder, self._environment)
                assert "failed" not in told.splitlines(), told
        for given, source in page.given.items():
            shutil.copy(ROOT / source, folder / given)
        return answers(shell(script(page.run), folder, self._environment))

    def _folder(self, name: str) -> Path:
        folder = self._root / name
        if not folder.is_dir():
            for copied in COPIED:
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / copied, folder / copied, ignore=ignored)
        return folder


@pytest.fixture(scope="session")
def tries(request: pytest.FixtureRequest) -> Iterator[Tries]:
    """The pages that were asked for; every warehouse that they made is stopped."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    asked = {call.params.get("page") for call in calls if call}
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    made = Tries(root, [name for name in pages() if name in asked])
    yield made
    made.end()
    for record in root.glob("*/*/havre.json"):
        supervisor.stop(Folder(record.parent))
    shutil.rmtree(root)
