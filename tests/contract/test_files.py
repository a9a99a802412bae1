"""What a user asks for is written as it would be by any other tool, and loses nothing."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from havre.errors import InputError
from havre.files import write_report, write_whole
from tests.waits import PATIENCE


@pytest.fixture(params=[0o022, 0o077])
def umask(request: pytest.FixtureRequest):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_report_can_be_read_by_those_whom_the_user_lets(tmp_path: Path, umask: int) -> None:
    report, state = tmp_path / "report.json", tmp_path / "state.json"
    write_report(report, "{}")
    write_whole(state, b"{}")
    assert permissions(report) == 0o666 & ~umask
    assert permissions(state) == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "2026.json", tmp_path / "latest.json"
    target.write_text("a longer text of old")
    link.symlink_to(target)
    write_report(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        write_report(pipe, "through\n")
        assert reader.communicate(timeout=PATIENCE)[0] == "through\n"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_standard_output_by_its_name() -> None:
    code = "from pathlib import Path; from havre.files import write_report as w; w(Path('{}'), 'x')"
    command = [sys.executable, "-c", code.format("/dev/stdout")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "x"
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.parametrize("place", ["missing/report.json", "folder", "file/report.json"])
def test_what_cannot_be_written_is_told_with_a_remedy(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    with pytest.raises(InputError, match="cannot be written: ") as caught:
        write_report(tmp_path / place, "new")
    assert caught.value.remedy.startswith("Name a file in a folder")
    assert (tmp_path / "file").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
