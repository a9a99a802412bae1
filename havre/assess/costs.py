"""What a plan would cost a month at its provider, as far as prices and amounts are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.cost.estimate import estimate
from havre.cost.prices import load_prices
from havre.cost.quantities import quantities
from havre.cost.unmatched import refuse_misspelt, refuse_unknown_providers
from havre.cost.usage import load_usage
from havre.errors import ANYTHING, InputError, ProviderError, show_traceback
from havre.facts.collect import facts_of
from havre.provider import METERS, provides
from havre.provider.discovery import installed_names

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from havre.cost.estimate import Estimate
    from havre.cost.prices import PriceList
    from havre.cost.usage import Usage
    from havre.facts import Facts
    from havre.plan import Plan
    from havre.provider import Provider


@dataclass(frozen=True)
class CostInputs:
    """What the user gives for an estimate.

    Attributes:
        day: for which it is made.
        prices: None: quantities alone.
        usage: amounts that no plan decides.
    """

    day: dt.date
    prices: PriceList | None = None
    usage: tuple[Usage, ...] = ()


def read_inputs(day: dt.date, prices: Path | None, usage: Path | None) -> CostInputs:
    """The files of prices and usage.

    Raises:
        InputError: one cannot be read or is not valid; every fault is named with its line.
    """
    listed = load_prices(prices.expanduser(), day) if prices else None
    if listed:
        refuse_unknown_providers(listed, installed_names())
    return CostInputs(day, listed, load_usage(usage.expanduser()) if usage else ())


def costs(plan: Plan, provider: Provider, given: CostInputs) -> Estimate:
    """What a plan would cost a month.

    Raises:
        InputError: the provider has no estimate, and why.
        ProviderError: the provider's table of meters cannot be read.
    """
    found = costs_or_why(plan, provider, given)
    if isinstance(found, str):
        message = f"provider `{provider.name}` has no estimate of cost: {found}"
        raise InputError(message, "Choose another provider with --provider.")
    return found


def costs_or_why(
    plan: Plan, provider: Provider, given: CostInputs, facts: Facts | None = None
) -> Estimate | str:
    """What a plan would cost a month, or why its provider has no estimate.

    Args:
        plan: from whatever source.
        provider: of the plan.
        given: prices and usage.
        facts: of the plan, where they were read already.

    Raises:
        InputError: a price or a usage can match no plan of the provider: it is misspelt.
        ProviderError: the provider's table of meters cannot be read.
    """
    offer = provides(provider, METERS)
    if offer.given is None:
        return offer.answer.reason
    try:
        table = offer.given()
    except ANYTHING as error:  # a provider's code may raise anything
        show_traceback()
        message = f"the meters of provider `{provider.name}` cannot be read: {type(error).__name__}"
        raise ProviderError(message, "Report it to the maker of the provider.") from None
    sites: dict[str, str] = {}
    for site in provider.sites.values():
        for region in site.regions.values():
            sites.setdefault(region.lower(), site.name)
    own = given.prices.prices if given.prices else ()
    refuse_misspelt(
        [price for price in own if price.provider == provider.name], given.usage, table, sites
    )
    found = quantities(plan, table, facts or facts_of(plan, provider.facts), sites)
    return estimate(provider.name, found, given.prices, given.usage, plan.placeholders)
