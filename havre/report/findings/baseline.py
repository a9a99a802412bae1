"""A baseline: the findings of a former check, so that only what is new need be looked at."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.policy.findings import FindingKind, Former, Lowered
from havre.policy.model import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from havre.policy.findings import Finding, Result

REMEDY = "Give the output of `havre check --format json`, unchanged."
BADNESS = list(FindingKind)
"""The worst first."""


@dataclass(frozen=True)
class Baseline:
    """A former result, as far as the next one needs it.

    Attributes:
        provider: whose plan was judged.
        profile: by which it was judged.
        controls: how many were asked for.
        findings: without those that were waived: when their waiver ends, they are new.
    """

    provider: str
    profile: Profile
    controls: int
    findings: tuple[Former, ...]


def load_baseline(path: Path) -> Baseline:
    """A former result, as written in JSON.

    Raises:
        InputError: the file cannot be read, or is not such a result.
    """
    document = _document(path)
    findings = document.get("findings") if isinstance(document, dict) else None
    if not isinstance(findings, list):
        if isinstance(document, dict) and "headline" in document:
            message = f"baseline {path} is a summary, which lists no findings"
            raise InputError(message, f"Write it without --summary. {REMEDY}")
        message = f"baseline {path} has no list `findings`"
        raise InputError(message, REMEDY)
    former = [_former(path, number, item) for number, item in enumerate(findings)]
    summary = document.get("summary")
    provider = summary.get("provider") if isinstance(summary, dict) else None
    if not isinstance(provider, str):
        message = f"baseline {path} does not name its provider: `summary.provider`"
        raise InputError(message, REMEDY)
    profile, controls = _asked(path, summary)
    kept = tuple(each for each in former if each.kind is not FindingKind.WAIVED)
    return Baseline(provider, profile, controls, kept)


def _asked(path: Path, summary: object) -> tuple[Profile, int]:
    """The profile of a former check, and how many controls it asked for.

    Raises:
        InputError: it does not say so.
    """
    told = summary if isinstance(summary, dict) else {}
    profile, counts = told.get("profile"), told.get("controls")
    numbers = counts.values() if isinstance(counts, dict) else [None]
    if profile not in set(Profile) or not all(isinstance(number, int) for number in numbers):
        message = f"baseline {path} does not name what it checked: `summary.profile`, `.controls`"
        raise InputError(message, REMEDY)
    return Profile(profile), sum(numbers)


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        message = f"baseline {path} cannot be read: {error.strerror}"
        raise InputError(message, REMEDY) from error
    except (ValueError, RecursionError) as error:
        message = f"baseline {path} is not JSON: {error}"
        raise InputError(message, REMEDY) from error


def _former(path: Path, number: int, item: object) -> Former:
    where = f"baseline {path}: `findings[{number}]"
    if not isinstance(item, dict):
        message = f"{where}` is not an object"
        raise InputError(message, REMEDY)
    outcome = _word(where, item, "outcome")
    if outcome not in set(FindingKind):
        message = f"{where}.outcome` is none of {', '.join(FindingKind)}"
        raise InputError(message, REMEDY)
    gap = item.get("gap")
    if gap is None:
        subject = _word(where, item, "resource")
    elif isinstance(gap, dict):
        subject = _word(f"{where}.gap", gap, "capability")
    else:
        message = f"{where}.gap` is neither an object nor null"
        raise InputError(message, REMEDY)
    control = _word(where, item, "control")
    return Former(
        control,
        FindingKind(outcome),
        subject,
        _word(where, item, "property"),
        _word(where, item, "found"),
    )


def _word(where: str, item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        message = f"{where}.{key}` is not a text"
        raise InputError(message, REMEDY)
    return value


def against(result: Result, baseline: Baseline) -> Result:
    """A result whose findings are marked as known where the baseline has them.

    A finding is known if the baseline has it at least as bad, with the same found, and as often.
    One of which something else is found is changed, and judged as if new. One that is worse is
    new: a warning that became a failure, or what was not known and is now seen to fail. One
    that is waived now is known where it was not waived before, and not gone.

    Args:
        result: of this check.
        baseline: of a former one.

    Raises:
        InputError: the baseline is another provider's.
    """
    if baseline.provider != result.provider:
        message = f"the baseline is of {baseline.provider}, the check is of {result.provider}"
        raise InputError(message, "Compare checks of one provider; make a baseline for each.")
    former: dict[str, list[Former]] = defaultdict(list)
    for each in sorted(baseline.findings, key=lambda each: BADNESS.index(each.kind)):
        former[each.fingerprint].append(each)
    present = Counter(finding.fingerprint for finding in result.findings)
    gone = [one for name, all_ in former.items() for one in all_[present[name] :]]
    gone.sort(key=lambda each: (BADNESS.index(each.kind), each.fingerprint))
    places = range(len(result.findings))
    by_badness = sorted(places, key=lambda place: BADNESS.index(result.findings[place].kind))
    marked = {place: _marked(result.findings[place], former) for place in by_badness}
    findings = tuple(marked[place] for place in places)
    now = len(result.controls) + len(result.left_out)
    told = Lowered(baseline.profile, result.profile, baseline.controls, now)
    lowered = told if told.is_less else None
    return replace(result, findings=findings, gone=tuple(gone), lowered=lowered)


def _marked(finding: Finding, former: dict[str, list[Former]]) -> Finding:
    """A finding, known if one as bad is left to stand for it: the mildest such is used up."""
    left = former.get(finding.fingerprint, [])
    as_bad = [one for one in left if BADNESS.index(one.kind) <= BADNESS.index(finding.kind)]
    same = [one for one in as_bad if one.found == finding.found]
    if same:
        left.remove(same[-1])
    return replace(finding, known=bool(same), changed=bool(as_bad) and not same)
