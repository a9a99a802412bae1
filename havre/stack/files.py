"""Reading the settings of a provider from a Pulumi stack file, without the Pulumi CLI."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from havre.documents.records import read_document
from havre.errors import InputError
from havre.provider.machine import folder_setting
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from havre.documents.records import Document

PROJECT = "warehouse"
"""Name of the project, and so the namespace of its stacks' configuration."""
PROJECT_FILE = "Pulumi.yaml"
"""File of a project: next to its stack files."""
KEYS = ("spec", "provider", "settings")
"""What a stack file says of a warehouse, in the namespace of its project."""
NAMED = "Name a Pulumi stack file, Pulumi.<stack>.yaml, of the project `warehouse`."
OWN = (
    "A stack file of your own program is read by the project's name: keep it next to "
    f"{PROJECT_FILE}, and write `NAME:spec`, `NAME:provider` and `NAME:settings`."
)
NEAR = 0.85
"""Similarity from which a key of another namespace is a slip: `warehuse:settings`."""


def read_stack_settings(path: Path, provider: str = "") -> dict[str, Any]:
    """The settings in a `Pulumi.<stack>.yaml`; what is encrypted there is left out.

    They stand under the name of the project, which `Pulumi.yaml` next to the file tells; else under
    `warehouse`.

    Args:
        path: the stack file.
        provider: whose settings are wanted; any provider's where empty.

    Raises:
        InputError: the file is no stack file of a warehouse, has a key that is unknown, or is of
            another provider.
    """
    project, told = _told(path)
    if not told:
        message = f"{path} says nothing of a warehouse: it has no key `{project}:...`"
        raise InputError(message, f"{NAMED} {OWN}")
    if provider and told.get("provider") not in {None, provider}:
        message = f"{path} is a stack on provider `{told['provider']}`, not on `{provider}`"
        raise InputError(message, "Name the stack file of that provider, or that provider.")
    settings = told.get("settings", {})
    if not isinstance(settings, dict):
        message = f"{path}: `{project}:settings` is not a mapping"
        raise InputError(message, "Write one setting a line: `NAME: VALUE`.")
    return {name: value for name, value in settings.items() if not _encrypted(value)}


def known_keys(project: str = PROJECT) -> str:
    """The keys of a stack file, which begin with the name of its project, for a remedy."""
    return f"Known keys: {', '.join(f'`{inert(project)}:{key}`' for key in KEYS)}."


def slips(keys: Iterable[str], project: str = PROJECT) -> dict[str, str]:
    """Keys of a stack's configuration that are ignored, and were hardly meant to be.

    In the project `warehouse` that is every key but the known ones. A program of one's own may have
    keys of its own: there it is one that resembles a known one which is missing.

    Returns:
        By key the one that was probably meant, such as `warehouse:settings`; it may be empty.
    """
    names = {*keys}
    known = [f"{project}:{key}" for key in KEYS]
    missing = [key for key in known if key not in names]
    found = {}
    for name in sorted(names - {*known}):
        own = name.startswith(f"{project}:")
        near = get_close_matches(name, missing or known, n=1, cutoff=NEAR)
        if (own and project == PROJECT) or (near and missing):
            found[name] = near[0] if near else ""
    return found


def _told(path: Path) -> tuple[str, dict[str, Any]]:
    """The namespace of a warehouse in a stack file, and what it says of it by key.

    Raises:
        InputError: the file is no stack file, or has keys that are unknown; each with its line.
    """
    document, config = _config(path)
    project = _project(path.parent)
    if project != PROJECT and not any(f"{project}:{key}" in config for key in KEYS):
        project = PROJECT
    names = map(str, config)
    if wrong := slips(names, project):
        said = "\n".join(_slip(document, each, wrong[each]) for each in wrong)
        raise InputError(said, known_keys(project))
    told = {key: config.get(f"{project}:{key}") for key in KEYS}
    return project, {key: value for key, value in told.items() if value is not None}


def _slip(document: Document, key: str, meant: str) -> str:
    hint = f", did you mean `{meant}`?" if meant else ""
    place = ("config", key)
    return f"{document.path}:{document.line(place)}: `{inert(key)}` is unknown{hint}"


def _project(folder: Path) -> str:
    """Name of the Pulumi project in a folder; `warehouse` where there is none."""
    path = folder / PROJECT_FILE
    if not path.is_file():
        return PROJECT
    try:
        found = read_document(path, typed=True).data
    except InputError:
        return PROJECT  # Pulumi says what is wrong with it
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else PROJECT


def rooted(settings: Mapping[str, Any], folder: Path, model: type[BaseModel]) -> dict[str, Any]:
    """Settings of `model`, with a relative folder of the warehouse taken from `folder`."""
    found, name = dict(settings), folder_setting(model)
    if isinstance(found.get(name), str):
        found[name] = str((folder / found[name]).resolve())
    return found


def _config(path: Path) -> tuple[Document, Mapping[str, Any]]:
    document = read_document(path, typed=True, remedy=NAMED)
    data = document.data
    config = data.get("config") if isinstance(data, dict) else None
    if not isinstance(config, dict):
        message = f"{path} has no mapping `config`"
        raise InputError(message, NAMED)
    return document, config


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


@dataclass(frozen=True)
class StackFile:
    """A `Pulumi.<stack>.yaml` of a warehouse.

    Attributes:
        path: the file.
        provider: that it names; empty where it names none.
        spec: the warehouse file that it names; None where it names none.
        key: under which it names it.
    """

    path: Path
    provider: str
    spec: Path | None
    key: str = f"{PROJECT}:spec"


def stack_file(path: Path) -> StackFile:
    """A stack file by its path, whatever its name.

    Raises:
        InputError: it is none, or has a key that is unknown.
    """
    project, told = _told(path)
    provider, spec = told.get("provider"), told.get("spec")
    named = path.parent / spec if isinstance(spec, str) else None
    return StackFile(path, provider if isinstance(provider, str) else "", named, f"{project}:spec")


def stack_files(folder: Path) -> list[StackFile]:
    """The stack files of warehouses in a folder, by name; what is none of them is passed over.

    Raises:
        InputError: one of them has a key that is unknown.
    """
    found = []
    for path in sorted(folder.glob("Pulumi.?*.yaml")):
        try:
            _config(path)
        except InputError:
            continue  # another project's, or nobody's: it names no provider
        read = stack_file(path)
        if read.provider or read.spec:
            found.append(read)
    return found
