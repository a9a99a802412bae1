"""Computing the rows of a comparison."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from itertools import permutations
from typing import TYPE_CHECKING

from havre.capabilities import Capability
from havre.capabilities.obstacles import obstacles
from havre.compare.model import (
    CapabilityRow,
    Comparison,
    ControlCell,
    ControlRow,
    Copies,
    Counterpart,
    ExitRow,
    PlaceRow,
    ResourceRow,
    Side,
)
from havre.facts.model import (
    AboutResource,
    Compute,
    Copy,
    Credential,
    Grant,
    Holder,
    Key,
    LogRoute,
    NetworkElement,
    Neutral,
)
from havre.facts.stores import (
    BackupStore,
    DatabaseServer,
    DataStore,
    ImageRegistry,
    LogStore,
    ObjectStore,
    Storage,
    Vault,
    Volume,
)
from havre.facts.values import DoesNotApply, Known, Unknown
from havre.plan.parts import PARTS, part_of
from havre.policy.model import shown

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from havre.facts import Facts
    from havre.policy.findings import Finding
    from havre.spec import Warehouse

ROLES: dict[type[AboutResource], str] = {
    Compute: "cluster",
    Holder: "groups and parts of data stores",
    LogRoute: "routes of logs",
}
HELD: dict[type[DataStore], str] = {
    DatabaseServer: "database",
    ImageRegistry: "registry",
    LogStore: "store of logs",
    BackupStore: "store of backups",
    Vault: "vault of keys",
    Volume: "volumes",
}
HIDDEN = frozenset({"urn", "type", "tags", "places", "zone", "project", "offering"})
"""What a role or another row tells already."""
ENDLESS = {
    "recoverable_days": "without end",
    "version_days": "without end",
    "expire_days": "never",
}
"""A zone's promises, and what each says that has no days."""
REFERENCES = frozenset({"key", "secrets_key", "identity", "targets", "sources", "sinks"})
"""Facts that name resources, which differ on every side by their names alone."""


def compare(spec: Warehouse, file: str, as_of: dt.date, sides: Sequence[Side]) -> Comparison:
    """Put sides next to each other.

    Args:
        spec: what is asked of each.
        file: its file, as the user named it.
        as_of: the day on which dates were judged.
        sides: two or more, in the order in which they are shown.
    """
    return Comparison(
        spec=spec,
        file=file,
        as_of=as_of,
        sides=tuple(sides),
        capabilities=tuple(_capability(each, sides) for each in Capability),
        controls=tuple(_controls(sides)),
        resources=tuple(_resources(sides)),
        places=tuple(_places(spec, sides)),
        exits=tuple(_exit(spec, here, there) for here, there in permutations(sides, 2)),
    )


def _capability(capability: Capability, sides: Sequence[Side]) -> CapabilityRow:
    answers = tuple(side.provider.capabilities.get(capability) for side in sides)
    return CapabilityRow(capability.value, answers)


def _controls(sides: Sequence[Side]) -> Iterator[ControlRow]:
    controls = {control.id: control for side in sides for control in side.result.controls}
    for control in controls.values():
        cells = tuple(_cell(control.id, side) for side in sides)
        yield ControlRow(control.id, control.title, control.severity, cells)


def _cell(control: str, side: Side) -> ControlCell:
    """What a control says of a side; a gap tells why better than a resource does."""
    found = [finding for finding in side.result.findings if finding.control == control]
    worst = [finding for finding in found if finding.kind == side.result.verdict(control)]
    why = next((f.found for f in worst if f.gap), None) or _why(worst)
    return ControlCell(
        side.result.verdict(control), why, len({f.resource for f in found if f.resource})
    )


def _why(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    first = findings[0]
    return f"{first.property}: {first.found}" if first.property else first.found


def _role(item: AboutResource, uses: dict[str, str]) -> str | None:
    """What a resource is to the warehouse, in words that are no provider's."""
    if isinstance(item, DataStore):
        return _role_of_store(item)
    if isinstance(item, Key):
        return f"key of {uses[item.urn]}" if item.urn in uses else "other keys"
    if isinstance(item, NetworkElement):
        return f"segment {item.segment}" if item.segment else "networks and rules"
    if isinstance(item, Grant):
        return (
            f"permissions of project {item.project}" if item.project else "permissions of services"
        )
    if isinstance(item, Credential):
        return f"credentials of {item.project or 'services'}"
    return ROLES.get(type(item))


def _role_of_store(store: DataStore) -> str:
    if not isinstance(store, ObjectStore):
        return HELD[type(store)]
    copies = {p.copy for p in store.places.value} if isinstance(store.places, Known) else set()
    replica = Copy.REPLICA in copies and Copy.PRIMARY not in copies
    return f"zone {store.zone or 'without a name'}{', replica' if replica else ''}"


def _uses(facts: Facts) -> dict[str, str]:
    """What each key is for."""
    return {
        store.key.value: _role_of_store(store)
        for store in facts.of(DataStore)
        if isinstance(store, (Storage, DatabaseServer))
        and isinstance(store.key, Known)
        and store.key.value
    }


def _resources(sides: Sequence[Side]) -> Iterator[ResourceRow]:
    found: dict[tuple[str, str], dict[int, list[AboutResource]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for number, side in enumerate(sides):
        uses = _uses(side.facts)
        for item in side.facts.items:
            role = None if isinstance(item, Neutral) else _role(item, uses)
            if role is not None:
                found[part_of(item.urn), role][number].append(item)
            else:
                found[part_of(item.urn), "what carries no data"][number].append(item)
    ordered = sorted(found.items(), key=lambda row: (PARTS.index(row[0][0]), row[0][1]))
    for (part, role), by_side in ordered:
        cells = tuple(_counterpart(by_side.get(number)) for number in range(len(sides)))
        yield ResourceRow(part, role, cells)


def _counterpart(items: list[AboutResource] | None) -> Counterpart | None:
    if not items:
        return None
    names = [field.name for item in items for field in fields(item) if field.name not in HIDDEN]
    settings = {name: _setting(name, items) for name in dict.fromkeys(names)}
    return Counterpart(
        tuple(dict.fromkeys(item.name for item in items)),
        tuple(sorted({item.type for item in items})),
        settings,
    )


def _setting(name: str, items: list[AboutResource]) -> str:
    """One property of everything that plays a role, for people."""
    told = dict.fromkeys(_shown(name, getattr(item, name)) for item in items if hasattr(item, name))
    return " / ".join(told)


def _shown(name: str, fact: object) -> str:
    if isinstance(fact, Unknown):
        return "not known"
    if isinstance(fact, DoesNotApply):
        return "does not apply"
    return _told(name, fact.value if isinstance(fact, Known) else fact)


def _told(name: str, value: object) -> str:
    if name in REFERENCES:
        return _referred(name, value)
    if name in ENDLESS:
        return ENDLESS[name] if value is None else f"{value} day{'' if value == 1 else 's'}"
    if name == "allowed" and value == ():
        return "any address"
    if name == "rules":
        return f"{len(value)} rules" if isinstance(value, tuple) else shown(value)
    return shown(value)


def _referred(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} named"
    if name in {"key", "secrets_key"}:
        return "a key of the warehouse" if value else "the provider's own"
    return "named" if value else "none"


def _places(spec: Warehouse, sides: Sequence[Side]) -> Iterator[PlaceRow]:
    found: dict[tuple[str, str | None], dict[int, Copies]] = defaultdict(dict)
    for number, side in enumerate(sides):
        for lies in side.result.lies:
            key = (lies.copy, lies.country)
            before = found[key].get(number, Copies({}, 0))
            region = lies.region or "no region"
            regions = {**before.regions, region: before.regions.get(region, 0) + lies.resources}
            found[key][number] = Copies(regions, before.implied + lies.implied)
    order = [copy.value for copy in Copy]
    for (copy, country), cells in sorted(
        found.items(), key=lambda row: (order.index(row[0][0]), row[0][1] or "")
    ):
        allowed = country in spec.residency.countries
        row = tuple(cells.get(number) for number in range(len(sides)))
        yield PlaceRow(copy, country, allowed, row)


def _exit(spec: Warehouse, here: Side, there: Side) -> ExitRow:
    met = obstacles(spec, here.provider, there.provider, there.gaps)
    return ExitRow(here.name, there.name, met)
