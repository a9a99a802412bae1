"""What each control says of every recorded plan, and the exit code, in short."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.assess.assessment import Request, assess, waivers_of
from havre.assess.subject import subject
from havre.plan.previews import from_preview
from havre.plan.states import from_state
from tests.check.asked import DAY, EXAMPLES, EXPECTED, PROVIDERS, given, offline
from tests.facts.recordings import RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.plan import Plan
    from havre.policy.findings import Result

READERS = {"preview": from_preview, "state": from_state}
FILE = EXPECTED / "verdicts.json"


def fixtures() -> Iterator[tuple[str, str, str]]:
    """Every example on every provider, offline, and what the Pulumi CLI wrote of emc2."""
    for example in EXAMPLES:
        for provider in PROVIDERS:
            yield example, provider, "evaluation"
    for provider in ("azure", "ovh", "scaleway"):
        for source in READERS:
            yield "emc2", provider, source


def name(example: str, provider: str, source: str) -> str:
    return f"{example}-{provider}-{source}"


def in_short(example: str, provider: str, source: str) -> dict[str, Any]:
    """Exit codes and verdicts of a fixture, with the example's waivers and without any."""
    plan = offline(example, provider)
    if source in READERS:
        plan = READERS[source](RECORDED / f"{provider}-{source}.json", provider)
    waived = _result(example, provider, plan, source, waived=True)
    bare = _result(example, provider, plan, source, waived=False)
    told = {c.id: [waived.verdict(c.id), bare.verdict(c.id)] for c in bare.controls}
    return {"exit": [int(waived.exit_code), int(bare.exit_code)], "verdicts": told}


def _result(example: str, provider: str, plan: Plan, source: str, *, waived: bool) -> Result:
    file = EXAMPLES[example]
    of = replace(subject(file, provider), file=file.name)
    waivers = waivers_of(None, file) if waived else ()
    request = Request(of, given(provider), plan, source, as_of=DAY, waivers=waivers)
    return assess(request).result


def write() -> None:
    """Record them, for review: one line for each control."""
    blocks = [f"{json.dumps(name(*each))}: {_lines(in_short(*each))}" for each in fixtures()]
    FILE.write_text("{\n" + ",\n".join(blocks) + "\n}\n")


def _lines(found: dict[str, Any]) -> str:
    rows = [f"{json.dumps(key)}: {json.dumps(said)}" for key, said in found["verdicts"].items()]
    return f'{{"exit": {json.dumps(found["exit"])}, "verdicts": {{\n' + ",\n".join(rows) + "}}"
