"""Warehouses in a cloud are reached at its own addresses alone, by references to secrets."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from havre.capabilities import Support, Supported
from havre.errors import InputError, ProviderError
from havre.live import s3
from havre.live.objects import Ability
from havre.provider import LIVE, find, provides
from havre.provider.outputs import Outputs
from havre.stack.program import read_settings
from havre_azure import blobs
from havre_azure import live as azure
from tests.clouds import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.live.warehouse import Live

SECRETS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "access-of-nobody",
    "AWS_SECRET_ACCESS_KEY": "secret-of-nobody",
    "HAVRE_OVH_DATABASE_USER": "avnadmin",
    "HAVRE_OVH_DATABASE_PASSWORD": "password-of-nobody",
    "HAVRE_OVH_DATABASE_AUTHORITY": "/nowhere/authority.pem",
    "SCW_ACCESS_KEY": "access-of-nobody",
    "SCW_SECRET_KEY": "secret-of-nobody",
    "HAVRE_SCALEWAY_DATABASE_USER": "warehouse",
    "HAVRE_SCALEWAY_DATABASE_PASSWORD": "password-of-nobody",
    "HAVRE_SCALEWAY_DATABASE_AUTHORITY": "/nowhere/authority.pem",
    "HAVRE_AZURE_STORAGE_TOKEN": "token-of-nobody",
    "HAVRE_AZURE_DATABASE_USER": "warehouse-administrators",
    "HAVRE_AZURE_DATABASE_TOKEN": "other-token-of-nobody",
}
ZONES: Mapping[str, dict[str, Any]] = {
    "azure": {
        "account": "emc2curated1a2b",
        "bucket": "zone-curated",
        "endpoint": "https://emc2curated1a2b.blob.core.windows.net",
        "region": "francecentral",
    },
    "ovh": {
        "bucket": "emc2-curated",
        "endpoint": "https://s3.eu-west-par.io.cloud.ovh.net",
        "region": "eu-west-par",
    },
    "scaleway": {
        "bucket": "emc2-curated",
        "endpoint": "https://s3.fr-par.scw.cloud",
        "region": "fr-par",
    },
}
FULL = {"locks": True, "versions": True}
HOSTS = {
    "azure": "emc2-1a2b.postgres.database.azure.com",
    "ovh": "postgresql-1a2b-o3c4d.database.cloud.ovh.net",
    "scaleway": "rw-1a2b.rdb.fr-par.scw.cloud",
}
BOTH = pytest.mark.parametrize("name", ["azure", "ovh", "scaleway"])


def outputs(name: str, host: str | None = None, **zone: Any) -> Outputs:
    system, api = {"kind": "system"}, {"kind": "api", "location": "/cloud/certificates"}
    where = {"identifier": "it", "region": "there"}
    return Outputs.model_validate(
        {
            "version": 1,
            "provider": name,
            "warehouse": "emc2",
            "environment": "test",
            "zones": {
                "curated": {"identifier": "a", "authority": system, **ZONES[name], **zone},
            },
            "keys": {"zones": {}},
            "database": {
                **where,
                "host": HOSTS[name] if host is None else host,
                "port": 5432,
                "name": "emc2",
                "authority": system if name == "azure" else api,
            },
            "projects": {},
            "audit": {"sink": "s"},
            "backup": {"location": "l", "region": "r"},
            "gaps": [],
        }
    )


def reached(name: str, found: Outputs) -> Live:
    offer = provides(find(name), LIVE)
    assert offer.answer.support is Support.PARTIAL
    assert "not yet tested on" in offer.answer.reason
    assert offer.given
    return offer.given(read_settings(find(name), SETTINGS[name]), found)


class FakeS3:
    """An S3 client that knows what a bucket has."""

    def __init__(self, *, locks: bool, versions: bool) -> None:
        self.locks, self.versions = locks, versions

    def get_object_lock_configuration(self, **_: Any) -> Any:
        if not self.locks:
            code = "ObjectLockConfigurationNotFoundError"
            raise ClientError({"Error": {"Code": code}}, "GetObjectLockConfiguration")
        return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}

    def get_bucket_versioning(self, **_: Any) -> Any:
        return {"Status": "Enabled"} if self.versions else {}


class FakeContainer:
    """A client of a container without policies."""

    def get_container_properties(self) -> Any:
        told = {"immutable_storage_with_versioning_enabled": False, "has_immutability_policy": None}
        return SimpleNamespace(**told)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What clients of S3 were set up with."""
    found: list[tuple[Any, ...]] = []

    def connect(*given: Any, **_: Any) -> FakeS3:
        found.append(given)
        return FakeS3(locks=len(found) == 1, versions=len(found) < 3)

    monkeypatch.setattr(s3, "connect", connect)
    return found


def test_a_bucket_is_reached_and_says_what_it_can(connected: list[tuple[Any, ...]]) -> None:
    live = reached("ovh", outputs("ovh"))
    stores = [live.store("curated") for _ in range(3)]
    address = s3.Address("https://s3.eu-west-par.io.cloud.ovh.net", "eu-west-par")
    credentials = s3.Credentials("access-of-nobody", "secret-of-nobody")
    assert connected == [(address, credentials)] * 3
    assert "secret-of-nobody" not in repr(connected)
    lacking = [
        {a for a, found in store.abilities.items() if found.support is Support.ABSENT}
        for store in stores
    ]
    never = {Ability.SNAPSHOTS, Ability.DELETED}
    unlocked = {*never, Ability.LOCK, Ability.HOLD}
    assert lacking == [never, unlocked, {*unlocked, Ability.VERSIONS, Ability.MARKERS}]
    assert stores[0].abilities[Ability.CREATE_ONLY].support is Support.UNKNOWN
    assert stores[0].limits.object_size == 48 * 10**12


def test_an_upload_to_scaleway_has_fewer_parts(connected: list[tuple[Any, ...]]) -> None:
    store = reached("scaleway", outputs("scaleway")).store("curated")
    assert (store.limits.parts, store.limits.object_size) == (1_000, 5 * 10**12)
    assert connected[0][0] == s3.Address("https://s3.fr-par.scw.cloud", "fr-par")


@pytest.mark.parametrize("host", ["10.42.1.7", "db.1a2b.internal"])
def test_a_database_in_a_private_network_is_reached(host: str) -> None:
    database = reached("scaleway", outputs("scaleway", host=host)).database()
    assert database.keywords()["host"] == host  # type: ignore[attr-defined]


def test_a_container_is_reached_with_a_token_that_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(azure, "connect", lambda *_: FakeContainer())
    store = reached("azure", outputs("azure")).store("curated")
    assert isinstance(store, blobs.ContainerStore)
    assert (store.name, store.abilities) == ("zone curated", blobs.ABILITIES)
    token = azure.ReferredToken(azure.STORAGE_TOKEN)
    assert token.get_token("scope").token == "token-of-nobody"
    monkeypatch.setenv("HAVRE_AZURE_STORAGE_TOKEN", "renewed")
    assert token.get_token("scope").token == "renewed"
    assert "renewed" not in repr((token, store))


@BOTH
def test_a_database_is_reached_by_reference(name: str) -> None:
    database = reached(name, outputs(name)).database()
    keywords = database.keywords()  # type: ignore[attr-defined]
    assert keywords["host"] == HOSTS[name]
    assert keywords["sslmode"] == "verify-full"
    assert keywords["sslrootcert"] == ("system" if name == "azure" else "/nowhere/authority.pem")
    assert not [
        secret for secret in SECRETS.values() if "of-nobody" in secret and secret in repr(database)
    ]


ELSEWHERE = (
    *("http://{host}", "https://{host}:444", "https://{host}/", "https://{host}.example"),
    *("https://example/{host}", "https://user@{host}", "https://{host}@example", "{host}"),
    *("https://example", "http://127.0.0.1:9000", "https://xn--{host}", "HTTPS://{host}"),
)


@BOTH
@pytest.mark.parametrize("address", ELSEWHERE)
def test_keys_go_to_no_other_store(
    name: str, address: str, connected: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure, "connect", lambda *given: connected.append(given))
    host = ZONES[name]["endpoint"].removeprefix("https://")
    live = reached(name, outputs(name, endpoint=address.format(host=host)))
    with pytest.raises(InputError, match=r"zone curated: the outputs lead to .* not an address of"):
        live.store("curated")
    assert connected == []


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("azure", {"account": None}),
        ("azure", {"account": "another"}),
        (
            "azure",
            {
                "account": "evil.example/x",
                "endpoint": "https://evil.example/x.blob.core.windows.net",
            },
        ),
        ("ovh", {"region": "gra"}),
        ("scaleway", {"region": "nl-ams"}),
        ("scaleway", {"endpoint": "https://s3.it-mil.scw.cloud", "region": "it-mil"}),
        ("ovh", {"endpoint": "https://s3.none.io.cloud.ovh.net", "region": "none"}),
    ],
)
def test_an_address_is_that_of_its_account_or_region(name: str, zone: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="not an address of"):
        reached(name, outputs(name, **zone)).store("curated")


@BOTH
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "example", "{host}.example", "a/{host}", "x,{host}", "{host}\n"]
)
def test_passwords_go_to_no_other_database(name: str, host: str) -> None:
    elsewhere = outputs(name, host=host.format(host=HOSTS[name]))
    with pytest.raises(InputError, match="the database: the outputs lead to"):
        reached(name, elsewhere).database()


@BOTH
def test_what_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live = reached(name, outputs(name))
    with pytest.raises(InputError, match="has no zone `none`"):
        live.store("none")
    for secret in SECRETS:
        monkeypatch.delenv(secret)
    first = {
        "azure": "HAVRE_AZURE_STORAGE_TOKEN",
        "ovh": "AWS_ACCESS_KEY_ID",
        "scaleway": "SCW_ACCESS_KEY",
    }[name]
    with pytest.raises(InputError, match=f"variable {first}: there is no secret"):
        live.store("curated")
    with pytest.raises(InputError, match=f"HAVRE_{name.upper()}_DATABASE_"):
        live.database()
    with pytest.raises(InputError, match=r"are of provider `(azure|ovh|scaleway)`"):
        reached("ovh" if name == "azure" else "azure", outputs(name))


def test_a_refusal_to_say_what_a_bucket_has_is_classed(
    connected: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObjectLockConfiguration")

    monkeypatch.setattr(FakeS3, "get_object_lock_configuration", refuse)
    with pytest.raises(ProviderError, match="zone curated: the object store answers AccessDenied"):
        reached("ovh", outputs("ovh")).store("curated")
    assert len(connected) == 1


READERS: Mapping[str, tuple[str, ...]] = {
    "azure": ("HAVRE_AZURE_READER_TOKEN",),
    "ovh": ("HAVRE_OVH_READER_ACCESS_KEY_ID", "HAVRE_OVH_READER_SECRET_ACCESS_KEY"),
    "scaleway": (
        "HAVRE_SCALEWAY_READER_ACCESS_KEY_ID",
        "HAVRE_SCALEWAY_READER_SECRET_ACCESS_KEY",
    ),
}


@BOTH
def test_another_credential_reads_back_where_one_is_given(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[Any] = []
    monkeypatch.setattr(s3, "connect", lambda _, keys: used.append(keys) or FakeS3(**FULL))

    def connect(*told: Any) -> FakeContainer:
        used.append(told[-1].reference.read())
        return FakeContainer()

    monkeypatch.setattr(azure, "connect", connect)
    lacking = reached(name, outputs(name)).reader("curated")
    assert isinstance(lacking, Supported)
    assert lacking.support is Support.ABSENT
    assert READERS[name][0] in lacking.reason
    for variable in READERS[name]:
        monkeypatch.setenv(variable, f"{variable} of nobody")
    found = reached(name, outputs(name)).reader("curated")
    assert not isinstance(found, Supported)
    assert found.name == "zone curated"
    assert all(secret not in repr(used) for secret in SECRETS.values())
    assert "READER" in repr(used)


DATABASE_READERS: Mapping[str, tuple[str, str]] = {
    "azure": ("HAVRE_AZURE_DATABASE_READER_USER", "HAVRE_AZURE_DATABASE_READER_TOKEN"),
    "ovh": ("HAVRE_OVH_DATABASE_READER_USER", "HAVRE_OVH_DATABASE_READER_PASSWORD"),
    "scaleway": ("HAVRE_SCALEWAY_DATABASE_READER_USER", "HAVRE_SCALEWAY_DATABASE_READER_PASSWORD"),
}


@BOTH
@pytest.mark.parametrize("lacks", [0, 1])
def test_another_role_reads_the_database_back_where_one_is_given(
    name: str, lacks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = DATABASE_READERS[name][lacks]
    for variable in DATABASE_READERS[name]:
        monkeypatch.setenv(variable, f"{variable} of nobody")
    monkeypatch.delenv(lacking)
    absent = reached(name, outputs(name)).database_reader()
    assert isinstance(absent, Supported)
    assert absent == Supported(Support.ABSENT, f"not set: variable {lacking}")
    monkeypatch.setenv(lacking, f"{lacking} of nobody")
    found = reached(name, outputs(name)).database_reader()
    assert not isinstance(found, Supported)
    user, secret = (f"{variable} of nobody" for variable in DATABASE_READERS[name])
    assert (found.role, found.standing) == (user, True)
    with found.opened() as end, end.client() as client:
        assert client.environment["PGHOST"] == HOSTS[name]
        assert client.environment["PGUSER"] == user
        assert secret.encode() in os.pread(client.descriptors[0], 1000, 0)
    with pytest.raises(InputError, match=r"lead to db\.example"):
        reached(name, outputs(name, "db.example")).database_reader()
