"""The GitHub workflow: as its service reads it, and its scripts as a runner runs them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.ci.repository import (
    BIN,
    GITHUB,
    PROVIDER,
    Repository,
    document,
    propose,
    proposed,
    steps,
)

if TYPE_CHECKING:
    from pathlib import Path

WORSE = ("deletion: true", "deletion: false")
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def test_actionlint_finds_nothing() -> None:
    found = shutil.which("actionlint", path=str(BIN)) or shutil.which("actionlint")
    if not found:
        pytest.skip("actionlint is not installed: run `make develop`")
    shellcheck = shutil.which("shellcheck", path=str(BIN)) or shutil.which("shellcheck") or ""
    command = [found, "-shellcheck", shellcheck, "-pyflakes", "", str(GITHUB)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [line.strip() for line in GITHUB.read_text().splitlines() if "uses:" in line]
    assert len(used) == 6
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_rights_are_the_least_and_no_secret_is_taken() -> None:
    text, whole = GITHUB.read_text(), document(GITHUB)
    assert "secrets." not in text
    assert "pull_request_target" not in text
    assert whole["permissions"] == {}
    assert {name: job["permissions"] for name, job in whole["jobs"].items()} == {
        "check": {"contents": "read", "actions": "read", "security-events": "write"},
        "comment": {"pull-requests": "write"},
    }
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert own in whole["jobs"]["comment"]["if"]
    assert own in steps("check")["Upload to code scanning"]["if"]


def test_no_script_takes_an_expression() -> None:
    for job in document(GITHUB)["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "") + step.get("with", {}).get("script", "")


def variables(repository: Repository) -> dict[str, str]:
    given = {k: str(v) for k, v in document(GITHUB)["env"].items()}
    files = {
        name: str(repository.temporary / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
    }
    return {
        **given,
        **files,
        "PROVIDER": PROVIDER,
        "HAVRE_FAIL_ON": "low",
        "RUNNER_TEMP": str(repository.temporary),
        "DAY": "2026-11-23",
        "RUN": "https://github.example/run/1",
    }


def ran(repository: Repository, job: str, name: str, **more: str) -> Any:
    return repository.run(steps(job)[name]["run"], **{**variables(repository), **more})


def pull_request(repository: Repository) -> tuple[int, str]:
    """The exit code of what changed, and the comment."""
    for name in ("Check", "Check the base"):
        done = ran(repository, "check", name)
        assert done.returncode == 0, done.stderr
    changed = ran(repository, "check", "What changed")
    kept = repository.temporary / "havre" / "comment"
    shutil.copytree(kept, repository.temporary / "comment")
    assert ran(repository, "comment", "Write the comment").returncode == 0
    return changed.returncode, (repository.temporary / "comment.md").read_text()


def test_a_push_shows_findings_and_passes_unless_told_otherwise(tmp_path: Path) -> None:
    repository = proposed(tmp_path, ("size: l", "size: m"))
    done = ran(repository, "check", "Check")

    assert done.returncode == 0, done.stderr
    assert "Data stored in" in done.stdout
    sarif = json.loads((repository.temporary / "havre" / "havre.sarif").read_text())
    assert sarif["runs"][0]["results"]
    summary = (repository.temporary / "GITHUB_STEP_SUMMARY").read_text()
    assert summary.startswith("## emc2 (production) on this machine")
    assert "Legal access" in summary
    output = (repository.temporary / "GITHUB_OUTPUT").read_text()
    assert re.fullmatch(r"code=1\nday=\d{4}-\d\d-\d\d\n", output)
    assert ran(repository, "check", "Findings on a push", CODE="1").returncode == 1


def test_a_broken_file_fails_the_run(tmp_path: Path) -> None:
    repository = proposed(tmp_path, ("name: emc2", "nme: emc2"))
    assert ran(repository, "check", "Check").returncode == 2


@pytest.mark.long
def test_a_change_without_effect_passes_though_findings_stand(tmp_path: Path) -> None:
    code, comment = pull_request(proposed(tmp_path, ("size: l", "size: m")))

    assert code == 0
    assert "New findings\n\nNone." in comment
    assert "0 findings new" in comment


def test_a_worse_change_fails_and_the_comment_holds_only_it(tmp_path: Path) -> None:
    repository = proposed(tmp_path, WORSE)
    code, comment = pull_request(repository)

    assert code == 1
    assert comment.startswith("<!-- havre -->\n## emc2 (production) on this machine")
    fresh = json.loads(compared(repository))
    new = {f["control"] for f in fresh["findings"] if not f.get("known")}
    known = {f["control"] for f in fresh["findings"] if f.get("known")} - new
    assert new
    assert known
    assert all(f"**{control}**" in comment for control in new)
    found, _, _ = comment.partition("### Resolved")
    assert [control for control in known if f"**{control}**" in found] == []


def compared(repository: Repository) -> str:
    base = repository.temporary / "havre" / "base.json"
    words = f"warehouse.yaml --provider {PROVIDER} --baseline {base} --as-of 2026-11-23"
    return str(repository.run(f"havre check {words} --format json || true").stdout)


def test_what_is_mended_is_gone_in_the_comment(tmp_path: Path) -> None:
    repository = proposed(tmp_path, WORSE)
    propose(repository, "mend", (WORSE[1], WORSE[0]))
    _, comment = pull_request(repository)

    assert "### Resolved\n\n- ❌ fail **continuity.deletion**" in comment
    fresh = [f for f in json.loads(compared(repository))["findings"] if not f.get("known")]
    asked_again = {"audit.alerts"}  # a protection whose removal nobody is told of
    assert {f["control"] for f in fresh if f["outcome"] == "fail"} == asked_again


def test_without_a_valid_base_everything_is_new(tmp_path: Path) -> None:
    repository = proposed(tmp_path, ("size: l", "size: m"))
    repository.git("mv", "warehouse.yaml", "other.yaml")
    repository.commit("moved")
    (repository.folder / "warehouse.yaml").write_text(
        (repository.folder / "other.yaml").read_text()
    )
    repository.commit("and back")
    done = ran(repository, "check", "Check the base")
    assert (done.returncode, "the base has no warehouse.yaml" in done.stdout) == (0, True)
    assert ran(repository, "check", "What changed").returncode == 1


def test_a_pull_request_may_show_findings_and_pass(tmp_path: Path) -> None:
    repository = proposed(tmp_path, WORSE)
    for name in ("Check", "Check the base"):
        assert ran(repository, "check", name).returncode == 0
    done = ran(repository, "check", "What changed", HAVRE_FAIL_ON="never")
    assert done.returncode == 0, done.stderr
    assert "continuity.deletion" in done.stdout


def test_a_comment_stays_within_what_the_forge_takes(tmp_path: Path) -> None:
    repository = proposed(tmp_path, ("size: l", "size: m"))
    folder = repository.temporary / "comment"
    folder.mkdir()
    for name in ("azure", "ovh"):
        (folder / f"{name}.md").write_text(
            f"## on {name}\n\nabout\n\nverdict\n\ntotals\n\n" + "x" * 40_000
        )
    assert ran(repository, "comment", "Write the comment").returncode == 0
    comment = (repository.temporary / "comment.md").read_text()
    assert len(comment) < 65_536
    assert "## on ovh" in comment
    assert "see [the run](https://github.example/run/1)" in comment


STUB = """
const said = [];
const github = {
  rest: { issues: {
    listComments: 'list',
    updateComment: async (one) => said.push(['update', one.comment_id, one.body]),
    createComment: async (one) => said.push(['create', one.issue_number, one.body]),
  } },
  paginate: async () => JSON.parse(process.argv[2]),
};
const context = { repo: { owner: 'o', repo: 'r' }, issue: { number: 7 } };
(async () => {
%s
})().then(() => console.log(JSON.stringify(said)));
"""


@pytest.mark.parametrize(
    ("comments", "does"),
    [
        ([], ["create", 7]),
        ([{"id": 1, "user": {"type": "User"}, "body": "<!-- havre -->"}], ["create", 7]),
        ([{"id": 2, "user": {"type": "Bot"}, "body": "<!-- havre -->\nold"}], ["update", 2]),
    ],
)
def test_one_comment_is_kept_up_to_date(
    tmp_path: Path, comments: list[dict[str, Any]], does: list[Any]
) -> None:
    node = shutil.which("node")
    if not node:
        pytest.skip("Node.js, which runs the step's script, is not installed")
    (tmp_path / "comment.md").write_text("<!-- havre -->\nnew\n")
    file = tmp_path / "step.js"
    file.write_text(STUB % steps("comment")["Comment on the pull request"]["with"]["script"])
    done = subprocess.run(
        [node, str(file), json.dumps(comments)],
        env={"RUNNER_TEMP": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == [[*does, "<!-- havre -->\nnew\n"]]
