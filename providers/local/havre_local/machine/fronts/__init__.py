"""Fronts: what answers on 127.0.0.1 before a service, and how much of it anybody may hold."""

import hashlib
from pathlib import Path


def digest(script: Path) -> str:
    """Return a digest of a front's script and of what it imports from here."""
    found = hashlib.sha256()
    for path in (script, *sorted(Path(__file__).parent.glob("*.py"))):
        found.update(path.read_bytes())
    return found.hexdigest()
