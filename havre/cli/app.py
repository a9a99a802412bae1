"""The application: every command registered, every error turned into an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from copy import copy
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from havre import __version__
from havre.cli import (
    adopting,
    backup,
    check,
    compare,
    console,
    file,
    leaving,
    planning,
    policy,
    project,
    providers,
    seen,
    waiver,
    warehouse,
)
from havre.cli.machine import database
from havre.errors import ANYTHING, ExitCode, HavreError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

REFUSED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
"""Errors that only make room, or another place, can mend."""

FRENCH = (
    "This command writes English only. `havre check --lang fr` writes its summary in French, on "
    "the terminal and as HTML. The signed records of an exit are in French and English."
)
"""What is told where a command is asked for a language that it does not have."""

app = typer.Typer(
    name="havre",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _noun in (
    *(file, providers, planning, check, compare, policy, waiver),
    *(warehouse, adopting, project, database, backup, seen, leaving),
):
    _noun.register(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"havre {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Deploy a research data warehouse on a cloud today, and leave it tomorrow.

    Begin: `init` writes a file, `plan` shows what would be deployed, `check` what fails, by whom it
    is fixed and until when it is accepted. Nothing is deployed before `up`.

    Exit codes: 0 passed; 1 findings; 2 wrong input; 3 not evaluated; 4 provider or engine.

    Example: havre init warehouse.yaml

    Example: havre check warehouse.yaml --provider local --summary

    Example: havre up warehouse.yaml --provider local --data-dir ./data
    """


@cache
def _parser(word: str) -> Any:
    """What reads a command line that begins with `word`, built once in a process.

    Where that names a command, or a group, no other is built: all of them take as long as a tenth
    of a check.
    """
    one = copy(app)
    one.registered_commands = [each for each in app.registered_commands if each.name == word]
    one.registered_groups = [each for each in app.registered_groups if each.name == word]
    return _plain(get_command(one if one.registered_commands or one.registered_groups else app))


def _plain(command: Any) -> Any:
    """A command whose help shows each argument by its name alone, as it shows an option's value.

    Typer writes the type behind it (`FILE <path>`) and braces around one that is required.
    """
    for each in command.params:
        if each.param_type_name == "argument":
            each.display_type_rich = lambda **_: ""
            if each.required:
                each.make_metavar = partial(_repeated, each)
                each._usage_display_name = each.make_metavar  # noqa: SLF001 - there is no other
    for inner in getattr(command, "commands", {}).values():
        _plain(inner)
    return command


def _repeated(argument: Any, **_: object) -> str:
    """Name of a required argument, with dots where it may be given several times."""
    return f"{argument.display_name_raw}{'...' if argument.nargs != 1 else ''}"


def _report_bug(error: BaseException) -> int:
    """An error that nobody foresaw: one line for the user, the details only if asked for."""
    if isinstance(error, OSError) and error.errno in REFUSED:
        return _report_disk(error)
    if os.environ.get("HAVRE_DEBUG"):
        traceback.print_exc()
    console.err().print(
        f"[bold red]error:[/] {console.inert(type(error).__name__)}: {console.inert(error)}\n"
        "  This is a fault of Havre. Run again with HAVRE_DEBUG=1 and report what it prints."
    )
    return ExitCode.ENGINE


def _report_disk(error: OSError) -> int:
    """What the machine refuses while a command writes."""
    message = f"{error.filename or 'the output'} cannot be written: {error.strerror}"
    console.show_error(InputError(message, "Make room, or name another place."))
    return ExitCode.INPUT


def _called(parser: Any, words: Sequence[str]) -> str:
    """The command that words name, as far as they name one."""
    path, inner = ["havre"], parser
    for word in words:
        inner = getattr(inner, "commands", {}).get(word)
        if inner is None:
            break
        path.append(word)
    return " ".join(path)


def _show_usage(error: typer.TyperException, called: str) -> int:
    """A command line that cannot be understood; without arguments, the help itself."""
    context = getattr(error, "ctx", None)
    if context is not None and error.format_message() == context.get_help():
        typer.echo(error.format_message(), err=True)
    else:
        command = context.command_path if context else called
        message = error.format_message().replace(": Value error, ", ": ")
        remedy = FRENCH if getattr(error, "option_name", "") == "--lang" else ""
        console.show_error(InputError(message, remedy or f"See `{command} --help`."))
    return ExitCode.INPUT


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows the program's name; `sys.argv` where None.

    Returns:
        The exit code: 0 all hold, 1 findings, 2 usage or input, 3 not evaluated, 4 provider
        or engine.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parser = _parser(words[0] if words else "")
        result = parser(args=words, prog_name="havre", standalone_mode=False)
    except HavreError as error:
        console.show_error(error)
        return error.exit_code
    except typer.TyperException as error:
        return _show_usage(error, _called(parser, words))
    except (typer.Abort, KeyboardInterrupt):
        console.err().print("stopped: nothing more was changed")
        return 130
    except ANYTHING as error:  # the last line of defence before the user
        return _report_bug(error)
    return result if isinstance(result, int) else ExitCode.OK
