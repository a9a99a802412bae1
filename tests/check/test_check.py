"""`havre check` as a user runs it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import havre.report
from havre.cli import main
from havre.errors import ExitCode
from tests.check.asked import EXAMPLES
from tests.facts.recordings import RECORDED

EMC2, HOSPITAL = str(EXAMPLES["emc2"]), str(EXAMPLES["hospital"])
AZURES, AZURES_STATE = (str(RECORDED / f"azure-{kind}.json") for kind in ("preview", "state"))
DAY = ("--as-of", "2026-11-23")
SCHEMA = Path(havre.report.__file__).parent / "findings.schema.json"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["check", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(capsys, *words, *DAY, "--format", "json")
    return code, json.loads(out)


@pytest.mark.parametrize("provider", ["azure", "ovh", "local"])
def test_json_follows_its_published_schema(
    capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    code, document = as_json(capsys, EMC2, "--provider", provider)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert document["summary"]["exit_code"] == code
    assert document["summary"]["provider"] == provider


def test_azure_answers_for_the_authorisation_and_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, EMC2, "--provider", "azure", *DAY)
    assert code == ExitCode.OK
    assert "francecentral" in out
    assert "francesouth" in out
    assert "Microsoft Corporation" in out
    assert "2023-146" in out
    assert "2026-12-21" in out


def test_what_covers_a_finding_ends(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, EMC2, "--provider", "azure", "--as-of", "2026-12-22")
    assert code == ExitCode.FINDINGS
    assert "jurisdiction.operator" in out


@pytest.mark.parametrize("source", ["preview", "state"])
def test_a_file_of_the_pulumi_cli_tells_its_provider(
    capsys: pytest.CaptureFixture[str], source: str
) -> None:
    file = str(RECORDED / f"ovh-{source}.json")
    _, document = as_json(capsys, EMC2, f"--{source}", file)
    assert document["summary"]["provider"] == "ovh"
    assert document["summary"]["source"] == source


def test_findings_point_into_the_warehouse_file(capsys: pytest.CaptureFixture[str]) -> None:
    _, document = as_json(capsys, EMC2, "--provider", "ovh")
    lines = Path(EMC2).read_text().splitlines()
    found = [
        finding["location"]
        for finding in document["findings"]
        if finding["control"] == "encryption.key-rotation" and not finding["gap"]
    ]
    assert found
    for place in found:
        assert place["file"] == EMC2
        assert lines[place["line"] - 1].strip().startswith("rotation_days:")


def test_secnumcloud_asked_of_a_public_cloud_is_refused_with_the_reason(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "warehouse.yaml"
    text = Path(EMC2).read_text()
    file.write_text(text.replace("qualifications: [hds]", "qualifications: [hds, secnumcloud]"))
    for provider in ("azure", "ovh"):
        code, document = as_json(capsys, str(file), "--provider", provider, "--profile", "health")
        found = [f for f in document["findings"] if f["control"] == "jurisdiction.secnumcloud"]
        assert code == ExitCode.FINDINGS
        assert any(f["outcome"] == "fail" and "no certificate found" in f["found"] for f in found)


def claimed(document: dict[str, Any], scheme: str) -> dict[str, Any]:
    (found,) = (c for c in document["summary"]["qualifications"] if c["scheme"] == scheme)
    return found


def of_resources(document: dict[str, Any], control: str) -> dict[str, set[str]]:
    """Outcomes of a control by logical name of the resource; gaps do not count."""
    found: dict[str, set[str]] = {}
    for each in document["findings"]:
        if each["control"] == control and not each["gap"]:
            found.setdefault(each["resource"].rsplit("::", 1)[-1], set()).add(each["outcome"])
    return found


@pytest.mark.parametrize("state", [False, True])
def test_a_certificate_of_an_option_holds_where_the_stack_says_so(
    capsys: pytest.CaptureFixture[str], state: bool
) -> None:
    source = ("--state", str(RECORDED / "ovh-state.json")) if state else ("--provider", "ovh")
    database = "emc2-database-service"
    for words, outcome, where in (
        ((), {"unknown"}, "undecided"),
        (("--set", "hds_certified=false"), {"fail"}, "outside"),
        (("--set", "hds_certified=true"), None, "inside"),
    ):
        _, document = as_json(capsys, EMC2, *source, *words)
        assert of_resources(document, "jurisdiction.hds").get(database) == outcome, words
        held = claimed(document, "hds")[where]
        assert "Databases" in {each if where == "inside" else each["product"] for each in held}
        assert not claimed(document, "hds")["holds"], "OKMS is in no list"


def test_a_certificate_whose_products_were_not_read_is_not_known_to_hold(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    none = tmp_path / "none.yaml"
    none.write_text("waivers: []\n")
    _, document = as_json(capsys, EMC2, "--provider", "azure", "--waivers", str(none))
    claim = claimed(document, "hds")
    assert (claim["holds"], claim["inside"], claim["outside"]) == (False, [], [])
    assert {each["reason"] for each in claim["undecided"]} == {
        "the certificate's list of products was not read"
    }
    outcomes = of_resources(document, "jurisdiction.hds").values()
    assert set().union(*outcomes) == {"unknown"}


@pytest.mark.parametrize(("country", "outcome"), [("FR", "unknown"), ("US", "fail")])
def test_nobody_knows_who_runs_this_machine(
    capsys: pytest.CaptureFixture[str], country: str, outcome: str
) -> None:
    words = (EMC2, "--provider", "local", "--set", f"country={country}")
    _, document = as_json(capsys, *words)
    assert of_resources(document, "jurisdiction.operator") == {"": {outcome}}
    gaps = {f["gap"]["capability"] for f in document["findings"] if f["gap"]}
    assert "operator-law" in gaps


def test_who_runs_this_machine_is_said_by_a_waiver(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text(
        "waivers:\n  - {control: jurisdiction.operator, provider: local, owner: Director,"
        " reason: The hospital runs it itself, decision: D-1, expires: 2027-06-30}\n"
    )
    words = (EMC2, "--provider", "local", "--set", "country=FR", "--waivers", str(file))
    _, document = as_json(capsys, *words)
    found = [f for f in document["findings"] if f["control"] == "jurisdiction.operator"]
    assert {f["outcome"] for f in found} == {"waived"}
    assert len(found) == 2


def test_several_outputs_in_one_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files = {form: tmp_path / f"out.{form}" for form in ("sarif", "junit", "html", "oscal")}
    words = [word for form, file in files.items() for word in ("--format", f"{form}={file}")]
    _, out, _ = run(capsys, EMC2, "--provider", "local", *DAY, *words, "--format", "json")
    assert json.loads(out)["summary"]["provider"] == "local"
    assert json.loads(files["sarif"].read_text())["version"] == "2.1.0"
    assert "<testsuites" in files["junit"].read_text()
    assert files["html"].read_text().lower().startswith("<!doctype html>")
    assert json.loads(files["oscal"].read_text())["assessment-results"]


@pytest.mark.parametrize(
    ("provider", "token", "part"),
    [
        ("azure", "dbforpostgresql:Server", "database"),
        ("azure", "containerservice:ManagedCluster", "cluster"),
        ("ovh", "containerRegistry:ContainerRegistry", "registry"),
        ("ovh", "storage:Storage", "zones.curated"),
    ],
)
@pytest.mark.parametrize("source", ["preview", "state"])
def test_a_part_that_a_file_lacks_is_not_let_pass(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    source: str,
    provider: str,
    token: str,
    part: str,
) -> None:
    document = json.loads((RECORDED / f"{provider}-{source}.json").read_text())
    for holder, key in ((document, "steps"), (document.get("deployment", {}), "resources")):
        if key in holder:
            holder[key] = [
                each
                for each in holder[key]
                if token not in (each.get("newState") or each).get("type", "")
            ]
    file = tmp_path / "file.json"
    file.write_text(json.dumps(document))
    code, found = as_json(capsys, EMC2, f"--{source}", str(file))
    assert code in {ExitCode.FINDINGS, ExitCode.NOT_EVALUATED}
    missing = [f for f in found["findings"] if f["property"] == part and not f["gap"]]
    assert [(f["control"], f["outcome"]) for f in missing] == [("inventory.known", "unknown")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing FILE: there is no warehouse.yaml"),
        ((EMC2, "--data-dir", "/nowhere"), "Missing --provider: neither a stack file nor"),
        ((EMC2, "--provider", "azure", "--as-of", "soon"), "--as-of: `soon` is not a valid date"),
        (
            (EMC2, "--provider", "azure", "--as-of", "9999-12-31"),
            "--as-of: 9999-12-31 is not between 2000-01-01 and 2100-12-31",
        ),
        ((EMC2, "--provider", "azure", "--format", "pdf"), "--format pdf"),
        ((EMC2, "--provider", "azure", "-f", "json", "-f", "sarif"), "the same place"),
        ((EMC2, "--provider", "nowhere"), "is not installed"),
        ((EMC2, "--state", "missing.json"), "missing.json cannot be read"),
        ((EMC2, "--state", "a", "--preview", "b"), "one of them"),
        ((EMC2, "-p", "ovh", "--preview", AZURES), "is on provider azure, not on `ovh`"),
        (
            (HOSPITAL, "-p", "azure", "--state", AZURES_STATE),
            "of warehouse emc2 (production), and the file of",
        ),
        ((EMC2, "--provider", "local", "--waivers", "missing.yaml"), "missing.yaml"),
        ((EMC2, "--provider", "local", "-f", "json=/missing/x.json"), "cannot be written"),
        (("--explain", "encryption.at-ret"), "Did you mean `encryption.at-rest`?"),
    ],
)
def test_wrong_words_are_told(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, *words)
    assert code == ExitCode.INPUT
    assert said in err
    assert "Traceback" not in out + err


def test_explaining_a_control(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--explain", "jurisdiction.operator")
    assert code == ExitCode.OK
    for word in ("SNC 19.6", "contributes to", "azure:", "residency.operator_law"):
        assert word in out


def test_what_is_unknown_fails_unless_it_is_allowed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = [EMC2, "--provider", "ovh", "--fail-on", "never", "--waivers", str(empty(tmp_path))]
    assert as_json(capsys, *words)[0] == ExitCode.NOT_EVALUATED
    assert as_json(capsys, *words, "--allow-unknown")[0] == ExitCode.OK


def empty(folder: Path) -> Path:
    file = folder / "waivers.yaml"
    file.write_text("waivers: []\n")
    return file


def without_traceback(
    capsys: pytest.CaptureFixture[str], file: Path, content: bytes, source: str
) -> int:
    file.write_bytes(content)
    code = main(["check", EMC2, "--provider", "azure", f"--{source}", str(file), *DAY])
    said = capsys.readouterr()
    assert code != ExitCode.OK
    assert "Traceback" not in said.out + said.err
    assert "fault of Havre" not in said.err
    return code


@pytest.mark.parametrize("source", ["preview", "state"])
@pytest.mark.parametrize("part", [0, 1, 100, 5_000, 100_000])
def test_a_file_that_is_cut_off_is_no_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: str, part: int
) -> None:
    whole = (RECORDED / f"azure-{source}.json").read_bytes()
    code = without_traceback(capsys, tmp_path / "cut.json", whole[:part], source)
    assert code == ExitCode.INPUT


FEWER = settings.default.max_examples // 2
"""Each example is a whole check."""
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def odd_resources(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Resources of real types whose properties are anything."""
    whole = json.loads((RECORDED / "azure-state.json").read_text())["deployment"]["resources"]
    chosen = draw(st.lists(st.sampled_from(whole), min_size=1, max_size=6))
    found = []
    for resource in chosen:
        inputs = dict(resource.get("inputs", {}))
        for key in draw(st.lists(st.sampled_from(sorted(inputs) or ["x"]), max_size=3)):
            inputs[key] = draw(ANYTHING)
        found.append({**resource, "inputs": inputs})
    return found


@settings(max_examples=FEWER, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=odd_resources(), source=st.sampled_from(["preview", "state"]))
def test_no_odd_property_shows_a_traceback(
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
    document: list[dict[str, Any]],
    source: str,
) -> None:
    whole: Any = {"deployment": {"resources": document}}
    if source == "preview":
        whole = {"steps": [{"op": "create", "urn": r["urn"], "newState": r} for r in document]}
    file = tmp_path_factory.mktemp("odd") / "plan.json"
    without_traceback(capsys, file, json.dumps(whole).encode(), source)


@settings(max_examples=FEWER, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=ANYTHING, source=st.sampled_from(["preview", "state"]))
def test_no_odd_document_shows_a_traceback(
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
    document: Any,
    source: str,
) -> None:
    file = tmp_path_factory.mktemp("odd") / "plan.json"
    without_traceback(capsys, file, json.dumps(document).encode(), source)


@pytest.mark.parametrize("provider", ["azure", "ovh", "local"])
def test_an_ended_project_is_no_failure_but_is_said(
    capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    """The plan gives it nothing, so that no control has anything against it."""
    words = (EMC2, "--provider", provider, "--fail-on", "never", "--format", "json", "--as-of")
    before, after = (json.loads(run(capsys, *words, d)[1]) for d in ("2027-12-31", "2028-01-01"))
    about = [f for f in after["findings"] if "pharmaco-study" in json.dumps(f)]
    assert [f["control"] for f in about if f["control"].startswith("access.")] == []
    assert len(after["findings"]) <= len(before["findings"])
    told = ["".join(each["summary"]["warnings"]) for each in (before, after)]
    assert "`pharmaco-study` ends on 2027-12-31 (today)" in told[0]
    assert "`pharmaco-study` ended on 2027-12-31" in told[1]


def test_access_that_an_ended_project_still_has_fails(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--state", AZURES_STATE, "--as-of", "2028-01-01", "--format", "json")
    code, out, _ = run(capsys, EMC2, *words)
    found = [f for f in json.loads(out)["findings"] if f["control"] == "access.project-expiry"]
    assert code == ExitCode.FINDINGS
    assert found
    assert any("the authorisation ended on 2027-12-31" in f["found"] for f in found)
