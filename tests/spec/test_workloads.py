"""What isolates projects in a cluster: the same objects for every provider."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from havre.cli.app import run
from havre.errors import ExitCode
from havre.spec.workloads import CORES, INSIDE, manifests
from tests.policy.mutations import DROP, EXAMPLE, changed, spec_for

if TYPE_CHECKING:
    from pathlib import Path

    from havre.spec import Warehouse

SPEC = spec_for("azure")
DAY = dt.date(2026, 11, 23)
PROJECTS = ["cohort-diabetes", "covid-long-term"]
RESTRICTED = {f"pod-security.kubernetes.io/{m}": "restricted" for m in ("enforce", "audit", "warn")}


def objects(kind: str, spec: Warehouse = SPEC, **how: Any) -> dict[str, dict[str, Any]]:
    """Objects of a kind, by namespace and name."""
    found = manifests(spec, how.pop("day", DAY), **how)["items"]
    return {
        f"{each['metadata'].get('namespace', '')}/{each['metadata']['name']}": each
        for each in found
        if each["kind"] == kind
    }


def test_each_project_has_a_namespace_whose_pods_are_restricted() -> None:
    namespaces = objects("Namespace")
    assert [*namespaces] == [f"/{name}" for name in PROJECTS]
    for each in namespaces.values():
        assert RESTRICTED.items() <= each["metadata"]["labels"].items()


def test_no_account_has_a_token_and_the_projects_own_is_there() -> None:
    accounts = objects("ServiceAccount")
    assert {*accounts} == {f"{p}/{n}" for p in PROJECTS for n in (p, "default")}
    assert {each["automountServiceAccountToken"] for each in accounts.values()} == {False}


def test_everything_is_denied_first() -> None:
    for project in PROJECTS:
        denied = objects("NetworkPolicy")[f"{project}/deny-all"]["spec"]
        assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_only_names_and_the_warehouses_own_segments_are_reached() -> None:
    for project in PROJECTS:
        policy = objects("NetworkPolicy")[f"{project}/warehouse"]["spec"]
        assert policy["policyTypes"] == ["Egress"]
        assert "ingress" not in policy
        names, *blocks = policy["egress"]
        assert {(p["protocol"], p["port"]) for p in names["ports"]} == {("UDP", 53), ("TCP", 53)}
        assert names["to"][0]["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}
        assert [(b["to"][0]["ipBlock"]["cidr"], b["ports"][0]["port"]) for b in blocks] == [
            ("10.42.0.0/24", 443),
            ("10.42.1.0/24", 5432),
        ]


def blocks(found: dict[str, Any]) -> set[str]:
    """The addresses that network policies open."""
    rules = [each for item in found["items"] for each in item.get("spec", {}).get("egress", ())]
    peers = [peer["ipBlock"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]
    return {peer["cidr"] for peer in peers}


def test_segments_that_are_planned_elsewhere_are_reached_where_they_are() -> None:
    plan = {"endpoints": "10.42.8.0/24", "compute": "10.42.64.0/20"}
    assert blocks(manifests(SPEC, DAY, address_plan=plan)) == {"10.42.8.0/24", "10.42.1.0/24"}


PLANNED = {"config": {"warehouse:settings": {"address_plan": {"database": "10.42.9.0/24"}}}}


@pytest.mark.parametrize("named", ["by option", "next to the file", "of another file"])
def test_the_command_takes_the_addresses_that_a_stack_file_plans(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    file = tmp_path / "warehouse.yaml"
    file.write_text(EXAMPLE.read_text())
    config = {"warehouse:provider": "ovh", **PLANNED["config"]}
    if named == "of another file":
        config["warehouse:spec"] = "another.yaml"
    stack = tmp_path / ("stack.json" if named == "by option" else "Pulumi.cloud.yaml")
    stack.write_text(json.dumps({"config": config}))
    words = ["--stack-config", str(stack)] if named == "by option" else []
    assert run(["cluster", "manifests", str(file), "--as-of", str(DAY), *words]) == ExitCode.OK
    taken = "10.42.1.0/24" if named == "of another file" else "10.42.9.0/24"
    assert blocks(json.loads(capsys.readouterr().out)) == {"10.42.0.0/24", taken}


def test_the_command_refuses_addresses_that_the_provider_refuses(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stack = tmp_path / "stack.json"
    settings = {"address_plan": {"database": "10.99.0.0/24"}}
    config = {"warehouse:provider": "ovh", "warehouse:settings": settings}
    stack.write_text(json.dumps({"config": config}))
    command = ["cluster", "manifests", str(EXAMPLE), "--stack-config", str(stack)]
    assert run(command) == ExitCode.INPUT
    assert "database (10.99.0.0/24) is not within 10.42.0.0/16" in capsys.readouterr().err


def test_public_addresses_are_reached_only_if_asked_and_never_inside() -> None:
    policy = objects("NetworkPolicy", public_ports=[443, 443])["cohort-diabetes/warehouse"]
    *_, outside = policy["spec"]["egress"]
    assert outside["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": [*INSIDE]}}]
    assert outside["ports"] == [{"protocol": "TCP", "port": 443}]


def test_projects_share_the_cluster_and_open_no_way_in() -> None:
    assert SPEC.cluster is not None
    shares = [each["spec"]["hard"] for each in objects("ResourceQuota").values()]
    cores = SPEC.cluster.nodes * CORES[SPEC.cluster.size]
    assert sum(int(share["limits.cpu"]) for share in shares) <= cores
    for share in shares:
        assert (share["services.loadbalancers"], share["services.nodeports"]) == ("0", "0")
    assert [*objects("LimitRange")] == [f"{project}/usual" for project in PROJECTS]


def test_a_project_that_has_ended_is_given_nothing() -> None:
    assert [*objects("Namespace", day=dt.date(2028, 7, 1))] == ["/covid-long-term"]
    assert manifests(SPEC, dt.date(2035, 1, 1))["items"] == []


def test_a_warehouse_without_a_cluster_has_no_objects() -> None:
    with pytest.raises(ValueError, match="no cluster"):
        manifests(changed(SPEC, ("cluster", DROP)), DAY)


def test_the_command_writes_one_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cluster", "manifests", str(EXAMPLE), "--as-of", str(DAY)]) == ExitCode.OK
    written = json.loads(capsys.readouterr().out)
    assert (written["apiVersion"], written["kind"]) == ("v1", "List")
    assert (
        len(
            {
                each["metadata"]["namespace"]
                for each in written["items"]
                if "namespace" in each["metadata"]
            }
        )
        == 3
    )


def test_the_command_needs_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    hospital = EXAMPLE.parents[1] / "hospital" / "warehouse.yaml"
    assert run(["cluster", "manifests", str(hospital)]) == ExitCode.INPUT
    assert "no section `cluster`" in capsys.readouterr().err
