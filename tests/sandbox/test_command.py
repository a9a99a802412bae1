"""`havre up --sandbox` and the commands after it, as a newcomer without an account gives them."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.commands import FILE, run, up

DAY = "2026-11-30"
BY_HAND = {
    "azure": "Remove the lock first",
    "scaleway": "Remove its protection in the console first",
}
"""What the services have an administrator do before they delete."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("rehearsal") / "data"
    done = up(made, "--sandbox", "--recorded-only")
    assert done.returncode == 0, done.stderr
    assert "is in a sandbox" in done.stdout
    return made


def checked(*words: str) -> dict[str, object]:
    found = run("check", FILE, "-p", "ovh", "--as-of", DAY, "-f", "json", *words)
    summary: dict[str, object] = json.loads(found.stdout)["summary"]
    return summary


def test_a_second_up_changes_nothing(folder: Path) -> None:
    done = up(folder, "--sandbox", "--json")
    assert json.loads(done.stdout) == {
        "sandbox": True,
        "services": [],
        "recorded_only": ["all"],
        "changes": [],
        "not_applied": [],
    }


def test_without_the_option_nothing_is_changed_in_it(folder: Path) -> None:
    before = (folder / "state" / "stack.json").read_bytes()
    done = up(folder)
    assert done.returncode == 4
    assert "cannot deploy on ovh" in done.stderr
    assert (folder / "state" / "stack.json").read_bytes() == before


def test_a_provider_of_this_machine_needs_none(tmp_path: Path) -> None:
    done = up(tmp_path / "data", "--sandbox", provider="local")
    assert done.returncode == 2
    assert "local already runs on this machine" in done.stderr


def test_a_check_says_that_it_is_a_sandbox_and_fails_what_the_plan_fails(folder: Path) -> None:
    stands, planned = checked("--state", str(folder / "state" / "stack.json")), checked()
    assert (stands["source"], planned["source"]) == ("sandbox", "evaluation")
    assert stands["warnings"] == [
        "This is a sandbox on one machine. It is not evidence of a deployment on ovh."
    ]
    assert isinstance(stands["controls"], dict)
    assert isinstance(planned["controls"], dict)
    for verdict in ("fail", "unknown"):
        assert stands["findings"][verdict] == planned["findings"][verdict]  # type: ignore[index]


def test_every_rendering_names_the_sandbox(folder: Path) -> None:
    state = str(folder / "state" / "stack.json")
    for form in ("table", "markdown", "html", "sarif", "oscal"):
        done = run("check", FILE, "-p", "ovh", "--as-of", DAY, "--state", state, "-f", form)
        assert "sandbox" in done.stdout, form


def test_removal_and_status_read_it(folder: Path) -> None:
    assert "what refuses the removal" in run("removal", "--data-dir", str(folder)).stdout
    done = run("status", "--data-dir", str(folder))
    assert done.returncode == 2
    assert "nothing runs in it" in done.stderr


def test_what_is_protected_is_not_deleted(folder: Path) -> None:
    files = sorted((folder / "sandbox").iterdir())
    done = run("down", "--data-dir", str(folder), "--destroy-data", "emc2")
    assert done.returncode == 4
    assert "resources are protected, such as emc2-network-private" in done.stderr
    assert sorted((folder / "sandbox").iterdir()) == files


@pytest.mark.parametrize(
    "provider",
    [*(pytest.param(each, marks=pytest.mark.long) for each in ("azure", "ovh")), "scaleway"],
)
def test_the_advice_over_a_refused_removal_leads_to_the_removal(
    provider: str, tmp_path: Path
) -> None:
    """Each message is followed to the letter; what is left in the folder is listed."""
    data = tmp_path / "data folder"
    assert up(data, "--sandbox", "--recorded-only", provider=provider).returncode == 0
    ending = ("down", "--data-dir", str(data), "--destroy-data", "emc2")
    refused = run(*ending)
    assert refused.returncode == 4
    file = tmp_path / "file.yaml"
    named = shlex.split(refused.stderr.split("`")[3])
    assert named[:3] == ["havre", "up", "FILE"]
    example = Path(FILE).read_text()
    file.write_text(
        example.replace("protection:\n  deletion: true", "protection: {deletion: false}")
    )
    assert run("up", str(file), *named[3:], "--yes").returncode == 0
    done = run(*ending)
    if provider in BY_HAND:
        assert (done.returncode, BY_HAND[provider] in done.stderr) == (4, True)
        assert f"is a file in {data / 'sandbox'}: change or remove it" in done.stderr
        for lock in (data / "sandbox").glob("ManagementLockByScope-*.json"):
            lock.unlink()
        for key in (data / "sandbox").glob("Key-*.json"):
            key.write_text(key.read_text().replace('"unprotected": false', '"unprotected": true'))
        done = run(*ending)
    assert done.returncode == 0, done.stderr
    left = ", ".join(sorted(each.name for each in data.iterdir()))
    told = " ".join(done.stdout.split())
    assert f"Left in {data}: {left}. Delete the folder to end it." in told


def test_a_change_by_hand_is_drift(folder: Path) -> None:
    words = ("drift", FILE, "-p", "ovh", "--as-of", DAY, "--data-dir", str(folder))
    assert run(*words).returncode == 0
    file = next((folder / "sandbox").glob("CloudGateway-*.json"))
    before = file.read_text()
    values = json.loads(before)
    values["properties"]["externalGateway"]["model"] = "S"
    file.write_text(json.dumps(values))
    done = run(*words)
    file.write_text(before)
    assert done.returncode == 1
    assert "externalGateway.model" in done.stdout
    assert "havre doctor" not in done.stderr, "it reads no sandbox"


def test_the_provider_is_never_asked_about_a_sandbox(folder: Path) -> None:
    for words in (("--data-dir", str(folder)), ("--state", str(folder / "state" / "stack.json"))):
        done = run("doctor", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "nothing of a sandbox is" in done.stderr
        assert "havre drift" in done.stderr


def test_what_was_changed_or_removed_by_hand_is_put_back_by_up(folder: Path) -> None:
    """The advice of `drift`, to deploy the file again, mends what it tells."""
    words = ("drift", FILE, "-p", "ovh", "--as-of", DAY, "--data-dir", str(folder))
    file = next((folder / "sandbox").glob("CloudGateway-*.json"))
    values = json.loads(file.read_text())
    model = values["properties"]["externalGateway"]["model"]
    values["properties"]["externalGateway"]["model"] = "S"
    file.write_text(json.dumps(values))
    gone = next((folder / "sandbox").glob("*LifecycleConfiguration-*.json"))
    gone.unlink()
    done = up(folder, "--sandbox", "--json")
    assert done.returncode == 0, done.stderr
    steps = {each["operation"] for each in json.loads(done.stdout)["changes"]}
    assert steps == {"create", "update"}
    assert json.loads(file.read_text())["properties"]["externalGateway"]["model"] == model
    assert gone.exists()
    assert run(*words).returncode == 0
    assert json.loads(up(folder, "--sandbox", "--json").stdout)["changes"] == []


def test_no_secret_is_in_clear_and_the_passphrase_is_its_owners(folder: Path) -> None:
    mode = (folder / "state" / "passphrase").stat().st_mode & 0o777
    assert mode == 0o600
    state = json.loads((folder / "state" / "stack.json").read_text())
    keys = [r["outputs"] for r in state["deployment"]["resources"] if "S3Cred" in r["type"]]
    assert keys
    assert all("ciphertext" in each["secretAccessKey"] for each in keys)


def test_a_machine_without_its_package_is_told_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['havre_sandbox'] = None; from havre.cli import main; "
    words = ["up", FILE, "-p", "ovh", "--sandbox", "--data-dir", str(tmp_path / "data"), "--yes"]
    command = [sys.executable, "-c", f"{hidden}sys.exit(main({words!r}))"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert "needs the Python package havre_sandbox, which is not installed" in done.stderr
    assert "install.md" in done.stderr
