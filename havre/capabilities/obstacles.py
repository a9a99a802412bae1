"""What leaving one provider for another meets: one answer for controls, comparison and exit.

It is a pure function of what two providers declare. It needs neither a plan nor the contract, so
it is located here, where a control may read it as well as the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from havre.capabilities.model import Capability, Measure, Support
from havre.spec.model import KeyProtection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from havre.capabilities.model import Gap, Limit, Supported
    from havre.spec import Warehouse

NONE = frozenset({Support.ABSENT, Support.UNKNOWN})
"""Answers of a provider that has nothing to offer for a capability."""
DATABASE = ("database.version", "database.extensions")
"""Fields of the database whose content moves only where the exit has the same."""


class ObstacleKind(StrEnum):
    """What an obstacle is about."""

    SITE = "site"
    PART = "part"
    CAPABILITY = "capability"
    DATABASE = "database"
    OBJECT_SIZE = Measure.OBJECT_SIZE.value
    KEY_LENGTH = Measure.KEY_LENGTH.value


class Effect(StrEnum):
    """What becomes of the thing that meets an obstacle, in the words of the losses ledger.

    `blocking`: a part of the warehouse has nowhere to go. `lost`: a promise that the provider
    keeps today is not kept at the exit; leaving takes a named decision. `mapped`: the exit keeps
    it by other means. `unknown`: only what is stored can show it.
    """

    BLOCKING = "blocking"
    LOST = "lost"
    MAPPED = "mapped"
    UNKNOWN = "unknown"


class Abilities(Protocol):
    """What an exit needs to know of a provider; it may have `limits`, too."""

    @property
    def name(self) -> str:
        """Name on the command line."""
        ...

    @property
    def sites(self) -> Collection[str]:
        """Names of its sites."""
        ...

    @property
    def capabilities(self) -> Mapping[Capability, Supported]:
        """Its answer for every capability; one that is not there counts as unknown."""
        ...


@dataclass(frozen=True)
class Obstacle:
    """What an exit would meet.

    Attributes:
        kind: what it is about.
        effect: what becomes of it.
        what: what is in use, or may be.
        why: what the exit has instead.
        fallback: compensating measure; empty where none is known.
        risk: residual risk; empty where none is recorded.
        fields: paths of the spec's fields that are concerned.
    """

    kind: ObstacleKind
    effect: Effect
    what: str
    why: str
    fallback: str = ""
    risk: str = ""
    fields: tuple[str, ...] = ()

    @property
    def decisive(self) -> bool:
        """Whether leaving takes something away: it blocks, or loses what is kept today."""
        return self.effect in {Effect.BLOCKING, Effect.LOST}

    def as_dict(self) -> dict[str, str]:
        """The obstacle as JSON-ready values."""
        return {
            "kind": self.kind.value,
            "effect": self.effect.value,
            "what": self.what,
            "why": self.why,
            "fallback": self.fallback,
        }


def obstacles(
    spec: Warehouse, here: Abilities, there: Abilities, gaps: Sequence[Gap]
) -> tuple[Obstacle, ...]:
    """What leaving `here` for `there` would meet; each thing is named once, the gravest way.

    Args:
        spec: requirements of the warehouse.
        here: the provider to leave.
        there: the provider to leave for.
        gaps: of `there`, for this spec.
    """
    parts = tuple(_parts(spec, there))
    named = {part.what for part in parts}
    others = (each for each in _lacking(here, gaps) if each.what not in named)
    found = (*_sites(spec, there), *parts, *others, *_limits(here, there))
    return tuple({(each.kind, each.what): each for each in reversed(found)}.values())[::-1]


def _sites(spec: Warehouse, there: Abilities) -> Iterator[Obstacle]:
    for site in filter(None, (spec.sites.primary, spec.sites.recovery)):
        if site not in there.sites:
            why = f"{there.name} has no such site"
            yield Obstacle(ObstacleKind.SITE, Effect.BLOCKING, site, why, fields=("sites",))


def _needed(spec: Warehouse) -> Iterator[tuple[str, Capability]]:
    """What the exit must have for each stateful part, beside a place for it."""
    if any(zone.immutable_days for zone in spec.zones.values()):
        yield "immutable zones", Capability.OBJECT_LOCK
    yield "the database's version", Capability.DATABASE_VERSIONS
    if spec.encryption.keys is KeyProtection.HSM:
        yield "keys in a hardware security module", Capability.HSM_KEY
    if spec.registry:
        yield "the registry", Capability.REGISTRY
    if spec.cluster:
        yield "the cluster", Capability.CLUSTER


def _parts(spec: Warehouse, there: Abilities) -> Iterator[Obstacle]:
    """Parts of the warehouse that have no counterpart, whatever the provider to leave has."""
    for part, capability in _needed(spec):
        answer = there.capabilities.get(capability)
        if answer is None or answer.support in NONE:
            why = f"no counterpart of {part}: {answer.reason if answer else 'not declared'}"
            yield Obstacle(ObstacleKind.PART, Effect.BLOCKING, capability.value, why)


def _lacking(here: Abilities, gaps: Iterable[Gap]) -> Iterator[Obstacle]:
    """Gaps of the exit: those of the database's content, and those that are not as wide here."""
    for gap in gaps:
        if fields := _of_database(gap):
            effect = Effect.LOST if gap.support in NONE else Effect.UNKNOWN
            yield _from_gap(ObstacleKind.DATABASE, effect, gap, fields)
        elif _rank(gap.support) > _rank(_support(here, gap.capability)):
            effect = Effect.LOST if gap.support in NONE else Effect.MAPPED
            yield _from_gap(ObstacleKind.CAPABILITY, effect, gap, gap.fields)


def _of_database(gap: Gap) -> tuple[str, ...]:
    """Fields of the database that a gap is about; the capability where it names no field."""
    if not gap.fields and gap.capability is Capability.DATABASE_VERSIONS:
        return (gap.capability.value,)
    return tuple(field for field in gap.fields if field.startswith(DATABASE))


def _from_gap(kind: ObstacleKind, effect: Effect, gap: Gap, fields: tuple[str, ...]) -> Obstacle:
    return Obstacle(kind, effect, gap.capability.value, gap.reason, gap.fallback, gap.risk, fields)


def _support(provider: Abilities, capability: Capability) -> Support:
    answer = provider.capabilities.get(capability)
    return answer.support if answer else Support.UNKNOWN


def _rank(support: Support) -> int:
    """0 is the best."""
    return list(Support).index(support)


def _limits(here: Abilities, there: Abilities) -> Iterator[Obstacle]:
    """Limits that something stored here may exceed there, or that are not recorded."""
    for measure in Measure:
        mine, theirs = (_limit(provider, measure) for provider in (here, there))
        if mine and theirs and not theirs.below(mine):
            continue
        at_most = f"({theirs or 'not recorded'}; here: {mine or 'not recorded'})"
        why = f"may exceed the limit of {there.name} {at_most}"
        yield Obstacle(ObstacleKind(measure.value), Effect.UNKNOWN, "stored objects", why)


def _limit(provider: Abilities, measure: Measure) -> Limit | None:
    """A limit of a provider, which need not state any; None where it is not known."""
    stated: Mapping[Measure, Limit] = getattr(provider, "limits", {})
    return stated.get(measure)
