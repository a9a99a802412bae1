"""The plan of a removal, for people and machines. Only names and days are shown, no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.assess.removal import CHAPTERS, Matter, RemovalEntry, RemovalPart, Silence
from havre.errors import ExitCode
from havre.text import as_json, counted, distance, listed, plain, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.assess.removal import Removal

NAMED = 4
"""Resources that a line names at most."""
TITLES: Mapping[RemovalPart, str] = {
    RemovalPart.REFUSED: "1. First: what refuses the removal",
    RemovalPart.STAYS: "2. What stays, and until when",
    RemovalPart.LOST: "3. What is lost",
    RemovalPart.NOT_KNOWN: "4. Not known",
}
WORDS: Mapping[Matter, str] = {
    Matter.PROTECTED: "Protected in the state",
    Matter.GUARDED: "Refused by the provider, such as by a lock",
    Matter.LOCKED: "Objects are locked",
    Matter.NEEDED: "Used by something that stays: the provider may refuse to delete it",
    Matter.RETAINED: "Left in place with the data, no longer managed, still billed",
    Matter.LEFT: "Left in place, no longer managed, contains no data",
    Matter.RECOVERABLE: "Soft-deleted; no one can purge them, and their names are taken",
    Matter.PURGEABLE: "Can be restored, unless an administrator purges them",
    Matter.OBJECTS: "Deleted objects may remain, while their store exists",
    Matter.OUTSIDE: "Outside the plan: not deleted",
    Matter.READ: "Only read by the stack: not deleted",
    Matter.KEY: "Keys, deleted at once: what they encrypt becomes unreadable",
    Matter.UNREADABLE: "Stays and becomes unreadable: its key is deleted",
    Matter.DATA: "Data",
    Matter.VOLUMES: "Cluster nodes and the volumes that go with them",
    Matter.LOGS: "Logs",
    Matter.BACKUPS: "Backups",
    Matter.TAKEN: "Its deletion may delete what is to stay",
    Matter.UNCLASSIFIED: "The provider's facts do not know this resource: it may contain data",
    Matter.UNTOLD: "The facts do not contain the value",
}
SILENCES: Mapping[Silence, str] = {
    Silence.DEPLOYED: "What is deployed: this is a plan. Use --state or --data-dir.",
    Silence.LAST_WRITE: "When an object was last written: locks are counted from that day.",
    Silence.LEGAL_HOLDS: "Legal holds on single objects: they have no end.",
    Silence.EMPTY: "Whether the provider refuses to delete a store that is not empty.",
    Silence.UNDELETED: "Whether the provider can restore a deleted store, and for how long.",
    Silence.OWN_BACKUPS: "Whether a server's own backups outlive the server.",
    Silence.BY_HAND: "What was made outside the plan: snapshots, exports, copies, downloads.",
}
ENGINE = "Confirm with `havre down --data-dir DIR --destroy-data {name}`."
FIXES: Mapping[Matter, str] = {
    Matter.PROTECTED: "Run `pulumi state unprotect URN` for each that may go.",
    Matter.GUARDED: "An administrator deletes the lock at the provider.",
    Matter.LOCKED: "Wait. Run the removal again after that day.",
    Matter.NEEDED: "Delete what stays first, or keep both.",
    Matter.RETAINED: "An administrator deletes it at the provider when no one needs it.",
    Matter.LEFT: "Delete it at the provider. If it is a lock, delete it first.",
    Matter.KEY: "Copy the data elsewhere first, or keep the key.",
    Matter.UNREADABLE: "Keep the key, or copy the data elsewhere first.",
    Matter.DATA: "Export it first. Backups that are deleted too are not a copy.",
    Matter.LOGS: "Export them first if they must be kept.",
    Matter.TAKEN: "Keep it, or copy what is to stay elsewhere first.",
    Matter.UNCLASSIFIED: "Look at the resource at the provider before you delete it.",
    Matter.UNTOLD: "Look it up at the provider before you delete the resource.",
}
"""What to do, where something can be done."""
ABOUT: Mapping[Matter, str] = {
    Matter.GUARDED: "left in place for it: {about}",
    Matter.NEEDED: "what stays: {about}",
    Matter.TAKEN: "what is to stay: {about}",
    Matter.RECOVERABLE: "encrypts {about}",
    Matter.PURGEABLE: "encrypts {about}",
    Matter.KEY: "encrypts {about}",
    Matter.UNREADABLE: "its key: {about}",
    Matter.UNTOLD: "property {about}",
}
"""How the other resources, or the property, are named."""
BRIEF = (Matter.RECOVERABLE, Matter.PURGEABLE)
"""Where the others are named with all details only."""
DAYS: Mapping[Matter, str] = {
    Matter.LOCKED: "up to {days} after the last write: until {day} if that was today",
    Matter.RECOVERABLE: "{days} after deletion: until {day} if that is today",
    Matter.PURGEABLE: "{days} after deletion: until {day} if that is today",
    Matter.OBJECTS: "up to {days} after their deletion: until {day} if that is today",
    Matter.UNREADABLE: "for good {days} after the deletion: from {day} if that is today",
    Matter.DATA: "backups ({days}) are part of the plan",
    Matter.LOGS: "the plan keeps them {days}",
    Matter.BACKUPS: "the plan keeps them {days}",
}
"""How days are told."""
VERDICTS: Mapping[ExitCode, str] = {
    ExitCode.OK: "NO DATA LOST   all data stays, or has a copy that stays",
    ExitCode.NOT_EVALUATED: "NOT KNOWN   the facts do not contain all that decides it",
}


def removal_as_json(found: Removal) -> str:
    """The plan of a removal as indented JSON."""
    return as_json(
        {
            "warehouse": found.warehouse,
            "environment": found.environment,
            "provider": found.provider,
            "as_of": found.as_of.isoformat(),
            "source": "state" if found.deployed else "evaluation",
            "exit_code": int(found.exit_code),
            **{c.value: [_as_dict(each) for each in found.of(c)] for c in CHAPTERS},
            "outside_the_facts": {each.value: SILENCES[each] for each in found.silences},
            "others_deleted": found.others,
            "missing_settings": list(found.placeholders),
        }
    )


def _as_dict(each: RemovalEntry) -> dict[str, Any]:
    return {
        "matter": each.matter.value,
        "name": each.name,
        "urn": each.urn,
        "type": each.type or None,
        "days": each.days,
        "until": each.until.isoformat() if each.until else None,
        "about": list(each.about),
        "copies": list(each.copies),
        "why": each.why or None,
    }


def removal_as_text(found: Removal, *, details: bool = False, width: int | None = 80) -> str:
    """The plan of a removal in lines, in the order in which it is done.

    Args:
        found: the plan.
        details: whether every resource is named.
        width: columns of the text; None: they are not limited.
    """
    columns = width or 10_000
    heading = f"{found.warehouse} ({found.environment}) on {found.provider}, {found.as_of}"
    lines = [*wrapped(plain(heading), columns), "", *wrapped(_verdict(found), columns)]
    for chapter in CHAPTERS:
        entries = found.of(chapter)
        silent = found.silences if chapter is RemovalPart.NOT_KNOWN else ()
        lines += ["", TITLES[chapter]]
        if not entries and not silent:
            lines.append("  Nothing.")
        for line, indent in _chapter(found, chapter, details=details):
            lines += wrapped(line, columns, " " * indent, " " * (indent + 2))
        for each in silent:
            lines += wrapped(SILENCES[each], columns, "  ", "    ")
    for note in _notes(found, details=details):
        lines += ["", *wrapped(note, columns)]
    return "\n".join(lines)


def _verdict(found: Removal) -> str:
    if found.exit_code is not ExitCode.FINDINGS:
        return VERDICTS[found.exit_code]
    many = counted(len({each.urn for each in found.lost}), "resource contains", "resources contain")
    return f"DATA LOST   {many} data or keys of which no copy stays"


def _chapter(found: Removal, chapter: RemovalPart, *, details: bool) -> Iterator[tuple[str, int]]:
    """Lines with their indents: what is said alike of several resources is said once."""
    for matter in CHAPTERS[chapter]:
        entries = [each for each in found.entries if each.matter is matter]
        if not entries:
            continue
        yield f"{WORDS[matter]}:", 2
        alike: dict[tuple[str, ...], list[str]] = {}
        for each in entries:
            said = tuple(_said(each, found, details=details))
            alike.setdefault(said, []).append(each.name)
        for said, names in alike.items():
            yield _listed(sorted(names), details=details), 4
            yield from ((line, 6) for line in said)
        if fix := _fix(found, matter):
            yield f"Fix: {fix}", 4


def _fix(found: Removal, matter: Matter) -> str:
    """What to do, where something can be done."""
    if found.embedded and matter is Matter.PROTECTED:
        return ENGINE.format(name=plain(found.warehouse))
    return FIXES.get(matter, "")


def _said(each: RemovalEntry, found: Removal, *, details: bool) -> Iterator[str]:
    """What is said of one resource beside its name."""
    about = _listed(each.about, details=details)
    if each.about and each.matter in ABOUT and (details or each.matter not in BRIEF):
        yield ABOUT[each.matter].format(about=about)
    if each.days is not None and each.matter in DAYS:
        day = ""
        if each.until is not None:
            day = f"{each.until} ({distance(each.until, found.as_of)})"
        days = counted(each.days, "day", "days")
        yield DAYS[each.matter].format(days=days, day=day or f"{days} later")
    elif each.matter is Matter.OBJECTS:
        yield "without end"
    if each.copies:
        yield f"a copy stays: {_listed(each.copies, details=details)}"
    if each.why:
        yield plain(each.why)


def _listed(names: Sequence[str], *, details: bool) -> str:
    """Some names, and how many more there are."""
    return listed([plain(each) for each in names], None if details else NAMED)


def _notes(found: Removal, *, details: bool) -> Iterator[str]:
    """What the reader has to know of the whole."""
    if found.others:
        yield f"{counted(found.others, 'other resource is', 'other resources are')} deleted."
    if found.placeholders:
        yield f"Missing settings: {', '.join(plain(each) for each in found.placeholders)}."
    yield "Nothing was changed. Days are counted from the day of this plan."
    if not details:
        yield "With --details: every resource."
