"""Stand-ins of a sandbox that follow OVHcloud's resources: buckets, users, keys and the database.

Address restrictions and networks are recorded only: every client is on this machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre_local.machine.objects import gateway
from havre_sandbox.standins.following import FollowingStandIn, following
from havre_sandbox.standins.keys import KeyService, VaultSettings
from havre_sandbox.standins.postgres.service import SERVICE as DATABASE_SERVICE
from havre_sandbox.standins.postgres.service import PostgresService, Profile
from havre_sandbox.standins.s3.catalogue import BucketSettings
from havre_sandbox.standins.s3.service import SERVICE, StoreService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.live.warehouse import Live
    from havre.provider.outputs import Outputs, ZoneAddress
    from havre_sandbox import Existing, StandIn
    from havre_sandbox.standins.machine import Machine

ADMINISTRATOR = "avnadmin"
"""The user that a managed PostgreSQL is made with."""
ACCOUNT = "account"
"""Stands for the account itself, which owns buckets of no user."""
EXTENSIONS = frozenset(
    {
        *("bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int"),
        *("earthdistance", "fuzzystrmatch", "hstore", "intarray", "isn", "lo", "ltree"),
        *("pageinspect", "pg_buffercache", "pg_prewarm", "pg_stat_statements", "pg_trgm"),
        *("pg_visibility", "pgrowlocks", "pgstattuple", "postgres_fdw", "seg", "tablefunc"),
        *("tcn", "tsm_system_rows", "tsm_system_time", "unaccent", "vector"),
    }
)
"""Of the extensions that OVHcloud lists (Public Cloud Databases, PostgreSQL: extensions), those
that PostgreSQL itself and the sandbox's server bring along."""
PROFILE = Profile("avnadmin_group", extensions=EXTENSIONS)
_PARAMETER = "pg."
_PERIOD = re.compile(r"P(\d+)([DY])")
_DAYS_A_YEAR = 365


@dataclass(frozen=True)
class OvhStandIns:
    """What follows OVHcloud's resources in one sandbox.

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
        """What has the database service."""
        return PostgresService(self.machine, PROFILE)

    @property
    def keys(self) -> KeyService:
        """What has the service keys."""
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
        from havre_ovh.sandbox.live import OvhSandboxLive

        return OvhSandboxLive(outputs, self.machine)

    def by_type(self) -> Mapping[str, StandIn]:
        """The stand-in of each type; all others are recorded only."""
        found = {
            "CloudProject/storage:Storage": following(self._bucket, self._drop_bucket),
            "CloudProject/user:User": following(self._user, self._drop_user),
            "CloudProject/s3Policy:S3Policy": following(self._policy, self._drop_policy),
            "CloudProject/s3Credential:S3Credential": FollowingStandIn(
                self._credential, self._drop_credential
            ),
            "CloudProject/database:Database": following(self._service),
            "CloudProjectDatabase/databaseInstance:DatabaseInstance": following(
                self._database, self._drop_database
            ),
            "Okms/serviceKey:ServiceKey": following(self._key, self._drop_key),
        }
        return {f"ovh:{name}": each for name, each in found.items()}

    def _bucket(self, existing: Existing) -> None:
        told = existing.properties
        lock = told.get("objectLock") or {}
        rule = lock.get("rule") or {}
        owner = str(told.get("ownerId") or ACCOUNT)
        self.store.start()
        self.store.put_user(owner)
        self.store.put_key(owner_key(owner), owner)
        settings = BucketSettings(
            owner,
            versions=(told.get("versioning") or {}).get("status") == "enabled",
            locks=lock.get("status") == "enabled",
            days=_period(str(rule.get("period") or "")),
            mode=str(rule.get("mode") or "compliance").upper(),
        )
        self.store.put_bucket(told["name"], settings)

    def _drop_bucket(self, existing: Existing) -> None:
        self.store.drop_bucket(existing.properties["name"])

    def _user(self, existing: Existing) -> None:
        self.store.put_user(existing.id)

    def _drop_user(self, existing: Existing) -> None:
        self.store.drop_user(existing.id)

    def _policy(self, existing: Existing) -> None:
        told = existing.properties
        self.store.put_user(str(told["userId"]))
        self.store.put_policy(str(told["userId"]), str(told["policy"]))

    def _drop_policy(self, existing: Existing) -> None:
        self.store.put_policy(str(existing.properties["userId"]), "")

    def _credential(self, existing: Existing, _secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        """A key of its own; its secret is in a file, and what the state has is made up."""
        user = str(existing.properties["userId"])
        self.store.put_user(user)
        self.store.put_key(existing.id, user)
        return {"accessKeyId": existing.id}

    def _drop_credential(self, existing: Existing) -> None:
        self.store.drop_key(existing.id)

    def _service(self, existing: Existing) -> None:
        self.postgres.start()
        self.postgres.put_administrator(ADMINISTRATOR)
        wanted = {
            name.removeprefix(_PARAMETER): str(value)
            for name, value in (existing.properties.get("advancedConfiguration") or {}).items()
            if name.startswith(_PARAMETER)
        }
        for name, value in wanted.items():
            self.postgres.put_parameter(name, value)
        for name in self.postgres.parameters().keys() - wanted.keys():
            self.postgres.drop_parameter(name)

    def _database(self, existing: Existing) -> None:
        self.postgres.put_database(existing.properties["name"])

    def _drop_database(self, existing: Existing) -> None:
        self.postgres.drop_database(existing.properties["name"])

    def _key(self, existing: Existing) -> None:
        told = existing.properties
        vault = str(told["okmsId"])
        self.keys.put_vault(vault, VaultSettings())
        self.keys.put_key(vault, _folder(existing.id))

    def _drop_key(self, existing: Existing) -> None:
        self.keys.delete_key(str(existing.properties["okmsId"]), _folder(existing.id))


def owner_key(owner: str) -> str:
    """The access key of a user that owns buckets and is none of the plan's."""
    return f"owner-{owner}"


def _folder(identifier: str) -> str:
    """An identifier as the name of a key."""
    return re.sub(r"[^A-Za-z0-9-]", "-", identifier)


def _period(text: str) -> int:
    """Days of a period such as `P30D`; 0: none."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        return 0
    return int(found[1]) * (_DAYS_A_YEAR if found[2] == "Y" else 1)
