"""What is spared changes nothing that a program can see."""

import asyncio
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pulumi
import pytest
from pulumi import _types, log
from pulumi.output import UNKNOWN
from pulumi.runtime import resource, resource_cycle_breaker, rpc
from pulumi_azure_native import keyvault, network, storage

from havre.evaluate.monitor import Monitor, run
from havre.evaluate.program import Recorder
from havre.evaluate.spared import spared
from tests.waits import PATIENCE

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
WHOLE = _types.resource_types


class Annotated(pulumi.CustomResource):
    size: pulumi.Output[int]


@pulumi.output_type
class Shape(dict):
    def __init__(self, *, corners: int) -> None:
        pulumi.set(self, "corners", corners)


class Named(pulumi.CustomResource):
    @property
    @pulumi.getter(name="inTheBox")
    def in_the_box(self) -> pulumi.Output[list["Shape"]]: ...

    @property
    @pulumi.getter
    def anything(self) -> pulumi.Output: ...


@pytest.mark.parametrize(
    "asked",
    [
        *(network.Subnet, network.AzureFirewall, storage.StorageAccount, keyvault.Vault),
        *(Annotated, Named, pulumi.ComponentResource, pulumi.CustomResource),
    ],
)
def test_each_type_is_what_the_sdk_would_say(asked: type) -> None:
    names = {*WHOLE(asked), "anything", "no-such-output"}
    with spared():
        types = _types.resource_types(asked)
        found = {name: types.get(name) for name in names}
    assert found == {name: WHOLE(asked).get(name) for name in names}
    assert {name for name in names if found[name] is None} <= {"anything", "no-such-output"}


@pytest.mark.parametrize(
    "asked",
    [storage.StorageAccountArgs, storage.SkuArgs, network.SubnetInitArgs, network.SubnetArgs],
)
def test_each_type_of_an_argument_is_what_the_sdk_would_say(asked: type) -> None:
    names = {*_types.input_type_py_to_pulumi_names(asked).values(), "no-such-argument"}
    whole = _types.input_type_types(asked)
    with spared():
        types = _types.input_type_types(asked)
        assert {name: types.get(name) for name in names} == {n: whole.get(n) for n in names}


class Node:
    """Stands for a resource: depends on others."""

    def __init__(self, *needs: "Node") -> None:
        self._direct_computed_dependencies = {*needs}


def test_what_a_resource_reaches_is_what_the_sdk_would_say() -> None:
    first, lone = Node(), Node()
    second = Node(first)
    third = Node(first, second)
    first._direct_computed_dependencies = {third}
    pairs = [(a, b) for a in (first, second, third, lone) for b in (first, second, third, lone)]
    before = [resource_cycle_breaker._reachable(a, b) for a, b in pairs]
    with spared():
        after = [resource_cycle_breaker._reachable(a, b) for a, b in pairs]
    assert after == before
    assert {*before} == {True, False}


HINTS = [
    *(str, pulumi.Input[str], pulumi.Output[int], pulumi.Input[list[pulumi.Input[str]]]),
    *(pulumi.InputType[storage.SkuArgs], dict[str, pulumi.Input[int]], Any),
    *(Optional[pulumi.Input[bool]], Optional[pulumi.InputType[storage.SkuArgs]], Optional[str]),  # noqa: UP045 - as SDKs write it
]


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_what_a_type_holds_is_what_the_sdk_would_say(hint: Any) -> None:
    before = _types.unwrap_type(hint)
    with spared():
        assert [_types.unwrap_type(hint) for _ in range(2)] == [before, before]


def test_a_former_name_has_the_urn_that_the_sdk_would_give() -> None:
    """Of what is registered the monitor says the URN; that of an alias is asked of the SDK."""

    def program() -> None:
        parent = pulumi.ComponentResource("a:b:Parent", "parent")
        named = pulumi.ResourceOptions(
            parent=parent, aliases=[pulumi.Alias(name="former", parent=pulumi.ROOT_STACK_RESOURCE)]
        )
        child = pulumi.ComponentResource("a:b:Child", "child", opts=named)
        pulumi.export("former", child._aliases[0])
        pulumi.export("named", pulumi.create_urn("other", "a:b:Child", parent))

    made = Recorder()
    run(program, Monitor("project", "stack", made, aliases=True), dry_run=True, threaded=False)
    assert made.outputs == {
        "former": "urn:pulumi:stack::project::a:b:Child::former",
        "named": "urn:pulumi:stack::project::a:b:Parent$a:b:Child::other",
    }


async def told(of: pulumi.Output[Any]) -> tuple[object, ...]:
    """All that is known of a property."""
    try:
        value = await of.future(with_unknowns=True)
    except ZeroDivisionError:
        return ("failed",)
    return value, await of.is_known(), await of.is_secret(), await of.resources()


ANSWERS: dict[str, tuple[Any, ...]] = {
    "plain": ("a", True, False, None, None),
    "secret": ({"a": [1]}, True, True, set(), None),
    "unknown": (None, False, False, None, None),
    "unknown within": ([UNKNOWN], True, False, None, None),
    "of another": ("a", True, False, {"another"}, None),
    "failed": (None, True, False, None, ZeroDivisionError()),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_a_property_is_resolved_to_is_what_the_sdk_would_say(answer: tuple[Any, ...]) -> None:
    class Owner:
        """Stands for a resource: keeps its properties."""

    async def found(custom: bool) -> tuple[object, ...]:
        owner = Owner()
        resolvers = rpc.transfer_properties(owner, dict.fromkeys(("urn", "id", "size")), custom)
        assert {*resolvers} == {*vars(owner)} == ({"size"} if custom else {"id", "size"})
        resolvers["size"](*answer)
        value, *rest = await told(owner.size)
        return value, *rest[:2], [{*each} - {owner} for each in rest[2:]], len(rest)

    for custom in (True, False):
        before = asyncio.run(found(custom))
        with spared():
            assert asyncio.run(found(custom)) == before


def test_all_is_as_before_in_the_end_even_after_a_failure() -> None:
    def now() -> tuple[object, ...]:
        named = (
            *((resource, "_get_stack_trace"), (_types, "resource_types")),
            *((_types, "input_type_types"), (log, "debug")),
            *((resource_cycle_breaker, "_reachable"), (_types, "unwrap_type")),
            *((resource, "create_urn"), (rpc, "transfer_properties")),
        )
        return *(getattr(*each) for each in named), pickle._Pickler._batch_setitems

    def broken() -> None:
        with spared():
            assert not {*now()[:8]} & {*before[:8]}
            pickle._Pickler._batch_setitems = None
            raise ZeroDivisionError

    before = now()
    with pytest.raises(ZeroDivisionError):
        broken()
    assert now() == before


PROBE = """
import sys
from havre.cli import main

sys.argv[1:] = ["plan", {file!r}, "--provider", {provider!r}]
assert main() == 0
outputs = [name for name in sys.modules if name.startswith("{sdk}.") and name.endswith(".outputs")]
inner = [name for name in outputs if name.count(".") > 1]
waiting = [*inner, "pulumi.automation"]
print("END")
print(*(name for name in waiting if type(sys.modules[name]).__name__ != "_LazyModule"))
print(len(inner))
import pulumi
print(pulumi.automation.LocalWorkspace.__name__)
"""


@pytest.mark.parametrize(
    ("provider", "sdk"),
    [
        ("azure", "pulumi_azure_native"),
        ("ovh", "pulumi_ovh"),
        ("scaleway", "pulumiverse_scaleway"),
    ],
)
def test_a_command_runs_neither_outputs_nor_what_is_seldom_used(provider: str, sdk: str) -> None:
    code = PROBE.format(file=str(EXAMPLE), provider=provider, sdk=sdk)
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=PATIENCE, capture_output=True, text=True
    )
    ran, number, later = done.stdout.partition("END\n")[2].splitlines()
    assert (ran, later) == ("", "LocalWorkspace")
    assert int(number) > 0
