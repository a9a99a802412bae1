"""GitLab's pipeline, the script for any other service, and the pre-commit hooks."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from havre.policy.registry import installed_controls
from tests.ci.repository import (
    ANYWHERE,
    BIN,
    GITLAB,
    PROVIDER,
    ROOT,
    Repository,
    document,
    proposed,
    started,
    steps,
)

HOOKS = ROOT / ".pre-commit-hooks.yaml"
SAME = ("size: l", "size: m")
WORSE = ("deletion: true", "deletion: false")


def test_gitlabs_own_schema_is_followed() -> None:
    checker = BIN / "check-jsonschema"
    if not checker.exists():
        pytest.skip("check-jsonschema, which ships GitLab's schema, is not installed")
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([checker, *schema, GITLAB], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_reports_and_artifacts_are_those_that_the_scripts_write() -> None:
    whole = document(GITLAB)
    reports = whole[".havre"]["artifacts"]["reports"]
    for job in ("havre", "havre-merge-request"):
        script = "\n".join(whole[job]["script"])
        for path in reports.values():
            assert path.removeprefix("havre-report/") in script
    assert whole["havre"]["allow_failure"] == {"exit_codes": [1, 3]}
    assert "allow_failure" not in whole["havre-merge-request"]


def pipeline(repository: Any, job: str, **variables: str) -> subprocess.CompletedProcess[str]:
    whole = document(GITLAB)
    lines = [line for line in whole[".havre"]["before_script"] if " -I -m " not in line]
    given = {**{k: str(v) for k, v in whole["variables"].items()}, "PROVIDER": PROVIDER}
    given["HAVRE_PACKAGES"] = "what the runner has"
    script = "\n".join([*lines, *whole[job]["script"]])
    return repository.run(script, **{**given, **variables})


def test_gitlabs_default_branch_writes_every_report(tmp_path: Path) -> None:
    repository = started(tmp_path)
    done = pipeline(repository, "havre")

    assert done.returncode == 1, done.stderr
    assert "Data stored in" in done.stdout
    report = repository.folder / "havre-report"
    assert json.loads((report / "codequality.json").read_text())
    assert json.loads((report / "havre.sarif").read_text())["runs"]
    assert ET.parse(report / "junit.xml").getroot().tag == "testsuites"  # noqa: S314 - our own
    assert "### Findings" in (report / "summary.md").read_text()


def planted(repository: Repository, report: Path) -> None:
    """A report in which nothing was found before, and a waiver of every control."""
    report.mkdir(exist_ok=True)
    clean = {"findings": [], "summary": {"provider": PROVIDER}}
    (report / "base.json").write_text(json.dumps(clean))
    about = {"owner": "Me", "reason": "mine", "decision": "none", "expires": "2099-01-01"}
    waived = [{"control": control.id, **about} for control in installed_controls()]
    (repository.folder / "waivers.yaml").write_text(json.dumps({"waivers": waived}))


@pytest.mark.parametrize(("pair", "code"), [(SAME, 0), (WORSE, 1)], ids=["same", "worse"])
def test_gitlabs_merge_request_fails_for_what_is_new(
    tmp_path: Path, pair: tuple[str, str], code: int
) -> None:
    """What is known comes from the base: a baseline and waivers of the branch count for nothing."""
    repository = proposed(tmp_path, pair)
    base = repository.git("rev-parse", "HEAD^1")
    report = repository.folder / "havre-report"
    planted(repository, report)
    done = pipeline(repository, "havre-merge-request", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)

    assert done.returncode == code, done.stderr
    assert not (report / "base.json").exists()
    changes = (report / "changes.md").read_text()
    assert ("New findings\n\nNone." in changes) is (code == 0)
    assert "### Data location" not in changes
    failures = [*ET.parse(report / "junit.xml").getroot().iter("failure")]  # noqa: S314 - our own
    assert bool(failures) is (code == 1)
    issues = json.loads((report / "codequality.json").read_text())
    assert not any("Known before" in issue["description"] for issue in issues)
    assert repository.git("worktree", "list").count("\n") == 0


def test_gitlabs_merge_request_fails_for_a_broken_file(tmp_path: Path) -> None:
    repository = proposed(tmp_path, ("name: emc2", "nme: emc2"))
    base = repository.git("rev-parse", "HEAD^1")
    done = pipeline(repository, "havre-merge-request", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == 2


def test_shellcheck_finds_nothing() -> None:
    found = shutil.which("shellcheck", path=str(BIN)) or shutil.which("shellcheck")
    if not found:
        pytest.skip("shellcheck is not installed: run `make develop`")
    done = subprocess.run([found, ANYWHERE], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("havre", ["havre-3000", "/nowhere/havre", "havre check", "examples"])
def test_the_script_says_that_its_variable_names_no_command(tmp_path: Path, havre: str) -> None:
    repository = started(tmp_path)
    done = repository.run(f"sh {ANYWHERE} {PROVIDER}", HAVRE=havre, HAVRE_REPORT="out/reports")
    assert done.returncode == 2
    assert f"error: HAVRE names no command that can be run: {havre}" in done.stderr
    assert not (repository.folder / "out").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (PROVIDER, 1),
        (f"{PROVIDER} warehouse.yaml --fail-on never --allow-unknown", 0),
        (f"{PROVIDER} missing.yaml", 2),
        ("nowhere", 2),
        ("", 2),
    ],
)
def test_the_script_ends_as_the_check_does(tmp_path: Path, words: str, code: int) -> None:
    repository = started(tmp_path)
    havre = str(BIN / "havre")
    done = repository.run(f"sh {ANYWHERE} {words}", HAVRE=havre, HAVRE_REPORT="out/reports")

    assert done.returncode == code, done.stderr
    if code in {0, 1}:
        written = {path.name for path in (repository.folder / "out" / "reports").iterdir()}
        assert written == {"havre.sarif", "junit.xml", "summary.md"}
        assert "Totals" in done.stdout


@pytest.mark.parametrize("pinned", [False, True])
def test_the_script_installs_into_a_fresh_folder_and_runs_nothing_of_the_branch(
    tmp_path: Path, pinned: bool
) -> None:
    repository = started(tmp_path)
    fake = repository.temporary / "python"
    fake.write_text(f"""#!/bin/sh
echo "$@" >> {repository.temporary}/said
if [ "$3" = venv ]; then mkdir -p "$4/bin" && cp "$0" "$4/bin/python"; fi
if [ "$3" = pip ]; then ln -s {BIN}/havre "$(dirname "$0")/havre"; fi
""")
    fake.chmod(0o755)
    trap = f"#!/bin/sh\ntouch {repository.temporary}/ran\n"
    for name in (".havre-venv/bin/havre", ".havre-venv/bin/python", "venv.py", "pip/__main__.py"):
        planted = repository.folder / name
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_text(trap)
        planted.chmod(0o755)
    named = {"HAVRE_PACKAGES": "/opt/havre /opt/havre/policies"}
    given = {"HAVRE_REQUIREMENTS": "/opt/pinned.txt"} if pinned else named
    done = repository.run(f"sh {ANYWHERE} local", HAVRE="", PYTHON=str(fake), **given)

    assert done.returncode == 1, done.stderr
    assert not (repository.temporary / "ran").exists()
    made, installed = (repository.temporary / "said").read_text().splitlines()
    assert made.startswith("-I -m venv /")
    assert str(repository.folder) not in made
    wanted = "--require-hashes -r /opt/pinned.txt" if pinned else named["HAVRE_PACKAGES"]
    assert installed == f"-I -m pip install --quiet {wanted}"
    report = done.stdout.splitlines()[-1].removeprefix("reports: ")
    assert str(repository.folder) not in report
    assert sorted(path.name for path in Path(report).iterdir()) == [
        "havre.sarif",
        "junit.xml",
        "summary.md",
    ]


INSTALLS = {
    "github": lambda: steps("check")["Install Havre"]["run"],
    "gitlab": lambda: "\n".join(document(GITLAB)[".havre"]["before_script"]),
    "script": lambda: f"sh {ANYWHERE} local",
}
"""What each file runs to install Havre."""
LOGGED = """#!/bin/sh
echo "$@" >> "$SAID"
for each; do last=$each; done
case "$*" in *" -m venv "*) mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;; esac
"""


def installing(folder: Path, kind: str, **given: str) -> tuple[int, list[str], str]:
    """Exit code, what Python was asked for, and messages of one file's installation."""
    repository = started(folder)
    programs = repository.temporary / "bin"
    programs.mkdir()
    for name in ("python", "python3"):
        (programs / name).write_text(LOGGED)
        (programs / name).chmod(0o755)
    said = repository.temporary / "python-said"
    about = {"SAID": str(said), "GITHUB_PATH": str(repository.temporary / "path"), "HAVRE": ""}
    shell = f"PATH={programs}:$PATH\n{INSTALLS[kind]()}"
    done = repository.run(shell, RUNNER_TEMP=str(repository.temporary), **about, **given)
    asked = said.read_text().splitlines() if said.exists() else []
    return done.returncode, [line for line in asked if " pip " in line], done.stderr


@pytest.mark.parametrize("kind", INSTALLS)
def test_nothing_is_installed_by_a_name_that_anybody_may_register(
    tmp_path: Path, kind: str
) -> None:
    code, asked, said = installing(tmp_path, kind, HAVRE_PACKAGES="", HAVRE_REQUIREMENTS="")
    assert (code, asked) == (2, [])
    assert "HAVRE_REQUIREMENTS" in said


@pytest.mark.parametrize("kind", INSTALLS)
def test_what_is_installed_may_be_several_packages_or_pinned_ones(
    tmp_path: Path, kind: str
) -> None:
    addresses = "git+https://git.example/h@0a1 git+https://git.example/h@0a1#subdirectory=policies"
    (tmp_path / "several").mkdir()
    (tmp_path / "pinned").mkdir()
    _, (several,), _ = installing(tmp_path / "several", kind, HAVRE_PACKAGES=addresses)
    assert several.endswith(f" pip install --quiet {addresses}")
    both = {"HAVRE_PACKAGES": addresses, "HAVRE_REQUIREMENTS": "/opt/pinned.txt"}
    _, (pinned,), _ = installing(tmp_path / "pinned", kind, **both)
    assert pinned.endswith(" pip install --quiet --require-hashes -r /opt/pinned.txt")


def test_the_manifest_of_the_hooks_is_valid() -> None:
    command = [BIN / "pre-commit", "validate-manifest", HOOKS]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize(
    ("hook", "pair", "passes"),
    [
        ("havre-validate", SAME, True),
        ("havre-validate", ("name: emc2", "nme: emc2"), False),
        ("havre-check", ("name: emc2", "nme: emc2"), False),
        ("havre-check", SAME, False),
    ],
)
def test_a_hook_runs_on_the_warehouse_file(
    tmp_path: Path, hook: str, pair: tuple[str, str], passes: bool
) -> None:
    repository = started(tmp_path)
    repository.change(pair)
    (repository.folder / "unrelated.yaml").write_text("a: 1\n")
    known = {each["id"]: each for each in document(HOOKS)}
    local = {**known[hook], "language": "system"}
    del local["minimum_pre_commit_version"]
    local.pop("additional_dependencies", None)
    if hook == "havre-check":
        local["args"] = ["warehouse.yaml", "--provider", PROVIDER]
    config = {"repos": [{"repo": "local", "hooks": [local]}]}
    (repository.folder / ".pre-commit-config.yaml").write_text(json.dumps(config))
    repository.git("add", "--all")
    done = repository.run("pre-commit run --verbose", PRE_COMMIT_HOME=str(repository.temporary))

    assert (done.returncode == 0) is passes, done.stdout
    told = {True: "valid: warehouse emc2", False: "warehouse.yaml:"}
    assert (
        told[passes] if hook == "havre-validate" or "nme" in pair[1] else "Totals"
    ) in done.stdout
    assert "unrelated" not in done.stdout


def test_a_report_folder_that_cannot_be_made_is_wrong_input(tmp_path: Path) -> None:
    repository = started(tmp_path)
    havre = str(BIN / "havre")
    done = repository.run(f"sh {ANYWHERE} {PROVIDER}", HAVRE=havre, HAVRE_REPORT="/dev/null/x")
    assert done.returncode == 2
    assert "HAVRE_REPORT names no folder that can be made: /dev/null/x" in done.stderr


@pytest.mark.parametrize("words", ["azure --waivers", "azure --waivers w.yaml", "--waivers", "-p"])
def test_an_option_where_the_script_wants_provider_or_file_is_told(
    tmp_path: Path, words: str
) -> None:
    repository = started(tmp_path)
    done = repository.run(f"sh {ANYWHERE} {words}", HAVRE=str(BIN / "havre"), HAVRE_REPORT="out")
    assert done.returncode == 2
    assert "error: PROVIDER and FILE come before the options" in done.stderr
    assert "usage: check.sh PROVIDER [FILE [OPTION...]]" in done.stderr
    assert not (repository.folder / "out").exists()


def new_repository(folder: Path) -> tuple[Repository, str]:
    """A repository whose first change brings the warehouse and its waivers; and its base."""
    repository = started(folder)
    repository.git("checkout", "--quiet", "--orphan", "empty")
    repository.git("rm", "--quiet", "-rf", ".")
    (repository.folder / "README").write_text("new")
    base = repository.commit("nothing yet")
    repository.git("checkout", "--quiet", "-b", "first")
    repository.git("checkout", "--quiet", "main", "--", "warehouse.yaml")
    return repository, base


@pytest.mark.parametrize(("waived", "code"), [(True, 0), (False, 1)], ids=["waived", "bare"])
def test_the_first_merge_request_of_a_repository_passes_with_its_own_waivers(
    tmp_path: Path, waived: bool, code: int
) -> None:
    repository, base = new_repository(tmp_path)
    if waived:
        end = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=200)
        reason = "The board reviewed this risk and accepts it."
        about = {"owner": "Security officer", "reason": reason, "decision": "R-1"}
        given = [{"control": c.id, **about, "expires": f"{end}"} for c in installed_controls()]
        (repository.folder / "waivers.yaml").write_text(json.dumps({"waivers": given}))
    repository.commit("the warehouse")
    done = pipeline(repository, "havre-merge-request", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("the waivers of this branch apply" in done.stdout) is waived


def test_a_merge_request_may_show_findings_and_pass(tmp_path: Path) -> None:
    repository = proposed(tmp_path, WORSE)
    base = repository.git("rev-parse", "HEAD^1")
    given = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "HAVRE_FAIL_ON": "never"}
    done = pipeline(repository, "havre-merge-request", **given)
    assert done.returncode == 0, done.stderr
    for name in ("changes.md", "junit.xml", "havre.sarif", "codequality.json"):
        text = (repository.folder / "havre-report" / name).read_text()
        assert "continuity.deletion" in text, name
        assert str(repository.temporary) not in text, name
