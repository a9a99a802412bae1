"""Resources that a provider makes by functions of its own: dynamic ones, so no plugin is needed.

A `Kind` is a handful of plain functions; `Managed` is the one provider class behind all of them.
It is pickled by reference to this module with the kind's own reference, so that the state holds
no code and no secret, and is the same in process and under the Pulumi CLI.
"""

from __future__ import annotations

import base64
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from google.protobuf import empty_pb2
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from havre.errors import HavreError, MissingDependencyError
from havre.plan import urns
from havre.plan.replacing import HOLDS_DATA, Bears, Replacing
from havre.plan.urns import DYNAMIC_PACKAGE
from havre.plan.values import bare, to_struct, wire_values
from havre.provider.operations import Deviating, Deviation

if TYPE_CHECKING:
    from havre.plan import Plan

Props = Mapping[str, Any]
PROVIDER_KEY = "__provider"
"""Property in which Pulumi keeps the serialised provider of a dynamic resource."""
UNSERVED = "Install the version of the provider's distribution that made it, or use the Pulumi CLI."


@dataclass(frozen=True)
class Departure:
    """In what a resource is not as it was made, although its inputs are unchanged.

    Attributes:
        what: what differs, in words: the file, service, role or setting, and how it is now.
        started: whether an update starts what is stopped; else it puts it back as recorded.
    """

    what: str
    started: bool = False


@dataclass(frozen=True)
class Kind:
    """How one kind of resource is made, changed, looked at and removed.

    Every function must be safe to run again after a crash at any point.

    Attributes:
        ensure: make or change the resource to match its inputs; returns the outputs.
        remove: remove it; raises GuardError while it holds data.
        look: outputs as they are now, or None where it is gone.
        departures: why the resource needs `ensure` although its inputs are unchanged.
        identity: names of the inputs that tell it from others of its kind; a change of one makes
            it another resource, and its id is made of them.
        within: names of the inputs that say where it is; a change makes it another resource too.
        check: why inputs cannot be met, by input.
        varying: outputs that an update may change although no input decides them.
        changing: why what was made with former inputs cannot be changed to new ones, by input.
    """

    ensure: Callable[[Props], dict[str, Any]]
    remove: Callable[[Props], None]
    look: Callable[[Props], dict[str, Any] | None]
    departures: Callable[[Props], Iterable[Departure]] = lambda _props: ()
    identity: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    check: Callable[[Props], Mapping[str, str]] = lambda _props: {}
    varying: tuple[str, ...] = ()
    changing: Callable[[Props, Props], Mapping[str, str]] = lambda _olds, _news: {}


def kind_at(reference: str) -> Kind:
    """The kind at `module:NAME`."""
    module, _, name = reference.partition(":")
    kind: Kind = getattr(import_module(module), name)
    return kind


class Managed(ResourceProvider):
    """Serves every kind of resource.

    Args:
        kind: reference of the kind, `module:NAME`.
    """

    serialize_as_secret_always = False

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def configure(self, req: ConfigureRequest) -> None:
        """Have the Pulumi CLI show an error of Havre's as its message, without a traceback.

        The SDK's server of dynamic resources (3.272) sends `traceback.format_exc()` to the CLI
        whatever is raised, and offers no other way. It calls this once before anything else.
        """
        super().configure(req)
        server = sys.modules["__main__"]
        shown = getattr(server, "traceback", None)
        if hasattr(server, "DynamicResourceProviderServicer") and not isinstance(shown, Told):
            vars(server)["traceback"] = Told(shown)

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse what cannot be done before anything is made or changed."""
        kind = kind_at(self.kind)
        reasons = {**kind.check(news), **(kind.changing(olds, news) if olds else {})}
        return CheckResult(news, [CheckFailure(name, why) for name, why in reasons.items()])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare inputs with what was made; outputs that no input decides are stable."""
        kind = kind_at(self.kind)
        given = [key for key in news if key != PROVIDER_KEY and news[key] is not None]
        changed = [key for key in given if olds.get(key) != news[key]]
        stable = olds.keys() - news.keys() - set(kind.varying)
        return DiffResult(
            changes=bool(changed) or any(True for _ in kind.departures(olds)),
            replaces=[key for key in changed if key in (*kind.identity, *kind.within)],
            stables=[key for key in olds if key in stable],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the resource; its id is its kind with what makes it another of that kind."""
        kind = kind_at(self.kind)
        names = [str(props[key]) for key in kind.identity if key not in kind.within]
        word = self.kind.rpartition(":")[2].lower().replace("_", "-")
        id_ = "/".join((word, *(names or ["warehouse"])))
        return CreateResult(id_, {**props, **kind.ensure(props)})

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change the resource in place."""
        return UpdateResult({**news, **kind_at(self.kind).ensure(news)})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The resource as it is now."""
        now = kind_at(self.kind).look(props)
        return ReadResult("", {}) if now is None else ReadResult(id_, {**props, **now})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Remove the resource."""
        kind_at(self.kind).remove(props)


class Told:
    """The module `traceback`, for which an error of Havre's is its message and the remedy.

    Any other error, and every one where `HAVRE_DEBUG` is set, is shown with its traceback.

    Args:
        traceback: the module.
    """

    def __init__(self, traceback: Any) -> None:
        self._traceback = traceback

    def __getattr__(self, name: str) -> Any:
        return getattr(self._traceback, name)

    def format_exc(self) -> str:
        """The error at hand, as it is shown."""
        error = sys.exception()
        if isinstance(error, HavreError) and not os.environ.get("HAVRE_DEBUG"):
            return str(error)
        shown: str = self._traceback.format_exc()
        return shown


def serialised(kind: str) -> str:
    """The provider of a kind as Pulumi keeps it: a reference, the same text in every process."""
    return base64.b64encode(pickle.dumps(Managed(kind), protocol=4)).decode()


class DynamicResource(pulumi.CustomResource):
    """A dynamic resource: its kind, and the outputs that making it gives.

    A class below it sets `PACKAGE` (the middle of its type token), `KIND` (reference of its kind)
    and `OUTPUTS`, and annotates what other resources read. `BEARS` is what is lost with it, where
    it has no output `holds_data`; `UNSENT` names inputs whose change its kind does not make,
    `GROWS` those that it lets grow only, and `WAY` what to do instead.

    It is what `pulumi.dynamic.Resource` makes, but for how the provider is serialised: the SDK's
    own way (3.272) patches `pickle` anew for every resource and never undoes it, so that a
    process fails with a RecursionError after some hundreds of them.
    """

    PACKAGE: ClassVar[str] = ""
    KIND: ClassVar[str] = ""
    OUTPUTS: ClassVar[tuple[str, ...]] = ()
    BEARS: ClassVar[Bears] = Bears.NOTHING
    UNSENT: ClassVar[tuple[str, ...]] = ()
    GROWS: ClassVar[tuple[str, ...]] = ()
    WAY: ClassVar[str] = ""

    @classmethod
    def replacing(cls) -> Replacing:
        """What a change of its inputs does, by its kind's own word."""
        kind = kind_at(cls.KIND)
        bears = Bears.DATA if HOLDS_DATA in cls.OUTPUTS else cls.BEARS
        replaced = tuple(dict.fromkeys((*kind.identity, *kind.within)))
        return Replacing(bears, replaced, grows=cls.GROWS, unsent=cls.UNSENT, way=cls.WAY)

    @classmethod
    def token(cls) -> str:
        """Its type token."""
        return f"{DYNAMIC_PACKAGE}:dynamic/{cls.PACKAGE}:{cls.__name__}"

    def __init__(
        self, name: str, props: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            self.token(),
            name,
            {**props, **dict.fromkeys(self.OUTPUTS), PROVIDER_KEY: serialised(self.KIND)},
            opts,
        )


@dataclass(frozen=True)
class DynamicServicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves dynamic resources in this process, by a fixed table: no code is read from a state.

    It answers as the SDK's own servicer does (`pulumi.dynamic.__main__`, which cannot be imported
    without starting a server), and passes on the properties that a diff declares stable.

    Attributes:
        providers: the provider of each type token.
    """

    providers: Mapping[str, ResourceProvider]

    def _provider(self, request: Any) -> ResourceProvider:
        """The provider of a request's resource.

        Raises:
            MissingDependencyError: the table does not have its type.
        """
        kind = urns.types(request.urn)[-1]
        self.refuse_unserved(kind, urns.name(request.urn))
        return self.providers[kind]

    def departures(self, kind: str, props: Props) -> tuple[Departure, ...]:
        """In what a resource of a type is not as it was made; empty: in nothing that is told."""
        reference = getattr(self.providers.get(kind), "kind", "")
        return tuple(kind_at(reference).departures(props)) if reference else ()

    def refuse_unserved(self, kind: str, resource: str) -> None:
        """Refuse a type that the table does not have.

        Raises:
            MissingDependencyError: naming the resource and its type.
        """
        if kind not in self.providers:
            message = f"{resource}: no installed provider serves the type `{kind}`"
            raise MissingDependencyError(message, UNSERVED)

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        """Answer as the SDK's servicer: secrets are not told apart, previews not tried."""
        return provider_pb2.ConfigureResponse(acceptSecrets=False)

    def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        """Validate and complete the inputs."""
        news, olds = wire_values(request.news), wire_values(request.olds)
        result = self._provider(request).check(olds, news)
        inputs = {**result.inputs, PROVIDER_KEY: news[PROVIDER_KEY]}
        failures = [
            provider_pb2.CheckFailure(property=f.property, reason=f.reason)
            for f in result.failures or []
        ]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    def Diff(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """What an update would change."""
        news, olds = wire_values(request.news), wire_values(request.olds)
        result = self._provider(request).diff(request.id, olds, news)
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
        result = self._provider(request).create(props)
        outs = {**(result.outs or {}), PROVIDER_KEY: props[PROVIDER_KEY]}
        return provider_pb2.CreateResponse(id=result.id, properties=to_struct(outs))

    def Update(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Change the resource in place."""
        news, olds = wire_values(request.news), wire_values(request.olds)
        result = self._provider(request).update(request.id, olds, news)
        outs = {**(result.outs or {}), PROVIDER_KEY: news[PROVIDER_KEY]}
        return provider_pb2.UpdateResponse(properties=to_struct(outs))

    def Delete(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Remove the resource."""
        props = wire_values(request.properties)
        self._provider(request).delete(request.id, props)
        return empty_pb2.Empty()

    def Read(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """The resource as it is now; an empty id where it is gone."""
        props = wire_values(request.properties) or wire_values(request.inputs)
        result = self._provider(request).read(request.id, props)
        outs = {**(result.outs or {}), PROVIDER_KEY: props[PROVIDER_KEY]}
        return provider_pb2.ReadResponse(id=result.id or "", properties=to_struct(outs))


def deviating(
    resources: Iterable[type[DynamicResource]], plan: Plan, remedy: str
) -> Iterator[Deviating]:
    """What of a state's dynamic resources is gone, or not as it says.

    Args:
        resources: the kinds that are looked at.
        plan: what the state amounts to.
        remedy: what to do about it.

    Raises:
        HavreError: one cannot be looked at.
    """
    served = {each.token(): each for each in resources}
    for resource in plan.resources:
        if (one := served.get(resource.type)) is None:
            continue
        kind, props = kind_at(one.KIND), {**bare(resource.inputs), **bare(resource.outputs)}
        if kind.look(props) is None:
            yield Deviating(Deviation.GONE, one.__name__, resource.name, remedy)
        elif found := [each.what for each in kind.departures(props)]:
            yield Deviating(Deviation.DIFFERS, one.__name__, resource.name, remedy, tuple(found))


def replacing(*resources: type[DynamicResource]) -> dict[str, Replacing]:
    """What changes of dynamic resources do, by type."""
    return {each.token(): each.replacing() for each in resources}


def servicers(*resources: type[DynamicResource]) -> dict[str, DynamicServicer]:
    """What a provider gives as `servicers` where all its resources are dynamic: by package."""
    table = {each.token(): Managed(each.KIND) for each in resources}
    return {DYNAMIC_PACKAGE: DynamicServicer(table)}
