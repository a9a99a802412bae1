"""How the properties that facts read are written, by name.

Types: the plugin's schema. Words are OVHcloud's and S3's, in any case of letters but for the
algorithm, which the plugin takes as it is.
"""

from __future__ import annotations

from types import MappingProxyType

from havre.facts.forms import (
    ADDRESS,
    ADDRESSES,
    FREE,
    LABELS,
    MAPPING,
    MAPPINGS,
    NAME,
    NUMBER,
    TEXT,
    TEXTS,
    TRUTH,
    Forms,
    exact_words,
    words,
)

_NAMES = "bucket clusterId containerName name okmsId registryId streamId target urn userId"
_TEXTS = """
    date engine expiredAt networkId nodesSubnetId period plan privateNetworkId protocol region
    regionName remoteGroupId retentionId roleName serviceName subnetId version
"""

FORMS: Forms = MappingProxyType(
    {
        **dict.fromkeys(_NAMES.split(), NAME),
        **dict.fromkeys(_TEXTS.split(), TEXT),
        **dict.fromkeys(("coldStorageEnabled", "deletionProtection", "enabled"), TRUTH),
        "hideObjects": TRUTH,
        "coldStorageRetention": NUMBER,
        "days": NUMBER,
        "newerNoncurrentVersions": NUMBER,
        "noncurrentDays": NUMBER,
        "portRangeMax": NUMBER,
        "portRangeMin": NUMBER,
        "retentionDays": NUMBER,
        **dict.fromkeys(("attachFloatingIps", "destination", "encryption"), MAPPING),
        **dict.fromkeys(("expiration", "externalGateway", "filter"), MAPPING),
        **dict.fromkeys(("noncurrentVersionExpiration", "objectLock", "rule"), MAPPING),
        **dict.fromkeys(("replication", "versioning"), MAPPING),
        **dict.fromkeys(("ipRestrictions", "nodes", "rules"), MAPPINGS),
        "advancedConfiguration": LABELS,
        "tags": LABELS,
        # words
        "coldStorageContent": words("ALL", "GLACIER", "PLAIN"),
        "direction": words("EGRESS", "INGRESS"),
        "ethernetType": words("IPV4", "IPV6"),
        "encryption.algorithm": exact_words("AES256", "plaintext", "PLAINTEXT"),
        "encryption.sseAlgorithm": exact_words("AES256", "plaintext", "PLAINTEXT"),
        "mode": words("compliance", "governance"),
        "status": words("disabled", "enabled", "suspended"),
        # networks, and texts in lists
        "allows": TEXTS,
        "availabilityZones": TEXTS,
        "backupRegions": TEXTS,
        "description": FREE,
        "identities": TEXTS,
        "ip": ADDRESS,
        "ipBlock": ADDRESS,
        "ip_block": ADDRESS,
        "ips": ADDRESSES,
        "permissionsGroups": TEXTS,
        "policy": FREE,
        "regions": TEXTS,
        "remoteIpPrefix": ADDRESS,
        "resources": TEXTS,
        "roleNames": TEXTS,
    }
)
