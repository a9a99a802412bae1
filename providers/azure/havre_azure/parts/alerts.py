"""Alerts: the warehouse's contact is told of what no log reader would see in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_azure_native import monitor

from havre.facts.model import Signal
from havre.spec.model import Purpose
from havre_azure.alerts import LOCKS_REMOVED, SEARCHES, WITHIN, Search, of_exports
from havre_azure.names import Deployment, zone_purpose
from havre_azure.resources import after, known, usual

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulumi

SHORT_NAME = "havre"
"""Name of the group in messages: at most 12 characters."""
URGENT = 1
"""Severity of every alert: error, the second of five."""


def searches(at: Deployment) -> Iterator[tuple[Signal, Search]]:
    """What is searched for: keys and exports where the warehouse has them."""
    for signal, search in SEARCHES.items():
        if signal is not Signal.KEY_LOSS or at.own_keys:
            yield signal, search
    zones = at.spec.zones.items()
    exports = [at.account(zone_purpose(n)) for n, z in zones if z.purpose is Purpose.EXPORT]
    if exports:
        yield Signal.EXPORT, of_exports(exports)


def alerts(at: Deployment, sink: pulumi.Output[str]) -> None:
    """A group with the contact of the warehouse file, and the rules that tell it."""
    group, name = after(at.group, sink), at.name(f"{at.stem}-alerts")
    made = monitor.ActionGroup(
        f"{at.stem}-alerts",
        action_group_name=name,
        group_short_name=SHORT_NAME,
        location="global",  # addresses only: the service has no region
        resource_group_name=group,
        enabled=True,
        email_receivers=[
            monitor.MicrosoftCommonEmailReceiverArgs(
                name="contact",
                email_address=at.spec.organisation.contact,
                use_common_alert_schema=True,
            )
        ],
        tags=at.tags,
        opts=at.part.child(),
    )
    told = known(at.id("Microsoft.Insights/actionGroups", name), made)
    _removals(at, group, told)
    for signal, search in searches(at):
        _search(at, signal, search, sink, told)


def _removals(at: Deployment, group: pulumi.Output[str], told: pulumi.Output[str]) -> None:
    """A lock or a vault that is removed anywhere in the resource group, as it happens."""
    monitor.ActivityLogAlert(
        f"{at.stem}-alert-{Signal.LOCK_REMOVAL}",
        activity_log_alert_name=at.name(f"{at.stem}-alert-{Signal.LOCK_REMOVAL}"),
        location="global",
        resource_group_name=group,
        enabled=True,
        scopes=[after(at.group_id, told)],
        condition=monitor.AlertRuleAllOfConditionArgs(
            all_of=[
                monitor.AlertRuleAnyOfOrLeafConditionArgs(
                    field="category", equals="Administrative"
                ),
                monitor.AlertRuleAnyOfOrLeafConditionArgs(
                    any_of=[
                        monitor.AlertRuleLeafConditionArgs(field="operationName", equals=operation)
                        for operation in LOCKS_REMOVED
                    ]
                ),
            ]
        ),
        actions=monitor.ActionListArgs(
            action_groups=[monitor.ActionGroupArgs(action_group_id=told)]
        ),
        tags=at.tags,
        opts=at.part.child(),
    )


def _search(
    at: Deployment,
    signal: Signal,
    search: Search,
    sink: pulumi.Output[str],
    told: pulumi.Output[str],
) -> None:
    """A search of the workspace; its tables are there only once the first log has come."""
    monitor.ScheduledQueryRule(
        f"{at.stem}-alert-{signal}",
        rule_name=at.name(f"{at.stem}-alert-{signal}"),
        kind=monitor.Kind.LOG_ALERT,
        enabled=True,
        severity=URGENT,
        scopes=[sink],
        evaluation_frequency=WITHIN,
        window_size=WITHIN,
        auto_mitigate=False,
        skip_query_validation=True,
        criteria=monitor.ScheduledQueryRuleCriteriaArgs(
            all_of=[
                monitor.ConditionArgs(
                    query=search.query,
                    operator="GreaterThan",
                    threshold=search.threshold,
                    time_aggregation=monitor.TimeAggregation.COUNT,
                )
            ]
        ),
        actions=monitor.ActionsArgs(action_groups=[told]),
        **usual(at, after(at.group, sink)),
    )
