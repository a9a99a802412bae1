"""A move in a process of its own, to be killed: the two servers come on its standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove, move
from tests.exit.database.servers import Server


def main() -> None:
    source, target = (
        DatabaseSide(Server(**{**each, "binaries": Path(each["binaries"])}))
        for each in json.loads(sys.stdin.read())
    )

    def done(name: str, size: int) -> None:
        sys.stdout.write(f"{name} {size}\n")
        sys.stdout.flush()

    move(DatabaseMove("leaving", source, target, 2, target.end.binaries, done=done))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
