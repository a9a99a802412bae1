"""The first merge request of a new repository ends as the page on pipelines says."""

from __future__ import annotations

import re
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from tests.ci.repository import GITHUB, GITLAB, ROOT, Repository, document, steps
from tests.docs.blocks import read_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

PAGE = ROOT / "docs" / "platform" / "ci.md"
FILLED = (
    ("owner", "Director of the hospital's data platform"),
    ("reason", "The board reviewed this risk on 1 December and accepts it until the exit."),
    ("decision", "Risk register, R-1"),
)


def told(word: str) -> list[str]:
    """The commands of the page's block that drafts waivers, of which one has this word."""
    blocks = read_page(PAGE.read_text(encoding="utf-8")).blocks
    (found,) = [each for each in blocks if any("waiver draft" in line for line in each.lines)]
    commands = [each.text for each in found.commands]
    assert [each for each in commands if word in each], word
    return commands


def fresh(folder: Path) -> tuple[Repository, str]:
    """A repository without a warehouse, and its first commit."""
    (folder / "work").mkdir()
    (folder / "tmp").mkdir()
    repository = Repository(folder / "work", folder / "tmp")
    repository.git("init", "--quiet", "--initial-branch", "main")
    (repository.folder / "README").write_text("A new repository.\n")
    return repository, repository.commit("nothing yet")


def merged(repository: Repository, base: str, branch: str) -> None:
    """Check the branch out as merged with its base, as GitHub does."""
    repository.git("checkout", "--quiet", "--detach", base)
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", branch)


def gitlab(repository: Repository, base: str, provider: str) -> CompletedProcess[str]:
    whole = document(GITLAB)
    given = {key: str(value) for key, value in whole["variables"].items()}
    given |= {"PROVIDER": provider, "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    before = [line for line in whole[".havre"]["before_script"] if "havre-report" in line]
    return repository.run("\n".join([*before, *whole["havre-merge-request"]["script"]]), **given)


def github(repository: Repository, base: str, provider: str) -> CompletedProcess[str]:
    given = {key: str(value) for key, value in document(GITHUB)["env"].items()}
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        given[name] = str(repository.temporary / name)
    given |= {"PROVIDER": provider, "RUNNER_TEMP": mkdtemp(dir=repository.temporary)}
    given |= {"HAVRE_FAIL_ON": "low", "DAY": ""}
    branch = repository.git("branch", "--show-current")
    merged(repository, base, branch)
    done = repository.run(steps("check")["Check"]["run"], **given)
    if done.returncode == 0:
        output = (repository.temporary / "GITHUB_OUTPUT").read_text()
        given["DAY"] = re.findall(r"day=(\S+)", output)[-1]
        for name in ("Check the base", "What changed"):
            done = repository.run(steps("check")[name]["run"], **given)
            if done.returncode:
                break
    repository.git("checkout", "--quiet", branch)
    return done


@pytest.mark.parametrize("pipeline", [pytest.param(gitlab, marks=pytest.mark.long), github])
def test_without_waivers_it_fails_and_with_those_that_were_drafted_it_passes(
    tmp_path: Path, pipeline: Callable[[Repository, str, str], CompletedProcess[str]]
) -> None:
    repository, base = fresh(tmp_path)
    repository.git("checkout", "--quiet", "-b", "first")
    commands = [each for each in told("waiver validate") if not each.startswith(("mkdir", "cd "))]
    began = next(n for n, each in enumerate(commands) if "waiver draft" in each)
    assert repository.run("\n".join(commands[:began])).returncode == 0
    repository.commit("the warehouse")
    bare = pipeline(repository, base, "azure")
    assert (bare.returncode, "FAILED" in bare.stdout) == (1, True), bare.stderr

    drafting = repository.run("\n".join(commands[began:]))
    assert drafting.returncode == 2, drafting.stderr
    assert "is still to be filled in" in drafting.stdout
    file = repository.folder / "waivers.yaml"
    text = file.read_text()
    for key, value in FILLED:
        text = re.sub(rf"(?m)^    {key}: TODO .*$", f"    {key}: {value}", text)
    file.write_text(text)
    repository.commit("its waivers")
    for provider in ("azure", "ovh"):
        done = pipeline(repository, base, provider)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "PASSED WITH EXCEPTIONS" in done.stdout
