"""A container of Azurite passes the suite of stores; what blobs have beside is read as objects."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

from havre.errors import InputError, ProviderError, RetryError, StateError
from havre.live.objects import ObjectKind, Properties
from havre.live.wrappers import Failure, Remedy, Wrapped, retrying
from havre_azure import blobs
from havre_azure.blobs import ABILITIES, ContainerStore
from havre_conformance.stores import COMPLETE, StoreSuite, listed, put, whole
from tests.live.azurite import EMULATED, AzuriteServer, azurite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.live.objects import LiveStore
    from havre_azure.blobs import Container


@pytest.fixture(scope="module")
def server() -> Iterator[AzuriteServer]:
    with azurite() as found:
        yield found


class TestContainer(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, server: AzuriteServer) -> LiveStore:
        return ContainerStore(retrying(server.container()), "zone", EMULATED, page=50)


@pytest.fixture
def container(server: AzuriteServer) -> Container:
    return server.container()


@pytest.fixture
def store(container: Container) -> ContainerStore:
    return ContainerStore(container, "zone", EMULATED)


def test_snapshots_are_earlier_versions(container: Container, store: ContainerStore) -> None:
    states = [b"first", b"second", b"third"]
    for number, state in enumerate(states):
        told = replace(COMPLETE, metadata={"number": str(number)}, tags={"n": str(number)})
        store.write("a", io.BytesIO(state), told)
        if state != states[-1]:
            container.ask("create_snapshot", blob="a")
    found = listed(store, "a")
    assert [(each.snapshot, each.latest) for each in found] == [(True, False)] * 2 + [(False, True)]
    assert [whole(store, each) for each in found] == states
    assert [store.properties(each).metadata["number"] for each in found] == ["0", "1", "2"]
    assert [store.properties(each).tags["n"] for each in found] == ["0", "1", "2"]
    assert all(each.listed == store.properties(each) for each in found)
    with pytest.raises(ProviderError, match="SnapshotsPresent"):
        store.delete(found[-1])
    store.delete(found[0])
    assert listed(store, "a") == found[1:]


def test_append_and_page_blobs_are_read_as_objects(
    container: Container, store: ContainerStore
) -> None:
    container.ask("create_append_blob", blob="append", metadata={"a": "b"})
    for piece in (b"one", b"two"):
        container.ask("append_block", blob="append", data=piece)
    container.ask("create_page_blob", blob="page", size=2048)
    container.ask("upload_page", blob="page", page=b"x" * 512, offset=512, length=512)
    put(store, "folder", b"", Properties(metadata={"hdi_isfolder": "true"}))
    put(store, "ordinary", b"x")
    found = {each.key: each for each in store.versions()}
    assert whole(store, found["append"]) == b"onetwo"
    assert whole(store, found["page"]) == bytes(512) + b"x" * 512 + bytes(1024)
    kinds = {key: store.properties(each).traits.kind for key, each in found.items()}
    assert kinds == {key: ObjectKind(key) for key in found}
    assert {key: each.listed.traits.kind for key, each in found.items() if each.listed} == kinds


def test_blocks_of_others_are_listed_apart(container: Container, store: ContainerStore) -> None:
    for name in (b"0001", b"0002"):
        block = base64.b64encode(name).decode()
        container.ask("stage_block", blob="theirs", block_id=block, data=b"x")
    upload = store.begin("ours", COMPLETE)
    store.part(upload, 1, b"x")
    put(store, "empty", b"")
    assert [(each.key, each.identifier) for each in store.uploads()] == [
        ("ours", upload.identifier),
        ("theirs", ""),
    ]
    assert [each.key for each in store.versions()] == ["empty"]
    with pytest.raises(ProviderError, match="discards blocks a week after"):
        store.abort(upload)


@pytest.mark.parametrize("parts", [False, True], ids=["call", "parts"])
@pytest.mark.parametrize("tier", ["Hot", "Cool", "Cold", "Archive", ""])
def test_a_tier_is_written_with_the_bytes(store: ContainerStore, tier: str, *, parts: bool) -> None:
    told = replace(COMPLETE, tier=tier)
    if parts:
        upload = store.begin("a", told)
        store.complete(upload, [store.part(upload, 1, b"x")])
    else:
        store.write("a", io.BytesIO(b"x"), told)
    (found,) = store.versions()
    assert found.listed == store.properties(found) == told
    assert store.properties(found).traits.archived is (tier == "Archive")
    assert abs(store.properties(found).traits.created - found.modified).total_seconds() < 60
    with pytest.raises(InputError, match="no tier `GLACIER`"):
        store.write("b", io.BytesIO(b"x"), replace(told, tier="GLACIER"))


def test_a_digest_is_told_as_the_uploader_claimed_it(store: ContainerStore) -> None:
    found = put(store, "a", b"x")
    assert store.properties(found).traits.digests == {"md5": "ndTkYSaMgDT1yFZOFVxnpg=="}
    upload = store.begin("b", Properties())
    store.complete(upload, [store.part(upload, 1, b"x")])
    assert store.properties(listed(store, "b")[-1]).traits.digests == {}


def test_a_page_that_comes_twice_is_found(container: Container) -> None:
    store = ContainerStore(container, "zone", EMULATED, page=2)
    for number in range(5):
        put(store, f"{number}", b"")
    pages: list[Any] = []

    def again(operation: str, **arguments: Any) -> Any:
        pages.append(container.ask(operation, **arguments))
        return (pages[0][0], pages[-1][1]) if len(pages) == 2 else pages[-1]

    twice = replace(store, client=Wrapped(again, container.failure))
    with pytest.raises(StateError, match="zone: the object store contradicts itself"):
        [*twice.versions()]


def answered(status: int, code: str = "") -> HttpResponseError:
    reason = f"signature {SECRET} of the request"
    headers: dict[str, str] = {}
    error = HttpResponseError(
        reason, response=SimpleNamespace(status_code=status, reason=reason, headers=headers)
    )
    error.error_code = code
    return error


SECRET = "c2VjcmV0LW9mLWEtdGVzdA=="


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answered(503, "ServerBusy"), Failure(Remedy.RETRY, "ServerBusy", overloaded=True)),
        (answered(429), Failure(Remedy.RETRY, "429", overloaded=True)),
        (answered(500, "InternalError"), Failure(Remedy.RETRY, "InternalError")),
        (answered(400, "Md5Mismatch"), Failure(Remedy.RETRY, "Md5Mismatch")),
        (answered(404, "BlobNotFound"), Failure(Remedy.NOT_THERE, "BlobNotFound")),
        (answered(400, "InvalidBlockList"), Failure(Remedy.NOT_THERE, "InvalidBlockList")),
        (answered(403, "AuthorizationFailure"), Failure(Remedy.REFUSED, "AuthorizationFailure")),
        (answered(409, "BlobArchived"), Failure(Remedy.GIVE_UP, "BlobArchived")),
        (answered(501), Failure(Remedy.GIVE_UP, "501")),
        (answered(412, "ConditionNotMet"), Failure(Remedy.GIVE_UP, "ConditionNotMet", unmet=True)),
        (ServiceRequestError(SECRET), Failure(Remedy.RETRY, "ServiceRequestError")),
        (ServiceResponseError(SECRET), Failure(Remedy.RETRY, "ServiceResponseError")),
        (KeyError("a bug"), None),
    ],
    ids=str,
)
def test_errors_are_classed_and_told_without_what_the_service_wrote(
    error: Exception, expected: Failure | None
) -> None:
    assert blobs.failure(error) == expected

    def ask(_: str, **__: Any) -> Any:
        raise error

    store = ContainerStore(Wrapped(ask, blobs.failure), "zone", ABILITIES)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any class: what it says counts
        [*store.versions()]
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value, RetryError) == (
        expected is not None and expected.remedy is Remedy.RETRY
    )
