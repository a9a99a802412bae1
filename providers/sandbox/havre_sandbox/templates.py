"""Texts with braces that become identifiers and outputs.

`{path}` is an input, dotted, or a variable of the provider's configuration, or `id`.
`{uuid:LABEL}`, `{hex:LABEL}`, `{number:LABEL}` and `{secret:LABEL}` are made up, always the same
for one resource and one label. `{lower:path}` is an input in lower case, `{last:path}` the last
part of a path.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from havre.plan.values import UNKNOWN, Secret

_PART = re.compile(r"\{(?:(?P<made>[a-z]+):)?(?P<path>[^{}]*)\}")
_NAMESPACE = uuid.UUID("6f5b6d1c-54a5-5a3c-9a8d-2f6d4f0c7a11")
"""Of identifiers that are made up; ours."""
NUMBERS = 10**9
"""Made-up numbers are below it."""


class _Missing:
    """What a template asks for and is not there."""


MISSING = _Missing()


@dataclass(frozen=True)
class Scope:
    """What a template can name.

    Attributes:
        properties: inputs.
        variables: of the provider's configuration, `id` included.
        seed: what made-up values are made of.
        key: what made-up secrets are made of as well.
    """

    properties: Mapping[str, Any]
    variables: Mapping[str, str]
    seed: str
    key: bytes = b""

    def value(self, path: str) -> Any:
        """An input or a variable; `MISSING` where there is neither."""
        if path in self.variables:
            return self.variables[path]
        found: Any = self.properties
        for part in path.split("."):
            if isinstance(found, Secret):
                found = found.value
            if found is UNKNOWN:
                return UNKNOWN
            if isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            elif isinstance(found, Mapping) and part in found:
                found = found[part]
            else:
                return MISSING
        return found

    def digest(self, label: str) -> bytes:
        """32 bytes that are this resource's alone."""
        return hashlib.sha256(f"{self.seed}|{label}".encode()).digest()

    def secret(self, label: str) -> Secret:
        """A secret of this resource, 40 characters, that only the world's key gives."""
        made = hmac.new(self.key, f"{self.seed}|{label}".encode(), hashlib.sha256)
        return Secret(made.hexdigest()[:40])


def _number(scope: Scope, label: str) -> int:
    return int.from_bytes(scope.digest(label)[:8], "big") % NUMBERS + 1


MADE: Mapping[str, Callable[[Scope, str], Any]] = {
    "uuid": lambda scope, label: str(uuid.uuid5(_NAMESPACE, f"{scope.seed}|{label}")),
    "hex": lambda scope, label: scope.digest(label).hex()[:32],
    "number": _number,
    "secret": Scope.secret,
    "lower": lambda scope, path: _text(scope.value(path), str.lower),
    "last": lambda scope, path: _text(scope.value(path), lambda text: text.rsplit("/", 1)[-1]),
}
"""What stands before a colon, and what it gives."""


def _text(value: Any, change: Callable[[str], str]) -> Any:
    return change(value) if isinstance(value, str) else value


def filled(template: Any, scope: Scope) -> Any:
    """A template with its values; `MISSING` where one is not there, `UNKNOWN` where one is.

    Args:
        template: a text, or lists and mappings of templates; anything else is as it is.
        scope: what it can name.
    """
    if isinstance(template, Mapping):
        inner = {key: filled(value, scope) for key, value in template.items()}
        return {key: value for key, value in inner.items() if value is not MISSING}
    if isinstance(template, list):
        return [
            value for value in (filled(each, scope) for each in template) if value is not MISSING
        ]
    return _filled_text(template, scope) if isinstance(template, str) else template


def _filled_text(template: str, scope: Scope) -> Any:
    whole = _PART.fullmatch(template)
    if whole:
        return _part(whole, scope)
    values = [_part(part, scope) for part in _PART.finditer(template)]
    for odd in (MISSING, UNKNOWN):
        if any(value is odd for value in values):
            return odd
    plain = [value.value if isinstance(value, Secret) else value for value in values]
    remaining = iter(plain)
    text = _PART.sub(lambda _part: str(next(remaining)), template)
    return Secret(text) if any(isinstance(value, Secret) for value in values) else text


def _part(part: re.Match[str], scope: Scope) -> Any:
    """The value of one pair of braces.

    Raises:
        KeyError: what stands before the colon is not known.
    """
    made, path = part["made"], part["path"]
    return MADE[made](scope, path) if made else scope.value(path)
