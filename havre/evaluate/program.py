"""Offline evaluation: the very program that `pulumi up` runs, without CLI or account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from havre.evaluate.monitor import Monitor, Registered, run
from havre.plan import urns
from havre.plan.model import Plan, PlannedResource
from havre.plan.urns import STACK_TYPE
from havre.plan.values import Secret
from havre.startup import collecting_later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from havre.provider import Gap


def _echoed(value: Any) -> bool:
    """Whether an input tells the output of the same name.

    A list or an object does not: the output may have another shape, as with identities that
    are given as a list and told as a mapping, and its members that only a provider can tell
    would seem to be missing where they are unknown.
    """
    if isinstance(value, Secret):
        return _echoed(value.value)
    return not isinstance(value, dict | list)


@dataclass
class Recorder:
    """Records every resource; plain inputs are outputs too, all else is unknown."""

    resources: list[PlannedResource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def register(self, resource: PlannedResource) -> Registered:
        """Record a resource."""
        self.resources.append(resource)
        return Registered("", {k: v for k, v in resource.inputs.items() if _echoed(v)})

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Keep the stack's outputs; those of components add nothing to a plan."""
        if urns.is_stack(urn):
            self.outputs.update(outputs)


def _in_order(resources: list[PlannedResource], monitor: Monitor) -> tuple[PlannedResource, ...]:
    """The resources as the program constructed them, so that a plan reads the same each time.

    They are registered as their inputs become known, which chance decides; what a resource
    needs was always constructed before it.
    """
    first = {STACK_TYPE: -1}
    last = len(monitor.constructed)
    return tuple(
        sorted(
            resources,
            key=lambda r: first.get(r.type, monitor.constructed.get((r.type, r.name), last)),
        )
    )


def evaluate(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    provider: str = "",
    gaps: tuple[Gap, ...] = (),
) -> Plan:
    """The plan of a Pulumi program, computed in this process.

    Args:
        program: the program's body.
        project: name of the Pulumi project.
        stack: name of the stack.
        provider: name of the provider, for the record.
        gaps: what the provider declares for the spec, for the record.

    Returns:
        The plan: the same resources and inputs that the Pulumi CLI would be sent.

    Raises:
        HavreError: the program or a provider refuses its input.
    """
    recorder = Recorder()
    monitor = Monitor(project, stack, recorder)
    with collecting_later():
        warnings = run(program, monitor, dry_run=True, threaded=False)
    return Plan(
        provider=provider,
        resources=_in_order(recorder.resources, monitor),
        outputs=recorder.outputs,
        gaps=gaps,
        warnings=tuple(warnings),
    )
