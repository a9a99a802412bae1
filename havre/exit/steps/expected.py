"""What is left to do: calls, bytes, time and the price of leaving, from the journal alone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from havre.exit.folder import ExitStep
from havre.exit.objects.effort import (
    LEFT,
    WHOLE,
    Caps,
    MeasuredRate,
    egress,
    seconds,
    together,
    weighed,
)
from havre.text import counted

if TYPE_CHECKING:
    from havre.exit.folder import ExitFolder

ENOUGH = 100
"""A run of fewer versions measures no rate: what it takes to begin would count for most of it."""


@dataclass(frozen=True)
class ExpectedStep:
    """What a step has to do with objects.

    Attributes:
        versions: that are to be copied or read back.
        bytes: of them.
        calls: to both sides, about.
        seconds: at the rate of the last run, or at the caps; None: neither is known.
    """

    versions: int
    bytes: int
    calls: int
    seconds: float | None


@dataclass(frozen=True)
class Expected:
    """What copy and verify have to do.

    Attributes:
        copy: what is not copied.
        verify: everything.
        egress: what the source's provider asks for the bytes; None: exit.yaml has no price.
        currency: of it.
        source: where the price was read, and when; empty where there is none.
    """

    copy: ExpectedStep
    verify: ExpectedStep
    egress: float | None
    currency: str
    source: str


def expected(folder: ExitFolder) -> Expected:
    """What is left, as the last listing of each zone shows it."""
    rates = folder.file.rates
    left, everything = (
        together(weighed(folder.journal, zone, name) for zone in folder.journal.zones())
        for name in (LEFT, WHOLE)
    )
    caps = Caps(rates.requests, rates.bytes)
    copying, reading = (
        ExpectedStep(
            load.versions,
            load.size,
            calls,
            seconds(load, calls, measured(folder, step), caps),
        )
        for step, load, calls in (
            (ExitStep.COPY, left, left.copy_calls),
            (ExitStep.VERIFY, everything, everything.verify_calls),
        )
    )
    price = rates.egress
    if price is None:
        return Expected(copying, reading, None, "", "")
    told = f"{price.source}, read on {price.when}"
    cost = egress(left.size, price.per_gib)
    return Expected(copying, reading, cost, price.currency, told)


def measure(folder: ExitFolder, step: ExitStep, did: MeasuredRate) -> None:
    """Keep the rate of a run, where it did enough to tell one."""
    if did.versions >= ENOUGH:
        folder.journal.record(f"measured {step}", json.dumps(asdict(did)))


def sentences(found: Expected) -> list[str]:
    """The same for a person, a line a step, and one on the price."""
    lines = [
        f"{name}: {counted(each.versions, 'version', 'versions')}, {each.bytes:,} bytes, about "
        f"{each.calls:,} calls, {_duration(each.seconds)}"
        for name, each in (("copy", found.copy), ("verify", found.verify))
    ]
    if found.egress is None:
        return [*lines, "egress: price not known; declare `egress` under `rates` in exit.yaml"]
    return [*lines, f"egress: {found.egress:,.2f} {found.currency} ({found.source})"]


def _duration(length: float | None) -> str:
    if length is None:
        return "time not known: no run has measured a rate, and exit.yaml caps none"
    minutes, rest = divmod(round(length), 60)
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes:02} min" if hours else f"about {minutes} min {rest:02} s"


def measured(folder: ExitFolder, step: ExitStep) -> MeasuredRate | None:
    """The rate of the last run of a step that did enough to tell one; None: there was none."""
    told = folder.journal.fact(f"measured {step}")
    return MeasuredRate(**json.loads(told)) if told else None
