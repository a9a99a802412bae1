"""The plan that a stack's state amounts to: the output of `pulumi stack export`.

The format: pulumi/pulumi, sdk/go/common/apitype/core.go, versions 3 and 4, and its features,
pkg/resource/stack/deployment.go, read on 2026-11-29.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.plan import json_files, urns
from havre.plan.sources import plan_of, properties, resource
from havre.text import inert
from havre.text import plain as plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from havre.plan.model import Plan, PlannedResource

VERSIONS = (3, 4)
"""Versions of the format that are known."""
FEATURES = frozenset(
    {
        *("refreshBeforeUpdate", "views", "hooks", "taint", "replaceWith"),
        *("extensionParameterization", "byteString"),
    }
)
"""What a state of version 4 may say that it needs; `snippets-prototype` brings resources that no
program names, and is refused."""
EXPORT = "Write it by: pulumi stack export > FILE"
CLEAR = {
    "creating": "pulumi refresh --clear-pending-creates --yes",
    "importing": "pulumi refresh --clear-pending-creates --yes",
}
"""What clears a pending operation; a refresh alone does for the others."""
REFRESH = "pulumi refresh --yes"
NAMED = 3
"""Most resources that a message names."""


def from_state(path: Path, provider: str = "") -> Plan:
    """The plan that a state amounts to.

    A resource that is only still to be deleted counts among what the next update takes away.

    Raises:
        InputError: the file is none, is cut off, of an unknown version, tells of nothing, or of
            an interrupted update.
    """
    stands: list[PlannedResource] = []
    goes: list[PlannedResource] = []
    warnings: list[str] = []
    for values, where in _resources(path):
        found = as_seen(resource(values, where))
        if json_files.flag(values, "delete", where):
            goes.append(replace(found, operation="delete"))
            continue
        stands.append(found)
        warnings.extend(_begun(values, found, where))
        if json_files.flag(values, "taint", where):
            warnings.append(f"{found.name} is tainted: the next update replaces it")
            goes.append(replace(found, operation="replace"))
    return replace(plan_of(provider, stands, str(path), goes), warnings=tuple(warnings))


def as_seen(found: PlannedResource) -> PlannedResource:
    """A resource as its provider saw it last.

    A refresh changes the inputs of what a plugin serves. Of a dynamic resource it changes the
    outputs alone, which otherwise repeat the inputs. An element that somebody added to a list is in
    the outputs alone, too: a plugin on Pulumi's bridge puts what it saw in place of the elements
    that were asked for, and adds none (seen with a real plugin, 2026-12-01).
    """
    if found.package != urns.DYNAMIC_PACKAGE:
        grown = {
            name: _grown(value, found.outputs.get(name)) for name, value in found.inputs.items()
        }
        return replace(found, inputs=grown)
    seen = {n: v for n, v in found.outputs.items() if n in found.inputs and v is not None}
    return replace(found, inputs={**found.inputs, **seen})


def _grown(asked: Any, told: Any) -> Any:
    """What was asked for, with the lists to which somebody added elements as they are now."""
    if isinstance(asked, dict) and isinstance(told, dict):
        return {name: _grown(value, told.get(name)) for name, value in asked.items()}
    if not isinstance(asked, list) or not isinstance(told, list) or len(told) < len(asked):
        return asked
    if len(told) > len(asked):
        return told
    return [_grown(mine, other) for mine, other in zip(asked, told, strict=True)]


def _begun(values: Mapping[str, Any], found: PlannedResource, where: str) -> Iterator[str]:
    """Why a resource that stands may not work: its provider made it and then failed."""
    for error in json_files.items(values.get("initErrors"), f"{where}: initErrors"):
        yield f"{found.name} was made and did not start: {plain_text(error)}"


def outputs_in_state(path: Path, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """URN and outputs of every resource of a type in the output of `pulumi stack export`.

    A resource that is only still to be deleted is left out.

    Raises:
        InputError: as for `from_state`.
    """
    found: list[tuple[str, Mapping[str, Any]]] = []
    for values, where in _resources(path):
        if values.get("type") == kind and not json_files.flag(values, "delete", where):
            given = json_files.mapping(values.get("outputs"), f"{where}: outputs")
            outputs = properties(given, f"{where}: outputs")
            found.append((json_files.word(values, "urn", where, needed=True), outputs))
    return found


def _resources(path: Path) -> list[tuple[Mapping[str, Any], str]]:
    """The resources of a state, with their places.

    Raises:
        InputError: the file is none, is cut off, of an unknown version, or of an interrupted
            update.
    """
    document = json_files.read(path)
    _refuse_version(document, path)
    deployment = json_files.mapping(document.get("deployment"), f"{path}: deployment")
    _refuse_pending(
        json_files.items(deployment.get("pending_operations"), f"{path}: pending"), path
    )
    resources = deployment.get("resources")
    if not isinstance(resources, list):
        message = f"{path} {_instead(document)}"
        raise InputError(message, EXPORT)
    places = [f"{path}: resources[{number}]" for number in range(len(resources))]
    found = [
        (json_files.mapping(values, where), where)
        for values, where in zip(resources, places, strict=True)
    ]
    _refuse_half_replaced(found, path)
    return found


def _instead(document: Mapping[str, Any]) -> str:
    """What a document is that has no resources."""
    if "steps" in document:
        return "is a preview, not a state: give it with --preview"
    if "checkpoint" in document:
        return "is a checkpoint of a backend, not an export"
    return "has no `deployment.resources`: it is not the output of `pulumi stack export`"


def _refuse_version(document: Mapping[str, Any], path: Path) -> None:
    """A state of a format that nobody here knows may say what is not read."""
    version = document.get("version", max(VERSIONS))
    if not isinstance(version, int) or isinstance(version, bool) or version not in VERSIONS:
        message = f"{path} is of version {inert(version)} of Pulumi's state format"
        known = " and ".join(map(str, VERSIONS))
        raise InputError(message, f"Versions {known} are known here. Nothing was evaluated.")
    features = json_files.items(document.get("features"), f"{path}: features")
    new = sorted(inert(each) for each in features if each not in FEATURES)
    if new:
        message = f"{path} needs what is not known here: {', '.join(new)}"
        raise InputError(message, "A newer Havre may know it. Nothing was evaluated.")


def _refuse_pending(pending: Any, path: Path) -> None:
    """A state in the midst of a change does not say what stands."""
    where = f"{path}: pending_operations"
    operations = [json_files.mapping(each, where) for each in json_files.items(pending, where)]
    if not operations:
        return
    kinds = {str(each.get("type")) for each in operations}
    commands = sorted({CLEAR.get(kind, REFRESH) for kind in kinds})
    standing = [json_files.mapping(each.get("resource"), where) for each in operations]
    message = (
        f"{path} is of an update that was interrupted: operations are pending on {_names(standing)}"
    )
    finish = " and ".join(f"`{command}`" for command in commands)
    raise InputError(
        message,
        f"Look whether the service has them, then clear them: {finish}; export the state again. "
        "On this machine `havre up` finishes its own.",
    )


def _refuse_half_replaced(found: Sequence[tuple[Mapping[str, Any], str]], path: Path) -> None:
    """A resource that was deleted to be replaced, and was not made again, does not stand."""
    halves = [v for v, where in found if json_files.flag(v, "pendingReplacement", where)]
    if halves:
        message = f"{path}: deleted to be replaced, and not made again: {_names(halves)}"
        raise InputError(message, "Finish the update: pulumi up. Then export the state again.")


def _names(resources: Sequence[Mapping[str, Any]]) -> str:
    """Some names of resources, and how many more there are."""
    names = [inert(urns.name(str(values.get("urn", "?")))) for values in resources]
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
