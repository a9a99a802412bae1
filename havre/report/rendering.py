"""Renderings by name: each is a module with `render`, loaded only when it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Rendering:
    """How a subject is written in one form.

    Attributes:
        module: full name of the module whose `render` writes it.
        options: names of the options that it uses; it is not given any other.
    """

    module: str
    options: frozenset[str] = frozenset()

    def write(self, subject: object, **options: Any) -> str:
        """The subject in this form, ending with a newline."""
        write: Callable[..., str] = import_module(self.module).render
        used = {name: value for name, value in options.items() if name in self.options}
        return write(subject, **used)
