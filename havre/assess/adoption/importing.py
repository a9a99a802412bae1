"""The file of a bulk import: `pulumi import --file`.

The format: pulumi/pulumi, pkg/cmd/pulumi/operations/import.go (`importFile`, `importSpec`), read on
2026-11-30. A component is listed with `component`, and has no identifier; a resource below it names
it as its `parent`. What is there already is named in `nameTable`, by URN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.plan import urns
from havre.plan.values import bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.assess.adoption.matching import Match
    from havre.plan import Plan
    from havre.plan.model import PlannedResource


def import_id(match: Match, imports: Mapping[str, str]) -> str:
    """What `pulumi import` takes as the identifier; empty where the state lacks a part of it."""
    form = imports.get(match.planned.type)
    if form is None:
        return match.existing.id
    there = match.existing
    given = {**there.outputs, **there.inputs, "id": there.id}
    values = {key: str(bare(value)) for key, value in given.items() if _plain(value)}
    try:
        return form.format_map(values)
    except KeyError:
        return ""


def _plain(value: object) -> bool:
    return isinstance(bare(value), str | int) and bare(value) != ""


def import_file(
    plan: Plan, matches: Sequence[Match], imports: Mapping[str, str], there: Sequence[str] = ()
) -> dict[str, Any]:
    """The document of an import, with the components above each resource.

    Args:
        plan: the warehouse's.
        matches: what is imported.
        imports: forms of identifiers, by type.
        there: URNs of components that the stack has already.
    """
    found = [(each, import_id(each, imports)) for each in matches]
    importable = [(each.planned, id_) for each, id_ in found if id_]
    above: dict[str, PlannedResource] = {}
    for resource, _ in importable:
        for component in _ancestors(plan, resource):
            above.setdefault(component.urn, component)
    names = _names([*above.values(), *(resource for resource, _ in importable)])
    known = {urns.apart(urn): urn for urn in there}
    table = {names[urn]: known[urns.apart(urn)] for urn in above if urns.apart(urn) in known}
    made = [c for c in above.values() if names[c.urn] not in table]
    resources = [_entry(each, names, component=True) for each in made]
    resources += [_entry(each, names, id=id_) for each, id_ in importable]
    return {**({"nameTable": table} if table else {}), "resources": resources}


def _entry(resource: PlannedResource, names: Mapping[str, str], **more: Any) -> dict[str, Any]:
    parent = names.get(resource.parent)
    return {
        "type": resource.type,
        "name": names[resource.urn],
        "logicalName": resource.name,
        **({"parent": parent} if parent else {}),
        **more,
    }


def _ancestors(plan: Plan, resource: PlannedResource) -> list[PlannedResource]:
    """Components above a resource, the outermost first."""
    found: list[PlannedResource] = []
    above = plan.by_urn.get(resource.parent)
    while above is not None and not urns.is_stack(above.urn):
        found.insert(0, above)
        above = plan.by_urn.get(above.parent)
    return found


def _names(resources: Sequence[PlannedResource]) -> dict[str, str]:
    """A name for each that no other has within the file, by URN."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for each in resources:
        name, number = each.name, 1
        while name in taken:
            number += 1
            name = f"{each.name}-{number}"
        taken.add(name)
        names[each.urn] = name
    return names
