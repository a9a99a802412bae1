"""What is recorded of the CLI is what the CLI on PATH writes."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from havre.errors import InputError
from havre.plan.states import from_state
from tests.pulumi_cli.lives import record
from tests.pulumi_cli.stack import pytestmark

__all__ = ["pytestmark"]

BY_NAME = {life.name: life for life in record.LIVES}
AGAIN = (
    "replace",
    "replace-in-steps",
    "delete-retained",
    "read-discarded",
    "import-replacement",
    "refresh-gone-forgotten",
    "refresh-gone-alone",
    "target-vault",
    "state-tainted",
)
"""Those whose shape decides most; all of them are recorded anew by hand for a new CLI."""
IDENTITIES = ("provider", "id", "duration", "secrets_providers", "config", "manifest")


def ordered(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def shape(value: Any) -> Any:
    """A document without what differs from run to run, its lists in a fixed order."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items() if k not in IDENTITIES}
    if isinstance(value, list):
        return sorted((shape(each) for each in value), key=ordered)
    return value


@pytest.mark.parametrize("name", AGAIN)
def test_the_cli_writes_what_is_recorded(name: str) -> None:
    written = record.without_places(json.loads(record.record(BY_NAME[name])))
    kept = json.loads((record.RECORDED / f"{name}.json").read_text())
    assert shape(written) == shape(kept)


@pytest.fixture
def stack() -> Iterator[record.Stack]:
    root = Path(tempfile.mkdtemp(prefix="havre-life-"))
    made = record.Stack(root)
    made.run("stack", "init", "dev")
    yield made
    shutil.rmtree(root)


def test_the_command_that_is_named_clears_what_is_pending(
    stack: record.Stack, tmp_path: Path
) -> None:
    life = BY_NAME["state-interrupted"]
    stack.ask(life.after)
    stack.interrupted()
    exported = tmp_path / "state.json"
    exported.write_text(stack.run("stack", "export"))
    with pytest.raises(InputError) as raised:
        from_state(exported)
    said = " ".join(str(raised.value).split())
    command = said.partition("clear them: `pulumi ")[2].partition("`")[0]
    stack.run(*command.split())
    exported.write_text(stack.run("stack", "export"))
    assert [r.name for r in from_state(exported).resources if r.made] == ["group"]
