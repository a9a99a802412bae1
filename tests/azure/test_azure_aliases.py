"""What a program sends of the aliases that the SDK lists: names, and no versions."""

from typing import Any

import pulumi
import pytest

from havre.evaluate import monitor
from havre.stack.aliases import forget_versions, worth_sending
from tests.azure.renamed import RENAMED
from tests.azure.stack import example, plan_of

OTHER_NAMES = {"azure-native:network:PrivateEndpoint": {"azure-native:network:InterfaceEndpoint"}}
"""Names that a type bore even before 2.x."""


@pytest.fixture(scope="module")
def listed() -> dict[str, list[Any]]:
    """The aliases of every resource of the example, as the SDK gives them, by type."""
    found: dict[str, list[Any]] = {}

    def note(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        found[args.type_] = list(args.opts.aliases or [])
        args.opts.aliases = None
        return pulumi.ResourceTransformationResult(args.props, args.opts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor, "_transformation", lambda _: note)
        plan_of(example("emc2"))
    return found


def named(token: str) -> str:
    """A token's package, service and name; what stands between them is a version."""
    package, service, name = token.split(":")
    return f"{package}:{service.split('/')[0]}:{name}"


def test_no_alias_of_the_stack_names_a_version_and_every_former_name_is_sent(
    listed: dict[str, list[Any]],
) -> None:
    assert len(listed) > 40
    assert sum(map(len, listed.values())) > 1000
    for token, aliases in listed.items():
        sent = [alias.type_ for alias in worth_sending(token, aliases)]
        assert len(sent) == len(set(sent)), token
        assert {*sent} == {named(alias.type_) for alias in aliases} - {token}
        expected = {RENAMED[token]} if token in RENAMED else OTHER_NAMES.get(token, set())
        assert {*sent} == expected, token


def test_a_former_name_is_sent_where_only_its_versions_are_listed() -> None:
    given = [pulumi.Alias(type_=f"cloud:old/v{v}:Thing") for v in ("20200101", "20210101preview")]
    assert [a.type_ for a in worth_sending("cloud:new:Thing", given)] == ["cloud:old:Thing"]


def test_a_resource_made_without_a_version_is_found_by_one_with() -> None:
    token = "cloud:storage/v20230101:Account"
    given = [pulumi.Alias(type_="cloud:storage:Account"), pulumi.Alias(type_=token)]
    assert [a.type_ for a in worth_sending(token, given)] == ["cloud:storage:Account"]


@pytest.mark.parametrize(
    "alias",
    [
        "urn:pulumi:s::p::cloud:storage/v20230101:Account::name",
        pulumi.Alias(name="before"),
        pulumi.Alias(name="before", type_="cloud:storage/v20230101:Account"),
        pulumi.Alias(type_="cloud:storage/v20230101:Account", parent=None),
        pulumi.Alias(type_="cloud:storage/v20230101:Account", project="other"),
    ],
)
def test_what_names_more_than_a_type_is_sent_as_it_is(alias: Any) -> None:
    assert worth_sending("cloud:storage:Account", [alias]) == [alias]


def test_module_paths_and_apis_whose_version_is_their_name_are_no_versions() -> None:
    given = [pulumi.Alias(type_=t) for t in ("k:apps/v1beta1:Set", "cloud:s3/bucket:Bucket")]
    assert [a.type_ for a in worth_sending("k:apps/v1:Set", given)] == [a.type_ for a in given]


def test_options_without_aliases_stay_as_they_are() -> None:
    options = pulumi.ResourceOptions(protect=True)
    args = pulumi.ResourceTransformationArgs(
        resource=None,  # type: ignore[arg-type]
        type_="cloud:storage:Account",
        name="x",
        props={"a": 1},
        opts=options,
    )
    result = forget_versions(args)
    assert result.props == {"a": 1}
    assert result.opts is options
    assert result.opts.aliases is None
