"""The hard cases of object stores, written by the contract that every store has."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from havre.capabilities import Support
from havre.errors import ProviderError
from havre.exit.rehearsing.hard.cases import UnplantedError
from havre.live.limits import PART, unfit
from havre.live.objects import FOLDER_MARK, Ability, Lock, Properties
from havre.text import counted

if TYPE_CHECKING:
    from havre.live.objects import LiveStore

PREFIX = "hard"
"""Begins the key of every object of a hard case."""
RETAGGED = f"{PREFIX}/01/retagged.csv"
"""The object whose tags change after the copy."""
CHANGING = f"{PREFIX}/04/changing.bin"
"""The object that is written over and over."""
_CSV = {"content-type": "text/csv"}
_ODD = (
    *("caf\u00e9.csv", "cafe\u0301.csv", "Case.csv", "case.csv", "dot.", "space ", "tab\tin"),
    *("a%41b", "100%", "plus+and&", "double//slash", "./dot", "../up", "\u2603.csv", "line\nbreak"),
    *("quote'\"", "back\\slash", "\u200bnarrow", "\U0001f600.csv"),
)
_METADATA: tuple[dict[str, str], ...] = (
    {"ward": "x" * 2_000},
    {"ward": "\u00e9t\u00e9"},
    {"Ward": "7", "ward": "8"},
    {"WardNumber": "7"},
    {"7ward": "7"},
    {"spaced": "a  b"},
)

ObjectPlanter = Callable[["LiveStore"], str]
"""Plants a case in a store, and says in words what it made."""


def _write(store: LiveStore, key: str, content: bytes, bears: Properties | None = None) -> bool:
    """Write an object if the store can hold it, and takes it; whether it is there."""
    bears = bears or Properties(_CSV)
    if unfit(key, len(content), bears, store.limits, store.abilities):
        return False
    try:
        store.write(key, io.BytesIO(content), bears)
    except ProviderError:
        return False
    return True


def _needs(store: LiveStore, ability: Ability) -> None:
    answer = store.abilities[ability]
    if answer.support is Support.ABSENT:
        raise UnplantedError(store.name, answer.reason)


def _retagged(store: LiveStore) -> str:
    _needs(store, Ability.TAGS)
    _write(store, RETAGGED, b"id\n", Properties(_CSV, tags={"purpose": "research"}))
    return "an object that is tagged anew between copy and freeze"


def _encoded(store: LiveStore) -> str:
    headers = {**_CSV, "content-encoding": "gzip", "cache-control": "no-store"}
    content = gzip.compress(b"id,ward\n1,7\n", mtime=0)
    _write(store, f"{PREFIX}/02/visits.csv", content, Properties(headers))
    return "an object with content-encoding gzip"


def _changing(store: LiveStore) -> str:
    _write(store, CHANGING, b"0" * PART)
    return "an object that the writer writes over until the freeze"


def _unfinished(store: LiveStore) -> str:
    _needs(store, Ability.UPLOADS)
    upload = store.begin(f"{PREFIX}/06/unfinished.bin", Properties(_CSV))
    store.part(upload, 1, b"0" * PART)
    return "an upload with one part"


def _versions(store: LiveStore) -> str:
    _needs(store, Ability.VERSIONS)
    for key in ("kept.csv", "deleted.csv"):
        for content in (b"first", b"second", b"third"):
            _write(store, f"{PREFIX}/07/{key}", content)
    try:
        store.mark(f"{PREFIX}/07/deleted.csv")
    except ProviderError as error:
        return f"two objects of three versions; none is deleted: {error.message}"
    return "two objects of three versions, one of them deleted"


def _locked(store: LiveStore) -> str:
    until = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=40)
    _needs(store, Ability.LOCK)
    _write(store, f"{PREFIX}/08/locked.csv", b"x", Properties(_CSV, lock=Lock(until)))
    if _write(store, f"{PREFIX}/08/held.csv", b"x", Properties(_CSV, held=True)):
        return "an object with a lock of its own, and one under a legal hold"
    return "an object with a lock of its own"


def _folders(store: LiveStore) -> str:
    mark = Properties({"content-type": "application/x-directory"}, {FOLDER_MARK: "true"})
    made = [_write(store, f"{PREFIX}/11/full/one.csv", b"1")]
    if store.abilities[Ability.LOCK].support is Support.ABSENT:  # stand-ins lock no folder
        made += [_write(store, f"{PREFIX}/11/{name}/", b"", mark) for name in ("empty", "full")]
    if not store.limits.paths:
        made += [_write(store, f"{PREFIX}/11/beside{end}", b"1") for end in ("", "/below")]
    return f"{counted(sum(made), 'object', 'objects')}"


def _odd(store: LiveStore) -> str:
    made = [_write(store, f"{PREFIX}/12/{name}", repr(name).encode()) for name in _ODD]
    return f"{sum(made)} of {len(made)} odd keys: the source takes no others"


def _long(store: LiveStore) -> str:
    made = [
        _write(store, f"{PREFIX}/13/{chr(233) * count}", b"1") for count in (100, 110, 400, 900)
    ]
    if not any(made):
        raise UnplantedError(store.name, "it takes no such key")
    return f"{counted(sum(made), 'key', 'keys')} of accented letters"


def _sizes(store: LiveStore) -> str:
    for size in (0, 1, PART, PART + 1):
        _write(store, f"{PREFIX}/15/{size}.bin", b"\1" * size)
    return "objects of 0, 1, 8 MiB and 8 MiB + 1 bytes"


def _metadata(store: LiveStore) -> str:
    made = [
        _write(store, f"{PREFIX}/16/{number}.csv", b"1", Properties(_CSV, metadata))
        for number, metadata in enumerate(_METADATA)
    ]
    return f"{sum(made)} of {len(made)} kinds of metadata: the source takes no others"


def _times(_store: LiveStore) -> str:
    return "every object has its own"


OBJECTS: dict[int, ObjectPlanter] = {
    1: _retagged,
    2: _encoded,
    4: _changing,
    6: _unfinished,
    7: _versions,
    8: _locked,
    11: _folders,
    12: _odd,
    13: _long,
    15: _sizes,
    16: _metadata,
    17: _times,
}
"""What plants each case of an object store."""
