"""Results of checks that never were, with every kind of finding and hostile texts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from havre.policy.findings import Finding, FindingKind, Location, Result, Waiver, Whereabouts
from havre.policy.fixes import Fix
from havre.policy.frameworks import Coverage, Requirement
from havre.policy.model import NOT_APPLICABLE, Control, FixIn, Outcome, Profile, Severity
from havre.policy.qualifications import Claim
from havre.probe.answers import ProbeOutcome, Sighting
from havre.probe.record import ProbeRecord
from havre.provider import Capability, Evidence, Gap, Operator, Support

DAY = dt.date(2026, 11, 23)
_AT = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)

HOSTILE = (
    "<script>alert(1)</script></style><img src=x onerror=alert(2)>"
    "[click](javascript:alert(3)) ![i](javascript:alert(4)) `code` ``` | cell @team #12 "
    "https://evil.example/x www.evil.example \x1b[31mred\x1b]8;;x\x07 [bold]rich[/bold] "
    "line\nfeed\r\n## heading\n| a | b |\n]]> &lt; {0} {{ 7*7 }} {% x %} "
    "\u202eltr \u2028 \x00\x08\x9b "
    "\udc80 \ufffe \\ ' \" </summary></details>"
)
"""What nobody should be able to do anything with."""


def control(identifier: str, severity: Severity, title: str, **other: object) -> Control:
    about = Control(
        identifier,
        title,
        "It sees what the plan tells and nothing that runs.",
        Profile.HEALTH,
        severity,
        ("SNC 10.1", "HDS 3.2"),
        "Change the spec.",
        None,
        lambda _: [NOT_APPLICABLE],
    )
    return replace(about, **other)


CONTROLS = (
    control("residency.backup", Severity.CRITICAL, "Backups stay in the countries that are named."),
    control("encryption.at-rest", Severity.HIGH, "Every store encrypts what it holds."),
    control("encryption.customer-key", Severity.HIGH, "Keys are the customer's."),
    control("network.closed", Severity.HIGH, "Nothing that bears data is open to all networks."),
    control("logs.retention", Severity.MEDIUM, "Logs are kept as long as is asked."),
    control("tags.owner", Severity.LOW, "Everything names its owner."),
    control("exit.rehearsed", Severity.MEDIUM, "The exit was rehearsed."),
    control("cluster.private", Severity.HIGH, "The cluster's own interface is private."),
)
SPEC = "stacks/clinic/warehouse.yaml"
WAIVER = Waiver(
    "logs.retention",
    "Ana Silva",
    "The archive keeps them for us until the move.",
    "DEC-2026-12",
    dt.date(2027, 6, 30),
    location=Location("waivers.yaml", 3),
)
ENDING = replace(WAIVER, control="tags.owner", expires=dt.date(2026, 12, 31), decision="DEC-7")
ENDED = replace(WAIVER, control="network.closed", expires=dt.date(2026, 10, 1), decision="DEC-3")
GAP = Gap(
    "encryption.customer-key",
    Capability.CUSTOMER_KEY_DATABASE,
    Support.ABSENT,
    "The managed database takes no key of the customer's.",
    "the service's own key",
    Evidence("https://docs.example/keys", dt.date(2026, 9, 1)),
    "The operator can read the database.",
    ("keys.database",),
)


def urn(name: str) -> str:
    return f"urn:pulumi:production::clinic::toy:index:Bucket::{name}"


FINDINGS = (
    *(
        Finding(
            "residency.backup",
            FindingKind.FAIL,
            Severity.CRITICAL,
            urn(name),
            "places",
            "US (eastus)",
            "FR or DE",
            "Set `backup.site` to a site in one of the countries named.",
            Location(SPEC, 12),
            field="backup.site",
            fix=Fix(FixIn.FILE, "backup.site"),
        )
        for name in ("archive", "backups", "images", "reports", "vault")
    ),
    Finding(
        "network.closed",
        FindingKind.FAIL,
        Severity.HIGH,
        urn("archive"),
        "open to",
        "0.0.0.0/0",
        "named networks",
        "Name the networks.",
        Location(SPEC, 20),
        ENDED,
    ),
    Finding(
        "encryption.customer-key",
        FindingKind.FAIL,
        Severity.HIGH,
        property="customer-key-database",
        found=GAP.reason,
        wanted="customer-key-database at toy",
        remedy=f"Instead: {GAP.fallback}",
        location=Location(SPEC, 30),
        gap=GAP,
    ),
    Finding(
        "encryption.at-rest",
        FindingKind.UNKNOWN,
        Severity.HIGH,
        urn("database"),
        "encryption",
        "not known: encryption.keyUri",
        "encrypted",
        "Give the setting that it comes from.",
    ),
    Finding(
        "tags.owner",
        FindingKind.WARNING,
        Severity.LOW,
        urn("vault"),
        "tags",
        "none",
        "owner",
        "Name one.",
        waiver=ENDING,
    ),
    Finding(
        "exit.rehearsed",
        FindingKind.WARNING,
        Severity.LOW,
        property="waiver",
        found="the waiver of Ana Silva matches nothing",
        wanted="waivers of what is found",
        remedy="Take the waiver out, or mend its resources.",
        location=WAIVER.location,
        waiver=WAIVER,
    ),
    Finding(
        "logs.retention",
        FindingKind.WAIVED,
        Severity.MEDIUM,
        urn("logs"),
        "kept for",
        "30 days",
        "365 days",
        "Keep them longer.",
        Location(SPEC, 41),
        WAIVER,
    ),
)

RESULT = Result(
    warehouse="clinic",
    environment="production",
    provider="toy",
    operator=Operator("Toy Cloud SAS", "FR", ("FR", "EU")),
    source="evaluation",
    profile=Profile.HEALTH,
    as_of=DAY,
    resources=42,
    findings=FINDINGS,
    outcomes={
        "residency.backup": {Outcome.FAIL: 5, Outcome.PASS: 2},
        "network.closed": {Outcome.FAIL: 1, Outcome.PASS: 9},
        "encryption.at-rest": {Outcome.UNKNOWN: 1, Outcome.PASS: 9},
        "encryption.customer-key": {Outcome.PASS: 4},
        "tags.owner": {Outcome.FAIL: 1},
        "logs.retention": {Outcome.FAIL: 1},
        "exit.rehearsed": {Outcome.PASS: 1},
    },
    controls=CONTROLS,
    lies=(
        Whereabouts("key", "", None, 2, 0),
        Whereabouts("replica", "fra", "DE", 1, 1),
        Whereabouts("backup", "par", "FR", 3, 1),
        Whereabouts("primary", "par", "FR", 12, 0),
        Whereabouts("backup", "eastus", "US", 5, 5),
    ),
    unplaced=3,
    claims=(
        Claim(
            "hds",
            ("object storage", "compute"),
            (("logs", "none found, read on 2026-09-01"), ("registry", "in process")),
            (("database", "the plan is not known"),),
            dt.date(2027, 5, 1),
            dt.date(2026, 9, 1),
            ("https://hosting.example/list", "A letter of 2026-09-01"),
            "HDS",
        ),
        Claim(
            "secnumcloud",
            (),
            (("object storage", "none found"),),
            (),
            None,
            None,
            (),
            "SecNumCloud",
            "qualified",
        ),
    ),
    placeholders=("tenant_id",),
    title="Toy Cloud",
)
PROBES = ProbeRecord(
    "clinic",
    "toy",
    sandbox=True,
    at=_AT,
    digests={},
    limits={},
    sightings=tuple(
        Sighting("p", control, "zone", outcome, HOSTILE, (HOSTILE,), _AT, 0.5)
        for control, outcome in (
            ("residency.backup", ProbeOutcome.OTHERWISE),
            ("exit.rehearsed", ProbeOutcome.SEEN),
            ("exit.rehearsed", ProbeOutcome.UNSEEN),
            ("tags.owner", ProbeOutcome.SEEN),
            ("encryption.customer-key", ProbeOutcome.UNEVALUATED),
        )
    ),
    tool="havre 0",
)
PROBED = replace(RESULT, probes=PROBES)

HOLDING = replace(
    RESULT, findings=(), outcomes={"exit.rehearsed": {Outcome.PASS: 1}}, unplaced=0, placeholders=()
)
"""A result with nothing found."""

REQUIREMENTS = (
    Requirement(
        "SNC",
        "10.1",
        "Chiffrement",
        ("encryption.at-rest",),
        "Encryption of stores; not of memory.",
        Coverage.PARTLY,
        "unknown",
        92,
    ),
    Requirement("SNC", "5.1", "Politique", (), "", Coverage.ORGANISATIONAL, "", 92),
    Requirement(
        "HDS", "", "HDS", ("residency.backup",), "Where it lies.", Coverage.EVIDENCED, "", 31
    ),
)


def hostile(text: str = HOSTILE) -> Result:
    """The result with `text` wherever somebody else's text can be."""
    waiver = replace(WAIVER, owner=text, reason=text, decision=text)
    gap = replace(GAP, reason=text, fallback=text, risk=text, fields=(text,))
    gap = replace(gap, evidence=Evidence(text, DAY))
    base = Finding(
        "residency.backup",
        FindingKind.FAIL,
        Severity.HIGH,
        f"urn:x::{text}",
        text,
        text,
        text,
        text,
        Location(text, 4),
        field=text,
        fix=Fix(FixIn.SETTING, text),
    )
    kinds = tuple(replace(base, kind=kind, waiver=waiver) for kind in FindingKind)
    unused = replace(base, kind=FindingKind.WARNING, waiver=waiver, location=waiver.location)
    stranger = replace(base, control=text)
    gaps = (replace(base, gap=gap), replace(base, gap=gap, kind=FindingKind.WAIVED, waiver=waiver))
    about = {"title": text, "rationale": text, "remedy": text, "cites": (text,)}
    return replace(
        RESULT,
        warehouse=text,
        environment=text,
        provider=text,
        title=text,
        operator=Operator(text, text, (text,)),
        findings=(*kinds, unused, stranger, *gaps),
        controls=tuple(replace(each, **about) for each in CONTROLS[:3]),
        lies=(Whereabouts("primary", text, text, 1, 1),),
        claims=(Claim(text, (text,), ((text, text),), ((text, text),), None, DAY, (text,), text),),
        placeholders=(text,),
    )


def requirements(text: str) -> tuple[Requirement, ...]:
    """Requirements with `text` wherever somebody else's text can be."""
    return (Requirement(text, text, text, (text,), text, Coverage.PARTLY, "fail"),)


def large(count: int) -> Result:
    """A result of so many findings that no comment or page holds them all."""
    found = tuple(
        replace(
            FINDINGS[index % len(FINDINGS)],
            control=f"residency.backup-{index % (count // 10)}",
            resource=urn(f"bucket-{index}"),
            found=f"US {index} " + "x<y " * 50,
        )
        for index in range(count)
    )
    return replace(RESULT, findings=found)
