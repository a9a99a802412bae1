"""A line of the object store's log as an access: a name never passes for what follows it."""

from urllib.parse import quote

import pytest

from havre.audit.accesses import Access
from havre_local.machine.record.requests import access

BUCKET, PROJECT = "w-curated", "project_cohort"
AFTER = "- HOST= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader s3.local.amazonaws.com TLSv1.3 arn Yes"


def line(operation: str, key: str, status: str = "200", client: str = "Boto3/1.44.5 ua/2.1") -> str:
    path = f"/{BUCKET}" + (f"/{quote(key)}" if key != "-" else "?list-type=2")
    return (
        f"havre {BUCKET} [01/December/2026:00:04:50 +0000] 0.0.0.0 {PROJECT} LCF4LU809XARZB90 "
        f"s3_{operation} {key} {path} {status} - 0 0 0 0 - {client} {AFTER}"
    )


def read(text: str, **more: object) -> Access | None:
    entry = {"event": "request", "line": text, "requester": PROJECT, **more}
    return access(entry, {BUCKET: "curated"}, "record:1", "d" * 64)


@pytest.mark.parametrize(
    ("operation", "key", "what", "on"),
    [
        ("GetObject", "a b/é%20\n x.csv", "read", ("a b/é%20\n x.csv",)),
        ("HeadObject", "x", "read", ("x",)),
        ("ListObjectsV2", "-", "list", ()),
        ("PutObject", "x /y", "write", ("x /y",)),
        ("DeleteObject", "x", "delete", ("x",)),
        ("PutObjectRetention", "x", "change", ("x",)),
        ("PutBucketPolicy", "-", "change", ()),
        ("GetBucketPolicy", "-", "other", ()),
    ],
)
def test_what_was_done_with_what(operation: str, key: str, what: str, on: tuple[str, ...]) -> None:
    found = read(line(operation, key))
    assert found is not None
    assert (found.who, found.zone, found.what, found.on) == (PROJECT, "curated", what, on)
    assert found.time == "2026-12-01T00:04:50.000Z"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("200", "allowed"),
        ("206", "allowed"),
        ("304", "allowed"),
        ("403", "refused"),
        ("401", "refused"),
        ("404", "failed"),
        ("500", "failed"),
    ],
)
def test_how_it_ended(status: str, outcome: str) -> None:
    found = read(line("GetObject", "x", status))
    assert found is not None
    assert found.outcome == outcome


@pytest.mark.parametrize(
    "text",
    [
        line("GetObject", f"x /{BUCKET}/x 200 - 0 0 0 0 - "),
        line(
            "GetObject",
            "x",
            client=f"/{BUCKET}/" + quote(f"x /{BUCKET}/x 200 - 0 0 0 0 -") + " 200 - 0 0 0 0 - ",
        ),
    ],
    ids=["name", "client"],
)
def test_a_name_that_imitates_what_follows_it_is_not_read(text: str) -> None:
    found = read(text)
    assert found is not None
    assert found.what == "unreadable"
    assert "two ways" in found.reason


def test_a_line_whose_requester_is_unclear_is_not_read() -> None:
    found = read(line("GetObject", "x"), requester=None)
    assert found is not None
    assert (found.what, found.who) == ("unreadable", "")


def test_a_request_without_a_key_is_nobodys() -> None:
    found = read(line("GetObject", "x", "403"), requester="-")
    assert found is not None
    assert (found.who, found.outcome) == ("", "refused")


def test_a_bucket_of_no_zone_stays_in_the_name() -> None:
    found = access({"line": line("GetObject", "x"), "requester": PROJECT}, {}, "record:1", "d")
    assert found is not None
    assert (found.zone, found.on) == ("", (f"{BUCKET}/x",))


def test_what_the_server_says_at_its_start_is_no_access() -> None:
    assert read("log starts 2026-12-01 00:04:17", requester=None) is None


def test_anything_else_is_unreadable() -> None:
    found = read("something else", requester=None)
    assert found is not None
    assert found.what == "unreadable"
