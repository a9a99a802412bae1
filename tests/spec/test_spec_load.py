from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from havre.documents.problems import SpecError
from havre.spec.load import MAX_BYTES, load, loads
from havre.spec.model import KeyProtection, Size, Warehouse

if TYPE_CHECKING:
    from pathlib import Path


def refusal(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        load(path)
    return str(caught.value).removeprefix(str(path))


def test_loaded_holds_what_was_read(base: str, tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(base, encoding="utf-8")
    found = load(path)
    assert found.file == str(path)
    assert found.digest == hashlib.sha256(base.encode()).hexdigest()
    assert found.warehouse.database.size is Size.M
    assert found.warehouse.zones["curated"].immutable_days == 30
    assert found.warehouse.projects["study-one"].expires == dt.date(2030, 12, 31)
    assert found.warehouse.residency.countries == ("FR", "DE")


def test_defaults_fill_what_is_not_said(data: Any) -> None:
    for section in ("encryption", "database", "cluster", "projects", "exit", "network"):
        del data[section]
    warehouse = loads(json.dumps(data), "f").warehouse
    assert warehouse.encryption.keys is KeyProtection.CUSTOMER
    assert warehouse.cluster is None
    assert warehouse.network.address_space == "10.42.0.0/16"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("name",), (1, 1)),
        (("zones", "curated", "retention_days"), (26, 5)),
        (("zones", "curated", "recoverable_days"), (26, 5)),  # there by its older name
        (("zones", "backup", "purpose"), (29, 12)),
        (("database", "extensions", 1), (34, 25)),
        (("network", "egress", 0, "host"), (49, 7)),
        (("network", "egress", 0, "port"), (49, 7)),  # not written: where it would stand
        (("network", "egress", 4), (48, 3)),
        (("database", "backups", "retention_days"), (31, 1)),
        (("registry", "retention_days"), (1, 1)),
    ],
)
def test_places(base: str, path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert loads(base, "f").lines.locate(path) == place


def test_places_within_an_alias_are_those_of_its_anchor(base: str) -> None:
    text = base.replace("backup: {", "backup: &kept {").replace("exit:", "audit: *kept\nexit:")
    with pytest.raises(SpecError) as caught:
        loads(text, "f")
    assert [(p.line, p.path) for p in caught.value.problems] == [(29, "audit.purpose")]


def test_aliases_share_values(base: str) -> None:
    text = base.replace("zones: [curated]", "zones: &read [curated]").replace(
        "network:",
        "  other: {title: B, zones: *read, members: [m], authorisation: B, "
        "expires: 2031-01-01}\nnetwork:",
        1,
    )
    assert loads(text, "f").warehouse.projects["other"].zones == ("curated",)


def test_dates_and_booleans_follow_yaml_1_2(data: Any) -> None:
    text = json.dumps(data).replace('"country": "FR"', '"country": NO')
    assert loads(text, "f").warehouse.organisation.country == "NO"


def test_carriage_returns_and_byte_order_mark(base: str, tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + base.replace("\n", "\r\n").encode())
    found = load(path)
    assert found.warehouse == loads(base, "f").warehouse
    assert found.lines.locate(("exit",)) == (50, 1)


def test_no_such_file(tmp_path: Path) -> None:
    expected = ":1:1: found no such file; wanted a warehouse; `havre init` writes one"
    assert refusal(tmp_path / "none.yaml") == expected


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == ":1:1: found Is a directory; wanted a file that can be read"


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_bytes("name: alpha\norganisation: Hôpital\n".encode("latin-1"))
    assert refusal(path) == ":2:16: found the byte 0xf4; wanted UTF-8 text"


@pytest.mark.parametrize("character", ["x", "é"])
def test_too_large(tmp_path: Path, character: str) -> None:
    path = tmp_path / "w.yaml"
    path.write_text("# " + character * MAX_BYTES, encoding="utf-8")
    assert refusal(path) == ":1:1: found more than 524,288 bytes; wanted a file of at most 512 KiB"


def test_a_lone_surrogate_in_text_that_was_never_a_file(base: str) -> None:
    with pytest.raises(SpecError, match=r"f:1:7: found the unprintable character U\+D800"):
        loads(base.replace("alpha", "\ud800"), "f")


def test_examples_are_valid(examples: list[Path]) -> None:
    names = {load(path).warehouse.name for path in examples}
    assert names == {"emc2", "chu-trial"}


def test_a_warehouse_cannot_be_changed(base: str) -> None:
    warehouse: Warehouse = loads(base, "f").warehouse
    with pytest.raises(ValueError, match="frozen"):
        warehouse.name = "beta"  # type: ignore[misc]


def test_an_older_file_promises_what_is_recoverable(base: str) -> None:
    newer = base.replace("retention_days", "recoverable_days")
    assert newer != base
    assert loads(base, "f").warehouse == loads(newer, "f").warehouse
    assert loads(base, "f").warehouse.zones["curated"].recoverable_days == 365


@pytest.mark.parametrize(
    ("holder", "own"), [("provider", False), ("customer", True), ("hsm", True)]
)
def test_the_spec_asks_for_keys_of_its_own_unless_the_provider_holds_them(
    data: Any, holder: str, *, own: bool
) -> None:
    data["encryption"]["keys"] = holder
    assert loads(json.dumps(data), "f").warehouse.encryption.own_keys is own
