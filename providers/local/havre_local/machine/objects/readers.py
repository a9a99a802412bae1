"""An account that reads every version of a zone and writes nothing: it reads back copies."""

from __future__ import annotations

import datetime as dt

from havre_local.machine.folder import Folder, ensure_secret, locked, password
from havre_local.machine.objects import gateway
from havre_local.machine.objects.zones import SERVICE, change_policy, grant

READER = "havre-reader"
"""The account; no project's begins so."""
_SECRET = "object-store-reader"  # noqa: S105 - the name of the secret, not the secret
_READ = (
    *("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"),
    *("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    *("s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:GetBucketVersioning"),
)


def ensure_reader(folder: Folder, bucket: str) -> tuple[str, str]:
    """Let the account read a bucket until tomorrow has ended (UTC); its access key and secret.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    secret = ensure_secret(folder, _SECRET, password)
    with locked(folder, SERVICE):
        present = gateway.known_accounts(folder)
        if READER not in present:
            gateway.create_account(folder, READER, secret)
        elif present[READER] != secret:
            gateway.update_account(folder, READER, secret)
    last = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    statement = grant(bucket, READER, last, _READ)
    change_policy(folder, bucket, lambda others: [*others, statement], READER)
    return READER, secret
