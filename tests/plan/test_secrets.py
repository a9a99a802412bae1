"""Secrets in clear are found wherever they are; names and places of secrets are not secrets."""

import json
from pathlib import Path
from typing import Any

import pytest

from havre.plan import Plan, PlannedResource
from havre.plan.previews import from_preview
from havre.plan.secrets import in_clear, in_clear_beside
from havre.plan.states import from_state
from havre.plan.values import SECRET, SIGNATURE, UNKNOWN, Secret

HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
KEY = "Zq3" + "aB1+cD2/eF3x" * 6 + "gH4iJ5kL6mN" + "=="
"""64 bytes in base64, as a storage account's key."""
PEM = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo="
KUBECONFIG = f"apiVersion: v1\nusers:\n- name: u\n  user:\n    token: {HEX}\n"


THING = "toy:index:Thing"


def resource(values: dict[str, Any], kind: str = THING, **differs: Any) -> Any:
    return PlannedResource(f"urn:pulumi:s::p::{kind}::x", kind, "x", True, values, **differs)


CLEAR: dict[str, tuple[str, dict[str, Any]]] = {
    "setting": (
        "settings[0].value",
        {"settings": [{"name": "db-password", "value": "x"}]},
    ),
    "setting by key": ("env[0].value", {"env": [{"key": "API_KEY", "value": "x"}]}),
    "helm's set": ("set[0].value", {"set": [{"name": "auth.password", "value": "x"}]}),
    "secure value": ("env[0].secureValue", {"env": [{"name": "HOST", "secureValue": "x"}]}),
    "list of secrets": ("secrets[0].value", {"secrets": [{"name": "db", "value": "x"}]}),
    "template's parameter": (
        "parameters.sshPassword.value",
        {"parameters": {"sshPassword": {"value": "x"}}},
    ),
    "environment": ("environment.PGPASSWORD", {"environment": {"PGPASSWORD": "x"}}),
    "environment as texts": ("env[0]", {"env": ["PGPASSWORD=hunter2"]}),
    "account's key": ("accountKey", {"accountKey": "x"}),
    "workspace's key": ("primarySharedKey", {"primarySharedKey": "x"}),
    "master key": ("masterKey", {"masterKey": HEX}),
    "secret key": ("secret_key", {"secret_key": "Ab1" * 7 + "cdEFgh2345"}),
    "key of 64 bytes anywhere": ("note", {"note": KEY}),
    "consumer key": ("consumer_key", {"consumer_key": "x"}),
    "token": ("user.token", {"user": {"token": HEX}}),
    "access token": ("oauthAccessToken", {"oauthAccessToken": "x"}),
    "kubeconfig": ("kubeconfig", {"kubeconfig": KUBECONFIG}),
    "kubeconfig as JSON": (
        "raw",
        {"raw": json.dumps({"users": [{"user": {"client-key-data": PEM}}]})},
    ),
    "kubeconfig in base64": (
        "kubeconfigs[0].value",
        {
            "kubeconfigs": [
                {"name": "admin", "value": "YXBpVmVyc2lvbjogdjEKdG9rZW46IDBmMWUyZDNjNGI1"
                 "YTY5Nzg4Nzk2YTViNGMzZDJlMWYw"}
            ]
        },
    ),
    "key of a kubeconfig": ("keyData", {"keyData": PEM}),
    "connection string": (
        "value",
        {"value": "Server=h;Database=d;User Id=u;Pwd=hunter2;Encrypt=true"},
    ),
    "libpq's": ("dsn", {"dsn": "host=h user=u password=hunter2"}),
    "service bus": ("at", {"at": "Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey=hunter2="}),
    "signature without address": ("sas", {"sas": "sv=2024-01-01&sr=c&sig=" + "a%2B" * 8}),
    "signature first": ("query", {"query": "sig=" + "aB1" * 8}),
    "forge's token": ("note", {"note": "ghp_" + "aB3d" * 9}),
    "client secret by shape": ("note", {"note": "abc8Q~" + "aB3.d" * 6 + "xyz1"}),
    "word that is no name": ("existingSecret", {"existingSecret": "Summer2026!db"}),
    "pull secret as a document": ("pullSecret", {"pullSecret": '{"auths": {}}'}),
    "in XML": ("xml", {"xml": '<add key="db" value="Server=h;Password=hunter2"/>'}),
    "beside a marked one": ("b.password", {"a": Secret("x"), "b": {"password": "x"}}),
}  # fmt: skip


@pytest.mark.parametrize(("path", "values"), CLEAR.values(), ids=CLEAR.keys())
def test_a_secret_in_clear_is_found_where_it_is(path: str, values: dict[str, Any]) -> None:
    assert in_clear(resource(values)) == [path]
    assert in_clear(resource({}, outputs=values)) == [f"outputs.{path}"]
    assert in_clear(resource({key: Secret(value) for key, value in values.items()})) == []


HARMLESS: dict[str, dict[str, Any]] = {
    "secrets of a cluster": {
        "existingSecret": "pg-credentials",
        "imagePullSecret": "regcred",
        "imagePullSecrets": ["regcred", {"name": "regcred"}],
        "tlsSecret": "wildcard.example",
        "existingSecretPasswordKey": "password",
        "secretKeyRef": {"name": "pg", "key": "password"},
    },
    "names": {
        "secretName": "db",
        "keyVaultSecretId": "https://v.example/secrets/db",
        "passwordSecretRef": "db",
        "secretIdentifier": "x",
    },
    "pair that names": {
        "set": [
            {"name": "auth.existingSecret", "value": "pg-credentials"},
            {"name": "auth.secretName", "value": "pg"},
            {"name": "HOST", "value": "db.example"},
        ],
        "env": [{"name": "PGPASSWORD", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}],
        "list": [{"name": "PGPASSWORD", "secretRef": "pg"}],
    },
    "parameter by reference": {
        "parameters": {"adminPassword": {"reference": {"keyVault": {"id": "/subscriptions/x"}}}},
        "type": {"adminPassword": {"type": "SecureString"}},
    },
    "in a secret's place": {
        "password": "${DB_PASSWORD}",
        "apiKey": "$(API_KEY)",
        "connectionString": "@Microsoft.KeyVault(SecretUri=https://v.example/secrets/db)",
        "accountKey": "[listKeys(resourceId('x'), '2023').keys[0].value]",
        "secret": "https://v.example/secrets/db",
        "dsn": "host=h password=$PGPASSWORD",
        "url": "postgres://u:${PASS}@db.example/x",
        "hidden": "AccountName=a;AccountKey=***",
    },
    "keys that open nothing": {
        "key": "curated-zone",
        "primaryKey": "patient_id",
        "publicKey": "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1",
        "keyData": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExample a@b",
        "customerManagedKey": "https://v.example/keys/zone/0123456789abcdef0123456789abcdef",
        "tenantKey": "22222222-2222-4333-8444-555555555555",
        "partitionKey": "/id",
        "contentSha512": KEY,
    },
    "kubeconfig without a secret": {
        "kubeconfig": "users:\n- name: u\n  user:\n    exec:\n      command: kubelogin\n"
        "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==\n"
    },
    "prose": {
        "description": "password: see the vault; token: ask the administrator",
        "query": "AzureDiagnostics | where Category == 'AuditEvent' | where Key = 1",
    },
    "switches": {"createSecret": "true", "useSecret": "false", "passwordAuth": "Disabled"},
    "nothing": {"password": "", "secret": None, "token": UNKNOWN, "env": [], "apiKey": {}},
}


@pytest.mark.parametrize("values", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_names_a_secret_is_none(values: dict[str, Any]) -> None:
    assert in_clear(resource(values, outputs=values)) == []


SECRET_TYPES = (
    ("azure-native:keyvault:Secret", {"properties": {"value": "x"}}, "properties.value"),
    ("azure-native:keyvault/v20230701:Secret", {"properties": {"value": "x"}}, "properties.value"),
    ("kubernetes:core/v1:Secret", {"stringData": {"user": "x"}}, "stringData.user"),
    ("scaleway:secrets/version:Version", {"data": "x"}, "data"),
    ("aws:secretsmanager/secretVersion:SecretVersion", {"secretString": "x"}, "secretString"),
)


@pytest.mark.parametrize(("kind", "values", "path"), SECRET_TYPES)
def test_the_content_of_a_secret_is_one(kind: str, values: dict[str, Any], path: str) -> None:
    assert in_clear(resource(values, kind)) == [path]
    assert in_clear(resource({"secretName": "db", "data": UNKNOWN}, kind)) == []
    assert in_clear(resource(values, "kubernetes:core/v1:ConfigMap")) == []


def test_what_inputs_and_outputs_share_is_said_once() -> None:
    values = {"password": "x"}
    found = in_clear(resource(values, outputs={**values, "key": HEX}))
    assert found == ["password", "outputs.key"]


def state_of(values: dict[str, Any]) -> dict[str, Any]:
    token = "toy:index:Thing"
    return {"urn": f"urn:pulumi:s::p::{token}::x", "type": token, "custom": True, **values}


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document))
    return path


def test_the_outputs_of_a_state_are_read_with_their_marks(tmp_path: Path) -> None:
    hidden = {SIGNATURE: SECRET, "ciphertext": "v1:abc"}
    state = state_of({"outputs": {"accountKey": "hunter2", "password": hidden}})
    path = written(tmp_path, {"version": 3, "deployment": {"resources": [state]}})
    (found,) = from_state(path).resources
    assert found.outputs == {"accountKey": "hunter2", "password": Secret(UNKNOWN)}
    assert in_clear(found) == ["outputs.accountKey"]


def test_the_outputs_and_the_configuration_of_a_preview_are_read(tmp_path: Path) -> None:
    state = state_of({"outputs": {"accountKey": "hunter2", "password": "[secret]"}})
    config = {"toy:apiKey": "hunter2", "toy:region": "x", "p:db": {"password": "x"}}
    step = {"op": "create", "urn": state["urn"], "newState": state}
    document = {"config": {**config, "toy:token": "[secret]"}, "steps": [step]}
    plan = from_preview(written(tmp_path, document))
    assert plan.resources[0].outputs["password"] == Secret(UNKNOWN)
    assert in_clear(plan.resources[0]) == ["outputs.accountKey"]
    assert list(in_clear_beside(plan)) == ["config.toy:apiKey", "config.p:db.password"]
    assert "hunter2" not in json.dumps(plan.as_dict())


def test_what_an_offline_program_exports_is_read() -> None:
    plan = Plan("toy", (), outputs={"db": {"password": "x"}, "marked": Secret({"password": "x"})})
    assert list(in_clear_beside(plan)) == ["outputs.db.password"]


@pytest.mark.parametrize("secret", ["secretKey", "secretAccessKey", "secret_key"])
def test_an_access_key_beside_its_secret_is_an_identifier(secret: str) -> None:
    pair = {"accessKey": "SCWC0674CD1D1AA4BC3A", secret: Secret("x")}
    assert in_clear(resource(pair)) == []
    assert in_clear(resource({"accessKey": "SCWC0674CD1D1AA4BC3A"})) == ["accessKey"]
    assert in_clear(resource({**pair, secret: KEY})) == [secret]
    assert in_clear(resource({**pair, "apiKey": "of-somebody"})) == ["apiKey"]
