"""Relations of resources, whoever the provider: by type, name, identifier and dependency."""

from typing import Any

import pytest

from havre.facts import Index, Known, Naming, Nomenclature, Unknown
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN

GROUP = "Group"
NOMENCLATURE = Nomenclature(
    lambda token: token.removeprefix("toy:") if token.startswith("toy:") else "",
    {
        GROUP: Naming("name", "groups"),
        "Vault": Naming("name", "vaults"),
        "Key": Naming("name", "keys", ("vault", "Vault")),
        "Bucket": Naming("name"),
    },
    ("group", GROUP),
)


def made(kind: str, label: str, /, *needs: str, **inputs: Any) -> PlannedResource:
    """A resource whose every property was computed from those that it needs."""
    return PlannedResource(
        urn=f"urn:{label}",
        type=f"toy:{kind}",
        name=label,
        custom=True,
        inputs=inputs,
        dependencies=tuple(f"urn:{each}" for each in needs),
        property_dependencies={path: tuple(f"urn:{n}" for n in needs) for path in inputs},
    )


def index(*resources: PlannedResource, removed: tuple[PlannedResource, ...] = ()) -> Index:
    return Index(Plan("toy", resources, removed=removed), NOMENCLATURE)


NORTH, SOUTH = (made(GROUP, each, name=each) for each in ("north", "south"))
VAULT = made("Vault", "vault", name="vault", group="north")
TWIN = made("Vault", "twin", name="vault", group="south")
KEY = made("Key", "key", name="Key", vault="vault")
BUCKET = made("Bucket", "bucket", name="records")
NOTHING = Known(None)


def test_resources_are_found_by_type_and_a_strangers_by_none() -> None:
    strange = PlannedResource("urn:s", "other:Vault", "s", custom=True, inputs={})
    found = index(KEY, VAULT, strange, TWIN)
    assert found.of("Vault", "Key") == [VAULT, TWIN, KEY]
    assert found.of("Nothing") == []
    assert found.kind(strange) == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("vault", Unknown("at")),  # two are called so
        ("/groups/north/vaults/vault", Known(VAULT)),
        ("/Groups/South/Vaults/VAULT/", Known(TWIN)),
        ("/groups/north/vaults/vault/keys/key", Known(KEY)),  # the innermost
        ("https://vault.example/keys/key", Known(KEY)),
        ("https://other.example/keys/key", NOTHING),
        ("/groups/north/vaults/vault/secrets/it", Known(VAULT)),  # what is within it
        ("records", Known(BUCKET)),
        ("/buckets/records", NOTHING),  # only its name names a bucket
        ("elsewhere", NOTHING),
        (UNKNOWN, Unknown("at")),
        (None, NOTHING),
        ([{"id": "/groups/north/vaults/vault"}, "records"], Known(VAULT)),
    ],
)
def test_a_property_names_a_resource(written: Any, expected: Any) -> None:
    user = made("User", "user", at=written)
    found = index(NORTH, SOUTH, VAULT, TWIN, KEY, BUCKET, user)
    assert found.target(user, "at", "Vault", "Key", "Bucket") == expected


def test_an_identifier_of_what_is_within_names_nothing_where_it_must_be_exact() -> None:
    user = made("User", "user", at="/groups/north/vaults/vault/secrets/it")
    assert index(VAULT, user).target(user, "at", "Vault", exact=True) == NOTHING


def test_a_dependency_decides_between_namesakes() -> None:
    user = made("User", "user", "twin", at="vault")
    assert index(VAULT, TWIN, user).target(user, "at", "Vault") == Known(TWIN)


def test_what_is_not_known_is_decided_by_its_one_source() -> None:
    one, both = (made("User", n, *needs, at=UNKNOWN) for n, needs in (
        ("one", ["vault", "key"]), ("both", ["vault", "twin"])))  # fmt: skip
    found = index(VAULT, TWIN, KEY, one, both)
    assert found.target(one, "at", "Vault") == Known(VAULT)
    assert found.target(both, "at", "Vault") == Unknown("at")


def test_an_identifier_that_the_service_gives_is_followed_by_its_source() -> None:
    nameless = made("Vault", "nameless", name=UNKNOWN)
    user = made("User", "user", "nameless", "vault", at="v-123")
    assert index(nameless, VAULT, user).target(user, "at", "Vault") == Known(nameless)


def test_users_are_those_that_name_a_resource_or_may() -> None:
    named = made("User", "named", at="/groups/north/vaults/vault")
    open_ = made("User", "open", at=UNKNOWN)
    tied = made("User", "tied", "twin", at=UNKNOWN)
    found = index(VAULT, TWIN, named, open_, tied)
    yes = Known(value=True)
    assert found.users("User", "at", VAULT) == [(named, yes), (open_, Unknown("at"))]
    assert found.users("User", "at", TWIN) == [(tied, yes), (open_, Unknown("at"))]
    assert found.all_users("User", "at", VAULT) == Unknown("at")
    assert index(VAULT, named).all_users("User", "at", VAULT) == Known([named])


@pytest.mark.parametrize(
    ("needs", "may"),
    [
        (["bucket"], False),  # of another kind
        (["north"], True),  # an identifier begins with its group
        (["key"], True),  # and goes on to what is within
        (["bucket", "north"], True),
        (["nothing"], True),
        ([], True),
    ],
)
def test_what_was_computed_from_another_kind_names_none_of_this(
    needs: list[str], may: bool
) -> None:
    user = made("User", "user", *needs, at=UNKNOWN)
    found = index(NORTH, VAULT, KEY, BUCKET, user).users("User", "at", VAULT)
    assert found == ([(user, Unknown("at"))] if may else [])


def test_what_was_computed_from_a_resource_is_found_whatever_it_says() -> None:
    one = made("User", "one", "vault", at="anything")
    other = made("User", "other", "key", at=UNKNOWN)
    found = index(VAULT, KEY, one, other)
    assert found.computed("User", "at", VAULT) == [one]
    assert found.near(other, "at", "Key") == [KEY]
    assert found.near(other, "at", "Vault") == []


def test_a_resource_stands_in_its_parent_and_that_in_its_group() -> None:
    found = index(NORTH, VAULT, KEY)
    assert found.chain(KEY) == [KEY, VAULT, NORTH]
    assert found.chain(BUCKET) == [BUCKET]


def test_what_goes_is_read_against_what_stays() -> None:
    gone = made("User", "gone", at="/groups/north/vaults/vault")
    found = index(VAULT, removed=(gone,))
    assert found.target(gone, "at", "Vault") == Known(VAULT)
    assert found.users("User", "at", VAULT) == []


def test_each_relation_is_found_once_however_often_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    target = Index.target

    def counted(self: Index, resource: PlannedResource, *told: Any, **more: Any) -> Any:
        asked.append(resource.name)
        return target(self, resource, *told, **more)

    monkeypatch.setattr(Index, "target", counted)
    vaults = [made("Vault", f"v{n}", name=f"v{n}") for n in range(50)]
    users = [made("User", f"u{n}", at=f"v{n}") for n in range(50)]
    found = index(*vaults, *users)
    assert [len(found.users("User", "at", vault)) for vault in vaults] == [1] * 50
    assert asked == [user.name for user in users]


def test_what_is_derived_from_an_index_is_derived_once() -> None:
    times: list[int] = []

    def count(of: Index) -> int:
        times.append(len(of.of("Vault")))
        return times[-1]

    found = index(VAULT, TWIN)
    assert [found.derived(count), found.derived(count)] == [2, 2]
    assert times == [2]
