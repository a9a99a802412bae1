"""The client of provider servicers in process: what the Pulumi CLI would call over gRPC.

A servicer implements `pulumi.runtime.proto.provider_pb2_grpc.ResourceProviderServicer`; a
provider gives its own (`havre.provider.SERVICERS`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import provider_pb2

from havre.errors import HavreError, ProviderError
from havre.plan import urns
from havre.plan.values import from_struct, to_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc


class InProcessContext:
    """Stands in for gRPC's context: an aborted call raises."""

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.details = ""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        """End the call."""
        message = f"{self.resource}: {details} ({code.name})"
        raise ProviderError(message)

    def set_code(self, code: grpc.StatusCode) -> None:
        """Note the status; the servicer raises by itself afterwards."""

    def set_details(self, details: str) -> None:
        """Note why."""
        self.details = details


def _call(method: Callable[[Any, Any], Any], request: Any, resource: str) -> Any:
    """Call a servicer; whatever it raises names the resource."""
    try:
        return method(request, InProcessContext(resource))
    except HavreError:
        raise
    except Exception as error:
        message = f"{resource}: {type(error).__name__}: {error}"
        raise ProviderError(message, "Mend the cause and run again.") from error


@dataclass(frozen=True)
class Difference:
    """A provider's answer to a diff."""

    changes: bool
    replaces: tuple[str, ...]
    stables: tuple[str, ...]
    delete_before_replace: bool


@dataclass(frozen=True)
class Client:
    """Calls a servicer for one resource at a time, with plain values."""

    servicer: provider_pb2_grpc.ResourceProviderServicer

    def check(self, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The checked inputs.

        Raises:
            ProviderError: the provider refuses some; each is named.
        """
        name = urns.name(urn)
        request = provider_pb2.CheckRequest(urn=urn, olds=to_struct(olds), news=to_struct(news))
        response = _call(self.servicer.Check, request, name)
        if response.failures:
            reasons = "; ".join(f"`{f.property}`: {f.reason}" for f in response.failures)
            message = f"{name}: {reasons}"
            raise ProviderError(message, "Mend the spec or the settings.")
        return from_struct(response.inputs)

    def diff(
        self,
        urn: str,
        identity: str,
        olds: Mapping[str, Any],
        news: Mapping[str, Any],
        ignored: Sequence[str] = (),
    ) -> Difference:
        """What would change; a provider that cannot tell counts as changed."""
        request = provider_pb2.DiffRequest(
            id=identity, urn=urn, olds=to_struct(olds), news=to_struct(news), ignoreChanges=ignored
        )
        response = _call(self.servicer.Diff, request, urns.name(urn))
        unchanged = response.changes == provider_pb2.DiffResponse.DIFF_NONE
        return Difference(
            changes=not unchanged,
            replaces=tuple(response.replaces),
            stables=tuple(response.stables),
            delete_before_replace=response.deleteBeforeReplace,
        )

    def create(self, urn: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make the resource; its id and outputs."""
        request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs))
        response = _call(self.servicer.Create, request, urns.name(urn))
        return response.id, from_struct(response.properties)

    def update(
        self, urn: str, identity: str, olds: Mapping[str, Any], news: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Change the resource in place; its outputs."""
        request = provider_pb2.UpdateRequest(
            id=identity, urn=urn, olds=to_struct(olds), news=to_struct(news)
        )
        return from_struct(_call(self.servicer.Update, request, urns.name(urn)).properties)

    def delete(self, urn: str, identity: str, outputs: Mapping[str, Any]) -> None:
        """Remove the resource."""
        request = provider_pb2.DeleteRequest(id=identity, urn=urn, properties=to_struct(outputs))
        _call(self.servicer.Delete, request, urns.name(urn))

    def read(self, urn: str, identity: str, outputs: Mapping[str, Any]) -> dict[str, Any] | None:
        """The outputs as they are now; None where the resource is gone."""
        request = provider_pb2.ReadRequest(id=identity, urn=urn, properties=to_struct(outputs))
        response = _call(self.servicer.Read, request, urns.name(urn))
        return from_struct(response.properties) if response.id else None
