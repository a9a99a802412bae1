import pytest

from havre.facts.durations import SHORTEST_MONTH, days


@pytest.mark.parametrize(
    ("text", "expected"),
    [("P1Y", 365), ("P2Y", 730), ("P90D", 90), ("P6M", 180), ("P2W", 14), ("P1DT12H", 1)],
)
def test_a_duration_is_counted_in_whole_days(text: str, expected: int) -> None:
    assert days(text) == expected


def test_a_promise_of_a_minimum_counts_the_shortest_month() -> None:
    assert days("P1Y1M1W1D", SHORTEST_MONTH) == 365 + 28 + 7 + 1


@pytest.mark.parametrize("text", ["P", "", "P1", "PT1H", "30", "p1d", "soon"])
def test_what_is_no_duration_is_no_number(text: str) -> None:
    assert days(text) is None
