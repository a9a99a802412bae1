"""Where a command may write: never over what it reads, nor twice in the same place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def same_place(one: Path, other: Path) -> bool:
    """Whether two paths name one file, through links of either kind too; neither need exist."""
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def refuse_inputs(
    outputs: Iterable[tuple[str, Path | None]], inputs: Iterable[Path | None]
) -> None:
    """Refuse to write over what the same command reads, before any work is done.

    Args:
        outputs: each with the option that names it, such as `--output`; None: standard output.
        inputs: the files that the command reads, and the folders whose files it reads; None is
            none.

    Raises:
        InputError: an output is one of the inputs, or a file in one of them.
    """
    read = [each.expanduser() for each in inputs if each is not None]
    for option, path in outputs:
        if path is None or not path.is_file():
            continue
        if any(_reads(each, path) for each in read):
            message = f"{option}: {path} is read by this command and was not changed"
            raise InputError(message, "Name another file.")


def _reads(given: Path, path: Path) -> bool:
    if given.is_dir():
        return any(same_place(given, each) for each in path.resolve().parents)
    return given.is_file() and same_place(given, path)
