"""Provider servicers in process: what the Pulumi CLI would call over gRPC.

A servicer implements `pulumi.runtime.proto.provider_pb2_grpc.ResourceProviderServicer`.
`DynamicServicer` serves Pulumi's dynamic resources; it answers as the SDK's own
(`pulumi.dynamic.__main__`, which cannot be imported without starting a server) does, and
passes on the properties that a diff declares stable.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from havre.errors import BugError, HavreError, ProviderError
from havre.plan import urns
from havre.plan.values import from_struct, to_struct, wire_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import grpc

PROVIDER_KEY = "__provider"


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


def _load_provider(serialised: str) -> ResourceProvider:
    """The provider object behind `__provider`: its class by reference, so code is never stale."""
    import dill

    provider = dill.loads(base64.b64decode(serialised))  # noqa: S301 - our own program's text
    if not isinstance(provider, ResourceProvider):
        message = f"`{PROVIDER_KEY}` holds a {type(provider).__name__}, not a provider"
        raise BugError(message)
    provider.configure(ConfigureRequest(config=Config(raw_config={}, project_name="")))
    return provider


@dataclass
class DynamicServicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves Pulumi's dynamic resources, whose provider classes are in the program."""

    _providers: dict[str, ResourceProvider] = field(default_factory=dict)

    def _provider(self, *bags: Mapping[str, Any]) -> ResourceProvider:
        serialised = next(
            bag[PROVIDER_KEY] for bag in bags if isinstance(bag.get(PROVIDER_KEY), str)
        )
        if serialised not in self._providers:
            self._providers[serialised] = _load_provider(serialised)
        return self._providers[serialised]

    def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        """Validate and complete the inputs."""
        news, olds = wire_values(request.news), wire_values(request.olds)
        result = self._provider(news, olds).check(olds, news)
        inputs = {**result.inputs, PROVIDER_KEY: news[PROVIDER_KEY]}
        failures = [
            provider_pb2.CheckFailure(property=f.property, reason=f.reason)
            for f in result.failures or []
        ]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    def Diff(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """What an update would change."""
        news, olds = wire_values(request.news), wire_values(request.olds)
        result = self._provider(news, olds).diff(request.id, olds, news)
        changes = provider_pb2.DiffResponse.DIFF_UNKNOWN
        if result.changes is not None:
            some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
            changes = some if result.changes else none
        return provider_pb2.DiffResponse(
            changes=changes,
            replaces=result.replaces or [],
            stables=result.stables or [],
            deleteBeforeReplace=bool(result.delete_before_replace),
        )

    def Create(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Make the resource."""
        props = wire_values(request.properties)
        result = self._provider(props).create(props)
        outs = {**(result.outs or {}), PROVIDER_KEY: props[PROVIDER_KEY]}
        return provider_pb2.CreateResponse(id=result.id, properties=to_struct(outs))

    def Update(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Change the resource in place."""
        news, olds = wire_values(request.news), wire_values(request.olds)
        result = self._provider(news).update(request.id, olds, news)
        outs = {**(result.outs or {}), PROVIDER_KEY: news[PROVIDER_KEY]}
        return provider_pb2.UpdateResponse(properties=to_struct(outs))

    def Delete(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Remove the resource."""
        props = wire_values(request.properties)
        self._provider(props).delete(request.id, props)
        return empty_pb2.Empty()

    def Read(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """The resource as it is now; an empty id where it is gone."""
        props = wire_values(request.properties) or wire_values(request.inputs)
        result = self._provider(props).read(request.id, props)
        outs = {**(result.outs or {}), PROVIDER_KEY: props[PROVIDER_KEY]}
        return provider_pb2.ReadResponse(id=result.id or "", properties=to_struct(outs))


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
