"""Texts of controls and providers in another language: reasons, risks and what was found.

They come as sentences in English, with words of a warehouse in them. Each installed distribution of
controls or of a provider may have a catalogue `texts` of them in its `locale`, by the patterns from
which the sentences were made: `{count} stores: {names}`. What no pattern matches stays English.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING

from havre.documents.installed import registered, registered_in_versions
from havre.policy.registry import CONTROLS
from havre.provider.discovery import GROUP as PROVIDERS
from havre.report.language import Language, entries, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = "texts"
LONGEST = 2_000
"""Characters of a text in which patterns are looked for."""
COUNT = "count"
VALUES = {COUNT: r"\d[\d,]*", "name": r"(?:(?!\. )[^,:])+?"}
"""What values of these names match; others match anything."""
DEEPEST = 4
"""How often a value of a pattern is itself a text with values."""


def translated(text: str) -> str:
    """A text of a control or a provider in the language at hand, or as it is."""
    return text if spoken() is Language.EN else _told(text, DEEPEST)


def named(name: str) -> str:
    """Properties, as a finding has them, in words of the language at hand.

    A catalogue has them behind `property: `, so that no text with the same word is taken for one.
    What no catalogue has, in another language than English, is a name of the code and left out.
    """
    if spoken() is Language.EN:
        return name.replace("_", " ")
    known = (_known(spoken()).get(f"property: {each}", "") for each in name.split(", "))
    return ", ".join(filter(None, known))


def _told(text: str, depth: int) -> str:
    known = _known(spoken())
    if text in known:
        return known[text]
    if f"{text}." in known:  # the last sentence of a list, without its full stop
        return known[f"{text}."].removesuffix(".")
    inner = f"{text[:1].lower()}{text[1:]}".removesuffix(".") + "."
    if text[:1].isupper() and inner in known:  # a text of a gap that is a sentence here
        told = known[inner] if text.endswith(".") else known[inner].removesuffix(".")
        return f"{told[:1].upper()}{told[1:]}"
    if not depth or len(text) > LONGEST:
        return text
    return _matched(text, depth) or _followed(text, depth) or _pieces(text, depth)


def _followed(text: str, depth: int) -> str:
    """A known sentence and what follows it; empty where it begins with none."""
    for end in (found.end() for found in re.finditer(r"\. ", text)):
        if (first := _known(spoken()).get(text[: end - 1])) is not None:
            return f"{first} {_told(text[end:], depth - 1)}"
    return ""


def _matched(text: str, depth: int) -> str:
    """A text that a pattern matches, the most specific one; empty where none does."""
    for pattern, template in _patterns(spoken()):
        if found := pattern.fullmatch(text):
            told = found.groupdict().items()
            return template.format(**{name: _value(name, text, depth - 1) for name, text in told})
    return ""


def _value(name: str, text: str, depth: int) -> str:
    return text.replace(",", " ") if name == COUNT else _told(text, depth)


def _pieces(text: str, depth: int) -> str:
    """Each of several texts that commas part."""
    pieces = text.split(", ")
    return ", ".join(_told(piece, depth - 1) for piece in pieces) if len(pieces) > 1 else text


@cache
def _packages() -> tuple[str, ...]:
    """The packages of controls and providers that are installed."""
    found = [*registered(CONTROLS), *registered_in_versions(PROVIDERS)]
    return tuple(dict.fromkeys(each.module.partition(".")[0] for each in found))


@cache
def _known(language: Language) -> dict[str, str]:
    """Every text of every catalogue; where two have the same one, the first is taken."""
    found: dict[str, str] = {}
    for package in _packages():
        found = entries(package, DOMAIN, language) | found
    return found


@cache
def _patterns(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The texts with values, those with the longest words of their own first."""
    found = {text: list(_parts(text)) for text in _known(language) if "{" in text}
    order = sorted(found, key=lambda text: -sum(len(words) for words, _ in found[text]))
    return tuple((_compiled(found[text]), _known(language)[text]) for text in order)


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """Words of a pattern, and the name of the value after them."""
    for words, name, _, _ in Formatter().parse(text):
        yield words, name


def _compiled(parts: list[tuple[str, str | None]]) -> re.Pattern[str]:
    found = (
        re.escape(words) + (f"(?P<{name}>{VALUES.get(name, '.+?')})" if name else "")
        for words, name in parts
    )
    return re.compile("".join(found), re.DOTALL)
