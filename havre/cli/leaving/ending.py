"""`havre exit freeze` and `thaw`: nobody writes to the source but the exit, until the cut."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.leaving.telling import Folder, fail_if, line, progress

if TYPE_CHECKING:
    from havre.exit.steps.results import WritingTaken


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
