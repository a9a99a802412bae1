"""What an exit says of itself needs neither side, so that it is asked for at any moment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from havre.cli import main
from havre.exit.folder import ExitStep, opened
from tests.waits import PATIENCE

FILE = """\
name: left
level: rehearsal
source: {data_dir: /nowhere/old}
target: {data_dir: /nowhere/new}
controller: Example hospital
host: Example host SAS
"""


def test_the_status_loads_no_client_of_either_side(tmp_path: Path) -> None:
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)
    code = (
        "import sys\n"
        "from havre.cli import main\n"
        f"code = main(['exit', 'status', {str(root)!r}])\n"
        "loaded = {'pulumi', 'psycopg', 'boto3', 'pyarrow', 'cryptography'} & {*sys.modules}\n"
        "print(code, sorted(loaded), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stderr.splitlines()[-1] == "0 []", done.stderr
    assert "Next: havre exit plan" in " ".join(done.stdout.split())


def test_the_status_is_told_while_another_process_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)
    with opened(root) as folder:
        folder.begin(ExitStep.PLAN)
        assert main(["exit", "status", str(root)]) == 0
        assert "plan     at work; it began" in capsys.readouterr().out
        assert main(["exit", "status", str(root), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["busy"] is True
    assert main(["exit", "status", str(root)]) == 0
    assert "plan     cut off; it began" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("event", "left", "following"),
    [
        ("scheduled", "", "--gone"),
        ("scheduled", "a lock is in force", ""),
        ("gone", "2 things are not proved to be gone", "--gone"),
        ("gone", "", None),
    ],
)
def test_what_follows_a_retirement_is_its_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], event: str, left: str, following: str | None
) -> None:
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)
    with opened(root) as folder:
        for step in ("plan", "copy", "freeze", "copy", "verify", "seal", "cut"):
            folder.end(folder.begin(ExitStep(step)), {})
        folder.end(folder.begin(ExitStep.RETIRE), {"event": event}, left)
    assert main(["exit", "status", str(root)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    if following is None:
        assert told.endswith("Nothing is left.")
    else:
        assert told.endswith(f"Next: havre exit retire {root} {following}".strip())
