"""Reading a `warehouse.yaml`: every fault at once, each at its line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.documents.composing import Flaw, Position, compose, problem
from havre.documents.problems import Location, Problem, SpecError, dotted
from havre.spec.model import OLDER_NAMES
from havre.spec.rules import RULES
from havre.spec.schema import fields, schema
from havre.spec.structure import mended, structure
from havre.spec.words import Fault, fault, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from havre.spec.model import Warehouse

MAX_BYTES = 524_288
"""Largest file, bytes: a warehouse of a thousand projects takes half of it."""


class Lines:
    """Where the keys of a file stand."""

    def __init__(self, root: Position) -> None:
        self._root = root

    def locate(self, path: Location) -> tuple[int, int]:
        """Line and column (from 1) of the key at `path`, or of its nearest ancestor.

        A key that stands there by its older name is found by that.
        """
        place = self._root
        for key in path:
            older = (each for each, name in OLDER_NAMES.items() if name == key)
            found = next((each for each in (key, *older) if each in place.children), None)
            if found is None:
                break
            place = place.children[found]
        return place.line, place.column


@dataclass(frozen=True)
class Loaded:
    """A valid file.

    Attributes:
        warehouse: what it asks.
        lines: where each key stands, for findings to point at.
        file: the file, as the user named it.
        digest: SHA-256 of the text, hexadecimal.
    """

    warehouse: Warehouse
    lines: Lines
    file: str
    digest: str


def load(path: Path) -> Loaded:
    """Read and validate the file at `path`.

    Raises:
        SpecError: it cannot be read or is not valid; the error names all that is wrong.
    """
    return loads(_read(path), str(path))


def loads(text: str, file: str) -> Loaded:
    """Validate `text`, which stands in `file`.

    Raises:
        SpecError: it is not valid; the error names all that is wrong.
    """
    encoded = text.encode(errors="surrogatepass")
    if len(encoded) > MAX_BYTES:
        raise _refused(file, f"more than {MAX_BYTES:,} bytes", "a file of at most 512 KiB")
    composed = compose(text, "warehouse", "`havre init` writes one")
    lines = Lines(composed.place)
    if any(flaw.fatal for flaw in composed.flaws):
        raise SpecError(problem(file, flaw) for flaw in composed.flaws if not flaw.empty)
    warehouse, problems = _validate(composed.data, composed.flaws, file, lines)
    if problems or warehouse is None:
        raise SpecError(problems)
    return Loaded(warehouse, lines, file, hashlib.sha256(encoded).hexdigest())


def _read(path: Path) -> str:
    """The text of a file; SpecError where there is none."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise _refused(path, "no such file", "a warehouse", "`havre init` writes one") from None
    except OSError as error:
        raise _refused(path, str(error.strerror), "a file that can be read") from None
    except UnicodeDecodeError as error:
        # A file cut at the limit may end within a character; its size is then what is wrong.
        if len(data) > MAX_BYTES:
            return data.decode("utf-8-sig", errors="replace")
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        found = f"the byte 0x{data[error.start]:02x}"
        raise SpecError([Problem(str(path), line, column, "", found, "UTF-8 text")]) from None


def _refused(file: object, found: str, wanted: str, hint: str = "") -> SpecError:
    return SpecError([Problem(str(file), 1, 1, "", found, wanted, hint)])


def _validate(
    data: Any, flaws: Iterable[Flaw], file: str, lines: Lines
) -> tuple[Warehouse | None, list[Problem]]:
    """The warehouse that `data` describes, or None, and all that is wrong."""
    warehouse, errors = structure(data)
    root = schema() if errors or flaws else {}
    flaws = [_said(root, flaw) for flaw in flaws if _counts(root, data, flaw)]
    flawed = [flaw.path for flaw in flaws]
    faults = [fault(root, data, each["type"], each["loc"]) for each in _without_emptied(errors)]
    faults = [each for each in _without_echoes(faults) if each.path not in flawed]
    if isinstance(data, dict):
        faults += _breaches(warehouse, data, [*flawed, *filter(None, map(_meant, faults))])
    problems = [problem(file, flaw) for flaw in flaws]
    problems += [_problem(file, lines, each) for each in faults]
    return warehouse, problems


def _without_emptied(errors: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """`errors` without lists that are too short only because their members are refused."""
    for each in errors:
        path, longer = each["loc"], len(each["loc"])
        within = any(len(e["loc"]) > longer and e["loc"][:longer] == path for e in errors)
        if each["type"] != "too_short" or not within:
            yield each


def _without_echoes(faults: list[Fault]) -> Iterator[Fault]:
    """`faults` without the missing keys that a misspelt one stands for."""
    meant = set(filter(None, map(_meant, faults)))
    for each in faults:
        if each.found != "nothing" or each.path not in meant:
            yield each


def _meant(fault: Fault) -> Location:
    """The field that a misspelt key stands for; empty where a fault is something else."""
    if fault.found == "an unknown key" and fault.hint.startswith("did you mean"):
        return (*fault.path[:-1], fault.hint.split("`")[1])
    return ()


def _counts(root: Mapping[str, Any], data: Any, flaw: Flaw) -> bool:
    """Whether a flaw is one: a key without a value is, unless the key itself is unknown."""
    return not flaw.empty or (isinstance(data, dict) and fields(root, flaw.path) is not None)


def _said(root: Mapping[str, Any], flaw: Flaw) -> Flaw:
    """A key without a value, with what its field wants."""
    if not flaw.empty:
        return flaw
    node, key = fields(root, flaw.path) or {}, flaw.path[-1]
    optional = node.get("type") == "object" and not node.get("required")
    hint = f"write `{key}: {{}}` for its defaults" if optional and "properties" in node else ""
    return Flaw(flaw.path, flaw.line, flaw.column, flaw.found, words(root, flaw.path), hint)


def _breaches(whole: Warehouse | None, data: Any, wrong: list[Location]) -> Iterator[Fault]:
    """Breaches of the rules between fields, wherever the fields that a rule reads are valid."""
    warehouse, replaced = mended(data, wrong) if wrong or whole is None else (whole, [])
    for rule in RULES:
        yield from (
            each for each in rule.breaches(warehouse) if rule.means(each, [*wrong, *replaced])
        )


def _problem(file: str, lines: Lines, fault: Fault) -> Problem:
    line, column = lines.locate(fault.path)
    return Problem(file, line, column, dotted(fault.path), fault.found, fault.wanted, fault.hint)
