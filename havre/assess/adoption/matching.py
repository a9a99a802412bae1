"""Which existing resource is which of a plan; what two could be is named, and never guessed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from havre.plan.replacing import Bears, Replacing
from havre.plan.values import bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from havre.plan.model import PlannedResource
    from havre.provider.conventions import Adopting, Nameable

PLACES = ("location", "region", "regionName")
"""Inputs that say where a resource is."""
ADDRESSES = ("scope", "resourceUri")
"""Inputs beside names by which a resource is told from others of its type."""
TELLING = ("zone", "project", "purpose", "replica-of")
"""Tags of the warehouse that tell its own resources apart."""
UNTOLD = Replacing()


class How(StrEnum):
    """By what a resource was recognised."""

    IDENTITY = "same name"
    NAME = "its name in `names`"
    TAGS = "tags"
    ALONE = "the only one of its type and region"
    ABOVE = "what it belongs to"


@dataclass(frozen=True)
class Match:
    """A resource of the plan that exists.

    Attributes:
        planned: as planned.
        existing: as the state has it.
        how: by what it was recognised.
    """

    planned: PlannedResource
    existing: PlannedResource
    how: How


@dataclass(frozen=True)
class Unclear:
    """A resource of the plan that may be one of several, or one that several may be.

    Attributes:
        planned: as planned.
        candidates: what it may be.
        bears: what is lost if another one is made beside it.
    """

    planned: PlannedResource
    candidates: tuple[PlannedResource, ...]
    bears: Bears


@dataclass(frozen=True)
class Recogniser:
    """What is known of a provider's types.

    Attributes:
        rules: the provider's.
        table: what replaces a resource, by type.
        nameable: resources whose names may be given, by logical name.
    """

    rules: Adopting
    table: Mapping[str, Replacing]
    nameable: Mapping[str, Nameable]

    def own(self, planned: PlannedResource) -> str:
        """The input that holds the resource's own name; empty where there is none."""
        it = self.nameable.get(planned.name)
        keys = [*self._keys(planned), "name", "title"]
        holding = [k for k in keys if it is not None and planned.inputs.get(k) == it.name]
        apart = [k for k in holding if k not in self.rules.holders]
        return (apart or holding or [""])[0]

    def name(self, planned: PlannedResource, existing: PlannedResource) -> str:
        """The name of an existing resource, as the setting `names` takes it; empty: unknown."""
        given = text(existing, self.own(planned))
        return given or existing.id.rstrip("/").rpartition("/")[2]

    def bears(self, planned: PlannedResource) -> Bears:
        """What is lost with a resource."""
        return self.table.get(planned.type, UNTOLD).bears

    def settable(self, planned: PlannedResource) -> bool:
        """Whether a plan can meet a resource of another name, or of none."""
        it = self.nameable.get(planned.name)
        if it is not None:
            return self.own(planned) != ""
        return self.bears(planned) is Bears.DATA

    def same(self, planned: PlannedResource, existing: PlannedResource) -> bool:
        """Whether all that makes up a resource's address is the same."""
        keys = [key for key in self._keys(planned) if text(planned, key)]
        telling = [key for key in keys if key not in self.rules.holders]
        return bool(telling) and all(_alike(planned, existing, key) for key in telling)

    def possible(self, planned: PlannedResource, existing: PlannedResource) -> bool:
        """Whether nothing but the name keeps a resource from being another."""
        own = self.own(planned)
        above = [k for k in self._keys(planned) if k != own and k not in self.rules.holders]
        keys = [*above, *PLACES]
        known = [key for key in keys if text(planned, key) and text(existing, key)]
        return all(_alike(planned, existing, key) for key in known) and _agree(planned, existing)

    def belongs(
        self, planned: PlannedResource, existing: PlannedResource, ids: Mapping[str, str]
    ) -> bool:
        """Whether what a resource belongs to is recognised, and is what the other belongs to.

        Args:
            planned: it.
            existing: the other.
            ids: identifiers of what is recognised, by URN of the plan.
        """
        telling = self.table.get(planned.type, UNTOLD).replaced or tuple(planned.inputs)
        keys = [key for key in telling if key not in self.rules.holders]
        led = {key: planned.property_dependencies.get(key, ()) for key in keys}
        above = {key: {folded(ids.get(urn, "")) for urn in led[key]} for key in keys if led[key]}
        known = [key for key in keys if not led[key] and text(planned, key)]
        return (
            bool(above)
            and all(folded(text(existing, key)) in found - {""} for key, found in above.items())
            and all(_alike(planned, existing, key) for key in known)
        )

    def _keys(self, planned: PlannedResource) -> list[str]:
        """Inputs that make up a resource's address."""
        replaced = self.table.get(planned.type, UNTOLD).replaced
        return [k for k in replaced if k.lower().endswith("name") or k in ADDRESSES]


def matched(
    planned: Sequence[PlannedResource],
    existing: Sequence[PlannedResource],
    recogniser: Recogniser,
) -> tuple[tuple[Match, ...], tuple[Unclear, ...]]:
    """What of a plan exists, and what may.

    Args:
        planned: resources of the plan.
        existing: those of a state.
        recogniser: what is known of their types.
    """
    there: dict[str, list[PlannedResource]] = defaultdict(list)
    for each in existing:
        there[recogniser.rules.kind(each.type)].append(each)
    wanted: dict[str, list[PlannedResource]] = defaultdict(list)
    for each in planned:
        wanted[each.type].append(each)
    matches: list[Match] = []
    unclear: list[Unclear] = []
    for kind in (kind for kind in wanted if there[kind]):
        found, left = _of_kind(wanted[kind], there[kind], recogniser)
        matches += found
        unclear += left
    while further := [*_belonging(planned, there, matches, recogniser)]:
        matches += further
    met, taken = {m.planned.urn for m in matches}, {m.existing.urn for m in matches}
    still = [
        replace(each, candidates=tuple(e for e in each.candidates if e.urn not in taken))
        for each in unclear
        if each.planned.urn not in met
    ]
    return tuple(matches), tuple(each for each in still if each.candidates)


def _belonging(
    planned: Sequence[PlannedResource],
    there: Mapping[str, Sequence[PlannedResource]],
    matches: Sequence[Match],
    recogniser: Recogniser,
) -> Iterator[Match]:
    """What has no name of its own, and belongs to what is recognised already."""
    ids = {m.planned.urn: m.existing.id for m in matches}
    taken = {m.existing.urn for m in matches}
    left = [each for each in planned if each.urn not in ids]
    found = {
        each.urn: [
            e
            for e in there[recogniser.rules.kind(each.type)]
            if e.urn not in taken and recogniser.belongs(each, e, ids)
        ]
        for each in left
    }
    return _only(left, found, dict.fromkeys(found, How.ABOVE))


def _of_kind(
    planned: Sequence[PlannedResource],
    existing: Sequence[PlannedResource],
    recogniser: Recogniser,
) -> tuple[list[Match], list[Unclear]]:
    """The same of one type: what is the same goes first, and is then nothing else."""
    same = {p.urn: [e for e in existing if recogniser.same(p, e)] for p in planned}
    matches = [*_only(planned, same, dict.fromkeys(same, How.IDENTITY))]
    taken, met = {m.existing.urn for m in matches}, {m.planned.urn for m in matches}
    left = [p for p in planned if p.urn not in met and recogniser.settable(p)]
    free = [e for e in existing if e.urn not in taken]
    possible = {p.urn: [e for e in free if recogniser.possible(p, e)] for p in left}
    picked = {p.urn: _picked(p, possible[p.urn], recogniser) for p in left}
    hows = {urn: how for urn, (_, how) in picked.items()}
    further = [*_only(left, {urn: found for urn, (found, _) in picked.items()}, hows)]
    met |= {m.planned.urn for m in further}
    taken |= {m.existing.urn for m in further}
    unclear = [
        Unclear(p, tuple(still), recogniser.bears(p))
        for p in left
        if p.urn not in met and (still := [e for e in possible[p.urn] if e.urn not in taken])
    ]
    return [*matches, *further], unclear


def _picked(
    planned: PlannedResource, possible: list[PlannedResource], recogniser: Recogniser
) -> tuple[list[PlannedResource], How]:
    """The candidates that most speaks for."""
    own = text(planned, recogniser.own(planned)).lower()
    named = [e for e in possible if own and recogniser.name(planned, e).lower() == own]
    if named:
        return named, How.NAME
    tagged = [e for e in possible if _told(planned, e)]
    return (tagged, How.TAGS) if tagged else (possible, How.ALONE)


def _only(
    planned: Iterable[PlannedResource],
    found: Mapping[str, Sequence[PlannedResource]],
    hows: Mapping[str, How],
) -> Iterator[Match]:
    """Pairs in which each is the other's only candidate."""
    wanted = Counter(e.urn for candidates in found.values() for e in candidates)
    for each in planned:
        candidates = found[each.urn]
        if len(candidates) == 1 and wanted[candidates[0].urn] == 1:
            yield Match(each, candidates[0], hows[each.urn])


def text(resource: PlannedResource, key: str) -> str:
    """A text among the inputs of a resource, else among its outputs; empty: none is known."""
    for values in (resource.inputs, resource.outputs):
        value = bare(values.get(key)) if key in values else None
        if isinstance(value, str) and value:
            return value
    return ""


def folded(value: str) -> str:
    """A name or a place without what providers take for the same: case and spaces."""
    return value.replace(" ", "").lower().rstrip("/")


def _alike(planned: PlannedResource, existing: PlannedResource, key: str) -> bool:
    return folded(text(planned, key)) == folded(text(existing, key))


def _tags(resource: PlannedResource) -> Mapping[str, object]:
    found = bare(resource.inputs.get("tags")) if "tags" in resource.inputs else None
    return found if isinstance(found, dict) else {}


def _agree(planned: PlannedResource, existing: PlannedResource) -> bool:
    """Whether no tag of the warehouse's own says that it is another resource."""
    mine, theirs = _tags(planned), _tags(existing)
    return all(mine.get(key) == theirs[key] for key in TELLING if key in theirs)


def _told(planned: PlannedResource, existing: PlannedResource) -> bool:
    """Whether a tag of the warehouse's own says that it is this resource."""
    theirs = _tags(existing)
    return any(key in theirs for key in TELLING) and _agree(planned, existing)
