"""What exists in a sandbox: one file for each resource, in a folder of its own.

Anybody who may write to the folder may change or remove a file by hand, as one would in a
cloud's own console: the next look sees it. Every file says that it is of a sandbox.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

from havre.errors import RetryError, StateError
from havre.files import write_whole
from havre.files.custody import Custody, make_closed

if TYPE_CHECKING:
    from pathlib import Path

WAIT_SECONDS = 60.0
"""How long another process may have the world."""
MARK = "sandbox"
"""Key by which a file says what it is of."""
SECRET_KEY = "sandbox-secret"  # noqa: S105 - a mark, in place of a secret
"""Key of the digest that stands in a file for a secret."""


class Status(StrEnum):
    """Whether a resource exists."""

    EXISTS = "exists"
    DELETED = "deleted"


@dataclass(frozen=True)
class Existing:
    """A resource of a sandbox, or what is left of one that was deleted.

    Attributes:
        id: the provider's identifier.
        token: type token.
        name: logical name.
        properties: inputs that it has; a secret is a digest.
        computed: outputs that its service filled in; a secret is a digest.
        parent: identifier of the resource below which it is; empty: none.
        status: whether it exists.
        until: last day on which its name is taken although it is deleted; None: it is free.
        memory: what rules remember of it, such as the day on which it was made.
    """

    id: str
    token: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    status: Status = Status.EXISTS
    until: dt.date | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outputs(self) -> dict[str, Any]:
        """What its service says of it."""
        return {**self.properties, **self.computed}

    def as_json(self) -> dict[str, Any]:
        """The content of its file."""
        return {
            MARK: True,
            "id": self.id,
            "token": self.token,
            "name": self.name,
            "status": self.status.value,
            "until": self.until.isoformat() if self.until else None,
            "parent": self.parent,
            "properties": dict(self.properties),
            "computed": dict(self.computed),
            "memory": dict(self.memory),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Existing:
        """Read the content of a file.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        until = values.get("until")
        return cls(
            id=values["id"],
            token=values["token"],
            name=values["name"],
            properties=dict(values["properties"]),
            computed=dict(values.get("computed") or {}),
            parent=values.get("parent") or "",
            status=Status(values["status"]),
            until=dt.date.fromisoformat(until) if until else None,
            memory=dict(values.get("memory") or {}),
        )


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


@dataclass(frozen=True)
class World:
    """What exists in a sandbox at one moment, for rules. Identifiers are compared without case.

    Attributes:
        resources: what exists, and what was deleted and still takes its name.
        today: the day.
    """

    resources: tuple[Existing, ...] = ()
    today: dt.date = dt.date.min

    @cached_property
    def _by_id(self) -> Mapping[str, Existing]:
        return {each.id.casefold(): each for each in self.resources}

    @cached_property
    def _by_token(self) -> Mapping[str, tuple[Existing, ...]]:
        found: dict[str, list[Existing]] = defaultdict(list)
        for each in self.resources:
            if each.status is Status.EXISTS:
                found[each.token].append(each)
        return {token: tuple(listed) for token, listed in found.items()}

    @cached_property
    def _referring(self) -> Mapping[str, tuple[Existing, ...]]:
        found: dict[str, dict[str, Existing]] = defaultdict(dict)
        for each in self.existing:
            for text in _texts(each.properties):
                found[text.casefold()][each.id] = each
        return {text: tuple(listed.values()) for text, listed in found.items()}

    @cached_property
    def existing(self) -> tuple[Existing, ...]:
        """What exists."""
        return tuple(each for each in self.resources if each.status is Status.EXISTS)

    def find(self, identity: str) -> Existing | None:
        """The resource of an identifier, if it exists."""
        found = self._by_id.get(identity.casefold())
        return found if found and found.status is Status.EXISTS else None

    def deleted(self, identity: str) -> Existing | None:
        """The deleted resource that still takes an identifier today."""
        found = self._by_id.get(identity.casefold())
        if found is None or found.status is Status.EXISTS:
            return None
        return found if found.until and found.until >= self.today else None

    def of(self, *tokens: str) -> tuple[Existing, ...]:
        """What exists of some types."""
        return tuple(each for token in tokens for each in self._by_token.get(token, ()))

    def below(self, identity: str) -> tuple[Existing, ...]:
        """What exists below a resource, at any depth: by its path, or by its parents."""
        return tuple(each for each in self.existing if self.is_below(each, identity))

    def is_below(self, existing: Existing, identity: str) -> bool:
        """Whether a resource is below another one."""
        above, seen = existing, set()
        start = f"{identity.casefold()}/"
        while above.id not in seen:
            seen.add(above.id)
            if above.id.casefold().startswith(start):
                return True
            if above.parent.casefold() == identity.casefold():
                return bool(identity)
            found = self.find(above.parent) if above.parent else None
            if found is None:
                return above.parent.casefold().startswith(start)
            above = found
        return False

    def referring(self, identity: str) -> tuple[Existing, ...]:
        """What exists and has a text in its inputs that is this identifier, itself left out."""
        found = self._referring.get(identity.casefold(), ())
        return tuple(each for each in found if each.id.casefold() != identity.casefold())


def _file_name(existing: Existing) -> str:
    """A name that a person recognises, unique by the digest of the identifier."""
    words = (existing.token.rsplit(":", 1)[-1], existing.name)
    readable = "-".join(re.sub(r"[^A-Za-z0-9.-]+", "_", word) for word in words)[:120]
    digest = hashlib.sha256(existing.id.casefold().encode()).hexdigest()[:10]
    return f"{readable}-{digest}.json"


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


@dataclass
class WorldFolder:
    """The folder of a world: read anew whenever a file changed, written one file at a time.

    Attributes:
        path: the folder; it is made at the first change.
        clock: tells the day.
    """

    path: Path
    clock: Callable[[], dt.date] = _today
    _seen: dict[str, tuple[tuple[int, int, int], Existing]] = field(
        default_factory=dict, init=False
    )
    _guard: Any = field(default_factory=RLock, init=False)
    _key: bytes = field(default=b"", init=False, repr=False)

    @property
    def _custody(self) -> Custody:
        return Custody(self.path.absolute())

    @contextmanager
    def changing(self) -> Iterator[World]:
        """Keep everybody else from changing the world, and give it as it is.

        Raises:
            RetryError: another process has it for too long.
            StateError: a file in it is damaged.
        """
        with self._guard:
            try:
                make_closed(self.path.absolute(), 0o700)
            except OSError as error:
                message = f"the sandbox {self.path} cannot be made: {error.strerror}"
                raise StateError(message, "Choose another folder.") from error
            with self._custody.lock(self.path.absolute() / "lock") as lock:
                if not lock.take(WAIT_SECONDS):
                    message = f"another process is changing the sandbox {self.path}"
                    raise RetryError(message, "Wait for it to end, then run again.")
                yield self.world()

    def world(self) -> World:
        """What exists now.

        Raises:
            StateError: a file is damaged.
        """
        with self._guard:
            present: dict[str, tuple[tuple[int, int, int], Existing]] = {}
            for name, mark in self._marks():
                known = self._seen.get(name)
                present[name] = known if known and known[0] == mark else (mark, self._read(name))
            self._seen = present
            return World(tuple(each for _, each in present.values()), self.clock())

    def _marks(self) -> list[tuple[str, tuple[int, int, int]]]:
        """Names of the files with what changes whenever a file does, sorted."""
        try:
            with os.scandir(self.path) as entries:
                found = [e for e in entries if e.name.endswith(".json") and e.name[0] != "."]
                stats = [(entry.name, entry.stat(follow_symlinks=False)) for entry in found]
        except FileNotFoundError:
            return []
        return sorted((name, (s.st_mtime_ns, s.st_size, s.st_ino)) for name, s in stats)

    def _read(self, name: str) -> Existing:
        path = self.path.absolute() / name
        try:
            return Existing.from_json(json.loads(self._custody.read(path)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path} is not a resource of a sandbox: {type(error).__name__}: {error}"
            raise StateError(message, "Correct the file, or remove it.") from error

    def put(self, existing: Existing) -> None:
        """Write a resource, whole and at once; within `changing`.

        Raises:
            StateError: it cannot be written.
        """
        content = json.dumps(existing.as_json(), indent=1, sort_keys=True).encode()
        path = self.path.absolute() / _file_name(existing)
        write_whole(path, content, write=self._custody.write)

    def remove(self, existing: Existing) -> None:
        """Forget a resource; within `changing`."""
        self._custody.remove(self.path.absolute() / _file_name(existing))

    def lines(self, name: str) -> list[str]:
        """The lines of a file beside the resources, empty ones left out; none: it is missing."""
        path = self.path.absolute() / name
        if not path.exists():
            return []
        return [each for each in self._custody.read(path).decode().splitlines() if each.strip()]

    def write_lines(self, name: str, lines: Sequence[str]) -> None:
        """Write the lines of a file beside the resources; within `changing`.

        Raises:
            StateError: it cannot be written.
        """
        content = "".join(f"{each}\n" for each in lines).encode()
        write_whole(self.path.absolute() / name, content, write=self._custody.write)

    def secret_key(self) -> bytes:
        """The key of this world's digests and made-up secrets; made at its first use."""
        path = self.path.absolute() / "key"
        with self._guard:
            if not self._key:
                make_closed(self.path.absolute(), 0o700)
                self._custody.create(path, os.urandom(32))
                self._key = self._custody.read(path)
            return self._key


def deleted(existing: Existing, until: dt.date) -> Existing:
    """What is left of a resource whose name stays taken until a day."""
    return replace(existing, status=Status.DELETED, until=until)


def is_digest(value: Any) -> bool:
    """Whether a value of a file stands for a secret."""
    return isinstance(value, Mapping) and set(value) == {SECRET_KEY}
