"""What the state of a real CLI's run decides that no plan can: who may use a bucket."""

import pytest

from havre.facts import Facts, Known, Unknown
from havre.facts.model import Grant, Right
from havre.facts.stores import DatabaseServer, ObjectStore
from havre.plan.states import from_state
from havre_scaleway.facts import facts
from tests.facts.recordings import RECORDED
from tests.scaleway.stack import emc2, example


@pytest.fixture(scope="module")
def found() -> Facts:
    return facts(from_state(RECORDED / "scaleway-state.json", "scaleway"))


def reach(told: Facts) -> dict[str, set[str]]:
    """The zones whose objects each project reads."""
    zones = {store.urn: store.zone for store in told.of(ObjectStore)}
    reached: dict[str, set[str]] = {}
    for grant in told.of(Grant):
        reads = isinstance(grant.rights, Known) and Right.READ in grant.rights.value
        if grant.project and reads and isinstance(grant.targets, Known):
            names = {zones[target] for target in grant.targets.value}
            reached.setdefault(grant.project, set()).update(names)
    return reached


def test_nothing_is_unclassified(found: Facts) -> None:
    assert found.unclassified == ()
    assert {store.zone for store in found.of(ObjectStore)} == set(example("emc2").zones)


@pytest.mark.parametrize("source", ["plan", "state"])
def test_each_project_reads_exactly_its_zones(found: Facts, source: str) -> None:
    told = found if source == "state" else facts(emc2())
    asked = {name: set(each.zones) for name, each in example("emc2").projects.items()}
    assert reach(told) == asked


def test_a_plan_withholds_who_else_may_use_a_bucket_and_a_state_does_not(found: Facts) -> None:
    withheld = [g for g in facts(emc2()).of(Grant) if isinstance(g.rights, Unknown)]
    assert len(withheld) == 3  # the zones that a project reads
    assert [g for g in found.of(Grant) if isinstance(g.rights, Unknown)] == []


def test_every_zone_has_its_key_and_the_database_its_segment(found: Facts) -> None:
    keys = [store.key for store in found.of(ObjectStore)]
    told = {key.value for key in keys if isinstance(key, Known)}
    assert len(told) == len(keys)
    assert all(str(key).startswith("urn:") for key in told)
    (server,) = found.of(DatabaseServer)
    assert isinstance(server.segments, Known)
    assert str(server.segments.value[0]).endswith("-network-database")
