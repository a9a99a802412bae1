"""A move, the start of a replication, or a step of an exit in a process of its own, to be killed.

The two servers come on its standard input.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest import mock

from havre.exit.database import replication
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove, move
from havre.exit.folder import opened
from havre.exit.steps import databases
from tests.exit.database.servers import NO_READER, Server, StandingReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre.capabilities import Supported

ROOT = Path(__file__).parents[3]


def started(source: Server, target: Server, *words: str) -> subprocess.Popen[bytes]:
    """A move in a process of its own; with `replication` the start of one, `copy FOLDER` a step."""
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


def between(
    source: Server, target: Server, reader: StandingReader | Supported = NO_READER
) -> Callable[..., SimpleNamespace]:
    """How an exit reaches its sides `../a` and `../b`, which have a database and no zone."""
    ends = {"../a": source, "../b": target}

    def reach(side: SimpleNamespace, _folder: Path) -> SimpleNamespace:
        end = ends[side.data_dir]
        outputs = SimpleNamespace(database=end, zones={})
        live = SimpleNamespace(database=lambda: end, database_reader=lambda: reader)
        return SimpleNamespace(outputs=outputs, live=live)

    return reach


def main() -> None:
    source, target = (
        DatabaseSide(Server(**{**each, "binaries": Path(each["binaries"])}))
        for each in json.loads(sys.stdin.read())
    )

    def done(name: str, size: int) -> None:
        sys.stdout.write(f"{name} {size}\n")
        sys.stdout.flush()

    job = DatabaseMove("leaving", source, target, 2, done=done)
    if sys.argv[1:2] == ["copy"]:
        reach = between(source.end, target.end)  # type: ignore[arg-type]
        with mock.patch.object(databases, "reach", reach), opened(Path(sys.argv[2])) as folder:
            databases.copy_database(folder, lambda _: None)
    elif sys.argv[1:] == ["replication"]:
        replication.start(job, source.end.reach)  # type: ignore[attr-defined]
    else:
        move(job)


if __name__ == "__main__":
    main()
