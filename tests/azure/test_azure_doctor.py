"""What Azure has in the resource groups of a state and the state has not, and the other way round.

A server of this machine answers as Azure's resource manager is documented to.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from havre.errors import HavreError, InputError, ProviderError
from havre.plan import Plan, PlannedResource
from havre.provider import EXAMINE, find, provides
from havre_azure import examining

GROUP = "/subscriptions/22222222-2222-4333-8444-555555555555/resourceGroups/emc2-production"
SECRET = "eyJ-the-token-of-nobody"
ELSEWHERE = "http://127.0.0.1:9/x"
STORAGE, VAULT = "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"


class Manager(ThreadingHTTPServer):
    """Answers with the pages it is given, each a status and a document, and keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.pages: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def lists(self, *names: str) -> None:
        """Answer with one page of resources, by type and name."""
        self.pages = [(200, {"value": [listed(name) for name in names]})]


class Answer(BaseHTTPRequestHandler):
    server: Manager

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        pages = self.server.pages
        status, document = pages.pop(0) if len(pages) > 1 else pages[0]
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", ELSEWHERE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


def listed(name: str) -> dict[str, str]:
    """A resource as a list has it, by type and name such as `Microsoft.KeyVault/vaults/kv`."""
    return {"id": f"{GROUP}/providers/{name}", "type": name.rpartition("/")[0], "location": "x"}


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    server = Manager()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(examining, "MANAGER", server.address)
    monkeypatch.setattr(examining, "TRIES", 1)
    monkeypatch.setenv(examining.TOKEN.variable, SECRET)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def made(kind: str, path: str, **inputs: Any) -> PlannedResource:
    name = path.rpartition("/")[2]
    urn = f"urn:pulumi:s::p::azure-native:{kind}::{name}"
    return PlannedResource(urn, f"azure-native:{kind}", name, True, inputs, id=f"{GROUP}{path}")


GRANT = "Microsoft.Authorization/roleAssignments/1"
ENDPOINT = "Microsoft.Network/privateEndpoints/pe"
THERE = {"location": "francecentral"}
STATE = Plan(
    "azure",
    (
        made("resources:ResourceGroup", "", **THERE),
        made("storage:StorageAccount", f"/providers/{STORAGE}/curated", **THERE),
        made("keyvault:Vault", f"/providers/{VAULT}/keys", **THERE),
        made("keyvault:Key", f"/providers/{VAULT}/keys/keys/zone"),
        made("authorization:RoleAssignment", f"/providers/{GRANT}"),
        made("network:PrivateEndpoint", f"/providers/{ENDPOINT}", **THERE),
    ),
)
ALL = (f"{STORAGE}/Curated", f"{VAULT}/keys", ENDPOINT)


def departed(plan: Plan = STATE) -> list[tuple[str, str]]:
    offer = provides(find("azure"), EXAMINE)
    assert offer.given is not None
    return [(each.how.value, each.name.rpartition("/")[2]) for each in offer.given(plan).departed]


def test_nothing_departs_whatever_the_letters_and_what_azure_makes_along(manager: Manager) -> None:
    manager.lists(*ALL, "Microsoft.Network/networkInterfaces/pe.nic.0d3e")
    assert departed() == []
    ((path, authorization),) = manager.asked
    assert path == f"{GROUP}/resources?api-version=2021-04-01"
    assert authorization == f"Bearer {SECRET}"


def test_what_the_state_does_not_know_is_found_on_every_page(manager: Manager) -> None:
    following = f"{manager.address}{GROUP}/resources?api-version=2021-04-01&$skiptoken=2"
    more = [listed(f"{STORAGE}/forgotten"), listed("Microsoft.Network/networkInterfaces/other")]
    manager.pages = [
        (200, {"value": [listed(each) for each in ALL], "nextLink": following}),
        (200, {"value": more}),
    ]
    outside = "not in the state"
    assert departed() == [(outside, "other"), (outside, "forgotten")]
    assert len(manager.asked) == 2


def test_what_the_state_has_and_azure_has_not_is_found(manager: Manager) -> None:
    """Of what a list has: keys and role assignments are in none."""
    manager.lists(ALL[0])
    assert departed() == [("in the state, and gone", "keys"), ("in the state, and gone", "pe")]


def test_what_is_not_listed_is_said(manager: Manager) -> None:
    manager.lists(*ALL)
    (said,) = examining.examine(STATE).unlisted
    assert all(word in said for word in ("keys", "role assignments", "locks", "portal"))


@pytest.mark.parametrize(
    ("pages", "error", "said"),
    [
        ([(401, {})], InputError, "refused the token"),
        ([(403, {"error": {"code": "AuthorizationFailed"}})], InputError, "role Reader"),
        ([(404, {})], ProviderError, "status 404"),
        ([(500, {}), (500, {})], ProviderError, "status 500"),
        ([(302, {})], ProviderError, "status 302"),
        ([(200, b"<html>")], ProviderError, "failed"),
        ([(200, [])], ProviderError, "no list"),
        ([(200, {"value": "many"})], ProviderError, "no list"),
        ([(200, {"value": [{"name": "x"}]})], ProviderError, "no list"),
        ([(200, {"value": [], "nextLink": ELSEWHERE})], ProviderError, "another address"),
    ],
)
def test_an_answer_that_is_no_list_never_passes(
    manager: Manager, pages: list[tuple[int, Any]], error: type[HavreError], said: str
) -> None:
    manager.pages = pages
    with pytest.raises(error) as caught:
        examining.examine(STATE)
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.remedy


def test_a_list_without_an_end_is_given_up(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "PAGES", 3)
    manager.pages = [(200, {"value": [], "nextLink": f"{manager.address}/again"})]
    with pytest.raises(ProviderError, match="more than 3 pages"):
        examining.examine(STATE)
    assert len(manager.asked) == 3


def test_a_server_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "MANAGER", "http://127.0.0.1:9")
    monkeypatch.setattr(examining, "TRIES", 0)
    monkeypatch.setenv(examining.TOKEN.variable, SECRET)
    with pytest.raises(ProviderError, match="listing resources failed"):
        examining.examine(STATE)


@pytest.mark.parametrize("id_", ["", "019edc60-e97e-559e-a1d6-3ad9ea4a2413", f"{GROUP}/../../x"])
def test_a_state_of_no_group_of_azure_is_refused(monkeypatch: pytest.MonkeyPatch, id_: str) -> None:
    from dataclasses import replace

    monkeypatch.setenv(examining.TOKEN.variable, SECRET)
    with pytest.raises(InputError, match="no resource group"):
        examining.examine(Plan("azure", (replace(STATE.resources[0], id=id_),)))


def test_without_a_token_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(examining.TOKEN.variable, raising=False)
    found = examining.examine(STATE)
    assert (found.departed, found.listed) == ((), {})
    assert "az resource list" in found.unlisted[0]
