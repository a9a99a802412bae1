"""The pack that `havre policy pack` writes is the one of this repository, for this environment."""

import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from havre.cli import main
from havre.errors import ExitCode
from tests.pack.client import PACK, running


def definition(folder: Path) -> dict:
    return YAML(typ="safe").load(folder / "PulumiPolicy.yaml")


def test_it_is_the_repositorys_own_but_for_the_environment(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pack"
    assert main(["policy", "pack", str(folder)]) == ExitCode.OK
    told, own = definition(folder), definition(PACK)
    assert told.pop("runtime") == {"name": "python", "options": {"virtualenv": sys.prefix}}
    assert own.pop("runtime") == {"name": "python", "options": {"virtualenv": "../../.venv"}}
    assert told == own
    assert (folder / "__main__.py").read_bytes() == (PACK / "__main__.py").read_bytes()
    with running({}, folder) as client:
        assert len(client.info().policies) > 50


@pytest.mark.parametrize("place", [".", "file/pack"])
def test_nothing_is_written_over(
    tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["policy", "pack", str(tmp_path / place)]) == ExitCode.INPUT
    assert "Name a folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"
