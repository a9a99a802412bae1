"""A stack that was made with azure-native 2.x is taken over by today's, under the real CLI."""

import json
import re
from pathlib import Path

from tests.azure.renamed import RENAMED
from tests.pulumi_cli.stack import Stack, configure, pytestmark

__all__ = ["pytestmark"]


def as_2_x(state: str) -> str:
    """A state with the tokens of azure-native 2.x, in types and in names of resources."""
    for token, former in RENAMED.items():
        state = re.sub(rf'{re.escape(token)}(?=::|\$|")', former, state)
    return state


def test_a_state_of_2_x_is_adopted_without_a_replacement(stack: Stack, tmp_path: Path) -> None:
    configure(stack, "azure")
    stack.run("up", "--yes", "--skip-preview")
    former = as_2_x(stack.run("stack", "export").stdout)
    types = {resource["type"] for resource in json.loads(former)["deployment"]["resources"]}
    assert {*RENAMED.values()} <= types
    assert not {*RENAMED} & types
    file = tmp_path / "state.json"
    file.write_text(former)
    stack.run("stack", "import", "--file", str(file))
    steps = json.loads(stack.run("preview", "--json", "--show-sames").stdout)["steps"]
    assert {step["newState"]["type"] for step in steps if "newState" in step} >= {*RENAMED}
    assert [step["urn"] for step in steps if step["op"] != "same"] == []
