"""Data files that lie beside a distribution's code: what is wrong in one is its makers' fault."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from havre.documents.validation import listed
from havre.errors import BugError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


def read_shipped(path: Path, kind: type[T] | TypeAdapter[T]) -> T:
    """The content of a TOML file as what it must be.

    Raises:
        BugError: it is missing or malformed.
    """
    adapter: TypeAdapter[T] = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    try:
        return adapter.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        why = listed(error)
    except (OSError, ValueError) as error:
        why = f"{type(error).__name__}: {error}"
    packages = (folder for folder in path.parents if (folder / "__init__.py").is_file())
    package = next(packages, path.parent).name
    message = f"{package}/{path.name} is malformed: {why}"
    raise BugError(message, f"Reinstall the distribution of `{package}`, or report it.")
