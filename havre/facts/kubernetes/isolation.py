"""Whether programs of a project are kept apart in a cluster, by the objects of their namespace.

A namespace isolates its programs if its pods are restricted, its network policies deny what they
do not name, and name nothing but the resolver, the data and public addresses by port, and if a
quota limits what they use. Policies add up: one that is wide opens what all others close. Sources:
Kubernetes documentation, network policies, pod security standards, resource quotas; read on
2026-11-30.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.facts.addresses import EVERY_ADDRESS
from havre.facts.kubernetes.objects import ClusterObject, of_cluster, read_object, unread
from havre.facts.kubernetes.peers import ways_in, ways_out
from havre.facts.model import Namespace
from havre.facts.read import NO, YES, every
from havre.facts.values import (
    DOES_NOT_APPLY,
    IN_THE_CLUSTER,
    DoesNotApply,
    Fact,
    Known,
    MayApply,
    Unknown,
    reserved,
)
from havre.plan.kubernetes import KINDS, NAMESPACE
from havre.plan.values import holds_unknown
from havre.spec.workloads import LIMITED, POD_SECURITY, REFUSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource

INGRESS, EGRESS = "Ingress", "Egress"
UNENFORCED = "no engine that enforces network policies"


@dataclass(frozen=True)
class _Held:
    """What a namespace has: its own object, and those in it by kind."""

    own: tuple[ClusterObject, ...]
    inside: Mapping[str, Sequence[ClusterObject]]

    def views(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Objects of a kind as they are planned and as they were seen, each with its name."""
        return ((each.name, view) for each in self.inside.get(kind, ()) for view in each.views)


def namespaces(
    index: Index,
    cluster: PlannedResource,
    segments: Iterable[tuple[str, Fact[str]]],
    enforced: Fact[bool] = YES,
) -> MayApply[tuple[Namespace, ...]]:
    """The namespaces that the plan makes in a cluster, in its order.

    Args:
        index: of the plan.
        cluster: the cluster.
        segments: name and addresses of each segment that holds data.
        enforced: whether something in the cluster enforces network policies.

    Returns:
        They do not apply where nothing in the plan reaches the cluster. They are unknown where an
        object may be in any of them, or is of a type that nothing reads.
    """
    found = of_cluster(index, cluster)
    if found is None:
        return DOES_NOT_APPLY
    if strange := ", ".join(unread(found)):
        return Unknown(f"objects that are not evaluated: {strange}")
    objects = [read_object(each) for each in found if each.type in KINDS]
    if any(each.namespace is None or not each.name for each in objects):
        return Unknown("metadata")
    own: dict[str, list[ClusterObject]] = defaultdict(list)
    inside: dict[str, dict[str, list[ClusterObject]]] = defaultdict(lambda: defaultdict(list))
    for each in objects:
        if each.kind == NAMESPACE:
            own[each.name].append(each)
        else:
            inside[each.namespace or "default"][each.kind].append(each)
    told = [*segments]
    held = {name: _Held(tuple(own[name]), inside[name]) for name in own}
    return Known(tuple(_enforced(_judged(n, held[n], told), enforced) for n in held))


def _enforced(judged: Namespace, enforced: Fact[bool]) -> Namespace:
    """A namespace whose policies count only as far as something enforces them."""
    if enforced == NO:
        return replace(judged, isolated=NO, opened=(*judged.opened, UNENFORCED))
    return replace(judged, isolated=every([judged.isolated, enforced]))


def isolated(found: MayApply[tuple[Namespace, ...]]) -> Fact[bool]:
    """Whether every namespace of a plan isolates its programs; reserved where it has none."""
    if isinstance(found, DoesNotApply):
        return reserved(YES, IN_THE_CLUSTER)
    return found if isinstance(found, Unknown) else every([each.isolated for each in found.value])


def _judged(name: str, held: _Held, segments: list[tuple[str, Fact[str]]]) -> Namespace:
    views = [
        v for o in (*held.own, *(o for os in held.inside.values() for o in os)) for v in o.views
    ]
    if any(map(holds_unknown, views)):
        return Namespace(name, Unknown("objects of the namespace"))
    opened = tuple(dict.fromkeys(_opened(held, _blocks(segments, ""))))
    if not opened:
        return Namespace(name, YES)
    doubt = next((block for _, block in segments if isinstance(block, Unknown)), None)
    if doubt is not None and not [*_opened(held, _blocks(segments, EVERY_ADDRESS))]:
        return Namespace(name, doubt)
    return Namespace(name, NO, opened)


def _blocks(segments: list[tuple[str, Fact[str]]], withheld: str) -> Mapping[str, list[str]]:
    """Addresses by segment, with something in place of those that are withheld."""
    found: dict[str, list[str]] = defaultdict(list)
    for segment, block in segments:
        address = block.value if isinstance(block, Known) else withheld
        found[segment] += [address] if address else []
    return found


def _opened(held: _Held, blocks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What opens a namespace, or is missing in it."""
    yield from _pods(held)
    yield from _accounts(held)
    yield from _policies(held, blocks)
    yield from _quota(held)


def _pods(held: _Held) -> Iterator[str]:
    for each in held.own:
        for view in each.views:
            labels = _mapping(_mapping(view.get("metadata")).get("labels"))
            level = labels.get(f"{POD_SECURITY}/enforce")
            version = labels.get(f"{POD_SECURITY}/enforce-version", "latest")
            if level != "restricted":
                yield f"pod security {level or 'is not set'}"
            elif version != "latest":
                yield f"pod security of version {version}"


def _accounts(held: _Held) -> Iterator[str]:
    """The project's own account, and that of pods that name none, have no token."""
    accounts = [*held.views("ServiceAccount")]
    for name in (held.own[0].name, "default"):
        if name not in {there for there, _ in accounts}:
            yield f"no service account {name}"
    for name, view in accounts:
        if view.get("automountServiceAccountToken") is not False:
            yield f"a token for service account {name}"


def _policies(held: _Held, blocks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What no policy denies, and what one allows that leaves the project's own reach."""
    policies = held.inside.get("NetworkPolicy", ())
    for way in (INGRESS, EGRESS):
        if not any(all(_denies(view, way) for view in each.views) for each in policies):
            yield f"no policy that denies {way.lower()}"
    for name, view in held.views("NetworkPolicy"):
        spec = _mapping(view.get("spec"))
        for rule in _list(spec.get("ingress")):
            yield from (f"policy {name} allows ingress from {peer}" for peer in ways_in(rule))
        for rule in _list(spec.get("egress")):
            yield from (f"policy {name} allows egress to {peer}" for peer in ways_out(rule, blocks))


def _denies(view: Mapping[str, Any], way: str) -> bool:
    """Whether a policy is of every pod and one direction: what no policy names is then denied."""
    spec = _mapping(view.get("spec"))
    selector = spec.get("podSelector")
    of_all = selector is None or (isinstance(selector, dict) and not any(selector.values()))
    usual = [INGRESS, *([EGRESS] if spec.get("egress") else [])]
    return of_all and way in (_list(spec.get("policyTypes")) or usual)


def _quota(held: _Held) -> Iterator[str]:
    """What the quotas that are for every pod limit; and the limits of a pod that names none."""
    quotas = [[_hard(view) for view in each.views] for each in held.inside.get("ResourceQuota", ())]
    for name in LIMITED:
        if not any(all(view.get(name) for view in views) for views in quotas):
            yield f"no quota of {name}"
    for name in REFUSED:
        if not any(all(str(view.get(name)) == "0" for view in views) for views in quotas):
            yield f"no quota of {name}"
    ranges = held.inside.get("LimitRange", ())
    if not any(all(map(_limits, each.views)) for each in ranges):
        yield "no default limits of containers"


def _hard(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a quota limits; nothing, if it is for some pods only."""
    spec = _mapping(view.get("spec"))
    some = spec.get("scopes") or spec.get("scopeSelector")
    return {} if some else _mapping(spec.get("hard"))


def _limits(view: Mapping[str, Any]) -> bool:
    limits = map(_mapping, _list(_mapping(view.get("spec")).get("limits")))
    return any(
        each.get("type") == "Container" and {"cpu", "memory"} <= {*_mapping(each.get("default"))}
        for each in limits
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    """The items of a list; what is none, and is there, counts as one that nothing is known of."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
