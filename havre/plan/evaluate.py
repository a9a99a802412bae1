"""Offline evaluation: the very program that `pulumi up` runs, without CLI or account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from havre.plan.model import Plan, PlannedResource
from havre.plan.monitor import STACK_TYPE, Monitor, Registered, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from havre.provider import Gap


@dataclass
class Recorder:
    """Records every resource; outputs are the inputs, what is missing is unknown."""

    resources: list[PlannedResource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def register(self, resource: PlannedResource) -> Registered:
        """Record a resource."""
        self.resources.append(resource)
        return Registered("", resource.inputs)

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Keep the stack's outputs; those of components add nothing to a plan."""
        if urn.split("::")[2] == STACK_TYPE:
            self.outputs.update(outputs)


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
    warnings = run(program, Monitor(project, stack, recorder), dry_run=True, threaded=False)
    return Plan(
        provider=provider,
        resources=tuple(recorder.resources),
        outputs=recorder.outputs,
        gaps=gaps,
        warnings=tuple(warnings),
    )
