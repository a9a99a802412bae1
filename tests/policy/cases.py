"""Facts, cases and questions of nobody's cloud, for controls and the judge by themselves."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import BaseModel

from havre.facts import DOES_NOT_APPLY, Facts, Known, ResourceFact, Unclassified, collect
from havre.facts.model import (
    Compute,
    Copy,
    Credential,
    Grant,
    Holder,
    Key,
    LogRoute,
    NetworkElement,
    Offering,
    Place,
    Right,
    Rule,
)
from havre.facts.stores import DataStore, ObjectStore
from havre.plan import Plan, PlannedResource
from havre.policy import Case, Outcome, Rehearsal, Verdict
from havre.policy.judge import Question
from havre.policy.qualifications import Qualifications
from havre.policy.registry import find_control
from havre.provider import Limit, Operator
from havre.spec import Warehouse
from tests.policy.mutations import EUROPEAN, TODAY, spec_for

OFFERING = Offering("paper", "shelf")
YES, NO, NONE, NA = Known(value=True), Known(value=False), Known(None), DOES_NOT_APPLY
SPEC = spec_for("ovh")


class Paper:
    """A provider that tells what it is given, by type of resource."""

    name = "paper"
    remedies: Mapping[str, str] = {"encryption.at-rest": "Lock the drawer."}
    capabilities: Mapping[Any, Any] = {}
    sites: Mapping[str, Any] = {}
    settings: type[BaseModel] = BaseModel

    def __init__(
        self,
        told: Mapping[str, Any] | None = None,
        operator: Operator = EUROPEAN,
        limits: Mapping[str, Limit] | None = None,
    ) -> None:
        self.told = told or {}
        self.operator = operator
        self.limits = limits or {}

    def facts(self, plan: Plan) -> Facts:
        return collect(plan, self._facts_of)

    def _facts_of(self, resource: PlannedResource) -> Any:
        found = self.told.get(resource.type, Unclassified(resource.urn, resource.type))
        if isinstance(found, Exception):
            raise found
        return found


def urn(name: str, kind: str = "paper:index:Sheet") -> str:
    return f"urn:pulumi:s::p::{kind}::{name}"


def place(copy: Copy = Copy.PRIMARY, region: str = "north", country: str | None = "FR") -> Place:
    return Place(copy, region, country)


def _bearer(name: str, **told: Any) -> dict[str, Any]:
    common = {"urn": urn(name), "type": "paper:index:Sheet"}
    return {**common, "tags": Known({}), "places": Known((place(),)), **told}


def store(name: str = "store", kind: type[DataStore] = ObjectStore, **told: Any) -> Any:
    return kind(**_bearer(name, offering=OFFERING, **told))


def key(name: str = "key", **told: Any) -> Key:
    return Key(**_bearer(name, offering=OFFERING, **told))


def compute(name: str = "nodes", **told: Any) -> Compute:
    return Compute(**_bearer(name, offering=OFFERING, **told))


def holder(name: str = "part", **told: Any) -> Holder:
    return Holder(**_bearer(name, **told))


def network(name: str = "net", **told: Any) -> NetworkElement:
    return NetworkElement(**_bearer(name, **({"border": DOES_NOT_APPLY} | told)))


def grant(name: str, identity: str, *rights: Right, on: Iterable[str] = (), **told: Any) -> Grant:
    common: dict[str, Any] = {
        "identity": Known(identity),
        "rights": Known(frozenset(rights)),
        "targets": Known(tuple(on)),
    }
    return Grant(**_bearer(name, **(common | told)))


def credential(**told: Any) -> Credential:
    return Credential(**_bearer("credential", **told))


def route(name: str, sources: Any, sinks: Any) -> LogRoute:
    return LogRoute(**_bearer(name, sources=sources, sinks=sinks, kept_days=NONE))


def inward(address: str, *ports: tuple[int, int], allow: bool = True, priority: int = 0) -> Rule:
    return Rule(allow, True, (address,), ports, priority)


def outward(address: str, *ports: tuple[int, int], allow: bool = True) -> Rule:
    return Rule(allow, False, (address,), ports)


def resource(name: str, values: Mapping[str, Any] | None = None, **told: Any) -> PlannedResource:
    token = told.pop("type", "paper:index:Sheet")
    custom = told.pop("custom", True)
    return PlannedResource(urn(name, token), token, name, custom, values or {}, **told)


def case(
    *facts: ResourceFact,
    spec: Warehouse = SPEC,
    resources: Iterable[PlannedResource] = (),
    **told: Any,
) -> Case:
    gone, left = (tuple(told.pop(name, ())) for name in ("removed", "released"))
    beside, outside = told.pop("beside", {}), told.pop("outside", {})
    plan = Plan("paper", tuple(resources), removed=gone, released=left, **beside)
    common: dict[str, Any] = {
        "provider": Paper(),
        "gaps": (),
        "qualifications": Qualifications(()),
        "as_of": TODAY,
    }
    given = common | told
    found = given["provider"].facts(plan)
    shown = Facts(facts, (), found.removed, found.released, outside=outside)
    return Case(spec=spec, facts=shown, plan=plan, **given)


def sealed(day: dt.date | None = TODAY, **how: Any) -> Rehearsal:
    """What the seal of a rehearsal proves of `SPEC` on paper."""
    assert SPEC.exit is not None
    told = ("paper", SPEC.exit.provider, "rehearsal", day, "CN=Seal")
    return replace(Rehearsal(SPEC.name, *told), **how)


control = cache(find_control)
"""The control of an identifier; which are installed is looked up once for each."""


def verdicts(name: str, *facts: ResourceFact, **told: Any) -> list[Verdict]:
    """What a control says of facts."""
    return control(name).judge(case(*facts, **told))


def outcomes(control: str, *facts: ResourceFact, **told: Any) -> list[str]:
    """The outcomes of a control, in order."""
    return [verdict.outcome.value for verdict in verdicts(control, *facts, **told)]


def outcome(control: str, *facts: ResourceFact, **told: Any) -> str:
    """The only outcome of a control; none is asked of a fact whose kind it does not judge."""
    found = outcomes(control, *facts, **told)
    assert len(found) <= 1
    return found[0] if found else Outcome.NOT_APPLICABLE.value


def question(
    provider: Paper, *resources: PlannedResource, spec: Warehouse = SPEC, **told: Any
) -> Question:
    plan = Plan("paper", resources, removed=tuple(told.pop("removed", ())))
    given = {"as_of": TODAY, **told}
    return Question(spec=spec, plan=plan, provider=provider, **given)
