"""Alerts: what each tells of, and whether somebody is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import Alert, ResourceFact, Signal
from havre.facts.read import NO, bare, every, read, some, then
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN, holds_unknown
from havre_azure.alerts import LOCKS_REMOVED, SEARCHES, WITHIN, of_exports
from havre_azure.facts.properties import about
from havre_azure.facts.relations.naming import WHOLE
from havre_azure.facts.relations.scopes import GROUP_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource

RESOURCES = "resources:ResourceGroup"
GROUP, WORKSPACE = "monitor:ActionGroup", "operationalinsights:Workspace"
RECEIVERS = (
    *("emailReceivers", "smsReceivers", "voiceReceivers", "azureAppPushReceivers"),
    *("armRoleReceivers", "eventHubReceivers", "itsmReceivers", "webhookReceivers"),
)
"""What an action group may tell: people, or a system of theirs."""
NOTHING: Fact[tuple[Signal, ...]] = Known(())


def search(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A search of the logs, by a query that is known.

    Only of a workspace of the plan, or of the one that the warehouse is given and sends logs to.
    """
    criteria = bare(resource.inputs.get("criteria"))
    signals = _searched(criteria, index) if _often(resource) else NOTHING
    own = bool(index.near(resource, "scopes", WORKSPACE))
    watched = own or any(_is_given(index, scope) for scope in _scopes(resource))
    return [_alert(resource, index, signals if watched else NOTHING)]


def _scopes(resource: PlannedResource) -> list[str]:
    scopes = bare(resource.inputs.get("scopes"))
    return [str(scope) for scope in scopes] if isinstance(scopes, list) else []


def _is_given(index: Index, scope: str) -> bool:
    """Whether a scope is a workspace that the warehouse is given."""
    return "/workspaces/" in scope.lower() and index.outside(scope) is not None


def _often(resource: PlannedResource) -> bool:
    """Whether a search runs as often and looks as far back as it should."""
    times = [read(resource.inputs, path) for path in ("evaluationFrequency", "windowSize")]
    return times == [Known(WITHIN), Known(WITHIN)]


def _searched(criteria: Any, index: Index) -> Fact[tuple[Signal, ...]]:
    if criteria is UNKNOWN or holds_unknown(criteria):
        return Unknown("criteria")
    conditions = criteria.get("allOf") if isinstance(criteria, dict) else None
    if not isinstance(conditions, list) or len(conditions) != 1:
        return NOTHING  # several at once tell only of what meets all
    return Known(tuple(s for s, asked in _known(index).items() if _tells(conditions[0], *asked)))


def _known(index: Index) -> Mapping[Signal, tuple[str, int]]:
    """The queries that are known, with their thresholds; that of exports by the plan's zones."""
    found = {signal: (asked.query, asked.threshold) for signal, asked in SEARCHES.items()}
    return {**found, Signal.EXPORT: (of_exports(_exports(index)).query, 0)}


def _exports(index: Index) -> list[str]:
    """Names of the accounts of export zones, in the plan's order."""
    return [
        str(name.value)
        for each in index.of("storage:StorageAccount")
        if read(each.inputs, "tags.purpose") == Known("export")
        and isinstance(name := read(each.inputs, "accountName"), Known)
    ]


def _tells(condition: Any, query: str, threshold: int) -> bool:
    """Whether a condition is met by what a query should tell of, and no later."""
    told = condition if isinstance(condition, dict) else {}
    periods = told.get("failingPeriods") or {}
    once = periods.get("numberOfEvaluationPeriods", 1) == 1
    limit = told.get("threshold")
    low = isinstance(limit, (int, float)) and 0 <= limit <= threshold
    counts = (told.get("operator"), told.get("timeAggregation")) == ("GreaterThan", "Count")
    narrowed = told.get("dimensions") or told.get("metricMeasureColumn")
    return told.get("query") == query and low and once and counts and not narrowed


def removal(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """An alert on the activity log, of a resource group of the plan or of everything."""
    condition = bare(resource.inputs.get("condition"))
    wide = any(_is_wide(scope, index) for scope in _scopes(resource))
    if condition is UNKNOWN or holds_unknown(condition):
        return [_alert(resource, index, Unknown("condition"))]
    return [_alert(resource, index, _removed(condition) if wide else NOTHING)]


def _is_wide(scope: str, index: Index) -> bool:
    """Whether a scope is a subscription or more, or a resource group of the plan or given to it."""
    if WHOLE.fullmatch(scope):
        return True
    named = GROUP_ID.fullmatch(scope)
    groups = [read(group.inputs, "resourceGroupName", "") for group in index.of(RESOURCES)]
    own = {str(name.value).lower() for name in groups if isinstance(name, Known)}
    if named is None:
        return False
    return named["name"].lower() in own or index.outside(scope) is not None


def _removed(condition: Any) -> Fact[tuple[Signal, ...]]:
    """Whether a condition is met by every removal: it asks for the operation and nothing more."""
    conditions = condition.get("allOf") if isinstance(condition, dict) else None
    operations: set[str] = set()
    for each in conditions if isinstance(conditions, list) else []:
        several = each.get("anyOf") or [each]
        names = {str(leaf.get("equals")) for leaf in several if leaf.get("field") == OPERATION}
        plain = each.get("field") == "category" and each.get("equals") == "Administrative"
        if len(names) == len(several):
            operations = names
        elif not plain:
            return NOTHING  # narrower: only of some resource, or only if it succeeded
    return Known((Signal.LOCK_REMOVAL,)) if operations >= {*LOCKS_REMOVED} else NOTHING


OPERATION = "operationName"


def _alert(
    resource: PlannedResource, index: Index, signals: Fact[tuple[Signal, ...]]
) -> ResourceFact:
    on = then(read(resource.inputs, "enabled", default=True), bool)
    nobody = read(resource.inputs, "actions.actionGroups", []) == Known([])
    groups = [] if nobody else index.near(resource, "actions", GROUP)
    on = NO if nobody else on
    told = every([on, some([_reaches(group) for group in groups])]) if groups else _elsewhere(on)
    return replace(about(Alert, resource), signals=signals, told=told)


def _elsewhere(on: Fact[bool]) -> Fact[bool]:
    """Whether somebody is told who is in no group of the plan."""
    return NO if on == NO else Unknown("actions: no action group of this plan")


def _reaches(group: PlannedResource) -> Fact[bool]:
    """Whether an action group is on, and has a receiver."""
    on = then(read(group.inputs, "enabled", default=False), bool)
    receivers = [then(read(group.inputs, path, []), bool) for path in RECEIVERS]
    return every([on, some(receivers)])
