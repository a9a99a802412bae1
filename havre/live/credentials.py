"""References to secrets: a variable of the environment, or a file of one's own.

What refers to a secret may be written down and passed on; the secret itself is read where it is
used, each time, so that whoever renews it need not begin again. It is in no error.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from havre.errors import GuardError, InputError
from havre.files.custody import Custody

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "_FILE"
"""Follows the name of a variable that names a file with the secret, in place of the secret."""
_LARGEST = 1 << 16
_OTHERS = 0o077


@dataclass(frozen=True)
class SecretReference:
    """Where a secret is.

    Attributes:
        variable: name of a variable of the environment; with `_FILE` after it, the variable names
            a file.
        file: the file itself, where no variable is to say so; see `read_secret_file`.
    """

    variable: str = ""
    file: Path | None = None

    def __str__(self) -> str:
        """What messages call it."""
        return f"file {self.file}" if self.file else f"variable {self.variable}"

    def known(self, environment: Mapping[str, str] | None = None) -> bool:
        """Whether it leads to something, which need not be readable."""
        given = os.environ if environment is None else environment
        return bool(self.file or given.get(self.variable) or given.get(self.variable + FILE))

    def read(self, environment: Mapping[str, str] | None = None) -> str:
        """The secret.

        Args:
            environment: the variables; those of the process by default.

        Raises:
            InputError: there is none, there are two, or it is not one line of text.
            GuardError: others can read or write its file.
        """
        given = os.environ if environment is None else environment
        if self.file:
            return read_secret_file(self.file)
        plain, named = given.get(self.variable), given.get(self.variable + FILE)
        if plain and named:
            message = f"both {self.variable} and {self.variable}{FILE} are set"
            raise InputError(message, "Unset one of them.")
        if named:
            return read_secret_file(Path(named))
        return _line(plain or "", str(self))


def read_secret_file(path: Path) -> str:
    """The secret in a file, without the end of its line.

    Args:
        path: a plain file of one's own or root's that only its owner can read (0600).

    Raises:
        InputError: there is none, or it is not one line of text.
        GuardError: others can read or write it.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links are refused, not followed
    try:
        with os.fdopen(Custody(absolute.parent).open(absolute), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST + 1)
    except OSError as error:
        message = f"{absolute}: cannot be read ({error.strerror})"
        raise InputError(message, "Write the secret to that file, of mode 0600.") from error
    if mode & _OTHERS:
        message = f"{absolute}: others can read it (mode {mode & 0o7777:04o})"
        raise GuardError(message, f"Run `chmod 600 {absolute}`, and replace the secret.")
    if len(content) > _LARGEST:
        message = f"{absolute}: over {_LARGEST} bytes"
        raise InputError(message, "Write nothing but the secret to that file.")
    return _line(content.decode("utf-8", "replace").removesuffix("\n"), f"file {absolute}")


def _line(secret: str, where: str) -> str:
    """A secret that is one line of text."""
    if not secret:
        message = f"{where}: there is no secret"
        raise InputError(message, "Set the variable, or name a file in NAME_FILE (mode 0600).")
    if not secret.isprintable() or "\ufffd" in secret:
        message = f"{where}: the secret is not one line of text"
        raise InputError(message, "Write nothing but the secret.")
    return secret


def refuse_elsewhere(what: str, told: str, operator: str, *, known: bool) -> None:
    """Refuse an address that is not its operator's: credentials go nowhere else.

    Args:
        what: leads there, such as `zone curated`.
        told: the address.
        operator: whose it must be.
        known: whether it is.

    Raises:
        InputError: it is not.
    """
    if not known:
        message = f"{what}: the outputs lead to {told}, which is not an address of {operator}"
        raise InputError(message, "Run `pulumi up` once: outputs are written again.")
