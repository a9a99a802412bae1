"""The negative proof: what led to the source is tried, and its service must refuse it.

Silence proves nothing: a computer without a network hears it as well. Where a service is gone, and
nothing can refuse any more, that counts only if something else on the same way answers.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from havre.errors import GuardError, InputError, ProviderError, RetryError, StateError
from havre.live.objects import NotThereError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_SECONDS = 10.0
_NO_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class TryOutcome(StrEnum):
    """What a try showed. Only the first two speak for an end, and only the last against it."""

    REFUSED = "refused"
    GONE = "gone"
    SILENT = "no answer"
    UNTRIED = "not tried"
    ANSWERS = "answers"


class TryWay(StrEnum):
    """By what something is tried."""

    ADMINISTRATOR = "administrator"
    URL = "signed URL"
    PROJECT = "project"
    FILE = "file"


@dataclass(frozen=True)
class Tried:
    """What became of a try.

    Attributes:
        name: the thing, such as `zone curated`.
        outcome: what it showed.
        said: what was found, in words.
        way: by what it was tried.
        by: which of several: name of a project, digest of an URL.
        before: what the same try showed when the end was scheduled; None: it was not made.
    """

    name: str
    outcome: TryOutcome
    said: str
    way: TryWay = TryWay.ADMINISTRATOR
    by: str = ""
    before: TryOutcome | None = None

    @property
    def proves(self) -> bool:
        """Whether it speaks for the end: it is refused or gone now, and it led there before."""
        ended = self.outcome in (TryOutcome.REFUSED, TryOutcome.GONE)
        return ended and self.before is TryOutcome.ANSWERS


@dataclass(frozen=True)
class WayIn:
    """A way to the source that can be tried.

    Attributes:
        name: the thing to which it leads.
        way: by what.
        act: goes it; any of its errors is classed.
        address: `host:port`, or an URL.
        by: which of several.
    """

    name: str
    way: TryWay
    act: Callable[[], object]
    address: str = ""
    by: str = ""

    def tried(self, outcome: TryOutcome, said: str) -> Tried:
        """What became of it."""
        return Tried(self.name, outcome, said, self.way, self.by)


@dataclass(frozen=True)
class Surroundings:
    """What must answer, so that something that does not answer is gone.

    Attributes:
        addresses: others that should answer, such as the target's.
        machine: on which the end was scheduled.
        here: this machine.
    """

    addresses: tuple[str, ...] = ()
    machine: str = ""
    here: str = ""


def tried(way: WayIn, around: Surroundings) -> Tried:
    """Try a way to the source.

    Args:
        way: which.
        around: what must answer where the source does not.
    """
    try:
        way.act()
    except (NotThereError, RefusedError) as error:
        return way.tried(TryOutcome.REFUSED, error.message)
    except (InputError, GuardError, StateError) as error:
        return way.tried(*at_address(way.address, around, TryOutcome.UNTRIED, error.message))
    except RetryError as error:
        return way.tried(*at_address(way.address, around, TryOutcome.SILENT, error.message))
    except ProviderError as error:
        return way.tried(TryOutcome.SILENT, f"neither let in nor refused: {error.message}")
    return way.tried(TryOutcome.ANSWERS, "it still answers")


class _Knock(StrEnum):
    OPEN = "something answers there"
    CLOSED = "nothing listens there"
    UNNAMED = "the name does not resolve"
    SILENT = "no answer"


def at_address(
    address: str, around: Surroundings, otherwise: TryOutcome, why: str
) -> tuple[TryOutcome, str]:
    """What an address shows of something that could not be asked, and in which words.

    Args:
        address: `host:port`, or an URL; empty: not known.
        around: what must answer, so that silence means that it is gone.
        otherwise: the outcome where something answers there, or the address is not known.
        why: it could not be asked.
    """
    if not address:
        return otherwise, f"{why}; no address is known"
    knock, numbers = _knock(address)
    said = f"{address}: {knock}"
    if knock is _Knock.OPEN:
        return otherwise, f"{why}; {said}"
    if knock is _Knock.SILENT:
        return TryOutcome.SILENT, f"{said}, and silence proves nothing"
    beside = _beside(_host(address), numbers, around)
    if beside is not None:
        return TryOutcome.GONE, f"{said}, while {beside} on the same way"
    if _loops(numbers) and around.machine != around.here:
        other = f"it was on the machine {around.machine}, and this is {around.here}"
        return TryOutcome.SILENT, f"{said}; {other}: try it there"
    return TryOutcome.SILENT, f"{said}, but nothing else on the same way answers"


def _beside(host: str, numbers: frozenset[str], around: Surroundings) -> str | None:
    """What answers on the way to something that does not, in words; None: nothing does."""
    if numbers and _loops(numbers):
        hears = around.machine == around.here and all(map(_hears_itself, numbers))
        return "this machine hears itself" if hears else None
    same = _same_host(numbers) if numbers else _same_domain(host)
    found = next(filter(same, around.addresses), None)
    return found and f"{found} answers"


def _same_host(numbers: frozenset[str]) -> Callable[[str], bool]:
    def same(other: str) -> bool:
        knock, theirs = _knock(other)
        return knock is _Knock.OPEN and bool(numbers & theirs)

    return same


def _same_domain(host: str) -> Callable[[str], bool]:
    domain = host.partition(".")[2]

    def same(other: str) -> bool:
        theirs = _host(other).partition(".")[2]
        return bool(domain) and theirs == domain and _knock(other)[0] is _Knock.OPEN

    return same


def _knock(address: str) -> tuple[_Knock, frozenset[str]]:
    """What an address shows, and the numbers that its name stands for."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return (_Knock.UNNAMED if error.errno in _NO_NAME else _Knock.SILENT), frozenset()
    numbers = frozenset(str(each[4][0]) for each in found)
    return _connected([(str(each[4][0]), port) for each in found]), numbers


def _connected(places: Iterable[tuple[str, int]]) -> _Knock:
    knocks = [_connect(place) for place in places]
    for worst in (_Knock.OPEN, _Knock.SILENT):
        if worst in knocks:
            return worst
    return _Knock.CLOSED if knocks else _Knock.SILENT


def _connect(place: tuple[str, int]) -> _Knock:
    try:
        with socket.create_connection(place, timeout=_SECONDS):
            return _Knock.OPEN
    except OSError as error:
        return _Knock.CLOSED if error.errno == errno.ECONNREFUSED else _Knock.SILENT


def _host(address: str) -> str:
    return str(urlsplit(address if "//" in address else f"//{address}").hostname)


def _loops(numbers: frozenset[str]) -> bool:
    """Whether they all lead to the machine itself."""
    return bool(numbers) and all(ipaddress.ip_address(each).is_loopback for each in numbers)


def _hears_itself(number: str) -> bool:
    """Whether the machine reaches a port that it opens itself."""
    family = socket.AF_INET6 if ":" in number else socket.AF_INET
    try:
        with socket.create_server((number, 0), family=family) as listener:
            return _connect(listener.getsockname()[:2]) is _Knock.OPEN
    except OSError:
        return False


def volume_of(path: Path) -> Path:
    """Where the file system is mounted that a path is on."""
    return next(each for each in (path, *path.parents) if each.is_mount())


@dataclass(frozen=True)
class SourceFolder:
    """A warehouse's folder on a machine of one's own.

    Attributes:
        path: of the folder.
        volume: where its file system was mounted.
        keys: whether its keys are files in it; not so in a sandbox, which has a key service.
    """

    path: Path
    volume: Path
    keys: bool = True

    def look(self, name: str, what: Path, around: Surroundings) -> Tried:
        """Look whether a file or folder is still there; a disk that is not mounted hides all."""

        def made(outcome: TryOutcome, said: str) -> Tried:
            return Tried(name, outcome, said, TryWay.FILE)

        if around.machine != around.here:
            other = f"it was on the machine {around.machine}, and this is {around.here}"
            return made(TryOutcome.SILENT, f"{other}: look there")
        if what.exists():
            return made(TryOutcome.ANSWERS, f"{what} is still there")
        if not self.volume.is_mount() or volume_of(self.path) != self.volume:
            return made(TryOutcome.SILENT, f"its disk is not mounted at {self.volume}: mount it")
        return made(TryOutcome.GONE, f"{what} is gone, and its disk is there ({self.volume})")


def untried_key(name: str) -> Tried:
    """A key that is on no machine of one's own: a person looks."""
    why = "only the provider's control plane shows keys"
    return Tried(name, TryOutcome.UNTRIED, why)


def compared(found: Iterable[Tried], before: Sequence[Tried]) -> list[Tried]:
    """Tries, each with what the same one showed when the end was scheduled."""
    known = {(each.name, each.way, each.by): each.outcome for each in before}
    return [replace(each, before=known.get((each.name, each.way, each.by))) for each in found]
