"""`havre exit rehearse`, as it is run: each pair of hosts, each fault, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import ExitCode
from havre.exit.rehearsing.order import RehearsalFault
from tests.sandbox.commands import FILE, run

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 900


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal said."""

    code: int
    told: dict[str, Any]
    folder: Path

    def steps(self) -> list[str]:
        return [each["step"] for each in self.told["steps"]]

    def checked(self) -> str:
        """What the auditor's script says of the seal."""
        authority = self.told["authority"]
        words = ["sh", str(self.folder / "verify.sh"), self.told["seal"], authority, authority]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def rehearse(folder: Path, source: str, target: str, *words: str) -> Rehearsed:
    given = ("--from", source, "--to", target, "--data-dir", str(folder), "--json")
    done = run("exit", "rehearse", FILE, *given, *words)
    assert done.stdout, done.stderr
    return Rehearsed(done.returncode, json.loads(done.stdout), folder)


def running(folder: Path) -> list[str]:
    """Processes that name the folder."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208 - of the kernel
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
                line = file.read().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if str(folder) in line and int(pid) != os.getpid():
            found.append(line)
    return found


ALL = ["deploy", "fill", "plan", "copy", "freeze", "copy", "verify", "seal", "cut", "retire"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "target"),
    [
        *(("azure", "scaleway"), ("azure", "ovh"), ("ovh", "azure"), ("local", "ovh")),
        ("azure", "local"),
    ],
    ids=str,
)
def test_a_whole_exit_is_rehearsed_and_its_seal_is_checked_without_havre(
    tmp_path: Path, source: str, target: str
) -> None:
    found = rehearse(tmp_path / "r", source, target)
    assert (found.code, found.told["stopped"], found.told["lost"]) == (ExitCode.OK, "", 0)
    assert found.steps() == ALL
    assert found.told["verified"]
    said = found.checked()
    assert "VERIFIED" in said
    signed = (f"Exit-From: {source}", f"Exit-To: {target}", "Exit-Level: rehearsal")
    assert set(signed) <= set(said.splitlines())
    assert found.told["written"]["rows"] > 0
    assert found.told["written"]["objects"] > 0
    planted = {each["number"] for each in found.told["cases"] if each["planted"]}
    assert planted >= {1, 2, 4, 6, 7, 8, 11, 12, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25}
    assert all(bool(each["planted"]) != bool(each["reason"]) for each in found.told["cases"])
    for side, name in (("source", source), ("target", target)):
        assert bool(found.told["recorded"][side]) == (name != "local")
    assert running(tmp_path / "r") == []
    if (source, target) == ("azure", "scaleway"):
        is_a_rehearsal_and_no_exit(found)


def is_a_rehearsal_and_no_exit(found: Rehearsed) -> None:
    """The control accepts the seal, and the finding says that it is of a rehearsal."""
    seal, authority = found.told["seal"], found.told["authority"]
    words = ("--seal", seal, "--seal-authority", authority, "--seal-tsa-authority", authority)
    only = ("--profile", "sovereign", "--only", "exit.rehearsed")
    assert run("check", FILE, "--provider", "azure", *only).returncode == ExitCode.FINDINGS
    assert run("check", FILE, "--provider", "azure", *only, *words).returncode == ExitCode.OK
    evidence = run(
        "exit", "evidence", seal, *("--authority", authority), "--tsa-authority", authority
    )
    assert "azure to scaleway, rehearsal" in evidence.stdout


@pytest.mark.long
def test_a_database_that_follows_is_rehearsed(tmp_path: Path) -> None:
    found = rehearse(tmp_path / "r", "local", "local", "--method", "replication")
    assert found.code == ExitCode.OK
    assert found.steps() == ALL
    assert "VERIFIED" in found.checked()


ENDS = {
    RehearsalFault.LYING_STORE: (ExitCode.FINDINGS, "found", "verify"),
    RehearsalFault.KILLED_WORKER: (ExitCode.OK, "survived", "copy"),
    RehearsalFault.CHEATING_WRITER: (ExitCode.OK, "survived", "verify"),
    RehearsalFault.FULL_DISK: (ExitCode.OK, "survived", "copy"),
    RehearsalFault.EXPIRED_TOKEN: (ExitCode.OK, "survived", "copy"),
    RehearsalFault.SERVER_RESTART: (ExitCode.OK, "survived", "copy"),
}


@pytest.mark.long
@pytest.mark.parametrize(("source", "target"), [("local", "local"), ("azure", "ovh")], ids=str)
@pytest.mark.parametrize("fault", list(RehearsalFault), ids=str)
def test_each_fault_is_met_by_a_step_that_says_how(
    tmp_path: Path, fault: RehearsalFault, source: str, target: str
) -> None:
    found = rehearse(tmp_path / "r", source, target, "--fault", fault.value)
    met = found.told["fault"]
    assert (found.code, met["end"], met["step"]) == ENDS[fault]
    assert met["said"]
    assert bool(found.told["seal"]) == (fault is not RehearsalFault.LYING_STORE)
    if found.told["seal"]:
        assert "VERIFIED" in found.checked()
    assert running(tmp_path / "r") == []


@pytest.mark.long
@pytest.mark.parametrize(("source", "target"), [("local", "local"), ("azure", "scaleway")], ids=str)
def test_an_interrupted_rehearsal_leaves_nothing_running_and_goes_on(
    tmp_path: Path, source: str, target: str
) -> None:
    folder = tmp_path / "r"
    words = ("--from", source, "--to", target, "--data-dir", str(folder), "--json")
    command = [sys.executable, "-P", "-m", "havre", "exit", "rehearse", FILE, *words]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + LONGEST
    while not (folder / "exit" / "journal.sqlite").exists():
        assert child.poll() is None
        assert time.monotonic() < end
        time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=LONGEST)
    assert child.returncode not in (0, None)
    assert b"Traceback" not in said
    assert running(folder) == []
    found = rehearse(folder, source, target)
    assert found.code == ExitCode.OK
    assert "fill" not in found.steps()
    assert "VERIFIED" in found.checked()


def test_a_provider_without_a_sandbox_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    words = ("--from", "nowhere", "--to", "local", "--data-dir", str(tmp_path / "r"))
    done = run("exit", "rehearse", FILE, *words)
    assert done.returncode == ExitCode.INPUT
    assert "nowhere" in done.stderr
    assert not (tmp_path / "r").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    words = ("--from", "local", "--to", "local", "--data-dir", str(tmp_path))
    done = run("exit", "rehearse", FILE, *words)
    assert done.returncode == ExitCode.ENGINE
    assert "not a rehearsal" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]
