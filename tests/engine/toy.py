"""A provider of shelves: each is a JSON file in a folder, and every call leaves a line."""

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from havre.plan.urns import DYNAMIC_PACKAGE
from havre.provider.dynamic import DynamicServicer


def calls(folder: Path) -> list[str]:
    log = folder / "calls.log"
    return log.read_text().splitlines() if log.exists() else []


class ShelfProvider(ResourceProvider):
    serialize_as_secret_always = False

    def __init__(self) -> None:
        super().__init__()
        self.material = "oak"  # state that is serialised with the provider

    def _file(self, props: dict[str, Any]) -> Path:
        return Path(props["folder"]) / f"{props['label']}.json"

    def _log(self, props: dict[str, Any], call: str) -> None:
        with (Path(props["folder"]) / "calls.log").open("a") as log:
            log.write(f"{call} {props['label']}\n")

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        failures = [CheckFailure("size", "must be positive")] if news["size"] < 1 else []
        return CheckResult(news, failures)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        changed = [k for k in ("label", "size", "needs") if olds.get(k) != news.get(k)]
        return DiffResult(
            changes=bool(changed),
            replaces=["label"] if "label" in changed else [],
            stables=["place"],
            delete_before_replace=bool(news.get("first_delete")),
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        self._log(props, "create")
        if props.get("fails"):
            message = "the shelf fell down"
            raise OSError(message)
        file = self._file(props)
        if not file.exists():
            file.write_text(json.dumps({"books": []}))
        return CreateResult(props["label"], {**props, "place": str(file), "holds_data": False})

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        self._log(news, "update")
        return UpdateResult({**news, "place": olds["place"], "holds_data": False})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        self._log(props, "delete")
        self._file(props).unlink(missing_ok=True)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        file = self._file(props)
        if not file.exists():
            return ReadResult("", {})
        return ReadResult(id_, {**props, "holds_data": bool(json.loads(file.read_text())["books"])})


SERVICERS = {
    DYNAMIC_PACKAGE: DynamicServicer({f"{DYNAMIC_PACKAGE}:dynamic/toy:Shelf": ShelfProvider()})
}


class Shelf(Resource, module="toy", name="Shelf"):
    place: pulumi.Output[str]

    def __init__(
        self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        defaults = {"size": 1, "label": name, "place": None, "holds_data": None}
        super().__init__(ShelfProvider(), name, {**defaults, **props}, opts)
