"""What leaving meets has one answer: the comparison lists it, and the controls judge by it."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from havre.capabilities import Capability, Gap, Limit, Measure, Support, Supported, Unit
from havre.capabilities.model import Evidence
from havre.capabilities.obstacles import Effect, Obstacle, ObstacleKind, obstacles
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import offline_settings
from tests.check.asked import DAY, EXAMPLES, PROVIDERS, given
from tests.policy import cases as c

SPEC = load(EXAMPLES["emc2"]).warehouse
EVIDENCE = Evidence("made up", DAY)
ALL = {each: Supported(Support.NATIVE) for each in Capability}
SIZE = {Measure.OBJECT_SIZE: Limit(50, Unit.BYTES, EVIDENCE)}
LENGTH = {Measure.KEY_LENGTH: Limit(9, Unit.CHARACTERS, EVIDENCE)}


class Able:
    """A provider that can do everything, everywhere, within the same limits; or what is said."""

    def __init__(self, name: str, **differs: Any) -> None:
        self.name = name
        self.sites = differs.get("sites", {SPEC.sites.primary, SPEC.sites.recovery})
        self.capabilities = {**ALL, **differs.get("capabilities", {})}
        self.limits = differs.get("limits", {**SIZE, **LENGTH})


def gap(support: Support, capability: Capability = Capability.FLOW_LOGS, *fields: str) -> Gap:
    return Gap("any.control", capability, support, "why", "instead", EVIDENCE, "risk", fields)


def met(there: Able, *gaps: Gap, here: Able | None = None, spec: Any = SPEC) -> list[Obstacle]:
    return list(obstacles(spec, here or Able("here"), there, gaps))


def short(found: Iterable[Obstacle]) -> list[tuple[str, str, str]]:
    return [(each.kind.value, each.effect.value, each.what) for each in found]


def test_a_provider_that_can_do_everything_meets_no_obstacle() -> None:
    assert met(Able("there")) == []


@pytest.mark.parametrize("site", ["primary", "recovery"])
def test_a_site_that_the_exit_lacks_blocks(site: str) -> None:
    name = getattr(SPEC.sites, site)
    there = Able("there", sites={SPEC.sites.primary, SPEC.sites.recovery} - {name})
    assert short(met(there)) == [("site", "blocking", name)]


@pytest.mark.parametrize(
    ("support", "effect"),
    [
        (Support.ABSENT, "lost"),
        (Support.UNKNOWN, "lost"),
        (Support.PARTIAL, "mapped"),
        (Support.FALLBACK, "mapped"),
    ],
)
def test_a_gap_of_the_exit_is_lost_or_mapped(support: Support, effect: str) -> None:
    (found,) = met(Able("there"), gap(support))
    assert short([found]) == [("capability", effect, "flow-logs")]
    assert (found.why, found.fallback, found.risk) == ("why", "instead", "risk")
    assert found.decisive is (effect == "lost")


def test_what_is_no_better_here_is_not_lost_by_leaving() -> None:
    here = Able("here", capabilities={Capability.FLOW_LOGS: Supported(Support.ABSENT, "none")})
    assert met(Able("there"), gap(Support.ABSENT), here=here) == []
    assert len(met(Able("there"), gap(Support.UNKNOWN), here=here)) == 1


def test_a_part_without_a_counterpart_blocks_and_is_named_once() -> None:
    absent = {Capability.CLUSTER: Supported(Support.ABSENT, "no Kubernetes")}
    there = Able("there", capabilities=absent)
    found = met(there, gap(Support.ABSENT, Capability.CLUSTER))
    assert short(found) == [("part", "blocking", "cluster")]
    assert found[0].why == "no counterpart of the cluster: no Kubernetes"
    without = SPEC.model_copy(update={"cluster": None})
    assert met(there, spec=without) == []


def test_what_the_database_uses_is_unknown_or_lost_wherever_it_is_now() -> None:
    of = (Capability.DATABASE_VERSIONS, "database.extensions", "cluster")
    here = Able("here", capabilities={of[0]: Supported(Support.PARTIAL, "some")})
    (unsure,) = met(Able("there"), gap(Support.PARTIAL, *of), here=here)
    assert (unsure.kind, unsure.effect) == (ObstacleKind.DATABASE, Effect.UNKNOWN)
    assert unsure.fields == ("database.extensions",)
    (lost,) = met(Able("there"), gap(Support.ABSENT, *of), here=here)
    assert lost.effect is Effect.LOST


@pytest.mark.parametrize("limits", [{}, {**SIZE}, {**LENGTH}])
def test_a_limit_that_is_not_recorded_is_an_obstacle(limits: dict[Measure, Limit]) -> None:
    missing = [(m.value, "unknown", "stored objects") for m in Measure if m not in limits]
    assert short(met(Able("there", limits=limits))) == missing
    assert short(met(Able("there"), here=Able("here", limits=limits))) == missing


def test_a_lower_limit_is_an_obstacle_with_both_figures() -> None:
    lower = {**SIZE, Measure.KEY_LENGTH: Limit(35, Unit.BYTES, EVIDENCE)}
    (found,) = met(Able("there", limits=lower))
    assert (
        found.why == "may exceed the limit of there (at most 35 bytes; here: at most 9 characters)"
    )
    assert met(Able("there"), here=Able("here", limits=lower)) == []


@pytest.mark.parametrize(("name", "leaving_for"), list(permutations(PROVIDERS, 2)))
def test_the_controls_find_what_the_comparison_lists(name: str, leaving_for: str) -> None:
    here, there = find(name), find(leaving_for)
    gaps = tuple(there.gaps(SPEC, offline_settings(there, given(leaving_for))[0]))
    leaving = SPEC.exit.model_copy(update={"provider": leaving_for}) if SPEC.exit else None
    spec = SPEC.model_copy(update={"exit": leaving})
    told: dict[str, Any] = {"spec": spec, "provider": here, "exit": there, "exit_gaps": gaps}
    listed = obstacles(spec, here, there, gaps)
    parts = {ObstacleKind.SITE, ObstacleKind.PART, ObstacleKind.CAPABILITY}
    decisive = [o.what for o in listed if o.kind in parts and o.decisive]
    failing = [v.property for v in c.verdicts("exit.counterpart", **told) if v.outcome == "fail"]
    assert failing == decisive
    stored = [o for o in listed if o.kind not in parts]
    open_ = [v.outcome for v in c.verdicts("exit.portable", **told) if v.outcome != "pass"]
    assert len(open_) == sum(len(o.fields) or 1 for o in stored)
    assert open_.count("fail") == sum(len(o.fields) or 1 for o in stored if o.decisive)


def test_emc2_does_not_leave_for_ovhcloud_without_a_decision() -> None:
    here, there = find("azure"), find("ovh")
    gaps = tuple(there.gaps(SPEC, offline_settings(there, given("ovh"))[0]))
    told: dict[str, Any] = {"spec": SPEC, "provider": here, "exit": there, "exit_gaps": gaps}
    failing = {v.property for v in c.verdicts("exit.counterpart", **told) if v.outcome == "fail"}
    assert {"customer-key-objects", "key-rotation"} <= failing
    fewer = replace(c.case(**told), exit_gaps=())
    from havre.policy.registry import find_control

    assert [v.outcome for v in find_control("exit.counterpart").judge(fewer)] == ["pass"]
