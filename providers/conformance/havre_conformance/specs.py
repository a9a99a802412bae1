"""Warehouses to build, from the smallest to the oddest, on whatever sites a provider has."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from havre.spec.countries import EEA
from havre.spec.model import Warehouse
from havre.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from havre.provider.sites import Site

Document = dict[str, Any]


def sites_of(sites: Mapping[str, Site]) -> tuple[str, str | None]:
    """A primary and a recovery site; None for a provider of a single site.

    Both are in one country where the provider has two there, else in two countries, of the
    European Economic Area if it can. A provider whose sites are all one place gets names of the
    suite's own.
    """
    names = [name for name in sites if len(name) > 2 and name[2] == "-"]
    if not names or not all(sites[name].country for name in names):
        return "fr-paris", "fr-province"
    for first in names:
        mates = [n for n in names if n != first and sites[n].country == sites[first].country]
        if mates:
            return first, mates[0]
    ranked = sorted(names, key=lambda name: sites[name].country not in EEA)
    return ranked[0], ranked[1] if len(ranked) > 1 else None


def another_site(sites: Mapping[str, Site]) -> str | None:
    """A site other than the primary, without restrictions and in its country where there is one."""
    primary, mate = sites_of(sites)
    others = [name for name in sites if name != primary and sites[name].country]
    ranked = sorted(others, key=lambda n: (bool(sites[n].restrictions), n[:2] != primary[:2]))
    return next(iter(ranked), mate)


def movable(document: Document, site: str) -> Document:
    """The document without a recovery site, and with the country of another site allowed."""
    countries = dict.fromkeys([*document["residency"]["countries"], site[:2].upper()])
    alone = changed(document, "sites.recovery", None)
    return changed(alone, "residency.countries", list(countries))


def _projects() -> Document:
    """Two projects that read one zone in common."""
    return {
        "sleep": {
            "title": "Sleep",
            "zones": ["curated"],
            "members": ["a.member@suite.example"],
            "authorisation": "Decision 1",
            "expires": "2030-06-30",
        },
        "stroke": {
            "title": "Stroke",
            "zones": ["landing", "curated"],
            "members": ["b.member@suite.example"],
            "authorisation": "Decision 3",
            "expires": "2031-06-30",
        },
    }


def large(sites: Mapping[str, Site]) -> Document:
    """Every section filled, every zone with every promise."""
    primary, recovery = sites_of(sites)
    countries = [site[:2].upper() for site in (primary, recovery) if site]
    return {
        "name": "suite",
        "environment": "production",
        "organisation": {"name": "Suite", "country": "FR", "contact": "team@suite.example"},
        "classification": "health-pseudonymised",
        "residency": {
            "countries": list(dict.fromkeys(countries)),
            "operator_law": "eu",
            "qualifications": ["hds"],
        },
        "sites": {"primary": primary, **({"recovery": recovery} if recovery else {})},
        "encryption": {"keys": "customer", "rotation_days": 180, "deletion_days": 60, "tls": "1.2"},
        "zones": {
            "landing": {
                "purpose": "landing",
                "recoverable_days": 30,
                "version_days": 60,
                "expire_days": 90,
            },
            "curated": {"purpose": "curated", "recoverable_days": 400, "immutable_days": 30},
            "export": {"purpose": "export", "recoverable_days": 50, "expire_days": 40},
            "backup": {"purpose": "backup", "recoverable_days": 90, "immutable_days": 20},
            "logs": {"purpose": "logs", "recoverable_days": 365, "immutable_days": 200},
        },
        "database": {
            "version": 16,
            "size": "m",
            "storage_gib": 256,
            "availability": "single",
            "extensions": ["pg_trgm"],
            "backups": {"retention_days": 21},
        },
        "cluster": {"nodes": 3, "size": "m", "availability": "single"},
        "registry": {"retention_days": 60},
        "projects": _projects(),
        "network": {
            "address_space": "10.50.0.0/16",
            "administration": ["192.0.2.0/24"],
            "egress": [{"host": "updates.suite.example", "port": 443}],
            **({"recovery_address_space": "10.51.0.0/16"} if recovery else {}),
        },
        "audit": {"retention_days": 365},
        "erasure": {"within_days": 730, "reason": "A decision of the suite keeps it for two years"},
        "protection": {"deletion": True},
        "exit": {"provider": "elsewhere", "rehearsal_days": 180},
    }


def small(sites: Mapping[str, Site]) -> Document:
    """One zone, no project, no cluster, no registry, one site."""
    document = large(sites)
    for section in ("cluster", "registry", "projects", "exit", "network"):
        del document[section]
    document["sites"].pop("recovery", None)
    document["zones"] = {"curated": {"purpose": "curated", "recoverable_days": 1}}
    document["encryption"] = {"keys": "provider"}
    return document


def odd(sites: Mapping[str, Site]) -> Document:
    """Thirty projects, names as long as they may be, accents wherever text is free."""
    document = large(sites)
    document["name"] = "w" * 20
    document["organisation"]["name"] = "Fédération des hôpitaux de l'Est, «données» & <santé>"
    document["zones"] = {
        f"zone-{'z' * 12}-{n:02d}": {
            "purpose": "research",
            "recoverable_days": 10,
            "versions": True,
        }
        for n in range(6)
    }
    zones = list(document["zones"])
    document["projects"] = {
        f"projet-{n:02d}-{'p' * 20}": {
            "title": f"Étude nº{n} : sommeil, âge & «cœur»",
            "zones": zones[: 1 + n % 6],
            "members": [f"chercheur-{n}@suite.example"],
            "authorisation": "Délibération n° 2026-001 du 1er février",
            "expires": "2031-12-31",
        }
        for n in range(30)
    }
    return document


def without_cluster(sites: Mapping[str, Site]) -> Document:
    """All but a cluster and a registry."""
    document = large(sites)
    del document["cluster"], document["registry"]
    return document


SPECS = {"large": large, "small": small, "odd": odd, "without-cluster": without_cluster}

ANOTHER_SITE = "another site"
"""In place of a site: one that the provider has."""

OF_TWO_SITES = ("sites.recovery", "network.recovery_address_space")
"""Fields that only a provider of two sites can realise."""

CHANGES: tuple[tuple[str, Any], ...] = (
    ("name", "other"),
    ("environment", "staging"),
    ("organisation.name", "Another"),
    ("organisation.country", "DE"),
    ("organisation.contact", "others@suite.example"),
    ("classification", "personal"),
    ("residency.countries", ["FR", "DE", "NL", "PL", "IT", "ES", "SE", "IE", "AT", "BE"]),
    ("residency.operator_law", "any"),
    ("residency.qualifications", []),
    ("sites.primary", ANOTHER_SITE),
    ("sites.recovery", None),
    ("encryption.keys", "provider"),
    ("encryption.keys", "hsm"),
    ("encryption.rotation_days", 90),
    ("encryption.deletion_days", 30),
    ("encryption.tls", "1.3"),
    ("database.version", 15),
    ("database.size", "l"),
    ("database.storage_gib", 512),
    ("database.availability", "multi-zone"),
    ("database.extensions", ["pg_trgm", "citext"]),
    ("database.backups.retention_days", 22),
    ("cluster.nodes", 4),
    ("cluster.size", "l"),
    ("cluster.availability", "multi-zone"),
    ("cluster", None),
    ("registry.retention_days", 61),
    ("registry", None),
    ("network.address_space", "10.60.0.0/16"),
    ("network.recovery_address_space", "10.61.0.0/16"),
    ("network.administration", ["198.51.100.0/24"]),
    ("network.egress", [{"host": "other.suite.example", "port": 8443}]),
    ("audit.retention_days", 366),
    ("erasure.within_days", 90),
    ("erasure.reason", "Another decision keeps it for two years"),
    ("erasure", None),
    ("protection.deletion", False),
    ("exit.provider", "nowhere"),
    ("exit.rehearsal_days", 90),
)
"""Every field outside zones and projects with another value; None takes it out."""

OTHER_PURPOSE = {"landing": "research", "backup": "logs", "logs": "backup"}
"""Another purpose that may have the same promises; of those not named here `landing`."""


def _later(days: int | None, otherwise: int) -> int:
    return days + 1 if days else otherwise


ZONE_CHANGES: dict[str, Callable[[Document], Any]] = {
    "purpose": lambda zone: OTHER_PURPOSE.get(zone["purpose"], "landing"),
    "recoverable_days": lambda zone: zone["recoverable_days"] + 1,
    "immutable_days": lambda zone: _later(zone.get("immutable_days"), 5),
    "version_days": lambda zone: _later(zone.get("version_days"), 700),
    "expire_days": lambda zone: _later(zone.get("expire_days"), 900),
    "versions": lambda zone: not zone.get("versions", True),
}
"""Another value for each field of a zone, made from the zone as it is."""
PROJECT_CHANGES: dict[str, Callable[[Document], Any]] = {
    "title": lambda _: "Dreams",
    "zones": lambda project: [*project["zones"], "export"],
    "members": lambda project: [*project["members"], "c.member@suite.example"],
    "authorisation": lambda _: "Decision 2",
    "expires": lambda _: "2029-06-30",
}
"""Another value for each field of a project, made from the project as it is."""


def all_changes(document: Document) -> Iterator[tuple[str, Any]]:
    """Every field of the spec, in every zone and every project, with another value."""
    yield from CHANGES
    for section, changes in (("zones", ZONE_CHANGES), ("projects", PROJECT_CHANGES)):
        for name, inner in document[section].items():
            for field, other in changes.items():
                yield f"{section}.{name}.{field}", other(inner)
    for name in document["projects"]:
        yield f"projects.{name}", None


def refused(document: Document) -> str:
    """Why the spec's own rules refuse a document; empty where they do not."""
    spec = warehouse(document)
    faults = (fault for rule in RULES for fault in rule.breaches(spec))
    return next((f"{'.'.join(map(str, f.path))} wants {f.wanted}" for f in faults), "")


def changed(document: Document, path: str, value: Any) -> Document:
    """The document with one field changed or taken out."""
    whole = copy.deepcopy(document)
    *way, last = path.split(".")
    section = whole
    for step in way:
        section = section[step]
    if value is None:
        section.pop(last, None)
    else:
        section[last] = value
    if path == "sites.recovery":
        whole["network"].pop("recovery_address_space", None)
    return whole


LONGEST_ZONE = 20


def alike(document: Document, names: Iterable[str]) -> Document:
    """The document with more zones and projects, named like what is made for others.

    Args:
        document: with zones `curated` and `landing`, and a project `sleep`.
        names: logical names of what is made of it.
    """
    whole = copy.deepcopy(document)
    zones, projects = whole["zones"], whole["projects"]
    zones["raw"] = copy.deepcopy(zones["landing"])
    projects["nap"] = {**projects["sleep"], "zones": ["curated", "raw"]}
    for name in names:
        for section, owner, own in ((zones, "landing", "raw"), (projects, "sleep", "nap")):
            end = name.rpartition(f"-{owner}-")[2]
            key = f"{own}-{end}"
            if end != name and len(key) <= LONGEST_ZONE:
                section.setdefault(key, copy.deepcopy(section[own]))
    zones["raw-curated"] = copy.deepcopy(zones["curated"])
    projects["nap"]["zones"].append("raw-curated")
    projects["nap-raw"] = {**projects["sleep"], "zones": ["curated"]}
    return whole


def warehouse(document: Document) -> Warehouse:
    """The document as the spec that a file of it gives."""
    import json

    return Warehouse.model_validate_json(json.dumps(document))
