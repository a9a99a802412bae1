import re
from pathlib import Path

import pytest

from havre.errors import BugError, MissingDependencyError
from havre.provider import Support, Supported, discovery, find, installed

CORE = Path(discovery.__file__).parents[1]


def test_the_local_provider_is_installed() -> None:
    assert find("local").name == "local"
    assert [entry.name for entry in installed() if entry.error] == []


def test_a_provider_that_is_not_installed_says_how_to_install_it(registered) -> None:
    registered(paper="tests.contract.toy_provider:provider")
    with pytest.raises(MissingDependencyError) as caught:
        find("papier")
    assert caught.value.message == "provider `papier` is not installed (installed: paper)"
    assert caught.value.remedy == (
        "Did you mean `paper`? Install the distribution that registers it under `havre.providers`."
    )
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
