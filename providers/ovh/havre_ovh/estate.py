"""What a stack on OVHcloud is given of an estate that exists, and never manages.

The OKMS domain, the project and the account of logs are always given, by settings of their own.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads annotations at run time
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from havre.provider.faults import SETTINGS, ProviderFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.facts import Estate
    from havre.facts.model import ResourceFact
    from havre.plan import Plan
    from havre_ovh.settings import OvhSettings

Uuid = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
]
RegionName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]*$", max_length=20)]
STREAM, NETWORK, GATEWAY = "log stream", "private network in ", "gateway"
"""What is given, for people; facts tell by these words which it is."""


class OvhEstate(BaseModel):
    """Parts of an estate that exists; none of them is managed, protected or evaluated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answers_for: Annotated[str, Field(min_length=5, max_length=200, pattern=r"^[^\n\r\t]+$")] = (
        Field(
            description="Who answers for these parts, with an address of the team. Findings about "
            "what is outside the plan name it."
        )
    )
    network_ids: Mapping[RegionName, Uuid] = Field(
        default_factory=dict,
        description="OpenStack identifier of an existing private network, by region, for every "
        "region of the warehouse's network. Havre then creates its subnets in it.",
    )
    gateway_id: Uuid | None = Field(
        default=None,
        description="Identifier of an existing gateway of the primary site's region. Havre then "
        "creates none. The responsible party attaches the subnets `compute` and `database` to it.",
    )
    stream_id: Uuid | None = Field(
        default=None,
        description="Identifier of an existing stream of the Logs Data Platform. Havre then "
        "creates none: its retention and its archive are the responsible party's.",
    )

    @model_validator(mode="after")
    def _of_something(self) -> OvhEstate:
        if self.parts():
            return self
        message = "names nothing that exists: set one of `network_ids`, `gateway_id` and "
        message += "`stream_id`, or leave `estate` out"
        raise ValueError(message)

    def parts(self) -> dict[str, str]:
        """What is given, for people, and how resources refer to it."""
        found = {
            **{f"{NETWORK}{region}": identifier for region, identifier in self.network_ids.items()},
            GATEWAY: self.gateway_id,
            STREAM: self.stream_id,
        }
        return {what: identifier for what, identifier in found.items() if identifier}

    def recorded(self) -> Estate:
        """What the plan records of it."""
        from havre.facts import Estate

        return Estate(self.answers_for, self.parts())


def estate_faults(settings: OvhSettings, needed: list[str]) -> Iterator[ProviderFault]:
    """Every fault of the setting `estate`.

    Args:
        settings: of the stack.
        needed: regions of the warehouse's network.
    """
    estate, place = settings.estate, (SETTINGS, "estate", "network_ids")
    if estate is None or not estate.network_ids:
        return
    for region in needed:
        if region not in estate.network_ids:
            message = f"the network in {region} is not named"
            yield ProviderFault(place, message, f"Add the identifier of the network in {region}.")
    for region in estate.network_ids:
        if region not in needed:
            message = f"the warehouse has no network in {region}"
            yield ProviderFault((*place, region), message, f"Its regions: {', '.join(needed)}.")
    if settings.vlan_id is not None:
        message = "`vlan_id` is of a network that Havre creates, and `network_ids` names another"
        yield ProviderFault((SETTINGS, "vlan_id"), message, "Remove one of them.")


def outside_facts(plan: Plan) -> Iterator[ResourceFact]:
    """A fact for each store of logs and each part of a network that the warehouse is given."""
    from havre.facts.model import NetworkElement, Offering
    from havre.facts.outside import outside_of, unseen
    from havre.facts.stores import LogStore
    from havre.facts.values import DOES_NOT_APPLY

    for identifier, outside in outside_of(plan).items():
        if outside.property.startswith(STREAM):
            token = "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream"  # noqa: S105 - a type
            offering = Offering("OVHcloud", "Logs Data Platform")
            yield unseen(LogStore, identifier, token, outside, offering=offering)
        elif outside.property.startswith((NETWORK, GATEWAY)):
            token = "ovh:CloudProject/networkPrivate:NetworkPrivate"  # noqa: S105 - a type
            yield unseen(
                NetworkElement, identifier, token, outside, border=DOES_NOT_APPLY, rules=outside
            )
