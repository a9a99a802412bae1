"""Faults of any two kinds in a data file are reported together, each with what to change."""

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from havre.errors import InputError
from havre.exit.settings import read_exit
from havre.policy import Profile
from havre.policy.frameworks import load_frameworks
from havre.policy.profiles import ProfileTerms, read_terms
from havre.policy.qualifications import load_qualifications
from havre.policy.schemes import load_schemes
from havre.policy.waivers import WaiverBounds, load_waivers

TERMS = ProfileTerms(profile=Profile.HEALTH, waiver_days=366)
BOUNDS = WaiverBounds(dt.date(2026, 11, 30), TERMS, frozenset({"audit.central", "audit.keys"}))
TAKEN = load_frameworks(Path(__file__).parents[2] / "policies/havre_policies/frameworks.yaml")

WAIVERS = """\
waivers:
  - control: audit.central
    owner: Head of security
    reason: Flows are logged elsewhere for now.
    decision: R-1
    expires: 2027-02-01
    resources: [flows]
  - control: audit.keys
    owner: Platform team
    reason: Keys are reviewed by hand each week.
    decision: R-2
    expires: 2027-03-01
  - control: audit.keys
    owner: Platform team
    reason: Keys are reviewed by hand each month.
    decision: R-3
    expires: 2027-04-01
"""
FRAMEWORKS = """\
frameworks:
  - key: OUR
    title: Our rules
    binds: us
    requirements: {count: 2, source: a page, read_on: 2026-11-01}
    headings:
      - id: 1.1
        title: Logs
        controls: [audit.central, audit.keys]
        coverage: partly
        part: What is logged.
      - id: 1.2
        title: People
  - key: YOUR
    title: Your rules
    binds: you
"""
EXIT = """\
name: leaving
source: {data_dir: ../here}
target:
  state: target.json
  stack: Pulumi.prod.yaml
controller: A hospital
host: A host SAS
zones: {curated: gold, raw: silver}
contract:
  notice: 2026-06-01
  ends: 2027-06-01
renamings:
  - zone: curated
    keys: {a: b}
    who: Officer
    why: Names differ.
    when: 2026-11-01
  - zone: curated
    keys: {c: d}
    who: Officer
    why: Names differ.
    when: 2026-11-02
decisions:
  - property: tier
    who: Officer
    why: There is one tier.
    when: 2026-11-03
  - property: tags
    who: Officer
    why: There are no tags.
    when: 2026-11-04
"""
PROFILES = """\
profiles:
  - profile: health
    waiver_days: 366
  - profile: baseline
    waiver_days: 730
"""
SCHEMES = """\
schemes:
  - {id: c5, title: C five, profile: baseline, severity: low, cites: [X 1], remedy: Do it.}
  - {id: c6, title: C six, profile: baseline, severity: low, cites: [X 2], remedy: Do it.}
"""
RECORDS = """\
records:
  - offer: Cloud
    products: [Objects]
    scheme: hds
    status: qualified
    source: a list
    read_on: 2026-11-01
    since: 2026-01-01
    until: 2027-01-01
  - offer: Cloud
    products: [Tables]
    scheme: hds
    status: qualified
    source: a list
    read_on: 2026-11-01
"""


@dataclass(frozen=True)
class Fault:
    """A change that is wrong, and what is reported of it: place, and words."""

    old: str
    new: str
    place: str
    said: str


@dataclass(frozen=True)
class File:
    text: str
    read: Callable[[Path], object]
    faults: tuple[Fault, ...]


FILES = {
    "waivers.yaml": File(
        WAIVERS,
        lambda path: load_waivers(path, BOUNDS),
        (
            Fault("owner: Head of security", "owner: TODO", "waivers[0].owner", "filled in"),
            Fault("decision: R-1", "decision: R-1\n    sope: x", "waivers[0].sope", "is unknown"),
            Fault("expires: 2027-02-01", "expires: never", "waivers[0].expires", "never"),
            Fault(
                "reason: Flows are logged elsewhere for now.",
                "reason: x",
                "waivers[0].reason",
                "explain",
            ),
            Fault("    decision: R-3\n", "", "waivers[2].decision", "is missing"),
            Fault(
                "- control: audit.central",
                "- control: audit.centrl",
                "waivers[0].control",
                "no control `audit.centrl`",
            ),
            Fault(
                "expires: 2027-02-01",
                "expires: 2028-02-01",
                "waivers[0].expires",
                "at most 366 days",
            ),
            Fault(
                "decision: R-2",
                "decision: Keys are reviewed by hand each week.",
                "waivers[1].reason",
                "only repeats",
            ),
            Fault("expires: 2027-04-01", "expires: 2027-03-01", "waivers[2]", "same as waivers[1]"),
            Fault(
                "resources: [flows]", "resources: flows", "waivers[0].resources", "must be a list"
            ),
            Fault(
                "resources: [flows]",
                "resources: [flows]\n    provider: !x azure",
                "waivers[0].provider",
                "the tag",
            ),
        ),
    ),
    "frameworks.yaml": File(
        FRAMEWORKS,
        lambda path: load_frameworks(path, TAKEN, BOUNDS.known),
        (
            Fault("    binds: us\n", "", "frameworks[0].binds", "is missing"),
            Fault(
                "binds: you",
                "binds: you\n    headngs: []",
                "frameworks[1].headngs",
                "did you mean `headings`",
            ),
            Fault(
                "title: Logs", "title: ''", "frameworks[0].headings[0].title", "must not be empty"
            ),
            Fault(
                "count: 2", "count: 1", "frameworks[0].requirements.count", "more than its count"
            ),
            Fault(
                "read_on: 2026-11-01", "read_on: soon", "frameworks[0].requirements.read_on", "soon"
            ),
            Fault("id: 1.2", "id: 1.1", "frameworks[0].headings[1].id", "listed twice"),
            Fault(
                "title: People",
                "title: People\n        part: All.",
                "frameworks[0].headings[1]",
                "has either",
            ),
            Fault(
                "[audit.central, audit.keys]",
                "[audit.central, audit.kys]",
                "frameworks[0].headings[0].controls[1]",
                "no control `audit.kys`",
            ),
            Fault("key: YOUR", "key: SNC", "frameworks[1].key", "installed already"),
            Fault("key: YOUR", "key: OUR", "frameworks[1].key", "listed twice"),
            Fault(
                "title: Your rules",
                "title: Your rules\n    id: !x a",
                "frameworks[1].id",
                "the tag",
            ),
        ),
    ),
    "exit.yaml": File(
        EXIT,
        lambda path: read_exit(path.parent),
        (
            Fault("name: leaving", "name: Leaving !", "name", "must match"),
            Fault("controller: A hospital\n", "", "controller", "is missing"),
            Fault(
                "source: {data_dir: ../here}",
                "source: {data_dir: a, state: b}",
                "source",
                "either data_dir or state",
            ),
            Fault(
                "source: {data_dir: ../here}",
                "source: {state: ./target.json}",
                "target.state",
                "is the source too",
            ),
            Fault(
                "zones: {curated: gold, raw: silver}",
                "zones: {curated: gold, raw: gold}",
                "zones.raw",
                "as `curated` does",
            ),
            Fault(
                "zones: {curated: gold, raw: silver}",
                "zones: {curated: 3}",
                "zones.curated",
                "must be text",
            ),
            Fault("ends: 2027-06-01", "ends: 2026-05-31", "contract.ends", "before the notice"),
            Fault("ends: 2027-06-01", "end: 2027-06-01", "contract.end", "did you mean `ends`"),
            Fault("keys: {c: d}", "keys: {a: d}", "renamings[1].keys.a", "renamed twice"),
            Fault("keys: {c: d}", "keys: {c: b}", "renamings[1].keys.c", "stands for two keys"),
            Fault("keys: {c: d}", "keys: {c: c}", "renamings[1].keys.c", "would keep its name"),
            Fault("when: 2026-11-01", "when: 86400", "renamings[0].when", "must be a date"),
            Fault("property: tags", "property: tier", "decisions[1]", "same as decisions[0]"),
            Fault("when: 2026-11-03", "when: later", "decisions[0].when", "later"),
            Fault("host: A host SAS", "host: A host SAS\nhost: B", "host", "a second time"),
        ),
    ),
    "profiles.yaml": File(
        PROFILES,
        read_terms,
        (
            Fault("profile: baseline", "profile: health", "profiles[1].profile", "recorded twice"),
            Fault("waiver_days: 366", "waiver_days: 0", "profiles[0].waiver_days", "greater than"),
            Fault("waiver_days: 730", "waiver_days: 730\n    x: 1", "profiles[1].x", "is unknown"),
        ),
    ),
    "schemes.yaml": File(
        SCHEMES,
        load_schemes,
        (
            Fault("id: c6", "id: c5", "schemes[1]", "recorded twice"),
            Fault("cites: [X 1]", "cites: []", "schemes[0].cites", "cites nothing"),
            Fault("title: C six", "title: ''", "schemes[1].title", "must not be empty"),
        ),
    ),
    "qualifications.yaml": File(
        RECORDS,
        load_qualifications,
        (
            Fault("until: 2027-01-01", "until: 2025-01-01", "records[0].until", "before it begins"),
            Fault("products: [Tables]", "products: [Objects]", "records[1]", "recorded twice"),
            Fault(
                "status: qualified\n    source: a list\n    read_on: 2026-11-01\n    since",
                "source: a list\n    read_on: 2026-11-01\n    since",
                "records[0].status",
                "is missing",
            ),
            Fault(
                "offer: Cloud\n    products: [Tables]",
                "offer: Cloud\n    products: Tables",
                "records[1].products",
                "must be a list",
            ),
        ),
    ),
}
ALONE = [
    pytest.param(name, (fault,), id=f"{name}-{fault.place}-{number}")
    for name, file in FILES.items()
    for number, fault in enumerate(file.faults)
]
PAIRS = [
    pytest.param(name, pair, id=f"{name}-{pair[0].place}-{pair[1].place}-{number}")
    for name, file in FILES.items()
    for number, pair in enumerate(itertools.combinations(file.faults, 2))
    if not {pair[0].old, pair[0].place} & {pair[1].old, pair[1].place}
    and not any(one.old in other.old for one, other in itertools.permutations(pair))
]


def reported(path: Path, name: str, faults: tuple[Fault, ...]) -> list[str]:
    text = FILES[name].text
    for fault in faults:
        assert fault.old in text
        text = text.replace(fault.old, fault.new, 1)
    (path / name).write_text(text)
    with pytest.raises(InputError) as error:
        FILES[name].read(path / name)
    assert error.value.remedy
    return error.value.message.splitlines()


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_valid_without_its_faults(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name].text)
    assert FILES[name].read(tmp_path / name)


@pytest.mark.parametrize(("name", "faults"), [*ALONE, *PAIRS])
def test_every_fault_is_reported_and_no_other(
    tmp_path: Path, name: str, faults: tuple[Fault, ...]
) -> None:
    lines = reported(tmp_path, name, faults)
    assert len(lines) == len(faults), lines
    for fault in faults:
        (line,) = (each for each in lines if f": {fault.place}: " in each)
        assert fault.said in line
        assert line.startswith(f"{tmp_path / name}:")
    numbers = [int(line.removeprefix(f"{tmp_path / name}:").split(":")[0]) for line in lines]
    assert numbers == sorted(numbers)


def test_all_faults_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    faults = tuple({each.old: each for each in FILES["waivers.yaml"].faults}.values())
    lines = reported(tmp_path, "waivers.yaml", faults)
    assert len(lines) == len(faults), lines


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "owner: Head of security",
            "owner: 'a\n\n      b'",
            "must be one line of text (found: 'a\\nb')",
        ),
        (
            "expires: 2027-02-01",
            "expires: 01/02/2027",
            "`01/02/2027` is not a valid date (use YYYY-MM-DD)",
        ),
        ("    decision: R-3\n", "", "is missing. Add it."),
        ("decision: R-1", "decision: R-1\n    zzz: x", "is unknown. Delete it, or correct it."),
        (
            "- control: audit.central",
            "- control: audit.centrl",
            "there is no control `audit.centrl`. Correct it: did you mean `audit.central`?",
        ),
        (
            "expires: 2027-04-01",
            "expires: 2027-03-01",
            "covers the same as waivers[1] until the same day. Delete one of the two entries.",
        ),
    ],
)
def test_a_fault_is_reported_with_what_was_found_and_what_to_do(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    text = FILES["waivers.yaml"].text
    assert old in text
    (tmp_path / "w.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        load_waivers(tmp_path / "w.yaml", BOUNDS)
    assert line in error.value.message
