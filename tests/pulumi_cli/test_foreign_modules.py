"""A policy pack judges a project and imports nothing of it, under the real Pulumi CLI."""

import ast
from pathlib import Path

import pytest

from havre.cli import main
from tests.pulumi_cli.stack import Stack, pytestmark
from tests.warehouse.conftest import Site, make

__all__ = ["pytestmark"]

PLANTED = ("yaml", "json", "pydantic", "pulumi_policy", "sitecustomize", "usercustomize")
PLANTED += ("conftest", "ruamel", "havre_policies", "grpc", "xml")
# It tells who runs it, and gives its place to the true module: the program itself must go on.
MODULE = """
import importlib, os, sys
with open({marks!r}, "a") as file:
    file.write(repr((__name__, sys.orig_argv)) + "\\n")
here, known = os.path.dirname(os.path.abspath(__file__)), list(sys.path)
sys.path[:] = [entry for entry in known if os.path.abspath(entry or os.getcwd()) != here]
sys.modules.pop(__name__, None)
importlib.invalidate_caches()
try:
    sys.modules[__name__] = importlib.import_module(__name__)
except ImportError:
    pass
sys.path[:] = known
"""
LOOK = """
import os, sys
with open({marks!r}, "a") as file:
    file.write(repr(("the pack", sys.path, os.getcwd())) + "\\n")
"""


@pytest.fixture
def planted(stack: Stack) -> Path:
    """Where the modules that are planted in the project's folder tell who runs them."""
    marks = stack.folder.parent / "marks"
    for name in PLANTED:
        (stack.folder / f"{name}.py").write_text(MODULE.format(marks=str(marks)))
    return marks


@pytest.mark.parametrize("pythonpath", ["", "."])
def test_the_pack_runs_no_module_of_the_project(
    stack: Stack, planted: Path, pythonpath: str
) -> None:
    sites: list[Site] = []
    site = make(sites, "hospital")
    stack.configure(site)
    pack = stack.folder.parent / "pack"
    assert main(["policy", "pack", str(pack)]) == 0
    program = pack / "__main__.py"
    program.write_text(LOOK.format(marks=str(planted)) + program.read_text())
    if pythonpath:
        stack.environment["PYTHONPATH"] = pythonpath
    done = stack.run("preview", "--policy-pack", str(pack), check=False)
    assert "[mandatory]" in done.stdout, done.stdout + done.stderr
    lines = [ast.literal_eval(line) for line in planted.read_text().splitlines()]
    packs = [line for line in lines if line[0] == "the pack"]
    assert packs
    for _, places, started in packs:
        assert str(stack.folder) not in {*places, started}
    assert [line for line in lines if "pulumi.policy" in str(line[1])] == []
    others = [line for line in lines if line[0] != "the pack"]
    assert others, "the program's own process runs what its folder has, as any program does"
    for made in sites:
        made.clean()
