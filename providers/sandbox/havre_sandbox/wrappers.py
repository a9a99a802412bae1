"""Executables by which the Pulumi CLI finds a sandbox in place of a provider's plugin.

`python -m havre_sandbox.wrappers FOLDER PROVIDER WORLD --set NAME=VALUE` writes them.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, HavreError, InputError
from havre.files import write_report
from havre.files.custody import make_closed
from havre.plan.urns import DYNAMIC_PACKAGE
from havre.provider import SANDBOX, find, provides
from havre.stack.program import example_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARK = "# A sandbox of Havre, not the provider's own plugin."
"""Line by which such an executable is known."""


def write_plugins(
    folder: Path, provider: str, world: Path, settings: Mapping[str, Any]
) -> list[str]:
    """Write an executable for each package of a provider's sandbox into a folder of its own.

    Args:
        folder: is made where it is missing; a plugin in it that is no sandbox's is kept.
        provider: name of the provider.
        world: the folder of the sandbox.
        settings: of the provider; what is missing is as in the examples.

    Returns:
        The packages.

    Raises:
        InputError: a setting is wrong, or the provider has no sandbox.
        GuardError: the folder has a plugin that is no sandbox's.
    """
    found = find(provider)
    offer = provides(found, SANDBOX)
    if offer.given is None:
        message = f"{provider} has no sandbox: {offer.answer.reason}"
        raise InputError(message, "Choose another provider.")
    served = offer.given(world, example_settings(found, settings))
    packages = sorted(package for package in served if package != DYNAMIC_PACKAGE)
    make_closed(folder.absolute(), 0o755)
    for package in packages:
        path = folder / f"pulumi-resource-{package}"
        _refuse_real(path)
        words = (provider, package, str(world.absolute()), "--settings", json.dumps(dict(settings)))
        command = shlex.join((sys.executable, "-m", "havre_sandbox.plugin", *words))
        write_report(path, f'#!/bin/sh\n{MARK}\nexec {command} "$@"\n')
        path.chmod(0o755)
    write_report(folder / "PulumiPlugin.yaml", "runtime: python\n")
    return packages


def _refuse_real(path: Path) -> None:
    """Keep a plugin that is no sandbox's.

    Raises:
        GuardError: it is one.
    """
    if path.exists() and MARK.encode() not in path.read_bytes()[:4096]:
        message = f"{path} exists and is not a sandbox's"
        raise GuardError(message, "It was not changed. Name an empty folder.")


def main(words: Sequence[str] | None = None) -> None:
    """Write the executables that the command line asks for, and say how to use them."""
    parser = argparse.ArgumentParser(prog="havre_sandbox.wrappers", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the executables")
    parser.add_argument("provider", help="name of the provider")
    parser.add_argument("world", type=Path, help="folder of the sandbox")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args(words)
    try:
        settings = dict(pair.split("=", 1) for pair in given.set)
        packages = write_plugins(given.folder, given.provider, given.world, settings)
    except ValueError:
        sys.exit("error: --set: not of the form NAME=VALUE")
    except HavreError as error:
        sys.exit(f"error: {error}")
    sys.stdout.write(
        f"Sandboxes of {', '.join(packages)} are in {given.folder}. "
        f"Use them in one shell only: PATH={given.folder}:$PATH pulumi up\n"
    )


if __name__ == "__main__":
    main()
