"""Testing controls with plans that must pass and plans that must fail.

A folder bears the name of a control; in it, each `pass-*.yaml` holds a plan on which the
control must pass, each `fail-*.yaml` one on which it must fail. A plan is a list of resources,
or a warehouse file evaluated offline, or the output of the Pulumi CLI.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - and this one
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from havre.assess.assessment import Request, assess
from havre.assess.subject import Subject, recorded_specs
from havre.documents.records import read_document
from havre.errors import HavreError, InputError
from havre.plan import urns
from havre.plan.model import Plan, PlannedResource
from havre.plan.previews import from_preview
from havre.plan.values import plain
from havre.policy.findings import Finding, FindingKind
from havre.policy.model import Outcome
from havre.policy.registry import find_control
from havre.provider import find
from havre.stack.standing import in_export

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.policy.findings import Result
    from havre.policy.model import Control
    from havre.spec import Warehouse

EXAMPLE = "See `havre policy test --help` for what such a file holds."
SMALLEST = """
name: tested
environment: production
organisation: {name: Tested, country: FR, contact: warehouse@tested.example}
classification: health-pseudonymised
residency: {countries: [FR]}
sites: {primary: fr-paris}
zones: {curated: {purpose: curated, recoverable_days: 30}}
"""
"""The warehouse that is asked for where a case names none."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Resource(_Section):
    type: str
    name: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    protect: bool = False
    needs: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class _Case(_Section):
    provider: str
    warehouse: str = ""
    resources: tuple[_Resource, ...] = ()
    preview: str = ""
    state: str = ""
    as_of: dt.date | None = None
    on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tested:
    """One plan that was tried.

    Attributes:
        name: control and file.
        ok: whether the control said what the file's name promises.
        said: what it said.
    """

    name: str
    ok: bool
    said: str

    def as_dict(self) -> dict[str, Any]:
        """The test as JSON-ready values."""
        return {"name": self.name, "ok": self.ok, "said": self.said}


def run(folder: Path, known: Sequence[Control] | None = None) -> list[Tested]:
    """Try every plan of every control's folder.

    Args:
        folder: holds a folder a control.
        known: controls that are tried; None: those that are installed.

    Raises:
        InputError: there is no test, a folder bears the name of no control, a control has no
            plan that must fail, or a file is not valid.
    """
    if not folder.is_dir():
        message = f"{folder} is not a folder"
        raise InputError(message, "Name the folder that contains one folder per control.")
    tests = [
        test for each in sorted(folder.iterdir()) if each.is_dir() for test in _control(each, known)
    ]
    if not tests:
        message = f"{folder} contains no tests"
        raise InputError(message, "Name the folder that contains one folder per control.")
    return tests


def _control(folder: Path, known: Sequence[Control] | None) -> list[Tested]:
    control = find_control(folder.name, known)
    files = sorted(folder.glob("*.yaml"))
    kinds = Counter(file.name.split("-", 1)[0] for file in files)
    if not kinds["pass"] or not kinds["fail"]:
        message = f"{folder} needs at least one pass-*.yaml and one fail-*.yaml"
        raise InputError(message, "A control that was never seen to fail proves nothing.")
    return [_tried(control, file) for file in files]


def _read(file: Path) -> _Case:
    return read_document(file, typed=True, remedy=EXAMPLE).validate(_Case, EXAMPLE)


def _tried(control: Control, file: Path) -> Tested:
    name = f"{control.id}/{file.name}"
    try:
        case = _read(file)
        result = _judged(control, case, file)
    except HavreError as error:
        message = f"{name}: {error.message}"
        raise InputError(message, error.remedy) from error
    findings = [f for f in result.findings if f.control == control.id and f.gap is None]
    if file.name.startswith("pass-"):
        passed = result.outcomes[control.id][Outcome.PASS]
        said = _as_text(findings) if findings else f"passed on {passed}"
        return Tested(name, bool(passed) and not findings, said)
    failed = [finding for finding in findings if finding.kind is FindingKind.FAIL]
    hit = {finding.name for finding in failed}
    return Tested(name, bool(failed) and set(case.on) <= hit, _as_text(findings) or "found nothing")


def _as_text(findings: list[Finding]) -> str:
    return "; ".join(f"{f.kind.value} on {f.name or 'the plan'}: {f.found}" for f in findings[:3])


def _spec(case: _Case, file: Path, plan: Plan | None) -> Warehouse:
    """The warehouse of a case: the one that it names, else that of the plan, else the smallest."""
    from havre.spec.load import load, loads

    if case.warehouse:
        return load(file.parent / case.warehouse).warehouse
    if plan is not None and (found := recorded_specs(plan)):
        return found[0]
    return loads(SMALLEST, "the smallest warehouse").warehouse


def _judged(control: Control, case: _Case, file: Path) -> Result:
    plan = _plan(case, file)
    of = Subject(_spec(case, file, plan), find(case.provider))
    request = Request(of, plan=plan, as_of=case.as_of, profile=control.profile)
    return assess(request, (control,)).result


def _plan(case: _Case, file: Path) -> Plan | None:
    """The plan of a case; None where it is that of a warehouse file."""
    if case.preview:
        return from_preview(file.parent / case.preview)
    if case.state:
        return in_export(file.parent / case.state).plan()
    return Plan(case.provider, tuple(_resources(case.resources))) if case.resources else None


def _resources(given: tuple[_Resource, ...]) -> Iterator[PlannedResource]:
    known: Mapping[str, str] = {
        each.name: urns.make("test", "test", each.type, each.name) for each in given
    }
    for each in given:
        needs = {
            key: tuple(sorted(known.get(name, name) for name in names))
            for key, names in each.needs.items()
        }
        yield PlannedResource(
            urn=known[each.name],
            type=each.type,
            name=each.name,
            custom=True,
            inputs={key: plain(value) for key, value in each.inputs.items()},
            dependencies=tuple(sorted({urn for found in needs.values() for urn in found})),
            property_dependencies=needs,
            protect=each.protect,
        )
