"""Tying a result to what it was made from: the files that a check read, and what read them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from havre import __version__
from havre.documents.installed import loaded
from havre.errors import InputError
from havre.policy.findings import InputFile, Provenance
from havre.policy.frameworks import installed_frameworks
from havre.policy.registry import CONTROLS
from havre.policy.waivers import beside
from havre.text import relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from havre.spec import Warehouse


def inputs_of(
    file: Path | None,
    waivers: Path | None = None,
    preview: Path | None = None,
    state: Path | None = None,
    estate: Sequence[Path] = (),
) -> dict[str, Path]:
    """The files of a check by their roles, the waivers next to the warehouse file among them."""
    found = waivers or (beside(file) if file else None)
    roles = {"warehouse": file, "waivers": found, "preview": preview, "state": state}
    more = {f"estate {number}": path for number, path in enumerate(estate, 1)}
    return {role: path for role, path in (roles | more).items() if path is not None}


def provenance_of(spec: Warehouse, inputs: Mapping[str, Path], time: str = "") -> Provenance:
    """What ties a result to its input.

    Args:
        spec: the warehouse that was evaluated.
        inputs: files by their roles.
        time: when the check ran, as it was given.

    Raises:
        InputError: a file cannot be read.
    """
    return Provenance(
        tool=f"havre {__version__}",
        controls=tuple(dict.fromkeys(owner for _, owner, _ in loaded(CONTROLS))),
        frameworks=tuple(_frameworks()),
        inputs=tuple(_input(role, path) for role, path in inputs.items()),
        organisation=spec.organisation.name,
        time=time,
    )


def _frameworks() -> Iterable[str]:
    for each in installed_frameworks().items:
        yield " ".join(
            filter(None, [each.key, each.version, f"({each.date})" if each.date else ""])
        )


def _input(role: str, path: Path) -> InputFile:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InputError(message, "Name a file that exists and can be read.") from error
    return InputFile(role, relative(str(path)), digest)
