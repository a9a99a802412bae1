"""What a profile demands besides its controls: dated data of installed distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from havre.documents.breaches import Breach, DocumentRules
from havre.documents.installed import taken_together
from havre.documents.records import read_document
from havre.errors import MissingDependencyError
from havre.policy.model import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROFILES = "profiles.yaml"
"""Name of the data files."""
EXAMPLE = "A profile has `profile` and `waiver_days`."


class _ProfileSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProfileTerms(_ProfileSection):
    """What a profile demands besides its controls.

    Attributes:
        profile: the profile.
        waiver_days: how far ahead a waiver may expire, in days from the day of a check.
        probe_days: how old probes are at most that a check takes into account.
    """

    profile: Profile
    waiver_days: Annotated[int, Field(ge=1)]
    probe_days: Annotated[int, Field(ge=1)] = 7


class _ProfileTerms(_ProfileSection):
    profiles: tuple[ProfileTerms, ...]


def read_terms(path: Path) -> tuple[ProfileTerms, ...]:
    """The profiles in a file.

    Raises:
        InputError: it is not valid, or records a profile twice.
    """
    document = read_document(path, typed=True)
    return document.validate(_ProfileTerms, EXAMPLE, rules=_RULES).profiles


def _once(file: _ProfileTerms) -> Iterator[Breach]:
    names = [each.profile for each in file.profiles]
    for number, name in enumerate(names):
        if (first := names.index(name)) < number:
            pair = tuple(("profiles", index, "profile") for index in (number, first))
            yield Breach(pair[0], f"{name} is recorded twice", "Delete one of the entries.", pair)


_RULES = DocumentRules[_ProfileTerms](
    (_once,), {"profiles": [{"profile": Profile.BASELINE.value, "waiver_days": 1}]}
)


def terms_of(profile: Profile) -> ProfileTerms:
    """What a profile demands besides its controls.

    Raises:
        MissingDependencyError: no installed distribution records it.
        InputError: a data file is not valid.
    """
    found = taken_together(
        PROFILES, read_terms, lambda each: each.profile, lambda each: f"profile {each.profile}"
    )
    for each in found:
        if each.profile is profile:
            return each
    message = f"no installed distribution records profile `{profile.value}`"
    raise MissingDependencyError(message, "Install them with: pip install havre-policies")
