"""JSON files that the Pulumi CLI wrote, or that somebody says it did.

Whatever is wrong with one is an `InputError` that says what the file is instead.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from havre.errors import InputError
from havre.text import clipped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES = 256 * 2**20
"""Largest file that is read: 256 MiB, some hundred thousand resources."""
ANEW = (
    "Write the file again with the Pulumi CLI: `pulumi stack export` for --state, `pulumi preview"
    " --json --show-sames` for --preview."
)
QUIET = "Send messages elsewhere: PULUMI_SKIP_UPDATE_CHECK=true pulumi … --json 2>/dev/null > FILE"
DIGEST = "Write one document: unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW, pulumi preview --json"
PACKED = {
    b"\x1f\x8b": "compressed by gzip",
    b"PK\x03\x04": "a ZIP archive",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"\xfd7zXZ": "compressed by xz",
    b"BZh": "compressed by bzip2",
    b"7z\xbc\xaf": "a 7z archive",
    b"age-encryption.org": "encrypted by age",
    b"-----BEGIN AGE ENCRYPTED": "encrypted by age",
    b"-----BEGIN PGP MESSAGE": "encrypted by OpenPGP",
    b"$ANSIBLE_VAULT": "encrypted by Ansible",
    b"Salted__": "encrypted by OpenSSL",
    b"%PDF": "a PDF document",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}
"""What a file is by its first bytes."""
SHOWN = 60
"""Longest piece of a stranger's text in a message, in characters."""


def read(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file.

    Raises:
        InputError: there is none, or it is too large; the message says what there is instead.
    """
    text = _text_of(path, _bytes_of(path))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        _refuse(path, text, error)
    except (ValueError, RecursionError) as error:
        message = f"{path} is not valid JSON: {error}"
        raise InputError(message, ANEW) from error
    if not isinstance(document, dict):
        message = f"{path} does not contain a JSON object"
        raise InputError(message, "Name a file that the Pulumi CLI wrote.")
    return document


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            message = f"{path} is larger than {MAX_BYTES >> 20} MiB"
            raise InputError(message, "Name the output of a single stack.")
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InputError(message, "Name a file that the Pulumi CLI wrote.") from error


def _text_of(path: Path, content: bytes) -> str:
    """The text of a file in UTF-8, -16 or -32; a mark of the order of bytes is left out."""
    if not content.strip():
        message = f"{path} is empty"
        raise InputError(message, "The command that was to write it has failed: run it again.")
    for beginning, kind in PACKED.items():
        if content.lstrip()[: len(beginning)].lower() == beginning.lower():
            message = f"{path} is {kind}, not JSON"
            raise InputError(message, "Name the JSON file that the Pulumi CLI wrote.")
    try:
        return content.decode(json.detect_encoding(content)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at {error.start}"
        raise InputError(message, "Write it as UTF-8, as the Pulumi CLI does.") from error


def _refuse(path: Path, text: str, error: json.JSONDecodeError) -> NoReturn:
    """Say what a text is that is no JSON as a whole.

    Raises:
        InputError: always.
    """
    first = _first_object(text)
    if first is None:
        cut = not text[error.pos :].strip() or error.msg.startswith("Unterminated string")
        kind = "is cut off" if cut else "is not valid JSON"
        message = f"{path} {kind}: {error.msg}, line {error.lineno}, column {error.colno}"
        raise InputError(message, ANEW) from error
    document, begin, end = first
    if "sequence" in document:
        message = f"{path} is an event log, not a preview: it contains one event per line"
        raise InputError(message, DIGEST) from error
    beside = text[:begin].strip() or text[end:].strip()
    where = "before" if text[:begin].strip() else "after"
    message = f"{path}: there is text {where} the JSON: `{clipped(beside.splitlines()[0], SHOWN)}`"
    raise InputError(message, QUIET) from error


def _first_object(text: str) -> tuple[dict[str, Any], int, int] | None:
    """The first JSON object that begins a line of a text, with where it begins and ends."""
    decoder = json.JSONDecoder()
    begin = 0 if text.startswith("{") else text.find("\n{") + 1
    if not text.startswith("{", begin):
        return None
    try:
        document, end = decoder.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return None
    return document, begin, end


def mapping(values: Any, where: str) -> Mapping[str, Any]:
    """A JSON object; nothing counts as an empty one.

    Raises:
        InputError: it is something else.
    """
    if values is None:
        return {}
    if isinstance(values, dict):
        return values
    message = f"{where} is {type(values).__name__}, not an object"
    raise InputError(message, ANEW)


def items(values: Any, where: str) -> list[Any]:
    """A JSON list; nothing counts as an empty one.

    Raises:
        InputError: it is something else.
    """
    if values is None:
        return []
    if isinstance(values, list):
        return values
    message = f"{where} is {type(values).__name__}, not a list"
    raise InputError(message, ANEW)


def word(values: Mapping[str, Any], key: str, where: str, *, needed: bool = False) -> str:
    """A text of an object; empty where there is none and none is needed.

    Raises:
        InputError: it is something else, or missing.
    """
    found = values.get(key)
    if isinstance(found, str) and (found or not needed):
        return found
    if found is None and not needed:
        return ""
    message = f"{where}: `{key}` is {type(found).__name__}, not a text"
    raise InputError(message, ANEW)


def flag(values: Mapping[str, Any], key: str, where: str) -> bool:
    """A truth value of an object; what is not there is false, as Pulumi leaves it out.

    Raises:
        InputError: it is something else.
    """
    found = values.get(key)
    if found is None or isinstance(found, bool):
        return bool(found)
    message = f"{where}: `{key}` is {type(found).__name__}, not true or false"
    raise InputError(message, ANEW)
