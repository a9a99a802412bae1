"""The map of renamings: proposed by a plan, given by a person, and one and the same to the end."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError
from havre.exit.ledger import LedgerFate
from havre.exit.objects.renaming import aside, proposal
from havre.exit.records import encoded
from havre.live.limits import unfit_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from havre.exit.folder import ExitFolder
    from havre.exit.objects.running import MovingZone

PROPOSALS = "renamings.yaml"
"""Name of the file in the folder of an exit that a plan writes, and nothing reads."""
_HEAD = """\
# Proposed by `havre exit plan`: keys that the target cannot hold, and keys that it can.
# The controller accepts them: move this section to exit.yaml with who decided it, why and when.
"""


def settle(folder: ExitFolder, zone: str) -> None:
    """Have the map of exit.yaml hold from now on, where nothing was copied by another one.

    Raises:
        GuardError: a key that it names otherwise than before is at the target already.
    """
    given, before = folder.file.renamed(zone), _settled(folder, zone)
    for key in sorted(given.keys() | before.keys()):
        if given.get(key) == before.get(key):
            continue
        if any(row.target is not None for row in folder.journal.known(zone, key)):
            name = encoded(before.get(key, key))
            message = f"zone {zone}: `{encoded(key)}` was copied as `{name}` already"
            remedy = "Put `renamings` back in exit.yaml, or begin a new exit with an empty target."
            raise GuardError(message, remedy)
    folder.journal.record(_fact(zone), json.dumps(given, sort_keys=True) if given else "")


def refuse_changed(folder: ExitFolder, zones: Iterable[str]) -> None:
    """Refuse to go on by another map than that of the plan.

    Raises:
        InputError: exit.yaml names keys otherwise, or keys of a zone that does not go.
    """
    names = {*zones}
    strange = sorted({each.zone for each in folder.file.renamings} - names)
    changed = [
        zone for zone in sorted(names) if folder.file.renamed(zone) != _settled(folder, zone)
    ]
    if strange:
        message = f"`renamings` in exit.yaml: the source has no zone `{strange[0]}`"
        raise InputError(message, f"It has {', '.join(f'`{name}`' for name in sorted(names))}.")
    if changed:
        message = f"zone {changed[0]}: `renamings` in exit.yaml changed since the plan"
        raise InputError(message, f"Run `havre exit plan {folder.root}` again.")


def _settled(folder: ExitFolder, zone: str) -> dict[str, str]:
    told = folder.journal.fact(_fact(zone))
    return dict(json.loads(told)) if told else {}


def _fact(zone: str) -> str:
    return f"renamed {zone}"


def write_proposals(folder: ExitFolder, zones: Iterable[MovingZone]) -> str:
    """Write what a person needs only to accept.

    Returns:
        Name of the file in the folder of the exit; empty where there is nothing to rename.
    """
    path = folder.root / PROPOSALS
    sections = [
        {"zone": zone.name, "keys": keys, "who": "", "why": "", "when": ""}
        for zone in zones
        if (keys := dict(_proposed(folder, zone)))
    ]
    path.unlink(missing_ok=True)
    if not sections:
        return ""
    path.write_text(_HEAD + _yaml({"renamings": sections}), "utf-8")
    return PROPOSALS


def _proposed(folder: ExitFolder, zone: MovingZone) -> Iterator[tuple[str, str]]:
    """Keys that block, and those that the target could hold; both percent-encoded."""
    limits = zone.opened().rules.limits
    for entry in folder.journal.losses():
        if (entry.scope, entry.property) != (zone.scope, "key") or (
            entry.fate is not LedgerFate.BLOCKING
        ):
            continue
        sizes = [row.listed.size or 0 for row in folder.journal.known(zone.name, entry.item)]
        size = max(sizes, default=0)
        unfit = unfit_key(entry.item, limits, size)
        name = proposal(entry.item, limits, size) if unfit else aside(entry.item, limits)
        if name and not folder.journal.known(zone.name, name):
            yield encoded(entry.item), encoded(name)


def _yaml(document: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    written = io.StringIO()
    YAML().dump(document, written)
    return written.getvalue()
