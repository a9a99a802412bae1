"""What is changed of a warehouse that is deployed: every field of its file, every setting.

A field may be changed in several directions. What a change would do is computed from two offline
plans, and recorded by `python -m tests.changes.record`.
"""

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from havre.spec.model import Warehouse
from havre_conformance import specs
from tests.clouds import SETTINGS

Document = dict[str, Any]
NEW_ZONE = {"purpose": "research", "recoverable_days": 10}
NEW_PROJECT = {
    "title": "Pain",
    "zones": ["curated"],
    "members": ["d.member@suite.example"],
    "authorisation": "Decision 4",
    "expires": "2032-06-30",
}

AS_THERE = (
    *("name", "environment", "organisation", "classification", "residency", "sites"),
    "encryption",
)
"""Sections of which the suite of providers changes the same fields to the same values."""
FIELDS: tuple[tuple[str, Any], ...] = (
    *(each for each in specs.CHANGES if each[0].partition(".")[0] in AS_THERE),
    ("zones.study", NEW_ZONE),
    ("zones.logs", None),
    ("zones.landing.purpose", "research"),
    ("zones.landing.recoverable_days", 31),
    ("zones.landing.recoverable_days", 20),
    ("zones.landing.immutable_days", 10),
    ("zones.curated.immutable_days", 31),
    ("zones.curated.immutable_days", 20),
    ("zones.curated.immutable_days", 0),
    ("zones.landing.version_days", 61),
    ("zones.landing.expire_days", 91),
    ("zones.landing.expire_days", None),
    ("zones.landing.versions", False),
    ("database.version", 17),
    ("database.version", 15),
    ("database.size", "l"),
    ("database.storage_gib", 512),
    ("database.storage_gib", 128),
    ("database.availability", "multi-zone"),
    ("database.extensions", ["pg_trgm", "citext"]),
    ("database.extensions", []),
    ("database.backups.retention_days", 22),
    ("database.backups.retention_days", 14),
    ("cluster", None),
    ("cluster.nodes", 4),
    ("cluster.nodes", 2),
    ("cluster.size", "l"),
    ("cluster.availability", "multi-zone"),
    ("registry", None),
    ("registry.retention_days", 61),
    ("projects.pain", NEW_PROJECT),
    ("projects.sleep", None),
    ("projects.sleep.title", "Dreams"),
    ("projects.sleep.zones", ["curated", "landing"]),
    ("projects.stroke.zones", ["curated"]),
    ("projects.sleep.members", ["a.member@suite.example", "c.member@suite.example"]),
    ("projects.sleep.authorisation", "Decision 2"),
    ("projects.sleep.expires", "2031-06-30"),
    ("projects.sleep.expires", "2020-01-01"),
    ("network.address_space", "10.60.0.0/16"),
    ("network.recovery_address_space", "10.61.0.0/16"),
    ("network.administration", ["198.51.100.0/24"]),
    ("network.egress", [{"host": "other.suite.example", "port": 443}]),
    ("network.egress", [{"host": "updates.suite.example", "port": 8443}]),
    ("audit.retention_days", 400),
    ("audit.retention_days", 300),
    ("erasure.within_days", 90),
    ("erasure.reason", "Another decision keeps it for two years"),
    ("protection.deletion", False),
    ("exit.provider", "nowhere"),
    ("exit.rehearsal_days", 90),
)
"""Every field of a warehouse file, with another value; None takes it out."""

OWNER = {"owner_user_id": 4242, "hds_certified": True}
STACKS: Mapping[str, Mapping[str, Any]] = {
    "azure": SETTINGS["azure"],
    "ovh": {**SETTINGS["ovh"], **OWNER},
    "scaleway": {**SETTINGS["scaleway"], "hds_certified": True},
    "local": {"data_dir": "/srv/warehouse"},
}
"""What each stack says beyond the file."""

OTHER = "99999999-2222-4333-8444-555555555555"
GROUP = "urn:v1:eu:identity:group:xx1111-ovh/sleep"
REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"
CREDENTIAL = {"identities": ["urn:v1:eu:identity:account:xx1111-ovh"], "csr": REQUEST}
THEIRS = {"answers_for": "Network team, network@hospital.example"}
_HUB = f"/subscriptions/{OTHER}/resourceGroups/rg-hub/providers/"
HUB_NETWORK = f"{_HUB}Microsoft.Network/virtualNetworks/hub"
HUB_LOGS = f"{_HUB}Microsoft.OperationalInsights/workspaces/hub"
SETTING_CHANGES: Mapping[str, tuple[tuple[str, Any], ...]] = {
    "azure": (
        ("tenant_id", OTHER),
        ("subscription_id", OTHER),
        ("administrators_id", OTHER),
        ("administrators_name", "others"),
        ("name_salt", "x1"),
        ("kubernetes_version", "1.37"),
        ("kubernetes_version", "1.35"),
        ("kubernetes_context", "suite"),
        ("lock_immutability", True),
        ("tags", {"cost-centre": "4711"}),
        ("name_pattern", "{type}-{warehouse}-{environment}-{part}"),
        ("names", {"suite-production-zone-curated": "sthospitalcurated"}),
        ("address_plan", {"endpoints": "10.50.32.0/24"}),
        ("recovery_address_plan", {"endpoints": "10.51.32.0/24"}),
        ("network_watcher_group", "watchers"),
        ("estate", {**THEIRS, "resource_group": "rg-data"}),
        (
            "estate",
            {**THEIRS, "hub": {"network_id": HUB_NETWORK, "firewall_address": "10.200.0.4"}},
        ),
        ("estate", {**THEIRS, "workspace_id": HUB_LOGS}),
    ),
    "ovh": (
        ("service_name", "f" * 32),
        ("ldp_service", "ldp-xy-54321"),
        ("ldp_retention_id", OTHER),
        ("ldp_site", "fr-paris"),
        ("okms_id", OTHER),
        ("okms_region", "eu-west-rbx"),
        ("okms_credential", CREDENTIAL),
        ("registry_plan_id", OTHER),
        ("registry_region", "GRA"),
        ("compute_region", "GRA9"),
        ("availability_zones", ["eu-west-par-a", "eu-west-par-b"]),
        ("vlan_id", 77),
        ("kubernetes_version", "1.36"),
        ("kubernetes_version", "1.34"),
        ("kubernetes_context", "suite"),
        ("database_plan", "advanced"),
        ("database_flavors", "b3"),
        ("tags", {"cost-centre": "4711"}),
        ("name_pattern", "{warehouse}-{part}-{environment}"),
        ("names", {"suite-zones-curated": "hospital-curated"}),
        ("address_plan", {"endpoints": "10.50.32.0/24"}),
        ("recovery_address_plan", {"endpoints": "10.51.32.0/24"}),
        ("source_addresses", ["203.0.113.0/24"]),
        ("owner_user_id", 4343),
        ("bucket_controls", False),
        ("project_groups", {"sleep": GROUP}),
        ("hds_certified", False),
        ("estate", {**THEIRS, "network_ids": {"EU-WEST-PAR": OTHER, "GRA11": OTHER}}),
        ("estate", {**THEIRS, "gateway_id": OTHER}),
        ("estate", {**THEIRS, "stream_id": OTHER}),
    ),
    "scaleway": (
        ("organization_id", OTHER),
        ("project_id", OTHER),
        ("deployer", f"user_id:{OTHER}"),
        ("deployer_addresses", ["203.0.113.0/24"]),
        ("data_managers", [f"application_id:{OTHER}"]),
        ("project_applications", {"sleep": OTHER}),
        ("trail_writer", f"application_id:{OTHER}"),
        ("kubernetes_version", "1.36.0"),
        ("kubernetes_version", "1.34.0"),
        ("kubernetes_context", "suite"),
        ("cluster_type", "kapsule-dedicated-8"),
        ("node_type", "POP2-HM-8C-64G"),
        ("database_node_type", "db-pro2-l"),
        ("database_volume", "sbs_15k"),
        ("bucket_key_form", "regional-id"),
        ("node_egress_ports", [443]),
        ("tags", {"cost-centre": "4711"}),
        ("name_pattern", "{warehouse}-{part}-{environment}"),
        ("names", {"suite-zones-curated": "hospital-curated"}),
        ("address_plan", {"endpoints": "10.50.32.0/24"}),
        ("recovery_address_plan", {"endpoints": "10.51.32.0/24"}),
        ("source_addresses", ["203.0.113.0/24"]),
        ("hds_certified", False),
    ),
    "local": (("data_dir", "/srv/another"), ("country", "FR")),
}
"""Every setting of each provider, with another value."""


@dataclass(frozen=True)
class Asked:
    """One change.

    Attributes:
        path: the field, or the setting.
        setting: whether it is a setting.
        then: its value before, for people.
        now: its value afterwards, for people.
        document: the warehouse file afterwards.
        settings: the settings afterwards.
    """

    path: str
    setting: bool
    then: str
    now: str
    document: Document
    settings: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{'setting ' if self.setting else ''}{self.path} {self.then} -> {self.now}"


def standing(sites: Mapping[str, Any]) -> Document:
    """The warehouse that is deployed: every section, and as few zones as show every promise."""
    document = specs.large(sites)
    for zone in ("export", "backup"):
        del document["zones"][zone]
    document["zones"]["landing"].pop("version_days")
    return document


def asked(provider: str, sites: Mapping[str, Any]) -> Iterator[Asked]:
    """Every change on one provider."""
    document, settings = standing(sites), STACKS[provider]
    for path, value in FIELDS:
        given = specs.another_site(sites) if value == specs.ANOTHER_SITE else value
        if path in specs.OF_TWO_SITES and "recovery" not in document["sites"]:
            continue
        if given is None and value is not None:
            continue  # the provider has no other site
        before = specs.movable(document, given) if path == "sites.primary" else document
        after = specs.changed(before, path, given)
        yield Asked(path, False, shown(_at(document, path)), shown(given), after, settings)
    for name, value in SETTING_CHANGES[provider]:
        then = shown(settings.get(name))
        yield Asked(name, True, then, shown(value), document, {**settings, name: value})


def before(case: Asked, sites: Mapping[str, Any]) -> Document:
    """What was deployed before a change: a move to another site wants its country allowed."""
    document = standing(sites)
    if case.path == "sites.primary":
        return specs.movable(document, case.document["sites"]["primary"])
    return document


def _at(document: Document, path: str) -> Any:
    value: Any = document
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return copy.deepcopy(value)


def shown(value: Any) -> str:
    """A value in a few characters."""
    if value is None:
        return "unset"
    if isinstance(value, dict):
        return ", ".join(value.keys() - THEIRS) if THEIRS.items() <= value.items() else "set"
    if isinstance(value, list | tuple):
        said = ", ".join(
            f"{each['host']}:{each['port']}" if isinstance(each, dict) else str(each)
            for each in value
        )
        return (said or "none") if len(said) < 40 else f"{len(value)} values"
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said or "none"


def paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every field of a model: of what stands under names, `*`."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        inner = [*_models(field.annotation)]
        if not inner:
            yield path
        for each, named in inner:
            yield from paths(each, f"{path}.*." if named else f"{path}.")


def _models(kind: Any, *, named: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """Models in an annotation, and whether each stands under a name."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, named
    elif get_origin(kind) in (dict, Union, UnionType):
        mapping = get_origin(kind) is dict
        for each in get_args(kind):
            if not (isinstance(each, type) and issubclass(each, str | int | dt.date | Enum)):
                yield from _models(each, named=named or mapping)


def starred(path: str) -> str:
    """A path with `*` in place of a zone's or project's name."""
    first, *rest = path.split(".")
    return ".".join((first, "*", *rest[1:])) if first in ("zones", "projects") else path


MODEL = Warehouse
