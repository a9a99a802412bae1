"""Names at a provider: a pattern for all of them, or one for each resource that exists already."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, StringConstraints

from havre.documents.validation import did_you_mean
from havre.provider.faults import SETTINGS, ProviderFault

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_PATTERN = 80
NAMES, PATTERN = "names", "name_pattern"
"""Settings that hold them."""
REQUIRED = ("warehouse", "part")
"""Placeholders without which two warehouses, or two resources, would have the same name."""
_LITERAL = re.compile(r"[A-Za-z0-9._-]*")
_REPEATED = re.compile(r"([._-])[._-]+")

Names = Annotated[
    Mapping[
        Annotated[str, StringConstraints(min_length=1, max_length=200)],
        Annotated[str, StringConstraints(min_length=1, max_length=260)],
    ],
    "names at the provider, by logical name",
]
"""Names at the provider, by the logical names of the plan."""


@dataclass(frozen=True)
class NameKind:
    """What a provider accepts as the name of one type of resource.

    Attributes:
        code: abbreviation of the type, which `{type}` of a pattern stands for.
        shape: regular expression that a whole name matches.
        rule: the same in words, after "must be".
        limit: characters at most.
    """

    code: str
    shape: str
    rule: str
    limit: int

    def accepts(self, name: str) -> bool:
        """Whether the provider accepts a name."""
        return len(name) <= self.limit and re.fullmatch(self.shape, name) is not None


@dataclass(frozen=True)
class Nameable:
    """A resource whose name a stack may choose.

    Attributes:
        kind: what its provider accepts.
        name: its name.
        within: what it is in, where names are told apart there only; empty: the warehouse.
    """

    kind: NameKind
    name: str
    within: str = ""


def pattern_of(*placeholders: str) -> AfterValidator:
    """The check of a pattern's text.

    Args:
        placeholders: those that may be in it, without braces.
    """

    def checked(text: str) -> str:
        wrong = _wrong(text, placeholders)
        if wrong:
            raise ValueError(wrong)
        return text

    return AfterValidator(checked)


def _wrong(text: str, placeholders: tuple[str, ...]) -> str:
    """What is wrong with a pattern; empty where nothing is."""
    known = ", ".join(f"{{{name}}}" for name in placeholders)
    try:
        pieces = list(Formatter().parse(text))
    except ValueError:
        return f"must have whole placeholders: {known}"
    used = [field for _, field, _, _ in pieces if field is not None]
    plain = all(not spec and not conversion for _, _, spec, conversion in pieces)
    if not plain or set(used) - set(placeholders):
        return f"must have no placeholders except {known}"
    if missing := [name for name in REQUIRED if name not in used]:
        return f"must contain {' and '.join(f'{{{name}}}' for name in missing)}"
    if not all(_LITERAL.fullmatch(literal) for literal, _, _, _ in pieces):
        return "must have only letters, digits, `-`, `.` and `_` between placeholders"
    return "" if len(text) <= LONGEST_PATTERN else f"must have at most {LONGEST_PATTERN} characters"


def filled(pattern: str, values: Mapping[str, str]) -> str:
    """A pattern with its values; separators around an empty value are not repeated.

    >>> filled("{type}-hub-{warehouse}-{part}", {"type": "rg", "warehouse": "emc2", "part": ""})
    'rg-hub-emc2'
    """
    return _REPEATED.sub(r"\1", pattern.format_map(values)).strip("._-")


def name_faults(
    given: Mapping[str, str], table: Mapping[str, Nameable], *, patterned: bool
) -> Iterator[ProviderFault]:
    """What is wrong with the names of a stack.

    Args:
        given: the setting `names`.
        table: every resource that can be named, as it would be named, by its logical name.
        patterned: whether names that are not given come from a pattern.
    """
    for logical in sorted(given.keys() - table.keys()):
        near = did_you_mean(logical, table)
        message = f"`{logical}` is not a resource of this warehouse that can be named"
        remedy = "Use logical names of `havre plan --details`."
        yield ProviderFault((SETTINGS, NAMES), f"{message}, {near}" if near else message, remedy)
    for logical, it in table.items():
        if not it.kind.accepts(it.name) and (logical in given or patterned):
            setting = NAMES if logical in given else PATTERN
            message = f"`{it.name}` for `{logical}` must be {it.kind.rule}"
            yield ProviderFault((SETTINGS, setting), message, f"Change `{setting}`.")
    yield from _shared(given, table, patterned=patterned)


def _shared(
    given: Mapping[str, str], table: Mapping[str, Nameable], *, patterned: bool
) -> Iterator[ProviderFault]:
    """Names that two resources of one type would share, if a setting makes them do so."""
    bearers: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for logical, it in table.items():
        bearers[it.kind.code, it.within, it.name.lower()].append(logical)
    for (*_, name), logicals in bearers.items():
        if len(logicals) > 1 and (patterned or given.keys() & set(logicals)):
            setting = NAMES if given.keys() & set(logicals) else PATTERN
            both = " and ".join(f"`{each}`" for each in logicals)
            message = f"{both} would both be named `{name}`"
            yield ProviderFault((SETTINGS, setting), message, "Give each a name of its own.")
