"""What can be wrong beside a plan: what is asked, the day, the operator, records, the exit."""

import datetime as dt
from typing import Any

from havre.policy.findings import FindingKind
from havre.policy.qualifications import CertificateStatus
from havre.provider import Capability, Operator, Support
from tests.policy import mutations as m
from tests.policy.mutations import DROP, PLAN, PROVIDERS, TODAY, Row

AMERICAN = Operator("An American host", "US", ("US (CLOUD Act)", "EU"))
OWNED = Operator("A host that an American owns", "US", ("FR", "EU"))
SWISS = Operator("A Swiss host", "CH", ("CH",))
NORDIC = Operator("A Norwegian host", "NO", ("NO",))
NOBODY_TOLD = Operator("A host that says nothing", "FR", ())
OWN = Operator("whoever owns the machine", None, ())
OPTION = "certified_option"
LIMITS = {
    "object-size": m.limited(50_000_000_000_000, "bytes"),
    "key-length": m.limited(1024, "bytes"),
}
YEAR = dt.timedelta(days=366)
AWAY = {"azure": "ovh", "local": "ovh", "ovh": "azure", "scaleway": "azure"}

for name in PROVIDERS:
    m.VARIANTS |= {
        f"{name}+european": m.operated(m.EUROPEAN),
        f"{name}+certified": m.certified(),
        f"{name}+option": m.both(m.certified(setting=OPTION), m.said(**{OPTION: True})),
        f"{name}+leaving": m.both(
            m.asked(("exit.provider", AWAY[name]), ("encryption.keys", "customer")),
            m.provided(limits=LIMITS),
            m.leaving_for(AWAY[name], **m.without(), limits=LIMITS),
        ),
        f"{name}+rehearsed": m.both(
            m.asked(("exit.provider", AWAY[name])), m.rehearsed(TODAY - dt.timedelta(days=180))
        ),
    }


m.VARIANTS["ovh+has-hds"] = m.said(hds_certified=True)


def operators(base: str) -> list[Row]:
    control = "jurisdiction.operator"
    return [
        Row(base, control, m.operated(AMERICAN), PLAN, "american", FindingKind.FAIL),
        Row(base, control, m.operated(OWNED), PLAN, "owned from abroad", FindingKind.FAIL),
        Row(base, control, m.operated(SWISS), PLAN, "swiss", FindingKind.FAIL),
        Row(
            base, control, m.operated(NORDIC), PLAN, "norwegian is not of the EU", FindingKind.FAIL
        ),
        Row(base, control, m.operated(NOBODY_TOLD), PLAN, "no law told", FindingKind.UNKNOWN),
        Row(base, control, m.operated(OWN), PLAN, "nobody knows who", FindingKind.UNKNOWN),
    ]


def certificates(base: str, control: str) -> list[Row]:
    late = TODAY - dt.timedelta(days=1)
    return [
        Row(base, control, m.unrecorded, PLAN, "nothing recorded", FindingKind.FAIL),
        Row(
            base,
            control,
            m.certified(status=CertificateStatus.IN_PROCESS),
            PLAN,
            "in process",
            FindingKind.FAIL,
        ),
        Row(
            base,
            control,
            m.certified(status=CertificateStatus.NONE_FOUND),
            PLAN,
            "none found",
            FindingKind.FAIL,
        ),
        Row(base, control, m.certified(until=late), PLAN, "ended", FindingKind.FAIL),
        Row(base, control, m.certified(since=TODAY + YEAR), PLAN, "not begun", FindingKind.FAIL),
        Row(
            base,
            control,
            m.certified(countries=frozenset({"DE"})),
            PLAN,
            "abroad",
            FindingKind.FAIL,
        ),
        Row(base, control, m.certified(regions=("nowhere",)), PLAN, "another region"),
        Row(base, control, m.certified(plans=("gold",)), PLAN, "another plan"),
        Row(base, control, m.certified(products_read=False), PLAN, "not read", FindingKind.UNKNOWN),
        Row(base, control, m.certified(setting=OPTION), PLAN, "an option", FindingKind.UNKNOWN),
    ]


def options(base: str, control: str) -> list[Row]:
    return [
        Row(base, control, m.said(**{OPTION: False}), PLAN, "the option is off", FindingKind.FAIL),
        Row(base, control, m.said(), PLAN, "the option is not said", FindingKind.UNKNOWN),
    ]


def ages(base: str) -> list[Row]:
    control = "jurisdiction.qualification-age"
    return [
        Row(base, control, m.on(TODAY + YEAR), PLAN, "a year later", FindingKind.FAIL),
        Row(
            base,
            control,
            m.certified(read_on=TODAY - YEAR),
            PLAN,
            "read long ago",
            FindingKind.FAIL,
        ),
        Row(
            base,
            control,
            m.certified(until=TODAY - dt.timedelta(days=1)),
            PLAN,
            "ended",
            FindingKind.FAIL,
        ),
    ]


def exits(provider: str) -> list[Row]:
    base = f"{provider}+leaving"
    here = m.asked(("exit.provider", provider))
    return [
        *counterparts(base, AWAY[provider]),
        *ports(base, AWAY[provider]),
        *(
            row
            for control in ("exit.counterpart", "exit.portable")
            for row in (
                Row(base, control, m.asked(("exit", DROP)), PLAN, "none named", FindingKind.FAIL),
                Row(base, control, m.leaving_for(None), PLAN, "not installed", FindingKind.UNKNOWN),
            )
        ),
        Row(base, "exit.portable", here, PLAN, "the same provider", FindingKind.FAIL),
    ]


def counterparts(base: str, name: str) -> list[Row]:
    control = "exit.counterpart"
    nowhere = m.leaving_for(name, **m.without(), sites={})
    lacking = (
        (m.leaving_for(name, **m.without(each)), f"no {each}")
        for each in (Capability.OBJECT_LOCK, Capability.DATABASE_VERSIONS)
    )
    return [
        Row(base, control, nowhere, PLAN, "no site", FindingKind.FAIL),
        *(Row(base, control, change, PLAN, said, FindingKind.FAIL) for change, said in lacking),
    ]


def ports(base: str, name: str) -> list[Row]:
    control, extensions = "exit.portable", "database.extensions"
    versions = m.exit_lacks("database.version")
    doubtful = [
        *(
            (m.exit_lacks(extensions, support=support), f"extensions {support.value}")
            for support in (Support.PARTIAL, Support.FALLBACK)
        ),
        *(
            (m.leaving_for(name, **m.without(), limits=limits), f"{what} of {kind}")
            for kind in LIMITS
            for what, limits in (
                ("a lower limit", {**LIMITS, kind: m.limited(500, "bytes")}),
                ("no limit", {other: LIMITS[other] for other in LIMITS if other != kind}),
            )
        ),
    ]
    return [
        Row(base, control, m.exit_lacks(extensions), PLAN, "extensions", FindingKind.FAIL),
        Row(base, control, versions, PLAN, "version", FindingKind.FAIL),
        *(Row(base, control, change, PLAN, said, FindingKind.UNKNOWN) for change, said in doubtful),
    ]


SEALS: dict[str, dict[str, Any]] = {
    "a seal that is not verified": {"unproved": "another CA"},
    "a seal of another warehouse": {"warehouse": "another"},
    "a seal of another provider's warehouse": {"source": "elsewhere"},
    "a seal of another way out": {"target": "elsewhere"},
    "a seal that nobody dates": {"day": None},
}


def rehearsals(provider: str) -> list[Row]:
    base, control = f"{provider}+rehearsed", "exit.rehearsed"
    day = dt.timedelta(days=1)
    return [
        Row(base, control, m.rehearsed(None), PLAN, "never", FindingKind.FAIL),
        Row(base, control, m.rehearsed(TODAY - 181 * day), PLAN, "too long ago", FindingKind.FAIL),
        Row(base, control, m.rehearsed(TODAY + day), PLAN, "not yet", FindingKind.FAIL),
        *(
            Row(base, control, m.sealed(**how), PLAN, what, FindingKind.FAIL)
            for what, how in SEALS.items()
        ),
        Row(
            base,
            control,
            m.asked(("exit.rehearsal_days", 90)),
            PLAN,
            "asked sooner",
            FindingKind.FAIL,
        ),
        Row(base, control, m.asked(("exit", DROP)), PLAN, "none named", FindingKind.FAIL),
        Row(
            base,
            control,
            m.asked(("exit.provider", provider)),
            PLAN,
            "the same provider",
            FindingKind.FAIL,
        ),
    ]


ROWS: list[Row] = [
    *(row for name in PROVIDERS for row in operators(f"{name}+european")),
    *(
        row
        for name in PROVIDERS
        for control in ("jurisdiction.hds", "jurisdiction.secnumcloud")
        for row in certificates(f"{name}+certified", control)
    ),
    *(
        row
        for name in PROVIDERS
        for control in ("jurisdiction.hds", "jurisdiction.secnumcloud")
        for row in options(f"{name}+option", control)
    ),
    *(
        Row("ovh+has-hds", "jurisdiction.hds", m.said(**said), PLAN, what, kind)
        for what, said, kind in (
            ("the option is off", {"hds_certified": False}, FindingKind.FAIL),
            ("the option is not said", {}, FindingKind.UNKNOWN),
        )
    ),
    *(row for name in PROVIDERS for row in ages(f"{name}+certified")),
    *(row for name in PROVIDERS for row in exits(name)),
    *(row for name in PROVIDERS for row in rehearsals(name)),
    *(
        Row(name, "access.project-expiry", m.on(dt.date(2035, 1, 1)), PLAN, "years later")
        for name in PROVIDERS
    ),
    *(
        Row(name, "inventory.supported-versions", m.on(dt.date(2035, 1, 1)), PLAN, "years later")
        for name in PROVIDERS
    ),
]
