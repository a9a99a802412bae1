"""The outputs of a stack as a contract: what a reader accepts, refuses, and says."""

import copy
import json
from typing import Any

import pytest

from havre.errors import InputError, StateError
from havre.plan.values import UNKNOWN, Secret
from havre.provider.contract import OUTPUTS_VERSION
from havre.provider.outputs import output_faults, read_outputs

AUTHORITY = {"kind": "file", "location": "certificates/authority.pem"}
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "provider": "paper",
    "warehouse": "emc2",
    "environment": "production",
    "zones": {
        zone: {
            "account": "drawer",
            "bucket": zone,
            "endpoint": "https://shelf.example",
            "region": "A",
            "identifier": f"shelf/{zone}",
            "authority": AUTHORITY,
        }
        for zone in ("curated", "backup")
    },
    "keys": {"zones": {"curated": "key/1", "backup": "key/2"}, "backup": "key/3"},
    "database": {
        "host": "db.example",
        "port": 5432,
        "name": "emc2",
        "region": "A",
        "identifier": "db/1",
        "authority": {"kind": "system"},
        "recovery": {"region": "B"},
    },
    "projects": {"sleep": {"identity": "id/1", "zones": ["curated"], "expires": "2030-06-30"}},
    "audit": {"sink": "logs/1"},
    "backup": {"location": "vault/1", "region": "B"},
    "gaps": [],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    *way, last = path.split(".")
    section = document
    for step in way:
        section = section[step]
    section[last] = value
    return document


def test_what_connects_reads_account_bucket_database_and_keys_apart() -> None:
    told = read_outputs(json.loads(json.dumps(DOCUMENT)))
    zone = told.zones["curated"]
    assert (zone.account, zone.bucket, zone.region) == ("drawer", "curated", "A")
    assert (told.database.host, told.database.port, told.database.name) == (
        "db.example",
        5432,
        "emc2",
    )
    assert told.database.recovery is not None
    assert told.database.recovery.region == "B"
    assert told.keys.zones["backup"] == "key/2"
    assert told.keys.backup == "key/3"
    assert told.registry is told.cluster is None
    assert told.projects["sleep"].expires.isoformat() == "2030-06-30"


def test_a_newer_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match=f"are of version {OUTPUTS_VERSION + 1}") as caught:
        read_outputs({"version": OUTPUTS_VERSION + 1, "whatever": "a later Havre writes"})
    assert "or a later one" in caught.value.remedy


def test_outputs_from_before_a_version_are_refused_with_what_to_do() -> None:
    former = {"endpoints": {}, "zones": {"curated": "a/b"}, "keys": {}, "projects": {}, "gaps": []}
    with pytest.raises(InputError, match="by an earlier Havre") as caught:
        read_outputs(former)
    assert "`havre up`" in caught.value.remedy
    assert "no resource changes" in caught.value.remedy


def test_another_programs_outputs_are_refused() -> None:
    with pytest.raises(InputError, match="no outputs of a warehouse"):
        read_outputs({"url": "https://elsewhere.example"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("zones.curated.bucket", UNKNOWN),
        ("database.port", UNKNOWN),
        ("keys.zones.curated", UNKNOWN),
        ("projects.sleep.identity", UNKNOWN),
        ("database.authority.location", UNKNOWN),
    ],
)
def test_what_only_a_deployment_tells_is_no_fault_of_a_plan(path: str, value: Any) -> None:
    document = changed(path, value)
    assert output_faults(document) == ()
    with pytest.raises(InputError, match=f"only a deployment shows {path}"):
        read_outputs(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("zones", UNKNOWN),
        ("zones.curated", "account/container"),
        ("zones.curated.bucket", ""),
        ("zones.curated.bucket", Secret("hunter2")),
        ("zones.curated.colour", "red"),
        ("keys", {"curated": "key/1"}),
        ("keys.zones.backup", {"of": "hunter2"}),
        ("database.port", 0),
        ("database.authority.kind", "a rumour"),
        ("projects.sleep.expires", "some day"),
        ("version", 0),
    ],
)
def test_what_departs_from_the_model_is_named_without_its_value(path: str, value: Any) -> None:
    document = changed(path, value)
    (fault, *_) = output_faults(document)
    assert fault.startswith(path)
    with pytest.raises(StateError) as caught:
        read_outputs(document)
    assert path in caught.value.message
    assert "hunter2" not in str(caught.value)


def test_two_zones_of_one_identifier_are_a_fault() -> None:
    document = changed("zones.backup.identifier", "shelf/curated")
    assert output_faults(document) == ("zones.backup.identifier: it is also that of zone curated",)
