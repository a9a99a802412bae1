import re
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import pytest

from havre.cli.app import run
from havre.cli.context import ELSEWHERE, INSTEAD
from havre.errors import BugError, ExitCode, MissingDependencyError
from havre.provider import (
    LIMITS,
    OPERATIONS,
    Support,
    Supported,
    discovery,
    find,
    installed,
    provides,
)
from havre.stack.standing import write_record
from tests.contract import toy_provider

CORE = Path(discovery.__file__).parents[1]


def test_the_local_provider_is_installed() -> None:
    assert find("local").name == "local"
    assert [entry.name for entry in installed() if entry.error] == []


def test_a_provider_that_is_not_installed_says_how_to_install_it(registered) -> None:
    registered(paper="tests.contract.toy_provider:provider")
    with pytest.raises(MissingDependencyError) as caught:
        find("papier")
    assert caught.value.message == "provider `papier` is not installed (installed: paper)"
    assert caught.value.remedy == "Did you mean `paper`?"
    with pytest.raises(MissingDependencyError, match=r"pip install 'havre\[azure\]'$"):
        find("azure")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("tests.contract.nowhere:provider", "ModuleNotFoundError: No module named"),
        ("tests.contract.toy_provider:missing", "AttributeError"),
        ("tests.contract.toy_provider:NO_HSM", "it lacks name, operator, sites"),
    ],
)
def test_a_broken_provider_is_told_from_a_missing_one(registered, target: str, why: str) -> None:
    registered(paper=target)
    with pytest.raises(BugError, match="provider `paper` is installed but broken") as caught:
        find("paper")
    assert why in caught.value.message
    (entry,) = installed()
    assert entry.provider is None
    assert why in entry.error


class Owner:
    """What tells of a distribution that registers an entry point."""

    def __init__(self, name: str) -> None:
        self.name, self.version = name, "1.0"


def owned(group: str, by: str) -> EntryPoint:
    entry = EntryPoint("paper", "tests.contract.toy_provider:provider", group)
    vars(entry).update(dist=Owner(by))
    return entry


@pytest.mark.parametrize(
    ("group", "version", "remedy"),
    [
        ("havre.providers.v2", 2, "Upgrade Havre: pip install --upgrade havre"),
        ("havre.providers", 0, "Upgrade the provider: pip install --upgrade havre-paper"),
        ("havre.providers.v0", 0, "Upgrade the provider: pip install --upgrade havre-paper"),
    ],
)
def test_a_provider_of_another_contract_is_refused_before_it_is_imported(
    registered, monkeypatch: pytest.MonkeyPatch, group: str, version: int, remedy: str
) -> None:
    registered(owned(group, "havre-paper"))
    monkeypatch.setattr(EntryPoint, "load", lambda _entry: pytest.fail("it is imported"))
    with pytest.raises(MissingDependencyError) as caught:
        find("paper")
    assert caught.value.message == (
        "provider `paper` (havre-paper 1.0) cannot be used: it is written for contract "
        f"{version}, and this Havre uses contract 1"
    )
    assert caught.value.remedy == remedy
    (entry,) = installed()
    assert (entry.provider, entry.contract, entry.remedy) == (None, version, remedy)


def test_a_provider_for_two_contracts_is_taken_for_this_one(registered) -> None:
    groups = ("havre.providers.v1", "havre.providers.v2")
    registered(*(owned(group, "havre-paper") for group in groups))
    assert find("paper").name == "paper"
    assert [entry.error for entry in installed()] == [""]


def test_a_name_that_two_distributions_register_is_nobodys(registered) -> None:
    registered(*(owned("havre.providers.v1", by) for by in ("havre-paper", "acme")))
    with pytest.raises(BugError, match=r"acme 1\.0 and havre-paper 1\.0 both register `paper`"):
        find("paper")
    assert [entry.provider for entry in installed()] == [None]


def test_what_a_provider_does_not_offer_has_a_reason() -> None:
    offer = provides(toy_provider.provider, OPERATIONS)
    assert offer.given is None
    assert offer.answer == Supported(Support.ABSENT, "provider `paper` does not offer `operations`")
    assert provides(toy_provider.provider, LIMITS).or_else({}) == {}
    assert provides(find("local"), OPERATIONS).answer.support is Support.NATIVE


def test_what_a_provider_says_of_an_option_goes_before_its_member() -> None:
    class Closed(toy_provider.PaperProvider):
        options: ClassVar = {"limits": Supported(Support.UNKNOWN, "nobody has weighed paper yet")}
        limits: ClassVar = {"object-size": None}

    offer = provides(Closed(), LIMITS)
    assert offer.given is None
    assert offer.answer.reason == "nobody has weighed paper yet"


@pytest.mark.parametrize("command", [*INSTEAD, "adopt"])
def test_a_command_says_what_to_use_where_the_provider_lacks_it(
    registered, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    registered(paper="tests.contract.toy_provider:provider")
    (tmp_path / "state").mkdir()
    write_record(tmp_path, {"provider": "paper", "settings": {"shelf": "a"}})
    arguments = {
        "connect": ["sleep"],
        "restore": ["backup", "--keys", "export"],
        "keys export": ["export"],
    }
    given = [*command.split(), *arguments.get(command, []), "--data-dir", str(tmp_path)]
    assert run(given) == ExitCode.INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert "provider `paper` does not offer `operations`" in said
    assert f"`havre {command}` does not work" in said
    assert ELSEWHERE[command] in said


def test_support_without_a_reason_is_refused() -> None:
    assert Supported(Support.NATIVE).reason == ""
    with pytest.raises(ValueError, match="support `partial` needs a reason"):
        Supported(Support.PARTIAL)


def test_the_core_names_no_provider() -> None:
    named = [
        f"{path.relative_to(CORE)}:{number}"
        for path in CORE.rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"azure|ovh|scaleway|havre_local", line, re.IGNORECASE)
    ]
    assert named == []
