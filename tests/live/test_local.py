"""A warehouse that stands on this machine, reached as the contract of `live` says."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import subprocess
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql
from pyarrow import parquet

from havre.capabilities import Support, Supported
from havre.engine import Engine, StateStore
from havre.errors import InputError, ProviderError, RetryError
from havre.exit.database import preflight
from havre.live.buckets import BucketStore
from havre.live.credentials import SecretReference
from havre.live.database import LibpqDatabase, TlsVerification
from havre.live.encrypted.ciphers import HEAD
from havre.live.entry.urls import SignedUrl, signed_url
from havre.live.objects import (
    Ability,
    LiveStore,
    Lock,
    NotThereError,
    ObjectVersion,
    Properties,
    RefusedError,
)
from havre.live.wrappers import Failure, Remedy
from havre.provider import LIVE, OPERATIONS, SANDBOX, find, provides
from havre.stack.program import PROJECT, program, read_settings
from havre.stack.standing import Standing
from havre_conformance.specs import small, warehouse
from havre_conformance.stores import StoreSuite, whole
from havre_local.live import ABILITIES
from havre_local.machine.access import open_warehouse
from havre_local.machine.folder import Folder
from havre_local.machine.postgresql import server
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pydantic import BaseModel

    from havre.live.warehouse import Live, LiveDatabase
    from havre.provider.outputs import Outputs

LOCAL = find("local")
SOON = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = tmp_path_factory.mktemp("live") / "data"
    return read_settings(LOCAL, {"data_dir": str(folder), "country": "FR"})


@pytest.fixture(scope="module")
def outputs(settings: BaseModel) -> Iterator[Outputs]:
    """Outputs of a warehouse that the sandbox's servicers made."""
    state = StateStore(Path(str(settings.model_dump()["data_dir"])))
    state.create()
    make = provides(LOCAL, SANDBOX).given
    assert make is not None
    engine = Engine(state, PROJECT, "live", make(state.data_dir, settings))
    operate = provides(LOCAL, OPERATIONS).given
    assert operate is not None
    document = small(LOCAL.sites)
    document["zones"] = {
        "landing": {"purpose": "landing", "recoverable_days": 1},
        "curated": {"purpose": "curated", "recoverable_days": 1, "immutable_days": 1},
    }
    try:
        engine.up(program(warehouse(document), LOCAL, settings))
        yield Standing(state.path).outputs()
    finally:
        operate(settings).stop()


@pytest.fixture
def reached(settings: BaseModel, outputs: Outputs) -> Live:
    reach = provides(LOCAL, LIVE).given
    assert reach is not None
    return reach(settings, outputs)


@pytest.fixture
def store(reached: Live) -> LiveStore:
    return reached.store("landing")


@pytest.fixture
def locking(reached: Live) -> LiveStore:
    return reached.store("curated")


def put(store: LiveStore, key: str, body: bytes, **properties: Any) -> ObjectVersion:
    """Write an object; gives what the store then lists of it."""
    version = store.write(key, io.BytesIO(body), Properties(**properties)).version
    (found,) = [each for each in store.versions(key) if each.version == version]
    return found


def test_all_properties_are_written_in_the_same_call(locking: LiveStore) -> None:
    until = dt.datetime.now(dt.UTC).replace(microsecond=0) + SOON
    told = Properties(
        {"content-type": "text/csv", "cache-control": "no-store", "content-encoding": "identity"},
        {"cohort": "sleep"},
        {"origin": "ward 7", "kind": "a=b+c"},
        lock=Lock(until),
        held=True,
    )
    version = locking.write("all/1", io.BytesIO(b"x"), told).version
    (found,) = locking.versions("all/1")
    assert found.version == version
    assert locking.properties(found) == told
    locking.hold(found, on=False)
    assert locking.properties(found) == replace(told, held=False)


def test_the_reader_reads_everything_and_writes_nothing(reached: Live, locking: LiveStore) -> None:
    put(locking, "read/1", b"first", metadata={"ward": "7"}, tags={"purpose": "care"})
    put(
        locking,
        "read/1",
        b"second",
        lock=Lock(dt.datetime.now(dt.UTC).replace(microsecond=0) + SOON),
    )
    reader = reached.reader("curated")
    assert not isinstance(reader, Supported)
    found = [*reader.versions("read/")]
    assert [whole(reader, each) for each in found] == [b"first", b"second"]
    assert [*map(reader.properties, found)] == [*map(locking.properties, found)]
    attempts = {
        "write": lambda: reader.write("read/2", io.BytesIO(b"x"), Properties()),
        "over": lambda: reader.write("read/1", io.BytesIO(b"x"), Properties()),
        "begin": lambda: reader.begin("read/2", Properties()),
        "mark": lambda: reader.mark("read/1"),
        "delete": lambda: reader.delete(found[0]),
        "lock": lambda: reader.lock(found[0], Lock(dt.datetime.now(dt.UTC) + SOON)),
        "hold": lambda: reader.hold(found[0], on=True),
    }
    for attempt in attempts.values():
        with pytest.raises(ProviderError):
            attempt()
    assert [*reader.versions("read/")] == found


def test_a_table_is_opened_and_closed_by_the_cipher_of_its_zone(
    reached: Live, store: LiveStore, settings: BaseModel
) -> None:
    opened = open_warehouse(str(settings.model_dump()["data_dir"]))
    table = pa.table({"ward": ["cardiology"] * 3})
    opened.write_table("landing", "tables/0.parquet", table)
    (found,) = store.versions("tables/0.parquet")
    cipher = reached.cipher("landing")
    assert cipher is not None
    stored = whole(store, found)
    assert cipher.covers(stored[:HEAD])
    content = cipher.opened(found.key, stored)
    assert parquet.read_table(pa.BufferReader(content)).equals(table)
    put(store, "tables/1.parquet", cipher.closed("tables/1.parquet", content))
    assert opened.dataset("landing", "tables/1.parquet").to_table().equals(table)


@pytest.mark.parametrize("kept", ["lock", "hold"])
def test_what_is_kept_is_not_deleted(locking: LiveStore, kept: str) -> None:
    found = put(locking, f"kept/{kept}", b"x")
    if kept == "lock":
        locking.lock(found, Lock(dt.datetime.now(dt.UTC) + SOON))
    else:
        locking.hold(found, on=True)
    with pytest.raises(ProviderError, match=f"zone curated: kept/{kept}: ") as caught:
        locking.delete(found)
    assert not isinstance(caught.value, NotThereError)
    assert whole(locking, found) == b"x"


class TestVersionedZone(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, settings: BaseModel, outputs: Outputs) -> LiveStore:
        reach = provides(LOCAL, LIVE).given
        assert reach is not None
        return reach(settings, outputs).store("landing")


def test_a_zone_without_a_lock_declares_that_it_keeps_nothing(
    store: LiveStore, locking: LiveStore
) -> None:
    def absent(of: LiveStore) -> set[Ability]:
        assert set(of.abilities) == set(Ability)
        lacked = {a for a, found in of.abilities.items() if found.support is not Support.NATIVE}
        assert all(of.abilities[ability].reason for ability in lacked)
        return lacked

    never = {Ability.SNAPSHOTS, Ability.DELETED, Ability.TIER}
    assert absent(locking) == never
    assert absent(store) == {*never, Ability.LOCK, Ability.HOLD}
    found = put(store, "unlocked/1", b"x", tags={"a": "b"})
    assert store.properties(found).tags == {"a": "b"}
    assert store.properties(found).lock is None
    with pytest.raises(ProviderError, match="zone landing: unlocked/1: "):
        store.hold(found, on=True)


def test_the_database_is_reached_with_verified_tls(reached: Live) -> None:
    database = reached.database()
    with database.connect() as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.info.get_parameters()["sslmode"] == "verify-full"
        found = connection.execute("SELECT current_database()").fetchone()
    assert found == (database.name,)


def test_the_database_is_read_by_a_role_that_could_not_have_written_and_is_gone_after_it(
    reached: Live, settings: BaseModel
) -> None:
    database, reader = reached.database(), reached.database_reader()
    assert not isinstance(reader, Supported)
    with database.connect() as connection:
        connection.execute("CREATE TABLE curated.kept AS SELECT generate_series(1, 9) AS i")
        connection.execute("ALTER TABLE curated.kept FORCE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE curated.kept ENABLE ROW LEVEL SECURITY")
    with reader.opened() as end:
        preflight.check_reader(end, server.ADMINISTRATOR)
        with end.connect(autocommit=True) as connection:
            secret = connection.info.password
            assert connection.info.user == reader.role != server.ADMINISTRATOR
            assert connection.execute("SELECT count(*) FROM curated.kept").fetchone() == (9,)
            connection.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.Error, match="permission denied"):
                connection.execute("INSERT INTO curated.kept VALUES (10)")
        assert user_of_psql(end) == reader.role
        assert secret.encode() not in everything(settings)
    assert user_of_psql(database) == server.ADMINISTRATOR
    assert not has_role(database, reader.role)
    with pytest.raises(RetryError):
        end.connect()
    assert secret.encode() not in everything(settings)


def test_the_reader_is_gone_after_a_failure_and_what_a_killed_run_left_is_made_anew(
    reached: Live,
) -> None:
    database, reader = reached.database(), reached.database_reader()
    assert not isinstance(reader, Supported)
    with contextlib.suppress(KeyboardInterrupt), reader.opened():
        assert has_role(database, reader.role)
        raise KeyboardInterrupt
    assert not has_role(database, reader.role)
    killed = reader.opened()
    killed.__enter__()
    with database.connect() as connection:
        connection.execute(f"ALTER ROLE {reader.role} SUPERUSER; CREATE TABLE left_over (i int)")
        connection.execute(f"ALTER TABLE left_over OWNER TO {reader.role}")
    with reader.opened() as end:
        preflight.check_reader(end, server.ADMINISTRATOR)
    assert not has_role(database, reader.role)
    with database.connect() as connection:
        connection.execute("DROP TABLE left_over")


def has_role(database: LiveDatabase, name: str) -> bool:
    with database.connect() as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
        return found.fetchone() is not None


def user_of_psql(database: LiveDatabase) -> str:
    with database.client() as client:
        done = subprocess.run(
            [f"{database.binaries}/psql", "-X", "-At", "-c", "SELECT current_user"],
            env=dict(client.environment), pass_fds=client.descriptors,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return done.stdout.strip()


def everything(settings: BaseModel) -> bytes:
    """All files of the data folder but those that go meanwhile."""
    found = bytearray()
    for folder, _, names in os.walk(str(settings.model_dump()["data_dir"])):
        for name in names:
            with contextlib.suppress(OSError):
                path = Path(folder, name)
                found += path.read_bytes() if path.is_file() else b""
    return bytes(found)


@pytest.fixture
def by_reference(settings: BaseModel, outputs: Outputs, tmp_path: Path) -> LibpqDatabase:
    """The same database, as an address with a reference to the password."""
    folder = Folder(Path(str(settings.model_dump()["data_dir"])))
    known = server.admin_settings(folder, outputs.database.name)
    file = tmp_path / "password"
    file.write_text(known["password"] + "\n")
    file.chmod(0o600)
    return LibpqDatabase(
        known["host"],
        int(known["port"]),
        known["dbname"],
        known["user"],
        SecretReference(file=file),
        known["sslrootcert"],
    )


def test_a_database_is_reached_by_reference(
    by_reference: LibpqDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=elsewhere")
    monkeypatch.setenv("PGSSLMODE", "disable")
    with by_reference.connect(autocommit=True) as connection:
        assert connection.pgconn.ssl_in_use
        found = connection.execute("SELECT current_database(), current_user").fetchone()
        assert connection.execute("SHOW search_path").fetchone() != ("elsewhere",)
        assert connection.info.get_parameters()["sslmode"] == "verify-full"
    assert found == (by_reference.name, by_reference.user)
    assert by_reference.weaknesses == ()
    weak = replace(by_reference, verification=TlsVerification.NONE)
    with weak.connect() as connection:
        assert connection.pgconn.ssl_in_use
    assert "sslmode=require: the certificate of the server is not verified" in weak.weaknesses[0]


def test_a_refusal_of_the_database_shows_no_secret(
    by_reference: LibpqDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = "no-password-of-anybody"
    monkeypatch.setenv("SOME_PASSWORD", secret)
    wrong = replace(by_reference, password=SecretReference("SOME_PASSWORD"))
    with pytest.raises(ProviderError, match="password authentication failed") as caught:
        wrong.connect()
    assert secret not in "".join(traceback.format_exception(caught.value))
    assert "variable SOME_PASSWORD" in str(caught.value)
    other = tmp_path / "authority.pem"
    other.write_text("no certificate")
    with pytest.raises(ProviderError, match="certificate"):
        replace(wrong, authority=str(other)).connect()
    with pytest.raises(ProviderError, match="certificate"):
        replace(wrong, authority="system").connect()
    with pytest.raises(RetryError, match="refused"):
        replace(wrong, port=1).connect()


def test_programs_of_postgresql_reach_the_same_database(by_reference: LibpqDatabase) -> None:
    assert by_reference.environment() == {
        "PGHOST": "localhost",
        "PGPORT": str(by_reference.port),
        "PGDATABASE": by_reference.name,
        "PGUSER": by_reference.user,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": by_reference.authority,
        "PGGSSENCMODE": "disable",
        "PGCONNECT_TIMEOUT": "30",
        "PGAPPNAME": "havre",
    }


@pytest.mark.parametrize("secret", ["plain", "a:b", "\\\\back\\:slash", "é 'quoted'"])
def test_a_program_finds_the_password_in_a_file_in_memory(
    by_reference: LibpqDatabase, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    with by_reference.connect(autocommit=True) as connection:
        role = sql.Identifier("a:role\\of " + secret)
        words = sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}")
        connection.execute(words.format(role, sql.Literal(secret)))
    monkeypatch.setenv("SOME_PASSWORD", secret)
    other = replace(
        by_reference, user="a:role\\of " + secret, password=SecretReference("SOME_PASSWORD")
    )
    with other.client() as client, pytest.MonkeyPatch.context() as patched:
        assert [name for name, value in client.environment.items() if secret == value] == []
        for name, value in client.environment.items():
            patched.setenv(name, value)
        # libpq as a program has it: everything comes from its environment.
        with psycopg.connect("") as connection:
            assert connection.pgconn.ssl_in_use
            assert connection.info.user == other.user
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(client.descriptors[0])


def test_the_programs_that_a_warehouse_brings_reach_its_database(reached: Live) -> None:
    database = reached.database()
    assert database.binaries is not None
    with database.client() as client:
        done = subprocess.run(
            [database.binaries / "psql", "-X", "-At", "-c", "SELECT current_database()"],
            env=dict(client.environment), pass_fds=client.descriptors,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert done.stdout.strip() == database.name


def test_outputs_of_another_place_get_no_credentials(
    settings: BaseModel, outputs: Outputs, tmp_path: Path
) -> None:
    reach = provides(LOCAL, LIVE).given
    assert reach is not None
    zone = outputs.zones["curated"].model_copy(update={"endpoint": "https://127.0.0.1:9"})
    database = outputs.database.model_copy(update={"port": 9})
    elsewhere = outputs.model_copy(update={"zones": {"curated": zone}, "database": database})
    with pytest.raises(InputError, match="lead to https://127"):
        reach(settings, elsewhere).store("curated")
    with pytest.raises(InputError, match="the database: the outputs lead to 9"):
        reach(settings, elsewhere).database()
    with pytest.raises(InputError, match="has no zone `none`"):
        reach(settings, outputs).store("none")
    with pytest.raises(InputError, match="not of `other`"):
        reach(settings, outputs.model_copy(update={"warehouse": "other"}))
    empty = read_settings(LOCAL, {"data_dir": str(tmp_path / "none"), "country": "FR"})
    with pytest.raises(InputError, match="contains no warehouse"):
        reach(empty, outputs)


class FailingError(Exception):
    """Whatever a client raises."""


def test_a_signed_url_opens_one_object_and_no_longer_when_it_is_gone(store: LiveStore) -> None:
    found = put(store, "signed/ward 7.csv", b"first")
    signed = signed_url(store, found)
    assert isinstance(signed, SignedUrl)
    signed.open()
    days = signed.expires - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=6, hours=23) < days <= dt.timedelta(days=7)
    assert "signed/ward" not in repr(signed)
    for wrong, kind in (
        (signed.url.replace("Signature=", "Signature=0"), RefusedError),
        (signed.url.replace("ward%207", "ward%208"), RefusedError),
        (signed.url.replace("X-Amz-Credential=", "X-Amz-Credential=nobody"), RefusedError),
    ):
        assert wrong != signed.url
        with pytest.raises(kind):
            replace(signed, url=wrong).open()
    store.delete(found)
    with pytest.raises(NotThereError, match="answers NoSuch") as caught:
        signed.open()
    assert "X-Amz" not in str(caught.value)
    with pytest.raises(ProviderError, match="SSL") as caught:
        replace(signed, authority="").open()
    assert not isinstance(caught.value, RefusedError | NotThereError)


def test_an_expired_url_is_not_taken_for_a_refusal_of_the_store(store: LiveStore) -> None:
    found = put(store, "signed/2", b"second")
    signed = signed_url(store, found)
    assert isinstance(signed, SignedUrl)
    client, bucket = store.client.store.client, store.client.store.name  # type: ignore[attr-defined]
    named = {"Bucket": bucket, "Key": "signed/2"}
    short = client.generate_presigned_url("get_object", Params=named, ExpiresIn=1)
    until(lambda: _raises(replace(signed, url=short)) is ProviderError)


def _raises(signed: SignedUrl) -> type[Exception] | None:
    try:
        signed.open()
    except ProviderError as error:
        return type(error)
    return None


class Failing:
    """A bucket whose calls fail in one way."""

    def __init__(self, remedy: Remedy | None) -> None:
        self.remedy = remedy

    def ask(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        raise FailingError(operation, arguments)

    def failure(self, _error: Exception) -> Failure | None:
        return Failure(self.remedy, "ItsWord") if self.remedy else None


@pytest.mark.parametrize(
    ("remedy", "kind"),
    [
        (Remedy.NOT_THERE, NotThereError),
        (Remedy.RETRY, RetryError),
        (Remedy.REFUSED, RefusedError),
        (Remedy.GIVE_UP, ProviderError),
        (None, FailingError),
    ],
)
def test_errors_are_classed_by_what_the_caller_can_do(
    remedy: Remedy | None, kind: type[Exception]
) -> None:
    failing = BucketStore(Failing(remedy), "zone z", ABILITIES)
    found = ObjectVersion("k", "v", 1, "e", dt.datetime.now(dt.UTC))
    with pytest.raises(kind) as caught:
        whole(failing, found)
    assert type(caught.value) is kind
    assert remedy is None or str(caught.value).startswith("zone z: k: the object store answers")
    with pytest.raises(kind):
        list(failing.versions())
