"""One warehouse, judged from every source: the same verdicts, but for what a source cannot know.

The pack is compared with the check in tests/pack/test_verdicts.py. Recorded previews and states
are those of a real Pulumi CLI (`python -m tests.facts.record`).
"""

import json
import tempfile
from functools import cache
from pathlib import Path

import pytest

from havre.evaluate import evaluate
from havre.plan import Plan
from havre.plan.previews import from_preview
from havre.plan.sources import from_analyzer
from havre.plan.states import from_state
from havre.policy import Profile
from havre.policy.findings import FindingKind
from havre.policy.judge import EVALUATION, Question, judge
from havre.policy.registry import find_control, installed_controls
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from tests.check.asked import EXAMPLES, PROVIDERS, given
from tests.facts.recordings import RECORDED, recording
from tests.pack.client import message_of
from tests.policy.mutations import TODAY

Verdicts = dict[tuple[str, str, str], str]
"""What does not pass, by control, resource and property."""
DECIDED = {"preview": False, "state": True}
"""Whether a source knows what an evaluation cannot: a state has no unknown values."""


def plan_of(provider: str, source: str, example: str = "emc2") -> Plan:
    if source in READ:
        with tempfile.TemporaryDirectory() as folder:
            return READ[source](recording(example, provider, source, Path(folder)))
    found = find(provider)
    settings = read_settings(found, given(provider))
    asked = program(load(EXAMPLES[example]).warehouse, found, settings)
    return evaluate(asked, project=PROJECT, stack="local")


READ = {"preview": from_preview, "state": from_state}


@cache
def verdicts(provider: str, source: str, example: str = "emc2") -> Verdicts:
    spec = load(EXAMPLES[example]).warehouse
    plan = plan_of(provider, source, example)
    question = Question(spec, plan, find(provider), TODAY, profile=Profile.SOVEREIGN, source=source)
    kinds = (FindingKind.FAIL, FindingKind.UNKNOWN)
    found = judge(question, installed_controls()).findings
    return {(f.control, f.resource, f.property): f.kind.value for f in found if f.kind in kinds}


@pytest.mark.parametrize("example", sorted(EXAMPLES))
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("source", sorted(DECIDED))
def test_a_source_says_what_the_evaluation_says(provider: str, source: str, example: str) -> None:
    mine, theirs = (verdicts(provider, told, example) for told in (EVALUATION, source))
    differ = {
        key: (mine.get(key, "passes"), theirs.get(key, "passes"))
        for key in mine.keys() | theirs.keys()
        if mine.get(key) != theirs.get(key)
    }
    if DECIDED[source]:
        differ = {key: told for key, told in differ.items() if told[0] != "unknown"}
    assert mine
    assert differ == {}


BEARING = "azure-native:storage:StorageAccount"
GOES = {"preview": True, "state": True, EVALUATION: False, "pack": False}
"""Whether a source shows what goes: a program, evaluated or sent to the pack, has what stays."""


def without(source: str, folder: Path, *, replaced: bool) -> tuple[Plan, str]:
    """The recorded plan in which one account goes, or another takes its place; and its URN."""
    document = json.loads((RECORDED / f"azure-{source}.json").read_text())
    if source == "preview":
        step = next(s for s in document["steps"] if s["newState"]["type"] == BEARING)
        op = "replace" if replaced else "delete"
        step.update(op=op, oldState=step["newState"] if replaced else step.pop("newState"))
        urn = step["urn"]
    else:
        resources = document["deployment"]["resources"]
        gone = next(r for r in resources if r["type"] == BEARING)
        urn = gone["urn"]
        if replaced:
            resources.append({**gone, "delete": True})
        else:
            gone["delete"] = True
    file = folder / "plan.json"
    file.write_text(json.dumps(document))
    return (from_preview if source == "preview" else from_state)(file), urn


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
@pytest.mark.parametrize("source", [source for source, shows in GOES.items() if shows])
def test_what_goes_is_found_where_a_source_shows_it(
    source: str, tmp_path: Path, *, replaced: bool
) -> None:
    plan, urn = without(source, tmp_path, replaced=replaced)
    spec = load(EXAMPLES["emc2"]).warehouse
    question = Question(spec, plan, find("azure"), TODAY, source=source)
    found = judge(question, [find_control("continuity.deletion")]).findings
    assert (urn, "operation", FindingKind.FAIL) in {(f.resource, f.property, f.kind) for f in found}
    assert (urn, "operation") not in {(r, p) for _, r, p in verdicts("azure", source)}


@pytest.mark.parametrize("source", [source for source, shows in GOES.items() if not shows])
def test_what_goes_is_not_in_a_program(source: str) -> None:
    plan = plan_of("azure", EVALUATION)
    sent = plan if source == EVALUATION else from_analyzer(map(message_of, plan.resources))
    assert (sent.removed, sent.released) == ((), ())
