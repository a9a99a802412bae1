"""A warehouse's folder on this machine is found by its mark, whatever the setting is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel

from havre.provider.machine import MachineFolder, folder_setting
from havre.stack.files import rooted

if TYPE_CHECKING:
    from pathlib import Path


class Marked(BaseModel):
    place: Annotated[str, MachineFolder()]
    data_dir: str = ""


class Elsewhere(BaseModel):
    data_dir: str = ""


def test_a_setting_is_the_folder_by_its_mark_and_not_by_its_name(tmp_path: Path) -> None:
    assert folder_setting(Marked) == "place"
    given = {"place": "here", "data_dir": "here"}
    expected = {"place": str(tmp_path.resolve() / "here"), "data_dir": "here"}
    assert rooted(given, tmp_path, Marked) == expected


def test_a_provider_elsewhere_has_none(tmp_path: Path) -> None:
    assert folder_setting(Elsewhere) == ""
    assert rooted({"data_dir": "here"}, tmp_path, Elsewhere) == {"data_dir": "here"}
