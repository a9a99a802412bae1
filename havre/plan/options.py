"""Options of a resource, as Pulumi's SDK sends them and a state records them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Options:
    """What the program says on how a resource is changed, moved and removed.

    Attributes:
        delete_before_replace: whether the old one goes before the new one comes; None: as its
            provider says.
        ignore_changes: property paths whose changes are not applied.
        replace_on_changes: property paths whose changes make it another resource.
        aliases: former names: URNs, or what differed of one (`name=`, `type=`, `parent=` ...).
        deleted_with: URN of the resource whose deletion deletes this one too.
        additional_secret_outputs: outputs that are secret though no input of them is.
        import_id: id of what exists already and is to be taken over.
    """

    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    deleted_with: str = ""
    additional_secret_outputs: tuple[str, ...] = ()
    import_id: str = ""


NONE = Options()
"""No option at all."""


def from_request(request: Any) -> Options:
    """The options in a message `pulumirpc.RegisterResourceRequest`."""
    defined = request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
    return Options(
        delete_before_replace=request.deleteBeforeReplace if defined else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        aliases=(*request.aliasURNs, *(_former(alias) for alias in request.aliases)),
        deleted_with=request.deletedWith,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        import_id=request.importId,
    )


def _former(alias: Any) -> str:
    """A former name: its URN, or what differed."""
    if alias.urn:
        return str(alias.urn)
    found = [f"{field.name}={value}" for field, value in alias.spec.ListFields()]
    return ",".join(found) or "itself"


def from_state(values: Mapping[str, Any]) -> Options:
    """The options that Pulumi's state format keeps; what is malformed there counts as none."""
    return Options(
        ignore_changes=_texts(values.get("ignoreChanges")),
        replace_on_changes=_texts(values.get("replaceOnChanges")),
        aliases=_texts(values.get("aliases")),
        deleted_with=_text(values.get("deletedWith")),
        additional_secret_outputs=_texts(values.get("additionalSecretOutputs")),
        import_id=_text(values.get("importID")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(v for v in values if isinstance(v, str)) if isinstance(values, list) else ()
