"""One test a trap of OVHcloud's SDK and plugin, named after it."""

import ast
import inspect
import json
from importlib.metadata import version
from ipaddress import ip_network
from pathlib import Path

import pulumi_ovh
import pytest
from packaging.version import Version
from pulumi_ovh import cloudproject
from pydantic import ValidationError

import havre_ovh
from havre.errors import InputError
from havre.plan.values import UNKNOWN
from havre.spec.rules import WIDEST_ADMINISTRATION
from havre_ovh import checks, policies
from havre_ovh import resources as common
from havre_ovh.parts import access, database, network
from tests.ovh.stack import (
    DATABASE,
    KUBE,
    NETWORK,
    STORAGE,
    SUBNET,
    changed,
    custom,
    emc2,
    example,
    named,
    of,
    one,
    planned,
    sources,
    texts,
)

SOURCES = sorted(Path(havre_ovh.__file__).parent.rglob("*.py"))
PRIVATE = "emc2-network-private"
SDK = ("ovh.", "cloudproject.", "cloudprojectdatabase.", "okms.", "iam.", "me.", "dbaas.")


def calls() -> list[ast.Call]:
    return [
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rsplit(".", 1)[-1]


def test_openstack_uuid_not_the_pn_identifier() -> None:
    """Not the id of the network: what is told of its regions, whose UUID is OpenStack's."""
    for kind, key in ((KUBE, "privateNetworkId"), (DATABASE, "nodes"), (SUBNET, "networkId")):
        for resource in of(emc2(), kind):
            assert PRIVATE in sources(resource, key)
    told = network._of_region(
        {"EU-WEST-PAR": "25807101-8aaa-4ea5-b507-61f0d661b101"}, "EU-WEST-PAR"
    )
    assert told == "25807101-8aaa-4ea5-b507-61f0d661b101"
    used = {name_of(call) for call in calls()}
    assert "_openstack_id" in used
    assert "private.id" not in Path(network.__file__).read_text()


def test_a_network_that_is_not_told_is_never_empty() -> None:
    """An empty network would put the database on a public address."""
    assert network._of_region(None, "GRA11") == "network-not-told-in-GRA11"
    assert network._of_region({}, "GRA11") == "network-not-told-in-GRA11"
    for node in one(emc2(), DATABASE).inputs["nodes"]:
        assert node["networkId"] is UNKNOWN
        assert node["subnetId"] is UNKNOWN


def test_regions_omitted_would_mean_all_of_them() -> None:
    assert one(emc2(), NETWORK).inputs["regions"] == ["EU-WEST-PAR", "GRA11"]
    assert one(planned(example("hospital")), NETWORK).inputs["regions"] == ["EU-WEST-PAR"]


def test_hide_objects_or_their_names_stand_in_the_state() -> None:
    buckets = of(emc2(), STORAGE)
    assert len(buckets) == 2 * len(example("emc2").zones) + 3
    assert {bucket.inputs["hideObjects"] for bucket in buckets} == {True}


@pytest.mark.parametrize("availability", ["single", "multi-zone"])
@pytest.mark.parametrize("size", ["s", "m", "l", "xl"])
def test_plan_essential_is_never_asked_for(availability: str, size: str) -> None:
    spec = changed(example("emc2"), "database.availability", availability)
    made = one(planned(changed(spec, "database.size", size)), DATABASE).inputs
    assert made["plan"] == {"single": "business", "multi-zone": "enterprise"}[availability]
    assert len(made["nodes"]) == {"single": 2, "multi-zone": 3}[availability]


def test_plan_essential_cannot_be_set() -> None:
    with pytest.raises(InputError, match="`database_plan`"):
        planned(example("emc2"), database_plan="essential")


def test_name_lengths_stay_within_what_services_take() -> None:
    """The longest warehouse and zone that a file can name; OVHcloud's plugin refuses no name."""
    spec = changed(example("emc2"), "name", "w" * 20)
    for zone in ("z" * 20, "y" * 20):
        spec = changed(spec, f"zones.{zone}", {"purpose": "research", "recoverable_days": 10})
    names: set[tuple[str, str]] = set()
    for resource in custom(planned(spec)):
        name = resource.inputs.get("name", resource.inputs.get("title"))
        if isinstance(name, str):
            assert 0 < len(name) <= 63 + len(".eu-west-par"), resource.name
            assert (resource.type, name) not in names, resource.name
            names.add((resource.type, name))
    assert len(names) > 40


def test_versioning_spelled_differently_in_the_newer_resource() -> None:
    """Lower case here, upper case in `CloudStorageObjectBucket`, which has no replication."""
    spec = changed(example("emc2"), "zones.landing.versions", False)
    spelled = {bucket.inputs["versioning"]["status"] for bucket in of(planned(spec), STORAGE)}
    assert spelled == {"enabled", "disabled"}
    assert "CloudStorageObjectBucket" not in {name_of(call) for call in calls()}
    assert (
        "replication" not in inspect.signature(pulumi_ovh.CloudStorageObjectBucketArgs).parameters
    )


def test_unset_backup_regions_would_go_to_another_country() -> None:
    assert one(emc2(), DATABASE).inputs["backupRegions"] == ["EU-WEST-PAR", "GRA"]
    assert one(planned(example("hospital")), DATABASE).inputs["backupRegions"] == ["EU-WEST-PAR"]


def test_backup_regions_stay_within_the_allowed_countries() -> None:
    spec = changed(example("emc2"), "sites.recovery", "de-frankfurt")
    spec = changed(spec, "network.recovery_address_space", None)
    assert one(planned(spec), DATABASE).inputs["backupRegions"] == ["EU-WEST-PAR"]
    both = changed(spec, "residency.countries", ["FR", "DE"])
    assert one(planned(both), DATABASE).inputs["backupRegions"] == ["EU-WEST-PAR", "DE"]


def test_typed_arguments_only() -> None:
    """A dictionary with a misspelt key passes the plugin; a class does not take one."""
    with pytest.raises(TypeError, match="sse_algoritm"):
        cloudproject.StorageEncryptionArgs(sse_algoritm="AES256")  # type: ignore[call-arg]
    free = {"tags", "advanced_configuration", "ip_restrictions"}
    for call in calls():
        if not ast.unparse(call.func).startswith(SDK):
            continue
        for keyword in call.keywords:
            if keyword.arg and keyword.arg not in free:
                nested = [keyword.value, *getattr(keyword.value, "elts", [])]
                assert not any(isinstance(v, ast.Dict) for v in nested), ast.unparse(call)[:80]


def test_every_argument_is_one_that_the_plugin_knows() -> None:
    """Each input stands, in the SDK's spelling, among its resource's arguments."""
    known = {
        STORAGE: cloudproject.StorageArgs,
        DATABASE: cloudproject.DatabaseArgs,
        KUBE: cloudproject.KubeArgs,
        NETWORK: cloudproject.NetworkPrivateArgs,
    }
    for kind, arguments in known.items():
        names = {
            "".join(w.capitalize() if i else w for i, w in enumerate(name.split("_")))
            for name in inspect.signature(arguments).parameters
        }
        for resource in of(emc2(), kind):
            assert set(resource.inputs) <= names


def test_plugin_and_sdk_versions_are_equal() -> None:
    """An older plugin drops inputs in silence: the SDK asks for the plugin of its own version."""
    told = json.loads((Path(pulumi_ovh.__file__).parent / "pulumi-plugin.json").read_text())
    installed = version("pulumi-ovh")
    assert Version(told["version"]) == Version(installed)
    assert Version("2.22") <= Version(installed) < Version("3")


def test_secrets_never_in_clear_in_provider_arguments() -> None:
    """There is no explicit provider: its arguments would stand in preview and state."""
    assert not [r for r in emc2().resources if r.type.startswith("pulumi:providers:")]
    assert "Provider" not in {name_of(call) for call in calls()}


def test_s3_credential_belongs_to_the_project() -> None:
    """Its tenant is the project: another one would be replaced at every run."""
    keys = of(emc2(), "ovh:CloudProject/s3Credential:S3Credential")
    users = {r.name: r for r in of(emc2(), "ovh:CloudProject/user:User")}
    assert len(keys) == len(users) == 3
    for key in keys:
        (user,) = sources(key, "userId")
        assert key.inputs["serviceName"] == users[user].inputs["serviceName"]


def test_encryption_and_versioning_are_always_said() -> None:
    """What is taken out of the program later stays as it was."""
    for bucket in of(planned(example("hospital")), STORAGE):
        assert {"encryption", "versioning", "hideObjects"} <= set(bucket.inputs)


def test_destroying_a_bucket_would_empty_it() -> None:
    for bucket in of(emc2(), STORAGE):
        assert bucket.protect
        assert bucket.retain_on_delete


def test_auto_naming_is_never_left_to_the_engine() -> None:
    nameless = ("S3Credential", "S3Policy", "User", "Restrictions", "Subscription", "Lifecycle")
    unnamed = ("LogsOutputGraylogStream", DATABASE.rsplit(":", 1)[-1])
    for resource in custom(emc2()):
        kind = resource.type.rsplit(":", 1)[-1]
        if resource.type.startswith("ovh:") and not any(word in kind for word in nameless):
            assert kind in unnamed or resource.inputs["name"], resource.name


def test_node_pool_names_have_no_underscore() -> None:
    for pool in of(emc2(), "ovh:CloudProject/kubeNodePool:KubeNodePool"):
        assert "_" not in pool.inputs["name"]


def test_put_public_access_block_is_never_called() -> None:
    called = {name_of(call) for call in calls()}
    text = "".join(path.read_text() for path in SOURCES)
    assert "put_public_access_block" not in called
    assert "put_public_access_block" not in text


def test_gateway_interface_cannot_name_its_gateway() -> None:
    """The API demands the gateway's id, which the SDK's class lacks: another class is used."""
    given = inspect.signature(cloudproject.GatewayInterface._internal_init).parameters
    assert "id" not in given
    assert "gateway_id" not in given
    assert "GatewayInterface" not in {name_of(call) for call in calls()}


def test_no_function_of_the_provider_is_asked_in_the_program() -> None:
    """An invoke cannot be answered offline; what it would tell is a setting."""
    assert not [
        name for name in map(name_of, calls()) if name.startswith("get_") and "_output" in name
    ]
    assert emc2().warnings == ()


# What the plugin does not refuse is refused here, before any resource is made


@pytest.mark.parametrize("name", ["Bad_Name!!", "ab", "a" * 64, "-abc", "abc-", "a.b"])
def test_the_plugin_lets_bad_bucket_names_pass(name: str) -> None:
    with pytest.raises(InputError, match="3 to 63 lower-case letters") as caught:
        common.checked_bucket(name)
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["abc", "a-1", "0" * 63])
def test_bucket_names_of_3_to_63_characters_are_taken(name: str) -> None:
    assert common.checked_bucket(name) == name


@pytest.mark.parametrize(
    ("region", "country"),
    [
        ("GRA", "FR"),
        ("GRA9", "FR"),
        ("GRA11", "FR"),
        ("RBX-A", "FR"),
        ("EU-WEST-PAR", "FR"),
        ("DE1", "DE"),
        ("WAW1", "PL"),
        ("UK", "GB"),
        ("EU-SOUTH-MIL", "IT"),
        ("GRA-", None),
        ("GRA-1", None),
        ("GRA-a", None),
        ("GRA-AB", None),
        ("GRA1-A", None),
        ("XGRA", None),
        ("GRAX", None),
        ("BHS", None),
        ("", None),
    ],
)
def test_a_region_is_of_a_country_only_where_a_site_is_called_so(
    region: str, country: str | None
) -> None:
    assert checks.registry_country(region) == country


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("203.0.113.7/32", True),
        ("2001:db8:1::/48", True),
        ("172.16.0.0/12", False),
        ("172.32.0.0/16", True),
        ("192.168.0.0/16", False),
        ("10.0.0.0/8", False),
        ("0.0.0.0/0", False),
        ("128.0.0.0/1", False),
        ("::/0", False),
    ],
)
def test_a_gateway_has_a_narrow_public_address(address: str, public: bool) -> None:
    assert checks._public(address) is public


@pytest.mark.parametrize(("address", "family"), [("203.0.0.0", 4), ("2001:db8::", 6)])
def test_a_gateways_address_is_no_wider_than_an_administrations(address: str, family: int) -> None:
    widest = ip_network(f"{address}/{WIDEST_ADMINISTRATION[family]}")
    assert checks._public(str(widest))
    assert not checks._public(str(widest.supernet()))


@pytest.mark.parametrize("days", [0, -1])
def test_the_plugin_lets_bad_lock_periods_pass(days: int) -> None:
    assert [common.period(days) for days in (1, 30)] == ["P1D", "P30D"]
    with pytest.raises(InputError, match=f"a lock of {days} days"):
        common.period(days)


def test_the_plugin_lets_a_lock_without_versions_pass() -> None:
    spec = changed(example("emc2"), "zones.curated.versions", False)
    with pytest.raises(InputError, match="bucket `curated`: a lock needs versions"):
        planned(spec)


@pytest.mark.parametrize(
    "document",
    ["{not json", "[]", "{}", '{"Statement": [{"Action": ["s3:GetObject"]}]}', "null"],
)
def test_the_plugin_lets_policies_that_are_no_json_pass(document: str) -> None:
    with pytest.raises(InputError, match="not a JSON document with statements"):
        policies.checked(document)


@pytest.mark.parametrize(
    ("action", "resource"), [("s3:*", "arn:aws:s3:::b"), ("s3:GetObject", "arn:aws:s3:::*")]
)
def test_a_policy_that_grants_everything_is_refused(action: str, resource: str) -> None:
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    with pytest.raises(InputError, match="all actions or all buckets"):
        policies.checked(json.dumps({"Statement": [statement]}))


@pytest.mark.parametrize(
    ("actions", "resources"),
    [
        (["s3:GetObject", "s3:*"], ["arn:aws:s3:::b"]),
        (["s3:Get*", "s3:ListBucket"], ["arn:aws:s3:::b"]),
        (["s3:GetObject"], ["arn:aws:s3:::b", "arn:aws:s3:::*"]),
    ],
)
def test_one_wildcard_among_others_is_refused(actions: list[str], resources: list[str]) -> None:
    narrow = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b"]}
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    assert policies.checked(json.dumps({"Statement": [narrow]}))
    for statements in ([narrow, statement], [statement, narrow]):
        with pytest.raises(InputError, match="all actions or all buckets"):
            policies.checked(json.dumps({"Statement": statements}))


def test_policies_are_json_whatever_the_names() -> None:
    made = policies.reading(['arn:aws:s3:::a"b'], access.READ, ["192.0.2.0/24"])
    assert 'arn:aws:s3:::a"b' in list(texts(json.loads(made)))


@pytest.mark.parametrize("version", [12, 13, 19])
def test_the_plugin_lets_unknown_database_versions_pass(version: int) -> None:
    spec = example("emc2")
    asked = spec.database.model_copy(update={"version": version})
    with pytest.raises(InputError, match=f"PostgreSQL {version} is not offered") as caught:
        planned(spec.model_copy(update={"database": asked}))
    assert "15, 16, 17, 18" in caught.value.remedy


@pytest.mark.parametrize("version", [14, 15, 16, 17, 18])
def test_every_database_version_that_is_offered_is_taken(version: int) -> None:
    plan = planned(changed(example("hospital"), "database.version", version))
    assert one(plan, DATABASE).inputs["version"] == str(version)


@pytest.mark.parametrize("version", ["1.32", "1.29", "1.35.2", "2.0", "v1.35", "latest"])
def test_the_plugin_lets_unknown_cluster_versions_pass(version: str) -> None:
    with pytest.raises(InputError, match="`kubernetes_version`"):
        planned(example("emc2"), kubernetes_version=version)


@pytest.mark.parametrize("setting", ["compute_region", "registry_region"])
@pytest.mark.parametrize("region", ["gra11", "eu-west-par-a", "EU_WEST_PAR", "BHS5", "XX", ""])
def test_the_plugin_lets_unknown_regions_pass(setting: str, region: str) -> None:
    with pytest.raises(InputError, match=f"`{setting}`"):
        planned(example("emc2"), **{setting: region})


@pytest.mark.parametrize("plan", ["essential", "discovery", "Business", ""])
def test_the_plugin_lets_unknown_plans_pass(plan: str) -> None:
    with pytest.raises(InputError, match="`database_plan`"):
        planned(example("emc2"), database_plan=plan)


@pytest.mark.parametrize("vlan", [-1, 0, 4095, 99_999])
def test_the_plugin_lets_vlans_beyond_their_range_pass(vlan: int) -> None:
    with pytest.raises(InputError, match="`vlan_id`"):
        planned(example("emc2"), vlan_id=vlan)


@pytest.mark.parametrize("vlan", [1, 4094])
def test_vlans_of_the_whole_range_are_taken(vlan: int) -> None:
    assert one(planned(example("emc2"), vlan_id=vlan), NETWORK).inputs["vlanId"] == vlan


def test_a_vlan_that_is_derived_is_within_its_range() -> None:
    found = {
        one(planned(changed(example("hospital"), "name", name)), NETWORK).inputs["vlanId"]
        for name in ("aa", "bb", "cc", "dd")
    }
    assert len(found) > 1
    assert all(100 <= vlan < 4000 for vlan in found)


@pytest.mark.parametrize(
    "address", ["everywhere", "203.0.113.300/32", "10.1.0.0/16", "192.168.1.1/32", "0.0.0.0/0"]
)
def test_the_plugin_lets_bad_addresses_pass(address: str) -> None:
    with pytest.raises(InputError, match="source_addresses"):
        planned(example("emc2"), source_addresses=[address])


@pytest.mark.parametrize("days", ["30 days", "P30D", 0.5, -1])
def test_the_plugin_lets_periods_such_as_30_days_pass(days: object) -> None:
    """A number of days is all that a file can say; the period is written here."""
    with pytest.raises(ValidationError, match="immutable_days"):
        changed(example("emc2"), "zones.curated.immutable_days", days)


def test_flavors_are_those_of_the_documentation() -> None:
    assert set(common.FLAVORS) == {"db1", "b3"}
    for family, sizes in common.FLAVORS.items():
        assert set(sizes) == {"s", "m", "l", "xl"}
        assert all(flavor.startswith(f"{family}-") for flavor in sizes.values())
    made = planned(example("emc2"), database_flavors="b3", database_plan="advanced")
    assert one(made, DATABASE).inputs["flavor"] == "b3-32"
    assert one(made, DATABASE).inputs["plan"] == "advanced"
    assert len(one(made, DATABASE).inputs["nodes"]) == 3


def test_the_endpoint_of_a_database_is_the_service_not_a_pool() -> None:
    class Endpoint:
        def __init__(self, component: str, domain: str, port: int) -> None:
            self.component, self.domain, self.port = component, domain, port

    pool, service = Endpoint("pgbouncer", "p", 2), Endpoint("postgresql", "s", 1)
    assert database._address([pool, service]) == ("s", 1)
    assert database._address([pool]) == ("p", 2)
    assert database._address(None) == ("", 0)


def test_names_of_services_are_theirs() -> None:
    """Upper case for buckets, lower case for S3, numbered for compute."""
    spec = changed(example("emc2"), "sites.primary", "fr-strasbourg")
    plan = planned(spec, registry_region="GRA")
    assert named(plan, "emc2-zones-curated").inputs["regionName"] == "SBG"
    assert named(plan, "emc2-zones-curated-logging").inputs["region"] == "sbg"
    assert one(plan, KUBE).inputs["region"] == "SBG5"
    assert one(plan, DATABASE).inputs["nodes"][0]["region"] == "SBG"
