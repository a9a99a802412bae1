"""Entries of price lists and usage that match nothing: misspelt ones are refused, others told."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from havre.cost.prices import UNITS
from havre.documents.validation import did_you_mean
from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from havre.cost.meters import Measured, MeterTable
    from havre.cost.prices import Price, PriceList
    from havre.cost.quantities import Quantity
    from havre.cost.usage import Usage

REMEDY = "`havre cost FILE --details` shows each meter, item and resource as it is to be written."


@dataclass(frozen=True)
class UnmatchedEntry:
    """A price or a usage that counts for nothing.

    Attributes:
        kind: `price` or `usage`.
        where: file and line.
        entry: what it is for, as the file names it.
        reason: why it counts for nothing.
    """

    kind: str
    where: str
    entry: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """The entry as JSON-ready values."""
        return asdict(self)


def refuse_misspelt(
    prices: Iterable[Price], usage: Iterable[Usage], table: MeterTable, regions: Collection[str]
) -> None:
    """Refuse entries that no plan of a provider can match.

    Args:
        prices: those of the provider.
        usage: amounts, for whichever provider.
        table: the provider's meters.
        regions: the provider's own names.

    Raises:
        InputError: there are some; every one is named with its line.
    """
    measured: dict[str, set[Measured]] = {}
    for meters in table.types.values():
        for each in meters:
            measured.setdefault(each.meter, set()).add(each.measured)
    faults = [
        f"{price.where}: {fault}"
        for price in prices
        if (fault := _misspelt(price, measured, regions))
    ]
    for entry in usage:
        near = did_you_mean(entry.meter, measured)
        if entry.meter not in measured and near:
            faults.append(f"{entry.where}: meter: there is no meter `{entry.meter}`, {near}")
    if faults:
        raise InputError("\n".join(faults), REMEDY)


def _misspelt(
    price: Price, measured: Mapping[str, Collection[Measured]], regions: Collection[str]
) -> str:
    """What is wrong with a price, whatever the plan has; empty where nothing is."""
    if price.meter not in measured:
        near = did_you_mean(price.meter, measured)
        told = f"meter: {price.provider} has no meter `{price.meter}`"
        return f"{told}, {near}" if near else f"{told} (it has {', '.join(sorted(measured))})"
    units = [unit.value for each in measured[price.meter] for unit in UNITS[each]]
    if price.unit not in units:
        fit = ", ".join(dict.fromkeys(units))
        return f"unit: `{price.unit}` is no unit of `{price.meter}` (use one of: {fit})"
    if price.region and price.region.lower() not in {each.lower() for each in regions}:
        near = did_you_mean(price.region, regions)
        return f"region: {price.provider} has no region `{price.region}`, {near}" if near else ""
    return ""


def refuse_unknown_providers(prices: PriceList, installed: Collection[str]) -> None:
    """Refuse price lists whose provider is a slip of an installed one.

    Raises:
        InputError: there are some; every one is named with the line of its first price.
    """
    names = dict.fromkeys(each.provider for each in prices.prices)
    first = {name: next(p.where for p in prices.prices if p.provider == name) for name in names}
    faults = [
        f"{first[name]}: provider: there is no provider `{name}`, {near}"
        for name in names
        if name not in installed and (near := did_you_mean(name, installed))
    ]
    if faults:
        raise InputError("\n".join(faults), "Correct `provider` of that price list.")


def unmatched(
    provider: str, asked: Sequence[Quantity], prices: PriceList | None, usage: Sequence[Usage]
) -> Iterator[UnmatchedEntry]:
    """The entries that count for nothing in an estimate, in the order of their files.

    Args:
        provider: its name; price lists of others are not looked at.
        asked: what the plan would use.
        prices: as given.
        usage: as given.
    """
    chosen = {prices.of(provider, each) for each in asked} if prices else set()
    for price in prices.prices if prices else ():
        if price.provider == provider and price not in chosen:
            entry = " ".join(filter(None, (price.meter, price.item, price.region)))
            yield UnmatchedEntry("price", price.where, entry, _why_no_price(price, asked))
    counts = Counter(
        next((at for at, use in enumerate(usage) if use.fits(each)), -1)
        for each in asked
        if each.amount is None
    )
    for at, use in enumerate(usage):
        if not counts[at]:
            named = f"{use.meter} {use.resource}"
            yield UnmatchedEntry("usage", use.where, named, _why_no_usage(use, asked))


def _why_no_price(price: Price, asked: Sequence[Quantity]) -> str:
    """Why no quantity has a price: its meter, its item, its region, or a more exact price."""
    meters = [each for each in asked if each.meter == price.meter]
    if not meters:
        return "the plan has no such meter"
    items = [each for each in meters if price.item in {"", each.item}]
    if not items:
        known = dict.fromkeys(each.item for each in meters if each.item)
        return _no("item", price.item, known)
    places = [each for each in items if price.region.lower() in {"", each.region.lower()}]
    if not places:
        return _no("region", price.region, dict.fromkeys(each.region for each in items))
    return "other prices are more exact"


def _why_no_usage(entry: Usage, asked: Sequence[Quantity]) -> str:
    meters = [each for each in asked if each.meter == entry.meter]
    if not meters:
        return "the plan has no such meter"
    named = [each for each in meters if fnmatchcase(each.name, entry.resource)]
    if not named:
        return _no("resource", entry.resource, dict.fromkeys(each.name for each in meters))
    if all(each.amount is not None for each in named):
        return "the plan decides the amount"
    return "earlier entries fit the same resources"


def _no(what: str, given: str, known: Iterable[str]) -> str:
    """That the plan has no such thing, with what was probably meant."""
    near = did_you_mean(given, known)
    return f"the plan has no such {what}{f', {near}' if near else ''}"
