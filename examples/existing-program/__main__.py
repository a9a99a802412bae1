"""A team's own Pulumi program, with a warehouse put into it beside the team's own resources.

The component takes a parent, a protection and a dependency as any other component does, and
its outputs go on into whatever follows.
"""

from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

from havre.provider import find
from havre.spec.load import load
from havre.stack.component import ResearchWarehouse
from havre.stack.program import read_settings

HERE = Path(__file__).resolve().parent


class NoteProvider(ResourceProvider):
    """Stands for whatever the team already deploys."""

    serialize_as_secret_always = False

    def create(self, props: dict) -> CreateResult:
        """Keep the note in the state."""
        return CreateResult(props["title"], props)


class Note(Resource, module="hospital", name="Note"):
    """A page of the team's handbook."""

    def __init__(
        self, title: str, text: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(NoteProvider(), title, {"title": title, "text": text}, opts)


config = pulumi.Config()
spec = load((HERE / config.require("spec")).resolve()).warehouse
provider = find(config.require("provider"))
settings = dict(config.get_object("settings") or {})
if "data_dir" in settings:
    settings["data_dir"] = str((HERE / settings["data_dir"]).resolve())

platform = pulumi.ComponentResource("hospital:index:Platform", "platform")
warehouse = ResearchWarehouse(
    spec.name,
    spec,
    provider,
    read_settings(provider, settings),
    pulumi.ResourceOptions(parent=platform),
)
Note(
    "where-the-data-are",
    warehouse.zones["curated"].endpoint.apply(lambda endpoint: f"Objects: {endpoint}"),
    pulumi.ResourceOptions(parent=platform),
)
pulumi.export("database", warehouse.database.host)
