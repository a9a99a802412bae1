"""Removal: what is locked, what others use, and what has others in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import GROUP, bare
from havre_azure.sandbox.rules.names import ACCOUNT
from havre_sandbox.reading import text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

LOCK = "azure-native:authorization:ManagementLockByScope"
SUBNET = "azure-native:network:Subnet"
NETWORK = "azure-native:network:VirtualNetwork"
ZONE = "azure-native:privatedns:PrivateZone"
LINK = "azure-native:privatedns:VirtualNetworkLink"
BACKUP = "azure-native:dataprotection:BackupVault"
INSTANCE = "azure-native:dataprotection:BackupInstance"
USES = {
    SUBNET: ("subnet-used", ()),
    "azure-native:network:NetworkSecurityGroup": ("rules-used", (SUBNET,)),
    "azure-native:network:RouteTable": ("routes-used", (SUBNET,)),
    "azure-native:network:PublicIPAddress": ("address-used", ()),
    "azure-native:network:FirewallPolicy": ("used", ("azure-native:network:AzureFirewall",)),
    "azure-native:compute:DiskEncryptionSet": ("used", ()),
    "azure-native:monitor:ActionGroup": ("used", ()),
}
"""What others use, the fault, and which types count as users; none: all but notes on it."""
NOTES = frozenset(
    {
        LOCK,
        "azure-native:authorization:RoleAssignment",
        "azure-native:monitor:DiagnosticSetting",
        "azure-native:monitor:SubscriptionDiagnosticSetting",
    }
)
"""Types that are attached to a resource without using it."""


def covers(lock: Existing, identifier: str) -> bool:
    """Whether a lock's scope is a resource, or what it is in."""
    scope = bare(text(lock.properties, "scope")).casefold()
    target = bare(identifier).casefold()
    return bool(scope) and (target == scope or target.startswith(f"{scope}/"))


@rule(acts=(Act.DELETE,))
def unlocked(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Nothing below a lock is deleted, grants and diagnostic settings included."""
    if proposed.token == LOCK:
        return
    below = [proposed.id, *(each.id for each in _inside(proposed, world))]
    for lock in world.of(LOCK):
        if any(covers(lock, each) for each in below):
            message = f"The lock {lock.id} prevents the deletion. Remove the lock first."
            yield refusal("locked", message)
            return


def _inside(proposed: Proposed, world: World) -> Iterator[Existing]:
    """What goes with a resource group."""
    if proposed.token == GROUP:
        yield from world.below(proposed.id)


@rule()
def writable(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Nothing below a read-only lock is changed."""
    for lock in world.of(LOCK):
        if text(lock.properties, "level") == "ReadOnly" and covers(lock, proposed.id):
            yield refusal("locked", f"The lock {lock.id} prevents changes.")


@rule(*USES, acts=(Act.DELETE,))
def unused(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What others use is not deleted."""
    fault, users = USES[proposed.token]
    for other in world.referring(proposed.id):
        if other.token in users or (not users and other.token not in NOTES):
            yield refusal(fault, f"{other.id} uses it. Remove that first.")
            return


@rule(NETWORK, acts=(Act.DELETE,))
def vacated(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A network whose subnets are in use is not deleted."""
    for subnet in world.below(proposed.id):
        users = world.referring(subnet.id) if subnet.token == SUBNET else ()
        if any(user.token not in NOTES for user in users):
            yield refusal("subnet-used", f"The subnet {subnet.id} is in use. Empty it first.")
            return


@rule(ZONE, acts=(Act.DELETE,))
def unlinked(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A DNS zone with links to networks is not deleted."""
    for link in world.below(proposed.id):
        if link.token == LINK:
            yield refusal("nested", f"{link.id} is in it. Delete that first.")
            return


@rule(BACKUP, acts=(Act.DELETE,))
def emptied(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A backup vault with backups is not deleted."""
    if any(each.token == INSTANCE for each in world.below(proposed.id)):
        message = "Backup instances are in the vault. Stop the protection and delete them first."
        yield refusal("vault-not-empty", message)


@rule(ACCOUNT, acts=(Act.DELETE,))
def not_backed_up(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Operational backup puts a delete lock of its own on an account."""
    for each in world.referring(proposed.id):
        if each.token == INSTANCE:
            message = f"Azure Backup locks the account for {each.id}. Delete that first."
            yield refusal("locked", message)
            return


@rule(ACCOUNT, acts=(Act.DELETE,))
def mutable(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """An account with a locked immutability policy is not deleted."""
    policy = value(proposed.properties, "immutableStorageWithVersioning.immutabilityPolicy")
    if isinstance(policy, dict) and policy.get("state") == "Locked":
        message = "The account has a locked immutability policy. It cannot be deleted before then."
        yield refusal("account-immutable", message)


RULES = (
    unlocked,
    writable,
    unused,
    vacated,
    unlinked,
    emptied,
    not_backed_up,
    mutable,
)
