"""`havre connect`: what a project's researchers need."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.provider import ProjectConnection


def _exports(variables: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _show(found: ProjectConnection, secrets: Mapping[str, str], where: str) -> None:
    out = console.out()
    out.print(f"[bold]{console.inert(found.project)}[/] reads:")
    for zone, bucket in found.zones.items():
        schema = found.schemas.get(zone)
        tables = f", tables in schema {schema}" if schema else ""
        out.print(f"  zone {zone}: objects in s3://{bucket}{tables}")
    out.print("\nSettings for psql, AWS-compatible clients and Python:")
    for name, value in {**found.environment, **secrets}.items():
        out.print(f"  {name}={console.inert(value)}")
    command = f"havre connect {found.project}{where} --export"
    out.print(f'\nTake them over in a shell:  eval "$({command})"; psql')
    if not secrets:
        out.print("Secrets stay in the files named above; --show-secrets prints them.")


def connect(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")],
    data_dir: ctx.DataDirOption = None,
    *,
    export: Annotated[
        bool, typer.Option("--export", help="Write shell commands, to be evaluated.")
    ] = False,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Show passwords and keys too.")
    ] = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Show what a project's researchers need: settings of psql and S3, without secrets.

    Example: eval "$(havre connect cohort-diabetes --data-dir ./data --export)"; psql
    """
    if export and as_json:
        message = "--export and --json exclude each other"
        raise InputError(message, "Choose one.")
    store = ctx.standing(data_dir)
    _, operations = ctx.operations(store, "connect")
    found = operations.connect(project)
    secrets = found.secrets() if show_secrets else {}
    if as_json:
        values = {
            "project": found.project,
            "zones": dict(found.zones),
            "schemas": dict(found.schemas),
            "environment": dict(found.environment),
        }
        console.write_json(values | ({"secrets": dict(secrets)} if show_secrets else {}))
    elif export:
        typer.echo(_exports({**found.environment, **secrets}))
    else:
        _show(found, secrets, f" --data-dir {store.data_dir}" if data_dir else "")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("connect")(connect)
