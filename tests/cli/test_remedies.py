"""What is said of an input that went wrong names what to do instead."""

import re
from pathlib import Path

import pytest

from havre.cli import main
from havre.cli.warehouse import show_changes
from havre.engine.steps import Change, Operation
from havre.errors import ExitCode
from havre.provider.dynamic import Departure

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
FILE = str(EXAMPLE)
AZURE = ("check", FILE, "--provider", "azure", "--as-of", "2026-11-23")
STOPPED, OPEN = Departure("the service is stopped", started=True), Departure("a file is missing")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said of a command that is refused, on one line."""
    assert main([*words]) == ExitCode.INPUT
    told = capsys.readouterr()
    return " ".join((told.out + told.err).split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*AZURE, "--severity", "hig"), "'--severity': 'hig' is not one of"),
        ((*AZURE, "--profile", "helth"), "'--profile': 'helth' is not one of"),
        ((*AZURE, "--lang", "de"), "'--lang': 'de' is not one of"),
        ((*AZURE, "--fail-on", "x"), "'--fail-on': 'x' is not one of"),
        (("compare", FILE, "--provider", "azure"), "Name 2 to 4 different providers."),
    ],
)
def test_an_option_is_refused_in_a_user_s_words(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, *words)
    assert said in told
    assert "Value error" not in told


@pytest.mark.parametrize("command", ["validate", "list"])
def test_a_warehouse_file_is_no_file_of_waivers(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "waiver", command, FILE)
    assert f"{FILE} is a warehouse file, not a file of waivers" in told
    assert "is unknown" not in told


def test_a_warehouse_file_is_no_file_of_waivers_for_a_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "is a warehouse file" in refused(capsys, *AZURE, "--waivers", FILE)


@pytest.mark.parametrize(
    ("option", "command"), [("--state", "pulumi stack export"), ("--preview", "pulumi preview")]
)
def test_a_file_that_pulumi_did_not_write_names_the_command_that_does(
    option: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"`{command}" in refused(capsys, *AZURE, option, FILE)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ovhcloud", "ovh"),
        ("OVHcloud", "ovh"),
        ("OVH", "ovh"),
        ("Microsoft Azure", "azure"),
        ("azure-native", "azure"),
        ("azur", "azure"),
        ("locla", "local"),
    ],
)
def test_a_provider_by_its_owner_s_name_is_understood(
    name: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"Did you mean `{meant}`?" in refused(capsys, "plan", FILE, "--provider", name)


def test_a_provider_that_nobody_meant_is_not_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean" not in refused(capsys, "plan", FILE, "--provider", "frobnicate")


@pytest.mark.parametrize(
    ("name", "said"),
    [("ohv", "did you mean `ovh`?"), ("elsewhere", "`elsewhere` is not"), ("ovh", "")],
)
def test_an_exit_provider_that_is_not_installed_is_a_warning(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "warehouse.yaml"
    file.write_text(EXAMPLE.read_text().replace("  provider: scaleway", f"  provider: {name}"))
    assert main(["validate", str(file)]) == ExitCode.OK
    told = capsys.readouterr()
    assert "valid: warehouse emc2" in " ".join(told.out.split())
    assert said in told.err
    assert ("exit.provider: " in told.err) is bool(said)


def test_up_says_how_many_gaps_there_are_before_anything_is_created(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "up", FILE, "--provider", "local", "--data-dir", str(tmp_path / "data"))
    assert re.search(r"[1-9]\d* gaps on local: read them with `havre plan`", told)
    assert "Cannot ask for confirmation" in told


@pytest.mark.parametrize(
    ("operation", "properties", "departures", "said"),
    [
        ("update", (), (), "server (same settings; put back as recorded)"),
        ("update", (), (STOPPED,), "server (same settings; starts: the service is stopped)"),
        ("update", (), (OPEN,), "server (same settings; puts back: a file is missing)"),
        (
            "update",
            (),
            (OPEN, STOPPED, OPEN),
            f"server (same settings; starts: {STOPPED.what}; puts back: {OPEN.what}; {OPEN.what})",
        ),
        ("update", ("port",), (), "server (port)"),
        ("create", (), (), "server"),
    ],
)
def test_an_update_of_no_property_says_why(
    operation: str,
    properties: tuple[str, ...],
    departures: tuple[Departure, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    urn = "urn:pulumi:a::b::c:d:e::server"
    change = Change(Operation(operation), urn, "c:d:e", properties, departures=departures)
    show_changes([change])
    assert " ".join(capsys.readouterr().out.split())[2:] == said
