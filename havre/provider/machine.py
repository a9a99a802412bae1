"""The setting by which a provider on this machine is told its folder, whatever it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class MachineFolder:
    """Marks that setting: `Annotated[Path, MachineFolder()]`, an absolute path."""


def folder_setting(settings: type[BaseModel]) -> str:
    """Name of the setting that holds the warehouse's folder on this machine.

    Returns:
        The name; empty where the provider has none, since its warehouses are elsewhere.
    """
    for name, field in settings.model_fields.items():
        if any(isinstance(each, MachineFolder) for each in field.metadata):
            return name
    return ""
