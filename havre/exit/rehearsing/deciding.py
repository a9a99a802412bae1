"""What a rehearsal writes into exit.yaml in place of a person, and says so."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from havre.documents.records import read_document
from havre.exit.settings import FILE
from havre.exit.steps.plan import blocking
from havre.exit.steps.renamings import PROPOSALS
from havre.files import write_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from havre.exit.folder import ExitFolder
    from havre.exit.rehearsing.order import RehearsalFolder, RehearsalOrder
    from havre.exit.settings import Rates

WHO = "Rehearsal"
WHY = "Accepted to rehearse it. A real exit needs a person's decision."
FROZEN = "The rehearsal itself holds every credential and has stopped its writer."
MACHINE = "this machine"
"""The host of a warehouse that no provider hosts."""


def first_file(
    place: RehearsalFolder, order: RehearsalOrder, controller: str, host: str, rates: Rates
) -> dict[str, Any]:
    """What exit.yaml says before anything is decided.

    Args:
        place: where both warehouses are.
        order: what is rehearsed.
        controller: who answers for the data.
        host: legal entity that hosts the source; empty: this machine.
        rates: how hard both sides may be pressed.
    """
    return {
        "name": f"{order.warehouse}-rehearsal",
        "level": "rehearsal",
        "source": {"data_dir": str(place.source)},
        "target": {"data_dir": str(place.target)},
        "controller": controller,
        "host": host or MACHINE,
        "database": {"method": order.method},
        "rates": rates.model_dump(exclude_none=True),
    }


def write_exit(folder: Path, told: Mapping[str, Any]) -> None:
    """Write exit.yaml."""
    from ruamel.yaml import YAML

    written = io.StringIO()
    YAML().dump(told, written)
    write_report(folder / FILE, written.getvalue())


def change_exit(folder: Path, **sections: Any) -> None:
    """Change sections of exit.yaml; a section that is None is left out."""
    told = {**_plain(folder / FILE), **sections}
    write_exit(folder, {name: value for name, value in told.items() if value is not None})


def decide(folder: ExitFolder) -> tuple[str, ...]:
    """Decide everything that may be decided, and accept every name that is proposed.

    Returns:
        What a person would have to decide, in words, each once.
    """
    today = dt.datetime.now(dt.UTC).date().isoformat()
    names = sorted({each.property for each in blocking(folder) if each.decidable})
    said = {"who": WHO, "why": WHY, "when": today}
    known = _plain(folder.root / FILE)
    decisions = [*known.get("decisions", ()), *({"property": name, **said} for name in names)]
    renamings = list(known.get("renamings", ()))
    found = tuple(names)
    if (folder.root / PROPOSALS).exists():
        proposed = _plain(folder.root / PROPOSALS)["renamings"]
        renamings += [{**each, **said} for each in proposed]
        found += tuple(f"{len(each['keys'])} keys of zone {each['zone']}" for each in proposed)
    change_exit(folder.root, decisions=decisions, renamings=renamings)
    return found


def freeze_by_hand(folder: ExitFolder, things: tuple[str, ...]) -> None:
    """Say of things that only a person can freeze that the rehearsal itself did."""
    today = dt.datetime.now(dt.UTC).date()
    said = {"who": WHO, "why": FROZEN, "when": (today - dt.timedelta(days=1)).isoformat()}
    ended = {"tokens_end": said["when"]}
    change_exit(folder.root, frozen_by_hand=[{"scope": each, **said, **ended} for each in things])


def _plain(path: Path) -> dict[str, Any]:
    """A file of the exit as plain values."""
    return dict(read_document(path, typed=True, remedy="Begin again in a new folder.").data)
