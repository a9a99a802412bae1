"""OVHcloud's facts, over what a stranger might plan and over the example's own plan."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from havre.evaluate import evaluate
from havre.facts import Facts, Known, Unclassified, Unknown
from havre.facts.model import (
    Compute,
    Copy,
    Credential,
    Grant,
    Holding,
    Key,
    LogRoute,
    Network,
    Plain,
    Right,
    Store,
)
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre.spec.load import load
from havre.stack.program import program, read_settings
from havre_ovh.facts import facts
from havre_ovh.facts.places import country
from havre_ovh.facts.zones import IN_STATE

FROM_OFFICE = {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}
BUCKET = "ovh:CloudProject/storage:Storage"
NEW_BUCKET = "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket"
DATABASE = "ovh:CloudProject/database:Database"
KUBE = "ovh:CloudProject/kube:Kube"
POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"
NETWORK = "ovh:CloudProject/networkPrivate:NetworkPrivate"
STREAM = "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream"
KEY = "ovh:Okms/serviceKey:ServiceKey"
USER = "ovh:CloudProject/user:User"
S3_POLICY = "ovh:CloudProject/s3Policy:S3Policy"
POLICY = "ovh:Iam/policy:Policy"
LIFECYCLE = (
    "ovh:index/cloudProjectStorageObjectBucketLifecycleConfiguration"
    ":CloudProjectStorageObjectBucketLifecycleConfiguration"
)
DYNAMIC = "pulumi-python:dynamic/havre-ovh:"

YES, NO, NONE = Known(value=True), Known(value=False), Known(None)
SOUND = {
    "name": "sound",
    "regionName": "GRA",
    "hideObjects": True,
    "encryption": {"sseAlgorithm": "AES256"},
    "versioning": {"status": "enabled"},
    "objectLock": {"status": "enabled", "rule": {"mode": "compliance", "period": "P30D"}},
    "tags": {"zone": "curated"},
}
SERVED = {
    "engine": "postgresql",
    "version": "17",
    "plan": "business",
    "nodes": [{"region": "GRA", "networkId": "n", "subnetId": "s"}] * 2,
    "backupRegions": ["GRA", "SBG"],
    "ipRestrictions": [{"ip": "10.0.0.0/24"}],
    "advancedConfiguration": {"pg.log_min_duration_statement": "0"},
}


def made(type_: str, inputs: dict[str, Any], name: str = "it", **told: Any) -> PlannedResource:
    """A resource; `needs` ties properties to the resources that they come from."""
    needs = {path: tuple(urns) for path, urns in told.pop("needs", {}).items()}
    return PlannedResource(
        urn=f"urn:{name}",
        type=type_,
        name=name,
        custom=True,
        inputs=inputs,
        dependencies=tuple(sorted({urn for urns in needs.values() for urn in urns})),
        property_dependencies=needs,
        **told,
    )


def of(kind: type, *resources: PlannedResource, urn: str = "urn:it") -> Any:
    """The one fact of a kind about a resource of a plan."""
    found = facts(Plan("ovh", resources))
    (item,) = [item for item in found.about(urn) if isinstance(item, kind)]
    return item


def bucket(*others: PlannedResource, **inputs: Any) -> Store:
    """The facts of a sound bucket with some inputs replaced."""
    item: Store = of(Store, made(BUCKET, {**SOUND, **inputs}), *others)
    return item


def database(*others: PlannedResource, **inputs: Any) -> Store:
    """The facts of a sound database with some inputs replaced."""
    item: Store = of(Store, made(DATABASE, {**SERVED, **inputs}), *others)
    return item


def where(item: Any, copy: Copy) -> list[tuple[str, str | None]]:
    """Regions and countries of the copies of a kind."""
    assert isinstance(item.places, Known)
    return [(p.region, p.country) for p in item.places.value if p.copy is copy]


# Regions


@pytest.mark.parametrize(
    ("region", "wanted"),
    [
        ("GRA", "FR"),
        ("GRA11", "FR"),
        ("gra", "FR"),
        ("SBG5", "FR"),
        ("RBX-A", "FR"),
        ("RBX-ARCHIVE", "FR"),
        ("EU-WEST-PAR", "FR"),
        ("eu-west-par-a", "FR"),
        ("eu-west-rbx", "FR"),
        ("DE1", "DE"),
        ("WAW1", "PL"),
        ("UK1", "GB"),
        ("EU-SOUTH-MIL", "IT"),
        ("EU-SOUTH-LZ-MAD-A", "ES"),
        ("BHS5", "CA"),
        ("CA-EAST-TOR", "CA"),
        ("SGP1", "SG"),
        ("AP-SOUTH-MUM", "IN"),
        ("US-EAST-VIN", None),
        ("US-EAST-PAR", None),
        ("AP-SOUTHEAST-GRA", None),
        ("EU-WEST-LZ-XYZ-A", None),
        ("GRAVELINES", None),
        ("global", None),
        ("", None),
    ],
)
def test_a_region_has_its_country_however_it_is_spelt(region: str, wanted: str | None) -> None:
    assert country(region) == wanted


# Buckets


def test_a_sound_bucket() -> None:
    item = bucket(
        made(f"{DYNAMIC}AccessList", {"bucket": "sound"}, "list"),
        made(f"{DYNAMIC}BucketLogging", {"bucket": "sound", "target": "logs"}, "logging"),
    )
    assert (item.holding, item.zone) == (Holding.ZONE, "curated")
    assert (item.encrypted, item.versions, item.locked_days) == (YES, YES, Known(30))
    assert (item.public_read, item.reads_logged) == (NO, YES)
    assert (item.key, item.private_endpoint, item.public_endpoint) == (NONE, NO, YES)
    assert isinstance(item.tls_minimum, Unknown)
    assert where(item, Copy.PRIMARY) == [("GRA", "FR")]
    assert where(item, Copy.REPLICA) == []


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"encryption": None}, "encrypted", NO),
        ({"encryption": {"sse_algoritm": "AES256"}}, "encrypted", NO),
        ({"encryption": {"sseAlgorithm": "plaintext"}}, "encrypted", NO),
        (
            {"encryption": {"sseAlgorithm": UNKNOWN}},
            "encrypted",
            Unknown("encryption.sseAlgorithm"),
        ),
        ({"versioning": None}, "versions", NO),
        ({"versioning": {"status": "suspended"}}, "versions", NO),
        ({"versioning": UNKNOWN}, "versions", Unknown("versioning.status")),
        ({"versioning": {"status": "disabled"}}, "locked_days", Known(0)),
        ({"objectLock": None}, "locked_days", Known(0)),
        ({"objectLock": {"status": "enabled"}}, "locked_days", Known(0)),
        ({"regionName": UNKNOWN}, "places", Unknown("regionName")),
        ({"hideObjects": UNKNOWN}, "places", Unknown("hideObjects")),
        ({"replication": UNKNOWN}, "places", Unknown("replication.rules")),
        ({"tags": UNKNOWN}, "tags", Unknown("tags")),
        ({"tags": None}, "tags", Known({})),
        ({"regionName": "EU-WEST-PAR"}, "multi_zone", YES),
        ({}, "multi_zone", NO),
        ({}, "reads_logged", NO),
        ({}, "guarded", NO),
    ],
)
def test_what_a_bucket_lacks(inputs: dict[str, Any], fact: str, value: object) -> None:
    assert getattr(bucket(**inputs), fact) == value


def test_nobody_watches_the_access_list() -> None:
    strange = made(f"{DYNAMIC}AccessList", {"bucket": "another"}, "list")
    assert isinstance(bucket(strange).public_read, Unknown)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ({"mode": "compliance", "period": "P1W"}, Known(7)),
        ({"mode": "compliance", "period": "P1M"}, Known(28)),
        ({"mode": "compliance", "period": "P1Y"}, Known(365)),
        ({"mode": "governance", "period": "P30D"}, Known(0)),
        ({"mode": "compliance", "period": "30 days"}, Unknown("objectLock.rule.period")),
        ({"mode": "compliance", "period": UNKNOWN}, Unknown("objectLock.rule.period")),
        ({"mode": UNKNOWN, "period": "P30D"}, Unknown("objectLock.rule.mode")),
    ],
)
def test_a_lock_counts_at_its_shortest(rule: dict[str, Any], days: object) -> None:
    assert bucket(objectLock={"status": "enabled", "rule": rule}).locked_days == days


def test_the_newer_bucket_has_other_words() -> None:
    inputs: dict[str, Any] = {
        "name": "newer",
        "region": "UK",
        "encryption": {"algorithm": "AES256"},
        "versioning": {"status": "ENABLED"},
        "objectLock": {"mode": "COMPLIANCE", "retentionDays": 90},
    }
    item = of(Store, made(NEW_BUCKET, inputs))
    assert (item.encrypted, item.versions, item.locked_days) == (YES, YES, Known(90))
    assert item.names_in_state == NO  # the newer resource lists no objects
    assert where(item, Copy.PRIMARY) == [("UK", "GB")]
    assert where(item, Copy.REPLICA) == []
    inputs["encryption"] = {"algorithm": "PLAINTEXT"}
    inputs["objectLock"] = {"mode": "GOVERNANCE", "retentionDays": 90}
    item = of(Store, made(NEW_BUCKET, inputs))
    assert (item.encrypted, item.locked_days) == (NO, Known(0))
    inputs["objectLock"] = {"mode": "COMPLIANCE", "retentionDays": UNKNOWN}
    assert of(Store, made(NEW_BUCKET, inputs)).locked_days == Unknown("objectLock.retentionDays")


def test_replication_is_followed_abroad() -> None:
    rules = [
        {"status": "enabled", "destination": {"name": "away", "region": "BHS"}},
        {"status": "enabled", "destination": {"name": "away", "region": "UK"}},
        {"status": "disabled", "destination": {"name": "away", "region": "SGP"}},
        {"destination": {"name": "away"}},
    ]
    item = bucket(replication={"rules": rules})
    assert where(item, Copy.REPLICA) == [("BHS", "CA"), ("UK", "GB"), ("", None)]
    assert isinstance(item.cross_tenant, Unknown)
    rules[0]["destination"] = {"name": "away", "region": UNKNOWN}
    withheld = Unknown("replication.rules[].destination.region")
    assert bucket(replication={"rules": rules}).places == withheld


def test_replication_within_the_plan_crosses_no_tenant() -> None:
    rule = {"status": "enabled", "destination": {"name": "copy", "region": "SBG"}}
    copy = made(BUCKET, {**SOUND, "name": "copy"}, "copy")
    assert bucket(copy, replication={"rules": [rule]}).cross_tenant == NO


@pytest.mark.parametrize("hidden", [None, False, "true"])
def test_object_names_in_the_state_are_a_copy_of_unknown_country(hidden: object) -> None:
    item = bucket(hideObjects=hidden)
    assert isinstance(item.places, Known)
    (leak,) = [p for p in item.places.value if p.implied == IN_STATE]
    assert (leak.copy, leak.country) == (Copy.REPLICA, None)
    assert item.names_in_state == YES


def test_object_names_that_are_hidden_stay_out_of_the_state() -> None:
    assert bucket().names_in_state == NO
    assert bucket(hideObjects=UNKNOWN).names_in_state == Unknown("hideObjects")


@pytest.mark.parametrize(
    ("tags", "holding", "copy"),
    [
        ({"zone": "logs", "purpose": "logs"}, Holding.ZONE, Copy.PRIMARY),
        ({"zone": "a", "replica-of": "fr-paris"}, Holding.ZONE, Copy.REPLICA),
        ({"purpose": "access-logs"}, Holding.LOGS, Copy.LOG),
        ({"purpose": "backup"}, Holding.BACKUP, Copy.BACKUP),
        ({"purpose": "cats"}, Holding.ZONE, Copy.PRIMARY),
    ],
)
def test_labels_tell_what_a_bucket_holds(
    tags: dict[str, str], holding: Holding, copy: Copy
) -> None:
    item = bucket(tags=tags)
    assert item.holding is holding
    assert where(item, copy) == [("GRA", "FR")]


LOCKED_DAYS = 30


@pytest.mark.parametrize(
    ("rule", "zone", "logs"),
    [
        ({"status": "enabled", "expiration": {"days": 9}}, Known(9), Known(9)),
        ({"status": "disabled", "expiration": {"days": 9}}, Known(None), Known(LOCKED_DAYS)),
        ({"expiration": {"days": UNKNOWN}}, *[Unknown("rules[].expiration.days")] * 2),
        ({"expiration": {"date": "2030-01-01"}}, *[Unknown("rules[].expiration.date")] * 2),
        ({"expiration": {"days": 9}, "filter": {"prefix": "a/"}}, *[Unknown("rules[].filter")] * 2),
        ({"expiration": {"days": 9}, "filter": {"prefix": ""}}, Known(9), Known(9)),
        (UNKNOWN, *[Unknown("rules")] * 2),
    ],
)
def test_objects_end_where_a_rule_deletes(rule: Any, zone: object, logs: object) -> None:
    rules = made(LIFECYCLE, {"containerName": "sound", "rules": [rule]}, "rules")
    assert (bucket(rules).expire_days, bucket(rules).retention_days) == (zone, Known(None))
    archive = bucket(rules, tags={"purpose": "access-logs"})
    assert archive.retention_days == logs


DAYS = "rules[].noncurrentVersionExpiration.noncurrentDays"


@pytest.mark.parametrize(
    ("rules", "status", "days"),
    [
        ([], "enabled", Known(None)),
        ([{"noncurrentVersionExpiration": {"noncurrentDays": 9}}], "enabled", Known(9)),
        (
            [
                {"noncurrentVersionExpiration": {"noncurrentDays": 9}},
                {"noncurrentVersionExpiration": {"noncurrentDays": 4}, "filter": {"prefix": "a"}},
            ],
            "enabled",
            Known(4),
        ),
        (
            [{"status": "disabled", "noncurrentVersionExpiration": {"noncurrentDays": 9}}],
            "enabled",
            Known(None),
        ),
        ([{"noncurrentVersionExpiration": {"newerNoncurrentVersions": 2}}], "enabled", Known(0)),
        ([{"noncurrentVersionExpiration": {"noncurrentDays": UNKNOWN}}], "enabled", Unknown(DAYS)),
        ([{"expiration": {"days": 9}}], "enabled", Known(None)),
        ([], "suspended", Known(0)),
        ([], UNKNOWN, Unknown("versioning.status")),
        ([UNKNOWN], "disabled", Known(0)),
    ],
)
def test_what_is_deleted_lives_on_as_a_version(rules: list[Any], status: Any, days: object) -> None:
    lifecycle = made(LIFECYCLE, {"containerName": "sound", "rules": rules}, "rules")
    item = bucket(lifecycle, versioning={"status": status})
    assert (item.recoverable_days, item.version_days) == (days, days)


def test_a_signed_address_opens_a_bucket() -> None:
    signed = made(
        "ovh:CloudProject/regionStoragePresign:RegionStoragePresign", {"name": "sound"}, "signed"
    )
    assert bucket(signed).shared_keys == YES
    assert bucket().shared_keys == NO


@pytest.mark.parametrize("guard", ["protect", "retain_on_delete"])
def test_pulumi_guards(guard: str) -> None:
    assert of(Store, made(BUCKET, dict(SOUND), **{guard: True})).guarded == YES


def test_labels_by_another_resource_count() -> None:
    labels = made(
        "ovh:index/iamResourceTags:IamResourceTags",
        {"urn": UNKNOWN, "tags": {"owner": "me"}},
        "labels",
        needs={"urn": ["urn:it"]},
    )
    assert bucket(labels).tags == Known({"zone": "curated", "owner": "me"})
    assert database(labels).tags == Known({"owner": "me"})
    assert database().tags == NONE


def test_logging_ties_two_buckets() -> None:
    logs = made(BUCKET, {**SOUND, "name": "logs"}, "logs")
    route = made(f"{DYNAMIC}BucketLogging", {"bucket": "sound", "target": "logs"}, "it")
    source = made(BUCKET, dict(SOUND), "source")
    item = of(LogRoute, source, logs, route)
    assert (item.sources, item.sinks) == (Known(("urn:source",)), Known(("urn:logs",)))
    assert of(LogRoute, source, route).sinks == Unknown("target")


# Database


def test_a_sound_database() -> None:
    logs = made(
        "ovh:CloudProjectDatabase/logSubscription:LogSubscription",
        {"clusterId": UNKNOWN, "streamId": UNKNOWN},
        "logs",
        needs={"clusterId": ["urn:it"]},
    )
    item = database(logs)
    assert (item.engine, item.offering.plan) == (Known("postgresql 17"), Known("business"))
    assert (item.public_endpoint, item.private_endpoint, item.reads_logged) == (NO, YES, YES)
    assert where(item, Copy.PRIMARY) == [("GRA", "FR")]
    assert where(item, Copy.BACKUP) == [("GRA", "FR"), ("SBG", "FR")]
    assert (item.key, item.multi_zone, item.guarded) == (NONE, NO, NO)
    assert (item.encrypted, item.names_in_state) == (YES, NO)
    for withheld in (item.backup_days, item.tls_minimum, item.extensions):
        assert isinstance(withheld, Unknown)


@pytest.mark.parametrize(
    ("region", "backup"),
    [
        ("DE", ("GRA", "FR")),
        ("UK", ("GRA", "FR")),
        ("WAW", ("GRA", "FR")),
        ("GRA", ("SBG", "FR")),
        ("BHS", ("SBG", "FR")),
        ("EU-SOUTH-MIL", ("", None)),
    ],
)
def test_backups_that_nobody_places_go_where_the_service_wants(
    region: str, backup: tuple[str, str | None]
) -> None:
    item = database(nodes=[{"region": region}], backupRegions=None)
    assert where(item, Copy.BACKUP) == [(region, country(region)), backup]
    assert isinstance(item.places, Known)
    assert all(p.implied for p in item.places.value if p.copy is Copy.BACKUP)


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"nodes": UNKNOWN}, "places", Unknown("nodes")),
        ({"nodes": [{"region": UNKNOWN}]}, "places", Unknown("nodes[].region")),
        ({"backupRegions": UNKNOWN}, "places", Unknown("backupRegions")),
        ({"version": UNKNOWN}, "engine", Unknown("version")),
        ({"nodes": UNKNOWN}, "public_endpoint", Unknown("nodes")),
        ({"nodes": [{"region": "GRA"}]}, "public_endpoint", YES),
        ({"nodes": [{"region": "GRA", "networkId": "n"}]}, "public_endpoint", YES),
        (
            {"nodes": [{"region": "GRA", "networkId": UNKNOWN, "subnetId": "s"}]},
            "public_endpoint",
            Unknown("nodes"),
        ),
        ({"nodes": [{"region": "EU-WEST-PAR"}] * 3}, "multi_zone", YES),
        ({"nodes": [{"region": "EU-WEST-PAR"}]}, "multi_zone", NO),
        ({"deletionProtection": True}, "guarded", YES),
        ({"deletionProtection": UNKNOWN}, "guarded", Unknown("deletionProtection")),
        ({"advancedConfiguration": UNKNOWN}, "reads_logged", NO),
    ],
)
def test_what_a_database_lacks(inputs: dict[str, Any], fact: str, value: object) -> None:
    assert getattr(database(**inputs), fact) == value


def test_a_network_of_the_plan_is_one_though_its_identifier_is_unknown() -> None:
    node = {"region": "GRA", "networkId": UNKNOWN, "subnetId": UNKNOWN}
    service = made(DATABASE, {**SERVED, "nodes": [node]}, needs={"nodes": ["urn:network"]})
    assert of(Store, service).private_endpoint == YES


def test_the_plan_decides_on_certificates() -> None:
    assert database(plan="essential").offering.plan == Known("essential")
    assert database(plan=UNKNOWN).offering.plan == Unknown("plan")
    assert database(plan=None).offering.plan == Unknown("plan")


def test_statements_are_logged_only_where_both_ends_are_set() -> None:
    logs = made(
        "ovh:CloudProjectDatabase/logSubscription:LogSubscription",
        {"clusterId": UNKNOWN, "streamId": "x"},
        "logs",
        needs={"clusterId": ["urn:it"]},
    )
    assert database(logs, advancedConfiguration=None).reads_logged == NO
    assert database(logs, advancedConfiguration=UNKNOWN).reads_logged == Unknown(
        "advancedConfiguration"
    )


def test_a_database_that_can_be_dropped_is_not_guarded() -> None:
    part = made(
        "ovh:CloudProjectDatabase/databaseInstance:DatabaseInstance",
        {"clusterId": UNKNOWN},
        "part",
        needs={"clusterId": ["urn:it"]},
    )
    assert database(part, deletionProtection=True).guarded == NO


@pytest.mark.parametrize("address", ["0.0.0.0/0", "::/0"])
def test_all_addresses_are_any(address: str) -> None:
    service = made(DATABASE, {**SERVED, "ipRestrictions": [{"ip": address}]})
    rules = of(Network, service).rules
    assert [rule.addresses for rule in rules.value] == [("*",)]
    group = made(
        "ovh:index/cloudSecurityGroup:CloudSecurityGroup",
        {"region": "GRA11", "rules": [{"direction": "INGRESS", "remoteIpPrefix": address}]},
    )
    (rule,) = of(Network, group).rules.value
    assert (rule.inbound, rule.addresses, rule.ports) == (True, ("*",), ())


def test_addresses_that_are_not_decided() -> None:
    service = made(DATABASE, {**SERVED, "ipRestrictions": [{"ip": UNKNOWN}]})
    assert of(Network, service).rules == Unknown("ipRestrictions[].ip")


# Networks


def test_a_network_without_regions_spreads() -> None:
    for regions in (None, []):
        item = of(Network, made(NETWORK, {"regions": regions}))
        assert item.spreads == YES
        assert where(item, Copy.SERVICE) == [("", None)]
    assert of(Network, made(NETWORK, {"regions": UNKNOWN})).spreads == Unknown("regions")


def test_a_network_with_regions_lies_there() -> None:
    item = of(Network, made(NETWORK, {"regions": ["GRA11", "BHS5"]}))
    assert item.spreads == NO
    assert where(item, Copy.SERVICE) == [("GRA11", "FR"), ("BHS5", "CA")]
    assert (item.egress_denied, item.flows_logged) == (NO, NO)


def test_a_security_group_rule_is_as_wide_as_it_leaves_open() -> None:
    rules: list[Any] = [
        {"direction": "INGRESS", "portRangeMin": 22, "portRangeMax": 22},
        {"direction": "EGRESS", "remoteGroupId": "group"},
    ]
    kind = "ovh:index/cloudSecurityGroup:CloudSecurityGroup"
    item = of(Network, made(kind, {"region": "DE1", "rules": rules}))
    assert [(r.inbound, r.addresses, r.ports) for r in item.rules.value] == [
        (True, ("*",), ((22, 22),)),
        (False, ("group",), ()),
    ]
    assert item.egress_denied == NO
    rules[0]["remoteIpPrefix"] = UNKNOWN
    assert of(Network, made(kind, {"region": "DE1", "rules": rules})).rules == Unknown("rules")


def test_a_gateway_is_a_way_out() -> None:
    newer = "ovh:index/cloudGateway:CloudGateway"
    open_ = {"region": "GRA11", "externalGateway": {"enabled": True}}
    assert of(Network, made(newer, open_)).egress_denied == NO
    assert of(Network, made(newer, {"region": "GRA11"})).egress_denied == NONE
    older = made("ovh:CloudProject/gateway:Gateway", {"region": "GRA11"})
    assert of(Network, older).egress_denied == NO


def test_a_local_zone_is_in_its_own_country() -> None:
    kind = "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2"
    item = of(Network, made(kind, {"region": "EU-SOUTH-LZ-MAD-A", "name": "x-database"}))
    assert where(item, Copy.SERVICE) == [("EU-SOUTH-LZ-MAD-A", "ES")]
    assert item.segment == "database"


# Cluster


def test_a_cluster_that_anybody_reaches() -> None:
    item = of(Compute, made(KUBE, {"region": "UK1"}))
    assert (item.public_api, item.allowed) == (YES, Known(()))
    assert (item.engine, item.secrets_key, item.local_accounts) == (Known("kubernetes"), NONE, YES)
    assert (item.multi_zone, item.private_nodes) == (NO, NO)
    assert where(item, Copy.COMPUTE) == [("UK1", "GB")]


def tied(type_: str, name: str, **inputs: Any) -> PlannedResource:
    """A resource of the cluster `it`."""
    return made(type_, {"kubeId": UNKNOWN, **inputs}, name, needs={"kubeId": ["urn:it"]})


def test_a_cluster_is_told_by_what_belongs_to_it() -> None:
    restrict = "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions"
    kube = made(
        KUBE,
        {"region": "EU-WEST-PAR", "version": "1.35", "privateNetworkId": UNKNOWN},
        needs={"privateNetworkId": ["urn:network"]},
    )
    pools = [
        tied(POOL, zone, availabilityZones=[zone]) for zone in ("eu-west-par-a", "eu-west-par-b")
    ]
    item = of(Compute, kube, tied(restrict, "ips", ips=["192.0.2.0/24"]), *pools)
    assert item.allowed == Known(("192.0.2.0/24",))
    assert (item.multi_zone, item.private_nodes) == (YES, YES)
    assert item.engine == Known("kubernetes 1.35")
    floating = tied(POOL, "p", availabilityZones=UNKNOWN, attachFloatingIps={"enabled": True})
    item = of(Compute, kube, tied(restrict, "ips", ips=UNKNOWN), floating)
    assert (item.allowed, item.private_nodes) == (Unknown("ips"), NO)
    assert item.multi_zone == Unknown("availabilityZones")


V2 = "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2"


@pytest.mark.parametrize(
    ("inputs", "needs", "segments"),
    [
        ({"nodesSubnetId": UNKNOWN}, {"nodesSubnetId": ["urn:net"]}, Known(("urn:net",))),
        ({"nodesSubnetId": "s-1"}, {}, Known(("s-1",))),
        ({"nodesSubnetId": UNKNOWN}, {}, Unknown("nodesSubnetId")),
        (
            {"nodesSubnetId": UNKNOWN},
            {"nodesSubnetId": ["urn:net", "urn:other"]},
            Unknown("nodesSubnetId"),
        ),
        ({}, {}, Unknown("nodesSubnetId")),
        ({"privateNetworkId": None, "nodesSubnetId": "s-1"}, {}, Known((None,))),
        ({"privateNetworkId": UNKNOWN}, {}, Unknown("privateNetworkId")),
    ],
)
def test_the_segment_of_nodes(inputs: Any, needs: Any, segments: Any) -> None:
    nets = [made(V2, {"name": "x"}, name) for name in ("net", "other")]
    kube = made(KUBE, {"region": "GRA11", "privateNetworkId": "n", **inputs}, needs=needs)
    assert of(Compute, kube, *nets).segments == segments


@pytest.mark.parametrize(
    ("nodes", "segments"),
    [
        ([{"networkId": "n", "subnetId": "s-1"}] * 2, Known(("s-1",))),
        ([{"networkId": "n", "subnetId": "s-1"}, {"region": "GRA"}], Known(("s-1", None))),
        ([], Known(())),
        (UNKNOWN, Unknown("nodes")),
        ([UNKNOWN], Unknown("nodes")),
    ],
)
def test_the_segments_of_a_database(nodes: Any, segments: Any) -> None:
    assert of(Store, made(DATABASE, {**SERVED, "nodes": nodes})).segments == segments


def statement(**differs: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **differs}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([statement(Condition=FROM_OFFICE)], ("192.0.2.0/24",)),
        ([statement(Condition=FROM_OFFICE), statement(Effect="Deny")], ("192.0.2.0/24",)),
        ([statement(Condition=FROM_OFFICE), statement()], ()),
        ([statement(Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}})], ()),
        ([statement(Condition={"IpAddress": {"aws:SourceIp": []}})], ()),
        ([statement(Condition="192.0.2.0/24")], ()),
    ],
)
def test_from_where_a_policy_holds(statements: Any, allowed: tuple[str, ...]) -> None:
    text = json.dumps({"Statement": statements})
    grant = of(Grant, made(S3_POLICY, {"userId": "1", "policy": text}))
    assert grant.allowed == Known(allowed)


def test_nodes_without_their_cluster_are_compute_of_which_little_is_known() -> None:
    item = of(Compute, made(POOL, {"kubeId": "elsewhere"}))
    assert item.places == Unknown("kubeId")
    assert isinstance(item.public_api, Unknown)


# Keys, logs, registry


@pytest.mark.parametrize(
    ("region", "copies"),
    [
        ("eu-west-rbx", [("eu-west-rbx", "FR"), ("SBG", "FR"), ("GRA", "FR")]),
        ("EU-WEST-PAR", [("EU-WEST-PAR", "FR"), ("GRA", "FR"), ("SBG", "FR")]),
        ("ca-east-bhs", [("ca-east-bhs", "CA"), ("", None)]),
    ],
)
def test_keys_lie_at_their_domain_and_where_it_copies_them(
    region: str, copies: list[tuple[str, str | None]]
) -> None:
    domain = made("ovh:Okms/okms:Okms", {"region": region}, "domain")
    item = of(Key, domain, made(KEY, {"okmsId": UNKNOWN}, needs={"okmsId": ["urn:domain"]}))
    assert where(item, Copy.KEY) == copies
    assert (item.rotation_days, item.hsm, item.customer) == (NONE, NO, YES)
    assert (item.deletion_days, item.purge_guarded, item.use_logged) == (NONE, NO, NO)


def test_a_key_of_a_foreign_domain_lies_where_its_name_says_or_nowhere_known() -> None:
    item = of(Key, made(KEY, {"okmsId": "x", "name": "zone.eu-west-sbg"}))
    assert isinstance(item.places, Known)
    assert [p.region for p in item.places.value] == ["eu-west-sbg", "RBX", "GRA"]
    assert all(p.implied for p in item.places.value)
    for name in ("zone", "zone.mars", UNKNOWN):
        assert isinstance(of(Key, made(KEY, {"okmsId": "x", "name": name})).places, Unknown)


@pytest.mark.parametrize(
    ("inputs", "days"),
    [
        (
            {
                "coldStorageEnabled": True,
                "coldStorageContent": "ALL",
                "coldStorageRetention": 2,
                "retentionId": "x",
            },
            Known(730),
        ),
        (
            {
                "coldStorageEnabled": True,
                "coldStorageContent": "PLAIN",
                "coldStorageRetention": 9,
                "retentionId": "x",
            },
            Unknown("retentionId"),
        ),
        ({"coldStorageContent": "ALL", "coldStorageRetention": 9}, NONE),
        ({"retentionId": "x"}, Unknown("retentionId")),
        ({"coldStorageEnabled": UNKNOWN}, Unknown("coldStorageEnabled")),
        ({}, NONE),
    ],
)
def test_a_stream_keeps_what_its_archive_keeps(inputs: dict[str, Any], days: object) -> None:
    item = of(Store, made(STREAM, inputs))
    assert (item.holding, item.retention_days) == (Holding.LOGS, days)
    assert isinstance(item.places, Unknown)
    assert isinstance(item.encrypted, Unknown)


def test_a_stream_lies_where_its_description_says() -> None:
    item = of(Store, made(STREAM, {"description": "Logs kept 3 days at de-frankfurt; owner=me"}))
    assert where(item, Copy.LOG) == [("", "DE")]
    vague = of(Store, made(STREAM, {"description": "Logs kept 3 days at a place not stated; x=y"}))
    assert isinstance(vague.places, Unknown)


def test_a_registry_abroad() -> None:
    kind = "ovh:CloudProject/containerRegistry:ContainerRegistry"
    item = of(Store, made(kind, {"region": "BHS"}))
    assert item.holding is Holding.REGISTRY
    assert where(item, Copy.PRIMARY) == [("BHS", "CA")]
    assert isinstance(item.public_read, Unknown)
    assert (item.public_endpoint, item.key) == (YES, NONE)
    assert isinstance(item.encrypted, Unknown)  # nothing read says that it is
    assert item.offering.plan == Known("")


def test_a_registry_that_lets_everybody_in() -> None:
    kind = (
        "ovh:CloudProject/containerRegistryIPRestrictionsRegistry"
        ":ContainerRegistryIPRestrictionsRegistry"
    )
    item = of(Network, made(kind, {"ipRestrictions": [{"ip_block": "0.0.0.0/0"}]}))
    assert [rule.addresses for rule in item.rules.value] == [("*",)]
    item = of(Network, made(kind, {"ipRestrictions": [{"ip_block": UNKNOWN}]}))
    assert item.rules == Unknown("ipRestrictions[].ip_block")


# Access


def granted(policy: Any, *others: PlannedResource) -> Grant:
    """What an S3 policy of the user `owner` grants."""
    resource = made(S3_POLICY, {"userId": UNKNOWN, "policy": policy}, needs={"userId": ["urn:u"]})
    user = made(
        USER,
        {"description": "project=cohort; title; x=y", "roleNames": ["objectstore_operator"]},
        "u",
    )
    item: Grant = of(Grant, user, resource, *others)
    return item


def statement(**said: Any) -> str:
    """A policy of one statement."""
    whole = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::sound/*"]}
    whole |= said
    return json.dumps({"Statement": [{k: v for k, v in whole.items() if v is not None}]})


@pytest.mark.parametrize(
    ("said", "rights"),
    [
        ({}, {Right.READ}),
        ({"Action": "s3:Get*"}, {Right.READ}),
        ({"Action": ["s3:ListBucket", "s3:PutObject"]}, {Right.READ, Right.WRITE}),
        ({"Action": "s3:DeleteObjectVersion"}, {Right.DELETE}),
        ({"Action": "s3:PutBucketLogging"}, {Right.ADMINISTER, Right.CHANGE_LOGS}),
        ({"Action": "s3:PutObjectAcl"}, {Right.ADMINISTER}),
        ({"Action": "s3:BypassGovernanceRetention"}, {Right.ADMINISTER}),
        ({"Action": "s3:*"}, {Right.EVERYTHING}),
        ({"Action": "*"}, {Right.EVERYTHING}),
        ({"Action": "s3:P*"}, {Right.EVERYTHING}),
        ({"Action": "s3:Invented"}, {Right.EVERYTHING}),
        ({"Action": None, "NotAction": "s3:PutObject"}, {Right.EVERYTHING}),
        ({"Effect": "Deny", "Action": "s3:*"}, set()),
    ],
)
def test_an_s3_policy_is_told_at_its_widest(said: dict[str, Any], rights: set[Right]) -> None:
    item = granted(statement(**said))
    assert item.rights == Known(frozenset(rights))
    assert (item.identity, item.project, item.expires) == (Known("urn:u"), "cohort", NONE)


@pytest.mark.parametrize(
    "document",
    ["{", "[]", "3", "{}", '{"Statement": "Allow"}', '{"Statement": [{"Effect": "allow"}]}', ""],
)
def test_a_policy_that_is_none_never_passes(document: str) -> None:
    item = granted(document)
    assert isinstance(item.rights, Unknown)
    assert isinstance(item.targets, Unknown)
    assert "policy" in item.rights.property


@pytest.mark.parametrize("policy", [UNKNOWN, Secret(UNKNOWN)])
def test_a_policy_that_is_not_decided(policy: object) -> None:
    item = granted(policy)
    assert (item.rights, item.targets) == (Unknown("policy"), Unknown("policy"))


def test_a_policy_names_buckets_of_the_plan() -> None:
    own = made(BUCKET, dict(SOUND), "own")
    other = made(BUCKET, {**SOUND, "name": "sonar"}, "other")
    resources = ["arn:aws:s3:::sound", "arn:aws:s3:::sound/prefix/*"]
    assert granted(statement(Resource=resources), own, other).targets == Known(("urn:own",))
    wide = granted(statement(Resource="arn:aws:s3:::so*"), own, other).targets
    assert wide == Known(("urn:own", "urn:other", "arn:aws:s3:::so*"))
    foreign = granted(statement(Resource="arn:aws:s3:::theirs"), own).targets
    assert foreign == Known(("arn:aws:s3:::theirs",))
    unsaid = granted(statement(Resource=None), own).targets
    assert unsaid == Known(("urn:own", "*"))


@pytest.mark.parametrize(
    ("roles", "rights"),
    [
        (["administrator"], Known(frozenset({Right.EVERYTHING}))),
        (["key-manager_operator"], Known(frozenset({Right.MANAGE_KEYS}))),
        (["objectstore_operator", "compute_operator"], Known(frozenset({Right.ADMINISTER}))),
        (["objectstore_operator", "emperor"], Unknown("roleNames")),
        ([], Unknown("roleNames")),
        (UNKNOWN, Unknown("roleNames")),
    ],
)
def test_a_users_roles(roles: Any, rights: object) -> None:
    item = of(Grant, made(USER, {"roleNames": roles, "serviceName": "p"}))
    assert (item.rights, item.targets) == (rights, Known(("project p",)))


def test_an_operator_of_object_storage_has_what_it_owns_and_a_password() -> None:
    user = made(USER, {"roleNames": ["objectstore_operator"]})
    own = made(BUCKET, {**SOUND, "ownerId": UNKNOWN}, "own", needs={"ownerId": ["urn:it"]})
    item = of(Grant, user, own)
    assert item.rights == Known(frozenset({Right.EVERYTHING}))
    assert item.targets == Known(("urn:own",))
    assert of(Credential, user).expires == NONE
    assert facts(Plan("ovh", (user,))).of(Grant) == []


@pytest.mark.parametrize(
    ("inputs", "rights"),
    [
        ({"allows": ["okms:apikms:serviceKey/decrypt"]}, {Right.USE_KEYS}),
        ({"allows": ["okms:apikms:serviceKey/deactivate"]}, {Right.MANAGE_KEYS}),
        ({"allows": ["publicCloudProject:apiovh:storage/get"]}, {Right.READ}),
        ({"allows": ["publicCloudProject:apiovh:storage/create"]}, {Right.ADMINISTER}),
        ({"allows": ["ldp:apiovh:output/delete"]}, {Right.CHANGE_LOGS}),
        ({"allows": ["*"]}, {Right.EVERYTHING}),
        ({"allows": ["okms:*"]}, {Right.EVERYTHING}),
        ({"permissionsGroups": ["urn:v1:eu:permissionsGroup:ovh:globalReadOnly"]}, {Right.READ}),
        ({"permissionsGroups": ["urn:v1:eu:permissionsGroup:ovh:globalAdmin"]}, {Right.EVERYTHING}),
        ({"allows": ["*"], "denies": ["*"]}, {Right.EVERYTHING}),
    ],
)
def test_an_iam_policy_is_told_at_its_widest(inputs: dict[str, Any], rights: set[Right]) -> None:
    base = {"identities": ["urn:v1:eu:identity:group:a/b"], "resources": ["urn:v1:eu:resource:x"]}
    item = of(Grant, made(POLICY, {**base, **inputs}))
    assert item.rights == Known(frozenset(rights))
    assert item.identity == Known("urn:v1:eu:identity:group:a/b")
    assert item.targets == Known(("urn:v1:eu:resource:x",))
    assert item.expires == NONE


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"allows": UNKNOWN}, "rights", Unknown("allows")),
        ({"permissionsGroups": UNKNOWN}, "rights", Unknown("permissionsGroups")),
        ({"permissionsGroups": ["urn:ours:own"]}, "rights", Unknown("permissionsGroups")),
        ({"expiredAt": "2030-06-30T23:59:59Z"}, "expires", Known(dt.date(2030, 6, 30))),
        ({"expiredAt": "soon"}, "expires", Unknown("expiredAt")),
        ({"expiredAt": UNKNOWN}, "expires", Unknown("expiredAt")),
        ({"identities": [UNKNOWN]}, "identity", Unknown("identities")),
        ({"resources": UNKNOWN}, "targets", Unknown("resources")),
    ],
)
def test_what_an_iam_policy_withholds(inputs: dict[str, Any], fact: str, value: object) -> None:
    base = {"identities": ["urn:a"], "resources": ["urn:b"], "allows": ["x:y:z/get"]}
    assert getattr(of(Grant, made(POLICY, {**base, **inputs})), fact) == value


def test_an_iam_policy_gives_one_grant_an_identity() -> None:
    policy = made(POLICY, {"identities": ["urn:a", "urn:b"], "resources": ["*"], "allows": ["*"]})
    grants = facts(Plan("ovh", (policy,))).of(Grant)
    assert [grant.identity for grant in grants] == [Known("urn:a"), Known("urn:b")]


def test_an_iam_policy_for_nobody_is_still_spoken_of() -> None:
    policy = made(POLICY, {"identities": [], "resources": ["*"], "allows": ["*"]})
    assert [type(item) for item in facts(Plan("ovh", (policy,))).items] == [Plain]


def test_a_group_of_the_plan_is_read() -> None:
    group = made("ovh:Iam/permissionsGroup:PermissionsGroup", {"allows": ["*"]}, "group")
    policy = made(
        POLICY,
        {"identities": ["urn:a"], "resources": ["*"], "permissionsGroups": [UNKNOWN]},
        needs={"permissionsGroups": ["urn:group"]},
    )
    assert of(Grant, group, policy).rights == Known(frozenset({Right.EVERYTHING}))


def test_keys_and_accounts_last_for_ever() -> None:
    key = made("ovh:CloudProject/s3Credential:S3Credential", {"userId": "7"})
    assert of(Credential, key).expires == NONE
    account = made("ovh:Me/aPIOAuth2Client:APIOAuth2Client", {"description": "project=a-b; x"})
    assert (of(Credential, account).expires, of(Credential, account).project) == (NONE, "a-b")
    certificate = made("ovh:Okms/credential:Credential", {"validity": 30})
    assert isinstance(of(Credential, certificate).expires, Unknown)


@pytest.mark.parametrize(
    "type_",
    [
        "ovh:CloudProject/instance:Instance",
        "ovh:CloudProject/volume:Volume",
        "ovh:index/cloudStorageFileShare:CloudStorageFileShare",
        "pulumi-python:dynamic/havre-local:Zone",
        "aws:s3/bucket:Bucket",
        "Storage",
    ],
)
def test_a_type_that_nobody_knows_is_unclassified(type_: str) -> None:
    found = facts(Plan("ovh", (made(type_, dict(SOUND)),)))
    assert found.unclassified == (Unclassified("urn:it", type_),)
    assert found.items == ()


# The example's own plan

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
SETTINGS = {
    "service_name": "0" * 32,
    "ldp_service": "ldp-ab-12345",
    "ldp_retention_id": "11111111-1111-1111-1111-111111111111",
    "ldp_site": "fr-province",
    "okms_id": "22222222-2222-2222-2222-222222222222",
    "registry_plan_id": "33333333-3333-3333-3333-333333333333",
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    from havre_ovh.provider import provider

    spec = load(EXAMPLE).warehouse
    settings = read_settings(provider, SETTINGS)
    return evaluate(program(spec, provider, settings), project="p", stack="s", provider="ovh")


@pytest.fixture(scope="module")
def found(plan: Plan) -> Facts:
    from havre_ovh.provider import provider

    return provider.facts(plan)


def test_every_resource_of_the_plan_is_classified(plan: Plan, found: Facts) -> None:
    assert found.unclassified == ()
    assert {item.urn for item in found.items} == {r.urn for r in plan.resources if r.custom}


def test_every_place_of_the_plan_is_in_france(found: Facts) -> None:
    for item in found.items:
        assert isinstance(item.places, Known), item.name
        assert {p.country for p in item.places.value} <= {"FR"}, item.name
        assert item.places.value or not isinstance(item, Store | Key | Compute), item.name
    assert {p.copy for i in found.items if isinstance(i.places, Known) for p in i.places.value} == {
        *Copy
    }


def test_the_plans_zones_are_as_asked(found: Facts) -> None:
    zones = [s for s in found.of(Store) if s.holding is Holding.ZONE]
    assert {s.zone for s in zones} == {"landing", "curated", "research", "export", "backup", "logs"}
    for zone in zones:
        assert (zone.encrypted, zone.versions, zone.reads_logged) == (YES, YES, YES), zone.name
        assert (zone.public_read, zone.guarded, zone.cross_tenant) == (NO, YES, NO), zone.name
    curated = [zone.locked_days for zone in zones if zone.zone == "curated"]
    assert curated == [Known(30)] * 2
    held = {s.holding for s in found.of(Store)}
    assert held == {
        Holding.ZONE,
        Holding.LOGS,
        Holding.BACKUP,
        Holding.DATABASE,
        Holding.REGISTRY,
    }


def test_the_plans_database_and_cluster_are_as_asked(found: Facts) -> None:
    (service,) = [s for s in found.of(Store) if s.holding is Holding.DATABASE]
    assert (service.engine, service.multi_zone) == (Known("postgresql 17"), YES)
    assert (service.public_endpoint, service.reads_logged, service.guarded) == (NO, YES, YES)
    (cluster,) = found.of(Compute)
    assert cluster.allowed == Known(("198.51.100.0/24",))
    assert (cluster.private_nodes, cluster.multi_zone) == (YES, YES)
    assert {n.segment for n in found.of(Network)} >= {"database", "compute", "administration"}


def test_the_plans_projects_read_their_zones_alone(found: Facts) -> None:
    grants = [g for g in found.of(Grant) if g.project == "pharmaco-study"]
    reading = [g for g in grants if g.rights == Known(frozenset({Right.READ}))]
    keys = [g for g in grants if g.rights == Known(frozenset({Right.USE_KEYS}))]
    assert len(reading) == len(keys) == 1
    assert len(grants) == 2
    assert isinstance(reading[0].targets, Known)
    names = [urn.rsplit("::", 1)[-1] for urn in reading[0].targets.value]
    assert names == ["emc2-zones-curated", "emc2-zones-research"]
    assert keys[0].expires == Known(dt.date(2027, 12, 31))
    assert reading[0].expires == NONE


def test_what_bears_nothing_is_plain(found: Facts) -> None:
    kinds = {item.type.rsplit(":", 1)[-1] for item in found.of(Plain)}
    assert {"AccessList", "LogTarget", "DatabaseInstance", "KubeNodePool"} <= kinds
    assert not {"Storage", "Database", "Kube", "ServiceKey"} & kinds


def resolved(value: Any) -> Any:
    """A value as a state tells it, once nothing is unknown any more."""
    if isinstance(value, dict):
        return {key: resolved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner) for inner in value]
    return "told-by-the-service" if value is UNKNOWN else value


def test_a_state_means_what_the_evaluation_meant(plan: Plan, found: Facts) -> None:
    resources = tuple(replace(r, inputs=resolved(dict(r.inputs))) for r in plan.resources)
    assert any(UNKNOWN in r.inputs.values() for r in plan.resources)
    assert facts(replace(plan, resources=resources)) == found
