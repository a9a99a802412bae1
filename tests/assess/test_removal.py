"""What a removal leaves and loses: recorded states, and what each property of a fact says."""

import datetime as dt
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from havre.assess.removal import Matter, Removal, RemovalEntry, RemovalPart, RemovalSubject, removal
from havre.cli import main
from havre.errors import ExitCode
from havre.facts import Facts, Known, Outside, Reserve, Reserved, Unclassified, Unknown
from havre.facts.model import Compute, Grant, Holder, Key, Neutral, Offering, ResourceFact
from havre.facts.stores import BackupStore, DatabaseServer, LogStore, ObjectStore, Vault
from havre.plan import Plan, PlannedResource
from havre.plan.options import Options
from havre.report.removal import removal_as_json, removal_as_text
from havre.stack.standing import state_path, write_record
from tests.check.asked import EXAMPLES, ROOT
from tests.facts.recordings import RECORDED, recording

if TYPE_CHECKING:
    from havre.provider import Provider

DAY = dt.date(2026, 11, 30)
TYPE = "toy:store:Store"
State = dict[str, Any]
Told = dict[str, Any]


def urn(name: str) -> str:
    return f"urn:pulumi:toy::havre::{TYPE}::{name}"


def resource(name: str, **more: Any) -> PlannedResource:
    needs = tuple(urn(each) for each in more.pop("needs", ()))
    return PlannedResource(
        urn(name), TYPE, name, custom=True, inputs={}, dependencies=needs, **more
    )


def fact(kind: type[Any], name: str = "it", **more: Any) -> ResourceFact:
    given: Told = {"tags": Known({}), "places": Known(()), **more}
    if kind not in (Neutral, Holder, Grant):
        given["offering"] = Offering("toy", "store")
    return cast("ResourceFact", kind(urn(name), TYPE, **given))


def told_of(
    facts: Callable[[Plan], Facts] | Facts, *resources: PlannedResource, deployed: bool = True
) -> Removal:
    """The removal of a plan on a provider whose facts are these."""
    of = facts if callable(facts) else lambda _: facts
    toy = cast("Provider", SimpleNamespace(name="toy", facts=of))
    plan = Plan("toy", resources)
    return removal(plan, RemovalSubject("w", "test", toy, DAY, deployed=deployed))


def matters(found: Removal) -> dict[str, set[Matter]]:
    said: dict[str, set[Matter]] = {}
    for each in found.entries:
        said.setdefault(each.name, set()).add(each.matter)
    return said


def one(found: Removal, matter: Matter) -> RemovalEntry:
    (entry,) = [each for each in found.entries if each.matter is matter]
    return entry


NEVER, YES, NO, ZERO = Known(None), Known(value=True), Known(value=False), Known(0)
HELD = Unknown("inputs.days")
AT_BEST = Unknown("inputs.days", Known(90))
ASKED = Reserved("not in force until it restarts", Known(90), Reserve.NOT_IN_FORCE)
SEEN = Reserved("not seen by a refresh", Known(90), Reserve.NOT_SEEN)
STORE: Told = {
    "key": NEVER,
    "locked_days": ZERO,
    "backup_days": NEVER,
    "undelete_days": ZERO,
    "guarded": NO,
}
KEEPER: Told = {
    "key": NEVER,
    "locked_days": ZERO,
    "retention_days": Known(365),
    "longest_days": Known(400),
    "guarded": NO,
}
KEY: Told = {"deletion_days": Known(90), "purge_guarded": YES, "guarded": NO}
SERVER: Told = {"key": NEVER, "backup_days": Known(7), "replica_of": NEVER, "guarded": NO}
NODES: Told = {"disk_key": NEVER, "secrets_key": NEVER, "guarded": NO}
LEFT = {"retain_on_delete": True}
LATER = dt.date(2027, 2, 28)
Case = tuple[type[Any], Told, Told, set[Matter], int | None, dt.date | None]

CASES: dict[str, Case] = {
    "a key that is gone at once": (
        *(Key, {**KEY, "deletion_days": NEVER}, {}),
        *({Matter.KEY}, None, None),
    ),
    "a key that no one can purge": (Key, KEY, {}, {Matter.RECOVERABLE}, 90, LATER),
    "a vault that no one can purge": (Vault, KEY, {}, {Matter.RECOVERABLE}, 90, LATER),
    "a key that can be purged": (
        *(Key, {**KEY, "purge_guarded": NO}, {}),
        *({Matter.PURGEABLE}, 90, LATER),
    ),
    "a key whose purging is not known": (
        *(Key, {**KEY, "purge_guarded": HELD}, {}),
        *({Matter.PURGEABLE, Matter.UNTOLD}, 90, LATER),
    ),
    "a key whose days are not known": (
        *(Key, {**KEY, "deletion_days": HELD}, {}),
        *({Matter.KEY, Matter.UNTOLD}, None, None),
    ),
    "a key whose days are known at best": (
        *(Key, {**KEY, "deletion_days": AT_BEST}, {}),
        *({Matter.KEY, Matter.UNTOLD}, None, None),
    ),
    "a key whose days are not in force": (
        *(Key, {**KEY, "deletion_days": ASKED}, {}),
        *({Matter.KEY, Matter.UNTOLD}, None, None),
    ),
    "a key that stays": (Key, {**KEY, "deletion_days": NEVER}, LEFT, {Matter.RETAINED}, None, None),
    "a store": (ObjectStore, STORE, {}, {Matter.DATA}, None, None),
    "a protected store": (
        *(ObjectStore, STORE, {"protect": True}),
        *({Matter.PROTECTED, Matter.DATA}, None, None),
    ),
    "a store that stays": (ObjectStore, STORE, LEFT, {Matter.RETAINED}, None, None),
    "a store that is only read": (
        ObjectStore,
        STORE,
        {"external": True},
        {Matter.READ},
        None,
        None,
    ),
    "locked objects": (
        *(ObjectStore, {**STORE, "locked_days": Known(90)}, {}),
        *({Matter.LOCKED, Matter.DATA}, 90, LATER),
    ),
    "locked objects that stay": (
        *(ObjectStore, {**STORE, "locked_days": Known(90)}, LEFT),
        *({Matter.LOCKED, Matter.RETAINED}, 90, LATER),
    ),
    "a lock that no refresh sees": (
        *(ObjectStore, {**STORE, "locked_days": SEEN}, LEFT),
        *({Matter.LOCKED, Matter.RETAINED}, 90, LATER),
    ),
    "a lock that is not known": (
        *(ObjectStore, {**STORE, "locked_days": HELD}, LEFT),
        *({Matter.UNTOLD, Matter.RETAINED}, None, None),
    ),
    "a lock known at best": (
        *(LogStore, {**KEEPER, "locked_days": AT_BEST}, LEFT),
        *({Matter.UNTOLD, Matter.RETAINED}, None, None),
    ),
    "a lock beyond the calendar": (
        *(BackupStore, {**KEEPER, "locked_days": Known(10**9)}, LEFT),
        *({Matter.LOCKED, Matter.RETAINED}, 10**9, None),
    ),
    "deleted objects": (
        *(ObjectStore, {**STORE, "undelete_days": Known(90)}, {}),
        *({Matter.DATA, Matter.OBJECTS}, 90, LATER),
    ),
    "deleted objects without end": (
        *(ObjectStore, {**STORE, "undelete_days": NEVER}, {}),
        *({Matter.DATA, Matter.OBJECTS}, None, None),
    ),
    "deleted objects, not known": (
        *(ObjectStore, {**STORE, "undelete_days": HELD}, {}),
        *({Matter.DATA, Matter.UNTOLD}, None, None),
    ),
    "a backup that is not known": (
        *(ObjectStore, {**STORE, "backup_days": HELD}, {}),
        *({Matter.DATA, Matter.UNTOLD}, None, None),
    ),
    "logs": (LogStore, KEEPER, {}, {Matter.LOGS}, 365, None),
    "backups": (BackupStore, KEEPER, {}, {Matter.BACKUPS}, 400, None),
    "a server": (DatabaseServer, SERVER, {}, {Matter.DATA}, 7, None),
    "nodes": (Compute, NODES, {}, {Matter.VOLUMES}, None, None),
    "nodes that stay": (Compute, NODES, LEFT, {Matter.RETAINED}, None, None),
    "nodes under a key that is not known": (
        *(Compute, {**NODES, "disk_key": HELD}, LEFT),
        *({Matter.RETAINED, Matter.UNTOLD}, None, None),
    ),
    "a store whose key is not known": (
        *(ObjectStore, {**STORE, "key": HELD}, LEFT),
        *({Matter.RETAINED, Matter.UNTOLD}, None, None),
    ),
    "a store whose key is outside": (
        *(ObjectStore, {**STORE, "key": Outside("the hub's key", answers_for="IT")}, LEFT),
        *({Matter.RETAINED}, None, None),
    ),
    "a grant under a lock": (Grant, {"locked": YES}, {}, {Matter.GUARDED}, None, None),
    "a grant of which nothing is told": (Grant, {}, {}, {Matter.UNTOLD}, None, None),
    "a holder that the provider refuses to delete": (
        *(Holder, {"guarded": YES}, {}),
        *({Matter.GUARDED}, None, None),
    ),
    "a holder of which nothing is told": (Holder, {}, {}, {Matter.UNTOLD}, None, None),
    "what bears nothing": (Neutral, {}, {}, set(), None, None),
    "what bears nothing and stays": (Neutral, {}, LEFT, {Matter.LEFT}, None, None),
    "what goes with something that stays": (
        *(Neutral, {}, {"options": Options(deleted_with=urn("kept"))}),
        *({Matter.UNTOLD}, None, None),
    ),
}
"""A fact and its resource -> what is said, for how many days and until when."""


@pytest.mark.parametrize("case", CASES)
def test_each_property_says_what_becomes_of_it(case: str) -> None:
    kind, values, options, expected, days, until = CASES[case]
    kept = resource("kept", **LEFT)
    found = told_of(
        Facts((fact(kind, **values), fact(Neutral, "kept")), ()), resource("it", **options), kept
    )
    said = [each for each in found.entries if each.name == "it"]
    assert {each.matter for each in said} == expected
    assert {each.days for each in said} - {None} == {days} - {None}
    assert {each.until for each in said} - {None} == {until} - {None}


@pytest.mark.parametrize("case", CASES)
def test_what_is_lost_or_not_known_never_passes(case: str) -> None:
    kind, values, options, expected, _, _ = CASES[case]
    kept = resource("kept", **LEFT)
    found = told_of(
        Facts((fact(kind, **values), fact(Neutral, "kept")), ()), resource("it", **options), kept
    )
    lost = {Matter.KEY, Matter.DATA, Matter.VOLUMES, Matter.LOGS, Matter.BACKUPS}
    code = ExitCode.OK if Matter.UNTOLD not in expected else ExitCode.NOT_EVALUATED
    assert found.exit_code == (ExitCode.FINDINGS if expected & lost else code)
    assert len(found.of(RemovalPart.NOT_KNOWN)) == (Matter.UNTOLD in expected)


def test_what_no_fact_knows_is_named_and_fails() -> None:
    found = told_of(Facts((), (Unclassified(urn("odd"), TYPE, "KeyError"),)), resource("odd"))
    assert matters(found) == {"odd": {Matter.UNCLASSIFIED}}
    assert found.exit_code is ExitCode.NOT_EVALUATED


def test_facts_that_raise_leave_everything_not_known() -> None:
    def raising(_: Plan) -> Facts:
        raise KeyError

    found = told_of(raising, resource("a"), resource("b", **LEFT))
    assert matters(found)["a"] == {Matter.UNCLASSIFIED}
    assert matters(found)["b"] == {Matter.UNCLASSIFIED, Matter.RETAINED}
    assert found.exit_code is ExitCode.NOT_EVALUATED


@pytest.mark.parametrize(
    ("days", "until"), [(NEVER, None), (Known(90), LATER), (HELD, None), (ASKED, LATER)]
)
@pytest.mark.parametrize("kind", ["store", "server", "nodes"])
def test_what_stays_under_a_key_that_goes_is_lost(
    kind: str, days: Any, until: dt.date | None
) -> None:
    under = {
        "store": fact(ObjectStore, **{**STORE, "key": Known(urn("key"))}),
        "server": fact(DatabaseServer, **{**SERVER, "key": Known(urn("key"))}),
        "nodes": fact(Compute, **{**NODES, "secrets_key": Known(urn("key"))}),
    }[kind]
    key = fact(Key, "key", **{**KEY, "deletion_days": days})
    found = told_of(Facts((under, key), ()), resource("it", **LEFT), resource("key"))
    entry = one(found, Matter.UNREADABLE)
    assert (entry.name, entry.about, entry.until) == ("it", ("key",), until)
    assert entry in found.lost
    assert found.exit_code is ExitCode.FINDINGS


def test_keys_are_lost_before_everything_else_with_what_they_encrypt() -> None:
    store = fact(ObjectStore, "a", **{**STORE, "key": Known(urn("z"))})
    key = fact(Key, "z", **{**KEY, "deletion_days": NEVER})
    found = told_of(Facts((store, key), ()), resource("a"), resource("z"))
    first, second = found.of(RemovalPart.LOST)
    assert (first.name, first.about) == ("z", ("a",))
    assert second.name == "a"


ZONE: Told = {**STORE, "zone": "landing"}
BACKED: Told = {**STORE, "backup_days": Known(35)}
UNDER: Told = {"key": Known(urn("key"))}
COPIES: dict[str, tuple[tuple[type[Any], Told], tuple[type[Any], Told], Told, bool]] = {
    "another copy of the zone": ((ObjectStore, ZONE), (ObjectStore, ZONE), LEFT, True),
    "another zone": ((ObjectStore, ZONE), (ObjectStore, {**ZONE, "zone": "x"}), LEFT, False),
    "a store of no zone": ((ObjectStore, STORE), (ObjectStore, STORE), LEFT, False),
    "a copy that goes too": ((ObjectStore, ZONE), (ObjectStore, ZONE), {}, False),
    "a copy whose key goes": ((ObjectStore, ZONE), (ObjectStore, ZONE | UNDER), LEFT, False),
    "a copy whose key is not known": (
        *((ObjectStore, ZONE), (ObjectStore, {**ZONE, "key": HELD})),
        *(LEFT, False),
    ),
    "a backup": ((ObjectStore, BACKED), (BackupStore, KEEPER), LEFT, True),
    "a backup that goes too": ((ObjectStore, BACKED), (BackupStore, KEEPER), {}, False),
    "a backup whose key goes": ((ObjectStore, BACKED), (BackupStore, KEEPER | UNDER), LEFT, False),
    "backups of others": ((ObjectStore, STORE), (BackupStore, KEEPER), LEFT, False),
    "a backup that is not known": (
        *((ObjectStore, {**STORE, "backup_days": AT_BEST}), (BackupStore, KEEPER)),
        *(LEFT, False),
    ),
    "a replica": (
        *((DatabaseServer, SERVER), (DatabaseServer, {**SERVER, "replica_of": Known(urn("it"))})),
        *(LEFT, True),
    ),
    "another server": ((DatabaseServer, SERVER), (DatabaseServer, SERVER), LEFT, False),
    "a server's own backups": ((DatabaseServer, SERVER), (BackupStore, KEEPER), LEFT, False),
}
"""What goes, what else there is, whether that stays -> whether it is a copy."""


@pytest.mark.parametrize("case", COPIES)
def test_only_what_stays_and_can_be_read_is_a_copy(case: str) -> None:
    (kind, values), (other, more), options, copied = COPIES[case]
    facts = (fact(kind, **values), fact(other, "other", **more), fact(Key, "key", **KEY))
    found = told_of(Facts(facts, ()), resource("it"), resource("other", **options), resource("key"))
    (entry,) = [e for e in found.entries if e.name == "it" and e.matter is Matter.DATA]
    assert entry.copies == (("other",) if copied else ())
    assert (entry in found.lost) is not copied


def test_one_store_of_backups_that_goes_makes_none_a_copy() -> None:
    backups = [fact(BackupStore, each, **KEEPER) for each in ("b", "c")]
    found = told_of(
        Facts((fact(ObjectStore, **BACKED), *backups), ()),
        *(resource("it"), resource("b", **LEFT), resource("c")),
    )
    assert one(found, Matter.DATA).copies == ()


@pytest.mark.parametrize(
    ("kind", "values", "matter"),
    [
        (Neutral, {}, Matter.NEEDED),
        (Key, KEY, Matter.NEEDED),
        (Holder, {"guarded": NO}, Matter.TAKEN),
        (Vault, KEY, Matter.TAKEN),
    ],
)
def test_what_stays_needs_what_it_was_made_of(
    kind: type[Any], values: Told, matter: Matter
) -> None:
    facts = Facts((fact(ObjectStore, **STORE), fact(kind, "below", **values)), ())
    found = told_of(facts, resource("below"), resource("it", needs=["below"], **LEFT))
    entry = next(each for each in found.entries if each.matter is matter)
    assert (entry.name, entry.about) == ("below", ("it",))
    assert (found.exit_code is ExitCode.OK) is (matter is Matter.NEEDED)
    stays = told_of(facts, resource("below", **LEFT), resource("it", needs=["below"], **LEFT))
    assert matter not in {each.matter for each in stays.entries}


def test_a_guard_of_pulumi_is_not_one_of_the_provider() -> None:
    def facts(plan: Plan) -> Facts:
        held = Known(any(each.protect for each in plan.resources))
        return Facts((fact(Holder, guarded=held),), ())

    found = told_of(facts, resource("it", protect=True))
    assert matters(found) == {"it": {Matter.PROTECTED}}


def test_a_lock_that_stays_is_named_by_what_it_holds() -> None:
    facts = Facts((fact(ObjectStore, **{**STORE, "guarded": YES}), fact(Neutral, "lock")), ())
    found = told_of(facts, resource("it"), resource("lock", needs=["it"], **LEFT))
    assert one(found, Matter.GUARDED).about == ("lock",)
    assert one(found, Matter.LEFT).name == "lock"


def test_what_the_warehouse_is_given_is_not_deleted() -> None:
    outside = Outside("the hub's logs", answers_for="Network team")
    given = replace(
        cast("LogStore", fact(LogStore, **KEEPER)), urn="/Hub/Logs", retention_days=outside
    )
    found = told_of(Facts((given, fact(Neutral)), ()), resource("it"))
    assert one(found, Matter.OUTSIDE).name == "/Hub/Logs"
    assert found.exit_code is ExitCode.OK


# Recorded states


def recorded(example: str, provider: str, folder: Path) -> tuple[Path, list[State]]:
    file = recording(example, provider, "state", folder)
    state = json.loads(file.read_text(encoding="utf-8"))
    return file, state["deployment"]["resources"]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, State]:
    code = main(["removal", *words, "--as-of", DAY.isoformat(), "-f", "json"])
    return code, json.loads(capsys.readouterr().out)


STATES = [(e, p) for e in ("emc2", "hospital") for p in ("azure", "ovh", "local")]
EVERY_STATE = pytest.mark.parametrize(("example", "provider"), STATES)


def names(found: State, chapter: str, *kinds: str) -> set[str]:
    return {each["urn"] for each in found[chapter] if each["matter"] in kinds}


@EVERY_STATE
def test_what_pulumi_protects_and_leaves_is_what_the_state_says(
    example: str, provider: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, resources = recorded(example, provider, tmp_path)
    _, found = run(capsys, "--state", str(file))
    protected = {each["urn"] for each in resources if each.get("protect")}
    retained = {each["urn"] for each in resources if each.get("retainOnDelete")}
    assert protected
    assert names(found, "refused", "protected") == protected
    assert names(found, "stays", "retained", "left") == retained


@EVERY_STATE
def test_no_resource_is_left_out(
    example: str, provider: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, resources = recorded(example, provider, tmp_path)
    _, found = run(capsys, "--state", str(file))
    custom = {
        each["urn"]
        for each in resources
        if each.get("custom") and not each["type"].startswith("pulumi:providers:")
    }
    said = {each["urn"] for c in RemovalPart for each in found[c.value]}
    assert len(custom - said) == found["others_deleted"]
    assert not {each["urn"] for each in found["lost"]} & names(found, "stays", "retained")


LOST = {"azure": ExitCode.FINDINGS, "local": ExitCode.FINDINGS, "ovh": ExitCode.OK}


@EVERY_STATE
def test_the_exit_code_says_whether_data_is_lost(
    example: str, provider: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, _ = recorded(example, provider, tmp_path)
    code, found = run(capsys, "--state", str(file))
    assert code == found["exit_code"] == LOST[provider]
    assert bool(found["lost"]) is (code == ExitCode.FINDINGS)


def test_keys_under_purge_protection_stay_for_their_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, resources = recorded("emc2", "azure", tmp_path)
    _, found = run(capsys, "--state", str(file))
    kept = names(found, "stays", "recoverable")
    types = ("azure-native:keyvault:Vault", "azure-native:keyvault:Key")
    assert kept == {each["urn"] for each in resources if each["type"] in types}
    days = {(e["days"], e["until"]) for e in found["stays"] if e["matter"] == "recoverable"}
    assert days == {(90, "2027-02-28")}


def test_locks_of_a_cloud_are_named_by_what_they_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, _ = recorded("emc2", "azure", tmp_path)
    _, found = run(capsys, "--state", str(file))
    (backup,) = [
        each
        for each in found["refused"]
        if each["matter"] == "guarded" and each["name"] == "emc2-production-backup"
    ]
    assert backup["about"] == ["emc2-production-backup-lock"]


def test_objects_are_locked_for_the_days_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, _ = recorded("emc2", "local", tmp_path)
    _, found = run(capsys, "--state", str(file))
    locked = {e["name"]: e["until"] for e in found["refused"] if e["matter"] == "locked"}
    assert locked == {
        "emc2-zones-backup": "2026-12-30",
        "emc2-zones-curated": "2026-12-30",
        "emc2-zones-logs": "2027-11-30",
    }


def changed(state: State, change: Callable[[State], None]) -> State:
    for each in state["deployment"]["resources"]:
        change(each)
    return state


def unretained(of: str) -> Callable[[State], None]:
    """Pulumi no longer leaves resources of a type."""

    def change(each: State) -> None:
        if of in each["type"]:
            each["retainOnDelete"] = False

    return change


UNKEPT: dict[str, set[str]] = {
    "ovh:Okms/serviceKey:ServiceKey": {"key"},
    "ovh:CloudProject/storage:Storage": {"data", "logs", "backups"},
    "ovh:CloudProject/database:Database": {"data"},
    "ovh:CloudProject/kube:Kube": {"volumes"},
    "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream": {"logs"},
}


@pytest.mark.parametrize("of", UNKEPT)
def test_what_pulumi_no_longer_leaves_is_lost(
    of: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = json.loads((RECORDED / "ovh-state.json").read_text(encoding="utf-8"))
    file = tmp_path / "state.json"
    file.write_text(json.dumps(changed(state, unretained(of))), encoding="utf-8")
    code, found = run(capsys, "--state", str(file))
    assert code == ExitCode.FINDINGS
    assert {each["matter"] for each in found["lost"]} == UNKEPT[of]
    assert {each["type"] for each in found["lost"]} == {of}


def test_a_type_that_nobody_knows_is_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = json.loads((RECORDED / "ovh-state.json").read_text(encoding="utf-8"))
    odd = dict(next(e for e in state["deployment"]["resources"] if "Storage" in e["type"]))
    odd |= {"type": "ovh:New/thing:Thing", "retainOnDelete": False}
    odd["urn"] = "urn:pulumi:ovh::havre::ovh:New/thing:Thing::odd"
    state["deployment"]["resources"].append(odd)
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state), encoding="utf-8")
    code, found = run(capsys, "--state", str(file))
    assert code == ExitCode.NOT_EVALUATED
    assert [(e["matter"], e["name"]) for e in found["not_known"]] == [("unclassified", "odd")]


# The command


@pytest.mark.parametrize("provider", ["azure", "ovh", "local"])
def test_a_file_is_planned_offline_and_said_to_be_no_state(
    provider: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HAVRE_DATA_DIR", raising=False)
    code, found = run(capsys, str(EXAMPLES["hospital"]), "-p", provider)
    assert code == LOST[provider]
    assert found["source"] == "evaluation"
    assert "deployed" in found["outside_the_facts"]


def test_a_folder_on_this_machine_is_read_and_not_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    state_path(data).parent.mkdir(mode=0o700, parents=True)
    write_record(data, {"provider": "local", "warehouse": "emc2", "stack": "local", "settings": {}})
    state = gzip.decompress((RECORDED / "emc2-local-state.json.gz").read_bytes())
    state_path(data).write_bytes(state)
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    assert main(["removal", "--data-dir", str(data), "--as-of", "2026-11-30"]) == ExitCode.FINDINGS
    text = capsys.readouterr().out
    assert "havre down --data-dir DIR --destroy-data emc2" in text
    assert "pulumi" not in text
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before


REFUSED = {
    "both": (["--state", "{state}", "--data-dir", "{folder}"], "--state and --data-dir"),
    "an empty folder": (["--data-dir", "{folder}"], "{folder}"),
    "no state": (["--state", "{folder}/none.json"], "none.json"),
    "another warehouse": ([str(EXAMPLES["hospital"]), "--state", "{state}"], "emc2"),
    "another provider": (["--state", "{state}", "-p", "ovh"], "ovh"),
    "no day": (["--state", "{state}", "--as-of", "tomorrow"], "tomorrow"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_with_a_remedy(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, named = REFUSED[case]
    places = {"state": RECORDED / "azure-state.json", "folder": tmp_path}
    code = main(["removal", *(each.format(**places) for each in words)])
    told = capsys.readouterr()
    assert code == ExitCode.INPUT
    assert told.out == ""
    assert named.format(**places) in told.err.replace("\n", "")
    assert "Traceback" not in told.err


def test_resources_of_another_provider_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = json.loads((RECORDED / "azure-state.json").read_text(encoding="utf-8"))
    made = [e for e in state["deployment"]["resources"] if "keyvault:Vault" in e["type"]]
    alone = [{k: v for k, v in e.items() if k not in ("parent", "dependencies")} for e in made]
    state["deployment"]["resources"] = [
        {**e, "propertyDependencies": {}, "provider": ""} for e in alone
    ]
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state), encoding="utf-8")
    code = main(["removal", str(EXAMPLES["emc2"]), "-p", "ovh", "--state", str(file)])
    assert code == ExitCode.INPUT
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("provider", ["azure", "ovh"])
@pytest.mark.parametrize("details", [False, True])
def test_the_table_says_what_the_data_says(
    provider: str, details: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    state = str(RECORDED / f"{provider}-state.json")
    _, found = run(capsys, "--state", state)
    more = ["--details"] if details else []
    main(["removal", "--state", state, "--as-of", "2026-11-30", *more])
    text = " ".join(capsys.readouterr().out.split())
    every = [each for chapter in RemovalPart for each in found[chapter.value]]
    assert {e["until"] for e in every if e["until"] and e["until"] not in text} == set()
    if details:
        assert {each["name"] for each in every if each["name"] not in text} == set()
    assert ("NO DATA LOST" in text) is (LOST[provider] == ExitCode.OK)


def test_names_that_a_state_brings_are_shown_on_one_line() -> None:
    found = told_of(
        Facts((fact(ObjectStore, "a\nb\x1b[31m", **STORE),), ()), resource("a\nb\x1b[31m")
    )
    text = removal_as_text(found)
    assert "\x1b" not in text
    assert "    a b" in text
    assert "\x1b" not in removal_as_json(found)


def test_the_page_has_the_command() -> None:
    page = (ROOT / "docs" / "platform" / "remove.md").read_text(encoding="utf-8")
    assert "havre removal" in page
