"""What facts and controls cost grows with the plan, and not with its square.

Counted are the lines that run, which are the same on every machine.
"""

import sys
from typing import Any

import pytest

from benchmarks.relations import SHAPES
from havre.plan import Plan
from havre.policy.judge import Question, judge_with_facts
from havre.policy.registry import installed_controls
from havre.provider import find
from tests.policy.mutations import TODAY, spec_for

MANY = 80


def lines(shape: str, count: int) -> int:
    """Lines that run to judge a plan of so many relations."""
    plan = Plan("azure", tuple(SHAPES[shape](count)))
    question = Question(spec_for("azure"), plan, find("azure"), TODAY)
    controls = installed_controls()
    counted = 0

    def count_one(frame: Any, event: str, argument: Any) -> Any:  # noqa: ARG001 - the signature
        nonlocal counted
        counted += event == "line"
        return count_one

    before = sys.gettrace()
    sys.settrace(count_one)
    try:
        _, facts = judge_with_facts(question, controls)
    finally:
        sys.settrace(before)
    assert facts.unclassified == ()
    return counted


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_as_many_relations_take_twice_as_long(shape: str) -> None:
    lines(shape, 2)  # what is read once a process
    few, double = lines(shape, MANY), lines(shape, 2 * MANY)
    assert double < 2.1 * few  # sorting takes a little more; pairs would take four times as long
