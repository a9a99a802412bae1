"""What a project's researchers need, by the outputs of a warehouse that is deployed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.provider.outputs import CertificateSource, Outputs, ProjectIdentity, ZoneAddress


@dataclass(frozen=True)
class Addresses:
    """Where a project's data are, and as what it reaches them; outputs hold no secret.

    Attributes:
        project: name of the project.
        access: its identity, its zones and the last day of its authorisation.
        zones: object stores, by zone.
        environment: variables of libpq; neither user nor password is known.
        authority: certificate to verify the database by.
    """

    project: str
    access: ProjectIdentity
    zones: Mapping[str, ZoneAddress]
    environment: Mapping[str, str]
    authority: CertificateSource


def addresses(outputs: Outputs, project: str) -> Addresses:
    """The addresses for a project's researchers.

    Raises:
        InputError: there is no such project, or clients need files of the warehouse's folder.
    """
    if project not in outputs.projects:
        known = ", ".join(sorted(outputs.projects)) or "none"
        message = f"warehouse `{outputs.warehouse}` has no project `{project}`"
        raise InputError(message, f"Its projects: {known}.")
    access = outputs.projects[project]
    zones = {zone: outputs.zones[zone] for zone in access.zones}
    authority = outputs.database.authority
    if "file" in {authority.kind, *(zone.authority.kind for zone in zones.values())}:
        message = f"clients of `{outputs.warehouse}` verify it by a file of its data folder"
        raise InputError(message, "On its machine, name that folder with --data-dir DIR.")
    return Addresses(project, access, zones, _libpq(outputs, project), authority)


def _libpq(outputs: Outputs, project: str) -> dict[str, str]:
    """Variables that lead libpq to the database, which it always verifies."""
    database = outputs.database
    trusted = {"PGSSLROOTCERT": "system"} if database.authority.kind == "system" else {}
    return {
        "HAVRE_PROJECT": project,
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGDATABASE": database.name,
        "PGSSLMODE": "verify-full",
        **trusted,
    }
