"""What `havre check` says of an example, and what a pack must then tell."""

import json
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import analyzer_pb2 as proto

from havre.cli import main
from tests.pack.client import Told
from tests.pack.plans import DAY, given, spec_of

LEVELS = {
    "fail": proto.MANDATORY,
    "unknown": proto.MANDATORY,
    "warning": proto.ADVISORY,
    "waived": proto.ADVISORY,
}


def check(
    example: str, provider: str, folder: Path, *words: str, as_of: str = DAY
) -> list[dict[str, Any]]:
    """The findings of `havre check`."""
    out = folder / "check.json"
    config = folder / "Pulumi.test.yaml"
    settings = {**given(provider, folder)}
    config.write_text(json.dumps({"config": {"warehouse:settings": settings}}))
    command = ["check", str(spec_of(example)), "--provider", provider, "--as-of", as_of]
    main([*command, "--stack-config", str(config), "--format", f"json={out}", *words])
    return json.loads(out.read_text())["findings"]


def expected(findings: list[dict[str, Any]]) -> list[Told]:
    """What a pack must tell of findings, once everything is decided.

    A finding may be about something that is no resource, and is then told of the stack.
    """
    urns = (f["resource"] if f["resource"].startswith("urn:") else "" for f in findings)
    return sorted(
        (f["control"], urn, LEVELS[f["outcome"]]) for f, urn in zip(findings, urns, strict=True)
    )
