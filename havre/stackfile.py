"""Reading the settings of a provider from a Pulumi stack file, without the Pulumi CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = "warehouse:settings"
"""Key of the settings in a stack's configuration (namespace of the project `warehouse`)."""


def read_stack_settings(path: Path) -> dict[str, Any]:
    """The settings in a `Pulumi.<stack>.yaml`; what is encrypted there is left out.

    Raises:
        InputError: the file is no Pulumi stack file.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe", pure=True).load(path.read_text())
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InputError(message, "Name a Pulumi stack file, Pulumi.<stack>.yaml.") from error
    except (YAMLError, ValueError, RecursionError) as error:
        message = f"{path} is no YAML: {error}"
        raise InputError(message, "Name a Pulumi stack file, Pulumi.<stack>.yaml.") from error
    config = document.get("config") if isinstance(document, dict) else None
    settings = config.get(SETTINGS, {}) if isinstance(config, dict) else None
    if not isinstance(settings, dict):
        message = f"{path} has no mapping `config`, or `{SETTINGS}` in it is none"
        raise InputError(message, "Name a Pulumi stack file, Pulumi.<stack>.yaml.")
    return {name: value for name, value in settings.items() if not _encrypted(value)}


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}
