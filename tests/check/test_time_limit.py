"""A check that takes too long is not evaluated, whatever it is busy with."""

import json
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import pytest

import havre
from havre.assess.time_limit import TimeLimitError, within
from havre.cli import main
from havre.errors import ExitCode, InputError
from tests.check.asked import EXAMPLES
from tests.facts.recordings import RECORDED

EMC2 = str(EXAMPLES["emc2"])
STATE = RECORDED / "azure-state.json"


def forever(*_: object, **__: object) -> NoReturn:
    """Work that takes every error for its own, as a fact or a control of anybody's may."""
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001, S112 - that is the matter
            continue


def facts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("havre_azure.provider.AzureProvider.facts", forever)


def control(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("havre.policy.model.Control._over_plan", forever)


def reading(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("havre.plan.states._resources", forever)


@pytest.mark.parametrize("busy", [facts, control, reading])
def test_a_check_that_does_not_end_is_not_evaluated(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    busy: Callable[[pytest.MonkeyPatch], None],
) -> None:
    busy(monkeypatch)
    report = tmp_path / "report.json"
    options = ("--time-limit", "1", "--fail-on", "never", "--allow-unknown")
    code = main(["check", EMC2, "--state", str(STATE), *options, "--format", f"json={report}"])
    said = capsys.readouterr()
    assert code == ExitCode.NOT_EVALUATED
    assert "Not evaluated" in said.err
    assert STATE.name in said.err.replace("\n", "")
    assert "--time-limit" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not report.exists()


def hostile(count: int) -> dict[str, Any]:
    """The recorded state, with rules that cut the same packets into ever smaller pieces."""
    document: dict[str, Any] = json.loads(STATE.read_text())
    groups = [r for r in document["deployment"]["resources"] if "SecurityGroup" in r["type"]]
    denied = [
        {
            "name": f"r{n}",
            "access": "Deny",
            "direction": "Inbound",
            "priority": 100 + n,
            "protocol": "*",
            "sourceAddressPrefixes": [f"{(n * 11) % 223 + 1}.0.0.0/{9 + n % 8}"],
            "destinationAddressPrefixes": [f"10.{(n * 7) % 256}.0.0/{9 + n % 7}"],
            "sourcePortRanges": [f"{(n * 31) % 40000}-{(n * 31) % 40000 + 20000}"],
            "destinationPortRanges": [f"{(n * 37) % 40000}-{(n * 37) % 40000 + 20000}"],
        }
        for n in range(count)
    ]
    allowed = {"name": "all", "access": "Allow", "direction": "Inbound", "priority": 4096}
    groups[0]["inputs"]["securityRules"] = [*denied, allowed]
    return document


def test_a_state_made_to_take_for_ever_is_not_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(hostile(200)))
    code = main(["check", EMC2, "--state", str(file), "--time-limit", "2"])
    assert code == ExitCode.NOT_EVALUATED
    assert "Not evaluated" in capsys.readouterr().err


def test_a_check_in_time_says_what_it_says_without_a_limit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["check", EMC2, "--state", str(STATE), "--as-of", "2026-11-23", "--format", "json"]
    assert main(words) == main([*words, "--time-limit", "3000"])
    first, second = capsys.readouterr().out.split("\n}\n{")
    assert json.loads(first + "}") == json.loads("{" + second)


def test_a_check_from_python_can_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    facts(monkeypatch)
    with pytest.raises(TimeLimitError, match="azure-state") as raised:
        havre.check(EMC2, state=STATE, time_limit=1)
    assert raised.value.exit_code is ExitCode.NOT_EVALUATED
    assert "--time-limit" in raised.value.remedy


def test_a_limit_that_would_not_hold_is_refused() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(InputError, match="thread"):
        pool.submit(havre.check, EMC2, "azure", time_limit=60).result()


@pytest.mark.parametrize("seconds", ["0", "-1", "1.5", "never"])
def test_a_limit_is_a_number_of_seconds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", EMC2, "--provider", "azure", "--time-limit", seconds])
    assert code == ExitCode.INPUT
    assert "--time-limit" in capsys.readouterr().err


def test_a_timer_that_ran_before_goes_on_after() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    kept = signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        with pytest.raises(TimeLimitError), within(1, "a plan"):
            forever()
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left < 1000
        assert rung == []
        signal.raise_signal(signal.SIGALRM)
        assert rung == [signal.SIGALRM]
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *kept)
