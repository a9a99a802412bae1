"""Typical changes of what is deployed: the real CLI plans what the offline comparison says."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from havre.plan.consequences import Doing, consequences
from havre.plan.previews import from_preview
from havre.plan.states import from_state
from havre.provider import find
from havre_conformance import specs
from tests.changes.asked import STACKS, standing
from tests.changes.matrix import planned, table
from tests.pulumi_cli.stack import PLUGINS, Stack, configure, initialised, pytestmark

__all__ = ["pytestmark"]

CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("azure", "audit.retention_days", 400),
    ("azure", "zones.study", {"purpose": "research", "recoverable_days": 10}),
    ("azure", "projects.sleep", None),
    ("azure", "zones.logs", None),
    ("azure", "sites.recovery", None),
    ("azure", "network.administration", ["198.51.100.0/24"]),
    ("ovh", "audit.retention_days", 400),
    ("ovh", "zones.study", {"purpose": "research", "recoverable_days": 10}),
    ("ovh", "projects.sleep", None),
    ("ovh", "projects.sleep.expires", "2031-06-30"),
    ("ovh", "zones.curated.immutable_days", 0),
    ("ovh", "cluster.size", "l"),
    ("ovh", "network.recovery_address_space", "10.61.0.0/16"),
)
IN_PLACE = {Doing.UPDATE, Doing.REJECT, Doing.UNSENT, Doing.UNPROTECT}


class Deployed:
    """A stack of one provider that is up, and may be asked again and again."""

    def __init__(self, stack: Stack, provider: str) -> None:
        self.stack, self.provider = stack, provider
        self.document = standing(find(provider).sites)
        self.settings = {**STACKS[provider]}
        if provider == "ovh":
            self.settings["bucket_controls"] = False
        configure(stack, provider)
        rows = {kind: row.replaced for kind, row in table(provider).items()}
        told = {"replaced": rows, "gone": []}
        (stack.folder / "plugin" / "table.json").write_text(json.dumps(told))
        self.write(self.document)
        stack.run("up", "--yes", "--skip-preview")
        self.state = stack.folder / "state.json"
        self.state.write_text(stack.run("stack", "export").stdout)

    def write(self, document: dict[str, Any]) -> None:
        spec = self.stack.folder / "spec.yaml"
        YAML().dump(document, spec)
        config = {
            "warehouse:spec": str(spec),
            "warehouse:provider": self.provider,
            "warehouse:settings": self.settings,
        }
        (self.stack.folder / "Pulumi.local.yaml").write_text(json.dumps({"config": config}))


@pytest.fixture(scope="module")
def deployed() -> Iterator[dict[str, Deployed]]:
    """Stacks that are up, by provider; each is made when it is first asked for."""
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    made: dict[str, Deployed] = {}
    for provider in PLUGINS:
        made[provider] = Deployed(initialised(root / provider), provider)
    yield made
    shutil.rmtree(root)


@pytest.mark.parametrize(("provider", "path", "value"), CHANGES)
def test_the_cli_plans_what_the_comparison_says(
    deployed: dict[str, Deployed], provider: str, path: str, value: Any, tmp_path: Path
) -> None:
    it = deployed[provider]
    document = specs.changed(it.document, path, value)
    now = planned(provider, document, it.settings)
    found = consequences(from_state(it.state), now, table(provider))
    it.write(document)
    done = it.stack.run("preview", "--json", "--show-sames", check=False)
    refused = {each.name for each in found if each.doing is Doing.REFUSE}
    if refused:
        said = done.stdout + done.stderr
        assert done.returncode != 0
        assert any(name in said for name in refused)
        assert "protect" in said
        return
    assert done.returncode == 0, done.stdout + done.stderr
    file = tmp_path / "preview.json"
    file.write_text(done.stdout)
    told = from_preview(file)
    made = {r.name: r.operation for r in told.resources if r.made}
    gone = {r.name for r in told.removed} - made.keys()
    expected = {each.name: each.doing for each in found}
    for name, operation in made.items():
        if operation in ("same", "read"):
            assert expected.get(name) in (None, Doing.UNPROTECT, Doing.KEEP), name
        elif "replace" in operation:
            assert expected[name] is Doing.REPLACE, name
        elif operation == "create":
            assert expected[name] in (Doing.CREATE, Doing.REPLACE), name
        else:
            assert expected[name] in IN_PLACE, name
    assert gone == {n for n, doing in expected.items() if doing in (Doing.DELETE, Doing.RELEASE)}
