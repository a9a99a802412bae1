"""Gathering what a judgement needs: the provider's gaps, the exit, the dated records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.errors import InputError, MissingDependencyError
from havre.policy.judge import Question
from havre.policy.qualifications import installed_qualifications
from havre.provider import find
from havre.stack.component import TYPE, recorded
from havre.stack.program import offline_settings
from havre.stack.standing import DATA_DIR

if TYPE_CHECKING:
    import datetime as dt

    from pydantic import BaseModel

    from havre.plan import Plan
    from havre.provider import Gap, Provider
    from havre.spec import Warehouse


def provider_of(plan: Plan) -> str:
    """Name of the provider that a plan's own parts tell.

    Raises:
        InputError: they tell none, or several.
    """
    found = _owners(plan)
    if len(found) == 1:
        return found[0]
    message = f"which provider? The plan's parts tell {', '.join(found) or 'none'}"
    raise InputError(message, "Name it with --provider P.")


def refuse_another(plan: Plan, spec: Warehouse, provider: Provider) -> None:
    """Refuse a plan that says itself that it is of another warehouse, or on another provider.

    What else the file and the plan's record differ in is no mistake: that is what the file has
    come to ask of what stands.

    Raises:
        InputError: it does.
    """
    owners = _owners(plan)
    if owners and provider.name not in owners:
        message = f"the plan is on provider {', '.join(owners)}, not on `{provider.name}`"
        raise InputError(message, "Name its own provider with --provider P, or another file.")
    mine = f"{spec.name} ({spec.environment.value})"
    found = [recorded(r.inputs) for r in plan.resources if r.type == TYPE]
    theirs = sorted({f"{each.name} ({each.environment.value})" for each in found if each})
    if theirs and mine not in theirs:
        message = f"the plan is of warehouse {', '.join(theirs)}, and the file of {mine}"
        raise InputError(message, "Name the file that the plan was made for.")


def _owners(plan: Plan) -> list[str]:
    """Providers that a plan's own parts tell."""
    owners = {r.type.split(":")[1] for r in plan.resources if r.type.startswith("havre:")}
    return sorted(owners - {"index"})


def spec_of(plan: Plan) -> Warehouse:
    """The spec that a plan's own component recorded; members of projects are numbered.

    Raises:
        InputError: there is no such component, or several.
    """
    found = [spec for r in plan.resources if r.type == TYPE and (spec := recorded(r.inputs))]
    if len(found) == 1:
        return found[0]
    message = f"the plan records {len(found) or 'no'} warehouse that it was made for"
    raise InputError(message, "Name the warehouse file: havre check FILE with the same options.")


def exit_of(spec: Warehouse, provider: Provider) -> tuple[Provider | None, tuple[Gap, ...]]:
    """The provider to leave for and its gaps, where it is another one and installed."""
    if spec.exit is None or spec.exit.provider == provider.name:
        return None, ()
    try:
        found = find(spec.exit.provider)
    except MissingDependencyError:
        return None, ()
    return found, tuple(found.gaps(spec, stand_ins(found)))


def stand_ins(provider: Provider) -> BaseModel:
    """Settings of a provider that nothing is deployed by: placeholders for all that is needed."""
    given = {DATA_DIR: "/nowhere"} if DATA_DIR in provider.settings.model_fields else {}
    return offline_settings(provider, given)[0]


def gather(
    spec: Warehouse, provider: Provider, plan: Plan, settings: BaseModel, as_of: dt.date
) -> Question:
    """A question with all that is installed to answer it.

    Args:
        spec: what is asked.
        provider: who provides it.
        plan: what would be deployed.
        settings: of the provider; what was left to its default is not said by anybody.
        as_of: the day on which dates are judged.

    Raises:
        InputError: the dated records are not valid.
        MissingDependencyError: they are not installed.
    """
    leaving_for, gaps = exit_of(spec, provider)
    return Question(
        spec=spec,
        plan=plan,
        provider=provider,
        as_of=as_of,
        gaps=tuple(provider.gaps(spec, settings)),
        qualifications=installed_qualifications(),
        exit=leaving_for,
        exit_gaps=gaps,
        settings={name: getattr(settings, name) for name in settings.model_fields_set},
    )
