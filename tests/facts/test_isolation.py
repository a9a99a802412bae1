"""What isolates a project in a cluster, and every way in which it would only seem to."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from havre.facts import DOES_NOT_APPLY, Facts, Known, Reserved, Unknown
from havre.facts.model import Compute, Holder, Namespace, Neutral
from havre.plan.values import UNKNOWN
from tests.azure import stack as azure
from tests.ovh import stack as ovh
from tests.scaleway import stack as scaleway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from havre.plan import Plan, PlannedResource

    Change = Callable[[dict[str, Any]], None]

PROJECT = "cohort-diabetes"
NAME = f"emc2-cluster-{PROJECT}"
API = "emc2-cluster-api"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
ENFORCE = "pod-security.kubernetes.io/enforce"
PROVIDERS = ("azure", "ovh", "scaleway")


@cache
def plan_on(provider: str) -> Plan:
    if provider == "azure":
        return azure.plan_of(azure.example("emc2"), kubernetes_context="emc2")
    if provider == "scaleway":
        return scaleway.planned(scaleway.example("emc2"), kubernetes_context="emc2")
    return ovh.planned(ovh.example("emc2"), kubernetes_context="emc2")


def facts_on(provider: str, plan: Plan) -> Facts:
    stacks = {"azure": azure, "ovh": ovh, "scaleway": scaleway}
    return stacks[provider].provider.facts(plan)


def compute(provider: str, plan: Plan) -> Compute:
    (found,) = facts_on(provider, plan).of(Compute)
    return found


def project_of(found: Compute) -> Namespace:
    assert isinstance(found.namespaces, Known)
    return {each.name: each for each in found.namespaces.value}[PROJECT]


def judged(plan: Plan, provider: str = "ovh") -> Namespace:
    return project_of(compute(provider, plan))


def changed(plan: Plan, name: str, change: Change, *, seen: bool = False) -> Plan:
    """The plan with one object changed: as it is planned, or as the cluster returned it."""
    found = []
    for each in plan.resources:
        if each.name != name:
            found.append(each)
            continue
        inputs = copy.deepcopy(dict(each.inputs))
        change(inputs)
        new = {"outputs": inputs, "id": "it"} if seen else {"inputs": inputs}
        found.append(replace(each, **new))
    assert tuple(found) != plan.resources
    return replace(plan, resources=tuple(found))


def without(plan: Plan, *names: str) -> Plan:
    kept = tuple(each for each in plan.resources if each.name not in names)
    assert len(kept) == len(plan.resources) - len(names)
    return replace(plan, resources=kept)


def beside(plan: Plan, kind: str, inputs: Mapping[str, Any], **more: Any) -> Plan:
    """The plan with another resource next to the project's first policy."""
    (model,) = [each for each in plan.resources if each.name == f"{NAME}-deny-all"]
    other = replace(model, urn=f"{model.urn}-2", type=kind, name="another", inputs=inputs, **more)
    return replace(plan, resources=(*plan.resources, other))


def policy(namespace: str = PROJECT, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "another", "namespace": namespace}
    return {"kind": "NetworkPolicy", "metadata": metadata, "spec": {"podSelector": {}, **spec}}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_planned_isolates_every_project(provider: str) -> None:
    found = compute(provider, plan_on(provider))
    assert found.isolated == Known(value=True)
    assert isinstance(found.namespaces, Known)
    assert len(found.namespaces.value) == 3
    assert {each.opened for each in found.namespaces.value} == {()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_object_is_known_and_a_namespace_takes_volumes_with_it(provider: str) -> None:
    found = facts_on(provider, plan_on(provider))
    assert found.unclassified == ()
    by_type = {(type(each), each.type) for each in found.items if "kubernetes:" in each.type}
    core = "kubernetes:core/v1:"
    assert by_type == {
        (Holder, f"{core}Namespace"),
        *((Neutral, f"{core}{kind}") for kind in ("ServiceAccount", "ResourceQuota", "LimitRange")),
        (Neutral, POLICY),
    }
    assert {each.guarded for each in found.of(Holder) if each.name == NAME} == {Known(value=True)}


def test_a_plan_without_objects_says_that_somebody_must_apply_them() -> None:
    found = compute("ovh", ovh.emc2())
    assert isinstance(found.isolated, Reserved)
    assert found.namespaces is DOES_NOT_APPLY or found.namespaces == DOES_NOT_APPLY


def labels(**new: str | None) -> Change:
    def change(inputs: dict[str, Any]) -> None:
        told = inputs["metadata"]["labels"]
        told |= {f"{ENFORCE}{key}": value for key, value in new.items() if value}
        for key in [f"{ENFORCE}{key}" for key, value in new.items() if value is None]:
            told.pop(key)

    return change


def spec(**new: Any) -> Change:
    return lambda inputs: inputs["spec"].update(new)


def without_hard(name: str) -> Change:
    return lambda inputs: inputs["spec"]["hard"].pop(name)


def hard(name: str, value: str) -> Change:
    return lambda inputs: inputs["spec"]["hard"].update({name: value})


def port(number: Any, protocol: str = "TCP") -> list[dict[str, Any]]:
    return [{"protocol": protocol, "port": number}]


def egress(to: list[Any] | None = None, ports: list[Any] | None = None) -> Change:
    rule = {**({"to": to} if to is not None else {}), **({"ports": ports} if ports else {})}
    return lambda inputs: inputs["spec"]["egress"].append(rule)


def block(cidr: str, *left_out: str) -> list[Any]:
    return [{"ipBlock": {"cidr": cidr, **({"except": [*left_out]} if left_out else {})}}]


INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
DENY, ALLOW, QUOTA = (f"{NAME}-{name}" for name in ("deny-all", "warehouse", "share"))
OPENED = "policy warehouse allows egress to"
WIDENED: dict[str, tuple[str, Change, str]] = {
    "privileged pods": (NAME, labels(**{"": "privileged"}), "pod security privileged"),
    "baseline pods": (NAME, labels(**{"": "baseline"}), "pod security baseline"),
    "pods of any kind": (NAME, labels(**{"": None}), "pod security is not set"),
    "an old standard": (NAME, labels(**{"-version": "v1.20"}), "pod security of version v1.20"),
    "a token": (
        f"{NAME}-{PROJECT}",
        lambda inputs: inputs.pop("automountServiceAccountToken"),
        f"a token for service account {PROJECT}",
    ),
    "no egress denied": (DENY, spec(policyTypes=["Ingress"]), ""),
    "no ingress denied": (DENY, spec(policyTypes=["Egress"]), "no policy that denies ingress"),
    "some pods only": (
        DENY,
        spec(podSelector={"matchLabels": {"app": "x"}}),
        "no policy that denies ingress",
    ),
    "any ingress": (DENY, spec(ingress=[{}]), "policy deny-all allows ingress from any address"),
    "any egress": (
        DENY,
        spec(egress=[{}]),
        "policy deny-all allows egress to any address on all ports",
    ),
    "pods of another namespace": (
        DENY,
        spec(ingress=[{"from": [{"namespaceSelector": {}}]}]),
        "policy deny-all allows ingress from pods of other namespaces",
    ),
    "an empty peer": (
        DENY,
        spec(ingress=[{"from": [{}]}]),
        "policy deny-all allows ingress from pods of other namespaces",
    ),
    "the whole network": (
        ALLOW,
        egress(block("10.42.0.0/16"), port(443)),
        f"{OPENED} 10.42.0.0/16",
    ),
    "data on all ports": (ALLOW, egress(block("10.42.0.0/24")), f"{OPENED} 10.42.0.0/24"),
    "data on another port": (
        ALLOW,
        egress(block("10.42.0.0/24"), port(22)),
        f"{OPENED} 10.42.0.0/24 on TCP 22",
    ),
    "the nodes": (ALLOW, egress(block("10.42.240.0/20"), port(443)), f"{OPENED} 10.42.240.0/20"),
    "a range of ports": (
        ALLOW,
        egress(block("10.42.0.0/24"), [{"port": 443, "endPort": 65535}]),
        f"{OPENED} 10.42.0.0/24 on all ports",
    ),
    "a named port": (ALLOW, egress(block("10.42.0.0/24"), port("https")), f"{OPENED} 10.42.0.0/24"),
    "another protocol": (
        ALLOW,
        egress(block("10.42.0.0/24"), port(443, "UDP")),
        f"{OPENED} 10.42.0.0/24 on UDP 443",
    ),
    "public and private addresses": (ALLOW, egress(block("0.0.0.0/0"), port(443)), f"{OPENED} 0."),
    "a private block forgotten": (
        ALLOW,
        egress(block("0.0.0.0/0", *INSIDE[:-1]), port(443)),
        f"{OPENED} 0.0.0.0/0",
    ),
    "public addresses on all ports": (
        ALLOW,
        egress(block("0.0.0.0/0", *INSIDE)),
        f"{OPENED} 0.0.0.0/0 on all ports",
    ),
    "every IPv6 address": (ALLOW, egress(block("::/0"), port(443)), f"{OPENED} ::/0"),
    "the resolver on all ports": (ALLOW, egress([DNS]), f"{OPENED} pods of other namespaces"),
    "all of the system": (
        ALLOW,
        egress([{"namespaceSelector": DNS["namespaceSelector"]}], port(53, "UDP")),
        f"{OPENED} pods of other namespaces",
    ),
    "no limit of cores": (QUOTA, without_hard("limits.cpu"), "no quota of limits.cpu"),
    "no limit of pods": (QUOTA, without_hard("pods"), "no quota of pods"),
    "ports of nodes": (QUOTA, hard("services.nodeports", "5"), "no quota of services.nodeports"),
    "a quota of some pods": (QUOTA, spec(scopes=["BestEffort"]), "no quota of limits.cpu"),
    "a selected quota": (QUOTA, spec(scopeSelector={"matchExpressions": [{}]}), "no quota of pods"),
    "no default limits": (
        f"{NAME}-usual",
        spec(limits=[{"type": "Pod"}]),
        "no default limits of containers",
    ),
}
UNCOVERED = {"no egress denied"}
"""Where another policy of the project still denies what is not named."""


@pytest.mark.parametrize("case", [*WIDENED])
@pytest.mark.parametrize("seen", [False, True], ids=["planned", "seen"])
def test_what_opens_a_namespace_shows_wherever_it_was_changed(case: str, seen: bool) -> None:
    name, change, opened = WIDENED[case]
    found = judged(changed(plan_on("ovh"), name, change, seen=seen))
    if case in UNCOVERED:
        assert found.isolated == Known(value=True)
        return
    assert found.isolated == Known(value=False)
    assert [each for each in found.opened if each.startswith(opened)]


def test_without_any_policy_of_one_direction_it_is_open() -> None:
    plan = changed(plan_on("ovh"), DENY, spec(policyTypes=["Ingress"]))
    found = judged(changed(plan, ALLOW, spec(policyTypes=["Ingress"])))
    assert "no policy that denies egress" in found.opened


INNER = (
    (DENY, "no policy that denies ingress"),
    (QUOTA, "no quota of limits.memory"),
    (f"{NAME}-usual", "no default limits of containers"),
    (f"{NAME}-default", "no service account default"),
    (f"{NAME}-{PROJECT}", f"no service account {PROJECT}"),
)


@pytest.mark.parametrize(("name", "opened"), INNER)
def test_what_is_missing_shows(name: str, opened: str) -> None:
    found = judged(without(plan_on("ovh"), name))
    assert found.isolated == Known(value=False)
    assert opened in found.opened


def test_a_policy_in_another_namespace_closes_nothing() -> None:
    def moved(inputs: dict[str, Any]) -> None:
        inputs["metadata"]["namespace"] = "elsewhere"

    found = judged(changed(plan_on("ovh"), DENY, moved))
    assert "no policy that denies ingress" in found.opened


@pytest.mark.parametrize(
    "rules",
    [
        {"policyTypes": ["Ingress"], "ingress": [{}]},
        {"policyTypes": ["Egress"], "egress": [{}]},
        {"podSelector": {"matchLabels": {"app": "x"}}, "ingress": [{"from": block("0.0.0.0/0")}]},
    ],
)
def test_a_second_policy_that_allows_opens_what_the_first_denies(rules: dict[str, Any]) -> None:
    found = judged(beside(plan_on("ovh"), POLICY, policy(**rules)))
    assert found.isolated == Known(value=False)
    assert all(each.startswith("policy another allows") for each in found.opened)
    elsewhere = judged(beside(plan_on("ovh"), POLICY, policy("elsewhere", **rules)))
    assert elsewhere.isolated == Known(value=True)


@pytest.mark.parametrize(
    "rules",
    [
        {"ingress": [{"from": [{"podSelector": {}}]}]},
        {"policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}]}]},
        {"policyTypes": ["Egress"], "egress": [{"to": block("10.42.1.0/25"), "ports": port(5432)}]},
        {"policyTypes": ["Egress"], "egress": [{"to": block("8.8.8.0/24"), "ports": port(443)}]},
    ],
)
def test_a_second_policy_within_the_projects_own_reach_opens_nothing(rules: dict) -> None:
    assert judged(beside(plan_on("ovh"), POLICY, policy(**rules))).isolated == Known(value=True)


def test_a_second_namespace_object_of_the_same_name_must_be_restricted_too() -> None:
    label = {f"{ENFORCE}": "privileged"}
    twin = {"kind": "Namespace", "metadata": {"name": PROJECT, "labels": label}}
    found = judged(beside(plan_on("ovh"), "kubernetes:core/v1:Namespace", twin))
    assert found.opened == ("pod security privileged",)


@pytest.mark.parametrize(
    "kind",
    [
        "kubernetes:networking.k8s.io/v1:NetworkPolicyPatch",
        "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
        "kubernetes:helm.sh/v3:Release",
    ],
)
def test_a_type_that_nothing_reads_leaves_isolation_open(kind: str) -> None:
    plan = beside(plan_on("ovh"), kind, policy())
    found = compute("ovh", plan)
    assert isinstance(found.namespaces, Unknown)
    assert kind in found.namespaces.property
    assert found.isolated == found.namespaces
    assert [each.type for each in facts_on("ovh", plan).unclassified] == [kind]


@pytest.mark.parametrize("path", ["metadata", "spec"])
def test_what_is_withheld_is_not_known(path: str) -> None:
    def withhold(inputs: dict[str, Any]) -> None:
        if path == "metadata":
            inputs["metadata"]["namespace"] = UNKNOWN
        else:
            inputs["spec"]["egress"][0]["to"] = UNKNOWN

    found = compute("ovh", changed(plan_on("ovh"), ALLOW, withhold))
    assert isinstance(found.isolated, Unknown)
    if path == "spec":
        assert isinstance(project_of(found).isolated, Unknown)


def of_type(plan: Plan, word: str) -> list[PlannedResource]:
    return [each for each in plan.resources if word in each.type]


def test_objects_of_another_cluster_isolate_nothing_here() -> None:
    def another(inputs: dict[str, Any]) -> None:
        inputs["clusterIdentifier"] = "another-cluster"

    plan = changed(plan_on("ovh"), API, another)
    untied = tuple(
        replace(each, property_dependencies={}) if each.name == API else each
        for each in plan.resources
    )
    found = compute("ovh", replace(plan, resources=untied))
    assert isinstance(found.isolated, Reserved)
    assert found.namespaces == DOES_NOT_APPLY


def test_objects_are_tied_by_identifier_where_a_state_tells_no_dependency() -> None:
    plan = plan_on("ovh")
    tied = tuple(
        replace(each, id="k-1")
        if each.type == ovh.KUBE
        else replace(each, property_dependencies={}, inputs={"clusterIdentifier": "k-1"})
        if each.name == API
        else each
        for each in plan.resources
    )
    assert judged(replace(plan, resources=tied)).isolated == Known(value=True)


def test_a_source_without_providers_ties_objects_by_their_dependencies() -> None:
    plan = without(plan_on("ovh"), API)
    assert judged(plan).isolated == Known(value=True)
    loose = tuple(
        replace(each, dependencies=()) if each.package == "kubernetes" else each
        for each in plan.resources
    )
    assert compute("ovh", replace(plan, resources=loose)).namespaces == DOES_NOT_APPLY


def test_a_provider_without_objects_isolates_nobody() -> None:
    plan = plan_on("ovh")
    bare = tuple(each for each in plan.resources if each.package != "kubernetes")
    assert compute("ovh", replace(plan, resources=bare)).namespaces == Known(())


@pytest.mark.parametrize(
    ("engine", "isolated"),
    [("none", Known(value=False)), (None, Known(value=False)), ("calico", Known(value=True))],
)
def test_policies_that_nothing_enforces_isolate_nothing(engine: str | None, isolated: Any) -> None:
    (cluster,) = of_type(plan_on("azure"), "containerservice:ManagedCluster")

    def change(inputs: dict[str, Any]) -> None:
        inputs["networkProfile"]["networkPolicy"] = engine

    found = judged(changed(plan_on("azure"), cluster.name, change), "azure")
    assert found.isolated == isolated
    lacks = () if isolated.value else ("no engine that enforces network policies",)
    assert found.opened == lacks


@pytest.mark.parametrize("network", ["none", "flannel", None, "cilium_native", "calico"])
def test_networks_of_pods_that_enforce_nothing_isolate_nothing(network: str | None) -> None:
    (cluster,) = of_type(plan_on("scaleway"), "kubernetes/cluster:Cluster")

    def change(inputs: dict[str, Any]) -> None:
        inputs["cni"] = network

    found = judged(changed(plan_on("scaleway"), cluster.name, change), "scaleway")
    assert found.isolated == Known(value=network in ("cilium_native", "calico"))


@pytest.mark.parametrize(
    ("provider", "kind", "name", "addresses"),
    [
        ("azure", "network:Subnet", "subnetName", "addressPrefix"),
        ("scaleway", "network/privateNetwork:PrivateNetwork", "name", "ipv4Subnet"),
    ],
)
def test_segments_whose_addresses_are_withheld_leave_policies_open(
    provider: str, kind: str, name: str, addresses: str
) -> None:
    def withhold(inputs: dict[str, Any]) -> None:
        inputs[addresses] = UNKNOWN

    plan = plan_on(provider)
    for each in of_type(plan, kind):
        if each.inputs[name].endswith(("endpoints", "database")):
            plan = changed(plan, each.name, withhold)
    found = judged(plan, provider)
    assert isinstance(found.isolated, Unknown)
    assert found.opened == ()


def test_planned_addresses_are_the_ones_that_policies_allow() -> None:
    plan = ovh.planned(
        ovh.example("emc2"),
        kubernetes_context="emc2",
        address_plan={"endpoints": "10.42.8.0/24"},
    )
    (made,) = [each for each in plan.resources if each.name == ALLOW]
    assert made.inputs["spec"]["egress"][1]["to"] == block("10.42.8.0/24")
    assert judged(plan).isolated == Known(value=True)
