"""What a provider gives: the logs of a warehouse, and what reads a line of them."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from havre.audit.accesses import Access, Actor
    from havre.capabilities import Supported

LONGEST = 64 << 20
"""Bytes of a line that is read at once; what is longer comes in pieces, which cannot be read."""


@dataclass(frozen=True)
class LogFile:
    """A file of a log.

    Attributes:
        name: under which its lines are cited.
        lines: gives its lines, each with its newline.
    """

    name: str
    lines: Callable[[], Iterable[bytes]]


class LineReader(Protocol):
    """Reads the lines of a warehouse's logs, each once, in their order."""

    def read(self, line: bytes, place: str) -> Sequence[Access]:
        """The accesses that are known with this line, and the line itself if it is unreadable.

        Args:
            line: without its newline.
            place: where it is.
        """
        ...

    def end(self) -> Sequence[Access]:
        """Those that waited for a further line."""
        ...

    def unrecorded(self) -> Mapping[str, int]:
        """What services say that they left out of their logs, by source."""
        ...


@dataclass(frozen=True)
class AccessLogs:
    """The logs of a warehouse.

    Attributes:
        actors: for whom an identity acts, by its name in the logs.
        reader: makes what reads their lines; one reader reads all files.
        files: gives the files that can be read from here; where none can, an answer that says
            why, and where to get them.
        blind: what these logs never show, in sentences.
    """

    actors: Mapping[str, Actor]
    reader: Callable[[], LineReader]
    files: Callable[[], Iterable[LogFile]] | Supported
    blind: tuple[str, ...] = ()


def files_at(path: Path) -> list[LogFile]:
    """The files of logs at a path: the file, or those in the folder, in the order of their names.

    What ends with `.gz` is unpacked. Files whose name begins with a dot are left out.

    Raises:
        InputError: nothing is there, or a folder has no file.
    """
    if path.is_file():
        return [_file(path, path.name)]
    if not path.is_dir():
        message = f"{path}: there is no such file or folder"
        raise InputError(message, "Name a file of logs, or a folder of them.")
    inside = (each for each in path.rglob("*") if each.is_file())
    named = {each.relative_to(path): each for each in inside}
    shown = {name: each for name, each in named.items() if not _hidden(name.parts)}
    if not shown:
        message = f"{path} contains no file"
        raise InputError(message, "Name a folder that contains logs.")
    return [_file(each, str(name)) for name, each in sorted(shown.items(), key=_natural)]


def _hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") for part in parts)


def _natural(item: tuple[Path, Path]) -> list[tuple[int, str]]:
    """What sorts `part-10` after `part-9`."""
    words = re.findall(r"\d+|\D+", str(item[0]))
    return [(int(word), "") if word.isdecimal() else (-1, word) for word in words]


def _file(path: Path, name: str) -> LogFile:
    def lines() -> Iterator[bytes]:
        opened = gzip.open if path.suffix == ".gz" else open
        try:
            with opened(path, "rb") as file:
                while line := file.readline(LONGEST):
                    yield line
        except (OSError, EOFError) as error:
            message = f"{path} cannot be read to its end: {error}"
            raise InputError(message, "Download it again, or leave it out.") from error

    return LogFile(name, lines)
