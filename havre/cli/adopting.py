"""`havre adopt`: a folder that was moved, or resources that exist on a cloud."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, parse_day
from havre.cli.warehouse import YesOption, confirmed
from havre.errors import ExitCode, InputError
from havre.stack.standing import read_placed, write_record

if TYPE_CHECKING:
    import datetime as dt

    from havre.assess.adoption import Adoption

IMPORT, SETTINGS = "import.json", "settings.json"
"""Files that are written: for `pulumi import`, and for the stack file."""

ExistingOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Existing resources of a cloud: output of `pulumi stack export`.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="Where to write the files.",
        show_default=False,
        callback=ctx.folder_at("--out"),
    ),
]
IntoOption = Annotated[
    Path | None,
    typer.Option(
        "--into",
        metavar="FILE",
        help="State of the warehouse's own stack, if it is already deployed in part.",
        show_default=False,
    ),
]


def adopt(
    file: ctx.FileArgument = None,
    data_dir: ctx.DataDirOption = None,
    state: ExistingOption = None,
    *,
    provider: ctx.ProviderOption = None,
    out: OutOption = None,
    into: IntoOption = None,
    setting: ctx.SettingOption = None,
    stack_config: ctx.StackConfigOption = None,
    stack: ctx.StackOption = "",
    as_of: AsOfOption = None,
    details: Annotated[
        bool, typer.Option("--details", help="Name every resource and property.")
    ] = False,
    as_json: ctx.JsonOption = False,
    yes: YesOption = False,
) -> None:
    """Take over existing cloud resources, or a moved data folder.

    With --state, propose which existing resources become which of the warehouse, and write
    import.json for `pulumi import --file` and settings.json for the stack file. Nothing is changed.
    Exit code 1: data would be replaced, or is ambiguous.

    Without --state, use a copied or moved data folder where it is now. The original is not changed.
    A copy gets ports of its own, and holds the same keys and passwords. `havre up` starts it.

    Example: havre adopt warehouse.yaml --state team.json --out adoption

    Example: havre adopt --state team.json --out adoption --stack-config Pulumi.production.yaml

    Example: havre adopt --data-dir ./moved
    """
    from havre.cli.taken import one_provider, take, tell
    from havre.files.outputs import refuse_inputs

    if state is None:
        cloud = {"FILE": file, "--provider": provider, "--out": out, "--into": into}
        if given := [name for name, value in cloud.items() if value]:
            message = f"{', '.join(given)}: only with --state FILE"
            raise InputError(message, "Export the existing resources: pulumi stack export > FILE")
        moved(data_dir, yes=yes)
        return
    if out is None:
        message = "Missing --out FOLDER: nowhere to write the files"
        raise InputError(message, "Name a folder, such as --out adoption.")
    it = take(file, one_provider(provider, "adopt", file), "adopt", stack_config=stack_config)
    tell(it.notes)
    written = [("--out", out.expanduser() / name) for name in (IMPORT, SETTINGS)]
    refuse_inputs(written, (it.file, it.stack_config, state, into))
    target = ctx.target(it.file, it.provider, setting, None, stack, stack_config=it.stack_config)
    found = _found(target, state, into, parse_day(as_of))
    _write(found, out.expanduser())
    _tell(found, out, details=details, as_json=as_json)
    if found.grave:
        raise typer.Exit(ExitCode.FINDINGS)


def _found(target: ctx.Target, state: Path, into: Path | None, day: dt.date) -> Adoption:
    """What a state has of the warehouse.

    Raises:
        InputError: a file is wrong, or of another provider.
    """
    from havre.assess.adoption import Wanted, adoption
    from havre.plan.states import from_state

    there = from_state(into.expanduser()).resources if into else ()
    components = tuple(each.urn for each in there if not each.custom)
    wanted = Wanted(target.spec, target.provider, target.settings, target.stack, day, components)
    with console.working("Comparing what exists with the plan"):
        return adoption(wanted, from_state(state.expanduser(), target.provider.name))


def _write(found: Adoption, folder: Path) -> None:
    """Write both files.

    Raises:
        InputError: they cannot be written.
    """
    given = {name: values for name, values in found.settings.items() if values}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in ((IMPORT, found.document), (SETTINGS, given)):
            text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"Cannot write to {folder}: {error.strerror or error}"
        raise InputError(message, "Name another folder with --out.") from error


def _tell(found: Adoption, folder: Path, *, details: bool, as_json: bool) -> None:
    from havre.report.adoption import adoption_as_json, adoption_as_text

    if as_json:
        typer.echo(adoption_as_json(found))
        return
    typer.echo(adoption_as_text(found, details=details, width=console.columns()))
    typer.echo(f"Written: {folder / IMPORT}, {folder / SETTINGS}")


def moved(data_dir: Path | None, *, yes: bool) -> None:
    """Use a copied or moved data folder where it is now.

    Raises:
        HavreError: there is none, or it is another account's.
    """
    from havre.engine import StateStore

    here = ctx.folder(ctx.standing(data_dir, None, "adopt"), "adopt")
    record, former = read_placed(here)
    operations = ctx.operating(record, here, "adopt")
    if former is None or os.path.realpath(former) == os.path.realpath(here):
        console.out().print(f"{console.inert(here)} is where it was made. Nothing to do.")
        return
    console.out().print(f"{console.inert(here)} was made as {console.inert(former)}.")
    if not yes and not confirmed("Use it here, as a warehouse of its own?"):
        raise typer.Abort
    store = StateStore(here)
    with store.lock():
        store.move(former, operations.adopt(former))
        write_record(here, record)
    console.out().print(f"Adopted. Start it: havre up FILE --data-dir {console.inert(here)}")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("adopt")(adopt)
