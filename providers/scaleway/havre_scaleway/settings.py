"""What a stack on Scaleway must say beyond the spec.

No secret is a setting. Credentials come from the environment of the run: `SCW_ACCESS_KEY` and
`SCW_SECRET_KEY` of an IAM application, by Pulumi's plugin. Secrets given to an explicit provider
would stand in preview and state, so there is none.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads annotations at run time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from havre.provider.conventions import AddressPlan, ExtraTags, Names, pattern_of
from havre.provider.workloads.settings import CONTEXT, KubernetesContext
from havre.spec.model import Cidr, ProjectSlug  # noqa: TC001 - and so these

PLACEHOLDERS = ("warehouse", "environment", "part")
"""What a pattern of names may contain, in braces."""
NAME = "scaleway"
"""Name of the provider."""
S3_CREDENTIALS = ("SCW_ACCESS_KEY", "SCW_SECRET_KEY")
"""Where credentials are read; they are never an input, nor in the state."""
_HEX = "[0-9a-f]"
_UUID = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"

Uuid = Annotated[str, StringConstraints(pattern=rf"^{_UUID}$")]
Principal = Annotated[str, StringConstraints(pattern=rf"^(application_id|user_id):{_UUID}$")]
NodeType = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{2,40}$")]


class ScalewaySettings(BaseModel):
    """Settings of the Scaleway provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organization_id: Uuid = Field(
        description="Identifier of the organisation of the project",
        examples=["11111111-2222-3333-4444-555555555555"],
    )
    project_id: Uuid = Field(
        description="Identifier of the existing project of the warehouse. Give each warehouse a "
        "project of its own: IAM separates projects, not resources.",
        examples=["22222222-3333-4444-5555-666666666666"],
    )
    deployer: Principal = Field(
        description="Who deploys, as bucket policies name it: `application_id:` or `user_id:` with "
        "the identifier. A bucket policy that does not admit it locks it out.",
        examples=["application_id:33333333-4444-5555-6666-777777777777"],
    )
    deployer_addresses: tuple[Cidr, ...] = Field(
        default=(),
        description="Public addresses from which the deployer and the data managers work (unset: "
        "from anywhere). A bucket refuses them from elsewhere.",
    )
    data_managers: tuple[Principal, ...] = Field(
        default=(),
        description="Principals that read, write and delete objects of zones, such as loading "
        "jobs, as bucket policies name them. Zones of logs do not admit them.",
    )
    project_applications: Mapping[ProjectSlug, Uuid] = Field(
        default_factory=dict,
        description="Existing IAM application of each project (unset: Havre creates one). A plan "
        "shows who may use a bucket only if the applications are known before the deployment.",
        examples=[{"sleep-study": "44444444-5555-6666-7777-888888888888"}],
    )
    trail_writer: Principal | None = Field(
        default=None,
        description="Principal by which the export of Audit Trail writes into its bucket, if the "
        "export needs one (unset: the bucket admits only the deployer)",
    )
    kubernetes_version: Annotated[
        str, StringConstraints(pattern=r"^1\.(3[2-9]|[4-9][0-9])\.[0-9]+$")
    ] = Field(
        default="1.35.0",
        description="Version of Kubernetes, such as 1.35.0. `kubernetes.get_version` lists them.",
    )
    kubernetes_context: KubernetesContext | None = Field(default=None, description=CONTEXT)
    cluster_type: Literal[
        "kapsule-dedicated-4", "kapsule-dedicated-8", "kapsule-dedicated-16", "kapsule"
    ] = Field(
        default="kapsule-dedicated-4",
        description="Type of the cluster. Only a dedicated control plane is within HDS and has "
        "audit logs. It commits for 30 days.",
    )
    node_type: NodeType | None = Field(
        default=None, description="Type of the cluster's nodes (unset: follows the size)"
    )
    database_node_type: NodeType | None = Field(
        default=None,
        description="Type of the database's nodes (unset: follows the size). "
        "`databases.get_node_types` lists them.",
    )
    database_volume: Literal["sbs_5k", "sbs_15k"] = Field(
        default="sbs_5k", description="Block storage of the database, by its operations per second"
    )
    bucket_key_form: Literal["id", "regional-id", "name"] = Field(
        default="id",
        description="How buckets name their key: only the UUID, `region/UUID`, or the key's name. "
        "The SDK's texts show both an identifier and a name. Not yet tested on Scaleway.",
    )
    node_egress_ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        default=(443, 6443),
        description="TCP ports that nodes reach anywhere, in addition to those of "
        "`network.egress`: API of the cluster, registry and Object Storage have public addresses",
    )
    tags: ExtraTags = Field(
        default_factory=dict,
        description="Tags of the organisation, in addition to those of the warehouse. 30 at most.",
        examples=[{"cost-centre": "4711"}],
    )
    name_pattern: Annotated[str, pattern_of(*PLACEHOLDERS)] | None = Field(
        default=None,
        description="Pattern of names, such as `hospital-{warehouse}-{environment}-{part}`. Names "
        "of buckets and of the registry end with a digest. Another pattern makes other buckets: "
        "set it before the first deployment.",
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
        description="Further public addresses from which zones and the cluster's API are used, in "
        "addition to the administration addresses. Add the gateway's after the first deployment: "
        "nodes reach them from there.",
    )
    hds_certified: bool = Field(
        default=False,
        description="The organisation has signed Scaleway's contract for hosting health data (HDS)",
    )
