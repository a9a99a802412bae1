"""Good plans, deployed in a world without a folder; and small faults planted in them."""

import copy
import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from havre.evaluate.monitor import Monitor, Registered, run
from havre.plan import PlannedResource
from havre.plan.values import Secret
from havre.provider import Provider
from havre.spec import Warehouse
from havre.stack.program import PROJECT, program, read_settings
from havre_sandbox import Act, Existing, Proposed, Refusal, Rule, Service, World
from havre_sandbox.refusals import refusals
from havre_sandbox.templates import MISSING, Scope, filled

TODAY = dt.date(2026, 12, 1)
FAULTS = Path(__file__).parent / "faults"
ABSENT = "<absent>"
"""In a file: no value."""


def judged(service: Service, proposed: Proposed, world: World) -> list[Refusal]:
    """All that a service refuses of a change: first what needs no world."""
    faults = (
        [] if proposed.act is Act.DELETE else service.faults(proposed.token, proposed.properties)
    )
    before = refusals(service.rules, proposed, World(), beforehand=True)
    return [*faults, *before, *refusals(service.rules, proposed, world, beforehand=False)]


def identified(service: Service, proposed: Proposed) -> Proposed:
    """What is proposed, with the identifier that it would have."""
    kind = service.kind(proposed.token)
    assert kind is not None, proposed.token
    return replace(proposed, id=str(filled(kind.id, _scope(service, proposed))))


def _scope(service: Service, proposed: Proposed) -> Scope:
    variables = {**service.variables, **({"id": proposed.id} if proposed.id else {})}
    return Scope(proposed.properties, variables, proposed.name, b"key")


def made(service: Service, proposed: Proposed) -> Existing:
    """What exists once a change is made."""
    kind = service.kind(proposed.token)
    assert kind is not None
    scope = _scope(service, proposed)
    answer = {**filled(kind.defaults, scope), **proposed.properties, **filled(kind.outputs, scope)}
    outputs = service.completed(proposed, answer)
    parent = filled(kind.parent, scope)
    computed = {k: v for k, v in outputs.items() if v != proposed.properties.get(k)}
    return Existing(
        id=proposed.id,
        token=proposed.token,
        name=proposed.name,
        properties=proposed.properties,
        computed=computed,
        parent="" if parent is MISSING else str(parent),
    )


@dataclass
class Standing:
    """A warehouse that stands in a world, by the services that its types are of.

    Attributes:
        services: by package.
        steps: what was proposed, in order.
        world: what exists.
        refused: what was refused of it, by name of the resource.
    """

    services: Mapping[str, Service]
    steps: list[Proposed] = field(default_factory=list)
    world: World = field(default_factory=lambda: World(today=TODAY))
    refused: dict[str, list[Refusal]] = field(default_factory=dict)

    def register(self, resource: PlannedResource) -> Registered:
        """Make a resource, as an engine would have it made."""
        service = self.services.get(resource.package)
        if service is None or not resource.made:
            return Registered(f"id-{resource.name}", dict(resource.inputs))
        asked = Proposed(resource.type, resource.name, resource.inputs, variables=service.variables)
        proposed = identified(service, asked)
        if found := judged(service, proposed, self.world):
            self.refused[resource.name] = found
        existing = made(service, proposed)
        self.steps.append(proposed)
        self.world = World((*self.world.resources, existing), TODAY)
        return Registered(proposed.id, existing.outputs)

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Nobody asks for them here."""


def standing(
    provider: Provider, services: Mapping[str, Service], spec: Warehouse, settings: dict[str, Any]
) -> Standing:
    """A warehouse, deployed resource by resource."""
    found = Standing(services)
    asked = program(spec, provider, read_settings(provider, settings))
    run(asked, Monitor(PROJECT, "sandbox", found), dry_run=False, threaded=False)
    return found


@dataclass(frozen=True)
class Fault:
    """A small change of a good plan, and the code with which it is refused.

    Attributes:
        of: type and end of the name of the resource.
        change: inputs by dotted path, with their new values; a number is an index; None: left out.
        code: with which it is refused.
        act: what is done with the resource.
        before: changes of other resources, by type and end of name, made first; None: deleted.
        again: whether the resource exists already, and another one is made like it.
        says: words of the message.
    """

    of: tuple[str, str]
    change: Mapping[str, Any]
    code: str
    act: Act = Act.CREATE
    before: Mapping[tuple[str, str], Mapping[str, Any] | None] = field(default_factory=dict)
    again: bool = False
    says: str = ""

    @property
    def named(self) -> str:
        """What is changed, and the code."""
        what = ", ".join(self.change) or ", ".join(name for _, name in self.before)
        return " ".join((self.act, self.of[0].rpartition(":")[2], what, self.code))


@dataclass(frozen=True)
class Table:
    """A file of faults.

    Attributes:
        file: its name in the folder of faults.
        package: what comes before each type.
        stems: what can come before the name of a resource.
        words: what stands for long values.
    """

    file: str
    package: str
    stems: tuple[str, ...]
    words: Mapping[str, str]

    def faults(self) -> list[Fault]:
        """Every line of the file."""
        content = tomllib.loads((FAULTS / self.file).read_text())
        return [self._fault(row) for rows in content.values() for row in rows]

    def _fault(self, row: Mapping[str, Any]) -> Fault:
        before = {
            self._of(of): None if change == ABSENT else self._filled(change)
            for of, change in row.get("before", {}).items()
        }
        act = Act(row.get("act", "create"))
        told = {key: row[key] for key in ("again", "says") if key in row}
        change = self._filled(row.get("change", {}))
        return Fault(self._of(row["of"]), change, row["code"], act, before, **told)

    def _of(self, of: str) -> tuple[str, str]:
        token, _, name = of.partition(" ")
        return f"{self.package}{token}", name

    def _filled(self, value: Any) -> Any:
        if value == ABSENT:
            return None
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        for word, text in self.words.items() if isinstance(value, str) else ():
            value = value.replace(word, text)
        return value


def changed(inputs: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs with other values at dotted paths."""
    found = copy.deepcopy(dict(inputs))
    for path, value in change.items():
        *way, last = path.split(".")
        section: Any = found
        for step in way:
            if isinstance(section, list):
                section = section[int(step)]
            else:
                section = section.setdefault(step, {})
            section = section.value if isinstance(section, Secret) else section
        if isinstance(section, list):
            section[int(last)] = value
        elif value is None:
            section.pop(last, None)
        else:
            section[last] = value
    return found


def planted(good: Standing, fault: Fault, stems: tuple[str, ...] = ("",)) -> list[Refusal]:
    """What is refused where a fault is planted in a warehouse that stands, or is being made."""
    step = _found(good, fault.of, stems)
    service = good.services[step.token.partition(":")[0]]
    world = _world(good, fault, stems)
    existing = world.find(step.id)
    inputs = changed(step.properties, fault.change)
    if fault.act is Act.CREATE:
        others = tuple(each for each in world.resources if each.id != step.id)
        kept = world.resources if fault.again else others
        proposed = identified(service, replace(step, properties=inputs, id=""))
        return judged(service, proposed, World(kept, TODAY))
    old = existing.properties if existing else step.properties
    asked = inputs if fault.act is Act.UPDATE else old
    proposed = replace(step, properties=asked, act=fault.act, old=old)
    return judged(service, proposed, world)


def _found(good: Standing, of: tuple[str, str], stems: tuple[str, ...]) -> Proposed:
    token, name = of
    names = {f"{stem}{name}" for stem in stems}
    return next(s for s in good.steps if s.token == token and s.name in names)


def _world(good: Standing, fault: Fault, stems: tuple[str, ...]) -> World:
    """The good world, with other resources changed or deleted first."""
    others = {_found(good, of, stems).id: change for of, change in fault.before.items()}
    return World(tuple(_others(good, others)), TODAY)


def _others(good: Standing, others: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Existing]:
    for each in good.world.resources:
        if each.id not in others:
            yield each
        elif (change := others[each.id]) is not None:
            yield replace(each, properties=changed(each.properties, change))


def unbroken(good: Standing, faults: list[Fault], stems: tuple[str, ...]) -> set[str]:
    """Names of the rules that none of the faults breaks."""
    broken: set[str] = set()

    def recording(rule: Rule) -> Rule:
        def judge(proposed: Proposed, world: World) -> list[Refusal]:
            found = list(rule.judge(proposed, world))
            broken.update([_name(rule)] if found else [])
            return found

        return replace(rule, judge=judge)

    services = {
        package: replace(known, rules=[recording(rule) for rule in known.rules])
        for package, known in good.services.items()
    }
    for fault in faults:
        planted(replace(good, services=services), fault, stems)
    every = {_name(rule) for known in good.services.values() for rule in known.rules}
    return every - broken


def _name(rule: Rule) -> str:
    module, name = rule.judge.__module__, rule.judge.__name__  # type: ignore[attr-defined]
    return f"{module.rpartition('.')[2]}.{name}"
