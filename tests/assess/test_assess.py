"""One place puts a judgement together: every front end has the same rules and the same answer."""

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import havre
from havre.assess import selftest
from havre.assess.assessment import Request, assess, waivers_of
from havre.assess.subject import subject
from havre.cli import main
from havre.errors import ExitCode, HavreError, InputError
from havre.pack.request import Asked, Stack
from havre.pack.verdicts import judged as judged_by_pack
from havre.pack.verdicts import read_brief
from havre.plan.states import from_state
from havre.policy.registry import installed_controls
from havre.provider import find
from tests.check.asked import DAY, EXAMPLES, offline
from tests.clouds import SETTINGS
from tests.facts.recordings import RECORDED
from tests.pack.client import message_of
from tests.waits import PATIENCE

EMC2, HOSPITAL = EXAMPLES["emc2"], EXAMPLES["hospital"]


def in_short(findings: Any) -> list[tuple[str, str, str, str]]:
    return [(f.control, f.kind.value, f.resource, f.property) for f in findings]


def by_pack(file: Path, settings: dict[str, Any] | None = None, project: str = "p") -> Any:
    config = {
        "p:spec": str(file),
        "p:provider": "azure",
        "p:settings": json.dumps(settings or SETTINGS["azure"]),
    }
    brief = read_brief(Asked(as_of=DAY, spec=str(file)), Stack(project, config))
    resources = [message_of(resource) for resource in offline("emc2", "azure").resources]
    return judged_by_pack(brief, resources, installed_controls())


def test_three_lines_of_python_judge_a_warehouse(capsys: pytest.CaptureFixture[str]) -> None:
    result = havre.check(EMC2, provider="azure", as_of="2026-11-23")
    code = main(["check", str(EMC2), "-p", "azure", "--as-of", "2026-11-23", "-f", "json"])
    written = json.loads(capsys.readouterr().out)
    assert written.pop("headline")["status"] == "PASSED WITH EXCEPTIONS"
    assert result.as_dict() == written
    assert result.exit_code == code == ExitCode.OK


@pytest.mark.parametrize("provider", ["azure", "ovh"])
@pytest.mark.parametrize("source", ["preview", "state"])
def test_a_file_of_the_pulumi_cli_needs_nothing_else(provider: str, source: str) -> None:
    result = havre.check(**{source: RECORDED / f"{provider}-{source}.json"}, as_of=DAY)
    assert (result.provider, result.source, result.warehouse) == (provider, source, "emc2")


@pytest.mark.parametrize("source", ["file", "state"])
def test_a_provider_is_asked_for_its_gaps_once(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = type(find("azure"))
    asked, own = [], azure.gaps
    plan = from_state(RECORDED / "azure-state.json") if source == "state" else None
    monkeypatch.setattr(azure, "gaps", lambda *of: (asked.append(of), own(*of))[1])
    request = Request(subject(EMC2, "azure", plan), SETTINGS["azure"], plan, as_of=DAY)
    assessed = assess(request).question
    assert len(asked) == 1
    assert assessed.gaps
    assert assessed.gaps == assessed.plan.gaps == tuple(own(*asked[0]))


def test_options_of_python_are_those_of_the_command() -> None:
    told: dict[str, Any] = {"provider": "local", "as_of": DAY, "settings": {"country": "FR"}}
    strict = havre.check(EMC2, **told)
    lenient = havre.check(EMC2, **told, fail_on="never", allow_unknown=True, profile="baseline")
    assert strict.exit_code == ExitCode.FINDINGS
    assert lenient.exit_code == ExitCode.OK
    assert len(lenient.controls) < len(strict.controls)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "what is to be checked?"),
        ({"file": EMC2}, "what is to be checked?"),
        ({"file": EMC2, "provider": "azure", "profile": "brave"}, "profile: `brave`"),
        ({"file": EMC2, "provider": "azure", "fail_on": "worst"}, "fail_on: `worst`"),
        ({"file": EMC2, "provider": "azure", "as_of": "soon"}, "`soon` is not a valid date"),
        ({"preview": "a", "state": "b"}, "one of them"),
        ({"file": EMC2, "provider": "nowhere"}, "is not installed"),
    ],
)
def test_wrong_arguments_are_refused_with_a_remedy(words: dict[str, Any], said: str) -> None:
    with pytest.raises(HavreError) as caught:
        havre.check(**words)
    assert said in caught.value.message
    assert caught.value.remedy


def test_an_unknown_setting_is_refused_by_every_front_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    unknown = {**SETTINGS["azure"], "colour": "red"}
    with pytest.raises(InputError, match="colour"):
        havre.check(EMC2, provider="azure", settings=unknown)
    assert main(["check", str(EMC2), "-p", "azure", "--set", "colour=red"]) == ExitCode.INPUT
    assert "colour" in capsys.readouterr().err
    with pytest.raises(InputError, match="colour"):
        by_pack(EMC2, unknown)


@pytest.mark.parametrize("project", ["p", ""], ids=["a run", "policy analyze"])
def test_a_plan_of_another_warehouse_is_refused_by_every_front_end(
    project: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="HAVRE_SPEC=FILE" if project else "of warehouse emc2"):
        by_pack(HOSPITAL, project=project)
    with pytest.raises(InputError, match="of warehouse emc2"):
        havre.check(HOSPITAL, provider="azure", state=RECORDED / "azure-state.json")
    folder = tmp_path / "exposure.public-storage"
    folder.mkdir()
    case = f"provider: azure\nwarehouse: {HOSPITAL}\nstate: {RECORDED / 'azure-state.json'}\n"
    for name in ("pass-a", "fail-a"):
        (folder / f"{name}.yaml").write_text(case)
    with pytest.raises(InputError, match="of warehouse emc2"):
        selftest.run(tmp_path)


def test_every_front_end_gives_the_same_findings() -> None:
    of = replace(subject(EMC2, "azure"), file=str(EMC2))
    plan = offline("emc2", "azure")
    waivers = waivers_of(None, EMC2)
    mine = assess(Request(of, SETTINGS["azure"], plan, as_of=DAY, waivers=waivers))
    assert in_short(by_pack(EMC2).findings) == in_short(mine.result.findings)
    assert mine.question.gaps
    assert mine.facts.items


def test_a_test_of_a_control_is_about_the_warehouse_that_its_state_records(tmp_path: Path) -> None:
    folder = tmp_path / "jurisdiction.hds"
    folder.mkdir()
    state = f"provider: azure\nstate: {RECORDED / 'azure-state.json'}\n"
    (folder / "fail-state.yaml").write_text(state)
    (folder / "pass-state.yaml").write_text(state)
    said = {test.name: test.said for test in selftest.run(tmp_path)}
    assert (
        "the certificate's list of products was not read"
        in said["jurisdiction.hds/fail-state.yaml"]
    )


def test_the_day_is_today_where_none_is_given() -> None:
    before = dt.datetime.now(dt.UTC).date()
    day = havre.check(state=RECORDED / "ovh-state.json").as_of
    assert before <= day <= dt.datetime.now(dt.UTC).date()


def test_importing_havre_loads_nothing_of_it() -> None:
    code = (
        "import sys, havre\n"
        "assert havre.__version__\n"
        "assert not {'pulumi', 'pydantic', 'havre.assess'} & set(sys.modules)\n"
        "assert callable(havre.check) and 'havre.assess' in sys.modules\n"
        "try:\n    havre.chekc\nexcept AttributeError as error:\n    assert 'chekc' in str(error)\n"
        "else:\n    raise SystemExit(1)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)


@pytest.mark.parametrize(("theirs", "named"), [("azure", "ovh"), ("ovh", "azure")])
@pytest.mark.parametrize("source", ["preview", "state"])
def test_a_plan_of_another_provider_is_refused(
    tmp_path: Path, theirs: str, named: str, source: str
) -> None:
    document = json.loads((RECORDED / f"{theirs}-{source}.json").read_text())
    resources = (
        [step["newState"] for step in document["steps"]]
        if source == "preview"
        else document["deployment"]["resources"]
    )
    for each in resources:  # a program of somebody else's, which records no warehouse
        each["type"] = each["type"].removeprefix("havre:")
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=f"no resource of this plan is of provider `{named}`"):
        havre.check(HOSPITAL, provider=named, as_of=DAY, **{source: path})


def test_a_plan_of_types_that_nobody_knows_is_judged_and_fails(tmp_path: Path) -> None:
    state = {
        "version": 3,
        "deployment": {
            "resources": [
                {"urn": "urn:pulumi:s::p::old:sql:Server::db", "type": "old:sql:Server"}
                | {"custom": True, "id": "x", "inputs": {}}
            ]
        },
    }
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state))
    result = havre.check(HOSPITAL, provider="azure", state=path, as_of=DAY)
    assert result.exit_code is ExitCode.FINDINGS
    assert dict(result.unknown_types) == {"old:sql:Server": 1}
