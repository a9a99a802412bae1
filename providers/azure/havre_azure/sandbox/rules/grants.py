"""Role assignments and identities: what repeats, and what cannot be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import bare, parent
from havre_azure.sandbox.rules.names import GRANT_NAME
from havre_azure.sandbox.rules.vaults import GRANT, IDENTITY
from havre_sandbox.reading import text
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

FEDERATED = "azure-native:managedidentity:FederatedIdentityCredential"
FIXED = ("principalId", "roleDefinitionId", "scope")
ROLE = "/providers/microsoft.authorization/roledefinitions/"


def _key(grant: Mapping[str, Any]) -> tuple[str, str, str]:
    """Who has which role where."""
    scope = bare(text(grant, "scope")).casefold()
    return (text(grant, "principalId"), text(grant, "roleDefinitionId").casefold(), scope)


@rule(GRANT, acts=(Act.CREATE,))
def new(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The same role is given once to one identity in one scope, whatever the name."""
    for other in world.of(GRANT):
        if _key(other.properties) == _key(proposed.properties):
            yield refusal("grant-exists", f"{other.id} gives this role already.")
            return


@rule(GRANT, acts=(Act.CREATE,))
def own_name(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The name of a role assignment is its own in all of Azure."""
    path = "roleAssignmentName"
    name = text(proposed.properties, path).casefold()
    for other in world.of(GRANT):
        if name and text(other.properties, path).casefold() == name:
            message = f"{other.id} has this name. A role assignment cannot be moved."
            yield refusal("grant-fixed", message, path)
            return


@rule(GRANT, acts=(Act.UPDATE,))
def unchanged(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Identity, role and scope of a role assignment never change."""
    for path in FIXED:
        if text(proposed.old or {}, path) != text(proposed.properties, path):
            message = "This cannot be changed. Delete the role assignment and create another one."
            yield refusal("grant-fixed", message, path)


@rule(GRANT, beforehand=True)
def shaped(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Names, identities and roles are UUIDs."""
    name, role = (text(proposed.properties, p) for p in ("roleAssignmentName", "roleDefinitionId"))
    if name and not GRANT_NAME.fullmatch(name):
        yield refusal("grant", f"`{name}` is not a UUID.", "roleAssignmentName")
    if role and not (ROLE in role.lower() and GRANT_NAME.fullmatch(role.rsplit("/", 1)[-1])):
        yield refusal("grant", f"`{role}` is not the identifier of a role.", "roleDefinitionId")
    condition = text(proposed.properties, "condition")
    if condition and text(proposed.properties, "conditionVersion") != "2.0":
        yield refusal("grant", "A condition needs the version 2.0.", "conditionVersion")


@rule(GRANT, acts=(Act.CREATE,))
def given(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The identity of a workload exists."""
    principal = text(proposed.properties, "principalId")
    workload = text(proposed.properties, "principalType") == "ServicePrincipal"
    made = {each.computed.get("principalId") for each in world.of(IDENTITY)}
    if workload and made and principal and principal not in made:
        message = f"No identity has the principal {principal}. Create the identity first."
        yield refusal("principal", message, "principalId")


@rule(FEDERATED)
def federated(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Issuer and subject are an identity's once."""
    own = (text(proposed.properties, "issuer"), text(proposed.properties, "subject"))
    for other in world.of(FEDERATED):
        same = (text(other.properties, "issuer"), text(other.properties, "subject")) == own
        beside_it = parent(other.id).casefold() == parent(proposed.id).casefold()
        if same and beside_it and other.id.casefold() != proposed.id.casefold():
            yield refusal("federated", f"{other.id} has this issuer and subject.", "subject")
            return


RULES = (new, own_name, unchanged, shaped, given, federated)
