"""The client of provider servicers in process: what the Pulumi CLI would call over gRPC.

A servicer implements `pulumi.runtime.proto.provider_pb2_grpc.ResourceProviderServicer`; a
provider gives its own (`havre.provider.SERVICERS`). Calls and fields are those of the CLI's client,
`sdk/go/common/resource/plugin/provider_plugin.go` in Pulumi's sources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.runtime.proto import provider_pb2

from havre.errors import HavreError, ProviderError
from havre.plan import urns
from havre.plan.values import bare, from_struct, holds_unknown, marked, to_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi.runtime.proto import provider_pb2_grpc

    from havre.engine.state import ResourceState
    from havre.provider.dynamic import Departure

REPLACING = frozenset(
    {
        provider_pb2.PropertyDiff.ADD_REPLACE,
        provider_pb2.PropertyDiff.DELETE_REPLACE,
        provider_pb2.PropertyDiff.UPDATE_REPLACE,
    }
)
"""Kinds of difference that make a resource another one."""


class InProcessContext:
    """Stands in for gRPC's context: an aborted call raises."""

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.details = ""
        self.code: grpc.StatusCode | None = None

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        """End the call."""
        self.code = code
        message = f"{self.resource}: {details} ({code.name})"
        raise ProviderError(message)

    def set_code(self, code: grpc.StatusCode) -> None:
        """Note the status; the servicer raises by itself afterwards."""
        self.code = code

    def set_details(self, details: str) -> None:
        """Note why."""
        self.details = details


def _call(
    method: Callable[[Any, Any], Any], request: Any, resource: str, *, optional: bool = False
) -> Any:
    """Call a servicer; whatever it raises names the resource.

    Args:
        method: of the servicer.
        request: its message.
        resource: in messages.
        optional: whether a servicer may lack the method; the answer is None then.
    """
    context = InProcessContext(resource)
    try:
        return method(request, context)
    except Exception as error:
        if optional and context.code is grpc.StatusCode.UNIMPLEMENTED:
            return None
        if isinstance(error, HavreError):
            raise
        message = f"{resource}: {type(error).__name__}: {error}"
        raise ProviderError(message, "Fix the cause and run again.") from error


@dataclass(frozen=True)
class Difference:
    """A provider's answer to a diff."""

    changes: bool
    replaces: tuple[str, ...]
    stables: tuple[str, ...]
    delete_before_replace: bool


@dataclass(frozen=True)
class Understood:
    """What a servicer understands beyond plain values.

    Attributes:
        secrets: secrets marked as such; else it is given plain values, and what was secret is
            marked again in its answers.
        previews: creations and updates that are only tried.
    """

    secrets: bool = False
    previews: bool = False


@dataclass
class Client:
    """Calls a servicer for one resource at a time, with plain values.

    Attributes:
        servicer: of one package.
        understood: what it understands, once `configure` has asked.
    """

    servicer: provider_pb2_grpc.ResourceProviderServicer
    understood: Understood = field(default_factory=Understood)

    def refuse_unserved(self, kind: str, resource: str) -> None:
        """Refuse a type that the servicer says it has not; one that does not say has all.

        Raises:
            HavreError: as the servicer raises it.
        """
        refuse = getattr(self.servicer, "refuse_unserved", None)
        if refuse is not None:
            refuse(kind, resource)

    def configure(
        self, provider: ResourceState, identity: str, *, registered: bool, recorded: bool
    ) -> dict[str, Any]:
        """Make the servicer ready, as the CLI does after starting a plugin.

        Args:
            provider: the record of the package's provider.
            identity: its id, which is unknown in the preview of its creation.
            registered: whether the program registers it, so that its inputs are checked.
            recorded: whether the state has it already.

        Returns:
            The provider's inputs, as the servicer completed them.

        Raises:
            ProviderError: the servicer refuses.
        """
        about = _about(provider.urn)
        name, inputs = about["name"], to_struct(provider.inputs)
        greeted = _call(self.servicer.Handshake, GREETING, name, optional=True)
        if registered:
            inputs = self._check_config(about, inputs, recorded=recorded)
        request = provider_pb2.ConfigureRequest(
            **about,
            id=identity,
            args=inputs,
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
        )
        answer = _call(self.servicer.Configure, request, name, optional=True)
        if greeted is not None:
            self.understood = Understood(greeted.accept_secrets, previews=True)
        elif answer is not None:
            self.understood = Understood(answer.acceptSecrets, answer.supportsPreview)
        return from_struct(inputs)

    def _check_config(self, about: Mapping[str, Any], inputs: Any, *, recorded: bool) -> Any:
        """The provider's own inputs, as it completes them."""
        request = provider_pb2.CheckRequest(**about, olds=inputs, news=inputs)
        answer = _call(self.servicer.CheckConfig, request, about["name"], optional=True)
        if answer is not None:
            _refuse_failures(about["name"], answer.failures)
        if recorded:
            difference = provider_pb2.DiffRequest(
                **about, olds=inputs, old_inputs=inputs, news=inputs
            )
            _call(self.servicer.DiffConfig, difference, about["name"], optional=True)
        return inputs if answer is None else answer.inputs

    def _sent(self, values: Mapping[str, Any]) -> Any:
        """Properties as the servicer understands them."""
        return to_struct(values if self.understood.secrets else bare(values))

    def _received(self, struct: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """Properties of an answer; what was secret in those given is secret again."""
        values = from_struct(struct)
        return values if self.understood.secrets else marked(values, given)

    def check(
        self, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any], seed: bytes
    ) -> dict[str, Any]:
        """The checked inputs.

        Args:
            urn: of the resource.
            olds: inputs as recorded; none where it is made anew.
            news: inputs that the program gives.
            seed: 32 bytes, from which the provider makes what is to be random.

        Raises:
            ProviderError: the provider refuses some; each is named.
        """
        about = _about(urn)
        request = provider_pb2.CheckRequest(
            **about, olds=self._sent(olds), news=self._sent(news), randomSeed=seed
        )
        response = _call(self.servicer.Check, request, about["name"])
        _refuse_failures(about["name"], response.failures)
        return self._received(response.inputs, news)

    def diff(
        self, old: ResourceState, news: Mapping[str, Any], ignored: Sequence[str] = ()
    ) -> Difference:
        """What would change; where a provider cannot tell, changed inputs do."""
        about = _about(old.urn)
        request = provider_pb2.DiffRequest(
            **about,
            id=old.id,
            olds=self._sent(old.outputs),
            old_inputs=self._sent(old.inputs),
            news=self._sent(news),
            ignoreChanges=ignored,
        )
        response = _call(self.servicer.Diff, request, about["name"])
        detailed = [k for k, found in response.detailedDiff.items() if found.kind in REPLACING]
        changes = response.changes == provider_pb2.DiffResponse.DIFF_SOME
        if response.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN:
            changes = bare(old.inputs) != bare(news)
        return Difference(
            changes=changes,
            replaces=tuple(dict.fromkeys((*response.replaces, *detailed))),
            stables=tuple(response.stables),
            delete_before_replace=response.deleteBeforeReplace,
        )

    def departures(self, old: ResourceState) -> tuple[Departure, ...]:
        """In what a resource is not as it was made; empty where its servicer does not tell."""
        ask = getattr(self.servicer, "departures", None)
        if ask is None:
            return ()
        about = _about(old.urn)
        given = (about["type"], bare(old.outputs))
        found: tuple[Departure, ...] = _call(lambda it, _context: ask(*it), given, about["name"])
        return found

    def create(
        self, urn: str, inputs: Mapping[str, Any], timeout: float = 0, *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """Make the resource; its id and outputs.

        Args:
            urn: of the resource.
            inputs: as checked.
            timeout: seconds that it may take; 0: as its provider likes.
            preview: only try; outputs may be unknown, and there is no id.
        """
        about = _about(urn)
        request = provider_pb2.CreateRequest(
            **about, properties=self._sent(inputs), timeout=timeout, preview=preview
        )
        response = _call(self.servicer.Create, request, about["name"])
        outputs = self._received(response.properties, inputs)
        if not preview:
            _refuse_unfinished(about["name"], outputs, response.id)
        return response.id, outputs

    def update(
        self,
        old: ResourceState,
        news: Mapping[str, Any],
        timeout: float = 0,
        ignored: Sequence[str] = (),
        *,
        preview: bool = False,
    ) -> dict[str, Any]:
        """Change the resource in place; its outputs."""
        about = _about(old.urn)
        request = provider_pb2.UpdateRequest(
            **about,
            id=old.id,
            olds=self._sent(old.outputs),
            old_inputs=self._sent(old.inputs),
            news=self._sent(news),
            timeout=timeout,
            ignoreChanges=ignored,
            preview=preview,
        )
        response = _call(self.servicer.Update, request, about["name"])
        outputs = self._received(response.properties, news)
        if not preview:
            _refuse_unfinished(about["name"], outputs, old.id)
        return outputs

    def delete(self, old: ResourceState) -> None:
        """Remove the resource."""
        about = _about(old.urn)
        request = provider_pb2.DeleteRequest(
            **about,
            id=old.id,
            properties=self._sent(old.outputs),
            old_inputs=self._sent(old.inputs),
            timeout=old.timeouts.get("delete", 0),
        )
        _call(self.servicer.Delete, request, about["name"])

    def read(self, old: ResourceState) -> dict[str, Any] | None:
        """The outputs as they are now; None where the resource is gone."""
        found = self.find(old)
        return found[1] if found else None

    def find(self, old: ResourceState) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Inputs and outputs as they are now; None where the resource is gone.

        A provider that tells no inputs leaves them as they are recorded.
        """
        about = _about(old.urn)
        request = provider_pb2.ReadRequest(
            **about,
            id=old.id,
            properties=self._sent(old.outputs),
            inputs=self._sent(old.inputs),
            timeout=old.timeouts.get("read", 0),
        )
        response = _call(self.servicer.Read, request, about["name"])
        if not response.id:
            return None
        told = self._received(response.inputs, old.inputs)
        return told or dict(old.inputs), self._received(response.properties, old.outputs)


GREETING = provider_pb2.ProviderHandshakeRequest(configure_with_urn=True)
"""What this engine says of itself; it has no servers that a provider could call."""


def _about(urn: str) -> dict[str, Any]:
    """The fields by which every request names its resource."""
    return {"urn": urn, "name": urns.name(urn), "type": urns.types(urn)[-1]}


def _refuse_failures(name: str, failures: Sequence[Any]) -> None:
    """Stop where a provider refuses inputs; each is named.

    Raises:
        ProviderError: there are some.
    """
    if failures:
        reasons = "; ".join(f"`{f.property}`: {f.reason}" for f in failures)
        message = f"{name}: {reasons}"
        raise ProviderError(message, "Fix the warehouse file or the settings.")


def _refuse_unfinished(name: str, outputs: Mapping[str, Any], identity: str) -> None:
    """Stop where a provider gives no id, or leaves outputs unknown.

    Raises:
        ProviderError: it does; the CLI refuses the same.
    """
    unknown = sorted(key for key, value in outputs.items() if holds_unknown(value))
    if unknown or not identity:
        what = f"left unknown: {', '.join(unknown)}" if unknown else "gave no id"
        message = f"{name}: its provider {what}"
        raise ProviderError(message, "Report it to the makers of the provider.")
