import inspect
import re
from collections import Counter

import pulumi_ovh
import pytest
from pulumi_ovh import cloudproject, cloudprojectdatabase, dbaas, iam, okms

from havre.provider import Capability, Support
from havre.spec import Warehouse
from havre_ovh.provider import provider
from tests.ovh.stack import SETTINGS, changed, example

ROWS = {
    Capability.CUSTOMER_KEY_OBJECTS: Support.ABSENT,
    Capability.CUSTOMER_KEY_DATABASE: Support.ABSENT,
    Capability.CUSTOMER_KEY_VOLUMES: Support.PARTIAL,
    Capability.CUSTOMER_KEY_CLUSTER_SECRETS: Support.ABSENT,
    Capability.KEY_ROTATION: Support.ABSENT,
    Capability.HSM_KEY: Support.ABSENT,
    Capability.OBJECT_LOCK: Support.NATIVE,
    Capability.LEGAL_HOLD: Support.FALLBACK,
    Capability.PUBLIC_ACCESS_BLOCK: Support.ABSENT,
    Capability.PRIVATE_STORAGE_ENDPOINT: Support.ABSENT,
    Capability.PRIVATE_CLUSTER_API: Support.ABSENT,
    Capability.BACKUP_RESIDENCY: Support.NATIVE,
    Capability.BACKUP_RETENTION: Support.ABSENT,
    Capability.POINT_IN_TIME_RESTORE: Support.ABSENT,
    Capability.IMMUTABLE_BACKUP: Support.FALLBACK,
    Capability.STORAGE_ACCESS_LOGS: Support.FALLBACK,
    Capability.KEY_AUDIT_LOGS: Support.ABSENT,
    Capability.TAGS: Support.PARTIAL,
    Capability.ACCESS_EXPIRY: Support.PARTIAL,
    Capability.SHORT_LIVED_CREDENTIALS: Support.ABSENT,
    Capability.NAMED_PEOPLE: Support.FALLBACK,
    Capability.SECOND_FACTOR: Support.ABSENT,
    Capability.DATABASE_ROLES: Support.ABSENT,
    Capability.ADMINISTRATION_ACCESS: Support.ABSENT,
    Capability.DATABASE_LOGS: Support.PARTIAL,
    Capability.SECNUMCLOUD: Support.ABSENT,
}


def gaps(spec: Warehouse, **settings):
    return provider.gaps(spec, provider.settings.model_validate({**SETTINGS, **settings}))


def everything() -> Warehouse:
    spec = changed(example("emc2"), "encryption.keys", "hsm")
    spec = changed(spec, "sites.primary", "fr-strasbourg")
    return changed(spec, "residency.qualifications", ["hds", "secnumcloud"])


def test_every_capability_is_answered() -> None:
    assert set(provider.capabilities) == set(Capability)


@pytest.mark.parametrize(("capability", "support"), ROWS.items())
def test_the_matrix_is_declared(capability: Capability, support: Support) -> None:
    assert provider.capabilities[capability].support is support


def test_what_is_not_native_is_a_gap_where_it_is_asked_for() -> None:
    found = {gap.capability for gap in gaps(everything())}
    wanted = {c for c, a in provider.capabilities.items() if a.support is not Support.NATIVE}
    assert wanted == found


CONTROLS = {
    "access.least-privilege": 1,
    "access.no-static-credentials": 1,
    "access.project-expiry": 1,
    "access.personal-identity": 1,
    "access.project-isolation": 1,
    "access.second-factor": 1,
    "audit.person": 1,
    "audit.administration": 1,
    "audit.central": 1,
    "audit.database": 1,
    "audit.keys": 1,
    "audit.network": 1,
    "audit.protected": 1,
    "audit.retention": 1,
    "audit.storage-access": 1,
    "continuity.availability": 2,
    "continuity.backup": 3,
    "continuity.immutability": 2,
    "continuity.recovery-site": 1,
    "continuity.retention": 1,
    "encryption.at-rest": 1,
    "encryption.cluster-secrets": 1,
    "encryption.customer-key": 3,
    "encryption.database-tls": 1,
    "encryption.hsm-key": 1,
    "encryption.in-transit": 1,
    "encryption.key-deletion": 1,
    "encryption.key-rotation": 1,
    "exit.portable": 1,
    "exposure.egress": 1,
    "exposure.partition": 2,
    "exposure.private-endpoints": 1,
    "exposure.public-cluster": 1,
    "exposure.public-storage": 1,
    "inventory.known": 1,
    "inventory.tags": 1,
    "jurisdiction.hds": 1,
    "jurisdiction.secnumcloud": 1,
    "residency.keys": 1,
    "residency.logs": 1,
    "residency.unplaced": 1,
    "exposure.names": 1,
    "audit.statements": 1,
    "audit.alerts": 1,
    "continuity.erasable": 1,
    "exposure.workload-isolation": 1,
    "inventory.images": 1,
}
"""Gaps by control of a spec that asks for everything."""


def test_every_control_that_is_not_wholly_met_is_named() -> None:
    assert Counter(gap.control for gap in gaps(everything())) == CONTROLS


def test_what_a_spec_does_not_ask_for_is_no_gap() -> None:
    spec = example("emc2")
    for path, value in (
        ("encryption.keys", "provider"),
        ("projects", {}),
        ("cluster", None),
        ("registry", None),
        ("database.extensions", []),
        ("residency.qualifications", []),
        ("sites.recovery", None),
        ("network.egress", []),
        ("network.administration", []),
    ):
        spec = changed(spec, path, value)
    for zone in spec.zones:
        spec = changed(spec, f"zones.{zone}.immutable_days", 0)
    left = {gap.control for gap in gaps(spec)}
    groups = ("access.", "jurisdiction.", "exit.", "encryption.customer", "encryption.cluster")
    assert not [control for control in left if control.startswith(groups)]
    assert not left & {"residency.keys", "inventory.known", "continuity.recovery-site"}
    text = " ".join(gap.fallback for gap in gaps(spec))
    assert "(none is set)" in text
    assert "(required: none)" in text


def test_gaps_say_all_that_a_user_must_know() -> None:
    for gap in gaps(everything()):
        assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", gap.control)
        assert gap.support is provider.capabilities[gap.capability].support
        assert all((gap.reason, gap.fallback, gap.risk, gap.evidence.source))
        assert re.search(r"\d{4}|2\.22|#\d+", gap.evidence.source)


@pytest.mark.parametrize(
    ("path", "value", "control"),
    [
        ("encryption.keys", "provider", "encryption.customer-key"),
        ("cluster", None, "exposure.public-cluster"),
        ("cluster", None, "encryption.cluster-secrets"),
        ("registry", None, "inventory.known"),
        ("projects", {}, "access.project-expiry"),
        ("residency.qualifications", [], "jurisdiction.hds"),
        ("sites.recovery", None, "continuity.recovery-site"),
        ("database.extensions", [], "exit.portable"),
    ],
)
def test_a_gap_goes_with_what_asked_for_it(path: str, value: object, control: str) -> None:
    assert control in {gap.control for gap in gaps(example("emc2"))}
    assert control not in {gap.control for gap in gaps(changed(example("emc2"), path, value))}


@pytest.mark.parametrize(
    ("path", "value", "control"),
    [
        ("encryption.keys", "hsm", "encryption.hsm-key"),
        ("residency.qualifications", ["secnumcloud"], "jurisdiction.secnumcloud"),
        ("database.version", 14, "inventory.supported-versions"),
        ("sites.primary", "fr-roubaix", "continuity.availability"),
    ],
)
def test_a_gap_comes_with_what_asks_for_it(path: str, value: object, control: str) -> None:
    before = [g for g in gaps(example("emc2")) if g.control == control]
    after = [g for g in gaps(changed(example("emc2"), path, value)) if g.control == control]
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("encryption.rotation_days", 77, "every 77 days"),
        ("encryption.deletion_days", 33, "required: 33 days"),
        ("encryption.tls", "1.3", "TLS 1.3"),
        ("database.backups.retention_days", 99, "locked for 99 days"),
        ("registry.retention_days", 55, "55 days"),
        ("audit.retention_days", 888, "888 days"),
    ],
)
def test_a_field_without_effect_is_named_in_its_gap(path: str, value: object, text: str) -> None:
    found = gaps(changed(example("emc2"), path, value))
    assert [gap for gap in found if text in gap.fallback]


@pytest.mark.parametrize(
    ("versions", "text"),
    [(True, "kept for at least as long (landing: 12 days,"), (False, "at once (landing: 12 days)")],
)
def test_days_to_restore_an_object_are_named_in_their_gap(versions: bool, text: str) -> None:
    spec = changed(example("emc2"), "zones.landing.recoverable_days", 12)
    found = gaps(changed(spec, "zones.landing.versions", versions))
    assert [gap for gap in found if text in f"{gap.fallback}; {gap.risk}"]


def test_settings_show_in_the_gaps() -> None:
    def text(**settings: object) -> str:
        return " ".join(f"{g.fallback} {g.risk}" for g in gaps(example("emc2"), **settings))

    assert "the location of the logs is not recorded" in text()
    assert "not recorded" not in text(ldp_site="fr-province")
    assert "Order the option, then set it" in text()
    declared = text(hds_certified=True)
    assert "the stack declares the option" in declared
    assert "Order the option" not in declared
    assert "without the option" not in declared
    assert "203.0.113.9/32" in text(source_addresses=["203.0.113.9/32"])
    assert "the OKMS domain is in eu-west-par, copied to GRA and SBG" in text()
    assert "the OKMS domain is in eu-west-sbg, copied to RBX and GRA" in text(
        okms_region="eu-west-sbg"
    )


def test_members_are_counted_and_never_named() -> None:
    found = gaps(example("emc2"))
    assert [gap for gap in found if "enrol the 5 members" in gap.fallback]
    assert "@university" not in " ".join(f"{g.fallback}{g.risk}{g.reason}" for g in found)


def test_gaps_of_an_unknown_site_are_told_all_the_same() -> None:
    """The site itself is refused later, with a message of its own."""
    assert gaps(changed(example("emc2"), "sites.primary", "fr-marseille"))


def test_secnumcloud_is_claimed_nowhere() -> None:
    (gap,) = [g for g in gaps(everything()) if g.capability is Capability.SECNUMCLOUD]
    assert gap.support is Support.ABSENT
    assert "No source shows" in gap.reason


def test_access_ends_by_itself_only_with_keys_of_ones_own() -> None:
    theirs = changed(example("emc2"), "encryption.keys", "provider")
    for spec, reason, fallback in (
        (example("emc2"), "The permission to decrypt expires", "the permission to decrypt expires"),
        (theirs, "nothing else does", "the first update after the project's last day removes"),
    ):
        (gap,) = [g for g in gaps(spec) if g.control == "access.project-expiry"]
        assert gap.capability is Capability.ACCESS_EXPIRY
        assert reason in gap.reason
        assert gap.fallback.startswith(fallback)


def test_plans_that_public_threads_name_otherwise_are_told() -> None:
    (gap,) = [g for g in gaps(example("emc2")) if g.capability is Capability.DATABASE_SIZING]
    assert "production and advanced" in gap.reason
    assert "`database_plan`" in gap.fallback
    assert "ovh/docs#8231" in gap.evidence.source


@pytest.mark.parametrize(
    ("control", "arguments", "function"),
    [
        ("encryption.at-rest", ("encryption",), cloudproject.StorageArgs),
        ("encryption.at-rest", ("sse_algorithm",), cloudproject.StorageEncryptionArgs),
        ("residency.data", ("region_name",), cloudproject.StorageArgs),
        ("residency.backups", ("backup_regions",), cloudproject.DatabaseArgs),
        ("residency.spread", ("regions",), cloudproject.NetworkPrivateArgs),
        ("exposure.public-database", ("network_id", "subnet_id"), cloudproject.DatabaseNodeArgs),
        ("exposure.open-ingress", ("ip_restrictions",), cloudproject.DatabaseArgs),
        ("access.project-expiry", ("expired_at",), iam.PolicyArgs),
        ("audit.database", ("advanced_configuration",), cloudproject.DatabaseArgs),
        ("continuity.immutability", ("object_lock",), cloudproject.StorageArgs),
        ("continuity.deletion", ("deletion_protection",), cloudproject.DatabaseArgs),
        ("continuity.state", ("hide_objects",), cloudproject.StorageArgs),
        ("encryption.database-tls", ("ssl_mode",), cloudproject.DatabaseEndpointArgs),
    ],
)
def test_a_remedy_names_arguments_of_the_sdk(control: str, arguments, function) -> None:
    for argument in arguments:
        assert argument in provider.remedies[control]
        assert argument in inspect.signature(function).parameters


def test_every_word_in_a_remedy_is_known_to_the_sdk_or_the_settings() -> None:
    """What stands in backquotes and looks like an argument is one, of some class or setting."""
    known = set(provider.settings.model_fields) | {"protect", "retain_on_delete", "essential"}
    for module in (pulumi_ovh, cloudproject, cloudprojectdatabase, dbaas, iam, okms):
        for name in dir(module):
            if name.endswith("Args"):
                known |= set(inspect.signature(getattr(module, name)).parameters)
    text = " ".join(provider.remedies.values())
    named = re.findall(r"`([a-z_]+(?:(?:\[\])?\.[a-z_]+)*)`", text)
    assert len(named) > 40
    for word in named:
        for step in word.replace("[]", "").split("."):
            assert step in known, word


def test_only_zones_without_versions_are_said_to_have_no_replica() -> None:
    def risks(spec: Warehouse) -> list[str]:
        return [g.risk for g in gaps(spec) if g.control == "continuity.recovery-site"]

    whole = example("emc2")
    in_part = changed(whole, "zones.export.versions", False)
    assert ["no replica" in risk for risk in risks(whole)] == [False]
    assert [risk.endswith("have no replica: export.") for risk in risks(in_part)] == [True]
    assert risks(changed(in_part, "sites.recovery", None)) == []


def capabilities(spec: Warehouse, **settings) -> set[Capability]:
    return {found.capability for found in gaps(spec, **settings)}


def test_a_legal_hold_is_missed_only_where_something_is_locked() -> None:
    spec = example("emc2")
    assert Capability.LEGAL_HOLD in capabilities(spec)
    for zone, asked in spec.zones.items():
        if asked.immutable_days:
            spec = changed(spec, f"zones.{zone}.immutable_days", 0)
    assert Capability.LEGAL_HOLD not in capabilities(spec)


def test_access_logs_are_said_to_be_set_only_where_they_are() -> None:
    def said(*, bucket_controls: bool) -> list[str]:
        found = gaps(example("emc2"), bucket_controls=bucket_controls)
        logs = [each for each in found if each.capability is Capability.STORAGE_ACCESS_LOGS]
        return [each.fallback for each in logs]

    assert said(bucket_controls=True)
    assert said(bucket_controls=False)
    assert said(bucket_controls=True) != said(bucket_controls=False)


def test_where_logs_lie_is_said_with_the_place_that_is_told() -> None:
    def texts(**settings) -> str:
        return " ".join(
            f"{each.reason} {each.fallback}" for each in gaps(example("emc2"), **settings)
        )

    assert "fr-gravelines" in texts(ldp_site="fr-gravelines")
    assert "fr-gravelines" not in texts()


def test_one_zone_is_missed_where_the_cluster_alone_asks_for_several() -> None:
    spec = changed(example("emc2"), "sites.primary", "fr-strasbourg")
    spec = changed(spec, "database.availability", "single")
    assert Capability.MULTI_ZONE in capabilities(spec)
    assert Capability.MULTI_ZONE not in capabilities(changed(spec, "cluster", None))
