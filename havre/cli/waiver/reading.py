"""`havre waiver list`, `validate` and `schema`: a file of waivers is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli.check import AsOfOption, ProfileName, parse_day
from havre.cli.context import JsonOption, file_in
from havre.errors import ExitCode, InputError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from havre.policy import Profile
    from havre.policy.findings import Waiver

WAIVERS = Path("waivers.yaml")
"""The file where none is named."""
WAREHOUSE = "warehouse.yaml"
"""The file next to it that decides the profile."""
ROOMY = 130
"""Columns from which owner and decision have columns of their own."""
WIDE = 200
"""Columns of a list that does not go to a terminal."""

FileArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="The waivers file.",
        show_default=False,
        callback=file_in(str(WAIVERS)),
    ),
]


def list_waivers(
    file: FileArgument = WAIVERS, *, as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """List waivers by expiry date, expired ones first.

    Example: havre waiver list examples/emc2/waivers.yaml
    """
    from havre.policy.waivers import load_waivers

    day = parse_day(as_of)
    try:
        read = load_waivers(file)
    except InputError as error:
        raise InputError("\n".join(_checked(file, None, day)[1]), error.remedy) from None
    found = sorted(read, key=lambda each: (each.expires, each.control))
    if as_json:
        console.write_json({"as_of": day.isoformat(), "waivers": [_row(w, day) for w in found]})
        return
    _show(found, day)
    expired = sum(each.expires < day for each in found)
    typer.echo(f"{console.plain(file)}: {_count(len(found))}, {expired} expired on {day}")


def _row(waiver: Waiver, day: dt.date) -> dict[str, object]:
    return {
        **waiver.as_dict(),
        "provider": waiver.provider,
        "resources": list(waiver.resources),
        "line": waiver.location.line if waiver.location else None,
        "days": (waiver.expires - day).days,
        "expired": waiver.expires < day,
    }


def _show(waivers: Sequence[Waiver], day: dt.date) -> None:
    from rich.table import Table

    from havre.text import distance

    if not waivers:
        return
    out = console.out()
    out.width = console.columns() or WIDE
    if out.width < ROOMY:
        _show_narrow(waivers, day)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("expires", "distance", "control", "provider"):
        table.add_column(column, no_wrap=True)
    for column in ("owner", "decision"):
        table.add_column(column)
    for each in waivers:
        cells = (str(each.expires), distance(each.expires, day), each.control)
        style = "red" if each.expires < day else None
        told = (each.provider or "any", each.owner, each.decision)
        table.add_row(*cells, *map(console.inert, told), style=style)
    out.print(table)


def _show_narrow(waivers: Sequence[Waiver], day: dt.date) -> None:
    """Each waiver in a line, with owner and decision below it."""
    from havre.text import distance

    provider = max(len(each.provider) for each in waivers)
    control = max(len(each.control) for each in waivers)
    for each in waivers:
        row = f"{each.expires}  {each.control:{control}}  {each.provider or 'any':{provider}}"
        about = f"{row}  {distance(each.expires, day)}".rstrip()
        console.tell(console.inert(about), style="red" if each.expires < day else "")
        console.tell(console.inert(f"{each.owner}: {each.decision}"), 12)


def _count(number: int) -> str:
    return f"{number} waiver" if number == 1 else f"{number} waivers"


def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="The files; by default waivers.yaml.",
            callback=lambda given: [file_in(str(WAIVERS))(each) for each in given or ()],
        ),
    ] = None,
    *,
    profile: Annotated[
        ProfileName | None,
        typer.Option(help="Whose limit applies; default: that of the warehouse file."),
    ] = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check waiver files and report every error with its line.

    The profile limits how far ahead a waiver may expire. It is that of the warehouse.yaml next to
    the file, or health where there is none.

    Example: havre waiver validate examples/emc2/waivers.yaml
    """
    day = parse_day(as_of)
    checked = [(file, *_checked(file, profile, day)) for file in files or [WAIVERS]]
    problems = [problem for _, _, found in checked for problem in found]
    notes = [note for file, _, found in checked if not found for note in _elsewhere(file)]
    if as_json:
        console.write_json({"valid": not problems, "problems": problems, "notes": notes})
    else:
        for file, counted, found in checked:
            for problem in found or [f"{file}: valid: {counted}"]:
                console.paragraph(problem)
        for note in notes:
            console.paragraph(note)
    return ExitCode.INPUT if problems else ExitCode.OK


def _checked(file: Path, named: ProfileName | None, day: dt.date) -> tuple[str, list[str]]:
    """How many waivers a file has and how many expired, or everything that is wrong with it."""
    from havre.policy.profiles import terms_of
    from havre.policy.registry import installed_controls
    from havre.policy.waivers import WaiverBounds, load_waivers
    from havre.provider.discovery import installed_names

    known = frozenset(control.id for control in installed_controls())
    bounds = WaiverBounds(day, terms_of(_profile(file, named)), known, frozenset(installed_names()))
    try:
        found = load_waivers(file, bounds)
    except InputError as error:
        return "", error.message.splitlines()
    expired = sum(each.expires < day for each in found)
    return _count(len(found)) + (f", {expired} expired on {day}" if expired else ""), []


def _elsewhere(file: Path) -> list[str]:
    """A message for each waiver of a valid file whose provider is not installed."""
    from havre.policy.waivers import load_waivers
    from havre.provider.discovery import installed_names

    known = installed_names()
    return [
        f"{waiver.location.file if waiver.location else file}:"
        f"{waiver.location.line if waiver.location else 1}: {waiver.control}: provider "
        f"`{waiver.provider}` is not installed here, so nothing checks this waiver "
        f"(installed: {', '.join(known)})."
        for waiver in load_waivers(file)
        if waiver.provider and waiver.provider not in known
    ]


def _profile(file: Path, named: ProfileName | None) -> Profile:
    """The profile named, that of the warehouse file next to the waivers, or health.

    Raises:
        InputError: that warehouse file is not valid.
    """
    from havre.policy.judge import profile_of
    from havre.policy.model import Profile
    from havre.spec.load import load

    if named:
        return Profile(named)
    warehouse = file.parent / WAREHOUSE
    return profile_of(load(warehouse).warehouse) if warehouse.is_file() else Profile.HEALTH


def schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False),
    ] = None,
) -> None:
    """Write the JSON Schema of waiver files, for editors.

    Example: havre waiver schema --output waivers.schema.json
    """
    from havre.policy.drafts import schema_text

    console.show_or_write_schema(schema_text(), output)
