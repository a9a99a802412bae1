"""Rules between fields: each a pure function from a warehouse to its breaches.

A rule says what cannot be meant, whoever hosts the warehouse. What is unwise, or unlawful for
some data, is a policy's to judge, and so is all that depends on today's date.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from itertools import zip_longest
from typing import TYPE_CHECKING

from havre.documents.breaches import overlap
from havre.documents.validation import did_you_mean
from havre.spec import countries
from havre.spec.model import ERASURE_DAYS, Purpose, Warehouse, Zone
from havre.spec.schemes import HDS
from havre.spec.subnets import WIDEST_PREFIX, longest_prefix
from havre.spec.words import ELSEWHERE, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from havre.documents.problems import Location

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Private address spaces: RFC 1918, section 3."""
WIDEST_ADMINISTRATION = {4: 8, 6: 32}
"""Shortest prefix of an administration network by IP version: one organisation's at most."""
_SYSTEM = (Purpose.BACKUP, Purpose.LOGS)
_TAKEN_SCHEMAS = frozenset({"information-schema", "public"})
_TAKEN_DATABASES = frozenset({"defaultdb", "postgres", "rdsadmin", "template0", "template1"})
_TAKEN_BUCKETS = ("amzn-s3-demo-", "sthree-")
_TAKEN_BUCKET_ENDS = ("-s3alias",)


@dataclass(frozen=True)
class FileRule:
    """A rule and the fields it reads.

    Attributes:
        breaches: yields what is wrong in a warehouse.
        needs: fields that must be valid for a breach to mean anything, beside the field that the
            breach is about. `*` is the zone or project of the breach, and an empty last step
            stands for the section's names.
    """

    breaches: Callable[[Warehouse], Iterator[Fault]]
    needs: tuple[Location, ...]

    def means(self, breach: Fault, wrong: Iterable[Location]) -> bool:
        """Whether a breach is one, although the fields at `wrong` are not valid."""
        bound = [
            tuple(own if key == "*" else key for key, own in zip_longest(need, breach.path))[
                : len(need)
            ]
            for need in self.needs
        ]
        return not any(overlap(place, need) for place in wrong for need in (breach.path, *bound))


def zone_names_are_free(spec: Warehouse) -> Iterator[Fault]:
    """A zone's name is none that PostgreSQL or S3 keeps for itself.

    A zone gives its name to a schema, whose hyphens become underscores, and to the end of a
    bucket's name. Sources: PostgreSQL 18 documentation, sections 5.10.5 and 35.1; Amazon S3 user
    guide, bucket naming rules.
    """
    for name in spec.zones:
        if name in _TAKEN_SCHEMAS or name.startswith("pg-"):
            yield _taken(("zones", name), name, "PostgreSQL keeps that schema for itself")
        if f"-{name}".endswith(_TAKEN_BUCKET_ENDS):
            yield _taken(("zones", name), name, "S3 keeps that end of a bucket's name for itself")


def warehouse_name_is_free(spec: Warehouse) -> Iterator[Fault]:
    """The warehouse's name is none that a PostgreSQL server or S3 keeps for itself.

    It gives its name to a database and to the beginning of its buckets' names. Sources: as for
    zones; `defaultdb` and `rdsadmin` are made by managed servers.
    """
    if spec.name in _TAKEN_DATABASES:
        yield _taken(("name",), spec.name, "PostgreSQL keeps that database for itself")
    if f"{spec.name}-".startswith(_TAKEN_BUCKETS):
        yield _taken(("name",), spec.name, "S3 keeps buckets that begin so for itself")


def _taken(path: Location, name: str, why: str) -> Fault:
    return Fault(path, f"the name '{name}'", "another name", why)


def sites_differ(spec: Warehouse) -> Iterator[Fault]:
    """A recovery site is another site."""
    if spec.sites.recovery == spec.sites.primary:
        found = f"'{spec.sites.recovery}', the primary site"
        yield Fault(("sites", "recovery"), found, "another site, or no recovery site")


def sites_reside(spec: Warehouse) -> Iterator[Fault]:
    """Every site lies in a country of residency."""
    allowed = spec.residency.countries
    for role, site in (("primary", spec.sites.primary), ("recovery", spec.sites.recovery)):
        country = (site or "")[:2].upper()
        if site and country not in allowed:
            hint = "" if country in countries.COUNTRIES else ELSEWHERE
            wanted = f"a site in {_any_of(allowed)} (residency.countries)"
            yield Fault(("sites", role), f"'{site}', in {country}", wanted, hint)


def residency_countries_exist(spec: Warehouse) -> Iterator[Fault]:
    """Countries of residency are real, each named once."""
    path = ("residency", "countries")
    for index, country in enumerate(spec.residency.countries):
        yield from _unknown_country((*path, index), country)
    yield from _repeated(path, spec.residency.countries)


def organisation_country_exists(spec: Warehouse) -> Iterator[Fault]:
    """The organisation's country is real."""
    yield from _unknown_country(("organisation", "country"), spec.organisation.country)


def qualifications_once(spec: Warehouse) -> Iterator[Fault]:
    """Each qualification is named once."""
    yield from _repeated(("residency", "qualifications"), spec.residency.qualifications)


def hds_within_eea(spec: Warehouse) -> Iterator[Fault]:
    """Health data hosted under HDS stay in the European Economic Area.

    Source: HDS certification standard, version 2.0 of 2024, requirement on the location of
    hosting.
    """
    if HDS not in spec.residency.qualifications:
        return
    for index, country in enumerate(spec.residency.countries):
        if country in countries.COUNTRIES - countries.EEA:
            wanted = "countries of the European Economic Area, as the qualification `hds` demands"
            yield Fault(("residency", "countries", index), f"'{country}'", wanted)


def zone_promises_agree(spec: Warehouse) -> Iterator[Fault]:
    """A zone's promises can all be true: nothing ends while another promise still needs it."""
    for name, zone in spec.zones.items():
        locked, expire = zone.immutable_days, zone.expire_days
        yield from _version_days_agree(("zones", name, "version_days"), zone)
        if expire is not None and expire < locked:
            wanted = f"at least its immutable_days, {locked}, or no expiry"
            yield Fault(("zones", name, "expire_days"), str(expire), wanted)


def _version_days_agree(path: Location, zone: Zone) -> Iterator[Fault]:
    """Earlier versions are there to be kept, and stay while they are locked or recoverable."""
    days = zone.version_days
    if days is None:
        return
    if not zone.versions:
        yield Fault(path, str(days), "no such key, or versions: true")
    for other in ("recoverable_days", "immutable_days"):
        least = getattr(zone, other)
        if days < least:
            yield Fault(path, str(days), f"at least its {other}, {least}, or no such key")


def immutable_zones_have_versions(spec: Warehouse) -> Iterator[Fault]:
    """Immutability locks versions, so an immutable zone keeps them."""
    for name, zone in spec.zones.items():
        if zone.immutable_days and not zone.versions:
            wanted = f"true, since immutable_days is {zone.immutable_days}"
            yield Fault(("zones", name, "versions"), "false", wanted)


def projects_read_zones(spec: Warehouse) -> Iterator[Fault]:
    """A project reads zones that exist, and none that holds backups or logs."""
    readable = [name for name, zone in spec.zones.items() if zone.purpose not in _SYSTEM]
    wanted = f"one of the zones {', '.join(readable)}" if readable else "a zone for research"
    for name, project in spec.projects.items():
        for index, read in enumerate(project.zones):
            path = ("projects", name, "zones", index)
            if read not in spec.zones:
                yield Fault(
                    path, f"the unknown zone '{read}'", wanted, did_you_mean(read, readable)
                )
            elif read not in readable:
                found = f"'{read}', a zone of purpose {spec.zones[read].purpose}"
                yield Fault(path, found, wanted)


def project_names_are_free(spec: Warehouse) -> Iterator[Fault]:
    """A project's name is none that Kubernetes keeps for itself: it is that of a namespace."""
    for name in spec.projects if spec.cluster else ():
        if name == "default" or name.startswith("kube-"):
            why = "Kubernetes keeps that namespace for itself"
            yield _taken(("projects", name), name, why)


def project_lists_once(spec: Warehouse) -> Iterator[Fault]:
    """A project names each zone and each member once; members are never repeated in text."""
    for name, project in spec.projects.items():
        yield from _repeated(("projects", name, "zones"), project.zones)
        for index in _second_times(project.members):
            found = f"the same as item {project.members.index(project.members[index])}"
            yield Fault(("projects", name, "members", index), found, "each member once")


LEAST_WORDS = 4
"""A reason has at least so many different words, as that of a waiver."""


def erasure_has_a_reason(spec: Warehouse) -> Iterator[Fault]:
    """A duty to keep a project's data for longer than six months is named."""
    asked = spec.erasure
    if asked is None or asked.within_days <= ERASURE_DAYS:
        return
    words = set((asked.reason or "").casefold().split())
    if len(words) < LEAST_WORDS:
        wanted = (
            f"the law or decision that requires more than {ERASURE_DAYS} days, in at least "
            f"{LEAST_WORDS} different words"
        )
        found = f"'{asked.reason}'" if asked.reason else "nothing"
        yield Fault(("erasure", "reason"), found, wanted)


def extensions_once(spec: Warehouse) -> Iterator[Fault]:
    """Each extension is named once."""
    yield from _repeated(("database", "extensions"), spec.database.extensions)


def address_spaces_fit(spec: Warehouse) -> Iterator[Fault]:
    """Address spaces are private, and large enough for their segments."""
    for key in ("address_space", "recovery_address_space"):
        space = getattr(spec.network, key)
        if space is not None:
            yield from _misfit(("network", key), space, spec)


def recovery_space_has_site(spec: Warehouse) -> Iterator[Fault]:
    """A recovery address space belongs to a recovery site."""
    space = spec.network.recovery_address_space
    if space and not spec.sites.recovery:
        wanted = "no such key, or a site at sites.recovery"
        yield Fault(("network", "recovery_address_space"), f"'{space}'", wanted)


def address_spaces_apart(spec: Warehouse) -> Iterator[Fault]:
    """The sites' address spaces do not overlap: they are routed to each other."""
    space, other = spec.network.address_space, spec.network.recovery_address_space
    if other and ip_network(space).overlaps(ip_network(other)):
        wanted = f"addresses outside network.address_space, {space}"
        yield Fault(("network", "recovery_address_space"), f"'{other}'", wanted)


def administration_is_narrow(spec: Warehouse) -> Iterator[Fault]:
    """Administration comes from one organisation's networks, each named once."""
    path = ("network", "administration")
    for index, address in enumerate(spec.network.administration):
        network = ip_network(address)
        if network.prefixlen < WIDEST_ADMINISTRATION[network.version]:
            whole = ", the whole Internet" if network.prefixlen == 0 else ""
            limit = f"/{WIDEST_ADMINISTRATION[network.version]}"
            wanted = f"your own networks, none wider than {limit} (IPv{network.version})"
            yield Fault((*path, index), f"'{address}'{whole}", wanted)
    yield from _repeated(path, spec.network.administration)


def egress_once(spec: Warehouse) -> Iterator[Fault]:
    """Each destination is named once."""
    pairs = [f"{egress.host}:{egress.port}" for egress in spec.network.egress]
    yield from _repeated(("network", "egress"), pairs)


def _rule(breaches: Callable[[Warehouse], Iterator[Fault]], *needs: str) -> FileRule:
    return FileRule(breaches, tuple(tuple(need.split(".")) for need in needs))


_PROMISES = tuple(
    f"zones.*.{name}"
    for name in ("recoverable_days", "immutable_days", "version_days", "expire_days", "versions")
)
_SPACES = ("network.address_space", "network.recovery_address_space")
RULES = (
    _rule(warehouse_name_is_free),
    _rule(sites_differ, "sites"),
    _rule(sites_reside, "residency.countries"),
    _rule(residency_countries_exist),
    _rule(organisation_country_exists),
    _rule(qualifications_once),
    _rule(hds_within_eea, "residency.qualifications"),
    _rule(zone_names_are_free),
    _rule(zone_promises_agree, *_PROMISES),
    _rule(immutable_zones_have_versions, *_PROMISES),
    _rule(projects_read_zones, "zones."),
    _rule(project_names_are_free, "cluster"),
    _rule(project_lists_once, "projects.*.zones", "projects.*.members"),
    _rule(erasure_has_a_reason, "erasure.within_days"),
    _rule(extensions_once),
    _rule(address_spaces_fit, "cluster.nodes"),
    _rule(recovery_space_has_site, "sites.recovery"),
    _rule(address_spaces_apart, *_SPACES),
    _rule(administration_is_narrow, "network.administration"),
    _rule(egress_once, "network.egress"),
)
"""Every rule between fields, in the order of the sections."""


def _unknown_country(path: Location, country: str) -> Iterator[Fault]:
    if country in countries.COUNTRIES:
        return
    right = countries.code_meant(country)
    hint = f"did you mean `{right}`?" if right else ""
    yield Fault(path, f"'{country}'", "a country's code of ISO 3166-1, such as FR", hint)


def _repeated(path: Location, items: Sequence[str]) -> Iterator[Fault]:
    for index in _second_times(items):
        yield Fault((*path, index), f"'{items[index]}' again", "each item once")


def _second_times(items: Sequence[str]) -> Iterator[int]:
    """Indexes of the items that stand earlier in the list as well."""
    seen: Counter[str] = Counter()
    for index, item in enumerate(items):
        if seen[item]:
            yield index
        seen[item] += 1


def _misfit(path: Location, space: str, spec: Warehouse) -> Iterator[Fault]:
    network, longest = ip_network(space), longest_prefix(spec)
    if not isinstance(network, IPv4Network) or not _is_private(network):
        yield Fault(path, f"'{space}'", f"private IPv4 addresses, within {_any_of(PRIVATE)}")
    elif network.prefixlen > longest:
        nodes = f" and its {spec.cluster.nodes} nodes" if spec.cluster else ""
        wanted = f"a prefix from /{WIDEST_PREFIX} to /{longest}, to fit the warehouse{nodes}"
        yield Fault(path, f"'{space}'", wanted)


def _is_private(network: IPv4Network) -> bool:
    return any(network.subnet_of(IPv4Network(block)) for block in PRIVATE)


def _any_of(items: Sequence[str]) -> str:
    return " or ".join((", ".join(items[:-1]), items[-1])) if len(items) > 1 else items[0]
