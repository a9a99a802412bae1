"""A sandbox as a plugin of the Pulumi CLI: `python -m havre_sandbox.plugin PROVIDER PACKAGE ...`.

It prints the port on which it serves, as the CLI expects. The version that it answers is that of
no real plugin, and all that it makes says that it is of a sandbox.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent import futures
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from havre.errors import HavreError, InputError
from havre.provider import SANDBOX, find, provides
from havre.stack.program import example_settings
from havre_sandbox.servicer import SandboxServicer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WORKERS = 16
"""Calls that are answered at once."""
CHANGE_SECONDS = 0.2
"""How long what takes one change at a time is being changed: the CLI asks for several at once."""
METHODS = (
    *("Handshake", "GetPluginInfo", "CheckConfig", "DiffConfig", "Configure", "Check", "Diff"),
    *("Create", "Read", "Update", "Delete", "Cancel"),
)
"""Calls that a sandbox answers."""


class OverTheWire(provider_pb2_grpc.ResourceProviderServicer):
    """A servicer whose refusals reach the CLI as messages, without a traceback.

    Args:
        servicer: the sandbox's own.
    """

    def __init__(self, servicer: provider_pb2_grpc.ResourceProviderServicer) -> None:
        for name in METHODS:
            setattr(self, name, _answering(getattr(servicer, name)))


def _answering(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def answer(request: Any, context: Any) -> Any:
        try:
            return method(request, context)
        except HavreError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    return answer


def servicer_of(
    provider: str, package: str, folder: Path, settings: Mapping[str, Any]
) -> provider_pb2_grpc.ResourceProviderServicer:
    """What serves a package of a provider from a world.

    Args:
        provider: name of the provider.
        package: first word of its types.
        folder: the world.
        settings: of the provider, by name; what is missing is as in the examples.

    Raises:
        InputError: a setting is wrong, or the provider has no sandbox for the package.
    """
    found = find(provider)
    make = provides(found, SANDBOX).given
    served = make(folder, example_settings(found, settings)) if make else {}
    if package not in served:
        message = f"provider `{provider}` has no sandbox for the package `{package}`"
        raise InputError(message, f"It has: {', '.join(sorted(served)) or 'none'}.")
    return served[package]


def serve(servicer: provider_pb2_grpc.ResourceProviderServicer) -> None:
    """Serve on a free port of this machine, which is printed, until the process ends."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=WORKERS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(OverTheWire(servicer), server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def main(words: Sequence[str] | None = None) -> None:
    """Serve the package that the command line names; the CLI adds its own address at the end."""
    parser = argparse.ArgumentParser(prog="havre_sandbox.plugin", description=__doc__)
    parser.add_argument("provider", help="name of the provider")
    parser.add_argument("package", help="first word of the types")
    parser.add_argument("folder", type=Path, help="the sandbox's folder")
    parser.add_argument("--settings", default="{}", help="settings of the provider, as JSON")
    given, _engine = parser.parse_known_args(words)
    try:
        settings = json.loads(given.settings)
        servicer = servicer_of(given.provider, given.package, given.folder, settings)
        if isinstance(servicer, SandboxServicer):
            servicer.as_plugin, servicer.busy.seconds = True, CHANGE_SECONDS
    except (HavreError, ValueError) as error:
        sys.exit(f"sandbox: {error}")
    with suppress(KeyboardInterrupt):  # the CLI ends its plugins so
        serve(servicer)


if __name__ == "__main__":
    main()
