"""A check from Python: `havre.check(...)`."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.assess.assessment import Request, assess, bounds_of, waivers_of
from havre.assess.provenance import inputs_of
from havre.assess.subject import subject
from havre.assess.time_limit import within
from havre.errors import InputError
from havre.plan.previews import from_preview
from havre.policy.judge import SANDBOX
from havre.policy.model import Profile, Severity
from havre.stack.standing import in_export

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from havre.plan import Plan
    from havre.policy.findings import Result

NEVER = "never"
"""The word for `fail_on` with which no finding fails."""


def check(  # noqa: PLR0913 - the options of `havre check`
    file: str | PathLike[str] | None = None,
    provider: str = "",
    *,
    settings: Mapping[str, Any] | None = None,
    preview: str | PathLike[str] | None = None,
    state: str | PathLike[str] | None = None,
    profile: str | None = None,
    waivers: str | PathLike[str] | None = None,
    as_of: dt.date | str | None = None,
    allow_unknown: bool = False,
    fail_on: str = Severity.LOW.value,
    time_limit: int | None = None,
    probes: str | PathLike[str] | None = None,
) -> Result:
    """Evaluate a warehouse against the controls, as `havre check` does; nothing is deployed.

    Args:
        file: the warehouse file; None: a preview or a state records it.
        provider: name of the provider; empty: a preview or a state contains it.
        settings: of the provider, by name; what is missing is a placeholder.
        preview: a file with the output of `pulumi preview --json --show-sames`.
        state: a file with the output of `pulumi stack export`.
        profile: `baseline`, `health` or `sovereign`; None: as the warehouse file calls for.
        waivers: the file of waivers; None: `waivers.yaml` next to the warehouse file.
        as_of: the day on which dates are judged, or its text YYYY-MM-DD; None: today (UTC).
        allow_unknown: whether controls that were not evaluated pass.
        fail_on: `critical`, `high`, `medium`, `low` or `never`: the least severity that fails.
        time_limit: seconds after which the check stops, in the main thread; None: no limit.
        probes: a file that `havre probe --out` wrote of it, as it is deployed; None: there is none.

    Returns:
        The findings, with `exit_code` as of the command, `verdict(control)` and `as_dict()`.

    Raises:
        InputError: a file, a setting or a word is wrong.
        TimeLimitError: the check takes longer than the limit.
        MissingDependencyError: the provider or the controls are not installed.
    """
    path = Path(file) if file is not None else None
    with within(time_limit, str(preview or state or file)) if time_limit else nullcontext():
        plan, source = plan_of(preview, state)
        of, day, wanted = subject(path, provider, plan), _day(as_of), _profile(profile)
        request = Request(
            of,
            settings or {},
            plan,
            source,
            as_of=day,
            profile=wanted,
            waivers=waivers_of(_path(waivers), path, bounds_of(of.spec, day, wanted)),
            allow_unknown=allow_unknown,
            fail_on=_severity(fail_on),
            inputs=inputs_of(path, _path(waivers), _path(preview), _path(state))
            | ({"probes": Path(probes)} if probes is not None else {}),
            probes=_path(probes),
        )
        return assess(request).result


def _path(given: str | PathLike[str] | None) -> Path | None:
    return Path(given) if given is not None else None


def plan_of(
    preview: str | PathLike[str] | None, state: str | PathLike[str] | None
) -> tuple[Plan | None, str]:
    """The plan of a preview or a state, None where neither is named, and its source.

    The source of either is `sandbox` where what it names is of one.

    Raises:
        InputError: both are named, or the file is not valid.
    """
    if preview is not None and state is not None:
        message = "--preview and --state: one of them"
        raise InputError(message, "Check a preview or what is deployed, one at a time.")
    if preview is not None:
        plan = from_preview(Path(preview))
        return plan, SANDBOX if plan.of_sandbox else "preview"
    if state is not None:
        plan = in_export(Path(state)).plan()
        return plan, SANDBOX if plan.of_sandbox else "state"
    return None, "evaluation"


def _day(given: dt.date | str | None) -> dt.date | None:
    if not isinstance(given, str):
        return given
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        message = f"as_of: `{given}` is not a valid date"
        raise InputError(message, "Use YYYY-MM-DD, such as 2026-11-23.") from None


def _profile(given: str | None) -> Profile | None:
    _refuse_word("profile", given, (None, *Profile))
    return None if given is None else Profile(given)


def _severity(given: str) -> Severity | None:
    _refuse_word("fail_on", given, (*Severity, NEVER))
    return None if given == NEVER else Severity(given)


def _refuse_word(argument: str, given: str | None, words: tuple[str | None, ...]) -> None:
    """Refuse what is none of the words.

    Raises:
        InputError: it is none.
    """
    if given not in words:
        message = f"{argument}: `{given}` is not known"
        raise InputError(message, f"Use one of {', '.join(word for word in words if word)}.")
