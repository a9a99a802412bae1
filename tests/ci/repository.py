"""A user's repository with a base and a change, and the commands of its pipelines run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from havre.documents.records import read_document

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
GITHUB = CI / "github" / ".github" / "workflows" / "havre.yml"
GITLAB = CI / "gitlab" / ".gitlab-ci.yml"
ANYWHERE = CI / "any" / "check.sh"
EMC2 = ROOT / "examples" / "emc2"
BIN = Path(sys.executable).parent
PROVIDER = "local"


@dataclass(frozen=True)
class Repository:
    """A checkout as a runner leaves it.

    Attributes:
        folder: of the work tree.
        temporary: the runner's own folder.
    """

    folder: Path
    temporary: Path

    def git(self, *words: str) -> str:
        """Run git, and tell what it says."""
        names = ["-c", "user.name=somebody", "-c", "user.email=somebody@hospital.example"]
        done = subprocess.run(
            ["git", *names, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything; the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def change(self, *pairs: tuple[str, str]) -> None:
        """Replace texts of the warehouse file."""
        file = self.folder / "warehouse.yaml"
        text = file.read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script as a runner does."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "CI_", "GITHUB_"))}
        environment = {**kept, "PATH": f"{BIN}:{os.environ['PATH']}", **variables}
        environment["TMPDIR"] = str(self.temporary)
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )


def started(folder: Path) -> Repository:
    """A repository whose main branch holds the national example."""
    (folder / "work").mkdir()
    (folder / "tmp").mkdir()
    repository = Repository(folder / "work", folder / "tmp")
    for name in ("warehouse.yaml", "waivers.yaml"):
        shutil.copy(EMC2 / name, repository.folder)
    repository.git("init", "--quiet", "--initial-branch", "main")
    repository.commit("the warehouse")
    return repository


def proposed(folder: Path, *pairs: tuple[str, str]) -> Repository:
    """A repository in which a change is checked out as merged with its base."""
    repository = started(folder)
    propose(repository, "change", *pairs)
    return repository


def propose(repository: Repository, branch: str, *pairs: tuple[str, str]) -> None:
    """Check a change out as merged with its base."""
    repository.git("checkout", "--quiet", "-b", branch)
    repository.change(*pairs)
    repository.commit("a change")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", branch)


def document(path: Path) -> Any:
    """The data of a YAML file."""
    return read_document(path, typed=True).data


def steps(job: str) -> dict[str, Any]:
    """The steps of a job of the GitHub workflow, by name."""
    return {step["name"]: step for step in document(GITHUB)["jobs"][job]["steps"]}
