"""A state against what its providers find now, without changing either."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.plan.states import as_seen
from havre.plan.values import marked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.engine.engine import Engine
    from havre.plan import Plan


@dataclass(frozen=True)
class Observed:
    """What the providers of a state find now.

    Attributes:
        plan: the plan of the state, with every resource as it is now, without what is gone.
        departed: by URN, what an update would change although nothing else is asked of it: in
            what it differs, in words; none where its provider says only that it does.
    """

    plan: Plan
    departed: Mapping[str, tuple[str, ...]]


def looked(engine: Engine, recorded: Plan) -> Observed:
    """Look at every resource of a state. Nothing is written, neither to it nor by a provider.

    Args:
        engine: of the warehouse.
        recorded: the plan that its state amounts to.

    Raises:
        HavreError: the state is damaged, or a provider cannot look.
    """
    state = engine.load()
    session = engine.session(state, dry=True)
    standing = [old for old in state.resources if old.bears and not old.delete]
    found = {old.urn: session.client(old.package).find(old) for old in standing}
    departed = {
        old.urn: tuple(each.what for each in session.client(old.package).departures(old))
        for old in standing
        if found[old.urn] is not None
        and session.client(old.package).diff(old, old.inputs, old.ignore_changes).changes
    }
    seen = (
        as_seen(
            replace(each, inputs=marked(now[0], each.inputs), outputs=marked(now[1], each.outputs))
        )
        if (now := found.get(each.urn))
        else each
        for each in recorded.resources
        if found.get(each.urn, ({}, {})) is not None
    )
    return Observed(replace(recorded, resources=tuple(seen)), departed)
