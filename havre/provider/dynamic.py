"""Resources that a provider makes by functions of its own: dynamic ones, so no plugin is needed.

A `Kind` is a handful of plain functions; `Managed` is the one provider class behind all of them.
It is pickled by reference to this module with the kind's own reference, so that the state holds
no code and no secret, and is the same in process and under the Pulumi CLI.
"""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

Props = Mapping[str, Any]
PROVIDER_KEY = "__provider"
"""Property in which Pulumi keeps the serialised provider of a dynamic resource."""


@dataclass(frozen=True)
class Kind:
    """How one kind of resource is made, changed, looked at and removed.

    Every function must be safe to run again after a crash at any point.

    Attributes:
        ensure: make or change the resource to match its inputs; returns the outputs.
        remove: remove it; raises GuardError while it holds data.
        look: outputs as they are now, or None where it is gone.
        drifted: whether the resource needs `ensure` although its inputs are unchanged.
        identity: names of the inputs that tell it from others of its kind; a change of one makes
            it another resource, and its id is made of them.
        within: names of the inputs that say where it is; a change makes it another resource too.
        check: why inputs cannot be met, by input.
        varying: outputs that an update may change although no input decides them.
    """

    ensure: Callable[[Props], dict[str, Any]]
    remove: Callable[[Props], None]
    look: Callable[[Props], dict[str, Any] | None]
    drifted: Callable[[Props], bool] = lambda _props: False
    identity: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    check: Callable[[Props], Mapping[str, str]] = lambda _props: {}
    varying: tuple[str, ...] = ()


def kind_at(reference: str) -> Kind:
    """The kind at `module:NAME`."""
    module, _, name = reference.partition(":")
    kind: Kind = getattr(import_module(module), name)
    return kind


class Managed(ResourceProvider):
    """Serves every kind of resource.

    Args:
        kind: reference of the kind, `module:NAME`.
    """

    serialize_as_secret_always = False

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse what cannot be done before anything is made."""
        reasons = kind_at(self.kind).check(news)
        return CheckResult(news, [CheckFailure(name, why) for name, why in reasons.items()])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare inputs with what was made; outputs that no input decides are stable."""
        kind = kind_at(self.kind)
        given = [key for key in news if key != PROVIDER_KEY and news[key] is not None]
        changed = [key for key in given if olds.get(key) != news[key]]
        stable = olds.keys() - news.keys() - set(kind.varying)
        return DiffResult(
            changes=bool(changed) or kind.drifted(olds),
            replaces=[key for key in changed if key in (*kind.identity, *kind.within)],
            stables=[key for key in olds if key in stable],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the resource; its id is its kind with what makes it another of that kind."""
        kind = kind_at(self.kind)
        names = [str(props[key]) for key in kind.identity if key not in kind.within]
        word = self.kind.rpartition(":")[2].lower().replace("_", "-")
        id_ = "/".join((word, *(names or ["warehouse"])))
        return CreateResult(id_, {**props, **kind.ensure(props)})

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change the resource in place."""
        return UpdateResult({**news, **kind_at(self.kind).ensure(news)})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The resource as it is now."""
        now = kind_at(self.kind).look(props)
        return ReadResult("", {}) if now is None else ReadResult(id_, {**props, **now})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Remove the resource."""
        kind_at(self.kind).remove(props)


def serialised(kind: str) -> str:
    """The provider of a kind as Pulumi keeps it: a reference, the same text in every process."""
    return base64.b64encode(pickle.dumps(Managed(kind), protocol=4)).decode()


class DynamicResource(pulumi.CustomResource):
    """A dynamic resource: its kind, and the outputs that making it gives.

    A class below it sets `PACKAGE` (the middle of its type token), `KIND` (reference of its kind)
    and `OUTPUTS`, and annotates what other resources read.

    It is what `pulumi.dynamic.Resource` makes, but for how the provider is serialised: the SDK's
    own way (3.272) patches `pickle` anew for every resource and never undoes it, so that a
    process fails with a RecursionError after some hundreds of them.
    """

    PACKAGE: ClassVar[str] = ""
    KIND: ClassVar[str] = ""
    OUTPUTS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, name: str, props: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            f"pulumi-python:dynamic/{self.PACKAGE}:{type(self).__name__}",
            name,
            {**props, **dict.fromkeys(self.OUTPUTS), PROVIDER_KEY: serialised(self.KIND)},
            opts,
        )
