"""What `havre connect` prints comes from files: no terminal is given an escape or mark-up by it."""

import pytest

from havre.cli.project import _show
from havre.provider import ProjectConnection

HOSTILE = "\x1b]0;owned\x07[red]zone\u202e"


WORDS = ("project", "zone", "bucket", "schema", "name", "value", "folder")


@pytest.mark.parametrize("where", WORDS)
def test_no_word_of_a_file_reaches_the_terminal_as_it_is(
    capsys: pytest.CaptureFixture[str], where: str
) -> None:
    said = dict.fromkeys(WORDS, "x")
    said[where] = HOSTILE
    found = ProjectConnection(
        project=said["project"],
        environment={said["name"]: said["value"]},
        zones={said["zone"]: said["bucket"]},
        schemas={said["zone"]: said["schema"]},
        secrets=dict,
    )
    _show(found, {}, said["folder"])
    out = capsys.readouterr().out
    assert "[red]zone" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
