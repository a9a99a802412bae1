"""An account that reads every version of a zone and writes nothing: it reads back copies."""

from __future__ import annotations

import datetime as dt
from typing import Any

from havre_local.machine.folder import Folder, ensure_secret, locked, password
from havre_local.machine.objects import gateway
from havre_local.machine.objects.zones import SERVICE, change_policy

READER = "havre-reader"
"""The account; no project's begins so."""
_SECRET = "object-store-reader"  # noqa: S105 - the name of the secret, not the secret
_READ = (
    *("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"),
    *("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    *("s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:GetBucketVersioning"),
)
_DAYS = 2
"""Its rights end by themselves on the second day (UTC) after they were given."""


def ensure_reader(folder: Folder, bucket: str) -> tuple[str, str]:
    """Let the account read a bucket for a day; its access key and secret.

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
    change_policy(folder, bucket, lambda others: [*others, _grant(bucket)], READER)
    return READER, secret


def _grant(bucket: str) -> dict[str, Any]:
    end = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=_DAYS)
    return {
        "Sid": READER,
        "Effect": "Allow",
        "Principal": {"AWS": [READER]},
        "Action": list(_READ),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"DateLessThan": {"aws:CurrentTime": f"{end}T00:00:00Z"}},
    }
