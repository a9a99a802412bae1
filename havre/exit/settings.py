"""The file of an exit, `exit.yaml`: which warehouse is left for which, and who decided what."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from havre.documents.records import Day, read_document
from havre.exit.ledger import ALL, LossDecision
from havre.exit.records import decoded, encoded
from havre.stack.standing import Standing, in_export, in_folder

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

FILE = "exit.yaml"
"""Name of the file in the folder of an exit."""
EXAMPLE = (
    "An exit has name, source, target, controller and host, and may have level, zones, tiers, "
    "renamings, rates, database, contract, frozen_by_hand, gone_by_hand and decisions; "
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

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.data_dir is None) == (self.state is None):
            message = "name either data_dir or state"
            raise ValueError(message)
        if self.stack is not None and self.state is None:
            message = "stack is the stack file of a state: name state too"
            raise ValueError(message)
        return self

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


class _Decision(ExitSection):
    scope: Line = ALL
    item: Line = ALL
    property: Line
    who: Line
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
    who: Line
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
        default=(), alias="decisions", description="what may be lost, and who answers for it"
    )

    @model_validator(mode="after")
    def _renamed_once(self) -> Self:
        for zone in {each.zone for each in self.renamings}:
            given = (each.keys.items() for each in self.renamings if each.zone == zone)
            pairs = [*itertools.chain.from_iterable(given)]
            for side, words in ((0, "is renamed twice"), (1, "stands for two keys")):
                (key, times), *_ = Counter(pair[side] for pair in pairs).most_common(1)
                if times > 1:
                    message = f"renamings of zone `{zone}`: `{key}` {words}"
                    raise ValueError(message)
            kept = next((key for key, other in pairs if key == other), None)
            if kept is not None:
                message = f"renamings of zone `{zone}`: `{kept}` would keep its name"
                raise ValueError(message)
        return self

    def renamed(self, zone: str) -> dict[str, str]:
        """The target's key by the source's, neither encoded, where they differ in a zone."""
        given = (each.keys.items() for each in self.renamings if each.zone == zone)
        return {decoded(key): decoded(other) for pairs in given for key, other in pairs}

    @property
    def decisions(self) -> tuple[LossDecision, ...]:
        """What may be lost."""
        return tuple(LossDecision(**each.model_dump()) for each in self.decided)


def read_exit(folder: Path) -> ExitFile:
    """The file of an exit in its folder.

    Raises:
        InputError: it cannot be read or is not valid; every fault is named with its line.
    """
    return read_document(folder / FILE, typed=True, remedy=EXAMPLE).validate(ExitFile, EXAMPLE)
