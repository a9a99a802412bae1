"""The pack says what `havre check` says of the same warehouse, on every provider."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pulumi.runtime.proto import analyzer_pb2 as proto

from tests.pack.checked import check, expected
from tests.pack.client import Client, message_of, told
from tests.pack.plans import DAY, given, plan_of, spec_of

PROVIDERS = ("azure", "local", "ovh")


def stack_config(provider: str, example: str, folder: Path) -> Mapping[str, str]:
    return {
        "warehouse:spec": str(spec_of(example)),
        "warehouse:provider": provider,
        "warehouse:settings": json.dumps(given(provider, folder)),
    }


CLOUDS = [pytest.param(each, "hospital", marks=pytest.mark.long) for each in ("azure", "ovh")]
"""The second example on them before a release alone: it has fewer parts than the first."""


@pytest.mark.parametrize(
    ("provider", "example"),
    [*((each, "emc2") for each in PROVIDERS), ("local", "hospital"), *CLOUDS],
)
def test_the_pack_finds_what_the_check_finds(
    client: Client, provider: str, example: str, tmp_path: Path
) -> None:
    config = stack_config(provider, example, tmp_path)
    client.configure({"as_of": DAY}, project="warehouse", config=config)
    response = client.of(plan_of(example, provider))
    findings = check(example, provider, tmp_path)
    assert told(response) == expected(findings)
    assert len(findings) > 5
    said = "\n".join(d.message for d in response.diagnostics)
    assert all(" ".join(f["found"].split())[:60] in said for f in findings)
    places = {f["location"]["line"] for f in findings if f["location"]}
    assert places
    assert all(f"\n{spec_of(example)}:{line}" in said for line in places)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nothing_but_the_file_need_be_told(client: Client, provider: str, tmp_path: Path) -> None:
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2"))})
    response = client.of(plan_of("emc2", provider))
    assert told(response) == expected(check("emc2", provider, tmp_path))


def test_resources_whose_inputs_were_not_sent_are_judged_by_what_the_stack_tells(
    client: Client, tmp_path: Path
) -> None:
    told_before = [
        replace(resource, inputs={"of": "an earlier run"}) if resource.custom else resource
        for resource in plan_of("emc2", "azure").resources
    ]
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2"))})
    client.judge(message_of(resource) for resource in told_before)
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2"))})
    resources = [message_of(resource) for resource in plan_of("emc2", "azure").resources]
    response = client.stub.AnalyzeStack(proto.AnalyzeStackRequest(resources=resources))
    assert told(response) == expected(check("emc2", "azure", tmp_path))


@pytest.mark.parametrize("profile", ["baseline", "sovereign"])
def test_a_profile_asks_for_what_it_asks_for_in_a_check(
    client: Client, profile: str, tmp_path: Path
) -> None:
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2")), "profile": profile})
    response = client.of(plan_of("emc2", "azure"))
    findings = check("emc2", "azure", tmp_path, "--profile", profile)
    assert told(response) == expected(findings)
    reasons = {n.policy_name: n.reason for n in response.not_applicable}
    silent = [reason for reason in reasons.values() if "does not require" in reason]
    assert bool(silent) == (profile == "baseline")
    assert not set(reasons) & {d.policyName for d in response.diagnostics}
