"""Requirements that changed since the last update, and that the provider does not apply."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from havre.stack.component import SPEC, TYPE, asked, recorded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from havre.capabilities import Gap
    from havre.spec.model import Warehouse

UNSET = "unset"
"""In place of a value that a file does not give."""


@dataclass(frozen=True)
class UnappliedField:
    """A field of the warehouse file that changed without an effect on what is deployed.

    Attributes:
        field: its path, such as `encryption.keys`.
        was: its value at the last update.
        now: what the file requires.
        gap: why the provider does not apply it; None: nothing that is deployed depends on it.
    """

    field: str
    was: str
    now: str
    gap: Gap | None = None

    def as_dict(self) -> dict[str, str | None]:
        """The field as JSON-ready values."""
        found = self.gap
        return {
            "field": self.field,
            "was": self.was,
            "now": self.now,
            "control": found.control if found else None,
            "reason": found.reason if found else None,
            "compensating_measure": found.fallback if found else None,
        }


def recorded_spec(resources: Iterable[tuple[str, Mapping[str, Any]]]) -> Warehouse | None:
    """The warehouse file that a state records: of its only component; None: there is none.

    Args:
        resources: type tokens and inputs.
    """
    found = [spec for kind, inputs in resources if kind == TYPE and (spec := recorded(inputs))]
    return found[0] if len(found) == 1 else None


def unapplied(
    former: Warehouse | None, now: Warehouse, gaps: Sequence[Gap], *, changes: bool
) -> tuple[UnappliedField, ...]:
    """The fields that changed and are not applied, in the order of their paths.

    Args:
        former: as at the last update; None: nothing is known of it.
        now: what the file requires.
        gaps: of the provider, for `now`.
        changes: whether anything is deployed; then only fields of gaps are named.
    """
    if former is None:
        return ()
    before, after = (dict(_leaves(asked(each)[SPEC])) for each in (former, now))
    found = [
        UnappliedField(path, before.get(path, UNSET), after.get(path, UNSET), _gap(path, gaps))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]
    return tuple(each for each in found if each.gap or not changes)


def _gap(path: str, gaps: Iterable[Gap]) -> Gap | None:
    fits = (gap for gap in gaps if any(fnmatchcase(path, field) for field in gap.fields))
    return next(fits, None)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths and texts of all values; a list is one."""
    if not isinstance(value, dict):
        several = isinstance(value, list)
        yield path, ", ".join(map(str, value)) if several else str(value)
        return
    for key, inner in value.items():
        yield from _leaves(inner, f"{path}.{key}" if path else str(key))
