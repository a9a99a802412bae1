"""Secrets in a world: its files hold digests, and what is read is compared with what is known."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from havre.plan.values import Secret, bare
from havre_sandbox.difference import dotted
from havre_sandbox.world import SECRET_KEY, is_digest


def sealed(value: Any, key: bytes) -> Any:
    """A value in which every secret is a digest, made with the key of its world."""
    if isinstance(value, Secret):
        return {SECRET_KEY: _digest(value.value, key)}
    if isinstance(value, Mapping):
        return {name: sealed(inner, key) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [sealed(inner, key) for inner in value]
    return value


def _digest(value: Any, key: bytes) -> str:
    content = json.dumps(bare(value), sort_keys=True).encode()
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def opened(value: Any, like: Any, key: bytes) -> Any:
    """A sealed value with the secrets that are known; one that is not known is left out.

    Args:
        value: as `sealed` gave it, or as somebody changed it.
        like: values that may hold the secrets, in the same places.
        key: of the world.
    """
    if is_digest(value):
        known = like if isinstance(like, Secret) else Secret(like)
        same = hmac.compare_digest(str(value[SECRET_KEY]), _digest(known.value, key))
        return known if same else Secret("changed outside")
    if isinstance(value, Mapping):
        inner = like if isinstance(like, Mapping) else {}
        return {name: opened(each, inner.get(name), key) for name, each in value.items()}
    if isinstance(value, list):
        others = like if isinstance(like, list) and len(like) == len(value) else [None] * len(value)
        return [opened(each, other, key) for each, other in zip(value, others, strict=True)]
    return value


def secrets(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every secret within a value, in clear, with its dotted path."""
    if isinstance(value, Secret):
        yield path, value.value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from secrets(inner, dotted(path, str(name)))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from secrets(inner, dotted(path, str(number)))
