"""What a member connects with: a role and an account for hours, in files of their own (0600).

Nothing is kept: each credential has new secrets, and replaces the one before.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.database.wanted import MEMBER_HOURS, member_role
from havre.errors import GuardError, InputError
from havre.spec.model import is_pseudonym
from havre_local.machine.folder import PRIVATE, locked, password
from havre_local.machine.members import roles
from havre_local.machine.objects import gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql.roles import end_of
from havre_local.machine.postgresql.server import administering, settings_for
from havre_local.machine.projects import CREDENTIALS, PGPASS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from havre_local.machine.folder import Folder


@dataclass(frozen=True)
class ProjectMembers:
    """A project, as its members enter it.

    Attributes:
        project: its name.
        database: that it reads.
        buckets: of its zones.
        members: pseudonyms of those who have an identity of their own.
        expires: its last day, UTC, which no credential outlives.
    """

    project: str
    database: str
    buckets: frozenset[str]
    members: tuple[str, ...]
    expires: dt.date


@dataclass(frozen=True)
class MemberCredential:
    """A member's way into one project.

    Attributes:
        identity: name of the role and of the account.
        until: when both stores refuse it, UTC.
        files: folder of its files.
        secrets: password, access key and secret, as environment variables.
    """

    identity: str
    until: dt.datetime
    files: Path
    secrets: Mapping[str, str]


def issue(
    folder: Folder, into: ProjectMembers, member: str, hours: float = MEMBER_HOURS
) -> MemberCredential:
    """Give a member of a project a new credential; a former one is refused from now on.

    Args:
        folder: the data folder, its services running.
        into: the project, as deployed.
        member: who asks, by pseudonym.
        hours: how long it is accepted.

    Raises:
        InputError: it is not a pseudonym, or no member of the project.
        GuardError: the project has ended.
        RetryError: a store does not answer.
    """
    project, database = into.project, into.database
    refuse_others(project, member, into.members)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    until = min(now + dt.timedelta(hours=hours), end_of(into.expires))
    if until <= now:
        message = f"Project {project} ended on {into.expires}. Its members get no credentials"
        raise GuardError(message, "Extend `expires` in the warehouse file, then run `havre up`.")
    name = member_role(member, project)
    with administering(folder) as connect:
        secret = roles.issue(folder, connect, name, project, database, until)
    key = _open_account(folder, name, into.buckets, until)
    libpq = settings_for(folder, database, name)
    line = ":".join((libpq["host"], libpq["port"], database, name, secret))
    files = _files(folder, member, project)
    folder.custody.hand_out(files / PGPASS, f"{line}\n".encode())
    folder.custody.hand_out(files / CREDENTIALS, objectstore.shared_credentials(name, key))
    secrets = {"PGPASSWORD": secret, "AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": key}
    return MemberCredential(name, until, files, secrets)


def refuse_others(project: str, member: str, members: Collection[str]) -> None:
    """Refuse whoever is no member of a project; what may be a name is not repeated.

    Raises:
        InputError: it is not a pseudonym, or no member of the project.
    """
    if not is_pseudonym(member):
        message = "--as: not a pseudonym such as m-3f9c27d1"
        remedy = "Write the member into the warehouse file by a pseudonym, then run `havre up`."
        raise InputError(message, remedy)
    if member not in members:
        message = f"{member} is not a member of project {project}, as deployed"
        raise InputError(message, "Add it to `members` in the warehouse file, then run `havre up`.")


def _open_account(folder: Folder, name: str, zones: Collection[str], until: dt.datetime) -> str:
    """Give the account a new secret and the project's zones until a time; returns the secret."""
    secret = password()
    with locked(folder, gateway.SERVICE):
        if name in gateway.known_accounts(folder):
            gateway.update_account(folder, name, secret)
        else:
            gateway.create_account(folder, name, secret)
    for zone in objectstore.zones(folder):
        if zone.bucket in zones:
            objectstore.ensure_grants(folder, zone.bucket, name, until)
        else:
            objectstore.revoke_grants(folder, zone.bucket, name)
    return secret


def _files(folder: Folder, member: str, project: str) -> Path:
    """The folder of a credential's files: of a member, then of a project."""
    files = folder.root / "members" / member / project
    for directory in (files.parent.parent, files.parent, files):
        if not os.path.lexists(directory):
            folder.custody.make_folder(directory, PRIVATE)
    return files


def settle(folder: Folder, of: ProjectMembers) -> None:
    """Put members out who have left the project, and hold the others to its zones.

    Args:
        folder: the data folder, its services running.
        of: the project, as it is to be.

    Raises:
        ProviderError: a store refused.
        RetryError: a store does not answer, or a session does not end.
    """
    with administering(folder) as connect:
        with connect(of.database) as connection:
            left = roles.unwanted(connection, of.project, of.members)
        roles.drop(folder, connect, left)
    listed = {member_role(member, of.project) for member in of.members}
    for name in roles.names(of.project, gateway.known_accounts(folder)):
        if name in listed and name not in left:
            _keep_within(folder, name, of.buckets)
        else:
            _close_account(folder, name)
    _take_files(folder, of.project, of.members)


def _keep_within(folder: Folder, name: str, zones: Collection[str]) -> None:
    """Revoke the grants of an account outside its project's zones."""
    for zone in objectstore.zones(folder):
        if zone.bucket not in zones:
            objectstore.revoke_grants(folder, zone.bucket, name)


def _close_account(folder: Folder, name: str) -> None:
    for zone in objectstore.zones(folder):
        objectstore.revoke_grants(folder, zone.bucket, name)
    with locked(folder, gateway.SERVICE):
        gateway.remove_account(folder, name)


def _take_files(folder: Folder, project: str, members: Collection[str]) -> None:
    """Remove the files of those who are no members of a project."""
    parent = folder.root / "members"
    for member in folder.custody.names(parent):
        if member not in members:
            for name in (PGPASS, CREDENTIALS):
                folder.custody.take_back(parent / member / project / name)


def remove(folder: Folder, project: str) -> None:
    """Put all members of a project out; none is fine.

    Raises:
        ProviderError: a store refused.
        RetryError: a store does not answer, or a session does not end.
    """
    with administering(folder) as connect:
        roles.drop(folder, connect, roles.all_of(connect, project))
    for name in roles.names(project, gateway.known_accounts(folder)):
        _close_account(folder, name)
    _take_files(folder, project, ())


def differ(
    folder: Folder, project: str, members: Collection[str], zones: Collection[str]
) -> tuple[str, ...]:
    """Accounts that `settle` would remove, or whose grants it would change.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    listed = {member_role(member, project) for member in members}
    present = roles.names(project, gateway.known_accounts(folder))
    outside = objectstore.granted_outside(folder, [n for n in present if n in listed], zones)
    return tuple(sorted({name for name in present if name not in listed} | outside))
