"""One judgement of a stack, by the very functions of `havre check`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.assess.assessment import Request, assess, bounds_of, waivers_of
from havre.assess.subject import Wording, subject
from havre.exit.seal.reading import evidence
from havre.pack.request import project_folder, seal_files, spec_file, started_in, waivers_file
from havre.plan.sources import from_analyzer
from havre.policy.judge import SANDBOX
from havre.provider import find
from havre.provider.machine import folder_setting
from havre.spec.load import load
from havre.stack.files import rooted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from havre.assess.subject import Subject
    from havre.pack.request import Asked, Stack
    from havre.policy import Control, Rehearsal
    from havre.policy.findings import Result, Waiver
    from havre.spec.load import Loaded


PACK = Wording(
    "HAVRE_PROVIDER=P",
    "HAVRE_PROVIDER=P, or as `provider` of the pack's `havre`",
    " with HAVRE_SPEC=FILE",
)
"""How the user of a pack names a provider and a file."""
SEAL = ("`seal`", "`seal_authority`")
"""How the user of a pack names a seal and the CA of its signer."""


@dataclass(frozen=True)
class Brief:
    """Everything that can be read before there is a plan.

    Attributes:
        asked: what the pack is told.
        stack: what the engine tells.
        loaded: the warehouse file.
        waivers: risks that a named owner accepts.
        rehearsed: the last rehearsal of the exit, by its seal; None: no seal is named.
    """

    asked: Asked
    stack: Stack
    loaded: Loaded
    waivers: tuple[Waiver, ...]
    rehearsed: Rehearsal | None


def read_brief(asked: Asked, stack: Stack) -> Brief:
    """Read the files, and find the provider where it is named.

    Raises:
        InputError: a file or a seal is missing or wrong.
        MissingDependencyError: the provider is not installed, or what verifies a seal.
    """
    file = spec_file(asked, stack)
    if asked.provider:
        find(asked.provider)
    rehearsed = evidence(*seal_files(asked), SEAL)
    loaded = load(file)
    bounds = bounds_of(loaded.warehouse, asked.as_of, asked.profile)
    return Brief(asked, stack, loaded, waivers_of(waivers_file(asked), file, bounds), rehearsed)


def judged(brief: Brief, resources: Iterable[Any], controls: Sequence[Control]) -> Result:
    """Judge the resources of a request.

    Args:
        brief: what is asked.
        resources: messages `pulumirpc.AnalyzerResource`, with inputs as their properties.
        controls: those that are installed.

    Raises:
        InputError: there is no resource, no provider, a setting is wrong, or the file is of
            another warehouse.
    """
    plan, asked = from_analyzer(resources), brief.asked
    of = subject(brief.loaded, asked.provider, plan, PACK)
    named = asked.spec or brief.stack.get("spec")
    request = Request(
        replace(of, file=named),
        _given(brief.stack, of),
        plan,
        SANDBOX if plan.of_sandbox else "analyzer",
        fresh=bool(brief.stack.project),
        as_of=asked.as_of,
        profile=asked.profile,
        waivers=brief.waivers,
        allow_unknown=asked.allow_unknown,
        rehearsed=brief.rehearsed,
    )
    return assess(request, controls).result


def _given(stack: Stack, of: Subject) -> dict[str, Any]:
    """The settings of the stack; a data folder is taken from the project's, where Pulumi runs."""
    model = of.provider.settings
    name, given = folder_setting(model), stack.settings(of.provider.name)
    whole = {name: ".", **given} if name else given
    return rooted(whole, project_folder(started_in()), model)
