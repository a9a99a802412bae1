"""How findings are enforced: waivers, what is not known, and Pulumi's own levels."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2 as proto

from havre.plan import Plan
from havre.plan.values import UNKNOWN
from tests.pack.client import Client, told
from tests.pack.plans import DAY, plan_of, spec_of

NONE = str(Path(__file__).parent / "no-waivers.yaml")


def undecided() -> Plan:
    """A plan in which the key of a storage account is not known yet."""
    plan = plan_of("emc2", "azure")
    resources = tuple(
        replace(r, inputs={**r.inputs, "minimumTlsVersion": UNKNOWN})
        if r.type == "azure-native:storage:StorageAccount"
        else r
        for r in plan.resources
    )
    return replace(plan, resources=resources)


def configure(client: Client, properties: dict[str, Any] | None = None, **stack: Any) -> None:
    levels = stack.pop("levels", None)
    client.configure(
        {"as_of": DAY, "spec": str(spec_of("emc2")), "waivers": NONE, **(properties or {})},
        levels,
        **stack,
    )


def in_transit(client: Client) -> list[proto.AnalyzeDiagnostic]:
    found = client.of(undecided()).diagnostics
    return [d for d in found if d.policyName == "encryption.in-transit"]


def test_what_is_not_known_is_let_pass_only_in_a_preview(client: Client) -> None:
    configure(client, dry_run=True)
    during = in_transit(client)
    configure(client)
    after = in_transit(client)
    assert len(during) == len(after) > 3
    assert {d.enforcementLevel for d in during} == {proto.ADVISORY}
    assert {d.enforcementLevel for d in after} == {proto.MANDATORY}
    assert all("\nnot decided yet: " in d.message for d in during)
    assert all("\nnot evaluated: " in d.message for d in after)


def test_what_fails_fails_in_a_preview_too(client: Client) -> None:
    configure(client, dry_run=True)
    during = client.of(plan_of("emc2", "azure"))
    assert proto.MANDATORY in {d.enforcementLevel for d in during.diagnostics}
    configure(client)
    after = client.of(plan_of("emc2", "azure"))
    for found, words in ((during, "\nnot decided yet: "), (after, "\nnot evaluated: ")):
        kept = [d for d in found.diagnostics if words not in d.message]
        assert len(kept) < len(found.diagnostics)
        del found.diagnostics[:]
        found.diagnostics.extend(kept)
    assert told(during) == told(after)


def test_what_is_not_known_may_be_allowed(client: Client) -> None:
    configure(client, {"allow_unknown": True})
    assert {d.enforcementLevel for d in in_transit(client)} == {proto.ADVISORY}


@pytest.mark.parametrize(
    ("level", "becomes"),
    [
        (proto.ADVISORY, {proto.ADVISORY}),
        (proto.MANDATORY, {proto.MANDATORY}),
        (proto.REMEDIATE, {proto.MANDATORY}),
        (proto.DISABLED, set()),
    ],
)
def test_pulumis_own_levels_hold(client: Client, level: int, becomes: set[int]) -> None:
    configure(client, levels={"audit.protected": level})
    found = client.of(plan_of("emc2", "azure")).diagnostics
    assert {d.enforcementLevel for d in found if d.policyName == "audit.protected"} == becomes
    assert {d.enforcementLevel for d in found if d.policyName == "jurisdiction.operator"} == {
        proto.MANDATORY
    }


@pytest.mark.parametrize(
    ("expires", "level", "words"),
    [
        (
            "2027-10-31",
            proto.ADVISORY,
            "waiver of Ada valid until 2027-10-31: The move to another host is under way. (ISO-7)",
        ),
        (
            "2026-12-31",
            proto.ADVISORY,
            "waiver of Ada valid until 2026-12-31: The move to another host is under way. (ISO-7)",
        ),
        (
            "2026-11-22",
            proto.MANDATORY,
            "waiver of Ada ended 2026-11-22: The move to another host is under way. (ISO-7)",
        ),
    ],
)
def test_a_waiver_makes_a_finding_advisory_while_it_lasts(
    client: Client, tmp_path: Path, expires: str, level: int, words: str
) -> None:
    waiver = {
        "control": "audit.protected",
        "owner": "Ada",
        "reason": "The move to another host is under way.",
        "decision": "ISO-7",
        "expires": expires,
    }
    file = tmp_path / "waivers.yaml"
    file.write_text(json.dumps({"waivers": [waiver]}))
    configure(client, {"waivers": str(file)})
    found = client.of(plan_of("emc2", "azure")).diagnostics
    covered = [d for d in found if d.policyName == "audit.protected"]
    assert len(covered) > 5
    assert {d.enforcementLevel for d in covered} == {level}
    assert all(words in d.message for d in covered)


def test_waivers_beside_the_file_are_read(client: Client, tmp_path: Path) -> None:
    spec = tmp_path / "warehouse.yaml"
    spec.write_text(spec_of("emc2").read_text())
    about = {
        "owner": "Ada",
        "reason": "The move to another host is under way.",
        "decision": "ISO-7",
    }
    waiver = {"control": "audit.protected", **about}
    beside = {"waivers": [{**waiver, "expires": "2027-10-31"}]}
    (tmp_path / "waivers.yaml").write_text(json.dumps(beside))
    configure(client, {"spec": str(spec), "waivers": ""})
    found = client.of(plan_of("emc2", "azure")).diagnostics
    levels = {d.enforcementLevel for d in found if d.policyName == "audit.protected"}
    assert levels == {proto.ADVISORY}
