"""The commented file that `havre init` writes."""

from __future__ import annotations

import json
import re

from havre.documents.composing import is_text

NAME = "my-warehouse"
"""Name of the warehouse where none is given."""

_TEMPLATE = """\
# A research data warehouse, in words that are no provider's.
#
# Check it:           havre validate {file}
# Help in an editor:  havre schema --output warehouse.schema.json, then add the line
#                     # yaml-language-server: $schema=warehouse.schema.json
#
# Lines that begin with `#` and no space are sections you may do without: remove the `#`.

# Short name: 2 to 20 lower-case letters, digits or hyphens. What is deployed is named after it.
name: {name}

# production, staging or development; production demands the most.
environment: development

# Who answers for the data. Give a team's address, not a person's.
organisation:
  name: Example University Hospital
  country: FR
  contact: data-warehouse@example.org

# The most sensitive data it will hold:
# internal, personal, health-pseudonymised or health-identifying.
classification: personal

# Countries where data, copies, backups, keys and logs may lie (ISO 3166-1 codes).
# operator_law: the operator answers to no law from outside this area: any, eea or eu.
# qualifications: hds, secnumcloud, or none.
residency:
  countries: [FR]
  operator_law: any
  qualifications: []

# Where the warehouse stands: a country's letters and a place. Each provider maps a site to its
# own regions. A recovery site holds copies and backups elsewhere.
sites:
  primary: fr-paris
#  recovery: fr-province

# keys: who holds them: provider, customer, or hsm (the customer, in a hardware module).
# tls: the lowest version accepted, in quotes.
encryption:
  keys: customer
  rotation_days: 365
  deletion_days: 90
  tls: "1.2"

# Object stores, by a name of yours. purpose: landing, curated, research, export, backup or logs.
# Each promise counts days from its own moment:
# recoverable_days: what is deleted or overwritten can be restored, from then on; 0: not promised.
# immutable_days: a version is locked, even to you, from its writing; 0: not locked.
# version_days: an earlier version is kept, from its replacement, and then deleted.
# expire_days: an object is deleted, from its last writing; without it, never.
zones:
  landing:
    purpose: landing
    recoverable_days: 30
    expire_days: 60
  curated:
    purpose: curated
    recoverable_days: 90
    immutable_days: 0
  backup:
    purpose: backup
    recoverable_days: 90
  logs:
    purpose: logs
    recoverable_days: 90

# PostgreSQL. size: s, m, l or xl. availability: single or multi-zone.
database:
  version: 17
  size: s
  storage_gib: 64
  availability: single
  extensions: [pg_trgm]
  backups:
    retention_days: 14

# A Kubernetes cluster beside the data, and a registry for its images.
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

# Private addresses of the warehouse, the networks you administer it from, and the only
# destinations it may reach. Empty lists: from nowhere, and nothing.
network:
  address_space: 10.42.0.0/16
  administration: []
  egress: []

# Logs of accesses and administration are kept at least so long.
audit:
  retention_days: 365

# true: what bears data is deleted only with a named consent.
protection:
  deletion: true

# The way out: the provider to leave for, and how old a rehearsal may be.
#exit:
#  provider: local
#  rehearsal_days: 180
"""


def template(name: str = NAME, file: str = "warehouse.yaml") -> str:
    """A commented `warehouse.yaml` for a newcomer; valid where `name` is a valid name.

    Args:
        name: the warehouse's name.
        file: the file's name, for the comment that tells how to check it.
    """
    # `null` is a fine name, but not unquoted; what is no name at all must not become YAML.
    plain = is_text(name) and re.fullmatch("[a-z0-9-]+", name)
    return _TEMPLATE.format(name=name if plain else json.dumps(name), file=file)
