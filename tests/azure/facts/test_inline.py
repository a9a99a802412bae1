"""What stands inside another: peerings of a network, connections of a service, its policies."""

from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Facts, Known, Unknown
from havre.facts.model import Grant, NetworkElement, Neutral, Right
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre_azure.facts import facts
from tests.azure.facts.resources import NO, SCOPE, YES

NETWORKS = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"


def resource(kind: str, name: str, **inputs: Any) -> PlannedResource:
    token = f"azure-native:{kind}"
    return PlannedResource(f"urn:pulumi:s::p::{token}::{name}", token, name, True, inputs)


def read(*resources: PlannedResource, **told: Any) -> Facts:
    return facts(Plan("azure", resources, **told))


def network(name: str, **inputs: Any) -> PlannedResource:
    return resource(
        "network:VirtualNetwork",
        name,
        virtualNetworkName=name,
        location="francecentral",
        **inputs,
    )


def peering(remote: Any, **differs: Any) -> dict[str, Any]:
    return {"name": "p", "remoteVirtualNetwork": {"id": remote}, **differs}


REMOTE = "remoteVirtualNetwork.id"
LISTED = "virtualNetworkPeerings"
PEERINGS: list[Any] = [
    ([peering(f"{NETWORKS}/other")], [REMOTE]),
    ([peering(f"{NETWORKS}/OTHER", allowVirtualNetworkAccess=UNKNOWN)], [REMOTE]),
    ([peering(UNKNOWN)], [REMOTE]),
    ([Secret(peering(f"{NETWORKS}/other"))], [REMOTE]),
    ([{"name": "p"}], [REMOTE]),
    ([peering(f"{NETWORKS}/spoke")], []),
    ([], []),
    (None, []),
]


@pytest.mark.parametrize(
    ("listed", "paths"), [*PEERINGS, ([UNKNOWN], [LISTED]), (UNKNOWN, [LISTED])], ids=str
)
def test_a_peering_within_a_network_is_told_where_it_leads_away(
    listed: Any, paths: list[str]
) -> None:
    found = read(network("hub", virtualNetworkPeerings=listed), network("spoke"))
    assert [each.path for each in found.unread] == paths


@pytest.mark.parametrize(("listed", "paths"), PEERINGS, ids=str)
def test_a_peering_of_its_own_is_told_alike(listed: Any, paths: list[str]) -> None:
    each = listed[0] if listed else peering(f"{NETWORKS}/spoke")
    each = each.value if isinstance(each, Secret) else each
    own = resource(
        "network:VirtualNetworkPeering",
        "p",
        virtualNetworkName="hub",
        virtualNetworkPeeringName="p",
        **{key: value for key, value in each.items() if key != "name"},
    )
    found = read(network("hub"), network("spoke"), own)
    assert [unread.path for unread in found.unread] == paths
    twice = read(network("hub", virtualNetworkPeerings=[each]), network("spoke"), own)
    assert [unread.path for unread in twice.unread] == paths


def test_a_peering_of_which_the_network_comes_from_the_plan_leads_nowhere_else() -> None:
    spoke = network("spoke")
    hub = replace(
        network("hub", virtualNetworkPeerings=[peering(UNKNOWN)]),
        property_dependencies={"virtualNetworkPeerings": (spoke.urn,)},
    )
    assert read(hub, spoke).unread == ()


def test_a_subnet_of_a_network_without_a_known_name_is_its_own() -> None:
    """Two networks whose names are not known yet may each have a subnet of one name."""
    inside = resource("network:VirtualNetwork", "n", subnets=[{"name": "default"}])
    other = resource(
        "network:Subnet", "s", virtualNetworkName=UNKNOWN, subnetName="default", addressPrefix="x"
    )
    found = read(inside, other)
    assert len([each for each in found.of(NetworkElement) if each.segment == "default"]) == 2


def test_a_network_that_goes_takes_no_part_in_what_stays() -> None:
    gone = replace(network("old", subnets=[{"name": "database"}]), operation="delete")
    found = read(network("new"), removed=(gone,))
    assert [each.segment for each in found.of(NetworkElement)] == [""]
    assert [each.resource.urn for each in found.removed] == [gone.urn]


FIREWALL = [
    resource("network:AzureFirewall", "fw", azureFirewallName="fw", location="francecentral"),
]


def route(prefix: Any, hop: Any = "VirtualAppliance", **differs: Any) -> dict[str, Any]:
    return {"addressPrefix": prefix, "nextHopType": hop, "nextHopIpAddress": UNKNOWN, **differs}


FOUR, BOTH = route("0.0.0.0/0"), [route("0.0.0.0/0"), route("::/0")]
DUAL = ["10.0.0.0/24", "fd00:db8::/64"]


@pytest.mark.parametrize(
    ("prefixes", "routes", "denied"),
    [
        (DUAL, [FOUR], NO),
        (DUAL, [FOUR, route("::/0", "Internet")], NO),
        (DUAL, [FOUR, route("::/1")], NO),
        (DUAL, BOTH, YES),
        (DUAL, [FOUR, route("::/0", "None")], YES),
        (DUAL, [FOUR, route("2000::/3")], NO),
        (["10.0.0.0/24"], [FOUR], YES),
        (["10.0.0.0/24", UNKNOWN], [FOUR], Unknown("addressPrefixes")),
        (["10.0.0.0/24", UNKNOWN], BOTH, YES),
        (["10.0.0.0/24"], [route("0.0.0.0/0", "Internet")], NO),
        (["10.0.0.0/24"], [route("0.0.0.0/0", UNKNOWN)], Unknown("routes[].nextHopType")),
    ],
    ids=str,
)
def test_what_leaves_by_either_version_is_led_to_the_firewall(
    prefixes: Any, routes: Any, denied: Any
) -> None:
    table = resource("network:RouteTable", "t", routeTableName="t", routes=routes)
    subnet = resource(
        "network:Subnet",
        "s",
        virtualNetworkName="hub",
        subnetName="compute",
        addressPrefixes=prefixes,
        routeTable={"id": f"{NETWORKS}/../routeTables/t"},
    )
    (found,) = [
        each
        for each in read(*FIREWALL, network("hub"), table, subnet).of(NetworkElement)
        if each.segment == "compute"
    ]
    assert found.egress_denied == denied


CONNECTED = {
    "containerregistry": "registryName",
    "containerservice": "resourceName",
    "dbforpostgresql": "serverName",
    "keyvault": "vaultName",
    "monitor": "scopeName",
    "storage": "accountName",
}
STATUS = "privateLinkServiceConnectionState.status"


@pytest.mark.parametrize("module", [*CONNECTED, "recoveryservices"])
@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("Approved", True),
        ("approved", True),
        (UNKNOWN, True),
        ("Rejected", False),
        ("pending", False),
        (None, False),
    ],
    ids=str,
)
def test_a_private_endpoint_that_is_let_in_is_told(module: str, status: Any, told: bool) -> None:
    state: dict[str, Any] = {"privateLinkServiceConnectionState": {"status": status}}
    path = STATUS
    if module == "recoveryservices":
        state, path = {"properties": state}, f"properties.{STATUS}"
    found = read(resource(f"{module}:PrivateEndpointConnection", "c", **state))
    assert [each.path for each in found.unread] == ([path] if told else [])
    assert (len(found.of(Neutral)), found.unclassified) == (1, ())


ENTRY: dict[str, Any] = {
    "objectId": "who",
    "tenantId": "t",
    "permissions": {"keys": ["get", "wrapKey"], "secrets": ["get"]},
}


@pytest.mark.parametrize(
    ("entry", "rights"),
    [
        (ENTRY, Known({Right.USE_KEYS, Right.READ})),
        ({**ENTRY, "permissions": {"keys": ["purge"]}}, Known({Right.USE_KEYS, Right.MANAGE_KEYS})),
        (
            {**ENTRY, "permissions": {"secrets": ["set"]}},
            Known({Right.READ, Right.WRITE, Right.DELETE}),
        ),
        ({**ENTRY, "permissions": UNKNOWN}, Unknown("policy.permissions.keys")),
        (
            {**ENTRY, "permissions": {"keys": ["get", UNKNOWN]}},
            Unknown("policy.permissions.keys", Known({Right.USE_KEYS})),
        ),
        ({**ENTRY, "permissions": {"certificates": ["get"]}}, Known(frozenset())),
    ],
)
def test_an_access_policy_of_its_own_is_a_grant_on_its_vault(entry: Any, rights: Any) -> None:
    vault = resource("keyvault:Vault", "kv", vaultName="kv")
    policy = resource("keyvault:AccessPolicy", "p", vaultName="kv", policy=entry)
    (grant,) = read(vault, policy).of(Grant)
    assert (grant.identity, grant.targets, grant.rights) == (
        Known("who"),
        Known((vault.urn,)),
        rights,
    )


def test_an_access_policy_is_nothing_where_roles_decide_and_open_where_its_vault_is_not_known() -> (
    None
):
    vault = resource(
        "keyvault:Vault", "kv", vaultName="kv", properties={"enableRbacAuthorization": True}
    )
    policy = resource("keyvault:AccessPolicy", "p", vaultName="kv", policy=ENTRY)
    assert read(vault, policy).of(Grant) == []
    assert [grant.targets for grant in read(policy).of(Grant)] == [Unknown("vaultName")]
