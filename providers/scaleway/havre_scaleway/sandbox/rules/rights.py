"""Identities, policies and keys of IAM, encryption keys, secrets and logs."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from havre_sandbox.reading import items, number, sections, text, value
from havre_sandbox.refusals import Act, rule
from havre_scaleway.capabilities import LONGEST_LOGS
from havre_scaleway.sandbox.rules.codes import refusal
from havre_scaleway.sandbox.rules.places import there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

APPLICATION = "scaleway:iam/application:Application"
POLICY = "scaleway:iam/policy:Policy"
API_KEY = "scaleway:iam/apiKey:ApiKey"
KEY = "scaleway:keymanager/key:Key"
SECRET = "scaleway:secrets/secret:Secret"  # noqa: S105 - a type of resources
SOURCE = "scaleway:observability/source:Source"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ALGORITHMS = {
    "symmetric_encryption": ("aes_256_gcm",),
    "asymmetric_encryption": tuple(f"rsa_oaep_{bits}_sha256" for bits in (2048, 3072, 4096)),
    "asymmetric_signing": (
        *("ec_p256_sha256", "ec_p384_sha384"),
        *(f"rsa_{form}_{bits}_sha256" for form in ("pss", "pkcs1") for bits in (2048, 3072, 4096)),
    ),
}
"""Algorithms by usage (terraform-provider-scaleway, key_manager_key, 2026-08-21)."""
PERIOD = re.compile(r"(\d+(?:\.\d+)?)h(?:0m)?(?:0s)?")
SHORTEST_HOURS, LONGEST_HOURS = 24, 8760
"""Bounds of a rotation (docstring of the SDK: 24 hours to one year)."""
HOLDERS = ("applicationId", "userId", "groupId")


def _holders(proposed: Proposed) -> list[str]:
    """Which principals are set, whatever they are."""
    return [path for path in HOLDERS if proposed.properties.get(path)]


@rule(POLICY, API_KEY, beforehand=True)
def held(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A policy or key is one principal's."""
    found = _holders(proposed)
    nobody = value(proposed.properties, "noPrincipal") is True
    if len(found) + nobody != 1:
        message = "Set exactly one principal, such as `applicationId`."
        yield refusal("principal", message, found[-1] if found else "applicationId")


@rule(POLICY, API_KEY, beforehand=True)
def of_somebody(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """An application is named by its UUID; one that exists need not be the plan's."""
    identifier = text(proposed.properties, "applicationId")
    if identifier and not UUID.fullmatch(identifier):
        message = f"`{identifier}` is not the UUID of an application."
        yield refusal("application-missing", message, "applicationId")


@rule(POLICY, beforehand=True)
def ruled(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A rule names permission sets, and projects or an organisation."""
    for place, each in enumerate(sections(proposed.properties, "rules")):
        at = f"rules[{place}]"
        if not each.get("permissionSetNames"):
            message = "A rule names at least one permission set."
            yield refusal("policy-rule", message, f"{at}.permissionSetNames")
        scopes = [path for path in ("projectIds", "organizationId") if each.get(path)]
        if len(scopes) != 1:
            message = "A rule is for projects or for an organisation."
            yield refusal("policy-rule", message, f"{at}.projectIds")
        for identifier in items(each, "projectIds"):
            if not UUID.fullmatch(str(identifier)):
                message = f"`{identifier}` is not the UUID of a project."
                yield refusal("project-missing", message, f"{at}.projectIds")


@rule(APPLICATION, POLICY, acts=(Act.CREATE,))
def named(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Applications and policies have names of their own in an organisation."""
    name, of = (text(proposed.properties, path) for path in ("name", "organizationId"))
    for other in world.of(proposed.token):
        if (name, of) == tuple(text(other.properties, path) for path in ("name", "organizationId")):
            yield refusal("name-taken", f"`{name}` exists already.", "name")


@rule(API_KEY, beforehand=True)
def ending(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The end of a key is a moment."""
    end = text(proposed.properties, "expiresAt")
    if end and _moment(end) is None:
        yield refusal("moment", f"`{end}` is not a moment (RFC 3339).", "expiresAt")


@rule(API_KEY, acts=(Act.CREATE,))
def coming(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A key ends in the future, and its secret goes to one that exists."""
    end = _moment(text(proposed.properties, "expiresAt"))
    if end is not None and end.date() < world.today:
        yield refusal("expired", f"{end.date()} has passed.", "expiresAt")
    secret = text(proposed.properties, "secretId")
    if secret and there(world, secret, SECRET) is None:
        yield refusal("secret-missing", f"There is no secret {secret}.", "secretId")


def _moment(found: str) -> dt.datetime | None:
    try:
        told = dt.datetime.fromisoformat(found)
    except ValueError:
        return None
    return told if told.tzinfo else None


@rule(KEY, beforehand=True)
def made(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """An algorithm is one of its usage; symmetric keys alone rotate, daily to yearly."""
    usage, algorithm = (text(proposed.properties, path) for path in ("usage", "algorithm"))
    known = ALGORITHMS.get(usage, ())
    if algorithm and known and algorithm not in known:
        message = f"`{algorithm}` is not for {usage}: {', '.join(known)}."
        yield refusal("algorithm", message, "algorithm")
    period = text(proposed.properties, "rotationPolicy.rotationPeriod")
    if period and usage.startswith("asymmetric"):
        message = "Only symmetric keys rotate."
        yield refusal("rotation", message, "rotationPolicy")
    found = PERIOD.fullmatch(period)
    if period and (found is None or not SHORTEST_HOURS <= float(found[1]) <= LONGEST_HOURS):
        message = f"`{period}` is not between {SHORTEST_HOURS}h and {LONGEST_HOURS}h."
        yield refusal("rotation", message, "rotationPolicy.rotationPeriod")


@rule(KEY, acts=(Act.DELETE,))
def unprotected(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A key is protected unless it was made otherwise, and is then not deleted."""
    if value(proposed.properties, "unprotected") is not True:
        message = "The key is protected. Remove its protection in the console first."
        yield refusal("key-protected", message, "unprotected")


@rule(SECRET, acts=(Act.CREATE,))
def encrypted(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A secret's key exists, and its name is its own in its path."""
    key, region = (text(proposed.properties, path) for path in ("keyId", "region"))
    if key and there(world, key, KEY) is None:
        yield refusal("key-missing", f"There is no key `{key}` in {region}.", "keyId")
    paths = ("region", "projectId", "path", "name")
    own = [text(proposed.properties, path) for path in paths]
    for other in world.of(SECRET):
        if own == [text(other.properties, path) for path in paths]:
            yield refusal("name-taken", f"`{own[-1]}` exists already.", "name")


@rule(SOURCE, beforehand=True)
def kept(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Logs are kept from one day to one year, as far as the plugin can ask."""
    days = number(proposed.properties, "retentionDays")
    if days is not None and not 1 <= days <= LONGEST_LOGS:
        message = f"Logs are kept 1 to {LONGEST_LOGS} days, not {days:g}."
        yield refusal("retention", message, "retentionDays")


RULES = (
    *(held, of_somebody, ruled, named, ending, coming),
    *(made, unprotected, encrypted, kept),
)
