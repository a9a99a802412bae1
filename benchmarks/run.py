"""Times whole commands, as a user would wait for them; medians of five after one warm-up.

Run by `make bench`. Prints a table and writes JSON to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = str(ROOT / "examples" / "emc2" / "warehouse.yaml")
HAVRE = [sys.executable, "-m", "havre"]
RUNS = 5


@dataclass(frozen=True)
class Figure:
    """What one command took.

    Attributes:
        name: what was measured.
        budget_seconds: what it may take at most.
        wall_seconds: every counted run.
        median_seconds: their median.
        peak_mib: largest resident size of any run, MiB.
    """

    name: str
    budget_seconds: float
    wall_seconds: list[float]
    median_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Ratio:
    """How often as long as something else a command took, by the medians of runs in turn.

    Attributes:
        name: what was measured, and against what.
        most: what the ratio may be at most.
        ratio: what it was.
        medians: seconds of the one and of the other.
    """

    name: str
    most: float
    ratio: float
    medians: tuple[float, float]


def ratio(name: str, most: float, walls: list[float], others: list[float]) -> Ratio:
    """The ratio of two commands that were run in turn."""
    one, other = statistics.median(walls), statistics.median(others)
    return Ratio(name, most, round(one / other, 2), (one, other))


def check(provider: str) -> list[str]:
    """A check of the example; it may find something."""
    return [*HAVRE, "check", EXAMPLE, "--provider", provider]


def compare(form: str) -> list[str]:
    """A comparison of the example on three hosts."""
    hosts = [word for name in ("azure", "ovh", "local") for word in ("--provider", name)]
    return [*HAVRE, "compare", EXAMPLE, *hosts, "--format", form]


@dataclass(frozen=True)
class Run:
    """One run: seconds by the clock, and the largest resident size of its process, MiB."""

    seconds: float
    mib: float


def _run(command: list[str], *, expect: int | None = 0) -> Run:
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped already
        if expect is not None and process.returncode != expect:
            said.seek(0)
            sys.exit(
                f"{' '.join(command)} ended with {process.returncode}:\n{said.read().decode()}"
            )
    return Run(round(took, 4), used.ru_maxrss / 1024)


def measure(name: str, budget: float, command: list[str], expect: int | None = 0) -> Figure:
    """Run a command once to warm up and `RUNS` times to count; `expect` is its exit code."""
    _run(command, expect=expect)
    runs = [_run(command, expect=expect) for _ in range(RUNS)]
    walls, peak = [run.seconds for run in runs], max(run.mib for run in runs)
    return Figure(name, budget, walls, statistics.median(walls), round(peak, 1))


def many_resources(count: int = 2000) -> Figure:
    """Evaluation alone of many azure-native resources: 3 ms each at most."""
    command = [sys.executable, str(ROOT / "benchmarks" / "many_resources.py"), str(count)]
    walls = []
    for _ in range(RUNS):
        done = subprocess.run(command, capture_output=True, check=True)
        walls.append(round(json.loads(done.stdout)["seconds"], 4))
    return Figure(f"evaluate {count} resources", 6.0, walls, statistics.median(walls), 0.0)


def accesses(count: int = 1_000_000) -> Figure:
    """Who did what in a record of a million lines: 10 s and 500 MiB at most."""
    command = [sys.executable, str(ROOT / "benchmarks" / "accesses.py"), str(count)]
    told = []
    for _ in range(RUNS):
        done = subprocess.run(command, capture_output=True, check=True)
        told.append(json.loads(done.stdout))
    walls = [round(each["seconds"], 4) for each in told]
    peak = round(max(each["mib"] for each in told), 1)
    return Figure(f"accesses in {count} lines", 10.0, walls, statistics.median(walls), peak)


def _controls(provider: str, count: int) -> dict[str, float]:
    """Facts and controls over many resources, in a process of their own."""
    command = [sys.executable, str(ROOT / "benchmarks" / "many_controls.py"), str(count), provider]
    done = subprocess.run(command, capture_output=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def many_controls(provider: str, count: int = 10_000) -> Figure:
    """Controls alone over many resources: 2 s and 300 MiB at most; facts are counted apart."""
    told = [_controls(provider, count) for _ in range(RUNS)]
    walls = [round(each["controls"], 4) for each in told]
    facts = statistics.median(each["facts"] for each in told)
    name = f"controls over {count} on {provider} (facts {facts:.1f} s)"
    peak = round(max(each["mib"] for each in told), 1)
    return Figure(name, 2.0, walls, statistics.median(walls), peak)


def large_state(folder: Path, provider: str, count: int = 16_000) -> Figure:
    """A check of a state of many resources, whole, as a user waits for it: 6 s at most."""
    state = folder / f"{provider}.json"
    script = str(ROOT / "benchmarks" / "large_states.py")
    subprocess.run(
        [sys.executable, script, str(state), str(count), provider], check=True, capture_output=True
    )
    command = [*HAVRE, "check", EXAMPLE, "--state", str(state), "--format", "json"]
    return measure(f"check of a state of {count} on {provider}", 6.0, command, expect=None)


def relations(what: str, count: int = 2000) -> Figure:
    """Facts alone of many relations whose ends are one or unknown: 2 s at most."""
    command = [sys.executable, str(ROOT / "benchmarks" / "relations.py"), what, str(count)]
    runs = [subprocess.run(command, capture_output=True, check=True) for _ in range(RUNS)]
    told = [json.loads(done.stdout) for done in runs]
    walls = [round(each["seconds"], 4) for each in told]
    peak = round(max(each["mib"] for each in told), 1)
    return Figure(f"facts of {count} {what}", 2.0, walls, statistics.median(walls), peak)


def _sealed(count: int) -> dict[str, float]:
    """A seal of many objects, written and verified in a process of its own."""
    command = [sys.executable, str(ROOT / "benchmarks" / "seals.py"), str(count)]
    done = subprocess.run(command, capture_output=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def seals(few: int = 200_000, many: int = 1_000_000) -> list[Figure]:
    """`verify.sh` over some objects, 3 s at most; a seal of many, by the memory of its writer."""
    walls = [round(_sealed(few)["verify"], 4) for _ in range(RUNS)]
    told = _sealed(many)
    took, peak = round(told["write"], 4), round(told["mib"], 1)
    return [
        Figure(f"verify.sh, {few} objects", 3.0, walls, statistics.median(walls), 0.0),
        Figure(f"havre.exit.seal, {many} objects", 60.0, [took], took, peak),
    ]


def against_the_floor(count: int = 10_000) -> list[Ratio]:
    """Commands against `import pulumi`, which every one of them waits for; all in turn.

    A check of many resources is counted from the plan to the findings: facts, controls, waivers
    and gaps. How the plan came about is left out: an evaluation of so many resources is measured
    apart, and a preview or a state takes as long as the CLI that writes it.
    """
    floor = [sys.executable, "-c", "import pulumi"]
    plan = [*HAVRE, "plan", EXAMPLE, "--provider", "azure"]
    walls: dict[str, list[float]] = {"floor": [], "check": [], "plan": [], "many": []}
    for _ in range(RUNS):
        walls["floor"].append(_run(floor).seconds)
        walls["check"].append(_run(check("azure"), expect=None).seconds)
        walls["plan"].append(_run(plan).seconds)
        walls["many"].append(_controls("azure", count)["all"])
    return [
        ratio(f"{name} / import pulumi", most, walls[kind], walls["floor"])
        for name, most, kind in (
            ("havre check --provider azure", 3.5, "check"),
            ("havre plan --provider azure", 3.5, "plan"),
            (f"check of {count} resources", 8.0, "many"),
        )
    ]


def copies(kind: str, small: int = 4000, large: int = 4) -> list[Ratio]:
    """Copy and proof of objects against rclone's copy and check, in turn, by the clock."""
    counts = ("3", f"{small}", f"{large}", kind)
    command = [sys.executable, "-m", "benchmarks.objects", *counts]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    told = json.loads(done.stdout.splitlines()[-1])
    walls = {name: [each[0] for each in told[name]] for name in told if name != "bytes"}
    ours, theirs = (
        [sum(both) for both in zip(walls[copy], walls[proof], strict=True)]
        for copy, proof in (("copy", "verify"), ("rclone copy", "rclone check"))
    )
    return [
        ratio(f"exit copy and verify / rclone, from {kind}", 0.8, ours, theirs),
        ratio(f"exit copy / rclone, from {kind}", 1.0, walls["copy"], walls["rclone copy"]),
        ratio(f"exit copy again / first, from {kind}", 0.1, walls["again"], walls["copy"]),
    ]


def inventory(count: int = 1_000_000) -> list[Figure]:
    """The plan of many objects, whose listing is simulated, and the status after it."""
    command = [sys.executable, "-m", "benchmarks.inventory", str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    told = json.loads(done.stdout)
    took, status = round(told["plan"], 1), round(told["status"], 2)
    journal = f"exit plan, {count} objects (journal {told['journal']:.0f} MiB)"
    return [
        Figure(journal, 1800.0, [took], took, round(told["mib"], 1)),
        Figure(f"exit status, {count} objects", 1.0, [status], status, 0.0),
    ]


def previews() -> list[Ratio]:
    """`pulumi preview` of our program against a plain one, and with the pack against without."""
    if shutil.which("pulumi") is None:
        print("pulumi preview: not measured, no `pulumi` on PATH")
        return []
    command = [sys.executable, "-m", "benchmarks.previews", str(RUNS), "azure"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
    told = json.loads(done.stdout.splitlines()[-1])
    return [
        ratio("pulumi preview, ours / plain program", 0.5, told["ours"], told["plain"]),
        ratio("pulumi preview, pack / no pack", 1.3, told["with the pack"], told["ours"]),
    ]


def figures(data_dir: Path) -> list[Figure]:
    """Measure everything; the warehouse of the last figure stands in `data_dir`."""
    up = [*HAVRE, "up", EXAMPLE, "--provider", "local", "--data-dir", str(data_dir), "--yes"]
    plan = [*HAVRE, "plan", EXAMPLE, "--provider", "local"]
    measured = [
        measure("havre validate", 0.4, [*HAVRE, "validate", EXAMPLE]),
        measure("havre plan --provider local", 1.2, plan),
        *(
            measure(f"havre plan --provider {name}", 1.5, [*HAVRE, "plan", EXAMPLE, "-p", name])
            for name in ("azure", "ovh")
        ),
        many_resources(),
        accesses(),
        *(
            measure(f"havre check --provider {name}", 1.5, check(name), expect=None)
            for name in ("azure", "ovh")
        ),
        *(measure(f"havre compare, as {form}", 3.0, compare(form)) for form in ("table", "html")),
        *(many_controls(name) for name in ("azure", "ovh")),
        *(relations(what) for what in ("links", "grants", "settings", "names")),
        *(large_state(data_dir.parent, name) for name in ("azure", "ovh")),
        *seals(),
        *inventory(),
    ]
    first = _run(up)
    took, peak = first.seconds, round(first.mib, 1)
    try:
        measured.append(Figure("havre up, from nothing", 10.0, [took], took, peak))
        measured.append(measure("havre up, nothing to change", 2.0, up))
    finally:
        _run([*HAVRE, "down", "--data-dir", str(data_dir)])
    return measured


def show(found: list[Figure], ratios: list[Ratio]) -> None:
    """Print what was measured, each with what it may be."""
    for figure in found:
        verdict = "ok" if figure.median_seconds <= figure.budget_seconds else "OVER"
        print(
            f"{figure.name:44} {figure.median_seconds:7.3f} s  "
            f"(at most {figure.budget_seconds} s)  {verdict}"
        )
    for each in ratios:
        verdict = "ok" if each.ratio <= each.most else "OVER"
        one, other = each.medians
        print(f"{each.name:44} {one:7.3f} s / {other:.3f} s = {each.ratio}", end="  ")
        print(f"(at most {each.most})  {verdict}")


def write(folder: Path, found: list[Figure], ratios: list[Ratio]) -> Path:
    """Write what was measured, on what machine, as JSON; the file."""
    now = dt.datetime.now(dt.UTC)
    result = {
        "taken": now.isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "figures": [asdict(figure) for figure in found],
        "ratios": [asdict(each) for each in ratios],
    }
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{now:%Y-%m-%d}.json"
    target.write_text(json.dumps(result, indent=2) + "\n")
    return target


def main() -> int:
    """Measure, print and write; 1 where a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--ratios", action="store_true", help="measure ratios alone")
    arguments = parser.parse_args()
    found: list[Figure] = []
    if not arguments.ratios:
        with tempfile.TemporaryDirectory(prefix="havre-bench-") as folder:
            Path(folder).chmod(0o711)
            found = figures(Path(folder) / "warehouse")
    ratios = [*against_the_floor(), *previews()]
    ratios += [each for kind in ("versitygw", "azurite") for each in copies(kind)]
    target = write(arguments.output, found, ratios)
    show(found, ratios)
    print(f"written to {target.relative_to(ROOT)}" if target.is_relative_to(ROOT) else target)
    over = any(f.median_seconds > f.budget_seconds for f in found)
    return int(over or any(each.ratio > each.most for each in ratios))


if __name__ == "__main__":
    sys.exit(main())
