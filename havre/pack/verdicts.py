"""One judgement of a stack, by the very functions of `havre check`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.assess.gather import gather, provider_of
from havre.errors import InputError
from havre.pack.request import project_folder, spec_file, started_in, waivers_file
from havre.plan.sources import from_analyzer
from havre.policy.judge import judge
from havre.policy.waivers import load_waivers
from havre.provider import find
from havre.spec.load import load
from havre.stack.component import SPEC, TYPE
from havre.stack.component import asked as recorded
from havre.stack.program import offline_settings
from havre.stack.standing import DATA_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from havre.pack.request import Asked, Stack
    from havre.plan import Plan
    from havre.policy import Control
    from havre.policy.findings import Result, Waiver
    from havre.spec import Warehouse
    from havre.spec.load import Loaded


@dataclass(frozen=True)
class Brief:
    """Everything that can be read before there is a plan.

    Attributes:
        asked: what the pack is told.
        stack: what the engine tells.
        file: the warehouse file.
        loaded: what it holds.
        waivers: what somebody answers for.
    """

    asked: Asked
    stack: Stack
    file: Path
    loaded: Loaded
    waivers: tuple[Waiver, ...]


def read_brief(asked: Asked, stack: Stack) -> Brief:
    """Read the files, and find the provider where it is named.

    Raises:
        InputError: a file is missing or wrong.
        MissingDependencyError: the provider is not installed.
    """
    file = spec_file(asked, stack)
    if asked.provider:
        find(asked.provider)
    waivers = waivers_file(asked, file)
    return Brief(asked, stack, file, load(file), load_waivers(waivers) if waivers else ())


def judged(brief: Brief, resources: Iterable[Any], controls: Sequence[Control]) -> Result:
    """Judge the resources of a request.

    Args:
        brief: what is asked.
        resources: messages `pulumirpc.AnalyzerResource`, with inputs as their properties.
        controls: those that are installed.

    Raises:
        InputError: there is no resource, no provider, or the file is of another warehouse.
    """
    plan = from_analyzer(resources)
    _refuse_another(brief, plan)
    provider = find(brief.asked.provider or _told(plan))
    known = provider.settings.model_fields
    given = {k: v for k, v in brief.stack.settings(provider.name).items() if k in known}
    if DATA_DIR in known:
        folder = project_folder(started_in())
        given[DATA_DIR] = str((folder / str(given.get(DATA_DIR, "."))).resolve())
    settings, _ = offline_settings(provider, given)
    question = gather(brief.loaded.warehouse, provider, plan, settings, brief.asked.day)
    question = replace(
        question,
        profile=brief.asked.profile,
        source="analyzer",
        waivers=brief.waivers,
        file=brief.asked.spec or brief.stack.get("spec"),
        lines=brief.loaded.lines,
        allow_unknown=brief.asked.allow_unknown,
    )
    return judge(question, controls)


def _told(plan: Plan) -> str:
    try:
        return provider_of(plan)
    except InputError as error:
        remedy = "Name it with HAVRE_PROVIDER=P, or as `provider` of the pack's `havre`."
        raise InputError(error.message, remedy) from None


def _refuse_another(brief: Brief, plan: Plan) -> None:
    """Refuse a file that is not the one of which the running program made its warehouse.

    Raises:
        InputError: the component records something else than what the file asks.
    """
    if not brief.stack.project:
        return
    for resource in (each for each in plan.resources if each.type == TYPE):
        differing = _differing(brief.loaded.warehouse, resource.inputs)
        if differing:
            message = (
                f"{brief.file} asks for something else than the file of warehouse "
                f"`{resource.name}`: {', '.join(differing)}"
            )
            raise InputError(message, "Name that file with HAVRE_SPEC=FILE, by its whole path.")


def _differing(spec: Warehouse, inputs: Any) -> list[str]:
    mine, theirs = recorded(spec)[SPEC], _bare(inputs.get(SPEC) or {})
    return [k for k in sorted({*mine, *theirs}) if _bare(mine.get(k)) != theirs.get(k)]


def _bare(value: Any) -> Any:
    """A value without what a program does not send: members that are none."""
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if inner is not None}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value
