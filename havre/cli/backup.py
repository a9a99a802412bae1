"""`havre backup`, `restore`, `keys`: out of the machine's reach, and back."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.errors import GuardError, InputError

if TYPE_CHECKING:
    from havre.provider import BackupIdentity, BackupSummary, Operations

PASSPHRASE = "HAVRE_PASSPHRASE"  # noqa: S105 - a variable's name
SHORTEST = 12

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help=f"File with the passphrase of the key export; else ${PASSPHRASE}, else asked.",
        show_default=False,
    ),
]


def _given(file: Path | None) -> str | None:
    """The passphrase from a file or the environment; None where it must be asked."""
    if file is None:
        return os.environ.get(PASSPHRASE)
    try:
        return file.read_text().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"the passphrase file {file} cannot be read: {error}"
        raise InputError(message, "Name another with --passphrase-file.") from error


def passphrase(file: Path | None, *, new: bool) -> str:
    """The passphrase of a key export.

    Args:
        file: where it stands; None: environment, then the terminal.
        new: whether it is being chosen, and so asked twice and measured.

    Raises:
        InputError: nobody gave one, or the new one is too short.
    """
    found = _given(file)
    if found is None:
        if not sys.stdin.isatty():
            message = "no passphrase was given for the key export"
            raise InputError(message, f"Set {PASSPHRASE} or name a file with --passphrase-file.")
        found = typer.prompt(
            "Passphrase of the key export", hide_input=True, confirmation_prompt=new
        )
    if new and len(found) < SHORTEST:
        message = f"the passphrase is shorter than {SHORTEST} characters"
        raise InputError(message, "Choose a longer one and keep it apart from the backups.")
    return found


def _tell(summary: BackupSummary, verb: str, *, as_json: bool) -> None:
    if as_json:
        console.write_json(
            {
                "path": str(summary.path),
                "number": summary.number,
                "created": summary.created.isoformat(),
                "objects": summary.objects,
                "rows": summary.rows,
                "bytes": summary.size,
            }
        )
        return
    number = f"\n  Number {summary.number}" if summary.number else ""
    console.out().print(
        f"{verb}: {summary.rows:,} rows and {summary.objects:,} object versions, "
        f"{summary.size / 2**20:.1f} MiB\n  {summary.path}{number}"
    )


def _described(found: BackupIdentity) -> str:
    """One backup in a sentence's words: number, warehouse and time."""
    number = f"Backup {found.number}" if found.number else "A backup without a number"
    return f"{number} of {found.warehouse}, written {found.created:%Y-%m-%d %H:%M:%S} UTC"


def _warnings(found: BackupIdentity) -> str:
    """What speaks against restoring a backup; empty where nothing does."""
    if not found.authenticated:
        return "An earlier version of Havre wrote it: its warehouse and time are not authenticated."
    if found.number < found.latest:
        return f"It is older than the latest backup that this warehouse knows, {found.latest}."
    return ""


def _agree(found: BackupIdentity, *, number: int | None, yes: bool) -> None:
    """Return if a backup is the one to restore.

    Raises:
        GuardError: it is another one, or nobody agreed to it.
        InputError: nobody can be asked.
    """
    described, warnings = _described(found), _warnings(found)
    console.note(" ".join(filter(None, (f"{described}.", warnings))))
    if number is not None:
        if number == found.number:
            return
        message = f"{described}, is not backup {number}"
        raise GuardError(message, "Nothing was restored. Name the folder of that backup.")
    if yes and found.number >= found.latest:
        return
    if not sys.stdin.isatty():
        message = f"cannot ask whether to restore this backup, not a terminal: {described}"
        raise InputError(message, f"If it is the one you want, add --number {found.number}.")
    if not typer.confirm("Restore it?", err=True):
        message = f"{described}, is not wanted"
        raise GuardError(message, "Nothing was restored.")


def _is_stopped(operations: Operations) -> bool:
    """Whether a warehouse is stopped: none of its services runs."""
    from havre.provider import ServiceState

    services = operations.status()
    return bool(services) and all(each.state is ServiceState.STOPPED for each in services)


def backup(
    data_dir: ctx.DataDirOption = None,
    state: ctx.NoStateOption = None,
    *,
    as_json: ctx.JsonOption = False,
) -> None:
    """Write an encrypted backup and verify it by reading it back.

    It contains the database and all zones. A stopped warehouse is started, then stopped again.

    Example: havre backup --data-dir ./data
    """
    found = ctx.operated(ctx.standing(data_dir, state, "backup"), "backup")
    with found.store.lock(), console.working("Backing up"):
        stopped = _is_stopped(found.operations)
        try:
            summary = found.operations.backup()
        finally:
            if stopped:
                found.operations.stop()
    _tell(summary, "backed up and verified", as_json=as_json)
    if stopped:
        console.err().print("The warehouse was stopped before, and is stopped again.")


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="BACKUP", help="Folder of the backup.", show_default=False)
    ],
    keys: Annotated[
        Path, typer.Option("--keys", metavar="FILE", help="The key export.", show_default=False)
    ],
    data_dir: ctx.DataDirOption = None,
    passphrase_file: PassphraseFile = None,
    number: Annotated[
        int | None,
        typer.Option(
            "--number",
            metavar="NUMBER",
            min=0,
            help="Restore this backup only, without asking; 0: one without a number.",
            show_default=False,
        ),
    ] = None,
    state: ctx.NoStateOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; refuse an older backup.")] = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Restore a backup into a new, empty warehouse and verify it.

    Run `havre up` first to create the warehouse.

    Shows the number and time of the backup, and asks. Run it again if it was interrupted.

    Example: havre restore data/backups/20261123T120000Z --keys keys.export --data-dir ./new

    Example: havre restore data/backups/20261123T120000Z --keys keys.export --number 7

    Example: havre restore data/backups/20261123T120000Z --keys keys.export --yes --json
    """
    found = ctx.operated(ctx.standing(data_dir, state, "restore"), "restore")
    secret = passphrase(passphrase_file, new=False)
    with found.store.lock(), console.working(f"Restoring {source}") as doing:

        def agree(backup: BackupIdentity) -> None:
            with doing.paused():
                _agree(backup, number=number, yes=yes)

        summary = found.operations.restore(source, keys, secret, agree)
    _tell(summary, "restored and verified", as_json=as_json)


def export_keys(
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to write.", show_default=False)
    ],
    data_dir: ctx.DataDirOption = None,
    passphrase_file: PassphraseFile = None,
    state: ctx.NoStateOption = None,
) -> None:
    """Write all keys to a file, encrypted with a passphrase.

    Without them no backup can be read.

    Example: havre keys export keys.export --data-dir ./data
    """
    found = ctx.operated(ctx.standing(data_dir, state, "keys export"), "keys export")
    latest = found.operations.export_keys(target, passphrase(passphrase_file, new=True))
    note = f"\n  Note with them the latest: {_described(latest)}." if latest else ""
    console.out().print(
        f"keys written to {target}\n"
        f"  Keep the file and its passphrase apart from the backups.{note}"
    )


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    keys = typer.Typer(
        help="Export the keys, without which no backup is read.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    keys.command("export")(export_keys)
    app.add_typer(keys, name="keys")
