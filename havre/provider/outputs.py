"""The outputs of a stack: what connects to a warehouse reads them, whoever provides it.

`OUTPUTS_VERSION` is written with them. What an earlier version lacks cannot be made up by its
reader, so it is refused with the one command that writes the outputs again. None of them is a
secret: keys are references, and identities are names.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from havre.documents.problems import dotted
from havre.documents.validation import problem_of
from havre.errors import InputError, StateError
from havre.plan.values import UNKNOWN
from havre.provider.contract import OUTPUTS_VERSION

FORMER = frozenset({"endpoints", "zones", "keys", "projects", "gaps"})
"""Names of the outputs before they had a version."""
AGAIN = "Run `havre up` or `pulumi up` once: outputs are written again, and no resource changes."

Text = Annotated[str, StringConstraints(min_length=1)]
_WHOLE = frozenset({"model_type", "model_attributes_type", "dict_type", "mapping_type"})
"""Errors of pydantic where a section was expected: one that is unknown as a whole is a fault."""


class OutputSection(BaseModel):
    """A section of the outputs: what the model does not name is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecoveryAddress(OutputSection):
    """Where copies are at the recovery site."""

    region: Text = Field(description="the provider's name of the place")
    endpoint: Text | None = Field(
        default=None, description="where clients reach the copies; none where they are restored"
    )
    bucket: Text | None = Field(default=None, description="bucket or container of the copies")


class CertificateSource(OutputSection):
    """Where the certificate is by which clients know a server."""

    kind: Literal["system", "file", "api"] = Field(
        description="`system`: among those that the system trusts; `file`: in a file of the "
        "warehouse's folder; `api`: read from the provider's API"
    )
    location: str = Field(default="", description="path of that file, or of the call")


class ZoneAddress(OutputSection):
    """Where the objects of a zone are."""

    account: Text | None = Field(
        default=None, description="account that owns the container, where the service has accounts"
    )
    bucket: Text = Field(description="bucket or container")
    endpoint: Text = Field(description="where clients reach it")
    region: Text = Field(description="region, as clients of the service name it")
    identifier: Text = Field(description="what the provider calls it, unique among the zones")
    authority: CertificateSource = Field(description="certificate to verify the service by")
    recovery: RecoveryAddress | None = Field(default=None, description="copies elsewhere")


class KeyReferences(OutputSection):
    """References to keys by what they encrypt; absent where the provider uses its own."""

    zones: Mapping[str, Text] = Field(description="by zone")
    database: Text | None = Field(default=None, description="of the database")
    backup: Text | None = Field(default=None, description="of the backups")


class DatabaseAddress(OutputSection):
    """Where the database is."""

    host: Text = Field(description="name or address")
    port: Annotated[int, Field(gt=0, le=65535)] = Field(description="TCP port")
    name: Text = Field(description="name of the database")
    region: Text = Field(description="the provider's name of the place")
    identifier: Text = Field(description="what the provider calls the server")
    authority: CertificateSource = Field(description="certificate to verify the server by")
    recovery: RecoveryAddress | None = Field(default=None, description="copies elsewhere")


class RegistryAddress(OutputSection):
    """Where images are."""

    endpoint: Text = Field(description="where clients reach it")
    region: Text = Field(description="the provider's name of the place")
    identifier: Text = Field(description="what the provider calls it")


class ClusterAddress(OutputSection):
    """Where the cluster's API is."""

    endpoint: Text = Field(description="where clients reach the API")
    region: Text = Field(description="the provider's name of the place")
    identifier: Text = Field(description="what the provider calls it")
    issuer: str | None = Field(default=None, description="issuer of workloads' tokens")


class ProjectIdentity(OutputSection):
    """What a project acts as; its members are never named."""

    identity: Text = Field(description="what the provider calls the identity")
    zones: tuple[str, ...] = Field(description="zones that it reads")
    expires: dt.date = Field(description="last day of the authorisation")


class LogAddress(OutputSection):
    """Where logs go."""

    sink: Text = Field(description="what the provider calls it")


class BackupAddress(OutputSection):
    """Where backups are."""

    location: Text = Field(description="what the provider calls it")
    region: Text = Field(description="the provider's name of the place")


class GapSource(OutputSection):
    """Where a gap was read."""

    source: Text = Field(description="the document")
    read_on: dt.date = Field(description="the day on which it was read")


class DeclaredGap(OutputSection):
    """What the provider cannot do for this warehouse: see `havre.capabilities.Gap`."""

    control: Text = Field(description="control that it touches")
    capability: Text = Field(description="what is missing")
    support: Text = Field(description="how far the provider answers for it")
    reason: Text = Field(description="why")
    fallback: Text = Field(description="what is applied instead")
    evidence: GapSource = Field(description="source and date")
    risk: Text = Field(description="what remains at risk")
    fields: tuple[str, ...] = Field(default=(), description="fields without effect because of it")


class Outputs(OutputSection):
    """The outputs of a stack, by the names under which it exports them."""

    version: Literal[1] = Field(description="version of the outputs")
    provider: Text = Field(description="who provides the warehouse")
    warehouse: Text = Field(description="its name")
    environment: Text = Field(description="what it is for")
    zones: Mapping[str, ZoneAddress] = Field(description="object stores, by zone")
    keys: KeyReferences = Field(description="references to keys, by what they encrypt")
    database: DatabaseAddress = Field(description="the database")
    registry: RegistryAddress | None = Field(default=None, description="registry, if there is one")
    cluster: ClusterAddress | None = Field(default=None, description="cluster, if there is one")
    projects: Mapping[str, ProjectIdentity] = Field(description="identities, by project")
    audit: LogAddress = Field(description="where logs go")
    backup: BackupAddress = Field(description="where backups are")
    gaps: tuple[DeclaredGap, ...] = Field(description="what the provider cannot do")

    def zone(self, name: str) -> ZoneAddress:
        """Where a zone is.

        Raises:
            InputError: there is no such zone.
        """
        found = self.zones.get(name)
        if found is None:
            message = f"warehouse `{self.warehouse}` has no zone `{name}`"
            raise InputError(message, f"Its zones: {', '.join(sorted(self.zones))}.")
        return found


def read_outputs(document: Mapping[str, Any]) -> Outputs:
    """The outputs of a warehouse that is deployed.

    Args:
        document: the stack's outputs as plain values, as `pulumi stack output --json` writes
            them, or those of the component in a state.

    Raises:
        InputError: they are newer than this Havre, from before outputs had a version, not yet
            told (nothing is deployed), or of another program.
        StateError: they depart from the model; each departure is named, and no value.
    """
    _refuse_version(document)
    wrong = output_faults(document)
    if wrong:
        message = f"the outputs of the stack are damaged: {'; '.join(wrong)}"
        raise StateError(message, AGAIN)
    untold = [path for path, _, unknown in _departures(document) if unknown]
    if untold:
        message = f"only a deployment shows {', '.join(untold)}"
        raise InputError(message, "Deploy the warehouse: `havre up` or `pulumi up`.")
    return Outputs.model_validate(document)


def output_faults(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Where outputs depart from the model; empty where nowhere.

    A value that only a deployment tells is no fault, so that those of a plan can be held
    against the model too.
    """
    wrong = [f"{path}: {why}" for path, why, unknown in _departures(document) if not unknown]
    return (*wrong, *_repeated(document), *_unreachable(document))


def _departures(document: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Path and reason of each departure, and whether the value there is not yet told."""
    try:
        Outputs.model_validate(document)
    except ValidationError as error:
        for issue in error.errors(include_url=False, include_context=False):
            untold = issue["input"] is UNKNOWN and issue["type"] not in _WHOLE
            yield dotted(issue["loc"]), problem_of(issue), untold


def _repeated(document: Mapping[str, Any]) -> Iterator[str]:
    """Zones that bear another's identifier: whoever connects would take one for the other."""
    zones = document.get("zones")
    seen: dict[str, str] = {}
    for name, zone in zones.items() if isinstance(zones, Mapping) else ():
        identifier = zone.get("identifier") if isinstance(zone, Mapping) else None
        if isinstance(identifier, str) and seen.setdefault(identifier, name) != name:
            yield f"zones.{name}.identifier: it is also that of zone {seen[identifier]}"


def _unreachable(document: Mapping[str, Any]) -> Iterator[str]:
    """Zones that a project reads and the outputs lack."""
    zones, projects = document.get("zones"), document.get("projects")
    if not isinstance(zones, Mapping) or not isinstance(projects, Mapping):
        return
    for name, project in projects.items():
        read = project.get("zones") if isinstance(project, Mapping) else None
        for zone in read if isinstance(read, list | tuple) else ():
            if isinstance(zone, str) and zone not in zones:
                yield f"projects.{name}.zones: there is no zone {zone}"


def _refuse_version(document: Mapping[str, Any]) -> None:
    version = document.get("version")
    if isinstance(version, int) and version > OUTPUTS_VERSION:
        message = f"the outputs are of version {version}, and this Havre reads {OUTPUTS_VERSION}"
        raise InputError(message, "Use the Havre that deployed the warehouse, or a later one.")
    if version is None and set(document) >= FORMER:
        message = "the outputs were written by an earlier Havre, which exported less"
        raise InputError(message, AGAIN)
    if version is None:
        message = "the stack exports no outputs of a warehouse"
        raise InputError(message, "Name a stack of `stacks/warehouse`, or one with the component.")
