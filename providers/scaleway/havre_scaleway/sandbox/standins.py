"""Stand-ins of a sandbox that follow Scaleway's resources: buckets, applications, keys, database.

A policy of a bucket decides who may use it, as at Scaleway; the application that deploys, and the
organisation's owner, are the bucket's owner here. Policies of IAM, address restrictions and
networks are recorded only: every client is on this machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre_local.machine.objects import gateway
from havre_sandbox.standins.following import following
from havre_sandbox.standins.keys import KeyService, VaultSettings
from havre_sandbox.standins.postgres.service import SERVICE as DATABASE_SERVICE
from havre_sandbox.standins.postgres.service import PostgresService, Profile
from havre_sandbox.standins.s3.catalogue import BucketSettings
from havre_sandbox.standins.s3.policies import PREFIX
from havre_sandbox.standins.s3.service import SERVICE, StoreService
from havre_scaleway import policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.live.warehouse import Live
    from havre.provider.outputs import Outputs, ZoneAddress
    from havre_sandbox import Existing, StandIn
    from havre_sandbox.standins.machine import Machine

OWNER = "organisation-owner"
"""The user that owns every bucket of a sandbox, and its access key."""
ADMINISTRATOR = "_rdb_superadmin"
"""The user that a managed PostgreSQL is made with."""
EXTENSIONS = frozenset(
    {
        *("bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "fuzzystrmatch"),
        *("hstore", "intarray", "isn", "ltree", "pg_stat_statements", "pg_trgm", "pgrowlocks"),
        *("pgstattuple", "postgres_fdw", "tablefunc", "tsm_system_rows", "unaccent", "vector"),
    }
)
"""Of the extensions that PostgreSQL itself and the sandbox's server bring along; Scaleway's own
list was not read."""
PROFILE = Profile("rdb_admin_group", extensions=EXTENSIONS)
_DAYS_A_YEAR = 365
_APPLICATION = "application_id:"


@dataclass(frozen=True)
class ScalewayStandIns:
    """What follows Scaleway's resources in one sandbox.

    Attributes:
        machine: where it is.
    """

    machine: Machine

    @property
    def store(self) -> StoreService:
        """What has the buckets."""
        return StoreService(self.machine)

    @property
    def postgres(self) -> PostgresService:
        """What has the database server."""
        return PostgresService(self.machine, PROFILE)

    @property
    def keys(self) -> KeyService:
        """What has the keys."""
        return KeyService(self.machine)

    def refuse_lacking(self) -> None:
        """Refuse a machine without versitygw or PostgreSQL.

        Raises:
            MissingDependencyError: one is not installed.
        """
        gateway.find_program()
        self.postgres.refuse_lacking()

    def start(self, known: frozenset[str]) -> None:
        """Have services run that ran before."""
        if SERVICE in known:
            self.store.start()
        if DATABASE_SERVICE in known:
            self.postgres.start()

    def endpoint(self, _zone: ZoneAddress) -> str:
        """Where clients reach a zone on this machine: there is one store for all regions."""
        return self.store.endpoint

    def database_port(self) -> int:
        """Where clients reach the database on this machine."""
        return self.postgres.port

    def live(self, outputs: Outputs) -> Live:
        """Its stores and its database, by clients."""
        from havre_scaleway.sandbox.live import ScalewaySandboxLive

        return ScalewaySandboxLive(outputs, self.machine)

    def by_type(self) -> Mapping[str, StandIn]:
        """The stand-in of each type; all others are recorded only."""
        found = {
            "object/bucket:Bucket": following(self._bucket, self._drop_bucket),
            "object/bucketLockConfiguration:BucketLockConfiguration": following(self._lock),
            "object/bucketPolicy:BucketPolicy": following(self._policy, self._drop_policy),
            "iam/application:Application": following(self._application, self._drop_application),
            "iam/apiKey:ApiKey": following(self._api_key, self._drop_api_key),
            "databases/instance:Instance": following(self._server),
            "databases/database:Database": following(self._database, self._drop_database),
            "keymanager/key:Key": following(self._key, self._drop_key),
        }
        return {f"scaleway:{name}": each for name, each in found.items()}

    def _bucket(self, existing: Existing) -> None:
        told = existing.properties
        self.store.start()
        self.store.put_user(OWNER)
        self.store.put_key(OWNER, OWNER)
        known = self.store.settings(told["name"]) or BucketSettings()
        settings = replace(
            known,
            owner=OWNER,
            versions=bool((told.get("versioning") or {}).get("enabled")),
            locks=bool(told.get("objectLockEnabled")),
        )
        self.store.put_bucket(told["name"], settings)

    def _drop_bucket(self, existing: Existing) -> None:
        self.store.drop_bucket(existing.properties["name"])

    def _lock(self, existing: Existing) -> None:
        name = existing.properties["bucket"]
        rule = (existing.properties.get("rule") or {}).get("defaultRetention") or {}
        days = int(rule.get("days") or 0) or int(rule.get("years") or 0) * _DAYS_A_YEAR
        known = self.store.settings(name) or BucketSettings(OWNER, locks=True)
        mode = str(rule.get("mode") or "COMPLIANCE")
        self.store.put_bucket(name, replace(known, versions=True, days=days, mode=mode))

    def _policy(self, existing: Existing) -> None:
        told = existing.properties
        wanted = _by_user(told["bucket"], str(told["policy"]))
        for user in wanted:
            self.store.put_user(user)
        self._set(told["bucket"], wanted)

    def _drop_policy(self, existing: Existing) -> None:
        self._set(existing.properties["bucket"], {})

    def _set(self, bucket: str, wanted: Mapping[str, list[dict[str, Any]]]) -> None:
        """Have each user may with a bucket what is wanted, and no more."""
        for user, document in self.store.policies().items():
            held = json.loads(document)["Statement"] if document else []
            others = [each for each in held if each.get("Bucket") != bucket]
            found = [*others, *wanted.get(user, [])]
            self.store.put_policy(user, json.dumps({"Statement": found}) if found else "")

    def _application(self, existing: Existing) -> None:
        self.store.put_user(existing.id)

    def _drop_application(self, existing: Existing) -> None:
        self.store.drop_user(existing.id)

    def _api_key(self, existing: Existing) -> None:
        """A key of its own; its secret is in a file, and not in the state."""
        user = str(existing.properties.get("applicationId") or OWNER)
        self.store.put_user(user)
        self.store.put_key(existing.id, user)

    def _drop_api_key(self, existing: Existing) -> None:
        self.store.drop_key(existing.id)

    def _server(self, _existing: Existing) -> None:
        self.postgres.start()
        self.postgres.put_administrator(ADMINISTRATOR)

    def _database(self, existing: Existing) -> None:
        self.postgres.put_database(existing.properties["name"])

    def _drop_database(self, existing: Existing) -> None:
        self.postgres.drop_database(existing.properties["name"])

    def _key(self, existing: Existing) -> None:
        vault, name = _key_place(existing)
        self.keys.put_vault(vault, VaultSettings())
        self.keys.put_key(vault, name)

    def _drop_key(self, existing: Existing) -> None:
        self.keys.delete_key(*_key_place(existing))


def _key_place(existing: Existing) -> tuple[str, str]:
    """Region of a key, and its UUID."""
    region, _, name = existing.id.partition("/")
    return region, name


def _by_user(bucket: str, document: str) -> dict[str, list[dict[str, Any]]]:
    """What a bucket's policy allows each application, as the store reads policies of users."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in policies.permissions(document):
        for user in _users(each):
            found.setdefault(user, []).append(_statement(bucket, each))
    return found


def _users(permission: policies.Permission) -> Iterator[str]:
    """Applications that are named; whom else a permission admits is not in a sandbox."""
    for principal in permission.principals:
        if principal.startswith(_APPLICATION):
            yield principal.removeprefix(_APPLICATION)


def _statement(bucket: str, permission: policies.Permission) -> dict[str, Any]:
    """One permission; addresses are left out, since every client is on this machine."""
    ends = {"DateLessThan": {"aws:CurrentTime": permission.until}} if permission.until else {}
    return {
        "Bucket": bucket,
        "Effect": "Allow",
        "Action": list(permission.actions),
        "Resource": [f"{PREFIX}{each}" for each in permission.resources],
        "Condition": ends,
    }
