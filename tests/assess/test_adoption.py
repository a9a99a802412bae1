"""Existing resources recognised under a warehouse's names: sure, ambiguous, missing, foreign."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from havre.assess.adoption import Adoption, How, Wanted, adoption
from havre.cli import main
from havre.errors import ExitCode, InputError
from havre.plan.states import from_state
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import read_settings
from tests.check.asked import DAY, EXAMPLES
from tests.clouds import SETTINGS

EMC2 = EXAMPLES["emc2"]
ACCOUNT = "azure-native:storage:StorageAccount"
CONTAINER = "azure-native:storage:BlobContainer"
BUCKET = "ovh:CloudProject/storage:Storage"
GROUP_OF = {"resourceGroupName": "rg-hospital"}
IN = {**GROUP_OF, "location": "francecentral"}
Row = tuple[str, str, dict[str, Any]]


def made(token: str, id_: str, **inputs: Any) -> Row:
    return token, id_, inputs


def account(name: str, **more: Any) -> Row:
    return made(ACCOUNT, f"/subscriptions/s/x/{name}", accountName=name, **{**IN, **more})


def state(folder: Path, rows: Iterable[Row], **more: Any) -> Path:
    resources = [
        {
            "urn": f"urn:pulumi:team::estate::{kind}::r{number}",
            "type": kind,
            "custom": True,
            "id": id_,
            "inputs": inputs,
            "outputs": more.get("outputs", {}),
        }
        for number, (kind, id_, inputs) in enumerate(rows)
    ]
    file = folder / "team.json"
    document = {"version": 3, "deployment": {"resources": resources}}
    file.write_text(json.dumps(document))
    return file


def adopted(
    folder: Path, *rows: Row, provider: str = "azure", there: tuple[str, ...] = (), **settings: Any
) -> Adoption:
    it = find(provider)
    given = read_settings(it, {**SETTINGS[provider], **settings})
    wanted = Wanted(load(EMC2).warehouse, it, given, provider, DAY, there)
    return adoption(wanted, from_state(state(folder, rows), provider))


def pairs(found: Adoption) -> dict[str, tuple[str, How]]:
    return {m.planned.name: (m.existing.id.rpartition("/")[2], m.how) for m in found.matches}


def doing(found: Adoption) -> dict[str, str]:
    return {c.name: c.doing.value for c in found.changes}


def test_tags_of_a_zone_tell_its_account_and_the_container_follows(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        account("sthospitalone", tags={"zone": "curated"}),
        account("sthospitaltwo", tags={"zone": "landing"}),
        made(CONTAINER, "/c/data", accountName="sthospitalone", containerName="data", **GROUP_OF),
    )
    assert pairs(found) == {
        "emc2-production-zone-curated": ("sthospitalone", How.TAGS),
        "emc2-production-zone-landing": ("sthospitaltwo", How.TAGS),
        "emc2-production-zone-curated-container": ("data", How.ALONE),
    }
    assert found.settings["names"] == {
        "emc2-production": "rg-hospital",  # in which all of them are
        "emc2-production-zone-curated": "sthospitalone",
        "emc2-production-zone-landing": "sthospitaltwo",
        "emc2-production-zone-curated-container": "data",
    }
    accounts = {name: doing(found)[name] for name in pairs(found)}
    assert set(accounts.values()) <= {"in place", "fails during the update"}


def test_several_candidates_are_listed_and_none_is_taken(tmp_path: Path) -> None:
    found = adopted(tmp_path, account("stone"), account("sttwo"))
    assert pairs(found) == {}
    curated = next(u for u in found.unclear if u.planned.name == "emc2-production-zone-curated")
    assert {c.id.rpartition("/")[2] for c in curated.candidates} == {"stone", "sttwo"}
    assert found.grave  # another account would be made beside the data
    assert found.document["resources"] == []


def test_one_account_that_could_be_any_zone_is_not_taken_either(tmp_path: Path) -> None:
    found = adopted(tmp_path, account("stone"))
    assert pairs(found) == {}
    assert len(found.unclear) > 4


def test_a_name_that_is_given_decides(tmp_path: Path) -> None:
    names = {"emc2-production-zone-curated": "sttwo"}
    found = adopted(tmp_path, account("stone"), account("sttwo"), names=names)
    assert pairs(found) == {"emc2-production-zone-curated": ("sttwo", How.IDENTITY)}
    assert {c.id for u in found.unclear for c in u.candidates} == {"/subscriptions/s/x/stone"}


def test_tags_that_contradict_and_other_regions_are_no_candidates(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        account("stelsewhere", location="northeurope", tags={"zone": "curated"}),
        account("stother", tags={"zone": "of-another-warehouse"}),
    )
    assert pairs(found) == {}
    assert found.unclear == ()
    assert {e.id.rpartition("/")[2] for e in found.others} == {"stelsewhere", "stother"}
    assert not found.grave


def test_what_would_be_replaced_is_named_first_and_is_grave(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        account("stone", tags={"zone": "curated"}, isHnsEnabled=True),
        account("sttwo", tags={"zone": "landing"}),
    )
    assert found.grave
    assert (found.changes[0].name, found.changes[0].doing.value) == (
        "emc2-production-zone-curated",
        "refused",
    )
    assert "isHnsEnabled" in found.changes[0].because


def test_two_groups_are_told_apart_by_nobody(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        account("stone", tags={"zone": "curated"}),
        account("sttwo", tags={"zone": "landing"}, resourceGroupName="rg-other"),
    )
    assert "emc2-production" not in found.settings["names"]
    refused = [c.name for c in found.changes if "resourceGroupName" in c.because]
    assert refused
    assert found.grave


def test_a_place_written_in_another_way_is_recognised_and_still_a_difference(
    tmp_path: Path,
) -> None:
    found = adopted(tmp_path, account("stone", tags={"zone": "curated"}, location="France Central"))
    assert pairs(found) == {"emc2-production-zone-curated": ("stone", How.TAGS)}
    assert found.changes[0].because == ("location",)


def test_types_with_a_version_are_known_and_tags_of_all_are_kept(tmp_path: Path) -> None:
    tags = {"zone": "curated", "team": "data", "owner": "x"}
    old = "azure-native:storage/v20230101:StorageAccount"
    found = adopted(tmp_path, (old, *account("stone", tags=tags)[1:]))
    assert pairs(found) == {"emc2-production-zone-curated": ("stone", How.TAGS)}
    assert found.settings["tags"] == {"team": "data"}
    imported = [r for r in found.document["resources"] if not r.get("component")]
    assert [r["type"] for r in imported] == [ACCOUNT]


def test_tags_that_cannot_be_kept_are_not_proposed(tmp_path: Path) -> None:
    tags = {"zone": "curated", "hidden-title": "x", "cost centre": "1"}
    found = adopted(tmp_path, account("stone", tags=tags))
    assert found.settings["tags"] == {}


def test_the_file_imports_below_the_components(tmp_path: Path) -> None:
    found = adopted(tmp_path, account("stone", tags={"zone": "curated"}))
    root, zones, only = found.document["resources"]
    assert (root["name"], root["component"]) == ("emc2", True)
    assert (zones["name"], zones["parent"], zones["component"]) == ("emc2-zones", "emc2", True)
    assert only == {
        "type": ACCOUNT,
        "name": "emc2-production-zone-curated",
        "logicalName": "emc2-production-zone-curated",
        "parent": "emc2-zones",
        "id": "/subscriptions/s/x/stone",
    }
    assert "nameTable" not in found.document


def test_components_that_the_stack_has_are_named_by_urn(tmp_path: Path) -> None:
    rows = [account("stone", tags={"zone": "curated"})]
    plan = adopted(tmp_path, *rows).plan
    renamed = {r.name: r.urn.replace(":azure::", ":prod::") for r in plan.resources if not r.custom}
    found = adopted(tmp_path, *rows, there=(renamed["emc2"],))
    assert found.document["nameTable"] == {"emc2": renamed["emc2"]}
    assert [r["name"] for r in found.document["resources"]] == [
        "emc2-zones",
        "emc2-production-zone-curated",
    ]


def test_a_bucket_is_imported_by_project_region_and_name(tmp_path: Path) -> None:
    project = SETTINGS["ovh"]["service_name"]
    inputs = {"regionName": "EU-WEST-PAR", "name": "hospital-raw", "tags": {"zone": "landing"}}
    found = adopted(
        tmp_path, made(BUCKET, "hospital-raw", serviceName=project, **inputs), provider="ovh"
    )
    assert pairs(found) == {"emc2-zones-landing": ("hospital-raw", How.TAGS)}
    (entry,) = [r for r in found.document["resources"] if "id" in r]
    assert entry["id"] == f"{project}/EU-WEST-PAR/hospital-raw"
    lacking = adopted(tmp_path, made(BUCKET, "hospital-raw", **inputs), provider="ovh")
    assert lacking.unimportable == ("emc2-zones-landing",)
    assert lacking.grave
    assert not [r for r in lacking.document["resources"] if "id" in r]


KUBE = "ovh:CloudProject/kube:Kube"
RESTRICTIONS = "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions"
SUBSCRIPTION = "ovh:index/cloudProjectKubeLogSubscription:CloudProjectKubeLogSubscription"
STREAM = "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream"
INSIDE = {"serviceName": SETTINGS["ovh"]["service_name"]}
CLUSTER = made(KUBE, "kube-1", name="research", region="EU-WEST-PAR", **INSIDE)
OPENED = made(RESTRICTIONS, "open-1", kubeId="kube-1", ips=["192.0.2.0/24"], **INSIDE)


def test_what_has_no_name_is_recognised_by_what_it_belongs_to(tmp_path: Path) -> None:
    other = made(RESTRICTIONS, "open-2", kubeId="kube-2", ips=["192.0.2.0/24"], **INSIDE)
    found = pairs(adopted(tmp_path, CLUSTER, OPENED, other, provider="ovh"))
    assert found["emc2-cluster-kube"] == ("kube-1", How.ALONE)
    assert found["emc2-cluster-restrictions"] == ("open-1", How.ABOVE)


def test_what_belongs_to_something_unrecognised_is_not_taken(tmp_path: Path) -> None:
    assert pairs(adopted(tmp_path, OPENED, provider="ovh")) == {}


def test_two_that_belong_to_the_same_are_not_guessed_between(tmp_path: Path) -> None:
    twin = made(RESTRICTIONS, "open-2", kubeId="kube-1", ips=[], **INSIDE)
    found = pairs(adopted(tmp_path, CLUSTER, OPENED, twin, provider="ovh"))
    assert "emc2-cluster-restrictions" not in found


@pytest.mark.parametrize(
    ("stream", "kind", "taken"),
    [("ldp-1", "audit", True), ("ldp-2", "audit", False), ("ldp-1", "other", False)],
)
def test_all_that_it_belongs_to_is_the_same(
    tmp_path: Path, stream: str, kind: str, taken: bool
) -> None:
    rows = (
        CLUSTER,
        made(STREAM, "ldp-1", title="audit", **INSIDE),
        made(SUBSCRIPTION, "sub-1", kubeId="kube-1", streamId=stream, kind=kind, **INSIDE),
    )
    found = pairs(adopted(tmp_path, *rows, provider="ovh"))
    assert ("emc2-cluster-logs" in found) is taken


@pytest.mark.parametrize(
    ("rows", "provider", "said"),
    [
        ([made(BUCKET, "b", name="b")], "azure", "the state has nothing of azure: it has ovh"),
        ([account("stone")], "ovh", "the state has nothing of ovh: it has azure-native"),
        ([made("aws:s3/bucket:Bucket", "b")], "azure", "it has aws"),
        ([made("havre:index:ResearchWarehouse", "w")], "azure", "already contains a warehouse"),
    ],
)
def test_a_state_of_something_else_is_refused(
    tmp_path: Path, rows: list[Row], provider: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        adopted(tmp_path, *rows, provider=provider)


def test_a_provider_that_adopts_nothing_says_so(tmp_path: Path) -> None:
    it = find("local")
    wanted = Wanted(
        load(EMC2).warehouse, it, read_settings(it, {"data_dir": "/srv/w"}), "local", DAY
    )
    with pytest.raises(InputError, match="does not work with local"):
        adoption(wanted, from_state(state(tmp_path, [account("stone")]), "local"))


def run(*words: str) -> int:
    settings = [f"--set={name}={value}" for name, value in SETTINGS["azure"].items()]
    return main(["adopt", str(EMC2), "-p", "azure", *settings, *words])


def test_the_command_writes_both_files_and_says_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = state(tmp_path, [account("stone", tags={"zone": "curated"}), account("stsite")])
    out = tmp_path / "adoption"
    code = run("--state", str(file), "--out", str(out))
    told = capsys.readouterr().out
    assert code == ExitCode.FINDINGS  # one account may be any of the other zones
    assert "emc2-production-zone-curated (StorageAccount) <- /subscriptions/s/x/stone" in told
    assert "AMBIGUOUS (DATA): StorageAccount" in told
    written = json.loads((out / "settings.json").read_text())
    assert written["names"]["emc2-production-zone-curated"] == "stone"
    assert json.loads((out / "import.json").read_text())["resources"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "x"], "--out: only with --state FILE"),
        (["--state", "team.json"], "Missing --out FOLDER"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == ExitCode.INPUT
    assert said in capsys.readouterr().err
