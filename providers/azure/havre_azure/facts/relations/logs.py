"""Which logs of Azure's resources are sent on, by diagnostic settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.read import NO, every, items, read, some
from havre.facts.values import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


def _sends(
    setting: PlannedResource, category: str, groups: Sequence[str], service: str = ""
) -> Fact[bool]:
    """Whether a diagnostic setting sends a category of logs, of a service in what it watches."""
    uri = read(setting.inputs, "resourceUri") if service else NO
    if isinstance(uri, Known) and service and service not in str(uri.value).lower():
        return NO
    logs = items(setting.inputs, "logs")
    if isinstance(logs, Unknown):
        return logs
    sent = [log for log in logs.value if log.get("enabled")]
    wanted = category.lower()
    return Known(
        any(
            str(log.get("category", "")).lower() == wanted
            or str(log.get("categoryGroup", "")).lower() in groups
            for log in sent
        )
    )


def logged(
    index: Index, resource: PlannedResource, categories: Sequence[str], service: str = ""
) -> Fact[bool]:
    """Whether diagnostic settings send every category of a resource's logs.

    Args:
        index: where the settings are.
        resource: what is watched.
        categories: by Azure's names; the groups `allLogs` and `audit` hold them all.
        service: part of the identifier that the setting must name, such as `/blobservices/`.
    """
    what = ("monitor:DiagnosticSetting", "resourceUri", resource)
    groups = ("alllogs", "audit")
    return every([index.named_by(*what, _sends, wanted, groups, service) for wanted in categories])


def administration_logged(index: Index) -> Fact[bool]:
    """Whether the subscription's activity log, with administrative actions, is kept."""
    return index.derived(_activity_logged)


def _activity_logged(index: Index) -> Fact[bool]:
    settings = index.of("monitor:SubscriptionDiagnosticSetting")
    return some([_sends(each, "Administrative", ("alllogs",)) for each in settings])
