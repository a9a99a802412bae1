"""`havre logs verify`: the record of a warehouse is whole, or the command says where it is not."""

import json

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.record import chain, collector
from tests.warehouse.conftest import Site


def verify(site: Site, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(site.command("logs", "verify", *words))
    return code, capsys.readouterr().out


def test_a_record_is_whole_until_somebody_changes_it(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert main(site.command("down")) == 0
    code, told = verify(site, capsys, "--json")
    assert code == 0
    head = json.loads(told)["head"]
    assert verify(site, capsys, "--head", head)[0] == 0
    (path, *_) = chain.segments(site.folder.custody, collector.directory(site.folder))
    whole = path.read_bytes()

    path.write_bytes(whole.replace(b"postgresql", b"postgresqk", 1))
    code, told = verify(site, capsys)
    assert code == ExitCode.FINDINGS
    assert "does not follow line" in told

    # Written again from its start, with the head that is kept beside it: only one kept elsewhere
    # tells.
    path.unlink()
    collector.head_path(site.folder).unlink()
    head_path, custody = collector.head_path(site.folder), site.folder.custody
    chain.Chain(custody, path.parent, head_path).append([("postgresql", "", None)])
    assert verify(site, capsys)[0] == 0
    code, told = verify(site, capsys, "--head", head)
    assert code == ExitCode.FINDINGS
    assert "is not the one whose digest was kept" in told


def test_a_record_that_was_cut_is_told_by_a_backup(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert main(site.command("backup")) == 0
    assert main(site.command("down")) == 0
    (backup,) = [path for path in (site.folder.root / "backups").iterdir() if path.is_dir()]
    assert verify(site, capsys)[0] == 0
    (path, *_) = chain.segments(site.folder.custody, collector.directory(site.folder))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    last = chain.Head(2, chain.digest(lines[1].rstrip(b"\n")))
    collector.head_path(site.folder).write_text(json.dumps(last.__dict__))
    code, told = verify(site, capsys)
    assert code == ExitCode.FINDINGS
    assert "is not the one whose digest was kept" in told

    contents = backup / "contents.enc"
    contents.write_bytes(contents.read_bytes()[:-1])
    code, told = verify(site, capsys)
    assert code == ExitCode.FINDINGS
    assert f"backup {backup.name} cannot be read" in told


@pytest.mark.parametrize("head", ["", "x", "1:", "1:abc", ":" + "0" * 64, "-1:" + "0" * 64])
def test_a_head_that_is_none_is_refused(
    emc2: Site, head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = verify(emc2, capsys, "--head", head)
    assert code == (ExitCode.INPUT if head else 0)
