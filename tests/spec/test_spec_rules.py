from __future__ import annotations

import copy
import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest

from havre.documents.problems import SpecError, dotted
from havre.spec import countries, rules
from havre.spec.load import loads
from havre.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_every_rule_is_registered_once_and_says_what_it_holds() -> None:
    written = {
        function
        for name, function in inspect.getmembers(rules, inspect.isfunction)
        if function.__module__ == rules.__name__
        and not name.startswith("_")
        and list(inspect.signature(function).parameters) == ["spec"]
    }
    assert {rule.breaches for rule in RULES} == written
    assert len(RULES) == len(written)
    assert all(function.__doc__ for function in written)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path of a document, and every key of it."""
    if path:
        yield path
    inner = (
        data if isinstance(data, dict) else dict(enumerate(data if isinstance(data, list) else ()))
    )
    for key, value in inner.items():
        yield from places(value, (*path, key))


def broken(data: Any, path: tuple[Any, ...], value: Any = "not valid: \x00") -> str:
    """The document with a value at a path that no field accepts."""
    changed = copy.deepcopy(data)
    *above, last = path
    section = changed
    for key in above:
        section = section[key]
    if value is None:
        del section[last]
    else:
        section[last] = value
    return json.dumps(changed)


def problems(text: str) -> list[str]:
    try:
        loads(text, "f")
    except SpecError as error:
        return [each.path for each in error.problems]
    return []


def test_a_field_that_is_not_valid_breaks_no_rule_by_itself(data: Any) -> None:
    paths = [*places(data)]
    assert len(paths) > 60
    for path in paths:
        found = problems(broken(data, path))
        assert [each for each in found if not each.startswith(dotted(path[:-1]))] == [], path
        assert found, path


def test_nor_does_one_that_is_missing(data: Any) -> None:
    missing = {path: problems(broken(data, path, None)) for path in places(data)}
    assert sum(1 for found in missing.values() if found) > 15
    for path, found in missing.items():
        newer = dotted(path).replace("retention_days", "recoverable_days")
        itself = (dotted(path), newer, dotted(path[:-1]))
        others = [each for each in found if each not in itself]
        needed = path in NAMED_ELSEWHERE
        assert bool(others) == needed, (path, others)


NAMED_ELSEWHERE = {
    ("zones", "curated"),
    ("sites", "recovery"),
    ("residency", "countries", 0),
    ("residency", "countries", 1),
}
"""What other fields of the file name, so that it must be there."""
OTHER_FAULTS = [
    ("zones.landing.colour", "    purpose: landing\n", "    purpose: landing\n    colour: blue\n"),
    ("zones.landing.purpose", "    purpose: landing\n", ""),
    ("zones.curated.purpose", "purpose: curated", "purpose: cured"),
    ("sites.colour", "  primary:", "  colour: blue\n  primary:"),
    ("residency.operator_law", "operator_law: eu", "operator_law: us"),
    ("database.size", "size: m", "size: huge"),
    ("projects.study-one.expires", "2030-12-31", "31/12/2030"),
    ("network.egress[0].host", "packages.example.org", "x y"),
    ("organisation.contact", "team@example.org", "team"),
]
BREACHES = [
    ("zones.landing.expire_days", "expire_days: 90", "immutable_days: 100\n    expire_days: 90"),
    ("zones.curated.versions", "versions: true", "versions: false"),
    ("sites.primary", "primary: fr-paris", "primary: es-madrid"),
    ("residency.countries[2]", "[FR, DE]", "[FR, DE, DE]"),
    ("database.extensions[2]", "btree_gin]", "btree_gin, pg_trgm]"),
    ("projects.study-one.zones[1]", "zones: [curated]", "zones: [curated, logs]"),
    ("projects.study-one.zones[0]", "zones: [curated]", "zones: [cured]"),
    ("projects.study-one.members[2]", "bob@example.org]", "bob@example.org, ann@example.org]"),
    ("network.recovery_address_space", "10.43.0.0/16", "10.42.0.0/17"),
    ("network.administration[0]", "192.0.2.0/24", "0.0.0.0/0"),
    ("organisation.country", "country: FR", "country: UK"),
]


@pytest.mark.parametrize("breach", BREACHES, ids=lambda each: each[0])
@pytest.mark.parametrize("other", OTHER_FAULTS, ids=lambda each: each[0])
def test_a_breach_is_reported_with_another_fault_of_its_section(
    breach: tuple[str, str, str], other: tuple[str, str, str], base: str
) -> None:
    text = base
    for _, old, new in (breach, other):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    found = problems(text)
    assert other[0] in found
    assert breach[0] in found


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("zones", "  curated:\n", "  Curated:\n"),
        ("sites", "recovery: de", "recover: de"),
        ("residency.countries", "[FR, DE]", "[FR, Germany]"),
        ("network.administration", "[192.0.2.0/24]", "[192.0.2.0/24, 192.0.2.0/24, x]"),
        ("network.address_space", "address_space: 10.42.0.0/16", "address_space: 10.42"),
    ],
)
def test_a_rule_says_nothing_of_what_it_cannot_know(
    path: str, old: str, new: str, base: str
) -> None:
    assert base.count(old) == 1 or path == "network.address_space"
    (found,) = problems(base.replace(old, new, 1))
    assert found.startswith(path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("public", "PostgreSQL"),
        ("information-schema", "PostgreSQL"),
        ("pg-catalog", "PostgreSQL"),
        ("pg-toast", "PostgreSQL"),
        ("pg-temp-3", "PostgreSQL"),
        ("pg-mine", "PostgreSQL"),
        ("s3alias", "S3"),
        ("x-s3alias", "S3"),
    ],
)
def test_a_zone_takes_no_name_that_is_taken(base: str, name: str, why: str) -> None:
    text = base.replace("  curated:\n", f"  {name}:\n")
    line = text.splitlines().index(f"  {name}:") + 1
    with pytest.raises(SpecError) as caught:
        loads(text, "f")
    (found,) = [each for each in caught.value.problems if each.path == f"zones.{name}"]
    assert found.line == line
    assert (found.found, found.wanted) == (f"the name '{name}'", "another name")
    assert found.hint.startswith(f"{why} keeps")


@pytest.mark.parametrize(
    "name",
    ["postgres", "template0", "template1", "defaultdb", "sthree", "sthree-x", "amzn-s3-demo"],
)
def test_a_warehouse_takes_no_name_that_is_taken(base: str, name: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(base.replace("name: alpha", f"name: {name}"), "f")
    (found,) = caught.value.problems
    assert (found.path, found.line, found.wanted) == ("name", 1, "another name")


@pytest.mark.parametrize("name", ["pg", "pgdata", "public-health", "postgres", "my-pg-catalog"])
def test_a_zone_may_have_a_name_that_looks_taken(base: str, name: str) -> None:
    text = base.replace("  curated:\n", f"  {name}:\n").replace(
        "zones: [curated", f"zones: [{name}"
    )
    assert name in loads(text, "f").warehouse.zones


def test_countries() -> None:
    assert len(countries.COUNTRIES) == 249
    assert countries.EEA < countries.COUNTRIES
    assert len(countries.EU) == 27 + 7
    assert {"GB", "CH"}.isdisjoint(countries.EEA)
    assert countries.MISTAKEN.keys().isdisjoint(countries.COUNTRIES)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("within_days: 183", []),
        ("within_days: 184", ["erasure.reason"]),
        ("within_days: 400\n  reason: because", ["erasure.reason"]),
        ("within_days: 400\n  reason: law law law law", ["erasure.reason"]),
        ("within_days: 400\n  reason: Article 1 of the code", []),
        ("reason: Article 1 of the code", []),
        ("within_days: 0", ["erasure.within_days"]),
    ],
)
def test_a_duty_to_keep_a_projects_data_has_a_reason(
    said: str, wrong: list[str], base: str
) -> None:
    assert problems(f"{base}\nerasure:\n  {said}\n") == wrong


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_a_project_is_no_namespace_of_kubernetes_itself(name: str, base: str) -> None:
    text = base.replace("study-one:", f"{name}:")
    assert text != base
    assert problems(text) == [f"projects.{name}"]
    without = "\n".join(line for line in text.splitlines() if line[:8] != "cluster:")
    assert f"projects.{name}" not in problems(without)
