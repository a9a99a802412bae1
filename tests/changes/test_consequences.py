"""What one plan would do to another, on small plans made by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from havre.errors import BugError
from havre.plan import Plan, PlannedResource
from havre.plan.consequences import Consequence, Doing, consequences
from havre.plan.options import Options
from havre.plan.replacing import Bears, Replacing, read_table
from havre.plan.values import UNKNOWN, Secret
from havre.report.changes import consequences_as_text

BUCKET, KEY, USER, POOL = "c:i:Bucket", "c:i:Key", "c:i:User", "c:i:Pool"
TABLE = {
    BUCKET: Replacing(Bears.DATA, ("name", "lock.status"), ("kind",), ("size",), ("owner",)),
    KEY: Replacing(Bears.DATA, ("vault",)),
    USER: Replacing(Bears.IDENTITY, ("description",)),
    POOL: Replacing(
        replaced=("nodes.network",), given_by={"nodes.network": "c:i:Network"}, way="Go."
    ),
}


def made(kind: str, called: str, stack: str = "dev", /, **inputs: object) -> PlannedResource:
    return PlannedResource(f"urn:pulumi:{stack}::p::{kind}::{called}", kind, called, True, inputs)


def plan(*resources: PlannedResource) -> Plan:
    return Plan("c", resources)


def done(old: PlannedResource, new: PlannedResource) -> list[tuple[str, tuple[str, ...]]]:
    return [(c.doing.value, c.because) for c in consequences(plan(old), plan(new), TABLE)]


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ({"name": "a"}, {"name": "a"}, []),
        ({"name": "a", "tag": "x"}, {"name": "a", "tag": "y"}, [("in place", ())]),
        ({"name": "a"}, {"name": "b"}, [("replaced", ("name",))]),
        ({"lock": {"status": "on"}}, {"lock": {}}, [("replaced", ("lock.status",))]),
        ({"lock": {"status": "on"}}, {}, [("replaced", ("lock.status",))]),
        ({}, {"lock": {"status": "on"}}, [("replaced", ("lock.status",))]),
        ({"lock": {"days": 3}}, {"lock": {"days": 4}}, [("in place", ())]),
        ({"kind": "a"}, {"kind": "b"}, [("fails during the update", ("kind",))]),
        ({"size": 8}, {"size": 9}, [("in place", ())]),
        ({"size": "8"}, {"size": "16"}, [("in place", ())]),
        ({"size": 16}, {"size": 8}, [("fails during the update", ("size",))]),
        ({"owner": 1}, {"owner": 2}, [("reported, not made", ("owner",))]),
        ({"owner": 1, "name": "a"}, {"owner": 2, "name": "b"}, [("replaced", ("name",))]),
        ({"name": Secret("a")}, {"name": "a"}, []),
        ({"name": None}, {}, []),
        ({"name": "a"}, {"name": UNKNOWN}, []),
        ({"__defaults": ["a"]}, {}, []),
        ({"rules": [{"d": 1}, {"d": 2}]}, {"rules": [{"d": 1}]}, [("in place", ())]),
    ],
)
def test_what_a_changed_input_does(
    then: dict[str, object], now: dict[str, object], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert done(made(BUCKET, "z", **then), made(BUCKET, "z", **now)) == expected


def test_protection_refuses_what_would_be_replaced_or_removed() -> None:
    old, new = made(BUCKET, "z", name="a"), made(BUCKET, "z", name="b")
    kept = replace(new, protect=True)
    (found,) = consequences(plan(old), plan(kept), TABLE)
    assert (found.doing, found.refused, found.grave) == (Doing.REFUSE, "it is protected", True)
    (gone,) = consequences(plan(replace(old, protect=True)), plan(), TABLE)
    assert gone.doing is Doing.REFUSE
    # As the engine does: taking the protection off and replacing go in one run.
    (lost,) = consequences(plan(replace(old, protect=True)), plan(new), TABLE)
    assert lost.doing is Doing.REPLACE


def test_what_is_taken_out_is_removed_or_left_behind() -> None:
    old = made(BUCKET, "z")
    released = replace(old, retain_on_delete=True)
    assert [c.doing for c in consequences(plan(old), plan(), TABLE)] == [Doing.DELETE]
    (left,) = consequences(plan(released), plan(), TABLE)
    assert (left.doing, left.grave) == (Doing.RELEASE, True)  # nobody manages it any more
    assert [c.doing for c in consequences(plan(), plan(old), TABLE)] == [Doing.CREATE]
    assert [c.doing for c in consequences(plan(replace(old, protect=True)), plan(old), TABLE)] == [
        Doing.UNPROTECT
    ]


def test_the_program_may_say_itself_what_replaces_and_what_is_left() -> None:
    old, new = made(BUCKET, "z", tag="a"), made(BUCKET, "z", tag="b")
    forced = replace(new, options=Options(replace_on_changes=("tag",)))
    ignored = replace(new, options=Options(ignore_changes=("tag",)))
    assert done(old, forced) == [("replaced", ("tag",))]
    (kept,) = consequences(plan(old), plan(ignored), TABLE)
    assert (kept.doing, kept.properties, kept.kept) == (Doing.KEEP, (), ("tag",))
    assert not kept.grave
    assert done(old, replace(ignored, inputs=old.inputs)) == []


def test_what_keeps_its_value_is_told_beside_what_changes() -> None:
    old = made(BUCKET, "z", tag="a", name="a", size=1)
    ignoring = Options(ignore_changes=("name", "tag"))
    new = replace(made(BUCKET, "z", tag="b", name="b", size=2), options=ignoring)
    (found,) = consequences(plan(old), plan(new), TABLE)
    assert (found.doing, found.because) == (Doing.UPDATE, ())
    assert (found.properties, found.kept) == (("size",), ("name", "tag"))
    said = consequences_as_text([found])
    assert all(f"{path} of 1 Bucket" in said for path in found.kept)
    freed = replace(new, inputs={**new.inputs, "size": 1})
    (found,) = consequences(plan(replace(old, protect=True)), plan(freed), TABLE)
    assert (found.doing, found.kept) == (Doing.UNPROTECT, ("name", "tag"))


def test_the_stack_may_be_named_otherwise() -> None:
    here, there = made(BUCKET, "z", name="a"), made(BUCKET, "z", "prod", name="a")
    assert consequences(plan(there), plan(here), TABLE) == ()


def test_what_depends_on_a_replaced_one_follows_it() -> None:
    network = made("c:i:Network", "n", cidr="a")
    subnet = made("c:i:Subnet", "s", cidr="a")
    pool = replace(
        made(POOL, "p", nodes={"network": UNKNOWN, "subnet": UNKNOWN}),
        property_dependencies={"nodes": (network.urn, subnet.urn)},
    )
    table = {
        **TABLE,
        "c:i:Network": Replacing(replaced=("cidr",)),
        "c:i:Subnet": Replacing(replaced=("cidr",)),
    }

    def doings(*after: PlannedResource) -> dict[str, Doing]:
        found = consequences(plan(network, subnet, pool), plan(*after), table)
        return {c.name: c.doing for c in found}

    moved = replace(subnet, inputs={"cidr": "b"})
    assert doings(network, moved, pool) == {"s": Doing.REPLACE, "p": Doing.UPDATE}
    other = replace(network, inputs={"cidr": "b"})
    assert doings(other, subnet, pool) == {"n": Doing.REPLACE, "p": Doing.REPLACE}


def test_the_gravest_comes_first_and_values_are_never_shown() -> None:
    olds = (made(USER, "u", description="s3cret"), made(KEY, "k", tag="s3cret"))
    news = (made(USER, "u", description="other"), made(KEY, "k", tag="other"), made(BUCKET, "b"))
    found = consequences(plan(*olds), plan(*news), TABLE)
    assert [(c.name, c.grave) for c in found] == [("u", True), ("k", False), ("b", False)]
    assert "s3cret" not in str([c.as_dict() for c in found])


def test_an_identity_may_end_and_data_may_not() -> None:
    ended = Consequence(Doing.DELETE, "u", USER, Bears.IDENTITY)
    assert not ended.grave
    assert replace(ended, bears=Bears.DATA).grave
    assert replace(ended, doing=Doing.REPLACE).grave
    assert not replace(ended, bears=Bears.NOTHING, doing=Doing.REPLACE).grave


@pytest.mark.parametrize(
    "text",
    [
        'read_on = 2026-11-30\n[types."a"]\n',
        'source = "s"\nread_on = 2026-11-30\n[types."a"]\nreplace = ["x"]\n',
        'source = "s"\nread_on = 2026-11-30\n[types."a"]\nbears = "much"\n',
    ],
)
def test_a_malformed_table_is_a_fault_of_its_makers(text: str, tmp_path: Path) -> None:
    file = tmp_path / "replacing.toml"
    file.write_text(text)
    with pytest.raises(BugError, match=r"replacing\.toml"):
        read_table(file)


def test_a_missing_table_is_a_fault_of_its_makers_too(tmp_path: Path) -> None:
    with pytest.raises(BugError, match=r"replacing\.toml is malformed: FileNotFoundError"):
        read_table(tmp_path / "replacing.toml")
