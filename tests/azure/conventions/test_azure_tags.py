"""Tags of the organisation: on all that has tags, and never in place of the warehouse's own."""

from typing import Any

import pytest

from havre.errors import InputError
from havre.plan import Plan
from tests.azure.stack import example, plan_of

HOUSE = {"cost-centre": "4711", "Owner_of_data": "Medical informatics (MI), building 3"}


def test_every_resource_with_tags_has_those_of_the_organisation_too(emc2: Plan) -> None:
    plan = plan_of(example("emc2"), tags=HOUSE)
    tagged = [r for r in plan.resources if "tags" in r.inputs]
    before = {r.name: r.inputs["tags"] for r in emc2.resources if "tags" in r.inputs}
    assert len(tagged) > 50
    for resource in tagged:
        assert resource.inputs["tags"] == {**before[resource.name], **HOUSE}, resource.name


def refused(tags: Any) -> str:
    with pytest.raises(InputError) as refusal:
        plan_of(example("emc2"), tags=tags)
    return f"{refusal.value.message} {refusal.value.remedy}"


@pytest.mark.parametrize("key", ["owner", "Owner", "zone", "managed-by", "expires", "PURPOSE"])
def test_a_tag_of_the_warehouse_is_never_replaced(key: str) -> None:
    assert f"`{key}` is a tag that the warehouse sets itself" in refused({key: "somebody"})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cost centre", "1", "without spaces"),
        ("4711", "1", "from a letter"),
        ("a/b", "1", "without spaces"),
        ("a<b", "1", "without spaces"),
        ("azure-cost", "1", "reserves"),
        ("Microsoft.cost", "1", "reserves"),
        ("k" * 129, "1", "1 to 128"),
        ("note", "two\nlines", "one line"),
    ],
)
def test_a_tag_that_azure_would_refuse_is_refused(key: str, value: str, said: str) -> None:
    told = refused({key: value})
    assert said in told
    assert "settings.tags" in told


def test_keys_that_differ_in_case_only_are_one_tag() -> None:
    assert "is set twice" in refused({"Centre": "1", "centre": "2"})


def test_more_tags_than_private_dns_zones_hold_are_refused() -> None:
    assert "at most 10" in refused({f"tag{n}": "x" for n in range(11)})
    assert plan_of(example("emc2"), tags={f"tag{n}": "x" for n in range(10)}).resources
