"""A state that Scaleway's real plugin wrote, against a service that answers as Scaleway's API.

The plugin is terraform-provider-scaleway 2.79.0 under Pulumi 3.260 (2026-12-01); the state was
taken after a refresh, and a preview after it was empty. It shows how the plugin writes what it
reads back: identifiers with their region, durations with minutes and seconds, regions left out.
"""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.facts import Known
from havre.facts.model import Key
from havre.plan import Plan, PlannedResource
from havre.plan.drift import drifts
from havre.plan.secrets import in_clear
from havre.plan.states import from_state
from havre_scaleway.facts import facts
from havre_scaleway.provider import provider
from tests.facts.recordings import RECORDED
from tests.scaleway.stack import EXAMPLES, example, of, planned

ORGANISATION, PROJECT = (
    "11111111-2222-3333-4444-555555555555",
    "22222222-3333-4444-5555-666666666666",
)
DEPLOYER = "application_id:33333333-4444-5555-6666-777777777777"


def unpacked(name: str, folder: Path) -> Path:
    state = folder / f"{name}.json"
    state.write_bytes(gzip.decompress((RECORDED / f"{name}.json.gz").read_bytes()))
    return state


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("plugin")
    return from_state(unpacked("emc2-scaleway-plugin-state", folder), "scaleway")


@pytest.fixture(scope="module")
def asked() -> Plan:
    named = {"organization_id": ORGANISATION, "project_id": PROJECT, "deployer": DEPLOYER}
    return planned(example("emc2"), **named, hds_certified=True)


def found(asked: Plan, deployed: Plan) -> set[tuple[str, str]]:
    told = drifts(asked, deployed, written=provider.written).drifts
    return {(each.resource.name, each.path) for each in told}


def test_what_the_plugin_reads_back_is_no_drift(asked: Plan, deployed: Plan) -> None:
    assert len(of(deployed, "scaleway:object/bucket:Bucket")) == 8
    assert found(asked, deployed) == set()


CHANGES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a policy of another bucket": (
        "emc2-access-export-policy",
        {"bucket": "fr-par/another"},
        "bucket",
    ),
    "a key that is rotated less": (
        "emc2-keys-zone-curated",
        {"rotationPolicy": {"rotationPeriod": "8760h0m0s"}},
        "rotationPolicy.rotationPeriod",
    ),
    "minutes are not hours": (
        "emc2-keys-zone-curated",
        {"rotationPolicy": {"rotationPeriod": "0h4320m0s"}},
        "rotationPolicy.rotationPeriod",
    ),
    "another region": (
        "emc2-network-ipv4",
        {"region": "nl-ams"},
        "region",
    ),
    "a list of public access": (
        "emc2-zones-export-access-list",
        {"acl": "public-read"},
        "acl",
    ),
    "logs that are kept for a shorter time": (
        "emc2-audit-logs",
        {"retentionDays": 30},
        "retentionDays",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_somebody_changed_is_drift(asked: Plan, deployed: Plan, case: str) -> None:
    name, change, path = CHANGES[case]

    def mended(each: PlannedResource) -> PlannedResource:
        if each.name != name:
            return each
        return replace(each, inputs={**each.inputs, **change})

    assert name in {each.name for each in deployed.resources}
    by_hand = replace(deployed, resources=tuple(map(mended, deployed.resources)))
    assert found(asked, by_hand) == {(name, path)}


def test_a_region_that_is_left_out_is_that_of_the_identifier(asked: Plan, deployed: Plan) -> None:
    def moved(each: PlannedResource) -> PlannedResource:
        away = each.name == "emc2-network-ipv4"
        return replace(each, id=each.id.replace("fr-par/", "nl-ams/")) if away else each

    elsewhere = replace(deployed, resources=tuple(map(moved, deployed.resources)))
    assert found(asked, elsewhere) == {("emc2-network-ipv4", "region")}


def test_the_state_holds_no_secret_in_clear(deployed: Plan) -> None:
    keys = of(deployed, "scaleway:iam/apiKey:ApiKey")
    assert len(keys) == 3
    assert all(each.outputs["accessKey"].startswith("SCW") for each in keys)
    assert {each.name: told for each in deployed.resources if (told := in_clear(each))} == {}


BY_HAND: dict[tuple[str, str], set[str]] = {
    ("emc2-access-covid-long-term-rights", "rules[0].condition"): {"access.project-expiry"},
    ("emc2-cluster-acl", "aclRules[0.0.0.0/0]"): {"exposure.public-cluster"},
    ("emc2-database-acl", "aclRules[0.0.0.0/0]"): {"exposure.open-ingress"},
    ("emc2-database-server", "backupSameRegion"): {"residency.backups"},
    ("emc2-database-server", "isHaCluster"): {"continuity.availability"},
    ("emc2-keys-zone-curated", "rotationPolicy.rotationPeriod"): {"encryption.key-rotation"},
    ("emc2-network-gateway", "allowedIpRanges"): {"exposure.open-ingress"},
    ("emc2-network-ipv4", "defaultPolicy"): {"exposure.open-ingress"},
    ("emc2-registry-registry", "isPublic"): {"exposure.public-storage"},
    ("emc2-zones-logs", "objectLockEnabled"): {"continuity.immutability"},
    ("emc2-zones-logs-lock", ""): {"continuity.immutability"},
    ("emc2-zones-research-encryption", ""): {"encryption.at-rest", "encryption.customer-key"},
}
"""What was changed by hand behind the plugin before a second refresh, with what fails by it."""


def test_what_was_changed_behind_the_plugin_is_found_with_the_controls_that_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = unpacked("emc2-scaleway-plugin-changed-state", tmp_path)
    names = (f"organization_id={ORGANISATION}", f"project_id={PROJECT}", f"deployer={DEPLOYER}")
    sets = [word for name in (*names, "hds_certified=true") for word in ("--set", name)]
    file = str(EXAMPLES / "emc2" / "warehouse.yaml")
    words = ["drift", file, "-p", "scaleway", "--state", str(state), "--format", "json"]
    assert main([*words, *sets]) == 1
    changes = json.loads(capsys.readouterr().out)["changes"]
    told: dict[tuple[str, str], set[str]] = {}
    for each in changes:
        at = (each["name"], each.get("field") or "")
        told.setdefault(at, set()).update(each["fails"])
    assert {at: controls - told.get(at, set()) for at, controls in BY_HAND.items()} == {
        at: set() for at in BY_HAND
    }


def test_a_key_that_was_disabled_renews_itself_no_more(tmp_path: Path) -> None:
    plan = from_state(unpacked("emc2-scaleway-plugin-changed-state", tmp_path), "scaleway")
    days = {each.urn.rpartition("::")[2]: each.rotation_days for each in facts(plan).of(Key)}
    assert days["emc2-keys-zone-research"] == Known(None)
    assert days["emc2-keys-zone-landing"] == Known(180)
