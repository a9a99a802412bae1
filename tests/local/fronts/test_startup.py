"""How a session of PostgreSQL begins, as its front reads it."""

from __future__ import annotations

import struct

import pytest

from havre_local.machine.fronts import startup
from havre_local.machine.fronts.startup import Beginning, RefusedError
from tests.local.attackers import startup as packet


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


AUTHENTICATED = message(b"R", struct.pack("!I", 0))
BACKEND = message(b"K", struct.pack("!II", 4711, 99))
READY = message(b"Z", b"I")
ASKED = message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0")


def test_a_whole_packet_says_who_asks_for_what() -> None:
    asked = packet(user="project_x", database="demo", application_name="odd\tname")
    assert startup.parameters(asked)["user"] == "project_x"
    assert startup.parameters(packet(user="été"))["user"] == "été"


LINE = "\n2026-01-01 00:00:00 UTC [1] role=project_x LOG:  statement: SELECT 1\n"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (packet(user=LINE, database="demo"), "28000"),
        (packet(user="x", database=f"demo{LINE}"), "28000"),
        (packet(user="x\x1b[2J"), "28000"),
        (packet(user="x\u202e"), "28000"),
        (packet(user="x\x85y"), "28000"),
        (packet(database="demo"), "28000"),
        (packet(user=""), "28000"),
        (packet(user="x")[:-1], "08P01"),
        (packet(user="x") + b"more\0", "08P01"),
        (struct.pack("!II", 8, 80_877_103), "0A000"),
        (struct.pack("!II", 8, 2 << 16), "0A000"),
        (struct.pack("!II", 400, 80_877_102) + b"k" * 392, "0A000"),
    ],
)
def test_what_is_no_packet_or_would_break_a_line_is_refused(asked: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as raised:
        startup.parameters(asked)
    assert raised.value.code == code


@pytest.mark.parametrize("key", [4, 32, 256])
def test_a_cancellation_asks_for_no_session(key: int) -> None:
    asked = struct.pack("!III", 12 + key, 80_877_102, 4711) + b"k" * key
    assert startup.parameters(asked) == {}


@pytest.mark.parametrize("size", [1, 3, 7, 4096])
def test_a_session_is_known_once_it_is_ready(size: int) -> None:
    sent = ASKED + AUTHENTICATED + message(b"S", b"TimeZone\0UTC\0") + BACKEND + READY
    begun = Beginning()
    for at in range(0, len(sent), size):
        assert not begun.over
        begun.take(sent[at : at + size])
    assert (begun.authenticated, begun.backend, begun.over) == (True, 4711, True)
    begun.take(message(b"E", b"C57P01\0\0"))
    assert begun.code == ""


def test_a_refusal_is_known_by_its_code() -> None:
    begun = Beginning()
    begun.take(ASKED + startup.refusal("28P01", "password authentication failed"))
    assert (begun.authenticated, begun.code, begun.over) == (False, "28P01", True)


def test_a_message_of_any_length_is_not_kept() -> None:
    begun = Beginning()
    begun.take(b"S" + struct.pack("!I", 1 << 30))
    assert (begun.over, begun.authenticated) == (True, False)
