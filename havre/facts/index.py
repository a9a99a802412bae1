"""How the resources of a plan refer to one another: by type, name, identifier and dependency.

A value that is known decides by what it says; one that is not, by the resources from which it
was computed. Where neither does, the relation itself is unknown. Each relation is found once for
the whole plan, so reading facts grows with the plan and not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from havre.facts.outside import outside_of
from havre.facts.read import YES, every, read, some, sources
from havre.facts.values import Fact, Known, Outside, Unknown
from havre.plan.values import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from havre.plan import Plan, PlannedResource

    Links: TypeAlias = Mapping[str, list["Link"]]
    _Places: TypeAlias = dict[str, dict[str, list["_Named"]]]

T = TypeVar("T")
Link: TypeAlias = "tuple[PlannedResource, Fact[bool]]"
"""A resource, and whether it refers to the one at hand."""
NOTHING: Mapping[str, PlannedResource] = MappingProxyType({})
FEW = 2
"""So many parents or groups of what bears one name are tried without being looked up."""
ANY = ""
"""In place of a URN: what may name any resource of the type."""


@dataclass(frozen=True)
class Naming:
    """How other resources name those of one type.

    Attributes:
        property: what holds the name.
        segment: what stands before the name in an identifier, in lower case, such as `vaults`;
            empty where nothing but the name itself names it.
        parent: the property that names what it is part of, and that one's type; None where it
            stands in a group, or in nothing.
    """

    property: str
    segment: str = ""
    parent: tuple[str, str] | None = None


@dataclass(frozen=True)
class Nomenclature:
    """How a provider's resources are typed and named.

    Attributes:
        kind: from a type token to the provider's short word for the type; empty for a type that
            is another provider's.
        namings: by that word; a type that is not here has no name in its inputs, so that only
            dependencies lead to it.
        group: the property that names the group in which resources stand, and the group's type.
    """

    kind: Callable[[str], str]
    namings: Mapping[str, Naming] = field(default_factory=dict)
    group: tuple[str, str] | None = None


@dataclass(frozen=True)
class _Named:
    """A resource that an identifier can name: its own name, its parent's and its group's."""

    resource: PlannedResource
    kind: str
    segment: str
    name: str
    parent: str | None
    group: str | None


def _always(resource: PlannedResource) -> Fact[bool]:
    del resource
    return YES


class Index:
    """The relations of a plan's resources.

    Args:
        plan: whose resources. What a preview removes is not among them: nothing that stays can
            rely on it.
        nomenclature: how the provider's resources are typed and named.
    """

    def __init__(self, plan: Plan, nomenclature: Nomenclature) -> None:
        self.plan = plan
        self._nomenclature = nomenclature
        self._links: dict[tuple[str, str, str], Links] = {}
        self._computed: dict[tuple[str, str], Mapping[str, list[PlannedResource]]] = {}
        self._found: dict[Hashable, Any] = {}

    def derived(self, function: Callable[[Index], T]) -> T:
        """What a function of the index gives, found once."""
        return self.once(function, lambda: function(self))

    def once(self, key: Hashable, function: Callable[[], T]) -> T:
        """What a function gives, found once; the key says what is asked, and by whom."""
        if key not in self._found:
            self._found[key] = function()
        return cast("T", self._found[key])

    def outside(self, identifier: Any) -> Outside | None:
        """What the warehouse is given by an identifier or address; None where it is not."""
        return self._outside.get(str(identifier).lower())

    @cached_property
    def _outside(self) -> Mapping[str, Outside]:
        return outside_of(self.plan)

    def kind(self, resource: PlannedResource) -> str:
        """The provider's word for a resource's type; empty for another provider's."""
        return self._nomenclature.kind(resource.type)

    def of(self, *kinds: str) -> list[PlannedResource]:
        """The resources of some types, in the plan's order within each."""
        return [resource for each in kinds for resource in self._by_kind.get(each, ())]

    @cached_property
    def _by_kind(self) -> Mapping[str, list[PlannedResource]]:
        found: dict[str, list[PlannedResource]] = {}
        for resource in self.plan.resources:
            found.setdefault(self.kind(resource), []).append(resource)
        return found

    def at(self, urn: str) -> PlannedResource | None:
        """The resource of a URN, if the plan has it."""
        return self.plan.by_urn.get(urn)

    def near(self, resource: PlannedResource, path: str, *kinds: str) -> list[PlannedResource]:
        """The resources from which a property was computed; of all types where none is given.

        An imported state has no dependencies: what the property gives as another's identifier,
        whole, was computed from that one.
        """
        told = self._of_kinds(sources(resource, path), kinds)
        return told or self._of_kinds(self._identified(resource, path), kinds)

    def _of_kinds(self, urns: Sequence[str], kinds: tuple[str, ...]) -> list[PlannedResource]:
        """The plan's resources of some URNs and some types; of all types where none is given."""
        known = self.plan.by_urn
        found = [known[urn] for urn in urns if urn in known]
        return [each for each in found if not kinds or self.kind(each) in kinds]

    def sources(self, resource: PlannedResource, path: str) -> tuple[str, ...]:
        """URNs from which a property was computed; else of what it gives the identifiers of."""
        told = sources(resource, path)
        return told or self._identified(resource, path)

    def _identified(self, resource: PlannedResource, path: str) -> tuple[str, ...]:
        """URNs of the resources of a provider whose identifiers a property holds."""
        value = resource.inputs.get(path.split(".", maxsplit=1)[0])
        found = [
            urn
            for text in texts(value)
            for urn in self._by_id.get((resource.package, text.lower()), ())
            if urn != resource.urn
        ]
        return tuple(dict.fromkeys(found))

    @cached_property
    def _by_id(self) -> Mapping[tuple[str, str], list[str]]:
        """URNs of what stands, by package and identifier in lower case."""
        found: dict[tuple[str, str], list[str]] = {}
        for each in self.plan.resources:
            if each.made and each.id:
                found.setdefault((each.package, each.id.lower()), []).append(each.urn)
        return found

    def target(
        self,
        resource: PlannedResource,
        path: str,
        *kinds: str,
        exact: bool = False,
        value: Fact[Any] | None = None,
    ) -> Fact[PlannedResource | None]:
        """What a property names, among the plan's resources of some types.

        Args:
            resource: whose property.
            path: dotted path of the property: a name, an identifier, or what holds identifiers.
            kinds: types; none for every type that can be named.
            exact: whether an identifier of something inside a resource does not name it.
            value: what to read instead of the property itself.

        Returns:
            None where it names nothing of the plan; unknown where several might be meant.
        """
        kinds = kinds or tuple(self._nomenclature.namings)
        value = read(resource.inputs, path) if value is None else value
        if isinstance(value, Unknown):
            tied = self.near(resource, path, *kinds)
            return Known(tied[0]) if len(tied) == 1 else value
        found = self._named(value.value, kinds, exact=exact)
        if value.value and len(found) != 1:
            found = self._decided(found, self.near(resource, path, *kinds))
        if len(found) > 1:
            return Unknown(path)
        return Known(next(iter(found.values()), None))

    def _decided(
        self, named: Mapping[str, PlannedResource], tied: list[PlannedResource]
    ) -> Mapping[str, PlannedResource]:
        """Of those that are named the same, the sources; of none, the sources without a name."""
        if not named:
            return {each.urn: each for each in tied if self._name(each) is None}
        return {each.urn: named[each.urn] for each in tied if each.urn in named} or named

    def users(self, kind: str, path: str, resource: PlannedResource) -> list[Link]:
        """Resources of a type whose property names `resource`, or may."""
        links = self._all_links(kind, path, resource)
        return [*links.get(resource.urn, ()), *links.get(ANY, ())]

    def named_by(
        self,
        kind: str,
        path: str,
        resource: PlannedResource,
        holds: Callable[..., Fact[bool]] = _always,
        *arguments: Hashable,
    ) -> Fact[bool]:
        """Whether a resource of a type names `resource`, and is as it should be.

        What may name any of its type is looked at once for all of them.

        Args:
            kind: the type.
            path: the property that names.
            resource: what is named.
            holds: whether the one that names it is as it should be; a function of a module.
            arguments: what `holds` is given after the resource.
        """
        links = self._all_links(kind, path, resource)

        def among(urn: str) -> Fact[bool]:
            named = links.get(urn, ())
            return some([every([link, holds(other, *arguments)]) for other, link in named])

        asked = (kind, path, self.kind(resource), holds, arguments)
        return some([among(resource.urn), self.once(asked, lambda: among(ANY))])

    def _all_links(self, kind: str, path: str, resource: PlannedResource) -> Links:
        what = (kind, path, self.kind(resource))
        if what not in self._links:
            self._links[what] = self._linked(*what)
        return self._links[what]

    def computed(self, kind: str, path: str, resource: PlannedResource) -> list[PlannedResource]:
        """Resources of a type whose property was computed from `resource`, whatever it says."""
        if (kind, path) not in self._computed:
            self._computed[kind, path] = self._by_source(kind, path)
        return self._computed[kind, path].get(resource.urn, [])

    def _by_source(self, kind: str, path: str) -> Mapping[str, list[PlannedResource]]:
        found: dict[str, list[PlannedResource]] = {}
        for other in self.of(kind):
            for urn in dict.fromkeys(self.sources(other, path)):
                found.setdefault(urn, []).append(other)
        return found

    def all_users(
        self, kind: str, path: str, resource: PlannedResource
    ) -> Fact[list[PlannedResource]]:
        """The resources of a type that name `resource`; unknown where one may or may not."""
        links = self._all_links(kind, path, resource)
        found = [*links.get(resource.urn, ()), *links.get(ANY, ())[:1]]
        doubt = next((link for _, link in found if isinstance(link, Unknown)), None)
        return doubt or Known([other for other, _ in found])

    def _linked(self, kind: str, path: str, what: str) -> Links:
        """For each resource of type `what`, those of type `kind` whose property names it."""
        found: dict[str, list[Link]] = {}
        for other in self.of(kind):
            named = self.target(other, path, what)
            link: Fact[bool] = named if isinstance(named, Unknown) else Known(value=True)
            for urn in self._ends(other, path, what, named):
                found.setdefault(urn, []).append((other, link))
        return found

    def _ends(
        self, other: PlannedResource, path: str, what: str, named: Fact[PlannedResource | None]
    ) -> list[str]:
        """URNs of what a property names, or may."""
        if isinstance(named, Unknown):
            near = [each.urn for each in self.near(other, path, what)]
            return near or ([] if self._elsewhere(other, path, what) else [ANY])
        return [named.value.urn] if named.value is not None else []

    def _elsewhere(self, other: PlannedResource, path: str, what: str) -> bool:
        """Whether a property was computed from resources of other types alone.

        An identifier can be put together from the names of what its resource stands in, from the
        identifier of what stands in it, and from what has no name of its own.
        """
        urns = sources(other, path)
        kinds = [self.kind(found) if (found := self.at(urn)) else "" for urn in urns]
        named = self._nomenclature.namings
        return bool(kinds) and all(
            each in named and each not in self._holders(what) and what not in self._holders(each)
            for each in kinds
        )

    def _holders(self, kind: str) -> frozenset[str]:
        """The types in which resources of a type may stand, however deep."""
        above = self._above(kind)
        return frozenset({above[1]}) | self._holders(above[1]) if above else frozenset()

    def chain(self, resource: PlannedResource) -> list[PlannedResource]:
        """The resource, and what it stands in: parent, then group."""
        above = self._above(self.kind(resource))
        if above is None:
            return [resource]
        holder = self.target(resource, *above)
        if isinstance(holder, Unknown) or holder.value is None:
            return [resource]
        return [resource, *self.chain(holder.value)]

    def _above(self, kind: str) -> tuple[str, str] | None:
        naming, group = self._nomenclature.namings.get(kind), self._nomenclature.group
        if naming is not None and naming.parent is not None:
            return naming.parent
        return None if group is None or kind == group[1] else group

    def _named(
        self, value: Any, kinds: tuple[str, ...], *, exact: bool = False
    ) -> Mapping[str, PlannedResource]:
        """The resources that texts name: in each identifier the innermost that the plan has."""
        if isinstance(value, str):
            return self._innermost(value.lower().rstrip("/"), kinds, exact=exact)
        found: dict[str, PlannedResource] = {}
        for text in texts(value):
            if "/" in text:
                found |= self._innermost(text.lower().rstrip("/"), kinds, exact=exact)
        return found

    def _innermost(
        self, text: str, kinds: tuple[str, ...], *, exact: bool
    ) -> Mapping[str, PlannedResource]:
        """What a text names, by URN: the same texts stand in many resources."""
        return self.once((text, kinds, exact), lambda: self._deepest(text, kinds, exact))

    def _deepest(
        self, text: str, kinds: tuple[str, ...], exact: bool
    ) -> Mapping[str, PlannedResource]:
        depths = [
            (self._depth(text, each), each) for each in self._candidates(text) if each.kind in kinds
        ]
        deepest = max((depth for depth, _ in depths), default=0)
        if not deepest or (exact and deepest < len(text)):
            return NOTHING
        found: dict[str, PlannedResource] = {}
        for depth, each in depths:
            if depth == deepest:
                found.setdefault(each.resource.urn, each.resource)
        return found or NOTHING

    def _candidates(self, text: str) -> Iterator[_Named]:
        """What a text may name: in an identifier, what each pair of steps and its holders name."""
        if "/" not in text:
            yield from self._by_name.get(text, ())
            return
        steps = text.split("/")
        grouped, by_place = self._group_segment in steps, self._by_place
        for place in dict.fromkeys(pairwise(steps[1:])):
            by_holder = by_place.get(place)
            if by_holder is None:
                continue
            for holder in _among(by_holder, steps, hosts=True):
                by_group = by_holder[holder]
                for group in _among(by_group, steps, hosts=False) if grouped else by_group:
                    yield from by_group[group]

    def _depth(self, text: str, named: _Named) -> int:
        """Where in a text a resource is named; the text's length if it is its name; or 0."""
        if "/" not in text or not named.segment:
            return len(text) if text == named.name else 0
        found = f"{text}/".find(f"/{named.segment}/{named.name}/")
        if found < 0 or not self._in_parent(text, named):
            return 0
        return found + len(named.segment) + len(named.name) + 2

    def _in_parent(self, text: str, named: _Named) -> bool:
        """Whether an identifier or address names the parent and group that a resource says."""
        parent, group = named.parent, named.group
        if parent and f"/{parent}/" not in text and f"//{parent}." not in text:
            return False
        segment = self._group_segment
        return not group or f"/{segment}/" not in text or f"/{segment}/{group}/" in f"{text}/"

    @cached_property
    def _group_segment(self) -> str:
        group = self._nomenclature.group
        return self._nomenclature.namings[group[1]].segment if group else ""

    def _name(self, resource: PlannedResource) -> str | None:
        """The name by which others know a resource, in lower case; None where none is told."""
        naming = self._nomenclature.namings.get(self.kind(resource))
        return _own_name(resource, naming) if naming else None

    @cached_property
    def _by_name(self) -> Mapping[str, list[_Named]]:
        """The resources that can be named, by name in lower case."""
        group = self._nomenclature.group
        found: dict[str, list[_Named]] = {}
        for kind, naming in self._nomenclature.namings.items():
            for resource in self.of(kind):
                name = _own_name(resource, naming)
                if name is None:
                    continue
                parent = _word(resource, naming.parent[0]) if naming.parent else None
                grouped = _word(resource, group[0]) if group else None
                named = _Named(resource, kind, naming.segment, name, parent, grouped)
                found.setdefault(name, []).append(named)
        return found

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], _Places]:
        """Likewise, by what stands before the name in an identifier, then by parent and group."""
        found: dict[tuple[str, str], _Places] = {}
        for named in chain(*self._by_name.values()):
            by_holder = found.setdefault((named.segment, named.name), {})
            by_group = by_holder.setdefault(_step(named.parent), {})
            by_group.setdefault(_step(named.group), []).append(named)
        return found


def _step(holder: str | None) -> str:
    """A holder's name, if it can be looked up among the steps of an identifier."""
    return holder if holder and not set(holder) & set("./") else ""


def _among(keys: Mapping[str, T], steps: Sequence[str], *, hosts: bool) -> Iterator[str]:
    """The keys that are empty or steps of an identifier, or beginnings of its hosts' names."""
    if len(keys) <= FEW:
        yield from keys
        return
    names = {"", *steps, *((step.partition(".")[0] for step in steps) if hosts else ())}
    yield from (name for name in names if name in keys)


def _own_name(resource: PlannedResource, naming: Naming) -> str | None:
    """A resource's name: as written, or as its identifier ends."""
    written = _word(resource, naming.property)
    if written is not None or not naming.segment:
        return written
    before, _, name = resource.id.lower().rpartition("/")
    return name if name and before.endswith(f"/{naming.segment}") else None


def _word(resource: PlannedResource, path: str) -> str | None:
    """A text of a resource's, in lower case; None where it is absent or not known."""
    found = read(resource.inputs, path)
    return str(found.value).lower() if isinstance(found, Known) and found.value else None


def texts(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, Secret):
        yield from texts(value.value)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
