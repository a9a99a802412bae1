"""The inventory: everything of a zone is in the ledger, and nothing is asked of an empty one."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from havre.errors import ProviderError
from havre.exit.journal import Journal
from havre.exit.ledger import ALL, LedgerEntry, LedgerFate
from havre.exit.objects.copying import Sides
from havre.exit.objects.inventory import take_inventory
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, list_zone
from havre.live.objects import ObjectVersion, Properties, Traits
from tests.exit.memory import EVERYTHING, LIMITS, MemoryStore

RULES = Rules("zone curated", LIMITS, EVERYTHING, dt.datetime(2026, 11, 29, tzinfo=dt.UTC))


@dataclass
class Stock:
    """A zone of which an inventory is taken."""

    journal: Journal
    source: MemoryStore = field(default_factory=MemoryStore)
    target: MemoryStore = field(default_factory=MemoryStore)
    rules: Rules = RULES

    def __call__(self) -> Sides:
        return Sides(self.source, self.target, self.rules)

    def taken(self, *, fresh: bool = True) -> list[LedgerEntry]:
        zone = MovingZone("curated", self)
        list_zone(self.journal, zone)
        with ThreadPoolExecutor(2) as pool:
            take_inventory(self.journal, zone, pool, 2, lambda _: None, fresh=fresh)
        return list(self.journal.losses())

    def blocking(self, *, fresh: bool = True) -> list[tuple[str, str]]:
        found = self.taken(fresh=fresh)
        return [(e.item, e.property) for e in found if e.fate is LedgerFate.BLOCKING]


@pytest.fixture
def stock(tmp_path: Path) -> Iterator[Stock]:
    made = Stock(Journal(tmp_path / "journal.sqlite"))
    yield made
    made.journal.close()


def test_nothing_is_asked_of_an_empty_zone(stock: Stock) -> None:
    assert stock.taken() == []


def test_times_of_writing_are_to_be_decided(stock: Stock) -> None:
    stock.source.put("a", b"x")
    assert stock.blocking() == [(ALL, "modified")]


def test_what_is_kept_is_counted_by_property(stock: Stock) -> None:
    for key in ("a", "b"):
        stock.source.put(key, b"x", Properties({"content-type": "a/b"}, tags={"purpose": key}))
    kept = {e.property: e.found for e in stock.taken() if e.fate is LedgerFate.KEPT}
    assert kept["tag.purpose"] == kept["content-type"] == "2 versions"
    assert {"key", "content", "order of versions"} <= kept.keys()


def test_each_object_that_does_not_fit_is_named(stock: Stock) -> None:
    stock.source.put("a", b"x", Properties({"content-type": "a/b"}, tier="Cool"))
    stock.source.put("b", b"x", Properties({"content-type": "a/b"}, tier="Cool"))
    assert {("a", "tier"), ("b", "tier")} <= set(stock.blocking())


def test_a_second_inventory_forgets_what_was_mended(stock: Stock) -> None:
    stock.source.put("a", b"x", Properties({"content-type": "a/b"}, tier="Cool"))
    stock.taken()
    stock.rules = replace(RULES, tiers={"Cool": "IA"})
    assert stock.blocking() == [(ALL, "modified")]


def test_a_second_inventory_forgets_what_is_gone(stock: Stock) -> None:
    stock.source.put("a", b"x")
    stock.source.delete(stock.source.put("b", b"x", Properties(tier="Cool")))
    gone = stock.source.put("c", b"x", Properties(tier="Cool"))
    assert ("c", "tier") in stock.blocking()
    stock.source.delete(gone)
    assert stock.blocking() == [(ALL, "modified")]


def test_keys_that_meet_at_the_target_block(stock: Stock) -> None:
    stock.rules = replace(RULES, limits=replace(LIMITS, paths=True))
    for key in ("a", "a b", "a/b"):
        stock.source.put(key, b"x")
    assert ("a", "key") in stock.blocking()


def test_what_goes_while_it_is_looked_at_stops_nothing(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("a", "b"):
        stock.source.put(key, b"x")
    honest = stock.source.properties

    def properties(found: ObjectVersion) -> Properties:
        if found.key == "a":
            stock.source.objects.pop("a", None)
        return honest(found)

    monkeypatch.setattr(stock.source, "properties", properties)
    kept = {e.property: e.found for e in stock.taken() if e.fate is LedgerFate.KEPT}
    assert kept["content-type"] == "1 versions"


def test_unfinished_uploads_are_to_be_decided(stock: Stock) -> None:
    stock.source.put("a", b"x")
    upload = stock.source.begin("b", Properties())
    stock.source.part(upload, 1, b"x")
    assert (ALL, "unfinished uploads") in stock.blocking()


def test_what_stands_at_the_target_before_anything_was_copied_blocks(stock: Stock) -> None:
    stock.source.put("a", b"x")
    stock.target.put("theirs", b"x")
    assert (ALL, "empty target") in stock.blocking()
    stock.target.objects.clear()
    assert (ALL, "empty target") not in stock.blocking()


def test_what_was_copied_meanwhile_blocks_nothing(stock: Stock) -> None:
    stock.source.put("a", b"x")
    stock.target.put("a", b"x")
    assert (ALL, "empty target") not in stock.blocking(fresh=False)


@pytest.mark.parametrize("traits", [Traits(key="vault/keys/ward-7"), Traits(scope="ward-7")])
def test_an_object_whose_key_is_disabled_stops_the_plan(
    stock: Stock, traits: Traits, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock.source.put("a", b"x")
    stock.source.put("sealed", b"x", Properties({"content-type": "a/b"}, traits=traits))
    assert ("sealed", "size") not in stock.blocking(), "as long as it can be read"
    honest = stock.source.read

    def read(found: ObjectVersion, first: int = 0, length: int | None = None) -> Iterator[bytes]:
        if found.key == "sealed":
            message = "403 KeyVaultAccessDenied"
            raise ProviderError(message, "Ask for it.")
        return honest(found, first, length)

    monkeypatch.setattr(stock.source, "read", read)
    with pytest.raises(ProviderError, match=r"`sealed` cannot be read.*ward-7: 403"):
        stock.taken()
