"""The largest that a store takes, and what it therefore cannot hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.capabilities import Support
from havre.errors import InputError
from havre.live.objects import HEADERS, Ability

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.capabilities import Supported
    from havre.live.objects import LiveStore, Properties

MIB = 2**20
PART = 8 * MIB
"""Bytes of a part where the object is small enough for parts of that size."""
_STEP = MIB
TAG_NAME, TAG_VALUE = 128, 256
"""Characters of a tag: the services agree on them."""
NAME = 255
"""Bytes of a name in a folder (NAME_MAX of Linux)."""


@dataclass(frozen=True)
class Limits:
    """The largest that a store takes; sizes are bytes.

    Attributes:
        source: where they were read, with the date.
        object_size: of an object.
        call_size: of an object that is written in one call.
        parts: how many an object has at most.
        part_size: of a part; the smallest of all but the last is `least_part`.
        least_part: see `part_size`.
        key_bytes: of a key in UTF-8; None: not limited.
        key_characters: of a key in Unicode; None: not limited.
        metadata_size: of the user's metadata, names and values together.
        metadata_lowered: whether names of metadata lose their case.
        metadata_names: a pattern that a name of metadata must match, where there is one.
        metadata_ascii: whether values of metadata must be printable ASCII.
        tags: how many tags; a name has 128 characters at most, and a value 256.
        tag_pattern: what names and values of tags must match.
        paths: whether keys are paths in a file system: `a` and `a/b` do not go together, and no
            step is empty, `.` or `..`; `a/` is a folder, without bytes of its own.
        name_bytes: of the last step of such a path.
        plain: whether a step of a key must not be `.` or `..`, which a web address loses.
        ending: characters with which no step of a key may end.
        refused: characters that a key must not have.
    """

    source: str
    object_size: int
    call_size: int
    parts: int = 10_000
    part_size: int = 5 * 2**30
    least_part: int = 5 * MIB
    key_bytes: int | None = None
    key_characters: int | None = None
    metadata_size: int = 2048
    metadata_lowered: bool = False
    metadata_names: str = ""
    metadata_ascii: bool = True
    tags: int = 10
    tag_pattern: str = r"[\w \-+=.:/@]*"
    paths: bool = False
    name_bytes: int = NAME
    plain: bool = False
    ending: str = ""
    refused: str = ""


def part_size(size: int, limits: Limits) -> int:
    """Bytes of each part but the last of an object, in whole MiB.

    The number of parts is limited, so parts grow with the object.

    Raises:
        InputError: no parts that the store takes make up the object.
    """
    least = max(PART, limits.least_part, -(-size // limits.parts))
    wanted = -(-least // _STEP) * _STEP
    if size > limits.object_size or wanted > limits.part_size:
        most = min(limits.object_size, limits.parts * limits.part_size)
        message = f"an object of {size:,} bytes is over the {most:,} that the store takes"
        raise InputError(message, "Split the object, or choose another store.")
    return wanted


def unfit_key(key: str, limits: Limits, size: int = 0) -> str:
    """Why a store cannot hold a key; empty where it can.

    Args:
        key: name of an object.
        limits: of the store.
        size: of the object: a folder of a file system has no bytes.
    """
    return next(_unfit_key(key, limits, size), "")


def unfit(
    key: str,
    size: int,
    properties: Properties,
    limits: Limits,
    abilities: Mapping[Ability, Supported],
) -> list[str]:
    """Everything of an object that a store cannot hold, each with why; empty where nothing."""
    found = [
        *_unfit_key(key, limits, size),
        *_unfit_metadata(properties, limits),
        *_unfit_tags(properties, limits),
        *_beyond(properties, abilities),
        *(f"header {name}" for name in properties.headers if name not in HEADERS),
    ]
    if size > limits.object_size:
        found.append(f"{size:,} bytes are over the {limits.object_size:,} of an object")
    return found


def refuse_unfit(store: LiveStore, key: str, size: int, properties: Properties) -> None:
    """Refuse an object that a store cannot hold, before any of it is sent.

    Raises:
        InputError: it names everything that the store cannot hold.
    """
    found = unfit(key, size, properties, store.limits, store.abilities)
    if found:
        message = f"{store.name}: {key!r}: the store cannot contain it: {'; '.join(found)}"
        raise InputError(message, "Rename or change the object, or choose another store.")


def _beyond(properties: Properties, abilities: Mapping[Ability, Supported]) -> Iterator[str]:
    """Properties that take an ability which a store lacks."""
    given = {
        Ability.TAGS: properties.tags,
        Ability.TIER: properties.tier,
        Ability.LOCK: properties.lock,
        Ability.HOLD: properties.held,
    }
    for ability, value in given.items():
        answer = abilities[ability]
        if value and answer.support is Support.ABSENT:
            yield f"{ability}: {answer.reason}"


def _unfit_key(key: str, limits: Limits, size: int) -> Iterator[str]:
    if not key:
        yield "the key is empty"
        return
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        yield "the key is not valid Unicode"
        return
    if limits.key_bytes is not None and len(encoded) > limits.key_bytes:
        yield f"the key has {len(encoded)} bytes of {limits.key_bytes}"
    if limits.key_characters is not None and len(key) > limits.key_characters:
        yield f"the key has {len(key)} characters of {limits.key_characters}"
    if found := [character for character in limits.refused if character in key]:
        yield f"the key has {found[0]!r}"
    yield from _unfit_steps(key if size else key.removesuffix("/"), limits)


def _unfit_steps(path: str, limits: Limits) -> Iterator[str]:
    """Why a key is no path, where it must be one."""
    steps = path.split("/")
    if (limits.plain or limits.paths) and {".", ".."} & {*steps}:
        yield "a step of the key is `.` or `..`"
    if limits.ending and any(step[-1:] in {*limits.ending} for step in steps):
        yield f"a step of the key ends with one of {limits.ending!r}"
    if limits.paths and "" in steps:
        yield "a step of the key is empty"
    sizes = [len(step.encode()) for step in steps]
    if limits.paths and (max(sizes) > NAME or sizes[-1] > limits.name_bytes):
        yield f"a step of the key is over {limits.name_bytes} bytes"


def _unfit_metadata(properties: Properties, limits: Limits) -> Iterator[str]:
    metadata = properties.metadata
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > limits.metadata_size:
        yield f"the metadata has {size} bytes of {limits.metadata_size}"
    if len({name.lower() for name in metadata}) < len(metadata):
        yield "names of the metadata differ only in case"
    for name, value in metadata.items():
        if limits.metadata_lowered and name != name.lower():
            yield f"metadata {name!r}: the name would lose its case"
        if limits.metadata_names and not re.fullmatch(limits.metadata_names, name):
            yield f"metadata {name!r}: not a name that the store takes"
        if limits.metadata_ascii and not _plain(value):
            yield f"metadata {name!r}: the value is not plain ASCII"


def _unfit_tags(properties: Properties, limits: Limits) -> Iterator[str]:
    tags = properties.tags
    if len(tags) > limits.tags:
        yield f"{len(tags)} tags are over the {limits.tags} of an object"
    for name, value in tags.items():
        if not 0 < len(name) <= TAG_NAME or len(value) > TAG_VALUE:
            yield f"tag {name!r}: over {TAG_NAME} characters, or its value over {TAG_VALUE}"
        if not re.fullmatch(limits.tag_pattern, name + value):
            yield f"tag {name!r}: a character that tags of the store do not have"


def _plain(value: str) -> bool:
    """Whether a header can bear a value unchanged."""
    return value.isascii() and value.isprintable() and value == value.strip()
