"""Probes tried one after the other, at a rate, each answer kept."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from havre.documents.validation import did_you_mean
from havre.errors import HavreError, InputError
from havre.live.wrappers import Pace
from havre.probe.answers import Answer, ProbeOutcome, Sighting, kept, unevaluated
from havre.probe.keeping import KEEPING
from havre.probe.parties import PARTIES
from havre.probe.servers import SERVERS
from havre.probe.watching import WATCHING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from havre.probe.subjects import Probe, ProbeSubject

PROBES: tuple[Probe, ...] = (*SERVERS, *PARTIES, *KEEPING, *WATCHING)
"""Every probe, in the order in which they are tried."""
RATE = 5.0
"""Attempts a second at most, unless a user says otherwise."""
ANONYMOUS = "stranger.anonymous"
RECORDED = "not probed: recorded only, a sandbox has nothing that stands in for it"


def chosen(
    controls: Collection[str], only: Collection[str] = (), *, drill: bool = False
) -> tuple[Probe, ...]:
    """The probes of controls.

    Args:
        controls: identifiers of those that the warehouse must pass.
        only: identifiers of probes; empty: all.
        drill: whether those that need a drill are among them.

    Raises:
        InputError: there is no probe of such an identifier, or it needs a drill.
    """
    known = {each.id: each for each in PROBES}
    for name in only:
        if name not in known:
            message = f"--only: there is no probe `{name}`"
            near = did_you_mean(name, known)
            listed = f"{near[:1].upper()}{near[1:]} `havre probe --dry-run` lists them."
            raise InputError(message, listed if near else f"The probes: {', '.join(known)}.")
        if known[name].drill and not drill:
            message = f"--only: the probe `{name}` is tried with --drill only"
            raise InputError(message, "Add --drill.")
    return tuple(
        each
        for each in PROBES
        if each.control in controls and (not only or each.id in only) and (drill or not each.drill)
    )


def planned(probes: Sequence[Probe], subject: ProbeSubject) -> Iterator[tuple[Probe, str]]:
    """Each probe with each of its targets; nothing is sent."""
    for probe in sorted(probes, key=lambda each: each.after):
        for target in probe.targets(subject):
            yield probe, target


def run(probes: Sequence[Probe], subject: ProbeSubject, rate: float = RATE) -> Iterator[Sighting]:
    """Try probes.

    Args:
        probes: those that were chosen.
        subject: the warehouse.
        rate: attempts a second at most.
    """
    pace = Pace(rate)
    marked = any(each.id == ANONYMOUS for each in probes)
    for probe, target in planned(probes, subject):
        pace.take()
        begun, at = time.monotonic(), dt.datetime.now(dt.UTC)
        answer = (
            _tried(probe, subject, target)
            if marked or not probe.after
            else unevaluated(f"the probe `{ANONYMOUS}` was left out, which leaves a trace")
        )
        yield Sighting(
            *(probe.id, probe.control, target, answer.outcome),
            kept((answer.told,))[0],
            kept(answer.raw),
            at,
            time.monotonic() - begun,
        )


def _tried(probe: Probe, subject: ProbeSubject, target: str) -> Answer:
    """The answer to an attempt; where it could not be made, why."""
    if subject.sandbox and not probe.stood_in:
        return unevaluated(RECORDED)
    try:
        return probe.attempt(subject, target)
    except HavreError as error:
        return unevaluated(error.message)
    except OSError as error:
        said = error.strerror or type(error).__name__
        return unevaluated(f"nothing could be seen: {said}", type(error).__name__)


def worst(sightings: Sequence[Sighting]) -> ProbeOutcome:
    """The worst outcome of probes; that nothing was evaluated where there is none."""
    found = {each.outcome for each in sightings}
    return next((each for each in ProbeOutcome if each in found), ProbeOutcome.UNEVALUATED)
