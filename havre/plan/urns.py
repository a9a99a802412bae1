"""URNs, Pulumi's unique names of resources: parsed and made here alone.

`urn:pulumi:STACK::PROJECT::TYPES::NAME`, where TYPES are those of all ancestors but the stack,
parted by `$`, and the name may hold anything (pulumi/pulumi, sdk/go/common/resource/urn,
read on 2026-11-29). A provider's reference is its URN, `::`, and its id.
"""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
"""Type of the resource that stands for the whole stack."""
PROVIDER_PREFIX = "pulumi:providers:"
"""Beginning of the types of Pulumi's own provider resources."""
DYNAMIC_PACKAGE = "pulumi-python"
"""Package of every resource whose provider is a Python class of the program."""
_PREFIX = "urn:pulumi:"
_PARTS = 4


def make(stack: str, project: str, kind: str, name: str, parent: str = "") -> str:
    """The URN that the Pulumi engine builds for a resource below `parent` (empty: none)."""
    above = [each for each in types(parent) if each != STACK_TYPE]
    return f"{_PREFIX}{stack}::{project}::{'$'.join((*above, kind))}::{name}"


def is_urn(text: str) -> bool:
    """Whether a text is a URN."""
    return text.startswith("urn:")


def name(urn: str) -> str:
    """Logical name; of a text that is no whole URN, what follows its last separator."""
    parts = urn.split("::", _PARTS - 1)
    return parts[-1]


def types(urn: str) -> tuple[str, ...]:
    """Types of a resource and all its ancestors but the stack, its own last; of no URN, none."""
    parts = urn.split("::", _PARTS - 1)
    return tuple(parts[2].split("$")) if len(parts) == _PARTS else ()


def apart(urn: str) -> str:
    """A URN without its stack and its project, which may be named otherwise in another plan."""
    return "::".join(("$".join(types(urn)), name(urn)))


def stack(urn: str) -> str:
    """Name of a resource's stack; of no URN, empty."""
    return urn.removeprefix(_PREFIX).split("::", 1)[0] if urn.startswith(_PREFIX) else ""


def is_stack(urn: str) -> bool:
    """Whether a URN is the stack's own."""
    return types(urn) == (STACK_TYPE,)


def reference(urn: str, identity: str) -> str:
    """How a resource refers to its provider."""
    return f"{urn}::{identity}"


def referred(reference: str) -> str:
    """The URN in a provider's reference; empty where there is none."""
    return reference.rpartition("::")[0]
