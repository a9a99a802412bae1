"""Running a Pulumi program in this process, with a monitor of our own.

Pulumi's SDK sends every registration to a resource monitor, normally the CLI over gRPC.
Here it is an object in the same process (as in `pulumi.runtime.mocks`): a `Registrar`
decides what each resource becomes, so that the same program can be evaluated, previewed
or applied.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import Settings, configure
from pulumi.runtime.proto import engine_pb2, resource_pb2
from pulumi.runtime.settings import ROOT, SETTINGS
from pulumi.runtime.stack import run_in_stack

from havre.errors import HavreError, InputError
from havre.evaluate.spared import spared
from havre.plan import urns
from havre.plan.model import PlannedResource
from havre.plan.options import from_request
from havre.plan.values import from_struct, to_struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
)
_FEATURE_NAMES = frozenset(
    {"secrets", "resourceReferences", "aliasSpecs", "deletedWith", "replaceWith"}
)


@dataclass(frozen=True)
class Registered:
    """What a registrar made of a resource: its id (empty: not known yet) and its outputs."""

    id: str
    outputs: Mapping[str, Any]


class Registrar(Protocol):
    """Decides what becomes of each resource of a program."""

    def register(self, resource: PlannedResource) -> Registered:
        """Take a resource; raise a `HavreError` to stop the program."""
        ...

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Take the outputs of a component or of the stack."""
        ...


@dataclass
class Monitor:
    """Answers the SDK's calls in process; one registration at a time."""

    project: str
    stack: str
    registrar: Registrar
    aliases: bool = False
    """Whether former names are passed on, which takes most of the time of an evaluation."""
    failure: Exception | None = field(default=None, init=False)
    constructed: dict[tuple[str, str], int] = field(default_factory=dict, init=False)
    """When the program constructed each resource, by type and name."""
    registered: set[str] = field(default_factory=set, init=False)
    """URNs of all that is registered: Pulumi refuses a second resource of one URN."""

    def urn(self, parent: str, kind: str, name: str) -> str:
        """The URN as the Pulumi engine builds it: the types of all ancestors, then the name."""
        return urns.make(self.stack, self.project, kind, name, parent)

    def _planned(self, request: Any) -> PlannedResource:
        return PlannedResource(
            urn=self.urn(request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            custom=request.custom,
            inputs=from_struct(request.object),
            parent=request.parent,
            dependencies=tuple(sorted(request.dependencies)),
            property_dependencies={
                key: tuple(sorted(found.urns))
                for key, found in sorted(request.propertyDependencies.items())
                if found.urns
            },
            protect=bool(request.protect),
            provider=request.provider,
            retain_on_delete=bool(request.retainOnDelete),
            options=from_request(request),
        )

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        """Register a resource; after a failure every further one is refused."""
        if self.failure is not None:
            message = f"not reached: {request.name}"
            raise HavreError(message)
        try:
            planned = self._planned(request)
            self._refuse_twin(planned)
            made = self.registrar.register(planned)
        except Exception as error:
            self.failure = error
            raise
        return resource_pb2.RegisterResourceResponse(
            urn=planned.urn, id=made.id, object=to_struct(made.outputs)
        )

    def _refuse_twin(self, planned: PlannedResource) -> None:
        """Refuse a resource that has another's name.

        Raises:
            InputError: it has.
        """
        if planned.urn in self.registered:
            message = f"two resources of the type `{planned.type}` have the name `{planned.name}`"
            remedy = "Rename the zone or the project after which one of them is named."
            raise InputError(message, remedy)
        self.registered.add(planned.urn)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Register the outputs of a component."""
        if self.failure is None:
            self.registrar.register_outputs(request.urn, from_struct(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """An existing resource: its id is known, the rest only its provider can tell."""
        urn = self.urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """A provider's function: nobody can answer it in process."""
        message = f"the program calls `{request.tok}`, which only its provider can answer"
        raise HavreError(message, "Pass what it would return as a setting of the stack.")

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        """What this monitor understands (asked by older SDKs)."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURE_NAMES)

    def GetDeploymentInfo(self, _request: Any) -> Any:  # noqa: N802
        """What this monitor understands."""
        return resource_pb2.DeploymentInfo(supportedFeatures=list(_FEATURES))

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        """A parameterised package: named by itself."""
        return resource_pb2.RegisterPackageResponse(ref=request.name)

    def SignalAndWaitForShutdown(self, _request: Any) -> Any:  # noqa: N802
        """The end of the program."""
        return empty_pb2.Empty()


@dataclass
class Messages:
    """Takes what the program logs, in place of the CLI's engine."""

    warnings: list[str] = field(default_factory=list)

    def Log(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        """Keep warnings and errors; pass the rest to `logging`."""
        if request.severity in (engine_pb2.WARNING, engine_pb2.ERROR):
            self.warnings.append(request.message)
        else:
            logging.getLogger(__name__).debug(request.message)
        return empty_pb2.Empty()


def _transformation(monitor: Monitor) -> pulumi.ResourceTransformation:
    """Note the order of construction, and forget former names where nobody needs them."""

    def transform(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult:
        monitor.constructed.setdefault((args.type_, args.name), len(monitor.constructed))
        if not monitor.aliases:
            args.opts.aliases = None
        return pulumi.ResourceTransformationResult(args.props, args.opts)

    return transform


def _quietly(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what the loop complains of: after a failure every waiting output repeats it."""
    logging.getLogger(__name__).debug("event loop: %s", context.get("message"))


async def _cancel_pending() -> None:
    pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


async def _settled() -> None:
    """Wait for the program's outputs all at once; what fails is left for the SDK to raise.

    The SDK's own wait begins anew over all that is pending whenever one is done.
    """
    while pending := [output for output in SETTINGS.outputs if not output.done()]:
        await asyncio.wait(pending)


def run(
    program: Callable[[], None],
    monitor: Monitor,
    *,
    dry_run: bool,
    threaded: bool = True,
) -> list[str]:
    """Run a Pulumi program to its end against `monitor`.

    Args:
        program: the program's body.
        monitor: takes the registrations, one at a time and always in the same order.
        dry_run: whether outputs that nobody gave are unknown rather than missing.
        threaded: register resources on a thread of their own, where a provider may wait;
            else on this one, in the same order every time.

    Returns:
        The warnings that the program logged.

    Raises:
        Exception: the first thing raised by the program or by the registrar.
    """
    messages = Messages()

    async def body() -> None:
        pulumi.runtime.register_stack_transformation(_transformation(monitor))
        program()
        await _settled()

    def isolated() -> None:
        configure(
            Settings(
                project=monitor.project,
                stack=monitor.stack,
                monitor=monitor,
                engine=messages,
                dry_run=dry_run,
                organization="organization",
            )
        )
        ROOT.set(None)
        executor = ThreadPoolExecutor(max_workers=1) if threaded else Inline()
        _run_loop(body, monitor, executor)

    with spared():
        contextvars.copy_context().run(isolated)
    return messages.warnings


class Inline(ThreadPoolExecutor):
    """Runs what is submitted at once, on the caller's thread: order depends on nothing else."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed over, as an executor does
            future.set_exception(error)
        return future


def _run_loop(
    body: Callable[[], Awaitable[None]], monitor: Monitor, executor: ThreadPoolExecutor
) -> None:
    """Run on an event loop of its own; one registration is handled at a time."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(executor)
    loop.set_exception_handler(_quietly)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(body))
    except Exception:
        if monitor.failure is not None:
            raise monitor.failure from None
        raise
    finally:
        loop.run_until_complete(_cancel_pending())
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()
