"""Settings, sites, capabilities, gaps, and the SDK's loading."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from havre.errors import InputError
from havre.evaluate import evaluate
from havre.provider import OPERATIONS, Capability, Provider, Support, provides
from havre.stack.program import program, read_settings
from havre_azure.capabilities import CAPABILITIES
from havre_azure.provider import SUBPACKAGES, provider
from havre_azure.sites import SERVICES, SITES
from tests.azure.stack import GIVEN, asked, example, gaps_of, plan_of
from tests.waits import PATIENCE

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_it_keeps_the_contract() -> None:
    assert provider.name == "azure"
    assert "CLOUD Act" in provider.operator.laws[0]
    assert provider.operator.country == "US"
    assert Provider


@pytest.mark.parametrize("missing", list(GIVEN))
def test_a_missing_setting_is_named(missing: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != missing}
    with pytest.raises(InputError, match=rf"`{missing}`: is missing"):
        read_settings(provider, given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tenant_id", "my-tenant"),
        ("subscription_id", "1234"),
        ("administrators_id", "admins@example.org"),
        ("administrators_name", ""),
        ("name_salt", "Not-Allowed"),
        ("kubernetes_version", "latest"),
        ("kubernetes_version", "1.36.2"),
        ("network_watcher_group", "a/b"),
        ("unknown", "x"),
    ],
)
def test_a_wrong_setting_is_refused(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"`{name}`"):
        read_settings(provider, {**GIVEN, name: value})


def test_identifiers_are_canonical() -> None:
    upper = {**GIVEN, "tenant_id": GIVEN["tenant_id"].upper()}
    assert read_settings(provider, upper) == read_settings(provider, GIVEN)


def test_another_subscription_than_the_sdks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import pulumi

    monkeypatch.setattr(pulumi.Config, "get", lambda _self, _key: "0000")
    with pytest.raises(InputError, match="azure-native:subscriptionId"):
        plan_of(asked())


def test_an_unknown_site_lists_those_there_are() -> None:
    spec = asked(("sites.recovery", None), ("sites.primary", "fr-lyon"))
    made = program(spec, provider, read_settings(provider, GIVEN))
    with pytest.raises(InputError, match=r"no site `fr-lyon`(.|\n)*de-frankfurt.*fr-paris"):
        evaluate(made, project="p", stack="s")


def test_every_service_has_its_region() -> None:
    assert len(SITES) >= 11
    for site in SITES.values():
        assert set(site.regions) == set(SERVICES)
        assert site.country
    assert SITES["fr-paris"].regions["database"] == "francecentral"
    assert SITES["fr-paris"].zones == 3
    assert SITES["se-malmo"].zones == 1


def test_every_capability_is_answered() -> None:
    assert set(CAPABILITIES) == set(Capability)
    assert not [c for c, answer in CAPABILITIES.items() if answer.support is Support.UNKNOWN]


CHANGES: list[tuple[str, tuple[tuple[str, Any], ...], bool]] = [
    ("jurisdiction.operator operator-law", (), True),
    ("jurisdiction.operator operator-law", (("residency.operator_law", "any"),), True),
    ("jurisdiction.hds hds", (), True),
    ("jurisdiction.hds hds", (("residency.qualifications", []),), False),
    (
        "jurisdiction.secnumcloud secnumcloud",
        (("residency.qualifications", ["secnumcloud"]),),
        True,
    ),
    ("jurisdiction.secnumcloud secnumcloud", (), False),
    ("exposure.egress egress-control", (), True),
    ("exposure.egress egress-control", (("cluster", None), ("network.egress", [])), False),
    ("continuity.retention object-expiry", (), True),
    (
        "continuity.retention object-expiry",
        (("zones.landing.expire_days", None), ("zones.export.expire_days", None)),
        False,
    ),
    ("continuity.backup immutable-backup", (), True),
    ("encryption.customer-key log-retention", (), True),
    ("encryption.customer-key log-retention", (("encryption.keys", "provider"),), False),
    ("encryption.cluster-secrets customer-key-cluster-secrets", (), True),
    ("encryption.cluster-secrets customer-key-cluster-secrets", (("cluster", None),), False),
    ("continuity.backup registry", (("registry.retention_days", 366),), True),
    ("continuity.backup registry", (), False),
    ("continuity.retention object-recovery", (("zones.landing.recoverable_days", 366),), True),
    (
        "continuity.retention object-recovery",
        (("zones.landing", {"purpose": "landing", "recoverable_days": 366, "versions": False}),),
        True,
    ),
    (
        "continuity.retention object-recovery",
        (("zones.curated.recoverable_days", 365),),
        False,
    ),
    ("continuity.retention version-expiry", (("zones.landing.version_days", 60),), True),
    ("continuity.retention version-expiry", (("zones.landing.version_days", None),), False),
    ("continuity.recovery-site recovery-site", (("sites.recovery", None),), False),
    (
        "continuity.availability multi-zone",
        (
            ("sites.primary", "fr-province"),
            ("sites.recovery", "fr-paris"),
            ("database.availability", "multi-zone"),
        ),
        True,
    ),
    ("continuity.availability multi-zone", (("database.availability", "multi-zone"),), False),
]


@pytest.mark.parametrize(("gap", "changes", "there"), CHANGES)
def test_gap(gap: str, changes: tuple[tuple[str, Any], ...], there: bool) -> None:
    assert (gap in gaps_of(asked(*changes))) is there


def test_every_gap_is_of_what_is_not_native_and_says_what_is_at_risk() -> None:
    settings = read_settings(provider, GIVEN)
    for gap in provider.gaps(example("emc2"), settings):
        assert gap.support is CAPABILITIES[gap.capability].support is not Support.NATIVE
        assert gap.reason
        assert gap.fallback
        assert gap.risk
        assert gap.evidence.source


def test_a_warehouse_there_is_not_operated_from_here() -> None:
    offer = provides(provider, OPERATIONS)
    assert offer.given is None
    assert "Azure portal" in offer.answer.reason


PROBE = """
import sys
import pulumi_azure_native
from pulumi_azure_native import network as before
from havre.provider.sdk import load_on_demand
sdk = "pulumi_azure_native"
load_on_demand(sdk, ["network", "storage"])
from pulumi_azure_native import network, storage
network.VirtualNetwork
assert not hasattr(network, "_a_name_that_somebody_tries")
loaded = [name for name in sys.modules if name.startswith("pulumi_azure_native.network.")]
assert len(loaded) < 10, loaded
assert network is before
assert "BlobContainer" in dir(storage)
assert network.VirtualNetworkArgs and network.LoadBalancer and network.outputs
assert network.SecurityRuleAccess.ALLOW == "Allow"
assert network.get_subnet and not hasattr(network, "NoSuchThing")
load_on_demand(sdk, ["network", "nothing-of-the-sort"])
assert storage.StorageAccount.__module__ == "pulumi_azure_native.storage.storage_account"
"""


def test_the_sdk_loads_on_demand_and_is_whole_for_everyone_else() -> None:
    subprocess.run([sys.executable, "-c", PROBE], check=True, timeout=PATIENCE)


def test_the_parts_use_no_subpackage_that_is_not_loaded_on_demand() -> None:
    code = (
        "import sys\nfrom havre_azure.provider import provider\nprovider.parts()\n"
        "print(*sorted({m.split('.')[1] for m in sys.modules "
        "if m.startswith('pulumi_azure_native.') and m.count('.') > 1}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=PATIENCE, capture_output=True, text=True
    )
    assert set(done.stdout.split()) <= {*SUBPACKAGES, "_utilities"}


def test_the_types_of_every_subpackage_in_use_are_checked() -> None:
    """What mypy skips is of any type: none of it is used."""
    sdk = "pulumi_azure_native."
    overrides = tomllib.loads(PROJECT.read_text())["tool"]["mypy"]["overrides"]
    found = {
        name: each["follow_imports"]
        for each in overrides
        for name in each["module"]
        if name.startswith(sdk) and name.endswith(".*")
    }
    assert found == {f"{sdk}*": "skip", **{f"{sdk}{each}.*": "normal" for each in SUBPACKAGES}}
