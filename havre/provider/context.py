"""What a builder is given: the context of the whole warehouse, and the part that it makes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import pulumi

from havre.plan.parts import PartName, component_type
from havre.provider.conventions.labels import tags_of
from havre.provider.discovery import resolve_site
from havre.spec.endings import authorised, today

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

    from havre.provider.contract import Provider
    from havre.provider.sites import Site
    from havre.spec import Warehouse
    from havre.spec.model import Project

SettingsT = TypeVar("SettingsT", bound="BaseModel")


def short(name: str, limit: int) -> str:
    """`name`, or its beginning and eight digits of its SHA-256 where it exceeds `limit`."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: limit - 9].rstrip('-')}-{digest}"


def tags(spec: Warehouse) -> dict[str, str]:
    """Labels of every resource, in the characters that every provider accepts."""
    return {
        "warehouse": spec.name,
        "environment": spec.environment.value,
        "classification": spec.classification.value,
        "owner": spec.organisation.contact,
        "managed-by": "havre",
    }


@dataclass(frozen=True)
class Context(Generic[SettingsT]):
    """A warehouse on a provider, before any resource is made.

    Attributes:
        provider: name of the provider.
        spec: what is asked.
        settings: what the stack says beyond it.
        primary: site of the warehouse.
        recovery: site of copies and backups; None where none is asked for.
        tags: labels for every resource that can carry them.
        as_of: the day on which dates are evaluated (UTC).
    """

    provider: str
    spec: Warehouse
    settings: SettingsT
    primary: Site
    recovery: Site | None
    tags: Mapping[str, str]
    as_of: dt.date = field(default_factory=today)

    @property
    def own_keys(self) -> bool:
        """Whether the warehouse has keys of its own."""
        return self.spec.encryption.own_keys

    def named(self, *words: str, limit: int = 63) -> str:
        """`warehouse-environment-words`, shortened by a digest to at most `limit` characters."""
        return short("-".join((self.spec.name, self.spec.environment.value, *words)), limit)


@dataclass(frozen=True)
class Part(Generic[SettingsT]):
    """A part that is being built: the context, and the component that its resources belong to.

    Attributes:
        context: the warehouse.
        name: logical name of the part, with which those of its resources begin.
        component: the component.
    """

    context: Context[SettingsT]
    name: str
    component: pulumi.ComponentResource

    @property
    def spec(self) -> Warehouse:
        """What is asked."""
        return self.context.spec

    @property
    def settings(self) -> SettingsT:
        """What the stack says beyond the spec."""
        return self.context.settings

    @property
    def projects(self) -> Mapping[str, Project]:
        """The projects that are given access: those whose last day has not passed."""
        return authorised(self.spec, self.context.as_of)

    @property
    def primary(self) -> Site:
        """Site of the warehouse."""
        return self.context.primary

    @property
    def recovery(self) -> Site | None:
        """Site of copies and backups; None where none is asked for."""
        return self.context.recovery

    @property
    def tags(self) -> dict[str, str]:
        """Labels for every resource that can carry them."""
        return dict(self.context.tags)

    @property
    def own_keys(self) -> bool:
        """Whether the warehouse has keys of its own."""
        return self.context.own_keys

    def named(self, *words: str, limit: int = 63) -> str:
        """A name at the provider: see `Context.named`."""
        return self.context.named(*words, limit=limit)

    def child(self, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a resource of the part, made after those that it needs."""
        return pulumi.ResourceOptions(parent=self.component, depends_on=list(needs))

    def guarded(
        self, *needs: pulumi.Resource, retain: bool = False, fixed: Sequence[str] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a resource that bears data: protected if the spec asks for it.

        Args:
            needs: what must be there before it.
            retain: whether Pulumi also leaves it where it is once the program no longer has it.
            fixed: inputs that count when it is made only; another value later changes nothing.
        """
        guard = self.spec.protection.deletion
        return pulumi.ResourceOptions(
            parent=self.component,
            depends_on=list(needs),
            protect=guard,
            retain_on_delete=guard if retain else None,
            ignore_changes=list(fixed) or None,
        )


def begin(
    context: Context[SettingsT], part: PartName, name: str, parent: pulumi.Resource
) -> Part[SettingsT]:
    """A part with its component, below the warehouse.

    Args:
        context: the warehouse.
        part: which part.
        name: logical name of the part.
        parent: the warehouse's component.
    """
    kind = component_type(context.provider, part)
    opts = pulumi.ResourceOptions(parent=parent)
    return Part(context, name, pulumi.ComponentResource(kind, name, None, opts))


def context(
    provider: Provider, spec: Warehouse, settings: SettingsT, as_of: dt.date | None = None
) -> Context[SettingsT]:
    """The context of a warehouse on a provider, on a day (None: today).

    Raises:
        InputError: the provider lacks a site of the spec.
    """
    recovery = spec.sites.recovery
    return Context(
        provider=provider.name,
        spec=spec,
        settings=settings,
        primary=resolve_site(provider, spec.sites.primary),
        recovery=resolve_site(provider, recovery) if recovery else None,
        tags={**tags_of(settings), **tags(spec)},
        as_of=as_of or today(),
    )
