"""`havre exit freeze`, `thaw`, `cut` and `retire`: the source comes to its end."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.leaving.sealing import AuthorityOption, TsaAuthorityOption, together
from havre.cli.leaving.telling import Folder, fail_if, line, progress
from havre.errors import InputError

if TYPE_CHECKING:
    from havre.exit.steps.results import WritingTaken

ConfirmOption = Annotated[
    str, typer.Option("--confirm", metavar="NAME", help="Name of the warehouse that is left.")
]


def freeze(folder: Folder, *, as_json: ctx.JsonOption = False) -> None:
    """Take writing to the source from everybody but the exit.

    Run again in a freeze, it names what changed.

    Example: havre exit freeze ./exit
    """
    from havre.exit.folder import opened
    from havre.exit.steps.freeze import freeze

    with opened(folder) as found:
        result = freeze(found, progress())
    if as_json:
        console.write_json(asdict(result))
    else:
        for thing in result.things:
            _tell(thing)
        for change in result.changed:
            line(f"changed in the freeze: {change}")
        line(f"Left: {result.left}." if result.left else f"Next: havre exit copy {folder}")
    fail_if(bool(result.left))


def _tell(taken: WritingTaken) -> None:
    if taken.by == "hand":
        line(f"{taken.thing}: frozen by hand: {taken.why}")
        return
    names = ", ".join(taken.taken) or "nobody had a right of their own"
    line(f"{taken.thing}: writing is taken ({names})")
    for who, why in taken.untaken.items():
        line(f"  not taken from {who}: {why}")


def thaw(folder: Folder, *, as_json: ctx.JsonOption = False) -> None:
    """Give writing back to exactly those who had it, until the cut.

    Example: havre exit thaw ./exit
    """
    from havre.exit.folder import opened
    from havre.exit.steps.freeze import thaw

    with opened(folder) as found:
        given = thaw(found)
    if as_json:
        console.write_json({"given_back": given})
        return
    for name in given:
        line(f"{name}: writing is given back")
    line(f"Next: havre exit freeze {folder}")


def cut(
    folder: Folder,
    *,
    confirm: ConfirmOption = "",
    authority: AuthorityOption = None,
    tsa_authority: TsaAuthorityOption = None,
    as_json: ctx.JsonOption = False,
) -> None:
    """Open the target for good: the point of no return.

    Example: havre exit cut ./exit --confirm cohorts
    """
    from havre.exit.folder import opened
    from havre.exit.steps.cut import cut

    together({"--authority": authority, "--tsa-authority": tsa_authority})
    authorities = (authority, tsa_authority) if authority and tsa_authority else None
    with opened(folder) as found:
        result = cut(found, confirm or _asked("cut"), progress(), authorities)
    if as_json:
        console.write_json(asdict(result))
        return
    line(f"Cut. The source stays frozen since {result.since}, and is not thawed.")
    for role in result.roles:
        line(f"  {role} may log in to the target; set its password there.")
    line(f"Next: havre exit retire {folder}")


def _asked(what: str) -> str:
    """The warehouse's name, as a person at the terminal writes it.

    Raises:
        InputError: there is no terminal.
    """
    if not sys.stdin.isatty():
        message = "Cannot ask for the name of the warehouse: not a terminal"
        raise InputError(message, f"Name the warehouse that is left: {what} --confirm NAME.")
    return str(typer.prompt("This is not undone. Name of the warehouse that is left", err=True))
