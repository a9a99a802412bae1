"""The policy pack under the real Pulumi CLI, against `havre check` of the same warehouse."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from tests.clouds import ECHOED
from tests.pulumi_cli.stack import PLUGINS, Stack, pytestmark
from tests.pulumi_cli.stack import configure as configure_cloud
from tests.warehouse.conftest import EXAMPLES, Site, make

__all__ = ["pytestmark"]

PROVIDERS = (*(each for each in PLUGINS if each != "scaleway"), "local")
"""Not where who may use a bucket is decided only by what stands: see `tests/scaleway`."""
DAY, EXPIRES = "2026-11-23", "2027-10-31"
Found = set[tuple[str, str]]


@dataclass
class Standing:
    """A stack, the warehouse file that it reads, and the pack."""

    stack: Stack
    provider: str
    site: Site
    pack: Path

    @property
    def settings(self) -> dict[str, Any]:
        return ECHOED.get(self.provider, {"data_dir": str(self.site.data_dir)})

    def check(self, *words: str) -> list[dict[str, Any]]:
        """The findings of `havre check`."""
        out = self.site.root / "check.json"
        command = ["check", str(self.site.file), "--as-of", DAY, "--format", f"json={out}"]
        config = self.stack.folder / "Pulumi.local.yaml"
        main([*command, "--stack-config", str(config), *words])
        return json.loads(out.read_text())["findings"]

    def offline(self) -> list[dict[str, Any]]:
        return self.check("--provider", self.provider)

    def waive(self, findings: list[dict[str, Any]]) -> None:
        """Answer for every one of the findings, beside the file."""
        reason = "The move to another host is under way."
        about = {"owner": "Ada", "reason": reason, "decision": "T-1", "expires": EXPIRES}
        waivers = [{"control": c, **about} for c in sorted({f["control"] for f in findings})]
        (self.site.root / "waivers.yaml").write_text(json.dumps({"waivers": waivers}))

    def analyze(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and policy events of `pulumi policy analyze`.

        That command tells a pack nothing of the stack: the environment names the file.
        """
        self.stack.environment["HAVRE_SPEC"] = str(self.site.file)
        command = ["policy", "analyze", "--json", "--policy-pack", str(self.pack), *words]
        done = self.stack.run(*command, check=False)
        del self.stack.environment["HAVRE_SPEC"]
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return done.returncode, [each["policyEvent"] for each in lines if "policyEvent" in each]


@pytest.fixture(params=PROVIDERS)
def standing(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Standing]:
    sites: list[Site] = []
    site = make(sites, "hospital" if request.param == "local" else "emc2")
    site.write()
    if request.param == "local":
        stack.configure(site)
    else:
        configure_cloud(stack, request.param)
        config = stack.folder / "Pulumi.local.yaml"
        text = config.read_text()
        named = str(EXAMPLES / "emc2" / "warehouse.yaml")
        assert named in text
        config.write_text(text.replace(named, str(site.file)))
    pack = stack.folder.parent / "pack"
    assert main(["policy", "pack", str(pack)]) == 0
    stack.environment["HAVRE_AS_OF"] = DAY
    yield Standing(stack, request.param, site, pack)
    for made in sites:
        made.clean()


def name_of(resource: str) -> str:
    """Logical name of a resource; of the stack, or of what is no resource: none."""
    about_stack = "pulumi:pulumi:Stack::" in resource or not resource.startswith("urn:")
    return "" if about_stack else resource.rsplit("::", 1)[-1]


def pairs(findings: list[dict[str, Any]], *kinds: str) -> Found:
    """Control and resource of findings of some kinds; all where none is named."""
    return {
        (f["control"], name_of(f["resource"]))
        for f in findings
        if not kinds or f["outcome"] in kinds
    }


def shown(events: list[dict[str, Any]], level: str) -> Found:
    """Control and resource of policy events of one level."""
    return {
        (e["policyName"], name_of(e["resourceUrn"]))
        for e in events
        if e["enforcementLevel"] == level
    }


def test_a_preview_fails_and_names_what_fails(standing: Standing) -> None:
    done = standing.stack.run("preview", "--policy-pack", str(standing.pack), check=False)
    assert done.returncode != 0
    failing = {f["control"] for f in standing.offline() if f["outcome"] == "fail"}
    lines = [line.strip() for line in done.stdout.splitlines() if "[mandatory]" in line]
    named = {line.split("]")[-1].split()[0] for line in lines}
    assert named == failing
    assert len(failing) > 3


def test_a_warehouse_whose_findings_are_answered_for_is_made(standing: Standing) -> None:
    standing.waive(standing.offline())
    done = standing.stack.run("up", "--yes", "--policy-pack", str(standing.pack))
    assert "[advisory]" in done.stdout
    assert f"waiver of Ada valid until {EXPIRES}" in done.stdout
    assert "[mandatory]" not in done.stdout
    resources = json.loads(standing.stack.run("stack", "export").stdout)["deployment"]["resources"]
    assert len(resources) > 10
    code, events = standing.analyze("--stack", "local")
    assert code == 0
    assert shown(events, "mandatory") == set()
    assert shown(events, "advisory") == pairs(standing.offline())


UNSEEN = "not-seen"
"""The reserve of what was made as it was asked for, which no refresh shows again."""


def test_what_stands_is_judged_as_it_was_offline(standing: Standing, tmp_path: Path) -> None:
    preview, state = tmp_path / "preview.json", tmp_path / "state.json"
    preview.write_text(standing.stack.run("preview", "--json").stdout)
    standing.stack.run("up", "--yes", "--skip-preview")
    state.write_text(standing.stack.run("stack", "export").stdout)
    findings = standing.offline()
    assert pairs(standing.check("--preview", str(preview))) == pairs(findings)
    made = standing.check("--state", str(state))
    unseen = [f for f in made if f.get("reserve") == UNSEEN]
    assert pairs([f for f in made if f not in unseen]) == pairs(findings)
    assert {f["outcome"] for f in unseen} == ({"warning"} if standing.provider == "ovh" else set())
    for words in (("--stack", "local"), ("--file", str(state))):
        code, events = standing.analyze(*words)
        assert code != 0
        assert shown(events, "mandatory") == pairs(findings, "fail", "unknown")
        assert shown(events, "advisory") == pairs(findings, "warning", "waived")
    assert len(findings) > 5


def test_a_wrong_configuration_of_the_pack_is_told_before_anything_is_made(
    standing: Standing,
) -> None:
    config = standing.stack.folder.parent / "pack.json"
    config.write_text(json.dumps({"havre": {"spec": str(standing.site.root / "none.yaml")}}))
    words = ("--policy-pack", str(standing.pack), "--policy-pack-config", str(config))
    for command in (("preview",), ("up", "--yes")):
        done = standing.stack.run(*command, *words, check=False)
        text = done.stdout + done.stderr
        assert done.returncode != 0
        assert "none.yaml" in text
        assert "Traceback" not in text
    exported = json.loads(standing.stack.run("stack", "export").stdout)
    assert not exported["deployment"].get("resources")


def test_the_pack_is_configured_by_its_configuration(standing: Standing) -> None:
    config = standing.stack.folder.parent / "pack.json"
    asked = {"all": "advisory", "havre": {"spec": str(standing.site.file), "profile": "baseline"}}
    config.write_text(json.dumps(asked))
    words = ("--policy-pack", str(standing.pack), "--policy-pack-config", str(config))
    done = standing.stack.run("preview", *words)
    assert "[advisory]" in done.stdout
    assert "[mandatory]" not in done.stdout
    expected = {
        f["control"]
        for f in standing.check("--provider", standing.provider, "--profile", "baseline")
    }
    lines = [line for line in done.stdout.splitlines() if "[advisory]" in line]
    assert {line.split("]")[-1].split()[0] for line in lines} == expected
