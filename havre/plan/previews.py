"""The plan in the output of `pulumi preview --json`, and of `pulumi destroy` and `refresh`.

What each step does to a resource: pulumi/pulumi, pkg/resource/deploy/step.go and
pkg/backend/display/json.go, read on 2026-11-29; what the CLI writes of each is recorded in
tests/plan/lives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.plan import json_files, urns
from havre.plan.sources import plan_of, resource, told
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from havre.plan.model import Plan, PlannedResource

WHOLE = "Write it by: pulumi preview --json --show-sames > FILE"


class Fate(Enum):
    """What a step does to the resource that stands, and whether one stands after it."""

    STAYS = auto()
    REPLACES = auto()
    REMOVES = auto()
    REMOVES_REPLACED = auto()
    FORGETS = auto()
    FORGETS_REPLACED = auto()


FATES = {
    **dict.fromkeys(
        ("same", "create", "update", "refresh", "diff", "read", "import", "extend-parameterize"),
        Fate.STAYS,
    ),
    **dict.fromkeys(
        ("replace", "create-replacement", "import-replacement", "read-replacement"),
        Fate.REPLACES,
    ),
    "delete": Fate.REMOVES,
    "delete-replaced": Fate.REMOVES_REPLACED,
    "discard": Fate.FORGETS,
    "remove-pending-replace": Fate.FORGETS,
    "discard-replaced": Fate.FORGETS_REPLACED,
}
"""Every step that the CLI writes."""
ENDS = frozenset({Fate.REMOVES, Fate.FORGETS})
"""After these, no resource of that URN is left."""
TAKES = frozenset({Fate.REPLACES, Fate.REMOVES, Fate.REMOVES_REPLACED})
"""These take away what stood."""
LEAVES = frozenset({*ENDS, Fate.REMOVES_REPLACED, Fate.FORGETS_REPLACED})
"""These have no state after them."""


UNCHANGED = frozenset({"same", "refresh"})
"""After these a resource is as it was, and `changeSummary` counts it as the same."""


@dataclass(frozen=True)
class Step:
    """One step of a preview.

    Attributes:
        operation: Pulumi's word for it.
        fate: what it does.
        old: the resource as it stands; None where there is none.
        new: the resource as it would be; None where none would be left.
        untouched: whether the preview was told to leave the resource out.
    """

    operation: str
    fate: Fate
    old: PlannedResource | None
    new: PlannedResource | None
    untouched: bool = False

    @property
    def urn(self) -> str:
        """The resource that it is about."""
        standing = self.new or self.old
        return standing.urn if standing else ""

    @property
    def taken(self) -> PlannedResource | None:
        """The resource that it takes away, and whose data go with it unless it is retained."""
        if self.old is None or self.old.external or self.fate not in TAKES:
            return None
        replaces = self.fate is not Fate.REMOVES
        return replace(self.old, operation="replace" if replaces else "delete")


def from_preview(path: Path, provider: str = "") -> Plan:
    """The plan in the output of `pulumi preview --json`.

    Several steps of one resource are one resource: the last decides what stands.

    Raises:
        InputError: the file is none, is cut off, tells of nothing, of a part, or of a preview
            that failed.
    """
    document = json_files.read(path)
    _refuse_failed(document.get("diagnostics"), path)
    if document.get("maybeCorrupt"):
        message = f"{path} is of a state that Pulumi calls corrupt"
        raise InputError(message, "Run `pulumi state repair`, then preview again.")
    if not isinstance(document.get("steps"), list):
        message = f"{path} {_instead(document)}"
        raise InputError(message, WHOLE)
    steps = [_step(given, f"{path}: steps[{n}]") for n, given in enumerate(document["steps"])]
    _refuse_part(document, steps, path)
    config = told(document, "config", str(path), masked=True)
    return replace(_plan(steps, provider, str(path)), config=config)


def _plan(steps: Sequence[Step], provider: str, source: str) -> Plan:
    last: dict[str, PlannedResource | None] = {}
    taken: dict[str, PlannedResource] = {}
    gone = _found_gone(steps)
    for step in steps:
        if step.fate in ENDS or step.urn in gone:
            last[step.urn] = None
        elif step.new is not None:
            last[step.urn] = step.new
        if step.taken is not None and step.urn not in gone:
            taken[step.urn] = step.taken
    return plan_of(provider, [r for r in last.values() if r], source, taken.values())


def _found_gone(steps: Sequence[Step]) -> frozenset[str]:
    """Resources that a refresh no longer found, and that nothing makes again.

    A refresh alone writes `delete` for them, with no step `refresh` of the same resource before.
    A preview with `--refresh` writes `refresh` and no other step, where the program has those
    that stand in a step of their own.
    """
    operations: dict[str, list[str]] = {}
    for step in steps:
        operations.setdefault(step.urn, []).append(step.operation)
    refreshed = [urn for urn, found in operations.items() if found[0] == "refresh"]
    if not refreshed:
        return frozenset()
    missed = {urn for urn, found in operations.items() if found == ["delete"]}
    if any(len(operations[urn]) > 1 for urn in refreshed if not urns.is_stack(urn)):
        missed |= {urn for urn in refreshed if operations[urn] == ["refresh"]}
    return frozenset(missed)


def _instead(document: Mapping[str, Any]) -> str:
    """What a document is that has no steps."""
    if "deployment" in document or "checkpoint" in document:
        return "is a state, not a preview: give it with --state"
    if "resourcePlans" in document:
        return "is an update plan (`--save-plan`), not a preview"
    if "changeSummary" in document:
        return "has no `steps`: unchanged resources are left out"
    return "has no `steps`: it is not the output of `pulumi preview --json`"


def _step(given: Any, where: str) -> Step:
    values = json_files.mapping(given, where)
    operation = json_files.word(values, "op", where, needed=True)
    if operation not in FATES:
        message = f"{where}: `{inert(operation)}` is not a known step of Pulumi"
        raise InputError(message, "A newer Havre may know it. Nothing was evaluated.")
    fate = FATES[operation]
    old, new = values.get("oldState"), values.get("newState")
    leaves = fate in LEAVES
    return Step(
        operation=operation,
        fate=fate,
        old=None if old is None and not leaves else resource(old, where, operation),
        new=None if leaves else resource(new, where, operation),
        untouched=operation == "same"
        and _left_alone(json_files.mapping(old, where), json_files.mapping(new, where)),
    )


def _left_alone(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a resource that does not change was not looked at.

    A preview knows no outputs of what the program asked for; with `--target` or `--exclude` the
    CLI writes the former state of all others, outputs included, but for its id; and those that
    do not stand yet as the same as before.
    """
    repeated = bool(new.get("outputs")) and "id" not in new
    return new.get("custom") is True and (repeated or not old.get("id"))


def _refuse_failed(diagnostics: Any, path: Path) -> None:
    """A preview that stopped at an error may lack whatever was to come."""
    where = f"{path}: diagnostics"
    found = [json_files.mapping(each, where) for each in json_files.items(diagnostics, where)]
    errors = sum(each.get("severity") == "error" for each in found)
    if errors:
        message = f"{path} is of a preview that failed, with {errors} errors"
        raise InputError(message, "Resources may be missing. Fix the program, then preview again.")


def _refuse_part(document: Mapping[str, Any], steps: list[Step], path: Path) -> None:
    """A preview that leaves resources out proves nothing of them."""
    alone = sum(step.untouched for step in steps)
    if alone:
        message = f"{path} is of a part: {alone} resources were left out of the preview"
        raise InputError(message, f"Preview without --target and --exclude. {WHOLE}")
    counted = json_files.mapping(document.get("changeSummary"), f"{path}: changeSummary")
    same = counted.get("same", 0)
    if not isinstance(same, int) or isinstance(same, bool):
        message = f"{path}: changeSummary.same is not a number"
        raise InputError(message, json_files.ANEW)
    last = {step.urn: step.operation for step in steps}
    standing = [urn for urn, operation in last.items() if operation in UNCHANGED]
    if same > len(standing):
        message = f"{path} leaves out {same - len(standing)} resources that do not change"
        raise InputError(message, f"They were not evaluated. {WHOLE}")
    hidden = not any(last[urn] == "same" and not urns.is_stack(urn) for urn in standing)
    if "same" in counted and same < len(standing) and hidden:
        message = f"{path} does not say which resources a refresh no longer found"
        raise InputError(message, WHOLE)
