"""`havre database admit`: a member of a project gets a role of their own for hours."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.machine.reaching import reached, wanted_of
from havre.errors import InputError

if TYPE_CHECKING:
    from havre.database.admitting import MemberLogin
    from havre.database.wanted import WantedDatabase, WantedMember
    from havre.provider.outputs import DatabaseAddress
    from havre.spec import Warehouse

_SECRET = 0o600
ProjectOption = Annotated[
    str, typer.Option("--project", metavar="PROJECT", help="Name of the project.")
]
MemberOption = Annotated[
    str, typer.Option("--member", metavar="MEMBER", help="Pseudonym of the member.")
]
OutOption = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="New file for the password, which only you can read."
    ),
]


def admit(
    project: ProjectOption,
    member: MemberOption,
    out: OutOption,
    file: ctx.FileArgument = None,
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    *,
    as_json: ctx.JsonOption = False,
) -> None:
    """Give a member a role of their own, for 8 hours.

    The role is in a managed database. It inherits the project's rights and has no others. An
    earlier password of the same member and project is refused at once. The password is written to
    the file alone; the server gets a verifier of it. On a local warehouse, use `havre connect
    PROJECT --as MEMBER`.

    Example: havre database admit --project trial --member m-3f9c27d1 --out ann.pass --state s.json

    Example: havre database admit w.yaml --project trial --member m-0a1b2c3d --out b --state s.json

    Example: havre database admit --project trial --member m-0a1b2c3d --out bob --data-dir rehearsal
    """
    from havre.cli.taken import FILE
    from havre.database.admitting import admit as made
    from havre.provider import DATABASE, find, provides
    from havre.spec.load import load

    at = ctx.standing(data_dir, state, "database")
    if at.data_dir is not None and not at.of_sandbox():
        message = "`havre database admit` is for a managed database"
        raise InputError(message, f"Use `havre connect {project} --as MEMBER`.")
    spec = load(file or FILE).warehouse
    ctx.refuse_replacing(out)
    outputs, live = reached(at, "database")
    profile = provides(find(outputs.provider), DATABASE).given
    if profile is not None and profile.passwordless:
        message = f"on {outputs.provider} no member has a password: {profile.passwordless}"
        raise InputError(message, "Members share the project's identity there.")
    now = dt.datetime.now(dt.UTC)
    asked, _ = wanted_of(spec, at, (outputs, live), now.date())
    role = wanted_member(spec, asked, project, member)
    with console.working("Creating the role"):
        login = made(live.database(), asked, role, now)
    path = _keep(out, outputs.database, login)
    _tell(project, member, login, path, outputs.database, as_json=as_json)


def _tell(
    project: str,
    member: str,
    login: MemberLogin,
    path: Path,
    where: DatabaseAddress,
    *,
    as_json: bool,
) -> None:
    """Show which role was made and where its password is."""
    if as_json:
        told = {"project": project, "member": member, "role": login.role, "file": str(path)}
        told["until"] = login.until.isoformat()
        at = {"host": where.host, "port": where.port, "database": where.name}
        console.write_json(told | at)
        return
    until = f"{login.until:%Y-%m-%d %H:%M} UTC"
    console.lines(f"{login.role} is accepted by database {where.name} until {until}.")
    console.lines(f"Its password is in {path}. Hand the file over, and delete it here.")
    console.lines("No key for the object store was created: the project's identity reads there.")


def wanted_member(
    spec: Warehouse, asked: WantedDatabase, project: str, member: str
) -> WantedMember:
    """The role of a member that the warehouse file asks for.

    Args:
        spec: the warehouse file.
        asked: what it asks of the database today.
        project: name of the project.
        member: pseudonym; anything else is not repeated.

    Raises:
        InputError: there is no such project or member, or the project has ended.
    """
    from havre.database.wanted import member_role
    from havre.documents.validation import did_you_mean
    from havre.spec.model import is_pseudonym

    if not is_pseudonym(member):
        message = "--member: not a pseudonym such as m-3f9c27d1"
        raise InputError(message, "Name the member in the warehouse file by a pseudonym.")
    if project not in spec.projects:
        near = did_you_mean(project, spec.projects)
        names = ", ".join(sorted(spec.projects)) or "none"
        message = f"--project: {spec.name} has no project `{console.plain(project)}`"
        raise InputError(message, f"{near[:1].upper()}{near[1:]} The projects: {names}.".strip())
    if member not in spec.projects[project].pseudonyms:
        message = f"{member} is not a member of project {project}"
        raise InputError(message, "Add it to `members` in the warehouse file.")
    found = asked.members.get(member_role(member, project))
    if found is None:
        message = f"project {project} ended on {spec.projects[project].expires}"
        raise InputError(message, "If it goes on, extend its `expires` in the warehouse file.")
    return found


def _keep(out: Path, where: DatabaseAddress, login: MemberLogin) -> Path:
    """Write the password as libpq reads it, for its owner alone.

    Raises:
        InputError: it cannot be written.
    """
    from havre.files import write_once

    fields = (where.host, str(where.port), where.name, login.role, login.password)
    line = ":".join(each.replace("\\", "\\\\").replace(":", "\\:") for each in fields)
    path = out.absolute()
    try:
        write_once(path, f"{line}\n".encode(), _SECRET)
    except OSError as error:
        message = f"--out: {out} cannot be written: {error.strerror}"
        raise InputError(message, "Name a new file in a folder of your own.") from error
    return path
