"""The cases of an object store: subclass `StoreSuite` in a store's own test file.

    from havre_conformance.stores import StoreSuite

    class TestMine(StoreSuite):
        @pytest.fixture(scope="class")
        @classmethod
        def store(cls):
            return my_store("an empty container")

Cases follow declared abilities: what a store says that it can, it is tested for; what it cannot
hold it must refuse. The container has no default lock, which would keep what the suite deletes;
locks of the suite last for an hour.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import random
import unicodedata
from dataclasses import replace
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from havre.capabilities import Support
from havre.errors import InputError, ProviderError
from havre.live.limits import part_size, unfit, unfit_key
from havre.live.objects import (
    HEADERS,
    NATIVE_WHEN,
    PIECE,
    Ability,
    ChangedError,
    ExistsError,
    Lock,
    LockMode,
    NotThereError,
    Properties,
)

if TYPE_CHECKING:
    from havre.live.objects import LiveStore, ObjectVersion

ODD_KEYS: tuple[str, ...] = (
    *("plain", "é", unicodedata.normalize("NFD", "é"), "ß😀\uff5e", "Case", "case"),
    *("tab\there", "line\nbreak", "return\rhere", "\x01control", "\x7fdelete"),
    *("%41", "A", "%2F", "a+b c", "q?x=1#y&z;=", "back\\slash", "quo'te\"s", "*:|<>"),
    *("two//slashes", "/leading", "trailing/", "up/../over", "../out", "./here", ".", ".."),
    *("dot.", "dir./x", "space ", " space", "line/a", "line/a-b", "line/a.b"),
    *("k" * 300, "é" * 512, "d" * 200 + ("/" + "d" * 200) * 4, "é" * 513, "k" * 1025),
)
"""Keys that stores, clients and proxies are known to change, lose or refuse."""
HOUR = dt.timedelta(hours=1)
COMPLETE = Properties(
    dict(zip(HEADERS, ("no-store", "inline", "identity", "fr-FR", "text/csv"), strict=True)),
    {"cohort": "sleep", "b": "2"},
)
"""Properties that every store has."""
_NUMBERS = count()


@cache
def content(size: int) -> bytes:
    """Bytes of which no two pieces are alike."""
    return random.Random(size).randbytes(size)  # noqa: S311 - guards nothing


def put(
    store: LiveStore, key: str, data: bytes, properties: Properties = COMPLETE
) -> ObjectVersion:
    """Write an object; gives what the store then lists of it."""
    written = store.write(key, io.BytesIO(data), properties)
    found = listed(store, key)[-1]
    assert (found.version, found.entity) == (written.version, written.entity)
    return found


def listed(store: LiveStore, key: str) -> list[ObjectVersion]:
    """The versions of a key, which nothing else may be listed for."""
    return [each for each in store.versions(key) if each.key == key]


def whole(store: LiveStore, found: ObjectVersion, *of: int) -> bytes:
    """The bytes of a version, or of a range in it."""
    pieces = [*store.read(found, *of)]
    assert all(0 < len(piece) <= PIECE for piece in pieces)
    return b"".join(pieces)


def described(store: LiveStore, found: ObjectVersion) -> Properties:
    """All that a version bears, which the list tells alike where it tells it."""
    asked = store.properties(found)
    assert found.listed in (None, asked)
    return asked


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


class StoreSuite:
    """Every case that an object store must pass."""

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls) -> LiveStore:
        """The store under test, empty at first; to be overridden."""
        raise NotImplementedError

    @pytest.fixture
    def key(self) -> str:
        """A key of a case's own, to which more may be appended."""
        return f"case-{next(_NUMBERS):04d}"

    @staticmethod
    def needs(store: LiveStore, *abilities: Ability) -> None:
        """Skip a case of an ability that a store lacks, with its reason."""
        for ability in abilities:
            answer = store.abilities[ability]
            if answer.support in (Support.ABSENT, Support.UNKNOWN):
                pytest.skip(f"{ability}: {answer.reason}")

    # What it declares

    def test_every_ability_is_declared(self, store: LiveStore) -> None:
        """An answer for each ability, and limits with their source."""
        assert set(store.abilities) == set(NATIVE_WHEN)
        limits = store.limits
        assert limits.source
        assert 0 < limits.call_size <= limits.object_size <= limits.parts * limits.part_size
        assert limits.least_part <= part_size(1, limits)
        assert part_size(limits.object_size, limits) <= limits.part_size

    # Bytes

    @pytest.mark.parametrize("size", [0, 1, 1000, PIECE, PIECE + 1])
    def test_bytes_come_back(self, store: LiveStore, key: str, size: int) -> None:
        """An object is read as it was written, in pieces of bounded size."""
        found = put(store, key, content(size))
        assert (found.size, found.latest, found.marker) == (size, True, False)
        assert (found.snapshot, found.deleted) == (False, False)
        assert abs(found.modified - _now()) < HOUR
        assert whole(store, found) == content(size)

    @pytest.mark.parametrize("tagged", [False, True])
    @pytest.mark.parametrize("size", [0, 1, 1000, PIECE])
    def test_bytes_and_properties_come_together(
        self, store: LiveStore, key: str, size: int, *, tagged: bool
    ) -> None:
        """One call gives what two give, of earlier versions too, and never of another state."""
        tags = (
            {"cohort": "sleep"}
            if tagged and store.abilities[Ability.TAGS].support is not Support.ABSENT
            else {}
        )
        put(store, key, content(size), replace(COMPLETE, tags=tags))
        put(store, key, content(size + 1))
        states = [(content(size), tags), (content(size + 1), {})]
        versions = listed(store, key)
        for found, (data, borne) in zip(versions, states[-len(versions) :], strict=True):
            if found.size <= PIECE:
                told = replace(COMPLETE, tags=borne)
                assert store.fetch(found) == (data, told) == (data, store.properties(found))
        with pytest.raises((ChangedError, NotThereError)):
            store.fetch(replace(versions[0], entity='"0123456789abcdef0123456789abcdef"'))

    def test_a_file_is_written_from_where_it_stands(self, store: LiveStore, key: str) -> None:
        """What comes before the file's position is not written."""
        file = io.BytesIO(b"0123456789")
        file.seek(4)
        store.write(key, file, Properties())
        assert whole(store, listed(store, key)[-1]) == b"456789"

    @pytest.mark.parametrize(
        ("first", "length"), [(0, 1), (3, 4), (999, 1), (999, 9), (1000, 5), (0, 0), (500, 10**9)]
    )
    def test_ranges(self, store: LiveStore, key: str, first: int, length: int) -> None:
        """Some bytes of an object, within it."""
        self.needs(store, Ability.RANGES)
        data = content(1000)
        found = put(store, key, data)
        assert whole(store, found, first, length) == data[first : first + length]
        assert whole(store, found, first) == data[first:]

    @pytest.mark.parametrize("data", [gzip.compress(b"x" * 1000, mtime=0), b"not gzip at all"])
    @pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
    def test_encoded_content_is_not_decoded(
        self, store: LiveStore, key: str, data: bytes, encoding: str
    ) -> None:
        """Bytes come as they are stored, whatever `Content-Encoding` says."""
        told = Properties({"content-encoding": encoding, "content-type": "text/plain"})
        found = put(store, key, data, told)
        assert whole(store, found) == data
        assert described(store, found) == told

    # Properties

    @pytest.mark.parametrize("name", HEADERS)
    def test_each_header_is_kept(self, store: LiveStore, key: str, name: str) -> None:
        """Headers are written in the same call, one by one."""
        told = {"content-type": "text/plain", name: COMPLETE.headers[name]}
        assert described(store, put(store, key, b"x", Properties(told))).headers == told

    @pytest.mark.parametrize(
        "metadata",
        [
            *({}, {"a": "b"}, {"name": "a, b;c=d"}, {"Upper": "x"}, {"a-b": "x"}, {"a_b": "x"}),
            *({"1a": "x"}, {"accent": "é"}, {"blank": " x "}),
            *({"large": "x" * 1900}, {"huge": "x" * 9000}),
        ],
        ids=lambda given: next(iter(given), "none"),
    )
    def test_metadata_is_kept_or_refused(
        self, store: LiveStore, key: str, metadata: dict[str, str]
    ) -> None:
        """Nothing of the user's metadata changes on the way."""
        told = replace(COMPLETE, metadata=metadata)
        if self._refused(store, key, told):
            return
        assert described(store, put(store, key, b"x", told)) == told

    @pytest.mark.parametrize(
        "tags",
        [
            *({}, {"a": ""}, {"a b": "c=d+e / f:g"}, {"accent": "é"}, {"Case": "x", "case": "y"}),
            *({"odd": "a&b"}, {"odd": "a,b;c"}, {"n" * 128: "v" * 256}, {"n" * 129: "v"}),
            *({str(n): "v" for n in range(10)}, {str(n): "v" for n in range(11)}),
        ],
        ids=lambda given: ",".join(given)[:30] or "none",
    )
    def test_tags_are_kept_or_refused(
        self, store: LiveStore, key: str, tags: dict[str, str]
    ) -> None:
        """Tags are written in the same call; those of a store without are refused."""
        told = replace(COMPLETE, tags=tags)
        if self._refused(store, key, told):
            return
        assert described(store, put(store, key, b"x", told)) == told

    @pytest.mark.parametrize("locked", [False, True], ids=["free", "locked"])
    def test_tags_are_replaced_in_place(
        self,
        store: LiveStore,
        key: str,
        locked: bool,
    ) -> None:
        """Tags change on any version, a locked one too, and nothing else does."""
        self.needs(store, Ability.TAGS, *((Ability.LOCK,) if locked else ()))
        lock = Lock(_now() + HOUR) if locked else None
        told = replace(COMPLETE, tags={"a": "b", "c": "d"}, lock=lock)
        found = put(store, key, b"x", told)
        for tags in ({"a": "z & y", "é": ""}, {}, {"only": "one"}):
            if unfit(key, 1, replace(told, tags=tags), store.limits, store.abilities):
                continue
            store.tag(found, tags)
            (now,) = listed(store, key)
            assert (now.version, now.entity) == (found.version, found.entity)
            assert described(store, now) == replace(told, tags=tags)
        with pytest.raises(InputError):
            store.tag(found, {str(number): "v" for number in range(store.limits.tags + 1)})

    def test_tags_of_an_earlier_version_are_its_own(self, store: LiveStore, key: str) -> None:
        """An earlier version gets other tags; the latest keeps its own."""
        self.needs(store, Ability.TAGS, Ability.VERSIONS)
        told = replace(COMPLETE, tags={"a": "b"})
        earlier = put(store, key, b"first", told)
        put(store, key, b"second", told)
        store.tag(earlier, {"a": "z"})
        found = [described(store, each).tags for each in listed(store, key)]
        assert found == [{"a": "z"}, {"a": "b"}]

    def test_a_lock_or_a_hold_is_kept_or_refused(self, store: LiveStore, key: str) -> None:
        """All properties in one call: what is locked bears its tags and metadata already."""
        tagged = replace(COMPLETE, tags={"a": "b"})
        until = _now() + HOUR
        for number, told in enumerate(
            (
                replace(tagged, lock=Lock(until)),
                replace(tagged, lock=Lock(until, LockMode.GOVERNANCE)),
                replace(tagged, held=True),
                replace(tagged, lock=Lock(until), held=True),
            )
        ):
            if not self._refused(store, f"{key}/{number}", told):
                assert described(store, put(store, f"{key}/{number}", b"x", told)) == told

    def test_a_header_that_no_store_has_is_refused(self, store: LiveStore, key: str) -> None:
        """No property is left out unsaid."""
        told = Properties({"content-type": "text/plain", "x-other": "1"})
        assert self._refused(store, key, told)

    def _refused(self, store: LiveStore, key: str, told: Properties) -> bool:
        """Whether the store says that it cannot hold an object; then it must refuse it."""
        if not unfit(key, 1, told, store.limits, store.abilities):
            return False
        with pytest.raises(InputError):
            store.write(key, io.BytesIO(b"x"), told)
        with pytest.raises(InputError):
            store.begin(key, told)
        assert listed(store, key) == []
        return True

    # Keys

    @pytest.mark.parametrize("odd", ODD_KEYS, ids=range(len(ODD_KEYS)))
    def test_a_key_is_held_as_it_is_or_refused(self, store: LiveStore, odd: str) -> None:
        """No key becomes another: it is listed, read and deleted by its own name."""
        before = {each.key for each in store.versions()}
        data = repr(odd).encode()
        if unfit_key(odd, store.limits, len(data)):
            with pytest.raises(InputError):
                store.write(odd, io.BytesIO(data), COMPLETE)
            assert {each.key for each in store.versions()} == before
            return
        found = put(store, odd, data)
        assert {each.key for each in store.versions()} == {*before, odd}
        assert described(store, found) == COMPLETE
        assert whole(store, found) == data

    def test_odd_keys_do_not_meet(self, store: LiveStore) -> None:
        """Each of the keys that a store holds has its own bytes beside all others."""
        held = {key for key in ODD_KEYS if not unfit_key(key, store.limits, 1)}
        for key in held:
            store.write(key, io.BytesIO(repr(key).encode()), Properties())
        latest = {each.key: each for each in store.versions() if each.latest}
        assert held <= set(latest)
        for key in held:
            assert whole(store, latest[key]) == repr(key).encode()

    # The list

    def test_the_list_is_whole(self, store: LiveStore, key: str) -> None:
        """Every object once, over several pages, and none of another prefix."""
        names = [f"{key}/{number:02d}" for number in range(25)]
        for name in names:
            store.write(name, io.BytesIO(b"x"), Properties())
        store.write(f"{key}-other", io.BytesIO(b"x"), Properties())
        assert sorted(each.key for each in store.versions(f"{key}/")) == names
        assert sorted(each.key for each in store.versions(f"{key}/1")) == names[10:20]
        everything = [(each.key, each.version) for each in store.versions()]
        assert len(everything) == len(set(everything))
        assert {*names, f"{key}-other"} <= {name for name, _ in everything}

    def test_versions_are_in_their_order(self, store: LiveStore, key: str) -> None:
        """Earlier versions and markers of a key, the oldest first."""
        self.needs(store, Ability.VERSIONS)
        marks = store.abilities[Ability.MARKERS].support is Support.NATIVE
        for number in range(9):
            written = [put(store, f"{key}/{name}", b"%d" % number) for name in "ab"]
            if marks and number in (2, 5):
                assert (
                    store.mark(written[0].key).version == listed(store, written[0].key)[-1].version
                )
        found = listed(store, f"{key}/a")
        states = [b"-" if each.marker else whole(store, each) for each in found]
        assert b"".join(states) == (b"012-345-678" if marks else b"012345678")
        assert [each.latest for each in found] == [False] * (len(found) - 1) + [True]
        assert [whole(store, each) for each in listed(store, f"{key}/b")] == [
            b"%d" % number for number in range(9)
        ]
        keys = [each.key for each in store.versions(key)]
        assert sorted(keys) == keys

    def test_an_earlier_version_keeps_its_properties(self, store: LiveStore, key: str) -> None:
        """What is written over an object changes nothing of its earlier version."""
        self.needs(store, Ability.VERSIONS)
        changed = Properties({"content-type": "text/plain"}, {"a": "b"})
        first, second = put(store, key, b"first"), put(store, key, b"second", changed)
        first_again, second_again = listed(store, key)
        assert (first_again.version, second_again.version) == (first.version, second.version)
        assert described(store, first_again) == COMPLETE
        assert described(store, second_again) == changed

    def test_a_version_is_deleted_for_good(self, store: LiveStore, key: str) -> None:
        """It alone goes; the one before it is current again where a deletion is a marker."""
        self.needs(store, Ability.VERSIONS)
        first, second = put(store, key, b"first"), put(store, key, b"second")
        store.delete(second)
        back, *marker = listed(store, key)
        marks = store.abilities[Ability.MARKERS].support is Support.NATIVE
        assert (back.version, back.latest) == (first.version, marks)
        assert [each.marker for each in marker] == ([] if marks else [True])
        store.delete(back)
        assert listed(store, key) == []

    def test_a_deletion_follows_the_versions(self, store: LiveStore, key: str) -> None:
        """It is a marker without bytes, taken back or gone with what is written next."""
        self.needs(store, Ability.VERSIONS, Ability.MARKERS)
        first, second = put(store, key, b"first"), put(store, key, b"second")
        made = store.mark(key)
        *kept, marker = listed(store, key)
        assert [(each.version, each.latest) for each in kept] == [
            (first.version, False),
            (second.version, False),
        ]
        assert (marker.latest, marker.marker, marker.size) == (True, True, 0)
        assert marker.version == made.version
        assert store.properties(marker) == Properties()
        if store.abilities[Ability.MARKERS].support is Support.NATIVE:
            store.delete(marker)
        else:
            with pytest.raises(ProviderError):
                store.delete(marker)
            put(store, key, b"third")
        found = listed(store, key)
        assert not any(each.marker for each in found)
        assert [each.latest for each in found] == [False] * (len(found) - 1) + [True]

    def test_what_is_deleted_is_gone(self, store: LiveStore, key: str) -> None:
        """Neither listed nor read; and that is told apart from a refusal."""
        found = put(store, key, b"x")
        store.delete(found)
        assert [each for each in listed(store, key) if not each.deleted] == []
        with pytest.raises(NotThereError):
            whole(store, found)
        with pytest.raises(NotThereError):
            store.properties(found)

    # Conditions

    def test_only_a_new_object_is_written(self, store: LiveStore, key: str) -> None:
        """Where an object of that key exists it stays, if the write was to make a new one."""
        self.needs(store, Ability.CREATE_ONLY)
        store.write(key, io.BytesIO(b"first"), COMPLETE, create_only=True)
        with pytest.raises(ExistsError):
            store.write(key, io.BytesIO(b"second"), Properties(), create_only=True)
        (found,) = listed(store, key)
        assert whole(store, found) == b"first"
        assert described(store, found) == COMPLETE

    def test_another_object_is_not_read(self, store: LiveStore, key: str) -> None:
        """A read is of what was listed, or it is refused."""
        self.needs(store, Ability.UNCHANGED)
        found = put(store, key, b"first")
        put(store, key, b"2nd..")
        if store.abilities[Ability.VERSIONS].support is Support.NATIVE:
            assert whole(store, found) == b"first"
            found = replace(listed(store, key)[-1], entity=found.entity)
        with pytest.raises(ChangedError):
            whole(store, found)
        with pytest.raises(ChangedError):
            store.properties(found)

    # Locks

    @pytest.mark.parametrize("kept", ["lock", "hold"])
    @pytest.mark.parametrize("later", [True, False], ids=["later", "at once"])
    def test_what_is_kept_is_not_deleted(
        self, store: LiveStore, key: str, kept: str, *, later: bool
    ) -> None:
        """A version that is locked or held stays, whether so written or made so later."""
        self.needs(store, Ability.LOCK if kept == "lock" else Ability.HOLD)
        lock = Lock(_now() + HOUR) if kept == "lock" else None
        told = replace(COMPLETE, lock=lock, held=kept == "hold")
        found = put(store, key, b"x", COMPLETE if later else told)
        if later and lock:
            store.lock(found, lock)
        elif later:
            store.hold(found, on=True)
        assert described(store, listed(store, key)[-1]) == told
        with pytest.raises(ProviderError) as caught:
            store.delete(found)
        assert not isinstance(caught.value, NotThereError)
        assert whole(store, found) == b"x"

    def test_a_hold_is_lifted_and_a_lock_only_grows(self, store: LiveStore, key: str) -> None:
        """A hold ends by being lifted, a lock by its time."""
        self.needs(store, Ability.LOCK, Ability.HOLD)
        found = put(store, key, b"x", replace(COMPLETE, lock=Lock(_now() + HOUR), held=True))
        store.hold(found, on=False)
        longer = Lock(_now() + 2 * HOUR)
        store.lock(found, longer)
        with pytest.raises(ProviderError):
            store.lock(found, Lock(longer.until - HOUR))
        assert described(store, listed(store, key)[-1]) == replace(COMPLETE, lock=longer)

    # Parts

    def test_an_object_is_written_in_parts(self, store: LiveStore, key: str) -> None:
        """Parts in any order, one sent twice, with all properties; equal to what one call makes."""
        self.needs(store, Ability.PARTS)
        told = self._everything(store)
        size = part_size(1, store.limits)
        data = content(size + 5)
        upload = store.begin(key, told)
        last = store.part(upload, 2, data[size:])
        store.part(upload, 1, bytes(size))
        first = store.part(upload, 1, data[:size])
        assert listed(store, key) == []
        written = store.complete(upload, [first, last], create_only=True)
        (found,) = listed(store, key)
        assert (found.version, found.entity, found.size) == (*_told(written), len(data))
        assert whole(store, found) == data
        assert whole(store, found, size - 2, 4) == data[size - 2 : size + 2]
        assert described(store, found) == told

    @staticmethod
    def _everything(store: LiveStore) -> Properties:
        """All properties that a store has."""

        def native(ability: Ability) -> bool:
            return store.abilities[ability].support is Support.NATIVE

        return replace(
            COMPLETE,
            tags={"a b": "c/d"} if native(Ability.TAGS) else {},
            lock=Lock(_now() + HOUR) if native(Ability.LOCK) else None,
            held=native(Ability.HOLD),
        )

    def test_an_upload_is_taken_up_again(self, store: LiveStore, key: str) -> None:
        """The store tells which parts it has, and what is unfinished is no object."""
        self.needs(store, Ability.PARTS, Ability.UPLOADS)
        upload = store.begin(key, COMPLETE)
        sent = [store.part(upload, number, bytes(number)) for number in (3, 1)]
        assert [*store.resume(upload)] == sent[::-1]
        assert [(each.key, each.identifier) for each in store.uploads(key)] == [
            (key, upload.identifier)
        ]
        assert [*store.uploads(f"{key}-none")] == []
        assert listed(store, key) == []

    def test_an_upload_is_given_up(self, store: LiveStore, key: str) -> None:
        """Its parts go, once and again, and nothing else."""
        self.needs(store, Ability.PARTS, Ability.UPLOADS, Ability.ABORT)
        found = put(store, key, b"stays")
        upload = store.begin(key, COMPLETE)
        store.part(upload, 1, b"x")
        store.abort(upload)
        store.abort(upload)
        assert [*store.uploads(key)] == []
        assert listed(store, key) == [found]

    def test_parts_make_only_a_new_object(self, store: LiveStore, key: str) -> None:
        """An object that came while the parts were sent stays."""
        self.needs(store, Ability.PARTS, Ability.CREATE_ONLY)
        upload = store.begin(key, Properties())
        sent = [store.part(upload, 1, b"parts")]
        put(store, key, b"came meanwhile")
        with pytest.raises(ExistsError):
            store.complete(upload, sent, create_only=True)
        (found,) = listed(store, key)
        assert whole(store, found) == b"came meanwhile"


def _told(written: Any) -> tuple[str, str]:
    return written.version, written.entity
