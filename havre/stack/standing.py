"""The record of a warehouse that stands on this machine, for the commands that come after.

It lies in the data folder as `state/run.json` and names the provider, its settings, the
warehouse and the stack; it holds no secret. `havre up` writes it, and so does the local
provider under `pulumi up`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from havre.errors import InputError, StateError
from havre.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def record_path(data_dir: Path) -> Path:
    """Where the record of the warehouse in `data_dir` lies."""
    return data_dir / "state" / "run.json"


def write_record(data_dir: Path, record: Mapping[str, Any]) -> None:
    """Write the record.

    Raises:
        StateError: it cannot be written.
    """
    content = json.dumps(dict(record), indent=1, sort_keys=True) + "\n"
    write_whole(record_path(data_dir), content.encode())


def read_record(data_dir: Path) -> dict[str, Any]:
    """What the latest `up` recorded.

    Raises:
        InputError: no warehouse stands in the folder.
        StateError: the record is damaged.
    """
    path = record_path(data_dir)
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        message = f"no warehouse stands in {data_dir}"
        raise InputError(message, "Name its folder with --data-dir.") from None
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {error}"
        raise StateError(message, "Run `havre up` again: it writes it anew.") from error
    if not isinstance(record, dict):
        message = f"{path} holds no record of a run"
        raise StateError(message, "Run `havre up` again: it writes it anew.")
    return record
