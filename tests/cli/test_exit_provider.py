"""`havre validate` on an exit provider that is not installed: valid, with a warning."""

from pathlib import Path

import pytest

from havre.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"


@pytest.mark.parametrize(
    ("name", "said"),
    [("ohv", "did you mean `ovh`?"), ("elsewhere", "`elsewhere` is not"), ("", "")],
)
def test_an_exit_provider_that_is_not_installed_is_a_warning(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "warehouse.yaml"
    file.write_text(EXAMPLE.read_text().replace("  provider: ovh", f"  provider: {name or 'ovh'}"))
    assert main(["validate", str(file)]) == 0
    told = capsys.readouterr()
    assert "valid: warehouse emc2" in told.out
    assert said in told.err
    assert ("warning:" in told.err) is bool(name)
    assert ("exit.provider: " in told.err) is bool(name)
