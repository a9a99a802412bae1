"""How the properties that facts read are written, by name.

Types: the SDK's classes (pulumiverse-scaleway 1.60.0). Identifiers may begin with a region or zone,
which is taken away, so that each resource has one. Numbers may be floats.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts.forms import (
    ADDRESS,
    ADDRESSES,
    FREE,
    LABELS,
    MAPPING,
    MAPPINGS,
    NUMBER,
    PORTS,
    TEXT,
    TEXTS,
    TRUTH,
    Forms,
    exact_words,
    form,
    several,
    words,
)
from havre_scaleway.facts.naming import LOCALITY, bare

if TYPE_CHECKING:
    from havre.plan import PlannedResource


def _identifier(value: Any) -> Any:
    """What names a resource. What is no text names none, and is never unknown."""
    return bare(value) if isinstance(value, str) else f"({type(value).__name__})"


def _tags(value: Any) -> Any:
    """Labels: a mapping on buckets, and a list of words on all else."""
    if isinstance(value, list):
        return value if all(isinstance(each, str) for each in value) else None
    return LABELS.take(value) if isinstance(value, dict) else None


NAME = form(_identifier)

_NAMES = """
    applicationId bucket clusterId datasourceId defaultProjectId gatewayId groupId instanceId keyId
    kmsMasterKeyId organizationId pnId privateNetworkId projectId secretId securityGroupId
    snapshotId targetVpcId userId vpcId
"""
_TEXTS = """
    condition date engine expiresAt name nodeType permission portRange region rotationPeriod
    snapshotId type version visibility volumeType zone
"""
_TRUTHS = """
    backupSameRegion bastionEnabled deleteAdditionalResources disableBackup enableDefaultSecurity
    enableMasquerade enabled externalRules encryptionAtRest forceDestroy isAdmin isHaCluster
    isIpv6 isPublic
    noIpAllowed noPrincipal objectLockEnabled protected publicIpDisabled pushDefaultRoute
    scalewayRanges stateful unprotected
"""
_NUMBERS = """
    backupScheduleFrequency backupScheduleRetention bastionPort days dstPortHigh dstPortLow
    newerNoncurrentVersions noncurrentDays objectSizeGreaterThan objectSizeLessThan port privatePort
    publicPort retentionDays srcPortHigh srcPortLow years
"""
_MAPPINGS = """
    applyServerSideEncryptionByDefault defaultRetention expiration loadBalancer
    noncurrentVersionExpiration openIdConnectConfig privateNetwork rotationPolicy rule versioning
"""
_LISTS = "aclRules inboundRules ipamConfigs lifecycleRules outboundRules rules"

FORMS: Forms = MappingProxyType(
    {
        **dict.fromkeys(_TEXTS.split(), TEXT),
        **dict.fromkeys(_NAMES.split(), NAME),
        **dict.fromkeys(_TRUTHS.split(), TRUTH),
        **dict.fromkeys(_NUMBERS.split(), NUMBER),
        **dict.fromkeys(_MAPPINGS.split(), MAPPING),
        **dict.fromkeys(_LISTS.split(), MAPPINGS),
        "settings": LABELS,
        "tags": form(_tags),
        # words
        "acl": words("private", "public-read", "public-read-write", "authenticated-read"),
        "action": words("accept", "drop"),
        "algorithm": words("aes_256_gcm"),
        "defaultPolicy": words("accept", "drop"),
        "inboundDefaultPolicy": words("accept", "drop"),
        "mode": words("COMPLIANCE", "GOVERNANCE"),
        "outboundDefaultPolicy": words("accept", "drop"),
        "protectionLevel": words("hsm", "software"),
        "protocol": words("ANY", "TCP", "UDP", "ICMP", "both"),
        "sseAlgorithm": exact_words("AES256", "aws:kms"),
        # networks, and texts in lists
        "allowedIpRanges": ADDRESSES,
        "description": FREE,
        "destination": ADDRESS,
        "ip": ADDRESS,
        "ipRange": ADDRESS,
        "permissionSetNames": TEXTS,
        "policy": FREE,
        "portRange": PORTS,
        "projectIds": several(NAME),
        "source": ADDRESS,
    }
)

DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
"""A duration as Go writes it: `4320h`, `4320h0m0s`."""


def written(resource: PlannedResource, name: str, value: Any) -> Any:
    """A property's value in one way, for a comparison of two plans.

    The plugin returns identifiers with their region, durations with minutes and seconds, and
    leaves the region of some resources out, which their identifier then begins with (seen with
    terraform-provider-scaleway 2.79.0, 2026-12-01).
    """
    if FORMS.get(name) is NAME and isinstance(value, str):
        return bare(value)
    if name == "rotationPeriod" and isinstance(value, str):
        found = DURATION.fullmatch(value)
        return [int(part or 0) for part in found.groups()] if found and value else value
    if name == "region" and not value and (place := LOCALITY.match(resource.id)):
        return place[1]
    return value
