"""What somebody changed by hand in a deployed warehouse, with the controls that each touches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.assess.assessment import question_of
from havre.assess.touched import Touched, touched
from havre.plan.drift import as_it_is, drifts
from havre.provider import TITLE, WRITTEN, provides

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from havre.assess.assessment import Request
    from havre.plan import Plan
    from havre.policy import Control


@dataclass(frozen=True)
class Drifted:
    """A deployed warehouse against its file.

    Attributes:
        warehouse: its name.
        environment: its environment.
        provider: title of the provider.
        as_of: the day of the check.
        changes: what somebody changed, with the controls that read it.
        waiting: names of resources in which the file asks for what is not deployed yet.
        told_apart: whether these are told apart: the last update was known.
        placeholders: settings without which the file's plan could not be compared.
        compared: resources that were compared.
    """

    warehouse: str
    environment: str
    provider: str
    as_of: dt.date
    changes: tuple[Touched, ...]
    waiting: tuple[str, ...]
    told_apart: bool
    placeholders: tuple[str, ...]
    compared: int


def drift(
    request: Request,
    last: Plan | None,
    controls: Sequence[Control],
    departed: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Drifted:
    """Compare what a refresh saw with the file and the last update.

    Args:
        request: of the plan as a refresh saw it.
        last: what the last update made; None: it is not known.
        controls: those that are installed.
        departed: what its provider would change, although nothing else is asked of it: by URN,
            in what it differs.

    Raises:
        InputError: a setting or a waiver is wrong, a plan is of another warehouse, or nothing says
            what should be.
    """
    question = question_of(request)
    planned = question_of(replace(request, plan=None, source="evaluation")).plan
    written = provides(request.subject.provider, WRITTEN).or_else(as_it_is)
    found = drifts(planned, question.plan, last, departed, written)
    changes = sorted(
        touched(question, controls, found.drifts),
        key=lambda c: (not c.fails, not c.reads, c.drift.resource.urn, c.drift.path),
    )
    provider = request.subject.provider
    return Drifted(
        question.spec.name,
        question.spec.environment.value,
        provides(provider, TITLE).or_else(provider.name),
        question.as_of,
        tuple(changes),
        found.waiting,
        found.told_apart,
        found.placeholders,
        sum(each.made for each in question.plan.resources),
    )
