"""The rules of the house: rooms, names, lengths of functions, what a test imports."""

import ast
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    folder.name: folder
    for folder in (
        ROOT / "havre",
        *ROOT.glob("providers/*/havre_*"),
        *ROOT.glob("policies/havre_*"),
    )
}
VAGUE = {"common", "base", "misc", "utils", "util", "helpers", "told", "asked", "shared", "things"}
MODULES_IN_A_FOLDER = 13
LINES_IN_A_FUNCTION = 60
LINES_OF_MOST = 8
EVERY = pytest.mark.parametrize("package", PACKAGES)


def modules(package: str) -> list[Path]:
    return sorted(PACKAGES[package].rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


@EVERY
def test_a_module_is_named_for_what_it_holds(package: str) -> None:
    assert [path for path in modules(package) if path.stem in VAGUE] == []


@EVERY
def test_no_folder_holds_more_than_a_dozen_modules(package: str) -> None:
    held = Counter(path.parent for path in modules(package) if path.stem[:2] != "__")
    crowded = {str(folder): count for folder, count in held.items() if count > MODULES_IN_A_FOLDER}
    assert crowded == {}


@EVERY
def test_a_class_name_stands_for_one_thing(package: str) -> None:
    homes = defaultdict(set)
    for path in modules(package):
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef):
                homes[node.name].add(path.relative_to(ROOT).as_posix())
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


def test_one_property_says_whether_the_spec_asks_for_keys_of_its_own() -> None:
    asking = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in modules(package)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Compare)
        for word in node.comparators
        if ast.unparse(word) in ("KeyProtection.PROVIDER", "'provider'")
        and "keys" in ast.unparse(node.left)
    }
    assert asking == {"havre/spec/model.py"}


def test_functions_are_short() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{function.name}": length(function)
        for package in PACKAGES
        for path in modules(package)
        for function in functions(path)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LINES_IN_A_FUNCTION} == {}
    assert statistics.median(lengths.values()) <= LINES_OF_MOST


OF_TESTS = re.compile(
    r"^[ \t]*(from tests[\w.]* import (?:\([^)]*\)|.*)|import tests.*)$", re.MULTILINE
)
"""A statement that imports from the tests: reading these alone takes a hundredth of the time."""


def imported(path: Path) -> Iterator[str]:
    """Dotted names of what a module imports from the tests, its members included."""
    for statement in OF_TESTS.findall(path.read_text()):
        (node,) = ast.parse(statement).body
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_test_imports_another() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in imported(path)
        if ".test_" in name
    ]
    assert found == []
