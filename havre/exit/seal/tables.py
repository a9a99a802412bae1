"""Tables of evidence: both sides are written line by line, and refused if they differ."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from havre.errors import InputError, MissingDependencyError, StateError
from havre.exit.records import EMPTY
from havre.exit.seal.bag import blocks
from havre.exit.seal.contents import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.exit.seal.bag import Bag
    from havre.exit.seal.blinding import Blinding
    from havre.exit.seal.contents import DatabaseSides, Lines, ZoneSides

_AGAIN = "Run `verify` again, then seal."

_NAME = r"[A-Za-z0-9._~/%-]+"
_COUNT = r"0|[1-9][0-9]*"
_DIGEST = r"[0-9a-f]{64}"
OBJECTS = re.compile(rf"({_NAME})\t([1-9][0-9]*)\t(?:({_COUNT})\t({_DIGEST})|-\t-)\t{_DIGEST}")
"""A version of an object: key, number, bytes, SHA-256 of the content and of the properties."""
THINGS = re.compile(rf"({_NAME})\t({_NAME})\t({_COUNT})\t({_DIGEST})")
"""A thing of a database: kind, name, rows, SHA-256."""
_SORT_MEMORY = "64M"


@dataclass(frozen=True)
class Shape:
    """What a kind of table looks like.

    Attributes:
        what: the noun for messages.
        folder: in the bag, below `data`.
        ending: of its files' names.
        line: a line of it; groups 1 and 2 are what it is of, 3 and 4 size and digest.
    """

    what: str
    folder: str
    ending: str
    line: re.Pattern[str]


ZONE = Shape("zone", "objects", "tsv", OBJECTS)
DATABASE = Shape("database", "database", "txt", THINGS)


@dataclass(frozen=True)
class Table:
    """What a seal says of one zone or database.

    Attributes:
        path: of both files in the bag, without `.source.tsv` and so on.
        count: lines of each.
        digest: SHA-256 of each file, in hexadecimal.
    """

    path: str
    count: int
    digest: str


def write_table(
    bag: Bag, shape: Shape, sides: ZoneSides | DatabaseSides, blinding: Blinding | None = None
) -> Table:
    """Write both sides of a zone or a database, a line at a time.

    Raises:
        InputError: lines of a side are out of order, double or of another shape, a digest is that
            of nothing where there is something, a side has not as many lines as were counted, or
            the sides differ.
    """
    path = f"data/{shape.folder}/{file_name(sides.name)}"
    for side, lines in (("source", sides.source), ("target", sides.target)):
        where = f"{shape.what} {sides.name}, {side}"
        told: Iterator[str] = _checked(_read(lines), shape, where, sides.count)
        if blinding is not None:
            told = _sorted(map(blinding.line, told), bag.scratch)
        bag.write(f"{path}.{side}.{shape.ending}", told)
    names = [f"{path}.{side}.{shape.ending}" for side in ("source", "target")]
    digests = [bag.digests[name] for name in names]
    if digests[0] != digests[1]:
        where = f"{shape.what} {sides.name}"
        raise _differing(where, *(bag.root / name for name in names))
    return Table(path, sides.count, digests[0])


def write_versions(
    bag: Bag, zone: ZoneSides, versions: Iterable[str], blinding: Blinding | None = None
) -> None:
    """Write where each version of a zone went.

    Raises:
        InputError: it does not tell of as many versions as were counted.
    """
    shown = versions if blinding is None else map(blinding.line, versions)
    lines = _counted(_sorted(shown, bag.scratch), f"zone {zone.name}, map of versions", zone.count)
    bag.write(f"data/versions/{file_name(zone.name)}.tsv", lines)


def write_renamed(bag: Bag, zone: ZoneSides, blinding: Blinding | None = None) -> None:
    """Write which key of the source bears which other name at the target."""
    shown = zone.renamed if blinding is None else map(blinding.pair, zone.renamed)
    bag.write(f"data/renamed/{file_name(zone.name)}.tsv", sorted(shown))


def _counted(lines: Iterable[str], where: str, count: int) -> Iterator[str]:
    """The same lines, if they are as many as the inventory counted."""
    number = 0
    for line in lines:
        number += 1
        yield line
    if number != count:
        message = f"{where}: {number} lines, where the inventory counted {count}"
        raise InputError(message, _AGAIN)


def _read(lines: Lines) -> Iterator[str]:
    """Lines without their ends; a file whose last line has none was cut off."""
    if not isinstance(lines, Path):
        yield from lines
        return
    try:
        with lines.open(encoding="ascii", errors="surrogateescape", newline="\n") as file:
            for line in file:
                if not line.endswith("\n"):
                    message = f"{lines}: its last line is cut off"
                    raise InputError(message, _AGAIN)
                yield line[:-1]
    except OSError as error:
        message = f"{lines}: {error.strerror}"
        raise InputError(message, _AGAIN) from error


def _checked(lines: Iterable[str], shape: Shape, where: str, count: int) -> Iterator[str]:
    """The same lines, each of the right shape and after the one before."""
    before = ("", "")
    for number, line in enumerate(_counted(lines, where, count), 1):
        found = shape.line.fullmatch(line)
        if found is None:
            raise _refused(where, number, "is not a line of evidence")
        name, second, size, content = found.groups()
        if (size == "0") != (content == EMPTY):
            raise _refused(where, number, f"has {size} bytes or rows and the digest {content}")
        if (name, second) <= before:
            raise _refused(where, number, "is out of order or double")
        before = (name, second)
        yield line


def _refused(where: str, number: int, why: str) -> InputError:
    return InputError(f"{where}: line {number} {why}", _AGAIN)


def _differing(where: str, source: Path, target: Path) -> InputError:
    """What is wrong with two sides, by their first line that differs."""
    with source.open(encoding="ascii") as one, target.open(encoding="ascii") as other:
        pairs = enumerate(zip_longest(one, other, fillvalue=""), 1)
        number, (here, there) = next(each for each in pairs if each[1][0] != each[1][1])
    name = min(filter(None, (here, there))).partition("\t")[0]
    message = f"{where}: source and target differ from line {number} on ({name})"
    return InputError(message, "Copy what differs again, verify, then seal.")


def _sorted(lines: Iterable[str], scratch: Path) -> Iterator[str]:
    """Lines in the order of evidence, by `sort` of coreutils: memory is bounded."""
    scratch.mkdir(exist_ok=True)
    path = scratch / "sorted"
    command = ["sort", "-S", _SORT_MEMORY, "-T", str(scratch), "-o", str(path)]
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        sort = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # noqa: S603
    except FileNotFoundError:
        message = "sort is not installed"
        raise MissingDependencyError(message, "Install coreutils.") from None
    with contextlib.suppress(BrokenPipeError), sort:  # it says itself why it ended
        for block in blocks(lines):
            cast("IO[bytes]", sort.stdin).write(block)
    if sort.returncode:
        message = f"sort ended with {sort.returncode} in {scratch}"
        raise StateError(message, "Make room there, then seal again.")
    yield from _read(path)
    path.unlink()
