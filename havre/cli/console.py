"""Writing to people and to machines.

People read tables and sentences, in colour only on a terminal; machines read JSON. Text
that comes from files or resources is made inert before it is shown.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING, Any

from havre.text import inert as made_inert
from havre.text import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console
    from rich.text import Text

    from havre.errors import HavreError


NARROWEST = 40
"""Columns to which text is wrapped at least."""
PATIENCE = 1.0
"""Seconds after which a command says what it is doing."""


def out() -> Console:
    """The console of results: standard output, without colour where it is no terminal."""
    from rich.console import Console  # here, since most commands never need it

    return Console(highlight=False, soft_wrap=True, emoji=False)


def err() -> Console:
    """The console of messages and progress: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def _told(what: str) -> Text:
    """What is being done, as it is: a status would read markup and emojis in a string."""
    from rich.text import Text

    return Text(plain(what))


class Working:
    """What is being done, as a person at a terminal sees it; nothing anywhere else.

    Attributes:
        console: where other lines go meanwhile, above it.
    """

    def __init__(self, what: str) -> None:
        """Nothing is shown yet."""
        self.console = err()
        self._status = self.console.status(_told(what)) if sys.stderr.isatty() else None
        self._lock = threading.Lock()
        self._begun = self._paused = False

    def say(self, what: str) -> None:
        """Show how far it is, in the place of what was shown."""
        if self._status is not None:
            self._status.update(_told(what))

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Show nothing while a person is asked."""
        self._set(begun=self._begun, paused=True)
        try:
            yield
        finally:
            self._set(begun=self._begun, paused=False)

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Show it from `PATIENCE` on, and leave nothing behind."""
        if self._status is None:
            yield
            return
        timer = threading.Timer(PATIENCE, lambda: self._set(begun=True, paused=self._paused))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            self._set(begun=False, paused=False)

    def _set(self, *, begun: bool, paused: bool) -> None:
        with self._lock:
            self._begun, self._paused = begun, paused
            if self._status is None:
                return
            if begun and not paused:
                self._status.start()
            else:
                self._status.stop()


@contextlib.contextmanager
def working(what: str) -> Iterator[Working]:
    """Say what is being done if it takes longer than `PATIENCE`, to a person at a terminal.

    Nothing is written where standard error is no terminal, and nothing is left behind.
    """
    doing = Working(what)
    with doing.shown():
        yield doing


def columns() -> int | None:
    """Columns of a terminal, or those that `COLUMNS` names; None for a pipe: do not wrap."""
    given = os.environ.get("COLUMNS", "")
    if not (sys.stdout.isatty() or (given.isdecimal() and int(given) > 0)):
        return None
    return max(shutil.get_terminal_size().columns, NARROWEST)


def lines_of(text: str) -> int:
    """Lines of a terminal that a text of one line has; one in a pipe."""
    width = columns()
    return max(-(-len(text) // width), 1) if width else 1


def tell(markup: str, indent: int = 0, style: str = "") -> None:
    """Print a paragraph, with rich's markup: wrapped on a terminal, on one line in a pipe.

    Words, and so identifiers, are never broken.
    """
    from rich.text import Text

    console, width, margin = out(), columns(), " " * indent
    text = Text.from_markup(markup, style=style, emoji=False)
    lines = [text] if width is None else text.wrap(console, width - indent)
    for line in lines:
        line.rstrip()
        console.print(Text(margin).append_text(line))


def lines(text: object) -> None:
    """Print lines from outside: each wrapped on a terminal, and whole in a pipe.

    Words, and so identifiers, are never broken; what follows in a line is indented further.
    """
    width = columns()
    told = [piece for line in plain(text).split("\n") for piece in _deeper(line, width)]
    sys.stdout.write("".join(f"{line}\n" for line in told))


def _deeper(line: str, width: int | None) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip(" ")))
    if width is None or len(line) <= width:
        return [line]
    return wrapped(line.strip(), width, indent, f"{indent}  ")


def command(label: str, told: str) -> None:
    """Print a command, which is copied in one piece: below its label where it would not fit."""
    width, whole = columns(), plain(told)
    fits = width is None or len(label) + 1 + len(whole) <= width
    indent = " " * (len(label) - len(label.lstrip(" ")) + 2)
    sys.stdout.write(f"{label} {whole}\n" if fits else f"{label}\n{indent}{whole}\n")


def paragraph(text: object) -> None:
    """Print a text from outside: wrapped on a terminal, on one line in a pipe.

    Words, and so identifiers, are never broken; lines after the first are indented.
    """
    width = columns()
    lines = [plain(text)] if width is None else wrapped(plain(text), width, later="  ")
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def note(text: object, style: str = "", later: str = "  ") -> None:
    """Print a text from outside on standard error: wrapped on a terminal, whole in a pipe."""
    from rich.text import Text

    from havre.report.language import typeset

    console, told, width = err(), typeset(plain(text)), _columns_of_messages()
    pieces = [lines for line in told.split("\n") for lines in _folded(line, width, later)]
    for line in pieces:
        console.print(Text(line, style=style))


def _folded(line: str, width: int | None, later: str) -> list[str]:
    """A line as lines of so many columns, each after the first indented."""
    return [line] if width is None or len(line) <= width else wrapped(line, width, later=later)


def _columns_of_messages() -> int | None:
    """Columns of the terminal that messages go to; None: they go to none, and lines are whole."""
    if not sys.stderr.isatty():
        return None
    return max(shutil.get_terminal_size().columns, NARROWEST)


def warn(text: object) -> None:
    """Print a warning on standard error: wrapped on a terminal, whole in a pipe."""
    _labelled("warning:", "yellow", text)


def _labelled(label: str, style: str, text: object) -> None:
    """Print a message on standard error, its first word in a style."""
    from rich.text import Text

    width, console = _columns_of_messages(), err()
    told = f"{label} {plain(text)}".split("\n")
    first, *rest = [piece for line in told for piece in _folded(line, width, "  ")]
    console.print(Text.assemble((label, style), first.removeprefix(label)))
    for line in rest:
        console.print(Text(line))


def plain(text: object) -> str:
    """Text from outside, safe to write as it is: control characters shown."""
    return made_inert(text, keep="\n")


def inert(text: object) -> str:
    """Text from outside, safe to print on a console: `plain`, and its markup escaped."""
    from rich.markup import escape

    return escape(plain(text))


def write_json(value: Any) -> None:
    """Write `value` to standard output as indented JSON, keys in the order given."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_file(file: Path, text: str, *, force: bool) -> None:
    """Write a new file; an existing one only with `force`.

    Raises:
        InputError: it exists and `force` is not given, or it cannot be written.
    """
    from havre.errors import InputError

    if not force:
        refuse_existing(file)
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise InputError(message, "Name a file in a folder that you can write to.") from None


def show_or_write_schema(text: str, file: Path | None) -> None:
    """Write a JSON Schema, over a former one too, and say so; to standard output without a file.

    Raises:
        InputError: the file is not a JSON Schema, or cannot be written.
    """
    if file is None:
        sys.stdout.write(text)
        return
    if file.is_file() and not _is_schema(file):
        from havre.errors import InputError

        message = f"{file} already exists, is not a JSON Schema and was not changed"
        raise InputError(message, "Name another file.")
    write_file(file, text, force=True)
    sys.stdout.write(f"{plain(file)}: written\n")


def _is_schema(file: Path) -> bool:
    """Whether a file is a JSON Schema; an empty one has nothing to lose."""
    try:
        text = file.read_text(encoding="utf-8")
        document = json.loads(text) if text.strip() else {"$schema": ""}
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "$schema" in document


def refuse_existing(file: Path) -> None:
    """Refuse to write a file that exists, before any work is done for it.

    Raises:
        InputError: it exists, or is a folder.
    """
    from havre.errors import InputError

    if file.is_dir():
        message = f"{file} cannot be written: it is a folder"
        raise InputError(message, "Name a file in a folder that you can write to.")
    if file.exists() or file.is_symlink():
        message = f"{file} already exists and was not changed"
        raise InputError(message, "Use --force to overwrite it, or name another file.")


def show_error(error: HavreError) -> None:
    """Tell what happened and what to do, on standard error."""
    from rich.text import Text

    width, console = _columns_of_messages(), err()
    _labelled("error:", "bold red", error.message)
    for line in plain(error.remedy).split("\n") if error.remedy else ():
        for piece in [f"  {line}"] if width is None else wrapped(line, width, "  ", "  "):
            console.print(Text(piece))
