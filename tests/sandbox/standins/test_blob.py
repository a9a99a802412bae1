"""The Blob service of a sandbox, by the clients that reach Azure: who may do what, what stays."""

from __future__ import annotations

import datetime as dt
import http.client
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import AzureError
from azure.storage.blob import (
    BlobBlock,
    BlobServiceClient,
    ContainerClient,
    ImmutabilityPolicy,
    generate_blob_sas,
    generate_container_sas,
)

from havre.capabilities import Support, Supported
from havre.errors import ProviderError
from havre.live.objects import Ability
from havre.live.wrappers import retrying
from havre_azure import blobs
from havre_azure.blobs import ABILITIES, Container, ContainerStore, abilities
from havre_conformance.stores import StoreSuite
from havre_sandbox.standins.blob.catalogue import (
    AccountSettings,
    Action,
    Catalogue,
    ContainerSettings,
    Grant,
    Version,
    VersionState,
    WormPolicy,
)
from havre_sandbox.standins.blob.keeping import Keeper
from havre_sandbox.standins.blob.service import SERVICE, BlobService, token_name
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre.live.objects import LiveStore
    from havre_sandbox.standins.blob.catalogue import Place
    from havre_sandbox.standins.machine import Machine

_NUMBERS = count()
READER = (Action.READ,)
SIGNS = Grant(frozenset({Action.READ, Action.DELEGATE}))
VERSIONED = AccountSettings(versions=True, version_level=True)
PLAIN = AccountSettings()


class Token:
    """A credential of the SDK's: one token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 300)


@pytest.fixture(scope="module")
def service(machine: Machine) -> BlobService:
    found = BlobService(machine)
    found.start()
    return found


class Zone:
    """A new account with one container, and an identity that may do everything there."""

    def __init__(
        self,
        service: BlobService,
        account: AccountSettings = VERSIONED,
        container: ContainerSettings | None = None,
    ) -> None:
        number = next(_NUMBERS)
        self.service, self.account, self.name = service, f"zone{number:03d}", "zone-curated"
        self.owner = self.granted(f"owner-{number}", tuple(Action))
        self.settings = account
        service.put_account(self.account, account)
        self.arrange(container or ContainerSettings())

    def arrange(self, settings: ContainerSettings) -> None:
        self.service.put_container(self.account, self.name, settings)

    def granted(
        self,
        principal: str,
        actions: tuple[Action, ...],
        until: dt.datetime | None = None,
    ) -> str:
        self.service.put_identity(principal)
        self.service.put_grant(
            f"{self.account} {principal}",
            principal,
            f"{self.account}/{self.name}",
            Grant(frozenset(actions), until),
        )
        return principal

    def client(self, principal: str | None = None) -> Any:
        return blobs.connect(
            self.service.endpoint(self.account),
            self.name,
            Token(self.service.token(principal or self.owner)),
            authority=str(self.service.machine.authority),
        )

    def put(self, name: str, content: bytes = b"x", **given: Any) -> str:
        answer = self.client().upload_blob(name, content, overwrite=True, **given)
        return str(answer.get_blob_properties().version_id)

    def rows(self, *include: str) -> list[Any]:
        return list(self.client().list_blobs(include=list(include)))


@pytest.fixture
def zone(service: BlobService) -> Zone:
    return Zone(service)


def code(call: Callable[[], Any]) -> str:
    """The service's word for why it refuses."""
    with pytest.raises(AzureError) as found:
        call()
    error: Any = found.value
    return str(error.response.headers["x-ms-error-code"])


def later(days: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=days)


def policy(days: float, mode: str = "Locked") -> ImmutabilityPolicy:
    return ImmutabilityPolicy(expiry_time=later(days), policy_mode=mode)


class TestZone(StoreSuite):
    """All that Azure's containers can do, in a sandbox."""

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, service: BlobService) -> LiveStore:
        zone = Zone(service)
        able = {**ABILITIES, Ability.VERSIONS: Supported(Support.NATIVE)}
        return ContainerStore(retrying(Container(zone.client())), "zone", able, page=50)


def test_spaces_within_a_value_are_kept(service: BlobService) -> None:
    zone = Zone(service)
    zone.put("a", metadata={"ward": "two  spaces"})
    assert zone.client().get_blob_client("a").get_blob_properties().metadata == {
        "ward": "two  spaces"
    }


def test_a_zone_that_may_be_locked_deletes_nothing(service: BlobService) -> None:
    open_, locked = (
        Zone(service, AccountSettings(versions=True)),
        Zone(service, AccountSettings(versions=True, version_level=True, policy=WormPolicy(30))),
    )
    supports = [
        abilities(Container(each.client()), "zone")[Ability.MARKERS] for each in (open_, locked)
    ]
    assert [each.support for each in supports] == [Support.PARTIAL, Support.ABSENT]
    locked.put("a")
    assert code(lambda: locked.client().delete_blob("a")) == "BlobImmutableDueToPolicy"


def test_what_was_deleted_for_a_while_is_no_deletion_of_versions(service: BlobService) -> None:
    zone = Zone(service, AccountSettings(versions=True, deleted_days=7))
    version = zone.put("a")
    store = ContainerStore(Container(zone.client()), "zone", ABILITIES)
    zone.client().delete_blob("a")
    assert [each.marker for each in store.versions()] == [False, True]
    zone.client().get_blob_client("a").delete_blob(version_id=version)
    assert [(each.marker, each.deleted) for each in store.versions()] == [(False, True)]


def test_each_identity_does_what_it_was_granted_and_nothing_else(
    service: BlobService, zone: Zone
) -> None:
    other = Zone(service)
    zone.put("a", b"content", tags={"k": "v"})
    other.put("a")
    reader = zone.client(zone.granted("reader", READER))
    assert reader.download_blob("a").readall() == b"content"
    assert [row.name for row in reader.list_blobs()] == ["a"]
    denied = "AuthorizationPermissionMismatch"
    assert code(lambda: reader.upload_blob("b", b"x")) == denied
    assert code(lambda: reader.delete_blob("a")) == denied
    assert code(lambda: reader.get_blob_client("a").get_blob_tags()) == denied
    assert code(lambda: list(reader.list_blobs(include=["tags"]))) == denied
    elsewhere = blobs.connect(
        service.endpoint(other.account),
        other.name,
        Token(service.token("reader")),
        authority=str(service.machine.authority),
    )
    assert code(lambda: elsewhere.download_blob("a")) == denied
    assert code(lambda: list(elsewhere.list_blobs())) == denied


def test_what_is_revoked_counts_at_the_next_request(service: BlobService, zone: Zone) -> None:
    zone.put("a")
    zone.granted("leaver", READER)
    leaver = zone.client("leaver")
    assert leaver.download_blob("a").readall() == b"x"
    service.drop_grant(f"{zone.account} leaver")
    assert code(lambda: leaver.download_blob("a")) == "AuthorizationPermissionMismatch"
    service.drop_identity("leaver")
    assert code(lambda: leaver.download_blob("a")) == "InvalidAuthenticationInfo"


def test_a_grant_ends_on_its_day_and_may_be_of_current_versions_alone(zone: Zone) -> None:
    first = zone.put("a", b"first")
    second = zone.put("a", b"second")
    narrow = zone.client(zone.granted("narrow", READER, later(1)))
    assert narrow.download_blob("a").readall() == b"second"
    assert narrow.download_blob("a", version_id=second).readall() == b"second"
    denied = "AuthorizationPermissionMismatch"
    assert code(lambda: narrow.download_blob("a", version_id=first)) == denied
    assert zone.client(zone.granted("wide", (*READER, Action.READ_VERSIONS)))
    wide = zone.client("wide")
    assert wide.download_blob("a", version_id=first).readall() == b"first"
    zone.granted("narrow", READER, later(-1))
    assert code(lambda: narrow.download_blob("a")) == denied


def test_nobody_reads_without_a_credential_or_by_the_accounts_key(
    service: BlobService, zone: Zone
) -> None:
    zone.put("a")
    where = (service.endpoint(zone.account), zone.name)
    given = {"connection_verify": str(service.machine.authority), "retry_total": 0}
    nobody = ContainerClient(*where, **given)
    assert code(lambda: nobody.download_blob("a")) == "NoAuthenticationInformation"
    key = AzureNamedKeyCredential(zone.account, "bm9ib2R5")
    by_key = ContainerClient(*where, credential=key, **given)
    assert code(lambda: by_key.download_blob("a")) == "KeyBasedAuthenticationNotPermitted"
    shared = Zone(service, AccountSettings(shared_key=True))
    wrong = AzureNamedKeyCredential(shared.account, "bm9ib2R5")
    by_wrong = ContainerClient(
        service.endpoint(shared.account), shared.name, credential=wrong, **given
    )
    assert code(lambda: list(by_wrong.list_blobs())) == "AuthenticationFailed"


def test_a_locked_policy_is_extended_and_never_shortened(zone: Zone) -> None:
    version = zone.put("a", b"first", immutability_policy=policy(2))
    blob = zone.client().get_blob_client("a")
    locked = "BlobImmutableDueToPolicy"
    for sooner in (policy(1), policy(3, "Unlocked")):
        assert code(lambda sooner=sooner: blob.set_immutability_policy(sooner)) == locked
    assert code(blob.delete_immutability_policy) == locked
    assert code(lambda: blob.set_blob_metadata({"k": "v"})) == locked
    assert code(blob.delete_blob) == locked
    blob.set_immutability_policy(policy(3))
    told = blob.get_blob_properties().immutability_policy
    assert (told.policy_mode, told.expiry_time.date()) == ("locked", later(3).date())
    zone.put("a", b"second")
    old = zone.client().get_blob_client("a", version_id=version)
    assert old.download_blob().readall() == b"first"
    assert code(lambda: old.delete_blob(version_id=version)) == locked
    past = code(lambda: blob.set_immutability_policy(policy(-1)))
    assert past == "InvalidHeaderValue"


def test_an_unlocked_policy_is_taken_back(zone: Zone) -> None:
    version = zone.put("a", immutability_policy=policy(2, "Unlocked"))
    blob = zone.client().get_blob_client("a")
    assert code(blob.delete_blob) == "BlobImmutableDueToPolicy"
    blob.set_immutability_policy(policy(1, "Unlocked"))
    blob.delete_immutability_policy()
    blob.delete_blob()
    zone.client().get_blob_client("a").delete_blob(version_id=version)
    assert zone.rows("versions") == []


def test_a_default_policy_is_of_every_new_version(service: BlobService) -> None:
    settings = AccountSettings(versions=True, version_level=True, policy=WormPolicy(30))
    zone = Zone(service, settings)
    zone.put("early")
    service.put_account(zone.account, AccountSettings(True, policy=WormPolicy(30, locked=True)))
    zone.arrange(ContainerSettings(version_level=True, policy=WormPolicy(10, locked=True)))
    zone.put("late")
    told = {row.name: row.immutability_policy for row in zone.rows("immutabilitypolicy")}
    modes = {name: each.policy_mode for name, each in told.items()}
    assert modes == {"early": "unlocked", "late": "locked"}
    assert told["late"].expiry_time.date() == later(10).date()
    assert told["early"].expiry_time.date() == later(30).date()


def test_a_legal_hold_is_ended_by_nothing_but_its_lifting(zone: Zone) -> None:
    version = zone.put("a", legal_hold=True)
    blob = zone.client().get_blob_client("a")
    held = "BlobImmutableDueToLegalHold"
    assert [row.has_legal_hold for row in zone.rows("legalhold")] == [True]
    assert code(blob.delete_blob) == held
    assert code(lambda: blob.set_blob_metadata({"k": "v"})) == held
    blob.upload_blob(b"second", overwrite=True)
    old = zone.client().get_blob_client("a", version_id=version)
    assert code(lambda: old.delete_blob(version_id=version)) == held
    old.set_legal_hold(False, version_id=version)
    old.delete_blob(version_id=version)
    assert [row.name for row in zone.rows("versions")] == ["a"]


def test_policies_of_versions_need_a_container_that_has_them(service: BlobService) -> None:
    zone = Zone(service, AccountSettings(versions=True))
    zone.put("a")
    blob = zone.client().get_blob_client("a")
    assert code(lambda: blob.set_immutability_policy(policy(1))) == "BlobOperationNotSupported"
    assert code(lambda: blob.set_legal_hold(True)) == "BlobOperationNotSupported"
    assert code(lambda: zone.put("b", legal_hold=True)) == "BlobOperationNotSupported"


def test_a_policy_of_a_container_lets_nothing_be_changed(service: BlobService) -> None:
    zone = Zone(service, PLAIN)
    zone.put("a", b"first")
    blob = zone.client().get_blob_client("a")
    zone.arrange(ContainerSettings(policy=WormPolicy(7, append=True)))
    locked = "BlobImmutableDueToPolicy"
    assert code(lambda: blob.upload_blob(b"second", overwrite=True)) == locked
    assert code(lambda: blob.set_blob_metadata({"k": "v"})) == locked
    assert code(blob.delete_blob) == locked
    assert code(zone.client().delete_container) == "ContainerImmutabilityPolicyLocked"
    log = zone.client().get_blob_client("log")
    log.create_append_blob()
    log.append_block(b"line")
    zone.arrange(ContainerSettings(holds=("case42",)))
    assert code(lambda: log.append_block(b"line")) == "BlobImmutableDueToLegalHold"
    assert code(zone.client().delete_container) == "ContainerHasLegalHold"
    zone.arrange(ContainerSettings())
    blob.delete_blob()
    zone.client().delete_container()


def test_a_container_with_protected_versions_is_not_removed(zone: Zone) -> None:
    zone.put("a", immutability_policy=policy(1))
    with pytest.raises(ProviderError, match="ContainerImmutabilityPolicyLocked"):
        zone.service.drop_container(zone.account, zone.name)
    with pytest.raises(ProviderError, match="ContainerImmutabilityPolicyLocked"):
        zone.service.drop_account(zone.account)
    assert zone.client().download_blob("a").readall() == b"x"


def test_what_is_deleted_is_kept_and_restored(service: BlobService) -> None:
    zone = Zone(service, AccountSettings(deleted_days=7))
    zone.put("a", b"first")
    zone.put("a", b"second")
    blob = zone.client().get_blob_client("a")
    blob.delete_blob()
    assert zone.rows() == []
    deleted = [(row.deleted, row.remaining_retention_days) for row in zone.rows("deleted")]
    assert deleted == [(True, 7)] * 2
    assert code(blob.download_blob) == "BlobNotFound"
    blob.undelete_blob()
    assert blob.download_blob().readall() == b"second"
    assert code(zone.client().get_blob_client("never").undelete_blob) == "BlobNotFound"


def test_a_version_that_is_deleted_is_kept_for_its_days(service: BlobService) -> None:
    zone = Zone(service, AccountSettings(versions=True, deleted_days=7))
    version = zone.put("a", b"first")
    blob = zone.client().get_blob_client("a")
    assert code(lambda: blob.delete_blob(version_id=version)) == "OperationNotAllowedOnRootBlob"
    blob.delete_blob()
    old = zone.client().get_blob_client("a", version_id=version)
    old.delete_blob(version_id=version)
    assert code(old.download_blob) == "BlobNotFound"
    (row,) = zone.rows("versions", "deleted")
    assert (row.deleted, row.version_id) == (True, version)
    blob.undelete_blob()
    assert old.download_blob().readall() == b"first"


def test_a_name_whose_blob_was_deleted_is_written_anew(zone: Zone) -> None:
    first = zone.put("a", b"first")
    blob = zone.client().get_blob_client("a")
    blob.delete_blob()
    assert code(blob.get_blob_properties) == "BlobNotFound"
    blob.upload_blob(b"second")  # only where there is none
    assert code(lambda: blob.upload_blob(b"third")) == "BlobAlreadyExists"
    found = {row.version_id: row.is_current_version for row in zone.rows("versions")}
    assert found.pop(first) is None
    assert list(found.values()) == [True]
    old = zone.client().get_blob_client("a", version_id=first)
    assert old.download_blob().readall() == b"first"
    old.delete_blob(version_id=first)
    assert blob.download_blob().readall() == b"second"


def test_a_blob_that_is_leased_is_not_deleted_by_others(zone: Zone) -> None:
    zone.put("a")
    blob = zone.client().get_blob_client("a")
    lease = blob.acquire_lease(lease_duration=60)
    assert code(blob.delete_blob) == "LeaseIdMissing"
    blob.delete_blob(lease=lease)
    assert zone.rows() == []


def test_a_blob_of_blocks_has_versions_too(zone: Zone) -> None:
    blob = zone.client().get_blob_client("a")
    for content in (b"first", b"second"):
        blob.stage_block("MDAwMQ==", content)
        blob.commit_block_list([BlobBlock("MDAwMQ==")], immutability_policy=policy(1))
    found = zone.rows("versions", "immutabilitypolicy")
    assert [row.immutability_policy.policy_mode for row in found] == ["locked"] * 2
    assert [row.size for row in found] == [5, 6]


def test_a_copy_reads_what_its_identity_may_read(service: BlobService, zone: Zone) -> None:
    zone.put("a", b"content")
    source = f"{service.endpoint(zone.account)}/{zone.name}/a"
    zone.client().get_blob_client("b").start_copy_from_url(source)
    assert zone.client().download_blob("b").readall() == b"content"
    other = Zone(service)
    elsewhere = f"{service.endpoint(other.account)}/{other.name}/a"
    copy = zone.client().get_blob_client("c").start_copy_from_url
    assert code(lambda: copy(elsewhere)) == "CannotVerifyCopySource"


def test_an_encryption_scope_is_recorded_and_may_be_the_only_one(service: BlobService) -> None:
    zone = Zone(service, PLAIN, ContainerSettings(scope="research", scope_only=True))
    zone.put("a")
    assert [row.encryption_scope for row in zone.rows()] == ["research"]
    assert zone.client().get_blob_client("a").get_blob_properties().encryption_scope == "research"
    forbidden = "RequestForbiddenByContainerEncryptionPolicy"
    assert code(lambda: zone.put("b", encryption_scope="other")) == forbidden


def test_what_a_disabled_key_encrypts_is_not_read(service: BlobService) -> None:
    zone = Zone(service, AccountSettings(key="vault/zone-curated"))
    zone.put("a")
    service.set_usable("vault/zone-curated", usable=False)
    lacking = "KeyVaultEncryptionKeyNotFound"
    assert code(lambda: zone.client().download_blob("a")) == lacking
    assert code(lambda: zone.put("b")) == lacking
    service.set_usable("vault/zone-curated", usable=True)
    assert zone.client().download_blob("a").readall() == b"x"


def delegated(zone: Zone, principal: str, days: float = 1) -> Any:
    client = BlobServiceClient(
        zone.service.endpoint(zone.account),
        credential=Token(zone.service.token(principal)),
        connection_verify=str(zone.service.machine.authority),
        retry_total=0,
    )
    return client.get_user_delegation_key(later(-1), later(days))


def signed(zone: Zone, token: str) -> Any:
    where = f"{zone.service.endpoint(zone.account)}/{zone.name}?{token}"
    return ContainerClient.from_container_url(
        where, connection_verify=str(zone.service.machine.authority), retry_total=0
    )


def test_a_signed_address_is_worth_what_its_identity_is(service: BlobService, zone: Zone) -> None:
    zone.put("a")
    service.put_identity("signer")
    for scope in (zone.account, f"{zone.account}/{zone.name}"):
        service.put_grant(f"{scope} signs", "signer", scope, SIGNS)
    key = delegated(zone, "signer")
    named = {"user_delegation_key": key, "account_name": zone.account, "container_name": zone.name}
    token = generate_container_sas(**named, permission="rwl", expiry=later(0.5))
    assert signed(zone, token).download_blob("a").readall() == b"x"
    assert [row.name for row in signed(zone, token).list_blobs()] == ["a"]
    mismatch = "AuthorizationPermissionMismatch"
    assert code(lambda: signed(zone, token).upload_blob("b", b"x")) == mismatch
    unlisted = generate_container_sas(**named, permission="r", expiry=later(0.5))
    assert code(lambda: list(signed(zone, unlisted).list_blobs())) == mismatch
    one = generate_blob_sas(**named, blob_name="a", permission="r", expiry=later(0.5))
    assert signed(zone, one).download_blob("a").readall() == b"x"
    wrong = "AuthenticationFailed"
    assert code(lambda: signed(zone, one).download_blob("b")) == wrong
    ended = generate_container_sas(**named, permission="r", expiry=later(-0.1))
    assert code(lambda: signed(zone, ended).download_blob("a")) == wrong
    forged = token.replace("sp=rl", "sp=rwl").replace("sp=rwl", "sp=rwdl")
    assert code(lambda: signed(zone, forged).download_blob("a")) == wrong
    service.drop_grant(f"{zone.account} signs")
    service.drop_grant(f"{zone.account}/{zone.name} signs")
    assert code(lambda: signed(zone, token).download_blob("a")) == mismatch
    service.drop_identity("signer")
    assert code(lambda: signed(zone, token).download_blob("a")) == wrong


def test_a_key_is_delegated_for_a_week_at_most(service: BlobService, zone: Zone) -> None:
    service.put_identity("eager")
    service.put_grant("eager", "eager", zone.account, SIGNS)
    assert code(lambda: delegated(zone, "eager", days=8)) == "InvalidXmlDocument"


def rclone() -> str:
    found = shutil.which("rclone") or str(Path(sys.executable).parent / "rclone")
    if not Path(found).exists():
        pytest.skip("rclone is not installed: make .venv/bin/rclone")
    return found


def test_rclone_copies_and_checks(service: BlobService, zone: Zone, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "large").write_bytes(os.urandom(9 << 20))
    (tmp_path / "from" / "é ü.txt").write_text("content")
    service.put_identity("mover")
    for scope in (zone.account, f"{zone.account}/{zone.name}"):
        service.put_grant(f"{scope} moves", "mover", scope, Grant(frozenset(Action)))
    token = generate_container_sas(
        zone.account,
        zone.name,
        user_delegation_key=delegated(zone, "mover"),
        permission="rwdl",
        expiry=later(0.5),
    )
    environment = {
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CA_CERT": str(service.machine.authority),
        "RCLONE_AZUREBLOB_SAS_URL": f"{service.endpoint(zone.account)}/{zone.name}?{token}",
        "HOME": str(tmp_path),
    }

    def run(*words: str) -> None:
        done = subprocess.run(
            [rclone(), *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    run("copy", str(tmp_path / "from"), f":azureblob:{zone.name}", "--retries", "1")
    run("check", "--download", str(tmp_path / "from"), f":azureblob:{zone.name}")
    assert sorted(row.name for row in zone.rows()) == ["large", "é ü.txt"]


def test_an_upload_that_breaks_off_stores_nothing(service: BlobService, zone: Zone) -> None:
    host = service.endpoint("").removeprefix("https://").rstrip("/")
    connection = http.client.HTTPSConnection(host, context=service.machine.trust)
    connection.putrequest("PUT", f"/{zone.account}/{zone.name}/half")
    for name, value in {
        "Authorization": f"Bearer {service.token(zone.owner)}",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": "2025-11-05",
        "Content-Length": "1000000",
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(b"x" * 500_000)
    connection.close()
    zone.put("whole")
    assert [row.name for row in zone.rows()] == ["whole"]


class Removed:
    """Notes what is taken away for good."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def remove(self, _place: Place, name: str, snapshot: str = "") -> None:
        self.names.append(f"{name}@{snapshot}" if snapshot else name)


def test_what_was_deleted_goes_after_its_days(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    catalogue.put_account("account", AccountSettings(deleted_days=7), 1)
    catalogue.put_container("account", "zone", ContainerSettings())
    place = catalogue.place("account", "zone")
    assert place
    for name, days in (("old", 8), ("young", 6)):
        gone = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).timestamp()
        state = VersionState.DELETED
        catalogue.put_version(place, Version(name, "1", state=state, deleted=gone))
        catalogue.put_version(place, Version(name, "0", f"of-{name}", state, deleted=gone))
    removed: Any = Removed()
    Keeper(catalogue, removed).sweep(place)
    assert sorted(removed.names) == ["old", "old@of-old"]
    assert {version.name for version in catalogue.versions(place).values()} == {"young"}
    catalogue.close()


def test_the_service_comes_back_after_a_kill(service: BlobService, zone: Zone) -> None:
    first = zone.put("a", b"first", immutability_policy=policy(1))
    zone.put("a", b"second")
    (status,) = [each for each in service.machine.statuses() if each.name == SERVICE]
    assert status.pid
    time.sleep(6)  # Azurite writes what it knows every five seconds
    os.kill(status.pid, signal.SIGKILL)
    until(
        lambda: any(
            each.name == SERVICE and each.state == "running" and each.pid != status.pid
            for each in service.machine.statuses()
        )
    )
    assert zone.client().download_blob("a").readall() == b"second"
    old = zone.client().get_blob_client("a", version_id=first)
    assert old.download_blob().readall() == b"first"
    assert code(lambda: old.delete_blob(version_id=first)) == "BlobImmutableDueToPolicy"


def test_secrets_are_in_closed_files_and_in_no_log(service: BlobService, zone: Zone) -> None:
    folder = service.machine.folder
    file = service.machine.secret_file(token_name(zone.owner))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = file.read_text()
    kept = (folder.root / "sandbox" / "blob" / "catalogue.sqlite").read_bytes()
    logs = b"".join(path.read_bytes() for path in folder.logs.glob("*.log"))
    assert token
    assert token.encode() not in kept + logs
