"""Writing to a zone of a sandbox is taken from everybody but the exit, and given back."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from botocore.exceptions import ClientError

from havre_azure import blobs
from havre_sandbox.standins.blob.catalogue import Action, Grant
from havre_sandbox.standins.blob.service import BlobService
from havre_sandbox.standins.blob.writers import GrantWriters
from havre_sandbox.standins.s3.catalogue import BucketSettings
from havre_sandbox.standins.s3.service import StoreService, client
from havre_sandbox.standins.s3.writers import PolicyWriters

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre_sandbox.standins.machine import Machine

WRITES = frozenset({Action.READ, Action.WRITE, Action.DELETE})
READS = frozenset({Action.READ})
ARN = "arn:aws:s3:::"


class Token:
    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.token, 2**33)


def writes(call: Callable[[], Any]) -> bool:
    try:
        call()
    except (HttpResponseError, ClientError):
        return False
    return True


@pytest.fixture(scope="module")
def blob(machine: Machine) -> BlobService:
    service = BlobService(machine)
    service.change_account("lake", shared_key=False)
    service.change_container("lake", "zone")
    service.put_identity("feeder")
    service.put_identity("researcher")
    service.put_grant("of-account", "feeder", "lake", Grant(WRITES))
    service.put_grant("of-container", "researcher", "lake/zone", Grant(READS))
    return service


def test_grants_that_write_are_reduced_and_given_back(blob: BlobService) -> None:
    control = GrantWriters(blob, "lake", "zone", "zone curated")
    authority = str(blob.machine.authority)
    token = Token(blob.token("feeder"))
    feeder = blobs.connect(blob.endpoint("lake"), "zone", token, authority=authority)

    def write() -> Any:
        return feeder.upload_blob("a", io.BytesIO(b"x"), overwrite=True)

    assert writes(write)
    assert control.find({}).still.keys() == {"feeder"}
    assert control.would_take({}).moving.keys() == {"feeder"}
    known = json.loads(json.dumps(control.remember({})))
    control.take(known)
    assert not writes(write)
    assert feeder.download_blob("a").readall() == b"x"
    found = control.find(known)
    assert found.taken == ("feeder",)
    assert not found.still
    assert control.remember(known) == known
    assert control.would_give_back(known).moving.keys() == {"feeder"}
    control.give_back(known)
    control.give_back(known)
    assert writes(write)
    assert dict(control.would_give_back(known).moving) == {}


def test_who_gets_a_grant_meanwhile_is_named(blob: BlobService) -> None:
    control = GrantWriters(blob, "lake", "zone", "zone curated")
    known = control.remember({})
    control.take(known)
    blob.put_grant("late", "researcher", "lake/zone", Grant(WRITES))
    assert control.find(known).still.keys() == {"researcher"}
    control.give_back(known)
    blob.drop_grant("late")


def test_an_account_key_is_refused_until_it_is_given_back(blob: BlobService) -> None:
    blob.change_account("lake", shared_key=True)
    control = GrantWriters(blob, "lake", "zone", "zone curated")
    assert "the account's own key" in control.find({}).still
    known = control.remember({})
    control.take(known)
    assert not blob.shared_key("lake")
    assert "the account's own key" in control.find(known).taken
    control.give_back(known)
    assert blob.shared_key("lake")


@pytest.fixture(scope="module")
def store(machine: Machine) -> StoreService:
    service = StoreService(machine)
    for user in ("owner", "feeder", "reader"):
        service.put_user(user)
        service.put_key(f"key-{user}", user)
    for bucket in ("curated", "landing"):
        service.put_bucket(bucket, BucketSettings("owner", versions=True))
    allowed = {"feeder": ["s3:PutObject", "s3:GetObject"], "reader": ["s3:Get*", "s3:List*"]}
    for user, actions in allowed.items():
        resource = [f"{ARN}curated/*", f"{ARN}landing/*"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        service.put_policy(user, json.dumps({"Statement": [statement]}))
    return service


def test_policies_refuse_changes_of_one_bucket_and_are_put_back(store: StoreService) -> None:
    feeder, owner = client(store, "key-feeder"), client(store, "key-owner")
    before = store.policies()
    control = PolicyWriters(store, "curated", "zone curated")
    other = PolicyWriters(store, "landing", "zone landing")

    def write(bucket: str = "curated", by: Any = feeder) -> Any:
        return by.put_object(Bucket=bucket, Key="a", Body=b"x")

    assert writes(write)
    assert control.find({}).still.keys() == {"feeder"}
    known = json.loads(json.dumps(control.remember({})))
    control.take(known)
    control.take(known)
    assert not writes(write)
    assert writes(lambda: write("landing"))
    assert writes(lambda: write(by=owner))
    assert feeder.get_object(Bucket="curated", Key="a")["Body"].read() == b"x"
    found = control.find(known)
    assert (found.taken, dict(found.still)) == (("feeder",), {})
    assert found.untaken.keys() == {"owner"}
    others = other.remember({})
    other.take(others)
    control.give_back(known)
    assert writes(write)
    assert not writes(lambda: write("landing"))
    other.give_back(others)
    assert [json.loads(text)["Statement"] for text in store.policies().values() if text] == [
        json.loads(text)["Statement"] for text in before.values() if text
    ]


def test_a_policy_that_is_replaced_meanwhile_is_named(store: StoreService) -> None:
    control = PolicyWriters(store, "curated", "zone curated")
    known = control.remember({})
    control.take(known)
    wide = {"Effect": "Allow", "Action": "s3:*", "Resource": f"{ARN}cur*"}
    store.put_policy("feeder", json.dumps({"Statement": [wide]}))
    assert control.find(known).still.keys() == {"feeder"}
    control.take(control.remember(known))
    assert not control.find(known).still
    control.give_back(known)
