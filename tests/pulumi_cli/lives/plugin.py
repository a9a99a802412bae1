"""A provider plugin that answers by echo, and fails where a resource's inputs say so.

`havreFails` of a resource: `create` (refused), `init` (made, and its start failed), `slow` (never
answers), `gone` (no longer there when it is read).
"""

import os
import sys
import threading
import time
import uuid
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

FAILS = "havreFails"


def way(properties: Any) -> str:
    """How a resource is to fail; empty for not at all."""
    return str(properties.fields[FAILS].string_value) if FAILS in properties.fields else ""


def identity(urn: str) -> str:
    """An identifier, the same for the same resource."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, urn))


class Echo(provider_pb2_grpc.ResourceProviderServicer):
    """A resource provider for every type of its package."""

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="3.29.0")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        changed = sorted(
            key
            for key in {*request.old_inputs, *request.news}
            if request.old_inputs.fields.get(key) != request.news.fields.get(key)
        )
        none, some = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=some if changed else none, diffs=changed)

    def Create(self, request: Any, context: Any) -> Any:
        if not request.preview:
            self._fail(request, context)
        made = "" if request.preview else identity(request.urn)
        return provider_pb2.CreateResponse(id=made, properties=request.properties)

    def _fail(self, request: Any, context: Any) -> None:
        how = way(request.properties)
        if how == "create":
            context.abort(grpc.StatusCode.UNKNOWN, "refused")
        if how == "slow":
            sys.stderr.write("waiting\n")
            threading.Event().wait()
        if how == "init":
            detail = provider_pb2.ErrorResourceInitFailed(
                id=identity(request.urn),
                properties=request.properties,
                reasons=["it did not start"],
                inputs=request.properties,
            )
            packed = any_pb2.Any()
            packed.Pack(detail)
            status = status_pb2.Status(code=2, message="it did not start", details=[packed])
            context.set_trailing_metadata(
                (("grpc-status-details-bin", status.SerializeToString()),)
            )
            context.abort(grpc.StatusCode.UNKNOWN, "it did not start")

    def Read(self, request: Any, context: Any) -> Any:
        if way(request.inputs) == "gone":
            return provider_pb2.ReadResponse()
        told = request.inputs if request.inputs.fields else request.properties
        if not told.fields:
            told.fields["accountName"].string_value = request.id
        return provider_pb2.ReadResponse(id=request.id, inputs=told, properties=told)

    def Update(self, request: Any, context: Any) -> Any:
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def main() -> None:
    """Serve as long as the CLI lives; the port goes to stdout, as it expects."""
    parent = os.getppid()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main()
