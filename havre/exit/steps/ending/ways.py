"""What leads to a source: its administrator's credentials, projects', signed URLs, its files.

All of it is tried when the end is scheduled, and again when the source should be gone.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.capabilities import Supported
from havre.errors import GuardError, InputError
from havre.exit.retiring.absence import (
    SourceFolder,
    Surroundings,
    Tried,
    TryOutcome,
    TryWay,
    WayIn,
    compared,
    tried,
    untried_key,
    volume_of,
)
from havre.exit.sides import reach, reached_by
from havre.files import write_atomic
from havre.live.entry.accounts import project_entry
from havre.live.entry.urls import SignedUrl, signed_url
from havre.provider.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.exit.folder import ExitFolder
    from havre.live.objects import LiveStore, ObjectVersion
    from havre.live.warehouse import Live
    from havre.provider.outputs import ZoneAddress

SOURCE = "retired source"
"""Fact with what led to the source, without any secret: it is tried when it should be gone."""
BEFORE = "retired tries"
"""Fact with what every try showed when the end was scheduled."""
URLS = "signed-urls.json"
"""File (0600) with the signed URLs, in the folder of the exit: no seal and no journal has them."""
_AT_ONCE = 8
_SECRET = 0o600


@dataclass(frozen=True)
class SourceWays:
    """All that is known of a source that comes to its end.

    Attributes:
        folder: of the exit.
        outputs: of the source.
        place: its folder, on a machine of one's own; None elsewhere.
        machine: on which the end was scheduled.
        urls: signed URLs by zone, or why there is none.
    """

    folder: ExitFolder
    outputs: Outputs
    place: SourceFolder | None
    machine: str
    urls: Mapping[str, SignedUrl | str]

    @property
    def around(self) -> Surroundings:
        """What must answer, so that something that does not answer is gone."""
        target = reach(self.folder.file.target, self.folder.root).outputs
        others = (*(zone.endpoint for zone in target.zones.values()), database_at(target))
        return Surroundings(tuple(dict.fromkeys(others)), self.machine, socket.gethostname())

    def tries(self) -> list[Tried]:
        """Everything, tried now."""
        around = self.around
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(lambda way: self._try(way, around), self._ways())
            return [*found, *self._files(around)]

    def _try(self, way: WayIn | Tried, around: Surroundings) -> Tried:
        return way if isinstance(way, Tried) else tried(way, around)

    def _live(self) -> Live:
        return reached_by(self.folder.file.source, self.folder.root, self.outputs)

    def _ways(self) -> Iterator[WayIn | Tried]:
        for name, zone in self.outputs.zones.items():
            act = functools.partial(self._list, name)
            yield WayIn(f"zone {name}", TryWay.ADMINISTRATOR, act, zone.endpoint)
            yield self._url(name, zone)
        where = database_at(self.outputs)
        yield WayIn("database", TryWay.ADMINISTRATOR, self._connect, where)
        for project, known in self.outputs.projects.items():
            for read in known.zones:
                act = functools.partial(self._read, project, read)
                address = self.outputs.zone(read).endpoint
                yield self._project(WayIn(f"zone {read}", TryWay.PROJECT, act, address, project))
            act = functools.partial(self._log_in, project)
            yield self._project(WayIn("database", TryWay.PROJECT, act, where, project))

    def _project(self, way: WayIn) -> WayIn | Tried:
        try:
            entry = project_entry(self._live(), way.by)
        except (InputError, GuardError):
            return way
        if isinstance(entry, Supported):
            return way.tried(TryOutcome.UNTRIED, entry.reason)
        return way

    def _url(self, name: str, zone: ZoneAddress) -> WayIn | Tried:
        signed = self.urls.get(name, "none was signed")
        if isinstance(signed, str):
            return Tried(f"zone {name}", TryOutcome.UNTRIED, signed, TryWay.URL)
        way = WayIn(f"zone {name}", TryWay.URL, signed.open, zone.endpoint, signed.digest)
        if signed.expires <= dt.datetime.now(dt.UTC):
            return way.tried(
                TryOutcome.UNTRIED,
                f"it expired at {signed.expires:%Y-%m-%d %H:%M} UTC, as every one before it",
            )
        return way

    def _list(self, zone: str) -> None:
        listed(self._live().store(zone))

    def _connect(self) -> None:
        self._live().database().connect().close()

    def _read(self, project: str, zone: str) -> None:
        entry = project_entry(self._live(), project)
        if not isinstance(entry, Supported):
            entry.read(zone)

    def _log_in(self, project: str) -> None:
        entry = project_entry(self._live(), project)
        if not isinstance(entry, Supported):
            entry.log_in()

    def _files(self, around: Surroundings) -> Iterator[Tried]:
        keys = [*self.outputs.keys.zones.values(), self.outputs.keys.database]
        for reference in sorted({key for key in (*keys, self.outputs.keys.backup) if key}):
            name = f"key {reference.rpartition('/')[2]}"
            if self.place is None or not self.place.keys:
                yield untried_key(name)
            else:
                yield self.place.look(name, self.place.path / reference, around)
        if self.place is not None:
            for name in (*(f"zone {zone}" for zone in self.outputs.zones), "database"):
                yield self.place.look(name, self.place.path, around)


def database_at(outputs: Outputs) -> str:
    """The address of a warehouse's database."""
    return f"{outputs.database.host}:{outputs.database.port}"


def listed(store: LiveStore) -> None:
    """Ask a store for the first page of its list."""
    next(iter(store.versions()), None)


def standing_ways(folder: ExitFolder, urls: Mapping[str, SignedUrl | str]) -> SourceWays:
    """What leads to a source that is still there.

    Raises:
        InputError: it is not reached.
    """
    side = folder.file.source
    standing, reached = side.standing(folder.root), reach(side, folder.root)
    place = None
    if (path := standing.data_dir) is not None:
        place = SourceFolder(path, volume_of(path), keys=not standing.of_sandbox())
    return SourceWays(folder, reached.outputs, place, socket.gethostname(), urls)


def sign(folder: ExitFolder) -> dict[str, SignedUrl | str]:
    """Sign an URL of one object of each zone of the source, and see that it opens.

    One that does not would be refused later as well, and prove nothing: it is not kept.

    Raises:
        InputError, RetryError, ProviderError: as the source.
    """
    reached = reach(folder.file.source, folder.root)
    return {name: _signed(reached.live.store(name)) for name in reached.outputs.zones}


def _signed(store: LiveStore) -> SignedUrl | str:
    found = next(filter(_readable, store.versions()), None)
    if found is None:
        return "the zone had no object for which one could be signed"
    made = signed_url(store, found)
    if isinstance(made, Supported):
        return made.reason
    opened = tried(WayIn(store.name, TryWay.URL, made.open), Surroundings())
    if opened.outcome is not TryOutcome.ANSWERS:
        return f"the one that was signed did not open the object: {opened.said}"
    return made


def _readable(found: ObjectVersion) -> bool:
    return not (found.marker or found.deleted or found.snapshot)


def keep_urls(folder: ExitFolder, urls: Mapping[str, SignedUrl | str]) -> None:
    """Keep signed URLs for the proof: in a file of their own that only its owner reads.

    Raises:
        OSError: it cannot be written.
    """
    told = {name: each if isinstance(each, str) else _kept(each) for name, each in urls.items()}
    content = json.dumps(told, sort_keys=True).encode()
    write_atomic(folder.root / URLS, content, _SECRET)


def _kept(each: SignedUrl) -> dict[str, Any]:
    known = {name: getattr(each, name) for name in ("url", "authority", "direct")}
    return {**known, "expires": each.expires.isoformat()}


def forget_urls(folder: ExitFolder) -> None:
    """Delete the signed URLs: nothing is behind them any more."""
    (folder.root / URLS).unlink(missing_ok=True)


def _recalled_urls(folder: ExitFolder) -> dict[str, SignedUrl | str]:
    try:
        told = json.loads((folder.root / URLS).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {
        name: each
        if isinstance(each, str)
        else SignedUrl(**{**each, "expires": dt.datetime.fromisoformat(each["expires"])})
        for name, each in told.items()
    }


def remember(ways: SourceWays, tries: list[Tried]) -> dict[str, str]:
    """What is to be recorded, by name of the fact, so that the same ways are tried later."""
    place = ways.place
    source = {
        "outputs": ways.outputs.model_dump(mode="json"),
        "data_dir": str(place.path) if place else None,
        "volume": str(place.volume) if place else None,
        "keys": place.keys if place else False,
        "machine": ways.machine,
    }
    before = [[each.name, each.outcome, each.said, each.way, each.by] for each in tries]
    return {SOURCE: json.dumps(source, sort_keys=True), BEFORE: json.dumps(before)}


def recalled(folder: ExitFolder) -> SourceWays:
    """What led to the source when its end was scheduled.

    Raises:
        GuardError: nothing is scheduled.
    """
    told = folder.journal.fact(SOURCE)
    if not told:
        message = "Nothing is scheduled to go"
        raise GuardError(message, f"Run `havre exit retire {folder.root}` first.")
    known = json.loads(told)
    place = None
    if known["data_dir"]:
        path = Path(known["data_dir"])
        volume = Path(known.get("volume") or path.anchor)
        place = SourceFolder(path, volume, keys=known.get("keys", True))
    outputs = Outputs.model_validate(known["outputs"])
    return SourceWays(folder, outputs, place, known.get("machine", ""), _recalled_urls(folder))


def tried_again(ways: SourceWays) -> list[Tried]:
    """Everything tried now, beside what it showed when the end was scheduled."""
    told = json.loads(ways.folder.journal.fact(BEFORE) or "[]")
    before = [
        Tried(name, TryOutcome(outcome), said, TryWay(way), by)
        for name, outcome, said, way, by in told
    ]
    return compared(ways.tries(), before)
