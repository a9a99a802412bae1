"""`havre exit seal` and `evidence`: the proof of an exit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.leaving.telling import Folder, fail_if, line
from havre.errors import InputError

if TYPE_CHECKING:
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import HttpAuthority

AuthorityOption = Annotated[
    Path | None,
    typer.Option("--authority", metavar="FILE", help="CA of who signs.", show_default=False),
]
TsaAuthorityOption = Annotated[
    Path | None,
    typer.Option(
        "--tsa-authority",
        metavar="FILE",
        help="CA of the time-stamp authority.",
        show_default=False,
    ),
]

KeyOption = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="Key of who signs.", show_default=False),
]
CertificateOption = Annotated[
    Path | None,
    typer.Option("--certificate", metavar="FILE", help="Its certificate.", show_default=False),
]
PassphraseOption = Annotated[
    str, typer.Option("--passphrase-env", metavar="NAME", help="Variable with the passphrase.")
]
TsaOption = Annotated[
    str, typer.Option("--tsa", metavar="URL", help="Time-stamp authority (RFC 3161).")
]


@dataclass(frozen=True)
class Signing:
    """What the options say of who signs, and of who says when."""

    key: Path | None
    certificate: Path | None
    authority: Path | None
    passphrase_env: str
    tsa: str
    tsa_authority: Path | None


def named_signer(given: Signing) -> tuple[Signer | None, HttpAuthority | None]:
    """Who signs and who says when, where they are named.

    Raises:
        InputError: some of what belongs together is missing.
    """
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import HttpAuthority

    words = {"--key": given.key, "--certificate": given.certificate, "--authority": given.authority}
    together(words)
    together({"--tsa": given.tsa or None, "--tsa-authority": given.tsa_authority})
    signer = clock = None
    if given.key and given.certificate and given.authority:
        signer = Signer(given.key, given.certificate, given.authority, given.passphrase_env)
    if given.tsa_authority:
        clock = HttpAuthority(given.tsa, given.tsa_authority)
    return signer, clock


def seal(
    folder: Folder,
    *,
    key: KeyOption = None,
    certificate: CertificateOption = None,
    authority: AuthorityOption = None,
    passphrase_env: PassphraseOption = "",
    tsa: TsaOption = "",
    tsa_authority: TsaAuthorityOption = None,
    blind: Annotated[
        Path | None,
        typer.Option(
            "--blind",
            metavar="FILE",
            help="Key by which the names of objects are replaced.",
            show_default=False,
        ),
    ] = None,
    probes: Annotated[
        Path | None,
        typer.Option(
            "--probes",
            metavar="FILE",
            help="What `havre probe --out` wrote of the target.",
            show_default=False,
        ),
    ] = None,
    as_json: ctx.JsonOption = False,
) -> None:
    """Sign the evidence of the exit in a folder for auditors.

    An auditor checks it with sh, coreutils and openssl.

    A rehearsal signs by itself where no key is named; such a seal says so.

    Example: havre exit seal ./exit

    Example: havre exit seal ./exit --key signer.key --certificate signer.pem

    Example: havre exit seal ./exit --probes seen.json --blind names.key
    """
    from havre.exit.folder import opened
    from havre.exit.steps.seal import seal

    signer, clock = named_signer(
        Signing(key, certificate, authority, passphrase_env, tsa, tsa_authority)
    )
    with opened(folder) as found, console.working("Sealing the evidence"):
        result = seal(found, signer, clock, blind, probes)
    if as_json:
        console.write_json(asdict(result))
        return
    line(f"Sealed: {result.seal}\n  Signer: {result.signer}\n  Time: {result.time}")
    line(f"  An auditor's verify.sh has the SHA-256 {result.script}.")


def together(given: Mapping[str, object]) -> None:
    """Refuse some of several options without the others.

    Raises:
        InputError: one is missing.
    """
    missing = [name for name, value in given.items() if value is None]
    if missing and len(missing) < len(given):
        message = f"{', '.join(given)} belong together, and {', '.join(missing)} is missing"
        raise InputError(message, "Name all of them, or none.")


def evidence(
    seal: Annotated[Path, typer.Argument(metavar="SEAL", help="Folder of the seal.")],
    *,
    authority: AuthorityOption = None,
    tsa_authority: TsaAuthorityOption = None,
    script: Annotated[
        Path | None,
        typer.Option(
            "--script",
            metavar="FILE",
            help="Write verify.sh there, for an auditor.",
            show_default=False,
        ),
    ] = None,
    as_json: ctx.JsonOption = False,
) -> None:
    """Check a seal with verify.sh, and show what it proves.

    Example: havre exit evidence ./exit/seal --authority ca.pem

    Example: havre exit evidence ./exit/seal --script verify.sh

    Example: havre exit evidence ./exit/seal --json
    """
    from havre.exit.seal.reading import read_seal
    from havre.exit.seal.verifying import Trust, hand_out

    if script is not None:
        hand_out(script)
    trust = None if authority is None else Trust(authority, tsa_authority)
    with console.working("Checking the seal"):
        found = read_seal(seal, trust)
    said = found.verification
    time = said and said.time
    told = {
        "warehouse": found.warehouse,
        "from": found.source,
        "to": found.target,
        "level": found.level.value,
        "sandbox": found.sandbox,
        "ended": found.ended.isoformat(),
        "proved": said is not None,
        "signer": said.signer if said else None,
        "time": time.isoformat() if time else None,
        "why": found.why,
    }
    if as_json:
        console.write_json(told)
    else:
        proved = f"Proved: {said.signer}, {time or 'no time'}" if said else "Not proved"
        why = f": {found.why}" if found.why else ""
        line(
            f"{found.warehouse} from {found.source} to {found.target}, {found.level.value}"
            f"{' in a sandbox' if found.sandbox else ''}, "
            f"ended {found.ended:%Y-%m-%d}.\n{proved}{why}."
        )
    fail_if(said is None)
