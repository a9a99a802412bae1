"""A policy pack asked over gRPC, as the Pulumi CLI asks it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2 as proto
from pulumi.runtime.proto import analyzer_pb2_grpc

from havre.plan import Plan, PlannedResource
from havre.plan.values import to_struct
from tests.waits import PATIENCE

PACK = Path(__file__).parents[2] / "policies" / "pack"
LARGEST = [("grpc.max_receive_message_length", 400 * 2**20)]
Told = tuple[str, str, int]


def start(environment: Mapping[str, str], pack: Path = PACK) -> subprocess.Popen[str]:
    """The pack as a process; whoever starts it stops it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HAVRE_", "PULUMI_"))}
    return subprocess.Popen(
        [sys.executable, str(pack), "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**kept, **environment},
    )


@contextmanager
def running(environment: Mapping[str, str], pack: Path = PACK) -> Iterator["Client"]:
    process = start(environment, pack)
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGEST) as channel:
            yield Client(analyzer_pb2_grpc.AnalyzerStub(channel))
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def message_of(resource: PlannedResource) -> proto.AnalyzerResource:
    """A planned resource as the engine would send it, with its inputs as properties."""
    found = proto.AnalyzerResource(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        properties=to_struct(resource.inputs),
        parent=resource.parent,
        dependencies=resource.dependencies,
        options=proto.AnalyzerResourceOptions(protect=resource.protect),
    )
    for key, urns in resource.property_dependencies.items():
        found.propertyDependencies[key].urns.extend(urns)
    if resource.custom:
        found.provider.urn = f"urn:pulumi:s::p::pulumi:providers:{resource.package}::default"
    return found


@dataclass
class Client:
    stub: analyzer_pb2_grpc.AnalyzerStub
    another: Callable[[], analyzer_pb2_grpc.AnalyzerStub] | None = None
    configured: bool = False

    def info(self) -> proto.AnalyzerInfo:
        return self.stub.GetAnalyzerInfo(empty_pb2.Empty())

    def configure(
        self,
        properties: Mapping[str, Any] | None = None,
        levels: Mapping[str, int] | None = None,
        **stack: Any,
    ) -> None:
        """Tell the stack and the configuration, in the engine's order.

        The second time, tell another pack: each run of the engine has one.
        """
        if self.configured and self.another:
            self.stub = self.another()
        self.configured = True
        self.stub.ConfigureStack(proto.AnalyzerStackConfigureRequest(**stack))
        request = proto.ConfigureAnalyzerRequest()
        for name, level in (levels or {}).items():
            request.policyConfig[name].enforcementLevel = level
        request.policyConfig["havre"].enforcementLevel = proto.MANDATORY
        request.policyConfig["havre"].properties.update(dict(properties or {}))
        self.stub.Configure(request)

    def judge(self, resources: Iterable[proto.AnalyzerResource]) -> proto.AnalyzeResponse:
        """Send each resource with its inputs, then all of them with no properties at all."""
        request = proto.AnalyzeStackRequest()
        for resource in resources:
            analyzed = proto.AnalyzeRequest(
                urn=resource.urn,
                type=resource.type,
                name=resource.name,
                properties=resource.properties,
            )
            assert not self.stub.Analyze(analyzed).diagnostics
            request.resources.append(resource)
            request.resources[-1].properties.Clear()
        return self.stub.AnalyzeStack(request)

    def of(self, plan: Plan) -> proto.AnalyzeResponse:
        return self.judge(message_of(resource) for resource in plan.resources)


def told(response: proto.AnalyzeResponse) -> list[Told]:
    """Control, resource and level of everything reported."""
    return sorted((d.policyName, d.urn, d.enforcementLevel) for d in response.diagnostics)


def refusal(act: Callable[[], object]) -> str:
    """What a pack says when it refuses."""
    with pytest.raises(grpc.RpcError) as caught:
        act()
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    text = str(caught.value.details())
    assert "Traceback" not in text
    return text
