"""A data folder that was copied or moved: what it says of processes and ports is not its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from havre_local.machine.folder import place, renew_ports
from havre_local.machine.supervision import supervisor

if TYPE_CHECKING:
    from havre_local.machine.folder import Folder


def adopt(folder: Folder, former: Folder) -> dict[int, int]:
    """Make `folder`, which was `former`, a data folder of its own. `former` is left alone.

    Where `former` is still there, `folder` is a copy, and what its files say of processes and
    ports is of `former`. Else it was moved: its processes are ended, and its ports kept.

    Returns:
        The ports that changed: the new by the former.

    Raises:
        RetryError: a service of a moved folder does not end.
    """
    folder.custody.check("state", "run", "secrets", "keys")
    copied = os.path.lexists(former.marker)
    if not copied:
        supervisor.stop(folder)
    services = folder.run / "services"
    recorded = (services / name for name in folder.custody.names(services))
    for path in (folder.run / "status.json", *recorded):
        folder.custody.remove(path)
    changed = renew_ports(folder) if copied else {}
    place(folder)
    return changed
