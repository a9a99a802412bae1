"""`havre cost`: quantities from the plan, prices from one's own lists, and nothing made up."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.cli.context import Target
from havre.cli.planning import cost
from havre.errors import ExitCode
from havre.plan import Plan

EMC2 = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
DAY = ("--as-of", "2026-11-30")
LIST = """\
currency: EUR
lists:
  - provider: azure
    source: made up for a test
    read: 2026-11-01
    prices:
      - {meter: database-compute, item: Standard_D8ds_v5, unit: hour, price: 0.5}
"""


@pytest.fixture(autouse=True, scope="module")
def _planned_once() -> Iterator[None]:
    """The same file has the same plan: each provider's is evaluated once."""
    plans: dict[str, Plan] = {}

    def evaluated(target: Target, day: dt.date) -> Plan:
        name = target.provider.name
        if name not in plans:
            plans[name] = evaluate(target, day)
        return plans[name]

    evaluate = cost.evaluated
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "evaluated", evaluated)
        yield


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["cost", str(EMC2), *DAY, *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = asked(capsys, "--format", "json", *arguments)
    assert code == ExitCode.OK, err
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway"])
def test_quantities_alone_say_that_no_price_is_known(
    capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    code, out, _ = asked(capsys, "-p", provider)
    assert code == ExitCode.OK
    assert "NO PRICES" in out
    assert "EUR" not in out


@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway"])
def test_every_item_is_told_and_every_amount_is_told_or_says_what_decides_it(
    capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    lines = document(capsys, "-p", provider)["lines"]
    assert lines
    untold = [
        line
        for line in lines
        if "not known" in (line["item"] or "") or "not known" in line["decided_by"]
    ]
    assert untold == []


def test_the_databases_are_counted_as_the_plan_makes_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = {line["meter"]: line for line in document(capsys, "-p", "azure")["lines"]}
    compute, storage = found["database-compute"], found["database-storage"]
    assert compute["amount"] == {"low": "2", "high": "2"}  # a standby in another zone
    assert storage["amount"] == {"low": "4096", "high": "4096"}  # 2,048 GiB on each
    assert (compute["part"], compute["site"]) == ("database", "fr-paris")


def test_a_price_makes_part_of_the_cost_and_says_how_much_lacks_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(LIST)
    code, out, _ = asked(capsys, "-p", "azure", "--prices", str(prices))
    assert code == ExitCode.OK
    assert "PART OF THE COST   730 EUR a month for 1 of" in out
    found = document(capsys, "-p", "azure", "--prices", str(prices))
    assert found["month"] == {"low": "730.0", "high": "730.0"}
    assert found["complete"] is False
    (priced,) = [line for line in found["lines"] if line["counted"] == "counted"]
    assert priced["price"]["source"] == "made up for a test"


def test_no_line_is_wider_than_a_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(LIST)
    texts = [
        asked(capsys, "-p", provider, *more)[1]
        for provider in ("azure", "ovh", "scaleway")
        for more in ((), ("--prices", str(prices)))
    ]
    assert [line for text in texts for line in text.splitlines() if len(line) > 80] == []


def test_this_machine_is_billed_by_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = asked(capsys, "-p", "local")
    assert code == ExitCode.INPUT
    assert "No provider bills what runs on this machine" in err


def test_a_list_that_is_not_valid_is_refused_before_anything_is_planned(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(LIST.replace("    source: made up for a test\n", ""))
    code, out, err = asked(capsys, "-p", "azure", "--prices", str(prices))
    assert (code, out) == (ExitCode.INPUT, "")
    assert "prices.yaml:3" in err


def test_the_plan_tells_the_estimate_by_part_if_prices_are_given(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(LIST)
    words = ["plan", str(EMC2), *DAY, "-p", "azure", "--prices", str(prices)]
    assert main(words) == ExitCode.OK
    assert "  database, fr-paris: 730 EUR a month" in capsys.readouterr().out
    assert main([*words, "-f", "json"]) == ExitCode.OK
    cost = json.loads(capsys.readouterr().out)["cost"]
    assert cost["parts"]["database/fr-paris"] == {"low": "730.0", "high": "730.0"}


OTHER = """\
  - provider: ovh
    source: made up for a test
    read: 2026-11-01
    prices:
      - {meter: cluster, unit: month, low: 100, high: 200}
"""


def test_a_double_run_adds_both_providers_for_its_days(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(LIST + OTHER)
    words = ["-p", "azure", "--double-run", "ovh", "--days", "73", "--prices", str(prices)]
    assert (
        "DOUBLE RUN   1,992 to 2,232 EUR for 73 days, a part of the cost"
        in asked(capsys, *words)[1]
    )
    both = document(capsys, *words)["double_run"]
    assert {end: round(float(both["cost"][end])) for end in both["cost"]} == {
        "low": 1992,  # (730 + 100) * 73 * 12 / 365
        "high": 2232,
    }
    assert both["complete"] is False


def test_a_double_run_without_prices_of_both_is_no_estimate(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(LIST)
    words = ["-p", "azure", "--double-run", "ovh", "--prices", str(prices)]
    assert "DOUBLE RUN   no estimate for 30 days" in asked(capsys, *words)[1]


def test_a_double_run_is_of_two_providers(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = asked(capsys, "-p", "azure", "--double-run", "azure")
    assert code == ExitCode.INPUT
    assert "names the same provider" in err


def test_a_comparison_tells_what_a_month_costs_on_each_side(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(LIST)
    words = ["compare", str(EMC2), *DAY, "-p", "azure", "-p", "local", "--prices", str(prices)]
    assert main([*words, "-f", "markdown"]) == ExitCode.OK
    told = capsys.readouterr().out
    assert "730 EUR (1 of " in told
    assert "No provider bills what runs on this machine" in told


def written(folder: Path, *prices: str, usage: str = "", provider: str = "azure") -> list[str]:
    """The options that name a list of these prices, and a usage."""
    head = LIST.partition("      - ")[0].replace("azure", provider)
    file = folder / "prices.yaml"
    file.write_text(head + "".join(f"      - {{{each}}}\n" for each in prices))
    if not usage:
        return ["--prices", str(file)]
    (folder / "usage.yaml").write_text(usage)
    return ["--prices", str(file), "--usage", str(folder / "usage.yaml")]


def test_an_entry_that_counts_for_nothing_is_told_with_its_line_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    used = "meter: database-compute, item: Standard_D8ds_v5, unit: hour, price: 1"
    slip = "meter: database-compute, item: Standard_D8ds_v6, unit: hour, price: 1"
    elsewhere = "meter: database-compute, unit: hour, price: 1, region: northeurope"
    lines = document(capsys, "-p", "azure")["lines"]
    use = next(line for line in lines if line["decided_by"] != "plan")
    usage = (
        "usage:\n"
        f"  - {{meter: {use['meter']}, resource: no-such, low: 1, high: 2}}\n"
        f"  - {{meter: {use['meter']}, low: 1, high: 2}}\n"
        f"  - {{meter: {use['meter']}, low: 3, high: 4}}\n"
        "  - {meter: database-compute, low: 3, high: 4}\n"
    )
    options = written(tmp_path, used, slip, elsewhere, usage=usage)
    found = document(capsys, "-p", "azure", *options)["unmatched"]
    assert [(each["kind"], Path(each["where"]).name) for each in found] == [
        ("price", "prices.yaml:8"),
        ("price", "prices.yaml:9"),
        ("usage", "usage.yaml:2"),
        ("usage", "usage.yaml:4"),
        ("usage", "usage.yaml:5"),
    ]
    whys = [each["reason"] for each in found]
    assert whys[0] == "the plan has no such item, did you mean `Standard_D8ds_v5`?"
    assert whys[1].startswith("the plan has no such region")
    assert whys[2].startswith("the plan has no such resource")
    assert whys[3] == "earlier entries fit the same resources"
    assert whys[4] == "the plan decides the amount"
    _, out, _ = asked(capsys, "-p", "azure", *options)
    told = " ".join(out.split())
    for each in found:
        assert f"Not used: {each['kind']} {each['entry']} (" in told
        assert each["reason"] in told


def test_entries_that_count_are_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price = "meter: database-compute, item: Standard_D8ds_v5, unit: hour, price: 1"
    options = written(tmp_path, price)
    assert document(capsys, "-p", "azure", *options)["unmatched"] == []
    assert "Not used" not in asked(capsys, "-p", "azure", *options)[1]


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("meter: database-compote, unit: hour, price: 1", "did you mean `database-compute`?"),
        ("meter: nothing-alike, unit: hour, price: 1", "azure has no meter `nothing-alike`"),
        ("meter: database-compute, unit: GiB-month, price: 1", "use one of: hour, day, month"),
        ("meter: database-compute, unit: houre, price: 1", "did you mean `hour`?"),
        (
            "meter: database-compute, unit: hour, price: 1, region: francecentrale",
            "did you mean `francecentral`?",
        ),
    ],
    ids=["meter", "other meter", "unit of another", "unit", "region"],
)
def test_a_misspelt_price_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], price: str, said: str
) -> None:
    code, out, err = asked(capsys, "-p", "azure", *written(tmp_path, price))
    assert (code, out) == (ExitCode.INPUT, "")
    assert "prices.yaml:7: " in err
    assert said in err


def test_a_misspelt_provider_of_a_list_and_meter_of_a_usage_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price = "meter: database-compute, unit: hour, price: 1"
    code, _, err = asked(capsys, "-p", "azure", *written(tmp_path, price, provider="azur"))
    assert code == ExitCode.INPUT
    assert "there is no provider `azur`, did you mean `azure`?" in err
    usage = "usage:\n  - {meter: database-compote, low: 1, high: 2}\n"
    code, _, err = asked(capsys, "-p", "azure", *written(tmp_path, price, usage=usage))
    assert code == ExitCode.INPUT
    assert "usage.yaml:2: meter: there is no meter `database-compote`" in err
    assert "did you mean `database-compute`?" in err
