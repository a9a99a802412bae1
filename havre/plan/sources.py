"""Plans from elsewhere: `pulumi preview --json`, `pulumi stack export`, an analyzer's request.

All give the same `Plan` as the offline evaluation of the same stack. What such a file holds is
never trusted: whatever is wrong with it is an `InputError` that names the place.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.plan import options as recorded
from havre.plan import urns
from havre.plan.model import Plan, PlannedResource
from havre.plan.urns import STACK_TYPE
from havre.plan.values import UNKNOWN, Secret, from_struct, plain
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MAX_BYTES = 256 * 2**20
"""Largest file that is read: 256 MiB, some hundred thousand resources."""
MASK = "[secret]"
"""What `pulumi preview --json` writes in place of a secret."""
GONE = frozenset(
    {"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"}
)
"""Steps of a preview after which the resource is no longer there."""
KEPT = frozenset(
    {
        *("same", "create", "update", "replace", "create-replacement", "refresh", "diff"),
        *("read", "read-replacement", "import", "import-replacement", "extend-parameterize"),
    }
)
"""Steps after which it is (pulumi/pulumi, pkg/resource/deploy/step.go, read on 2026-11-24)."""


def _document(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file.

    Raises:
        InputError: there is none, or it is too large.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            message = f"{path} is larger than {MAX_BYTES >> 20} MiB"
            raise InputError(message, "Name the output of a single stack.")
        document = json.loads(path.read_bytes())
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InputError(message, "Name a file that the Pulumi CLI wrote.") from error
    except (ValueError, RecursionError) as error:
        message = f"{path} is no JSON: {error}"
        raise InputError(message, "It may be cut off: let the Pulumi CLI write it anew.") from error
    if not isinstance(document, dict):
        message = f"{path} holds no JSON object"
        raise InputError(message, "Name a file that the Pulumi CLI wrote.")
    return document


def _text(values: Mapping[str, Any], key: str, where: str, *, needed: bool = False) -> str:
    found = values.get(key)
    if isinstance(found, str) and (found or not needed):
        return found
    if found is None and not needed:
        return ""
    message = f"{where}: `{key}` is {type(found).__name__}, not a text"
    raise InputError(message, "Let the Pulumi CLI write the file anew.")


def _urns(values: Any, where: str) -> tuple[str, ...]:
    if values is None:
        return ()
    if isinstance(values, list) and all(isinstance(urn, str) for urn in values):
        return tuple(sorted(values))
    message = f"{where}: no list of URNs"
    raise InputError(message, "Let the Pulumi CLI write the file anew.")


def _mapping(values: Any, where: str) -> Mapping[str, Any]:
    if values is None:
        return {}
    if isinstance(values, dict):
        return values
    message = f"{where} is {type(values).__name__}, not an object"
    raise InputError(message, "Let the Pulumi CLI write the file anew.")


def _unmasked(value: Any) -> Any:
    """A value of a preview, with every mask as the secret that it stands for."""
    if isinstance(value, str) and value == MASK:
        return Secret(UNKNOWN)
    if isinstance(value, dict):
        return {key: _unmasked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unmasked(inner) for inner in value]
    return value


def resource(state: Any, where: str, operation: str = "") -> PlannedResource:
    """One resource of Pulumi's state format.

    Args:
        state: its JSON value.
        where: its place in the file, for messages.
        operation: what a preview would do to it.

    Raises:
        InputError: it is malformed.
    """
    values = _mapping(state, where)
    urn = _text(values, "urn", where, needed=True)
    where = f"{where} ({urn})"
    dependencies = _mapping(values.get("propertyDependencies"), f"{where}: propertyDependencies")
    given = _mapping(values.get("inputs"), f"{where}: inputs")
    try:
        inputs = {key: plain(value) for key, value in given.items()}
        if operation:
            inputs = _unmasked(inputs)
    except RecursionError as error:
        message = f"{where}: inputs are nested too deeply"
        raise InputError(message, "Let the Pulumi CLI write the file anew.") from error
    return PlannedResource(
        urn=urn,
        type=_text(values, "type", where, needed=True),
        name=urns.name(urn),
        custom=values.get("custom") is True,
        inputs=inputs,
        parent=_text(values, "parent", where),
        dependencies=_urns(values.get("dependencies"), f"{where}: dependencies"),
        property_dependencies={
            key: found
            for key, urns in sorted(dependencies.items())
            if (found := _urns(urns, f"{where}: propertyDependencies.{key}"))
        },
        protect=values.get("protect") is True,
        provider=_text(values, "provider", where),
        retain_on_delete=values.get("retainOnDelete") is True,
        operation=operation,
        options=recorded.from_state(values),
    )


def _plan(provider: str, found: Iterable[PlannedResource], source: str) -> Plan:
    """A plan of what remains and what goes; a file that tells of nothing is no plan.

    Raises:
        InputError: there is no resource at all.
    """
    everything = list(found)
    kept = tuple(r for r in everything if r.operation not in GONE)
    gone = tuple(r for r in everything if r.operation in GONE)
    if not any(resource.made for resource in everything):
        message = f"{source} tells of no resource"
        raise InputError(message, "An empty plan proves nothing: name the stack's own output.")
    return Plan(provider=provider, resources=kept, removed=gone)


def from_preview(path: Path, provider: str = "") -> Plan:
    """The plan in the output of `pulumi preview --json`.

    Raises:
        InputError: the file is none, is cut off, tells of nothing, or of a preview that failed.
    """
    document = _document(path)
    _refuse_failed(document.get("diagnostics"), path)
    steps = document.get("steps")
    if not isinstance(steps, list):
        message = f"{path} has no `steps`: it is no output of `pulumi preview --json`"
        raise InputError(message, "Write it by: pulumi preview --json > FILE")
    found = []
    for number, step in enumerate(steps):
        where = f"{path}: steps[{number}]"
        values = _mapping(step, where)
        operation = _text(values, "op", where, needed=True)
        if operation not in GONE | KEPT:
            message = f"{where}: `{inert(operation)}` is no step of Pulumi's that is known here"
            raise InputError(message, "A newer Havre may know it; nothing was judged.")
        state = values.get("oldState" if operation in GONE else "newState")
        found.append(resource(state, where, operation))
    return _plan(provider, found, str(path))


def _refuse_failed(diagnostics: Any, path: Path) -> None:
    """A preview that stopped at an error may lack whatever was to come."""
    if diagnostics is not None and not isinstance(diagnostics, list):
        message = f"{path}: `diagnostics` is {type(diagnostics).__name__}, not a list"
        raise InputError(message, "Let the Pulumi CLI write the file anew.")
    found = [_mapping(each, f"{path}: diagnostics") for each in diagnostics or ()]
    errors = sum(each.get("severity") == "error" for each in found)
    if errors:
        message = f"{path} is of a preview that failed, with {errors} errors"
        raise InputError(message, "It may lack resources: mend the program and preview again.")


def _refuse_pending(pending: Any, path: Path) -> None:
    """A state in the midst of a change does not say what stands."""
    if pending:
        message = f"{path} is of an update that was interrupted: operations are pending"
        raise InputError(
            message, "Finish it: `havre up`, or `pulumi refresh` and export the state again."
        )


def from_state(path: Path, provider: str = "") -> Plan:
    """The plan that a stack's state amounts to: the output of `pulumi stack export`.

    Raises:
        InputError: the file is none, is cut off, tells of nothing, or of an interrupted update.
    """
    found = [
        resource(state, f"{path}: resources[{number}]")
        for number, state in enumerate(_state_resources(path))
    ]
    return _plan(provider, found, str(path))


def outputs_in_state(path: Path, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """URN and outputs of every resource of a type in the output of `pulumi stack export`.

    A resource that is only still to be deleted is left out.

    Raises:
        InputError: the file is none, is cut off, or of an interrupted update.
    """
    found: list[tuple[str, Mapping[str, Any]]] = []
    for number, state in enumerate(_state_resources(path)):
        where = f"{path}: resources[{number}]"
        values = _mapping(state, where)
        if values.get("type") == kind and values.get("delete") is not True:
            given = _mapping(values.get("outputs"), f"{where}: outputs")
            outputs = {key: plain(value) for key, value in given.items()}
            found.append((_text(values, "urn", where, needed=True), outputs))
    return found


def _state_resources(path: Path) -> list[Any]:
    """The resources in the output of `pulumi stack export`.

    Raises:
        InputError: the file is none, is cut off, or of an interrupted update.
    """
    deployment = _mapping(_document(path).get("deployment"), f"{path}: deployment")
    _refuse_pending(deployment.get("pending_operations"), path)
    resources = deployment.get("resources")
    if not isinstance(resources, list):
        message = f"{path} has no `deployment.resources`: it is no output of `pulumi stack export`"
        raise InputError(message, "Write it by: pulumi stack export > FILE")
    return resources


def from_analyzer(resources: Iterable[Any], provider: str = "") -> Plan:
    """The plan in a policy pack's request: messages `pulumirpc.AnalyzerResource`.

    Raises:
        InputError: it tells of nothing.
    """
    found = [
        PlannedResource(
            urn=message.urn,
            type=message.type,
            name=message.name,
            custom=message.type != STACK_TYPE and bool(message.provider.urn),
            inputs=from_struct(message.properties),
            parent=message.parent,
            dependencies=tuple(sorted(message.dependencies)),
            property_dependencies={
                key: tuple(sorted(urns.urns))
                for key, urns in sorted(message.propertyDependencies.items())
                if urns.urns
            },
            protect=message.options.protect,
            provider=message.provider.urn,
        )
        for message in resources
    ]
    return _plan(provider, found, "the request")
