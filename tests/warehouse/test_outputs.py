"""The outputs of a warehouse that is deployed here lead a client to it."""

import json
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import pytest

from havre.errors import InputError
from havre.plan.urns import STACK_TYPE
from havre.provider.outputs import FORMER, read_outputs
from havre.stack.component import TYPE
from tests.waits import PATIENCE
from tests.warehouse.conftest import Site


def outputs_of(site: Site, kind: str) -> dict[str, Any]:
    (found,) = [r for r in site.store.load().resources if r.type == kind]
    return dict(found.outputs)


def test_a_client_finds_and_verifies_the_object_store_by_the_outputs(emc2: Site) -> None:
    told = read_outputs(outputs_of(emc2, STACK_TYPE))
    zone = told.zones["curated"]
    assert zone.authority.kind == "file"
    address = urlsplit(zone.endpoint)
    context = ssl.create_default_context(cafile=emc2.data_dir / zone.authority.location)
    with (
        socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=address.hostname) as secured,
    ):
        assert secured.getpeercert()


def test_a_client_finds_the_database_by_the_outputs(emc2: Site) -> None:
    database = read_outputs(outputs_of(emc2, STACK_TYPE)).database
    asks_for_tls = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")  # PostgreSQL, SSLRequest
    with socket.create_connection((database.host, database.port), timeout=PATIENCE) as connection:
        connection.sendall(asks_for_tls)
        assert connection.recv(1) == b"S"
    assert (emc2.data_dir / database.authority.location).is_file()


def test_zones_keys_and_projects_have_identifiers_of_their_own(emc2: Site) -> None:
    told = read_outputs(outputs_of(emc2, STACK_TYPE))
    keys = [*told.keys.zones.values(), told.keys.backup]
    assert len({zone.identifier for zone in told.zones.values()}) == len(emc2.spec["zones"])
    assert len(set(keys)) == len(emc2.spec["zones"]) + 1
    ids = [(r.type, r.id) for r in emc2.store.load().resources if r.custom]
    assert len(set(ids)) == len(ids)


def test_the_component_holds_the_same_outputs_for_a_program_of_a_users_own(emc2: Site) -> None:
    assert read_outputs(outputs_of(emc2, TYPE)) == read_outputs(outputs_of(emc2, STACK_TYPE))


def test_up_writes_the_outputs_of_an_earlier_version_again_and_changes_nothing(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    state = json.loads(site.store.path.read_text())
    for resource in state["deployment"]["resources"]:
        if resource["type"] in {STACK_TYPE, TYPE}:
            resource["outputs"] = {key: {} for key in FORMER}
        if resource["type"].endswith(":Zone"):
            resource["id"] = "zone/warehouse"  # each zone bore it
    site.store.path.write_text(json.dumps(state))
    with pytest.raises(InputError, match="by an earlier Havre"):
        read_outputs(outputs_of(site, STACK_TYPE))
    assert site.changes(capsys) == []
    told = read_outputs(outputs_of(site, STACK_TYPE))
    assert len({zone.identifier for zone in told.zones.values()}) == len(site.spec["zones"])
