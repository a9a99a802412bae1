"""Seals many objects, verifies them by `verify.sh`, prints seconds and memory, as JSON."""

import datetime as dt
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from havre.exit.records import ObjectLine, digest_of
from havre.exit.seal.contents import Contents, Leaving, Level, ZoneSides
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.sealing import seal
from havre.exit.seal.verifying import Trust, verified

NOW = dt.datetime.now(dt.UTC)
SIDES = ("emc2", "azure", "ovh")


def lines(count: int) -> Iterator[str]:
    """As many objects, in the order of evidence, each with a content of its own."""
    properties = digest_of({"content-type": "application/octet-stream"})
    for number in range(count):
        content = hashlib.sha256(number.to_bytes(8, "big")).hexdigest()
        key = f"patients/2026/{number % 7}/part".replace("/", f"/{number:09}/", 1)
        yield str(ObjectLine(key, 1, 4096 + number, content, properties))


def main() -> None:
    """Seal `COUNT` objects."""
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="havre-bench-") as name:
        folder = Path(name)
        signer, clock = rehearsal_authorities(folder / "keys")
        departure = Leaving(*SIDES, Level.REHEARSAL, NOW, NOW, "Controller", "Host")
        zone = ZoneSides("curated", lines(count), lines(count), count)
        began = time.perf_counter()
        sealed = seal(
            folder / "seal", Contents(departure, (zone,), (), (), b"{}", b"[]"), signer, clock
        )
        wrote = time.perf_counter() - began
        began = time.perf_counter()
        verified(sealed.folder, Trust(signer.authority, clock.authority))
        took = time.perf_counter() - began
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"objects": count, "write": wrote, "verify": took, "mib": mib}))


if __name__ == "__main__":
    main()
