"""`havre audit`: who did what with the data of a deployed warehouse."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.errors import ExitCode, InputError
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from havre.audit.accesses import Access
    from havre.audit.chain import Checked
    from havre.audit.logs import AccessLogs, LogFile
    from havre.audit.reading import AccessSearch
    from havre.provider.outputs import Outputs
    from havre.stack.standing import Standing

E = TypeVar("E", bound=StrEnum)

LogsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--logs",
        metavar="PATH",
        help="Read this log or folder of logs; repeatable.",
        show_default=False,
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="The earliest time, UTC.", show_default=False),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Before this time, UTC.", show_default=False),
]
MemberOption = Annotated[
    str | None,
    typer.Option(
        "--member", metavar="MEMBER", help="Only this member, by pseudonym.", show_default=False
    ),
]
WhatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--what",
        metavar="ACT",
        help="read, list, write, delete, change, log-in or other.",
        show_default=False,
    ),
]
OutcomeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--outcome",
        metavar="OUTCOME",
        help="allowed, refused, failed or unknown.",
        show_default=False,
    ),
]
EveryoneOption = Annotated[
    bool, typer.Option("--everyone", help="Also others in the project's zones.")
]
LinesOption = Annotated[bool, typer.Option("--json", help="Write JSON, one line per access.")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write JSON lines to a file.", show_default=False),
]
_FORM = "Write it as 2026-11-23 or 2026-11-23T08:30:00Z."


def _moment(option: str, text: str | None) -> str:
    """A time as accesses have it; empty where none is given.

    Raises:
        InputError: it is not valid.
    """
    if not text:
        return ""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        message = f"{option}: `{console.plain(text)}` is not a valid time"
        raise InputError(message, _FORM) from None
    if found.tzinfo is None and len(text) > len("2026-11-23"):
        message = f"{option}: `{console.plain(text)}` names no time zone"
        raise InputError(message, _FORM)
    found = (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03}Z"


def _chosen(option: str, kind: type[E], texts: list[str] | None) -> frozenset[E]:
    """Values of an option.

    Raises:
        InputError: one is none of those that exist.
    """
    known = {each.value: each for each in kind}
    for text in texts or ():
        if text not in known:
            message = f"{option}: `{console.plain(text)}` is not one of its values"
            raise InputError(message, f"Choose among: {', '.join(known)}.")
    return frozenset(known[text] for text in texts or ())


def access_logs(at: Standing, outputs: Outputs, given: list[Path] | None) -> AccessLogs:
    """The logs of a deployed warehouse.

    Raises:
        InputError: its provider reads none, or they cannot be read from here.
    """
    from havre.audit.logs import files_at
    from havre.capabilities import Supported
    from havre.provider import ACCESS_LOGS, find, provides
    from havre.provider.machine import folder_setting
    from havre.stack.program import offline_settings

    provider = find(outputs.provider)
    offer = provides(provider, ACCESS_LOGS)
    if offer.given is None:
        message = f"accesses on {provider.name} cannot be read: {offer.answer.reason}"
        raise InputError(message, "Read its logs with the provider's own tools.")
    settings: dict[str, Any] = {}
    if at.data_dir is not None and (name := folder_setting(provider.settings)):
        settings = {**at.record().get("settings", {}), name: str(at.data_dir)}
    found = offer.given(offline_settings(provider, settings)[0], outputs, at.plan())
    if given:
        files = [file for path in given for file in files_at(path.expanduser())]
        return replace(found, files=lambda: files)
    if at.of_sandbox() and not folder_setting(provider.settings):
        message = "a sandbox has no logs of accesses"
        raise InputError(message, "Name logs with --logs PATH.")
    if isinstance(found.files, Supported):
        message = f"accesses on {provider.name} cannot be read from here: {found.files.reason}"
        raise InputError(message, "Download its logs, and name them with --logs PATH.")
    return found


def _files(logs: AccessLogs) -> Iterable[LogFile]:
    from havre.capabilities import Supported

    return () if isinstance(logs.files, Supported) else logs.files()


def _acting(logs: AccessLogs, project: str) -> AccessLogs:
    """The logs with a project that the warehouse no longer has."""
    from havre.audit.actors import Actors, roles

    return replace(logs, actors=Actors({**roles([project]), **logs.actors}))


def who(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")],
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    logs: LogsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    *,
    member: MemberOption = None,
    what: WhatOption = None,
    outcome: OutcomeOption = None,
    out: OutOption = None,
    everyone: EveryoneOption = False,
    as_json: LinesOption = False,
) -> None:
    """Show who did what for a project, and how it ended.

    Accesses are read from the warehouse's own logs. Lines that cannot be read are shown and
    counted. With --json or --out each line contains the digest of the line before. Exit code 3:
    a line cannot be read.

    Example: havre audit who PROJECT --data-dir ./data

    Example: havre audit who PROJECT --data-dir ./data --since 2026-11-01 --out who.jsonl

    Example: havre audit who PROJECT --state state.json --logs ./downloaded --json
    """
    from havre.audit.accesses import AccessOutcome, Act
    from havre.audit.reading import AccessSearch

    if out is not None:
        ctx.refuse_replacing(out)
    at = ctx.standing(data_dir, state, "audit")
    outputs = at.outputs()
    known = outputs.projects.get(project)
    asked = AccessSearch(
        project,
        frozenset(known.zones if known and everyone else ()),
        _moment("--since", since),
        _moment("--until", until),
        member or "",
        _chosen("--what", Act, what),
        _chosen("--outcome", AccessOutcome, outcome),
    )
    found = access_logs(at, outputs, logs)
    unknown = None
    if known is None:
        told = f"{outputs.warehouse} has no project {project}: only its earlier accesses are found."
        console.warn(told)
        found = _acting(found, project)
        unknown = _unknown(outputs, project)
    _show(found, asked, out, unknown, as_json=as_json)


def _unknown(outputs: Outputs, project: str) -> InputError:
    """What is said of a project that neither the warehouse nor its logs know."""
    from havre.documents.validation import did_you_mean

    message = f"{outputs.warehouse} has no project {console.plain(project)}, nor have its logs"
    near = did_you_mean(project, outputs.projects)
    names = ", ".join(sorted(outputs.projects)) or "none"
    return InputError(message, f"{near[:1].upper()}{near[1:]} The projects: {names}.".strip())


def _show(
    logs: AccessLogs,
    asked: AccessSearch,
    out: Path | None,
    unknown: InputError | None,
    *,
    as_json: bool,
) -> None:
    """Write the accesses, and what was counted.

    Args:
        logs: of the warehouse.
        asked: which accesses.
        out: file to write; None: they are shown.
        unknown: what to say where the project is unknown, and nothing is found.
        as_json: whether they are shown as JSON.

    Raises:
        InputError: the project is unknown, and nothing is found.
        Exit: with code 3, a line cannot be read.
    """
    from havre.audit.accesses import UNREADABLE, Tally
    from havre.audit.chain import Chain
    from havre.audit.reading import record
    from havre.report.accesses import summary, width

    tally, chain, unread = Tally(), Chain(), 0
    columns = width(asked.project, logs.actors)
    with console.working("Reading the logs"), _writing(out, columns, as_json=as_json) as write:
        for access, line in record(logs, _files(logs), asked, tally, chain):
            unread += access.what == UNREADABLE
            write(access, line)
        if unknown and not chain.number:
            raise unknown
    to = console.err() if as_json else console.out()
    for told in summary(asked.project, tally, unread, logs.blind):
        to.print(console.inert(told))
    if as_json or out is not None:
        to.print(f"Head: {chain.head}")
    if unread:
        raise typer.Exit(ExitCode.NOT_EVALUATED)


@contextlib.contextmanager
def _writing(
    out: Path | None, columns: int, *, as_json: bool
) -> Iterator[Callable[[Access, bytes], object]]:
    """What writes an access: to a file, for machines, or for people.

    A file has its name once it is whole; only its owner reads it.

    Raises:
        InputError: it cannot be written.
    """
    from havre.report.accesses import head, line

    if out is not None:
        half = out.with_name(f".{out.name}.{os.getpid()}.tmp")
        try:
            descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                yield lambda _, content: stream.write(content + b"\n")
            half.rename(out)
        except OSError as error:
            message = f"--out: {out} cannot be written: {error.strerror}"
            raise InputError(message, "Name a new file in a folder that exists.") from error
        finally:
            half.unlink(missing_ok=True)
    elif as_json:
        yield lambda _, content: sys.stdout.write(content.decode() + "\n")
    else:
        sys.stdout.write(f"{head(columns)}\n")
        yield lambda access, _: sys.stdout.write(f"{line(access, columns)}\n")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What --out wrote.")],
    head: Annotated[
        str,
        typer.Option(
            "--head",
            metavar="NUMBER:DIGEST",
            help="What was shown when the file was written.",
            show_default=False,
        ),
    ] = "",
    *,
    as_json: ctx.JsonOption = False,
) -> None:
    """Check that no line of an access record was changed.

    Each line contains the digest of the line before. Only --head finds lines that were cut off at
    the end. Exit code 1: a line does not follow the one before; the first is named.

    Example: havre audit verify who.jsonl
    """
    from havre.audit.chain import check
    from havre.audit.logs import files_at

    if not file.is_file():
        message = f"{file}: there is no such file"
        raise InputError(message, "Name a file that `havre audit who --out` wrote.")
    found = check(files_at(file)[0].lines(), head)
    if found.foreign:
        message = f"{file} is not an access record: no line of it is one of a record"
        raise InputError(message, "Name a file that `havre audit who --out` wrote.")
    if as_json:
        console.write_json({"lines": found.lines, "head": found.head, "fault": found.fault or None})
    elif found.fault:
        console.out().print(console.inert(f"The record was changed or cut off: {found.fault}."))
    else:
        _tell_whole(found, headed=bool(head))
    if found.fault:
        raise typer.Exit(ExitCode.FINDINGS)


def _tell_whole(found: Checked, *, headed: bool) -> None:
    """Show that no line was changed, and whether the end is known too."""
    lines = counted(found.lines, "line", "lines")
    if headed:
        console.lines(f"The record is whole: {lines}.")
    else:
        console.lines(f"No line was changed or removed before the last one: {lines}.")
        console.lines("Whether lines are missing at its end is not known: add --head.")
    console.lines(f"  Head: {found.head}")


def schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False),
    ] = None,
) -> None:
    """Write the JSON Schema of a line of an access record.

    Example: havre audit schema --output access.schema.json
    """
    from havre.audit.schema import schema_text

    console.show_or_write_schema(schema_text(), output)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    audit = typer.Typer(
        help="Show who accessed the data, as evidence.", no_args_is_help=True, rich_markup_mode=None
    )
    audit.command("who")(who)
    audit.command("verify")(verify)
    audit.command("schema")(schema)
    app.add_typer(audit, name="audit")
