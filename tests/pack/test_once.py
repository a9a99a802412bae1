"""What the engine says is said once: another voice is refused, and the run fails."""

import os
import socket
from collections.abc import Callable

import pytest
from pulumi.runtime.proto import analyzer_pb2 as proto

from havre.pack import run
from tests.pack.client import Client, refusal, told
from tests.pack.plans import DAY, plan_of, spec_of

OPTIONS = {"as_of": DAY, "spec": str(spec_of("hospital"))}


def configured_otherwise(client: Client) -> None:
    request = proto.ConfigureAnalyzerRequest()
    for policy in client.info().policies:
        request.policyConfig[policy.name].enforcementLevel = proto.DISABLED
    request.policyConfig["havre"].properties.update(OPTIONS)
    client.stub.Configure(request)


def another_stack(client: Client) -> None:
    client.stub.ConfigureStack(proto.AnalyzerStackConfigureRequest(project="x", dry_run=True))


def other_inputs(client: Client) -> None:
    resource = plan_of("hospital", "local").resources[-1]
    client.stub.Analyze(proto.AnalyzeRequest(urn=resource.urn, type=resource.type))


def other_resources(client: Client) -> None:
    client.stub.AnalyzeStack(proto.AnalyzeStackRequest())


def judged(client: Client) -> int:
    return len(told(client.of(plan_of("hospital", "local"))))


@pytest.mark.parametrize("voice", [configured_otherwise, another_stack])
def test_a_second_voice_before_the_resources_fails_the_run(
    client: Client, voice: Callable[[Client], None]
) -> None:
    client.configure(OPTIONS)
    assert "twice, with different content" in refusal(lambda: voice(client))
    assert "twice, with different content" in refusal(lambda: judged(client))


@pytest.mark.parametrize("voice", [configured_otherwise, another_stack, other_inputs])
def test_a_voice_that_comes_first_fails_the_run(
    client: Client, voice: Callable[[Client], None]
) -> None:
    voice(client)
    assert "twice, with different content" in refusal(
        lambda: (client.configure(OPTIONS), judged(client))
    )


@pytest.mark.parametrize("voice", [configured_otherwise, other_inputs, other_resources])
def test_a_voice_after_the_verdict_is_refused(
    client: Client, voice: Callable[[Client], None]
) -> None:
    client.configure(OPTIONS)
    assert judged(client) > 0
    assert "twice, with different content" in refusal(lambda: voice(client))


def test_the_same_words_again_change_nothing(client: Client) -> None:
    client.configure(OPTIONS)
    found = judged(client)
    assert found > 0
    client.another = None
    client.configure(OPTIONS)
    assert judged(client) == found


def test_another_account_is_refused_and_fails_the_run(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "owners_of", lambda _: {os.geteuid() + 1})
    assert "another account" in refusal(lambda: configured_otherwise(client))
    monkeypatch.undo()
    assert "another account" in refusal(lambda: client.configure(OPTIONS))


@pytest.mark.skipif(not run.SOCKETS.exists(), reason="this machine does not list its sockets")
def test_the_account_at_the_far_end_of_a_connection_is_known() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        port = client.getsockname()[1]
        assert run.owners_of(f"ipv4:127.0.0.1:{port}") == {os.geteuid()}
    assert run.owners_of("unix:/x") == set()
    assert run.owners_of("ipv4:127.0.0.1:no") == set()
