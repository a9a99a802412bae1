"""Drafts of waivers: entries for the findings of a check, to be filled in by the risk owner."""

from __future__ import annotations

import datetime as dt
import glob
import json
from typing import TYPE_CHECKING

from havre.plan import urns
from havre.policy.findings import FindingKind
from havre.policy.waivers import waivers_schema
from havre.spec.schema import DIALECT, Untitled
from havre.text import comment, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from havre.policy.findings import Finding, Result
    from havre.policy.fixes import Fix

IDENTIFIER = "urn:havre:waivers:1"
TODO = "TODO"
"""What the risk owner replaces; a file that still has it is not valid."""
DAYS = 180
"""How far ahead a drafted waiver expires, in days, unless the profile allows less."""
LONGEST = 300
"""Characters of a resource's name in a pattern; `*` stands for the rest."""
_DRAFTED = {FindingKind.FAIL: "fail", FindingKind.UNKNOWN: "not evaluated"}


def to_draft(result: Result) -> list[Finding]:
    """The findings that no waiver covers: those that fail, and those not evaluated."""
    return [finding for finding in result.findings if finding.kind in _DRAFTED]


def _with_gaps(findings: Sequence[Finding], result: Result) -> list[Finding]:
    """The findings, and after them the gaps that only warn of the same controls.

    Without them a control whose failures are all waived is still one with a warning.
    """
    controls = {finding.control for finding in findings}
    warned = (each for each in result.of(FindingKind.WARNING) if each.gap and not each.waiver)
    return [*findings, *(each for each in warned if each.control in controls)]


def draft(
    result: Result, longest: int, fixed_in: Callable[[Fix | None], str], warehouse_file: str = ""
) -> str:
    """A file of waivers for the findings of a check that no waiver covers yet.

    Each entry lists the resources of its findings, so that later ones are not covered. Owner,
    reason and decision are placeholders: the file is not valid until they are filled in.

    Args:
        result: of the check.
        longest: days ahead that the profile allows a waiver to expire.
        fixed_in: where a finding is fixed, in a few words; empty where that is not known.
        warehouse_file: for the comment; empty where there is none.
    """
    expires = result.as_of + dt.timedelta(days=min(DAYS, longest))
    lines = [*_head(warehouse_file or result.warehouse, expires, result, longest), ""]
    findings = _with_gaps(to_draft(result), result)
    lines.append("waivers:" if findings else "waivers: []\n")
    for found in _grouped(findings):
        lines += [*_commented(found, fixed_in), *_entry(found, result.provider, expires), ""]
    return "\n".join(lines)


def _head(of: str, expires: dt.date, result: Result, longest: int) -> Iterator[str]:
    """The comment at the beginning."""
    yield from comment(
        f"Draft of waivers for {plain(of)} on {plain(result.provider)}, "
        f"from the findings of {result.as_of} with profile {result.profile.value}."
    )
    yield "#"
    yield from comment(
        "A waiver accepts a risk, it does not fix it. First fix what can be fixed, and delete "
        f"those entries. In the others, the risk owner replaces each {TODO}. "
        f"{_why(expires, result, longest)}"
    )
    yield from comment("Then run: havre waiver validate FILE")


def _why(expires: dt.date, result: Result, longest: int) -> str:
    """Why the entries of a draft end when they do."""
    profile = result.profile.value
    if longest <= DAYS:
        return f"Each ends on {expires}: profile {profile} allows {longest} days at most."
    return f"Each ends on {expires}, in {DAYS} days; profile {profile} allows up to {longest}."


def _grouped(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings that one entry can cover: of one control, all with a name or all without one."""
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.control, bool(_pattern(finding))), []).append(finding)
    yield from groups.values()


def _commented(findings: Sequence[Finding], fixed_in: Callable[[Fix | None], str]) -> Iterator[str]:
    """What was found, and who can fix it, above the entry that would accept it."""
    first = findings[0]
    more = f" ({len(findings)} findings)" if len(findings) > 1 else ""
    reason = first.gap.reason if first.gap else first.difference or first.property
    status = _DRAFTED.get(first.kind, "warning")
    said = f"{first.severity.value}, {status}{more}: {plain(reason)}"
    yield from comment(said, "  ")
    if places := ", ".join(dict.fromkeys(filter(None, (fixed_in(f.fix) for f in findings)))):
        yield from comment(f"Fixed in: {plain(places)}", "  ")


def _entry(findings: Sequence[Finding], provider: str, expires: dt.date) -> Iterator[str]:
    yield f"  - control: {findings[0].control}"
    yield f"    provider: {json.dumps(provider)}"
    patterns = list(dict.fromkeys(filter(None, map(_pattern, findings))))
    if patterns:
        yield "    resources:"
        yield from (f"      - {json.dumps(pattern, ensure_ascii=False)}" for pattern in patterns)
    yield f"    owner: {TODO}  # person or role that accepts the risk"
    yield f"    reason: {TODO}  # why, and what limits the risk meanwhile"
    yield f"    decision: {TODO}  # where the decision is recorded"
    yield f"    expires: {expires}"


def _pattern(finding: Finding) -> str:
    """What names a finding in a waiver; empty where nothing does."""
    if finding.gap:
        return finding.gap.capability.value
    if not finding.resource:
        return finding.property
    own = urns.types(finding.resource)[-1:]
    name = f"{own[0]}::{urns.name(finding.resource)}" if own else finding.resource
    rest = "*" if len(name) > LONGEST else ""
    return "".join(c if c.isprintable() else "?" for c in glob.escape(name[:LONGEST])) + rest


def schema_text() -> str:
    """The JSON Schema (2020-12) of a file of waivers as the text of its file.

    It contains what can be said field by field. That a reason has enough words, that a control
    exists and that a date is near enough, only `havre waiver validate` checks.
    """
    root = {"$schema": DIALECT, "$id": IDENTIFIER, **waivers_schema(Untitled)}
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"
