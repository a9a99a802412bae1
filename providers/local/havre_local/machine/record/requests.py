"""A line of versitygw's log as an access, or why it is none.

The server writes names as they come: an object may be called like the fields that follow its name.
Its address stands in the line as well, encoded. So a name is believed where it is that of the
address, and a line that can be read in two ways is not read. Source: versitygw 1.8.0,
`s3log/file.go`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from havre.audit.accesses import Access, AccessOutcome, Act, unreadable
from havre.audit.operations import act_of
from havre_local.machine.record.collector import NOBODY, SERVER, requester

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUEST = re.compile(
    r" \[(\d\d)/([A-Z][a-z]+)/(\d{4}):(\d\d:\d\d:\d\d) \+0000\] \S+ \S+ [0-9A-Z]{16} (\S+)"
)
_ANSWER = re.compile(r" (?=(/\S*) (\d{3}) \S+ \d+ \d+ \d+ \d+ - )")
"""What follows a name; of two that overlap, both are found."""
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_MONTH = {name: f"{number:02}" for number, name in enumerate(_MONTHS, 1)}
_TWO_WAYS = "can be read in two ways: a name imitates the fields of the log"
_UNLIKE = "is not a line of the object store, or its names are not text"
_BEGUN = (
    *("Bucket versioning enabled with directory: ", "initializing internal IAM with "),
    *("initializing S3 access logs with ", "log starts "),
)
"""What the server writes when it starts, beside lines of requests."""
_OK, _REFUSED = range(200, 400), (401, 403)


def access(
    entry: Mapping[str, object], zones: Mapping[str, str], place: str, digest: str
) -> Access | None:
    """A request as an access; None: the line is of the server's start.

    Args:
        entry: of the record.
        zones: by bucket.
        place: of its line.
        digest: of its line.
    """
    line = str(entry.get("line", ""))
    who = entry["requester"] if "requester" in entry else requester(line)
    found = _REQUEST.search(line)
    if found is None:
        begun = line.startswith(_BEGUN)
        return None if begun else unreadable(_UNLIKE, SERVER, place, digest)
    time = f"{found[3]}-{_MONTH.get(found[2], '00')}-{found[1]}T{found[4]}.000Z"
    if not isinstance(who, str):
        return unreadable(_TWO_WAYS, SERVER, place, digest, time)
    bucket = line[: found.start()].partition(" ")[2]
    answers = _answers(line[found.end() :], bucket)
    if len(answers) != 1:
        return unreadable(_TWO_WAYS if answers else _UNLIKE, SERVER, place, digest, time)
    key, status = answers[0]
    operation = found[5].removeprefix("s3_")
    zone = zones.get(bucket, "")
    named = "/".join(filter(None, ("" if zone or bucket == NOBODY else bucket, key)))
    return Access(
        time,
        "" if who == NOBODY else who,
        _act(operation),
        operation,
        _outcome(status),
        SERVER,
        place,
        digest,
        zone=zone,
        on=(named,) if named else (),
    )


def _answers(rest: str, bucket: str) -> list[tuple[str, str]]:
    """Name of the object and status, once for each way to read what follows the operation."""
    found = []
    for match in _ANSWER.finditer(rest):
        key, path = rest[1 : match.start()], match[1].partition("?")[0]
        path = unquote(path) if "%" in path else path
        if path == f"/{bucket}/{key}":
            found.append((key, match[2]))
        elif key == NOBODY and path in (f"/{bucket}", f"/{bucket}/", "/"):
            found.append(("", match[2]))
    return found


@lru_cache(maxsize=256)
def _act(operation: str) -> str:
    return (Act.CHANGE if operation.startswith("admin_") else act_of(operation)).value


@lru_cache(maxsize=256)
def _outcome(status: str) -> str:
    if int(status) in _OK:
        return AccessOutcome.ALLOWED.value
    refused = int(status) in _REFUSED
    return (AccessOutcome.REFUSED if refused else AccessOutcome.FAILED).value
