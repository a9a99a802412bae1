"""A change of words replaces nothing: neither a user, nor a key, nor a certificate."""

import pytest

from havre.plan import Plan
from tests.ovh.stack import changed, example, planned

FORCE_NEW = {
    "user:User": ("serviceName", "description"),
    "s3Credential:S3Credential": ("serviceName", "userId"),
    "s3Policy:S3Policy": ("serviceName", "userId"),
    "networkPrivate:NetworkPrivate": ("serviceName", "name", "vlanId"),
    "networkPrivateSubnetV2:NetworkPrivateSubnetV2": ("serviceName", "region", "cidr", "name"),
    "cloudGateway:CloudGateway": ("serviceName", "region"),
    "database:Database": ("serviceName", "engine"),
    "kubeNodePool:KubeNodePool": ("serviceName", "kubeId", "name", "flavorName"),
    "serviceKey:ServiceKey": ("okmsId", "type", "size", "operations"),
    "credential:Credential": ("okmsId", "name", "description", "csr", "identityUrns"),
    "aPIOAuth2Client:APIOAuth2Client": ("flow",),
}
"""Inputs that make another resource where they change, by type.

Source: terraform-provider-ovh 2.19.0, `ForceNew` and `RequiresReplace` of its resources, read on
2026-11-30. What is not listed was not read."""
WORDS = {
    "organisation.contact": "another@example.org",
    "organisation.name": "Another organisation",
    "projects.pharmaco-study.title": "Another title",
    "projects.pharmaco-study.authorisation": "Another decision",
    "projects.pharmaco-study.expires": "2029-06-30",
    "classification": "health-identifying",
}
CREDENTIAL = {
    "identities": ["urn:v1:eu:identity:account:ab-1"],
    "csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----",
}


def decisive(plan: Plan, kind: str) -> dict[str, dict[str, object]]:
    """Of each resource of a type the inputs that make it another one."""
    made = [each for each in plan.resources if each.type.endswith(f"/{kind}")]
    return {r.urn: {k: r.inputs.get(k) for k in FORCE_NEW[kind]} for r in made}


@pytest.fixture(scope="module")
def before() -> Plan:
    return planned(example("emc2"), okms_credential=CREDENTIAL)


@pytest.fixture(scope="module", params=WORDS)
def after(request: pytest.FixtureRequest) -> Plan:
    spec = changed(example("emc2"), request.param, WORDS[request.param])
    return planned(spec, okms_credential=CREDENTIAL)


@pytest.mark.parametrize("kind", FORCE_NEW)
def test_other_words_make_no_other_resource(before: Plan, after: Plan, kind: str) -> None:
    found = decisive(before, kind)
    assert found
    assert decisive(after, kind) == found
