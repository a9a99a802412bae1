"""A sandbox fails as plugins were seen to: lost answers, blind refreshes, changes at once."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pulumi
import pytest

from havre.engine import Engine, StateStore
from havre.errors import InputError, ProviderError
from havre.spec import Warehouse
from havre_azure.sandbox.rules.networks import busy, one_at_a_time
from havre_sandbox import Proposed, ResourceKind, SandboxServicer, Service, WorldFolder
from havre_sandbox.failing import Busy, told_as_before
from tests.sandbox.clouds import example, sandbox

CLUSTER, BUCKET, SERVER = "toy:index:Cluster", "toy:index:Bucket", "toy:index:Server"
SERVICE = Service(
    package="toy",
    kinds={
        CLUSTER: ResourceKind(),
        BUCKET: ResourceKind(id="buckets/{label}", unread_where_fewer=("lock.rule", "copies")),
        SERVER: ResourceKind(kept_early=True, unread=("roles",), gone_fails=("read", "delete")),
    },
)


class Thing(pulumi.CustomResource):
    """A resource of the toy package."""


@pytest.fixture
def folder(tmp_path: Path) -> WorldFolder:
    return WorldFolder(tmp_path / "data" / "sandbox")


@pytest.fixture
def engine(tmp_path: Path, folder: WorldFolder) -> Engine:
    store = StateStore(tmp_path / "data")
    store.create()
    return Engine(store, "toys", "test", {"toy": SandboxServicer(SERVICE, folder)})


def of(token: str, **more: Any) -> Callable[[], None]:
    return lambda: (Thing(token, "one", {"label": "one", **more}), None)[1]


def plant(folder: WorldFolder, *lines: str) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    (folder.path / "faults").write_text("".join(f"{line}\n" for line in lines))


def by_hand(folder: WorldFolder, **changed: Any) -> None:
    (file,) = folder.path.glob("*.json")
    values = json.loads(file.read_text())
    values["properties"].update(changed)
    file.write_text(json.dumps(values))


def refreshed(engine: Engine) -> dict[str, Any]:
    state = engine.load()
    (found,) = [each for each in state.resources if each.name == "one"]
    told = engine.session(state).client("toy").read(found)
    assert told is not None
    return dict(told)


def test_a_creation_whose_answer_is_lost_leaves_an_orphan_and_the_next_run_makes_a_second(
    engine: Engine, folder: WorldFolder
) -> None:
    plant(folder, "lost-answer one")
    with pytest.raises(ProviderError, match="one: the answer to the create was lost"):
        engine.up(of(CLUSTER))
    assert len(folder.world().existing) == 1
    assert len(engine.up(of(CLUSTER))) == 1
    made = {each.id for each in folder.world().existing}
    (known,) = [each.id for each in engine.load().resources if each.name == "one"]
    assert len(made) == 2
    assert known in made
    assert engine.up(of(CLUSTER)) == []


def test_an_orphan_whose_name_is_its_identifier_is_in_the_way_of_every_next_run(
    engine: Engine, folder: WorldFolder
) -> None:
    plant(folder, "lost-answer one")
    with pytest.raises(ProviderError, match="lost"):
        engine.up(of(BUCKET))
    for _ in range(2):
        with pytest.raises(ProviderError, match="buckets/one already exists"):
            engine.up(of(BUCKET))


def test_an_identifier_that_the_plugin_keeps_early_is_gone_on_with(
    engine: Engine, folder: WorldFolder
) -> None:
    plant(folder, "lost-answer one")
    with pytest.raises(ProviderError, match="lost"):
        engine.up(of(SERVER))
    engine.up(of(SERVER))
    assert len(folder.world().existing) == 1


def test_an_error_of_the_service_changes_nothing_and_the_next_run_ends(
    engine: Engine, folder: WorldFolder
) -> None:
    plant(folder, "error one", "", "error one")
    for _ in range(2):
        with pytest.raises(ProviderError, match="one: the create was answered with an error"):
            engine.up(of(CLUSTER))
        assert folder.world().existing == ()
    assert len(engine.up(of(CLUSTER))) == 1


@pytest.mark.parametrize("fault", ["error", "lost-answer"])
def test_a_change_and_a_deletion_that_failed_are_made_by_the_next_run(
    engine: Engine, folder: WorldFolder, fault: str
) -> None:
    engine.up(of(CLUSTER))
    plant(folder, f"{fault} one")
    with pytest.raises(ProviderError, match="update"):
        engine.up(of(CLUSTER, size=2))
    engine.up(of(CLUSTER, size=2))
    assert [each.properties["size"] for each in folder.world().existing] == [2]
    plant(folder, f"{fault} one")
    with pytest.raises(ProviderError, match="delete"):
        engine.up(lambda: None)
    engine.up(lambda: None)
    assert folder.world().existing == ()


def test_a_fault_of_another_resource_waits(engine: Engine, folder: WorldFolder) -> None:
    plant(folder, "error another")
    engine.up(of(CLUSTER))
    assert (folder.path / "faults").read_text() == "error another\n"


@pytest.mark.parametrize("line", ["explode one", "lost one", "error"])
def test_a_line_that_is_no_fault_is_named(engine: Engine, folder: WorldFolder, line: str) -> None:
    plant(folder, "error another", line)
    with pytest.raises(InputError, match=f"faults, line 2: `{line}` is not a fault"):
        engine.up(of(CLUSTER))


def test_what_is_never_read_back_is_told_as_the_state_has_it(
    engine: Engine, folder: WorldFolder
) -> None:
    engine.up(of(SERVER, roles=["reader"], size=1))
    by_hand(folder, roles=["administrator"], size=5)
    told = refreshed(engine)
    assert (told["roles"], told["size"]) == (["reader"], 5)


@pytest.mark.parametrize(("token", "as_plugin"), [(SERVER, False), (CLUSTER, True)], ids=str)
def test_what_is_gone_is_seen_to_be_gone(
    engine: Engine, folder: WorldFolder, token: str, *, as_plugin: bool
) -> None:
    engine.up(of(token))
    engine.servicers["toy"].as_plugin = as_plugin
    (file,) = folder.path.glob("*.json")
    file.unlink()
    state = engine.load()
    (found,) = [each for each in state.resources if each.name == "one"]
    assert engine.session(state).client("toy").read(found) is None
    assert len(engine.up(lambda: None)) == 1


def test_a_plugin_that_does_not_understand_that_something_is_gone_fails_each_time(
    engine: Engine, folder: WorldFolder
) -> None:
    engine.up(of(SERVER))
    engine.servicers["toy"].as_plugin = True
    (file,) = folder.path.glob("*.json")
    file.unlink()
    state = engine.load()
    (found,) = [each for each in state.resources if each.name == "one"]
    with pytest.raises(ProviderError, match="one: the read was answered with 404") as refused:
        engine.session(state).client("toy").read(found)
    assert f"pulumi state delete '{found.urn}'" in str(refused.value)
    for _ in range(2):
        with pytest.raises(ProviderError, match="one: the delete was answered with 404"):
            engine.up(lambda: None)


BLIND: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"lock": {"status": "on"}}, {"lock": {"rule": {"days": 3}}}),
    ({"lock": {"rule": None}}, {"lock": {"rule": {"days": 3}}}),
    ({"lock": {"rule": {"days": 1}}}, {"lock": {"rule": {"days": 1}}}),
    ({"copies": []}, {"copies": ["a", "b"]}),
    ({"copies": ["a"]}, {"copies": ["a", "b"]}),
    ({"copies": ["a", "c"]}, {"copies": ["a", "c"]}),
]


@pytest.mark.parametrize(("changed", "seen"), BLIND, ids=str)
def test_what_was_taken_away_by_hand_is_not_seen_and_what_was_changed_is(
    engine: Engine, folder: WorldFolder, changed: dict[str, Any], seen: dict[str, Any]
) -> None:
    engine.up(of(BUCKET, lock={"status": "on", "rule": {"days": 3}}, copies=["a", "b"]))
    by_hand(folder, **changed)
    told = refreshed(engine)
    for name, value in seen.items():
        got = told[name]
        assert (got["rule"] if name == "lock" else got) == (
            value["rule"] if name == "lock" else value
        )


def test_what_is_told_shares_nothing_with_what_the_service_has() -> None:
    now = {"lock": {"status": "on"}}
    told_as_before(now, {"lock": {"rule": 1}}, (), ("lock.rule",))
    assert now == {"lock": {"status": "on"}}


def test_two_changes_at_once_of_one_thing_do_not_both_pass() -> None:
    within, over, held = Event(), Event(), Busy()

    def first() -> frozenset[str]:
        with held.changing(["Network"]) as met:
            within.set()
            over.wait(30)
            return met

    with ThreadPoolExecutor() as pool:
        ended = pool.submit(first)
        assert within.wait(30)
        with held.changing(["other"]) as met:
            assert met == frozenset()
        with held.changing(["NETWORK", "third"]) as met:
            assert met == {"network"}
        with held.changing(["third"]) as met:
            assert met == frozenset()
        over.set()
        assert ended.result() == frozenset()
    with held.changing(["network"]) as met:
        assert met == frozenset()


NETWORK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks"
IN_A_NETWORK = {
    "Subnet": (Proposed("azure-native:network:Subnet", "a", {}, id=f"{NETWORK}/hub/subnets/a"), ()),
    "VirtualNetworkPeering": (
        Proposed(
            "azure-native:network:VirtualNetworkPeering",
            "p",
            {"remoteVirtualNetwork": {"id": f"{NETWORK}/spoke"}},
            id=f"{NETWORK}/hub/virtualNetworkPeerings/p",
        ),
        (f"{NETWORK}/spoke",),
    ),
    "VirtualNetwork": (
        Proposed("azure-native:network:VirtualNetwork", "hub", {}, id=f"{NETWORK}/hub"),
        (),
    ),
}


@pytest.mark.parametrize(("proposed", "other"), IN_A_NETWORK.values(), ids=IN_A_NETWORK)
def test_azure_changes_a_network_for_one_at_a_time(
    proposed: Proposed, other: Sequence[str]
) -> None:
    assert set(one_at_a_time(proposed)) == {f"{NETWORK}/hub", *other}
    code = busy(proposed, f"{NETWORK}/hub").code
    peering = proposed.token.endswith("Peering")
    named = "ReferencedResourceNotProvisioned" if peering else "AnotherOperationInProgress"
    assert code == named


def test_a_peering_while_a_subnet_is_being_made_is_refused(tmp_path: Path) -> None:
    folder = WorldFolder(tmp_path / "sandbox")
    told = Service(
        package="toy",
        kinds={CLUSTER: ResourceKind(), SERVER: ResourceKind(id="{network}/servers/{label}")},
        one_at_a_time=lambda proposed: [str(proposed.properties.get("network", ""))],
    )
    servicer = SandboxServicer(told, folder)
    store = StateStore(tmp_path)
    store.create()
    engine = Engine(store, "toys", "test", {"toy": servicer})
    with servicer.busy.changing(["hub"]):
        with pytest.raises(ProviderError, match="hub is being changed"):
            engine.up(of(SERVER, network="hub"))
        assert folder.world().existing == ()
        assert len(engine.up(of(SERVER, network="spoke"))) == 1


@pytest.fixture
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")


@pytest.fixture(scope="module")
def emc2() -> Warehouse:
    return example("emc2")


def orphaned(emc2: Warehouse, tmp_path: Path, name: str) -> Iterator[int]:
    """Count what exists of a name: after a lost answer, and after the next run."""
    made = sandbox("ovh", tmp_path)
    (made.folder).mkdir(parents=True, exist_ok=True)
    (made.folder / "faults").write_text(f"lost-answer {name}\n")
    with pytest.raises(ProviderError, match="lost"):
        made.up(emc2)
    yield sum(each.name == name for each in made.world().world().existing)
    made.up(emc2)
    yield sum(each.name == name for each in made.world().world().existing)


@pytest.mark.usefixtures("_passphrase")
@pytest.mark.parametrize(
    ("name", "counts"),
    [("emc2-cluster-kube", [1, 2]), ("emc2-database-service", [1, 1])],
    ids=str,
)
def test_ovhclouds_plugin_loses_a_cluster_and_keeps_a_database(
    emc2: Warehouse, tmp_path: Path, name: str, counts: list[int]
) -> None:
    assert list(orphaned(emc2, tmp_path, name)) == counts


@pytest.mark.usefixtures("_passphrase")
def test_a_lost_bucket_stops_the_next_run_at_ovhcloud(emc2: Warehouse, tmp_path: Path) -> None:
    made = orphaned(emc2, tmp_path, "emc2-zones-landing")
    assert next(made) == 1
    with pytest.raises(ProviderError, match="already exists"):
        next(made)


def test_what_is_in_no_network_may_change_at_any_time() -> None:
    subnet, _ = IN_A_NETWORK["Subnet"]
    assert one_at_a_time(replace(subnet, token="toy:index:Other")) == []
