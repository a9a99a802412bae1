"""Times a whole rehearsal and adds up the memory of all its processes: 90 s and 2 GiB are the aims.

Run by hand on an idle machine of two cores: python benchmarks/rehearsals.py azure ovh
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = str(ROOT / "examples" / "emc2" / "warehouse.yaml")
SECONDS, MIB = 90, 2048
PAUSE = 0.5


def peaks(place: str) -> dict[str, int]:
    """VmHWM by process, KiB, of those whose command or folder names the rehearsal."""
    found = {}
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes().decode(errors="replace")
            here = str((process / "cwd").readlink())
            if process.name.isdecimal() and (place in line or here.startswith(place)):
                told = (process / "status").read_text()
                held = next((each for each in told.splitlines() if each.startswith("VmHWM")), "")
                if held:
                    found[process.name] = int(held.split()[1])
    return found


def main(source: str, target: str) -> None:
    """Rehearse once, and print what it took."""
    with tempfile.TemporaryDirectory(prefix="havre-bench-") as folder:
        place = str(Path(folder) / "rehearsal")
        words = ("--from", source, "--to", target, "--data-dir", place)
        began, largest = time.monotonic(), 0
        command = [sys.executable, "-m", "havre", "exit", "rehearse", EXAMPLE, *words]
        child = subprocess.Popen(command)
        while child.poll() is None:
            largest = max(largest, sum(peaks(place).values()))
            time.sleep(PAUSE)
        took = time.monotonic() - began
    print(f"{source} to {target}: {took:.0f} s of {SECONDS}, {largest / 1024:.0f} MiB of {MIB}")
    sys.exit(child.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:3])
