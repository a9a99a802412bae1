"""What an option may be: another value is refused with the values, and the nearest of them."""

import pytest

from havre.cli import main
from havre.errors import ExitCode, InputError
from havre.probe.running import PROBES, chosen
from tests.check.asked import EXAMPLES

CHECK = ("check", str(EXAMPLES["emc2"]), "-p", "local", "--format")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "pdf=x.pdf",
            (
                "--format pdf: there is no such format",
                "Print the page of --format html=FILE as PDF",
                "oscal",
            ),
        ),
        ("htm=x", ("--format htm: there is no such format", "Did you mean `html`?", "junit")),
        ("xls", ("--format xls: there is no such format", "The formats: table, ")),
        ("html=", ("--format html=: no file is named after =", "html=havre.html")),
    ],
)
def test_a_format_that_does_not_exist(
    given: str, said: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CHECK, given]) == ExitCode.INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert [each for each in said if each not in told] == []


@pytest.mark.parametrize("name", ["tls.databse", "backup.ag", "stranger.anonymus"])
def test_the_nearest_probe_is_named_and_not_all_of_them(name: str) -> None:
    with pytest.raises(InputError, match=f"no probe `{name}`") as caught:
        chosen([each.control for each in PROBES], [name])
    remedy = caught.value.remedy or ""
    assert "Did you mean `" in remedy
    assert len(remedy) < 80


def test_where_no_probe_is_near_all_are_named() -> None:
    with pytest.raises(InputError) as caught:
        chosen([each.control for each in PROBES], ["zzz"])
    assert all(each.id in (caught.value.remedy or "") for each in PROBES)
