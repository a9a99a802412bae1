"""Whose plan is to be judged: the warehouse and the provider, by the user's words or the plan's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.plan.parts import component_of
from havre.provider import PACKAGES, find, provides
from havre.provider.discovery import installed
from havre.spec.load import Loaded, load
from havre.stack.component import SPEC, TYPE, asked, recorded
from havre.text import inert

if TYPE_CHECKING:
    from pathlib import Path

    from havre.plan import Plan
    from havre.provider import Provider
    from havre.spec import Warehouse
    from havre.spec.load import Lines


@dataclass(frozen=True)
class Wording:
    """How the user of a front end names a provider and a file.

    Attributes:
        option: what names a provider.
        provider: all that does.
        file: how a file is named, after the word; empty: by the word alone.
    """

    option: str
    provider: str
    file: str = ""


COMMAND = Wording("--provider P", "--provider P")
"""The command line's."""


@dataclass(frozen=True)
class Subject:
    """A warehouse on a provider.

    Attributes:
        spec: requirements of the warehouse.
        provider: the provider.
        file: the warehouse file, as the user named it; empty where there is none.
        lines: where its keys stand; None where there is no file.
        wording: how the user names another provider or file, for remedies.
    """

    spec: Warehouse
    provider: Provider
    file: str = ""
    lines: Lines | None = None
    wording: Wording = COMMAND


def subject(
    file: Path | Loaded | None,
    provider: str = "",
    plan: Plan | None = None,
    wording: Wording = COMMAND,
) -> Subject:
    """The warehouse and the provider; what is not named is read from the plan.

    Args:
        file: the warehouse file, or what was read from it.
        provider: its name; empty: the plan's own.
        plan: a plan that was read; None: there is none yet.
        wording: how the user names another provider or file, for remedies.

    Raises:
        InputError: a file is not valid, or neither the caller nor the plan names the provider.
        MissingDependencyError: the provider is not installed.
    """
    name = provider or (provider_of(plan, wording) if plan else "")
    if plan is not None and file is None:
        return Subject(spec_of(plan), find(name), wording=wording)
    if file is None or not name:
        message = "what is to be checked?"
        raise InputError(message, "Name FILE and --provider P, or --preview F, or --state F.")
    loaded = file if isinstance(file, Loaded) else load(file)
    return Subject(loaded.warehouse, find(name), loaded.file, loaded.lines, wording)


def provider_of(plan: Plan, wording: Wording = COMMAND) -> str:
    """Name of the provider that a plan's own parts tell.

    Raises:
        InputError: they tell none, or several.
    """
    found = _owners(plan)
    if len(found) == 1:
        return found[0]
    message = f"Which provider? The plan's parts name {', '.join(found) or 'none'}"
    raise InputError(message, f"Name it with {wording.provider}.")


def _owners(plan: Plan) -> list[str]:
    """Providers that a plan's own parts tell."""
    return sorted({owner[0] for r in plan.resources if (owner := component_of(r.type))})


def recorded_specs(plan: Plan) -> list[Warehouse]:
    """The specs that a plan's own components record; members of projects are numbered."""
    return [spec for r in plan.resources if r.type == TYPE and (spec := recorded(r.inputs))]


def spec_of(plan: Plan) -> Warehouse:
    """The spec that a plan's own component recorded.

    Raises:
        InputError: there is no such component, or several.
    """
    found = recorded_specs(plan)
    if len(found) == 1:
        return found[0]
    message = f"the plan records {len(found) or 'no'} warehouse that it was made for"
    raise InputError(message, "Name the warehouse file: havre check FILE with the same options.")


def refuse_another(plan: Plan, of: Subject) -> None:
    """Refuse a plan that says itself that it is of another warehouse, or on another provider.

    What else the file and the plan's record differ in is no mistake: that is what the file has
    come to ask of what stands.

    Raises:
        InputError: it does.
    """
    owners = _owners(plan)
    if owners and of.provider.name not in owners:
        message = f"the plan is on provider {', '.join(owners)}, not on `{of.provider.name}`"
        remedy = (
            f"Name its own provider with {of.wording.option}, or another file{of.wording.file}."
        )
        raise InputError(message, remedy)
    mine = _called(of.spec)
    theirs = sorted({_called(spec) for spec in recorded_specs(plan)})
    if theirs and mine not in theirs:
        message = f"the plan is of warehouse {', '.join(theirs)}, and the file of {mine}"
        raise InputError(message, "Name the file that the plan was made for.")


def refuse_foreign(plan: Plan, of: Subject) -> None:
    """Refuse a plan that holds resources of another provider, and none of the one that is named.

    Raises:
        InputError: it does.
    """
    there = Counter(resource.package for resource in plan.resources if resource.made)
    if there.keys() & _packages(of.provider):
        return
    others = [each.provider for each in installed() if each.provider is not None]
    theirs = [other.name for other in others if there.keys() & _packages(other)]
    if theirs:
        found = ", ".join(f"{inert(package)} ({n})" for package, n in there.most_common())
        message = f"no resource of this plan is of provider `{of.provider.name}`: {found}"
        raise InputError(message, f"Name its own provider: --provider {theirs[0]}.")


def _packages(provider: Provider) -> frozenset[str]:
    return provides(provider, PACKAGES).or_else(frozenset())


def _called(spec: Warehouse) -> str:
    return f"{spec.name} ({spec.environment.value})"


def refuse_differing(plan: Plan, of: Subject) -> None:
    """Refuse a file that is not the one of which the plan's program has just made its warehouse.

    Raises:
        InputError: the component records something else than the file requires.
    """
    for resource in (each for each in plan.resources if each.type == TYPE):
        if differing := _differing(of.spec, resource.inputs):
            message = (
                f"{of.file} differs from the file of warehouse "
                f"`{resource.name}`: {', '.join(differing)}"
            )
            raise InputError(message, f"Name that file{of.wording.file}, by its whole path.")


def _differing(spec: Warehouse, inputs: Any) -> list[str]:
    mine, theirs = asked(spec)[SPEC], _bare(inputs.get(SPEC) or {})
    return [k for k in sorted({*mine, *theirs}) if _bare(mine.get(k)) != theirs.get(k)]


def _bare(value: Any) -> Any:
    """A value without what a program does not send: members that are none."""
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if inner is not None}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value
