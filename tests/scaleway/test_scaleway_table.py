"""Every property that the SDK knows of a type has its place in the table, and nothing else has."""

import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pulumiverse_scaleway
import pytest
from pulumi import _types as types

from havre.facts.evaluated import properties
from havre.facts.forms import typed_plan
from havre.plan import Plan
from havre_scaleway.capabilities import DATA
from havre_scaleway.facts import CLASSES
from havre_scaleway.facts.forms import FORMS
from havre_scaleway.facts.naming import TWINS, kind
from tests.scaleway.stack import made

TABLE = properties("havre_scaleway")
SDK = Path(pulumiverse_scaleway.__file__).parent


def arguments(name: str) -> Mapping[str, str]:
    """The properties of a type's arguments, as the SDK's own classes tell them."""
    module, of = name.split(".")
    home = importlib.import_module(f"pulumiverse_scaleway.{module}")
    found = sys.modules[getattr(home, of).__module__]
    names: Mapping[str, str] = types.input_type_py_to_pulumi_names(getattr(found, f"{of}Args"))
    return names


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_what_becomes_of_every_property_is_decided(name: str) -> None:
    told = TABLE[name]
    whole = [path for path in told.open if "." not in path]
    decided = [*told.read, *told.harmless, *whole]
    assert sorted(decided) == sorted(arguments(name).values())


def test_no_type_is_decided_that_facts_do_not_know() -> None:
    assert sorted(TABLE) == sorted(CLASSES)


def aliases() -> dict[str, str]:
    """By class of the SDK's root, the class that the SDK itself says has replaced it."""
    found: dict[str, str] = {}
    for path in SDK.glob("*/*.py"):
        text = path.read_text(encoding="utf-8")
        token = re.search(r"'(scaleway:[a-z0-9]+/\w+:\w+)',\s*resource_name", text)
        for old in re.findall(r'Alias\(type_="scaleway:index/\w+:(\w+)"', text):
            assert token
            found[old] = kind(token[1])
    return found


def test_every_older_class_of_a_known_type_is_its_twin() -> None:
    known = {old: new for old, new in aliases().items() if new in CLASSES}
    assert len(known) > 40
    assert dict(TWINS) == known


def test_replaced_inputs_are_inputs_of_their_type() -> None:
    import tomllib

    table = tomllib.loads((DATA / "replacing.toml").read_text(encoding="utf-8"))
    for token, row in table["types"].items():
        known = set(arguments(kind(token)).values())
        for member in ("replaced", "unsent", "rejected", "grows"):
            assert {path.split(".")[0] for path in row.get(member, ())} <= known, token


def test_numbers_may_be_floats_and_no_other_form_is_taken() -> None:
    token = "scaleway:observability/source:Source"
    for written, taken in ((400.0, 400), ("400", 400), (400.5, None), (True, None)):
        _, typed = typed_plan(Plan("scaleway", ()), FORMS)
        found = typed(made(token, "s", {"retentionDays": written})).inputs["retentionDays"]
        assert (found if isinstance(found, int) else None) == taken
