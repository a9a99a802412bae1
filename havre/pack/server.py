"""The server that a pack is.

Seen on 2026-11-23 with a CLI of that month: the engine calls `ConfigureStack` (project,
configuration, whether this is a preview), `Configure` (the pack's own), `Analyze` for each
resource with its inputs, and `AnalyzeStack` once with every resource's outputs and relations.
Under `pulumi policy analyze` it tells nothing of the stack and no preview. So the controls are
given the inputs of the one and the relations of the other; what is unknown is let pass only where
the engine says that this is a preview.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from concurrent import futures
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2 as proto
from pulumi.runtime.proto import analyzer_pb2_grpc, plugin_pb2

from havre.errors import ANYTHING, HavreError
from havre.pack import messages as told
from havre.pack.request import Stack, read_asked
from havre.pack.run import Run
from havre.pack.verdicts import judged, read_brief
from havre.plan import urns
from havre.policy.frameworks import installed_frameworks
from havre.policy.judge import OF_SANDBOX, SANDBOX
from havre.policy.registry import installed_controls
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.struct_pb2 import Struct

    from havre.pack.verdicts import Brief
    from havre.policy import Control
    from havre.policy.findings import Finding, Result
    from havre.policy.frameworks import Frameworks

T = TypeVar("T")
LARGEST = 400 * 2**20
"""Bytes of a message that are taken; as much as Pulumi's own SDK takes."""
DISTRIBUTION = "havre-policies"


def _answer(context: grpc.ServicerContext, work: Callable[[], T]) -> T:
    """What `work` gives; whatever it raises fails the run, in one message without a traceback."""
    try:
        return work()
    except HavreError as error:
        text = str(error)
    except ANYTHING as error:  # nothing that goes wrong here may let a stack pass
        if os.environ.get("HAVRE_DEBUG"):
            traceback.print_exc()
        text = f"the policy pack failed ({type(error).__name__}); HAVRE_DEBUG=1 shows why"
    text = "\n".join(inert(line) for line in text.splitlines())
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)
    raise AssertionError(text)  # `abort` has raised


@dataclass
class Pack(analyzer_pb2_grpc.AnalyzerServicer):
    """Answers the engine; one process serves one run over one stack.

    Attributes:
        controls: those that are installed.
        frameworks: what they cite.
    """

    controls: tuple[Control, ...]
    frameworks: Frameworks
    _stack: Stack | None = field(default=None, init=False)
    _brief: Brief | None = field(default=None, init=False)
    _levels: dict[str, proto.EnforcementLevel.ValueType] = field(default_factory=dict, init=False)
    _inputs: dict[str, Struct] = field(default_factory=dict, init=False)
    _run: Run = field(default_factory=Run, init=False)

    def GetAnalyzerInfo(  # noqa: N802 - gRPC's name
        self,
        request: empty_pb2.Empty,  # noqa: ARG002 - gRPC's arguments, here and below
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> proto.AnalyzerInfo:
        """The pack and its policies."""
        policies = [told.control_policy(each, self.frameworks) for each in self.controls]
        return proto.AnalyzerInfo(
            name=told.NAME,
            displayName="Havre",
            version=version(DISTRIBUTION),
            supportsConfig=True,
            policies=[told.pack_policy(), *policies],
        )

    def GetPluginInfo(  # noqa: N802
        self,
        request: empty_pb2.Empty,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> plugin_pb2.PluginInfo:
        """The version."""
        return plugin_pb2.PluginInfo(version=version(DISTRIBUTION))

    def ConfigureStack(  # noqa: N802
        self,
        request: proto.AnalyzerStackConfigureRequest,
        context: grpc.ServicerContext,
    ) -> proto.AnalyzerStackConfigureResponse:
        """Take note of the stack."""
        self._run.once(context, "ConfigureStack", request)
        self._stack = Stack(request.project, dict(request.config), request.dry_run)
        return proto.AnalyzerStackConfigureResponse()

    def Configure(  # noqa: N802
        self, request: proto.ConfigureAnalyzerRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Take the configuration, and read what it names before anything is run."""
        self._run.once(context, "Configure", request)
        self._levels = {
            name: given.enforcementLevel for name, given in request.policyConfig.items()
        }
        given = request.policyConfig.get(told.NAME)
        properties = json_format.MessageToDict(given.properties) if given else {}
        self._brief = _answer(context, lambda: self._read(properties))
        return empty_pb2.Empty()

    def _read(self, properties: dict[str, Any]) -> Brief:
        return read_brief(read_asked(properties, os.environ), self._stack or _environment_stack())

    def Analyze(  # noqa: N802
        self,
        request: proto.AnalyzeRequest,
        context: grpc.ServicerContext,
    ) -> proto.AnalyzeResponse:
        """Keep the inputs of a resource; it is judged with the rest."""
        self._run.once(context, f"Analyze:{request.urn}", request)
        self._inputs[request.urn] = request.properties
        return proto.AnalyzeResponse()

    def Remediate(  # noqa: N802
        self,
        request: proto.AnalyzeRequest,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> proto.RemediateResponse:
        """Change nothing."""
        return proto.RemediateResponse()

    def AnalyzeStack(  # noqa: N802
        self, request: proto.AnalyzeStackRequest, context: grpc.ServicerContext
    ) -> proto.AnalyzeResponse:
        """Judge the stack once, and tell what every control found."""
        self._run.once(context, "AnalyzeStack", request)
        return _answer(context, lambda: self._judged(request))

    def _judged(self, request: proto.AnalyzeStackRequest) -> proto.AnalyzeResponse:
        brief = self._brief or self._read({})
        for resource in request.resources:
            if resource.urn in self._inputs:
                resource.properties.CopyFrom(self._inputs[resource.urn])
        result = judged(brief, request.resources, self.controls)
        preview = brief.stack.preview
        found = (self._diagnostic(each, result, preview=preview) for each in result.findings)
        return proto.AnalyzeResponse(
            diagnostics=[*_of_sandbox(result), *(each for each in found if each)],
            not_applicable=told.not_applicable(result, self.controls),
        )

    def _diagnostic(
        self, finding: Finding, result: Result, *, preview: bool
    ) -> proto.AnalyzeDiagnostic | None:
        """A finding as the engine shows it; None where its policy is switched off."""
        own = self._levels.get(finding.control, proto.MANDATORY)
        if own == proto.DISABLED:
            return None
        titles = {control.id: control.title for control in self.controls}
        title = titles.get(finding.control, finding.control)
        return proto.AnalyzeDiagnostic(
            policyName=finding.control,
            policyPackName=told.NAME,
            policyPackVersion=version(DISTRIBUTION),
            description=title,
            message=told.message(finding, title, preview=preview),
            urn=finding.resource if urns.is_urn(finding.resource) else "",
            enforcementLevel=told.level(finding, own, pending=preview or result.allow_unknown),
            severity=told.SEVERITIES[finding.severity],
        )


def _of_sandbox(result: Result) -> list[proto.AnalyzeDiagnostic]:
    """Where the stack is a sandbox, a remark that says so."""
    if result.source != SANDBOX:
        return []
    return [
        proto.AnalyzeDiagnostic(
            policyName=told.NAME,
            policyPackName=told.NAME,
            policyPackVersion=version(DISTRIBUTION),
            description="What is checked",
            message=OF_SANDBOX.format(result.provider),
            enforcementLevel=proto.ADVISORY,
        )
    ]


def _environment_stack() -> Stack:
    """What an engine that knows no `ConfigureStack` tells: whether this is a preview."""
    return Stack(preview=os.environ.get("PULUMI_DRY_RUN") == "true")


def serve(pack: Pack) -> tuple[grpc.Server, int]:
    """Serve a pack on a free port of this machine; the server, started, and the port."""
    options = [("grpc.max_receive_message_length", LARGEST), ("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=options)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(pack, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve_engine() -> None:
    """Serve until the engine ends the process; tell it the port on standard output."""
    try:
        controls = installed_controls()
        frameworks = installed_frameworks()
    except HavreError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(error.exit_code) from None
    _, port = serve(Pack(controls, frameworks))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Event().wait()
