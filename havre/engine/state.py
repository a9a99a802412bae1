"""State in Pulumi's own format (version 3), written whole and at once after every step."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from havre.engine.secrets import StateSecrets
from havre.errors import InputError, MissingDependencyError, RetryError, StateError
from havre.files import write_whole
from havre.files.custody import Custody, make_closed
from havre.plan import urns
from havre.plan.options import from_state
from havre.plan.urns import PROVIDER_PREFIX
from havre.plan.values import holds_secret
from havre.stack.standing import state_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from havre.plan import PlannedResource

FORMAT_VERSION = 3


@dataclass(frozen=True)
class ResourceState:
    """A resource as recorded: what Pulumi's state keeps of it."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    delete: bool = False
    additional_secret_outputs: tuple[str, ...] = ()
    timeouts: Mapping[str, float] = field(default_factory=dict)
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()

    @property
    def bears(self) -> bool:
        """Whether it is of something that a provider made."""
        return self.custom and not self.type.startswith(PROVIDER_PREFIX)

    @property
    def secretive(self) -> bool:
        """Whether a secret is, or will be, among its properties."""
        return bool(self.additional_secret_outputs) or any(
            map(holds_secret, (self.inputs, self.outputs))
        )

    @property
    def name(self) -> str:
        """Logical name: the last part of the URN."""
        return urns.name(self.urn)

    @property
    def package(self) -> str:
        """The package of its provider."""
        return self.type.split(":", 1)[0]

    @property
    def needs(self) -> frozenset[str]:
        """URNs that must exist for as long as this resource does."""
        provider = urns.referred(self.provider)
        return frozenset(filter(None, (*self.dependencies, self.parent, provider)))

    def as_json(self, vault: StateSecrets) -> dict[str, Any]:
        """The resource in Pulumi's state format; empty fields left out, as the CLI does."""
        values: dict[str, Any] = {"urn": self.urn, "custom": self.custom}
        optional = {
            "delete": self.delete,
            "id": self.id,
            "type": self.type,
            "inputs": vault.seal(dict(self.inputs), f"{self.urn} inputs"),
            "outputs": vault.seal(dict(self.outputs), f"{self.urn} outputs"),
            "parent": self.parent,
            "protect": self.protect,
            "retainOnDelete": self.retain_on_delete,
            "dependencies": list(self.dependencies),
            "provider": self.provider,
            "propertyDependencies": {k: list(v) for k, v in self.property_dependencies.items()},
            "additionalSecretOutputs": list(self.additional_secret_outputs),
            "customTimeouts": dict(self.timeouts),
            "ignoreChanges": list(self.ignore_changes),
            "replaceOnChanges": list(self.replace_on_changes),
        }
        return values | {key: value for key, value in optional.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any], vault: StateSecrets) -> ResourceState:
        """Read a resource of Pulumi's state format.

        Raises:
            StateError: it is in a condition that only the Pulumi CLI ends.
        """
        _refuse_conditions(values)
        dependencies = values.get("propertyDependencies") or {}
        urn, options = values["urn"], from_state(values)
        return cls(
            urn=urn,
            type=values["type"],
            custom=bool(values.get("custom")),
            id=values.get("id", ""),
            inputs=vault.open(values.get("inputs") or {}, f"{urn} inputs"),
            outputs=vault.open(values.get("outputs") or {}, f"{urn} outputs"),
            parent=values.get("parent", ""),
            dependencies=tuple(values.get("dependencies") or ()),
            property_dependencies={k: tuple(v or ()) for k, v in dependencies.items()},
            provider=values.get("provider", ""),
            protect=bool(values.get("protect")),
            retain_on_delete=bool(values.get("retainOnDelete")),
            delete=bool(values.get("delete")),
            additional_secret_outputs=options.additional_secret_outputs,
            timeouts=options.timeouts,
            ignore_changes=options.ignore_changes,
            replace_on_changes=options.replace_on_changes,
        )

    @classmethod
    def from_plan(cls, planned: PlannedResource, **more: Any) -> ResourceState:
        """The record of a planned resource, completed by `more`."""
        values: dict[str, Any] = {
            "urn": planned.urn,
            "type": planned.type,
            "custom": planned.custom,
            "parent": planned.parent,
            "dependencies": planned.dependencies,
            "property_dependencies": planned.property_dependencies,
            "protect": planned.protect,
            "retain_on_delete": planned.retain_on_delete,
            "additional_secret_outputs": planned.options.additional_secret_outputs,
            "timeouts": planned.options.timeouts,
            "ignore_changes": planned.options.ignore_changes,
            "replace_on_changes": planned.options.replace_on_changes,
        }
        return cls(**(values | more))


CONDITIONS = (
    "external",
    "taint",
    "pendingReplacement",
    "initErrors",
    "viewOf",
    "deletedWith",
    "replaceWith",
    "replacementTrigger",
    "resourceHooks",
    "refreshBeforeUpdate",
    "extensionRef",
    "snippetID",
)
"""Fields of a record by which the Pulumi CLI would do something that this engine does not."""


def _refuse_conditions(values: Mapping[str, Any]) -> None:
    """Refuse a record that asks for what only the Pulumi CLI does.

    Raises:
        MissingDependencyError: it does; each field is named.
    """
    found = [name for name in CONDITIONS if values.get(name)]
    if found:
        name = urns.name(values["urn"])
        message = f"{name}: the state records {', '.join(found)}, which the embedded engine lacks"
        raise MissingDependencyError(message, "Use the Pulumi CLI. Nothing was changed.")


def default_provider(project: str, stack: str, package: str) -> ResourceState:
    """A record of the default provider of a package, as the Pulumi CLI would make it."""
    kind = f"{PROVIDER_PREFIX}{package}"
    urn = urns.make(stack, project, kind, "default")
    return ResourceState(urn=urn, type=kind, custom=True, id=str(uuid.uuid4()))


@dataclass
class State:
    """All resources of a stack, dependencies first, and what was begun and not finished.

    Attributes:
        resources: as recorded.
        pending: what was begun and not finished.
        vault: its secrets.
    """

    resources: list[ResourceState] = field(default_factory=list)
    pending: list[ResourceState] = field(default_factory=list)
    vault: StateSecrets = field(default_factory=StateSecrets, compare=False)
    _lines: dict[int, tuple[ResourceState, str]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def find(self, urn: str) -> ResourceState | None:
        """The live record of a resource."""
        return next((r for r in self.resources if r.urn == urn and not r.delete), None)

    def text(self) -> str:
        """The state as JSON, one resource a line: what did not change is not written anew."""
        known, self._lines = self._lines, {}
        for resource in self.resources:
            line = known.get(id(resource))
            kept = line if line and line[0] is resource else (resource, self._line(resource))
            self._lines[id(resource)] = kept
        lines = ",\n".join(self._lines[id(resource)][1] for resource in self.resources)
        rest = json.dumps({k: v for k, v in self._deployment([]).items() if k != "resources"})
        deployment = f'{{"resources": [\n{lines}\n], {rest[1:]}'
        return f'{{"version": {FORMAT_VERSION}, "deployment": {deployment}}}\n'

    def _line(self, resource: ResourceState) -> str:
        return json.dumps(resource.as_json(self.vault))

    def as_json(self) -> dict[str, Any]:
        """The state as `pulumi stack export` gives it and `pulumi stack import` takes it."""
        return {"version": FORMAT_VERSION, "deployment": self._deployment(self.resources)}

    def _deployment(self, resources: Sequence[ResourceState]) -> dict[str, Any]:
        """All but the version, with some resources."""
        deployment: dict[str, Any] = {
            "manifest": {"time": "0001-01-01T00:00:00Z", "magic": "", "version": ""},
            "resources": [resource.as_json(self.vault) for resource in resources],
            "metadata": {},
        }
        if self.pending:
            deployment["pending_operations"] = [
                {"resource": resource.as_json(self.vault), "type": "creating"}
                for resource in self.pending
            ]
        if self.vault.recorded is not None:
            deployment["secrets_providers"] = dict(self.vault.recorded)
        return deployment

    @classmethod
    def from_json(cls, document: Mapping[str, Any], where: str = "the state") -> State:
        """Read a deployment.

        Args:
            document: as `pulumi stack export` writes it.
            where: names it in messages.

        Raises:
            ValueError, KeyError, TypeError: it is not one of version 3.
            HavreError: its secrets do not open, or only the Pulumi CLI can go on with it.
        """
        if document["version"] != FORMAT_VERSION:
            message = f"its version is {document['version']!r}, not {FORMAT_VERSION}"
            raise ValueError(message)
        deployment = document["deployment"]
        pending = deployment.get("pending_operations") or []
        vault = StateSecrets(where, deployment.get("secrets_providers"))
        begun = [p["resource"] for p in pending if p["type"] == "creating"]
        return cls(
            [ResourceState.from_json(values, vault) for values in deployment["resources"] or []],
            [ResourceState.from_json(values, vault) for values in begun],
            vault,
        )


def _moved(value: Any, places: Mapping[str, str], ends: Mapping[str, str]) -> Any:
    """A document in which paths below a folder, and the ends of addresses, are others."""
    if isinstance(value, list):
        return [_moved(each, places, ends) for each in value]
    if isinstance(value, dict):
        return {key: _moved(each, places, ends) for key, each in value.items()}
    if isinstance(value, str):
        for former, place in places.items():
            if value == former or value.startswith(f"{former}/"):
                return place + value[len(former) :]
        for old, new in ends.items():
            if value.endswith(old):
                return value.removesuffix(old) + new
    return value


@dataclass(frozen=True)
class StateStore:
    """The state of one stack, in the folder `state` of a warehouse's data folder.

    Files: `stack.json` (Pulumi's format), `stack.json.previous` (as it was before the
    latest run that changed anything), `lock`.
    """

    data_dir: Path

    @property
    def custody(self) -> Custody:
        """What opens the data folder's files, and refuses those that others can have written."""
        return Custody(self.data_dir.absolute())

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.path.parent

    @property
    def path(self) -> Path:
        """The state itself."""
        return state_path(self.data_dir)

    @property
    def previous(self) -> Path:
        """The state before the latest run that changed anything."""
        return self.folder / "stack.json.previous"

    def create(self) -> None:
        """Make the folder.

        Raises:
            GuardError: it, or the data folder, is another account's, or others can write there.
            InputError: the data folder holds something else, or cannot be made.
        """
        self.custody.check("state", "run")
        if self.folder.is_dir():
            return
        try:
            if self.data_dir.is_dir() and any(self.data_dir.iterdir()):
                message = f"{self.data_dir} is not empty and is not the data folder of a warehouse"
                raise InputError(message, "Choose an empty or a new folder with --data-dir.")
            make_closed(self.data_dir, 0o711)
            make_closed(self.folder, 0o700)
        except OSError as error:
            message = f"the data folder {self.data_dir} cannot be made: {error.strerror}"
            raise InputError(message, "Choose another with --data-dir.") from error

    def load(self) -> State:
        """Read the state; an empty one where there is none yet.

        Raises:
            StateError: it is damaged; the remedy names the last good one.
        """
        try:
            content = self.custody.read(self.path.absolute())
            return State.from_json(json.loads(content), str(self.path))
        except FileNotFoundError:
            return State()
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            message = f"the state {self.path} cannot be read: {type(error).__name__}: {error}"
            remedy = (
                f"The state before the latest run is {self.previous}: look at it, then copy it "
                f"to {self.path.name}. Nothing was changed."
                if self.previous.exists()
                else "Restore it from a copy of the data folder. Nothing was changed."
            )
            raise StateError(message, remedy) from error

    def save(self, state: State) -> None:
        """Replace the state at once.

        Raises:
            StateError: it cannot be written; the last good one is kept.
        """
        self._write(self.path, state.text().encode())

    def move(self, former: Path, ports: Mapping[int, int]) -> None:
        """Have the state name this folder wherever it names `former`.

        Args:
            former: the folder that was copied or moved.
            ports: ports that addresses have now, by those that they had.

        Raises:
            StateError: it is damaged, or cannot be written.
        """
        if self.path.exists():
            document = json.loads(json.dumps(self.load().as_json()))
            places = {str(former): str(self.data_dir)}
            moved = _moved(document, places, {f":{old}": f":{new}" for old, new in ports.items()})
            self._write(self.path, json.dumps(moved, indent=1).encode())

    def keep_previous(self) -> None:
        """Set the present state aside before a run changes it."""
        if self.path.exists():
            self._write(self.previous, self.custody.read(self.path.absolute()))

    def remove(self) -> None:
        """Forget a stack of which nothing is left, and its folder if it is empty."""
        self.custody.remove_tree(self.folder.absolute())
        with suppress(OSError):
            self.data_dir.rmdir()

    def _tidy(self) -> None:
        """Remove what killed runs left half-written; the lock keeps others from writing."""
        folder = self.folder.absolute()
        for name in self.custody.names(folder):
            if fnmatch(name, ".*.json*"):
                self.custody.remove(folder / name)

    def _write(self, path: Path, content: bytes) -> None:
        write_whole(path.absolute(), content, write=self.custody.write)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other run out.

        Raises:
            RetryError: another run has the lock.
        """
        with self.custody.lock(self.folder.absolute() / "lock") as lock:
            if not lock.take():
                holder = lock.holder().decode(errors="replace") or "unknown"
                message = f"another run is changing {self.data_dir} (process {holder})"
                raise RetryError(message, "Wait for it to end, then run again.")
            self._tidy()
            lock.name(str(os.getpid()).encode())
            yield
