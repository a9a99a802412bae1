"""Pulumi resources of this machine: dynamic ones, so that no plugin is needed.

A `Kind` is a handful of plain functions; `Managed` is the one provider class behind all of
them. It is pickled by reference to this module with the kind's own reference, so that the
state holds no code and stays the same in process and under the Pulumi CLI.
"""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

if TYPE_CHECKING:
    from havre_local.machine.folder import Folder

Props = Mapping[str, Any]
PROVIDER_KEY = "__provider"


@dataclass(frozen=True)
class Kind:
    """How one kind of resource is made, changed, looked at and removed.

    Every function must be safe to run again after a crash at any point.

    Attributes:
        ensure: make or change the resource to match its inputs; returns the outputs.
        remove: remove it; raises GuardError while it holds data.
        look: outputs as they are now, or None where it is gone.
        drifted: whether the resource needs `ensure` although its inputs are unchanged.
        identity: names of the inputs whose change makes it another resource.
        check: why inputs cannot be met on this machine, by input.
    """

    ensure: Callable[[Props], dict[str, Any]]
    remove: Callable[[Props], None]
    look: Callable[[Props], dict[str, Any] | None]
    drifted: Callable[[Props], bool] = lambda _props: False
    identity: tuple[str, ...] = ("data_dir",)
    check: Callable[[Props], Mapping[str, str]] = lambda _props: {}


def kind_at(reference: str) -> Kind:
    """The kind at `module:NAME`."""
    module, _, name = reference.partition(":")
    kind: Kind = getattr(import_module(module), name)
    return kind


class Managed(ResourceProvider):
    """Serves every kind of resource of this machine."""

    serialize_as_secret_always = False

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse what this machine cannot do before anything is made."""
        reasons = kind_at(self.kind).check(news)
        return CheckResult(news, [CheckFailure(name, why) for name, why in reasons.items()])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare inputs with what was made; outputs that no input decides are stable."""
        kind = kind_at(self.kind)
        changed = [k for k in news if k != PROVIDER_KEY and olds.get(k) != news[k]]
        return DiffResult(
            changes=bool(changed) or kind.drifted(olds),
            replaces=[key for key in changed if key in kind.identity],
            stables=[key for key in olds if key not in news],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the resource; its id is its kind with what makes it another of that kind."""
        kind = kind_at(self.kind)
        names = [str(props[key]) for key in kind.identity if key != "data_dir"]
        id_ = "/".join((self.kind.rpartition(":")[2].lower(), *(names or ["warehouse"])))
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


def folder_of(props: Props) -> Folder:
    """The data folder that a resource belongs to."""
    from havre_local.machine.folder import Folder

    return Folder(Path(props["data_dir"]))


def serialised(kind: str) -> str:
    """The provider of a kind as Pulumi keeps it: a reference, without code."""
    return base64.b64encode(pickle.dumps(Managed(kind), protocol=4)).decode()


class MachineResource(pulumi.CustomResource):
    """A dynamic resource of this machine: its kind, and the outputs that making it tells.

    It is what `pulumi.dynamic.Resource` makes, but for how the provider is serialised: the
    SDK's own way (3.272) patches `pickle` anew for every resource and never undoes it, so that
    a process fails with a RecursionError after some hundreds of them.
    """

    KIND = ""
    TOLD: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            f"pulumi-python:dynamic/havre-local:{type(self).__name__}",
            name,
            {**props, **dict.fromkeys(self.TOLD), PROVIDER_KEY: serialised(self.KIND)},
            opts,
        )


class DataFolder(MachineResource):
    """The data folder, with its layout and its certification authority."""

    KIND = "havre_local.parts.network:FOLDER"
    TOLD = ("authority",)
    authority: pulumi.Output[str]


class Key(MachineResource):
    """An encryption key, in versions."""

    KIND = "havre_local.parts.keys:KEY"
    TOLD = ("reference", "version", "holds_data")
    reference: pulumi.Output[str]
    version: pulumi.Output[int]


class LogStore(MachineResource):
    """Where every service's logs go."""

    KIND = "havre_local.parts.audit:LOGS"
    TOLD = ("location", "holds_data")
    location: pulumi.Output[str]


class ObjectStore(MachineResource):
    """The S3 service."""

    KIND = "havre_local.parts.zones:STORE"
    TOLD = ("endpoint",)
    endpoint: pulumi.Output[str]


class Zone(MachineResource):
    """A bucket with its versions and lock."""

    KIND = "havre_local.parts.zones:ZONE"
    TOLD = ("holds_data",)
    bucket: pulumi.Output[str]


class DatabaseServer(MachineResource):
    """The PostgreSQL service."""

    KIND = "havre_local.parts.database:SERVER"
    TOLD = ("endpoint", "served_version")
    endpoint: pulumi.Output[str]
    served_version: pulumi.Output[int]


class Database(MachineResource):
    """The warehouse's database, with its extensions."""

    KIND = "havre_local.parts.database:DATABASE"
    TOLD = ("holds_data",)
    name: pulumi.Output[str]


class Schema(MachineResource):
    """The tables of one zone."""

    KIND = "havre_local.parts.database:SCHEMA"
    TOLD = ("holds_data",)
    name: pulumi.Output[str]


class ProjectAccess(MachineResource):
    """A project's identity in both stores, with exactly its zones."""

    KIND = "havre_local.parts.access:PROJECT"
    TOLD = ("identity",)
    identity: pulumi.Output[str]


class BackupPolicy(MachineResource):
    """How long backups are kept, and with which key they are encrypted."""

    KIND = "havre_local.parts.backup:POLICY"
    TOLD = ("location", "holds_data")
    location: pulumi.Output[str]
