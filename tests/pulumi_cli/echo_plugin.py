"""A provider plugin that answers by echo: what goes into Check and Create comes back.

Run as `python echo_plugin.py ENGINE_ADDRESS`; prints its port, as the Pulumi CLI expects. In a
preview, outputs other than inputs are unknown, as a real provider's are. The file that ECHO_TABLE
names says by type which inputs make another resource of one, what cannot be found any more
(`gone`: names of resources), what an import finds (`there`: inputs by identifier), and what
somebody changed by hand (`by_hand`: patches as RFC 7386 has them, by name of a resource), which a
refresh sees in inputs and outputs alike.
"""

import json
import os
import sys
import threading
import uuid
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

COMPUTED = (
    "principalId",
    "clientId",
    "keyUri",
    "keyUriWithVersion",
    "privateFQDN",
    "loginServer",
    "fullyQualifiedDomainName",
    "url",
    "urn",
    "hostname",
    "accessKeyId",
    "streamId",
    "restEndpoint",
)
"""Outputs that programs go on with, and that only the service can tell."""
CLIENT, NETWORK = "/aPIOAuth2Client:", "/networkPrivate:"
"""Types of which the service tells an identity, and an identifier for each region."""
CLUSTER = "scaleway:kubernetes/cluster:Cluster"
"""A type of which the service tells the address of its API."""


def told(request):
    """Inputs and what the service would tell, the same for the same resource."""
    properties = echoed(request.properties)
    if "keyName" in properties.fields and not request.preview:
        vault, key = (properties.fields[n].string_value for n in ("vaultName", "keyName"))
        address = f"https://{vault}.vault.azure.net/keys/{key}"
        properties.fields["keyUri"].string_value = address
        properties.fields["keyUriWithVersion"].string_value = f"{address}/1"
    if not request.preview:
        own = {CLIENT: "identity", CLUSTER: "apiserverUrl"}
        for name in (*COMPUTED, *(own[kind] for kind in own if kind in request.urn)):
            if name not in properties.fields:
                properties.fields[name].string_value = made_up(request.urn + name)
        if NETWORK in request.urn:
            ids = properties.fields["regionsOpenstackIds"].struct_value
            for region in properties.fields["regions"].list_value:
                ids[region] = made_up(request.urn + region)
    return properties


def made_up(text):
    """An identifier, the same for the same text."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def echoed(properties):
    """Inputs as outputs, but for identities: a list goes in and a mapping would come out."""
    identity = properties.fields.get("identity")
    if identity is not None and identity.HasField("struct_value"):
        given = identity.struct_value.fields.get("userAssignedIdentities")
        if given is not None and given.HasField("list_value"):
            identity.struct_value.fields.pop("userAssignedIdentities")
    return properties


def table():
    """What replaces, by type, and what is gone; nothing where no file says it."""
    file = Path(os.environ.get("ECHO_TABLE", "/nowhere"))
    return json.loads(file.read_text()) if file.is_file() else {"replaced": {}, "gone": []}


def changed_by_hand(values, patch):
    """Properties with a merge patch; null takes a property away."""
    if not isinstance(patch, dict):
        return patch
    found = dict(values) if isinstance(values, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = changed_by_hand(found.get(name), value)
    return found


def stamped(values):
    """What a service returns of a change: each part of a list bears another mark than before."""
    if isinstance(values, list):
        mark = {"etag": made_up(json.dumps(values)), "provisioningState": "Succeeded"}
        return [{**each, **mark} if isinstance(each, dict) else each for each in values]
    return values


def seen(request, patch):
    """What a refresh sees of what somebody changed."""
    given, told = (
        changed_by_hand(json_format.MessageToDict(each), patch)
        for each in (request.inputs, request.properties)
    )
    told = {name: stamped(value) for name, value in told.items()}
    inputs, outputs = (json_format.ParseDict(v, struct_pb2.Struct()) for v in (given, told))
    return provider_pb2.ReadResponse(id=request.id, properties=outputs, inputs=inputs)


def differing(old, new, path=""):
    """Paths at which two values differ; what is not known yet differs from what is known."""
    if isinstance(old, dict) or isinstance(new, dict):
        left, right = old or {}, new or {}
        if not isinstance(left, dict) or not isinstance(right, dict):
            return {path}
        keys = left.keys() | right.keys()
        found = [differing(left.get(k), right.get(k), f"{path}.{k}" if path else k) for k in keys]
        return set().union(*found)
    if isinstance(old, list) and isinstance(new, list):
        found = [differing(a, b, path) for a, b in zip(old, new, strict=False)]
        return set().union(*found, {path} if len(old) != len(new) else ())
    return set() if old == new else {path}


def replacing(request):
    """Top-level inputs whose change makes another resource."""
    kind = request.urn.split("::")[2].split("$")[-1]
    olds, news = map(json_format.MessageToDict, (request.old_inputs, request.news))
    named = table()["replaced"].get(kind, ())
    changed = differing(olds, news)
    return sorted({p for p in changed for n in named if p == n or p.startswith(f"{n}.")})


class Echo(provider_pb2_grpc.ResourceProviderServicer):
    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse()

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False
        )

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        same = request.old_inputs == request.news
        none, some = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(
            changes=none if same else some, replaces=replacing(request)
        )

    def Read(self, request, context):
        name = request.urn.rsplit("::", 1)[-1]
        if name in table()["gone"]:
            return provider_pb2.ReadResponse()
        there = table().get("there", {}).get(request.id)
        if there is not None:  # an import knows the identifier alone
            found = json_format.ParseDict(there, struct_pb2.Struct())
            return provider_pb2.ReadResponse(id=request.id, properties=found, inputs=found)
        if name in table().get("by_hand", {}):
            return seen(request, table()["by_hand"][name])
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Create(self, request, context):
        identity = "" if request.preview else str(uuid.uuid5(uuid.NAMESPACE_URL, request.urn))
        return provider_pb2.CreateResponse(id=identity, properties=told(request))

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=echoed(request.news))

    def Delete(self, request, context):
        return empty_pb2.Empty()

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
