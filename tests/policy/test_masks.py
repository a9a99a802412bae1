"""What was found never shows a secret, and a secret hides no other words."""

from dataclasses import replace

import pytest

from havre.plan import PlannedResource
from havre.plan.model import Plan
from havre.plan.values import Secret
from havre.policy.findings import Finding, FindingKind
from havre.policy.judge import WITHHELD, _Mask
from havre.policy.model import Severity
from tests.policy import cases as c


def holding(name: str, *secrets: str, needs: str = "") -> PlannedResource:
    resource = c.resource(name, {str(n): [Secret(text)] for n, text in enumerate(secrets)})
    return replace(resource, dependencies=(needs,) if needs else ())


def shown(text: str, *resources: PlannedResource, about: str = "a") -> str:
    urn = c.urn(about) if about else ""
    finding = Finding("x.y", FindingKind.FAIL, Severity.LOW, urn, "p", text)
    return _Mask(Plan("paper", resources))(finding).found


@pytest.mark.parametrize("secret", ["hunter2-hunter2", "correct horse", "p@ss:word/1", "x" * 8])
@pytest.mark.parametrize("about", ["a", "b", ""])
def test_a_long_secret_is_masked_wherever_it_is_found(secret: str, about: str) -> None:
    text = f"key {secret}, and ({secret})"
    assert shown(text, holding("a", secret), about=about) == "key [secret], and ([secret])"


@pytest.mark.parametrize("secret", ["the", "17", "public", "a", "1.2.3"])
def test_what_may_hold_a_short_secret_of_its_own_is_withheld(secret: str) -> None:
    assert shown(f"is {secret}, now", holding("a", secret)) == WITHHELD
    assert shown(f"is {secret}, now", holding("b", secret), about="") == WITHHELD
    tied = holding("b", secret, needs=c.urn("a"))
    assert shown(f"is {secret}, now", holding("a"), tied) == WITHHELD


@pytest.mark.parametrize("secret", ["the ", "public", "TLS", "ends", "1.0", "e"])
def test_a_short_secret_of_another_hides_no_word(secret: str) -> None:
    text = "the public endpoint ends TLS at 1.0"
    assert shown(text, holding("a"), holding("b", secret)) == text


@pytest.mark.parametrize("secret", ["postgres", "encrypte", "ncrypted"])
def test_a_secret_within_a_word_hides_no_syllable(secret: str) -> None:
    text = "postgresql is not encrypted"
    assert shown(text, holding("a", secret)) == text


def test_a_long_secret_within_a_longer_word_is_masked() -> None:
    assert shown("x" * 30, holding("b", "x" * 16)) == "[secret]" + "x" * 14
