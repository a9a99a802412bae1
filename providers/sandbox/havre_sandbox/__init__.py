"""Sandboxes: a provider's resource types served on this machine, which refuse what it refuses.

A provider describes its types as data (`ResourceKind`), states what its services refuse (`Rule`),
and gives both as a `Service`; a `SandboxServicer` answers for them as the provider's own plugin
would. What exists in a sandbox is its `World`, a folder of files.
"""

from havre_sandbox.dependencies import DEPENDENCIES, recorded
from havre_sandbox.kinds import ResourceKind, read_kinds
from havre_sandbox.refusals import Act, Proposed, Refusal, Rule, rule
from havre_sandbox.service import Service
from havre_sandbox.servicer import SandboxServicer
from havre_sandbox.standins import RECORDED_ONLY, StandIn
from havre_sandbox.world import Existing, Status, World, WorldFolder

__all__ = [
    "DEPENDENCIES",
    "RECORDED_ONLY",
    "Act",
    "Existing",
    "Proposed",
    "Refusal",
    "ResourceKind",
    "Rule",
    "SandboxServicer",
    "Service",
    "StandIn",
    "Status",
    "World",
    "WorldFolder",
    "read_kinds",
    "recorded",
    "rule",
]
