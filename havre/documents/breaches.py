"""Rules between the fields of a data file: they run wherever the fields that they read are valid.

A model checks each field. What two fields mean together is a rule, which is a plain function from
the model to breaches. If a field is not valid, a stand-in takes its place, so that the rules
about the other fields still run and every fault is reported at once.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from havre.documents.problems import Location

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Breach:
    """What is wrong between fields.

    Attributes:
        path: where the file is to be changed.
        problem: a clause about what is there.
        remedy: a sentence; empty where the problem contains it.
        reads: fields that must be valid for it to mean anything; empty: the one at `path`.
    """

    path: Location
    problem: str
    remedy: str = ""
    reads: tuple[Location, ...] = ()

    def means(self, wrong: Iterable[Location]) -> bool:
        """Whether it is a breach although the fields at `wrong` are not valid."""
        return not any(
            overlap(place, read) for place in wrong for read in self.reads or (self.path,)
        )


@dataclass(frozen=True)
class DocumentRules(Generic[M]):
    """The rules of a kind of file.

    Attributes:
        rules: each yields its breaches in a valid file.
        stand_ins: valid values of all that is required, as in a file; a list has one item.
    """

    rules: tuple[Callable[[M], Iterable[Breach]], ...]
    stand_ins: Mapping[str, Any]

    def breaches(
        self, model: type[M], data: Any, wrong: Sequence[Location], context: object = None
    ) -> Iterator[Breach]:
        """The breaches in a file's data, wherever the fields that a rule reads are valid.

        Args:
            model: of the file.
            data: what is in the file.
            wrong: fields that are not valid.
            context: for the validators of `model`.
        """
        valid, replaced = self._completed(model, data, wrong, context)
        for rule in self.rules:
            yield from (each for each in rule(valid) if each.means([*wrong, *replaced]))

    def _completed(
        self, model: type[M], data: Any, wrong: Iterable[Location], context: object
    ) -> tuple[M, list[Location]]:
        """The model of the data with stand-ins where something is wrong, and where they are."""
        kept = {"": copy.deepcopy(data)}
        replaced = [self._replace(kept, path) for path in wrong]
        while True:
            try:
                return model.model_validate(kept[""], context=context), replaced
            except ValidationError as error:
                for each in error.errors(include_url=False, include_input=False):
                    path = each["loc"]
                    while path in replaced:  # a stand-in was not enough: what contains it is wrong
                        path = path[:-1]
                    replaced.append(self._replace(kept, path))

    def _replace(self, kept: dict[str, Any], path: Location) -> Location:
        """Put a stand-in at a path, or nothing if none is required; the path that was changed."""
        whole = ("", *(path[:-1] if path[-1:] == ("[key]",) else path))
        section: Any = kept
        for depth, key in enumerate(whole):
            child = _child(section, key)
            if depth == len(whole) - 1 or not isinstance(child, dict | list):
                break
            section = child
        found = whole[1 : depth + 1]
        _put(section, key, copy.deepcopy(_stand_in(self.stand_ins, found)))
        return found


def _child(section: Any, key: str | int) -> Any:
    try:
        return section[key]
    except (KeyError, IndexError, TypeError):
        return None


def _put(section: Any, key: str | int, value: Any) -> None:
    if (isinstance(section, list) and isinstance(key, int)) or value is not None:
        section[key] = value
    elif isinstance(section, dict):
        section.pop(key, None)


def _stand_in(stand_ins: Any, path: Location) -> Any:
    for key in path:
        stand_ins = _child(stand_ins, 0 if isinstance(key, int) else key)
    return stand_ins


def overlap(path: Location, other: Location) -> bool:
    """Whether one of two places is within the other."""
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]
