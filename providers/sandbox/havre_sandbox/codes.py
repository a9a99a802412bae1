"""The error codes of a service, each with where it was read: a provider's own data file."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections.abc import Mapping  # noqa: TC003 - likewise
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from havre.documents.shipped import read_shipped
from havre_sandbox.refusals import Refusal

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ServiceAnswer:
    """What a service answers to one fault.

    Attributes:
        status: HTTP status.
        source: where the code was read; without a code, what the refusal rests on.
        code: the service's error code; empty: no source that was read names one.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    status: int
    source: str
    code: str = ""

    @property
    def shown(self) -> str:
        """The code, or else the status alone."""
        return self.code or f"HTTP {self.status}"


@dataclass(frozen=True)
class Codes:
    """What a provider's services answer, by the name of the fault."""

    answers: Mapping[str, ServiceAnswer]

    def refusal(self, fault: str, message: str, at: str = "") -> Refusal:
        """The refusal of a fault.

        Args:
            fault: its name in the data file.
            message: what is wrong and what would do, in our words.
            at: dotted path of the input at fault.

        Raises:
            KeyError: no fault has that name.
        """
        return Refusal(self.answers[fault].shown, message, at)


class _AnswersFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    read_on: dt.date
    faults: dict[str, ServiceAnswer]


def read_codes(path: Path) -> Codes:
    """The codes in a provider's data file.

    Args:
        path: a TOML file with `read_on` and a table `faults` by the names of faults.

    Raises:
        BugError: the file is missing or malformed.
    """
    return Codes(read_shipped(path, _AnswersFile).faults)
