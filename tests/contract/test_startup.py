"""Settings of a whole process: the front ends set them, and no import does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import havre
from tests.waits import PATIENCE

WATCHED = """
import atexit, gc, os, sys
at_exit = []
atexit.register = lambda work, *_, **__: at_exit.append(work)
def settings():
    return gc.isenabled(), gc.get_threshold(), list(sys.meta_path), dict(os.environ)
before = settings()
"""
IMPORTS = """
import havre.startup, havre.cli, havre.stack, havre.plan, havre.engine, havre.pack
import havre_azure.provider, havre.pack.server, havre.cli.app
assert settings() == before
assert gc.freeze not in at_exit
"""
COMMAND = """
import havre.startup
havre.startup.command()
assert gc.isenabled() and gc.get_threshold()[0] == havre.startup.RARELY
assert gc.freeze in at_exit and os.environ["PYDANTIC_DISABLE_PLUGINS"] == "1"
import pulumi
assert type(sys.modules["pulumi.automation"]).__name__ == "_LazyModule"
assert pulumi.automation.LocalWorkspace and type(pulumi.automation).__name__ == "module"
"""
PROGRAM = """
import havre.startup
havre.startup.program()
with havre.startup.collecting_later():
    assert not gc.isenabled()
assert not gc.isenabled() and gc.freeze in at_exit
assert list(sys.meta_path) == before[2]
"""
LATER = """
import havre.startup
try:
    with havre.startup.collecting_later():
        assert not gc.isenabled()
        1 / 0
except ZeroDivisionError:
    pass
assert settings() == before and gc.get_freeze_count() == 0
"""


@pytest.mark.parametrize(
    "code", [IMPORTS, COMMAND, PROGRAM, LATER], ids=["imports", "command", "program", "later"]
)
def test_a_process_is_set_by_its_front_end_alone(code: str) -> None:
    subprocess.run([sys.executable, "-c", WATCHED + code], check=True, timeout=PATIENCE)


PLANTED = ("yaml", "json", "click", "pydantic", "sitecustomize", "conftest", "havre_local", "grpc")
MARK = "import pathlib, sys\npathlib.Path({mark!r}).touch()\n"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder with modules of somebody else's, each of which leaves a mark."""
    made = tmp_path / "foreign"
    made.mkdir()
    for name in PLANTED:
        (made / f"{name}.py").write_text(MARK.format(mark=str(tmp_path / f"ran-{name}")))
    return made


SCRIPT = Path(sys.executable).with_name("havre")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param((SCRIPT, "policy", "list"), 0, id="script"),
        pytest.param((sys.executable, "-P", "-m", "havre", "policy", "list"), 0, id="safe path"),
        pytest.param((sys.executable, "-m", "havre", "policy", "list"), 2, id="module"),
    ],
)
def test_no_module_of_the_folder_where_it_is_started_is_run(
    foreign: Path, words: tuple[str, ...], code: int
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        words, cwd=foreign, env=environment, capture_output=True, text=True, check=False
    )
    assert [path.name for path in foreign.parent.glob("ran-*")] == []
    assert done.returncode == code, done.stderr
    if code:
        assert "python -P -m havre" in done.stderr
        assert "Traceback" not in done.stderr


def test_where_havre_itself_is_it_runs_as_a_module() -> None:
    place = Path(havre.__file__).parents[1]
    words = [sys.executable, "-m", "havre", "--version"]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("havre ")
