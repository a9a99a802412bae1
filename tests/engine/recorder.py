"""A provider that notes every call, and the program by which it is driven.

`python -m tests.engine.recorder ADDRESS` serves it as a plugin under the Pulumi CLI, which must
find `HAVRE_RECORD` (a file, to which a line a call is added) and `HAVRE_RECORD_STYLE` in its
environment; in process it is a servicer like any other.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pulumi
from google.protobuf import empty_pb2, json_format
from google.protobuf.message import Message
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

PACKAGE = "recorded"
TYPE = f"{PACKAGE}:index:Thing"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
STYLES = ("handshake", "secrets", "plain")
"""By handshake; by Configure, with secrets and previews; by Configure, with neither."""
PROJECT, STACK = "recorded", "test"

ABOUT_THE_CLI = {
    "engine_address",
    "root_directory",
    "program_directory",
    "mapper_target",
    "loader_target",
    "resolver_target",
    "resource_status_address",
    "resource_status_token",
}
"""Fields that name the CLI's own servers and folders."""


@dataclass(frozen=True)
class Step:
    """A run, and the program that it applies.

    Attributes:
        name: of the step in a recording.
        command: `preview`, `up` or `destroy`.
        things: properties by name, each thing needing the one before it.
    """

    name: str
    command: str
    things: dict[str, dict[str, Any]] = field(default_factory=dict)


def _things(**first: Any) -> dict[str, dict[str, Any]]:
    return {"first": {"word": "hush", "kind": "a", **first}, "second": {"kind": "a"}}


ALONE = {"word": "hush", "kind": "b", "size": 2}
STEPS = (
    Step("preview of a creation", "preview", _things()),
    Step("creation", "up", _things()),
    Step("preview of no change", "preview", _things()),
    Step("no change", "up", _things()),
    Step("preview of an update", "preview", _things(size=2)),
    Step("update", "up", _things(size=2)),
    Step("preview of a replacement", "preview", _things(size=2, kind="b")),
    Step("replacement", "up", _things(size=2, kind="b")),
    Step("deletion", "up", {"first": ALONE}),
    Step("replacement, the old one first", "up", {"first": {**ALONE, "kind": "c", "early": True}}),
    Step("deletion of all", "destroy"),
)


class Thing(pulumi.CustomResource):
    made: pulumi.Output[str]


def program(things: dict[str, dict[str, Any]]) -> None:
    """Register the things; the first has a secret, and every option that a provider hears of."""
    needed: pulumi.Output[str] | None = None
    for name, given in things.items():
        word = pulumi.Output.secret(given["word"]) if "word" in given else None
        thing = Thing(
            TYPE,
            name,
            {"size": None, "early": None, **given, "word": word, "needs": needed, "made": None},
            pulumi.ResourceOptions(
                ignore_changes=["tint"],
                additional_secret_outputs=["made"],
                custom_timeouts=pulumi.CustomTimeouts(create="5m", update="90s", delete="1h1m"),
            ),
        )
        needed = thing.id
        pulumi.export(f"{name} is made", thing.made)


def _noted(request: Message) -> dict[str, Any]:
    """A request's fields, without what differs from run to run."""
    found = json_format.MessageToDict(request, preserving_proto_field_name=True)
    kept = {key: value for key, value in found.items() if key not in ABOUT_THE_CLI}
    if "randomSeed" in kept:
        kept["randomSeed"] = f"{len(request.randomSeed)} bytes"
    if kept.get("type", "").startswith("pulumi:providers:") and kept.get("id") not in (
        None,
        UNKNOWN,
    ):
        kept["id"] = "an id"
    return kept


@dataclass
class Recorder(provider_pb2_grpc.ResourceProviderServicer):
    """Notes every call; a thing is replaced where its `kind` changes.

    Attributes:
        style: one of `STYLES`.
        note: told of every call.
    """

    style: str
    note: Callable[[dict[str, Any]], None]

    def _tell(self, method: str, request: Message) -> None:
        self.note({"method": method, **_noted(request)})

    def Handshake(self, request, context):
        self._tell("Handshake", request)
        if self.style != "handshake":
            context.set_code(grpc.StatusCode.UNIMPLEMENTED)
            message = "no handshake"
            raise NotImplementedError(message)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request, context):
        self._tell("CheckConfig", request)
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        self._tell("DiffConfig", request)
        return provider_pb2.DiffResponse()

    def Configure(self, request, context):
        self._tell("Configure", request)
        rich = self.style != "plain"
        return provider_pb2.ConfigureResponse(acceptSecrets=rich, supportsPreview=rich)

    def Check(self, request, context):
        self._tell("Check", request)
        inputs = request.news
        if "size" not in inputs.fields or inputs.fields["size"].HasField("null_value"):
            inputs.fields["size"].number_value = 1
        return provider_pb2.CheckResponse(inputs=inputs)

    def Diff(self, request, context):
        self._tell("Diff", request)
        new, old = dict(request.news), dict(request.old_inputs)
        changed = sorted(k for k in new.keys() | old.keys() if new.get(k) != old.get(k))
        none, some = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(
            changes=some if changed else none,
            diffs=changed,
            replaces=["kind"] if "kind" in changed else [],
            stables=["made"],
            deleteBeforeReplace=bool(new.get("early")),
        )

    def _outputs(self, inputs, preview):
        inputs.fields["made"].string_value = UNKNOWN if preview else "well"
        return inputs

    def Create(self, request, context):
        self._tell("Create", request)
        identity = "" if request.preview else f"{request.name}-{request.properties['kind']}"
        outputs = self._outputs(request.properties, request.preview)
        return provider_pb2.CreateResponse(id=identity, properties=outputs)

    def Update(self, request, context):
        self._tell("Update", request)
        outputs = self._outputs(request.news, request.preview)
        return provider_pb2.UpdateResponse(properties=outputs)

    def Delete(self, request, context):
        self._tell("Delete", request)
        return empty_pb2.Empty()

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def _append(call: dict[str, Any]) -> None:
    with Path(os.environ["HAVRE_RECORD"]).open("a") as file:
        file.write(json.dumps(call, sort_keys=True) + "\n")


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    recorder = Recorder(os.environ["HAVRE_RECORD_STYLE"], _append)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(recorder, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
