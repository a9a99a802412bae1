"""What a stack on OVHcloud must say beyond the spec.

No secret is a setting. Credentials come from the environment of the run:

- of OVHcloud's API, by Pulumi's plugin: `OVH_ENDPOINT` (`ovh-eu`) with `OVH_CLIENT_ID` and
  `OVH_CLIENT_SECRET` (a service account, the only kind bound to IAM policies). Secrets given
  to an explicit provider would stand in clear in preview and state, so there is none;
- of Object Storage, for what Pulumi's plugin lacks (see `havre_ovh.s3`): `AWS_ACCESS_KEY_ID`
  and `AWS_SECRET_ACCESS_KEY` of the project user that owns the buckets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping  # noqa: TC003 - pydantic reads annotations at run time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from havre.provider.conventions import AddressPlan, ExtraTags, Names, pattern_of
from havre.provider.workloads.settings import CONTEXT, KubernetesContext
from havre.spec.model import Cidr, ProjectSlug, SiteName  # noqa: TC001 - and so these
from havre_ovh.estate import OvhEstate, RegionName, Uuid  # noqa: TC001 - and these

PLACEHOLDERS = ("warehouse", "environment", "part")
"""What a pattern of names may contain, in braces."""
NAME = "ovh"
"""Name of the provider."""
S3_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Where credentials of Object Storage are read; they are never an input, nor in the state."""


def missing_credentials() -> tuple[str, ...]:
    """Names of the credentials of Object Storage that the environment lacks."""
    return tuple(name for name in S3_CREDENTIALS if not os.environ.get(name))


Group = Annotated[str, StringConstraints(pattern=r"^urn:v1:eu:identity:group:[^/\s]+/[^/\s]+$")]
Identity = Annotated[str, StringConstraints(pattern=r"^urn:v1:eu:identity:[a-z]+:\S+$")]


class Credential(BaseModel):
    """Who reaches the keys: identities, and the request for their certificate.

    The private key stays with whoever made the request; it never reaches the state.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    identities: Annotated[tuple[Identity, ...], Field(min_length=1, max_length=25)] = Field(
        description="URNs of the identities that the certificate represents"
    )
    csr: Annotated[
        str, StringConstraints(pattern=r"^-----BEGIN CERTIFICATE REQUEST-----[^:]*-----\s*$")
    ] = Field(description="Certificate signing request, PEM")


class OvhSettings(BaseModel):
    """Settings of the OVHcloud provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service_name: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(
        description="Identifier of the existing Public Cloud project (32 hexadecimal digits)",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    ldp_service: Annotated[str, StringConstraints(pattern=r"^ldp-[a-z]{2}-[0-9]+$")] = Field(
        description="Logs Data Platform account, such as ldp-ab-12345 (not the project)",
        examples=["ldp-ab-12345"],
    )
    ldp_retention_id: Uuid = Field(
        description="Retention of that account's streams, at least `audit.retention_days`. "
        "`dbaas.get_logs_clusters_retention` lists the identifiers.",
        examples=["11111111-2222-3333-4444-555555555555"],
    )
    ldp_site: SiteName | None = Field(
        default=None, description="Site of that account's cluster, according to its contract"
    )
    okms_id: Uuid | None = Field(
        description="Existing OKMS domain, or null if the provider manages the keys",
        examples=["22222222-3333-4444-5555-666666666666"],
    )
    okms_region: Literal["eu-west-par", "eu-west-rbx", "eu-west-sbg"] | None = Field(
        default=None, description="Region of that OKMS domain (unset: the primary site's)"
    )
    okms_credential: Credential | None = Field(
        default=None, description="Certificate with which an administrator's programs use the keys"
    )
    registry_plan_id: Uuid | None = Field(
        description="Plan of the registry, or null without one. "
        "`cloudproject.get_capabilities_container_filter` lists the identifiers.",
        examples=["33333333-4444-5555-6666-777777777777"],
    )
    registry_region: RegionName | None = Field(
        default=None,
        description="Region of the registry (unset: the primary site's). It counts for a new "
        "registry only: one that exists stays where it is.",
    )
    compute_region: RegionName | None = Field(
        default=None,
        description="Compute region at the primary site, such as GRA9 (unset: known to Havre)",
    )
    availability_zones: tuple[str, ...] | None = Field(
        default=None,
        description="Names of that region's availability zones (unset: known to Havre)",
    )
    vlan_id: Annotated[int, Field(ge=1, le=4094)] | None = Field(
        default=None,
        description="VLAN of the private network (IEEE 802.1Q: 1 to 4094), one per warehouse "
        "(unset: derived from the warehouse's name)",
    )
    kubernetes_version: Annotated[str, StringConstraints(pattern=r"^1\.(3[3-9]|[4-9][0-9])$")] = (
        Field(
            default="1.35",
            description="Minor version of Kubernetes, 1.33 or later, raised by one at a time",
        )
    )
    kubernetes_context: KubernetesContext | None = Field(default=None, description=CONTEXT)
    database_plan: Literal["business", "enterprise", "production", "advanced"] | None = Field(
        default=None,
        description="Plan of the database (unset: business, or enterprise in several availability "
        "zones, as the SDK names them). The essential plan is outside HDS. Public threads on Paris "
        "name production and advanced (public-cloud-roadmap#139, ovh/docs#8231). Set it where the "
        "API offers those.",
    )
    database_flavors: Literal["db1", "b3"] = Field(
        default="db1", description="Family of the database's flavors"
    )
    tags: ExtraTags = Field(
        default_factory=dict,
        description="Tags of the organisation, in addition to those of the warehouse. Only buckets "
        "have tags on OVHcloud. 30 at most.",
        examples=[{"cost-centre": "4711"}],
    )
    name_pattern: Annotated[str, pattern_of(*PLACEHOLDERS)] | None = Field(
        default=None,
        description="Pattern of names, such as `hospital-{warehouse}-{environment}-{part}`. Names "
        "of buckets end with a digest. Another pattern makes other buckets: set it before the "
        "first deployment.",
    )
    names: Names = Field(
        default_factory=dict,
        description="Names of single resources, by the logical names of `havre plan --details`. "
        "They count before the pattern.",
        examples=[{"emc2-zones-curated": "hospital-curated"}],
    )
    address_plan: AddressPlan = Field(
        default_factory=dict,
        description="Addresses of segments within `network.address_space`, in place of those that "
        "are computed. Segments: `endpoints`, `database`, `compute`, `administration`.",
        examples=[{"compute": "10.42.64.0/20"}],
    )
    recovery_address_plan: AddressPlan = Field(
        default_factory=dict,
        description="The same within `network.recovery_address_space`",
    )
    source_addresses: tuple[Cidr, ...] = Field(
        default=(),
        description="Further public addresses from which zones, registry and the cluster's API are "
        "used, in addition to the administration addresses. Add the gateway's after the first "
        "deployment: nodes reach them from there.",
    )
    owner_user_id: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Project user that owns the buckets and whose S3 keys are used, required with "
        "`bucket_controls`. It counts for new buckets only: a bucket keeps its owner.",
        examples=[123456],
    )
    bucket_controls: bool = Field(
        default=True,
        description="Set access logs and check the access lists of buckets, over S3. Set it to "
        "false if the run cannot reach Object Storage, which is then a gap.",
    )
    project_groups: Mapping[ProjectSlug, Group] = Field(
        default_factory=dict,
        description="IAM group of each project's researchers (unset: a service account)",
    )
    estate: OvhEstate | None = Field(
        default=None,
        description="Parts of an existing estate that the warehouse uses and Havre does not manage",
    )
    hds_certified: bool = Field(
        default=False,
        description="The project was ordered with the option certification.hds.2018",
    )

    def lacking(self) -> tuple[str, ...]:
        """Names of the credentials that the environment of a deployment lacks."""
        return missing_credentials() if self.bucket_controls else ()
