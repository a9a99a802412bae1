"""What a pack is asked to judge: its configuration, the environment, the stack's own."""

from __future__ import annotations

import datetime as dt  # pydantic reads annotations at run time
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from havre.documents.validation import listed
from havre.errors import InputError
from havre.policy.model import Profile
from havre.policy.waivers import WAIVERS

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "HAVRE_"
PROJECT_FILE = "Pulumi.yaml"
SCHEMA: Mapping[str, Mapping[str, Any]] = {
    "spec": {"type": "string", "description": "The warehouse file."},
    "provider": {"type": "string", "description": "The provider; by default as the plan shows it."},
    "profile": {
        "type": "string",
        "enum": [profile.value for profile in Profile],
        "description": "Which controls; by default what the file calls for.",
    },
    "waivers": {
        "type": "string",
        "description": f"Waivers; by default {WAIVERS} next to the file.",
    },
    "as_of": {"type": "string", "description": "Day of the check, YYYY-MM-DD; by default today."},
    "allow_unknown": {
        "type": "boolean",
        "description": "Do not fail on controls that were not evaluated.",
    },
    "seal": {"type": "string", "description": "Seal of the last exit or rehearsal, a folder."},
    "seal_authority": {"type": "string", "description": "CA of the seal's signer, in PEM."},
    "seal_tsa_authority": {
        "type": "string",
        "description": "CA of the seal's time-stamp authority, in PEM.",
    },
}
"""What may be configured, as JSON Schema of each property."""


def _day(value: object) -> dt.date:
    """A day written as YYYY-MM-DD, and no number that would pass for one."""
    return dt.date.fromisoformat(str(value))


class Asked(BaseModel):
    """What the pack is told, from wherever it is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec: str = ""
    provider: str = ""
    profile: Profile | None = None
    waivers: str = ""
    as_of: Annotated[dt.date, BeforeValidator(_day)] | None = None
    allow_unknown: bool = False
    seal: str = ""
    seal_authority: str = ""
    seal_tsa_authority: str = ""


@dataclass(frozen=True)
class Stack:
    """What the engine tells of the stack and the run; nothing of it under `policy analyze`.

    Attributes:
        project: name of the Pulumi project; empty: no program was run.
        config: its configuration, decrypted.
        preview: whether nothing is made yet, so that values may be known later.
    """

    project: str = ""
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    preview: bool = False

    def get(self, key: str) -> str:
        """A value in the project's own namespace; empty where there is none."""
        return self.config.get(f"{self.project}:{key}", "")

    def settings(self, provider: str) -> dict[str, Any]:
        """The settings that the stack gives its provider, if that is the one asked for."""
        if self.get("provider") != provider:
            return {}
        try:
            found = json.loads(self.get("settings") or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def started_in() -> Path:
    """The folder where the Pulumi CLI was called.

    It starts a pack in the pack's own folder, and leaves it the shell's word for its own.
    """
    return Path(os.environ.get("PWD") or Path.cwd())


def project_folder(start: Path) -> Path:
    """The folder of the Pulumi project at or above `start`, as the CLI finds it."""
    folders = (start, *start.parents)
    return next((each for each in folders if (each / PROJECT_FILE).is_file()), start)


def read_asked(given: Mapping[str, Any], environment: Mapping[str, str]) -> Asked:
    """What the pack is told: its configuration goes before the environment.

    Raises:
        InputError: a value is wrong; every one is named.
    """
    told = {
        key: value for key in SCHEMA if (value := environment.get(f"{ENVIRONMENT}{key.upper()}"))
    }
    try:
        return Asked.model_validate({**told, **given})
    except ValidationError as error:
        message = f"the configuration of the policy pack: {listed(error, SCHEMA)}"
        names = ", ".join(f"`{key}`" for key in SCHEMA)
        remedy = f"Policy `havre` of the pack knows {names}; HAVRE_SPEC and so on are equivalent."
        raise InputError(message, remedy) from None


def spec_file(asked: Asked, stack: Stack) -> Path:
    """The warehouse file: the one asked for, or the one that the stack's program reads.

    Raises:
        InputError: none is named.
    """
    here = started_in()
    if asked.spec:
        return here / asked.spec
    if told := stack.get("spec"):
        return project_folder(here) / told
    message = "no warehouse file is named, neither by the pack nor by the stack"
    raise InputError(message, "Name it with HAVRE_SPEC=FILE, or as `spec` of the pack's `havre`.")


def waivers_file(asked: Asked) -> Path | None:
    """The file of waivers that is asked for; None: the one next to the warehouse file, if any."""
    return _named(asked.waivers)


def seal_files(asked: Asked) -> tuple[Path | None, Path | None, Path | None]:
    """The seal that is to be read, the CA of its signer and that of its time; None: not named."""
    return _named(asked.seal), _named(asked.seal_authority), _named(asked.seal_tsa_authority)


def _named(name: str) -> Path | None:
    """What a name means where the Pulumi CLI was called; None: nothing is named."""
    return started_in() / name if name else None
