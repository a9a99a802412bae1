r"""PostgreSQL's log as records: who did what, whatever a client has sent.

PostgreSQL writes the names of a startup packet into `log_line_prefix` as they come, newlines
included, before anybody has given a password. `PREFIX` therefore names only what PostgreSQL makes
itself; within a message it puts a tab behind each newline. So a line without a tab at its start
is PostgreSQL's own, and role and database of a session are those that it was authorised for.

Its jsonlog would escape too, but needs its logging collector, whose files belong to PostgreSQL's
account: that account could write them anew. Source: PostgreSQL 18, `elog.c`,
`send_message_to_server_log` and `append_with_tabs`; documentation, section 19.8.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from havre_local.machine.record import masking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PREFIX = "%m [%p] %c "
"""Time, process and session: what `log_line_prefix` holds."""
LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC) \[(?P<pid>\d+)\] "
    r"(?P<session>[0-9a-f]+\.[0-9a-f]+) (?P<severity>[A-Z]+\d?):  (?P<message>.*)",
    re.DOTALL,
)
"""A whole message: its lines joined, without the tabs of further ones."""

# No role or database of a project has a space; what a client says of itself comes after them.
_AUTHORISED = re.compile(
    r"(?:replication )?connection authorized: user=(.*?)(?: database=(\S*))?(?: |$)"
)
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_ENDED = "disconnection: "
_RECEIVED = "connection received: "
_AUTHENTICATED = "connection authenticated: "
_MOST_BEGUN = 10_000
_FURTHER = re.compile(
    rb"[^\n]{23} UTC \[\d+\] [0-9a-f.]+ "
    rb"(?:DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE):  "
)


@dataclass(frozen=True)
class Record:
    """One message of PostgreSQL's log; all values but the message are empty where it has none."""

    time: str
    pid: str
    session: str
    """Start and process of the session, in hexadecimal digits: one session's alone."""
    severity: str
    """`LOG`, `ERROR`, `FATAL`, ..., or what a message adds: `DETAIL`, `STATEMENT`, `HINT`, ..."""
    message: str
    """May have several lines; passwords are masked."""
    role: str = ""
    """For whom the session was authorised; empty before that."""
    database: str = ""

    def as_json(self) -> dict[str, Any]:
        """The record as a JSON object."""
        return asdict(self)


def split(data: bytes) -> list[bytes]:
    """Return the lines of a piece of a log, each with its newline.

    A carriage return ends no line: a statement may have one, and PostgreSQL writes it as it is.
    """
    return _LINES.findall(data)


def records(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yield the records of a log, from its lines as a file yields them.

    Lines that are no record of PostgreSQL's own, such as a loader's, come with a message alone.
    """
    sessions: dict[str, tuple[str, str]] = {}
    for message in _messages(lines):
        found = LINE.fullmatch(message)
        if found is None:
            yield Record("", "", "", "", mask(message))
            continue
        session, text = found["session"], found["message"]
        if found["severity"] == "LOG" and (told := _AUTHORISED.match(text)):
            sessions[session] = (told[1], told[2] or "")
        role, database = sessions.get(session, ("", ""))
        if found["severity"] == "LOG" and text.startswith(_ENDED):
            sessions.pop(session, None)
        yield Record(
            found["time"], found["pid"], session, found["severity"], mask(text), role, database
        )


class Strangers:
    """Tells messages of sessions that have given no password: anybody on the machine causes them.

    PostgreSQL's own, and those of a session whose beginning was not seen, are none.
    """

    def __init__(self) -> None:
        self._begun: dict[str, None] = {}

    def said(self, group: Sequence[bytes]) -> bool:
        """Return whether a group of `groups` is a stranger's; each is given once, in order."""
        found = LINE.fullmatch(group[0].decode("utf-8", "replace").rstrip("\n"))
        if found is None:
            return False
        session, severity, text = found["session"], found["severity"], found["message"]
        if severity == "LOG" and text.startswith(_RECEIVED):
            self._begun[session] = None
            if len(self._begun) > _MOST_BEGUN:  # who goes without a word leaves one
                del self._begun[next(iter(self._begun))]
            return True
        if session not in self._begun:
            return False
        authorised = severity == "LOG" and _AUTHORISED.match(text)
        if authorised or severity == "FATAL":
            del self._begun[session]
        return not authorised and not (severity == "LOG" and text.startswith(_AUTHENTICATED))


def mask(message: str) -> str:
    """Return a message without its constants, if it can hold a password."""
    return masking.without_constants(message) if masking.suspect(message) else message


def groups(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Put together what PostgreSQL writes at once: a message with its details, as lines.

    The last group may go on in what is not written yet.
    """
    held: list[bytes] = []
    for line in lines:
        if held and not line.startswith(b"\t") and not _FURTHER.match(line):
            yield held
            held = []
        held.append(line)
    if held:
        yield held


def masked(group: Iterable[bytes]) -> list[str] | None:
    """Return the messages of a group without constants; None if it can hold no password."""
    lines = list(group)
    text = b"".join(lines).decode("utf-8", "replace")
    if not masking.suspect(text):
        return None
    return [masking.without_constants(message) for message in _messages(lines)]


def _messages(lines: Iterable[bytes]) -> Iterator[str]:
    """Put the lines of a message together: all but the first begin with a tab."""
    held: list[str] = []
    for line in lines:
        text = line.removesuffix(b"\n").decode("utf-8", "replace")
        if held and text.startswith("\t"):
            held.append(text[1:])
            continue
        if held:
            yield "\n".join(held)
        held = [text]
    if held:
        yield "\n".join(held)
