"""Settings that a provider accepts only after a first deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel


@dataclass(frozen=True)
class AfterFirstDeployment:
    """Marks such a setting: `Annotated[bool, AfterFirstDeployment("The API refuses it.")]`.

    Attributes:
        reason: a sentence that says what the provider refuses before.
    """

    reason: str


def early_settings(settings: type[BaseModel], given: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each such setting that is given, for plans that know of no deployment.

    Args:
        settings: those of a provider.
        given: values of a stack by name; one that is not there has its default.
    """
    return tuple(
        f"Is this the first deployment? Then deploy without `{name}` first. {mark.reason} Set "
        f"`{name}` directly after that, and deploy again."
        for name, field in settings.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, AfterFirstDeployment)
        and given.get(name, field.default) != field.default
    )
