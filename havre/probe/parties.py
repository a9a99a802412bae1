"""Probes as strangers and as each project: what each may read and write, and what not."""

from __future__ import annotations

import http.client
import re
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from havre.capabilities import Supported
from havre.database.verifying import TrialOutcome, verify
from havre.errors import InputError
from havre.live.entry.accounts import WritingEntry, project_entry, stranger_entry
from havre.live.objects import NotThereError, RefusedError
from havre.probe.answers import Answer, otherwise, seen, unevaluated, unseen
from havre.probe.handshakes import SECONDS
from havre.probe.subjects import Probe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre.live.entry.accounts import ProjectEntry
    from havre.probe.subjects import ProbeSubject

PUBLIC, ISOLATION = "exposure.public-storage", "access.project-isolation"
EXPIRY = "access.project-expiry"
LIST = "comp=list&list-type=2&restype=container"
"""Asks for a list, in the words of either kind of object store; each heeds its own."""
SEPARATOR = " in zone "
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,100})</Code>")
_PUBLIC_OFF = "PublicAccessNotPermitted"
"""A refusal that comes with status 409 (Blob service error codes)."""
SHOWN = "`havre database plan` shows what differs, and `havre database apply` changes it"
_REFUSED, _FOUND = (401, 403), 300


def _zones(subject: ProbeSubject) -> Iterable[str]:
    return (f"zone {name}" for name in subject.outputs.zones)


def anonymous(subject: ProbeSubject, target: str) -> Answer:
    """A list and an object that does not exist are refused to whoever has no credential."""
    zone = subject.outputs.zone(target.removeprefix("zone "))
    raw, granted, silent = [], [], []
    for what, path in (
        ("list", f"/{quote(zone.bucket)}?{LIST}"),
        ("read", f"/{quote(zone.bucket)}/{subject.mark}"),
    ):
        status, code = _asked(subject, zone.endpoint, path, target)
        raw.append(f"{what}: {status} {code}".rstrip())
        if status < _FOUND or (what == "read" and status == 404 and code == "NoSuchKey"):  # noqa: PLR2004
            granted.append(what)
        elif status not in _REFUSED and code != _PUBLIC_OFF:
            silent.append(what)
    if granted:
        return otherwise(f"anyone may {' and '.join(granted)} without a credential", *raw)
    if silent:
        return unseen(
            "the store gives nothing to a stranger, and does not say that it refuses", *raw
        )
    return seen("the store refuses to list and to read without a credential", *raw)


def _asked(subject: ProbeSubject, endpoint: str, path: str, target: str) -> tuple[int, str]:
    """Status and code of an anonymous call.

    Raises:
        OSError: nothing answers, or the server is not verified.
    """
    where = urlsplit(endpoint)
    server = subject.server_of(endpoint, subject.outputs.zone(target[5:]).authority)
    if where.scheme == "https":
        authority = str(server.authority) if server.authority else None
        trust = ssl.create_default_context(cafile=authority)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            server.host, server.port, timeout=SECONDS, context=trust
        )
    else:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=SECONDS)
    try:
        connection.request("GET", where.path.rstrip("/") + path)
        answer = connection.getresponse()
        code = _CODE.search(answer.read(1 << 14))
    finally:
        connection.close()
    return answer.status, code[1].decode() if code else ""


def invented_key(subject: ProbeSubject, target: str) -> Answer:
    """A key that nobody was given is refused."""
    stranger = stranger_entry(subject.live)
    if isinstance(stranger, Supported):
        return unevaluated(stranger.reason)
    try:
        stranger.read(target.removeprefix("zone "))
    except RefusedError as error:
        return seen("the store refuses a key that was invented", error.message)
    return otherwise("the store accepts a key that was invented", "listed")


def _pairs(subject: ProbeSubject) -> Iterable[str]:
    """Every project that the file or the outputs know, with every zone."""
    names = sorted({*subject.spec.projects, *subject.outputs.projects})
    return [f"{name}{SEPARATOR}{zone}" for name in names for zone in sorted(subject.outputs.zones)]


def _promised(subject: ProbeSubject, name: str) -> frozenset[str]:
    """Zones that a project reads today, by the warehouse file."""
    project = subject.spec.projects.get(name)
    if project is None or project.expires < subject.now.date():
        return frozenset()
    return frozenset(project.zones)


def _entry(subject: ProbeSubject, name: str) -> ProjectEntry | Answer:
    entry = project_entry(subject.live, name)
    return unevaluated(entry.reason) if isinstance(entry, Supported) else entry


def reading(subject: ProbeSubject, target: str) -> Answer:
    """A project reads its zones, and no other."""
    name, _, zone = target.partition(SEPARATOR)
    entry, due = _entry(subject, name), zone in _promised(subject, name)
    if isinstance(entry, Answer):
        return entry
    try:
        entry.read(zone)
    except (RefusedError, NotThereError) as error:
        if due:
            told = f"{name} cannot read zone {zone}, which the file gives it"
            return otherwise(told, error.message)
        return seen(f"{name} cannot read zone {zone}", error.message)
    except InputError as error:
        none = f"{name} has no credentials any more"
        return unevaluated(error.message) if due else seen(none, error.message)
    told = f"{name} reads zone {zone}"
    return seen(told, "listed") if due else otherwise(f"{told}, which is not its own", "listed")


def writing(subject: ProbeSubject, target: str) -> Answer:
    """A project writes to no zone."""
    name, _, zone = target.partition(SEPARATOR)
    entry = _entry(subject, name)
    if isinstance(entry, Answer):
        return entry
    if not isinstance(entry, WritingEntry):
        return unevaluated("its provider declares no write that stores nothing")
    try:
        entry.write(zone)
    except RefusedError as error:
        return seen(f"{name} cannot write to zone {zone}", error.message)
    except InputError as error:
        return seen(f"{name} has no credentials any more", error.message)
    except NotThereError as error:
        return otherwise(f"{name} may write to zone {zone}", error.message)
    return otherwise(f"{name} may write to zone {zone}", "accepted")


def _ended(subject: ProbeSubject) -> Iterable[str]:
    """Projects whose authorisation has ended, or that the file no longer has."""
    names = {*subject.spec.projects, *subject.outputs.projects}
    return sorted(name for name in names if not _promised(subject, name))


def ended(subject: ProbeSubject, target: str) -> Answer:
    """A project that has ended does not log in to the database any more."""
    entry = _entry(subject, target)
    if isinstance(entry, Answer):
        return entry
    try:
        entry.log_in()
    except (RefusedError, NotThereError) as error:
        return seen(f"{target} cannot log in to the database", error.message)
    except InputError as error:
        return seen(f"{target} has no credentials any more", error.message)
    return otherwise(f"{target} has ended, and logs in to the database", "logged in")


def _roles(_: ProbeSubject) -> Iterable[str]:
    return ("database",)


def roles(subject: ProbeSubject, _: str) -> Answer:
    """Each role of the database may do what the file gives it, and nothing else."""
    found = verify(subject.live.database(), subject.wanted)
    wrong = [each for each in found.attempts if each.surprising]
    unclear = [each for each in found.attempts if each.outcome is TrialOutcome.UNCLEAR]
    told = [f"{each.role}: {each.what}: {each.outcome.value}" for each in (*wrong, *unclear)]
    raw = (*told, f"{len(found.attempts)} attempts, {found.untried} tables not tried")
    if wrong:
        first, raw = wrong[0], (*raw, SHOWN)
        what = f"{first.role}: {first.what} is {first.outcome.value}"
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return otherwise(f"{what}{more}; required: {first.due.value}", *raw)
    if unclear or found.untried:
        told_ = f"{len(unclear)} attempts and {found.untried} tables were not evaluated"
        return unevaluated(told_, *raw)
    return seen(f"{len(found.attempts)} attempts of all roles ended as required", *raw)


PARTIES: tuple[Probe, ...] = (
    Probe(
        *("stranger.anonymous", PUBLIC),
        "The object store gives nothing to anyone without a credential.",
        "It asks for a list, and for an object that does not exist.",
        *(_zones, anonymous),
    ),
    Probe(
        *("stranger.invented-key", PUBLIC),
        "The object store refuses a key that nobody was given.",
        "It asks for one line of a list, with a key that it invents.",
        *(_zones, invented_key),
    ),
    Probe(
        *("project.reads", ISOLATION),
        "Each project reads its own zones, and no other.",
        "It asks for one line of a list, with the project's own credentials.",
        *(_pairs, reading),
    ),
    Probe(
        *("project.writes", ISOLATION),
        "No project writes to a zone.",
        "It sends an empty part of an upload that does not exist: nothing is stored.",
        *(_pairs, writing),
    ),
    Probe(
        *("project.ended", EXPIRY),
        "A project that has ended does not log in any more.",
        "It logs in and out, with the project's own credentials.",
        *(_ended, ended),
    ),
    Probe(
        *("database.roles", ISOLATION),
        "Each role of the database does what the file gives it, and nothing else.",
        "Every attempt is in a transaction that is rolled back, and asks for no rows.",
        *(_roles, roles),
    ),
)
"""Probes as strangers and as projects."""
