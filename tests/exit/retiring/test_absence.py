"""A try is refused, gone or silent: three outcomes, and silence never passes for an end."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from havre.errors import InputError, ProviderError, RetryError, StateError
from havre.exit.retiring import absence
from havre.exit.retiring.absence import (
    SourceFolder,
    Surroundings,
    Tried,
    TryOutcome,
    TryWay,
    WayIn,
    compared,
    tried,
    untried_key,
    volume_of,
)
from havre.live.objects import NotThereError, RefusedError

HERE = Surroundings(machine="here", here="here")
REFUSED, GONE, SILENT = TryOutcome.REFUSED, TryOutcome.GONE, TryOutcome.SILENT
ANSWERS, UNTRIED = TryOutcome.ANSWERS, TryOutcome.UNTRIED


def way(error: Exception | None = None, address: str = "") -> WayIn:
    def act() -> None:
        if error:
            raise error

    return WayIn("zone a", TryWay.ADMINISTRATOR, act, address)


@pytest.fixture
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, ANSWERS),
        (NotThereError("NoSuchBucket"), REFUSED),
        (RefusedError("AccessDenied"), REFUSED),
        (ProviderError("NotImplemented"), SILENT),
        (RetryError("503"), SILENT),
        (InputError("no secret"), UNTRIED),
        (StateError("damaged"), UNTRIED),
    ],
)
def test_only_what_the_service_refuses_is_refused(
    error: Exception | None, outcome: TryOutcome, listening: str
) -> None:
    assert tried(way(error), HERE).outcome is outcome
    assert tried(way(error, f"https://{listening}"), HERE).outcome is outcome


@pytest.mark.parametrize("error", [RetryError("silent"), InputError("no secret")])
def test_a_service_of_this_machine_is_gone_while_the_machine_hears_itself(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = closed()
    assert tried(way(error, address), HERE).outcome is GONE
    found = tried(way(error, address), replace(HERE, here="elsewhere"))
    assert found.outcome is SILENT
    assert "it was on the machine here, and this is elsewhere" in found.said

    def deaf(*_: object, **__: object) -> socket.socket:
        raise OSError

    monkeypatch.setattr(absence.socket, "create_server", deaf)
    assert tried(way(error, address), HERE).outcome is SILENT


def resolving(names: dict[str, str | int]) -> Callable[..., list[tuple[object, ...]]]:
    """Stands for the resolver: a number by name, or the error of the resolver."""

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        found = names.get(host, host if host[0].isdigit() else socket.EAI_NONAME)
        if isinstance(found, int):
            raise socket.gaierror(found, "no")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    return getaddrinfo


@pytest.mark.parametrize(
    ("names", "others", "outcome"),
    [
        ({}, (), SILENT),
        ({}, ("b.other.example",), SILENT),
        ({"b.blobs.example": "127.0.0.1"}, ("b.blobs.example",), GONE),
        ({"b.other.example": "127.0.0.1"}, ("b.other.example",), SILENT),
        ({"b.blobs.example": socket.EAI_AGAIN}, ("b.blobs.example",), SILENT),
        (
            {"a.blobs.example": socket.EAI_AGAIN, "b.blobs.example": "127.0.0.1"},
            ("b.blobs.example",),
            SILENT,
        ),
    ],
    ids=["alone", "other-unknown", "same-domain", "other-domain", "resolver-down", "perhaps"],
)
def test_a_name_that_does_not_resolve_is_gone_only_beside_one_of_its_domain(
    names: dict[str, str | int],
    others: tuple[str, ...],
    outcome: TryOutcome,
    listening: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(absence.socket, "getaddrinfo", resolving(names))
    port = listening.rpartition(":")[2]
    around = replace(HERE, addresses=tuple(f"https://{each}:{port}" for each in others))
    found = tried(way(RetryError("silent"), f"https://a.blobs.example:{port}"), around)
    assert found.outcome is outcome
    assert "b.blobs.example" in found.said or outcome is SILENT


@pytest.mark.parametrize(
    ("other", "outcome"), [("192.0.2.1", GONE), ("192.0.2.2", SILENT), (None, SILENT)]
)
def test_a_closed_port_elsewhere_is_gone_only_beside_an_open_one_of_its_host(
    other: str | None, outcome: TryOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(place: tuple[str, int], timeout: float) -> socket.socket:  # noqa: ARG001
        if place == ("192.0.2.1", 5432):
            raise ConnectionRefusedError(111, "refused")
        return socket.socket()

    monkeypatch.setattr(absence.socket, "create_connection", connect)
    around = replace(HERE, addresses=() if other is None else (f"{other}:443",))
    assert tried(way(RetryError("silent"), "192.0.2.1:5432"), around).outcome is outcome


def test_a_host_that_does_not_answer_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object, **__: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(absence.socket, "create_connection", connect)
    found = tried(way(RetryError("silent"), "192.0.2.1:5432"), HERE)
    assert (found.outcome, found.proves) == (SILENT, False)
    assert "silence proves nothing" in found.said


def test_a_file_is_gone_only_where_its_disk_is(tmp_path: Path) -> None:
    place = SourceFolder(tmp_path / "warehouse", volume_of(tmp_path))
    key = place.path / "zone"
    place.path.mkdir()
    key.touch()
    assert place.look("key zone", key, HERE).outcome is ANSWERS
    key.unlink()
    place.path.rmdir()
    assert place.look("key zone", key, HERE).outcome is GONE
    assert place.look("key zone", key, replace(HERE, here="elsewhere")).outcome is SILENT
    unmounted = replace(place, volume=tmp_path / "disk")
    assert unmounted.look("key zone", key, HERE).outcome is SILENT
    assert untried_key("key zone").outcome is UNTRIED


def test_what_never_led_there_proves_nothing() -> None:
    now = [Tried("zone a", each, "") for each in (REFUSED, GONE, SILENT, UNTRIED)]
    before = [Tried("zone a", ANSWERS, "")]
    assert [each.proves for each in compared(now, before)] == [True, True, False, False]
    assert not any(each.proves for each in compared(now, []))
    assert not any(each.proves for each in compared(now, [Tried("zone a", REFUSED, "")]))
    other = [Tried("zone a", ANSWERS, "", TryWay.URL)]
    assert not any(each.proves for each in compared(now, other))
