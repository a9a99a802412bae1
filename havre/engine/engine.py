"""Preview, apply and destroy: one step at a time, each recorded before the next begins."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from havre.engine.session import Session
from havre.engine.state import ResourceState, State
from havre.engine.steps import (
    Change,
    Decision,
    Guard,
    Operation,
    decide,
    guard,
    refuse_options,
)
from havre.errors import GuardError
from havre.evaluate.monitor import Monitor, Registered, Registrar, run
from havre.plan import urns
from havre.plan.values import Secret, holds_secret
from havre.provider.dynamic import PROVIDER_KEY
from havre.text import counted

if TYPE_CHECKING:
    from pulumi.runtime.proto import provider_pb2_grpc

    from havre.engine.servicer import Client
    from havre.engine.state import StateStore
    from havre.plan import PlannedResource

BEGUN = "a run that was interrupted had begun to make it, which is finished first"

ADOPT = "If it was copied or moved: havre adopt --data-dir {}"

Progress = Callable[[Change, bool], None]
"""Told of each change as it begins (False) and when it is done (True)."""


def _silent(_change: Change, _done: bool) -> None:
    """Report nothing."""


def _visible(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in outputs.items() if key != PROVIDER_KEY}


def _unasked(decision: Decision) -> bool:
    """Whether an update is of what is, and not of what the program gives."""
    return decision.operation is Operation.UPDATE and not decision.properties


def _deletion(old: ResourceState) -> Change:
    return Change(Operation.DELETE, old.urn, old.type)


def _found(session: Session, old: ResourceState) -> ResourceState | None:
    """A resource of a state as its provider finds it now; None where it is gone."""
    if not old.bears or old.delete:
        return old
    now = session.client(old.package).find(old)
    return None if now is None else replace(old, inputs=now[0], outputs=now[1])


def _marked_secret(outputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Outputs with those secret that the program names so."""
    return {
        key: Secret(value) if key in names and not isinstance(value, Secret) else value
        for key, value in outputs.items()
    }


def _served_by(target: ResourceState, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Recorded outputs whose serialised provider is the program's, whatever the state had."""
    if PROVIDER_KEY not in target.inputs:
        return outputs
    return {**outputs, PROVIDER_KEY: target.inputs[PROVIDER_KEY]}


@dataclass
class Engine:
    """Applies programs whose providers run in this process.

    Args:
        store: where the state is.
        project: name of the Pulumi project.
        stack: name of the stack.
        servicers: provider servicers by package, as `havre.provider.servicers` gives them.
        progress: told of every change as it begins and ends.
        place: inputs that say where resources are, and what they must be: a state of another
            place is refused.
        aliases: whether a program that has former names of resources is refused; else it is run
            without them, as where every state is of this version.
        refreshes: whether a program is compared with what its providers find now, and not with what
            is recorded: for those whose `Diff` looks at nothing but what it is given.
    """

    store: StateStore
    project: str
    stack: str
    servicers: Mapping[str, provider_pb2_grpc.ResourceProviderServicer] = field(
        default_factory=dict
    )
    progress: Progress = _silent
    place: Mapping[str, str] = field(default_factory=dict)
    aliases: bool = True
    refreshes: bool = False

    def load(self) -> State:
        """The state, whose resources all lie in this engine's place.

        Raises:
            GuardError: one lies elsewhere: what is done here would be done there.
            StateError: it is damaged.
        """
        state = self.store.load()
        for resource in (*state.resources, *state.pending):
            for name, here in self.place.items():
                known = {str(v[name]) for v in (resource.inputs, resource.outputs) if name in v}
                if any(os.path.realpath(path) != os.path.realpath(here) for path in known):
                    message = f"{resource.name} is stored in {min(known)}, not in {here}"
                    raise GuardError(message, f"Nothing was changed. {ADOPT.format(here)}")
        return state

    def _standing(self) -> State:
        """The state; where this engine refreshes, with each resource as it is found now.

        What is gone is in it no more, so that it is created again.

        Raises:
            HavreError: the state is damaged, or a provider cannot look.
        """
        state = self.load()
        if self.refreshes:
            session = self.session(state, dry=True)
            state.resources = [now for old in state.resources if (now := _found(session, old))]
        return state

    def _monitor(self, walk: Registrar) -> Monitor:
        return Monitor(self.project, self.stack, walk, aliases=self.aliases)

    def session(self, state: State, *, dry: bool = False) -> Session:
        """What a run speaks to.

        Raises:
            MissingDependencyError: a resource of the state is of a type that none serves.
        """
        made = Session(self.servicers, self.project, self.stack, state, dry)
        made.refuse_unserved()
        return made

    def refuse_state(self) -> None:
        """Refuse a state that a run could not go on with, before anything is done.

        Raises:
            HavreError: it is damaged, its secrets do not open, or a type in it is not served.
        """
        self.session(self.load())

    def refuse_protected(self, command: str = "havre up") -> None:
        """Refuse a deletion of everything while something is protected, as the CLI does.

        Args:
            command: deploys the file again, to take the protection away.

        Raises:
            GuardError: naming what is.
        """
        held = [each.name for each in self.load().resources if each.protect and each.custom]
        if held:
            count = counted(len(held), "resource is", "resources are")
            message = f"{count} protected, such as {held[0]}"
            raise GuardError(message, UNPROTECT.format(command=command))

    def preview(self, program: Callable[[], None]) -> list[Change]:
        """What `up` would do, in order; nothing is changed.

        Raises:
            HavreError: the program, a provider or the state is at fault.
        """
        walk = _Preview(self, self._standing())
        run(program, self._monitor(walk), dry_run=True)
        return [*walk.changes, *walk.removals()]

    def up(
        self, program: Callable[[], None], agreed: Sequence[Change] | None = None
    ) -> list[Change]:
        """Apply the program; the state is written after every step.

        Args:
            program: the program's body.
            agreed: what `preview` told and somebody agreed to; None: whatever is to be done.

        Returns:
            What was done, without what was left as it is.

        Raises:
            GuardError: a step would lose data, or is none of those that were agreed.
            HavreError: a step failed; those before it are recorded, and the next run goes on.
        """
        walk = _Apply(self, self._standing(), agreed)
        run(program, self._monitor(walk), dry_run=False)
        walk.recover()
        walk.remove()
        walk.save()
        return walk.changes

    def destroy(self) -> tuple[list[Change], list[str]]:
        """Delete every resource that its provider lets go, those that need others first.

        Returns:
            What was deleted, and the names of what was kept because it holds data.
        """
        walk = _Destroy(self, self.load())
        self.store.keep_previous()
        return walk.run()


@dataclass
class _Preview:
    """Decides every step and takes none."""

    engine: Engine
    state: State
    changes: list[Change] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    _session: Session = field(init=False)

    def __post_init__(self) -> None:
        self._session = self.engine.session(self.state, dry=True)

    def register(self, planned: PlannedResource) -> Registered:
        self.seen.add(planned.urn)
        refuse_options(planned)
        if not planned.custom:
            return Registered("", {})
        client = self._session.client(planned.package, registered=True)
        old = self.state.find(planned.urn)
        decision = decide(client, planned, old)
        if planned.options.additional_secret_outputs or holds_secret(decision.inputs):
            self.state.vault.ready(planned.name)
        if decision.operation is Operation.SAME and old:
            return Registered(old.id, _visible(old.outputs))
        found = Guard()
        if decision.operation is Operation.REPLACE and old:
            found = guard(client, old)
        self.changes.append(
            Change(
                decision.operation,
                planned.urn,
                planned.type,
                decision.properties,
                found.refused,
                found.undecided,
                client.departures(old) if old and _unasked(decision) else (),
            )
        )
        return self._foreseen(client, decision, planned, old)

    def _foreseen(
        self,
        client: Client,
        decision: Decision,
        planned: PlannedResource,
        old: ResourceState | None,
    ) -> Registered:
        """Outputs that can be told beforehand.

        They are what a provider that supports previews says, else the inputs; and of an update
        what the provider calls stable.
        """
        options, identity = planned.options, ""
        outputs: Mapping[str, Any] = decision.inputs
        if decision.operation is Operation.UPDATE and old:
            identity = old.id
            if client.understood.previews:
                limit = options.timeouts.get("update", 0)
                outputs = client.update(
                    old, decision.inputs, limit, options.ignore_changes, preview=True
                )
            stables = decision.difference.stables if decision.difference else ()
            outputs = {
                **outputs,
                **{key: old.outputs[key] for key in stables if key in old.outputs},
            }
        elif client.understood.previews:
            limit = options.timeouts.get("create", 0)
            _, outputs = client.create(planned.urn, decision.inputs, limit, preview=True)
        return Registered(
            identity, _marked_secret(_visible(outputs), options.additional_secret_outputs)
        )

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Outputs matter only when the plan is applied."""

    def removals(self) -> list[Change]:
        """Deletions of what is recorded and no longer in the program, in reverse order."""
        found = []
        for old in reversed(self.state.resources):
            if old.urn in self.seen or not old.bears:
                continue
            held = Guard()
            if not old.retain_on_delete:
                held = guard(self._session.client(old.package), old)
            found.append(replace(_deletion(old), refused=held.refused, undecided=held.undecided))
        return [*self._orphans(), *found]

    def _orphans(self) -> list[Change]:
        """What an interrupted run was making and the program no longer has."""
        known = self.seen | {old.urn for old in self.state.resources}
        begun = [_deletion(each) for each in self.state.pending if each.urn not in known]
        return [replace(change, undecided=BEGUN) for change in begun]


@dataclass
class _Apply:
    """Takes every step and records it before the next begins."""

    engine: Engine
    state: State
    agreed: Sequence[Change] | None = None
    changes: list[Change] = field(default_factory=list)
    _new: list[ResourceState] = field(default_factory=list)
    _old: dict[str, ResourceState] = field(init=False)
    _doomed: list[ResourceState] = field(init=False)
    _saved: str = field(init=False)
    _session: Session = field(init=False)
    _kept: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._old = {r.urn: r for r in self.state.resources if not r.delete}
        self._doomed = [r for r in self.state.resources if r.delete]
        self._session = self.engine.session(self.state)
        self._saved = self.state.text()

    def save(self) -> None:
        """Write what is so far, if it differs: this run's resources, then those not reached."""
        made = {resource.urn for resource in self._new}
        rest = [old for urn, old in self._old.items() if urn not in made]
        self.state.resources = [*self._new, *rest, *self._doomed]
        text = self.state.text()
        if text == self._saved:
            return
        if not self._kept:
            self.engine.store.keep_previous()
            self._kept = True
        self.engine.store.save(self.state)
        self._saved = text

    def recover(self) -> None:
        """Finish what an interrupted run had begun to create and the program no longer has.

        Creating is idempotent; what is finished can then be deleted like all else.
        """
        for begun in list(self.state.pending):
            made = self._finished(
                self._create(Change(Operation.CREATE, begun.urn, begun.type), begun)
            )
            self._old[made.urn] = made
            self._settle(made.urn)
            self.save()

    def _settle(self, urn: str) -> None:
        """Forget that the creation of a resource was under way."""
        self.state.pending = [begun for begun in self.state.pending if begun.urn != urn]

    def register(self, planned: PlannedResource) -> Registered:
        """Take one step."""
        refuse_options(planned)
        if not planned.custom:
            outputs = self._known_outputs(planned)
            self._record(ResourceState.from_plan(planned, inputs=planned.inputs, outputs=outputs))
            return Registered("", {})
        client = self._session.client(planned.package, registered=True)
        provider = self._provider(planned.package)
        old = self._old.get(planned.urn)
        decision = decide(client, planned, old)
        target = ResourceState.from_plan(
            planned, inputs=decision.inputs, provider=urns.reference(provider.urn, provider.id)
        )
        if target.secretive:
            self.state.vault.ready(planned.name)
        made = self._finished(self._step(client, decision, old, target))
        self._settle(made.urn)
        self._record(made)
        return Registered(made.id, _visible(made.outputs))

    def _finished(self, made: ResourceState) -> ResourceState:
        """A record with those outputs secret that the program names so.

        Raises:
            HavreError: an output is secret and cannot be stored; the next run takes it up.
        """
        outputs = _marked_secret(made.outputs, made.additional_secret_outputs)
        finished = replace(made, outputs=outputs)
        if finished.secretive:
            self.state.vault.ready(made.name)
        return finished

    def _step(
        self,
        client: Client,
        decision: Decision,
        old: ResourceState | None,
        target: ResourceState,
    ) -> ResourceState:
        change = Change(decision.operation, target.urn, target.type, decision.properties)
        if _unasked(decision):
            known = (each.departures for each in self.agreed or () if each.urn == target.urn)
            change = replace(change, departures=next(known, ()))
        self._check_agreed(change)
        if old is None:
            return self._begin_create(change, target)
        if decision.operation is Operation.SAME:
            return replace(target, id=old.id, outputs=_served_by(target, old.outputs))
        if decision.operation is Operation.UPDATE:
            self.engine.progress(change, False)
            limit = target.timeouts.get("update", 0)
            outputs = client.update(old, decision.inputs, limit, target.ignore_changes)
            self._done(change)
            return replace(target, id=old.id, outputs=outputs)
        return self._replace(client, change, decision, old, target)

    def _check_agreed(self, *changes: Change) -> None:
        """Refuse a step of another kind than was agreed for the resource, before it is taken.

        A preview foresees the worst of what it cannot know: a step of an update that turns out
        to be none is fine.
        """
        if self.agreed is None:
            return
        known = {(change.urn, change.operation) for change in self.agreed}
        others = [
            f"{change.name} ({change.operation.value})"
            for change in changes
            if change.operation is not Operation.SAME
            and (change.urn, change.operation) not in known
        ]
        if others:
            message = f"this was not among the changes that were shown: {', '.join(others)}"
            raise GuardError(message, "Something changed meanwhile. Run again to see all of it.")

    def _replace(
        self,
        client: Client,
        change: Change,
        decision: Decision,
        old: ResourceState,
        target: ResourceState,
    ) -> ResourceState:
        """Delete the old one first where the provider says so, else after all is made."""
        refused = guard(client, old).reason
        if refused:
            message = f"{old.name} would be replaced, and {refused}"
            raise GuardError(message, "Nothing was lost. Undo the change of its properties.")
        if decision.difference and decision.difference.delete_before_replace:
            client.delete(old)
            del self._old[old.urn]
            self.save()
        else:
            self._doomed.append(replace(old, delete=True))
        return self._begin_create(change, target)

    def _begin_create(self, change: Change, target: ResourceState) -> ResourceState:
        """Record the intention first: a killed run is then finished by the next."""
        self._settle(target.urn)
        self.state.pending.append(target)
        self.save()
        return self._create(change, target)

    def _create(self, change: Change, target: ResourceState) -> ResourceState:
        self.engine.progress(change, False)
        client, limit = self._session.client(target.package), target.timeouts.get("create", 0)
        identity, outputs = client.create(target.urn, target.inputs, limit)
        self._done(change)
        return replace(target, id=identity, outputs=outputs)

    def _done(self, change: Change) -> None:
        self.changes.append(change)
        self.engine.progress(change, True)

    def _record(self, made: ResourceState) -> None:
        self._new.append(made)
        if self._old.get(made.urn) != made:
            self.save()

    def _known_outputs(self, planned: PlannedResource) -> Mapping[str, Any]:
        """A component's recorded outputs, until it registers its new ones."""
        old = self._old.get(planned.urn)
        return old.outputs if old else {}

    def _provider(self, package: str) -> ResourceState:
        """The provider of a package, recorded at its first use."""
        found = self._session.provider(package)
        if all(made.urn != found.urn for made in self._new):
            self._record(found)
        return found

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Record the outputs of a component or of the stack."""
        if holds_secret(outputs):
            self.state.vault.ready(urns.name(urn))
        for index, resource in enumerate(self._new):
            if resource.urn == urn and resource.outputs != outputs:
                self._new[index] = replace(resource, outputs=dict(outputs))
                self.save()

    def remove(self) -> None:
        """Delete what the program no longer has, in reverse order; guards are asked first."""
        made = {resource.urn for resource in self._new}
        gone = [old for urn, old in self._old.items() if urn not in made]
        doomed = [*gone, *self._doomed]
        self._refuse_removals([old for old in gone if old.custom])
        self._check_agreed(*map(_deletion, (old for old in gone if old.bears)))
        for old in reversed(doomed):
            self._remove(old)

    def _refuse_removals(self, gone: list[ResourceState]) -> None:
        reasons = []
        for old in gone:
            if not old.retain_on_delete and old.bears:
                refused = guard(self._session.client(old.package), old).reason
                reasons += [f"{old.name} would be deleted, and {refused}"] if refused else []
        if reasons:
            self.save()
            raise GuardError("; ".join(reasons), REFUSAL)

    def _remove(self, old: ResourceState) -> None:
        if old.bears:
            change = _deletion(old)
            if not old.retain_on_delete:
                self.engine.progress(change, False)
                self._session.client(old.package).delete(old)
            self._done(change)
        if old in self._doomed:
            self._doomed.remove(old)
        else:
            del self._old[old.urn]
        self.save()


UNPROTECT = (
    "Nothing was deleted. Set `protection.deletion` to false in the warehouse file, "
    "run `{command}`, then repeat this command."
)
REFUSAL = (
    "Nothing was lost. Put it back into the file, or empty it first. Only `havre down "
    "--destroy-data NAME` deletes data."
)


@dataclass
class _Destroy:
    """Deletes in reverse order; what cannot go keeps all that it needs."""

    engine: Engine
    state: State
    _session: Session = field(init=False)

    def __post_init__(self) -> None:
        self._session = self.engine.session(self.state)

    def run(self) -> tuple[list[Change], list[str]]:
        deleted: list[Change] = []
        kept: list[ResourceState] = []
        needed: set[str] = set()
        for old in reversed(list(self.state.resources)):
            if old.urn in needed or (old.bears and self._refused(old)):
                needed |= old.needs
                kept.append(old)
                continue
            deleted += self._delete(old)
        return deleted, [old.name for old in kept if old.custom]

    def _refused(self, old: ResourceState) -> bool:
        return bool(guard(self._session.client(old.package), replace(old, protect=False)).reason)

    def _delete(self, old: ResourceState) -> list[Change]:
        changes = []
        if old.bears:
            change = _deletion(old)
            self.engine.progress(change, False)
            self._session.client(old.package).delete(old)
            self.engine.progress(change, True)
            changes.append(change)
        self.state.resources.remove(old)
        self.state.pending.clear()
        self.engine.store.save(self.state)
        return changes
