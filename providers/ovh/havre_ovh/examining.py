"""Buckets that bear a warehouse's name at OVHcloud, held against its state.

The buckets of a region are listed over S3 with the keys in the environment. OVHcloud's other
services are listed by no client that Havre has: the answer names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.live import s3 as live
from havre.plan.values import bare
from havre.provider.dynamic import deviating
from havre.provider.operations import Deviating, Deviation, Examination
from havre_ovh import s3
from havre_ovh.settings import missing_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.plan import Plan

STORAGE = "ovh:CloudProject/storage:Storage"
OTHERS = (
    "networks, clusters, databases, registries, keys, log streams, users and OAuth2 clients: "
    "look in the Control Panel (documentation: Operate on OVHcloud)"
)
UNREACHED = "buckets: the state has no access list that names an endpoint (`bucket_controls`)"
IMPORT = (
    "If a failed run left it, import it before the next one: "
    "`pulumi import ovh:CloudProject/storage:Storage NAME SERVICE/REGION/BUCKET`."
)
AGAIN = "Run `pulumi refresh`, then `pulumi up`: it makes it again."


def examine(plan: Plan) -> Examination:
    """List the buckets of every region of the state, and compare them with it.

    Args:
        plan: what the state amounts to.

    Raises:
        InputError: the environment lacks S3 keys.
        HavreError: the service refused.
    """
    if missing := " and ".join(missing_credentials()):
        message = f"buckets cannot be listed: the environment lacks {missing}"
        raise InputError(message, "Set the S3 key of the project user that owns the buckets.")
    known = {str(bare(r.inputs["name"])) for r in plan.resources if r.type == STORAGE}
    places = _places(plan)
    if not known or not places:
        return Examination({}, (), (UNREACHED, OTHERS))
    there = {name for place in places for name in _buckets(place)}
    ours = {name for name in there if name.startswith(_beginning(plan))}
    departed = [Deviating(Deviation.OUTSIDE, "bucket", n, IMPORT) for n in sorted(ours - known)]
    departed += [Deviating(Deviation.GONE, "bucket", n, AGAIN) for n in sorted(known - there)]
    departed += deviating(s3.RESOURCES, plan, AGAIN)
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


def _places(plan: Plan) -> set[tuple[str, str]]:
    """Endpoint and region of the buckets, as the resources over S3 have them."""
    tokens = {each.token() for each in s3.RESOURCES}
    return {
        (str(bare(r.inputs["endpoint"])), str(bare(r.inputs["region"])))
        for r in plan.resources
        if r.type in tokens
    }


class _Account(live.Bucket):
    """All buckets of a region: what is asked names none."""

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation of S3, by boto3's name for it."""
        return getattr(self.client, operation)(**arguments)


def _buckets(place: tuple[str, str]) -> Iterator[str]:
    """Names of the buckets of a region.

    Raises:
        HavreError: the service refused.
    """
    endpoint, region = place
    props: dict[str, Any] = {"bucket": "(all)", "endpoint": endpoint, "region": region}
    account = _Account(s3.client(props), props["bucket"])
    found = s3.answered(account, props, "listing buckets", "list_buckets")
    yield from (each["Name"] for each in found["Buckets"])
