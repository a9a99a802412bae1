"""Usage: what only its users know of a warehouse, such as how much is stored in a zone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from havre.cost.prices import Amount  # noqa: TC001 - pydantic reads annotations at run time
from havre.cost.quantities import Span
from havre.documents.breaches import Breach, DocumentRules
from havre.documents.records import Text, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from havre.cost.quantities import Quantity

REMEDY = "An entry has meter, low and high, and may have resource."


@dataclass(frozen=True)
class Usage:
    """How much of a meter is used in a month.

    Attributes:
        meter: its id.
        resource: pattern of the logical names of the resources that each use so much.
        amount: in the meter's unit, for each resource.
        where: file and line of the entry.
    """

    meter: str
    resource: str
    amount: Span
    where: str = ""

    def fits(self, asked: Quantity) -> bool:
        """Whether it is about a quantity."""
        return self.meter == asked.meter and fnmatchcase(asked.name, self.resource)


class _UsageSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Entry(_UsageSection):
    model_config = ConfigDict(title="Usage")

    meter: Text = Field(description="Id of the meter, as `havre cost` prints it")
    resource: Text = Field(default="*", description="Pattern of logical names; without it, all")
    low: Amount = Field(description="Of each resource in a month, at least")
    high: Amount = Field(description="And at most")


class _UsageFile(_UsageSection):
    usage: tuple[_Entry, ...] = Field(description="The first entry that fits a resource counts")


def _ordered(file: _UsageFile) -> Iterator[Breach]:
    for number, each in enumerate(file.usage):
        if each.high < each.low:
            paths = tuple(("usage", number, name) for name in ("low", "high"))
            yield Breach(paths[1], "is less than low", "Exchange them.", paths)


def load_usage(path: Path) -> tuple[Usage, ...]:
    """The usage in a file.

    Args:
        path: YAML with a list `usage`.

    Raises:
        InputError: it cannot be read or is not valid; every fault is named with its line.
    """
    stand_ins = {"usage": [{"meter": "-", "low": "0", "high": "0"}]}
    rules = DocumentRules[_UsageFile]((_ordered,), stand_ins)
    document = read_document(path)
    found = document.validate(_UsageFile, REMEDY, rules=rules)
    return tuple(
        Usage(
            each.meter,
            each.resource,
            Span(each.low, each.high),
            f"{path}:{document.line(('usage', number))}",
        )
        for number, each in enumerate(found.usage)
    )


def used(asked: Quantity, usage: Sequence[Usage]) -> Quantity:
    """A quantity with the amount that a file tells; what the plan decides stays so."""
    if asked.amount is not None:
        return asked
    found = next((each for each in usage if each.fits(asked)), None)
    return asked if found is None else replace(asked, amount=found.amount)
