"""Adds to a CycloneDX document what `make setup` builds from Go modules.

Run as `python scripts/sbom.py DOCUMENT`: the document lists the Python packages, and is written
again with the modules of `go-modules.lock`. Format: CycloneDX 1.6, and
https://github.com/package-url/purl-spec for names of Go modules.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROGRAM = "versitygw"
"""The program of `go-modules.lock` that a warehouse runs; others are the developers'."""


def modules(lock: str, program: str = PROGRAM) -> list[dict[str, Any]]:
    """A component for each Go module of a program.

    Args:
        lock: lines of program, module, version and hash (`h1:` of Go's checksum database).
        program: whose modules are listed.
    """
    rows = (line.split() for line in lock.splitlines() if line.strip())
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:golang/{module}@{version}",
            "name": module,
            "version": version,
            "purl": f"pkg:golang/{module}@{version}",
            "properties": [{"name": "go:sum", "value": checksum}],
        }
        for owner, module, version, checksum in rows
        if owner == program
    ]


def main() -> None:
    """Write the document again, with the Go modules."""
    path = Path(sys.argv[1])
    document = json.loads(path.read_text())
    found = modules((ROOT / "go-modules.lock").read_text())
    document["components"] = [*document.get("components", ()), *found]
    path.write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(f"{path}: {len(document['components'])} components\n")


if __name__ == "__main__":
    main()
