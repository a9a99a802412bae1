"""The S3 service of a sandbox: its servers, and what is set up in it as the plan says."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.live import s3
from havre_local.machine.folder import ensure_port
from havre_local.machine.objects import gateway
from havre_sandbox.standins.s3.catalogue import StoreCatalogue
from havre_sandbox.standins.s3.front import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.standins.machine import Machine
    from havre_sandbox.standins.s3.catalogue import BucketSettings

SERVICE = "sandbox-s3"
_MODULE = "havre_sandbox.standins.s3.front"
_SECRET = "sandbox-s3"  # noqa: S105 - begins the name of a secret
_EXISTS = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


@dataclass(frozen=True)
class StoreService:
    """The S3 service of a sandbox: nothing of it runs before it is started.

    Attributes:
        machine: where it is.
    """

    machine: Machine

    def start(self) -> None:
        """Have the service run, and wait until it answers.

        Raises:
            MissingDependencyError: versitygw is not installed.
            RetryError: it does not answer in time.
        """
        if self.machine.started(SERVICE):
            return
        folder = self.machine.folder
        store = gateway.ensure_gateway(folder)
        place = str(self.machine.place("s3"))
        arguments = ["--folder", str(folder.root), "--place", place, "--gateway", str(store.port)]
        front = self.machine.front(SERVICE, _MODULE, arguments, {})
        self.machine.start(store, front)

    @property
    def endpoint(self) -> str:
        """Where clients reach it."""
        return self.machine.endpoint(SERVICE)

    @property
    def port(self) -> int:
        """The same, its port alone."""
        return ensure_port(self.machine.folder, SERVICE)

    def put_user(self, identifier: str) -> None:
        """Make a user without any right of its own."""
        with self._catalogue() as catalogue:
            catalogue.put_user(identifier)

    def drop_user(self, identifier: str) -> None:
        """Remove a user with its keys."""
        with self._catalogue() as catalogue:
            catalogue.drop_user(identifier)

    def put_policy(self, identifier: str, policy: str) -> None:
        """Set the policy of a user; it counts from the next request on.

        Args:
            identifier: of the user.
            policy: JSON; empty: none.
        """
        with self._catalogue() as catalogue:
            catalogue.put_policy(identifier, policy)

    def policies(self) -> dict[str, str]:
        """The policy of each user."""
        with self._catalogue() as catalogue:
            return catalogue.policies()

    def put_key(self, access: str, identifier: str) -> None:
        """Give a user a key, whose secret is in a file that `secret_name` names."""
        self.machine.secret(secret_name(access))
        with self._catalogue() as catalogue:
            catalogue.put_key(access, identifier, secret_name(access))

    def drop_key(self, access: str) -> None:
        """Take a key away."""
        with self._catalogue() as catalogue:
            catalogue.drop_key(access)
        self.machine.forget_secret(secret_name(access))

    def put_bucket(self, name: str, settings: BucketSettings) -> None:
        """Make a bucket, or change its settings; locks are given to a new one only.

        Raises:
            ProviderError: versitygw refuses it.
        """
        self.start()
        with self._catalogue() as catalogue, gateway.asking(self.machine.folder, f"bucket {name}"):
            known = catalogue.bucket(name)
            locks = settings.locks if known is None else known.locks
            self._made(name, settings, locks=locks)
            catalogue.put_bucket(name, replace(settings, locks=locks))

    def _made(self, name: str, settings: BucketSettings, *, locks: bool) -> None:
        client = gateway.client(self.machine.folder)
        try:
            client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locks)
        except Exception as error:
            found = s3.failure(error)
            if found is None or found.code not in _EXISTS:
                raise
        if settings.versions or locks:
            status = {"Status": "Enabled"}
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration=status)
        if locks and settings.days:
            retention = {"Mode": settings.mode, "Days": settings.days}
            rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
            client.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=rule)

    def settings(self, bucket: str) -> BucketSettings | None:
        """How a bucket is set up, but for its versions; None: there is none."""
        with self._catalogue() as catalogue:
            return catalogue.bucket(bucket)

    def owner(self, bucket: str) -> str:
        """The user that owns a bucket; empty: nobody, or there is no such bucket."""
        known = self.settings(bucket)
        return known.owner if known else ""

    def drop_bucket(self, name: str) -> None:
        """Remove an empty bucket; none is fine.

        Raises:
            ProviderError: it is not empty.
        """
        self.start()
        with self._catalogue() as catalogue, gateway.asking(self.machine.folder, f"bucket {name}"):
            client = gateway.client(self.machine.folder)
            with suppress(client.exceptions.NoSuchBucket):
                client.delete_bucket(Bucket=name)
            catalogue.drop_bucket(name)

    def put_document(self, bucket: str, kind: str, content: bytes) -> None:
        """Record a document of a bucket, such as its lifecycle."""
        with self._catalogue() as catalogue:
            catalogue.put_document(bucket, kind, content)

    def credentials(self, access: str) -> s3.Credentials:
        """A key with its secret."""
        return s3.Credentials(access, self.machine.secret(secret_name(access)))

    def address(self, region: str) -> s3.Address:
        """Where clients reach it, under any name of a region."""
        return s3.Address(self.endpoint, region, authority=str(self.machine.authority), direct=True)

    @contextmanager
    def _catalogue(self) -> Iterator[StoreCatalogue]:
        catalogue = StoreCatalogue(self.machine.place("s3") / CATALOGUE)
        try:
            yield catalogue
        finally:
            catalogue.close()


def secret_name(access: str) -> str:
    """Name of the secret of an access key."""
    kept = "".join(each if each.isalnum() else "-" for each in access)
    return f"{_SECRET}-{kept}"


def client(service: StoreService, access: str, region: str = "gra") -> Any:
    """A boto3 client with a key's rights."""
    return s3.connect(service.address(region), service.credentials(access))
