"""In an estate that exists: what is given is used, never made, and never evaluated."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from havre.assess.check import check
from havre.errors import ExitCode, InputError
from havre.facts import Known, Outside, facts_of, outside_of
from havre.facts.model import LogRoute, NetworkElement
from havre.facts.stores import LogStore
from havre.plan import Plan
from havre.policy.findings import FindingKind, Result
from havre.provider.faults import faults
from havre.report.language import Language, speaking
from havre.report.texts import translated
from havre.stack.program import read_settings
from havre_azure.examining import GIVEN as NOT_LISTED
from havre_azure.examining import TOKEN, examine
from havre_azure.provider import provider
from tests.azure.estate import ARCHIVE, FIREWALL, HUB, NETWORK, PARTS, WHO, WORKSPACE, ZONES, estate
from tests.azure.stack import EXAMPLES, GIVEN, asked, at, example, gaps_of, of, one, plan_of

EVERYTHING = ("resource_group", "hub", "dns_zones", "workspace_id", "archive_id")
FIREWALLS = (
    "network:AzureFirewall",
    "network:FirewallPolicy",
    "network:FirewallPolicyRuleCollectionGroup",
    "network:PublicIPAddress",
)
WORKSPACES = (
    "operationalinsights:Workspace",
    "operationalinsights:Table",
    "monitor:PrivateLinkScope",
    "monitor:PrivateLinkScopedResource",
)
MAKES = {
    "resource_group": ("resources:ResourceGroup",),
    "hub": FIREWALLS,
    "dns_zones": ("privatedns:PrivateZone", "privatedns:VirtualNetworkLink"),
    "workspace_id": WORKSPACES,
}
"""What no plan makes where a part is given."""


@pytest.fixture(scope="module")
def given() -> Plan:
    return plan_of(example("emc2"), estate=estate())


@pytest.fixture(scope="module")
def alone() -> dict[str, Plan]:
    return {part: plan_of(example("emc2"), estate=estate(part)) for part in EVERYTHING}


@pytest.mark.parametrize(("part", "kinds"), MAKES.items(), ids=MAKES)
def test_what_is_given_is_not_made_a_second_time(
    part: str, kinds: tuple[str, ...], given: Plan, alone: dict[str, Plan], emc2: Plan
) -> None:
    for kind in kinds:
        assert not of(given, kind), kind
        assert not of(alone[part], kind), kind
        assert of(emc2, kind) or kind == "operationalinsights:Table", "else nothing is shown"


def test_an_archive_that_is_given_is_not_made_and_its_key_neither(
    given: Plan, alone: dict[str, Plan], emc2: Plan
) -> None:
    for plan in (given, alone["archive_id"]):
        assert not of(plan, "storage:StorageAccount", "audit-archive")
        assert not of(plan, "keyvault:Key", "audit-archive")
        assert not of(plan, "network:PrivateEndpoint", "audit-archive")
    assert of(emc2, "keyvault:Key", "audit-archive")


@pytest.mark.parametrize("part", EVERYTHING)
def test_each_part_alone_leaves_the_others_as_they_were(
    part: str, alone: dict[str, Plan], emc2: Plan
) -> None:
    for other, kinds in MAKES.items():
        kept = [kind for kind in kinds if other != part]
        for kind in kept:
            fewer = kind.startswith("privatedns") and part == "workspace_id"
            counts = len(of(alone[part], kind)), len(of(emc2, kind))
            assert counts[0] < counts[1] if fewer else counts[0] == counts[1], kind


def _settings(plan: Plan) -> Iterator[dict[str, Any]]:
    for kind in ("monitor:DiagnosticSetting", "monitor:SubscriptionDiagnosticSetting"):
        yield from (dict(each.inputs) for each in of(plan, kind))


def test_every_log_goes_to_what_is_given(given: Plan, alone: dict[str, Plan]) -> None:
    sent = list(_settings(given))
    assert len(sent) > 8
    assert {each["workspaceId"] for each in sent} == {WORKSPACE}
    accounts = {each.get("storageAccountId") for each in sent} - {None}
    assert ARCHIVE in accounts
    assert all("emc2recoveryarch" in each for each in accounts - {ARCHIVE}), "its own region's"
    assert {each["workspaceId"] for each in _settings(alone["workspace_id"])} == {WORKSPACE}
    flows = {each.name: each.inputs["storageId"] for each in of(given, "network:FlowLog")}
    assert flows["emc2-production-flows"] == ARCHIVE
    searches = of(given, "monitor:ScheduledQueryRule")
    assert searches
    assert {scope for each in searches for scope in each.inputs["scopes"]} == {WORKSPACE}


def test_nothing_is_set_or_locked_on_what_is_given(given: Plan) -> None:
    targets = [each.inputs["resourceUri"] for each in of(given, "monitor:DiagnosticSetting")]
    locked = [each.inputs["scope"] for each in of(given, "authorization:ManagementLockByScope")]
    assert targets
    assert locked
    assert not [each for each in (*targets, *locked) if each.startswith(HUB)]


def test_the_way_out_is_the_hubs_firewall(given: Plan, alone: dict[str, Plan]) -> None:
    for plan in (given, alone["hub"]):
        routes = one(plan, "network:RouteTable", "production-network-routes").inputs["routes"]
        assert [(r["nextHopType"], r["nextHopIpAddress"]) for r in routes] == [
            ("VirtualAppliance", FIREWALL)
        ]
        network = one(plan, "network:VirtualNetwork", "production-network")
        assert at(network.inputs, "dhcpOptions.dnsServers") == [FIREWALL]
        peering = one(plan, "network:VirtualNetworkPeering", "to-hub").inputs
        assert at(peering, "remoteVirtualNetwork.id") == NETWORK
        assert peering["allowForwardedTraffic"] is True
        assert not of(plan, "network:Subnet", "AzureFirewallSubnet")
        rules = one(plan, "network:NetworkSecurityGroup", "production-network-compute-rules")
        names = [r for r in rules.inputs["securityRules"] if r["name"] == "names"]
        assert [rule["destinationAddressPrefix"] for rule in names] == [FIREWALL]


def test_the_recovery_network_is_not_joined_to_the_hub(alone: dict[str, Plan]) -> None:
    network = one(alone["hub"], "network:VirtualNetwork", "recovery-network")
    assert at(network.inputs, "dhcpOptions") is None
    routes = one(alone["hub"], "network:RouteTable", "recovery-network-routes").inputs["routes"]
    assert [route["nextHopType"] for route in routes] == ["None"]


def test_without_anything_that_may_leave_a_hub_is_asked_for_names_alone() -> None:
    spec = asked(("network.egress", []), ("cluster", None))
    plan = plan_of(spec, estate=estate("hub"))
    routes = one(plan, "network:RouteTable", "production-network-routes").inputs["routes"]
    assert [route["nextHopType"] for route in routes] == ["None"]
    network = one(plan, "network:VirtualNetwork", "production-network")
    assert at(network.inputs, "dhcpOptions.dnsServers") == [FIREWALL]


def test_private_endpoints_and_the_database_have_their_names_in_the_given_zones(
    given: Plan,
) -> None:
    found = {
        config["privateDnsZoneId"]
        for each in of(given, "network:PrivateDnsZoneGroup")
        for config in each.inputs["privateDnsZoneConfigs"]
    }
    server = one(given, "dbforpostgresql:Server").inputs
    found.add(at(server, "network.privateDnsZoneArmResourceId"))
    monitor = {zone for zone in ZONES if "monitor" in zone or "opinsights" in zone}
    monitor.add("privatelink.agentsvc.azure-automation.net")  # the given workspace has its own
    assert found == {PARTS["dns_zones"][zone] for zone in ZONES if zone not in monitor}


def test_links_are_made_only_where_the_estate_says_so() -> None:
    mine = f"/subscriptions/{GIVEN['subscription_id']}/resourceGroups/rg-dns/providers/"
    kind = "Microsoft.Network/privateDnsZones/"
    zones = {"privatelink.blob.core.windows.net": f"{mine}{kind}privatelink.blob.core.windows.net"}
    for link, there in ((False, set()), (True, {"rg-dns"})):
        told = {**estate("hub"), "dns_zones": zones, "link": link}
        links = of(plan_of(example("emc2"), estate=told), "privatedns:VirtualNetworkLink")
        groups = {each.inputs["resourceGroupName"] for each in links}
        assert groups - {"emc2-production"} == there
        to_hub = [each for each in links if at(each.inputs, "virtualNetwork.id") == NETWORK]
        assert bool(to_hub) is link
        assert all(each.inputs["resourceGroupName"] != "rg-dns" for each in to_hub)


def test_a_given_group_holds_everything_and_is_not_protected(alone: dict[str, Plan]) -> None:
    plan = alone["resource_group"]
    groups = {r.inputs.get("resourceGroupName") for r in plan.resources} - {None}
    assert groups == {"rg-data", "NetworkWatcherRG"}
    account = one(plan, "storage:StorageAccount", "zone-landing")
    assert account.inputs["tags"]["warehouse"] == "emc2"
    assert of(plan, "authorization:ManagementLockByScope")


def test_the_plan_says_what_is_outside_of_it(given: Plan) -> None:
    found = outside_of(given)
    assert {each.answers_for for each in found.values()} == {WHO}
    assert {WORKSPACE.lower(), ARCHIVE.lower(), NETWORK.lower(), FIREWALL} <= found.keys()
    assert len(found) == 5 + len(ZONES)
    assert outside_of(plan_of(example("hospital"))) == {}


def test_facts_show_what_is_given_and_nothing_of_it(given: Plan) -> None:
    facts = facts_of(given, provider.facts)
    stores = {each.urn: each for each in facts.of(LogStore) if each.urn in facts.outside}
    assert stores.keys() == {WORKSPACE.lower(), ARCHIVE.lower()}
    for store in stores.values():
        assert isinstance(store.retention_days, Outside)
        assert isinstance(store.places, Outside)
    sinks = {
        s for each in facts.of(LogRoute) if isinstance(each.sinks, Known) for s in each.sinks.value
    }
    assert stores.keys() <= sinks
    segments = {each.name: each for each in facts.of(NetworkElement)}
    for segment in ("compute", "administration"):
        told = segments[f"emc2-production-network-{segment}"].egress_denied
        assert isinstance(told, Outside)


def test_a_firewall_that_nobody_gave_is_merely_unknown(given: Plan) -> None:
    """The same routes without a record: no one answers for the address to which they lead."""
    bare = Plan("azure", tuple(r for r in given.resources if "estate" not in r.inputs))
    facts = facts_of(bare, provider.facts)
    compute = next(each for each in facts.of(NetworkElement) if each.segment == "compute")
    assert not isinstance(compute.egress_denied, (Known, Outside))
    assert [each for each in facts.unread if "remoteVirtualNetwork" in each.path]


def checked(*parts: str, waivers: Path | None = None) -> Result:
    settings = {**GIVEN, "estate": estate(*parts)}
    return check(EXAMPLES / "emc2" / "warehouse.yaml", "azure", settings=settings, waivers=waivers)


OUTSIDE = {
    "resource_group": {"inventory.known"},
    "hub": {
        *("inventory.known", "exposure.egress", "exposure.open-ingress", "exposure.names"),
        *("audit.network", "residency.spread"),
    },
    "dns_zones": {"inventory.known"},
    "workspace_id": {
        *("inventory.known", "audit.administration", "audit.statements", "residency.logs"),
        *("residency.replicas", "residency.backups", "residency.unplaced", "encryption.at-rest"),
        *("encryption.customer-key", "encryption.in-transit", "exposure.public-storage"),
        *("exposure.private-endpoints", "exposure.shared-keys", "exposure.cross-tenant"),
        *("continuity.deletion", "continuity.state", "audit.retention"),
        "audit.protected",
    },
}
OUTSIDE["archive_id"] = OUTSIDE["workspace_id"]
"""Controls that say that something is outside the plan. Logs are retained in one of their stores:
what reaches a store outside and one of the warehouse's own that is not locked is not evaluated."""


@pytest.mark.parametrize("part", EVERYTHING)
def test_controls_name_what_is_outside_and_who_answers_for_it(part: str) -> None:
    result = checked(part)
    assert {each.control for each in result.outside()} == OUTSIDE[part]
    assert all(WHO in each.found for each in result.outside())
    assert not result.of(FindingKind.FAIL)
    assert result.exit_code is ExitCode.NOT_EVALUATED


def test_with_everything_given_nothing_fails_and_nothing_passes_unseen() -> None:
    result = checked()
    assert {each.control for each in result.outside()} >= {
        control for controls in OUTSIDE.values() for control in controls
    }
    assert not result.of(FindingKind.FAIL)
    assert result.verdict("audit.alerts") == "pass", "the rules are the warehouse's own"
    assert result.verdict("audit.retention") != "pass"


def test_what_no_longer_depends_on_havre_is_a_gap_and_what_is_not_ours_is_none() -> None:
    own = gaps_of(example("emc2"))
    theirs = gaps_of(example("emc2"), estate=estate())
    assert "exposure.egress egress-control" in theirs
    assert "hub's firewall allows" in theirs["exposure.egress egress-control"]
    assert "audit.retention log-retention" in theirs
    assert "encryption.customer-key log-retention" in own
    assert "encryption.customer-key log-retention" not in theirs


WRONG = [
    ({"hub": {**PARTS["hub"], "firewall_address": "10.42.0.9"}}, "estate.hub.firewall_address"),
    (
        {"hub": {**PARTS["hub"], "address_space": ["10.42.0.0/24", "10.200.0.0/16"]}},
        "estate.hub.address_space",
    ),
    ({"hub": {**PARTS["hub"], "address_space": ["10.9.0.0/16"]}}, "estate.hub.firewall_address"),
    (
        {"dns_zones": {"privatelink.blob.core.windows.com": PARTS["dns_zones"][ZONES[0]]}},
        "did you mean `privatelink.blob.core.windows.net`",
    ),
    ({"dns_zones": {ZONES[0]: PARTS["dns_zones"][ZONES[1]]}}, f"names the zone {ZONES[1]}"),
    (
        {
            "dns_zones": {
                name: f"{HUB}Microsoft.Network/privateDnsZones/{name}"
                for name in ("a.postgres.database.azure.com", "b.postgres.database.azure.com")
            }
        },
        "several zones for one database server",
    ),
    ({"dns_zones": PARTS["dns_zones"], "link": True}, "another subscription"),
]


@pytest.mark.parametrize(("parts", "said"), WRONG, ids=str)
def test_what_does_not_agree_with_the_file_is_a_fault(parts: dict[str, Any], said: str) -> None:
    told = {"answers_for": WHO, **parts}
    settings = read_settings(provider, {**GIVEN, "estate": told})
    found = faults(provider, example("emc2"), settings)
    assert any(said in f"{each}: {each.remedy}" for each in found), found


@pytest.mark.parametrize(
    ("part", "label", "name"),
    [
        ("resource_group", "emc2-production", "rg-other"),
        ("hub", "emc2-production-network-firewall", "other"),
        ("dns_zones", "emc2-production-network-private.postgres.database.azure.com", ZONES[-1]),
        ("workspace_id", "emc2-production-logs", "other"),
        ("archive_id", "emc2-production-audit-archive", "other"),
    ],
)
def test_what_is_given_takes_no_other_name(part: str, label: str, name: str) -> None:
    """It would be ignored: nothing of that logical name is planned."""
    named = {"names": {label: name}}
    own = faults(provider, example("emc2"), read_settings(provider, {**GIVEN, **named}))
    assert own == ()
    told = read_settings(provider, {**GIVEN, **named, "estate": estate(part)})
    assert [label in str(each) for each in faults(provider, example("emc2"), told)] == [True]


SHAPES = [
    ({"resource_group": "rg-data"}, "answers_for"),
    ({"answers_for": WHO}, "names nothing that exists"),
    ({"answers_for": WHO, "hub": {"network_id": NETWORK}}, "firewall_address"),
    ({"answers_for": WHO, "workspace_id": ARCHIVE}, "Microsoft.OperationalInsights/workspaces"),
    ({"answers_for": WHO, "archive_id": "hubarchive"}, "Microsoft.Storage/storageAccounts"),
    ({"answers_for": WHO, "archive_id": f"{ARCHIVE}/blobServices/default"}, "not an identifier"),
    ({"answers_for": WHO, "workspace_id": WORKSPACE.replace("9999", "99g9", 1)}, "identifier"),
    ({"answers_for": WHO, "resource_group": "ends-with."}, "resource_group"),
    ({"answers_for": WHO, "hub": {**PARTS["hub"], "firewall_address": "8.8.8.8"}}, "private IPv4"),
    ({"answers_for": WHO, "hub": {**PARTS["hub"], "firewall_address": "fd00::1"}}, "private IPv4"),
    ({"answers_for": WHO, "dns_zones": {ZONES[0]: NETWORK}}, "privateDnsZones"),
    ({"answers_for": WHO, "workspace": WORKSPACE}, "is unknown"),
]


@pytest.mark.parametrize(("told", "said"), SHAPES, ids=str)
def test_shapes_are_checked_in_words_that_say_what_is_meant(
    told: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as error:
        read_settings(provider, {**GIVEN, "estate": told})
    assert said in error.value.message
    assert "estate" in error.value.message


def test_a_given_group_is_not_listed_as_the_warehouses_own(
    given: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds what others have: nobody may take that for the remains of a failed run."""
    monkeypatch.setenv(TOKEN.variable, "token")
    assert examine(given).unlisted == (NOT_LISTED,)


def test_what_is_outside_is_said_in_french(given: Plan) -> None:
    with speaking(Language.FR):
        told = [translated(str(each)) for each in outside_of(given).values()]
    assert f"hors du plan : pare-feu du concentrateur réseau (responsable : {WHO})" in told
    assert all(each.startswith("hors du plan") for each in told)
    english = ("hub", "resource group", "log ", "private DNS")
    assert not [each for each in told if any(f": {word}" in each for word in english)]
