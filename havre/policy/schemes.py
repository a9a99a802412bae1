"""Certification schemes as data: what each asks, of which warehouses, and whom it cites.

A scheme is a row of `schemes.yaml`; one parametric control judges them all by the dated records
(see `havre.policy.qualifications`). A distribution that registers records may ship its own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

from havre.documents.breaches import Breach, DocumentRules
from havre.documents.installed import taken_together
from havre.documents.records import Text, read_document
from havre.policy.model import Profile, Severity
from havre.spec.schemes import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REMEDY = "Correct the file: each scheme has id, title, profile, severity, cites and remedy."


class AppliesTo(StrEnum):
    """Which warehouses a scheme is for; a warehouse file that names it always is one."""

    ALL = "all"
    HEALTH_DATA = "health-data"


class Scheme(BaseModel):
    """A certification scheme.

    Attributes:
        id: short name, as in the records and in `residency.qualifications`.
        name: as its owner writes it; empty: the short name.
        awarded: what an offer is under it: `certified` or `qualified`.
        keeper: who keeps its official list.
        official: address of the keeper's site, where that list is published.
        title: what is true when its control passes.
        rationale: why, and what the control does not see.
        applies_to: which warehouses it is for.
        profile: the first profile that requires it.
        severity: of a failure.
        cites: known identifiers of frameworks.
        remedy: what to do about a failure.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    name: str = ""
    awarded: Literal["certified", "qualified"] = "certified"
    keeper: str = ""
    official: Annotated[str, StringConstraints(pattern=r"^(https://[a-z0-9./-]+)?$")] = ""
    title: Text
    rationale: str = ""
    applies_to: AppliesTo = AppliesTo.ALL
    profile: Profile
    severity: Severity
    cites: tuple[Text, ...]
    remedy: Text

    @field_validator("cites")
    @classmethod
    def _some(cls, cites: tuple[str, ...]) -> tuple[str, ...]:
        if not cites:
            message = "cites nothing"
            raise ValueError(message)
        return cites

    @property
    def control(self) -> str:
        """Identifier of its control."""
        return control_of(self.id)


def control_of(scheme: str) -> str:
    """The identifier of the control that a scheme by its own identifier becomes."""
    return f"jurisdiction.{scheme}"


class _SchemesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    schemes: tuple[Scheme, ...]


def load_schemes(path: Path) -> tuple[Scheme, ...]:
    """Read the schemes in a file.

    Raises:
        InputError: it cannot be read, or a scheme is malformed or stands twice.
    """
    return read_document(path).validate(_SchemesFile, REMEDY, rules=_RULES).schemes


def _once(file: _SchemesFile) -> Iterator[Breach]:
    names = [scheme.id for scheme in file.schemes]
    for number, name in enumerate(names):
        if (first := names.index(name)) < number:
            reads = tuple(("schemes", index, "id") for index in (number, first))
            problem = f"`{name}` is recorded twice"
            yield Breach(("schemes", number), problem, "Delete one of the two.", reads)


_RULES = DocumentRules[_SchemesFile](
    (_once,),
    {
        "schemes": [
            {
                "id": "stand-in",
                "title": "-",
                "profile": Profile.BASELINE.value,
                "severity": Severity.LOW.value,
                "cites": ["-"],
                "remedy": "-",
            }
        ]
    },
)


def installed_schemes() -> tuple[Scheme, ...]:
    """The schemes of every installed distribution, Havre's own first.

    Raises:
        InputError: a file is not valid, or two distributions ship the same scheme.
        MissingDependencyError: none is installed.
    """
    return taken_together(
        FILE, load_schemes, lambda scheme: scheme.id, lambda scheme: f"scheme `{scheme.id}`"
    )
