"""Renderings for other tools: each is valid by that tool's schema and says the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from email.message import Message
from functools import cache
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

import havre.report
from havre.policy.findings import FindingKind
from havre.report.findings import Format, render, sarif
from tests.report.samples import FINDINGS, HOLDING, PROBED, REQUIREMENTS, RESULT, hostile, large

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
OWN = Path(havre.report.__file__).parent / "findings.schema.json"
RESULTS = {
    "whole": RESULT,
    "probed": PROBED,
    "holding": HOLDING,
    "hostile": hostile("\x1b[1m<b>]]>\udc80\u202e|`"),
}
SAMPLES = pytest.mark.parametrize("name", RESULTS)


@cache
def sarif_schema() -> Draft7Validator:
    document = json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text())
    Draft7Validator.check_schema(document)
    return Draft7Validator(document, format_checker=FormatChecker())


@cache
def own_schema() -> Draft202012Validator:
    document = json.loads(OWN.read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document, format_checker=FormatChecker())


def parsed(form: Format, name: str = "whole") -> Any:
    return json.loads(render(RESULTS[name], form))


def problems(validator: Draft7Validator | Draft202012Validator, document: object) -> list[str]:
    return [
        f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)
    ]


@pytest.mark.parametrize("form", list(Format))
def test_the_same_result_gives_the_same_bytes(form: Format) -> None:
    program = (
        "import sys; from havre.report.findings import Format, render; "
        "from tests.report.samples import RESULT, REQUIREMENTS; "
        f"sys.stdout.write(render(RESULT, Format('{form}'), requirements=REQUIREMENTS))"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": seed, **environment},
            capture_output=True,
            check=True,
        ).stdout
        for seed, environment in (
            ("1", {"COLUMNS": "30", "FORCE_COLOR": "1", "PYTHONUTF8": "1", "TZ": "Asia/Tokyo"}),
            ("2", {"NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1", "TZ": "UTC"}),
        )
    ]
    assert told[0] == told[1] != b""


@pytest.mark.parametrize("form", [Format.TABLE, Format.JSON])
def test_what_is_not_asked_for_is_not_loaded(form: Format) -> None:
    program = (
        "import sys; from havre.report.findings import Format, render; "
        f"from tests.report.samples import RESULT; render(RESULT, Format('{form}')); "
        "print([m for m in ('jinja2', 'junitparser', 'xml.etree') if m in sys.modules])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
    )
    assert told.stdout == "[]\n"


@SAMPLES
def test_json_is_as_its_schema_says(name: str) -> None:
    document = json.loads(render(RESULTS[name], Format.JSON, requirements=REQUIREMENTS))
    if name == "hostile":
        places = document["summary"]["places"] + [document["summary"]["operator"]]
        for place in places:  # no country: the schema says so
            assert place.pop("country") == "\x1b[1m<b>]]>\udc80\u202e|`"
            place["country"] = "FR"

    assert problems(own_schema(), document) == []


@pytest.mark.parametrize(
    "part", ["findings.0", "findings.0.location", "summary", "summary.operator"]
)
def test_the_schema_is_closed(part: str) -> None:
    document = parsed(Format.JSON)
    inner = document
    for step in part.split("."):
        inner = inner[int(step) if step.isdigit() else step]
    inner["more"] = 1

    assert problems(own_schema(), document)


OPTIONAL = {
    "until",
    "commands",
    "level",
    "left_out",
    "provenance",
    "seal",
    "probes",
    "requirements",
    "frameworks",
    "gone",
    "known",
    "changed",
    "baseline",
    "reserve",
    "reserves",
    "unevaluated",
    "waived_unevaluated",
    "unknown_types",
    "warnings",
}


def test_every_object_of_the_schema_is_closed_and_whole() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object":
                by_name = "properties" not in node and node["additionalProperties"] is not True
                assert by_name or node["additionalProperties"] is False
                optional = set(node.get("properties", ())) - set(node.get("required", ()))
                assert optional <= OPTIONAL
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(json.loads(OWN.read_text()))


@SAMPLES
def test_sarif_is_as_the_standard_says(name: str) -> None:
    assert problems(sarif_schema(), parsed(Format.SARIF, name)) == []


def sarif_run() -> Any:
    return parsed(Format.SARIF)["runs"][0]


def with_addresses(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have the distribution name these addresses of the project."""
    found = Message()
    found["Version"] = "1.2.3"
    for address in addresses:
        found["Project-URL"] = address
    monkeypatch.setattr(sarif, "metadata", lambda _name: found)


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_rule_of_our_own_leads_to_its_place_in_the_documentation(
    monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    docs = ROOT / "docs" / "reference" / "controls.md"
    anchors = dict(re.findall(r"^### (\S+) \{ #(\S+) \}$", docs.read_text(), re.MULTILINE))
    assert "use_directory_urls: false" in (ROOT / "mkdocs.yml").read_text(), "pages are *.html"
    with_addresses(
        monkeypatch, "Homepage, https://h.example", f"Documentation, https://d.example/v1{ending}"
    )
    document = parsed(Format.SARIF)
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    found = {rule["id"]: rule["helpUri"] for rule in rules if "helpUri" in rule}
    assert found
    for control, address in found.items():
        page = "https://d.example/v1/reference/controls.html"
        assert address == f"{page}#{anchors[control]}"
    assert {rule["id"] for rule in rules if rule["id"] in anchors} == set(found)
    assert problems(sarif_schema(), document) == []


@pytest.mark.parametrize("addresses", [(), ("Homepage, https://h.example",)])
def test_a_rule_without_documentation_has_its_help_in_itself_and_no_address(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    with_addresses(monkeypatch, *addresses)
    document = parsed(Format.SARIF)
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert not any("helpUri" in rule for rule in rules)
    whole = [rule for rule in rules if "help" in rule]
    assert whole
    assert all(rule["help"]["markdown"] and rule["help"]["text"] for rule in whole)
    assert problems(sarif_schema(), document) == []


def test_this_distribution_names_no_documentation_as_reports_say() -> None:
    page = (ROOT / "docs" / "security" / "reports.md").read_text()
    urls = metadata("havre").get_all("Project-URL") or []
    named = any(each.startswith("Documentation,") for each in urls)
    assert ("This version names none." in page) is not named
    assert any("helpUri" in rule for rule in sarif_run()["tool"]["driver"]["rules"]) is named


def test_every_sarif_result_names_its_rule() -> None:
    run = sarif_run()
    rules = run["tool"]["driver"]["rules"]

    assert len(run["results"]) == 7, "one for each cause: five resources share one"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    scores = {rule["id"]: rule["properties"]["security-severity"] for rule in rules}
    assert scores["residency.backup"] == "9.5"
    assert scores["tags.owner"] == "2.0"
    assert rules[0]["properties"]["tags"] == ["security", "residency", "SNC 10.1", "HDS 3.2"]


def test_sarif_results_stand_where_their_cause_does() -> None:
    results = sarif_run()["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]

    assert places[0] == {
        "artifactLocation": {"uri": "stacks/clinic/warehouse.yaml"},
        "region": {"startLine": 12},
    }
    unknown = next(r for r in results if r["properties"]["outcome"] == "not evaluated")
    place = unknown["locations"][0]
    assert place["physicalLocation"]["region"] == {"startLine": 1}
    assert place["logicalLocations"][0]["name"] == "database"


def test_sarif_without_any_file_points_at_the_resource() -> None:
    from dataclasses import replace

    bare = replace(RESULT, findings=(replace(FINDINGS[0], location=None),))
    result = json.loads(render(bare, Format.SARIF))["runs"][0]["results"][0]

    (place,) = result["locations"]
    assert "physicalLocation" not in place
    assert place["logicalLocations"][0]["fullyQualifiedName"] == FINDINGS[0].resource


def test_sarif_levels_and_suppressions_follow_the_outcome() -> None:
    results = {r["ruleId"]: r for r in sarif_run()["results"]}

    levels = {rule: result["level"] for rule, result in results.items()}
    assert levels == {
        "residency.backup": "error",
        "network.closed": "error",
        "encryption.customer-key": "error",
        "encryption.at-rest": "error",
        "tags.owner": "warning",
        "exit.rehearsed": "warning",
        "logs.retention": "warning",
    }
    suppressed = {rule for rule, result in results.items() if "suppressions" in result}
    assert suppressed == {"logs.retention"}
    (suppression,) = results["logs.retention"]["suppressions"]
    assert suppression["status"] == "accepted"
    assert "DEC-2026-12, Ana Silva, until 2027-06-30 (in 219 days)" in suppression["justification"]


def test_a_sarif_result_is_a_cause_with_all_its_resources() -> None:
    first = sarif_run()["results"][0]
    names = [each["name"] for each in first["locations"][0]["logicalLocations"]]
    assert names == ["archive", "backups", "images", "reports", "vault"]
    assert first["message"]["text"].endswith("5 resources in all.")
    assert first["properties"]["fixedIn"] == "warehouse file backup.site"


@pytest.mark.parametrize(
    ("changes", "level"),
    [({}, "error"), ({"allow_unknown": True}, "warning"), ({"fail_on": None}, "error")],
)
def test_what_was_not_evaluated_is_an_error_where_the_exit_code_says_so(
    changes: dict[str, object], level: str
) -> None:
    from dataclasses import replace

    only = tuple(f for f in FINDINGS if f.kind is FindingKind.UNKNOWN)
    result = replace(RESULT, findings=only, **changes)  # type: ignore[arg-type]
    (found,) = json.loads(render(result, Format.SARIF))["runs"][0]["results"]
    assert found["level"] == level
    assert (level == "error") is (result.exit_code == 3)


def test_sarif_tells_what_was_not_evaluated() -> None:
    from dataclasses import replace

    only = replace(RESULT, findings=tuple(f for f in FINDINGS if f.kind is FindingKind.UNKNOWN))
    (invocation,) = json.loads(render(only, Format.SARIF))["runs"][0]["invocations"]

    assert invocation["exitCode"] == 3
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["associatedRule"]["id"] == "encryption.at-rest"


def test_fingerprints_stay_when_lines_and_dates_move() -> None:
    from dataclasses import replace

    from havre.policy.findings import Location

    moved = tuple(replace(f, location=Location("other.yaml", 99), found="else") for f in FINDINGS)
    before = sarif_run()["results"]
    after = json.loads(render(replace(RESULT, findings=moved), Format.SARIF))["runs"][0]["results"]

    told = [result["partialFingerprints"]["havre/v2"] for result in before]
    assert told == [result["partialFingerprints"]["havre/v2"] for result in after]
    assert len(set(told)) == len(told)


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


@SAMPLES
def test_junit_is_as_its_schema_says(name: str) -> None:
    text = render(RESULTS[name], Format.JUNIT)

    assert [str(error) for error in junit_schema().iter_errors(text)] == []


def test_junit_has_a_suite_for_every_family_and_a_case_for_every_control() -> None:
    root = ET.fromstring(render(RESULT, Format.JUNIT))  # noqa: S314 - our own
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}

    assert len(root.findall("testsuite")) == 7
    assert cases == {
        "residency.backup": ["failure"],
        "encryption.at-rest": ["error"],
        "encryption.customer-key": ["failure"],
        "network.closed": ["failure"],
        "logs.retention": ["skipped"],
        "tags.owner": ["system-out"],
        "exit.rehearsed": ["system-out"],
        "cluster.private": ["skipped"],
    }
    failure = root.find(".//testcase[@name='residency.backup']/failure")
    assert failure is not None
    assert (failure.text or "").count("warehouse.yaml:12") == 5
    suite = root.find("testsuite[@name='encryption']")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")


def test_junit_passes_what_holds() -> None:
    root = ET.fromstring(render(HOLDING, Format.JUNIT))  # noqa: S314 - our own
    case = root.find(".//testcase[@name='exit.rehearsed']")

    assert case is not None
    assert list(case) == []


@SAMPLES
def test_gitlab_issues_have_what_gitlab_asks_for(name: str) -> None:
    issues = parsed(Format.GITLAB, name)

    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert len(issue["fingerprint"]) == 64
        assert not issue["location"]["path"].startswith("/")
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_gitlab_leaves_out_what_is_waived() -> None:
    checks = [issue["check_name"] for issue in parsed(Format.GITLAB)]

    assert len(checks) == len(FINDINGS) - 1
    assert "logs.retention" not in checks
    severities = {issue["check_name"]: issue["severity"] for issue in parsed(Format.GITLAB)}
    assert severities["residency.backup"] == "blocker"
    assert severities["encryption.at-rest"] == "major"
    assert severities["tags.owner"] == "info"


@SAMPLES
def test_oscal_is_as_trestle_reads_it(name: str) -> None:
    oscal = pytest.importorskip("trestle.oscal", reason="compliance-trestle is not installed")
    from trestle.oscal.assessment_results import Model

    document = parsed(Format.OSCAL, name)
    metadata = document["assessment-results"]["metadata"]
    assert metadata["oscal-version"] == "1.1.3"
    metadata["oscal-version"] = oscal.OSCAL_VERSION  # each release of it reads one version only
    read = Model(**document).assessment_results

    (result,) = read.results
    assert len(result.findings or ()) == len(oscal_result(name)["findings"])


def oscal_result(name: str = "whole") -> Any:
    (result,) = parsed(Format.OSCAL, name)["assessment-results"]["results"]
    return result


def test_oscal_findings_tell_whether_each_control_is_met() -> None:
    states = {
        item["target"]["target-id"]: item["target"]["status"]["state"]
        for item in oscal_result()["findings"]
    }

    assert states == {
        "residency.backup": "not-satisfied",
        "encryption.at-rest": "not-satisfied",
        "encryption.customer-key": "not-satisfied",
        "network.closed": "not-satisfied",
        "logs.retention": "not-satisfied",
        "tags.owner": "not-satisfied",
        "exit.rehearsed": "satisfied",
    }


@SAMPLES
def test_oscal_references_lead_somewhere(name: str) -> None:
    result = oscal_result(name)
    observations = {item["uuid"] for item in result["observations"]}
    risks = {item["uuid"] for item in result.get("risks", ())}
    items = {i["uuid"] for i in result.get("local-definitions", {}).get("inventory-items", ())}

    assert len(observations) == len(result["observations"])
    for item in result["findings"]:
        assert {each["observation-uuid"] for each in item["related-observations"]} <= observations
        assert {each["risk-uuid"] for each in item.get("related-risks", ())} <= risks
    for item in result["observations"]:
        assert item["methods"] == ["TEST"]
        assert {each["subject-uuid"] for each in item.get("subjects", ())} <= items


def test_oscal_tells_a_waiver_as_an_approved_deviation() -> None:
    risks = {risk["title"]: risk for risk in oscal_result()["risks"]}

    assert risks["logs.retention: logs"]["status"] == "deviation-approved"
    assert risks["logs.retention: logs"]["deadline"].startswith("2027-06-30")
    assert risks["encryption.customer-key: customer-key-database"]["status"] == "open"


def test_a_comment_is_never_too_long_and_counts_what_it_leaves_out() -> None:
    comment = render(large(3000), Format.MARKDOWN)

    assert 50_000 < len(comment) <= 60_000
    assert "left out here" in comment
    assert comment.count("<details>") == comment.count("</details>")


def test_a_page_is_never_too_large_and_counts_what_it_leaves_out() -> None:
    page = render(large(2000), Format.HTML)

    assert len(page.encode()) < 300_000
    assert "left out here" in page
