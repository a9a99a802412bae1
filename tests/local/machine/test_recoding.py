"""Encrypted tables that move: opened and closed anew, the same table under another key."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from havre.errors import GuardError, InputError, StateError
from havre_local.machine.encryption import keys
from havre_local.machine.folder import Folder, prepare
from havre_local.machine.objects.parquet import Place
from havre_local.machine.objects.recoding import PLAIN, TableCipher

if TYPE_CHECKING:
    from pathlib import Path

NAME = "stays/0.parquet"
TABLE = pa.table(
    {
        "person": pa.array([1, None, 3], pa.int32()),
        "ward": ["x", "\u00e9", None],
        "image": pa.array([b"1", b"", None]),
        "codes": [[1, 2], [], None],
        "stay": [{"at": 1, "of": "q"}, None, {"at": None, "of": ""}],
        "when": pa.array([dt.datetime(2020, 1, 1), None, None], pa.timestamp("us", "Europe/Paris")),  # noqa: DTZ001
        "dose": pa.array([Decimal("1.10"), None, Decimal("3.33")]),
        "sex": pa.array(["f", "m", "f"]).dictionary_encode(),
    }
).replace_schema_metadata({"source": "omop"})


def written(**how: Any) -> bytes:
    """A Parquet file without encryption."""
    sink = io.BytesIO()
    parquet.write_table(TABLE, sink, **how)
    return sink.getvalue()


def read(content: bytes) -> pa.Table:
    return parquet.read_table(pa.BufferReader(content))


def warehouse(root: Path, key: str) -> TableCipher:
    """A zone of a warehouse with a key of its own; no server runs."""
    root.mkdir()
    prepare(Folder(root), root.name)
    keys.ensure_key(Folder(root), key, rotation_days=30)
    return TableCipher(Place(Folder(root), key, f"{root.name}-curated", 0, "", ""))


@pytest.fixture
def both(tmp_path: Path) -> tuple[TableCipher, TableCipher]:
    """The zone that is left, and the one that takes over."""
    return warehouse(tmp_path / "old", "zone-curated"), warehouse(tmp_path / "new", "zone-gold")


@pytest.mark.parametrize(
    "how", [{}, {"compression": "none"}, {"compression": "zstd"}, {"row_group_size": 2}]
)
def test_a_table_moves_whole_and_opens_at_the_target_alone(
    both: tuple[TableCipher, TableCipher], how: dict[str, Any]
) -> None:
    old, new = both
    stored = old.closed(NAME, written(**how))
    assert old.covers(stored[:16])
    content = old.opened(NAME, stored)
    moved = new.closed("gold/0.parquet", content)
    assert new.opened("gold/0.parquet", moved) == content
    assert read(content).equals(read(written(**how)), check_metadata=True)
    assert b"omop" not in moved
    groups = [parquet.ParquetFile(pa.BufferReader(b)).metadata for b in (content, written(**how))]
    assert groups[0].num_row_groups == groups[1].num_row_groups
    codecs = [each.row_group(0).column(1).compression for each in groups]
    assert codecs[0] == codecs[1]
    with pytest.raises(GuardError, match="needs the key"):
        old.opened(NAME, moved)


def test_the_same_content_is_the_same_whoever_closed_it(
    both: tuple[TableCipher, TableCipher],
) -> None:
    old, new = both
    content = old.opened(NAME, old.closed(NAME, written()))
    assert {new.opened(NAME, new.closed(NAME, content)) for _ in range(2)} == {content}
    assert old.closed(NAME, content) != old.closed(NAME, content), "a data key of its own each time"


def test_what_was_exchanged_or_damaged_does_not_open(both: tuple[TableCipher, TableCipher]) -> None:
    old, _ = both
    stored = old.closed(NAME, written())
    with pytest.raises(GuardError, match="under another name"):
        old.opened("stays/1.parquet", stored)
    middle = len(stored) // 2
    for damaged in (stored[:-1], stored[:middle], stored[:20] + b"\0" * 20 + stored[40:]):
        with pytest.raises(StateError, match="does not open"):
            old.opened(NAME, damaged)


def test_the_same_bucket_and_name_under_another_key_do_not_open(
    both: tuple[TableCipher, TableCipher],
) -> None:
    old, new = both
    twin = TableCipher(replace(new.place, bucket=old.place.bucket, key=old.place.key))
    keys.ensure_key(new.place.folder, old.place.key, rotation_days=30)
    with pytest.raises(StateError):
        twin.opened(NAME, old.closed(NAME, written()))


def test_what_is_no_table_is_not_encrypted(both: tuple[TableCipher, TableCipher]) -> None:
    assert not both[0].covers(b"id,ward\n")
    assert not both[0].covers(PLAIN)
    with pytest.raises(InputError, match="not a Parquet file"):
        both[1].closed("a.csv", b"id,ward\n")


def test_an_empty_table_moves(both: tuple[TableCipher, TableCipher]) -> None:
    sink = io.BytesIO()
    parquet.write_table(TABLE.slice(0, 0), sink)
    old, new = both
    content = old.opened(NAME, old.closed(NAME, sink.getvalue()))
    assert new.opened(NAME, new.closed(NAME, content)) == content
    assert read(content).schema.equals(read(sink.getvalue()).schema)
