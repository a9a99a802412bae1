"""What a resource of Havre's own refuses is shown by the real CLI as its message and the remedy."""

from pathlib import Path

import pytest

from tests.pulumi_cli.stack import Stack, pytestmark

__all__ = ["pytestmark"]

PROGRAM = """
import pulumi
from havre_ovh.s3 import AccessList

given = dict(bucket="b", endpoint="http://127.0.0.1:9", region="gra", lock_days=0, copies_to="")
AccessList("list", given, pulumi.ResourceOptions())
"""
OURS = "dynamic/__main__.py"
"""In a traceback of the process that runs Havre's resources.

The CLI itself ends the program by an interrupt, whose traceback Pulumi prints if it comes late."""
KEYS = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


@pytest.fixture
def bucket(stack: Stack) -> Stack:
    """A stack of one setting of a bucket whose service answers nothing."""
    (stack.folder / "__main__.py").write_text(PROGRAM)
    Path(stack.folder / "Pulumi.local.yaml").write_text("{}")
    return stack


def shown(stack: Stack, **environment: str) -> str:
    stack.environment |= environment
    done = stack.run("up", "--yes", "--skip-preview", check=False)
    assert done.returncode != 0
    return " ".join((done.stdout + done.stderr).split())


def test_what_cannot_be_made_is_a_message_and_a_remedy(bucket: Stack) -> None:
    said = shown(bucket, **KEYS)
    assert "error: bucket b: reading the access list failed" in said
    assert "Check http://127.0.0.1:9 and run again later." in said
    assert OURS not in said
    assert "havre.errors" not in said
    assert "not-a-secret" not in said


def test_what_is_lacking_is_told_before_anything_is_made(bucket: Stack) -> None:
    said = shown(bucket, **dict.fromkeys(KEYS, ""))
    assert "AWS_ACCESS_KEY_ID" in said
    assert "Set the S3 key of the project user" in said
    assert OURS not in said
    assert "havre.errors" not in said
