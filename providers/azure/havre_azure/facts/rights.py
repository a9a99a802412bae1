"""Rights: what Azure's built-in roles and a vault's access policies allow."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from havre.facts.model import Right
from havre.facts.read import at_best, each
from havre.facts.values import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_DATA = frozenset({Right.READ, Right.WRITE, Right.DELETE})
READ = frozenset({Right.READ})
ADMINISTER = frozenset({Right.ADMINISTER})


@dataclass(frozen=True)
class BuiltIn:
    """What a built-in role allows.

    Attributes:
        name: Azure's own name.
        rights: what it allows.
        on: types of the resources on which it does; None: on all. AcrPull reads registries alone.
    """

    name: str
    rights: frozenset[Right]
    on: frozenset[str] | None


def _built_in(row: Mapping[str, Any]) -> BuiltIn:
    on = frozenset(row["on"]) if "on" in row else None
    return BuiltIn(row["name"], frozenset(map(Right, row["rights"])), on)


@cache
def built_in_roles() -> Mapping[str, BuiltIn]:
    """The roles of `data/roles.toml`, by identifier.

    A role that is not there, or a custom one, is not known to be harmless.
    """
    text = (files("havre_azure") / "data" / "roles.toml").read_text(encoding="utf-8")
    return {row["id"]: _built_in(row) for row in tomllib.loads(text)["role"]}


_USES = frozenset({"get", "list", "encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify"})


def permitted(entry: Any, where: str) -> Fact[frozenset[Right]]:
    """Rights by the operations on keys and secrets that an entry of access policies allows.

    Args:
        entry: as written, with unknown values in their places.
        where: what goes before the names of its properties in a message.
    """
    kinds = [each(entry, f"permissions.{kind}") for kind in ("keys", "secrets")]
    rights = _rights(*(at_best(kind, ()) for kind in kinds))
    unknown = next((kind for kind in kinds if isinstance(kind, Unknown)), None)
    if unknown is None:
        return Known(rights)
    return Unknown(f"{where}.{unknown.property}", Known(rights) if rights else None)


def _rights(on_keys: Iterable[Any], on_secrets: Iterable[Any]) -> frozenset[Right]:
    keys, secrets = ({str(word).lower() for word in words} for words in (on_keys, on_secrets))
    found: set[Right] = set()
    if keys:
        found.add(Right.USE_KEYS)
    if keys - _USES:
        found.add(Right.MANAGE_KEYS)
    if secrets:
        found |= READ
    if secrets - {"get", "list"}:
        found |= _DATA
    return frozenset(found)
