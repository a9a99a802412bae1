"""The provider of one package in a sandbox: what its plugin would answer, on this machine.

Calls and fields are those of Pulumi's `provider.proto`, as `havre.engine.servicer` makes them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from havre.errors import MissingDependencyError, ProviderError
from havre.plan import urns
from havre.plan.values import UNKNOWN, from_struct, to_struct
from havre_sandbox.difference import differing, named, top
from havre_sandbox.failing import Busy, PlantedAnswer, taken, told_as_before
from havre_sandbox.refusals import Act, Proposed, Refusal, refusals
from havre_sandbox.sealing import opened, sealed, secrets
from havre_sandbox.templates import MISSING, Scope, filled
from havre_sandbox.world import MARK, Existing, Status, World, WorldFolder, deleted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from havre_sandbox.kinds import ResourceKind
    from havre_sandbox.service import Service

VERSION = "0.0.0-sandbox"
"""Version that a sandbox tells of itself: that of no real plugin."""
REMEDY = "The sandbox refuses what the service is known to refuse. Fix the file or the settings."
BY_HAND = (
    "The sandbox refuses what the service is known to refuse. What an administrator would change "
    "or remove at the provider first is a file in {folder}: change or remove it, then run again."
)
NO_WORLD = World()
ORPHAN = "orphan"
"""Word of a resource's memory: the plugin's state does not know of it."""
CHANGES = provider_pb2.DiffResponse.DIFF_SOME
NO_CHANGES = provider_pb2.DiffResponse.DIFF_NONE


class SandboxServicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves the types of one package from a world.

    Args:
        service: what the provider says of the package.
        folder: the world; several servicers may share it.

    Attributes:
        as_plugin: whether it serves the Pulumi CLI, in place of the package's plugin.
    """

    as_plugin = False

    def __init__(self, service: Service, folder: WorldFolder) -> None:
        self.service = service
        self.folder = folder
        self.busy = Busy()

    def refuse_unserved(self, kind: str, resource: str) -> None:
        """Refuse a type that the sandbox does not know.

        Raises:
            MissingDependencyError: naming the resource and its type.
        """
        self._kind(kind, resource)

    def _kind(self, token: str, name: str) -> ResourceKind:
        known = self.service.kind(token)
        if known is None:
            message = f"{name}: the sandbox does not know the type {token}"
            raise MissingDependencyError(message, "Remove it, or deploy without --sandbox.")
        return known

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        """What is understood."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """A version that no real plugin has."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """The provider's own inputs, marked as a sandbox's."""
        marked = {**from_struct(request.news), MARK: "true"}
        return provider_pb2.CheckResponse(inputs=to_struct(marked))

    def DiffConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """A provider's inputs replace nothing."""
        return provider_pb2.DiffResponse(changes=NO_CHANGES)

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Nothing is configured but what the service says."""
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False
        )

    def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Refuse what can be refused without knowing what exists."""
        news = from_struct(request.news)
        proposed = self._proposed(request, news, old=from_struct(request.olds) or None)
        found = [
            *self.service.faults(proposed.token, news),
            *refusals(self.service.rules, proposed, NO_WORLD, beforehand=True),
        ]
        failures = [
            provider_pb2.CheckFailure(
                property=each.property or "inputs", reason=f"{each.message} ({each.code})"
            )
            for each in found
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """What differs between the inputs, and what of it makes another resource."""
        token = _token(request.urn)
        kind = self._kind(token, urns.name(request.urn))
        ignored = set(request.ignoreChanges)
        olds, news = (
            {name: value for name, value in from_struct(each).items() if name not in ignored}
            for each in (request.old_inputs, request.news)
        )
        changed = differing(olds, news, kind.unordered)
        table = self.service.replacing.types.get(token)
        replaces = top(named(changed, table.replaced)) if table else []
        return provider_pb2.DiffResponse(
            changes=CHANGES if changed else NO_CHANGES,
            diffs=top(changed),
            replaces=replaces,
            stables=sorted(kind.outputs),
            deleteBeforeReplace=bool(replaces),
        )

    def Create(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Make a resource, unless a rule refuses it."""
        properties = from_struct(request.properties)
        proposed = self._proposed(request, properties)
        kind = self._kind(proposed.token, proposed.name)
        if request.preview:
            foreseen = {**dict.fromkeys(kind.outputs, UNKNOWN), **properties}
            return provider_pb2.CreateResponse(properties=self._foreseen(proposed, foreseen))
        scope = self._scope(proposed, request.urn, self.folder.secret_key())
        foreseen_id = str(filled(kind.id, scope))
        with self._changing(replace(proposed, id=foreseen_id)) as (world, planted):
            made = self._created(kind, proposed, request.urn, world)
            if planted is PlantedAnswer.LOST and not kind.kept_early:
                self._orphan(made[0])
        _answer(proposed, planted)
        return provider_pb2.CreateResponse(id=made[0], properties=to_struct(made[1]))

    def _foreseen(self, proposed: Proposed, outputs: Mapping[str, Any]) -> Any:
        """Outputs of a preview, in the form in which the service answers."""
        return to_struct({**self.service.completed(proposed, outputs), MARK: True})

    def _created(
        self, kind: ResourceKind, proposed: Proposed, urn: str, world: World
    ) -> tuple[str, Mapping[str, Any]]:
        """Identifier and outputs of a resource that is made now."""
        key = self.folder.secret_key()
        unfinished = _same_again(world, proposed, urn, key)
        generation = unfinished.memory["generation"] if unfinished else _generation(world, urn)
        scope = self._scope(proposed, f"{urn}|{generation}", key)
        proposed = replace(proposed, id=str(filled(kind.id, scope)))
        if not unfinished:
            self._refuse(proposed, [*self._taken(proposed, world), *self._judged(proposed, world)])
        memory = {"urn": urn, "generation": generation, "made": world.today.isoformat()}
        return proposed.id, self._recorded(kind, proposed, memory, world.find(proposed.id))

    def _recorded(
        self,
        kind: ResourceKind,
        proposed: Proposed,
        memory: Mapping[str, Any],
        before: Existing | None,
    ) -> Mapping[str, Any]:
        """Write a resource as proposed, in place of what is there; its outputs."""
        key = self.folder.secret_key()
        scope = self._scope(proposed, f"{memory['urn']}|{memory['generation']}", key)
        answer = {**filled(kind.defaults, scope), **proposed.properties}
        answer |= filled(kind.outputs, scope)
        existing = Existing(
            id=proposed.id,
            token=proposed.token,
            name=proposed.name,
            properties=sealed(proposed.properties, key),
            parent=_text(filled(kind.parent, scope)),
            memory=memory,
        )
        standin, hidden = self.service.standin(proposed.token), dict(secrets(proposed.properties))
        told = (
            standin.changed(before, existing, hidden) if before else standin.made(existing, hidden)
        )
        outputs = {**self.service.completed(proposed, answer), **told, MARK: True}
        computed = {
            name: value
            for name, value in outputs.items()
            if name not in proposed.properties or value != proposed.properties[name]
        }
        self.folder.put(replace(existing, computed=sealed(computed, key)))
        return outputs

    def _scope(self, proposed: Proposed, seed: str, key: bytes) -> Scope:
        variables = {**self.service.variables, "id": proposed.id}
        return Scope(proposed.properties, variables, seed, key)

    def _proposed(
        self,
        request: Any,
        properties: Mapping[str, Any],
        act: Act = Act.CREATE,
        *,
        old: Mapping[str, Any] | None = None,
    ) -> Proposed:
        return Proposed(
            token=_token(request.urn),
            name=urns.name(request.urn),
            properties=properties,
            act=Act.UPDATE if old is not None and act is Act.CREATE else act,
            id=getattr(request, "id", ""),
            old=old,
            variables=self.service.variables,
        )

    def _taken(self, proposed: Proposed, world: World) -> Sequence[Refusal]:
        """The refusal of an identifier that exists, or is taken by what was deleted."""
        if world.find(proposed.id):
            return [Refusal(self.service.conflict, f"{proposed.id} already exists.")]
        gone = world.deleted(proposed.id)
        if gone:
            message = f"{proposed.id} was deleted, and its name is taken until {gone.until}."
            return [Refusal(self.service.conflict, message)]
        return []

    def _judged(self, proposed: Proposed, world: World) -> Sequence[Refusal]:
        return refusals(self.service.rules, proposed, world, beforehand=False)

    def _refuse(self, proposed: Proposed, found: Sequence[Refusal]) -> None:
        """Stop where there is a refusal.

        Raises:
            ProviderError: there is; each is named with its code.
        """
        if found:
            texts = "; ".join(each.text() for each in found)
            message = f"{proposed.name}: the sandbox refuses the {proposed.act.value}: {texts}"
            deleting = proposed.act is Act.DELETE
            by_hand = BY_HAND.format(folder=self.folder.path)
            raise ProviderError(message, by_hand if deleting else REMEDY)

    def Read(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """The resource as it is now; an empty identifier where it is gone."""
        found = self.folder.world().find(request.id)
        seen = self.service.standin(found.token).read(found) if found else None
        if found is None or seen is None:
            self._refuse_gone(request, "read")
            return provider_pb2.ReadResponse()
        key, kind = self.folder.secret_key(), self._kind(found.token, found.name)
        state_inputs, state = from_struct(request.inputs), from_struct(request.properties)
        inputs = opened({**found.properties, **seen}, state_inputs, key)
        outputs = opened({**found.properties, **found.computed, **seen}, state, key)
        if state_inputs:
            overlooked = (kind.unread, kind.unread_where_fewer)
            inputs = told_as_before(inputs, state_inputs, *overlooked)
            outputs = told_as_before(outputs, state, *overlooked)
        return provider_pb2.ReadResponse(
            id=found.id, properties=to_struct({**outputs, MARK: True}), inputs=to_struct(inputs)
        )

    def Update(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Change a resource in place, unless its service refuses it."""
        news, olds = from_struct(request.news), from_struct(request.old_inputs)
        proposed = self._proposed(request, news, Act.UPDATE, old=olds)
        kind = self._kind(proposed.token, proposed.name)
        if request.preview:
            told = from_struct(request.olds)
            stable = {name: told[name] for name in kind.outputs if name in told}
            return provider_pb2.UpdateResponse(
                properties=self._foreseen(proposed, {**news, **stable})
            )
        with self._changing(proposed) as (world, planted):
            existing = world.find(request.id)
            if existing is None:
                self._refuse(proposed, [_gone(request.id)])
            else:
                outputs = self._updated(kind, proposed, existing, world)
        _answer(proposed, planted)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def _updated(
        self, kind: ResourceKind, proposed: Proposed, existing: Existing, world: World
    ) -> Mapping[str, Any]:
        """Outputs of a resource that is changed now."""
        self._refuse(proposed, [*self._unchangeable(proposed), *self._judged(proposed, world)])
        kept = self._sent(proposed)
        memory = {"urn": existing.id, "generation": 1, **existing.memory}
        return self._recorded(kind, replace(proposed, properties=kept), memory, existing)

    def _unchangeable(self, proposed: Proposed) -> Sequence[Refusal]:
        """Refusals of what is planned in place and refused by the provider's API."""
        table = self.service.replacing.types.get(proposed.token)
        if table is None:
            return []
        changed = differing(proposed.old, proposed.properties)
        found = [
            Refusal(self.service.refused, "this input cannot be changed in place.", path)
            for path in sorted(named(changed, table.rejected))
        ]
        return [*found, *self._shrunk(proposed, table.grows)]

    def _shrunk(self, proposed: Proposed, grows: Sequence[str]) -> Sequence[Refusal]:
        old = Scope(proposed.old or {}, {}, "")
        new = Scope(proposed.properties, {}, "")
        pairs = ((path, old.value(path), new.value(path)) for path in grows)
        return [
            Refusal(self.service.refused, f"it cannot shrink from {was} to {now}.", path)
            for path, was, now in pairs
            if isinstance(was, (int, float)) and isinstance(now, (int, float)) and now < was
        ]

    def _sent(self, proposed: Proposed) -> Mapping[str, Any]:
        """The inputs as they reach the service: what its plugin never sends stays as it was."""
        table = self.service.replacing.types.get(proposed.token)
        old, kept = proposed.old or {}, dict(proposed.properties)
        for path in table.unsent if table else ():
            if path in old:
                kept[path] = old[path]
        return kept

    def Delete(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Remove a resource, unless its service refuses it; one that is gone is fine."""
        asked = self._proposed(request, {}, Act.DELETE)
        with self._changing(asked) as (world, planted):
            existing = world.find(request.id)
            if existing is None:
                self._refuse_gone(request, "delete")
            else:
                proposed = replace(asked, properties=existing.properties)
                self._removed(proposed, existing, world)
        _answer(asked, planted)
        return empty_pb2.Empty()

    def _refuse_gone(self, request: Any, act: str) -> None:
        """Fail over a resource that is gone, where the package's plugin does.

        Raises:
            ProviderError: it does.
        """
        kind = self.service.kind(_token(request.urn))
        if self.as_plugin and kind is not None and act in kind.gone_fails:
            message = f"{urns.name(request.urn)}: the {act} was answered with 404: it is gone"
            raise ProviderError(message, f"Run `pulumi state delete '{request.urn}'`.")

    @contextmanager
    def _changing(self, proposed: Proposed) -> Iterator[tuple[World, PlantedAnswer | None]]:
        """The world and the fault that is planted for a change, while nobody else changes it.

        Raises:
            ProviderError: what the change is within is being changed, or a fault refuses it.
        """
        with self.busy.changing(self.service.one_at_a_time(proposed)) as met:
            self._refuse(proposed, [self.service.busy(proposed, each) for each in sorted(met)])
            with self.folder.changing() as world:
                planted = taken(self.folder, proposed.name)
                if planted is PlantedAnswer.ERROR:
                    _answer(proposed, planted)
                yield world, planted

    def _orphan(self, identity: str) -> None:
        """Note that the plugin's state never knows of a resource."""
        made = self.folder.world().find(identity)
        if made is not None:
            self.folder.put(replace(made, memory={**made.memory, ORPHAN: True}))

    def _removed(self, proposed: Proposed, existing: Existing, world: World) -> None:
        self._refuse(proposed, self._judged(proposed, world))
        self.service.standin(existing.token).removed(existing)
        until = self.service.taken_until(existing, world.today)
        self.folder.put(_left(existing, until))

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Nothing takes so long that it would have to be broken off."""
        return empty_pb2.Empty()


def _token(urn: str) -> str:
    return urns.types(urn)[-1]


def _answer(proposed: Proposed, planted: PlantedAnswer | None) -> None:
    """Answer with an error where one is planted.

    Raises:
        ProviderError: one is.
    """
    if planted is PlantedAnswer.ERROR:
        message = f"{proposed.name}: the {proposed.act.value} was answered with an error (HTTP 500)"
        raise ProviderError(message, "Nothing was changed. The fault was planted: run again.")
    if planted is PlantedAnswer.LOST:
        message = f"{proposed.name}: the answer to the {proposed.act.value} was lost (HTTP 500)"
        remedy = "The service did it. The fault was planted: look for what is not in the state."
        raise ProviderError(message, remedy)


def _text(value: Any) -> str:
    return "" if value is MISSING else str(value)


def _left(existing: Existing, until: dt.date | None) -> Existing:
    """What is left of a resource: of one whose name is free, the count of those of its name."""
    if until:
        return deleted(existing, until)
    return replace(existing, status=Status.DELETED, properties={}, computed={})


def _gone(identity: str) -> Refusal:
    return Refusal("404", f"{identity} does not exist. Run `pulumi refresh`.")


def _generation(world: World, urn: str) -> int:
    """How many resources a program has made under a URN, this one included."""
    made = [each.memory for each in world.resources if each.memory.get("urn") == urn]
    return 1 + max((memory.get("generation", 1) for memory in made), default=0)


def _same_again(world: World, proposed: Proposed, urn: str, key: bytes) -> Existing | None:
    """What a run that was interrupted has made and not recorded: it is as proposed."""
    own = (each for each in world.existing if each.memory.get("urn") == urn)
    made = [each for each in own if not each.memory.get(ORPHAN)]
    asked = sealed(proposed.properties, key)
    return next((each for each in made if not differing(each.properties, asked)), None)
