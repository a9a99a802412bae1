"""Each property of an object has its fate: kept, mapped, to be decided, or blocking."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pytest

from havre.capabilities import Support, Supported
from havre.exit.ledger import LedgerEntry, LedgerFate
from havre.exit.objects.mapping import CONTENT_TYPE, Rules, collisions, mapping
from havre.exit.records import decoded
from havre.live.limits import Limits, unfit_key
from havre.live.objects import Ability, Lock, ObjectKind, ObjectVersion, Properties, Traits

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
EVERYTHING = {ability: Supported(Support.NATIVE) for ability in Ability}
LIMITS = Limits("a test", object_size=2**40, call_size=2**30, metadata_ascii=False)
RULES = Rules("zone curated", LIMITS, EVERYTHING, NOW)
FOUND = ObjectVersion("a/b", "v1", 3, '"e"', NOW)
PLAIN = Properties({"content-type": "text/plain"})


def without(ability: Ability) -> Mapping[Ability, Supported]:
    return {**EVERYTHING, ability: Supported(Support.ABSENT, "the service has none")}


def of(entries: tuple[LedgerEntry, ...]) -> list[tuple[str, LedgerFate]]:
    return [(each.property, each.fate) for each in entries]


@pytest.mark.parametrize(
    "bears",
    [
        Properties(
            {"content-type": "a/b", "content-encoding": "gzip", "cache-control": "no-store"}
        ),
        replace(PLAIN, metadata={"Ward": "\u00e9", "x": ""}),
        replace(PLAIN, tags={"purpose": "research"}),
        replace(PLAIN, lock=Lock(NOW + dt.timedelta(days=1))),
        replace(PLAIN, held=True),
    ],
)
def test_what_the_target_can_hold_is_kept(bears: Properties) -> None:
    assert mapping(FOUND, bears, RULES) == (bears, ())


@pytest.mark.parametrize(
    ("bears", "rules", "name"),
    [
        (replace(PLAIN, tier="Cool"), RULES, "tier"),
        (
            replace(PLAIN, tags={"a": "1"}),
            replace(RULES, abilities=without(Ability.TAGS)),
            "tag.a",
        ),
        (
            replace(PLAIN, tags={"a": "1", "b": "2"}),
            replace(RULES, limits=replace(LIMITS, tags=1)),
            "tag.b",
        ),
        (
            replace(PLAIN, lock=Lock(NOW + dt.timedelta(days=1))),
            replace(RULES, abilities=without(Ability.LOCK)),
            "lock",
        ),
        (replace(PLAIN, held=True), replace(RULES, abilities=without(Ability.HOLD)), "hold"),
        (
            replace(PLAIN, metadata={"a": "\u00e9"}),
            replace(RULES, limits=replace(LIMITS, metadata_ascii=True)),
            "metadata.a",
        ),
        (
            replace(PLAIN, metadata={"1a": "x"}),
            replace(RULES, limits=replace(LIMITS, metadata_names="[a-z]+")),
            "metadata.1a",
        ),
        (
            replace(PLAIN, metadata={"a": "x" * 90, "b": "y" * 20}),
            replace(RULES, limits=replace(LIMITS, metadata_size=50)),
            "metadata.a",
        ),
        (
            replace(PLAIN, metadata={"ward": "1", "Ward": "2"}),
            replace(RULES, limits=replace(LIMITS, metadata_lowered=True)),
            "metadata.Ward",
        ),
    ],
)
def test_what_the_target_cannot_hold_blocks_until_it_is_decided(
    bears: Properties, rules: Rules, name: str
) -> None:
    left, entries = mapping(FOUND, bears, rules)
    assert of(entries) == [(name, LedgerFate.BLOCKING)]
    assert entries[0].decidable
    again, none = mapping(FOUND, left, rules)
    assert (again, none) == (left, ())


@pytest.mark.parametrize(
    ("bears", "rules", "name"),
    [
        (Properties(), RULES, "content-type"),
        (replace(PLAIN, tier="Hot"), replace(RULES, tiers={"Hot": ""}), "tier"),
        (replace(PLAIN, tier="Cool"), replace(RULES, tiers={"Cool": "STANDARD_IA"}), "tier"),
        (replace(PLAIN, lock=Lock(NOW - dt.timedelta(days=1))), RULES, "lock"),
        (
            replace(PLAIN, metadata={"Ward": "1"}),
            replace(RULES, limits=replace(LIMITS, metadata_lowered=True)),
            "metadata.Ward (name)",
        ),
        (replace(PLAIN, traits=Traits(kind=ObjectKind.APPEND)), RULES, "kind"),
        (replace(PLAIN, traits=Traits(kind=ObjectKind.PAGE)), RULES, "kind"),
        (replace(PLAIN, traits=Traits(key="key/1")), RULES, "encryption key"),
        (replace(PLAIN, traits=Traits(scope="cohort")), RULES, "encryption scope"),
        (replace(PLAIN, traits=Traits(owner="someone")), RULES, "owner"),
    ],
)
def test_what_the_target_holds_otherwise_is_mapped(
    bears: Properties, rules: Rules, name: str
) -> None:
    _, entries = mapping(FOUND, bears, rules)
    assert of(entries) == [(name, LedgerFate.MAPPED)]


def test_a_tier_becomes_the_word_that_stands_for_it() -> None:
    rules = replace(RULES, tiers={"Cool": "STANDARD_IA"})
    assert mapping(FOUND, replace(PLAIN, tier="Cool"), rules)[0].tier == "STANDARD_IA"


def test_a_type_is_said_where_none_was() -> None:
    assert mapping(FOUND, Properties(), RULES)[0].headers == {"content-type": CONTENT_TYPE}


@pytest.mark.parametrize(
    ("found", "bears", "rules", "name"),
    [
        (FOUND, replace(PLAIN, tier="Archive", traits=Traits(archived=True)), RULES, "archived"),
        (replace(FOUND, size=2**40 + 1), PLAIN, RULES, "size"),
        (
            replace(FOUND, key="\u00e9" * 513),
            PLAIN,
            replace(RULES, limits=replace(LIMITS, key_bytes=1024)),
            "key",
        ),
        (
            replace(FOUND, key="a/../b"),
            PLAIN,
            replace(RULES, limits=replace(LIMITS, plain=True)),
            "key",
        ),
    ],
)
def test_some_things_no_decision_lets_pass(
    found: ObjectVersion, bears: Properties, rules: Rules, name: str
) -> None:
    _, entries = mapping(found, bears, replace(rules, tiers={"Archive": "GLACIER"}))
    blocking = [each for each in entries if each.fate is LedgerFate.BLOCKING]
    assert [each.property for each in blocking] == [name]
    assert not blocking[0].decidable
    assert blocking[0].remedy


PATHS = replace(RULES, limits=replace(LIMITS, paths=True))


@pytest.mark.parametrize(
    ("keys", "met"),
    [
        (["a", "a/b"], ["a"]),
        (["a", "a b", "a-c", "a/b"], ["a"]),
        (["x/y", "x/y/z/w"], ["x/y"]),
        (["a", "a/b", "a/b/c"], ["a", "a/b"]),
        (["a/", "a/b"], []),
        (["a", "ab", "b/a"], []),
    ],
)
def test_a_key_beside_its_own_folder_blocks(keys: list[str], met: list[str]) -> None:
    found = list(collisions(sorted(keys), set(keys).__contains__, PATHS))
    assert [each.item for each in found] == met
    assert {each.fate for each in found} <= {LedgerFate.BLOCKING}


def test_where_keys_are_no_paths_nothing_meets() -> None:
    assert list(collisions(["a", "a/b"], {"a", "a/b"}.__contains__, RULES)) == []


def test_a_key_that_does_not_fit_blocks_with_one_that_does() -> None:
    limits = replace(LIMITS, key_bytes=1024)
    key = "ward/" + "\u00e9" * 1000
    found = ObjectVersion(key, "v1", 1, '"e"', NOW)
    _, entries = mapping(found, Properties(), replace(RULES, limits=limits))
    (blocking,) = [each for each in entries if each.fate is LedgerFate.BLOCKING]
    assert not blocking.decidable
    proposed = decoded(blocking.remedy.split("`")[1])
    assert unfit_key(proposed, limits, 1) == ""
