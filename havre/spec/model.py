"""What is asked: the warehouse, in words that are no provider's.

Lengths of time are whole days, sizes are s, m, l or xl, places are sites. Everything
here is validated whole by `havre.spec.load`; rules that span several fields stand in
`havre.spec.rules`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from havre.spec.schemes import SchemeNames, installed_scheme

MAX_DAYS = 36_500
"""Longest time that a field may ask for: a century."""


def _words(wanted: str) -> Any:
    """What would do, in a user's words; editors show `errorMessage`, and so do our messages."""
    return Field(json_schema_extra={"errorMessage": wanted})


Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z](?:-?[a-z0-9])*$", min_length=2, max_length=20),
    _words("a name of 2 to 20 lower-case letters, digits or single inner hyphens, a letter first"),
]
"""A name of 2 to 20 lower-case letters, digits and single inner hyphens.

With these limits every name derived from it (buckets: 63 characters, key vaults and
storage accounts: 24, PostgreSQL roles: 63 bytes) fits, shortened by a digest where needed.
"""

ProjectSlug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z](?:-?[a-z0-9])*$", min_length=2, max_length=30),
    _words("a name of 2 to 30 lower-case letters, digits or single inner hyphens, a letter first"),
]
SiteName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2}-[a-z]+(?:-[a-z0-9]+)*$", max_length=40),
    _words("a site: a country's two letters and a place, such as fr-paris"),
]
"""A logical place: its country's two letters, then a name, such as `fr-paris`."""
Country = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}$"),
    _words("a country's two-letter code (ISO 3166-1), in capitals, such as FR"),
]
"""ISO 3166-1 alpha-2 code."""
Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]
DaysOrNone = Annotated[int, Field(ge=0, le=MAX_DAYS)]
Text = Annotated[
    str,
    StringConstraints(
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$", min_length=1, max_length=200
    ),
    _words("a line of text of 1 to 200 characters"),
]
Member = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x20\x7f-\x9f]+$", min_length=1, max_length=254),
    _words("a researcher's identifier of 1 to 254 characters, without spaces"),
]
"""Who a researcher is for the identity provider; never echoed in a message."""
_PSEUDONYM = re.compile(r"m-[0-9a-f]{8,16}")


def is_pseudonym(member: str) -> bool:
    """Whether a member has an identity of their own: `m-` and 8 to 16 hexadecimal digits.

    No name can be written in it. Any other identifier, such as an e-mail address, is counted and
    goes nowhere: its member shares the project's identity.
    """
    return _PSEUDONYM.fullmatch(member) is not None


def _cidr(value: str) -> str:
    """Return `value` in canonical form, or raise ValueError if it is no network address."""
    if "%" in value:  # a scope belongs to one machine, and may be any text
        message = "a network address with a scope"
        raise ValueError(message)
    return str(ipaddress.ip_network(value))


Cidr = Annotated[
    str,
    AfterValidator(_cidr),
    _words("a network address such as 10.42.0.0/16, with no bits set after its prefix"),
]

SchemeName = Annotated[str, AfterValidator(installed_scheme), SchemeNames()]
"""Short name of a certification scheme that is installed, such as `hds`."""


class Section(BaseModel):
    """Base of every section: closed, immutable and strict."""

    # Built on first use: the command line starts without paying for twenty validators.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Environment(StrEnum):
    """What the warehouse is for; `production` demands the most."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"


class Classification(StrEnum):
    """The most sensitive data that the warehouse holds."""

    INTERNAL = "internal"
    PERSONAL = "personal"
    HEALTH_PSEUDONYMISED = "health-pseudonymised"
    HEALTH_IDENTIFYING = "health-identifying"


HEALTH_DATA = frozenset({Classification.HEALTH_PSEUDONYMISED, Classification.HEALTH_IDENTIFYING})
"""Classifications of health data."""


class OperatorLaw(StrEnum):
    """Whose law the operator may answer to."""

    ANY = "any"
    EEA = "eea"
    EU = "eu"


class KeyProtection(StrEnum):
    """Who controls the keys: the provider, the customer, or the customer in an HSM."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    HSM = "hsm"


class TlsVersion(StrEnum):
    """Lowest TLS version that an endpoint may accept."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


class Purpose(StrEnum):
    """What a zone is for."""

    LANDING = "landing"
    CURATED = "curated"
    RESEARCH = "research"
    EXPORT = "export"
    BACKUP = "backup"
    LOGS = "logs"


class Size(StrEnum):
    """Sizes, mapped by each provider to what it sells."""

    S = "s"
    M = "m"
    L = "l"
    XL = "xl"


class Availability(StrEnum):
    """How many independent zones of a site a service stands in."""

    SINGLE = "single"
    MULTI_ZONE = "multi-zone"


class Extension(StrEnum):
    """PostgreSQL extensions that a warehouse may ask for."""

    BTREE_GIN = "btree_gin"
    CITEXT = "citext"
    HSTORE = "hstore"
    PG_STAT_STATEMENTS = "pg_stat_statements"
    PG_TRGM = "pg_trgm"
    PGCRYPTO = "pgcrypto"
    TABLEFUNC = "tablefunc"
    UNACCENT = "unaccent"
    UUID_OSSP = "uuid-ossp"
    VECTOR = "vector"


class Organisation(Section):
    """Who answers for the warehouse."""

    name: Text = Field(description="Legal name of the data controller")
    country: Country = Field(description="Country of establishment, ISO 3166-1 alpha-2")
    contact: Annotated[
        str,
        StringConstraints(
            pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+$", max_length=254
        ),
        _words("an e-mail address such as warehouse@example.org"),
    ] = Field(description="Address of the team that runs the warehouse (no person's own)")


class Residency(Section):
    """Where data may be stored, and under which law."""

    countries: Annotated[tuple[Country, ...], Field(min_length=1)] = Field(
        description="Countries in which data, copies, backups, keys and logs may be stored"
    )
    operator_law: OperatorLaw = Field(
        default=OperatorLaw.ANY,
        description="The operator answers to no law from outside this area",
    )
    qualifications: tuple[SchemeName, ...] = Field(
        default=(), description="Schemes under which every data-bearing service must be"
    )


class Sites(Section):
    """Where the warehouse is."""

    primary: SiteName = Field(description="Site of the warehouse")
    recovery: SiteName | None = Field(
        default=None, description="Another site, for copies and backups"
    )


class Encryption(Section):
    """Keys and encrypted connections."""

    keys: KeyProtection = Field(default=KeyProtection.CUSTOMER, description="Who controls the keys")
    rotation_days: Days = Field(default=365, description="A key is rotated at least this often")
    deletion_days: Annotated[int, Field(ge=7, le=90)] = Field(
        default=90, description="Days during which a deleted key can be recovered"
    )
    tls: TlsVersion = Field(default=TlsVersion.TLS_1_2, description="Lowest TLS version accepted")

    @property
    def own_keys(self) -> bool:
        """Whether the warehouse has keys of its own, not the provider's."""
        return self.keys is not KeyProtection.PROVIDER


OLDER_NAMES = {"retention_days": "recoverable_days"}
"""Fields of a zone that were renamed: their older name, and the name that they have now."""


def _with_older_names(schema: dict[str, Any]) -> None:
    """Let the JSON Schema of a zone take a field by its older name, one of the two."""
    properties = schema["properties"]
    for older, name in OLDER_NAMES.items():
        said = f"The older name of {name}: give one of the two"
        properties[older] = {**properties[name], "description": said, "deprecated": True}
        schema["required"].remove(name)
        schema["oneOf"] = [{"required": [name]}, {"required": [older]}]


class Zone(Section):
    """An object store with a purpose; each promise counts days from its own moment."""

    model_config = ConfigDict(json_schema_extra=_with_older_names)

    purpose: Purpose = Field(description="What the zone is for")
    recoverable_days: DaysOrNone = Field(
        validation_alias=AliasChoices("recoverable_days", "retention_days"),
        description="A deleted or overwritten object can be restored for at least this many days, "
        "counted from its deletion or overwriting; 0: not promised",
    )
    immutable_days: DaysOrNone = Field(
        default=0,
        description="A version cannot be changed or deleted for this many days, counted from its "
        "writing; 0: not locked",
    )
    version_days: Days | None = Field(
        default=None,
        description="An earlier version is kept for this many days, counted from its replacement, "
        "and then deleted; unset: without end, or in a zone with expire_days as long as "
        "recoverable_days needs it",
    )
    expire_days: Days | None = Field(
        default=None,
        description="An object is deleted this many days after it was last written; unset: never",
    )
    versions: bool = Field(default=True, description="Earlier versions of an object are kept")


class Backups(Section):
    """Backups of the database."""

    retention_days: Annotated[int, Field(ge=1, le=365)] = Field(
        default=14, description="A backup is kept at least this long"
    )


class Database(Section):
    """The PostgreSQL database."""

    version: Annotated[int, Field(ge=14, le=18)] = Field(
        default=17, description="Major version of PostgreSQL"
    )
    size: Size = Field(default=Size.M, description="Size of the server")
    storage_gib: Annotated[int, Field(ge=32, le=16_384)] = Field(
        default=128, description="Storage, GiB"
    )
    availability: Availability = Field(
        default=Availability.SINGLE, description="One zone of the site, or several"
    )
    extensions: tuple[Extension, ...] = Field(default=(), description="Extensions to enable")
    backups: Backups = Field(default_factory=Backups, description="Backups of the database")


class Cluster(Section):
    """A Kubernetes cluster beside the data."""

    nodes: Annotated[int, Field(ge=1, le=100)] = Field(default=3, description="Number of nodes")
    size: Size = Field(default=Size.M, description="Size of a node")
    availability: Availability = Field(
        default=Availability.SINGLE, description="One zone of the site, or several"
    )


class Registry(Section):
    """A registry of container images."""

    retention_days: Days = Field(default=90, description="Untagged images are kept this long")


class Project(Section):
    """Researchers with an authorisation that ends."""

    title: Text = Field(description="Title of the research project")
    zones: Annotated[tuple[Slug, ...], Field(min_length=1)] = Field(
        description="Zones that the project reads"
    )
    members: Annotated[tuple[Member, ...], Field(min_length=1)] = Field(
        description="Pseudonyms of the researchers, such as m-3f9c27d1; others reach no state"
    )
    authorisation: Text = Field(description="The decision that allows the project")
    expires: Annotated[
        dt.date,
        Field(ge=dt.date(2000, 1, 1), le=dt.date(2100, 12, 31)),
        _words("a date such as 2027-12-31, between 2000 and 2100"),
    ] = Field(description="Last day of the authorisation")

    @property
    def pseudonyms(self) -> tuple[str, ...]:
        """Those of its members that have an identity of their own, sorted."""
        return tuple(sorted(filter(is_pseudonym, self.members)))


class Egress(Section):
    """A destination that the warehouse may reach."""

    host: Annotated[
        str,
        StringConstraints(
            pattern=r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$",
            max_length=253,
        ),
        _words("a full host name in lower case, such as packages.example.org"),
    ] = Field(description="Fully qualified name of the destination")
    port: Annotated[int, Field(ge=1, le=65_535)] = Field(default=443, description="TCP port")


class Network(Section):
    """Address spaces, administration and outgoing traffic."""

    address_space: Cidr = Field(default="10.42.0.0/16", description="Addresses of the primary site")
    recovery_address_space: Cidr | None = Field(
        default=None, description="Addresses of the recovery site"
    )
    administration: tuple[Cidr, ...] = Field(
        default=(), description="Addresses from which the warehouse is administered"
    )
    egress: tuple[Egress, ...] = Field(
        default=(), description="Destinations that may be reached; all else is denied"
    )


class Audit(Section):
    """Logs of accesses and administration."""

    retention_days: Annotated[int, Field(ge=1, le=3_650)] = Field(
        default=365, description="Logs are kept at least this long"
    )


ERASURE_DAYS = 183
"""Days after the end of a project within which its data is gone, unless a duty asks for more: six
months, backups included (TEHDAS2, M7.4, requirement OPR-5)."""


class Erasure(Section):
    """How long a project's data may remain after its last day."""

    within_days: Days = Field(
        default=ERASURE_DAYS,
        description="A project's data, with its backups, is gone this many days after its last day",
    )
    reason: Text | None = Field(
        default=None,
        description=f"The duty to keep it for longer; needed above {ERASURE_DAYS} days",
    )


class Protection(Section):
    """Protection of data-bearing resources."""

    deletion: bool = Field(
        default=True, description="Data-bearing resources cannot be deleted without a named consent"
    )


class Exit(Section):
    """The exit plan."""

    provider: Slug = Field(description="The provider to migrate to")
    rehearsal_days: Days = Field(default=180, description="A rehearsal is at most this old")


class Warehouse(Section):
    """A research data warehouse, whole."""

    name: Slug = Field(description="Name of the warehouse")
    environment: Environment = Field(description="What the warehouse is for")
    organisation: Organisation = Field(description="Who answers for the warehouse")
    classification: Classification = Field(description="The most sensitive data it contains")
    residency: Residency = Field(description="Where data may be stored, and under which law")
    sites: Sites = Field(description="Where the warehouse is")
    encryption: Encryption = Field(
        default_factory=Encryption, description="Keys and encrypted connections"
    )
    zones: Annotated[dict[Slug, Zone], Field(min_length=1)] = Field(
        description="Object stores, by name"
    )
    database: Database = Field(default_factory=Database, description="The PostgreSQL database")
    cluster: Cluster | None = Field(default=None, description="A Kubernetes cluster; unset: none")
    registry: Registry | None = Field(
        default=None, description="A registry of container images; unset: none"
    )
    projects: dict[ProjectSlug, Project] = Field(
        default_factory=dict, description="Research projects, by name"
    )
    network: Network = Field(
        default_factory=Network, description="Addresses, administration, outgoing traffic"
    )
    audit: Audit = Field(default_factory=Audit, description="Logs of accesses and administration")
    erasure: Erasure | None = Field(
        default=None,
        description=f"How long a project's data may remain; unset: {ERASURE_DAYS} days",
    )
    protection: Protection = Field(
        default_factory=Protection, description="Protection of data-bearing resources"
    )
    exit: Exit | None = Field(default=None, description="The exit plan; unset: none")
