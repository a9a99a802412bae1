"""From one warehouse to another by `havre exit`, and a proof that `sh` checks."""

import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.access import open_project, open_warehouse
from havre_local.machine.supervision import supervisor
from tests.warehouse.conftest import Site, read_example
from tests.warehouse.objects import put

TABLES = """
CREATE TABLE curated.visit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ward text);
INSERT INTO curated.visit (ward) SELECT 'ward ' || i % 7 FROM generate_series(1, 500) i;
CREATE INDEX ON curated.visit (ward); CREATE TABLE landing.raw (line text);
INSERT INTO landing.raw VALUES ('\u00e9'), ('\u00e9'), (NULL);
CREATE VIEW curated.wards AS SELECT DISTINCT ward FROM curated.visit;
CREATE FUNCTION curated.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON TABLE curated.visit IS 'One line a visit.';
"""
LATE = "INSERT INTO curated.visit (ward) VALUES ('written after the copy')"
VISITS = pa.table({"person_id": [1, 2], "ward": ["cardiology", None]})
CARE = {"TagSet": [{"Key": "purpose", "Value": "care"}]}
DECISION = """decisions:
  - property: modified
    who: Director of research
    why: The times of writing stay in the journal of the exit.
    when: 2026-11-29
"""

RENAMED = """renamings:
  - zone: landing
    keys: {omop/part%2011%C3%A9.csv: omop/part-11.csv}
    who: Director of research
    why: Plain names are easier to type.
    when: 2026-11-29
"""


@pytest.fixture
def target() -> Iterator[Site]:
    made = Site(Path(tempfile.mkdtemp(prefix="havre-test-")), read_example("hospital"))
    yield made
    supervisor.stop(made.folder)
    shutil.rmtree(made.root)


def bucket(site: Site, zone: str) -> str:
    names = [b["Name"] for b in open_warehouse(site.data_dir).client().list_buckets()["Buckets"]]
    return next(name for name in names if name.endswith(zone))


def begun(site: Site, target: Site) -> Path:
    """The folder of an exit, with its file filled in."""
    folder = site.root / "exit"
    assert main(["exit", "new", str(folder)]) == 0
    file = folder / "exit.yaml"
    text = file.read_text().replace("../source", str(site.data_dir))
    file.write_text(text.replace("../target", str(target.data_dir)))
    return folder


def run(folder: Path, step: str, *words: str) -> int:
    return main(["exit", step, str(folder), *words])


@pytest.mark.long
def test_a_warehouse_leaves_and_the_proof_is_checked_without_havre(
    site: Site, target: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert target.up() == 0
    source = open_warehouse(site.data_dir).client()
    landing = bucket(site, "landing")
    for number in range(12):
        body, key = b"x" * number * 1000, f"omop/part {number:02}\u00e9.csv"
        source.put_object(Bucket=landing, Key=key, Body=body, Tagging="purpose=research")
    for body in (b"ab" * (6 * 2**20), b"second"):
        source.put_object(Bucket=landing, Key="large.bin", Body=body, Metadata={"ward": "7"})
    source.delete_object(Bucket=landing, Key="large.bin")
    put(site, "curated")
    query(site, TABLES)
    open_warehouse(site.data_dir).write_table("curated", "omop/visits.parquet", VISITS)

    folder = begun(site, target)
    file = folder / "exit.yaml"
    file.write_text(file.read_text() + RENAMED)
    check_order(folder, capsys)
    source.put_object(Bucket=landing, Key="late.csv", Body=b"written after the copy")
    source.put_object_tagging(Bucket=landing, Key="omop/part 03\u00e9.csv", Tagging=CARE)
    query(site, LATE)
    assert run(folder, "copy") == 0
    assert run(folder, "verify") == 0
    assert run(folder, "seal", *probed(target)) == 0
    check_database(site, target, folder / "seal")
    check_no_secret(site, target, folder)
    arrived = open_warehouse(target.data_dir).dataset("curated", "omop/visits.parquet")
    assert arrived.to_table().equals(VISITS), "under the target's own key"

    script, authority = site.root / "verify.sh", folder / "authorities" / "ca.pem"
    words = ("--authority", str(authority), "--tsa-authority", str(authority))
    seal = folder / "seal"
    assert main(["exit", "evidence", str(seal), *words, "--script", str(script)]) == 0
    checked = subprocess.run(
        ["sh", script, seal, authority, authority], capture_output=True, text=True, check=True
    )
    assert "VERIFIED" in checked.stdout
    assert re.search(r"Exit-Probed: \S+Z: 1 promised, seen\n", checked.stdout)
    lines = (seal / "data/objects/landing.target.tsv").read_text().splitlines()
    assert len(lines) == 12 + 3 + 1
    check_told(seal, lines, checked.stdout)
    assert [line.split("\t")[:3] for line in lines if line.startswith("large")] == [
        ["large.bin", "1", str(12 * 2**20)],
        ["large.bin", "2", "6"],
        ["large.bin", "3", "-"],
    ]
    check_found_out(folder, target, capsys)


def probed(target: Site) -> tuple[str, str]:
    """The option of a seal that names what probes saw of the target."""
    seen = target.root / "seen.json"
    words = ("probe", str(target.file), "--only", "tls.database", "--out", str(seen))
    assert main(target.command(*words)) == 0
    return ("--probes", str(seen))


def query(site: Site, statements: str) -> list[tuple[object, ...]]:
    with open_warehouse(site.data_dir).connect(autocommit=True) as connection:
        found = connection.execute(statements.encode())
        return found.fetchall() if found.description else []


def check_database(site: Site, target: Site, seal: Path) -> None:
    """Everything of the database has arrived, and a project reads at the target what it read."""
    assert query(target, "SELECT count(*), max(id) FROM curated.visit") == [(501, 501)]
    assert query(target, "SELECT nextval('curated.visit_id_seq')") == [(502,)]
    assert query(site, "SELECT nextval('curated.visit_id_seq')") == [(502,)]
    with open_project(target.data_dir, "bed-occupancy").connect() as connection:
        found = connection.execute("SELECT count(*) FROM curated.wards").fetchone()
    assert found == (8,)
    lines = (seal / "data/database/chu_trial.target.txt").read_text().splitlines()
    told = {tuple(line.split("\t")[:3]) for line in lines}
    assert {("table", "curated.visit", "501"), ("table", "landing.raw", "3")} < told
    assert {"view", "grant", "role", "setting", "index", "comment"} < {kind for kind, _, _ in told}
    assert "curated.visit" in (seal / "data/database/chu_trial.queries.sql").read_text()


def check_told(seal: Path, lines: list[str], told: str) -> None:
    """A key has its other name, and the seal says who read everything back."""
    assert [line.split("\t")[2] for line in lines if line.startswith("omop/part-11.csv")] == [
        "11000"
    ]
    renamed = "omop/part%2011%C3%A9.csv\tomop/part-11.csv\n"
    assert (seal / "data/renamed/landing.tsv").read_text() == renamed
    assert "Exit-Decision: Director of research, 2026-11-29: Plain names" in told
    assert "Exit-Read-Back-By: zone landing: another credential" in told
    reader = "Exit-Read-Back-By: database chu_trial: another credential, role havre_reader"
    assert reader in told


def check_no_secret(site: Site, target: Site, folder: Path) -> None:
    """No password, secret or key of either warehouse is in a file of the exit."""
    kept = [
        file
        for each in (site, target)
        for place in ("secrets", "keys")
        for file in (each.data_dir / place).rglob("*")
        if file.is_file() and file.suffix != ".json"
    ]
    # A key, a password alone, the last of a line of pgpass, the last word of credentials.
    secrets = {
        file.read_bytes()
        if file.suffix == ".key"
        else re.split(r"[: ]", file.read_text().strip())[-1].encode()
        for file in kept
    }
    names = {file.name for file in kept}
    assert {"database-password", "pgpass", "aws-credentials", "v0001.key"} < names
    assert min(map(len, secrets)) >= 16
    for file in folder.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        assert not any(secret in held for secret in secrets), file


def check_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is copied before it is planned and decided, nor sealed before it is verified."""
    assert run(folder, "copy") == ExitCode.ENGINE
    assert run(folder, "plan") == ExitCode.FINDINGS
    assert run(folder, "copy") == ExitCode.ENGINE
    capsys.readouterr()
    assert run(folder, "ledger") == ExitCode.FINDINGS
    shown = " ".join(capsys.readouterr().out.split())
    assert "modified" in shown
    assert "decides on losses" in shown
    assert "A data protection officer only advises" in shown
    file = folder / "exit.yaml"
    file.write_text(file.read_text().replace("decisions: []\n", DECISION))
    assert run(folder, "copy") == 0
    assert run(folder, "seal") == ExitCode.ENGINE
    capsys.readouterr()
    assert run(folder, "status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["next"] == "freeze"


def check_found_out(folder: Path, target: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """What somebody writes at the target afterwards is found, and not sealed."""
    arrived = open_warehouse(target.data_dir).client()
    named = {"Bucket": bucket(target, "landing"), "Key": "omop/part 03\u00e9.csv"}
    assert arrived.get_object_tagging(**named)["TagSet"] == CARE["TagSet"]
    arrived.put_object(Bucket=bucket(target, "landing"), Key="late.csv", Body=b"somebody else")
    query(target, "UPDATE curated.visit SET ward = 'other' WHERE id = 7")
    capsys.readouterr()
    assert run(folder, "verify") == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert "late.csv, version 2: extra" in said
    assert "1 differ\n  table curated.visit\n" in said
    assert run(folder, "seal") == ExitCode.ENGINE


KILLS = 12
"""How often a step is killed; before a release."""


@pytest.mark.long
def test_killed_at_any_instant_the_end_is_the_same(
    site: Site, target: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert target.up() == 0
    source = open_warehouse(site.data_dir).client()
    landing = bucket(site, "landing")
    for number in range(150):
        source.put_object(Bucket=landing, Key=f"k/{number:03}", Body=b"x" * number * 500)
    for body in (b"ab" * (9 * 2**20), b"second", b"third"):
        source.put_object(Bucket=landing, Key="large.bin", Body=body, Tagging="a=b")
    query(site, TABLES)
    folder = begun(site, target)
    assert run(folder, "plan") == ExitCode.FINDINGS
    file = folder / "exit.yaml"
    file.write_text(file.read_text().replace("decisions: []\n", DECISION))
    chance = random.Random(2026)  # noqa: S311 - the same instants each time
    killed = 0
    for step in ("copy", "verify"):
        for _ in range(KILLS):
            words = [sys.executable, "-P", "-m", "havre", "exit", step, str(folder)]
            child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                child.wait(chance.uniform(0.5, 8.0))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                killed += 1
        assert run(folder, step) == 0
    assert killed >= KILLS / 2
    assert run(folder, "seal") == 0
    capsys.readouterr()
    lines = (folder / "evidence" / "landing.target.tsv").read_text().splitlines()
    assert len(lines) == 150 + 3
    told = (folder / "evidence" / "chu_trial.target.txt").read_text()
    assert "table\tcurated.visit\t500\t" in told
    uploads = (
        open_warehouse(target.data_dir)
        .client()
        .list_multipart_uploads(Bucket=bucket(target, "landing"))
    )
    assert uploads.get("Uploads", []) == []
