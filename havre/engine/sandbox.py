"""A sandbox: a provider's resources served from a folder of this machine, in place of the provider.

It has the record of a warehouse on this machine (`havre.stack.standing`), which says that it is a
sandbox, and its world next to its state.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from havre.engine.secrets import FILE_VARIABLE, VARIABLE
from havre.errors import GuardError, InputError, MissingDependencyError
from havre.files.custody import Custody
from havre.plan.model import SANDBOX_MARK
from havre.provider import SANDBOX, STAND_INS, find, provides
from havre.provider.machine import folder_setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
    from pydantic import BaseModel

    from havre.live.warehouse import Live
    from havre.provider import Provider, StandIns
    from havre.provider.outputs import Outputs
    from havre.stack.standing import Standing

FOLDER = "sandbox"
"""Name of the folder in a warehouse's data folder in which a sandbox keeps what exists."""
PASSPHRASE_BYTES = 16


def world(data_dir: Path) -> Path:
    """The folder in which the sandbox of a data folder keeps what exists."""
    return data_dir / FOLDER


def is_sandbox(record: Mapping[str, object]) -> bool:
    """Whether the record of a warehouse is that of a sandbox."""
    return record.get(SANDBOX_MARK) is True


def refuse_other(record: Mapping[str, object], data_dir: Path, *, sandbox: bool) -> None:
    """Refuse a sandbox where another kind of warehouse is, and the other way round.

    Raises:
        GuardError: it is.
    """
    if sandbox and not is_sandbox(record):
        message = f"{data_dir} contains a warehouse that is not a sandbox"
        raise GuardError(message, "Nothing was changed. Choose another folder with --data-dir.")
    if not sandbox and is_sandbox(record):
        message = f"{data_dir} contains a sandbox"
        raise GuardError(message, "Nothing was changed. Add --sandbox, or choose another folder.")


def servicers_in(
    provider: Provider, data_dir: Path, settings: BaseModel
) -> Mapping[str, ResourceProviderServicer]:
    """What serves a provider's resources in the sandbox of a data folder, by package.

    Raises:
        InputError: the provider has no sandbox, or runs on this machine anyway.
        MissingDependencyError: a package that its sandbox needs is not installed.
    """
    refuse_without(provider)
    serve = provides(provider, SANDBOX).given
    with _installed():
        return serve(world(data_dir), settings) if serve else {}


@contextmanager
def _installed() -> Iterator[None]:
    """Say what to install where a package of the sandbox is missing.

    Raises:
        MissingDependencyError: one is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "of the sandbox").partition(".")[0]
        message = f"the sandbox needs the Python package {package}, which is not installed"
        remedy = "Install what `docs/platform/install.md` names for a sandbox."
        raise MissingDependencyError(message, remedy) from error


def stand_ins(
    provider: Provider, data_dir: Path, settings: BaseModel, warehouse: str
) -> StandIns | None:
    """The services behind a sandbox, begun or not; None: its provider has none.

    Args:
        provider: whose resources are served.
        data_dir: folder of the sandbox.
        settings: of the provider.
        warehouse: name of the warehouse.

    Raises:
        MissingDependencyError: a package that the sandbox needs is not installed.
    """
    make = provides(provider, STAND_INS).given
    with _installed():
        return make(world(data_dir), settings, warehouse) if make else None


def recorded_stand_ins(standing: Standing) -> StandIns | None:
    """The services behind a sandbox that is deployed; None: all of it is recorded only.

    Raises:
        InputError: nothing is deployed there.
        MissingDependencyError: a package that the sandbox needs is not installed.
    """
    from havre.stack.program import read_settings

    if standing.data_dir is None:
        return None
    record = standing.record()
    provider = find(str(record["provider"]))
    settings = read_settings(provider, record.get("settings", {}))
    found = stand_ins(provider, standing.data_dir, settings, str(record.get("warehouse")))
    return found if found and found.begun else None


def reached_here(standing: Standing, outputs: Outputs) -> tuple[Outputs, Live]:
    """The way to the data of a sandbox, and its outputs with addresses on this machine.

    Raises:
        InputError: it is not in a folder of this machine, or all of it is recorded only.
    """
    services = recorded_stand_ins(standing)
    if services is None:
        where = standing.data_dir or standing.state_file
        message = f"{where} is a sandbox of {outputs.provider} in which no service runs"
        remedy = "Name the data folder of a sandbox that `havre up --sandbox` deployed."
        raise InputError(message, remedy)
    here = services.here(outputs)
    return here, services.live(here)


def refuse_without(provider: Provider) -> None:
    """Refuse a provider that has no sandbox, or needs none.

    Raises:
        InputError: it is one.
    """
    if folder_setting(provider.settings):
        message = f"--sandbox: {provider.name} already runs on this machine"
        raise InputError(message, "Leave --sandbox out.")
    offer = provides(provider, SANDBOX)
    if offer.given is None:
        message = f"--sandbox: {provider.name} has no sandbox: {offer.answer.reason}"
        raise InputError(message, "Choose another provider, or deploy with the Pulumi CLI.")


@contextmanager
def own_passphrase(data_dir: Path) -> Iterator[None]:
    """Have the state's secrets encrypted with the sandbox's own passphrase where none is given.

    Its secrets are made up, and open nothing.

    Raises:
        GuardError: others can write to the folder.
    """
    if VARIABLE in os.environ or os.environ.get(FILE_VARIABLE):
        yield
        return
    path = data_dir.absolute() / "state" / "passphrase"
    Custody(data_dir.absolute()).create(path, secrets.token_hex(PASSPHRASE_BYTES).encode())
    os.environ[FILE_VARIABLE] = str(path)
    try:
        yield
    finally:
        del os.environ[FILE_VARIABLE]
