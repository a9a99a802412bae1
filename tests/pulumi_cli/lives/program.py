"""A stack whose resources stand in a file: the first program of a life, and what follows it.

The file named by `LIFE` holds a list of `{type, name, inputs, options}`; `get` among the options
names the id of a resource that is only read.
"""

import json
import os
from pathlib import Path
from typing import Any

import pulumi

MADE: dict[str, pulumi.Resource] = {}
NAMES = {"parent", "deleted_with"}
"""Options that name another resource of the file."""


class Echoed(pulumi.CustomResource):
    """A resource of any type."""

    def __init__(self, kind: str, name: str, inputs: dict[str, Any], **options: Any) -> None:
        read = options.pop("get", None)
        chosen = {k: MADE[v] if k in NAMES else v for k, v in options.items()}
        given = pulumi.ResourceOptions(id=read, **chosen)
        super().__init__(kind, name, inputs, given)


def make(each: dict[str, Any]) -> pulumi.Resource:
    """One resource of the file; a type of a single word is a component's."""
    inputs, options = each.get("inputs", {}), each.get("options", {})
    if each["type"].startswith("group:"):
        return pulumi.ComponentResource(each["type"], each["name"])
    return Echoed(each["type"], each["name"], inputs, **options)


for given in json.loads(Path(os.environ["LIFE"]).read_text()):
    MADE[given["name"]] = make(given)
