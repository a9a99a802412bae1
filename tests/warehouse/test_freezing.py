"""A source is frozen: nobody writes, what cheats is named, and thaw gives everything back."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.access import open_warehouse
from havre_local.machine.supervision import supervisor
from tests.warehouse.conftest import Site, read_example
from tests.warehouse.objects import put

DECISION = """decisions:
  - property: modified
    who: Director of research
    why: The times of writing stay in the journal of the exit.
    when: 2026-11-29
"""


@pytest.fixture
def target() -> Iterator[Site]:
    made = Site(Path(tempfile.mkdtemp(prefix="havre-test-")), read_example("hospital"))
    yield made
    supervisor.stop(made.folder)
    shutil.rmtree(made.root)


def begun(site: Site, target: Site) -> Path:
    folder = site.root / "exit"
    assert main(["exit", "new", str(folder)]) == 0
    file = folder / "exit.yaml"
    text = file.read_text().replace("../source", str(site.data_dir))
    text = text.replace("../target", str(target.data_dir))
    file.write_text(text.replace("decisions: []\n", DECISION))
    return folder


def run(folder: Path, step: str, *words: str) -> int:
    return main(["exit", step, str(folder), *words])


def logins(site: Site) -> set[str]:
    with open_warehouse(site.data_dir).connect() as connection:
        found = connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin")
        return {name for (name,) in found}


def told(
    folder: Path, step: str, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, Any]:
    capsys.readouterr()
    code = run(folder, step, "--json", *words)
    captured = capsys.readouterr()
    assert captured.out, captured.err
    return code, json.loads(captured.out)


@pytest.mark.long
def test_a_source_is_frozen_and_who_cheats_is_named(
    site: Site, target: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert target.up() == 0
    put(site, "curated")
    folder, before = begun(site, target), logins(site)
    warehouse = open_warehouse(site.data_dir)
    assert run(folder, "plan") == 0
    assert run(folder, "freeze") == ExitCode.ENGINE
    assert run(folder, "copy") == 0

    code, frozen = told(folder, "freeze", capsys)
    assert (code, frozen["left"]) == (0, "")
    assert logins(site) < before
    assert run(folder, "verify") == ExitCode.ENGINE  # what is frozen is copied once more
    assert run(folder, "copy") == 0
    assert run(folder, "verify") == 0

    store = warehouse.client()
    store.put_object_tagging(
        Bucket=warehouse.bucket("curated"),
        Key=store.list_objects_v2(Bucket=warehouse.bucket("curated"))["Contents"][0]["Key"],
        Tagging={"TagSet": [{"Key": "cheated", "Value": "yes"}]},
    )
    with warehouse.connect() as connection:
        connection.execute("COMMENT ON DATABASE " + connection.info.dbname + " IS 'cheated'")
    code, verified = told(folder, "verify", capsys)
    assert code == ExitCode.FINDINGS
    assert [each.rpartition(": ")[0].partition(":")[0] for each in verified["frozen"]["wrong"]] == [
        "zone curated",
        "database",
    ]
    assert run(folder, "seal") == ExitCode.ENGINE

    code, again = told(folder, "freeze", capsys)
    assert code == 0
    assert len(again["changed"]) == 2
    assert [run(folder, step) for step in ("copy", "verify", "seal")] == [0, 0, 0]
    assert "Exit-Frozen: 20" in (folder / "seal" / "bag-info.txt").read_text()
    check_cut(folder, site, before, capsys)


def check_cut(
    folder: Path, site: Site, before: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The cut takes the name, a seal that holds and a source as it was frozen; then no thaw."""
    warehouse = open_warehouse(site.data_dir)
    store = warehouse.client()
    assert run(folder, "cut", "--confirm", "another") == ExitCode.ENGINE
    name = json.loads((site.data_dir / "state" / "run.json").read_text())["warehouse"]
    manifest = folder / "seal" / "manifest-sha256.txt"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole + b"\n")
    assert run(folder, "cut", "--confirm", name) == ExitCode.ENGINE
    manifest.write_bytes(whole)
    store.put_object(Bucket=warehouse.bucket("curated"), Key="late", Body=b"")
    capsys.readouterr()
    assert run(folder, "cut", "--confirm", name) == ExitCode.ENGINE
    assert "zone curated: late" in capsys.readouterr().err

    assert run(folder, "thaw") == 0
    assert logins(site) == before
    assert run(folder, "cut", "--confirm", name) == ExitCode.ENGINE
    assert run(folder, "thaw") == ExitCode.INPUT
    for step in ("freeze", "copy", "verify", "seal"):
        assert run(folder, step) == 0
    assert run(folder, "cut", "--confirm", name) == 0
    assert run(folder, "thaw") == ExitCode.ENGINE
    assert run(folder, "copy") == ExitCode.ENGINE
    assert logins(site) < before
    check_end(folder, name, capsys)


def check_end(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What still answers is named; when all is gone, a second seal says so."""
    assert run(folder, "retire", "--gone", "--confirm", name) == ExitCode.ENGINE
    code, scheduled = told(folder, "retire", capsys, "--confirm", name)
    assert code == 0
    things = {each["thing"]: each for each in scheduled["things"]}
    assert {each for each in things if each.startswith("zone ")} >= {"zone curated"}
    assert any(each.startswith("key ") for each in things)
    assert all(each["reasons"][0].endswith("the cut") for each in things.values())
    check_scheduled(folder, scheduled)
    code, early = told(folder, "retire", capsys, "--gone", "--confirm", name)
    assert code == ExitCode.FINDINGS
    assert "zone curated: answers (administrator): it still answers" in early["left"]
    assert early["seal"] == ""

    command = scheduled["commands"][0].split()
    assert main(command[1:]) == 0
    code, late = told(folder, "retire", capsys, "--gone", "--confirm", name)
    assert code == ExitCode.FINDINGS
    assert "still answers" not in late["left"]
    assert "is still there" not in late["left"]
    assert {(each["way"], each["outcome"]) for each in late["tries"]} == {
        *((way, "gone") for way in ("administrator", "signed URL", "project", "file")),
        ("signed URL", "not tried"),
    }
    assert {each["before"] for each in late["tries"] if each["way"] == "file"} == {"answers"}
    untried = [each for each in things if f"{each}: " in late["left"]]
    check_listed(folder, name, late, capsys)
    by_hand = [
        {"scope": each, "who": "A clerk", "why": "Looked.", "when": "2026-11-29"}
        for each in untried
    ]
    file = folder / "exit.yaml"
    file.write_text(file.read_text() + f"gone_by_hand: {json.dumps(by_hand)}\n")
    code, gone = told(folder, "retire", capsys, "--gone", "--confirm", name)
    assert (code, gone["left"]) == (0, "")
    authority = folder / "authorities" / "ca.pem"
    words = ("--authority", str(authority), "--tsa-authority", str(authority))
    assert main(["exit", "evidence", gone["seal"], *words]) == 0
    check_who_kept_writing(folder / "seal")
    lines = (Path(gone["seal"]) / "data" / "retire.tsv").read_text()
    assert lines.count("\tgone\t") == len(things)
    told_tries = (Path(gone["seal"]) / "data" / "tries.tsv").read_text()
    assert told_tries.count("\tgone\t") > len(things)
    assert not (folder / "signed-urls.json").exists()
    assert run(folder, "status") == 0


def check_listed(
    folder: Path, name: str, late: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """What still lacks a person's word is listed, as it is to be written; else its day is."""
    waiting = [each for each in late["missing"] if not each.startswith(tuple(late["by_hand"]))]
    assert late["by_hand"]
    assert all("it is gone for good from" in each for each in waiting), waiting
    assert run(folder, "retire", "--gone", "--confirm", name) == ExitCode.FINDINGS
    shown = capsys.readouterr().out
    assert all(f"  - scope: {each}\n" in shown for each in late["by_hand"])
    assert f"{len(late['missing'])} things are not proved to be gone:\n" in shown


def check_who_kept_writing(seal: Path) -> None:
    """What `freeze` prints as not taken is in the seal."""
    untaken = json.loads((seal / "data/findings.json").read_text())["frozen"]["untaken"]
    assert untaken
    info = (seal / "bag-info.txt").read_text().splitlines()
    assert {f"Exit-Frozen-Except: {who}: {why}" for who, why in untaken.items()} < set(info)


def check_scheduled(folder: Path, scheduled: Any) -> None:
    """Everything that leads to the source was tried; signed URLs are in one file, and no seal."""
    found = {
        (each["thing"], each["way"], each["by"]): each["outcome"] for each in scheduled["tries"]
    }
    assert found["zone curated", "administrator", ""] == "answers"
    assert found["database", "administrator", ""] == "answers"
    assert found["database", "project", "bed-occupancy"] == "refused"  # frozen
    assert found["zone curated", "project", "bed-occupancy"] == "answers"
    file = folder / "signed-urls.json"
    kept = json.loads(file.read_text())["curated"]
    digest = hashlib.sha256(kept["url"].encode()).hexdigest()
    assert found["zone curated", "signed URL", digest] == "answers"
    assert file.stat().st_mode & 0o777 == 0o600
    assert digest in (Path(scheduled["seal"]) / "data" / "tries.tsv").read_text()
    signature = kept["url"].rpartition("Signature=")[2].encode()
    assert len(signature) == 64
    for each in folder.rglob("*"):
        assert each == file or not each.is_file() or signature not in each.read_bytes(), each
