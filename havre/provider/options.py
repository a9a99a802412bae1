"""What a provider may offer beyond the required core, each asked for by `provides`.

The contract grows here: a new option breaks no provider, since one that does not know it lacks
it, with a reason that the user reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from havre.capabilities import Support, Supported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
    from pydantic import BaseModel

    from havre.audit.logs import AccessLogs
    from havre.capabilities import Limit, Measure
    from havre.cost.meters import MeterTable
    from havre.database.profile import DatabaseProfile
    from havre.facts import Estate
    from havre.live.warehouse import Live
    from havre.plan import Plan, PlannedResource
    from havre.plan.replacing import ReplacingTable
    from havre.provider.contract import Provider
    from havre.provider.conventions import Adopting
    from havre.provider.faults import ProviderFault
    from havre.provider.operations import Examination, Operations, StandIns
    from havre.provider.outputs import Outputs
    from havre.spec import Warehouse

T = TypeVar("T")


@dataclass(frozen=True)
class Option(Generic[T]):
    """Something that a provider may offer.

    Attributes:
        member: name of the provider's member that offers it.
        sentence: what it is for; it begins with a verb.
    """

    member: str
    sentence: str


@dataclass(frozen=True)
class Offer(Generic[T]):
    """A provider's answer for an option.

    Attributes:
        option: what was asked for.
        answer: how far the provider offers it, with the reason for all but native.
        given: the member that offers it; None where the provider does not.
    """

    option: Option[T]
    answer: Supported
    given: T | None

    def or_else(self, default: T) -> T:
        """What is given, or `default` where nothing is."""
        return default if self.given is None else self.given


TITLE: Option[str] = Option("title", "Names the provider as its owner writes it.")
REMEDIES: Option[Mapping[str, str]] = Option(
    "remedies", "Says by identifier of a control what to do about it at this provider."
)
LIMITS: Option[Mapping[Measure, Limit]] = Option(
    "limits", "States the provider's limits, such as the largest object, with source and date."
)
CHECK: Option[Callable[[Warehouse, BaseModel], Iterable[ProviderFault]]] = Option(
    "check", "Lists every fault of a warehouse file or of settings before anything is built."
)
OPERATIONS: Option[Callable[[BaseModel], Operations]] = Option(
    "operations", "Operates a deployed warehouse: status, connect, backup, restore, stop."
)
SERVICERS: Option[Callable[[], Mapping[str, ResourceProviderServicer]]] = Option(
    "servicers", "Applies resources in this process: Pulumi's provider servicers by package."
)
LIVE: Option[Callable[[BaseModel, Outputs], Live]] = Option(
    "live", "Reaches a deployed warehouse by clients: the objects of its zones, and its database."
)
SANDBOX: Option[Callable[[Path, BaseModel], Mapping[str, ResourceProviderServicer]]] = Option(
    "sandbox",
    "Makes resources in a folder on this machine, as stand-ins: provider servicers by package.",
)
STAND_INS: Option[Callable[[Path, BaseModel, str], StandIns]] = Option(
    "stand_ins", "Runs services behind its sandbox in a folder, for a warehouse of a name."
)
DATABASE: Option[DatabaseProfile] = Option(
    "database_profile", "States how its PostgreSQL is administered: roles of the service, audit."
)
PACKAGES: Option[frozenset[str]] = Option(
    "packages", "Names the packages of its resources, so that a plan of another's is refused."
)
REPLACING: Option[Callable[[], ReplacingTable]] = Option(
    "replacing", "Lists by type which inputs replace a deployed resource, and what it contains."
)
EXAMINE: Option[Callable[[Plan], Examination]] = Option(
    "examine", "Lists what has a deployed warehouse's name, and compares it with the state."
)
GIVEN: Option[Callable[[BaseModel], Estate]] = Option(
    "given", "Lists what the settings name of an existing estate, and who answers for it."
)
METERS: Option[Callable[[], MeterTable]] = Option(
    "meters", "Lists by type what sizes a resource, for an estimate of cost."
)
ADOPTING: Option[Callable[[], Adopting]] = Option(
    "adopting", "Recognises existing resources, so that a warehouse can take them over."
)
ACCESS_LOGS: Option[Callable[[BaseModel, Outputs, Plan], AccessLogs]] = Option(
    "access_logs", "Reads its own logs of accesses: who did what with which zone or table."
)
WRITTEN: Option[Callable[[PlannedResource, str, Any], Any]] = Option(
    "written", "Writes a property's value in one way, so that spellings of one value compare equal."
)
ANSWERS: Option[Mapping[str, Supported]] = Option(
    "options", "States how far the provider offers each option, and what to use instead."
)
OPTIONS: tuple[Option[Any], ...] = (
    *(TITLE, REMEDIES, LIMITS, CHECK, OPERATIONS, SERVICERS, LIVE, SANDBOX, STAND_INS),
    *(DATABASE, PACKAGES, REPLACING, EXAMINE, GIVEN, METERS, ADOPTING, ACCESS_LOGS, WRITTEN),
    ANSWERS,
)
"""Every option of this version of the contract."""


def provides(provider: Provider, option: Option[T]) -> Offer[T]:
    """What a provider offers of an option, and if nothing, why.

    A provider that declares nothing in `options` offers what it has a member for.
    """
    given = cast("T | None", getattr(provider, option.member, None))
    declared: Mapping[str, Supported] = getattr(provider, ANSWERS.member, {})
    answer = declared.get(option.member) or _found(provider, option, given)
    absent = answer.support in (Support.ABSENT, Support.UNKNOWN)
    return Offer(option, answer, None if absent else given)


def _found(provider: Provider, option: Option[T], given: T | None) -> Supported:
    """The answer of a provider that declares none."""
    if given is not None:
        return Supported(Support.NATIVE)
    reason = f"provider `{provider.name}` does not offer `{option.member}`"
    return Supported(Support.ABSENT, reason)
