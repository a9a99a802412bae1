"""What was found and what would do, in a user's words.

Faults of structure come from pydantic as types and places; what is said about them is read
from the JSON Schema, so that the message, the editor and the validation agree.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.documents.composing import is_text
from havre.documents.problems import SHOWN, Location, lookup, shorten, show
from havre.documents.validation import did_you_mean
from havre.spec.countries import code_meant
from havre.spec.model import OLDER_NAMES
from havre.spec.schema import fields, required, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

ELSEWHERE = "a provider's own words go into that stack's Pulumi config"
"""Hint where a SKU or a region code seems to be meant."""
TLS_1_2 = 1.2
OLD_TLS = "TLS 1.0 and 1.1 are no longer secure and were withdrawn in 2021 (RFC 8996)"
"""Hint where an older version of TLS is named."""
COUNTRY = r"^[A-Z]{2}$"
"""Pattern of a country's code."""
_PROVIDER_KEYS = ("sku", "tier", "region", "location", "flavor", "flavour", "plan", "type", "class")
_SPOKEN = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""Words that YAML 1.1 took for booleans and YAML 1.2 takes for text."""
_UNITS = {"days": "days", "gib": "GiB"}


@dataclass(frozen=True)
class Fault:
    """What is wrong at a path of the data."""

    path: Location
    found: str
    wanted: str
    hint: str = ""


def fault(root: Mapping[str, Any], data: Any, kind: str, location: Location) -> Fault:
    """Say one error of pydantic in a user's words.

    Args:
        root: the JSON Schema of a warehouse.
        data: what was validated.
        kind: the error's type, such as `missing`.
        location: where; pydantic ends it with `[key]` where a key itself is at fault.
    """
    if location[-1:] == ("[key]",):
        return _bad_key(root, location[:-1])
    if kind == "extra_forbidden":
        return _unknown_key(root, location)
    wanted = words(root, location)
    if kind == "missing":
        return Fault(location, "nothing", wanted)
    value = lookup(data, location)
    if kind == "too_short" and value in ([], {}):
        return Fault(location, show(value), f"at least one: {_a_member(root, location)}")
    if location[2:3] == ("members",):  # a researcher's identifier is never repeated
        return Fault(location, _kind_of(value), wanted)
    found = f"{show(value)} ({len(value)} characters)" if _is_long(value) else show(value)
    return Fault(location, found, wanted, _hint(root, location, value))


def words(root: Mapping[str, Any], path: Location) -> str:
    """What the field at `path` wants, such as `one of s, m, l, xl`."""
    node = fields(root, path) or {}
    said = _words(root, node, str(path[-1]) if path else "")
    return said if path else said.replace("a section with", "a warehouse with", 1)


def _kind_of(value: Any) -> str:
    """What sort of value it is, without the value."""
    if isinstance(value, str):
        return f"text of length {len(value)}"
    return "a number" if isinstance(value, (int, float)) else show(value)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > SHOWN


def _unknown_key(root: Mapping[str, Any], path: Location) -> Fault:
    key, section = str(path[-1]), fields(root, path[:-1]) or {}
    properties = section.get("properties", {})
    if key in properties:
        name = OLDER_NAMES[key]
        return Fault(path, f"the older name of {name}, which is given too", f"only {name}")
    known = tuple(name for name, node in properties.items() if not node.get("deprecated"))
    hint = did_you_mean(key, properties)
    for older, name in OLDER_NAMES.items():
        if properties.get(older, {}).get("deprecated"):
            hint = hint.replace(f"`{older}`", f"`{name}`")
    if not hint and any(word in key.lower().split("_") for word in _PROVIDER_KEYS):
        hint = ELSEWHERE
    wanted = f"one of {', '.join(known)}" if len(known) > 1 else "".join(known)
    return Fault(path, "an unknown key", wanted, hint)


def _bad_key(root: Mapping[str, Any], path: Location) -> Fault:
    names = (fields(root, path[:-1]) or {}).get("propertyNames", {})
    key = str(path[-1])
    return Fault(path, f"the name {show(key)}", _words(root, names, ""), _recased(names, key))


def _words(root: Mapping[str, Any], node: Mapping[str, Any], name: str) -> str:
    if said := node.get("errorMessage"):
        return str(said)
    if choices := _choices(node):
        return f"one of {', '.join(choices)}"
    if node.get("format") == "date":
        return "a date such as 2027-12-31"
    if node.get("type") == "integer":
        return _whole_number(node, name)
    if node.get("type") == "boolean":
        return "true or false"
    return _several(root, node)


def _choices(node: Mapping[str, Any]) -> list[str]:
    """The values allowed, in quotes where YAML would take one for a number."""
    return [value if is_text(value) else f'"{value}"' for value in node.get("enum", ())]


def _whole_number(node: Mapping[str, Any], name: str) -> str:
    unit = _UNITS.get(name.rpartition("_")[2])
    of = f" of {unit}" if unit else ""
    return f"a whole number{of} from {node['minimum']} to {node['maximum']}"


def _several(root: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    if "items" in node:
        return f"a list, each item {_words(root, resolve(root, node['items']), '')}"
    if "propertyNames" in node:
        return "a section with a name and a colon for each"
    keys = required(node) or node.get("properties", ())
    return f"a section with {', '.join(keys)}"


def _a_member(root: Mapping[str, Any], path: Location) -> str:
    node = fields(root, path) or {}
    return _words(root, resolve(root, node.get("propertyNames") or node["items"]), "")


def _hint(root: Mapping[str, Any], path: Location, value: Any) -> str:
    """How to write what was probably meant; empty where that is not known."""
    node = fields(root, path) or {}
    if "items" in node and isinstance(value, str):
        return _as_list(resolve(root, node["items"]), value)
    if isinstance(value, str):
        return _hint_for_text(node, path, value)
    if path[-1:] == ("tls",) and isinstance(value, (int, float)) and value < TLS_1_2:
        return OLD_TLS
    if isinstance(value, (int, float)) and _would_do(node, str(value)):
        return f'write "{value}", in quotes'
    return ""


def _as_list(item: Mapping[str, Any], value: str) -> str:
    """How to write a text as a list, each member as it was probably meant; empty: not known."""
    members = [_as_item(item, each.strip()) for each in value.split(",")]
    return f"write `[{shorten(', '.join(members))}]`" if all(members) else ""


def _as_item(item: Mapping[str, Any], text: str) -> str:
    """A member of a list as it was probably meant; empty where that is not known."""
    if not {"enum", "pattern"} & item.keys() or _would_do(item, text):
        return text
    _, near, rest = _hint_for_text(item, (), text).partition("did you mean `")
    return rest.split("`")[0] if near else ""


def _would_do(node: Mapping[str, Any], text: str) -> bool:
    """Whether `text` is what a field of text wants."""
    pattern = node.get("pattern")
    return text in node.get("enum", ()) or bool(pattern and re.search(pattern, text))


def _hint_for_text(node: Mapping[str, Any], path: Location, value: str) -> str:
    if node.get("type") in ("integer", "boolean") and not is_text(value):
        return f"write {shorten(value)}, without quotes"
    if node.get("type") == "boolean":
        spoken = _SPOKEN.get(value.lower())
        return f"write {spoken}" if spoken else ""
    if path[-1:] == ("tls",) and re.fullmatch(r"(?i)(TLS[ V]*)?1(\.[01])?", value):
        return OLD_TLS
    near = did_you_mean(value, node.get("enum", ())) or _recased(node, value) or _network(value)
    if not near and node.get("pattern") == COUNTRY and (meant := code_meant(value)):
        return f"did you mean `{meant}`?"
    if not near and (path[-1:] == ("size",) or path[:1] == ("sites",)):
        return ELSEWHERE
    return near


def _recased(node: Mapping[str, Any], value: str) -> str:
    """A hint where only the letters' case, or an underscore, is not as it must be."""
    pattern, longest = node.get("pattern"), min(node.get("maxLength", SHOWN), SHOWN)
    if not pattern or not node.get("minLength", 1) <= len(value) <= longest:
        return ""
    for other in (value.upper(), value.lower(), re.sub("[_ ]", "-", value.lower())):
        if re.fullmatch(pattern, other):
            return f"did you mean `{other}`?"
    return ""


def _network(value: str) -> str:
    """A hint where an address has bits set after its prefix."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return ""
    return "" if "%" in value else f"did you mean `{network}`?"
