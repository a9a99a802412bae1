"""Facts of a plan: what cannot be read, is passed over, or goes."""

import pytest

from havre.facts import Facts, Known, ResourceFact, Unclassified, Unknown, collect, facts_of
from havre.facts.model import Grant, Key
from havre.plan import Plan, PlannedResource
from tests.policy import cases as c


def kept(name: str) -> PlannedResource:
    return c.resource(name)


PLAN = Plan(
    "paper",
    (kept("first"), c.resource("part", custom=False), kept("torn"), kept("last")),
    removed=(c.resource("first", operation="delete-replaced"), c.resource("torn")),
)


def read_one(resource: PlannedResource) -> list[ResourceFact]:
    if resource.name == "torn":
        raise ValueError(resource.name)
    return [c.key(resource.name)]


def test_a_resource_whose_facts_fail_spoils_no_other() -> None:
    found = collect(PLAN, read_one)
    assert [item.name for item in found.items] == ["first", "last"]
    assert found.unclassified == (
        Unclassified(c.urn("torn"), c.urn("x").split("::")[2], "ValueError"),
    )


def test_what_goes_is_read_the_same_way() -> None:
    gone = collect(PLAN, read_one).removed
    assert [each.resource for each in gone] == list(PLAN.removed)
    assert gone[0].means == (c.key("first"),)
    assert isinstance(gone[1].means, Unclassified)


def test_what_a_provider_passes_over_in_silence_is_unclassified() -> None:
    said = Facts((c.key("first"),), ())
    found = facts_of(PLAN, lambda _: said)
    assert [each.urn for each in found.unclassified] == [c.urn("torn"), c.urn("last")]
    assert [type(each.means) for each in found.removed] == [Unclassified, Unclassified]


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit])
def test_a_provider_that_fails_altogether_classifies_nothing(kind: type[BaseException]) -> None:
    def fails(plan: Plan) -> Facts:
        raise kind(plan.provider)

    found = facts_of(PLAN, fails)
    assert {each.raised for each in found.unclassified} == {kind.__name__}
    assert len(found.unclassified) == 3
    assert len(found.removed) == 2


@pytest.mark.parametrize("target", ["store", "other"])
def test_grants_are_found_by_what_they_open(target: str) -> None:
    known = c.grant("known", "who", on=[c.urn("store"), c.urn("store")])
    open_ = c.grant("open", "who", targets=Unknown("scope"))
    found = Facts((known, open_, c.key("store")), ())
    names = [grant.name for grant in found.grants_on(c.urn(target))]
    assert names == (["known", "open"] if target == "store" else ["open"])


def test_facts_are_found_by_resource_and_kind() -> None:
    found = Facts((c.key("it", hsm=Known(value=True)), c.grant("it", "who")), ())
    assert found.one(Key, c.urn("it")) == c.key("it", hsm=Known(value=True))
    assert found.one(Grant, c.urn("other")) is None
    assert len(found.about(c.urn("it"))) == 2
