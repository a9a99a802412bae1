"""What the real plugin was seen to do to warehouses that stand, and what keeps it from that."""

from typing import Any

import pytest

from havre.plan import Plan
from havre.spec import Warehouse
from havre_ovh.provider import provider
from tests.ovh.stack import SETTINGS, changed, emc2, example, planned

GUARDS = (
    *("kubeIpRestrictions", "cloudProjectKubeLogSubscription", "logSubscription", "BucketLogging"),
    *("containerRegistryIPRestrictionsManagement", "containerRegistryIPRestrictionsRegistry"),
    *("LogTarget", "AccessList"),
)
"""To delete one of these opens, or stops watching, what is kept."""
IDENTITIES = ("User", "S3Credential", "S3Policy")


def found(plan: Plan, kind: str) -> list[Any]:
    """Resources of a type, by the word after the last slash or colon of its module."""
    word = f"{kind}:" if kind[0].islower() else f":{kind}"
    return [each for each in plan.resources if word in each.type]


@pytest.mark.parametrize("kind", GUARDS)
def test_what_guards_is_kept_as_long_as_what_it_guards(kind: str) -> None:
    guards = found(emc2(), kind)
    assert guards
    assert [each.name for each in guards if not (each.protect and each.retain_on_delete)] == []


@pytest.mark.parametrize("kind", GUARDS)
def test_without_protection_nothing_is_kept(kind: str) -> None:
    plan = planned(changed(example("emc2"), "protection.deletion", False))
    guards = found(plan, kind)
    assert guards
    assert [each.name for each in guards if each.protect or each.retain_on_delete] == []


WORDS = {
    "projects.pharmaco-study.title": "Another title",
    "projects.pharmaco-study.authorisation": "Another decision",
    "projects.pharmaco-study.expires": "2029-06-30",
    "organisation.contact": "another@example.org",
}


@pytest.mark.parametrize("path", WORDS)
def test_other_words_replace_no_user_and_no_key(path: str) -> None:
    """The service makes another user, and so another key, for another description."""
    after = planned(changed(example("emc2"), path, WORDS[path]), ldp_site="fr-province")
    for kind in IDENTITIES:
        told = [{each.urn: each.inputs for each in found(plan, kind)} for plan in (emc2(), after)]
        assert told[0]
        assert told[0] == told[1], kind


def test_a_user_s_description_names_warehouse_and_project() -> None:
    told = {each.name: each.inputs["description"] for each in found(emc2(), "User")}
    assert told["emc2-access-pharmaco-study"] == "project=pharmaco-study; warehouse=emc2-production"


def test_nodes_of_another_size_are_made_before_the_former_go() -> None:
    """A pool with the same name would have to go first, and all at once."""
    after = planned(changed(example("emc2"), "cluster.size", "m"), ldp_site="fr-province")
    pools = [
        {(p.urn, p.inputs["name"]) for p in found(plan, "kubeNodePool")} for plan in (emc2(), after)
    ]
    assert pools[0]
    assert not {urn for urn, _ in pools[0]} & {urn for urn, _ in pools[1]}
    assert not {name for _, name in pools[0]} & {name for _, name in pools[1]}
    assert all("_" not in name and "." not in name for _, name in pools[0] | pools[1])


def faults(spec: Warehouse) -> list[tuple[str | int, ...]]:
    check = provider.check
    return [fault.path for fault in check(spec, SETTINGS_READ)]


def test_the_owner_of_the_buckets_is_named_where_their_keys_are_used() -> None:
    def told(**differs: Any) -> list[tuple[str | int, ...]]:
        settings = provider.settings.model_validate({**SETTINGS, **differs})
        return [fault.path for fault in provider.check(example("emc2"), settings)]

    assert told(owner_user_id=None) == [("settings", "owner_user_id")]
    assert told(owner_user_id=None, bucket_controls=False) == []


SEGMENTS = ("networkPrivate", "networkPrivateSubnetV2")


@pytest.mark.parametrize("kind", SEGMENTS)
def test_another_address_space_is_refused_and_takes_no_segment_away(kind: str) -> None:
    """Pulumi refuses in the preview to replace what is protected; without, all can be removed."""
    segments = found(emc2(), kind)
    assert segments
    assert [each.name for each in segments if not each.protect or each.retain_on_delete] == []
    open_ = found(planned(changed(example("emc2"), "protection.deletion", False)), kind)
    assert [each.name for each in open_ if each.protect] == []


FIXED = {
    "storage:Storage": ["ownerId"],
    "containerRegistry:ContainerRegistry": ["region"],
    "kube:Kube": ["nodesSubnetId"],
    "serviceKey:ServiceKey": ["operations"],
}
"""Inputs that the plugin reports as updated and never sends, or replaces the resource for.

Source: terraform-provider-ovh 2.19.0, its update functions, read on 2026-11-30."""


@pytest.mark.parametrize("kind", FIXED)
def test_what_is_never_sent_is_not_planned(kind: str) -> None:
    made = [each for each in emc2().resources if each.type.endswith(kind)]
    assert made
    assert all(list(each.options.ignore_changes) == FIXED[kind] for each in made)


SETTINGS_READ = provider.settings.model_validate(SETTINGS)
TAKEN = ["10.240.0.0/16", "10.3.0.0/16", "10.241.0.0/16", "10.0.0.0/13"]


@pytest.mark.parametrize("space", TAKEN)
@pytest.mark.parametrize("field", ["address_space", "recovery_address_space"])
def test_addresses_of_the_cluster_itself_are_refused(field: str, space: str) -> None:
    assert ("network", field) in faults(changed(example("emc2"), f"network.{field}", space))


def test_other_addresses_are_taken() -> None:
    assert faults(example("emc2")) == []
    without = changed(example("emc2"), "cluster", None)
    assert faults(changed(without, "network.address_space", "10.3.0.0/16")) == []
