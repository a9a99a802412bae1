"""`havre audit who`: what a project did in a warehouse that stands, from its own logs."""

import json
import re
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.provider.outputs import Outputs
from havre.stack.standing import Standing, in_folder
from havre_local.machine.access import open_project
from havre_local.machine.objects import gateway
from tests.waits import until
from tests.warehouse.conftest import Site

PROJECT = "cohort-diabetes"


def lines(
    site: Site, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0
) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(site.command("audit", "who", *words, "--json")) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def did(found: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(each["what"], each["zone"], tuple(each["on"]), each["outcome"]) for each in found]  # type: ignore[arg-type]


def acted(project: str, found: list[dict[str, object]]) -> set[tuple[object, ...]]:
    """Acts of a project in zones, without logins and what has no zone."""
    return {each for each in did([each for each in found if each["project"] == project]) if each[1]}


@pytest.fixture(scope="module")
def used(emc2: Site) -> Site:
    """A project has read and was refused, in both stores; a stranger was, too."""
    import psycopg

    buckets = {zone: each.bucket for zone, each in in_folder(emc2.data_dir).outputs().zones.items()}
    admin = gateway.client(emc2.folder)
    admin.put_object(Bucket=buckets["curated"], Key="who/a 1.csv", Body=b"1")
    project = open_project(emc2.data_dir, PROJECT)
    client = project.client()
    client.get_object(Bucket=buckets["curated"], Key="who/a 1.csv")["Body"].read()
    for zone in ("curated", "research"):
        with pytest.raises(Exception, match="AccessDenied"):
            client.put_object(Bucket=buckets[zone], Key="who/mine", Body=b"1")
    with project.connect() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM landing.who")
        connection.rollback()
        connection.execute("SELECT 1 /* \r2026-12-01 00:00:00.000 UTC [1] 1.1 LOG:  x */")
    return emc2


def collected(site: Site, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The project's accesses, once the supervisor has collected the last of them."""
    found: list[dict[str, object]] = []

    def last() -> bool:
        found[:] = lines(site, capsys, PROJECT)
        return any(each["action"] == "SELECT" and not each["on"] for each in found)

    until(last, why="the record has not the last statement")
    return found


def test_what_a_project_did_is_told_and_nothing_of_another(
    used: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    found = collected(used, capsys)
    assert {each["project"] for each in found} == {PROJECT}
    assert acted(PROJECT, found) >= {
        ("read", "curated", ("who/a 1.csv",), "allowed"),
        ("write", "curated", ("who/mine",), "refused"),
        ("write", "research", ("who/mine",), "refused"),
        ("read", "landing", ("landing.who",), "refused"),
    }
    assert {each["from"] for each in found if each["source"] == "postgresql"} != {None}


def test_others_in_its_zones_are_told_on_request(
    used: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    collected(used, capsys)
    found = lines(used, capsys, PROJECT, "--everyone")
    admins = [each for each in found if each["who"] == "havre" and each["on"] == ["who/a 1.csv"]]
    assert [each["action"] for each in admins] == ["PutObject"]
    assert {each["zone"] for each in found if each["project"] is None} == {"curated"}


def test_a_search_finds_what_was_refused(used: Site, capsys: pytest.CaptureFixture[str]) -> None:
    collected(used, capsys)
    found = lines(used, capsys, PROJECT, "--what", "write", "--outcome", "refused")
    assert {each["what"] for each in found} == {"write"}
    assert len(found) == 2
    assert lines(used, capsys, PROJECT, "--until", "2020-01-01") == []


def test_a_file_is_a_chain_that_is_checked(used: Site, capsys: pytest.CaptureFixture[str]) -> None:
    collected(used, capsys)
    out = used.root / "who.jsonl"
    out.unlink(missing_ok=True)
    assert main(used.command("audit", "who", PROJECT, "--out", str(out))) == 0
    head = capsys.readouterr().out.split("Head: ")[1].strip()
    assert out.stat().st_mode & 0o777 == 0o600
    assert main(["audit", "verify", str(out), "--head", head]) == 0
    assert main(used.command("audit", "who", PROJECT, "--out", str(out))) == ExitCode.INPUT
    out.write_bytes(out.read_bytes().replace(b'"refused"', b'"allowed"', 1))
    capsys.readouterr()
    assert main(["audit", "verify", str(out)]) == ExitCode.FINDINGS
    assert "was changed" in capsys.readouterr().out


def test_a_project_of_the_past_is_named_with_what_it_did(
    used: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    collected(used, capsys)
    now = Standing.outputs

    def without(standing: Standing) -> Outputs:
        found = now(standing)
        projects = {name: each for name, each in found.projects.items() if name != PROJECT}
        return found.model_copy(update={"projects": projects})

    monkeypatch.setattr(Standing, "outputs", without)
    assert main(used.command("audit", "who", PROJECT)) == ExitCode.OK
    said = capsys.readouterr()
    assert f"has no project {PROJECT}: only its earlier accesses are found" in said.err
    assert "who/mine" in said.out


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "yesterday"),
        ("--until", "2026-12-01T08:00"),
        ("--what", "look"),
        ("--outcome", "fine"),
        ("--member", "m-3f9c27d"),
        ("--logs", "nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    emc2: Site, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(emc2.command("audit", "who", PROJECT, *words)) == ExitCode.INPUT
    told = capsys.readouterr().err
    assert words[1] in told
    assert "is not a valid Ac" not in told


def test_a_project_that_nothing_knows_is_refused_with_the_nearest_name(
    used: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "who.jsonl"
    words = used.command("audit", "who", "cohort-diabete", "--out", str(out))
    assert main(words) == ExitCode.INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert "has no project cohort-diabete, nor have its logs" in told
    assert f"Did you mean `{PROJECT}`? The projects: " in told
    assert list(tmp_path.iterdir()) == []


def test_columns_stand_below_one_another(used: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(used.command("audit", "who", PROJECT)) == ExitCode.OK
    head, *found = capsys.readouterr().out.splitlines()
    at = head.index("outcome")
    rows = [each for each in found if re.match(r"\d{4}-", each)]
    assert rows
    assert {each[at - 2 : at] for each in rows} == {"  "}
    assert {each[at:].split()[0] for each in rows} <= {"allowed", "refused", "failed", "unknown"}
