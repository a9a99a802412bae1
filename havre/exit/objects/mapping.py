"""What a version bears, and what the target can hold of it: each property has its fate.

A rule looks at one property. It gives the entries of the ledger for what is not simply kept, and
what the target is to bear instead; what is kept needs no entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from havre.capabilities import Support
from havre.exit.ledger import LedgerEntry, LedgerFate, undecided
from havre.exit.objects.renaming import aside, proposal
from havre.exit.records import encoded
from havre.live.limits import unfit_key
from havre.live.objects import Ability, ObjectKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from havre.capabilities import Supported
    from havre.live.limits import Limits
    from havre.live.objects import ObjectVersion, Properties

CONTENT_TYPE = "application/octet-stream"
"""Of an object that says nothing of its type: stores fill in different ones."""


@dataclass(frozen=True)
class Rules:
    """What decides how properties are mapped.

    Attributes:
        scope: of entries, such as `zone curated`.
        limits: of the target.
        abilities: of the target.
        now: UTC; a lock that has ended is no longer needed.
        tiers: the target's word for a tier by the source's.
        renamed: the target's key by the source's, where a person gave another one.
    """

    scope: str
    limits: Limits
    abilities: Mapping[Ability, Supported]
    now: dt.datetime
    tiers: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def named(self, key: str) -> str:
        """The target's key for one of the source."""
        return self.renamed.get(key, key)

    def lacks(self, ability: Ability) -> str:
        """Why the target lacks an ability; empty where it has it."""
        answer = self.abilities[ability]
        return (answer.reason or "absent") if answer.support is Support.ABSENT else ""

    def undecided(self, found: ObjectVersion, name: str, value: str, why: str) -> LedgerEntry:
        """What the target cannot hold of an object, and why."""
        remedy = f"The target cannot store it: {why}. Decide it in exit.yaml, or change the target."
        return undecided(self.scope, found.key, name, value, remedy=remedy)

    def mapped(self, found: ObjectVersion, name: str, value: str, became: str) -> LedgerEntry:
        """What the target holds in another way."""
        return LedgerEntry(self.scope, found.key, name, value, became, LedgerFate.MAPPED)

    def blocking(self, found: ObjectVersion, name: str, value: str, remedy: str) -> LedgerEntry:
        """What no decision can let pass."""
        return LedgerEntry(self.scope, found.key, name, value, "", LedgerFate.BLOCKING, remedy)


Step = tuple["Properties", "tuple[LedgerEntry, ...]"]
"""What is to be borne after a rule, and the entries that it gives."""


def mapping(found: ObjectVersion, bears: Properties, rules: Rules) -> Step:
    """What the target is to bear for a version, and what becomes of all that is not kept.

    Args:
        found: the version at the source.
        bears: all that it bears there.
        rules: what decides.
    """
    entries = [*_key(found, rules), *_nature(found, bears, rules)]
    for rule in _RULES:
        bears, more = rule(found, bears, rules)
        entries += more
    return bears, tuple(entries)


def _key(found: ObjectVersion, rules: Rules) -> Iterator[LedgerEntry]:
    name = rules.named(found.key)
    why = unfit_key(name, rules.limits, found.size)
    if why and name != found.key:
        remedy = f"Correct `renamings` in exit.yaml: of `{encoded(name)}`, {why}."
        yield rules.blocking(found, "key", found.key, remedy)
    elif name != found.key:
        yield rules.mapped(found, "key", found.key, name)
    elif why:
        other = proposal(found.key, rules.limits, found.size)
        remedy = f"Rename the object{f', such as to `{encoded(other)}`' if other else ''}: {why}."
        yield rules.blocking(found, "key", found.key, remedy)
    if found.size > rules.limits.object_size:
        remedy = f"Split the object: the target takes {rules.limits.object_size:,} bytes at most."
        yield rules.blocking(found, "size", f"{found.size}", remedy)


def _nature(found: ObjectVersion, bears: Properties, rules: Rules) -> Iterator[LedgerEntry]:
    """What only the store sets."""
    traits = bears.traits
    if traits.archived:
        yield rules.blocking(found, "archived", bears.tier, "Bring it back from the archive first.")
    if traits.kind is ObjectKind.APPEND:
        yield rules.mapped(found, "kind", "append", "ordinary: it takes no more appends")
    if traits.kind is ObjectKind.PAGE:
        yield rules.mapped(found, "kind", "page", "ordinary: empty pages are written as zeros")
    if traits.kind is ObjectKind.FOLDER:
        yield rules.mapped(found, "kind", "folder", "an empty object with the same metadata")
    if traits.key:
        yield rules.mapped(found, "encryption key", traits.key, "the key of the target's zone")
    if traits.scope:
        yield rules.mapped(found, "encryption scope", traits.scope, "the key of the target's zone")
    if traits.owner:
        yield rules.mapped(found, "owner", traits.owner, "the target's administrator")


def _content_type(found: ObjectVersion, bears: Properties, rules: Rules) -> Step:
    if found.marker or bears.headers.get("content-type"):
        return bears, ()
    headers = {**bears.headers, "content-type": CONTENT_TYPE}
    return replace(bears, headers=headers), (rules.mapped(found, "content-type", "", CONTENT_TYPE),)


def _metadata(found: ObjectVersion, bears: Properties, rules: Rules) -> Step:
    """Names whose case is lost, names and values that do not fit, and too much of them."""
    kept: dict[str, str] = {}
    entries: list[LedgerEntry] = []
    for name, value in sorted(bears.metadata.items()):
        what, became = f"metadata.{name}", name
        if rules.limits.metadata_lowered and name != name.lower():
            became = name.lower()
            if became in kept or became in bears.metadata:
                why = f"the target knows `{became}` in lower case alone, and it is there already"
                entries.append(rules.undecided(found, what, value, why))
                continue
            entries.append(rules.mapped(found, f"{what} (name)", name, became))
        if why := _unfit_metadata(became, value, rules.limits):
            entries.append(rules.undecided(found, what, value, why))
            continue
        kept[became] = value
    dropped, more = _over(found, kept, rules)
    kept = {name: value for name, value in kept.items() if name not in dropped}
    return replace(bears, metadata=kept), (*entries, *more)


def _unfit_metadata(name: str, value: str, limits: Limits) -> str:
    if limits.metadata_names and not re.fullmatch(limits.metadata_names, name):
        return "it does not take the name"
    plain = value.isascii() and (value.isprintable() or not value) and value == value.strip()
    if limits.metadata_ascii and not plain:
        return "it takes plain ASCII alone"
    return ""


def _over(
    found: ObjectVersion, kept: Mapping[str, str], rules: Rules
) -> tuple[set[str], list[LedgerEntry]]:
    """The largest values that must go so that the rest fits."""
    size = sum(len(f"{name}{value}".encode()) for name, value in kept.items())
    dropped: set[str] = set()
    entries = []
    for name, value in sorted(kept.items(), key=lambda item: -len("".join(item).encode())):
        if size <= rules.limits.metadata_size:
            break
        dropped.add(name)
        size -= len(f"{name}{value}".encode())
        why = f"it takes {rules.limits.metadata_size:,} bytes of metadata"
        entries.append(rules.undecided(found, f"metadata.{name}", value, why))
    return dropped, entries


def _tags(found: ObjectVersion, bears: Properties, rules: Rules) -> Step:
    why = rules.lacks(Ability.TAGS)
    kept = dict(sorted(bears.tags.items())[: 0 if why else rules.limits.tags])
    why = why or f"it takes {rules.limits.tags} tags"
    lost = [name for name in sorted(bears.tags) if name not in kept]
    entries = (rules.undecided(found, f"tag.{name}", bears.tags[name], why) for name in lost)
    return replace(bears, tags=kept), tuple(entries)


def _tier(found: ObjectVersion, bears: Properties, rules: Rules) -> Step:
    if not bears.tier:
        return bears, ()
    became = rules.tiers.get(bears.tier)
    if became is None:
        why = f"no word of its own stands for `{bears.tier}`: write it under `tiers`"
        return replace(bears, tier=""), (rules.undecided(found, "tier", bears.tier, why),)
    if became and (why := rules.lacks(Ability.TIER)):
        return replace(bears, tier=""), (rules.undecided(found, "tier", bears.tier, why),)
    entry = rules.mapped(found, "tier", bears.tier, became or "as the target does by default")
    return replace(bears, tier=became), (entry,)


def _lock(found: ObjectVersion, bears: Properties, rules: Rules) -> Step:
    """A lock is never shorter than what remains of it."""
    if bears.lock is None:
        return bears, ()
    told = f"{bears.lock.until:%Y-%m-%dT%H:%M:%SZ} {bears.lock.mode}"
    if bears.lock.until <= rules.now:
        entry = rules.mapped(found, "lock", told, "none: it has ended")
        return replace(bears, lock=None), (entry,)
    if why := rules.lacks(Ability.LOCK):
        return replace(bears, lock=None), (rules.undecided(found, "lock", told, why),)
    return bears, ()


def _hold(found: ObjectVersion, bears: Properties, rules: Rules) -> Step:
    if bears.held and (why := rules.lacks(Ability.HOLD)):
        return replace(bears, held=False), (rules.undecided(found, "hold", "on", why),)
    return bears, ()


_RULES: tuple[Callable[[ObjectVersion, Properties, Rules], Step], ...] = (
    _content_type,
    _metadata,
    _tags,
    _tier,
    _lock,
    _hold,
)


def collisions(
    keys: Iterable[str], exists: Callable[[str], bool], rules: Rules
) -> Iterator[LedgerEntry]:
    """Keys that cannot both stand at the target: where keys are paths, `a` beside `a/b`.

    Args:
        keys: that are to stand at the target, in the order of their bytes as far as they have one.
        exists: whether a key is to stand there.
        rules: what decides.
    """
    if not rules.limits.paths:
        return
    checked = ""
    told: set[str] = set()
    for key in keys:
        folder = key.rpartition("/")[0]
        if folder == checked:
            continue
        checked = folder
        steps = folder.split("/")
        above = ("/".join(steps[:count]) for count in range(1, len(steps) + 1))
        for path in above:
            if path and path not in told and exists(path):
                told.add(path)
                remedy = (
                    f"Rename it, such as to `{encoded(aside(path, rules.limits))}`: "
                    f"the target keeps keys as paths, and `{path}/` is a folder."
                )
                yield LedgerEntry(rules.scope, path, "key", path, "", LedgerFate.BLOCKING, remedy)
