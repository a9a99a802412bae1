"""A skeleton of a provider's distribution, written for whoever adds a provider.

What has to be filled in says so: each capability is `unknown`, each part raises an error that
names its file. A skeleton passes for nothing that it does not do.
"""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from havre.capabilities import NATIVE_WHEN
from havre.errors import InputError
from havre.files import write_report
from havre.plan.parts import PartName
from havre.provider.discovery import ENTRY_POINT_GROUP, installed_names
from havre.text import comment

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

NAME = re.compile(r"[a-z](?:-?[a-z0-9])+")
"""The name of a provider: it fits the command line and the warehouse file."""
NOT_EXAMINED = "not examined yet"
PART = '''"""The part `{part}`."""

from @PACKAGE@.settings import @CLASS@Settings
from havre.errors import BugError
from havre.provider.context import Part
from havre.provider.parts import {kind}Inputs, {kind}Outputs


def {part}(part: Part[@CLASS@Settings], inputs: {kind}Inputs) -> {kind}Outputs:
    """Make the resources of `{part}` with `part.child()`, and return what later parts need."""
    message = "@PACKAGE@/parts/{part}.py makes no resource yet"
    raise BugError(message, "Write the builder of this part; the page on providers has an example.")
'''

PARTS = '''"""The builders. `registry` and `cluster` may be None: a gap then says so."""

{imports}from havre.provider.parts import Parts


def parts() -> Parts:
    """Every builder."""
    return Parts(
{given}    )
'''
ANSWERS = """# The answer for each capability: native, partial, fallback, absent or unknown.
# All but native need a reason. What is absent needs a gap, with a source.
read_on = {today}

[sources]
# documentation = "the title of the page that was read"
"""


def _capabilities(today: dt.date) -> str:
    """The data file in which every capability is unknown."""
    head = ANSWERS.format(today=today.isoformat())
    rows = (
        "\n".join(("", *comment(f"Native when: {due}")))
        + f'\n[capability.{capability.value}]\nsupport = "unknown"\nreason = "{NOT_EXAMINED}"\n'
        for capability, due in NATIVE_WHEN.items()
    )
    return head + "".join(rows)


def _parts() -> Iterator[tuple[str, str]]:
    """The package of parts: path and text of each file."""
    names = [part.value for part in PartName]
    imports = "".join(f"from @PACKAGE@.parts.{name} import {name}\n" for name in sorted(names))
    given = "".join(f"        {name}={name},\n" for name in names)
    whole = PARTS.replace("{imports}", imports).replace("{given}", given)
    yield "PACKAGE/parts/__init__.py", whole
    for name in names:
        text = PART.replace("{part}", name).replace("{kind}", name.title())
        yield f"PACKAGE/parts/{name}.py", text


def _templates(folder: Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of each file of the template."""
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _templates(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".txt"):
            yield f"{path}{entry.name.removesuffix('.txt')}", entry.read_text(encoding="utf-8")


def _checked(name: str) -> str:
    """The name, if a new provider can have it.

    Raises:
        InputError: it cannot.
    """
    package = name.replace("-", "_")
    if not NAME.fullmatch(name) or keyword.iskeyword(package):
        message = f"`{name}` is not a valid name for a provider"
        raise InputError(message, "Use lower-case letters, digits and single inner hyphens.")
    if name in installed_names():
        message = f"a provider `{name}` is installed already"
        raise InputError(message, "Choose another name: no two distributions may register one.")
    return name


def skeleton(name: str, today: dt.date) -> dict[str, str]:
    """The files of a distribution for a new provider, by path.

    Args:
        name: of the provider, such as `acme`.
        today: the day that the data files state.

    Raises:
        InputError: the name is not valid, or a provider of that name is installed.
    """
    words = {
        "@NAME@": _checked(name),
        "@DISTRIBUTION@": f"havre-{name}",
        "@PACKAGE@": f"havre_{name.replace('-', '_')}",
        "@CLASS@": name.title().replace("-", ""),
        "@GROUP@": ENTRY_POINT_GROUP,
    }
    made = dict(_templates(files("havre.provider") / "template"))
    made |= {"PACKAGE/data/gaps.toml": _capabilities(today), **dict(_parts())}
    return {_filled(_placed(path), words): _filled(text, words) for path, text in made.items()}


def _placed(path: str) -> str:
    """Where a file of the template belongs."""
    moved = re.sub(r"^workflows/", ".github/workflows/", path)
    return re.sub(r"^PACKAGE/", "@PACKAGE@/", moved)


def _filled(text: str, words: dict[str, str]) -> str:
    for token, word in words.items():
        text = text.replace(token, word)
    return text


def write_skeleton(name: str, folder: Path, today: dt.date) -> list[Path]:
    """Write a distribution for a new provider; nothing that exists is changed.

    Args:
        name: of the provider.
        folder: where to create the distribution's own folder, `havre-NAME`.
        today: the day that the data files state.

    Returns:
        The files, in order.

    Raises:
        InputError: the name is not valid, or the folder exists or cannot be written.
    """
    made, root = skeleton(name, today), folder / f"havre-{name}"
    if root.exists():
        message = f"{root} already exists and was not changed"
        raise InputError(message, "Choose another folder with --dir, or remove it.")
    for path, text in made.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_report(target, text)
    return [root / path for path in sorted(made)]
