"""Text from files is read in time that grows with its length, and never with its square.

Where it grew with the square, the last of these would take hours.
"""

import pytest

from havre.plan.secrets import is_secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        JWT,
        f"token {JWT}",
        f"x-{JWT}",
        f"x.{JWT}",
        f"a.eyJ{'b' * 12}.{JWT}",
        f"{'eyJ-' * 50}.eyJ{'x' * 10}.",
    ],
)
def test_a_web_token_is_a_secret(text: str) -> None:
    assert is_secret("description", text)


@pytest.mark.parametrize(
    "text", ["eyJ", "eyJa.eyJb.", "eyJ" + "a" * 40, "keyJournal.eyJ" + "a" * 10, "a.b.c"]
)
def test_what_is_no_web_token_is_no_secret(text: str) -> None:
    assert not is_secret("description", text)


@pytest.mark.parametrize(
    "text", ["eyJ-------" * 200_000, "eyJ" * 500_000, "eyJaaaaaaaaaa." * 100_000 + "!", "-" * 10**6]
)
def test_a_megabyte_that_repeats_its_beginning_is_read_to_its_end(text: str) -> None:
    assert is_secret("description", text) is (".eyJ" in text)
