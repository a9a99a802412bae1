"""What a stack on this machine must say beyond the spec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from havre.provider.machine import MachineFolder
from havre.spec.countries import COUNTRIES, code_meant

NAME = "local"
"""Name of the provider."""


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        message = f"{path} is not absolute"
        raise ValueError(message)
    return path


def _country(code: str) -> str:
    if code in COUNTRIES:
        return code
    meant = code_meant(code)
    hint = f", did you mean `{meant}`?" if meant else ", such as FR"
    message = f"is not a country code (ISO 3166-1 alpha-2){hint}"
    raise ValueError(message)


class LocalSettings(BaseModel):
    """Settings of the local provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Annotated[Path, MachineFolder(), AfterValidator(_absolute)] = Field(
        description="Absolute path of the warehouse's folder on this machine"
    )
    country: (
        Annotated[
            str, AfterValidator(_country), Field(json_schema_extra={"pattern": r"^[A-Z]{2}$"})
        ]
        | None
    ) = Field(
        default=None,
        description="Country of this machine (ISO 3166-1 alpha-2), as its owner states",
    )
