"""A record of accesses: each line holds the digest of the one before."""

import hashlib
import json

import pytest

from havre.audit.chain import START, Chain, check
from havre.errors import InputError


def written(*actions: str) -> tuple[list[bytes], str]:
    chain = Chain()
    lines = [chain.line({"action": action}) + b"\n" for action in actions]
    return lines, chain.head


def test_each_line_has_the_digest_of_the_one_before() -> None:
    lines, head = written("a", "b")
    first, second = map(json.loads, lines)
    assert (first["n"], first["previous"]) == (1, START)
    assert (second["n"], second["previous"]) == (2, hashlib.sha256(lines[0][:-1]).hexdigest())
    assert head == f"2:{hashlib.sha256(lines[1][:-1]).hexdigest()}"


def test_a_whole_record_holds_with_its_head_and_without() -> None:
    lines, head = written("a", "b", "c")
    assert check(lines).fault == ""
    found = check(lines, head)
    assert (found.lines, found.head, found.fault) == (3, head, "")


def test_a_record_may_be_empty() -> None:
    assert check([]).fault == ""


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda lines: [lines[0], lines[1].replace(b'"b"', b'"x"'), *lines[2:]], "line 3"),
        (lambda lines: [lines[0], *lines[2:]], "line 2"),
        (lambda lines: lines[1:], "line 1"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "line 2"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "line 2"),
        (lambda lines: [lines[0], b"nothing\n", *lines[2:]], "line 2"),
        (lambda lines: [lines[0], b"[1]\n", *lines[2:]], "line 2"),
        (lambda lines: [lines[0], b"[" * 100_000 + b"\n", *lines[2:]], "line 2"),
        (lambda lines: [*lines[:3], lines[3][:-1]], "line 4"),
    ],
    ids=[
        *("changed", "removed", "first-removed", "exchanged", "repeated", "not-json"),
        *("not-an-object", "too-deep", "cut"),
    ],
)
def test_the_first_broken_line_is_named(spoil: object, named: str) -> None:
    lines, _ = written("a", "b", "c", "d")
    assert callable(spoil)
    assert check(spoil(lines)).fault.startswith(f"{named}: ")


@pytest.mark.parametrize(
    ("lines", "foreign"),
    [
        ([b"a,b\n", b"1,2\n"], True),
        ([b'{"control": "a"}\n'], True),
        ([b"\x89PNG\r\n"], True),
        ([b"no end"], True),
        ([b"nothing\n", *written("a", "b")[0][1:]], False),
        (written("a", "b")[0][1:], False),
        ([], False),
    ],
)
def test_what_no_line_of_a_record_is_in_is_another_file(lines: list[bytes], foreign: bool) -> None:
    found = check(lines)
    assert found.foreign is foreign
    assert bool(found.fault) is bool(lines)


def test_only_the_head_tells_that_the_end_is_gone() -> None:
    lines, head = written("a", "b", "c")
    assert check(lines[:2]).fault == ""
    assert check(lines[:2], head).fault.startswith("line 3: is missing")


def test_the_head_tells_that_all_was_written_again() -> None:
    _, head = written("a", "b")
    others, _ = written("a", "c")
    assert check(others, head).fault.startswith("line 2: ")


def test_a_record_that_went_on_holds_with_its_former_head() -> None:
    _, head = written("a", "b")
    longer, _ = written("a", "b", "c")
    assert check(longer, head).fault == ""


def test_a_head_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="--head"):
        check([], "7")


def test_names_of_any_kind_stay_on_one_line_of_ascii() -> None:
    line = Chain().line({"on": ["a\nb", "\u202e", "\ud800", "\x9b"]})
    assert b"\n" not in line
    assert line.isascii()
    assert json.loads(line)["on"] == ["a\nb", "\u202e", "\ud800", "\x9b"]
