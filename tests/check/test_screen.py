"""The first screen of a check, for every example on every provider in every language."""

import pytest

from havre.policy.model import Profile
from havre.report.findings import Format, render
from havre.report.findings.headline import LABEL, LINES, WIDTH, headline
from havre.report.language import Language, speaking, tr
from tests.check.asked import EXAMPLES, PROVIDERS, judged


@pytest.mark.parametrize("profile", [None, Profile.BASELINE])
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_first_screen_says_what_each_finding_on_it_is(
    example: str, provider: str, language: Language, profile: Profile | None
) -> None:
    result = judged(example, provider, profile=profile)
    with speaking(language):
        found = headline(result)
        shown = render(result, Format.TABLE, summary=True, width=WIDTH)
        label = tr("Top findings")
    lines = shown.splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= WIDTH
    assert all(len(name) < LABEL for name, _ in found.facts)
    told = " ".join(shown.partition(label)[2].replace("\xa0", " ").split())
    named = [each for each in found.top if f" {each.control} " in told]
    assert len(named) >= min(2, len(found.top))
    assert [
        each.control for each in named if not any(map(told.count, (each.sentence, each.short)))
    ] == []
