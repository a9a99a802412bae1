"""Settings of cloud providers, as a stack of nobody's would have them."""

from typing import Any

NOBODY = "11111111-2222-4333-8444-555555555555"

SETTINGS: dict[str, dict[str, Any]] = {
    "azure": {
        "tenant_id": NOBODY,
        "subscription_id": "22222222-2222-4333-8444-555555555555",
        "administrators_id": "33333333-2222-4333-8444-555555555555",
        "administrators_name": "warehouse-administrators",
    },
    "ovh": {
        "service_name": "0123456789abcdef0123456789abcdef",
        "ldp_service": "ldp-ab-12345",
        "ldp_retention_id": NOBODY,
        "okms_id": "22222222-2222-4333-8444-555555555555",
        "registry_plan_id": "33333333-2222-4333-8444-555555555555",
        "owner_user_id": 4242,
    },
    "scaleway": {
        "organization_id": NOBODY,
        "project_id": "22222222-2222-4333-8444-555555555555",
        "deployer": "application_id:33333333-2222-4333-8444-555555555555",
    },
}

ECHOED: dict[str, dict[str, Any]] = {
    "azure": SETTINGS["azure"],
    "ovh": {**SETTINGS["ovh"], "bucket_controls": False},  # these speak S3, which no echo does
    "scaleway": SETTINGS["scaleway"],
}
"""Settings of stacks whose plugins answer by echo."""
