"""Previews and states that a real Pulumi CLI wrote: `python -m tests.facts.record` does it anew."""

import gzip
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"
FOLDER = "/data"
"""What stands in a recording for the folder of a warehouse on the machine that made it."""


def recording(example: str, provider: str, source: str, folder: Path) -> Path:
    """A preview or a state of an example, as a file; most are kept compressed."""
    kept = RECORDED / f"{provider}-{source}.json"
    if example == "emc2" and kept.is_file():
        return kept
    found = folder / f"{example}-{kept.name}"
    found.write_bytes(gzip.decompress((RECORDED / f"{found.name}.gz").read_bytes()))
    return found
