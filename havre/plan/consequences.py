"""What a plan would do to what another plan made: in place, replaced, refused, removed.

Both plans are data, so that nothing is asked of a provider: what replaces a resource is read from
the provider's own table (`havre.plan.replacing`) and from the program's options. What is unknown
in either plan is taken as unchanged, unless it depends on something that is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from havre.plan import urns
from havre.plan.replacing import Bears, Replacing
from havre.plan.values import PULUMIS_OWN, UNKNOWN, Secret, bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.plan.model import Plan, PlannedResource

UNTOLD = Replacing()
"""Of a type that the table does not have."""
PROTECTED = "it is protected"
REJECTED = "the provider's API does not allow this change"
GROWS = "it can only grow"


class Doing(StrEnum):
    """What is done to one resource."""

    REFUSE = "refused"
    REJECT = "fails during the update"
    REPLACE = "replaced"
    DELETE = "removed"
    RELEASE = "no longer managed"
    UNSENT = "reported, not made"
    UNPROTECT = "no longer protected"
    UPDATE = "in place"
    KEEP = "kept as it is"
    CREATE = "new"


@dataclass(frozen=True)
class Consequence:
    """What a change does to one resource.

    Attributes:
        doing: what is done.
        urn: of the resource.
        type: its type token.
        bears: what is lost with it.
        properties: input paths that differ and are changed, sorted.
        kept: input paths that differ and stay as they were made, since the program ignores a
            change of them, sorted.
        because: those of them that make another resource, or that are never sent.
        refused: why it is not done; empty where it is.
        way: what to do instead; empty where nothing is refused.
    """

    doing: Doing
    urn: str
    type: str
    bears: Bears = Bears.NOTHING
    properties: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    refused: str = ""
    way: str = ""
    kept: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return urns.name(self.urn)

    @property
    def grave(self) -> bool:
        """Whether data or an identity would be replaced, or data removed, or the run refused.

        An identity that is removed is what the end of a project means.
        """
        if self.doing in (Doing.REFUSE, Doing.REJECT, Doing.UNSENT):
            return True
        lost = (Doing.REPLACE, Doing.DELETE, Doing.RELEASE)
        if self.bears is Bears.DATA:
            return self.doing in lost
        return self.bears is Bears.IDENTITY and self.doing is Doing.REPLACE

    def as_dict(self) -> dict[str, Any]:
        """The consequence as JSON-ready values; properties are named, and never shown."""
        return {
            "doing": self.doing.value,
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "bears": self.bears.value,
            "properties": list(self.properties),
            "because": list(self.because),
            "kept": list(self.kept),
            "refused": self.refused or None,
            "way": self.way or None,
        }


def consequences(
    before: Plan, after: Plan, table: Mapping[str, Replacing]
) -> tuple[Consequence, ...]:
    """What `after` would do to what `before` made, the gravest first.

    Args:
        before: what is deployed, or was planned.
        after: what is planned now, of the same program; the name of its stack does not matter.
        table: what replaces a resource, by type.
    """
    olds, news = _made(before), _made(after)
    anew = _replaced(olds, news, table)
    found = [_changed(olds[key], new, anew, table) for key, new in news.items() if key in olds]
    found += [
        Consequence(Doing.CREATE, new.urn, new.type, _row(new, table).bears)
        for key, new in news.items()
        if key not in olds
    ]
    found += [_gone(old, table) for key, old in olds.items() if key not in news]
    order = list(Doing)
    told = [each for each in found if each is not None]
    return tuple(sorted(told, key=lambda c: (not c.grave, order.index(c.doing), c.type, c.urn)))


def _made(plan: Plan) -> dict[str, PlannedResource]:
    return {urns.apart(r.urn): r for r in plan.resources if r.made and not r.external}


def _row(resource: PlannedResource, table: Mapping[str, Replacing]) -> Replacing:
    return table.get(resource.type, UNTOLD)


def _gone(old: PlannedResource, table: Mapping[str, Replacing]) -> Consequence:
    row = _row(old, table)
    if old.protect:
        return Consequence(
            Doing.REFUSE, old.urn, old.type, row.bears, refused=PROTECTED, way=row.way
        )
    doing = Doing.RELEASE if old.retain_on_delete else Doing.DELETE
    return Consequence(doing, old.urn, old.type, row.bears)


def _changed(
    old: PlannedResource,
    new: PlannedResource,
    anew: frozenset[str],
    table: Mapping[str, Replacing],
) -> Consequence | None:
    """What becomes of a resource that both plans have; None where nothing does."""
    row = _row(new, table)
    ignored = new.options.ignore_changes
    differing, kept = _divided(_differing(old, new, anew, row), ignored)
    if not differing:
        return _freed(old, new, row, kept)
    made = Consequence(Doing.UPDATE, new.urn, new.type, row.bears, differing, kept=kept)
    for doing, because, why in (
        _other(_within(differing, _replacing(new, table)), new),
        (Doing.REJECT, _within(differing, row.rejected), REJECTED),
        (Doing.REJECT, _shrunk(old, new, row.grows), GROWS),
        (Doing.UNSENT, _within(differing, row.unsent), ""),
    ):
        if because:
            way = "" if doing is Doing.REPLACE else row.way
            return replace(made, doing=doing, because=because, refused=why, way=way)
    return made


def _other(because: tuple[str, ...], new: PlannedResource) -> tuple[Doing, tuple[str, ...], str]:
    """What is done where an input makes another resource of one."""
    guarded = (Doing.REFUSE, because, PROTECTED)
    return guarded if new.protect else (Doing.REPLACE, because, "")


def _freed(
    old: PlannedResource, new: PlannedResource, row: Replacing, kept: tuple[str, ...]
) -> Consequence | None:
    """What becomes of a resource of which no input is changed; None where nothing does."""
    if old.protect and not new.protect:
        return Consequence(Doing.UNPROTECT, new.urn, new.type, row.bears, kept=kept)
    if kept:
        return Consequence(Doing.KEEP, new.urn, new.type, row.bears, way=row.way, kept=kept)
    return None


def _shrunk(old: PlannedResource, new: PlannedResource, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these numbers would become smaller."""
    pairs = ((path, _number(old, path), _number(new, path)) for path in paths)
    return tuple(p for p, then, now in pairs if then is not None and now is not None and now < then)


def _number(resource: PlannedResource, path: str) -> float | None:
    """The number at a path; None where there is none."""
    value: Any = resource.inputs
    for step in path.split("."):
        value = _inner(value.get(step)) if isinstance(value, Mapping) else None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _replacing(new: PlannedResource, table: Mapping[str, Replacing]) -> tuple[str, ...]:
    return (*_row(new, table).replaced, *new.options.replace_on_changes)


def _within(paths: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that are one of those named, or inside one."""
    return tuple(p for p in paths if any(p == n or p.startswith(f"{n}.") for n in named))


def _replaced(
    olds: Mapping[str, PlannedResource],
    news: Mapping[str, PlannedResource],
    table: Mapping[str, Replacing],
) -> frozenset[str]:
    """Keys of what is made another resource, with what depends on its identity in turn."""
    anew: frozenset[str] = frozenset()
    while True:
        found = frozenset(
            key
            for key, new in news.items()
            if key in olds
            and _within(_applied(olds[key], new, anew, _row(new, table)), _replacing(new, table))
        )
        if found == anew:
            return anew
        anew = found


def _differing(
    old: PlannedResource, new: PlannedResource, anew: frozenset[str], row: Replacing
) -> tuple[str, ...]:
    """Paths of the inputs that differ."""
    found: set[str] = set()
    for name in sorted(old.inputs.keys() | new.inputs.keys()):
        if not name.startswith(PULUMIS_OWN):
            found |= {*_paths(old.inputs.get(name), new.inputs.get(name), name)}
            found |= {
                path
                for path in _unknown(new.inputs.get(name), name)
                if _redirected(old, new, name, anew, row.given_by.get(path, ""))
            }
    return tuple(sorted(found))


def _divided(
    paths: tuple[str, ...], ignored: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths whose changes are applied, and those whose are not."""
    kept = _within(paths, ignored)
    return tuple(path for path in paths if path not in kept), kept


def _applied(
    old: PlannedResource, new: PlannedResource, anew: frozenset[str], row: Replacing
) -> tuple[str, ...]:
    """Paths of the inputs that differ and are changed."""
    return _divided(_differing(old, new, anew, row), new.options.ignore_changes)[0]


def _redirected(
    old: PlannedResource, new: PlannedResource, name: str, anew: frozenset[str], kind: str
) -> bool:
    """Whether an input that is not known yet comes from another resource than it did.

    Args:
        old: the resource as it is.
        new: the resource as planned.
        name: of the input.
        anew: keys of what is made another resource.
        kind: the only type that gives its value; empty: any.
    """
    now, then = _givers(new, name, kind), _givers(old, name, kind)
    return now != then or bool(now & anew)


def _givers(resource: PlannedResource, name: str, kind: str) -> set[str]:
    """Keys of the resources of a type that an input was computed from."""
    given = resource.property_dependencies.get(name, ())
    return {urns.apart(urn) for urn in given if not kind or urns.types(urn)[-1] == kind}


def _paths(old: Any, new: Any, path: str) -> Iterator[str]:
    """Paths at which two values differ; what is unknown in either differs in nothing."""
    old, new = _inner(old), _inner(new)
    if old is UNKNOWN or new is UNKNOWN or old == new:
        return
    left, right = _as_dict(old), _as_dict(new)
    if left is not None and right is not None:
        for key in sorted(left.keys() | right.keys()):
            if not key.startswith(PULUMIS_OWN):
                yield from _paths(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for mine, other in zip(old, new, strict=False):
            yield from _paths(mine, other, path)
        if len(old) != len(new):
            yield path
    else:
        yield path


def _inner(value: Any) -> Any:
    return bare(value.value) if isinstance(value, Secret) else value


def _as_dict(value: Any) -> dict[str, Any] | None:
    """A value as an object; what is not set is an empty one."""
    return {} if value is None else value if isinstance(value, dict) else None


def _unknown(value: Any, path: str) -> Iterator[str]:
    """Paths at which a value is unknown."""
    value = _inner(value)
    if value is UNKNOWN:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unknown(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _unknown(inner, path)
