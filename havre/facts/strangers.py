"""Types that no provider's facts know: those that hold nothing, and what the others may do.

A name proves nothing: what it tells orders what a person looks at first, and lets nothing pass.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

HOLDING_NOTHING = frozenset({"random", "tls", "time", "command"})
"""Packages of the Pulumi registry whose resources are values or calls, at no provider of clouds.

Their values can be secrets, which `access.no-plaintext-secret` judges.
"""
STACK_REFERENCE = "pulumi:pulumi:StackReference"


class Suspicion(StrEnum):
    """What a resource of an unknown type may do, the worst first."""

    DATA = "may contain data"
    ACCESS = "may open access"
    NONE = "purpose not known"


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WAYS_IN = """
    access acl acls allowlist assignment balancer bastion connection credential dnat endpoint
    federation firewall forwarding frontdoor gateway grant group ingress ip listener loadbalancer
    member membership nat peering permission perimeter policy proxy publicip role route rule
    tunnel user vpn
"""
_OF_DATA = """
    account archive backup bigquery blob bucket cache cassandra clickhouse cosmosdb data database
    databases databricks dataset db disk documentdb dynamo efs elastic eventhub file filesystem
    grafana image instance kafka kubernetes kusto lake log logs lustre machine mariadb memcached
    mongo mongodb mysql netapp neptune object opensearch postgres postgresql queue redis registry
    replica repository search secret server servicebus share shares snapshot snowflake sql storage
    store stream synapse table timeseries topic valkey vault vm volume warehouse workspace
"""
_ACCESS, _DATA = frozenset(_WAYS_IN.split()), frozenset(_OF_DATA.split())


def holds_nothing(token: str) -> bool:
    """Whether a type holds no data, opens no way in and stands at no provider of clouds."""
    return token == STACK_REFERENCE or token.partition(":")[0] in HOLDING_NOTHING


@cache
def suspected(token: str) -> Suspicion:
    """What a type may do: by its class's last words, or else by any word of it and its module."""
    named = [word.lower() for word in _WORD.findall(token.rpartition(":")[2])]
    module = [word.lower() for word in _WORD.findall(token.partition(":")[2])]
    if named and named[-1] in _ACCESS:
        return Suspicion.ACCESS
    if _DATA.intersection(named) or _DATA.intersection(module):
        return Suspicion.DATA
    return Suspicion.ACCESS if _ACCESS.intersection(named) else Suspicion.NONE
