"""An estate that exists, under the real Pulumi CLI: preview and state say what is given."""

import json
from pathlib import Path

from havre.assess.check import check
from havre.policy.findings import Result
from tests.azure.estate import WHO, estate
from tests.clouds import ECHOED
from tests.pulumi_cli.stack import Stack, configure, pytestmark

__all__ = ["pytestmark"]

FILE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"


def outside(result: Result) -> set[tuple[str, str, str]]:
    return {(each.control, each.name, each.found) for each in result.outside()}


def test_a_preview_and_a_state_say_alone_what_is_outside_the_plan(
    stack: Stack, tmp_path: Path
) -> None:
    configure(stack, "azure")
    file = stack.folder / "Pulumi.local.yaml"
    document = json.loads(file.read_text())
    document["config"]["warehouse:settings"]["estate"] = estate()
    file.write_text(json.dumps(document))
    planned, exported = tmp_path / "preview.json", tmp_path / "state.json"
    planned.write_text(stack.run("preview", "--json").stdout)
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--expect-no-changes")
    exported.write_text(stack.run("stack", "export").stdout)
    settings = {**ECHOED["azure"], "estate": estate()}
    wanted = outside(check(FILE, "azure", settings=settings))
    assert len(wanted) > 40
    assert all(WHO in found for _, _, found in wanted)
    assert outside(check(preview=planned)) == wanted
    assert outside(check(state=exported)) == wanted
