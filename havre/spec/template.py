"""The commented file that `havre init` writes."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass

from havre.documents.composing import is_text
from havre.spec.countries import EEA
from havre.spec.model import HEALTH_DATA, Classification, Environment, OperatorLaw
from havre.spec.schemes import HDS
from havre.text import COLUMNS

NAME = "my-warehouse"
"""Name of the warehouse where none is given."""


@dataclass(frozen=True)
class Start:
    """What a file begins with; the defaults are what a warehouse for health data needs.

    Attributes:
        classification: the most sensitive data.
        environment: what the warehouse is for.
        countries: where data may be stored, ISO 3166-1 alpha-2.
        operator_law: the law that the operator may be subject to.
        sites: places in these countries, the primary one first; empty: none is known.
        exit: the provider to migrate to; empty: the file names none.
    """

    classification: Classification = Classification.HEALTH_PSEUDONYMISED
    environment: Environment = Environment.PRODUCTION
    countries: tuple[str, ...] = ("FR",)
    operator_law: OperatorLaw = OperatorLaw.EU
    sites: tuple[str, ...] = ("fr-paris", "fr-province")
    exit: str = ""

    def words(self) -> dict[str, object]:
        """What the template says for these answers, by placeholder."""
        health = self.classification in HEALTH_DATA
        production = self.environment is Environment.PRODUCTION
        hosted = health and "FR" in self.countries and set(self.countries) <= EEA
        primary, recovery = (*self.sites, *self._elsewhere())[:2]
        return {
            "environment": self.environment.value,
            "classification": self.classification.value,
            "countries": ", ".join(self.countries),
            "country": self.countries[0],
            "operator_law": self.operator_law.value,
            "qualifications": HDS if hosted else "",
            "primary": primary,
            "recovery": f"  recovery: {recovery}" if health else f"#  recovery: {recovery}",
            "rotation": 180 if health else 365,
            "locked": 30 if health else 0,
            "logs_locked": 365 if health else 0,
            "long": 365 if health else 90,
            "availability": "multi-zone" if production else "single",
            "size": "m" if production else "s",
            "backups": 35 if health else 14,
            "audit": 1095 if health else 365,
            "exit": self.exit or "local",
            "off": "" if self.exit else "#",
        }

    def _elsewhere(self) -> tuple[str, str]:
        """Names for places that no provider lists: the reader replaces them."""
        code = self.countries[0].lower()
        return ("fr-paris", "fr-province") if code == "fr" else (f"{code}-first", f"{code}-second")


HEALTH = Start()
"""What is proposed."""
SMALL = Start(Classification.PERSONAL, Environment.DEVELOPMENT, operator_law=OperatorLaw.ANY)
"""A warehouse to try things with."""

_TEMPLATE = """\
# A research data warehouse, in provider-neutral terms.
#
# Check it:{check}
# Help in an editor:  havre schema --output warehouse.schema.json, then add:
#                     # yaml-language-server: $schema=warehouse.schema.json
#
# Lines that begin with `#` and no space are optional sections: remove the `#`.

# Short name: 2 to 20 lower-case letters, digits or hyphens. It begins the name
# of every resource.
name: {name}

# production, staging or development; production demands the most.
environment: {environment}

# The data controller. Give a team's address, not a person's.
organisation:
  name: Example University Hospital
  country: {country}
  contact: data-warehouse@example.org

# The most sensitive data it will contain:
# internal, personal, health-pseudonymised or health-identifying.
classification: {classification}

# countries: where data, copies, backups, keys and logs may be stored
# (ISO 3166-1 codes).
# operator_law: the operator is subject to no law from outside this area:
# any, eea or eu.
# qualifications: hds, secnumcloud, or none.
residency:
  countries: [{countries}]
  operator_law: {operator_law}
  qualifications: [{qualifications}]

# Where the warehouse is: a country's letters and a place. Each provider maps a
# site to its own regions. A recovery site has copies and backups elsewhere.
sites:
  primary: {primary}
{recovery}

# keys: who controls them: provider, customer, or hsm (the customer, in a
# hardware module).
# tls: the lowest version accepted, in quotes.
encryption:
  keys: customer
  rotation_days: {rotation}
  deletion_days: 90
  tls: "1.2"

# Object stores, by a name that you choose.
# purpose: landing, curated, research, export, backup or logs.
# Each period counts days from its own moment:
# recoverable_days: from deletion or overwriting, how long an object can be
# restored; 0: not at all.
# immutable_days: from its writing, how long a version is locked, even to you;
# 0: not locked.
# version_days: from its replacement, how long an earlier version is kept before
# it is deleted.
# expire_days: from its last writing, when an object is deleted; without it,
# never.
zones:
  landing:
    purpose: landing
    recoverable_days: 30
    expire_days: 60
  curated:
    purpose: curated
    recoverable_days: {long}
    immutable_days: {locked}
  backup:
    purpose: backup
    recoverable_days: 90
    immutable_days: {locked}
  logs:
    purpose: logs
    recoverable_days: {long}
    immutable_days: {logs_locked}

# PostgreSQL. size: s, m, l or xl. availability: single or multi-zone.
database:
  version: 17
  size: {size}
  storage_gib: 64
  availability: {availability}
  extensions: [pg_trgm]
  backups:
    retention_days: {backups}

# A Kubernetes cluster next to the data, and a registry for its images.
#cluster:
#  nodes: 2
#  size: s
#  availability: single
#registry:
#  retention_days: 90

# Researchers, the zones they read, and the authorisation that ends.
# Members are identifiers of your identity provider.
#projects:
#  first-study:
#    title: What the study is about
#    zones: [curated]
#    members: [researcher@example.org]
#    authorisation: Reference of the decision
#    expires: 2030-12-31

# Private addresses of the warehouse, the networks that you administer it from,
# and the only destinations that it may reach. Empty lists: none. For example:
# administration: [198.51.100.0/24]
# egress: [{{host: mirror.example.org, port: 443}}]
network:
  address_space: 10.42.0.0/16
  administration: []
  egress: []

# Logs of accesses and administration are kept for at least so many days.
audit:
  retention_days: {audit}

# A project's data, with its backups, is deleted within 183 days of the last day
# of the project. A duty to keep it for longer is named here, with its reason.
#erasure:
#  within_days: 183

# true: only a named consent deletes resources that contain data.
protection:
  deletion: true

# The exit plan: the provider to migrate to, and how old a rehearsal may be.
{off}exit:
{off}  provider: {exit}
{off}  rehearsal_days: 180
"""


def template(name: str = NAME, file: str = "warehouse.yaml", start: Start = HEALTH) -> str:
    """A commented `warehouse.yaml` for a newcomer; valid where `name` is a valid name.

    Args:
        name: the warehouse's name.
        file: the file's name, for the comment that tells how to check it.
        start: what it begins with.
    """
    # `null` is a fine name, but not unquoted; what is no name at all must not become YAML.
    plain = is_text(name) and re.fullmatch("[a-z0-9-]+", name)
    shown = name if plain else json.dumps(name)
    return _TEMPLATE.format(name=shown, check=_check(file), **start.words())


def _check(file: str) -> str:
    """The command that checks the file; one that is long has a line of its own."""
    command = f"havre validate {shlex.quote(file)}"
    beside = f"           {command}"
    return beside if len(f"# Check it:{beside}") <= COLUMNS else f"\n# {command}"
