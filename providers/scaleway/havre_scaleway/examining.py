"""Buckets that bear a warehouse's name at Scaleway, held against its state.

The buckets of a region are listed over S3 with the key in the environment, in the project of the
state: Scaleway's S3 answers for one project. Scaleway's other services are listed by no client that
Havre has: the answer names them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.live import s3
from havre.live.calls import classed
from havre.live.wrappers import retrying
from havre.plan.values import bare
from havre.provider.operations import Deviating, Deviation, Examination
from havre_scaleway import sites
from havre_scaleway.facts.naming import BUCKET, kind
from havre_scaleway.settings import S3_CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.plan import Plan

OTHERS = (
    "networks, clusters, databases, registries, keys, data sources, secrets and applications: look "
    "in the console (documentation: Operate on Scaleway)"
)
IMPORT = (
    "If a failed run left it, import it before the next one: "
    "`pulumi import scaleway:object/bucket:Bucket NAME REGION/BUCKET`."
)
AGAIN = "Run `pulumi refresh`, then `pulumi up`: it makes it again."


def examine(plan: Plan) -> Examination:
    """List the buckets of every region of the state, and compare them with it.

    Args:
        plan: what the state amounts to.

    Raises:
        InputError: the environment lacks a key.
        HavreError: the service refused.
    """
    missing = " and ".join(name for name in S3_CREDENTIALS if not os.environ.get(name))
    if missing:
        message = f"buckets cannot be listed: the environment lacks {missing}"
        raise InputError(message, "Set the API key of the application that deploys.")
    buckets = [r for r in plan.resources if kind(r.type) == BUCKET]
    known = {str(bare(r.inputs["name"])) for r in buckets}
    places = {(str(bare(r.inputs["region"])), str(bare(r.inputs["projectId"]))) for r in buckets}
    there = {name for place in sorted(places) for name in _buckets(*place)}
    ours = {name for name in there if name.startswith(_beginning(plan))}
    departed = [Deviating(Deviation.OUTSIDE, "bucket", n, IMPORT) for n in sorted(ours - known)]
    departed += [Deviating(Deviation.GONE, "bucket", n, AGAIN) for n in sorted(known - there)]
    return Examination({"bucket": len(ours)}, tuple(departed), (OTHERS,))


def _beginning(plan: Plan) -> str:
    """What every bucket of the warehouse begins with: its name and its environment.

    Raises:
        InputError: the state is not of one warehouse.
    """
    from havre.stack.component import TYPE, recorded

    specs = [spec for r in plan.resources if r.type == TYPE and (spec := recorded(r.inputs))]
    if len(specs) == 1:
        return f"{specs[0].name}-{specs[0].environment.value}-"
    message = f"the state records {len(specs) or 'no'} warehouses, not one"
    raise InputError(message, "Export the state of a stack that contains one warehouse.")


class _Account(s3.Bucket):
    """All buckets of a project in a region: what is asked names none."""

    def ask(self, operation: str, **arguments: object) -> object:
        """The answer to an operation of S3, by boto3's name for it."""
        return getattr(self.client, operation)(**arguments)


def _buckets(region: str, project: str) -> Iterator[str]:
    """Names of the buckets of a project in a region.

    Raises:
        HavreError: the service refused.
    """
    access, secret = (os.environ[name] for name in S3_CREDENTIALS)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or sites.S3_ENDPOINT.format(region=region)
    client = s3.connect(s3.Address(endpoint, region), s3.Credentials(f"{access}@{project}", secret))
    account = retrying(_Account(client, "(all)"))
    with classed(account, "listing buckets"):
        found = account.ask("list_buckets")
    yield from (each["Name"] for each in found["Buckets"])
