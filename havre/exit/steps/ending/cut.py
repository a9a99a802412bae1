"""`cut`: the point of no return. The target is opened, and the source is not thawed any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from havre.errors import GuardError, InputError
from havre.exit.database import marks, rights, verify
from havre.exit.folder import ExitStep
from havre.exit.freezing import taking
from havre.exit.seal.contents import Level
from havre.exit.seal.verifying import Trust, verified
from havre.exit.sides import reach
from havre.exit.steps.databases import database_of
from havre.exit.steps.freeze import standing
from havre.exit.steps.results import CutResult
from havre.exit.steps.seal import AUTHORITIES

if TYPE_CHECKING:
    from havre.exit.folder import ExitFolder
    from havre.exit.meter import Progress
    from havre.live.warehouse import LiveDatabase


def cut(
    folder: ExitFolder, named: str, progress: Progress, authorities: tuple[Path, Path] | None = None
) -> CutResult:
    """Open the target for good.

    Run again after it was cut off, it ends what is left to do.

    Args:
        folder: of the exit.
        named: the warehouse's name, as a person has written it.
        progress: is told how far the last look at the source is.
        authorities: CA of who signed, and of the time-stamp authority; None, in a rehearsal only:
            its own.

    Raises:
        GuardError: out of order, another name, a seal that no longer holds, or something changed
            in the freeze.
        InputError: nobody is named by whom a real seal is checked.
        RetryError, ProviderError: as the sides.
    """
    folder.check(ExitStep.CUT)
    agree(folder, named)
    seal = checked_seal(folder, authorities)
    frozen = standing(folder, progress)
    if frozen is None or frozen.left:
        wrong = "; ".join(frozen.wrong) if frozen else "nothing is frozen"
        message = f"The source is not as it was frozen: {wrong}"
        raise GuardError(message, "Freeze, copy, verify and seal again.")
    begun = folder.begin(ExitStep.CUT)
    result = CutResult(seal, frozen.since, tuple(open_database(folder)))
    folder.end(begun, result)
    return result


def agree(folder: ExitFolder, named: str) -> None:
    """Refuse what was not agreed to by name.

    Raises:
        GuardError: the name is another.
    """
    warehouse = reach(folder.file.source, folder.root).outputs.warehouse
    if named != warehouse:
        message = f"The source is `{warehouse}`, and `{named}` was named: nothing was done"
        raise GuardError(message, f"Agree by its name: --confirm {warehouse}.")


def admissible(folder: ExitFolder) -> list[str]:
    """Roles that the cut lets log in at the target; nothing is changed.

    Raises:
        RetryError, ProviderError: as the sides.
    """
    moving = database_of(folder)
    if moving is None:
        return []
    here, there = moving.source, moving.target
    with there.end.connect(autocommit=True) as target:
        if not marks.finished(target, folder.file.name):
            return []
    across = verify.major(here.end) != verify.major(there.end)
    with here.end.connect(autocommit=True) as source:
        return rights.admissible(rights.SideLines(source, here.roles, across), _could(folder))


def _could(folder: ExitFolder) -> list[str]:
    """Roles that could log in at the source before it was frozen, but for a vendor's."""
    moving = database_of(folder)
    if moving is None:
        return []
    known = taking.memory(folder.journal, f"database {moving.source.end.name}").get("roles", {})
    return sorted(name for name in known.values() if name not in moving.source.roles)


def open_database(folder: ExitFolder) -> list[str]:
    """Let roles log in at the target, and take the exit's mark away; nothing where none was moved.

    Passwords are never copied: whoever holds them sets them.

    Returns:
        Names of the roles that may log in there again, whichever run of the cut let them.

    Raises:
        RetryError, ProviderError: as the sides.
    """
    moving = database_of(folder)
    if moving is None:
        return []
    here, there, could = moving.source, moving.target, _could(folder)
    with there.end.connect(autocommit=True) as target:
        if marks.finished(target, folder.file.name):
            across = verify.major(here.end) != verify.major(there.end)
            with here.end.connect(autocommit=True) as source:
                left = rights.SideLines(source, here.roles, across)
                kept = rights.SideLines(target, there.roles, across)
                rights.admit(left, kept, could)
            marks.remove(target, folder.file.name)
        return _admitted(there.end, could)


def _admitted(database: LiveDatabase, names: list[str]) -> list[str]:
    """Those of the roles that may log in."""
    query = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname = ANY(%s) ORDER BY 1"
    with database.connect(autocommit=True) as connection:
        return [name for (name,) in connection.execute(query, (names,))]


def checked_seal(folder: ExitFolder, authorities: tuple[Path, Path] | None) -> str:
    """Where the seal is, if it holds now.

    Raises:
        InputError: nobody is named by whom a real seal is checked.
        GuardError: it does not hold.
    """
    run = folder.last(ExitStep.SEAL)
    place = Path(str(run.result["seal"])) if run else folder.root
    own = folder.root / AUTHORITIES / "ca.pem"
    if authorities is None:
        if Level(folder.file.level) is Level.REAL:
            message = "No authority is named to check the seal of a real exit"
            raise InputError(message, "Name --authority and --tsa-authority.")
        authorities = (own, own)
    try:
        verified(place, Trust(*authorities))
    except InputError as error:
        raise GuardError(error.message, "Verify and seal again: nothing was cut.") from None
    return str(place)
