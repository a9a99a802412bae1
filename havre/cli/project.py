"""`havre connect` and `havre cluster`: what a project's researchers and their programs need."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, parse_day
from havre.errors import InputError
from havre.stack.connection import addresses

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from havre.provider import Operations, ProjectConnection
    from havre.provider.outputs import Outputs
    from havre.stack.connection import Addresses
    from havre.stack.standing import Standing


def _exports(variables: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _show(found: ProjectConnection, secrets: Mapping[str, str], where: str) -> None:
    out = console.out()
    whose = f", member {found.member}," if found.member else ""
    out.print(f"[bold]{console.inert(found.project)}[/]{console.inert(whose)} reads:")
    for zone, bucket in found.zones.items():
        schema = found.schemas.get(zone)
        tables = f", tables in schema {schema}" if schema else ""
        out.print(console.inert(f"  zone {zone}: objects in s3://{bucket}{tables}"))
    out.print("\nSettings for psql, AWS-compatible clients and Python:")
    for name, value in {**found.environment, **secrets}.items():
        out.print(console.inert(f"  {name}={value}"))
    if found.until:
        out.print(f"\n{_end(found.until)}")
    to = f" --as {found.member}" if found.member else ""
    command = f"havre connect {shlex.quote(found.project)}{to}{where} --export"
    out.print(console.inert(f'\nTake them over in a shell:  eval "$({command})"; psql'))
    if not secrets:
        out.print("Secrets stay in the files named above; --show-secrets prints them.")


def _end(until: dt.datetime) -> str:
    """When credentials of a member end, in words."""
    return (
        f"Accepted until {until:%Y-%m-%d %H:%M} UTC, by database and object store. "
        "Sessions end then. Earlier credentials are refused now."
    )


def _where(found: Addresses) -> dict[str, Any]:
    """The addresses, for machines; `zones` and `environment` as for a warehouse of this machine."""
    return {
        "project": found.project,
        "zones": {name: zone.bucket for name, zone in found.zones.items()},
        "environment": dict(found.environment),
        "identity": found.access.identity,
        "expires": found.access.expires.isoformat(),
        "stores": {
            name: zone.model_dump(mode="json", exclude_none=True)
            for name, zone in found.zones.items()
        },
        "authority": found.authority.model_dump(mode="json"),
    }


def _show_addresses(found: Addresses) -> None:
    out = console.out()
    out.print(f"[bold]{console.inert(found.project)}[/] reads:")
    for name, zone in found.zones.items():
        account = f", account {zone.account}" if zone.account else ""
        place = f"{zone.bucket} at {zone.endpoint} ({zone.region}{account})"
        out.print(console.inert(f"  zone {name}: objects in {place}"))
    out.print("\nSettings for psql:")
    for variable, value in found.environment.items():
        out.print(console.inert(f"  {variable}={value}"))
    if found.authority.kind == "api":
        where = console.inert(found.authority.location)
        out.print(f"The provider's API returns the server's certificate: {where}")
        out.print("Save it to a file and set PGSSLROOTCERT to that file.")
    out.print(f"\nIt acts as {console.inert(found.access.identity)}")
    out.print(f"until {found.access.expires}. Sign in with the provider: a state has no secrets.")


def _connect_elsewhere(
    found: Standing, project: str, *, export: bool, show_secrets: bool, as_json: bool
) -> None:
    """Show what an exported state says of a project.

    Raises:
        InputError: secrets are asked for, which no state contains, or there is no such project.
    """
    if show_secrets:
        message = f"{found.state_file} contains no password and no key"
        raise InputError(message, "Sign in with the provider, or leave --show-secrets out.")
    told = addresses(found.outputs(), project)
    if as_json:
        console.write_json(_where(told))
    elif export:
        typer.echo(_exports(told.environment))
    else:
        _show_addresses(told)


def connect(
    project: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT",
            help="Name of the project; without it, the projects are listed.",
            show_default=False,
        ),
    ] = "",
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    *,
    member: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="MEMBER",
            help="Create credentials of this member, for 8 hours.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        bool, typer.Option("--export", help="Write shell commands, to be evaluated.")
    ] = False,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Show passwords and keys too.")
    ] = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Show the psql and S3 settings of a project, without secrets.

    With --as: credentials of a member, by pseudonym, which end after 8 hours. Earlier ones of the
    same member and project end at once. An administrator runs it and hands the files over.

    With --state: addresses, identity and settings of psql, as Pulumi deployed them.

    Example: havre connect --data-dir ./data

    Example: havre connect cohort-diabetes --data-dir ./data

    Example: havre connect cohort-diabetes --as m-3f9c27d1 --data-dir ./data

    Example: eval "$(havre connect cohort-diabetes --data-dir ./data --export)"; psql

    Example: havre connect cohort-diabetes --state state.json
    """
    if export and as_json:
        message = "--export and --json exclude each other"
        raise InputError(message, "Choose one.")
    at = ctx.standing(data_dir, state, "connect")
    if not project:
        refused = export or show_secrets or member is not None
        _list_projects(at.outputs(), refused=refused, as_json=as_json)
        return
    if at.data_dir is None:
        _refuse_member(at, member)
        _connect_elsewhere(at, project, export=export, show_secrets=show_secrets, as_json=as_json)
        return
    warehouse = ctx.operated(at, "connect")
    if member is None:
        found = warehouse.operations.connect(project)
        ctx.refuse_stopped(warehouse)
    else:
        ctx.refuse_stopped(warehouse)
        found = _signed_in(warehouse.operations, project, member)
    secrets = found.secrets() if show_secrets else {}
    if as_json:
        values = {
            "project": found.project,
            "zones": dict(found.zones),
            "schemas": dict(found.schemas),
            "environment": dict(found.environment),
        }
        if found.until:
            values |= {"member": found.member, "until": found.until.isoformat()}
        console.write_json(values | ({"secrets": dict(secrets)} if show_secrets else {}))
    elif export:
        typer.echo(_exports({**found.environment, **secrets}))
    else:
        _show(found, secrets, f" --data-dir {shlex.quote(str(at.data_dir))}" if data_dir else "")


def _signed_in(operations: Operations, project: str, member: str) -> ProjectConnection:
    """Credentials of a member's own.

    Raises:
        InputError: the provider issues none, or there is no such member.
    """
    from havre.provider.operations import MemberOperations

    if not isinstance(operations, MemberOperations):
        message = "--as: this provider issues no credentials to members"
        raise InputError(message, "Leave --as out: members of a project share its identity.")
    return operations.sign_in(project, member)


def _refuse_member(at: Standing, member: str | None) -> None:
    """Refuse to give a member credentials by a state alone, which reaches no store.

    Raises:
        InputError: a member is named.
    """
    if member is not None:
        message = f"--as: {at.state_file} cannot issue credentials"
        remedy = (
            "`havre database admit` gives a member a database role. Or name a warehouse of this"
        )
        raise InputError(message, f"{remedy} machine with --data-dir.")


def _list_projects(told: Outputs, *, refused: bool, as_json: bool) -> None:
    """List the projects of a warehouse, each with its zones and its last day.

    Args:
        told: the outputs of the warehouse.
        refused: whether an option asks for what only one project has.
        as_json: whether machines read it.

    Raises:
        InputError: it is refused.
    """
    names = ", ".join(sorted(told.projects)) or "none"
    if refused:
        message = "Missing PROJECT: --as, --export and --show-secrets are about one project"
        raise InputError(message, f"Projects of {told.warehouse}: {names}.")
    if as_json:
        rows = {
            name: {"zones": list(each.zones), "expires": each.expires.isoformat()}
            for name, each in sorted(told.projects.items())
        }
        console.write_json({"warehouse": told.warehouse, "projects": rows})
        return
    console.tell(f"Projects of [bold]{console.inert(told.warehouse)}[/]:")
    for name, each in sorted(told.projects.items()):
        zones = ", ".join(each.zones)
        console.tell(console.inert(f"{name}: reads {zones}, until {each.expires}"), 2)
    if not told.projects:
        console.tell("none", 2)


PublicPorts = Annotated[
    list[int] | None,
    typer.Option(
        "--public-port",
        metavar="PORT",
        min=1,
        max=65_535,
        help="Let programs reach public addresses on this TCP port.",
        show_default=False,
    ),
]


def manifests(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The warehouse file.",
            callback=ctx.file_in(ctx.WAREHOUSE_FILE),
        ),
    ],
    provider: ctx.ProviderOption = None,
    public_port: PublicPorts = None,
    as_of: AsOfOption = None,
    setting: ctx.SettingOption = None,
    stack_config: ctx.StackConfigOption = None,
) -> None:
    """Write the Kubernetes objects that isolate each project.

    For each project: a namespace with restricted pods, a service account without a token, network
    policies that deny all but DNS and the warehouse's own segments, a quota and limits. The API of
    the cluster is private: apply them from the administration network. Delete the namespace of a
    project that has ended.

    The policies allow the addresses of the segments. A stack file, next to the warehouse file or
    named, may plan them (`address_plan`). Otherwise they are computed.

    --public-port is needed where programs reach an identity service or object stores on public
    addresses. The provider's firewall filters these.

    Example: havre cluster manifests warehouse.yaml > projects.json

    Example: havre cluster manifests warehouse.yaml --stack-config Pulumi.cloud.yaml

    Example: havre cluster manifests warehouse.yaml --public-port 443
    """
    from havre.spec.load import load
    from havre.spec.workloads import manifests as objects

    spec = load(file).warehouse
    if spec.cluster is None:
        message = "the warehouse file has no section `cluster`"
        raise InputError(message, "Add the section, or name a file that has it.")
    plan = _planned(file, provider, setting, stack_config)
    console.write_json(objects(spec, parse_day(as_of), public_port or (), plan))


def _planned(
    file: Path, provider: list[str] | None, setting: list[str] | None, stack_config: Path | None
) -> Mapping[str, str]:
    """Addresses of segments that a stack plans, by its settings or its file; empty: none does.

    Raises:
        InputError: a setting or the stack file is wrong, or several stacks may be meant.
    """
    from havre.cli.taken import one_provider, take, tell
    from havre.provider.conventions import planned_addresses
    from havre.provider.faults import refuse
    from havre.stack.files import stack_files

    command = "cluster manifests"
    named = one_provider(provider, command, file)
    own = [s for s in stack_files(file.parent) if not s.spec or s.spec.resolve() == file.resolve()]
    if not (named or setting or stack_config or own):
        return {}
    it = take(file, named, command, stack_config=stack_config)
    tell(it.notes)
    at = ctx.target(file, it.provider, setting, None, stack_config=it.stack_config, offline=True)
    refuse(at.provider, at.spec, at.settings)
    return planned_addresses(at.settings)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("connect")(connect)
    cluster = typer.Typer(
        help="Write the objects that isolate projects in a cluster.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    cluster.command("manifests")(manifests)
    app.add_typer(cluster, name="cluster")
