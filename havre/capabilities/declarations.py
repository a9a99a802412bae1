"""A provider's answers, gaps and remedies, read from the data files beside its code.

The texts are data; which gaps apply to a spec is the provider's code. A file that is malformed
is an error of the provider's makers, told when the provider is loaded.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from dataclasses import dataclass, replace
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic import model_validator as validator

from havre.capabilities.model import (
    Capability,
    Evidence,
    Gap,
    Limit,
    Measure,
    Support,
    Supported,
    Unit,
)
from havre.documents.shipped import read_shipped
from havre.errors import BugError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Control = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z0-9-]+$")]


class _Gap(BaseModel):
    """Texts of one gap; those in which braces stand take words of the spec."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    control: Control
    fallback: Text
    risk: Text
    reason: str = ""
    source: str = ""

    @validator(mode="after")
    def _whole(self) -> _Gap:
        for text in (self.reason, self.fallback, self.risk):
            list(Formatter().parse(text))  # raises ValueError where a brace stands alone
        return self


class _Answer(BaseModel):
    """What is declared of one capability, and the gaps that follow from it, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    support: Support
    reason: str = ""
    source: str = ""
    fields: tuple[str, ...] = ()
    gap: dict[str, _Gap] = Field(default_factory=dict)

    @validator(mode="after")
    def _consistent(self) -> _Answer:
        if self.support is Support.NATIVE and (self.reason or self.gap):
            message = "what is native has neither a reason nor a gap"
            raise ValueError(message)
        if self.support is not Support.NATIVE and not self.reason:
            message = f"support `{self.support}` needs a reason"
            raise ValueError(message)
        return self


class _DeclarationsFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    read_on: dt.date
    sources: dict[str, Text]
    capability: dict[Capability, _Answer]

    @validator(mode="after")
    def _consistent(self) -> _DeclarationsFile:
        seen: set[str] = set()
        for answer in self.capability.values():
            used = {answer.source, *(gap.source for gap in answer.gap.values())} - {""}
            unknown = used - set(self.sources)
            if unknown:
                message = f"unknown source `{min(unknown)}`"
                raise ValueError(message)
            for name, gap in answer.gap.items():
                if name in seen:
                    message = f"two gaps are called `{name}`"
                    raise ValueError(message)
                if not (gap.source or answer.source):
                    message = f"gap `{name}` names no source"
                    raise ValueError(message)
                seen.add(name)
        return self


@dataclass(frozen=True)
class Declared:
    """What a provider declares.

    Attributes:
        file: name of the file that it was read from.
        answers: the answer for every capability that the file names.
        texts: gaps by name, in whose texts words of a spec may still be missing.
    """

    file: str
    answers: Mapping[Capability, Supported]
    texts: Mapping[str, Gap]

    def gap(self, name: str, **words: object) -> Gap:
        """The gap of that name, with the words that its texts ask for.

        Raises:
            BugError: the file has no such gap, or its texts ask for a word that is not given.
        """
        try:
            gap = self.texts[name]
            reason, fallback, risk = (
                text.format(**words) for text in (gap.reason, gap.fallback, gap.risk)
            )
        except (LookupError, AttributeError, ValueError) as error:
            message = f"{self.file}: gap `{name}`: {type(error).__name__}: {error}"
            raise BugError(message, "Report it to the makers of the provider.") from None
        return replace(gap, reason=reason, fallback=fallback, risk=risk)


def _texts(file: _DeclarationsFile) -> Iterator[tuple[str, Gap]]:
    for capability, answer in file.capability.items():
        for name, gap in answer.gap.items():
            said: dict[str, Any] = {"control": gap.control, "capability": capability}
            said |= {"fallback": gap.fallback, "risk": gap.risk, "fields": answer.fields}
            evidence = Evidence(file.sources[gap.source or answer.source], file.read_on)
            reason = gap.reason or answer.reason
            yield name, Gap(support=answer.support, reason=reason, evidence=evidence, **said)


def declared(path: Path) -> Declared:
    """What the file declares.

    Raises:
        BugError: it is missing or malformed.
    """
    file = read_shipped(path, _DeclarationsFile)
    answers = {
        capability: Supported(answer.support, answer.reason)
        for capability, answer in file.capability.items()
    }
    texts = dict(_texts(file))
    return Declared(path.name, MappingProxyType(answers), MappingProxyType(texts))


def of_zones(gap: Gap, zones: Iterable[str]) -> Gap:
    """A gap whose fields are those of some zones: `zones.*.x` becomes `zones.curated.x`."""
    names = tuple(zones)
    return replace(gap, fields=tuple(f.replace("*", name) for f in gap.fields for name in names))


def days_by_name(days: Mapping[str, int]) -> str:
    """Days by name, for a gap's texts, such as `curated: 365 days, export: 1 day`."""
    return ", ".join(f"{name}: {n} day{'' if n == 1 else 's'}" for name, n in days.items())


def remedies(path: Path) -> Mapping[str, str]:
    """By identifier of a control, what to do about it.

    Raises:
        BugError: the file is missing or malformed.
    """
    return MappingProxyType(read_shipped(path, TypeAdapter(dict[Control, Text])))


class _Limit(BaseModel):
    """One limit, and where that was read, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[int, Field(gt=0)]
    unit: Unit
    source: Text
    read_on: dt.date


def limits(path: Path) -> Mapping[Measure, Limit]:
    """Limits by what they limit.

    Raises:
        BugError: the file is missing or malformed.
    """
    rows = read_shipped(path, TypeAdapter(dict[Measure, _Limit]))
    return MappingProxyType(
        {
            name: Limit(row.value, row.unit, Evidence(row.source, row.read_on))
            for name, row in rows.items()
        }
    )
