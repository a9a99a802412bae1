"""In what a database departs from its warehouse file: rights, roles, and the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.database.differences.members import members
from havre.database.differences.rights import rights
from havre.database.differences.roles import roles
from havre.database.differences.server import server
from havre.database.parties import Parties

if TYPE_CHECKING:
    from havre.database.catalogue.found import FoundDatabase
    from havre.database.steps import RoleStep
    from havre.database.wanted import WantedDatabase


def difference(wanted: WantedDatabase, found: FoundDatabase) -> tuple[RoleStep, ...]:
    """The steps from what is found to what is wanted, in the order in which they are done.

    What nobody asked for comes first, and of that the grants. Done once, they leave none.
    """
    parties = Parties(wanted, found)
    steps = (*rights(parties), *roles(parties), *members(parties), *server(parties))
    return tuple(sorted(steps, key=lambda step: step.rank))
