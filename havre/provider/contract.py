"""The contract of a provider: the core that every provider has.

A provider is an object with the members of `Provider`; what it can and cannot do is
declared in `capabilities` and `gaps`, never found out at run time. What only some providers
offer is an option (`havre.provider.options`), so that the contract grows and breaks none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from havre.provider.options import REMEDIES, SERVICERS, provides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
    from pydantic import BaseModel

    from havre.capabilities import Capability, Gap, Supported
    from havre.facts import Facts
    from havre.plan.model import Plan
    from havre.provider.parts import Parts
    from havre.provider.sites import Site
    from havre.spec import Warehouse


CONTRACT = 1
"""Version of the contract: it rises when the required core changes, never for an option."""
OUTPUTS_VERSION = 1
"""Version of a stack's outputs that this Havre writes, and the newest that it reads."""
REQUIRED = (
    "name",
    "operator",
    "sites",
    "capabilities",
    "settings",
    "parts",
    "gaps",
    "facts",
)
"""Names of the members of the required core."""


@dataclass(frozen=True)
class Operator:
    """The legal entity that runs a provider's services.

    Attributes:
        entity: legal name.
        country: country of its ultimate parent, ISO 3166-1 alpha-2; None where nobody's but
            the user's own.
        laws: laws that can compel it to hand data over, as areas or countries.
    """

    entity: str
    country: str | None
    laws: tuple[str, ...]


@runtime_checkable
class NeedsEnvironment(Protocol):
    """Settings of a provider whose deployment also reads the environment of the run."""

    def lacking(self) -> Sequence[str]:
        """Names of the variables, all secrets, that the environment lacks."""
        ...


@runtime_checkable
class Provider(Protocol):
    """The required core of the contract, version `CONTRACT`."""

    @property
    def name(self) -> str:
        """Name on the command line."""
        ...

    @property
    def operator(self) -> Operator:
        """Who runs its services, and the laws that bind them."""
        ...

    @property
    def sites(self) -> Mapping[str, Site]:
        """Logical sites it has."""
        ...

    @property
    def capabilities(self) -> Mapping[Capability, Supported]:
        """Its answer for every capability; one that is not there counts as unknown."""
        ...

    @property
    def settings(self) -> type[BaseModel]:
        """What a stack must say beyond the spec."""
        ...

    def parts(self) -> Parts:
        """The builders of the warehouse's parts."""
        ...

    def gaps(self, spec: Warehouse, settings: BaseModel) -> Sequence[Gap]:
        """What it cannot do for this spec."""
        ...

    def facts(self, plan: Plan) -> Facts:
        """What a plan means for security, what it removes included.

        `havre.facts.collect` makes it from the facts of one resource, with `Unclassified` for a
        type that the provider does not know; `havre.facts.Index` finds how resources relate. A
        resource that is passed over in silence counts as unclassified.
        """
        ...


def remedy(provider: Provider, control: str) -> str:
    """What to do about a control at a provider; empty where the provider says nothing of it."""
    return provides(provider, REMEDIES).or_else({}).get(control, "")


def servicers(provider: Provider) -> Mapping[str, ResourceProviderServicer]:
    """What applies a provider's resources in this process, by package; empty where nothing does."""
    given = provides(provider, SERVICERS).given
    return {} if given is None else given()
