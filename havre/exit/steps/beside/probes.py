"""What probes saw of the target, which goes into the seal."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.probe.record import plan_digest, read_record
from havre.text import inert

if TYPE_CHECKING:
    from pathlib import Path

    from havre.exit.folder import ExitFolder, StepRun
    from havre.probe.record import ProbeRecord
    from havre.stack.standing import Standing

_AGAIN = "Probe the target: `havre probe FILE --out PROBES`."


def probes_of(folder: ExitFolder, verify: StepRun, path: Path | None) -> ProbeRecord | None:
    """What probes saw of the target; None where no file of them is named.

    Args:
        folder: of the exit.
        verify: the verification that is sealed.
        path: what `havre probe --out` wrote.

    Raises:
        InputError: the file cannot be read, was changed, is of something else than the target as
            it is deployed, or of a time before everything was there.
    """
    if path is None:
        return None
    found, target = read_record(path), folder.file.target.standing(folder.root)
    if wrong := _foreign(found, target) or _early(found, verify):
        message = f"--probes: {inert(path)} is {wrong}"
        raise InputError(message, _AGAIN)
    return found


def _foreign(found: ProbeRecord, target: Standing) -> str:
    """Of what else probes are than of the target; empty where they are of it."""
    told = target.outputs()
    if (found.warehouse, found.provider) != (told.warehouse, told.provider):
        theirs, ours = f"{found.warehouse} on {found.provider}", f"{told.warehouse} on"
        return f"of {inert(theirs)}, not of the target: {ours} {told.provider}"
    if found.sandbox is not target.of_sandbox():
        kind = "a sandbox, and the target is none" if found.sandbox else "no sandbox, as the target"
        return f"of {kind}"
    if found.digests.get("plan") != plan_digest(target.plan()):
        return "of other resources: what is deployed at the target has changed since"
    return ""


def _early(found: ProbeRecord, verify: StepRun) -> str:
    """Why the time of probes does not count; empty where it does."""
    if found.at < verify.begun.replace(microsecond=0):
        return f"of {found.at:%Y-%m-%d %H:%M} UTC, before the target was last read back"
    if found.at > dt.datetime.now(dt.UTC):
        return f"of {found.at:%Y-%m-%d %H:%M} UTC, which is yet to come"
    return ""
