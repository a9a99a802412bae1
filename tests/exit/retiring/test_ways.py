"""Signed URLs are kept where no evidence is, tried while they are valid, and never fail open."""

import datetime as dt
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from havre.exit.folder import ExitFolder, opened
from havre.exit.retiring.absence import Surroundings, TryOutcome, TryWay
from havre.exit.steps.ending import ways
from havre.exit.steps.ending.ways import (
    URLS,
    SourceWays,
    forget_urls,
    keep_urls,
    recalled,
    remember,
    sign,
    tried_again,
)
from havre.live.entry.urls import SignedUrl
from havre.live.objects import LiveStore, ObjectVersion, RefusedError
from havre.provider.outputs import Outputs
from tests.exit.memory import MemoryStore

FILE = "name: trial\nlevel: rehearsal\nsource: {data_dir: ../a}\ntarget: {data_dir: ../b}\n"
FILE += "controller: A hospital\nhost: A host SAS\n"
LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
SECRET = "https://127.0.0.1:1/curated/visits?X-Amz-Signature=of-nobody"
SYSTEM = {"kind": "system"}


class Signing(MemoryStore):
    """A store that signs."""

    def sign(self, _found: ObjectVersion) -> SignedUrl:
        return SignedUrl(SECRET, LATER, direct=True)


def outputs() -> Outputs:
    zone = {"identifier": "a", "authority": SYSTEM, "bucket": "a", "region": "r"}
    return Outputs.model_validate(
        {
            "version": 1,
            "provider": "local",
            "warehouse": "emc2",
            "environment": "test",
            "zones": {"curated": {**zone, "endpoint": "https://127.0.0.1:1"}},
            "keys": {"zones": {"curated": "keys/zone-curated"}},
            "database": {
                "host": "127.0.0.1",
                "port": 1,
                "name": "emc2",
                "region": "r",
                "identifier": "d",
                "authority": SYSTEM,
            },
            "projects": {
                "cohorts": {"identity": "c", "zones": ["curated"], "expires": "2100-01-01"}
            },
            "audit": {"sink": "s"},
            "backup": {"location": "l", "region": "r"},
            "gaps": [],
        }
    )


@dataclass
class Reachable:
    """A warehouse with one store and no project's credentials."""

    store_of: LiveStore
    outputs: Outputs = field(default_factory=outputs)

    @property
    def live(self) -> "Reachable":
        return self

    def store(self, _zone: str) -> LiveStore:
        return self.store_of

    def database(self) -> Any:
        message = "the role is unknown"
        raise RefusedError(message)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ExitFolder]:
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)
    with opened(root) as found:
        yield found


def reaching(monkeypatch: pytest.MonkeyPatch, store: LiveStore) -> None:
    monkeypatch.setattr(ways, "reach", lambda *_: Reachable(store))
    monkeypatch.setattr(ways, "reached_by", lambda *_: Reachable(store))


def test_an_url_that_does_not_open_its_object_is_not_kept(
    folder: ExitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Signing()
    reaching(monkeypatch, store)
    assert "no object" in str(sign(folder)["curated"])
    store.put("visits", b"x")
    assert "did not open" in str(sign(folder)["curated"])
    monkeypatch.setattr(SignedUrl, "open", lambda _: None)
    assert isinstance(sign(folder)["curated"], SignedUrl)
    mute = MemoryStore()
    mute.put("visits", b"x")
    reaching(monkeypatch, mute)
    assert "does not declare" in str(sign(folder)["curated"])


def test_urls_are_in_a_file_of_their_owner_alone(
    folder: ExitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaching(monkeypatch, Signing())
    signed = SignedUrl(SECRET, LATER, "PEM", direct=True)
    keep_urls(folder, {"curated": signed, "landing": "it was empty"})
    file = folder.root / URLS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = SourceWays(folder, outputs(), None, "here", {"curated": signed})
    tries = found.tries()
    for name, value in remember(found, tries).items():
        assert "of-nobody" not in value
        folder.journal.record(name, value)
    assert recalled(folder).urls == {"curated": signed, "landing": "it was empty"}
    forget_urls(folder)
    forget_urls(folder)
    assert recalled(folder).urls == {}
    assert not file.exists()


def test_everything_that_led_there_is_tried_and_named(
    folder: ExitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaching(monkeypatch, Signing())
    monkeypatch.setattr(SignedUrl, "open", lambda _: None)
    signed = SignedUrl(SECRET, LATER)
    found = SourceWays(folder, outputs(), None, "here", {"curated": signed})
    before = found.tries()
    assert [(each.name, each.way, each.by, each.outcome) for each in before] == [
        ("zone curated", TryWay.ADMINISTRATOR, "", TryOutcome.ANSWERS),
        ("zone curated", TryWay.URL, signed.digest, TryOutcome.ANSWERS),
        ("database", TryWay.ADMINISTRATOR, "", TryOutcome.REFUSED),
        ("zone curated", TryWay.PROJECT, "cohorts", TryOutcome.UNTRIED),
        ("database", TryWay.PROJECT, "cohorts", TryOutcome.UNTRIED),
        ("key zone-curated", TryWay.ADMINISTRATOR, "", TryOutcome.UNTRIED),
    ]
    for name, value in remember(found, before).items():
        folder.journal.record(name, value)
    keep_urls(folder, found.urls)

    def refuse(_: SignedUrl) -> None:
        message = "NoSuchBucket"
        raise RefusedError(message)

    monkeypatch.setattr(SignedUrl, "open", refuse)
    again = tried_again(recalled(folder))
    assert [each.before for each in again] == [each.outcome for each in before]
    assert [each.proves for each in again] == [False, True, False, False, False, False]


def test_an_url_that_has_expired_is_not_tried(
    folder: ExitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaching(monkeypatch, Signing())
    monkeypatch.setattr(SignedUrl, "open", lambda _: None)
    old = SignedUrl(SECRET, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    found = SourceWays(folder, outputs(), None, "here", {"curated": old})
    tried = next(each for each in found.tries() if each.way is TryWay.URL)
    assert (tried.outcome, tried.by) == (TryOutcome.UNTRIED, old.digest)
    assert "expired at 2026-01-01 00:00 UTC" in tried.said
    assert found.around == Surroundings(
        ("https://127.0.0.1:1", "127.0.0.1:1"), "here", found.around.here
    )
    assert json.loads(json.dumps(tried.said))
