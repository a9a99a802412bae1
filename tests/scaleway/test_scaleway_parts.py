"""What the parts make of emc2 and its variants, and what the provider refuses."""

import datetime as dt
import json
from typing import Any

import pytest

from havre.errors import InputError
from havre.plan.values import UNKNOWN
from havre.provider.faults import faults
from havre.stack.program import read_settings
from havre_scaleway import policies, sites
from havre_scaleway.parts.database import volume_size
from havre_scaleway.provider import provider
from tests.clouds import SETTINGS
from tests.scaleway.stack import (
    BUCKET,
    ENCRYPTION,
    LOCK,
    POLICY,
    changed,
    emc2,
    example,
    named,
    of,
    planned,
)

APPLICATIONS = {
    name: f"{number}4444444-2222-4333-8444-555555555555"
    for number, name in enumerate(("cohort-diabetes", "pharmaco-study", "covid-long-term"))
}
WITHOUT_HDS = ("residency.qualifications", [])


def told(**settings: Any) -> list[str]:
    mine = read_settings(provider, {**SETTINGS["scaleway"], **settings})
    return [fault.path[-1] for fault in faults(provider, example("emc2"), mine)]


def test_every_bucket_is_encrypted_listed_and_limited() -> None:
    names = {bucket.inputs["name"] for bucket in of(emc2(), BUCKET)}
    assert len(names) == 8
    acl = "scaleway:object/bucketAcl:BucketAcl"
    for kind in (ENCRYPTION, POLICY, acl):
        assert {each.inputs["bucket"] for each in of(emc2(), kind)} == names
    assert {each.inputs["acl"] for each in of(emc2(), acl)} == {"private"}


@pytest.mark.parametrize(("asked", "sent"), [(30, 30), (365, 365), (366, 365), (3650, 365)])
def test_logs_are_asked_for_no_longer_than_the_plugin_takes(asked: int, sent: int) -> None:
    spec = changed(example("emc2"), ("audit.retention_days", asked))
    (source,) = of(planned(spec), "scaleway:observability/source:Source")
    assert source.inputs["retentionDays"] == sent
    trail = named(planned(spec), "emc2-audit-trail-lock")
    assert trail.inputs["rule"]["defaultRetention"]["days"] == asked


def test_every_child_of_a_bucket_names_its_project() -> None:
    beside = (ENCRYPTION, POLICY, LOCK, "scaleway:object/bucketAcl:BucketAcl")
    projects = {each.inputs["projectId"] for kind in beside for each in of(emc2(), kind)}
    assert projects == {SETTINGS["scaleway"]["project_id"]}


def test_hds_leaves_no_lifecycle_rule_and_a_file_without_it_has_them() -> None:
    assert [b.name for b in of(emc2(), BUCKET) if b.inputs.get("lifecycleRules")] == []
    plain = planned(changed(example("emc2"), WITHOUT_HDS))
    rules = named(plain, "emc2-zones-export").inputs["lifecycleRules"]
    assert rules[0]["expiration"] == {"days": 180}
    assert rules[0]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


def test_gaps_of_expiry_are_of_hds_alone() -> None:
    plain = planned(changed(example("emc2"), WITHOUT_HDS))
    expiry = {"object-expiry", "version-expiry"}
    assert expiry <= {gap.capability.value for gap in emc2().gaps}
    assert not expiry & {gap.capability.value for gap in plain.gaps}


def test_a_recovery_site_without_a_region_is_a_gap_with_remedies() -> None:
    (gap,) = [gap for gap in emc2().gaps if gap.control == "continuity.recovery-site"]
    assert "fr-province" in gap.reason
    assert "another provider" in gap.fallback
    assert "nl-amsterdam" in gap.fallback
    assert {bucket.inputs["region"] for bucket in of(emc2(), BUCKET)} == {"fr-par"}


def test_a_recovery_site_with_a_region_takes_the_vault_its_key_and_a_network() -> None:
    spec = changed(
        example("emc2"),
        ("residency.countries", ["FR", "NL"]),
        ("sites.recovery", "nl-amsterdam"),
    )
    away = {r.name for r in planned(spec).resources if r.inputs.get("region") == "nl-ams"}
    assert {"emc2-backup-vault", "emc2-keys-backup", "emc2-network-recovery-vpc"} <= away
    assert not any("zones" in name or name == "database" for name in away)


def test_a_warehouse_cannot_stand_where_there_is_no_region() -> None:
    spec = changed(example("hospital"), ("sites.primary", "fr-province"))
    with pytest.raises(InputError, match="fr-province") as caught:
        planned(spec)
    assert "fr-paris" in str(caught.value.remedy)


def test_places_without_a_region_are_known_and_not_listed() -> None:
    assert list(sites.SITES) == ["fr-paris", "nl-amsterdam", "pl-warsaw"]
    assert sites.SITES["fr-province"].regions == {}
    with pytest.raises(KeyError):
        sites.SITES["fr-nowhere"]
    with pytest.raises(InputError, match="has no region"):
        sites.region(sites.SITES["fr-province"])


def policy_of(zone: str, **settings: Any) -> Any:
    plan = planned(example("emc2"), **settings)
    return named(plan, f"emc2-access-{zone}-policy").inputs["policy"]


def test_a_policy_is_known_where_applications_are_and_only_there() -> None:
    assert policy_of("curated") is UNKNOWN
    found = policies.permissions(policy_of("curated", project_applications=APPLICATIONS))
    who = [one.principals for one in found]
    assert who[0] == (SETTINGS["scaleway"]["deployer"],)
    assert who[1:] == [(f"application_id:{each}",) for each in APPLICATIONS.values()]
    assert {one.actions for one in found[1:]} == {policies.READ}
    assert {one.sources for one in found[1:]} == {("198.51.100.0/24",)}
    assert {one.until[:10] for one in found[1:]} == {"2028-06-30", "2027-12-31", "2029-03-31"}


def test_who_deploys_keeps_every_bucket_and_reads_no_object() -> None:
    for zone in ("landing", "logs"):
        (found,) = policies.permissions(policy_of(zone))
        assert found.principals == (SETTINGS["scaleway"]["deployer"],)
        assert "s3:PutBucketPolicy" in found.actions
        assert not [each for each in found.actions if each.startswith("s3:GetObject")]


def test_who_loads_data_is_admitted_but_not_to_logs() -> None:
    who = "application_id:99999999-2222-4333-8444-555555555555"
    landing, logs = (policy_of(zone, data_managers=[who]) for zone in ("landing", "logs"))
    assert who in landing
    assert who not in logs


def test_the_secret_of_a_project_goes_to_secret_manager() -> None:
    key = named(emc2(), "emc2-access-cohort-diabetes-key")
    secret = named(emc2(), "emc2-access-cohort-diabetes-secret")
    assert key.property_dependencies["secretId"] == (secret.urn,)
    assert key.inputs["expiresAt"] == "2028-06-30T23:59:59Z"
    assert not secret.protect


def test_what_admits_projects_can_be_changed_and_what_guards_logs_cannot() -> None:
    guarded = {each.name: each.protect for each in of(emc2(), POLICY)}
    assert guarded.pop("emc2-audit-trail-policy")
    assert guarded.pop("emc2-backup-vault-policy")
    assert set(guarded.values()) == {False}


def test_an_ended_project_leaves_no_statement() -> None:
    document = changed(example("emc2"), ("projects.cohort-diabetes.expires", "2020-01-01"))
    plan = planned(document, project_applications=APPLICATIONS)
    policy = named(plan, "emc2-access-curated-policy").inputs["policy"]
    assert APPLICATIONS["cohort-diabetes"] not in policy
    assert not [r for r in plan.resources if "cohort" in r.name]


@pytest.mark.parametrize(("form", "property_"), [("id", UNKNOWN), ("regional-id", UNKNOWN)])
def test_a_bucket_names_its_key_in_the_form_that_is_set(form: str, property_: Any) -> None:
    plan = planned(example("emc2"), bucket_key_form=form)
    made = named(plan, "emc2-zones-curated-encryption")
    inner = made.inputs["rules"][0]["applyServerSideEncryptionByDefault"]
    assert inner["kmsMasterKeyId"] is property_
    assert named(plan, "emc2-keys-zone-curated").urn in made.property_dependencies["rules"]


def test_the_name_of_a_key_is_known() -> None:
    plan = planned(example("emc2"), bucket_key_form="name")
    rules = named(plan, "emc2-zones-curated-encryption").inputs["rules"]
    name = rules[0]["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
    assert name == named(plan, "emc2-keys-zone-curated").inputs["name"]


def test_nodes_leave_by_few_ports() -> None:
    group = named(emc2(), "emc2-cluster-fr-par-1-group").inputs
    assert (group["inboundDefaultPolicy"], group["outboundDefaultPolicy"]) == ("drop", "drop")
    away = [r["port"] for r in group["outboundRules"] if r["ipRange"] == "0.0.0.0/0"]
    assert away == [53, 53, 123, 443, 6443]


def test_hds_asks_for_dedicated_clusters_and_listed_nodes() -> None:
    assert told(cluster_type="kapsule") == ["cluster_type"]
    assert told(node_type="PRO2-M") == ["node_type"]
    assert told() == []


def test_settings_that_contradict_the_file_are_refused() -> None:
    assert told(project_applications={"nobody": APPLICATIONS["cohort-diabetes"]}) == [
        "project_applications"
    ]
    assert told(source_addresses=["10.0.0.0/8"]) == ["source_addresses"]
    assert told(node_egress_ports=[6443]) == ["node_egress_ports"]


@pytest.mark.parametrize(("gib", "gb"), [(1, 5), (64, 70), (2048, 2200), (100, 110)])
def test_a_volume_holds_what_is_asked_in_steps_of_five(gib: int, gb: int) -> None:
    assert volume_size(gib) == gb
    assert gb % 5 == 0
    assert gb * 10**9 >= gib * 2**30


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        '{"Version": "2012-10-17", "Statement": []}',
        '{"Version": "2023-04-17", "Statement": [{}]}',
        '{"Version": "2023-04-17", "Statement": "all"}',
    ],
)
def test_what_is_no_policy_of_this_version_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        policies.permissions(document)


@pytest.mark.parametrize(
    ("statement", "principals", "sources", "until"),
    [
        ({"Principal": "*"}, ("*",), (), ""),
        ({"Principal": {"AWS": "x"}}, ("*",), (), ""),
        ({}, ("*",), (), ""),
        ({"Principal": {"SCW": "user_id:x"}}, ("user_id:x",), (), ""),
        ({"Principal": {"SCW": ["a", "b"]}, "Condition": "x"}, ("a", "b"), (), ""),
        (
            {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.1"}}},
            ("*",),
            ("192.0.2.1",),
            "",
        ),
        (
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}},
            ("*",),
            (),
            "2030-01-01T00:00:00Z",
        ),
    ],
)
def test_a_statement_is_read_at_its_widest(
    statement: dict[str, Any],
    principals: tuple[str, ...],
    sources: tuple[str, ...],
    until: str,
) -> None:
    whole = {"Version": policies.VERSION, "Statement": {"Effect": "Allow", **statement}}
    (found,) = policies.permissions(json.dumps(whole))
    assert found == policies.Permission(principals, ("*",), ("*",), sources, until)


def test_a_refusal_has_no_effect() -> None:
    refusal = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    whole = policies.document([refusal, policies.writing("user_id:x", "b")])
    (found,) = policies.permissions(whole)
    assert found.actions == ("s3:PutObject",)


def test_what_is_written_is_read_as_it_was_meant() -> None:
    last = dt.date(2030, 6, 30)
    whole = policies.document([policies.reading("user_id:x", "b", ["192.0.2.0/24"], last)])
    (found,) = policies.permissions(whole)
    assert found.until == "2030-06-30T23:59:59Z"
    assert found.resources == ("b", "b/*")
