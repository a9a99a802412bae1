"""A name that the target takes, close to one that it does not: a proposal, never done unasked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from havre.live.limits import NAME, unfit_key

if TYPE_CHECKING:
    from havre.live.limits import Limits

_MARK = 8
"""Hexadecimal digits that keep two shortened names apart."""


def proposal(key: str, limits: Limits, size: int = 0) -> str:
    """A key that a store takes in place of one that it does not; empty where none is found.

    Characters that it refuses become `_`, and a name that is too long is shortened and marked by
    the first digits of the SHA-256 of the whole key.

    Args:
        key: name of an object, which is valid Unicode.
        limits: of the store.
        size: bytes of the object.
    """
    try:
        mark = hashlib.sha256(key.encode()).hexdigest()[:_MARK]
    except UnicodeEncodeError:
        return ""
    steps = [_step(step, limits) for step in key.split("/")]
    plain = "/".join(step for step in steps if step or not limits.paths)
    if plain != key and not unfit_key(plain, limits, size):
        return plain
    cut = [_shortened(step, NAME, mark) if limits.paths else step for step in plain.split("/")]
    *folders, name = cut
    room = min(limits.name_bytes if limits.paths else len(name.encode()), _room(folders, limits))
    found = "/".join((*folders, _shortened(name, room, mark)))
    return "" if unfit_key(found, limits, size) else found


def aside(key: str, limits: Limits) -> str:
    """A key beside one that a store could hold, were it not for another key of the same name.

    Args:
        key: name of an object, which is valid Unicode.
        limits: of the store.
    """
    mark = hashlib.sha256(key.encode()).hexdigest()[:_MARK]
    *folders, name = key.removesuffix("/").split("/")
    stem, _, ending = name.rpartition(".")
    marked = f"{stem}-{mark}.{ending}" if stem else f"{name}-{mark}"
    found = "/".join((*folders, marked))
    return proposal(found, limits) if unfit_key(found, limits) else found


def _step(step: str, limits: Limits) -> str:
    """One step of a key without what the store refuses in it."""
    kept = "".join("_" if character in limits.refused else character for character in step)
    if limits.ending and kept[-1:] in {*limits.ending}:
        kept = f"{kept[:-1]}_"
    return (
        kept.replace(".", "_") if kept in {".", ".."} and (limits.plain or limits.paths) else kept
    )


def _room(folders: list[str], limits: Limits) -> int:
    """Bytes that the last step may have beside its folders; a character has at least one."""
    before = "".join(f"{folder}/" for folder in folders)
    rooms = [NAME**2]
    if limits.key_bytes is not None:
        rooms.append(limits.key_bytes - len(before.encode()))
    if limits.key_characters is not None:
        rooms.append(limits.key_characters - len(before))
    return min(rooms)


def _shortened(step: str, room: int, mark: str) -> str:
    """A step of at most so many bytes, its ending kept where that is short."""
    if len(step.encode()) <= room:
        return step
    name, dot, ending = step.rpartition(".")
    tail = f"-{mark}{dot}{ending}" if name and len(ending) <= _MARK else f"-{mark}"
    kept = max(0, room - len(tail.encode()))
    return step.encode()[:kept].decode(errors="ignore") + tail
