"""A picture of the documentation is of what the program shows today, and is on its page."""

import pytest

from docs import pictures
from tests.docs.conftest import ROOT

AGAIN = "python -m docs.pictures takes the pictures anew"


def test_the_pictures_are_of_the_comparison_as_it_is() -> None:
    assert pictures.DIGEST.read_text().strip() == pictures.digest_of(pictures.page()), AGAIN


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_picture_is_there_and_on_its_page(scheme: str) -> None:
    name = f"compare-{scheme}.png"
    assert (pictures.FOLDER / name).read_bytes().startswith(b"\x89PNG")
    assert f"images/{name}" in (ROOT / "docs" / "compare.md").read_text()


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("37 of 57, none waived", "37 of 57, all waived", False),
        ('class="badge fail"', 'class="badge pass"', True),
        ('<h2 id="map">', '<h2 id="map">More ', True),
    ],
)
def test_the_digest_is_of_the_words_that_are_pictured(before: str, after: str, same: bool) -> None:
    page = f'<body><p class="badge fail">37 of 57, none waived</p>{pictures.END}<h2 id="map"></h2>'
    assert before in page
    assert (pictures.digest_of(page.replace(before, after)) == pictures.digest_of(page)) is same
