"""The whole of an adoption: what is recognised, what settings meet it, what `up` would change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.assess.adoption.importing import import_file, import_id
from havre.assess.adoption.matching import How, Match, Recogniser, Unclear, matched, text
from havre.errors import InputError
from havre.evaluate.warehouse import evaluated
from havre.plan.consequences import Consequence, consequences
from havre.plan.parts import WAREHOUSE_TYPE
from havre.plan.replacing import Bears
from havre.plan.values import bare
from havre.provider import ADOPTING, PACKAGES, REPLACING, provides
from havre.provider.conventions import tag_faults
from havre.provider.conventions.labels import OWN, tags_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

    from havre.plan import Plan
    from havre.plan.model import PlannedResource
    from havre.provider import Provider
    from havre.provider.conventions import Adopting
    from havre.spec import Warehouse

ROUNDS = 6
"""How often names are found that follow from names found before: account, then container."""


@dataclass(frozen=True)
class Adoption:
    """What a warehouse takes over.

    Attributes:
        plan: the warehouse's, with the settings below.
        matches: what is taken over.
        unclear: what may be one of several; it is not taken over.
        unimportable: names of what is recognised and whose identifier the state lacks.
        others: what exists and is of no use here.
        settings: `names` and `tags` with which the plan meets what exists, whole.
        changes: what the next `up` would do, the gravest first.
        document: the file for `pulumi import --file`.
    """

    plan: Plan
    matches: tuple[Match, ...]
    unclear: tuple[Unclear, ...]
    unimportable: tuple[str, ...]
    others: tuple[PlannedResource, ...]
    settings: Mapping[str, Mapping[str, str]]
    changes: tuple[Consequence, ...]
    document: Mapping[str, Any]

    @property
    def grave(self) -> bool:
        """Whether data or an identity would be replaced, or data made beside what exists."""
        beside = any(each.bears is Bears.DATA for each in self.unclear)
        return beside or bool(self.unimportable) or any(each.grave for each in self.changes)


@dataclass(frozen=True)
class Wanted:
    """A warehouse that is to take over what exists.

    Attributes:
        spec: the warehouse.
        provider: where it is.
        settings: those of the stack; `names` that are given decide.
        stack: name of the stack.
        as_of: the day on which projects have ended or not.
        there: URNs of components that the stack has already.
    """

    spec: Warehouse
    provider: Provider
    settings: BaseModel
    stack: str
    as_of: dt.date
    there: tuple[str, ...] = ()

    def plan(self) -> Plan:
        """What would be deployed."""
        return evaluated(self.spec, self.provider, self.settings, (), self.stack, self.as_of)

    def recogniser(self) -> Recogniser:
        """What tells its resources apart.

        Raises:
            InputError: the provider adopts nothing.
        """
        offer, table = (provides(self.provider, each) for each in (ADOPTING, REPLACING))
        if offer.given is None or table.given is None:
            message = f"`havre adopt --state` does not work with {self.provider.name}"
            raise InputError(message, offer.answer.reason or "Deploy a new warehouse instead.")
        rules = offer.given()
        return Recogniser(rules, table.given().types, rules.nameable(self.spec, self.settings))


def adoption(wanted: Wanted, state: Plan) -> Adoption:
    """Recognise what exists, and say what taking it over means.

    Raises:
        InputError: the provider adopts nothing, or the state is of another one, or of a warehouse.
    """
    wanted.recogniser()
    existing = _existing(state, wanted.provider)
    meeting, plan, matches, unclear = _met(wanted, existing)
    recogniser = meeting.recogniser()
    met = {each.existing.urn for each in matches}
    maybe = {e.urn for each in unclear for e in each.candidates}
    imports, given = recogniser.rules.imports, meeting.settings
    return Adoption(
        plan=plan,
        matches=matches,
        unclear=unclear,
        unimportable=tuple(m.planned.name for m in matches if not import_id(m, imports)),
        others=tuple(e for e in existing if e.urn not in met | maybe),
        settings={"names": dict(_names_in(given)), "tags": dict(tags_of(given))},
        changes=consequences(_before(matches), plan, recogniser.table),
        document=import_file(plan, matches, imports, wanted.there),
    )


def _existing(state: Plan, provider: Provider) -> list[PlannedResource]:
    """What the state has of the provider.

    Raises:
        InputError: nothing, or a warehouse.
    """
    if any(each.type == WAREHOUSE_TYPE for each in state.resources):
        message = "the state already contains a warehouse"
        raise InputError(message, "Run `pulumi preview` on its stack: there is nothing to adopt.")
    packages = provides(provider, PACKAGES).or_else(frozenset())
    made = [each for each in state.resources if each.made and each.id]
    found = [each for each in made if each.package in packages]
    if not found:
        others = ", ".join(sorted({each.package for each in made})) or "no resources"
        message = f"the state has nothing of {provider.name}: it has {others}"
        raise InputError(message, "Export the stack whose resources are to be taken over.")
    return found


def _met(
    wanted: Wanted, existing: Sequence[PlannedResource]
) -> tuple[Wanted, Plan, tuple[Match, ...], tuple[Unclear, ...]]:
    """The warehouse with settings by which its plan meets what exists, and what it then meets."""
    hows: dict[str, How] = {}
    for _ in range(ROUNDS):
        plan, recogniser = wanted.plan(), wanted.recogniser()
        planned = [each for each in plan.resources if each.made and not each.external]
        found_now, unclear = matched(planned, existing, recogniser)
        # What was recognised by another sign has the same name from then on.
        matches = tuple(replace(m, how=hows.setdefault(m.planned.name, m.how)) for m in found_now)
        before = {"names": _names_in(wanted.settings), "tags": tags_of(wanted.settings)}
        found = {**_held(planned, matches, recogniser), **_found(matches, recogniser)}
        names = {**before["names"], **found}
        after = {"names": names, "tags": {**before["tags"], **_tags(matches, recogniser.rules)}}
        if after == before:
            break
        wanted = replace(wanted, settings=wanted.settings.model_copy(update=after))
    return wanted, plan, matches, unclear


def _names_in(settings: BaseModel) -> Mapping[str, str]:
    names: Mapping[str, str] = getattr(settings, "names", {})
    return names


def _found(matches: Sequence[Match], recogniser: Recogniser) -> dict[str, str]:
    """Names that the plan would otherwise give otherwise."""
    found: dict[str, str] = {}
    for each in matches:
        it = recogniser.nameable.get(each.planned.name)
        name = recogniser.name(each.planned, each.existing)
        if it is not None and recogniser.own(each.planned) and name and name != it.name:
            found[each.planned.name] = name
    return found


def _held(
    planned: Sequence[PlannedResource], matches: Sequence[Match], recogniser: Recogniser
) -> dict[str, str]:
    """The name of what all are in, such as their group, where the state does not have it."""
    met = {each.planned.urn for each in matches}
    found: dict[str, str] = {}
    for each in planned:
        own = recogniser.own(each)
        if each.urn in met or own not in recogniser.rules.holders:
            continue
        inside = {text(match.existing, own) for match in matches} - {""}
        if len(inside) == 1 and inside != {text(each, own)}:
            found[each.name] = inside.pop()
    return found


def _tags(matches: Sequence[Match], rules: Adopting) -> dict[str, str]:
    """Tags that all bear, which the next `up` would otherwise take away."""
    all_tags = [bare(each.existing.inputs.get("tags")) for each in matches]
    tagged = [found for found in all_tags if isinstance(found, dict) and found]
    if not tagged:
        return {}
    shared = set.intersection(*({(k, str(v)) for k, v in found.items()} for found in tagged))
    extra = {key: value for key, value in sorted(shared) if key.lower() not in OWN}
    return {} if any(tag_faults(extra, rules.tags)) else extra


def _before(matches: Sequence[Match]) -> Plan:
    """What exists, as if the stack had made it under the names of the plan."""
    from havre.plan import Plan

    return Plan(provider="", resources=tuple(_renamed(each) for each in matches))


def _renamed(match: Match) -> PlannedResource:
    """An existing resource in the place of the planned one.

    What its own program did not set, its provider tells among the outputs. A place that is written
    in another way counts as another: only the plugin knows whether its service takes it for one.
    """
    planned, existing = match.planned, match.existing
    told = {k: v for k, v in existing.outputs.items() if k in planned.inputs and v is not None}
    inputs = {**told, **existing.inputs}
    return replace(planned, inputs=inputs, outputs=existing.outputs, id=existing.id)
