"""Checks of the examples on a fixed day, as a user would run them."""

import datetime as dt
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from havre.assess.assessment import Request, assess, waivers_of
from havre.assess.subject import subject
from havre.evaluate import evaluate
from havre.plan import Plan
from havre.policy.findings import Result
from havre.policy.model import Profile
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import PROJECT, offline_settings, program
from tests.clouds import ECHOED

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).parent / "expected"
DAY = dt.date(2026, 11, 23)
EXAMPLES = {
    "emc2": ROOT / "examples" / "emc2" / "warehouse.yaml",
    "hospital": ROOT / "examples" / "hospital" / "warehouse.yaml",
}
PROVIDERS = ("azure", "ovh", "scaleway", "local")


@cache
def offline(example: str, provider: str) -> Plan:
    """The plan of an example, evaluated."""
    found = find(provider)
    settings, _ = offline_settings(found, given(provider))
    spec = load(EXAMPLES[example]).warehouse
    return evaluate(program(spec, found, settings), project=PROJECT, stack="local")


def given(provider: str) -> dict[str, Any]:
    """Settings of a stack that is nobody's."""
    return {**ECHOED.get(provider, {}), **({"data_dir": "/data"} if provider == "local" else {})}


def judged(
    example: str,
    provider: str,
    plan: Plan | None = None,
    day: dt.date = DAY,
    *,
    waivers: bool = True,
    profile: Profile | None = None,
) -> Result:
    """The verdicts on an example, or on another plan of it; with its waivers, or without any."""
    of = replace(
        subject(EXAMPLES[example], provider), file=EXAMPLES[example].relative_to(ROOT).as_posix()
    )
    applied = waivers_of(None, EXAMPLES[example]) if waivers else ()
    plan = plan or offline(example, provider)
    return assess(
        Request(of, given(provider), plan, as_of=day, waivers=applied, profile=profile)
    ).result


def told(result: Result) -> list[dict[str, Any]]:
    """The findings in short, one a line in a file, for people to review."""
    return [
        {
            "outcome": finding.kind.value,
            "control": finding.control,
            "severity": finding.severity.value,
            "about": finding.gap.capability.value if finding.gap else finding.name,
            "property": finding.property,
            "found": finding.found,
            "line": finding.location.line if finding.location else None,
            "until": finding.waiver.expires.isoformat() if finding.waiver else None,
        }
        for finding in result.findings
    ]


def write(example: str, provider: str) -> None:
    """Record what is found, for review."""
    lines = ",\n".join(
        json.dumps(each, ensure_ascii=False) for each in told(judged(example, provider))
    )
    EXPECTED.mkdir(exist_ok=True)
    (EXPECTED / f"{example}-{provider}.json").write_text(f"[\n{lines}\n]\n")
