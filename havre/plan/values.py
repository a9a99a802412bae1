"""Property values on Pulumi's wire, and as plain Python.

Plain values are JSON's, plus `UNKNOWN` for what only a provider can tell and `Secret` for
what must never be shown. Signatures: Pulumi's SDK, `sdk/python/lib/pulumi/runtime/rpc.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import json_format, struct_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a type's signature
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_WIRE: Final = frozenset(
    {
        UNKNOWN_TEXT,  # string, and any value
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
UNKNOWN_LENGTH: Final = len(UNKNOWN_TEXT)


class UnknownValue:
    """A value that only a provider can tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = UnknownValue()


@dataclass(frozen=True)
class Secret:
    """A value that must never be shown; its representation hides it."""

    value: Any = field(repr=False)


def _special(value: Mapping[str, Any]) -> Any:
    """A value that carries a signature."""
    kind = value[SIGNATURE]
    if kind == SECRET:
        return _secret(value)
    if kind == RESOURCE:
        return value.get("urn", "")
    if kind == OUTPUT:
        inner = plain(value["value"]) if "value" in value else UNKNOWN
        return Secret(inner) if value.get("secret") else inner
    return {key: plain(inner) for key, inner in value.items()}


def _secret(value: Mapping[str, Any]) -> Secret:
    """A secret from the wire, or from a state, where it may be encrypted."""
    if "plaintext" in value:
        try:
            return Secret(plain(json.loads(value["plaintext"])))
        except (TypeError, ValueError):
            return Secret(UNKNOWN)
    return Secret(plain(value["value"]) if "value" in value else UNKNOWN)


def plain(value: Any) -> Any:
    """A JSON value from the wire, with unknowns and secrets marked and whole floats as int."""
    if isinstance(value, str):
        return UNKNOWN if len(value) == UNKNOWN_LENGTH and value in UNKNOWN_WIRE else value
    if isinstance(value, dict):
        if SIGNATURE in value:
            return _special(value)
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Plain values of a message's properties."""
    return {key: plain(value) for key, value in json_format.MessageToDict(struct).items()}


def wire_values(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Values of a message's properties as a provider sees them: unknowns and secrets as sent."""
    return {key: _wire(plain(value)) for key, value in json_format.MessageToDict(struct).items()}


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties as a message; secrets and unknowns in Pulumi's wire form."""
    struct = struct_pb2.Struct()
    json_format.ParseDict({key: _wire(value) for key, value in values.items()}, struct)
    return struct


def _wire(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": _wire(value.value)}
    if isinstance(value, dict):
        return {key: _wire(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_wire(inner) for inner in value]
    return value


def bare(value: Any) -> Any:
    """A value without its marks of secrecy, for who does not know them."""
    if isinstance(value, Secret):
        return bare(value.value)
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [bare(inner) for inner in value]
    return value


def marked(values: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """Values in which what is secret in `like`, under the same name, is secret again.

    What goes to a provider that does not know secrets comes back so; Pulumi does the same
    (`annotateSecrets` in `sdk/go/common/resource/plugin/provider_plugin.go`).
    """
    return {
        key: _marked(value, like[key]) if key in like else value for key, value in values.items()
    }


def _marked(value: Any, like: Any) -> Any:
    if isinstance(value, dict) and isinstance(like, dict):
        return marked(value, like)
    return Secret(value) if holds_secret(like) and not isinstance(value, Secret) else value


PLAIN = (str, bool, int, float)
"""Types of values that hold no other."""


def holds_secret(value: Any) -> bool:
    """Whether `value` is secret or holds something that is."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return isinstance(value, Secret)
    for inner in value:  # noqa: SIM110 - run for every property: `any` takes twice as long
        if not isinstance(inner, PLAIN) and holds_secret(inner):
            return True
    return False


def shown(value: Any) -> Any:
    """JSON-ready form for reports: what is unknown or secret is said, never revealed.

    Keys are sorted: on the wire their order is random.
    """
    if value is UNKNOWN:
        return {"unknown": True}
    if isinstance(value, Secret):
        return {"secret": True}
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [shown(inner) for inner in value]
    return value


def secret_texts(value: Any, *, hidden: bool = False) -> list[str]:
    """Every text within a value that a secret wraps, to be kept out of what is shown."""
    found: list[str] = []
    _gather(value, found, hidden=hidden)
    return found


def _gather(value: Any, found: list[str], *, hidden: bool) -> None:
    """Gather the texts that a secret wraps; most values have none."""
    if isinstance(value, Secret):
        _gather(value.value, found, hidden=True)
    elif isinstance(value, str):
        if hidden:
            found.append(value)
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            if hidden or not isinstance(inner, str):
                _gather(inner, found, hidden=hidden)


def holds_unknown(value: Any) -> bool:
    """Whether `value` is unknown or holds something that is."""
    if isinstance(value, PLAIN):
        return False
    if isinstance(value, Secret):
        return holds_unknown(value.value)
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return value is UNKNOWN
    for inner in value:  # noqa: SIM110 - run for every property: `any` takes twice as long
        if not isinstance(inner, PLAIN) and holds_unknown(inner):
            return True
    return False


PULUMIS_OWN = "__"
"""Beginning of the names of Pulumi's own properties."""


def unmarked_texts(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every text that stands in a resource's inputs unmarked as secret, with its path."""
    found: list[tuple[str, str]] = []
    for key, value in inputs.items():
        if not key.startswith(PULUMIS_OWN):
            _leaves(value, key, found)
    return found


def _leaves(value: Any, path: str, found: list[tuple[str, str]]) -> None:
    """Gather the texts within a property that no secret wraps, with their paths."""
    if isinstance(value, str):
        found.append((path, value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            _leaves(inner, f"{path}.{key}" if path else str(key), found)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            _leaves(inner, f"{path}[{number}]", found)
