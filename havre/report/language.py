"""The language of a summary: catalogues of gettext, chosen for one rendering at a time.

English is what the code says. Another language has a catalogue in `locale` of the distribution
whose texts it translates; a text that a catalogue lacks stays English, and a test fails for it.
"""

from __future__ import annotations

import gettext
import re
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.policy.model import Control


class Language(StrEnum):
    """A language in which a summary can be written, by its tag (BCP 47)."""

    EN = "en"
    FR = "fr"


HERE = "havre.report"
"""Package whose `locale` has the texts of reports."""
_SPOKEN: ContextVar[Language] = ContextVar("language", default=Language.EN)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Write what follows in a language."""
    before = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def spoken() -> Language:
    """The language of the rendering at hand."""
    return _SPOKEN.get()


@cache
def _catalogue(
    package: str, language: Language, domain: str = "messages"
) -> gettext.NullTranslations:
    """The translations of a package's texts; none where it has no catalogue of a language."""
    if language is Language.EN:
        return gettext.NullTranslations()
    try:
        with as_file(files(package) / "locale") as folder:
            return gettext.translation(domain, folder, [language.value], fallback=True)
    except (ModuleNotFoundError, FileNotFoundError):
        return gettext.NullTranslations()


def entries(package: str, domain: str, language: Language) -> dict[str, str]:
    """The texts of a package's catalogue with their translations, those without a plural."""
    found: dict[object, str] = vars(_catalogue(package, language, domain)).get("_catalog", {})
    return {text: told for text, told in found.items() if isinstance(text, str) and text}


def tr(message: str, **values: object) -> str:
    """A text of a report in the language at hand, with values in place of `{names}`."""
    if not message:  # gettext's answer to that is the head of the catalogue
        return message
    told = _catalogue(HERE, spoken()).gettext(message)
    return told.format(**values) if values else told


def trn(one: str, many: str, count: int, **values: object) -> str:
    """A text for a count; `{count}` is the number."""
    told = _catalogue(HERE, spoken()).ngettext(one, many, count)
    separator = _FIXED if spoken() is Language.FR else ","
    return told.format(count=f"{count:,}".replace(",", separator), **values)


_BEFORE, _AFTER = re.compile(r" (?=[:;?!»](?:\s|$))"), re.compile(r"(?<=«) ")
_FIXED = "\xa0"
"""A space at which no line breaks."""


def typeset(text: str) -> str:
    """A text with the spaces of the language at hand: French has fixed ones before `:;?!`."""
    if spoken() is not Language.FR:
        return text
    return _AFTER.sub(_FIXED, _BEFORE.sub(_FIXED, text))


def title(control: Control) -> str:
    """The title of a control in the language at hand; its own where nobody translated it."""
    function = getattr(control.function, "func", control.function)
    package = getattr(function, "__module__", HERE).partition(".")[0]
    return _catalogue(package, spoken()).gettext(control.title)
