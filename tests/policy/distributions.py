"""Distributions that ship records, as a test installs them."""

import sys
from pathlib import Path

RECORD = """
records:
  - offer: {offer}
    products: ["{product}"]
    scheme: {scheme}
    status: qualified
    source: a test
    read_on: 2026-11-01
"""


def install(place: Path, name: str, **files: str) -> None:
    """Install a distribution of that name that ships data files, found before all others."""
    folder = place / name
    folder.mkdir()
    module = name.replace("-", "_")
    about = folder / f"{module}-2.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.1\n")
    (about / "entry_points.txt").write_text(f"[havre.records]\n{name} = {module}:data\n")
    (folder / module).mkdir()
    program = "from pathlib import Path\ndef data(name): return Path(__file__).parent / name\n"
    (folder / module / "__init__.py").write_text(program)
    for file, text in files.items():
        (folder / module / f"{file}.yaml").write_text(text)
    sys.path.insert(0, str(folder))
    sys.modules.pop(module, None)  # of another test
