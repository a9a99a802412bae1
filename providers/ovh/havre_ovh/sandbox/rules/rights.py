"""Users, policies, keys and streams of logs."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

from havre_ovh.sandbox.rules.codes import refusal
from havre_ovh.sandbox.rules.places import REGISTRY, UUID
from havre_sandbox.reading import items, number, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

USER = "ovh:CloudProject/user:User"
CREDENTIAL = "ovh:CloudProject/s3Credential:S3Credential"
S3_POLICY = "ovh:CloudProject/s3Policy:S3Policy"
POLICY = "ovh:Iam/policy:Policy"
KEY = "ovh:Okms/serviceKey:ServiceKey"
STREAM = "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream"
SUBSCRIPTIONS = (
    "ovh:CloudProjectDatabase/logSubscription:LogSubscription",
    "ovh:index/cloudProjectKubeLogSubscription:CloudProjectKubeLogSubscription",
)
_RESTRICTIONS = "ovh:CloudProject/containerRegistryIPRestrictions"
RESTRICTIONS = tuple(
    f"{_RESTRICTIONS}{of}:ContainerRegistryIPRestrictions{of}" for of in ("Management", "Registry")
)
SIZES = {"oct": (128, 192, 256), "RSA": (2048, 3072, 4096)}
"""Bits by type of key (terraform-provider-ovh, docs/resources/okms_service_key.md)."""
OPERATIONS = {
    "oct": frozenset({"encrypt", "decrypt", "wrapKey", "unwrapKey"}),
    "RSA": frozenset({"sign", "verify"}),
    "EC": frozenset({"sign", "verify"}),
}
"""What a type of key can do (the same)."""
RESOURCE_URN = re.compile(r"urn:v1:[a-z]+:(resource|resourceGroup):(\*|[\w-]+)(:.+)?|\*")
IDENTITY_URN = re.compile(r"urn:v1:[a-z]+:identity:[\w-]+:.+")


@rule(CREDENTIAL, S3_POLICY, acts=(Act.CREATE,))
def of_somebody(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A user who has a key or a policy exists."""
    identifier = text(proposed.properties, "userId")
    user = world.find(identifier)
    if identifier and (user is None or user.token != USER):
        yield refusal("user-missing", f"not found: user {identifier} not found", "userId")


@rule(S3_POLICY, beforehand=True)
def formed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A policy of S3 is JSON, with statements that say what they do."""
    told = text(proposed.properties, "policy")
    try:
        policy: Any = json.loads(told) if told else {"Statement": []}
    except ValueError:
        yield refusal("s3-policy", "The policy is not JSON.", "policy")
        return
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list):
        yield refusal("s3-policy", "The policy has no statements.", "policy")
        return
    for each in statements:
        if not isinstance(each, dict) or each.get("Effect") not in ("Allow", "Deny"):
            yield refusal("s3-policy", "A statement has no effect: Allow or Deny.", "policy")
        elif not all(str(a).startswith(("s3:", "*")) for a in _listed(each.get("Action"))):
            yield refusal("s3-policy", "An action is not one of S3.", "policy")
        elif not all(_arn(r) for r in _listed(each.get("Resource"))):
            yield refusal("s3-policy", "A resource is not an ARN of S3.", "policy")


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _arn(found: Any) -> bool:
    return found == "*" or str(found).startswith("arn:aws:s3:::")


@rule(POLICY, beforehand=True)
def written(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Identities and resources of a policy are URNs, and something is allowed until a day."""
    for place, each in enumerate(items(proposed.properties, "identities")):
        if isinstance(each, str) and not IDENTITY_URN.fullmatch(each):
            yield refusal("identity", f"`{each}` is not an identity.", f"identities[{place}]")
    for place, each in enumerate(items(proposed.properties, "resources")):
        if isinstance(each, str) and not RESOURCE_URN.fullmatch(each):
            message = f"`{each}` is malformed, expected urn:v1:region:resource:type:name."
            yield refusal("resource-urn", message, f"resources[{place}]")
    end = text(proposed.properties, "expiredAt")
    if end and not _moment(end):
        yield refusal("policy", f"`{end}` is not a moment (RFC 3339).", "expiredAt")


def _moment(found: str) -> bool:
    try:
        return dt.datetime.fromisoformat(found).tzinfo is not None
    except ValueError:
        return False


@rule(POLICY, acts=(Act.CREATE,))
def named(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The name of a policy is its own (docstring of the SDK)."""
    name = text(proposed.properties, "name")
    if any(text(other.properties, "name") == name for other in world.of(POLICY)):
        yield refusal("policy-taken", f"A policy is called `{name}` already.", "name")


@rule(KEY, beforehand=True)
def made(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Size and operations of a key are those of its type."""
    kind, size = text(proposed.properties, "type"), number(proposed.properties, "size")
    if kind in SIZES and size is not None and size not in SIZES[kind]:
        listed = ", ".join(map(str, SIZES[kind]))
        yield refusal("key", f"A key of type {kind} has {listed} bits, not {size:g}.", "size")
    if kind == "EC" and not text(proposed.properties, "curve"):
        yield refusal("key", "A key of type EC needs a curve.", "curve")
    for each in items(proposed.properties, "operations"):
        if kind in OPERATIONS and each not in OPERATIONS[kind]:
            yield refusal("key", f"A key of type {kind} cannot {each}.", "operations")
    domain = text(proposed.properties, "okmsId")
    if domain and not UUID.fullmatch(domain):
        yield refusal("okms-missing", f"There is no OKMS domain `{domain}`.", "okmsId")


@rule(STREAM, beforehand=True)
def stored(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Archives are kept for at least a year, and somewhere, where there are any."""
    years = number(proposed.properties, "coldStorageRetention")
    if years is not None and years < 1:
        message = "Archives are kept for one year or more."
        yield refusal("stream", message, "coldStorageRetention")
    archived = value(proposed.properties, "coldStorageEnabled") is True
    if text(proposed.properties, "coldStorageTarget") and not archived:
        yield refusal("stream", "Archives are not enabled.", "coldStorageTarget")


@rule(STREAM, acts=(Act.DELETE,))
def unused(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A stream that logs are sent to is not deleted."""
    for other in world.of(*SUBSCRIPTIONS):
        if text(other.properties, "streamId") == proposed.id:
            yield refusal("used", f"{other.name} sends logs there. Delete that first.")
            return


@rule(*SUBSCRIPTIONS, acts=(Act.CREATE,))
def sent(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The stream that logs are sent to exists."""
    identifier = text(proposed.properties, "streamId")
    stream = world.find(identifier)
    if stream is None or stream.token != STREAM:
        yield refusal("stream-missing", f"There is no stream {identifier}.", "streamId")


@rule(*RESTRICTIONS, acts=(Act.CREATE,))
def attached(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What belongs to a registry names one that exists."""
    identifier = text(proposed.properties, "registryId")
    registry = world.find(identifier)
    if registry is None or registry.token != REGISTRY:
        yield refusal("registry-missing", f"There is no registry {identifier}.", "registryId")


RULES = (of_somebody, formed, written, named, made, stored, unused, sent, attached)
