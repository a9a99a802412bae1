"""Options of a resource, as Pulumi's SDK sends them and a state records them.

Every field of `pulumirpc.RegisterResourceRequest` is read, is the SDK's own talk with its engine,
or counts as an option that is known by its name only: none is dropped unsaid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

RESOURCE = frozenset(
    {
        "type",
        "name",
        "parent",
        "custom",
        "object",
        "protect",
        "dependencies",
        "provider",
        "propertyDependencies",
        "retainOnDelete",
    }
)
"""Fields that say what the resource is; a `PlannedResource` has each."""
READ = frozenset(
    {
        "deleteBeforeReplace",
        "deleteBeforeReplaceDefined",
        "ignoreChanges",
        "replaceOnChanges",
        "aliasURNs",
        "aliases",
        "deletedWith",
        "additionalSecretOutputs",
        "importId",
        "customTimeouts",
        "hideDiffs",
    }
)
"""Fields that `Options` has."""
TALK = frozenset(
    {
        "acceptSecrets",  # what the SDK understands of an answer
        "acceptResources",
        "accepts_byte_string",
        "supportsPartialValues",
        "supportsResultReporting",
        "aliasSpecs",
        "sourcePosition",  # where in the program the resource is, for messages
        "stackTrace",
        "parentStackTraceHandle",
        "version",  # which plugin is fetched, and from where: what runs in process is installed
        "pluginDownloadURL",
        "packageRef",
        "providers",  # of a component, for its children: each child names its own
    }
)
"""Fields that ask for nothing of a resource."""
UNSUPPORTED = frozenset(
    {
        "remote",
        "pluginChecksums",
        "replace_with",
        "replacement_trigger",
        "transforms",
        "hooks",
        "envVarMappings",
        "snippetId",
        "state_migrations",
    }
)
"""Fields known by their name only; one that a later SDK adds counts like these."""


@dataclass(frozen=True)
class Options:
    """What the program says on how a resource is changed, moved and removed.

    Attributes:
        delete_before_replace: whether the old one goes before the new one comes; None: as its
            provider says.
        ignore_changes: property paths whose changes are not applied.
        replace_on_changes: property paths whose changes make it another resource.
        aliases: former names: URNs, or what differed of one (`name=`, `type=`, `parent=` ...).
        deleted_with: URN of the resource whose deletion deletes this one too.
        additional_secret_outputs: outputs that are secret though no input of them is.
        import_id: id of what exists already and is to be taken over.
        timeouts: how long its provider may take, in seconds, by `create`, `update`, `delete`
            and `read`.
        hidden: property paths whose values are not to be shown in a difference.
        others: names of all other options that are given.
    """

    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    deleted_with: str = ""
    additional_secret_outputs: tuple[str, ...] = ()
    import_id: str = ""
    timeouts: Mapping[str, float] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


NONE = Options()
"""No option at all."""


def from_request(request: Any) -> Options:
    """The options in a message `pulumirpc.RegisterResourceRequest`.

    Raises:
        InputError: a time limit is not a duration.
    """
    given = {each.name: value for each, value in request.ListFields() if not _empty(value)}
    defined = "deleteBeforeReplaceDefined" in given or "deleteBeforeReplace" in given
    aliases = given.get("aliases", ())
    return Options(
        delete_before_replace=given.get("deleteBeforeReplace", False) if defined else None,
        ignore_changes=tuple(given.get("ignoreChanges", ())),
        replace_on_changes=tuple(given.get("replaceOnChanges", ())),
        aliases=(*given.get("aliasURNs", ()), *(_former(alias) for alias in aliases)),
        deleted_with=given.get("deletedWith", ""),
        additional_secret_outputs=tuple(given.get("additionalSecretOutputs", ())),
        import_id=given.get("importId", ""),
        timeouts=_timeouts(request.name, given.get("customTimeouts")),
        hidden=tuple(given.get("hideDiffs", ())),
        others=tuple(sorted(given.keys() - RESOURCE - READ - TALK)),
    )


def _empty(value: Any) -> bool:
    """Whether a field holds a message in which nothing is said."""
    return isinstance(value, Message) and not value.ListFields()


def _former(alias: Any) -> str:
    """A former name: its URN, or what differed."""
    if alias.urn:
        return str(alias.urn)
    found = [f"{each.name}={value}" for each, value in alias.spec.ListFields()]
    return ",".join(found) or "itself"


SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
"""Go's units of time (`time.ParseDuration`), in seconds."""
_UNIT = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)"
_DURATION = re.compile(f"(?:{_UNIT})+")


def _timeouts(name: str, message: Any) -> dict[str, float]:
    """Time limits in seconds, by what they limit."""
    given = [] if message is None else message.ListFields()
    return {each.name: seconds(name, each.name, text) for each, text in given}


def seconds(name: str, limited: str, text: str) -> float:
    """A duration such as `1h5m`, in seconds.

    Raises:
        InputError: it is none.
    """
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        message = f"{name}: the time limit `{text}` of `{limited}` is not a duration"
        raise InputError(message, "Write a number and a unit, such as 5m or 1h30m.")
    return sum(float(number) * SECONDS[unit] for number, unit in re.findall(_UNIT, text))


def from_state(values: Mapping[str, Any]) -> Options:
    """The options that Pulumi's state format keeps; what is malformed there counts as none."""
    return Options(
        ignore_changes=_texts(values.get("ignoreChanges")),
        replace_on_changes=_texts(values.get("replaceOnChanges")),
        aliases=_texts(values.get("aliases")),
        deleted_with=_text(values.get("deletedWith")),
        additional_secret_outputs=_texts(values.get("additionalSecretOutputs")),
        import_id=_text(values.get("importID")),
        timeouts=_numbers(values.get("customTimeouts")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(v for v in values if isinstance(v, str)) if isinstance(values, list) else ()


def _numbers(values: Any) -> dict[str, float]:
    found = values.items() if isinstance(values, dict) else ()
    return {k: float(v) for k, v in found if isinstance(v, int | float)}
