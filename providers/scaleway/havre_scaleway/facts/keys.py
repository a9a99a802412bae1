"""What keys of Key Manager mean for security."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.model import Copy, Holder, Key, Neutral
from havre.facts.read import NO, NONE, YES, read, then
from havre.facts.values import Fact, Known, Unknown
from havre_scaleway.facts.properties import about, guarded, lies_in, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource

RECOVERY_DAYS = 7
"""Days during which a deletion can be undone (Scaleway, Key Manager, 2025-12-19)."""
SYMMETRIC = "symmetric_encryption"
ENABLED = "enabled"
"""State of a key that encrypts and renews itself."""
PERIOD = re.compile(r"([0-9]{1,7})h(?:0m)?(?:0s)?")
"""A period as Key Manager gives it: hours, with nothing else behind."""


def key(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A key of the customer's: in software unless it says hsm, and renewed only if it says so.

    Whether each use is recorded, no source says.
    """
    inputs = resource.inputs
    made = replace(
        offered(Key, resource, index, lies_in(resource, Copy.KEY), "Key Manager"),
        customer=YES,
        hsm=then(read(inputs, "protectionLevel"), lambda level: level == "hsm"),
        rotation_days=_rotation(resource),
        deletion_days=Known(RECOVERY_DAYS),
        purge_guarded=then(
            read(inputs, "unprotected", default=False), lambda open_: open_ is not True
        ),
        use_logged=NO,
        guarded=guarded(resource),
    )
    return [made]


def _rotation(resource: PlannedResource) -> Fact[int | None]:
    """Days after which it renews itself; one that is disabled or no symmetric one does not."""
    if resource.outputs.get("state", ENABLED) != ENABLED:
        return NONE
    usage = read(resource.inputs, "usage")
    if isinstance(usage, Unknown):
        return usage
    if usage.value != SYMMETRIC:
        return NONE
    period = read(resource.inputs, "rotationPolicy.rotationPeriod")
    if isinstance(period, Unknown) or period.value is None:
        return period
    found = PERIOD.fullmatch(str(period.value))
    if found is None or not int(found[1]):
        return Unknown("rotationPolicy.rotationPeriod")
    return Known(-(-int(found[1]) // 24))


def material(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Material that was made elsewhere: without it, data are unreadable."""
    return [replace(about(Holder, resource, index), guarded=guarded(resource))]


def secret(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A place for secrets, such as those of API keys."""
    return [about(Neutral, resource, index, lies_in(resource, Copy.KEY))]
