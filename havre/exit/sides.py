"""Both warehouses of an exit, reached by real clients."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.capabilities import Supported
from havre.engine.sandbox import reached_here
from havre.errors import InputError
from havre.exit.ledger import scope_of
from havre.exit.objects.copying import Sides
from havre.exit.objects.mapping import Rules
from havre.exit.planting import planted
from havre.exit.records import renamed_lines
from havre.exit.settings import read_exit
from havre.live.wrappers import Pace, at_rates
from havre.provider import LIVE, find, provides
from havre.provider.machine import folder_setting
from havre.stack.files import read_stack_settings
from havre.stack.program import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from havre.exit.settings import ExitFile, ExitSide
    from havre.live.encrypted.ciphers import ContentCipher
    from havre.live.objects import LiveStore
    from havre.live.warehouse import Live
    from havre.provider.outputs import Outputs


@dataclass(frozen=True)
class Reached:
    """A warehouse that stands, and the way to its data."""

    outputs: Outputs
    live: Live


def reach(side: ExitSide, folder: Path) -> Reached:
    """A warehouse of an exit.

    Args:
        side: which one.
        folder: that of exit.yaml, from which its paths lead.

    Raises:
        InputError: no warehouse stands there, its provider reaches none, or settings are wrong.
    """
    standing = side.standing(folder)
    outputs = standing.outputs()
    if standing.of_sandbox():
        return Reached(*reached_here(standing, outputs))
    return Reached(outputs, reached_by(side, folder, outputs))


def reached_by(side: ExitSide, folder: Path, outputs: Outputs) -> Live:
    """The way to a warehouse by outputs that are known: it need not stand any longer.

    Raises:
        InputError: its provider reaches none, or settings are wrong.
    """
    standing, provider = side.standing(folder), find(outputs.provider)
    if standing.of_sandbox():
        return reached_here(standing, outputs)[1]
    offer = provides(provider, LIVE)
    if offer.given is None:
        message = (
            f"provider `{provider.name}` does not reach a deployed warehouse: {offer.answer.reason}"
        )
        raise InputError(message, "Name another side in exit.yaml.")
    settings: dict[str, Any] = {}
    if standing.data_dir is not None:
        settings = dict(standing.record().get("settings", {}))
    if side.stack is not None:
        settings = read_stack_settings(folder / side.stack, provider.name)
    if standing.data_dir is not None:
        settings[folder_setting(provider.settings)] = str(standing.data_dir)
    return offer.given(read_settings(provider, settings), outputs)


def sandboxes(file: ExitFile, folder: Path) -> tuple[str, ...]:
    """Which of `source` and `target` is a sandbox.

    Raises:
        InputError, StateError: no warehouse stands there, or what it says cannot be read.
    """
    sides = {"source": file.source, "target": file.target}
    return tuple(name for name, side in sides.items() if side.standing(folder).of_sandbox())


def refuse_sandbox(file: ExitFile, folder: Path) -> None:
    """Refuse an exit that calls itself real and is of a sandbox.

    Raises:
        InputError: it is.
    """
    if file.level == "real" and (named := sandboxes(file, folder)):
        message = f"exit.yaml calls the exit real, and a sandbox is its {' and its '.join(named)}"
        raise InputError(message, "Set `level: rehearsal` in exit.yaml.")


def zones_of(exit_: ExitFile, source: Outputs, target: Outputs) -> dict[str, str]:
    """MovingZone of the target by zone of the source, every zone of it.

    Raises:
        InputError: exit.yaml names a zone that is not there, two lead to one, or one has no
            counterpart.
    """
    wrong = [f"the source has no zone `{zone}`" for zone in exit_.zones if zone not in source.zones]
    pairs = {zone: exit_.zones.get(zone, zone) for zone in source.zones}
    wrong += [
        f"zone `{zone}` has no counterpart: the target has no zone `{other}`"
        for zone, other in pairs.items()
        if other not in target.zones
    ]
    for other in sorted({*pairs.values()}):
        met = sorted(zone for zone, found in pairs.items() if found == other)
        if len(met) > 1:
            wrong.append(f"zones {', '.join(f'`{zone}`' for zone in met)} lead to `{other}`")
    if wrong:
        known = ", ".join(f"`{zone}`" for zone in sorted(target.zones))
        remedy = f"Name counterparts under `zones` in exit.yaml; the target has {known}."
        raise InputError("; ".join(wrong), remedy)
    return pairs


@dataclass(frozen=True)
class RateShare:
    """What each process may ask of each side: together they keep to the rates of the exit.

    The coordinator lists while workers read: a page of a list is one call for a thousand versions.

    Attributes:
        requests: calls a second, of all; None: as many as the side takes.
        size: bytes a second, of all; None: not limited.
        workers: how many processes share them.
        here: machine and number of the coordinator's process, whose threads share a whole rate.
    """

    requests: float | None = None
    size: float | None = None
    workers: int = 1
    here: tuple[str, int] = ("", 0)

    def paces(self, side: str) -> tuple[Pace, Pace | None]:
        """Calls and bytes a second for this process; the same ones each time.

        Args:
            side: `source` or `target`, each with rates of its own.
        """
        return _paces(self, side)


def this_process() -> tuple[str, int]:
    """What tells a process from all others, on whatever machine."""
    return socket.gethostname(), os.getpid()


@functools.lru_cache(maxsize=16)
def _paces(rates: RateShare, _side: str) -> tuple[Pace, Pace | None]:
    sharing = 1 if rates.here == this_process() else rates.workers
    calls = Pace(None if rates.requests is None else rates.requests / sharing)
    return calls, None if rates.size is None else Pace(rates.size / sharing)


def renaming_digest(renamed: Mapping[str, str]) -> str:
    """What tells a map of renamings from another; empty where nothing is renamed."""
    lines = "\n".join(renamed_lines(renamed))
    return hashlib.sha256(lines.encode()).hexdigest() if lines else ""


@dataclass(frozen=True)
class OpenedZone:
    """Opens both stores of a zone in whatever process a worker is; it carries no secret.

    Attributes:
        root: folder of the exit.
        source: name of the zone there.
        target: name of its counterpart.
        rates: what this process may ask of both.
        renamed: digest of the map of renamings that the step began with.
    """

    root: Path
    source: str
    target: str
    rates: RateShare = RateShare()
    renamed: str = ""

    def __call__(self) -> Sides:
        """The stores; the same ones each time in one process.

        Raises:
            InputError: exit.yaml renames other keys by now than the step began with.
        """
        return _opened_zone(self)


@dataclass(frozen=True)
class OpenedTarget:
    """Opens the target's store of a zone, to be read back, by a credential that only reads."""

    zone: OpenedZone

    def __call__(self) -> LiveStore:
        """The store; by the copy's credential where there is no other (see `lacking`)."""
        return _opened_target(self.zone)[0]

    def lacking(self) -> str:
        """Why there is no other credential; empty where there is one."""
        return _opened_target(self.zone)[1]


@dataclass(frozen=True)
class OpenedCipher:
    """Opens the cipher of the target's zone, to read back what it encrypted."""

    zone: OpenedZone

    def __call__(self) -> ContentCipher | None:
        """The cipher; None where nothing is encrypted before it is stored."""
        file = read_exit(self.zone.root)
        return _reached(file.target, self.zone.root).live.cipher(self.zone.target)


@dataclass(frozen=True)
class OpenedSource:
    """Opens the source's store of a zone, to look whether it changed.

    Attributes:
        root: folder of the exit.
        zone: name of the zone.
    """

    root: Path
    zone: str

    def __call__(self) -> LiveStore:
        """The store; its client is the same one each time in one process."""
        return _opened_source(self)


@functools.lru_cache(maxsize=64)
def _opened_source(source: OpenedSource) -> LiveStore:
    file = read_exit(source.root)
    return _reached(file.source, source.root).live.store(source.zone)


@functools.lru_cache(maxsize=64)
def _opened_zone(zone: OpenedZone) -> Sides:
    file = read_exit(zone.root)
    renamed = file.renamed(zone.source)
    if renaming_digest(renamed) != zone.renamed:
        message = f"{zone.root}: `renamings` in exit.yaml changed while a step is under way"
        raise InputError(message, "Run `havre exit plan` again, then that step.")
    here, there = (_reached(side, zone.root).live for side in (file.source, file.target))
    source, target = here.store(zone.source), there.store(zone.target)
    now = dt.datetime.now(dt.UTC)
    scope = scope_of(zone.source)
    rules = Rules(scope, target.limits, target.abilities, now, file.tiers, renamed)
    source = at_rates(source, *zone.rates.paces("source"))
    target = at_rates(target, *zone.rates.paces("target"))
    ciphers = here.cipher(zone.source), there.cipher(zone.target)
    return Sides(source, planted(target, file.planted), rules, *ciphers)


@functools.lru_cache(maxsize=64)
def _opened_target(zone: OpenedZone) -> tuple[LiveStore, str]:
    live = _reached(read_exit(zone.root).target, zone.root).live
    reader = live.reader(zone.target)
    lacking = reader.reason if isinstance(reader, Supported) else ""
    store = live.store(zone.target) if isinstance(reader, Supported) else reader
    return at_rates(store, *zone.rates.paces("target")), lacking


@functools.lru_cache(maxsize=4)
def _reached(side: ExitSide, root: Path) -> Reached:
    return reach(side, root)
