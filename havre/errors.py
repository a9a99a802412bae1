"""Errors, classed by what the caller must do about them.

Every message names the file or resource concerned and the remedy. The exit code of the
command line is the class's `exit_code`.
"""

from __future__ import annotations

import os
import traceback
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FINDINGS = 1
    INPUT = 2
    NOT_EVALUATED = 3
    ENGINE = 4


class HavreError(Exception):
    """Base of every error that a user may see.

    Args:
        message: what happened, and where (file, resource, service).
        remedy: what to do about it; empty only where the message already says so.
    """

    exit_code = ExitCode.ENGINE

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  {self.remedy}" if self.remedy else self.message


class InputError(HavreError):
    """Mend the input: a file, an option or a setting is wrong."""

    exit_code = ExitCode.INPUT


class MissingDependencyError(HavreError):
    """Install something: a program or a package that this command needs is not there."""


class UnknownProviderError(MissingDependencyError):
    """Name another provider, or install this one: none of that name is there."""

    exit_code = ExitCode.INPUT


class RetryError(HavreError):
    """Try again: another run holds the lock, or a service did not answer in time."""


class ProviderError(HavreError):
    """A provider refused or failed; the message names the resource."""


class GuardError(HavreError):
    """Refused to protect data: an explicit, named consent is needed."""


class StateError(HavreError):
    """The recorded state cannot be read or written; the last good one is kept."""


class BugError(HavreError):
    """A fault of Havre or of a provider's code: report it."""


ANYTHING = (Exception, SystemExit)
"""What code of strangers may raise; one that exits has failed too, whatever code it exits with."""


def show_traceback() -> None:
    """Print the traceback of the error at hand, where `HAVRE_DEBUG` asks for it."""
    if os.environ.get("HAVRE_DEBUG"):
        traceback.print_exc()
