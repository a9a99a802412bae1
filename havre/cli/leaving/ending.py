"""`havre exit freeze`, `thaw`, `cut` and `retire`: the source comes to its end."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.leaving.foreseeing import NoChange, show_cut, show_freeze, show_retire
from havre.cli.leaving.sealing import (
    AuthorityOption,
    CertificateOption,
    KeyOption,
    PassphraseOption,
    Signing,
    TsaAuthorityOption,
    TsaOption,
    named_signer,
    together,
)
from havre.cli.leaving.telling import Folder, fail_if, following, line, progress
from havre.errors import InputError
from havre.text import counted

if TYPE_CHECKING:
    from havre.exit.steps.results import RetireResult, WritingTaken

ConfirmOption = Annotated[
    str, typer.Option("--confirm", metavar="NAME", help="Name of the warehouse that is left.")
]


def freeze(folder: Folder, *, dry_run: NoChange = False, as_json: ctx.JsonOption = False) -> None:
    """Revoke write access to the source, except for the exit.

    Run again in a freeze, it names what changed.

    Example: havre exit freeze ./exit
    """
    from havre.exit.folder import opened, tried
    from havre.exit.steps.ending.foreseeing import foresee_freeze
    from havre.exit.steps.freeze import freeze

    if dry_run:
        with tried(folder) as trial, console.working("Comparing both sides") as doing:
            foreseen = foresee_freeze(trial, progress(doing))
        show_freeze(foreseen, as_json=as_json)
        return
    with opened(folder) as found, console.working("Freezing the source") as doing:
        result = freeze(found, progress(doing))
    if as_json:
        console.write_json(asdict(result))
    else:
        for thing in result.things:
            _tell(thing)
        for change in result.changed:
            line(f"changed in the freeze: {change}")
        if result.left:
            line(f"Left: {result.left}.")
        else:
            following(f"havre exit copy {folder}")
    fail_if(bool(result.left))


def _tell(taken: WritingTaken) -> None:
    if taken.by == "hand":
        line(f"{taken.thing}: frozen by hand: {taken.why}")
        return
    names = ", ".join(taken.taken) or "no account had its own write permission"
    line(f"{taken.thing}: writing is taken ({names})")
    for who, why in taken.untaken.items():
        line(f"  not taken from {who}: {why}")


def thaw(folder: Folder, *, dry_run: NoChange = False, as_json: ctx.JsonOption = False) -> None:
    """Restore write access to those who had it.

    Possible until the cut.

    Example: havre exit thaw ./exit
    """
    from havre.exit.folder import opened, tried
    from havre.exit.steps.ending.foreseeing import foresee_thaw
    from havre.exit.steps.freeze import thaw

    if dry_run:
        with tried(folder) as trial, console.working("Reading who lost write access"):
            foreseen = foresee_thaw(trial)
        show_freeze(foreseen, as_json=as_json, giving=True)
        return
    with opened(folder) as found, console.working("Restoring write access"):
        given = thaw(found)
    if as_json:
        console.write_json({"given_back": given})
        return
    for name in given:
        line(f"{name}: writing is given back")
    following(f"havre exit freeze {folder}")


def cut(
    folder: Folder,
    *,
    confirm: ConfirmOption = "",
    authority: AuthorityOption = None,
    tsa_authority: TsaAuthorityOption = None,
    dry_run: NoChange = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Open the target for production. This cannot be undone.

    Example: havre exit cut ./exit --confirm cohorts

    Example: havre exit cut ./exit --dry-run

    Example: havre exit cut ./exit --confirm cohorts --authority ca.pem
    """
    from havre.exit.folder import opened, tried
    from havre.exit.steps.ending.cut import cut
    from havre.exit.steps.ending.foreseeing import foresee_cut

    together({"--authority": authority, "--tsa-authority": tsa_authority})
    authorities = (authority, tsa_authority) if authority and tsa_authority else None
    if dry_run:
        with tried(folder) as trial, console.working("Comparing both sides") as doing:
            foreseen = foresee_cut(trial, progress(doing), authorities)
        show_cut(foreseen, as_json=as_json)
        return
    with opened(folder) as found:
        word = confirm or _asked("cut", folder)
        with console.working("Opening the target") as doing:
            result = cut(found, word, progress(doing), authorities)
    if as_json:
        console.write_json(asdict(result))
        return
    line(f"Cut. The source stays frozen since {result.since}, and is not thawed.")
    for role in result.roles:
        line(f"  {role} may log in to the target; set its password there.")
    following(f"havre exit retire {folder}")


HostKeyOption = Annotated[
    Path | None,
    typer.Option("--host-key", metavar="FILE", help="Key of the host.", show_default=False),
]
HostCertificateOption = Annotated[
    Path | None,
    typer.Option("--host-certificate", metavar="FILE", help="Its certificate.", show_default=False),
]


def retire(
    folder: Folder,
    *,
    gone: Annotated[bool, typer.Option("--gone", help="Prove that everything is gone.")] = False,
    confirm: ConfirmOption = "",
    key: KeyOption = None,
    certificate: CertificateOption = None,
    authority: AuthorityOption = None,
    passphrase_env: PassphraseOption = "",
    tsa: TsaOption = "",
    tsa_authority: TsaAuthorityOption = None,
    host_key: HostKeyOption = None,
    host_certificate: HostCertificateOption = None,
    dry_run: NoChange = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Show when the source can be deleted.

    With --gone: prove that it is deleted.

    Nothing is destroyed: the provider's own commands are shown.

    Example: havre exit retire ./exit --confirm cohorts

    Example: havre exit retire ./exit --dry-run

    Example: havre exit retire ./exit --gone --key signer.key --certificate signer.pem
    """
    from havre.exit.folder import opened, tried
    from havre.exit.seal.signature import Signer
    from havre.exit.steps.ending.foreseeing import foresee_gone, foresee_retire
    from havre.exit.steps.ending.retire import prove_gone, schedule, signatories

    together({"--host-key": host_key, "--host-certificate": host_certificate})
    signer, clock = named_signer(
        Signing(key, certificate, authority, passphrase_env, tsa, tsa_authority)
    )
    if dry_run:
        foresee = foresee_gone if gone else foresee_retire
        with tried(folder) as trial, console.working("Looking for what is left"):
            foreseen = foresee(trial, signer, clock)
        show_retire(foreseen, as_json=as_json)
        return
    host = None
    if host_key and host_certificate:
        host = Signer(host_key, host_certificate, host_certificate)
    with opened(folder) as found:
        act = prove_gone if gone else schedule
        by = signatories(found, signer, clock, host)
        word = confirm or _asked("retire", folder)
        with console.working("Looking for what is left"):
            result = act(found, word, by)
    if as_json:
        console.write_json(asdict(result))
    else:
        tell_retired(result)
    fail_if(gone and bool(result.left))


def tell_retired(result: RetireResult) -> None:
    """Show what becomes of each thing of the source."""
    for thing in result.things:
        gone = f"gone from {thing.gone}" if thing.gone else "gone on a day that is not known"
        line(f"{thing.thing}: can be deleted from {thing.schedule}, {gone}")
        for reason in thing.reasons:
            line(f"  {reason}")
        for more in filter(None, (thing.blocked, thing.found)):
            line(f"  {more}")
    for each in result.tries:
        by = f" {each.by}" if each.by else ""
        line(f"tried: {each.thing} by {each.way}{by}: {each.outcome}: {each.said}")
    for command in result.commands:
        console.command("Run when its day has come:", command)
    if result.seal:
        line(f"Sealed: {result.seal}")
    if result.missing:
        _tell_missing(result)
        return
    line(f"Left: {result.left}." if result.left else "The source is gone.")


def _tell_missing(result: RetireResult) -> None:
    """Show what is not proved to be gone, a line each, and what a person can write of it."""
    from havre.exit.retiring.proof import BY_HAND

    line(f"Left: {counted(len(result.missing), 'thing is', 'things are')} not proved to be gone:")
    for each in result.missing:
        line(f"  {each.removesuffix(f'; {BY_HAND}')}")
    if result.by_hand:
        line("Write in exit.yaml who saw that each of these is gone, then run it again:")
        line("gone_by_hand:")
    for name in result.by_hand:
        console.command("  - scope:", name)
        line("    who: NAME AND FUNCTION")
        line("    why: HOW THE PERSON SAW IT")
        line("    when: YYYY-MM-DD")


def _asked(what: str, folder: Path) -> str:
    """The warehouse's name, as a person at the terminal writes it.

    Raises:
        InputError: there is no terminal.
    """
    if not sys.stdin.isatty():
        message = "Cannot ask for the name of the warehouse: not a terminal"
        command = f"havre exit {what} {shlex.quote(str(folder))} --confirm NAME"
        raise InputError(message, f"Name the warehouse that is left: `{command}`.")
    return str(
        typer.prompt("This cannot be reversed. Name of the warehouse that is left", err=True)
    )
