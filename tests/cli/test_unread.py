"""A command whose reader leaves, as `head -1` does, ends as it would have."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
FINDINGS = ("check", str(EXAMPLE), "--provider", "local", "--as-of", "2026-11-23")


def unread(*words: str, said: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Run a command that writes into a pipe that nobody reads; `said`: its messages as well."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-P", "-m", "havre", *words],
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer if said else subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("policy", "show", "audit.central"), 0),
        (("policy", "list", "--json"), 0),
        (("providers",), 0),
        (("waiver", "list", str(EXAMPLE.parent / "waivers.yaml")), 0),
        (("plan", str(EXAMPLE), "--provider", "local"), 0),
        (("check", "--help"), 0),
        (FINDINGS, 1),
    ],
)
def test_a_pipe_that_is_closed_changes_neither_message_nor_exit_code(
    words: tuple[str, ...], code: int
) -> None:
    run = unread(*words)
    assert b"error" not in run.stderr, run.stderr
    assert b"Exception ignored" not in run.stderr, run.stderr
    assert run.returncode == code


def test_an_error_that_nobody_reads_keeps_its_exit_code() -> None:
    assert unread("policy", "show", "no.such", said=True).returncode == 2
