"""Which logs of Azure's resources are sent on, by diagnostic settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.facts.read import NO, every, items, read, some, then
from havre.facts.values import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


def _sends(
    setting: PlannedResource,
    category: str,
    groups: Sequence[str],
    service: str = "",
    doubtful: Sequence[str] = (),
) -> Fact[bool]:
    """Whether a diagnostic setting sends a category of logs, of a service in what it watches."""
    uri = read(setting.inputs, "resourceUri") if service else NO
    if isinstance(uri, Known) and service and service not in str(uri.value).lower():
        return NO
    logs = items(setting.inputs, "logs")
    if isinstance(logs, Unknown):
        return logs
    return some([_is_sent(log, category.lower(), groups, doubtful) for log in logs.value])


def _is_sent(log: Any, category: str, groups: Sequence[str], doubtful: Sequence[str]) -> Fact[bool]:
    """Whether one entry sends a category, by its name or by a group that holds it, or may."""
    named = then(read(log, "category", ""), lambda word: str(word).lower() == category)
    group = then(read(log, "categoryGroup", ""), lambda word: str(word).lower())
    grouped = then(group, lambda word: word in groups)
    if isinstance(group, Known) and group.value in doubtful:
        grouped = Unknown("categoryGroup")
    found = every([then(read(log, "enabled", default=False), bool), some([named, grouped])])
    return Unknown(f"logs[].{found.property}") if isinstance(found, Unknown) else found


def logged(
    index: Index,
    resource: PlannedResource,
    categories: Sequence[str],
    service: str = "",
    *,
    doubtful: Sequence[str] = (),
) -> Fact[bool]:
    """Whether diagnostic settings send every category of a resource's logs.

    Args:
        index: where the settings are.
        resource: what is watched.
        categories: by Azure's names; the groups `allLogs` and `audit` hold them all.
        service: part of the identifier that the setting must name, such as `/blobservices/`.
        doubtful: of those groups, what may not hold them.
    """
    what = ("monitor:DiagnosticSetting", "resourceUri", resource)
    groups = ("alllogs", "audit")
    more = (groups, service, tuple(doubtful))
    return every([index.named_by(*what, _sends, wanted, *more) for wanted in categories])


def administration_logged(index: Index) -> Fact[bool]:
    """Whether the subscription's activity log, with administrative actions, is kept."""
    return index.derived(_activity_logged)


def _activity_logged(index: Index) -> Fact[bool]:
    settings = index.of("monitor:SubscriptionDiagnosticSetting")
    return some([_sends(each, "Administrative", ("alllogs",)) for each in settings])
