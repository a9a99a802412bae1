"""Reads a record of many lines for one project and prints seconds and memory, as JSON."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from havre.audit.accesses import Tally
from havre.audit.actors import roles, tables
from havre.audit.chain import Chain
from havre.audit.logs import AccessLogs, files_at
from havre.audit.reading import AccessSearch, record
from havre.audit.sessions import Sessions
from havre_local.machine.record.accesses import RecordReader
from havre_local.machine.record.chain import START, digest

PROJECTS = ("cohort", "pharmaco")
BEGUN = 0x6B0E0F0D
CLIENT = (
    "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.18.44 md/arch#x86_64 lang/python#3.11.7 "
    "md/pyimpl#CPython m/N,e,E,a,c cfg/retry-mode#standard Botocore/1.44.5"
)


def entries(count: int) -> Iterator[tuple[str, object]]:
    """As many requests as messages of PostgreSQL, of two projects in turn; a session of 50."""
    for number in range(count // 2):
        project = f"project_{PROJECTS[number % 2]}"
        moment = f"{number // 60 % 24:02}:{number % 60:02}:00"
        key = f"cohort/part-{number}.parquet"
        line = (
            f"havre w-curated [01/December/2026:{moment} +0000] 0.0.0.0 {project} "
            f"LCF4LU809XARZB90 s3_GetObject {key} /w-curated/{key} 200 - 4096 0 0 0 - {CLIENT} - "
            "cIn/skz9SEJZr5eUEmdPVgTy6vVYdkib= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader "
            "s3.local.amazonaws.com TLSv1.3 arn:aws:s3:::w-curated Yes"
        )
        yield "object-store", {"event": "request", "line": line, "requester": project}
        session, step = divmod(number, 50)
        said = "statement: SELECT * FROM curated.measurement WHERE patient = " + str(number)  # noqa: S608
        if step == 0:
            owner = PROJECTS[session % 2]
            said = f"connection authorized: user=project_{owner} database=w"
        began = f"{BEGUN + session:x}.{session % 30000:x}"
        yield "postgresql", f"2026-12-01 {moment}.123 UTC [{session % 30000}] {began} LOG:  {said}"


def write(path: Path, count: int) -> None:
    """A record of so many lines, each bound to the one before."""
    previous = START
    with path.open("wb") as file:
        for number, (source, entry) in enumerate(entries(count), 1):
            content = {
                "n": number,
                "time": "2026-12-01T00:04:16.837+00:00",
                "source": source,
                "entry": entry,
                "previous": previous,
            }
            line = json.dumps(content, separators=(",", ":")).encode()
            previous = digest(line)
            file.write(line + b"\n")


def main(count: int) -> None:
    """Read it, and write what is found."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.jsonl"
        write(path, count)
        logs = AccessLogs(
            roles(PROJECTS),
            lambda: RecordReader(
                {"w-curated": "curated"}, Sessions("postgresql", tables(["curated"]))
            ),
            lambda: files_at(path),
        )
        tally = Tally()
        began, worked = time.perf_counter(), time.process_time()
        with (Path(folder) / "who.jsonl").open("wb") as out:
            for _, line in record(logs, files_at(path), AccessSearch("cohort"), tally, Chain()):
                out.write(line + b"\n")
        took, worked = time.perf_counter() - began, time.process_time() - worked
    assert tally.lines == count, tally  # noqa: S101 - a benchmark that reads less is none
    assert not tally.unreadable, tally  # noqa: S101
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {"seconds": took, "cpu": worked, "mib": mib, "lines": tally.lines, "shown": tally.shown}
        )
    )


main(int(sys.argv[1]))
