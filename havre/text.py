"""Text from outside, made inert; and JSON that any file or terminal can hold."""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

MARKDOWN_SPECIAL = frozenset("&<>\"'`*_{}[]#!|~@\\$^")
UNPRINTED = re.compile(r"[^\x20-\x7e\n]")


def inert(text: object, keep: str = "") -> str:
    r"""The text with every character escaped that is not printed, but for those to `keep`.

    Escapes of terminals, changes of direction and halves of characters come out as `\x1b`,
    `\u202e` or `\ud800`. Commands to what reads logs are `parted`.
    """
    shown = "".join(c if c.isprintable() or c in keep else _shown(c) for c in str(text))
    return parted(shown)


def parted(text: str) -> str:
    r"""Lines of a log, with a backslash in whatever a runner of CI would take for a command.

    Runners read `##[...]`, `##vso[...]` and `##teamcity[...]` anywhere in a line, and `::...` at a
    line's beginning, whatever blanks go before it.
    GitLab's sections need a carriage return, which `inert` shows as `\r`.
    """
    return _AT_BEGINNING.sub(r"\1\\::", _ANYWHERE.sub(r"##\\", text))


_ANYWHERE = re.compile(r"##(?=\w*\[)")
_AT_BEGINNING = re.compile(r"(?m)^([^\S\n]*)::")


def plain(text: object) -> str:
    """The text on one line: white space is one space, all else is `inert`."""
    return inert(" ".join(str(text).split()))


def counted(number: int, one: str, many: str) -> str:
    """A number with the words that agree with it, such as `1 loss is` or `2 losses are`."""
    return f"{number:,} {one if number == 1 else many}"


def listed(names: Sequence[str], most: int | None) -> str:
    """At most so many names, and how many more there are; None: all of them."""
    more = 0 if most is None else len(names) - most
    told = names if more <= 0 else names[:most]
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def distance(day: dt.date, today: dt.date) -> str:
    """How far a day is from today: `in 28 days`, `today`, `1 day ago`."""
    days = (day - today).days
    if not days:
        return "today"
    span = counted(abs(days), "day", "days")
    return f"in {span}" if days > 0 else f"{span} ago"


def _shown(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()


def clipped(text: object, most: int) -> str:
    """`plain`, cut to at most `most` characters."""
    whole = plain(text)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


def relative(file: str) -> str:
    """A file's path on one line; of an absolute path only the name, which any machine has."""
    path = PurePosixPath(plain(file))
    return path.name if path.is_absolute() else str(path)


ADDRESS = re.compile(
    r"(?<![^\s(<])(https?://[A-Za-z0-9_./~%?=&+#:@-]*[A-Za-z0-9_/]"
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?=[.,;:)>]*(?:\s|$))"
)
"""An address, of a page or for mail, with no sign that ends a piece of code in Markdown."""


def markdown(text: object, most: int = 400) -> str:
    """Text inside a line of GitHub's or GitLab's Markdown: no mark-up, link, mention or HTML.

    Entities never open mark-up, but mentions, references and addresses are looked for after
    they are resolved: a space of no width parts these. An address is code, in which nothing is
    looked for: it is copied as it is.
    """
    pieces = ADDRESS.split(clipped(text, most))
    return "".join(
        f"`{piece}`" if number % 2 else _lifeless(piece) for number, piece in enumerate(pieces)
    )


def _lifeless(text: str) -> str:
    parted = re.sub(r"(?i)([@#]|:(?=//)|www(?=\.))", "\\1\u200b", text)
    return "".join(_entity(c) for c in parted)


def _entity(character: str) -> str:
    special = character in MARKDOWN_SPECIAL or character == "\u200b"
    return f"&#{ord(character)};" if special else character


def as_json(value: Any) -> str:
    """Indented JSON; what is not printed is escaped, so that a terminal shows it as it is."""
    text = _ANYWHERE.sub(r"#\\u0023", json.dumps(value, indent=2, ensure_ascii=False))
    return UNPRINTED.sub(_escaped, text) + "\n"


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    return character if character.isprintable() else json.dumps(character)[1:-1]


def digest(text: str) -> str:
    """SHA-256 of a text, which may hold halves of characters."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def wrapped(text: str, width: int, first: str = "", later: str | None = None) -> list[str]:
    """A text as lines of at most `width` characters; words, and so identifiers, are never broken.

    Args:
        text: one paragraph.
        width: columns; a word that is longer is a line of its own.
        first: what the first line begins with.
        later: what the others begin with; None: the same.
    """
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


COLUMNS = 80
"""Columns of a comment, and of a question."""


def comment(text: str, indent: str = "") -> list[str]:
    """A paragraph as comments of a file; a word that is longer than a line is whole."""
    return wrapped(text, COLUMNS, f"{indent}# ")
