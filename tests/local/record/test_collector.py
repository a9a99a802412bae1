"""Logs are collected whole and once, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import GuardError
from havre_local.machine.folder import write_json
from havre_local.machine.record import chain, collector
from havre_local.machine.record.collector import Collector, requester
from tests.waits import until

if TYPE_CHECKING:
    from havre_local.machine.folder import Folder
    from tests.local.conftest import Machine


def record(folder: Folder) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in chain.segments(folder.custody, collector.directory(folder))
        for line in path.read_bytes().splitlines()
    ]


def entries(folder: Folder, source: str) -> list[Any]:
    return [line["entry"] for line in record(folder) if line["source"] == source]


def append(folder: Folder, source: str, text: str) -> None:
    with folder.log(source).open("a") as log:
        log.write(text)


def test_lines_are_collected_once_and_only_whole(folder: Folder) -> None:
    append(folder, "service", 'one\n{"event": "two"}\nthr')
    Collector(folder).collect()
    append(folder, "service", "ee\n")
    for _ in range(2):
        Collector(folder).collect()
    assert entries(folder, "service") == ["one", {"event": "two"}, "three"]
    head = chain.read_head(folder.custody, collector.head_path(folder))
    assert head is not None
    assert chain.verify(folder.custody, collector.directory(folder), head).faults == []


def test_a_log_that_is_another_file_now_is_read_from_its_start(folder: Folder) -> None:
    append(folder, "service", "of the first file\n")
    found = Collector(folder)
    found.collect()
    folder.log("service").rename(folder.logs / "moved")
    append(folder, "service", "of the second\n")
    found.collect()
    assert entries(folder, "service") == ["of the first file", "of the second"]


def test_a_link_in_place_of_a_log_is_not_followed(folder: Folder) -> None:
    folder.log("service").symlink_to(folder.marker)
    with pytest.raises(GuardError, match="it is a link"):
        Collector(folder).collect()
    assert entries(folder, "service") == []


def test_the_disk_gets_back_what_was_collected(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "KEPT_BYTES", 1 << 16)
    found = Collector(folder)
    for number in range(8):
        append(folder, "service", f"{number} {'x' * 100_000}\n")
        found.collect()
    assert folder.log("service").stat().st_blocks * 512 < 300_000
    append(folder, "service", "the last\n")
    Collector(folder).collect()
    numbers = [str(entry).split()[0] for entry in entries(folder, "service")]
    assert numbers == [*"01234567", "the"]


def line(requester: str, target: str = "/b/k", key: str = "k", bucket: str = "b") -> str:
    return (
        f"- {bucket} [29/November/2026:16:00:00 +0000] 0.0.0.0 {requester} K0ZTJBWQEI9IRCPA "
        f"s3_GetObject {key} {target} 403 AccessDenied 0 0 0 0 - agent - id SigV4 - Yes"
    )


IMITATION = " [29/November/2026:16:00:00 +0000] 0.0.0.0 havre ABCDEFGH01234567 s3_GetObject "
ENCODED = "".join(f"%{byte:02x}" for byte in IMITATION.encode())


def test_whose_request_a_line_tells_is_what_the_server_says() -> None:
    assert requester(line("project_x")) == "project_x"
    assert requester(line("-")) == "-"
    assert requester(line("project_x", key=f"k{IMITATION}", target=f"/b/k{ENCODED}")) == "project_x"
    assert requester(line("project_x").replace("agent", f"agent{IMITATION}")) == "project_x"


@pytest.mark.parametrize("encoded", [ENCODED, ENCODED.upper(), IMITATION.replace(" ", "%20")])
def test_a_bucket_that_looks_like_the_server_s_words_is_not_believed(encoded: str) -> None:
    forged = line("-", bucket=f"b{IMITATION}", target=f"/b{encoded}/k")
    assert requester(forged) is None
    assert requester("log starts 2026-11-29") is None


def test_requests_without_a_key_are_bounded_and_counted_and_others_never_left_out(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "STRANGERS_AT_ONCE", 5.0)
    monkeypatch.setattr(collector, "_REPORT_SECONDS", 0.0)
    lines = [line("-")] * 40 + [line("-", bucket=f"b{IMITATION}", target=f"/b{ENCODED}/k")] * 40
    lines += [line("project_x")] * 40
    text = "".join(json.dumps({"event": "request", "line": one}) + "\n" for one in lines)
    append(folder, "object-store", text)
    found = Collector(folder)
    found.collect()
    told = [entry["requester"] for entry in entries(folder, "object-store")]
    assert told.count("project_x") == 40
    assert 5 <= len(told) - 40 < 80
    (dropped,) = [e["count"] for e in entries(folder, "record") if e.get("event") == "dropped"]
    assert dropped == 120 - len(told)


def message(session: int, text: str) -> str:
    return f"2026-11-29 16:00:00.000 UTC [{session}] 692b2f48.{session:x} {text}\n"


def refused(session: int) -> str:
    return (
        message(session, "LOG:  connection received: host=[local]")
        + message(session, f'FATAL:  password authentication failed for user "x{session}"')
        + message(session, 'DETAIL:  Role "x" does not exist.')
    )


def let_in(session: int) -> str:
    return (
        message(session, "LOG:  connection received: host=[local]")
        + message(session, 'LOG:  connection authenticated: identity="a" method=scram-sha-256')
        + message(session, "LOG:  connection authorized: user=a database=b")
        + message(session, "FATAL:  terminating connection due to administrator command")
    )


def test_refused_sessions_are_bounded_and_counted_and_others_never_left_out(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "STRANGERS_AT_ONCE", 5.0)
    monkeypatch.setattr(collector, "STRANGERS_A_SECOND", 0.0)
    monkeypatch.setattr(collector, "_REPORT_SECONDS", 0.0)
    own = message(1, "FATAL:  the database system is out of memory")
    text = "".join(refused(100 + number) for number in range(500))
    append(folder, "postgresql", text + own + let_in(99) + text.replace(" [", " [7"))
    text = json.dumps({"event": "request", "line": line("-")}) + "\n"
    append(folder, "object-store", text * 4)
    found = Collector(folder)
    for _ in range(3):  # the last message is taken once the log stays as it is
        found.collect()
    kept = [str(entry) for entry in entries(folder, "postgresql")]
    assert own.rstrip() in kept
    for words in ("connection authenticated", "connection authorized", "terminating connection"):
        assert [words in entry for entry in kept].count(True) == 1
    assert sum("connection received" in entry or "x1" in entry for entry in kept) == 5
    dropped = [e for e in entries(folder, "record") if e.get("event") == "dropped"]
    # Two messages of each that was refused, and that of the one that was let in.
    assert sum(entry["count"] for entry in dropped) == 2 * 1000 + 1 - 5
    assert {entry["source"] for entry in dropped} == {"postgresql"}
    assert len(entries(folder, "object-store")) == 4
    assert folder.log("postgresql").stat().st_size < 1 << 20
    written = sum(len(json.dumps(one)) for one in record(folder))
    assert written < 20_000


def test_sessions_that_go_without_a_word_are_forgotten(folder: Folder) -> None:
    found = Collector(folder)
    text = "".join(message(n, "LOG:  connection received: host=[local]") for n in range(20_000))
    append(folder, "postgresql", text)
    for _ in range(3):
        found.collect()
    assert len(found._strangers._begun) <= 10_000
    assert len(entries(folder, "postgresql")) <= collector.STRANGERS_AT_ONCE + 60


def test_the_retention_that_is_asked_decides_how_long_the_record_is_kept(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "SEGMENT_BYTES", 1)
    write_json(folder, folder.logs / "policy.json", {"retention_days": 30})
    for number in range(3):
        append(folder, "service", f"{number}\n")
        Collector(folder).collect()
    old = chain.segments(folder.custody, collector.directory(folder))[0]
    os.utime(old, (0, 0))
    Collector(folder).collect()
    assert not old.exists()
    assert "2" in entries(folder, "service")
    assert chain.verify(folder.custody, collector.directory(folder)).faults == []


def test_what_a_running_warehouse_does_is_in_its_record(machine: Machine) -> None:
    with machine.project.connect() as connection:
        connection.execute("SELECT 'recorded here'")
        backend = connection.info.backend_pid
    machine.admin.client().list_buckets()

    def recorded() -> bool:
        found = record(machine.folder)
        sessions = [e for e in entries(machine.folder, "postgresql-tls") if e != str(e)]
        requests = [e for e in entries(machine.folder, "object-store") if e != str(e)]
        return (
            any("recorded here" in str(one["entry"]) for one in found)
            and any(one.get("backend") == backend for one in sessions)
            and any(one.get("requester") == "havre" for one in requests)
        )

    until(recorded)
    head = chain.read_head(machine.folder.custody, collector.head_path(machine.folder))
    assert head is not None
    assert (
        chain.verify(machine.folder.custody, collector.directory(machine.folder), head).faults == []
    )
