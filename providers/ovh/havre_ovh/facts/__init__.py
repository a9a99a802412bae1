"""What OVHcloud's resources mean for security, in words that are no provider's.

What no argument decides is unknown, or said at its worst. Three things are told by OVHcloud's
documentation and by no argument: managed databases are encrypted at rest with OVHcloud's keys,
OKMS copies keys to other regions, and a backup region that nobody names is chosen.

Each part's types stand in the file of the part's name; `naming` says how types are named,
`forms` how properties are written, `places`
where things lie, `properties` what every fact says, `rights` what an action allows.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts import Facts, Index, collect
from havre.facts.evaluated import unread
from havre.facts.forms import typed_plan
from havre.facts.model import Copy, Neutral, Unclassified
from havre_ovh.estate import outside_facts
from havre_ovh.facts import access, audit, cluster, database, keys, network, registry, zones
from havre_ovh.facts.forms import FORMS
from havre_ovh.facts.naming import DYNAMIC, NOMENCLATURE
from havre_ovh.facts.properties import NOWHERE, about, lies_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from havre.facts.model import ResourceFact
    from havre.plan import Plan, PlannedResource

    Classify = Callable[[PlannedResource, Index], Sequence[ResourceFact]]


CLOUD = "ovh:CloudProject/"
DATABASE = "ovh:CloudProjectDatabase/"
INDEX = "ovh:index/"


def _plain(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    path = next((path for path in REGIONS if resource.inputs.get(path) is not None), "")
    where = lies_in(resource, Copy.SERVICE, path) if path else NOWHERE
    return [about(Neutral, resource, index, where)]


CLASSES: Mapping[str, Classify] = MappingProxyType(
    {
        f"{CLOUD}storage:Storage": zones.bucket,
        f"{INDEX}cloudStorageObjectBucket:CloudStorageObjectBucket": zones.bucket,
        f"{INDEX}cloudProjectStorageObjectBucketLifecycleConfiguration"
        ":CloudProjectStorageObjectBucketLifecycleConfiguration": _plain,
        f"{CLOUD}regionStoragePresign:RegionStoragePresign": _plain,
        f"{DYNAMIC}BucketLogging": audit.logging,
        f"{DYNAMIC}LogTarget": _plain,
        f"{DYNAMIC}AccessList": _plain,
        f"{DYNAMIC}LegalHold": _plain,
        f"{CLOUD}database:Database": database.database,
        f"{DATABASE}databaseInstance:DatabaseInstance": database.instance,
        f"{DATABASE}postgresSqlUser:PostgresSqlUser": access.static,
        f"{DATABASE}logSubscription:LogSubscription": audit.subscription,
        f"{CLOUD}kube:Kube": cluster.kube,
        f"{CLOUD}kubeNodePool:KubeNodePool": cluster.pool,
        f"{CLOUD}kubeIpRestrictions:KubeIpRestrictions": network.restrictions,
        f"{CLOUD}kubeOidc:KubeOidc": _plain,
        f"{INDEX}cloudProjectKubeLogSubscription"
        ":CloudProjectKubeLogSubscription": audit.subscription,
        f"{CLOUD}containerRegistry:ContainerRegistry": registry.registry,
        f"{CLOUD}containerRegistryIPRestrictionsRegistry"
        ":ContainerRegistryIPRestrictionsRegistry": network.restrictions,
        f"{CLOUD}containerRegistryIPRestrictionsManagement"
        ":ContainerRegistryIPRestrictionsManagement": network.restrictions,
        f"{CLOUD}containerRegistryUser:ContainerRegistryUser": access.static,
        "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream": audit.stream,
        "ovh:Okms/okms:Okms": keys.domain,
        "ovh:Okms/serviceKey:ServiceKey": keys.key,
        "ovh:Okms/serviceKeyJWK:ServiceKeyJWK": keys.key,
        "ovh:Okms/credential:Credential": access.certificate,
        f"{CLOUD}networkPrivate:NetworkPrivate": network.private,
        f"{CLOUD}regionNetwork:RegionNetwork": network.regional,
        f"{CLOUD}networkPrivateSubnet:NetworkPrivateSubnet": network.subnet,
        f"{CLOUD}networkPrivateSubnetV2:NetworkPrivateSubnetV2": network.subnet,
        f"{CLOUD}gateway:Gateway": network.gateway,
        f"{INDEX}cloudGateway:CloudGateway": network.gateway,
        f"{INDEX}cloudSecurityGroup:CloudSecurityGroup": network.security_group,
        f"{CLOUD}user:User": access.user,
        f"{CLOUD}s3Policy:S3Policy": access.s3_policy,
        f"{CLOUD}s3Credential:S3Credential": access.s3_credential,
        "ovh:Iam/policy:Policy": access.iam_policy,
        "ovh:Iam/permissionsGroup:PermissionsGroup": _plain,
        "ovh:Me/aPIOAuth2Client:APIOAuth2Client": access.static,
        f"{INDEX}iamResourceTags:IamResourceTags": _plain,
        "ovh:Domain/dSRecords:DSRecords": _plain,
        "ovh:Domain/zoneDNSSec:ZoneDNSSec": _plain,
        "ovh:Domain/zoneRecord:ZoneRecord": _plain,
        f"{INDEX}domainZoneDynhostRecord:DomainZoneDynhostRecord": _plain,
    }
)
"""What each type of OVHcloud is; a type that is not here is known to nobody."""


def facts(plan: Plan) -> Facts:
    """What a plan means; a type that nobody knows is unclassified."""
    read, typed = typed_plan(plan, FORMS)
    index = Index(read, NOMENCLATURE)
    found = collect(plan, lambda resource: _facts(typed(resource), index))
    items = (*found.items, *outside_facts(plan))
    return replace(found, items=items, unread=tuple(unread(index, "havre_ovh")))


def _facts(resource: PlannedResource, index: Index) -> Sequence[ResourceFact] | Unclassified:
    classify = CLASSES.get(resource.type)
    if classify is None:
        return Unclassified(resource.urn, resource.type)
    return classify(resource, index)


REGIONS = ("region", "regionName")
