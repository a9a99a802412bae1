"""What somebody changed by hand, for people and machines. Secrets are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.plan.drift import ABSENT, Deviance
from havre.plan.secrets import is_secret
from havre.plan.values import UNKNOWN, Secret, holds_unknown, shown
from havre.text import as_json, clipped, counted, inert, listed, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.assess.drift import Drifted
    from havre.assess.touched import Touched
    from havre.plan.drift import FieldChange

SECRET, UNSET, COMPUTED = "[secret]", "not set", "not known"
LONGEST = 60
"""Characters of a value in the table."""
BEFORE = 20
"""Characters before the first that differs, of two values that differ behind `LONGEST` only."""
NAMED = 4
"""Resources and controls that a line names at most."""
TOGETHER = "Without --last, what the file requires and is not deployed yet is among these changes."


def drift_as_json(found: Drifted) -> str:
    """The changes as indented JSON."""
    return as_json(
        {
            "warehouse": found.warehouse,
            "environment": found.environment,
            "provider": found.provider,
            "as_of": found.as_of.isoformat(),
            "compared": found.compared,
            "changes": [_as_dict(each) for each in found.changes],
            "not_deployed": list(found.waiting),
            "told_apart": found.told_apart,
            "missing_settings": list(found.placeholders),
        }
    )


def _as_dict(each: Touched) -> dict[str, Any]:
    drift, field = each.drift, each.drift.difference
    document: dict[str, Any] = {
        "change": drift.deviance.value,
        "urn": drift.resource.urn,
        "type": drift.resource.type,
        "name": drift.resource.name,
        "label": drift.label,
        "known": each.known,
        "fails": list(each.fails),
        "reads": list(each.reads),
    }
    if drift.departures:
        document["differs"] = list(drift.departures)
    if field is not None:
        document |= {"field": field.path, "was": _value(field, field.was)}
        document |= {"now": _value(field, field.now)}
    return document


def _value(field: FieldChange, value: Any) -> Any:
    """A value as data; absent: null; a secret or an unknown says only that it is one."""
    if value is ABSENT:
        return None
    if field.secret:
        return {"secret": True}
    return shown(_masked(field.path, value))


def _masked(path: str, value: Any) -> Any:
    """A value in which what looks like a secret is one."""
    if isinstance(value, str):
        return Secret(value) if is_secret(path.rpartition(".")[2], value) else value
    if isinstance(value, dict):
        return {key: _masked(f"{path}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(path, inner) for inner in value]
    return value


def drift_as_text(found: Drifted, *, details: bool = False, width: int | None = 80) -> str:
    """The changes in lines: those that make a control fail first.

    Args:
        found: what was found.
        details: whether every resource and every control is named, and values are whole.
        width: columns of the text; None: they are not limited.
    """
    lines = [inert(f"{found.warehouse} ({found.environment}) on {found.provider}, {found.as_of}")]
    lines += ["", _verdict(found)]
    unknown = [c for c in found.changes if not c.known]
    rest = [c for c in found.changes if c.known and not c.fails and not c.drift.label]
    labels = [c for c in found.changes if c.drift.label and not c.fails]
    groups = (
        ("Makes a control fail", [c for c in found.changes if c.fails]),
        ("Not known which control it touches: what differs is not a field of the plan", unknown),
        ("Touches a control, which still passes", [c for c in rest if c.reads]),
        ("Touches no control", [c for c in rest if not c.reads]),
        ("Labels, by which no control fails", labels),
    )
    for title, changes in groups:
        if changes:
            lines += ["", f"{title}:", *_group(changes, details=details)]
    lines += _notes(found, details=details)
    return "\n".join(_wrapped(lines, width))


def _verdict(found: Drifted) -> str:
    compared = counted(found.compared, "resource", "resources")
    if not found.changes:
        return f"NO DRIFT   {compared} compared"
    failing = sum(bool(each.fails) for each in found.changes)
    changes = counted(len(found.changes), "change", "changes")
    return f"DRIFT   {changes}, of which {failing} make a control fail; {compared} compared"


def _group(changes: Sequence[Touched], *, details: bool) -> Iterator[str]:
    """Resource by resource, and field by field."""
    above = ""
    for each in changes:
        drift = each.drift
        if drift.resource.urn != above:
            above = drift.resource.urn
            kind = drift.resource.type.rpartition(":")[2]
            yield f"  {drift.deviance.value.upper()}  {inert(drift.resource.name)} ({inert(kind)})"
        yield from (f"    {inert(' '.join(each.split()))}" for each in drift.departures)
        if drift.difference is not None:
            yield f"    {_field(drift.difference, details=details)}"
        if each.fails:
            yield f"      fails: {_listed(each.fails, details=details)}"
        if each.reads:
            yield f"      read by: {_listed(each.reads, details=details)}"


def _field(field: FieldChange, *, details: bool) -> str:
    was, now = (_said(field, each) for each in (field.was, field.now))
    if not details:
        was, now = (clipped(each, LONGEST) for each in _from_the_difference(was, now))
    return f"{inert(field.path)}: {was} -> {now}"


def _from_the_difference(was: str, now: str) -> tuple[str, str]:
    """Two values, without a start that both have and that would hide what differs."""
    pairs = enumerate(zip(was, now, strict=False))
    shared = next((n for n, (mine, other) in pairs if mine != other), min(len(was), len(now)))
    if shared < LONGEST - BEFORE:
        return was, now
    start = shared - BEFORE
    return f"…{was[start:]}", f"…{now[start:]}"


def _said(field: FieldChange, value: Any) -> str:
    """A value as people read it."""
    if value is ABSENT:
        return UNSET
    if field.secret:
        return SECRET
    found = _masked(field.path, value)
    if isinstance(found, Secret):
        return SECRET
    if found is UNKNOWN or holds_unknown(found):
        return COMPUTED
    text = str(found) if isinstance(found, (str, int, float)) else as_json(shown(found))
    return inert(" ".join(text.split()))


def _listed(names: Sequence[str], *, details: bool) -> str:
    """Some names, and how many more there are."""
    return listed([inert(each) for each in names], None if details else NAMED)


def _notes(found: Drifted, *, details: bool) -> Iterator[str]:
    """What the reader has to know to judge the changes."""
    if found.waiting:
        many = counted(len(found.waiting), "resource", "resources")
        yield ""
        yield f"Not deployed yet: {many} ({_listed(found.waiting, details=details)})."
    if found.placeholders:
        yield ""
        missing = _listed(found.placeholders, details=details)
        yield f"The file was not compared with the last update. Missing settings: {missing}."
    if found.changes:
        yield ""
        if not found.told_apart:
            yield TOGETHER
        yield "Fix: deploy the file again, or put the change into the file."
        if any(c.drift.deviance is Deviance.ADDED for c in found.changes):
            yield "What is not in the plan would be deleted by the next update."


def _wrapped(lines: Sequence[str], width: int | None) -> Iterator[str]:
    """Lines of at most so many columns, with what follows indented further."""
    for line in lines:
        if width is None or len(line) <= width:
            yield line
            continue
        indent = " " * (len(line) - len(line.lstrip()))
        yield from wrapped(line.strip(), width, indent, f"{indent}  ")
