"""A request and its answer, as a front sees them: heads whole, bodies in pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CHUNK = 1 << 18
"""Bytes of a piece."""
HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "transfer-encoding", "upgrade", "expect", "proxy-connection"),
    }
)
"""Headers of one connection only (RFC 9110, 7.6.1), and `Expect`, which is answered here."""
_LONGEST_LINE = 1 << 16


class BrokenOffError(ConnectionError):
    """A client that ended before its request did."""


@dataclass
class Body:
    """What a client sends after the head of its request.

    Attributes:
        source: where it is read.
        length: its bytes, where the head says so; else it comes in pieces of its own (chunked).
        chunked: whether it does.
        framed: whether it does so within a body whose length the head says (`aws-chunked`);
            `length` is then that of what is framed.
    """

    source: IO[bytes]
    length: int = 0
    chunked: bool = False
    framed: bool = False
    done: bool = False
    _stream: Iterator[bytes] | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, in pieces; where it was read before, those that are left.

        Raises:
            BrokenOffError: fewer came than were promised.
        """
        if self._stream is None:
            self._stream = self._all()
        return self._stream

    def _all(self) -> Iterator[bytes]:
        try:
            yield from self._pieces() if self.chunked or self.framed else self._counted()
        except OSError as error:
            raise BrokenOffError from error
        self.done = True

    def read(self, most: int) -> bytes:
        """All bytes of a small body.

        Raises:
            ValueError: there are more than `most`.
            BrokenOffError: fewer came than were promised.
        """
        found = bytearray()
        for piece in self:
            found += piece
            if len(found) > most:
                message = f"more than {most} bytes"
                raise ValueError(message)
        return bytes(found)

    @property
    def empty(self) -> bool:
        """Whether nothing comes."""
        return not self.chunked and self.length == 0

    def _counted(self) -> Iterator[bytes]:
        left = self.length
        while left:
            piece = self.source.read(min(CHUNK, left))
            if not piece:
                raise BrokenOffError
            left -= len(piece)
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        came = 0
        while size := self._size():
            came += size
            while size:
                piece = self.source.read(min(CHUNK, size))
                if not piece:
                    raise BrokenOffError
                size -= len(piece)
                yield piece
            self._line()
        while self._line().strip():
            pass
        if self.framed and came != self.length:
            raise BrokenOffError

    def _size(self) -> int:
        try:
            return int(self._line().partition(b";")[0], 16)
        except ValueError:
            raise BrokenOffError from None

    def _line(self) -> bytes:
        line = self.source.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise BrokenOffError
        return line


@dataclass(frozen=True)
class Request:
    """What a client asks for.

    Attributes:
        method: of HTTP.
        target: path and query as they came, encoded.
        headers: names in lower case; of one that comes twice the values, with a comma between.
        body: what comes after them.
        names: of the headers as they came, by the same in lower case.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: Body = field(repr=False)
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def path(self) -> str:
        """The path, encoded."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query, decoded; of a name that comes twice the last value."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The first two parts of the path, and all that follows, decoded."""
        return tuple(unquote(part) for part in self.path.lstrip("/").split("/", 2))

    def header(self, name: str) -> str:
        """The value of a header; empty where there is none."""
        return self.headers.get(name, "")

    def as_came(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers under the names under which they came: case is kept where it means something."""
        return {self.names.get(name, name): value for name, value in headers.items()}


@dataclass
class FrontAnswer:
    """What a client is answered.

    Attributes:
        status: of HTTP.
        headers: in order.
        body: whole, or in pieces.
        length: bytes of the body; None: only its end shows.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""
    length: int | None = None

    def header(self, name: str) -> str:
        """The value of a header, whatever its case; empty where there is none."""
        return next((value for known, value in self.headers if known.lower() == name), "")

    def put(self, name: str, value: str) -> None:
        """Set a header, in place of any of that name."""
        self.headers = [each for each in self.headers if each[0].lower() != name.lower()]
        self.headers.append((name, value))

    def whole(self) -> bytes:
        """The whole body, which is small."""
        if not isinstance(self.body, bytes):
            self.body = b"".join(self.body)
        return self.body


def drain(body: Body, most: int) -> bool:
    """Read what a client still sends; return whether that was all of it."""
    left = most
    for piece in body:
        left -= len(piece)
        if left < 0:
            return False
    return body.done
