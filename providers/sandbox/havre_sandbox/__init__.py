"""Sandboxes: a provider's resource types served on this machine, which refuse what it refuses.

A provider describes its types as data (`ResourceKind`), states what its services refuse (`Rule`),
and gives both as a `Service`; a `SandboxServicer` answers for them as the provider's own plugin
would. What exists in a sandbox is its `World`, a folder of files.

Each name is imported when it is first asked for: the servers behind a sandbox need none of them.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
_PLACES = MappingProxyType(
    {
        "Act": "refusals",
        "DEPENDENCIES": "dependencies",
        "Existing": "world",
        "Proposed": "refusals",
        "RECORDED_ONLY": "standins",
        "Refusal": "refusals",
        "ResourceKind": "kinds",
        "Rule": "refusals",
        "SandboxServicer": "servicer",
        "Service": "service",
        "StandIn": "standins",
        "Status": "world",
        "World": "world",
        "WorldFolder": "world",
        "read_kinds": "kinds",
        "recorded": "dependencies",
        "rule": "refusals",
    }
)
"""Where each of them is."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
