"""The program of a warehouse's stack: the same under `pulumi up`, offline and embedded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from havre.errors import InputError
from havre.provider.machine import folder_setting
from havre.stack.component import ResearchWarehouse

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from havre.provider import Provider
    from havre.spec import Warehouse

PROJECT = "warehouse"
"""Name of the Pulumi project of `stacks/warehouse`."""


def read_settings(provider: Provider, given: Mapping[str, Any]) -> BaseModel:
    """The provider's settings, validated.

    Raises:
        InputError: a setting is missing, unknown or wrong; every one is named.
    """
    from pydantic import ValidationError

    from havre.documents.validation import listed

    try:
        return provider.settings.model_validate(dict(given))
    except ValidationError as error:
        wrong = listed(error, provider.settings.model_fields)
        message = f"Settings for {provider.name}: {wrong}"
        known = ", ".join(f"`{name}`" for name in provider.settings.model_fields)
        raise InputError(message, f"Known settings: {known}.") from None


def example_settings(provider: Provider, given: Mapping[str, Any]) -> BaseModel:
    """The provider's settings for a sandbox: what is missing is as in the examples.

    Raises:
        InputError: a setting that is given is wrong, or one that is missing has no example.
    """
    return read_settings(provider, {**given, **_missing(provider, given)})


def _missing(provider: Provider, given: Mapping[str, Any]) -> dict[str, Any]:
    """Examples of the settings that are not given, and have no other value than none."""
    return {
        name: field.examples[0]
        for name, field in provider.settings.model_fields.items()
        if field.examples and name not in given and (field.is_required() or field.default is None)
    }


def offline_settings(
    provider: Provider, given: Mapping[str, Any]
) -> tuple[BaseModel, tuple[str, ...]]:
    """The provider's settings for a plan: what is still missing is a placeholder, `<name>`.

    Returns:
        The settings, and the names of those that are placeholders.

    Raises:
        InputError: a setting that is given is wrong, or one that is missing has no example.
    """
    examples = _missing(provider, given)
    whole = read_settings(provider, {**given, **examples})
    texts = {name: f"<{name}>" for name, value in examples.items() if isinstance(value, str)}
    return whole.model_copy(update=texts), tuple(examples)


def record(spec: Warehouse, provider: str, settings: BaseModel, stack: str) -> dict[str, Any]:
    """What the commands that come after must know of a warehouse (see `havre.stack.standing`)."""
    kept = settings.model_dump(
        mode="json", exclude={folder_setting(type(settings))}, exclude_none=True
    )
    return {
        "provider": provider,
        "settings": kept,
        "warehouse": spec.name,
        "environment": spec.environment.value,
        "stack": stack,
    }


def deploy(
    spec: Warehouse, provider: Provider, settings: BaseModel, as_of: dt.date | None = None
) -> ResearchWarehouse:
    """Declare the warehouse and export its outputs; call it inside a Pulumi program.

    Projects that have ended on `as_of` (None: today) are given nothing.
    """
    warehouse = ResearchWarehouse(spec.name, spec, provider, settings, as_of=as_of)
    for name, value in warehouse.outputs().items():
        pulumi.export(name, value)
    return warehouse


def program(
    spec: Warehouse, provider: Provider, settings: BaseModel, as_of: dt.date | None = None
) -> Callable[[], None]:
    """The stack's program, to be run by an evaluation or an engine: see `deploy`."""

    def run() -> None:
        deploy(spec, provider, settings, as_of)

    return run
