"""Packages that programs use beside a provider's own: what is made of them is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre_sandbox.kinds import ResourceKind
from havre_sandbox.service import Service
from havre_sandbox.servicer import SandboxServicer

if TYPE_CHECKING:
    from havre_sandbox.world import WorldFolder

DEPENDENCIES = ("random", "kubernetes")
"""Those that no provider owns."""
KINDS = {
    "random:index/randomId:RandomId": ResourceKind(
        outputs={"hex": "{hex:id}", "b64Url": "{hex:id}", "dec": "{number:id}"}
    ),
    "random:index/randomInteger:RandomInteger": ResourceKind(outputs={"result": "{min}"}),
    "random:index/randomPassword:RandomPassword": ResourceKind(
        outputs={"result": "{secret:result}"}
    ),
    "random:index/randomString:RandomString": ResourceKind(outputs={"result": "{hex:result}"}),
    "random:index/randomUuid:RandomUuid": ResourceKind(outputs={"result": "{uuid:result}"}),
}
"""Types that give what other resources go on with. A made-up result has a length of its own."""


def recorded(world: WorldFolder, *packages: str) -> dict[str, SandboxServicer]:
    """Servicers that record whatever type of some packages, by package.

    Args:
        world: where it is recorded.
        packages: first words of the types.
    """
    found = (Service(package, KINDS, open_ended=True) for package in packages)
    return {each.package: SandboxServicer(each, world) for each in found}
