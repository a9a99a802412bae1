"""`havre audit verify` of files: a record, one that was cut, and what is none."""

from pathlib import Path

import pytest

from havre.audit.accesses import Access
from havre.audit.chain import Chain
from havre.cli import main
from havre.errors import ExitCode
from havre.report.accesses import head, line, width

COUNT = 3


@pytest.fixture
def record(tmp_path: Path) -> tuple[Path, str]:
    chain = Chain()
    file = tmp_path / "who.jsonl"
    file.write_bytes(b"".join(chain.line({"what": "read"}) + b"\n" for _ in range(COUNT)))
    return file, chain.head


def test_without_a_head_the_end_is_said_to_be_unknown(
    record: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file, kept = record
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert main(["audit", "verify", str(file)]) == ExitCode.OK
    told = " ".join(capsys.readouterr().out.split())
    assert "whole" not in told
    assert "Whether lines are missing at its end is not known" in told
    assert main(["audit", "verify", str(file), "--head", kept]) == ExitCode.FINDINGS
    assert f"{COUNT} lines were written" in " ".join(capsys.readouterr().out.split())


def test_with_its_head_a_record_is_whole(
    record: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file, kept = record
    assert main(["audit", "verify", str(file), "--head", kept]) == ExitCode.OK
    assert f"The record is whole: {COUNT} lines." in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"date,who\n", b'{"findings": []}\n', b"\x00\xff\n"])
def test_another_file_is_wrong_use_and_no_tampering(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "another"
    file.write_bytes(content)
    assert main(["audit", "verify", str(file)]) == ExitCode.INPUT
    said = capsys.readouterr()
    assert "is not an access record" in " ".join(said.err.split())
    assert said.out == ""


@pytest.mark.parametrize(
    "who", ["project_sleep_cohort", "member_3f9c27d1_sleep_cohort", "", "0" * 36]
)
def test_every_access_is_below_the_names_of_its_columns(who: str) -> None:
    columns = width("sleep-cohort", ["project_sleep_cohort", "0" * 36])
    access = Access("2026-12-01T00:00:00.000Z", who, "read", "SELECT", "allowed", "x", "y", "z")
    assert line(access, columns).index("allowed") == head(columns).index("outcome")
