"""Plans from elsewhere: what all sources share, and an analyzer's request.

`previews` and `states` read what the CLI writes. All give the same `Plan` as the offline
evaluation of the same stack. What such a file holds is never trusted: whatever is wrong with it
is an `InputError` that names the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.plan import options as recorded
from havre.plan import urns
from havre.plan.json_files import ANEW, flag, items, mapping, word
from havre.plan.model import SANDBOX_MARK, Plan, PlannedResource
from havre.plan.urns import STACK_TYPE
from havre.plan.values import UNKNOWN, Secret, from_struct, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MASK = "[secret]"
"""What `pulumi preview --json` writes in place of a secret."""


def _urns(values: Any, where: str) -> tuple[str, ...]:
    found = items(values, where)
    if all(isinstance(urn, str) for urn in found):
        return tuple(sorted(found))
    message = f"{where}: no list of URNs"
    raise InputError(message, ANEW)


def _unmasked(value: Any) -> Any:
    """A value of a preview, with every mask as the secret that it stands for."""
    if isinstance(value, str) and value == MASK:
        return Secret(UNKNOWN)
    if isinstance(value, dict):
        return {key: _unmasked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unmasked(inner) for inner in value]
    return value


def _custom(values: Mapping[str, Any], where: str) -> bool:
    """Whether a provider makes a resource: what has an id or a provider is made by one.

    Raises:
        InputError: a value has the wrong type.
    """
    said = flag(values, "custom", where)
    return said or any(word(values, key, where) for key in ("id", "provider"))


DEEPEST = 100
"""Objects and lists within one another that are read."""


def properties(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Properties as plain values.

    Raises:
        InputError: they are nested too deeply.
    """
    if _is_deeper(values, DEEPEST):
        message = f"{where} are nested too deeply: {DEEPEST} levels are read"
        raise InputError(message, ANEW)
    return {key: plain(value) for key, value in values.items()}


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists stand within one another in more than so many levels."""
    if not levels:
        return True
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, (dict, list)) and _is_deeper(inner, levels - 1):
            return True
    return False


def resource(state: Any, where: str, operation: str = "") -> PlannedResource:
    """One resource of Pulumi's state format.

    Args:
        state: its JSON value.
        where: its place in the file, for messages.
        operation: what a preview would do to it.

    Raises:
        InputError: it is malformed.
    """
    values = mapping(state, where)
    urn = word(values, "urn", where, needed=True)
    where = f"{where} ({urn})"
    dependencies = mapping(values.get("propertyDependencies"), f"{where}: propertyDependencies")
    masked = bool(operation)
    inputs = told(values, "inputs", where, masked=masked)
    return PlannedResource(
        urn=urn,
        type=word(values, "type", where, needed=True),
        name=urns.name(urn),
        custom=_custom(values, where),
        inputs=inputs,
        parent=word(values, "parent", where),
        dependencies=_urns(values.get("dependencies"), f"{where}: dependencies"),
        property_dependencies={
            key: found
            for key, urns in sorted(dependencies.items())
            if urns != [] and (found := _urns(urns, f"{where}: propertyDependencies.{key}"))
        },
        protect=flag(values, "protect", where),
        provider=word(values, "provider", where),
        retain_on_delete=flag(values, "retainOnDelete", where),
        operation=operation,
        id=word(values, "id", where),
        external=flag(values, "external", where),
        options=recorded.from_state(values),
        outputs=_outputs(values, inputs, where, masked=masked),
    )


def _outputs(
    values: Mapping[str, Any], inputs: Mapping[str, Any], where: str, *, masked: bool
) -> dict[str, Any]:
    """A resource's outputs; most repeat an input, which is not read twice."""
    given, returned = mapping(values.get("inputs"), where), values.get("outputs")
    both = mapping(returned, f"{where}: outputs")
    more = {key: value for key, value in both.items() if key not in given or given[key] != value}
    own = told({"outputs": more}, "outputs", where, masked=masked)
    return {key: own[key] if key in own else inputs[key] for key in both}


def told(values: Mapping[str, Any], name: str, where: str, *, masked: bool) -> dict[str, Any]:
    """The properties under a name, as plain values.

    Args:
        values: what holds them.
        name: their name.
        where: their place in the file, for messages.
        masked: whether the file is a preview, which masks secrets.

    Raises:
        InputError: they are no object, or are nested too deeply.
    """
    where = f"{where}: {name}"
    found = properties(mapping(values.get(name), where), where)
    return {key: _unmasked(value) for key, value in found.items()} if masked else found


def plan_of(
    provider: str,
    stands: Iterable[PlannedResource],
    source: str,
    goes: Iterable[PlannedResource] = (),
) -> Plan:
    """A plan of what stands and what goes; a file that tells of nothing is no plan.

    What is only read was never the stack's to take away; what is retained is left standing.

    Raises:
        InputError: there is no resource at all.
    """
    kept = tuple(stands)
    taken = tuple(resource for resource in goes if not resource.external)
    if not any(resource.made for resource in (*kept, *taken)):
        message = f"{source} contains no resource"
        raise InputError(message, "An empty plan proves nothing: name the stack's own output.")
    return Plan(
        provider=provider,
        resources=kept,
        removed=tuple(r for r in taken if not r.retain_on_delete),
        released=tuple(r for r in taken if r.retain_on_delete),
    )


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
            outputs=_mark(message.provider),
            protect=message.options.protect,
            provider=message.provider.urn,
        )
        for message in resources
    ]
    return plan_of(provider, found, "the request")


def _mark(provider: Any) -> dict[str, Any]:
    """The mark of a sandbox where the provider of a resource says that it is one."""
    told = from_struct(provider.properties).get(SANDBOX_MARK)
    return {SANDBOX_MARK: True} if str(told).lower() == "true" else {}
