"""The way to a deployed warehouse, wherever it is deployed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.cli import context as ctx
from havre.errors import InputError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from havre.database.profile import DatabaseProfile
    from havre.database.wanted import WantedDatabase
    from havre.live.warehouse import Live
    from havre.provider.outputs import Outputs
    from havre.spec import Warehouse
    from havre.stack.standing import Standing

UNPROVED_AUDIT = "Not evaluated in a sandbox: {names}. Its PostgreSQL does not have them."


def reached(at: Standing, command: str) -> tuple[Outputs, Live]:
    """The way to a deployed warehouse.

    Args:
        at: the warehouse.
        command: that needs it.

    Raises:
        InputError: its provider gives none, or no service runs.
        ProviderError: a service is stopped.
    """
    from havre.engine.sandbox import reached_here
    from havre.provider import LIVE, find, provides
    from havre.provider.machine import folder_setting
    from havre.stack.program import offline_settings

    outputs = at.outputs()
    if at.of_sandbox():
        return reached_here(at, outputs)
    provider = find(outputs.provider)
    offer = provides(provider, LIVE)
    if offer.given is None:
        message = (
            f"provider `{provider.name}` does not reach a deployed warehouse: {offer.answer.reason}"
        )
        raise InputError(message, "Use the provider's own tools.")
    settings: dict[str, Any] = {}
    if at.data_dir is not None:
        ctx.refuse_stopped(ctx.operated(at, command))
        settings = dict(at.record().get("settings", {}))
        settings[folder_setting(provider.settings)] = str(at.data_dir)
    return outputs, offer.given(offline_settings(provider, settings)[0], outputs)


def _profile(at: Standing, outputs: Outputs) -> tuple[DatabaseProfile, tuple[str, ...]]:
    """How its PostgreSQL is administered, and what of that a sandbox does not have."""
    from havre.database.profile import DatabaseProfile
    from havre.provider import DATABASE, find, provides

    profile = provides(find(outputs.provider), DATABASE).or_else(DatabaseProfile())
    sign_in = (profile.sign_in,) if profile.sign_in else ()
    if not at.of_sandbox() or not profile.audited:
        return profile, sign_in
    names = ", ".join(dict.fromkeys(profile.audited))
    told = UNPROVED_AUDIT.format(names=names)
    return replace(profile, libraries=(), extensions=(), settings={}), (told, *sign_in)


def wanted_of(
    spec: Warehouse,
    at: Standing,
    way: tuple[Outputs, Live],
    day: dt.date,
    keep: Sequence[str] = (),
) -> tuple[WantedDatabase, tuple[str, ...]]:
    """What a warehouse file asks for in a deployed database, and what must be told with it.

    Args:
        spec: the warehouse file.
        at: the warehouse.
        way: to it, as `reached` gives it.
        day: on which projects count.
        keep: roles to leave alone.
    """
    from havre.capabilities import Supported
    from havre.database.wanted import wanted

    outputs, live = way
    profile, notes = _profile(at, outputs)
    reader = live.database_reader()
    readers = () if isinstance(reader, Supported) else (reader.role,)
    return wanted(spec, day, profile, kept=keep, readers=readers), notes
