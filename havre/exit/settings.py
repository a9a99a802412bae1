"""The file of an exit, `exit.yaml`: which warehouse is left for which, and who decided what."""

from __future__ import annotations

import itertools
import os.path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from havre.documents.breaches import Breach, DocumentRules
from havre.documents.records import Day, read_document
from havre.exit.ledger import ALL, LossDecision
from havre.exit.planting import PlantedFault  # noqa: TC001 - pydantic reads it
from havre.exit.records import decoded, encoded
from havre.stack.standing import Standing, in_export, in_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from havre.documents.problems import Location

FILE = "exit.yaml"
"""Name of the file in the folder of an exit."""
EXAMPLE = (
    "An exit has name, source, target, controller and host, and may have level, zones, tiers, "
    "renamings, rates, database, contract, frozen_by_hand, gone_by_hand, decisions and planted; "
    "`havre exit new FOLDER` writes an example."
)

Line = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", min_length=1, max_length=1000)
]
Role = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=63)]
Count = Annotated[int, Field(gt=0)]


class ExitSection(BaseModel):
    """A section of the file: what the model does not name is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExitSide(ExitSection):
    """A warehouse that stands: the folder of `havre up`, or what `pulumi stack export` wrote."""

    data_dir: Line | None = Field(
        default=None, description="folder of a warehouse on this machine, from exit.yaml on"
    )
    state: Line | None = Field(
        default=None, description="file that `pulumi stack export` wrote, from exit.yaml on"
    )
    stack: Line | None = Field(
        default=None, description="stack file with the provider's settings, beside `state`"
    )

    def standing(self, folder: Path) -> Standing:
        """The warehouse; nothing is read yet.

        Args:
            folder: that of exit.yaml, from which relative paths lead.
        """
        if self.data_dir is not None:
            return in_folder((folder / self.data_dir).resolve())
        return in_export((folder / str(self.state)).resolve())


class EgressPrice(ExitSection):
    """What the provider that is left asks for bytes that leave, with where that was read."""

    per_gib: Annotated[float, Field(ge=0)] = Field(description="price of 2**30 bytes")
    currency: Line
    source: Line = Field(description="where the price was read")
    when: Day = Field(description="on which day")


class Rates(ExitSection):
    """How hard both sides may be pressed, and what a plan reckons with until it has measured."""

    requests: Count | None = Field(
        default=None, description="requests a second to each side, at most"
    )
    bytes: Count | None = Field(
        default=None, description="bytes a second from or to each side, at most"
    )
    workers: Count = Field(default=2, description="processes that copy")
    scheduler: Line | None = Field(
        default=None, description="address of a Dask scheduler whose workers copy instead"
    )
    egress: EgressPrice | None = Field(
        default=None, description="what the source's provider asks for bytes that leave"
    )


class DatabaseWay(ExitSection):
    """How the database goes."""

    method: Literal["dump", "replication", "none"] = Field(
        default="dump",
        description="`replication`: writers go on until the freeze; `none`: it stays behind, "
        "which somebody must decide",
    )
    roles: dict[Line, Role] = Field(
        default={},
        description="the target's name by the source's, for roles of a vendor; empty: none. "
        "The administrators of both sides stand for each other",
    )


def _way(told: object) -> object:
    """`database: none` is short for its method."""
    return {"method": told} if isinstance(told, str) else told


DECIDER = "who decided: the controller, or a person whom it names; a DPO only advises"
"""GDPR, articles 4(7), 38(6) and 39: the officer advises, the controller determines."""


class _Decision(ExitSection):
    scope: Line = ALL
    item: Line = ALL
    property: Line
    who: Line = Field(description=DECIDER)
    why: Line
    when: Day


class FrozenByHand(ExitSection):
    """A person's word that writing was taken away where Havre cannot."""

    scope: Line = Field(default=ALL, description="`zone NAME`, `database NAME`, or `all`")
    who: Line
    why: Line
    when: Day = Field(description="day on which it was taken")
    names: tuple[Line, ...] = Field(
        default=(), description="roles of the service that only it can take, for one database"
    )
    tokens_end: Day | None = Field(
        default=None, description="last day on which what was issued before may write, if known"
    )


class GoneByHand(ExitSection):
    """A person's word that something is gone, where Havre cannot try it."""

    scope: Line = Field(description="such as `key cohorts-zone-curated`")
    who: Line = Field(description="who saw it")
    why: Line = Field(description="how, such as the provider's certificate")
    when: Day
    request: Line | None = Field(default=None, description="the provider's number of the request")


class ContractTerms(ExitSection):
    """What the contract with the host says, for the calendar."""

    notice: Day | None = Field(default=None, description="day on which notice was given")
    ends: Day | None = Field(default=None, description="day on which the contract ends")
    permit_ends: Day | None = Field(default=None, description="day on which a data permit ends")
    public: bool = Field(default=False, description="whether a French public contract (CCAG)")
    secnumcloud: bool = Field(
        default=False, description="whether the host's offer is qualified SecNumCloud"
    )
    erasure_notice: Day | None = Field(
        default=None, description="day on which the host announced the erasure of the data"
    )


Key = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$")]
"""Name of an object, percent-encoded as in the evidence."""


class KeyRenamings(ExitSection):
    """Objects that get another name at the target, and who answers for it."""

    zone: Line = Field(description="of the source")
    keys: dict[Key, Key] = Field(
        min_length=1,
        description="the target's key by the source's, percent-encoded as in the evidence",
    )
    who: Line = Field(description=DECIDER)
    why: Line
    when: Day

    @field_validator("keys")
    @classmethod
    def _each_as_evidence_writes_it(cls, keys: dict[str, str]) -> dict[str, str]:
        for key in itertools.chain(*keys.items()):
            if encoded(decoded(key)) != key:
                message = f"`{key}` is written `{encoded(decoded(key))}` in the evidence"
                raise ValueError(message)
        return keys

    def __str__(self) -> str:
        """The decision in one line."""
        return f"{self.who}, {self.when}: {self.why}"


class ExitFile(ExitSection):
    """What `exit.yaml` says."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    level: Literal["real", "rehearsal"] = Field(
        default="real", description="whether this is the exit, or its rehearsal"
    )
    source: ExitSide = Field(description="the warehouse that is left")
    target: ExitSide = Field(description="the warehouse that takes over")
    controller: Line = Field(description="who answers for the data")
    host: Line = Field(description="legal entity that hosts the source")
    zones: dict[Line, Line] = Field(
        default={}, description="zone of the target by zone of the source, where names differ"
    )
    tiers: dict[Line, str] = Field(
        default={},
        description="the target's tier by the source's; empty: as the target does by default",
    )
    renamings: tuple[KeyRenamings, ...] = Field(
        default=(), description="keys that the target cannot hold, and those that stand for them"
    )
    database: Annotated[DatabaseWay, BeforeValidator(_way)] = DatabaseWay()
    rates: Rates = Rates()
    contract: ContractTerms = ContractTerms()
    gone_by_hand: tuple[GoneByHand, ...] = Field(
        default=(), description="what cannot be tried from here, and who saw that it is gone"
    )
    frozen_by_hand: tuple[FrozenByHand, ...] = Field(
        default=(), description="where writing was taken away by hand, by whom and why"
    )
    decided: tuple[_Decision, ...] = Field(
        default=(),
        alias="decisions",
        description="what may be lost; the controller, or a person whom it names, decides",
    )

    planted: PlantedFault | None = Field(
        default=None, description="fault of the target's stores, in a rehearsal only"
    )

    def renamed(self, zone: str) -> dict[str, str]:
        """The target's key by the source's, neither encoded, where they differ in a zone."""
        given = (each.keys.items() for each in self.renamings if each.zone == zone)
        return {decoded(key): decoded(other) for pairs in given for key, other in pairs}

    @property
    def decisions(self) -> tuple[LossDecision, ...]:
        """What may be lost."""
        return tuple(LossDecision(**each.model_dump()) for each in self.decided)


_DECIDED = {"who": "-", "why": "-", "when": "2000-01-01"}
_STAND_INS = {
    "name": "stand-in",
    "source": {"data_dir": "stand-in/source"},
    "target": {"data_dir": "stand-in/target"},
    "controller": "-",
    "host": "-",
    "renamings": [{"zone": "-", "keys": {"stand-in": "stood-in"}, **_DECIDED}],
    "rates": {"egress": {"per_gib": 0.0, "currency": "-", "source": "-", "when": "2000-01-01"}},
    "gone_by_hand": [{"scope": "-", **_DECIDED}],
    "frozen_by_hand": [{"names": ["-"], **_DECIDED}],
    "decisions": [{"property": "-", **_DECIDED}],
}


def _sides_are_named(file: ExitFile) -> Iterator[Breach]:
    """Each side is a folder, or a state with its stack file."""
    for name, side in (("source", file.source), ("target", file.target)):
        reads = tuple((name, field) for field in ("data_dir", "state"))
        if (side.data_dir is None) == (side.state is None):
            yield Breach((name,), "name either data_dir or state", reads=reads)
        if side.stack is not None and side.state is None:
            problem = "is the stack file of a state: name state too"
            yield Breach((name, "stack"), problem, reads=(*reads[1:], (name, "stack")))


def _sides_differ(file: ExitFile) -> Iterator[Breach]:
    """The warehouse that takes over is another one."""
    for field in ("data_dir", "state"):
        source, target = getattr(file.source, field), getattr(file.target, field)
        if source and target and os.path.normpath(source) == os.path.normpath(target):
            paths = (("target", field), ("source", field))
            problem, remedy = "is the source too", "Name the warehouse that takes over."
            yield Breach(paths[0], problem, remedy, paths)


def _zones_stay_apart(file: ExitFile) -> Iterator[Breach]:
    """No two zones lead to one."""
    seen: dict[str, str] = {}
    for zone, other in file.zones.items():
        if (first := seen.setdefault(other, zone)) != zone:
            paths = (("zones", zone), ("zones", first))
            problem = f"leads to `{other}`, as `{first}` does"
            yield Breach(paths[0], problem, "Name another zone of the target.", paths)


def _renamed_once(file: ExitFile) -> Iterator[Breach]:
    """A key has one new name, which no other key of its zone has."""
    seen: dict[tuple[str, int, str], Location] = {}
    for number, each in enumerate(file.renamings):
        place = ("renamings", number)
        for pair in each.keys.items():
            path: Location = (*place, "keys", pair[0])
            if pair[0] == pair[1]:
                yield Breach(path, f"`{pair[0]}` would keep its name", "Delete it.")
            for side, words in ((0, "is renamed twice"), (1, "stands for two keys")):
                first = seen.setdefault((each.zone, side, pair[side]), path)
                if first != path:
                    reads = (path, first, (*place, "zone"), (*first[:2], "zone"))
                    problem = f"in zone `{each.zone}`, `{pair[side]}` {words}"
                    yield Breach(path, problem, "Delete one of the two.", reads)


def _decided_once(file: ExitFile) -> Iterator[Breach]:
    """Nothing is decided twice."""
    seen: dict[tuple[str, str, str], int] = {}
    for number, each in enumerate(file.decided):
        first = seen.setdefault((each.scope, each.item, each.property), number)
        if first != number:
            fields = ("scope", "item", "property")
            reads = tuple(
                ("decisions", index, name) for index in (number, first) for name in fields
            )
            problem = f"decides the same as decisions[{first}]"
            yield Breach(("decisions", number), problem, "Delete one of the two.", reads)


def _planted_in_a_rehearsal(file: ExitFile) -> Iterator[Breach]:
    """Nothing is planted in a real exit."""
    if file.planted is not None and file.level == "real":
        problem = "plants a fault in a real exit"
        yield Breach(("planted",), problem, "Delete it.", (("planted",), ("level",)))


def _notice_precedes_the_end(file: ExitFile) -> Iterator[Breach]:
    """A contract ends no earlier than the day on which notice was given."""
    terms = file.contract
    if terms.notice and terms.ends and terms.ends < terms.notice:
        paths = (("contract", "ends"), ("contract", "notice"))
        problem = f"{terms.ends} is before the notice of {terms.notice}"
        yield Breach(paths[0], problem, "Correct one of the two dates.", paths)


RULES = DocumentRules[ExitFile](
    (
        *(_sides_are_named, _sides_differ, _zones_stay_apart),
        *(_renamed_once, _decided_once, _notice_precedes_the_end),
        _planted_in_a_rehearsal,
    ),
    _STAND_INS,
)


def read_exit(folder: Path) -> ExitFile:
    """The file of an exit in its folder.

    Raises:
        InputError: it cannot be read or is not valid; every fault is named with its line.
    """
    document = read_document(folder / FILE, typed=True, remedy=EXAMPLE)
    return document.validate(ExitFile, EXAMPLE, rules=RULES)
