"""Pulumi resources of this machine: dynamic ones, so that no plugin is needed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from havre.plan.replacing import Bears
from havre.provider import dynamic
from havre.provider.dynamic import DynamicResource, Props, serialised

if TYPE_CHECKING:
    from havre_local.machine.folder import Folder

__all__ = ["Kind", "Managed", "Props", "serialised"]

Kind = partial(dynamic.Kind, within=("data_dir",))
"""A kind of resource within a data folder."""


class Managed(dynamic.Managed):
    """The provider class of states that were written before the core had one.

    They name each kind one level above `havre_local.parts`, where it stood then.
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read a former state's reference of a kind."""
        package, _, rest = str(state["kind"]).partition(".")
        known = package != "havre_local" or rest.startswith("parts.")
        self.kind = state["kind"] if known else f"{package}.parts.{rest}"


def folder_of(props: Props) -> Folder:
    """The data folder that a resource belongs to."""
    from havre_local.machine.folder import Folder

    return Folder(Path(props["data_dir"]))


class MachineResource(DynamicResource):
    """A dynamic resource of this machine."""

    PACKAGE = "havre-local"


class DataFolder(MachineResource):
    """The data folder, with its layout and its certification authority."""

    KIND = "havre_local.parts.network:FOLDER"
    OUTPUTS = ("authority",)
    authority: pulumi.Output[str]


class Key(MachineResource):
    """An encryption key, in versions."""

    KIND = "havre_local.parts.keys:KEY"
    OUTPUTS = ("reference", "version", "holds_data")
    reference: pulumi.Output[str]
    version: pulumi.Output[int]


class LogStore(MachineResource):
    """Where every service's logs go."""

    KIND = "havre_local.parts.audit:LOGS"
    OUTPUTS = ("location", "holds_data")
    location: pulumi.Output[str]


class ObjectStore(MachineResource):
    """The S3 service."""

    KIND = "havre_local.parts.zones:STORE"
    OUTPUTS = ("endpoint",)
    endpoint: pulumi.Output[str]


class Zone(MachineResource):
    """A bucket with its versions and lock."""

    KIND = "havre_local.parts.zones:ZONE"
    OUTPUTS = ("holds_data",)
    GROWS = ("immutable_days",)
    WAY = "Keep the value until the last lock has ended, or add a zone with the new value."
    bucket: pulumi.Output[str]


class DatabaseServer(MachineResource):
    """The PostgreSQL service."""

    KIND = "havre_local.parts.database:SERVER"
    OUTPUTS = ("endpoint", "served_version")
    UNSENT = ("asked_version",)
    WAY = (
        "Back up, deploy into a new folder with that version of PostgreSQL installed, "
        "and restore there."
    )
    endpoint: pulumi.Output[str]
    served_version: pulumi.Output[int]


class Database(MachineResource):
    """The warehouse's database, with its extensions."""

    KIND = "havre_local.parts.database:DATABASE"
    OUTPUTS = ("holds_data",)
    name: pulumi.Output[str]


class Schema(MachineResource):
    """The tables of one zone."""

    KIND = "havre_local.parts.database:SCHEMA"
    OUTPUTS = ("holds_data",)
    name: pulumi.Output[str]


class ProjectAccess(MachineResource):
    """A project's identity in both stores, with exactly its zones."""

    KIND = "havre_local.parts.access:PROJECT"
    OUTPUTS = ("identity",)
    BEARS = Bears.IDENTITY
    identity: pulumi.Output[str]


class BackupPolicy(MachineResource):
    """How long backups are kept, and with which key they are encrypted."""

    KIND = "havre_local.parts.backup:POLICY"
    OUTPUTS = ("location", "holds_data")
    location: pulumi.Output[str]


RESOURCES: tuple[type[MachineResource], ...] = (
    DataFolder,
    Key,
    LogStore,
    ObjectStore,
    Zone,
    DatabaseServer,
    Database,
    Schema,
    ProjectAccess,
    BackupPolicy,
)
"""Every kind of resource of this machine."""
