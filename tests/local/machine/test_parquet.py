"""Tables: encrypted before they leave, readable with old and new keys, by nobody else."""

from __future__ import annotations

import dataclasses
import gc
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet as plain_parquet

from havre.errors import GuardError, InputError, StateError
from havre_local.machine import access
from havre_local.machine.encryption import keys
from havre_local.machine.objects import gateway, parquet
from tests.local.conftest import PROJECT, ZONES, Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyarrow.dataset import Dataset

ROWS = 1000
FILES = 3
CURATED = ZONES["curated"]


def part(number: int) -> pa.Table:
    first = number * ROWS
    return pa.table({"stay": range(first, first + ROWS), "diagnosis": ["J45"] * ROWS})


@pytest.fixture(scope="module")
def tables(machine: Machine) -> Iterator[Machine]:
    """Several files of one table, with a rotation of the key in between."""
    for number in range(FILES):
        machine.admin.write_table("curated", f"stays/{number}.parquet", part(number))
        keys.rotate_key(machine.folder, keys.zone_key("curated"))
    yield machine
    s3 = machine.admin.client()
    for number in range(FILES):
        s3.delete_object(Bucket=CURATED, Key=f"stays/{number}.parquet")


def test_files_of_several_key_versions_read_as_one_table(tables: Machine) -> None:
    dataset = tables.project.dataset("curated", "stays")
    gc.collect()
    assert dataset.count_rows() == ROWS * FILES
    read = dataset.to_table().sort_by("stay")
    assert read["stay"].to_pylist() == list(range(ROWS * FILES))
    assert len(keys.key_info(tables.folder, keys.zone_key("curated")).versions) == FILES + 1


def test_many_threads_may_read_at_once(tables: Machine) -> None:
    with ThreadPoolExecutor(4) as pool:
        reads = pool.map(lambda _: tables.project.dataset("curated", "stays").to_table(), range(6))
        assert [table.num_rows for table in reads] == [ROWS * FILES] * 6


def test_duckdb_queries_a_dataset_by_its_variable(tables: Machine) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is an extra (havre-local[demo])")
    stays = tables.project.dataset("curated", "stays")
    connection = duckdb.connect()
    connection.execute("SET threads = 4")
    query = "SELECT diagnosis, count(*), max(stay) FROM stays WHERE stay >= 500 GROUP BY 1"
    assert connection.execute(query).fetchall() == [("J45", ROWS * FILES - 500, ROWS * FILES - 1)]
    assert stays.count_rows() == ROWS * FILES


def test_the_object_store_sees_no_value_and_no_column(tables: Machine) -> None:
    body = tables.admin.client().get_object(Bucket=CURATED, Key="stays/0.parquet")["Body"].read()
    assert body[-4:] == b"PARE"  # Parquet with an encrypted footer
    assert b"J45" not in body
    assert b"diagnosis" not in body


def test_a_reader_without_the_key_gets_an_error(tables: Machine) -> None:
    place = tables.admin._place("curated")
    with pytest.raises(OSError, match="decrypt"):
        plain_parquet.read_table(f"{CURATED}/stays/0.parquet", filesystem=parquet.filesystem(place))


def test_another_zones_key_opens_nothing(tables: Machine) -> None:
    place = dataclasses.replace(tables.admin._place("curated"), key=keys.zone_key("landing"))
    with pytest.raises(GuardError, match="zone-curated"):
        parquet.open_dataset(place, "stays").to_table()


def body(tables: Machine, key: str) -> bytes:
    answer = tables.admin.client().get_object(Bucket=CURATED, Key=key)
    return bytes(answer["Body"].read())


@pytest.fixture
def put(tables: Machine) -> Iterator[Callable[[str, bytes], None]]:
    """Writes objects as who has the store but no key; afterwards all is as it was."""
    s3, before = tables.admin.client(), {}

    def write(key: str, content: bytes) -> None:
        before[key] = body(tables, key) if key in KNOWN else None
        s3.put_object(Bucket=CURATED, Key=key, Body=content)

    yield write
    for key, content in before.items():
        if content is None:
            s3.delete_object(Bucket=CURATED, Key=key)
        else:
            s3.put_object(Bucket=CURATED, Key=key, Body=content)


KNOWN = [f"stays/{number}.parquet" for number in range(FILES)]
READS: dict[str, Callable[[Dataset], object]] = {
    "all": lambda found: found.to_table(),
    "count": lambda found: found.count_rows(),
    "filtered": lambda found: found.to_table(filter=pc.field("stay") == 5),
    "head": lambda found: found.head(ROWS * FILES),
    "batches": lambda found: list(found.to_batches(columns=["stay"])),
}


@pytest.mark.parametrize("read", READS)
def test_tables_that_were_exchanged_do_not_open(
    tables: Machine, put: Callable[[str, bytes], None], read: str
) -> None:
    READS[read](tables.project.dataset("curated", "stays"))
    put(KNOWN[2], body(tables, KNOWN[1]))
    with pytest.raises(
        GuardError, match=rf"{CURATED}/{KNOWN[2]} contains a table that was written"
    ):
        READS[read](tables.project.dataset("curated", "stays"))
    with pytest.raises(GuardError, match="under another name"):
        tables.project.dataset("curated", KNOWN[2])
    assert tables.project.dataset("curated", KNOWN[1]).count_rows() == ROWS


def test_a_table_copied_beside_itself_does_not_open(
    tables: Machine, put: Callable[[str, bytes], None]
) -> None:
    for name in ("stays/3.parquet", "stays/deep/0.parquet", "stays/0.parquet.parquet"):
        put(name, body(tables, KNOWN[0]))
        with pytest.raises(GuardError, match="under another name"):
            tables.project.dataset("curated", name)
    with pytest.raises(GuardError, match="under another name"):
        tables.project.dataset("curated", "stays").to_table()


def test_an_earlier_content_of_the_same_object_opens(
    tables: Machine, put: Callable[[str, bytes], None]
) -> None:
    """Nothing in a single object shows that it is not the latest: a gap of this provider."""
    earlier = body(tables, KNOWN[0])
    tables.admin.write_table("curated", KNOWN[0], part(7))
    put(KNOWN[0], earlier)
    assert tables.project.dataset("curated", KNOWN[0]).to_table() == part(0)


def test_tables_of_an_earlier_havre_open_with_one_warning(
    tables: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_binding", lambda _: b"")
    for number in range(FILES):
        tables.admin.write_table("curated", f"former/{number}.parquet", part(number))
    monkeypatch.undo()
    tables.admin.write_table("curated", "former/9.parquet", part(9))
    with pytest.warns(parquet.UnboundTableWarning, match="former/0.parquet was written") as caught:
        read = tables.project.dataset("curated", "former").to_table()
    assert len(caught) == 1
    assert read.num_rows == ROWS * (FILES + 1)
    for number in range(FILES):  # as the warning says
        name = f"former/{number}.parquet"
        with pytest.warns(parquet.UnboundTableWarning):
            again = tables.admin.dataset("curated", name).to_table()
        tables.admin.write_table("curated", name, again)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tables.project.dataset("curated", "former").to_table().num_rows == read.num_rows
    for name in (*range(FILES), 9):
        tables.admin.client().delete_object(Bucket=CURATED, Key=f"former/{name}.parquet")


def test_a_lost_version_is_named(tables: Machine) -> None:
    path = tables.folder.keys / keys.zone_key("curated") / "v0001.key"
    away = path.rename(path.with_suffix(".away"))
    try:
        with pytest.raises(StateError, match=r"v0001\.key"):
            tables.admin.dataset("curated", "stays").to_table()
    finally:
        away.rename(path)


def test_a_project_opens_its_own_zones_only(tables: Machine) -> None:
    with pytest.raises(GuardError, match=f"Project {PROJECT} cannot read zone landing"):
        tables.project.dataset("landing")
    with pytest.raises(GuardError, match="no-such-zone"):
        tables.project.dataset("no-such-zone")


def test_the_object_store_refuses_what_the_check_would_let_through(tables: Machine) -> None:
    project = tables.project
    forged = dataclasses.replace(project.settings, zones={"landing": ZONES["landing"]})
    with pytest.raises(OSError, match=r"ACCESS_DENIED|403|Access Denied"):
        access.Project(tables.folder, forged).dataset("landing")


def test_every_read_of_a_table_is_logged(tables: Machine) -> None:
    tables.project.dataset("curated", "stays").to_table()
    log = tables.folder.log(gateway.ACCESS_LOG).read_text()
    account = tables.project.settings.account
    for number in range(FILES):
        assert any(
            f" {account} " in line and "GetObject" in line and f"stays/{number}.parquet" in line
            for line in log.splitlines()
        )


def test_what_is_not_there_is_an_error(tables: Machine) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        tables.project.dataset("curated", "nowhere")
    with pytest.raises(InputError, match=r"\.parquet"):
        tables.admin.write_table("curated", "stays/x.csv", part(0))
    with pytest.raises(InputError, match="no zone 'nowhere'"):
        tables.admin.write_table("nowhere", "x.parquet", part(0))
