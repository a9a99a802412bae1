"""A property that facts read, changed in any way, never passes what did not pass.

What is unknown, absent, null, of another form or of another value ends in a finding, or changes
nothing: see `input_mutations`. A sample of a fixed seed is tried every time, all of it before a
release.
"""

import random

import pytest

from havre.policy.judge import Question
from tests.policy import input_mutations as i
from tests.policy import mutations as m

SAMPLE = {"azure": 4, "ovh": 5, "scaleway": 5, "local": 3}
"""Properties that are tried every time."""
LEAST = {"azure": 290, "ovh": 70, "scaleway": 90, "local": 12}
"""Properties that facts read at the least of those that a plan sets."""


def watched(provider: str) -> tuple[Question, i.Bad, list[i.Property]]:
    """A question about a provider's own plan, what does not pass, and what facts read of it."""
    question = m.base(provider)
    with pytest.MonkeyPatch.context() as patch, i.watching(patch) as seen:
        before = i.bad(question)
    assert i.bad(question) == before
    return question, before, list(i.properties(question.plan, seen))


def told(question: Question, before: i.Bad, properties: list[i.Property]) -> list[str]:
    return [
        f"{'.'.join(each.name)} = {each.value!r}: {said}"
        for each in properties
        for said in i.amiss(question, before, each)
    ]


@pytest.mark.parametrize("provider", m.PROVIDERS)
def test_a_changed_property_never_passes_what_did_not(provider: str) -> None:
    question, before, properties = watched(provider)
    assert len(properties) >= LEAST[provider]
    chosen = random.Random(7).sample(properties, SAMPLE[provider])  # noqa: S311 - no secret
    assert told(question, before, chosen) == []


@pytest.mark.long
@pytest.mark.parametrize("provider", m.PROVIDERS)
def test_no_changed_property_passes_what_did_not(provider: str) -> None:
    assert told(*watched(provider)) == []
