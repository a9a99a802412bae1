"""The list of what `make setup` installs: its Go modules, from their lock."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "sbom.py"
LOCK = (ROOT / "go-modules.lock").read_text()


def test_each_module_of_the_object_store_is_listed_once_and_no_developers_tool() -> None:
    spec = importlib.util.spec_from_file_location("sbom", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    sbom = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sbom)
    listed = [component["purl"] for component in sbom.modules(LOCK)]
    locked = [line.split() for line in LOCK.splitlines() if line.startswith("versitygw ")]
    assert listed == [f"pkg:golang/{module}@{version}" for _, module, version, _ in locked]
    assert any(purl.startswith("pkg:golang/github.com/versity/versitygw@") for purl in listed)
    assert len(set(listed)) == len(listed) > 10
    assert not any("actionlint" in purl for purl in listed)
