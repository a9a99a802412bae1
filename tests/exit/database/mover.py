"""A move, or the start of a replication, in a process of its own, to be killed.

The two servers come on its standard input.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

from havre.exit.database import replication
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove, move
from tests.exit.database.servers import Server

ROOT = Path(__file__).parents[3]


def started(source: Server, target: Server, *words: str) -> subprocess.Popen[bytes]:
    """A move in a process of its own, or with `replication` the start of one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.exit.database.mover", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    sides = [
        dataclasses.asdict(each) | {"binaries": str(each.binaries)} for each in (source, target)
    ]
    assert process.stdin
    process.stdin.write(json.dumps(sides).encode())
    process.stdin.close()
    return process


def main() -> None:
    source, target = (
        DatabaseSide(Server(**{**each, "binaries": Path(each["binaries"])}))
        for each in json.loads(sys.stdin.read())
    )

    def done(name: str, size: int) -> None:
        sys.stdout.write(f"{name} {size}\n")
        sys.stdout.flush()

    job = DatabaseMove("leaving", source, target, 2, done=done)
    if sys.argv[1:] == ["replication"]:
        replication.start(job, source.end.reach)  # type: ignore[attr-defined]
    else:
        move(job)


if __name__ == "__main__":
    main()
