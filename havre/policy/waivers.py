"""Waivers: findings that somebody answers for, until a day.

A waiver hides nothing: what it covers is listed as waived. Past its end the finding fails
again; in its last 90 days it warns; one that matches nothing is reported.
"""

from __future__ import annotations

import datetime as dt  # pydantic reads annotations at run time
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from havre.documents.records import Day, read_document
from havre.errors import InputError
from havre.plan import urns
from havre.policy.findings import Finding, FindingKind, Location, Waiver
from havre.policy.model import IDENTIFIER, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

WAIVERS = "waivers.yaml"
"""File of waivers that is read where it stands beside the warehouse's file."""
WARNING_DAYS = 90
"""A waiver warns this long before its end."""
EXAMPLE = (
    "A waiver has control, owner, reason, decision, expires, and may have provider and resources."
)

Line = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", min_length=1, max_length=1000)
]


class _WaiversSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Waiver(_WaiversSection):
    control: Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER.pattern}$")]
    owner: Line
    reason: Line
    decision: Line
    expires: Day
    provider: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]*$")] = ""
    resources: tuple[Line, ...] = ()


class _Waivers(_WaiversSection):
    waivers: tuple[_Waiver, ...] = Field(default=())


def beside(spec: Path) -> Path | None:
    """The file of waivers beside a warehouse's file, where it stands there."""
    path = spec.parent / WAIVERS
    return path if path.is_file() else None


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers in a file.

    Raises:
        InputError: it cannot be read or is not valid; every fault is named with its line.
    """
    document = read_document(path)
    return tuple(
        Waiver(
            **each.model_dump(),
            location=Location(str(path), document.line(("waivers", number))),
        )
        for number, each in enumerate(document.validate(_Waivers, EXAMPLE).waivers)
    )


def refuse_unknown(waivers: Iterable[Waiver], known: Collection[str]) -> None:
    """Refuse waivers of controls that do not exist: they would cover nothing, unseen.

    Raises:
        InputError: there is one.
    """
    for waiver in waivers:
        if waiver.control not in known:
            place = waiver.location or Location("waivers", 1)
            message = f"{place.file}:{place.line}: there is no control `{waiver.control}`"
            raise InputError(message, "`havre policy list` names them all.")


def covers(waiver: Waiver, finding: Finding, provider: str) -> bool:
    """Whether a waiver is meant for a finding, whatever its end.

    A resource is named by its type and name, `TYPE::NAME`, or by its whole URN: a name alone is
    anybody's, since resources of several types may bear it. A finding about the whole plan has
    no resource: the waiver names its property, as it stands. A gap is named by its capability.
    """
    if waiver.control != finding.control or waiver.provider not in {"", provider}:
        return False
    if not finding.resource and finding.property in waiver.resources:
        return True
    names = (finding.gap.capability.value,) if finding.gap else _names(finding.resource)
    return not waiver.resources or any(
        fnmatchcase(name, pattern) for pattern in waiver.resources for name in names if name
    )


def _names(urn: str) -> tuple[str, ...]:
    """How a resource may be named: by its type and name, and by its URN."""
    own = urns.types(urn)[-1:]
    return (*(f"{kind}::{urns.name(urn)}" for kind in own), urn)


def applied(finding: Finding, waivers: Sequence[Waiver], provider: str, day: dt.date) -> Finding:
    """A finding, with the waiver that lasts longest of those meant for it."""
    meant = [waiver for waiver in waivers if covers(waiver, finding, provider)]
    if finding.kind not in {FindingKind.FAIL, FindingKind.UNKNOWN} or not meant:
        return finding
    longest = max(meant, key=lambda waiver: waiver.expires)
    if longest.expires < day:
        return replace(finding, waiver=longest)
    ending = longest.expires - day <= dt.timedelta(days=WARNING_DAYS)
    return replace(
        finding, waiver=longest, kind=FindingKind.WARNING if ending else FindingKind.WAIVED
    )


def unused(
    waivers: Sequence[Waiver], findings: Sequence[Finding], provider: str, asked: Collection[str]
) -> list[Finding]:
    """Warnings of waivers that match nothing, among those for this provider and its controls."""
    return [
        Finding(
            waiver.control,
            FindingKind.WARNING,
            Severity.LOW,
            property="waiver",
            found=f"the waiver of {waiver.owner} matches nothing",
            wanted="waivers of what is found",
            remedy="Take the waiver out, or mend its resources.",
            location=waiver.location,
            waiver=waiver,
        )
        for waiver in waivers
        if waiver.provider in {"", provider}
        and waiver.control in asked
        and not any(covers(waiver, finding, provider) for finding in findings)
    ]
