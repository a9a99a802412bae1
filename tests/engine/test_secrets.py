"""Secrets in a state are encrypted as Pulumi does, or nothing is done."""

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from havre.engine import Engine, StateStore
from havre.engine.secrets import FILE_VARIABLE, VARIABLE
from havre.engine.state import ResourceState, State
from havre.errors import HavreError, InputError, MissingDependencyError, StateError
from havre.plan.values import SECRET, SIGNATURE, Secret
from tests.engine.conftest import Program
from tests.engine.recorder import PACKAGE, PROJECT, STACK, STEPS, Recorder, program
from tests.engine.toy import calls

PASSPHRASE = "correct horse battery"
RECORDED = Path(__file__).parent / "recorded" / "handshake.json"
AFTER = next(step.things for step in STEPS if step.name == "update")


@pytest.fixture
def passphrase(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    return PASSPHRASE


@pytest.fixture(autouse=True)
def _none_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)


@pytest.fixture
def vault(one: Program) -> Callable[[], None]:
    """A program with one secret, `hush-hush`."""

    def body() -> None:
        one(pulumi.ResourceOptions(), title=pulumi.Output.secret("hush-hush"))()

    return body


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    """The state that the CLI wrote."""
    made = StateStore(tmp_path / "taken-over")
    made.create()
    made.path.write_text(json.dumps(json.loads(RECORDED.read_text())["state"]))
    return made


def written(folder: Path) -> bytes:
    """All that lies in the files of a folder."""
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def ciphertexts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["ciphertext"]] if value.get(SIGNATURE) == SECRET else []
        return own + [text for inner in value.values() for text in ciphertexts(inner)]
    return [t for inner in value for t in ciphertexts(inner)] if isinstance(value, list) else []


@pytest.mark.usefixtures("passphrase")
def test_what_the_cli_wrote_is_read(store: StateStore) -> None:
    things = {r.name: r for r in store.load().resources if r.type.startswith(PACKAGE)}
    assert things["first"].inputs["word"] == Secret("hush")
    assert things["first"].outputs["word"] == Secret("hush")
    assert things["second"].outputs["made"] == Secret("well")
    assert things["first"].timeouts == {"create": 300, "update": 90, "delete": 3660}


@pytest.mark.usefixtures("passphrase")
def test_what_the_cli_wrote_is_gone_on_with(store: StateStore) -> None:
    engine = Engine(store, PROJECT, STACK, {PACKAGE: Recorder("handshake", lambda _: None)})
    assert engine.preview(lambda: program(AFTER)) == []
    assert engine.up(lambda: program(AFTER)) == []
    before = json.loads(RECORDED.read_text())["state"]["deployment"]
    after = json.loads(store.path.read_text())["deployment"]
    assert after["secrets_providers"] == before["secrets_providers"]
    assert sorted(ciphertexts(after["resources"])) == sorted(ciphertexts(before["resources"]))
    assert len(ciphertexts(after)) > 4


@pytest.mark.usefixtures("passphrase")
def test_a_secret_is_stored_encrypted_and_read_again(
    engine: Engine, vault: Callable[[], None]
) -> None:
    engine.up(vault)
    first = engine.store.path.read_bytes()
    texts = ciphertexts(json.loads(first))
    assert len(texts) == len(set(texts)) == 2
    assert b"hush-hush" not in written(engine.store.folder)
    assert PASSPHRASE.encode() not in written(engine.store.folder)
    (shelf,) = [r for r in engine.store.load().resources if r.name == "only"]
    assert shelf.outputs["title"] == Secret("hush-hush")
    assert engine.up(vault) == []
    assert engine.store.path.read_bytes() == first


@pytest.mark.usefixtures("passphrase")
def test_two_secrets_of_one_value_do_not_look_alike() -> None:
    state = State()
    for name in ("a", "b"):
        urn = f"urn:pulumi:test::library::toy:index:Shelf::{name}"
        state.resources.append(
            ResourceState(urn, "toy:index:Shelf", custom=True, inputs={"x": Secret("same")})
        )
    texts = ciphertexts(state.as_json())
    assert len(set(texts)) == 2
    assert texts == ciphertexts(state.as_json())


@pytest.mark.usefixtures("passphrase")
def test_secrets_within_secrets_and_lists_survive() -> None:
    values = {"deep": Secret({"a": [1, Secret("b"), None]}), "list": [Secret(True), "c"]}
    state = State([ResourceState("urn:pulumi:s::p::t:m:T::n", "t:m:T", custom=True, inputs=values)])
    text = json.dumps(state.as_json())
    assert State.from_json(json.loads(text)).resources[0].inputs == values


def test_a_passphrase_may_be_in_a_file(
    engine: Engine, vault: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passphrase"
    file.write_text(f"\n{PASSPHRASE}\n")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    engine.up(vault)
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    assert engine.preview(vault) == []


def test_a_file_that_is_not_there_is_told(
    engine: Engine, vault: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(InputError, match="passphrase cannot be read") as caught:
        engine.up(vault)
    assert FILE_VARIABLE in caught.value.remedy


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_passphrase_nothing_is_made(
    engine: Engine,
    vault: Callable[[], None],
    shelves: Path,
    given: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if given is not None:
        monkeypatch.setenv(VARIABLE, given)
    for run in (engine.preview, engine.up):
        with pytest.raises(InputError, match="only has a secret, and there is") as caught:
            run(vault)
        assert VARIABLE in caught.value.remedy
    assert calls(shelves) == []
    assert b"hush-hush" not in written(engine.store.folder)


@pytest.mark.parametrize("given", [None, "wrong"])
@pytest.mark.usefixtures("passphrase")
def test_secrets_that_do_not_open_stop_every_run(
    engine: Engine,
    vault: Callable[[], None],
    shelves: Path,
    given: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine.up(vault)
    before = engine.store.path.read_bytes()
    if given is None:
        monkeypatch.delenv(VARIABLE)
    else:
        monkeypatch.setenv(VARIABLE, given)
    for run in (lambda: engine.preview(vault), lambda: engine.up(vault), engine.destroy):
        with pytest.raises(InputError, match=r"secrets of .*stack\.json|stack\.json has secrets"):
            run()
    assert calls(shelves) == ["create only"]
    assert engine.store.path.read_bytes() == before


@pytest.mark.parametrize("name", ["place", "label"])
@pytest.mark.usefixtures("passphrase")
def test_an_output_is_secret_where_the_program_says_so(
    engine: Engine, one: Program, name: str
) -> None:
    body = one(pulumi.ResourceOptions(additional_secret_outputs=[name]))
    engine.up(body)
    document = json.loads(engine.store.path.read_text())
    (shelf,) = [r for r in document["deployment"]["resources"] if r["urn"].endswith("::only")]
    assert shelf["outputs"][name][SIGNATURE] == SECRET
    assert shelf["additionalSecretOutputs"] == [name]
    assert engine.up(body) == []


@pytest.mark.usefixtures("passphrase")
def test_what_comes_of_a_secret_output_is_secret(engine: Engine, one: Program) -> None:
    def body() -> None:
        one(pulumi.ResourceOptions())()
        pulumi.export("found", pulumi.Output.secret({"a": ["told"]}))

    engine.up(body)
    stack = engine.store.load().resources[0]
    assert stack.outputs["found"] == Secret({"a": ["told"]})
    assert b"told" not in written(engine.store.folder)


def clear(secret: dict[str, Any]) -> None:
    del secret["ciphertext"]
    secret["plaintext"] = '"hush"'


def bared(secret: dict[str, Any]) -> None:
    del secret["ciphertext"]
    secret["value"] = "hush"


def cut(secret: dict[str, Any]) -> None:
    secret["ciphertext"] = secret["ciphertext"][:-8]


def turned(secret: dict[str, Any]) -> None:
    version, nonce, data = secret["ciphertext"].split(":")
    changed = bytes([base64.b64decode(data)[0] ^ 1]) + base64.b64decode(data)[1:]
    secret["ciphertext"] = f"{version}:{nonce}:{base64.b64encode(changed).decode()}"


def renamed(secret: dict[str, Any]) -> None:
    secret["ciphertext"] = "v2" + secret["ciphertext"][2:]


def numbered(secret: dict[str, Any]) -> None:
    secret["ciphertext"] = 7


@pytest.mark.parametrize("damage", [clear, bared, cut, turned, renamed, numbered])
@pytest.mark.usefixtures("passphrase")
def test_a_secret_in_clear_or_damaged_is_refused_and_never_copied(
    store: StateStore, damage: Callable[[dict[str, Any]], None]
) -> None:
    document = json.loads(store.path.read_text())
    (first,) = [r for r in document["deployment"]["resources"] if r["urn"].endswith("::first")]
    damage(first["inputs"]["word"])
    store.path.write_text(json.dumps(document))
    before = store.path.read_bytes()
    engine = Engine(store, PROJECT, STACK, {PACKAGE: Recorder("handshake", lambda _: None)})
    for run in (lambda: engine.up(lambda: program(AFTER)), engine.destroy):
        with pytest.raises(StateError, match=r"a secret of .*stack\.json cannot be read") as caught:
            run()
        assert "hush" not in str(caught.value)
    assert store.path.read_bytes() == before
    assert not store.previous.exists()


@pytest.mark.parametrize(
    ("manager", "error"),
    [
        ({"type": "cloud", "state": {"url": "x"}}, MissingDependencyError),
        ({"type": "service", "state": {}}, MissingDependencyError),
        ({"type": "passphrase", "state": {"salt": "v1:only"}}, StateError),
        ({"type": "passphrase", "state": {"salt": "v9:AAAA:v1:AAAA:AAAA"}}, StateError),
        ({"type": "passphrase"}, StateError),
        ({"type": "passphrase", "state": {"salt": "v1:%:v1:AAAA:AAAA"}}, StateError),
    ],
)
@pytest.mark.usefixtures("passphrase")
def test_another_manager_or_a_damaged_one_is_refused(
    store: StateStore, manager: dict[str, Any], error: type[HavreError]
) -> None:
    document = json.loads(store.path.read_text())
    document["deployment"]["secrets_providers"] = manager
    store.path.write_text(json.dumps(document))
    with pytest.raises(error, match=r"stack\.json"):
        store.load()


def test_a_state_without_secrets_keeps_its_manager_and_needs_no_passphrase(
    engine: Engine, program: Program
) -> None:
    engine.up(program())
    document = json.loads(engine.store.path.read_text())
    manager = json.loads(RECORDED.read_text())["state"]["deployment"]["secrets_providers"]
    changed = copy.deepcopy(document)
    changed["deployment"]["secrets_providers"] = manager
    engine.store.path.write_text(json.dumps(changed))
    engine.up(program(first={"size": 3}, second={}))
    kept = json.loads(engine.store.path.read_text())["deployment"]["secrets_providers"]
    assert kept == manager
