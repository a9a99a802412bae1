"""Of all accesses those that are asked for; what cannot be read is never left out."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from havre.audit.accesses import Access, AccessOutcome, Act, Actor, Tally, unreadable
from havre.audit.actors import Actors
from havre.audit.chain import Chain
from havre.audit.logs import AccessLogs, files_at
from havre.audit.reading import AccessSearch, record
from havre.errors import InputError

ACTORS = {"a": Actor("one", "m-00000001"), "b": Actor("two"), "c": Actor("one", "m-00000002")}


class Words:
    """Reads lines of words: time, who, what, outcome, zone; one of another number is unreadable."""

    def read(self, line: bytes, place: str) -> Sequence[Access]:
        words = line.decode().split(",")
        if words == ["waits"]:
            return ()
        if len(words) != 5:
            return (unreadable("has not five words", "words", place, "d", "2026-12-02"),)
        time, who, what, outcome, zone = words
        return (Access(time, who, what, "", outcome, "words", place, "d", zone=zone),)

    def end(self) -> Sequence[Access]:
        return (Access("2026-12-09", "a", "read", "", "unknown", "words", "end", "d"),)

    def unrecorded(self) -> Mapping[str, int]:
        return {"words": 3}


LINES = """\
2026-12-01,a,read,allowed,curated
2026-12-02,b,read,allowed,curated
2026-12-03,c,write,refused,research
waits
nonsense
2026-12-04,,read,refused,curated
"""


@pytest.fixture
def logs(tmp_path: Path) -> AccessLogs:
    path = tmp_path / "words"
    path.write_text(LINES)
    return AccessLogs(ACTORS, Words, lambda: files_at(path))


def found(logs: AccessLogs, asked: AccessSearch) -> tuple[list[str], Tally]:
    tally = Tally()
    assert callable(logs.files)
    shown = [access.place for access, _ in record(logs, logs.files(), asked, tally, Chain())]
    return shown, tally


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        (AccessSearch("one"), ["words:1", "words:3", "words:5", "end"]),
        (AccessSearch("two"), ["words:2", "words:5"]),
        (
            AccessSearch("one", frozenset({"curated"})),
            ["words:1", "words:2", "words:3", "words:5", "words:6", "end"],
        ),
        (AccessSearch("one", since="2026-12-02"), ["words:3", "words:5", "end"]),
        (AccessSearch("one", until="2026-12-02"), ["words:1"]),
        (AccessSearch("one", member="m-00000002"), ["words:3", "words:5"]),
        (AccessSearch("one", acts=frozenset({Act.WRITE})), ["words:3", "words:5"]),
        (AccessSearch("one", outcomes=frozenset({AccessOutcome.ALLOWED})), ["words:1", "words:5"]),
        (AccessSearch("none"), ["words:5"]),
    ],
)
def test_what_is_asked_for(logs: AccessLogs, asked: AccessSearch, places: list[str]) -> None:
    assert found(logs, asked)[0] == places


def test_everything_is_counted(logs: AccessLogs) -> None:
    _, tally = found(logs, AccessSearch("two"))
    assert (tally.lines, tally.accesses, tally.shown, tally.unreadable) == (6, 5, 1, 1)
    assert tally.unrecorded == {"words": 3}


def test_a_member_is_asked_for_by_a_pseudonym_and_no_name_is_repeated(logs: AccessLogs) -> None:
    with pytest.raises(InputError, match="not a pseudonym") as refused:
        found(logs, AccessSearch("one", member="a.martin@university.example"))
    assert "martin" not in f"{refused.value} {refused.value.remedy}"


def test_a_role_of_a_member_who_has_left_is_theirs_still() -> None:
    actors = Actors({"project_one": Actor("one"), "a": Actor("two")})
    assert actors["member_00000001_one"] == Actor("one", "m-00000001")
    assert actors.get("member_00000001_gone") is None
    assert actors.get("member_nobody_one") is None
    assert actors["a"] == Actor("two")


def test_files_of_a_folder_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("part-10", "part-9", ".hidden", "deep/part-1"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert [each.name for each in files_at(tmp_path)] == ["deep/part-1", "part-9", "part-10"]


def test_a_compressed_log_is_unpacked_and_one_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n"))
    assert [*files_at(path)[0].lines()] == [b"one\n", b"two\n"]
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(InputError, match=r"log\.gz cannot be read to its end"):
        [*files_at(path)[0].lines()]


@pytest.mark.parametrize("make", [lambda _: None, Path.mkdir], ids=["missing", "empty"])
def test_where_there_is_no_log_the_path_is_refused(tmp_path: Path, make: object) -> None:
    path = tmp_path / "logs"
    assert callable(make)
    make(path)
    with pytest.raises(InputError, match="logs"):
        files_at(path)
