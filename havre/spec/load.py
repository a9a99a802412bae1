"""Reading a `warehouse.yaml`: every fault at once, each at its line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from havre.documents.composing import Flaw, Position, compose, problem
from havre.documents.problems import Location, Problem, SpecError, dotted
from havre.spec.model import OLDER_NAMES, Warehouse
from havre.spec.rules import RULES
from havre.spec.schema import fields, schema
from havre.spec.words import Fault, fault, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

MAX_BYTES = 524_288
"""Largest file, bytes: a warehouse of a thousand projects takes half of it."""

_STAND_IN: Mapping[str, Any] = {
    "name": "stand-in",
    "environment": "development",
    "organisation": {"name": "-", "country": "FR", "contact": "a@b.example"},
    "classification": "internal",
    "residency": {"countries": ["FR"]},
    "sites": {"primary": "fr-paris"},
    "zones": {"stand-in": {"purpose": "landing", "recoverable_days": 0}},
}
"""Valid values of what is required, in the place of what is not valid, for the rules to run."""


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
    warehouse, errors = _structure(data)
    root = schema() if errors or flaws else {}
    flaws = [_said(root, flaw) for flaw in flaws if _counts(root, data, flaw)]
    flawed = [flaw.path for flaw in flaws]
    faults = [fault(root, data, each["type"], each["loc"]) for each in errors]
    faults = [each for each in _without_echoes(faults) if each.path not in flawed]
    if isinstance(data, dict):
        wrong = [*flawed, *(each.path for each in faults)]
        faults += _breaches(warehouse if not wrong else None, data, wrong)
    problems = [problem(file, flaw) for flaw in flaws]
    problems += [_problem(file, lines, each) for each in faults]
    return warehouse, problems


def _structure(data: Any) -> tuple[Warehouse | None, list[ErrorDetails]]:
    """What pydantic makes of `data`, in its strict mode for JSON, or its errors."""
    try:
        return Warehouse.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_context=False, include_input=False)


def _without_echoes(faults: list[Fault]) -> Iterator[Fault]:
    """`faults` without the missing keys that a misspelt one stands for."""
    meant = {(*each.path[:-1], each.hint.split("`")[1]) for each in faults if _misspelt(each)}
    for each in faults:
        if each.found != "nothing" or each.path not in meant:
            yield each


def _misspelt(fault: Fault) -> bool:
    return fault.found == "an unknown key" and fault.hint.startswith("did you mean")


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


def _breaches(
    whole: Warehouse | None, data: dict[str, Any], wrong: list[Location]
) -> Iterator[Fault]:
    """Breaches of the rules between fields, by the rules whose sections are valid."""
    warehouse = whole or Warehouse.model_validate_json(json.dumps(_mended(data, wrong)))
    failed = {path[0] for path in wrong if path}
    for rule in RULES:
        if not rule.needs & failed:
            yield from rule.breaches(warehouse)


def _mended(data: dict[str, Any], wrong: list[Location]) -> dict[str, Any]:
    """`data` without the sections, zones and projects where something is wrong."""
    kept = dict(data)
    for section, *rest in filter(None, wrong):
        if section in ("zones", "projects") and rest and isinstance(kept.get(section), dict):
            kept[section] = {k: v for k, v in kept[section].items() if k != rest[0]}
        else:
            kept.pop(str(section), None)
    if not kept.get("zones"):
        kept.pop("zones", None)
    return {**_STAND_IN, **kept}


def _problem(file: str, lines: Lines, fault: Fault) -> Problem:
    line, column = lines.locate(fault.path)
    return Problem(file, line, column, dotted(fault.path), fault.found, fault.wanted, fault.hint)
