"""Sessions of PostgreSQL: the messages of its log, put together to accesses.

A session belongs to the role for which the server authorised it; what a client says of itself
before that is only claimed. How a statement ended is in a later message of the same session.
Source: PostgreSQL 18, `postinit.c`, `auth.c`, `elog.c`; messages with `lc_messages` `C`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.audit.accesses import Access, AccessOutcome, Act, unreadable
from havre.audit.statements import Statement, Tables, audited, statement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_SESSIONS = 100_000
"""Sessions whose end was not seen that are remembered; of more, the oldest is given up."""

_AUTHORISED = re.compile(
    r"(?:replication )?connection authorized: user=(.*?)(?: database=(\S*))?(?: |$)", re.DOTALL
)
_SENT = re.compile(
    r"(?:duration: [\d.]+ ms  )?(?:statement: |execute (?:fetch from )?[^:]*: )(.*)", re.DOTALL
)
_AUDIT = "AUDIT: "
_ENDED = "disconnection: "
_PUT_OUT = "terminating connection due to "
_CLAIMED = re.compile(
    r'(?:password authentication failed for user|role|no pg_hba\.conf entry for .*? user) "(.*?)"'
    r"(?: does not exist| is not permitted to log in|, database \".*|)$",
    re.DOTALL,
)
_REFUSED = re.compile(
    r"permission denied|must be owner of|must have |cannot execute .* in a read-only transaction"
    r"|new row violates row-level security|query would be affected by row-level security"
    r"|no pg_hba\.conf entry|password authentication failed|is not permitted to log in"
    r'|role ".*" does not exist|too many connections|Peer authentication failed',
    re.DOTALL,
)
_NOT_BEGUN = "the beginning of its session is not in these logs"
_NUMBER = re.compile(r"(?<![\w$])\d+")
"""A number that is part of no name, unless that is quoted."""
_SHORT = 1000
_MOST_READ = 4096


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the log.

    Attributes:
        time: when, UTC, as `Access.time`.
        pid: of the server's process.
        session: identifier of the session; empty where the message is of none.
        severity: `LOG`, `ERROR`, `FATAL`, `STATEMENT` and so on.
        text: without what goes before it.
        place: of its first line.
        digest: of its first line.
        origin: from where, if the log says it with each message.
    """

    time: str
    pid: str
    session: str
    severity: str
    text: str
    place: str
    digest: str
    origin: str = ""


@dataclass(slots=True)
class _Session:
    """What is known of a session.

    Attributes:
        role: for which it was authorised; empty before that.
        pending: the access whose end is awaited.
        sent: text of its statement.
        number: that pgaudit gives it; empty where pgaudit has not named it.
        error: message of an error that no statement followed yet.
    """

    role: str = ""
    pending: Access | None = None
    sent: str = ""
    number: str = ""
    error: Message | None = None


@dataclass
class Sessions:
    """Puts messages together, in their order.

    Attributes:
        source: name of the log.
        tables: of the zones.
        origin: from where a session comes, by a message of it and its role.
    """

    source: str
    tables: Tables
    origin: Callable[[Message, str], str] = field(default=lambda message, _role: message.origin)
    _known: dict[str, _Session] = field(default_factory=dict)
    _read: dict[str, Statement | None] = field(default_factory=dict)

    def take(self, message: Message) -> Sequence[Access]:
        """The accesses whose end is known with this message."""
        session = self._known.get(message.session)
        if message.severity in ("ERROR", "FATAL", "PANIC"):
            return self._failed(session, message)
        if message.severity == "STATEMENT":
            return self._stated(session, message)
        return self._logged(session, message) if message.severity == "LOG" else ()

    def _logged(self, session: _Session | None, message: Message) -> Sequence[Access]:
        text = message.text
        if text.startswith(_AUDIT):
            return self._audited(session, message)
        sent = _SENT.match(text)
        if sent is not None:
            return self._sent(session, message, sent[1])
        if text.startswith(_ENDED):
            if session and session.error and session.error.text.startswith(_PUT_OUT):
                session.error = None  # a statement that it cut off would have followed it
            self._known.pop(message.session, None)
            return self._settled(session)
        return self._begun(message) if "connection authorized: " in text else ()

    def end(self) -> Iterator[Access]:
        """Those whose end is not in the log."""
        for session in self._known.values():
            if session.pending is not None and session.error is None:
                session.pending.outcome = AccessOutcome.UNKNOWN.value
            yield from self._settled(session)

    def _begun(self, message: Message) -> Sequence[Access]:
        told = _AUTHORISED.match(message.text)
        if told is None:
            return (self._unread(message, "names no role"),)
        made = self._access(message, told[1], Act.LOG_IN, "connect", ())
        self._known[message.session] = _Session(told[1], pending=made)
        if len(self._known) > MOST_SESSIONS:
            return self._settled(self._known.pop(next(iter(self._known))))
        return ()

    def _statement(self, text: str) -> Statement | None:
        """What is kept of a statement; short ones often come again."""
        if len(text) > _SHORT or '"' in text:
            return statement_of(text, self.tables)
        text = _NUMBER.sub("0", text)
        if text not in self._read:
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            self._read[text] = statement_of(text, self.tables)
        return self._read[text]

    def _sent(self, session: _Session | None, message: Message, text: str) -> Sequence[Access]:
        found = self._statement(text)
        if session is None:
            if found is None:
                return ()
            return (self._unread(message, _NOT_BEGUN),)
        settled = self._settled(session)
        if found is not None:
            made = self._access(message, session.role, found.act, found.action, found.tables)
            session.pending, session.sent, session.number = made, text, ""
        return settled

    def _audited(self, session: _Session | None, message: Message) -> Sequence[Access]:
        found = audited(message.text.removeprefix(_AUDIT))
        if found is None:
            return (self._unread(message, "is not an entry of pgaudit"),)
        if session is None:
            return (self._unread(message, _NOT_BEGUN),)
        pending, done = session.pending, found.statement
        one = pending is not None and pending.what != Act.LOG_IN.value
        if pending is not None and one and session.number in ("", found.number):
            self._refine(pending, done, first=not session.number)
            session.number = found.number
            return ()
        settled = self._settled(session)
        session.pending = self._access(message, session.role, done.act, done.action, done.tables)
        session.sent, session.number = found.text, found.number
        return settled

    def _refine(self, pending: Access, found: Statement, *, first: bool) -> None:
        """Let what the server used stand in the place of what the statement names."""
        on = found.tables if first else (*pending.on, *found.tables)
        pending.on = tuple(dict.fromkeys(on or pending.on))
        pending.zone = self.tables.zone(pending.on)
        if first:
            pending.what, pending.action = found.act.value, found.action

    def _failed(self, session: _Session | None, message: Message) -> Sequence[Access]:
        if session is None:
            refused = message.severity == "FATAL" and _REFUSED.search(message.text)
            return (self._turned_away(message),) if refused else ()
        settled: Sequence[Access] = ()
        if session.error is not None:
            settled = self._settled(session)
        session.error = message
        return settled

    def _stated(self, session: _Session | None, message: Message) -> Sequence[Access]:
        """The statement of the error before: the one that is awaited, or one never begun."""
        if session is None or session.error is None:
            return ()
        if session.pending is not None and session.sent in ("", message.text):
            return self._settled(session)
        error, session.error = session.error, None
        settled = self._settled(session)
        found = self._statement(message.text)
        if found is None:
            return settled
        made = self._access(error, session.role, found.act, found.action, found.tables)
        made.outcome = _outcome(error.text).value
        return (*settled, made)

    def _settled(self, session: _Session | None) -> Sequence[Access]:
        if session is None or session.pending is None:
            if session is not None:
                session.error = None
            return ()
        made, session.pending = session.pending, None
        if session.error is not None:
            made.outcome = _outcome(session.error.text).value
            session.error = None
        return (made,)

    def _access(
        self, message: Message, role: str, act: Act, action: str, on: tuple[str, ...]
    ) -> Access:
        return Access(
            message.time,
            role,
            act.value,
            action,
            AccessOutcome.ALLOWED.value,
            self.source,
            message.place,
            message.digest,
            zone=self.tables.zone(on),
            on=on,
            origin=self.origin(message, role),
        )

    def _turned_away(self, message: Message) -> Access:
        """A session that was not let in: whom it claimed to be is not proved."""
        claimed = _CLAIMED.match(message.text)
        made = self._access(message, "", Act.LOG_IN, "connect", ())
        made.outcome, made.claimed = AccessOutcome.REFUSED.value, claimed[1] if claimed else ""
        return made

    def _unread(self, message: Message, reason: str) -> Access:
        return unreadable(reason, self.source, message.place, message.digest, message.time)


def _outcome(error: str) -> AccessOutcome:
    """How a statement ended, by its error; what failed may have read until then."""
    return AccessOutcome.REFUSED if _REFUSED.match(error) else AccessOutcome.FAILED
