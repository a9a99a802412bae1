"""The contract of a provider.

A provider is an object with the members of `Provider`; what it can and cannot do is
declared in `capabilities` and `gaps`, never found out at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

    from havre.capabilities import Capability, Gap, Limit, Measure, Supported
    from havre.facts import Facts
    from havre.plan.model import Plan
    from havre.provider.operations import Operations
    from havre.provider.parts import Parts
    from havre.provider.sites import Site
    from havre.spec import Warehouse


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
    """The whole contract of a provider."""

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
    def remedies(self) -> Mapping[str, str]:
        """By identifier of a control, what to do about it here; it may be empty."""
        ...

    @property
    def limits(self) -> Mapping[Measure, Limit]:
        """Its limits; one that is not there is not known."""
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

    def operations(self, settings: BaseModel) -> Operations:
        """What can be done with a warehouse that stands."""
        ...
