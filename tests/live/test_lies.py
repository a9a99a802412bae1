"""A store that lies fails the suite of stores: each lie in a case that an honest store passes."""

from __future__ import annotations

import gzip
import unicodedata
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import HavreError
from havre.live import s3
from havre.live.buckets import BucketStore
from havre.live.wrappers import StoreClient, Wrapped
from havre_conformance.stores import PIECE, StoreSuite
from havre_local.live import ABILITIES, LIMITS
from tests.live.gateways import S3Gateway, gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = count()
MISSED = pytest.fail.Exception
"""What a case raises that waits for a refusal in vain."""


@dataclass(frozen=True)
class Lie:
    """What a store does wrong.

    Attributes:
        operation: in which call.
        case: of the suite, which must fail.
        given: to that case.
        asked: changes what is asked for.
        answered: changes what is answered.
    """

    operation: str
    case: str
    given: tuple[Any, ...] = ()
    asked: Callable[[dict[str, Any]], dict[str, Any]] = lambda arguments: arguments
    answered: Callable[[Any], Any] = lambda answer: answer


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda given: {name: value for name, value in given.items() if name not in names}


def body(change: Callable[[bytes], bytes]) -> Callable[[Any], Any]:
    return lambda answer: {**answer, "Body": change(answer["Body"])}


def decoded(data: bytes) -> bytes:
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def other_name(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "Key": unicodedata.normalize("NFC", given["Key"])}


def shorter(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "Versions": answer["Versions"][1:], s3.ORDER: answer[s3.ORDER][1:]}


def backwards(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "Versions": answer["Versions"][::-1]}


def never(*_: Any) -> None:
    raise AssertionError


BYTES, LIST, PUT, BEGIN = s3.READ, "list_object_versions", "put_object", "create_multipart_upload"
ALL_IN_ONE = "test_a_lock_or_a_hold_is_kept_or_refused"
MODE = "ObjectLockMode"
PARTS = "test_an_object_is_written_in_parts"
LIES: dict[str, Lie] = {
    "truncates": Lie(BYTES, "test_bytes_come_back", (1000,), answered=body(lambda d: d[:-1])),
    "truncates a later piece": Lie(
        BYTES, "test_bytes_come_back", (PIECE + 1,), answered=body(lambda d: d[: PIECE - 1])
    ),
    "flips a byte": Lie(
        BYTES, "test_bytes_come_back", (1,), answered=body(lambda d: bytes([d[0] ^ 1]) + d[1:])
    ),
    "gives the latest version for any": Lie(
        BYTES, "test_versions_are_in_their_order", asked=without("VersionId", "IfMatch")
    ),
    "heeds no condition of a read": Lie(
        BYTES, "test_another_object_is_not_read", asked=without("IfMatch")
    ),
    "heeds no condition of a write": Lie(
        PUT, "test_only_a_new_object_is_written", asked=without("IfNoneMatch")
    ),
    "heeds no range": Lie(BYTES, "test_ranges", (3, 4), asked=without("Range")),
    "shifts a range": Lie(
        BYTES,
        "test_ranges",
        (3, 4),
        asked=lambda given: {**given, "Range": "bytes=2-5"},
    ),
    "decodes": Lie(
        BYTES,
        "test_encoded_content_is_not_decoded",
        (gzip.compress(b"x"), "gzip"),
        answered=body(decoded),
    ),
    "drops a header": Lie(
        PUT, "test_each_header_is_kept", ("content-language",), asked=without("ContentLanguage")
    ),
    "drops metadata": Lie(
        PUT, "test_metadata_is_kept_or_refused", ({"a": "b"},), asked=without("Metadata")
    ),
    "drops tags": Lie(
        PUT, "test_tags_are_kept_or_refused", ({"a": "b"},), asked=without("Tagging")
    ),
    "adds tags to the former ones": Lie(
        "put_object_tagging",
        "test_tags_are_replaced_in_place",
        (False,),
        asked=lambda given: {
            **given,
            "Tagging": {"TagSet": [*given["Tagging"]["TagSet"], {"Key": "old", "Value": "x"}]},
        },
    ),
    "tags the latest version alone": Lie(
        "put_object_tagging",
        "test_tags_of_an_earlier_version_are_its_own",
        asked=without("VersionId"),
    ),
    "drops a lock": Lie(
        PUT, ALL_IN_ONE, asked=without("ObjectLockMode", "ObjectLockRetainUntilDate")
    ),
    "weakens a lock": Lie(
        PUT,
        ALL_IN_ONE,
        asked=lambda given: given | ({"ObjectLockMode": "GOVERNANCE"} if given.get(MODE) else {}),
    ),
    "drops a hold": Lie(PUT, ALL_IN_ONE, asked=without("ObjectLockLegalHoldStatus")),
    "drops metadata of parts": Lie(BEGIN, PARTS, asked=without("Metadata")),
    "drops tags of parts": Lie(BEGIN, PARTS, asked=without("Tagging")),
    "drops a lock of parts": Lie(
        BEGIN, PARTS, asked=without("ObjectLockMode", "ObjectLockRetainUntilDate")
    ),
    "loses a part": Lie(
        "complete_multipart_upload",
        PARTS,
        asked=lambda given: {
            **given,
            "MultipartUpload": {"Parts": given["MultipartUpload"]["Parts"][:1]},
        },
    ),
    "tells of no part": Lie(
        "list_parts", "test_an_upload_is_taken_up_again", answered=without("Parts")
    ),
    "tells of no upload": Lie(
        "list_multipart_uploads", "test_an_upload_is_taken_up_again", answered=without("Uploads")
    ),
    "takes another key": Lie(
        PUT, "test_a_key_is_held_as_it_is_or_refused", ("e\u0301",), asked=other_name
    ),
    "does not delete": Lie(
        "delete_object",
        "test_what_is_deleted_is_gone",
        asked=lambda given: {**given, "VersionId": "01M00000000000000000000000"},
    ),
    "leaves a row out": Lie(LIST, "test_the_list_is_whole", answered=shorter),
    "lists in another order": Lie(
        LIST, "test_a_deletion_follows_the_versions", answered=without("DeleteMarkers")
    ),
    "ends a list early": Lie(LIST, "test_the_list_is_whole", answered=without("IsTruncated")),
    "lists the first page again": Lie(
        LIST, "test_the_list_is_whole", asked=without("KeyMarker", "VersionIdMarker")
    ),
    "heeds no prefix": Lie(LIST, "test_the_list_is_whole", asked=without("Prefix")),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Gateway]:
    with gateway(tmp_path_factory.mktemp("lies")) as found:
        yield found


def lying(store: StoreClient, lie: Lie) -> Wrapped:
    def ask(operation: str, **arguments: Any) -> Any:
        if operation != lie.operation:
            return store.ask(operation, **arguments)
        return lie.answered(store.ask(operation, **lie.asked(arguments)))

    return Wrapped(ask, store.failure)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_fails_a_case_that_the_truth_passes(name: str, server: S3Gateway) -> None:
    lie = LIES[name]
    bucket = server.bucket(f"lie-{next(NUMBERS):03d}", locks=True)
    honest = BucketStore(bucket, "honest", ABILITIES, LIMITS, ordered=True, page=20)
    case = getattr(StoreSuite(), lie.case)
    given = lie.given if lie.case.endswith("held_as_it_is_or_refused") else ("honest", *lie.given)
    case(honest, *given)
    false = replace(honest, client=lying(bucket, lie), name="false")
    if given[0] == "honest":
        given = ("false", *lie.given)
    with pytest.raises((AssertionError, HavreError, MISSED)):
        case(false, *given)


def test_a_page_that_comes_twice_under_other_marks_is_found(server: S3Gateway) -> None:
    """What no mark tells: the rows go back."""
    bucket = server.bucket("twice")
    for number in range(9):
        bucket.ask("put_object", Key=f"{number}", Body=b"")
    earlier: list[Any] = []

    def again(answer: dict[str, Any]) -> dict[str, Any]:
        earlier.append(answer)
        second = len(earlier) == 2
        return {**answer, "Versions": earlier[0]["Versions"]} if second else answer

    store = BucketStore(
        lying(bucket, Lie(LIST, "", answered=again)), "twice", ABILITIES, LIMITS, page=4
    )
    with pytest.raises(HavreError, match="twice: the object store contradicts itself"):
        [*store.versions()]
