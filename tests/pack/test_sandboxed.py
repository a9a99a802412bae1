"""What the pack says of a stack whose provider is a sandbox: no verdict of it is of a cloud."""

import pytest
from pulumi.runtime.proto import analyzer_pb2 as proto

from havre.plan.values import to_struct
from tests.pack.client import Client, message_of, told
from tests.pack.plans import DAY, plan_of, spec_of

SAID = "This is a sandbox on one machine. It is not evidence of a deployment on"


@pytest.mark.parametrize(("mark", "count"), [({"sandbox": "true"}, 1), ({}, 0)], ids=str)
def test_the_pack_says_first_that_a_stack_is_a_sandbox(
    client: Client, mark: dict[str, str], count: int
) -> None:
    messages = [message_of(resource) for resource in plan_of("emc2", "ovh").resources]
    for each in messages:
        if each.provider.urn:
            each.provider.properties.CopyFrom(to_struct(mark))
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2"))})
    response = client.judge(messages)
    remarks = [each for each in response.diagnostics if SAID in each.message]
    assert len(remarks) == count
    if remarks:
        assert response.diagnostics[0] == remarks[0]
        assert remarks[0].enforcementLevel == proto.ADVISORY
        assert "ovh" in remarks[0].message
    others = [each for each in told(response) if each[0] != "havre"]
    assert len(others) > 5
