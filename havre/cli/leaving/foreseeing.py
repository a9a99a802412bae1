"""`--dry-run` of `havre exit freeze`, `thaw`, `cut` and `retire`: what would happen, as text."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.cli.leaving.telling import fail_if, line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from havre.exit.freezing.foreseeing import WritingForeseen
    from havre.exit.steps.ending.foreseeing import CutForeseen, FreezeForeseen, RetireForeseen

NoChange = Annotated[
    bool, typer.Option("--dry-run", help="Show what would happen. Nothing is changed.")
]


def show_freeze(found: FreezeForeseen, *, as_json: bool, giving: bool = False) -> None:
    """Show who would lose writing, or get it back."""

    def tell() -> None:
        for each in found.things:
            _tell_writing(each, giving=giving)
        for change in found.changed:
            line(f"changed in the freeze: {change}")

    _show(found, tell, as_json=as_json)


def _tell_writing(each: WritingForeseen, *, giving: bool) -> None:
    if each.by == "hand":
        line(f"{each.thing}: frozen by hand: {each.why}")
    verb = "would get writing back" if giving else "would lose writing"
    for who, how in each.moving.items():
        line(f"{each.thing}: {who} {verb}: {how}")
    for who, why in each.untaken.items():
        line(f"{each.thing}: {who} would keep writing: {why}")
    if not (each.moving or each.untaken or each.by == "hand"):
        line(f"{each.thing}: nobody {verb}")


def show_cut(found: CutForeseen, *, as_json: bool) -> None:
    """Show who would be let in at the target, and on what the cut would rest."""

    def tell() -> None:
        line(f"Seal: {found.seal or 'none holds'}. Frozen since: {found.since or 'not frozen'}.")
        for role in found.roles:
            line(f"  {role} could log in to the target")
        line("The source would stay frozen, and could not be thawed.")

    _show(found, tell, as_json=as_json)


def show_retire(found: RetireForeseen, *, as_json: bool) -> None:
    """Show when the source could go, and what leads to it now."""
    from havre.cli.leaving.ending import tell_retired

    def tell() -> None:
        tell_retired(found.result)
        for zone, url in found.urls.items():
            line(f"signed URL of zone {zone}: {url}")

    _show(found, tell, as_json=as_json, shown=found.result.missing)


def _show(
    found: FreezeForeseen | CutForeseen | RetireForeseen,
    tell: Callable[[], None],
    *,
    as_json: bool,
    shown: Sequence[str] = (),
) -> None:
    """Show what would happen, what would be asked and what blocks; fail where something does.

    Args:
        found: all of it.
        tell: shows what would happen.
        as_json: whether it is shown as JSON.
        shown: what blocks and is shown by `tell`.
    """
    if as_json:
        told: dict[str, Any] = asdict(found)
        console.write_json({"dry_run": True, **told.pop("result", {}), **told})
    else:
        tell()
        for question in found.questions:
            line(f"Would ask for: {question}.")
        for why in found.blocked:
            if why not in shown:
                line(f"Blocked: {why}")
        line("Nothing was changed.")
    fail_if(bool(found.blocked))
