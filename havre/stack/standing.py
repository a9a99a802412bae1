"""What stands: where the record, the outputs and the state of a deployed warehouse are read.

`havre up` keeps a folder on this machine. It holds the state, and a record as `state/run.json` that
names the provider, its settings, the warehouse and the stack, and no secret; the local provider
writes the same record under `pulumi up`. A warehouse that Pulumi deployed elsewhere is read from
what `pulumi stack export` writes. Which of the two it is says how the warehouse was deployed, and
nothing else does.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError, StateError
from havre.files import write_whole
from havre.files.custody import Custody
from havre.provider.machine import folder_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

    from havre.plan import Plan
    from havre.provider import Provider
    from havre.provider.outputs import Outputs

PLACE = "place"
"""Key of the record: the folder for which it was written, absolute."""
UP_AGAIN = "Run `havre up` again: it writes it anew."


@dataclass(frozen=True)
class Standing:
    """A warehouse that is deployed.

    Attributes:
        state_file: its state, as `pulumi stack export` writes it.
        data_dir: its folder on this machine; None where only an exported state is known, from
            which it can be read and not operated.
    """

    state_file: Path
    data_dir: Path | None = None

    def record(self) -> dict[str, Any]:
        """Provider, warehouse, environment and stack; in a folder also the settings.

        Raises:
            InputError: no warehouse stands there, or the state is not one of a warehouse.
            StateError: the record or the outputs are damaged.
        """
        if self.data_dir is not None:
            return read_record(self.data_dir)
        from havre.plan import urns

        urn, _ = self._component()
        told = self.outputs()
        return {
            "provider": told.provider,
            "warehouse": told.warehouse,
            "environment": told.environment,
            "stack": urns.stack(urn),
        }

    def outputs(self) -> Outputs:
        """The outputs of its component, validated: see `read_outputs`.

        Raises:
            InputError: the state is not one of a warehouse, or not of a finished deployment.
            StateError: the outputs are damaged.
        """
        from havre.provider.outputs import read_outputs

        _, document = self._component()
        return read_outputs(document)

    def of_sandbox(self) -> bool:
        """Whether it says that it is of a sandbox, so that no cloud has it.

        Raises:
            InputError: no warehouse stands there, or the state cannot be read.
            StateError: the record is damaged.
        """
        from havre.plan.model import SANDBOX_MARK

        if self.data_dir is not None:
            return self.record().get(SANDBOX_MARK) is True
        return self.plan().of_sandbox

    def plan(self, provider: str = "") -> Plan:
        """The plan that its state amounts to.

        Args:
            provider: name of the provider, for the plan.

        Raises:
            InputError: the state is none, is cut off, or of an interrupted update.
        """
        from havre.plan.states import from_state

        return from_state(self.state_file, provider)

    def _component(self) -> tuple[str, Mapping[str, Any]]:
        """URN and outputs of the one component that is a warehouse.

        Raises:
            InputError: the state has none, or several.
        """
        from havre.plan.parts import WAREHOUSE_TYPE
        from havre.plan.states import outputs_in_state

        found = outputs_in_state(self.state_file, WAREHOUSE_TYPE)
        if len(found) != 1:
            message = f"{self.state_file} contains {len(found) or 'no'} warehouses, not one"
            raise InputError(message, "Export a stack that contains one warehouse.")
        return found[0]


def in_folder(data_dir: Path) -> Standing:
    """The warehouse in a folder of this machine, as `havre up` left it; nothing is read yet."""
    return Standing(state_path(data_dir), data_dir)


def in_export(state_file: Path) -> Standing:
    """The warehouse in a file that `pulumi stack export` wrote; nothing is read yet."""
    return Standing(state_file)


def state_path(data_dir: Path) -> Path:
    """Where the state of the warehouse in `data_dir` lies, as the embedded engine writes it."""
    return data_dir / "state" / "stack.json"


def record_path(data_dir: Path) -> Path:
    """Where the record of the warehouse in `data_dir` lies."""
    return data_dir / "state" / "run.json"


def write_record(data_dir: Path, record: Mapping[str, Any]) -> None:
    """Write the record.

    Raises:
        GuardError: others can write where it is.
        StateError: it cannot be written.
    """
    placed = {**record, PLACE: str(data_dir.absolute())}
    content = json.dumps(placed, indent=1, sort_keys=True) + "\n"
    custody = Custody(data_dir.absolute())
    write_whole(record_path(data_dir.absolute()), content.encode(), write=custody.write)


def read_record(data_dir: Path) -> dict[str, Any]:
    """What the latest `up` recorded.

    Raises:
        GuardError: the folder is another account's, others can write there, or it is a copy or
            was moved.
        InputError: no warehouse stands in the folder.
        StateError: the record is damaged.
    """
    record, former = read_placed(data_dir)
    if former is not None and os.path.realpath(former) != os.path.realpath(data_dir):
        message = f"{data_dir} is a copy, or was moved: it was made as {former}"
        remedy = (
            f"Nothing was changed. Name {former} if that is the one; to use this one where it is "
            f"now: havre adopt --data-dir {data_dir}"
        )
        raise GuardError(message, remedy)
    return record


def recorded_settings(data_dir: Path, warehouse: str, provider: Provider) -> dict[str, Any]:
    """The settings that the latest `up` of a warehouse recorded, but for defaults.

    Args:
        data_dir: its folder.
        warehouse: its name; the record of another one is passed over.
        provider: on which it is deployed; a setting that it no longer has is left out.

    Returns:
        By name; empty where nothing is recorded.

    Raises:
        GuardError: as `read_record`.
        StateError: the record is damaged.
    """
    with suppress(PermissionError):  # a record that is there and cannot be read is told below
        try:
            record_path(data_dir).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return {}
    return _kept(read_record(data_dir), warehouse, provider)


def settings_in_plan(plan: Plan, warehouse: str, provider: Provider) -> dict[str, Any]:
    """The settings that a preview or a state of a warehouse on this machine records.

    The resource that stands for its folder has the record of the run among its inputs.

    Args:
        plan: as it was read.
        warehouse: its name; the record of another one is passed over.
        provider: on which it is deployed; a setting that it no longer has is left out.

    Returns:
        By name, the folder among them; empty where the plan records none.
    """
    folder = folder_setting(provider.settings)
    for resource in plan.resources if folder else ():
        record = resource.inputs.get("record")
        if isinstance(record, dict) and _is_record(record):
            place = resource.inputs.get(folder)
            placed = {folder: place} if isinstance(place, str) else {}
            return {**_kept(record, warehouse, provider), **placed}
    return {}


def _kept(record: Mapping[str, Any], warehouse: str, provider: Provider) -> dict[str, Any]:
    """The settings of a record that is of this warehouse, but for defaults."""
    if (record["provider"], record.get("warehouse")) != (provider.name, warehouse):
        return {}
    fields = provider.settings.model_fields
    kept = record.get("settings", {}).items()
    return {
        name: value
        for name, value in kept
        if name in fields and value is not None and value != _default(fields[name])
    }


def _default(field: FieldInfo) -> object:
    """The default of a setting, as a record has it."""
    found: object = field.get_default(call_default_factory=True)
    return list(found) if isinstance(found, tuple | frozenset) else found


def read_placed(data_dir: Path) -> tuple[dict[str, Any], Path | None]:
    """What the latest `up` recorded, and for which folder: copied or moved, it is another.

    Raises:
        As `read_record`, but for a copy.
    """
    path = record_path(data_dir.absolute())
    try:
        record = json.loads(Custody(data_dir.absolute()).read(path))
    except (FileNotFoundError, NotADirectoryError):
        message = f"there is no warehouse in {data_dir}"
        raise InputError(message, "Name its folder with --data-dir.") from None
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {error}"
        raise StateError(message, UP_AGAIN) from error
    if not _is_record(record):
        message = f"{path} contains no record of a run"
        raise StateError(message, UP_AGAIN)
    place = record.pop(PLACE, None) or _place_in_state(data_dir, record["provider"])
    return dict(record), Path(place) if isinstance(place, str) else None


def _place_in_state(data_dir: Path, provider: str) -> str | None:
    """The folder that the state names: records of before 2026-12 do not."""
    from havre.provider import find
    from havre.provider.machine import folder_setting

    path = state_path(data_dir.absolute())
    try:
        state = json.loads(Custody(data_dir.absolute()).read(path))
        resources = state["deployment"]["resources"]
        name = folder_setting(find(provider).settings)
        return next((r["inputs"][name] for r in resources if name in r.get("inputs", {})), None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # a damaged state is told by who needs it


def _is_record(document: Any) -> bool:
    """Whether a document names at least the provider, and its settings by name."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("provider"), str)
        and isinstance(document.get("settings", {}), dict)
    )
