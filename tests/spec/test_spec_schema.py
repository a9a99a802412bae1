from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from havre.documents.composing import compose
from havre.spec.schema import fields, schema, schema_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def test_the_file_is_current() -> None:
    packaged = files("havre.spec").joinpath("warehouse.schema.json").read_text(encoding="utf-8")
    assert packaged == schema_text(), "run: havre schema -o havre/spec/warehouse.schema.json"


def test_the_schema_is_one_and_names_no_host() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$id"] == "urn:havre:warehouse:1"
    assert schema()["$schema"].endswith("2020-12/schema")


def test_every_field_is_described() -> None:
    definitions = [schema(), *schema()["$defs"].values()]
    bare = [
        name
        for definition in definitions
        for name, node in definition.get("properties", {}).items()
        if "description" not in node
    ]
    assert bare == []


def test_examples_are_accepted(validator: Draft202012Validator, examples: list[Path]) -> None:
    assert len(examples) >= 2
    for path in examples:
        validator.validate(compose(path.read_text(encoding="utf-8")).data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "Alpha"),
        (("budget",), 3),
        (("zones",), {}),
        (("zones", "Bad Name"), {"purpose": "curated", "retention_days": 1}),
        (("zones", "x"), {"purpose": "curated", "retention_days": 1}),
        (("zones", "curated", "retention_days"), -1),
        (("zones", "curated", "recoverable_days"), 30),  # beside its older name
        (("zones", "curated"), {"purpose": "curated"}),
        (("zones", "curated", "purpose"), "gold"),
        (("database", "size"), "B2-15"),
        (("database", "sku"), "B2-15"),
        (("encryption", "tls"), 1.2),
        (("sites", "primary"), "paris"),
        (("residency", "countries"), []),
        (("projects", "study-one", "members"), []),
        (("network", "egress"), [{"port": 443}]),
    ],
)
def test_broken_ones_are_refused(
    validator: Draft202012Validator, data: Any, path: tuple[str, ...], value: Any
) -> None:
    assert validator.is_valid(data)
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    assert not validator.is_valid(data)


def test_editors_show_our_words() -> None:
    root = json.loads(schema_text())
    site = fields(root, ("sites", "recovery"))
    assert site is not None
    assert site["errorMessage"].startswith("a site: a country's two letters")
    assert fields(root, ("sites", "tertiary")) is None
