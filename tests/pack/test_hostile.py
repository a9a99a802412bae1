"""Input that nobody should send, and configuration that nobody should write."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2 as proto

from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from tests.pack.client import Client, message_of, refusal, running, told
from tests.pack.plans import DAY, plan_of, spec_of

NEW = "urn:pulumi:azure::warehouse::acme:index:Anvil::anvil"
ESCAPE = "\x1b[2J\u202eevil"


def configure(client: Client, **properties: Any) -> None:
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2")), **properties})


def anvil(**inputs: Any) -> PlannedResource:
    return PlannedResource(
        urn=NEW, type="acme:index:Anvil", name="anvil", custom=True, inputs=inputs
    )


def plus(resource: PlannedResource) -> Plan:
    plan = plan_of("emc2", "azure")
    return replace(plan, resources=(*plan.resources, resource))


def test_a_stack_of_nothing_is_refused(client: Client) -> None:
    configure(client)
    nothing = proto.AnalyzeStackRequest()
    assert "contains no resource" in refusal(lambda: client.stub.AnalyzeStack(nothing))
    configure(client)
    bare = [message_of(r) for r in plan_of("emc2", "azure").resources if not r.custom]
    assert "contains no resource" in refusal(lambda: client.judge(bare))


def test_a_stack_without_a_warehouse_tells_no_provider(client: Client) -> None:
    configure(client)
    text = refusal(lambda: client.judge([message_of(anvil())]))
    assert "Which provider?" in text
    assert "HAVRE_PROVIDER=P" in text


def test_a_type_never_seen_fails(client: Client) -> None:
    configure(client)
    found = client.of(plus(anvil(weight=3))).diagnostics
    (about,) = (d for d in found if d.urn == NEW and d.policyName == "inventory.known")
    assert about.enforcementLevel == proto.MANDATORY


def test_a_plan_of_which_nothing_is_known_does_not_pass(client: Client) -> None:
    configure(client)
    plan = plan_of("emc2", "azure")
    unknown = tuple(
        replace(r, inputs=dict.fromkeys(r.inputs, UNKNOWN)) if r.custom else r
        for r in plan.resources
    )
    found = client.of(replace(plan, resources=unknown)).diagnostics
    configure(client)
    known = client.of(plan).diagnostics
    failing = [d for d in found if d.enforcementLevel == proto.MANDATORY]
    assert len(failing) > len(known)
    assert {d.policyName for d in failing} > {"encryption.in-transit", "residency.data"}


def test_what_is_secret_is_not_told(client: Client) -> None:
    configure(client)
    plan = plan_of("emc2", "azure")
    hidden = tuple(
        replace(r, inputs={**r.inputs, "password": Secret("hush-hush")}) if r.custom else r
        for r in plan.resources
    )
    found = client.of(replace(plan, resources=hidden))
    configure(client)
    assert told(found) == told(client.of(plan))
    assert "hush-hush" not in str(found)


def test_text_from_resources_cannot_steer_a_terminal(client: Client) -> None:
    configure(client)
    plan = plan_of("emc2", "azure")
    evil = tuple(
        replace(r, inputs={**r.inputs, "location": ESCAPE}) if "location" in r.inputs else r
        for r in plan.resources
    )
    messages = [d.message for d in client.of(replace(plan, resources=evil)).diagnostics]
    assert any("evil" in message for message in messages)
    assert not [m for m in messages if "\x1b" in m or "\u202e" in m]


def test_a_program_with_another_file_is_refused(client: Client, tmp_path: Path) -> None:
    other = tmp_path / "warehouse.yaml"
    text = spec_of("emc2").read_text()
    assert "health-pseudonymised" in text
    other.write_text(text.replace("health-pseudonymised", "personal"))
    client.configure({"as_of": DAY, "spec": str(other)}, project="warehouse")
    text = refusal(lambda: client.of(plan_of("emc2", "azure")))
    assert "differs from the file of warehouse `emc2`: classification" in text


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"spec": ""}, "no warehouse file is named"),
        ({"spec": "/nowhere/warehouse.yaml"}, "/nowhere/warehouse.yaml"),
        ({"profile": "brave"}, "`profile`: must be 'baseline', 'health' or 'sovereign'"),
        ({"as_of": "tomorrow"}, "`as_of`: Invalid isoformat string"),
        ({"as_of": 3}, "`as_of`: Invalid isoformat string"),
        ({"allow_unknown": "perhaps"}, "`allow_unknown`: must be true or false"),
        ({"color": "red"}, "`color`: is unknown"),
        ({"provider": "azzure"}, "provider `azzure` is not installed"),
        ({"waivers": "/nowhere/waivers.yaml"}, "/nowhere/waivers.yaml cannot be read"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_is_run(
    client: Client, properties: dict[str, Any], message: str
) -> None:
    assert message in refusal(lambda: configure(client, **properties))


def test_the_settings_of_the_stack_are_used_with_its_own_provider_only(client: Client) -> None:
    wrong = {"warehouse:settings": json.dumps({"tenant_id": 3, "else": "theirs"})}
    for provider, refused in (("azure", True), ("ovh", False)):
        config = {**wrong, "warehouse:provider": provider}
        client.configure({"spec": str(spec_of("emc2"))}, project="warehouse", config=config)
        if refused:
            assert "`tenant_id`" in refusal(lambda: client.of(plan_of("emc2", "azure")))
        else:
            assert client.of(plan_of("emc2", "azure")).diagnostics


def test_a_waiver_of_no_control_is_refused(client: Client, tmp_path: Path) -> None:
    about = {
        "owner": "Ada",
        "reason": "The move to another host is under way.",
        "decision": "ISO-7",
    }
    waiver = {"control": "no.such", **about}
    file = tmp_path / "w.yaml"
    file.write_text(json.dumps({"waivers": [{**waiver, "expires": "2027-10-31"}]}))
    told = refusal(lambda: configure(client, waivers=str(file)))
    assert "there is no control `no.such`" in told


def test_the_environment_tells_the_same_and_the_configuration_goes_before_it(
    tmp_path: Path,
) -> None:
    environment = {"HAVRE_SPEC": str(spec_of("emc2")), "HAVRE_PROFILE": "brave"}
    with running(environment) as client:
        assert "`profile`" in refusal(client.configure)
    with running(environment) as client:
        client.configure({"profile": "baseline", "as_of": DAY})
        assert client.of(plan_of("emc2", "azure")).not_applicable
    (tmp_path / "Pulumi.yaml").write_text("name: p\n")
    (tmp_path / "below").mkdir()
    (tmp_path / "spec.yaml").write_text(spec_of("emc2").read_text())
    with running({"PWD": str(tmp_path / "below")}) as client:
        client.configure(project="p", config={"p:spec": "spec.yaml"})
    with running({"PWD": str(tmp_path / "below")}) as client:
        text = refusal(lambda: client.configure({"spec": "spec.yaml"}))
        assert str(tmp_path / "below" / "spec.yaml") in text


def test_a_pack_that_was_not_configured_asks_for_a_file() -> None:
    with running({}) as client:
        text = refusal(lambda: client.of(plan_of("emc2", "azure")))
    assert "HAVRE_SPEC=FILE" in text
