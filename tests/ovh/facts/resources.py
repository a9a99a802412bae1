"""Resources that a stranger might plan, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.facts import Known, Unknown
from havre.facts.stores import DatabaseServer, DataStore
from havre.plan import Plan, PlannedResource
from havre_ovh.facts import facts

if TYPE_CHECKING:
    from havre.facts.model import Copy

FROM_OFFICE = {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}


BUCKET = "ovh:CloudProject/storage:Storage"


NEW_BUCKET = "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket"


DATABASE = "ovh:CloudProject/database:Database"


KUBE = "ovh:CloudProject/kube:Kube"


POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"


NETWORK = "ovh:CloudProject/networkPrivate:NetworkPrivate"


STREAM = "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream"


KEY = "ovh:Okms/serviceKey:ServiceKey"


USER = "ovh:CloudProject/user:User"


S3_POLICY = "ovh:CloudProject/s3Policy:S3Policy"


POLICY = "ovh:Iam/policy:Policy"


LIFECYCLE = (
    "ovh:index/cloudProjectStorageObjectBucketLifecycleConfiguration"
    ":CloudProjectStorageObjectBucketLifecycleConfiguration"
)


DYNAMIC = "pulumi-python:dynamic/havre-ovh:"


YES, NO, NONE = Known(value=True), Known(value=False), Known(None)


SOUND = {
    "name": "sound",
    "regionName": "GRA",
    "hideObjects": True,
    "encryption": {"sseAlgorithm": "AES256"},
    "versioning": {"status": "enabled"},
    "objectLock": {"status": "enabled", "rule": {"mode": "compliance", "period": "P30D"}},
    "tags": {"zone": "curated"},
}


SERVED = {
    "engine": "postgresql",
    "version": "17",
    "plan": "business",
    "nodes": [{"region": "GRA", "networkId": "n", "subnetId": "s"}] * 2,
    "backupRegions": ["GRA", "SBG"],
    "ipRestrictions": [{"ip": "10.0.0.0/24"}],
    "advancedConfiguration": {"pg.log_min_duration_statement": "0"},
}


def made(type_: str, inputs: dict[str, Any], name: str = "it", **told: Any) -> PlannedResource:
    """A resource; `needs` ties properties to the resources that they come from."""
    needs = {path: tuple(urns) for path, urns in told.pop("needs", {}).items()}
    return PlannedResource(
        urn=f"urn:{name}",
        type=type_,
        name=name,
        custom=True,
        inputs=inputs,
        dependencies=tuple(sorted({urn for urns in needs.values() for urn in urns})),
        property_dependencies=needs,
        **told,
    )


def of(kind: type, *resources: PlannedResource, urn: str = "urn:it") -> Any:
    """The one fact of a kind about a resource of a plan."""
    found = facts(Plan("ovh", resources))
    (item,) = [item for item in found.about(urn) if isinstance(item, kind)]
    return item


def withheld(fact: Any) -> Any:
    """A fact by what withholds it alone, without what it is at best."""
    return Unknown(fact.property) if isinstance(fact, Unknown) else fact


def bucket(*others: PlannedResource, **inputs: Any) -> Any:
    """The facts of a sound bucket with some inputs replaced."""
    return of(DataStore, made(BUCKET, {**SOUND, **inputs}), *others)


def database(*others: PlannedResource, **inputs: Any) -> DatabaseServer:
    """The facts of a sound database with some inputs replaced."""
    item: DatabaseServer = of(DatabaseServer, made(DATABASE, {**SERVED, **inputs}), *others)
    return item


def where(item: Any, copy: Copy) -> list[tuple[str, str | None]]:
    """Regions and countries of the copies of a kind."""
    assert isinstance(item.places, Known)
    return [(p.region, p.country) for p in item.places.value if p.copy is copy]


EXAMPLE = Path(__file__).parents[3] / "examples" / "emc2" / "warehouse.yaml"


SETTINGS = {
    "service_name": "0" * 32,
    "ldp_service": "ldp-ab-12345",
    "ldp_retention_id": "11111111-1111-1111-1111-111111111111",
    "ldp_site": "fr-province",
    "okms_id": "22222222-2222-2222-2222-222222222222",
    "registry_plan_id": "33333333-3333-3333-3333-333333333333",
    "owner_user_id": 4242,
}
