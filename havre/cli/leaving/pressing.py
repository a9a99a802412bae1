"""How hard `havre exit copy` and `verify` press both sides, and who does the work."""

from __future__ import annotations

from dataclasses import asdict, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli.leaving.telling import line
from havre.errors import InputError

if TYPE_CHECKING:
    from havre.exit.folder import ExitFolder
    from havre.exit.steps.expected import Expected


class CopyEngine(StrEnum):
    """Who copies and reads."""

    PROCESSES = "processes"
    DASK = "dask"


MaxRequests = Annotated[
    int | None,
    typer.Option(
        "--max-requests",
        metavar="COUNT",
        min=1,
        help="Requests a second to each side, at most.",
        show_default=False,
    ),
]
MaxBytes = Annotated[
    int | None,
    typer.Option(
        "--max-bytes",
        metavar="COUNT",
        min=1,
        help="Bytes a second from or to each side, at most.",
        show_default=False,
    ),
]
EngineOption = Annotated[
    CopyEngine, typer.Option("--engine", help="Use processes of this machine, or Dask workers.")
]
SchedulerOption = Annotated[
    str, typer.Option("--scheduler", metavar="ADDRESS", help="Dask scheduler, for --engine dask.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be copied. Nothing is written.")
]


def at(
    folder: ExitFolder,
    requests: int | None,
    size: int | None,
    engine: CopyEngine,
    scheduler: str,
) -> ExitFolder:
    """An exit whose rates are those of the command line, where it names some.

    Raises:
        InputError: an engine lacks its scheduler, or the reverse.
    """
    rates = folder.file.rates
    if engine is CopyEngine.DASK and not (scheduler or rates.scheduler):
        message = "--engine dask has no scheduler"
        raise InputError(message, "Name one with --scheduler ADDRESS.")
    if scheduler and engine is not CopyEngine.DASK:
        message = f"--scheduler {scheduler} is for --engine dask"
        raise InputError(message, "Add --engine dask, or leave it out.")
    given = {"requests": requests, "bytes": size, "scheduler": scheduler or None}
    changed = rates.model_copy(update={name: each for name, each in given.items() if each})
    return replace(folder, file=folder.file.model_copy(update={"rates": changed}))


def would(folder: ExitFolder, *, as_json: bool) -> None:
    """Show what a copy would do, by zone, for the database and for backups."""
    from havre.exit.steps.beside.backups import preview_backups
    from havre.exit.steps.databases import preview_database
    from havre.exit.steps.preview import preview

    with console.working("Comparing both sides"):
        found, databases = preview(folder), preview_database(folder)
        backups = preview_backups(folder)
    if as_json:
        told = {"zones": [asdict(each) for each in found]}
        moved = [asdict(each) for each in databases]
        console.write_json({**told, "databases": moved, "backups": backups})
        return
    for each in found:
        line(
            f"zone {each.zone}: {each.versions:,} versions would be copied, {each.bytes:,} bytes, "
            f"in about {each.calls:,} calls; {each.gone:,} would be deleted at the target"
        )
    for database in databases:
        does = "would be moved" if database.moves else "not changed since it was moved"
        line(f"database {database.database}: {does}")
    for name in backups:
        line(f"backup {name}: would be taken over")


def tell_expected(found: Expected) -> None:
    """Show what copy and verify have to do, and what leaving costs."""
    from havre.exit.steps.expected import sentences

    for each in sentences(found):
        line(f"  {each}")
