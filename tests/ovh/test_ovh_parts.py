import datetime as dt
import json
import re
from functools import cache
from typing import Any

import pytest

from havre.plan import Plan
from havre.plan.values import UNKNOWN, Secret
from havre.report.plan import as_json
from havre_ovh.parts import cluster, database
from tests.ovh.stack import (
    DATABASE,
    KEY,
    KUBE,
    LIFECYCLE,
    NETWORK,
    OKMS,
    SERVICE,
    SETTINGS,
    STORAGE,
    SUBNET,
    changed,
    custom,
    deployed,
    emc2,
    example,
    named,
    of,
    one,
    planned,
    sources,
    texts,
)

BEARS_DATA = {
    STORAGE,
    DATABASE,
    KUBE,
    KEY,
    "ovh:CloudProjectDatabase/databaseInstance:DatabaseInstance",
    "ovh:CloudProject/containerRegistry:ContainerRegistry",
    "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream",
}
SITES = ("EU-WEST-PAR", "GRA", "GRA11")
ZONE = {"purpose": "research", "recoverable_days": 10}


@pytest.mark.parametrize("name", ["emc2", "hospital"])
def test_the_same_spec_gives_the_same_plan_to_the_letter(name: str) -> None:
    assert as_json(planned(example(name))) == as_json(planned(example(name)))


def test_everything_stands_in_the_project_that_is_given() -> None:
    elsewhere = {"ovh:Okms/", "ovh:Dbaas/", "ovh:Iam/", "ovh:Me/", "pulumi-python:"}
    for resource in custom(emc2()):
        if not any(resource.type.startswith(prefix) for prefix in elsewhere):
            assert resource.inputs["serviceName"] == SERVICE, resource.name


def test_everything_stands_below_its_part() -> None:
    plan = emc2()
    parts = {r.urn: r.name for r in plan.resources if r.type.startswith("havre:ovh:")}
    assert len(parts) == 9
    for resource in custom(plan):
        assert resource.name.startswith(f"{parts[resource.parent]}-"), resource.name


def test_what_can_bear_no_tags_is_described() -> None:
    described = {"User", "APIOAuth2Client", "Policy", "CloudGateway", "CloudSecurityGroup"}
    described |= {"Database", "LogsOutputGraylogStream"}
    found = set()
    for resource in custom(emc2()):
        kind = resource.type.rsplit(":", 1)[-1]
        if kind in described:
            found.add(kind)
            assert "warehouse=emc2" in resource.inputs["description"], resource.name
            # A user's words never change: see test_guards.py.
            labelled = "classification=health-pseudonymised" in resource.inputs["description"]
            assert labelled or kind == "User", resource.name
    assert found == described


def test_nothing_is_ordered() -> None:
    ordered = {"ovh:CloudProject/project:Project", "ovh:Okms/okms:Okms", "ovh:Vrack/vrack:Vrack"}
    assert not ordered & {resource.type for resource in emc2().resources}


def test_what_bears_data_is_protected_and_kept() -> None:
    plan = emc2()
    bearing = [resource for resource in custom(plan) if resource.type in BEARS_DATA]
    assert {resource.type for resource in bearing} == BEARS_DATA
    for resource in bearing:
        assert resource.protect, resource.name
        assert resource.retain_on_delete, resource.name
    assert one(plan, DATABASE).inputs["deletionProtection"] is True


def test_protection_is_given_up_when_the_spec_says_so() -> None:
    plan = planned(changed(example("emc2"), "protection.deletion", False))
    assert not [r.name for r in plan.resources if r.protect or r.retain_on_delete]
    assert one(plan, DATABASE).inputs["deletionProtection"] is False


def test_regions_are_those_of_the_spec_and_no_other() -> None:
    found = set()
    for resource in custom(emc2()):
        for key in ("region", "regionName"):
            found.add(resource.inputs.get(key))
        found |= set(resource.inputs.get("regions", ())) | set(
            resource.inputs.get("backupRegions", ())
        )
    assert found - {None, "eu-west-par", "gra"} == set(SITES)


def test_names_are_within_limits_and_unique() -> None:
    spec = changed(example("emc2"), "name", "w" * 20)
    for name in ("z" * 20, "a" * 19 + "b"):
        spec = changed(spec, f"zones.{name}", ZONE)
    names = [bucket.inputs["name"] for bucket in of(planned(spec), STORAGE)]
    assert len(names) == len(set(names)) == 2 * 8 + 3
    for name in names:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)


def test_buckets_of_another_project_have_other_names() -> None:
    other = planned(example("emc2"), service_name="f" * 32)
    mine = {bucket.inputs["name"] for bucket in of(emc2(), STORAGE)}
    assert not mine & {bucket.inputs["name"] for bucket in of(other, STORAGE)}


def test_a_zone_called_like_a_replica_has_a_bucket_of_its_own() -> None:
    spec = changed(example("emc2"), "projects", {})
    spec = changed(spec, "zones", dict.fromkeys(("raw", "raw-replica", "backup-vault"), ZONE))
    names = [bucket.inputs["name"] for bucket in of(planned(spec), STORAGE)]
    assert len(names) == len(set(names))


def test_buckets_are_tagged_in_characters_that_are_accepted() -> None:
    spec = changed(example("emc2"), "organisation.contact", "équipe+données@hôpital.example")
    for bucket in of(planned(spec), STORAGE):
        tags = bucket.inputs["tags"]
        assert {"warehouse", "environment", "classification", "owner", "purpose"} <= set(tags)
        assert tags["owner"] == "equipe+donnees@hopital.example"
        for value in tags.values():
            assert re.fullmatch(r"[a-zA-Z0-9_.:/=+@-]{1,256}", value)


def test_no_member_and_no_secret_stands_in_the_plan() -> None:
    plan = emc2()
    text = as_json(plan)
    for project in example("emc2").projects.values():
        for member in project.members:
            assert member not in text
    for resource in plan.resources:
        for key, value in resource.inputs.items():
            assert not re.search(r"(?i)secret|password|privatekey", key), resource.name
            assert not isinstance(value, Secret)


def test_descriptions_are_plain_ascii() -> None:
    spec = changed(example("emc2"), "projects.cohort-diabetes.title", "Santé & sommeil : «nuit»")
    for resource in custom(planned(spec)):
        assert str(resource.inputs.get("description", "")).isascii()


# The network


def test_segments_are_cut_from_the_spec_at_both_sites() -> None:
    cidrs = {r.name: (r.inputs["region"], r.inputs["cidr"]) for r in of(emc2(), SUBNET)}
    assert cidrs == {
        "emc2-network-endpoints": ("EU-WEST-PAR", "10.42.0.0/24"),
        "emc2-network-database": ("EU-WEST-PAR", "10.42.1.0/24"),
        "emc2-network-administration": ("EU-WEST-PAR", "10.42.2.0/24"),
        "emc2-network-compute": ("EU-WEST-PAR", "10.42.240.0/20"),
        "emc2-network-recovery-endpoints": ("GRA11", "10.43.0.0/24"),
        "emc2-network-recovery-database": ("GRA11", "10.43.1.0/24"),
        "emc2-network-recovery-administration": ("GRA11", "10.43.2.0/24"),
        "emc2-network-recovery-compute": ("GRA11", "10.43.240.0/20"),
    }


def test_only_what_the_gateway_joins_has_a_way_out() -> None:
    ways = {r.name for r in of(emc2(), SUBNET) if r.inputs["enableGatewayIp"]}
    assert {r.inputs["dhcp"] for r in of(emc2(), SUBNET)} == {True}
    assert ways == {"emc2-network-compute", "emc2-network-database"}
    gateway = named(emc2(), "emc2-network-gateway")
    assert sources(gateway, "subnetIds") == ways
    assert gateway.inputs["externalGateway"] == {"enabled": True, "model": "L"}


@pytest.mark.parametrize(("size", "model"), [("s", "S"), ("m", "M"), ("l", "L"), ("xl", "XL")])
def test_the_gateway_grows_with_the_nodes(size: str, model: str) -> None:
    plan = planned(changed(example("emc2"), "cluster.size", size))
    gateway = named(plan, "emc2-network-gateway")
    assert gateway.inputs["externalGateway"] == {"enabled": True, "model": model}


def test_a_destination_without_a_cluster_has_the_smallest_gateway() -> None:
    plan = planned(changed(example("emc2"), "cluster", None))
    gateway = named(plan, "emc2-network-gateway")
    assert gateway.inputs["externalGateway"] == {"enabled": True, "model": "S"}


def test_nodes_and_database_stand_each_in_a_segment_of_their_own() -> None:
    segments = {subnet.name for subnet in of(emc2(), SUBNET)}
    assert sources(one(emc2(), DATABASE), "nodes") & segments == {"emc2-network-database"}
    assert sources(one(emc2(), KUBE), "nodesSubnetId") & segments == {"emc2-network-compute"}


def test_without_a_cluster_or_a_destination_nothing_has_a_way_out() -> None:
    plan = planned(example("hospital"))
    assert not [r for r in plan.resources if "gateway" in r.name]
    assert not [r for r in of(plan, SUBNET) if r.inputs["enableGatewayIp"]]


def test_nodes_wait_for_their_way_out() -> None:
    assert "emc2-network-gateway" in sources(one(emc2(), KUBE), "nodesSubnetId")
    assert "emc2-network-gateway" in sources(one(emc2(), DATABASE), "nodes")


def test_administration_hosts_are_reached_from_the_administration_alone() -> None:
    spec = changed(
        example("emc2"), "network.administration", ["198.51.100.0/24", "2001:db8:1::/48"]
    )
    rules = named(planned(spec), "emc2-network-administration-group").inputs["rules"]
    assert [(r["ethernetType"], r["remoteIpPrefix"]) for r in rules] == [
        ("IPV4", "198.51.100.0/24"),
        ("IPV6", "2001:db8:1::/48"),
    ]
    for rule in rules:
        ports = (rule["direction"], rule["protocol"], rule["portRangeMin"], rule["portRangeMax"])
        assert ports == ("INGRESS", "TCP", 22, 22)
        assert rule["description"] == "SSH from the administration"


def test_vlans_differ_between_warehouses_and_can_be_set() -> None:
    mine = named(emc2(), "emc2-network-private").inputs["vlanId"]
    other = planned(changed(example("emc2"), "name", "other"))
    assert 1 <= mine <= 4094
    assert named(other, "other-network-private").inputs["vlanId"] != mine
    chosen = planned(example("emc2"), vlan_id=42)
    assert named(chosen, "emc2-network-private").inputs["vlanId"] == 42


# Keys


def test_every_zone_has_a_key_and_database_and_backups_too() -> None:
    keys = of(emc2(), KEY)
    zones = {f"emc2-keys-zone-{zone}" for zone in example("emc2").zones}
    assert {key.name for key in keys} == {*zones, "emc2-keys-database", "emc2-keys-backup"}
    for key in keys:
        assert (key.inputs["type"], key.inputs["size"]) == ("oct", 256)
        assert key.inputs["operations"] == ["encrypt", "decrypt", "wrapKey", "unwrapKey"]
        assert key.inputs["okmsId"] == OKMS
        assert key.inputs["name"].endswith(".eu-west-par")


def test_a_zone_called_database_has_a_key_of_its_own() -> None:
    spec = changed(example("emc2"), "projects", {})
    spec = changed(spec, "zones", {"database": ZONE})
    names = [key.inputs["name"] for key in of(planned(spec), KEY)]
    assert len(names) == len(set(names)) == 3


def test_no_key_is_made_where_the_provider_holds_them() -> None:
    plan = planned(example("hospital"), okms_id=None, registry_plan_id=None)
    assert of(plan, KEY) == []
    assert not [r for r in plan.resources if r.type.startswith(("ovh:Okms", "ovh:Iam", "ovh:Me"))]
    assert plan.outputs["keys"] == {"zones": {}}


def test_the_certificate_of_the_keys_is_made_from_a_request() -> None:
    csr = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"
    asked = {"identities": ["urn:v1:eu:identity:group:xx1-ovh/admins"], "csr": csr}
    made = named(planned(example("emc2"), okms_credential=asked), "emc2-keys-credential")
    assert made.inputs["csr"] == csr
    assert made.inputs["validity"] == 180
    assert made.inputs["identityUrns"] == asked["identities"]
    assert made.parent.endswith("::emc2-keys")
    assert len(made.inputs["name"]) <= 50
    assert len(made.inputs["description"]) <= 200


@pytest.mark.parametrize(("rotation", "validity"), [(364, 364), (365, 365), (366, 365)])
def test_the_certificate_of_the_keys_lives_a_year_at_most(rotation: int, validity: int) -> None:
    csr = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"
    asked = {"identities": ["urn:v1:eu:identity:group:xx1-ovh/admins"], "csr": csr}
    spec = changed(example("emc2"), "encryption.rotation_days", rotation)
    made = named(planned(spec, okms_credential=asked), "emc2-keys-credential")
    assert made.inputs["validity"] == validity


# Zones


def test_every_bucket_is_private_encrypted_and_says_whether_it_keeps_versions() -> None:
    spec = changed(example("emc2"), "zones.landing.versions", False)
    status = {}
    for bucket in of(planned(spec), STORAGE):
        assert bucket.inputs["encryption"] == {"sseAlgorithm": "AES256"}
        status[bucket.name] = bucket.inputs["versioning"]
    assert status.pop("emc2-zones-landing") == {"status": "disabled"}
    assert set(map(str, status.values())) == {"{'status': 'enabled'}"}


@pytest.mark.parametrize(
    ("zone", "period"),
    [
        ("emc2-zones-curated", "P30D"),
        ("emc2-zones-curated-replica", "P30D"),
        ("emc2-zones-logs", "P365D"),
        ("emc2-backup-vault", "P35D"),
    ],
)
def test_locked_buckets_are_locked_in_compliance(zone: str, period: str) -> None:
    assert named(emc2(), zone).inputs["objectLock"] == {
        "status": "enabled",
        "rule": {"mode": "compliance", "period": period},
    }


def test_buckets_belong_to_the_user_that_is_named() -> None:
    owned = of(planned(example("emc2"), owner_user_id=4711), STORAGE)
    assert {bucket.inputs["ownerId"] for bucket in owned} == {4711}
    nobodys = planned(example("emc2"), owner_user_id=None, bucket_controls=False)
    assert not [bucket for bucket in of(nobodys, STORAGE) if "ownerId" in bucket.inputs]


def test_a_zone_without_a_promise_has_no_lock() -> None:
    assert "objectLock" not in named(emc2(), "emc2-zones-research").inputs


def test_access_logs_have_no_lock_and_no_lock_has_an_empty_rule() -> None:
    """S3 delivers no logs under a default lock, and without one the plugin sends an empty rule."""
    for site in ("fr-paris", "fr-province"):
        bucket = named(emc2(), f"emc2-zones-access-logs-{site}")
        assert "objectLock" not in bucket.inputs
    locks = [found for each in of(emc2(), STORAGE) if (found := each.inputs.get("objectLock"))]
    assert locks
    assert all(lock["rule"]["mode"] and lock["rule"]["period"] for lock in locks)


def test_zones_are_replicated_to_the_recovery_site() -> None:
    for zone in example("emc2").zones:
        bucket = named(emc2(), f"emc2-zones-{zone}")
        replica = named(emc2(), f"emc2-zones-{zone}-replica")
        (rule,) = bucket.inputs["replication"]["rules"]
        assert (rule["id"], rule["priority"], rule["status"]) == ("recovery", 1, "enabled")
        assert rule["deleteMarkerReplication"] == "disabled"
        assert rule["filter"] == {"prefix": ""}
        assert rule["destination"] == {
            "name": replica.inputs["name"],
            "region": "GRA",
            "storageClass": "STANDARD",
            "removeOnMainBucketDeletion": False,
        }
        assert sources(bucket, "replication") == {replica.name}
        assert replica.inputs["regionName"] == "GRA"
        assert replica.inputs["versioning"] == {"status": "enabled"}
        assert "replication" not in replica.inputs


def test_a_zone_without_versions_has_no_replica_and_the_gap_names_it() -> None:
    plan = planned(changed(example("emc2"), "zones.landing.versions", False))
    assert "replication" not in named(plan, "emc2-zones-landing").inputs
    assert "emc2-zones-landing-replica" not in {r.name for r in plan.resources}
    (gap,) = [gap for gap in plan.gaps if gap.control == "continuity.recovery-site"]
    assert gap.risk.endswith("Zones without versions have no replica: landing.")


def test_without_a_recovery_site_there_is_one_region() -> None:
    buckets = of(planned(example("hospital")), STORAGE)
    assert {bucket.inputs["regionName"] for bucket in buckets} == {"EU-WEST-PAR"}
    assert not [bucket for bucket in buckets if "replication" in bucket.inputs]


def test_what_expires_is_deleted_with_its_versions_in_the_replica_too() -> None:
    for name in ("emc2-zones-landing", "emc2-zones-landing-replica"):
        (rule,) = named(emc2(), f"{name}-lifecycle").inputs["rules"]
        assert (rule["id"], rule["status"]) == ("expire", "enabled")
        assert rule["expiration"] == {"days": 90}
        assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
        assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_rules_of_expiry_are_set_where_their_bucket_lies() -> None:
    buckets = {bucket.name: bucket for bucket in of(emc2(), STORAGE)}
    rules = of(emc2(), LIFECYCLE)
    assert {"EU-WEST-PAR", "GRA"} == {rule.inputs["regionName"] for rule in rules}
    for rule in rules:
        bucket = buckets[rule.name.removesuffix("-lifecycle")]
        assert rule.inputs["regionName"] == bucket.inputs["regionName"]
        assert rule.inputs["containerName"] == bucket.inputs["name"]


def test_what_does_not_expire_has_no_rule() -> None:
    names = {resource.name for resource in of(emc2(), LIFECYCLE)}
    assert "emc2-zones-research-lifecycle" not in names
    assert "emc2-zones-curated-lifecycle" not in names


@pytest.mark.parametrize(
    ("changes", "expiration", "noncurrent"),
    [
        ((("zones.landing.version_days", 45),), 90, 45),
        ((("zones.landing.recoverable_days", 45),), 90, 45),
        ((("zones.landing.recoverable_days", 0),), 90, 1),
        ((("zones.landing.expire_days", None), ("zones.landing.version_days", 45)), None, 45),
    ],
)
def test_earlier_versions_end_as_promised_from_their_replacement(
    changes: tuple[Any, ...], expiration: int | None, noncurrent: int
) -> None:
    spec = example("emc2")
    for path, value in changes:
        spec = changed(spec, path, value)
    (rule,) = named(planned(spec), "emc2-zones-landing-lifecycle").inputs["rules"]
    assert rule.get("expiration", {}).get("days") == expiration
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": noncurrent}


def test_no_tag_stands_in_for_a_promise() -> None:
    tags = named(emc2(), "emc2-zones-landing").inputs["tags"]
    assert not [name for name in tags if "days" in name or "retention" in name]


def test_without_versions_there_are_none_to_delete() -> None:
    plan = planned(changed(example("emc2"), "zones.landing.versions", False))
    (rule,) = named(plan, "emc2-zones-landing-lifecycle").inputs["rules"]
    assert "noncurrentVersionExpiration" not in rule


def test_every_bucket_is_logged_and_watched_where_it_lies() -> None:
    plan = emc2()
    logs = {f"emc2-zones-access-logs-{site}" for site in ("fr-paris", "fr-province")}
    for bucket in of(plan, STORAGE):
        if bucket.name in logs:
            assert sources(named(plan, f"{bucket.name}-target"), "bucket") == {bucket.name}
            continue
        logging = named(plan, f"{bucket.name}-logging")
        watch = named(plan, f"{bucket.name}-access-list")
        far = bucket.inputs["regionName"] == "GRA"
        target = named(plan, f"emc2-zones-access-logs-{'fr-province' if far else 'fr-paris'}")
        endpoint = f"https://s3.{'gra' if far else 'eu-west-par'}.io.cloud.ovh.net"
        assert logging.inputs["target"] == target.inputs["name"]
        key = bucket.name.removeprefix("emc2-zones-").removeprefix("emc2-backup-")
        assert logging.inputs["prefix"] == f"{key}/"
        assert {logging.inputs["endpoint"], watch.inputs["endpoint"]} == {endpoint}
        assert {logging.inputs["bucket"], watch.inputs["bucket"]} == {bucket.inputs["name"]}


def test_access_logs_are_kept_as_long_as_asked() -> None:
    (rule,) = named(emc2(), "emc2-zones-access-logs-fr-paris-lifecycle").inputs["rules"]
    assert rule["expiration"] == {"days": 1095}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 1}


def test_the_vault_is_logged_once_all_buckets_stand() -> None:
    logs = {f"emc2-zones-access-logs-{site}" for site in ("fr-paris", "fr-province")}
    zones = {f"emc2-zones-{zone}" for zone in example("emc2").zones}
    assert sources(named(emc2(), "emc2-backup-vault-logging"), "target") == logs | zones


def test_without_bucket_controls_nothing_is_done_over_s3() -> None:
    plan = planned(example("emc2"), bucket_controls=False)
    assert not [r for r in plan.resources if r.type.startswith("pulumi-python:")]
    (gap,) = [gap for gap in plan.gaps if gap.control == "audit.storage-access"]
    assert gap.fallback == "none, because `bucket_controls` is false."


# Database


def test_the_database_is_what_the_spec_asks() -> None:
    made = one(emc2(), DATABASE).inputs
    assert made["engine"] == "postgresql"
    assert made["version"] == "17"
    assert made["flavor"] == "db1-30"
    assert made["diskSize"] == 2200
    assert len(made["nodes"]) == 3
    assert {node["region"] for node in made["nodes"]} == {"EU-WEST-PAR"}
    assert made["advancedConfiguration"]["pg.log_min_duration_statement"] == "0"


def test_every_statement_is_logged_with_who_sent_it_and_from_where() -> None:
    logging = one(emc2(), DATABASE).inputs["advancedConfiguration"]
    assert logging["pg.log_min_duration_statement"] == "0"
    for each in ("pid=%p", "user=%u", "db=%d", "app=%a", "client=%h"):
        assert each in logging["pg.log_line_prefix"]


@pytest.mark.parametrize(("gib", "gb"), [(32, 40), (128, 140), (2048, 2200), (16_384, 17_600)])
def test_the_disk_holds_at_least_what_is_asked(gib: int, gb: int) -> None:
    assert database.disk_size(gib) == gb
    assert gb * 10**9 >= gib * 2**30


def test_the_database_is_reached_from_the_network_and_the_administration_alone() -> None:
    found = {r["ip"]: r["description"] for r in one(emc2(), DATABASE).inputs["ipRestrictions"]}
    assert found == {
        "10.42.240.0/20": "compute",
        "10.42.2.0/24": "administration",
        "198.51.100.0/24": "administration, from outside",
    }


def test_database_and_cluster_log_into_the_stream() -> None:
    stream = "emc2-audit-stream"
    for name, kind in (("emc2-database-logs", "customer_logs"), ("emc2-cluster-logs", "audit")):
        subscription = named(emc2(), name)
        assert subscription.inputs["kind"] == kind
        assert sources(subscription, "streamId") == {stream}


@pytest.mark.parametrize(("days", "years"), [(1, 1), (365, 1), (366, 2), (1095, 3)])
def test_logs_are_archived_for_at_least_the_days_asked(days: int, years: int) -> None:
    plan = planned(changed(example("emc2"), "audit.retention_days", days))
    stream = named(plan, "emc2-audit-stream").inputs
    assert stream["coldStorageRetention"] == years
    assert stream["coldStorageEnabled"] is True
    assert stream["coldStorageContent"] == "ALL"
    assert stream["coldStorageTarget"] == "PCS"
    assert stream["indexingEnabled"] is True
    assert stream["retentionId"] == SETTINGS["ldp_retention_id"]
    assert stream["serviceName"] == "ldp-ab-12345"
    assert stream["title"] == "emc2-production-audit"


@pytest.mark.parametrize(
    ("site", "place"), [("fr-province", "fr-province"), (None, "a place not stated")]
)
def test_the_stream_says_where_its_logs_lie(site: str | None, place: str) -> None:
    stream = named(planned(example("emc2"), ldp_site=site), "emc2-audit-stream")
    assert stream.inputs["description"].startswith(f"Logs kept 1095 days at {place};")


# Cluster and registry


@pytest.mark.parametrize(
    ("nodes", "zones", "wanted"),
    [
        (1, (), [("pool-1", None, 1)]),
        (7, (), [("pool-1", None, 5), ("pool-2", None, 2)]),
        (1, ("a", "b"), [("a-pool-1", "a", 1)]),
        (12, ("a", "b"), [("a-pool-1", "a", 5), ("a-pool-2", "a", 1)] * 2),
    ],
)
def test_nodes_are_spread_over_zones_and_hosts(nodes, zones, wanted) -> None:
    found = list(cluster.pools(nodes, zones))
    assert [count for *_, count in found] == [count for *_, count in wanted]
    assert found[0] == wanted[0]
    assert sum(count for *_, count in found) == nodes


def test_every_node_pool_says_zone_and_hosts() -> None:
    pools = of(emc2(), "ovh:CloudProject/kubeNodePool:KubeNodePool")
    assert [pool.inputs["availabilityZones"] for pool in pools] == [
        ["eu-west-par-a"],
        ["eu-west-par-b"],
        ["eu-west-par-c"],
    ]
    for pool in pools:
        assert "_" not in pool.inputs["name"]
        assert pool.inputs["antiAffinity"] is True
        assert pool.inputs["autoscale"] is False
        assert pool.inputs["flavorName"] == "b3-32"
        sizes = {pool.inputs[key] for key in ("desiredNodes", "minNodes", "maxNodes")}
        assert sizes == {1}


def test_a_cluster_of_one_zone_names_it_where_the_region_has_several() -> None:
    plan = planned(changed(example("emc2"), "cluster.availability", "single"))
    (pool,) = of(plan, "ovh:CloudProject/kubeNodePool:KubeNodePool")
    assert pool.inputs["availabilityZones"] == ["eu-west-par-a"]


def test_the_cluster_is_pinned_and_routed_through_the_private_network() -> None:
    made = one(emc2(), KUBE).inputs
    assert made["version"] == "1.35"
    assert made["plan"] == "standard"
    assert made["updatePolicy"] == "MINIMAL_DOWNTIME"
    assert made["privateNetworkConfiguration"] == {
        "defaultVrackGateway": "",
        "privateNetworkRoutingAsDefault": True,
    }


def test_cluster_and_registry_let_in_the_administration_and_the_sources() -> None:
    plan = planned(example("emc2"), source_addresses=["203.0.113.7/32"])
    wanted = ["198.51.100.0/24", "203.0.113.7/32"]
    assert named(plan, "emc2-cluster-restrictions").inputs["ips"] == wanted
    for which in ("images", "management"):
        rules = named(plan, f"emc2-registry-{which}").inputs["ipRestrictions"]
        assert [rule["ip_block"] for rule in rules] == wanted
        assert {rule["description"] for rule in rules} == {"named in the spec or the settings"}


def test_where_nobody_is_named_nobody_is_let_in() -> None:
    plan = planned(changed(example("emc2"), "network.administration", []))
    assert named(plan, "emc2-cluster-restrictions").inputs["ips"] == ["10.42.0.0/16"]
    (rule,) = named(plan, "emc2-registry-images").inputs["ipRestrictions"]
    assert rule["ip_block"] == "10.42.0.0/16"
    policy = json.loads(named(plan, "emc2-access-pharmaco-study-policy").inputs["policy"])
    assert "10.42.0.0/16" in list(texts(policy))


def test_the_registry_stands_where_it_is_put() -> None:
    made = named(emc2(), "emc2-registry-registry").inputs
    assert made["region"] == "EU-WEST-PAR"
    assert made["planId"] == "33333333-4444-5555-6666-777777777777"
    other = planned(example("emc2"), registry_region="GRA")
    assert named(other, "emc2-registry-registry").inputs["region"] == "GRA"


# Access and backup


def test_a_project_reads_exactly_its_zones_from_known_addresses() -> None:
    for project, asked in example("emc2").projects.items():
        made = named(emc2(), f"emc2-access-{project}-policy")
        (statement, *refusals) = json.loads(made.inputs["policy"])["Statement"]
        assert {each["Effect"] for each in refusals} == {"Deny"}
        buckets = [named(emc2(), f"emc2-zones-{zone}").inputs["name"] for zone in asked.zones]
        assert sorted(statement["Resource"]) == sorted(
            arn for b in buckets for arn in (f"arn:aws:s3:::{b}", f"arn:aws:s3:::{b}/*")
        )
        assert statement["Effect"] == "Allow"
        assert set(statement["Action"]) == {
            "s3:GetObject",
            "s3:ListBucket",
            "s3:GetBucketLocation",
        }
        assert statement["Condition"] == {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}}
        assert sources(made, "policy") == {f"emc2-zones-{zone}" for zone in asked.zones}
        assert sources(made, "userId") == {f"emc2-access-{project}"}


def test_users_and_accounts_have_the_one_role_that_they_need() -> None:
    for project in example("emc2").projects:
        user = named(emc2(), f"emc2-access-{project}")
        account = named(emc2(), f"emc2-access-{project}-account")
        assert user.inputs["roleNames"] == ["objectstore_operator"]
        assert account.inputs["flow"] == "CLIENT_CREDENTIALS"


def test_a_key_is_made_only_after_its_limits() -> None:
    key = named(emc2(), "emc2-access-cohort-diabetes-key")
    assert any(urn.endswith("emc2-access-cohort-diabetes-policy") for urn in key.dependencies)


def test_the_right_to_decrypt_ends_with_the_authorisation() -> None:
    made = named(emc2(), "emc2-access-pharmaco-study-decryption")
    assert made.inputs["expiredAt"] == "2027-12-31T23:59:59Z"
    assert dt.datetime.fromisoformat(made.inputs["expiredAt"]).tzinfo is dt.UTC
    assert made.inputs["allows"] == [
        "okms:apikms:serviceKey/decrypt",
        "okms:apikms:serviceKey/dataKey/decrypt",
    ]
    assert sources(made, "resources") == {"emc2-keys-zone-curated", "emc2-keys-zone-research"}
    assert sources(made, "identities") == {"emc2-access-pharmaco-study-account"}


def test_a_group_takes_the_place_of_a_service_account() -> None:
    group = "urn:v1:eu:identity:group:xx1-ovh/pharmaco"
    plan = planned(example("emc2"), project_groups={"pharmaco-study": group})
    made = named(plan, "emc2-access-pharmaco-study-decryption")
    assert made.inputs["identities"] == [group]
    assert "emc2-access-pharmaco-study-account" not in {r.name for r in plan.resources}


def test_dumps_go_to_a_locked_bucket_at_the_recovery_site() -> None:
    vault = named(emc2(), "emc2-backup-vault")
    assert vault.inputs["regionName"] == "GRA"
    (rule,) = named(emc2(), "emc2-backup-vault-lifecycle").inputs["rules"]
    assert rule["expiration"] == {"days": 36}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 1}
    target = named(emc2(), "emc2-backup-vault-logging").inputs["target"]
    assert target == named(emc2(), "emc2-zones-access-logs-fr-province").inputs["name"]


def test_outputs_name_places_and_no_secret() -> None:
    outputs = emc2().outputs
    curated = outputs["zones"]["curated"]
    assert curated["endpoint"] == "https://s3.eu-west-par.io.cloud.ovh.net"
    assert curated["region"] == "eu-west-par"
    assert curated["bucket"].startswith("emc2-production-curated-")
    assert curated["recovery"] == {
        "region": "gra",
        "endpoint": "https://s3.gra.io.cloud.ovh.net",
        "bucket": named(emc2(), "emc2-zones-curated-replica").inputs["name"],
    }
    assert outputs["database"]["host"] is outputs["database"]["port"] is UNKNOWN
    assert outputs["database"]["region"] == "EU-WEST-PAR"
    assert outputs["database"]["recovery"] == {"region": "GRA"}
    assert set(outputs["keys"]["zones"]) == set(example("emc2").zones)


# Once the service has told identifiers


@cache
def told() -> Plan:
    return deployed(example("emc2"))


def test_each_subnet_stands_in_the_network_of_its_region() -> None:
    found = {(r.inputs["region"], r.inputs["networkId"]) for r in of(told(), SUBNET)}
    assert found == {("EU-WEST-PAR", "uuid-EU-WEST-PAR"), ("GRA11", "uuid-GRA11")}


def test_database_and_nodes_stand_in_their_segments_of_the_primary_site() -> None:
    for node in one(told(), DATABASE).inputs["nodes"]:
        assert node == {
            "region": "EU-WEST-PAR",
            "networkId": "uuid-EU-WEST-PAR",
            "subnetId": "id-emc2-network-database",
        }
    kube = one(told(), KUBE).inputs
    assert kube["region"] == "EU-WEST-PAR"
    assert kube["privateNetworkId"] == "uuid-EU-WEST-PAR"
    assert kube["nodesSubnetId"] == "id-emc2-network-compute"


def test_gateway_and_security_group_stand_at_the_primary_site() -> None:
    for name in ("emc2-network-gateway", "emc2-network-administration-group"):
        assert named(told(), name).inputs["region"] == "EU-WEST-PAR"
    subnets = named(told(), "emc2-network-gateway").inputs["subnetIds"]
    assert subnets == ["id-emc2-network-compute", "id-emc2-network-database"]


def test_logs_of_database_and_cluster_name_service_and_stream() -> None:
    database_logs = named(told(), "emc2-database-logs").inputs
    assert database_logs["streamId"] == "id-emc2-audit-stream"
    assert database_logs["clusterId"] == "id-emc2-database-service"
    assert database_logs["engine"] == "postgresql"
    cluster_logs = named(told(), "emc2-cluster-logs").inputs
    assert cluster_logs["streamId"] == "id-emc2-audit-stream"
    assert cluster_logs["kubeId"] == "id-emc2-cluster-kube"


def test_restrictions_name_what_they_restrict() -> None:
    assert named(told(), "emc2-cluster-restrictions").inputs["kubeId"] == "id-emc2-cluster-kube"
    for which in ("images", "management"):
        rules = named(told(), f"emc2-registry-{which}").inputs
        assert rules["registryId"] == "id-emc2-registry-registry"


def test_a_projects_rights_name_its_user_its_keys_and_its_account() -> None:
    for project, asked in example("emc2").projects.items():
        for what in ("policy", "key"):
            made = named(told(), f"emc2-access-{project}-{what}").inputs
            assert made["userId"] == f"id-emc2-access-{project}"
        rights = named(told(), f"emc2-access-{project}-decryption").inputs
        assert rights["identities"] == [f"identity-emc2-access-{project}-account"]
        urn = f"urn:v1:eu:resource:okms:{OKMS}/serviceKey/id-emc2-keys-zone-"
        assert rights["resources"] == [f"{urn}{zone}" for zone in asked.zones]


def test_outputs_are_what_the_service_tells() -> None:
    outputs = told().outputs
    urn = f"urn:v1:eu:resource:okms:{OKMS}/serviceKey/id-emc2-keys-"
    zones = {zone: f"{urn}zone-{zone}" for zone in example("emc2").zones}
    others = {"database": f"{urn}database", "backup": f"{urn}backup"}
    assert outputs["keys"] == {"zones": zones, **others}
    for project, asked in example("emc2").projects.items():
        acts = outputs["projects"][project]
        assert acts["identity"] == f"id-emc2-access-{project}"
        assert acts["zones"] == list(asked.zones)
    service = "id-emc2-database-service"
    assert outputs["database"]["identifier"] == service
    assert outputs["database"]["authority"] == {
        "kind": "api",
        "location": f"/cloud/project/{SERVICE}/database/postgresql/{service}/certificates",
    }


# Places


def test_a_recovery_site_without_addresses_has_no_network() -> None:
    plan = planned(changed(example("emc2"), "network.recovery_address_space", None))
    assert one(plan, NETWORK).inputs["regions"] == ["EU-WEST-PAR"]
    assert {subnet.inputs["region"] for subnet in of(plan, SUBNET)} == {"EU-WEST-PAR"}


@pytest.mark.parametrize(("name", "vlan"), [("emc2", 2287), ("other", 2181)])
def test_a_derived_vlan_stays_what_it_was(name: str, vlan: int) -> None:
    """Another one would replace the network."""
    plan = planned(changed(example("emc2"), "name", name))
    assert one(plan, NETWORK).inputs["vlanId"] == vlan
