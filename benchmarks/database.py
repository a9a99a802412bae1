"""Times a database's move against pg_dump and pg_restore, and digests against the restore.

`python -m benchmarks.database RUNS ROWS`: both take their turn in each run, with the same jobs,
into databases of one server. Prints seconds as JSON: by the clock and, where other work shares
the machine, of all processors together, servers included. The reference writes its dump in clear
and without compression, which is its fastest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from havre.exit.database import verify
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove, move
from havre_local.machine.postgresql import installation
from tests.exit.database.servers import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.exit.database.servers import Server

JOBS = 2
TABLES = """
CREATE TABLE person (id int PRIMARY KEY, born date, sex text, place text);
INSERT INTO person
  SELECT i, date '1920-01-01' + i % 36000, (ARRAY['f','m'])[1 + i % 2], md5(i::text)
  FROM generate_series(1, {rows}) i;
CREATE TABLE visit (id bigint PRIMARY KEY, person int REFERENCES person, at timestamptz, note text);
INSERT INTO visit SELECT i, 1 + i % {rows}, timestamptz '2020-01-01' + i * interval '1 minute',
  repeat(md5(i::text), 4) FROM generate_series(1, {rows} * 2) i;
CREATE INDEX ON visit (person);
CREATE TABLE measurement (
  id bigint PRIMARY KEY, visit bigint, value float8, unit text, exact numeric);
INSERT INTO measurement
  SELECT i, i, i / 7.0, 'mmol/L', i * 1.25 FROM generate_series(1, {rows} * 2) i;
CREATE INDEX ON measurement (visit);
CREATE TABLE code (system text, code text, label text, PRIMARY KEY (system, code));
INSERT INTO code SELECT 's' || i % 5, md5(i::text), 'label ' || i FROM generate_series(1, {rows}) i;
"""


def timed(act: Callable[[], object], *servers: Server) -> tuple[float, float]:
    """Seconds that something takes, by the clock and of all processors."""
    began, used = time.perf_counter(), spent(servers)
    act()
    return round(time.perf_counter() - began, 2), round(spent(servers) - used, 2)


def spent(servers: Iterable[Server]) -> float:
    """Seconds of processors that this process, its children and ended sessions have used."""
    time.sleep(0.3)  # until what has ended is counted
    total = sum(os.times()[:4])
    for server in servers:
        words = Path(f"/proc/{server.process}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def program(end: Server, *argv: str) -> None:
    """One of PostgreSQL's programs on a database."""
    with end.client() as client:
        command = [str(end.binaries / argv[0]), *argv[1:]]
        environment = {**os.environ, **client.environment}
        subprocess.run(command, env=environment, pass_fds=client.descriptors, check=True)


def one_run(source: Server, target: Server, number: int) -> dict[str, tuple[float, float]]:
    """Both ways once, and the digests of both sides."""
    ours, theirs = target.database(f"ours_{number}"), target.database(f"theirs_{number}")
    with tempfile.TemporaryDirectory(prefix="havre-bench-") as folder:
        dump = str(Path(folder) / "dump")
        words = ("--format=directory", "--compress=none", f"--jobs={JOBS}", f"--file={dump}")
        dumped = timed(lambda: program(source, "pg_dump", *words), source)
        last = (f"--jobs={JOBS}", f"--dbname={theirs.name}", dump)
        restored = timed(lambda: program(theirs, "pg_restore", *last), target)
    sides = DatabaseSide(source), DatabaseSide(ours)
    job = DatabaseMove("bench", *sides, JOBS, target.binaries)
    moved = timed(lambda: move(job), source, target)
    digested = timed(lambda: verify.verify(*sides, jobs=JOBS), source, target)
    if not verify.verify(*sides, jobs=JOBS).same:
        sys.exit("the target holds something else than the source")
    for end in (ours, theirs):
        end.drop()
    return {"move": moved, "dump": dumped, "restore": restored, "digests": digested}


def main() -> None:
    """Measure and print."""
    runs, rows = int(sys.argv[1]), int(sys.argv[2])
    found = installation.find()
    with running(found) as source, running(found) as target:
        made = source.database("left")
        made.run(TABLES.format(rows=rows))
        made.run("VACUUM ANALYZE")
        told = [one_run(made, target, number) for number in range(runs)]
    print(json.dumps({name: [each[name] for each in told] for name in told[0]}))


if __name__ == "__main__":
    main()
