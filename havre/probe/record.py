"""What probes saw, as a file: written once, read by a check, its form published."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from havre.documents.problems import dotted
from havre.errors import InputError
from havre.probe.answers import ProbeOutcome, Sighting
from havre.text import digest, inert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from havre.plan import Plan
    from havre.spec import Warehouse

FORM = "havre.probes/1"
IDENTIFIER = "urn:havre:probes:1"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
LARGEST = 32 << 20
"""Bytes of a file of probes that is read."""
SANDBOXES = {
    True: "of a sandbox, which is not evidence of a deployment at a provider",
    False: "not of a sandbox, and a sandbox is checked",
}
"""Why probes are refused that are of a sandbox where none is checked, and the other way round."""
_DIGEST = "^[0-9a-f]{64}$"
_AGAIN = "Run `havre probe --out FILE` again."


class _RecordPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SightingPart(_RecordPart):
    """A probe of one target, in a file."""

    probe: str = Field(description="identifier of the probe")
    control: str = Field(description="control that it is tied to")
    target: str = Field(description="what was asked")
    outcome: ProbeOutcome = Field(description="how the promise was seen")
    told: str = Field(description="what was seen, in one sentence")
    raw: tuple[str, ...] = Field(description="what the service answered, without secrets")
    at: dt.datetime = Field(description="when the attempt began, UTC")
    seconds: float = Field(ge=0, description="how long it took")


class DigestPart(_RecordPart):
    """Digests of what was probed, in a file."""

    spec: str = Field(pattern=_DIGEST, description="SHA-256 of what the warehouse file asks for")
    state: str | None = Field(description="SHA-256 of the file of the state; null: there is none")
    plan: str | None = Field(
        description="SHA-256 of names and types of its resources; null: there are none"
    )


class ProbesPart(_RecordPart):
    """A file of probes."""

    form: str = Field(pattern=f"^{FORM}$", description="form of this file")
    tool: str = Field(description="version of Havre")
    warehouse: str = Field(description="name of the warehouse")
    provider: str = Field(description="who provides it")
    sandbox: bool = Field(description="whether it is a sandbox, and so no evidence of a provider")
    at: dt.datetime = Field(description="when the probes began, UTC")
    digests: DigestPart = Field(description="digests of what was probed")
    limits: dict[str, float] = Field(description="limits by which what was seen is measured")
    probes: tuple[SightingPart, ...] = Field(description="every probe of every target")
    sha256: str = Field(
        pattern=_DIGEST,
        description="SHA-256 of the rest of this file as JSON with sorted keys, without spaces",
    )


@dataclass(frozen=True)
class ProbeRecord:
    """What probes saw of a warehouse.

    Attributes:
        warehouse: its name.
        provider: name of the provider.
        sandbox: whether it is a sandbox.
        at: when the probes began, UTC.
        digests: SHA-256 of `spec`, `state` and `plan`, those that are known.
        limits: by which what was seen is measured.
        sightings: every one.
        tool: version of Havre.
    """

    warehouse: str
    provider: str
    sandbox: bool
    at: dt.datetime
    digests: Mapping[str, str | None]
    limits: Mapping[str, float]
    sightings: tuple[Sighting, ...]
    tool: str

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON-ready values; `schema_text` is its schema."""
        found = {
            "form": FORM,
            "tool": self.tool,
            "warehouse": self.warehouse,
            "provider": self.provider,
            "sandbox": self.sandbox,
            "at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "digests": {name: self.digests.get(name) for name in ("spec", "state", "plan")},
            "limits": {name: float(limit) for name, limit in self.limits.items()},
            "probes": [each.as_dict() for each in self.sightings],
        }
        return {**found, "sha256": _digest_of(found)}

    def of(self, control: str) -> Sequence[Sighting]:
        """The sightings of a control."""
        return [each for each in self.sightings if each.control == control]


def _digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document's values; order and spaces do not count, nor a digest in it."""
    values = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return digest(text)


def spec_digest(spec: Warehouse) -> str:
    """SHA-256 of what a warehouse file asks for; comments and order do not count.

    Members count by their pseudonyms, and the others by their number: a state does not name them.
    """
    values = spec.model_dump(mode="json")
    for name, project in values["projects"].items():
        known = spec.projects[name]
        project["members"] = [*known.pseudonyms, len(known.members) - len(known.pseudonyms)]
    return digest(json.dumps(values, sort_keys=True, ensure_ascii=False))


def plan_digest(plan: Plan) -> str:
    """SHA-256 of names and types of a plan's resources."""
    return digest("\n".join(sorted(f"{each.urn} {each.type}" for each in plan.resources)))


def read_record(path: Path) -> ProbeRecord:
    """What a file of probes has.

    Its digest shows a slip of the hand, no forgery: only a seal is signed.

    Raises:
        InputError: it cannot be read, is not such a file, or was changed.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        found = ProbesPart.model_validate_json(content)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InputError(message, "Name a file that `havre probe --out` wrote.") from error
    except ValidationError as error:
        issue = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = dotted(issue["loc"]) or "the file"
        message = f"{path} is not a file of probes: {where}: {issue['msg']}"
        raise InputError(message, _AGAIN) from None
    if found.sha256 != _digest_of(json.loads(content)):
        message = f"{path} was changed after it was written: its digest is not that of its contents"
        raise InputError(message, _AGAIN)
    if any(each.at.tzinfo is None for each in found.probes) or found.at.tzinfo is None:
        message = f"{path}: a time in it has no time zone"
        raise InputError(message, _AGAIN)
    return ProbeRecord(
        *(found.warehouse, found.provider, found.sandbox, found.at.astimezone(dt.UTC)),
        found.digests.model_dump(),
        found.limits,
        tuple(Sighting(**each.model_dump()) for each in found.probes),
        found.tool,
    )


@dataclass(frozen=True)
class ProbedSubject:
    """What a check is of, as far as probes of it must agree.

    Attributes:
        spec: what is checked.
        provider: name of its provider.
        sandbox: whether it is a sandbox.
        day: of the check.
        days: age of probes at most.
        plan: of what is deployed; None: what is checked is not deployed yet.
    """

    spec: Warehouse
    provider: str
    sandbox: bool
    day: dt.date
    days: int
    plan: Plan | None = None


def refuse_foreign(record: ProbeRecord, path: Path, of: ProbedSubject) -> None:
    """Refuse probes that are of something else than is checked, or too old.

    Args:
        record: what was read.
        path: of its file, for messages.
        of: what is checked.

    Raises:
        InputError: they are.
    """
    if wrong := _foreign(record, of) or _old(record, of):
        message = f"--probes: {path} is {wrong}"
        raise InputError(message, _AGAIN)


def _foreign(record: ProbeRecord, of: ProbedSubject) -> str:
    """Of what else probes are than of what is checked; empty where they are of that."""
    probed, spec = record.digests, of.spec
    sides = (
        (record.warehouse, spec.name, "of warehouse `{}`, not of `{}`"),
        (record.provider, of.provider, "of provider `{}`, not of `{}`"),
        (record.sandbox, of.sandbox, SANDBOXES[record.sandbox]),
        (probed.get("spec"), spec_digest(spec), "of another warehouse file: it has changed since"),
    )
    for theirs, ours, told in sides:
        if theirs != ours:
            return told.format(inert(theirs), ours)
    if of.plan is not None and probed.get("plan") != plan_digest(of.plan):
        return "of other resources: what is deployed has changed since"
    return ""


def _old(record: ProbeRecord, of: ProbedSubject) -> str:
    """Why the day of probes does not count; empty where it does."""
    days = (of.day - record.at.date()).days
    if days < 0:
        return f"of {record.at:%Y-%m-%d}, a later day than the check's ({of.day})"
    if days > of.days:
        return f"{days} days old; the profile allows at most {of.days} days"
    return ""


def schema_text() -> str:
    """The JSON Schema (2020-12) of a file of probes as the text of its file."""
    found = ProbesPart.model_json_schema()
    found = {"$schema": DIALECT, "$id": IDENTIFIER, **found, "title": "What havre probe saw"}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
