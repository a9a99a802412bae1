"""What cannot be frozen from here is refused unless a person did it; tokens are waited for."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from havre.capabilities import Support, Supported
from havre.errors import GuardError
from havre.exit.freezing import foreseeing, taking
from havre.exit.journal import Journal
from havre.exit.settings import FrozenByHand
from havre.exit.steps.freeze import what_is_left
from havre.live.writing.writers import (
    Memory,
    TokenLife,
    WritersByHand,
    WritersForeseen,
    WritersFound,
    zone_writers,
)

NOON = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
WEEK = TokenLife(dt.timedelta(days=7), "a signed URL lives 7 days")
CLOUD = WritersByHand("zone curated", "only role assignments say", WEEK)
HAND = FrozenByHand(
    scope="zone curated", who="An engineer", why="Roles removed.", when=dt.date(2026, 11, 20)
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    found = Journal(tmp_path / "journal.sqlite")
    yield found
    found.close()


@dataclass
class Sessions:
    """A store whose older sessions live for an hour, and whose writers come back at will."""

    name: str = "zone landing"
    writers: tuple[str, ...] = ()
    supported = Supported(Support.NATIVE)
    tokens = TokenLife(dt.timedelta(hours=1), "a session lives an hour")

    def remember(self, known: Memory) -> Memory:
        return {"all": True, **known}

    def take(self, known: Memory) -> None:
        assert known["all"]

    def find(self, known: Memory) -> WritersFound:
        assert known["all"]
        return WritersFound(still=dict.fromkeys(self.writers, "it is back"))

    def would_take(self, known: Memory) -> WritersForeseen:
        assert known["all"]
        return WritersForeseen({"engineer": "loses a role"}, {}, {"vendor": "it is the service's"})

    def would_give_back(self, known: Memory) -> WritersForeseen:
        assert known["all"]
        return WritersForeseen({"engineer": "gets the role back"})

    def give_back(self, known: Memory) -> None:
        assert known["all"]


def test_what_nobody_froze_is_refused_with_the_provider_s_reason() -> None:
    with pytest.raises(GuardError, match="zone curated: only role assignments say") as caught:
        taking.refuse_untakeable([Sessions(), CLOUD], ())
    assert "frozen_by_hand" in caught.value.remedy
    other = HAND.model_copy(update={"scope": "zone landing"})
    with pytest.raises(GuardError, match="zone curated"):
        taking.refuse_untakeable([CLOUD], (other,))
    for scope in ("zone curated", "all"):
        taking.refuse_untakeable([CLOUD], (HAND.model_copy(update={"scope": scope}),))


def test_a_person_s_word_is_told_and_older_tokens_are_waited_for(journal: Journal) -> None:
    found = taking.take(journal, CLOUD, (HAND,), NOON)
    assert (found.by, found.until) == ("hand", dt.datetime(2026, 11, 28, tzinfo=dt.UTC))
    assert found.why.startswith("An engineer, 2026-11-20: Roles removed.")
    assert what_is_left([found], NOON) == ""
    early = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    assert what_is_left([found], early).startswith("wait until 2026-11-28 00:00:00 UTC")


def test_a_person_may_know_when_the_tokens_end(journal: Journal) -> None:
    hand = HAND.model_copy(update={"tokens_end": dt.date(2026, 11, 30)})
    found = taking.take(journal, CLOUD, (hand,), NOON)
    assert found.until == dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    assert "wait until 2026-12-01" in what_is_left([found], NOON)


def test_the_wait_begins_when_writing_was_first_found_taken(journal: Journal) -> None:
    control, hour = Sessions(), dt.timedelta(hours=1)
    assert "wait until 2026-11-29 13:00:00" in what_is_left(
        [taking.take(journal, control, (), NOON)], NOON
    )
    again = taking.take(journal, control, (), NOON + hour / 2)
    assert again.until == NOON + hour
    assert what_is_left([taking.take(journal, control, (), NOON + hour)], NOON + hour) == ""


def test_whoever_writes_again_begins_the_wait_anew(journal: Journal) -> None:
    control, hour = Sessions(), dt.timedelta(hours=1)
    taking.take(journal, control, (), NOON)
    control.writers = ("clerk",)
    found = taking.found(journal, control, (), NOON + hour)
    assert "zone landing: clerk may still write: it is back" in what_is_left([found], NOON + hour)
    control.writers = ()
    assert taking.take(journal, control, (), NOON + 2 * hour).until == NOON + 3 * hour


def test_a_person_answers_by_name_for_a_role_of_the_service(journal: Journal) -> None:
    control = Sessions(writers=("vendor", "clerk"))
    for scope, left in (("zone landing", {"clerk"}), ("all", {"clerk", "vendor"})):
        hand = HAND.model_copy(update={"scope": scope, "names": ("vendor",)})
        found = taking.take(journal, control, (hand,), NOON)
        assert set(found.found.still) == left
    assert (
        "An engineer"
        in taking.found(
            journal,
            control,
            (HAND.model_copy(update={"scope": "zone landing", "names": ("vendor",)}),),
            NOON,
        ).found.untaken["vendor"]
    )


def test_a_provider_that_declares_nothing_is_taken_for_one_that_cannot() -> None:
    control = zone_writers(object(), "curated")  # type: ignore[arg-type]
    assert control.name == "zone curated"
    assert control.supported.support is Support.ABSENT
    assert control.tokens.longest > dt.timedelta(days=6)


def test_what_would_be_taken_is_foreseen_and_nothing_is_recorded(journal: Journal) -> None:
    found = foreseeing.would_take(journal, Sessions(), (), NOON)
    assert (found.by, found.moving, found.blocked) == ("havre", {"engineer": "loses a role"}, "")
    assert found.still == {"vendor": "it is the service's"}
    assert found.tokens_end == (NOON + dt.timedelta(hours=1)).isoformat()
    word = HAND.model_copy(update={"scope": "zone landing", "names": ("vendor",)})
    answered = foreseeing.would_take(journal, Sessions(), (word,), NOON)
    assert (answered.still, [*answered.untaken]) == ({}, ["vendor"])
    assert foreseeing.would_give_back(journal, Sessions()).moving == {}
    assert journal.facts("") == {}
    taking.take(journal, Sessions(), (), NOON)
    assert foreseeing.would_give_back(journal, Sessions()).moving == {
        "engineer": "gets the role back"
    }


def test_what_cannot_be_taken_from_here_is_foreseen_to_block(journal: Journal) -> None:
    found = foreseeing.would_take(journal, CLOUD, (), NOON)
    assert "zone curated: only role assignments say" in found.blocked
    assert "frozen_by_hand" in found.blocked
    answered = foreseeing.would_take(journal, CLOUD, (HAND,), NOON)
    assert (answered.by, answered.blocked) == ("hand", "")
    assert answered.tokens_end == "2026-11-28T00:00:00+00:00"
    ended = HAND.model_copy(update={"tokens_end": dt.date(2026, 11, 21)})
    assert foreseeing.would_take(journal, CLOUD, (ended,), NOON).tokens_end.startswith("2026-11-22")
