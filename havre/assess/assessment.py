"""A request becomes an assessment. Every front end calls this; the rules stand here once.

- Settings: one that the provider does not know is refused; one that is missing is a placeholder.
- A plan that names another warehouse or another provider is refused.
- Waivers are those named, else `waivers.yaml` next to the warehouse file. One that expires later
  than the profile allows is refused.
- The day is today (UTC) where none is given.
- Gaps, the exit, the dated records and the installed controls are read the same way for all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from havre.assess.subject import refuse_another, refuse_differing, refuse_foreign
from havre.errors import InputError, MissingDependencyError
from havre.facts.outside import outside_of, with_estate
from havre.policy.judge import SANDBOX, Question, judge_with_facts, profile_of
from havre.policy.model import Severity
from havre.policy.profiles import terms_of
from havre.policy.qualifications import installed_qualifications
from havre.policy.registry import installed_controls
from havre.policy.selection import EVERYTHING, Selection
from havre.policy.waivers import WaiverBounds, beside, load_waivers, refuse_distant
from havre.provider import find
from havre.provider.discovery import installed_names
from havre.provider.machine import folder_setting
from havre.spec.endings import today
from havre.stack.program import offline_settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from havre.assess.subject import Subject
    from havre.facts import Facts
    from havre.plan import Plan, PlannedResource
    from havre.policy import Control, Profile, Rehearsal
    from havre.policy.findings import Result, Waiver
    from havre.probe.record import ProbeRecord
    from havre.provider import Gap, Provider
    from havre.spec import Warehouse

STATE = "state"
"""Source of a plan that is deployed."""
NOWHERE = "/nowhere"
"""The folder of a warehouse on this machine that nothing is deployed by."""


@dataclass(frozen=True)
class Request:
    """What is to be assessed, and by which rules.

    Attributes:
        subject: the warehouse and the provider.
        settings: of the provider, by name, as given; what is missing is a placeholder.
        plan: a plan that was read; None: the stack's program is evaluated offline.
        source: where the plan comes from: `evaluation`, `preview`, `state`, `analyzer` or
            `sandbox`.
        fresh: whether the plan's program has just read this very file, so that nothing differs.
        stack: name of the stack that is evaluated; empty: the provider's.
        as_of: the day on which dates are judged; None: today.
        profile: which controls; None: as the spec calls for.
        waivers: risks that a named owner accepts.
        allow_unknown: whether controls that were not evaluated pass.
        fail_on: the least severity that fails; None: nothing does.
        rehearsed: the last rehearsal of the exit, by its seal; None: there is no seal.
        selection: which of the controls are evaluated.
        inputs: files that were read, by their roles; empty: the result records none.
        time: when the check runs (UTC, ISO 8601), as it was given; empty: only the day is.
        estate: resources of other stacks' states, for what the warehouse is given.
        probes: file with what probes saw of it, as it is deployed; None: there is none.
    """

    subject: Subject
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    plan: Plan | None = None
    source: str = "evaluation"
    fresh: bool = False
    stack: str = ""
    as_of: dt.date | None = None
    profile: Profile | None = None
    waivers: tuple[Waiver, ...] = ()
    allow_unknown: bool = False
    fail_on: Severity | None = Severity.LOW
    rehearsed: Rehearsal | None = None
    selection: Selection = EVERYTHING
    inputs: Mapping[str, Path] = field(default_factory=dict)
    time: str = ""
    estate: tuple[PlannedResource, ...] = ()
    probes: Path | None = None


@dataclass(frozen=True)
class Assessment:
    """What was judged, by what, and what came of it.

    Attributes:
        question: everything that the judge was given.
        facts: what the plan means for security.
        result: the findings.
    """

    question: Question
    facts: Facts
    result: Result


def assess(request: Request, controls: Sequence[Control] | None = None) -> Assessment:
    """Judge a warehouse by the controls.

    Args:
        request: what is to be assessed.
        controls: None: every one that is installed.

    Raises:
        InputError: a setting, a waiver or a record is wrong, or the plan is of another warehouse.
        MissingDependencyError: no controls or no records are installed.
    """
    question = question_of(request)
    installed = installed_controls() if controls is None else controls
    result, facts = judge_with_facts(question, installed)
    if request.inputs:
        from havre.assess.provenance import provenance_of

        found = provenance_of(question.spec, request.inputs, request.time)
        result = replace(result, provenance=found)
    return Assessment(question, facts, result)


def question_of(request: Request) -> Question:
    """The question that a request puts to the judge, with all that is installed to answer it.

    Raises:
        InputError: a setting, a waiver or a record is wrong, or the plan is of another warehouse.
        MissingDependencyError: no records are installed.
    """
    of = request.subject
    day = request.as_of or today()
    if request.waivers:
        terms = terms_of(request.profile or profile_of(of.spec))
        refuse_distant(request.waivers, day, terms)
    settings, placeholders = settings_of(of.provider, request.settings)
    if request.plan is None:
        from havre.evaluate.warehouse import evaluated

        plan = evaluated(of.spec, of.provider, settings, placeholders, request.stack, day)
    else:
        plan = replace(request.plan, gaps=tuple(of.provider.gaps(of.spec, settings)))
        _refuse(plan, request)
    if request.estate:
        plan = _with_estate(plan, request.estate)
    leaving_for, exit_gaps = exit_of(of.spec, of.provider)
    return Question(
        spec=of.spec,
        plan=plan,
        provider=of.provider,
        as_of=day,
        profile=request.profile,
        source=request.source,
        gaps=plan.gaps,
        qualifications=installed_qualifications(),
        waivers=request.waivers,
        exit=leaving_for,
        exit_gaps=exit_gaps,
        rehearsed=request.rehearsed,
        settings={name: getattr(settings, name) for name in settings.model_fields_set},
        installed=tuple(installed_names()),
        file=of.file,
        lines=of.lines,
        allow_unknown=request.allow_unknown,
        fail_on=request.fail_on,
        selection=request.selection,
        probes=_probes(request, plan, day),
    )


def _probes(request: Request, plan: Plan, day: dt.date) -> ProbeRecord | None:
    """What probes saw of the warehouse; None where no file of them is named.

    Raises:
        InputError: the file cannot be read, is of something else, or is too old.
    """
    if request.probes is None:
        return None
    from havre.probe.record import ProbedSubject, read_record, refuse_foreign

    of, deployed = request.subject, request.source in (STATE, SANDBOX)
    found = read_record(request.probes)
    terms = terms_of(request.profile or profile_of(of.spec))
    about = (of.spec, of.provider.name, request.source == SANDBOX, day, terms.probe_days)
    subject = ProbedSubject(*about, plan if deployed and not request.estate else None)
    refuse_foreign(found, request.probes, subject)
    return found


def _with_estate(plan: Plan, standing: tuple[PlannedResource, ...]) -> Plan:
    """A plan, and beside it what it is given of an estate.

    Raises:
        InputError: the estate's state has nothing that the warehouse is given, or is its own.
    """
    if any(each.urn in plan.by_urn for each in standing):
        message = "--estate names a state of the warehouse itself"
        raise InputError(message, "Give the state of the stack that manages the estate.")
    found = with_estate(plan, standing)
    if len(found.resources) == len(plan.resources):
        given = ", ".join(each.property for each in outside_of(plan).values())
        message = f"--estate has no resource that the warehouse is given ({given or 'nothing is'})"
        remedy = "Name what exists in the setting `estate`, and give the state that manages it."
        raise InputError(message, remedy)
    return found


def _refuse(plan: Plan, request: Request) -> None:
    """Refuse a plan that is not of the request's warehouse.

    Raises:
        InputError: it is not.
    """
    if request.fresh:
        refuse_differing(plan, request.subject)
    refuse_another(plan, request.subject)
    refuse_foreign(plan, request.subject)


def settings_of(provider: Provider, given: Mapping[str, Any]) -> tuple[BaseModel, tuple[str, ...]]:
    """Settings of a provider for a plan that nothing is deployed by, and which are placeholders.

    Raises:
        InputError: a setting is wrong, or the provider does not know it.
    """
    name = folder_setting(provider.settings)
    return offline_settings(provider, {**({name: NOWHERE} if name else {}), **given})


def exit_of(spec: Warehouse, provider: Provider) -> tuple[Provider | None, tuple[Gap, ...]]:
    """The provider to leave for and its gaps, where it is another one and installed."""
    if spec.exit is None or spec.exit.provider == provider.name:
        return None, ()
    try:
        found = find(spec.exit.provider)
    except MissingDependencyError:
        return None, ()
    return found, tuple(found.gaps(spec, settings_of(found, {})[0]))


def waivers_of(
    named: Path | None, file: Path | None, bounds: WaiverBounds | None = None
) -> tuple[Waiver, ...]:
    """The waivers of a file; of `waivers.yaml` next to the warehouse file where none is named.

    Args:
        named: the file, as named.
        file: the warehouse file.
        bounds: of the check, so that all that is wrong is reported at once; None: the assessment
            applies them to a file that is valid otherwise.

    Raises:
        InputError: the file is not valid.
    """
    path = named or (beside(file) if file else None)
    return load_waivers(path, bounds) if path else ()


def bounds_of(
    spec: Warehouse,
    day: dt.date | None,
    profile: Profile | None = None,
    controls: Sequence[Control] | None = None,
) -> WaiverBounds:
    """What the waivers of a check must agree with.

    Args:
        spec: the warehouse.
        day: of the check; None: today.
        profile: None: as the spec calls for.
        controls: that exist; None: every one that is installed.

    Raises:
        MissingDependencyError: no controls are installed.
    """
    known = installed_controls() if controls is None else controls
    terms = terms_of(profile or profile_of(spec))
    ids = frozenset(each.id for each in known)
    return WaiverBounds(day or today(), terms, ids, frozenset(installed_names()))
