"""Arguments on which security rests and that no fact shows, on every resource that takes them.

Each is a row of `arguments.toml`, with a reason and the words of the SDK's own docstring on which
that rests. What facts show is held by `tests/check/expected` and by the conformance suite; that the
SDK knows every argument and value, by `test_azure_types.py`.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from havre.plan import Plan
from tests.azure.sdk import sayings
from tests.azure.stack import SUBSCRIPTION, at, of, one
from tests.clouds import NOBODY

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/emc2-production"
ADMINISTRATOR = "33333333-2222-4333-8444-555555555555"

VAULT, KEY = "keyvault:Vault", "keyvault:Key"
PARAMETER = "dbforpostgresql:Configuration"
EGRESS = "network:FirewallPolicyRuleCollectionGroup"
ROWS = tomllib.loads((Path(__file__).parent / "arguments.toml").read_text())
WORDS = {"{group}": GROUP, "{tenant}": NOBODY, "{administrators}": ADMINISTRATOR}
"""What stands for a name that is long or that others share."""
EACH = [
    (warehouse, kind, path)
    for warehouse, kinds in ROWS.items()
    for kind, paths in kinds.items()
    for path in paths
]


def filled(value: Any) -> Any:
    """A value of the file with the names for which its words stand."""
    if isinstance(value, list):
        return [filled(each) for each in value]
    for word, name in WORDS.items() if isinstance(value, str) else ():
        value = value.replace(word, name)
    return value


@pytest.mark.parametrize(("warehouse", "kind", "path"), EACH)
def test_argument(request: pytest.FixtureRequest, warehouse: str, kind: str, path: str) -> None:
    row = ROWS[warehouse][kind][path]
    found = of(request.getfixturevalue(warehouse), kind)
    assert found
    for resource in found:
        assert at(resource.inputs, path) == filled(row.get("value")), (resource.name, row["why"])


@pytest.mark.parametrize(("warehouse", "kind", "path"), EACH)
def test_the_sdk_says_what_a_reason_rests_on(warehouse: str, kind: str, path: str) -> None:
    row = ROWS[warehouse][kind][path]
    assert set(row) - {"value"} == {"why", "says"}
    assert len(row["says"]) > 10
    assert any(row["says"] in said for said in sayings(kind, path))


def test_a_key_is_long_enough(emc2: Plan) -> None:
    """RSA of 3072 bits or more holds beyond 2030: ANSSI, guide on cryptographic mechanisms."""
    sizes = {at(key.inputs, "properties.keySize") for key in of(emc2, KEY)}
    assert sizes
    assert min(sizes) >= 3072


def test_only_rules_that_read_host_names_open_the_firewall(emc2: Plan) -> None:
    """Azure's page on its firewall: only application rules filter by host name."""
    (group,) = of(emc2, EGRESS)
    rules = [rule for each in group.inputs["ruleCollections"] for rule in each["rules"]]
    assert len(rules) > 1
    assert {rule["ruleType"] for rule in rules} == {"ApplicationRule"}
    (own,) = [rule for rule in rules if rule.get("targetFqdns")]
    assert own["protocols"] == [{"protocolType": "Https", "port": 443}]


def test_a_warehouse_with_the_providers_keys_holds_none(hospital: Plan) -> None:
    assert not of(hospital, VAULT)
    assert not of(hospital, KEY)
    assert hospital.outputs["keys"] == {"zones": {}}


@dataclass(frozen=True)
class Parameter:
    """A parameter of the PostgreSQL server, with what it is for; PostgreSQL's manual defines it."""

    name: str
    value: str
    why: str


PARAMETERS = [
    Parameter("require_secure_transport", "on", "no connection is in clear"),
    Parameter("ssl_min_protocol_version", "TLSv1.2", "the file's lowest version of TLS"),
    Parameter("azure.extensions", "BTREE_GIN,PGAUDIT,PG_TRGM", "the file's, and the audit's"),
    Parameter("shared_preload_libraries", "pgaudit", "pgaudit is loaded at the start only"),
    Parameter("pgaudit.log", "all", "reads and writes are logged"),
    Parameter("log_connections", "on", "who connects is logged"),
    Parameter("log_disconnections", "on", "how long a session lasted is logged"),
]


def test_the_servers_parameters(emc2: Plan) -> None:
    found = {r.inputs["configurationName"]: r.inputs["value"] for r in of(emc2, PARAMETER)}
    assert found == {each.name: each.value for each in PARAMETERS}


def test_the_database_refuses_what_is_below_the_tls_asked_for(hsm: Plan) -> None:
    found = one(hsm, "dbforpostgresql:Configuration", "ssl_min")
    assert found.inputs["value"] == "TLSv1.3"


def test_the_servers_administrators_are_the_group_of_the_settings(emc2: Plan) -> None:
    found = one(emc2, "dbforpostgresql:AdministratorsMicrosoftEntra").inputs
    assert found["objectId"] == "33333333-2222-4333-8444-555555555555"
    assert found["principalType"] == "Group"
    assert found["principalName"] == "warehouse-administrators"
