"""Settings of a whole process: the front ends set them, and no import does."""

import subprocess
import sys

import pytest

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
    subprocess.run([sys.executable, "-c", WATCHED + code], check=True, timeout=120)
