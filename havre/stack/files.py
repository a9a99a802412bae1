"""Reading the settings of a provider from a Pulumi stack file, without the Pulumi CLI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.documents.records import read_document
from havre.errors import InputError
from havre.provider.machine import folder_setting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import BaseModel

PROJECT = "warehouse"
"""Name of the project, and so the namespace of its stacks' configuration."""
NAMED = "Name a Pulumi stack file, Pulumi.<stack>.yaml, of the project `warehouse`."


def read_stack_settings(path: Path, provider: str = "") -> dict[str, Any]:
    """The settings in a `Pulumi.<stack>.yaml`; what is encrypted there is left out.

    Args:
        path: the stack file.
        provider: whose settings are wanted; any provider's where empty.

    Raises:
        InputError: the file is no stack file of a warehouse, or is of another provider.
    """
    config = _config(path)
    told = {key: config.get(f"{PROJECT}:{key}") for key in ("spec", "provider", "settings")}
    if not any(value is not None for value in told.values()):
        message = f"{path} says nothing of a warehouse: it has no key `{PROJECT}:...`"
        raise InputError(message, NAMED)
    if provider and told["provider"] not in {None, provider}:
        message = f"{path} is a stack on provider `{told['provider']}`, not on `{provider}`"
        raise InputError(message, "Name the stack file of that provider, or that provider.")
    settings = {} if told["settings"] is None else told["settings"]
    if not isinstance(settings, dict):
        message = f"{path}: `{PROJECT}:settings` is not a mapping"
        raise InputError(message, "Write one setting a line: `NAME: VALUE`.")
    return {name: value for name, value in settings.items() if not _encrypted(value)}


def rooted(settings: Mapping[str, Any], folder: Path, model: type[BaseModel]) -> dict[str, Any]:
    """Settings of `model`, with a relative folder of the warehouse taken from `folder`."""
    found, name = dict(settings), folder_setting(model)
    if isinstance(found.get(name), str):
        found[name] = str((folder / found[name]).resolve())
    return found


def _config(path: Path) -> Mapping[str, Any]:
    document = read_document(path, typed=True, remedy=NAMED).data
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        message = f"{path} has no mapping `config`"
        raise InputError(message, NAMED)
    return config


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


@dataclass(frozen=True)
class StackFile:
    """A `Pulumi.<stack>.yaml` of a warehouse.

    Attributes:
        path: the file.
        provider: that it names; empty where it names none.
        spec: the warehouse file that it names; None where it names none.
    """

    path: Path
    provider: str
    spec: Path | None


def stack_files(folder: Path) -> list[StackFile]:
    """The stack files of warehouses in a folder, by name; what is none of them is passed over."""
    found = []
    for path in sorted(folder.glob("Pulumi.?*.yaml")):
        try:
            config = _config(path)
        except InputError:
            continue  # another project's, or nobody's: it names no provider
        provider, spec = (config.get(f"{PROJECT}:{key}") for key in ("provider", "spec"))
        if isinstance(provider, str) or isinstance(spec, str):
            named = folder / spec if isinstance(spec, str) else None
            found.append(StackFile(path, provider if isinstance(provider, str) else "", named))
    return found
