"""Who of a project's members is told apart from the others; the controls are in their families."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.values import Known
from havre.policy import NOT_APPLICABLE, Case, FixIn, Outcome, Verdict, require

if TYPE_CHECKING:
    from havre.facts.model import Grant

PSEUDONYMS = (
    "Name each member in the warehouse file by a pseudonym such as `m-3f9c27d1`, and deploy. Give"
    " members only their own credentials."
)


def told_apart(grant: Grant, case: Case, wanted: str) -> Verdict:
    """Whether each member of a grant's project has an identity of their own in it.

    Args:
        grant: a project's; others, and those of projects that have ended, are not concerned.
        case: with the members whom the warehouse file names.
        wanted: what should be, for people.
    """
    project = case.spec.projects.get(grant.project)
    if project is None or project.expires < case.as_of:
        return NOT_APPLICABLE
    members, path = set(project.members), ("projects", grant.project, "members")
    verdict = require("members", grant.members, lambda own: members <= set(own), wanted, cause=path)
    if verdict.outcome is not Outcome.FAIL or not isinstance(grant.members, Known):
        return verdict
    sharing = len(members - set(grant.members.value))
    found = f"{sharing} of {len(members)} members share the project's identity"
    unnamed = members - set(project.pseudonyms)
    return replace(verdict, found=found, fixed_in=FixIn.FILE if unnamed else None)
