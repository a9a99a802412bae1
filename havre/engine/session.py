"""What one run speaks to: the servicers of its packages, each made ready at its first use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from havre.engine.servicer import Client
from havre.engine.state import default_provider
from havre.engine.steps import CLI_HINT
from havre.errors import MissingDependencyError
from havre.plan.urns import PROVIDER_PREFIX
from havre.plan.values import UNKNOWN_TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import provider_pb2_grpc

    from havre.engine.state import ResourceState, State


@dataclass
class Session:
    """The clients of one run.

    Attributes:
        servicers: by package.
        project: name of the Pulumi project.
        stack: name of the stack.
        state: as the run found it.
        dry: whether the run is a preview.
    """

    servicers: Mapping[str, provider_pb2_grpc.ResourceProviderServicer]
    project: str
    stack: str
    state: State
    dry: bool = False
    _ready: dict[str, Client] = field(default_factory=dict, init=False)
    _made: dict[str, ResourceState] = field(default_factory=dict, init=False)
    _found: dict[str, ResourceState] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for old in self.state.resources:
            if old.type.startswith(PROVIDER_PREFIX) and not old.delete:
                self._found.setdefault(old.type.removeprefix(PROVIDER_PREFIX), old)

    def _recorded(self, package: str) -> ResourceState | None:
        return self._found.get(package)

    def provider(self, package: str) -> ResourceState:
        """The provider of a package: as recorded, else the default one, made now."""
        found = self._recorded(package) or self._made.get(package)
        if found is None:
            found = self._made[package] = default_provider(self.project, self.stack, package)
        return found

    def _served(self, package: str) -> provider_pb2_grpc.ResourceProviderServicer:
        if package not in self.servicers:
            message = f"the embedded engine has no provider `{package}`: it needs the Pulumi CLI"
            raise MissingDependencyError(message, CLI_HINT)
        return self.servicers[package]

    def client(self, package: str, *, registered: bool = False) -> Client:
        """The client of a package.

        Args:
            package: first word of a type.
            registered: whether the program has a resource of it; else only the state has.

        Raises:
            MissingDependencyError: the package does not run in this process.
            ProviderError: its servicer refuses to be configured.
        """
        if package not in self._ready:
            client = Client(self._served(package))
            provider, recorded = self.provider(package), self._recorded(package) is not None
            identity = provider.id if recorded or not self.dry else UNKNOWN_TEXT
            inputs = client.configure(provider, identity, registered=registered, recorded=recorded)
            if not recorded:
                self._made[package] = replace(provider, inputs=inputs, outputs=inputs)
            self._ready[package] = client
        return self._ready[package]

    def refuse_unserved(self) -> None:
        """Refuse a state with a resource that no servicer has, before anything is done.

        Raises:
            MissingDependencyError: naming the resource and its type.
        """
        for old in (*self.state.resources, *self.state.pending):
            if old.bears:
                Client(self._served(old.package)).refuse_unserved(old.type, old.name)
