"""Clouds' warehouses on their stand-ins: what the plan grants is what clients can do."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from botocore.exceptions import ClientError

from havre.engine import StateStore
from havre.errors import ProviderError
from havre.live.objects import Properties, RefusedError
from havre.stack.standing import Standing
from havre_azure import blobs
from havre_azure.sandbox.live import AzureSandboxLive
from havre_azure.sandbox.standins import AzureStandIns
from havre_ovh.sandbox.live import OvhSandboxLive
from havre_ovh.sandbox.standins import OvhStandIns
from havre_sandbox.standins.blob.service import token_name
from havre_sandbox.standins.following import recorded_only
from havre_sandbox.standins.machine import Machine
from havre_sandbox.standins.s3.service import client
from havre_scaleway.sandbox.live import ScalewaySandboxLive
from havre_scaleway.sandbox.standins import ScalewayStandIns
from tests.sandbox.clouds import Sandbox, example, sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from havre.provider.outputs import Outputs
    from havre_sandbox import Existing


class Stood:
    """A warehouse of one cloud that stands on stand-ins."""

    def __init__(self, cloud: str, data_dir: Path) -> None:
        self.data_dir = data_dir
        StateStore(data_dir).create()
        self.machine = Machine(data_dir, "emc2")
        self.machine.begin()
        self.made: Sandbox = sandbox(cloud, data_dir)
        self.made.up(example("emc2"))

    @property
    def outputs(self) -> Outputs:
        return Standing(self.made.engine.store.path).outputs()

    def of(self, token: str) -> list[Existing]:
        return [each for each in self.made.world().world().existing if each.token.endswith(token)]

    def secrets(self) -> Iterator[str]:
        for path in self.machine.folder.secrets.iterdir():
            yield path.read_text()

    def written(self) -> bytes:
        """The state, and the files of the world."""
        files = [self.made.engine.store.path, *self.made.folder.glob("*.json")]
        return b"".join(path.read_bytes() for path in files)


@pytest.fixture(scope="module", autouse=True)
def _environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        yield


def standing(cloud: str, folder: Path) -> Iterator[Stood]:
    found = Stood(cloud, folder / "data")
    try:
        yield found
    finally:
        found.machine.stop()


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stood]:
    yield from standing("azure", tmp_path_factory.mktemp("azure"))


@pytest.fixture(scope="module")
def ovh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stood]:
    yield from standing("ovh", tmp_path_factory.mktemp("ovh"))


@pytest.fixture(scope="module")
def scaleway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stood]:
    yield from standing("scaleway", tmp_path_factory.mktemp("scaleway"))


class Token:
    """A credential of the SDK's: one token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 300)


def denied(call: Callable[[], Any]) -> str:
    with pytest.raises((AzureError, ClientError)) as found:
        call()
    error: Any = found.value
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return str(error.response.headers["x-ms-error-code"])


def test_a_second_up_changes_nothing(azure: Stood, ovh: Stood, scaleway: Stood) -> None:
    for stood in (azure, ovh, scaleway):
        assert stood.made.up(example("emc2")) == []


def azure_project(azure: Stood, zone: str) -> Any:
    """The client of a project of the plan's, by its own identity."""
    (identity,) = [
        each
        for each in azure.of(":UserAssignedIdentity")
        if each.id.endswith("/emc2-production-project-cohort-diabetes")
    ]
    token = (azure.machine.secret_file(token_name(identity.computed["principalId"]))).read_text()
    found = azure.outputs.zone(zone)
    endpoint = AzureStandIns(azure.machine).blob.endpoint(found.account or "")
    authority = str(azure.machine.authority)
    return blobs.connect(endpoint, found.bucket, Token(token), authority=authority)


def test_a_project_at_azure_reads_its_zones_and_nothing_else(azure: Stood) -> None:
    live = AzureSandboxLive(azure.outputs, azure.machine)
    for zone in ("curated", "research"):
        live.store(zone).write("a", io.BytesIO(b"content"), Properties())
    project = azure_project(azure, "curated")
    assert project.download_blob("a").readall() == b"content"
    mismatch = "AuthorizationPermissionMismatch"
    assert denied(lambda: project.upload_blob("b", b"x")) == mismatch
    assert denied(lambda: azure_project(azure, "research").download_blob("a")) == mismatch
    grants = [each for each in azure.of(":RoleAssignment") if "cohort-diabetes" in each.name]
    followed = AzureStandIns(azure.machine).by_type()
    for each in grants:
        followed[each.token].removed(each)
    assert denied(lambda: project.download_blob("a")) == mismatch
    for each in grants:
        followed[each.token].made(each, {})
    assert project.download_blob("a").readall() == b"content"


def test_a_locked_zone_at_azure_keeps_what_is_written(azure: Stood) -> None:
    live = AzureSandboxLive(azure.outputs, azure.machine)
    store = live.store("curated")
    store.write("kept", io.BytesIO(b"x"), Properties())
    (found,) = store.versions("kept")
    assert found.listed
    assert found.listed.lock
    with pytest.raises(ProviderError, match="BlobImmutableDueToPolicy"):
        store.delete(found)
    reader = live.reader("curated")
    assert b"".join(reader.read(found)) == b"x"
    with pytest.raises(RefusedError):
        reader.write("b", io.BytesIO(b"x"), Properties())


def test_a_disabled_key_at_azure_closes_its_zone(azure: Stood) -> None:
    standins = AzureStandIns(azure.machine)
    store = AzureSandboxLive(azure.outputs, azure.machine).store("landing")
    store.write("a", io.BytesIO(b"x"), Properties())
    (vault,) = {
        each.properties["vaultName"]
        for each in azure.of("keyvault:Key")
        if each.properties["keyName"] == "zone-landing"
    }
    standins.keys.set_enabled(vault, "zone-landing", enabled=False)
    with pytest.raises(ProviderError, match="KeyVaultEncryptionKeyNotFound"):
        list(store.versions())
    standins.keys.set_enabled(vault, "zone-landing", enabled=True)
    assert [each.key for each in store.versions()] == ["a"]


def test_the_database_at_azure_is_as_planned(azure: Stood) -> None:
    service = AzureStandIns(azure.machine).postgres
    assert service.pending() == ("shared_preload_libraries",)
    assert "pgaudit.log" in service.recorded_only()
    settings: Any = service.settings("emc2", "warehouse-administrators")
    with psycopg.connect(**settings, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute("CREATE EXTENSION hstore")
    live = AzureSandboxLive(azure.outputs, azure.machine)
    with live.database().connect() as connection:
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False,)
    with (
        live.database_reader().opened() as reader,
        reader.connect() as connection,
        pytest.raises(psycopg.Error),
    ):
        connection.execute("CREATE TABLE x(id int)")


def test_what_has_no_stand_in_is_named(azure: Stood, ovh: Stood, scaleway: Stood) -> None:
    for made, standins, some in (
        (azure, AzureStandIns(azure.machine), {"AzureFirewall", "FlowLog (2)", "ManagedCluster"}),
        (ovh, OvhStandIns(ovh.machine), {"Kube", "KubeNodePool (3)", "CloudGateway"}),
        (scaleway, ScalewayStandIns(scaleway.machine), {"Cluster", "Pool (3)", "PublicGateway"}),
    ):
        found = set(recorded_only(made.made.world().world(), standins.by_type()))
        assert some <= found
        assert not {name for name in found if name.startswith(("Storage", "Blob", "Database"))}


def ovh_project(ovh: Stood) -> Any:
    (user,) = [each for each in ovh.of("/user:User") if "cohort-diabetes" in each.name]
    (key,) = [each for each in ovh.of(":S3Credential") if str(each.properties["userId"]) == user.id]
    return client(OvhStandIns(ovh.machine).store, key.id, "eu-west-par")


def test_a_project_at_ovhcloud_reads_its_zones_and_nothing_else(ovh: Stood) -> None:
    live = OvhSandboxLive(ovh.outputs, ovh.machine)
    names = {zone: ovh.outputs.zone(zone).bucket for zone in ("curated", "research")}
    for zone in names:
        live.store(zone).write("a", io.BytesIO(b"content"), Properties())
    project = ovh_project(ovh)
    answer = project.get_object(Bucket=names["curated"], Key="a")
    assert answer["Body"].read() == b"content"
    for call in (
        lambda: project.get_object(Bucket=names["research"], Key="a"),
        lambda: project.put_object(Bucket=names["curated"], Key="b", Body=b"x"),
        project.list_buckets,
    ):
        assert denied(call) == "AccessDenied"


def test_a_locked_zone_at_ovhcloud_keeps_what_is_written(ovh: Stood) -> None:
    live = OvhSandboxLive(ovh.outputs, ovh.machine)
    store = live.store("curated")
    store.write("kept", io.BytesIO(b"x"), Properties())
    (found,) = store.versions("kept")
    assert store.properties(found).lock
    with pytest.raises(ProviderError):
        store.delete(found)
    reader = live.reader("curated")
    assert b"".join(reader.read(found)) == b"x"
    with pytest.raises(RefusedError):
        reader.write("b", io.BytesIO(b"x"), Properties())


def test_the_database_at_ovhcloud_is_as_planned(ovh: Stood) -> None:
    service = OvhStandIns(ovh.machine).postgres
    settings: Any = service.settings("emc2", "avnadmin")
    with psycopg.connect(**settings, autocommit=True) as connection:
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False,)
        connection.execute("CREATE EXTENSION pg_trgm")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute("CREATE EXTENSION file_fdw")
        assert connection.execute("SHOW log_min_duration_statement").fetchone() == ("0",)


def scaleway_project(scaleway: Stood) -> Any:
    (key,) = [each for each in scaleway.of(":ApiKey") if "cohort-diabetes" in each.name]
    return client(ScalewayStandIns(scaleway.machine).store, key.id, "fr-par")


def test_a_project_at_scaleway_reads_its_zones_and_nothing_else(scaleway: Stood) -> None:
    live = ScalewaySandboxLive(scaleway.outputs, scaleway.machine)
    names = {zone: scaleway.outputs.zone(zone).bucket for zone in ("curated", "research")}
    for zone in names:
        live.store(zone).write("a", io.BytesIO(b"content"), Properties())
    project = scaleway_project(scaleway)
    answer = project.get_object(Bucket=names["curated"], Key="a")
    assert answer["Body"].read() == b"content"
    for call in (
        lambda: project.get_object(Bucket=names["research"], Key="a"),
        lambda: project.put_object(Bucket=names["curated"], Key="b", Body=b"x"),
        lambda: project.put_bucket_versioning(
            Bucket=names["curated"], VersioningConfiguration={"Status": "Suspended"}
        ),
    ):
        assert denied(call) == "AccessDenied"


def test_a_policy_at_scaleway_ends_and_another_one_leaves_the_other_buckets(
    scaleway: Stood,
) -> None:
    live = ScalewaySandboxLive(scaleway.outputs, scaleway.machine)
    name = scaleway.outputs.zone("curated").bucket
    live.store("curated").write("ends", io.BytesIO(b"content"), Properties())
    (policy,) = [p for p in scaleway.of(":BucketPolicy") if p.properties["bucket"] == name]
    followed = ScalewayStandIns(scaleway.machine).by_type()[policy.token]
    ended = policy.properties["policy"].replace("2028-06-30", "2026-06-30")
    assert ended != policy.properties["policy"]
    project = scaleway_project(scaleway)
    followed.made(replace(policy, properties={**policy.properties, "policy": ended}), {})
    assert denied(lambda: project.get_object(Bucket=name, Key="ends")) == "AccessDenied"
    followed.removed(policy)
    assert denied(lambda: project.get_object(Bucket=name, Key="ends")) == "AccessDenied"
    followed.made(policy, {})
    assert project.get_object(Bucket=name, Key="ends")["Body"].read() == b"content"


def test_a_locked_zone_at_scaleway_keeps_what_is_written(scaleway: Stood) -> None:
    live = ScalewaySandboxLive(scaleway.outputs, scaleway.machine)
    store = live.store("curated")
    store.write("kept", io.BytesIO(b"x"), Properties())
    (found,) = store.versions("kept")
    assert store.properties(found).lock
    with pytest.raises(ProviderError):
        store.delete(found)
    reader = live.reader("curated")
    assert b"".join(reader.read(found)) == b"x"
    with pytest.raises(RefusedError):
        reader.write("b", io.BytesIO(b"x"), Properties())


def test_the_database_at_scaleway_is_as_planned(scaleway: Stood) -> None:
    live = ScalewaySandboxLive(scaleway.outputs, scaleway.machine)
    with live.database().connect() as connection:
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False,)
    with (
        live.database_reader().opened() as reader,
        reader.connect() as connection,
        pytest.raises(psycopg.Error),
    ):
        connection.execute("CREATE TABLE x(id int)")


def test_no_secret_of_a_stand_in_is_in_the_state(azure: Stood, ovh: Stood, scaleway: Stood) -> None:
    for made in (azure, ovh, scaleway):
        secrets, written = list(made.secrets()), made.written()
        assert secrets
        assert not [each for each in secrets if each.encode() in written]
